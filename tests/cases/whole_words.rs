//! What a report names can be found in it and copied out of it: in a pipe every host stands on a line
//! whole, and on a terminal of 80 columns no name, path or command is broken.

use super::asked::on_terminal;
use super::scenarios::{check_args, scenarios};
use crate::support::binary::Certwright;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The report of the scenario in this format; none where it needs a DNS server.
fn report(folder: &Path, format: &[&str]) -> Option<String> {
    if folder.join("dns").exists() {
        return None;
    }
    let run = Certwright::new().folder(folder).args(&check_args(folder)).args(&["-f", "in"]);
    Some(run.args(format).run().stdout)
}

fn texts<'r>(report: &'r Value, rows: &str, path: &str) -> BTreeSet<&'r str> {
    let rows = report[rows].as_array().into_iter().flatten();
    rows.filter_map(|row| row.pointer(path)?.as_str()).filter(|text| !text.is_empty()).collect()
}

#[test]
fn every_host_of_every_scenario_is_found_by_grep() {
    let mut hosts_in_all = 0;
    for folder in scenarios() {
        let Some(json) = report(&folder, &["-o", "json"]) else { continue };
        let json: Value = serde_json::from_str(&json).expect("it is JSON");
        let lines = report(&folder, &[]).expect("it was there before");
        for host in texts(&json, "hosts", "/host") {
            hosts_in_all += 1;
            let found = lines.lines().any(|line| line.contains(host));
            assert!(found, "{}: {host} is on no line of\n{lines}", folder.display());
        }
    }
    assert!(hosts_in_all > 200, "only {hosts_in_all} hosts were looked for");
}

#[test]
fn no_scenario_has_a_name_a_path_or_a_command_broken_on_a_terminal() {
    let test = "no_scenario_has_a_name_a_path_or_a_command_broken";
    let mut looked_for = 0;
    for folder in scenarios() {
        let Some(json) = report(&folder, &["-o", "json"]) else { continue };
        let json: Value = serde_json::from_str(&json).expect("it is JSON");
        let args = ["-f", "in", "--all", "--color", "never"];
        let args = [&check_args(&folder)[..], &args].concat();
        let Some((shown, _)) = on_terminal(test, &folder, &["--columns=80"], &args) else {
            return;
        };
        let shown = shown.replace('\r', "").replace("\u{1b}[2K", "\n");
        let findings = json["findings"].as_array().into_iter().flatten();
        let commands = findings.filter_map(|finding| finding["remedy"].as_str());
        let is_command =
            |text: &&str| ["certwright ", "kubectl "].iter().any(|it| text.starts_with(it));
        let mut whole: BTreeSet<&str> = commands.filter(is_command).collect();
        whole.extend(texts(&json, "hosts", "/host"));
        whole.extend(texts(&json, "certificates", "/ref/name"));
        for path in ["/ref/name", "/ref/path"] {
            whole.extend(texts(&json, "findings", path));
        }
        let joined = |text: &str| text.split_whitespace().collect::<String>();
        let all = joined(&shown);
        // What is not told here at all, such as a file without a finding, is not broken.
        for text in whole.into_iter().filter(|text| all.contains(&joined(text))) {
            looked_for += 1;
            let found = shown.lines().any(|line| line.contains(text));
            assert!(found, "{}: {text} is on no line of\n{shown}", folder.display());
        }
    }
    assert!(looked_for > 1_000, "only {looked_for} were looked for");
}
