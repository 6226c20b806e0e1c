//! Scenarios: folders of manifests judged by the binary, offline against goldens and live against
//! the offline findings.
//!
//! `UPDATE_GOLDENS=1 cargo test --test main scenarios` writes the goldens anew; read the diff.

use crate::support::binary::Certwright;
use crate::support::live::Live;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The instant every scenario is judged at.
const AT: &str = "2026-11-21T00:00:00Z";

fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
    let entries = fs::read_dir(&root).expect("testdata/scenarios is there");
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() > 30, "only {} scenarios were found", folders.len());
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn offline(folder: &Path, args: &[&str]) -> String {
    let ran = Certwright::new().folder(folder).args(args).args(&["-f", "in", "--at", AT]).run();
    let talk =
        if ran.stderr.is_empty() { String::new() } else { format!("--- stderr\n{}", ran.stderr) };
    format!("{}{talk}", ran.stdout)
}

#[test]
fn every_scenario_reads_as_its_goldens_say() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut differ = Vec::new();
    for folder in scenarios() {
        for (golden, args) in [
            ("check.txt", vec!["check"]),
            ("check.json", vec!["check", "-o", "json"]),
            ("plan.txt", vec!["rotate", "--due", "--dry-run=client"]),
        ] {
            let found = offline(&folder, &args);
            let path = folder.join(golden);
            if update {
                fs::write(&path, &found).expect("goldens can be written");
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if found != expected {
                differ.push(format!(
                    "{}/{golden}\n--- expected\n{expected}\n--- found\n{found}",
                    name(&folder)
                ));
            }
        }
    }
    assert!(differ.is_empty(), "{} goldens differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn every_rule_fires_in_some_scenario_and_is_silent_in_another() {
    let reports: Vec<String> = scenarios()
        .iter()
        .map(|folder| fs::read_to_string(folder.join("check.json")).expect("the golden is there"))
        .collect();
    for rule in certwright::audit::RULES {
        let mark = format!("\"rule\": \"{}\"", rule.code);
        assert!(reports.iter().any(|report| report.contains(&mark)), "{} never fires", rule.code);
        assert!(reports.iter().any(|report| !report.contains(&mark)), "{} always fires", rule.code);
    }
}

#[test]
fn a_scenario_gives_the_same_findings_offline_and_on_a_real_api_server() {
    let test = "a_scenario_gives_the_same_findings_offline_and_live";
    let mut differ = Vec::new();
    for folder in scenarios() {
        if folder.join("offline-only").exists() {
            continue;
        }
        let Some(live) = Live::new(test) else { return };
        live.create_scenario(&name(&folder));
        let on_cluster = live.run(&["check", "--at", AT, "-o", "json"]).json();
        let in_files = Certwright::new()
            .folder(&folder)
            .args(&["check", "-f", "in", "--at", AT, "-o", "json", "-n", &live.namespace])
            .run();
        let (live_findings, file_findings) =
            (comparable(&on_cluster), comparable(&in_files.json()));
        if live_findings != file_findings {
            differ.push(format!(
                "{}\n--- files\n{file_findings:#}\n--- cluster\n{live_findings:#}",
                name(&folder)
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// A report without what only files (paths) or only a cluster (that a Secret is missing, not just
/// not among the files) can know. Everything else must be the same.
fn comparable(report: &Value) -> Value {
    let mut report = report.clone();
    report["source"] = Value::Null;
    report["summary"] = Value::Null;
    forget_places(&mut report);
    for finding in report["findings"].as_array_mut().into_iter().flatten() {
        finding["remedy"] = Value::Null;
        if finding["rule"] == "secret-missing" {
            finding["severity"] = Value::Null;
            finding["message"] = Value::Null;
        }
    }
    let missing: Vec<Value> =
        report["findings"].as_array().into_iter().flatten().cloned().collect();
    let missing: Vec<&Value> = missing
        .iter()
        .filter(|finding| finding["rule"] == "secret-missing")
        .map(|finding| &finding["ref"])
        .collect();
    for host in report["hosts"].as_array_mut().into_iter().flatten() {
        if missing.contains(&&host["ref"]) && host["covered"] != "yes" {
            host["covered"] = Value::Null;
        }
    }
    if let Some(findings) = report["findings"].as_array_mut() {
        // The severity that differs would put them in another order.
        findings.sort_by_key(ToString::to_string);
    }
    report
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if matches!(key.as_str(), "path" | "document" | "item") {
                    *value = Value::Null;
                } else {
                    forget_places(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(forget_places),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
