//! The alert rules, judged by Prometheus' own promtool: they are rules, and each fires where it should.

use crate::support::binary::{Ran, run};
use crate::support::witness;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn rules(args: &[&str]) -> Ran {
    run(&[&["manifests", "alerts"], args].concat()).expect_code(0)
}

/// promtool in a folder with the rules and what they are tested with; none, loudly, where it is not there.
fn promtool(test: &str, args: &[&str]) -> Option<String> {
    if !witness::succeeds(Command::new("promtool").arg("--version")) {
        witness::skip(test, "needs promtool (Debian: apt-get install prometheus)");
        return None;
    }
    let folder = TempDir::new().expect("a temp folder can be made");
    let tested = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/alerts/rules_test.yaml");
    fs::copy(tested, folder.path().join("rules_test.yaml")).expect("it can be copied");
    fs::write(folder.path().join("rules.yaml"), rules(&[]).stdout).expect("it can be written");
    let ran = Command::new("promtool").current_dir(folder.path()).args(args).output();
    let ran = ran.expect("promtool starts");
    let said =
        String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    Some(said)
}

#[test]
fn promtool_takes_every_rule() {
    let Some(said) = promtool("promtool_takes_every_rule", &["check", "rules", "rules.yaml"])
    else {
        return;
    };
    let rules: Value = rules(&["-o", "json"]).json();
    let count = rules["groups"][0]["rules"].as_array().map_or(0, Vec::len);
    assert!(said.contains(&format!("{count} rules found")), "{said}");
}

#[test]
fn every_alert_fires_where_it_should_and_is_silent_beside_it() {
    let test = "every_alert_fires_where_it_should";
    if promtool(test, &["test", "rules", "rules_test.yaml"]).is_none() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/alerts/rules_test.yaml");
    let tested = fs::read_to_string(path).expect("it is there");
    let rules = rules(&["-o", "json"]).json();
    for rule in rules["groups"][0]["rules"].as_array().expect("there are rules") {
        let name = rule["alert"].as_str().unwrap_or_default();
        let about: Vec<&str> = tested.split("alertname: ").skip(1).collect();
        let fires = about.iter().any(|it| it.starts_with(name) && it.contains("exp_annotations"));
        assert!(fires, "{name} is tested nowhere");
    }
}

#[test]
fn the_form_for_the_operator_holds_the_same_rules() {
    let labels = ["--label", "release=prometheus", "--label", "team.example/a=b"];
    let args = [&["--prometheus-operator", "-n", "monitoring", "-o", "json"][..], &labels].concat();
    let object = rules(&args).json();
    assert_eq!(object["kind"], "PrometheusRule");
    assert_eq!(object["metadata"]["namespace"], "monitoring");
    assert_eq!(object["metadata"]["labels"]["release"], "prometheus");
    assert_eq!(object["spec"], rules(&["-o", "json"]).json());
    for wrong in ["release", "a b=c", "=c", "a=b c", "A/b=c"] {
        let args = ["manifests", "alerts", "--prometheus-operator", "--label", wrong];
        run(&args).expect_code(2);
    }
    run(&["manifests", "alerts", "--label", "a=b"]).expect_code(2);
}
