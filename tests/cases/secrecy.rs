//! No private key in any output: not in reports, plans, errors or talk, whatever is asked for.
//!
//! Outputs that are meant to hold a key (a printed Secret, a rewritten manifest) are not among
//! these; that files with keys are 0600 is `output_files`'.

use crate::support::binary::{Certwright, Ran};
use crate::support::live::{Live, value};
use base64::Engine as _;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// So much of a line of base64 would tell a key.
const WINDOW: usize = 20;

fn scenarios() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios")
}

/// Pieces of every private key that stands in a scenario, as PEM lines and as they stand in `data`.
fn canaries(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder.join("in")).expect("the scenario is there").flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c))) {
            let decoded =
                base64::engine::general_purpose::STANDARD.decode(word).unwrap_or_default();
            let decoded = String::from_utf8_lossy(&decoded).into_owned();
            if decoded.contains("PRIVATE KEY") {
                found.extend(pieces(word));
                found.extend(key_lines(&decoded));
            }
        }
        found.extend(key_lines(&text));
    }
    found
}

/// Lines between BEGIN and END of private keys.
fn key_lines(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----") {
            inside = line.contains("BEGIN") && line.contains("PRIVATE KEY");
        } else if inside {
            lines.extend(pieces(line));
        }
    }
    lines
}

/// The middle of a long word: its ends may be common to all keys of a kind.
fn pieces(word: &str) -> Option<String> {
    let middle = word.len() / 2;
    word.get(middle..middle + WINDOW).map(str::to_owned)
}

#[track_caller]
fn assert_silent(ran: &Ran, canaries: &BTreeSet<String>, what: &str) {
    for output in [&ran.stdout, &ran.stderr] {
        assert!(!output.contains("PRIVATE KEY"), "{what}: {output}");
        let told = canaries.iter().find(|canary| output.contains(canary.as_str()));
        assert!(told.is_none(), "{what} tells a part of a key");
    }
}

#[test]
fn no_report_plan_or_error_over_any_scenario_holds_a_part_of_a_key() {
    let mut keys = 0;
    for entry in fs::read_dir(scenarios()).expect("scenarios are there").flatten() {
        let folder = entry.path();
        if !folder.is_dir() {
            continue;
        }
        let canaries = canaries(&folder);
        keys += canaries.len();
        for args in [
            &["check"][..],
            &["check", "-o", "wide", "-v"],
            &["check", "-o", "json"],
            &["inspect", "in"],
            &["inspect", "in", "-o", "json"],
            &["inspect", "in", "-o", "wide"],
            &["rotate", "--due", "--dry-run=client", "-o", "json"],
            &["rotate", "--all", "-n", "default", "--max", "99", "--dry-run=client"],
        ] {
            let files: &[&str] = if args.contains(&"inspect") { &[] } else { &["-f", "in"] };
            let ran = Certwright::new().folder(&folder).args(args).args(files).run();
            assert_silent(&ran, &canaries, &format!("{} {args:?}", folder.display()));
        }
    }
    assert!(keys > 100, "only {keys} pieces of keys were looked for");
}

#[test]
fn no_output_of_a_live_run_holds_a_part_of_a_key() {
    let Some(live) = Live::new("no_output_of_a_live_run") else { return };
    live.create_scenario("guide");
    let mut canaries = canaries(&scenarios().join("guide"));
    for args in [
        &["check", "-o", "json", "-v"][..],
        &["rotate", "secret/my-release-milvus-tls", "-v", "-o", "json"],
        &["rotate", "secret/my-release-milvus-tls", "--key-policy", "same", "-v"],
        &["rotate", "secret/my-release-milvus-tls", "--dry-run=server", "-v"],
        &["issue", "a.example", "--secret", "a", "-v", "-o", "json"],
        &["issue", "a.example", "--secret", "a", "-v"],
        &["inspect", "secret/a", "-o", "json"],
    ] {
        let ran = live.run(args);
        for name in ["my-release-milvus-tls", "a"] {
            let all = live.versions();
            if all.iter().any(|(there, _)| there == name) {
                let secret = live.secret(name);
                let key = secret["data"]["tls.key"].as_str().unwrap_or_default().to_owned();
                let pem =
                    base64::engine::general_purpose::STANDARD.decode(&key).unwrap_or_default();
                canaries.extend(key_lines(&String::from_utf8_lossy(&pem)));
                canaries.extend(pieces(&key));
            }
        }
        assert_silent(&ran, &canaries, &format!("{args:?}"));
    }
}

