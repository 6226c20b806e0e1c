//! Hosts of which somebody says that they have to be covered: `check --host` and `--hosts-from`.

use crate::support::binary::{Certwright, Ran};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const AT: &str = "2026-11-21T00:00:00Z";

fn check(folder: &Path, args: &[&str]) -> Ran {
    let scenario = format!("{}/testdata/scenarios/wildcard/in", env!("CARGO_MANIFEST_DIR"));
    Certwright::new().folder(folder).args(&["check", "-f", &scenario, "--at", AT]).args(args).run()
}

/// Each of them, how it is covered and by what.
fn told(report: &Value) -> Vec<String> {
    let hosts = report["hosts"].as_array().expect("a list").iter();
    let wanted = hosts.filter(|host| host["ref"]["kind"] == "Endpoint");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    wanted
        .map(|host| {
            let by = text(&host["by"]["name"]);
            format!(
                "{} {} {by} {}",
                text(&host["host"]),
                text(&host["covered"]),
                text(&host["match"])
            )
        })
        .collect()
}

#[test]
fn wanted_hosts_are_covered_by_whichever_certificate_names_them_or_are_findings() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let list = "# what customers open\n\n  never.example  # soon\nANY.shop.example\n";
    fs::write(folder.path().join("hosts.txt"), list).expect("it can be written");
    let args = ["--host", "a.shop.example,a.b.shop.example", "--hosts-from", "hosts.txt"];
    let report = check(folder.path(), &[&args[..], &["-o", "json"]].concat()).expect_code(1).json();
    let told = told(&report);
    assert_eq!(told[1], "a.b.shop.example no - -");
    assert_eq!(told[2], "never.example no - -");
    assert!(
        told[0].starts_with("a.shop.example yes ") && told[0].ends_with(" *.shop.example"),
        "{told:?}"
    );
    assert!(told[3].starts_with("any.shop.example yes "), "{told:?}");
    let findings = report["findings"].as_array().expect("a list").iter();
    let about = findings.filter(|finding| finding["ref"]["kind"] == "Endpoint");
    let about: Vec<&Value> = about.map(|finding| &finding["ref"]["name"]).collect();
    assert_eq!(about, ["a.b.shop.example", "never.example"]);
    let table = check(folder.path(), &args).expect_code(1).stdout;
    let row = |status: &str, host: &str| {
        table.lines().any(|line| line.starts_with(status) && line.contains(host))
    };
    assert!(row("COVERED", " a.shop.example "), "{table}");
    assert!(row("NOT-COVERED", " never.example "), "{table}");
}

#[test]
fn what_is_no_host_is_refused_with_its_line() {
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::write(folder.path().join("hosts.txt"), "a.example\nhttps://b.example\n")
        .expect("it can be written");
    let said = check(folder.path(), &["--hosts-from", "hosts.txt"]).expect_code(4).flat_stderr();
    assert!(said.contains("hosts.txt, line 2: "), "{said}");
    let said = check(folder.path(), &["--hosts-from", "none.txt"]).expect_code(4).flat_stderr();
    assert!(said.contains("cannot read none.txt: "), "{said}");
    check(folder.path(), &["--host", "a b"]).expect_code(2);
}
