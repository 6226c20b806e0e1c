//! A plan that somebody looks at first, and what proves what was done: plan files, reports, Markdown, copies,
//! clocks, on a real API server.

use crate::support::live::{Live, bundle, value};
use crate::support::rude::KubectlProxy;
use crate::support::spoilt::{Fault, Spoil, Spoilt};
use certwright::x509::key::Pairing;
use serde_json::{Value, json};
use std::path::Path;

fn hand_made(live: &Live, name: &str) {
    let args = ["issue", "web.example", "--key-type=p256", "--secret", name, "--dry-run=client"];
    let args = [&args[..], &["-o", "json"]].concat();
    let mut secret = live.certwright().args(&args).run().expect_code(0).json();
    secret["metadata"]["labels"] = Value::Null;
    live.cluster.apply(&live.namespace, &secret.to_string());
}

fn folder() -> tempfile::TempDir {
    tempfile::TempDir::new().expect("a temp folder can be made")
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn a_plan_in_a_file_is_carried_out_as_it_was_looked_at() {
    let Some(live) = Live::new("a_plan_in_a_file") else { return };
    for name in ["a", "b"] {
        hand_made(&live, name);
    }
    let folder = folder();
    let plan = path(folder.path(), "plan.json");
    let before = live.versions();
    let out = ["rotate", "secret/a,b", "--lifetime=30d", "--plan-out", &plan];
    live.run(&out).expect_code(0);
    assert_eq!(live.versions(), before, "a plan writes nothing");
    live.run(&out).expect_code(4).flat_stderr();
    let text = std::fs::read_to_string(&plan).expect("it is there");
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(file["schema"], "certwright.dev/rotation-plan/v1");
    for name in ["a", "b"] {
        let key = live.secret(name)["data"]["tls.key"].as_str().expect("a key").to_owned();
        let start: String = key.chars().take(40).collect();
        assert!(!text.contains(&start), "no key is in it");
    }
    live.run(&["rotate", "--plan", &plan, "--lifetime=90d"]).expect_code(2);
    let ran = live.run(&["rotate", "--plan", &plan, "-o", "json"]).expect_code(0).json();
    for (step, planned) in (0..2).map(|n| (&ran["steps"][n], &file["steps"][n])) {
        assert_eq!(step["result"], "done");
        for field in ["names", "keyType", "notBefore", "notAfter"] {
            assert_eq!(step["after"][field], planned["after"][field], "{field}");
        }
    }
    // Once more it is not the plan any more.
    let before = live.versions();
    let ran = live.run(&["rotate", "--plan", &plan]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(
        said.contains(&format!("{}/secret/a: its resourceVersion was", live.namespace)),
        "{said}"
    );
    assert!(said.contains("the fingerprint of its certificate was"), "{said}");
    assert_eq!(live.versions(), before);
}

#[test]
fn a_plan_whose_world_has_moved_is_refused_as_a_whole_and_says_what_moved() {
    let Some(live) = Live::new("a_plan_whose_world_has_moved") else { return };
    for name in ["a", "b"] {
        hand_made(&live, name);
    }
    let folder = folder();
    let plan = path(folder.path(), "plan.json");
    live.run(&["rotate", "secret/a,b", "--plan-out", &plan]).expect_code(0);
    live.kubectl(&["label", "secret", "b", "team=shop"]);
    let before = live.versions();
    let ran = live.run(&["rotate", "--plan", &plan]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(said.contains("/secret/b: its resourceVersion was"), "{said}");
    assert!(!said.contains("/secret/a:"), "{said}");
    live.kubectl(&["delete", "secret", "b"]);
    live.run(&["rotate", "--plan", &plan]).expect_code(4);
    assert_eq!(live.versions()[0], before[0]);

    // Another file, another cluster, another version.
    let text = std::fs::read_to_string(&plan).expect("it is there");
    let mut other: Value = serde_json::from_str(&text).expect("it is JSON");
    for (field, spoilt, why) in [
        ("server", "https://other.example", "it is for https://other.example"),
        ("version", "0.0.0", "certwright 0.0.0 has written it"),
        ("schema", "certwright.dev/rotate/v1", "its schema is"),
        ("at", "yesterday", "at in it is not what it should be"),
    ] {
        let right = std::mem::replace(&mut other[field], spoilt.into());
        let name = path(folder.path(), field);
        std::fs::write(&name, other.to_string()).expect("it can be written");
        let said = live.run(&["rotate", "--plan", &name]).expect_code(4).flat_stderr();
        assert!(said.contains(why), "{field}: {said}");
        other[field] = right;
    }
}

#[test]
fn an_old_plan_is_told_and_one_that_is_too_old_is_refused() {
    let Some(live) = Live::new("an_old_plan_is_told") else { return };
    hand_made(&live, "web");
    let folder = folder();
    let plan = path(folder.path(), "plan.json");
    live.run(&["rotate", "secret/web", "--plan-out", &plan]).expect_code(0);
    let text = std::fs::read_to_string(&plan).expect("it is there");
    let mut file: Value = serde_json::from_str(&text).expect("it is JSON");
    // As if it had been made some time ago: all its dates with it.
    for (days, code, said) in [(300, 4, "so old that half of the lifetime"), (10, 0, "10 days old")]
    {
        let back = |text: &Value| {
            let at = certwright::instant::parse(text.as_str().expect("a time")).expect("a time");
            certwright::instant::show(at - time::Duration::days(days))
        };
        let mut older = file.clone();
        older["at"] = back(&file["at"]).into();
        for field in ["notBefore", "notAfter"] {
            older["steps"][0]["after"][field] = back(&file["steps"][0]["after"][field]).into();
        }
        let name = path(folder.path(), &format!("{days}.json"));
        std::fs::write(&name, older.to_string()).expect("it can be written");
        let ran = live.run(&["rotate", "--plan", &name]).expect_code(code);
        assert!(ran.flat_stderr().contains(said), "{}", ran.stderr);
    }
    file["steps"] = json!([]);
}

#[test]
fn a_report_says_who_did_what_where_before_and_after() {
    let Some(live) = Live::new("a_report_says_who") else { return };
    hand_made(&live, "web");
    let old = bundle(&live.secret("web")).leaf().expect("a certificate").fingerprint();
    let folder = folder();
    let (document, page) = (path(folder.path(), "r.json"), path(folder.path(), "r.md"));
    live.run(&["rotate", "secret/web", "--report", &document]).expect_code(0);
    let middle = bundle(&live.secret("web")).leaf().expect("a certificate").fingerprint();
    live.run(&["rotate", "secret/web", "--report", &page]).expect_code(0);
    let new = bundle(&live.secret("web")).leaf().expect("a certificate").fingerprint();
    let text = std::fs::read_to_string(&document).expect("it is there");
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert!(report["server"].is_string() && report["finishedAt"].is_string(), "{report:#}");
    assert_eq!(report["steps"][0]["before"]["sha256"], old);
    assert_eq!(report["steps"][0]["after"]["sha256"], middle);
    assert_eq!(report["steps"][0]["result"], "done");
    let page = std::fs::read_to_string(&page).expect("it is there");
    for told in
        [&format!("- sha256: {middle}"), &format!("+ sha256: {new}"), "- Finished: ", "- Server: "]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    // What is there stays.
    let before = live.versions();
    live.run(&["rotate", "secret/web", "--report", &document]).expect_code(4);
    assert_eq!(live.versions(), before);
    assert_eq!(std::fs::read_to_string(&document).expect("it is there"), text);
}

#[test]
fn one_certificate_goes_into_every_copy_of_the_old_one() {
    let Some(live) = Live::alone("one_certificate_goes_into_every_copy") else { return };
    hand_made(&live, "web");
    hand_made(&live, "other");
    let original = live.secret("web");
    let namespaces: Vec<String> = (0..5).map(|_| live.cluster.namespace("copies")).collect();
    for namespace in &namespaces {
        let mut copy = original.clone();
        copy["metadata"] = json!({"name": "wildcard", "namespace": namespace});
        live.cluster.apply(namespace, &copy.to_string());
    }
    let told = live.run(&["rotate", "secret/web", "--copies", "--dry-run"]).expect_code(0);
    assert!(told.stdout.contains("and 5 copies"), "{}", told.stdout);
    let report = live.run(&["rotate", "secret/web", "--copies", "-o", "json"]).expect_code(0);
    let report = report.json();
    assert_eq!(report["summary"]["done"], 6, "{report:#}");
    let new = live.secret("web");
    assert_ne!(value(&new, "tls.crt"), value(&original, "tls.crt"));
    assert_eq!(bundle(&new).pairing, Pairing::Match);
    for namespace in namespaces {
        let there = live.elsewhere(&namespace);
        let copy = there.secret("wildcard");
        assert_eq!(copy["data"]["tls.crt"], new["data"]["tls.crt"]);
        assert_eq!(copy["data"]["tls.key"], new["data"]["tls.key"]);
        assert_eq!(
            value(&there.secret("wildcard-previous"), "tls.crt"),
            value(&original, "tls.crt")
        );
    }
    assert!(!live.versions().iter().any(|(name, _)| name == "other-previous"));

    // A batch of one namespace takes the copies in the others along, and counts them as one.
    let batch = ["rotate", "--all", "--yes", "--copies", "--max=2", "-o", "json"];
    let report = live.run(&batch).expect_code(0).json();
    assert_eq!(report["summary"]["done"], 7, "{report:#}");
}

#[test]
fn a_copy_that_keeps_the_old_certificate_is_told() {
    let Some(live) = Live::new("a_copy_that_keeps_the_old") else { return };
    hand_made(&live, "web");
    let mut copy = live.secret("web");
    copy["metadata"] = json!({"name": "twin"});
    live.cluster.apply(&live.namespace, &copy.to_string());
    hand_made(&live, "client");
    let patch = json!({"data": {"ca.crt": copy["data"]["tls.crt"]}});
    live.kubectl(&["patch", "secret", "client", "-p", &patch.to_string()]);
    let plan = live.run(&["rotate", "--all", "--yes", "--dry-run", "-o", "json"]).json();
    let steps = plan["steps"].as_array().expect("a list");
    let web = steps.iter().find(|step| step["ref"]["name"] == "web").expect("it is planned");
    assert_eq!(web["pinnedBy"][0]["name"], "client", "{web:#}");
    assert!(web["notes"].to_string().contains("as a trusted CA"), "{web:#}");
}

/// The answers of the server bear a date of long ago.
#[test]
fn where_the_clocks_are_apart_no_certificate_is_written() {
    let Some(live) = Live::new("where_the_clocks_are_apart") else { return };
    hand_made(&live, "web");
    let proxy = KubectlProxy::to(&live.cluster);
    let spoil = Spoil {
        at: &[&["HTTP/1.1"]],
        after: 0,
        times: usize::MAX,
        arrives: true,
        fault: Fault::Dated("Sun, 06 Nov 1994 08:49:37 GMT"),
    };
    let line = Spoilt::before(proxy.port, spoil);
    let before = live.versions();
    for args in [
        &["rotate", "secret/web"][..],
        &["issue", "web.example", "--secret", "new"],
        &["rotate", "--all", "--yes"],
    ] {
        let run = live.certwright().kubeconfig(&line.kubeconfig).args(args);
        let ran = run.args(&["-n", &live.namespace]).run().expect_code(4);
        let said = ran.flat_stderr();
        assert!(said.contains("clock is") && said.contains("minutes behind"), "{said}");
    }
    assert_eq!(live.versions(), before);
}

/// A Secret that holds something else.
const OTHER: &[u8] = br#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"web-00"},"data":{"tls.crt":"eA==","tls.key":"eA=="}}"#;

/// What is stored for the first one is not what was sent, as where an admission webhook changes it.
#[test]
fn a_batch_stops_where_what_is_stored_is_not_what_was_sent_unless_it_is_to_go_on() {
    let Some(live) = Live::new("a_batch_stops_where") else { return };
    let names: Vec<String> = (0..30).map(|number| format!("web-{number:02}")).collect();
    hand_made(&live, "web-00");
    for name in &names[1..] {
        let mut copy = live.secret("web-00");
        copy["metadata"] = json!({ "name": name });
        live.cluster.apply(&live.namespace, &copy.to_string());
    }
    let proxy = KubectlProxy::to(&live.cluster);
    let spoil = Spoil {
        at: &[&["PATCH ", "/secrets/web-00?"]],
        after: 0,
        times: usize::MAX,
        arrives: false,
        fault: Fault::Said(200, "Content-Type: application/json\r\n", OTHER),
    };
    let rotate = |more: &[&str]| -> Value {
        let line = Spoilt::before(proxy.port, spoil);
        let args = ["rotate", "--all", "--yes", "--max=100", "-o", "json", "-n", &live.namespace];
        let run = live.certwright().kubeconfig(&line.kubeconfig).args(&args).args(more);
        run.run().expect_code(4).json()
    };
    let count = |report: &Value, word: &str| {
        let steps = report["steps"].as_array().expect("a list").iter();
        steps.filter(|step| step["message"].as_str().is_some_and(|it| it.contains(word))).count()
    };
    let report = rotate(&[]);
    assert_eq!(count(&report, "an admission webhook changed it"), 1, "{report:#}");
    assert!(count(&report, "it was not begun") > 0, "{report:#}");
    let report = rotate(&["--keep-going"]);
    assert_eq!(report["summary"]["failed"], 1, "{report:#}");
    assert_eq!(report["summary"]["done"], 29, "{report:#}");
}