/// What a run leaves behind for others to read: plans and reports in files, bundles, Events, and of the
/// Secrets whatever is not their data.
#[test]
fn no_file_object_or_event_of_a_rotation_holds_a_part_of_a_key() {
    let Some(live) = Live::new("no_file_object_or_event") else { return };
    let issue = ["issue", "a.example", "--key-type=p256", "--secret"];
    for name in ["web", "again"] {
        live.run(&[&issue[..], &[name]].concat()).expect_code(0);
    }
    let certificate = String::from_utf8(value(&live.secret("web"), "tls.crt")).expect("it is PEM");
    let bundle = format!("--from-literal=ca.crt={certificate}");
    live.kubectl(&["create", "configmap", "web", &bundle]);
    let folder = tempfile::tempdir().expect("a temp folder can be made");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (plan, shown) = (file("plan.json"), file("plan.md"));
    let (report, page) = (file("report.json"), file("report.md"));
    let trust = ["rotate", "secret/web", "--trust", "configmap/web"];
    let mut canaries = BTreeSet::new();
    let mut said = Vec::new();
    for args in [
        &["rotate", "secret/again", "--plan-out", &plan][..],
        &["rotate", "--plan", &plan, "--report", &report, "-o", "json"],
        &["rotate", "secret/again", "--report", &page, "-v"],
        &["rotate", "secret/again", "--plan-out", &shown],
        &[&trust[..], &["--dry-run", "-o", "json"]].concat(),
        &[&trust[..], &["-v", "-o", "json"]].concat(),
        &["rotate", "secret/web", "--status", "-v"],
        &["rotate", "secret/web", "--continue", "--soak=0", "-v"],
        &["rotate", "secret/web", "--status", "-o", "json"],
        &["rollback", "secret/again", "-o", "json", "-v"],
    ] {
        said.push(live.run(args).expect_code(0));
        canaries.extend(keys_in(&live));
    }
    assert!(canaries.len() > 10, "there are keys to look for");
    for ran in &said {
        assert_silent(ran, &canaries, "an output");
    }
    for path in [&plan, &shown, &report, &page] {
        let text = fs::read_to_string(path).expect("it was written");
        assert!(
            !canaries.iter().any(|canary| text.contains(canary)),
            "{path} tells a part of a key"
        );
    }
    let kinds = "secrets,configmaps,events,events.events.k8s.io,ingresses,services";
    let all = live.kubectl(&["get", kinds, "-o", "json", "--show-managed-fields"]);
    let mut all: serde_json::Value =
        serde_json::from_slice(&all.stdout).expect("kubectl prints JSON");
    for object in all["items"].as_array_mut().expect("a list") {
        if object["kind"] == "Secret" {
            object["data"] = serde_json::Value::Null;
        }
    }
    let text = all.to_string();
    assert!(
        !canaries.iter().any(|canary| text.contains(canary)),
        "an object tells a part of a key"
    );
}

/// Pieces of every key that the namespace's Secrets hold now.
fn keys_in(live: &Live) -> BTreeSet<String> {
    let all = live.kubectl(&["get", "secrets", "-o", "json"]);
    let all: serde_json::Value = serde_json::from_slice(&all.stdout).expect("kubectl prints JSON");
    let mut found = BTreeSet::new();
    for secret in all["items"].as_array().expect("a list") {
        for (_, value) in secret["data"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            let pem = base64::engine::general_purpose::STANDARD.decode(value).unwrap_or_default();
            let pem = String::from_utf8_lossy(&pem);
            if pem.contains("PRIVATE KEY") {
                found.extend(key_lines(&pem));
                found.extend(pieces(value));
            }
        }
    }
    found
}
