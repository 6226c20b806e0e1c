//! The README's transcript, run: a `$` line is a command, what stands below it is what it prints.
//!
//! Dates and counts of days move with the day it is run; both sides are compared with those
//! evened out. Everything else must be the same, to the letter.

use crate::support::binary::BINARY;
use crate::support::name_server::NameServer;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the README calls the DNS server.
const NAME_SERVER: &str = "8.8.8.8:53";

#[test]
fn the_transcript_prints_what_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README is there");
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let guide = folder.path().join("guide");
    fs::create_dir(&guide).expect("a folder can be made");
    for file in ["secret.yaml", "ingress.yaml"] {
        let from = root.join("testdata/scenarios/guide/in").join(file);
        fs::copy(from, guide.join(file)).expect("the guide's manifests can be copied");
    }
    let stuck = root.join("testdata/scenarios/dns-stuck");
    fs::create_dir(folder.path().join("stuck")).expect("a folder can be made");
    for file in ["ingress.yaml", "managed.yaml", "service.yaml"] {
        let to = folder.path().join("stuck").join(file);
        fs::copy(stuck.join("in").join(file), to).expect("its manifests can be copied");
    }
    let zone = fs::read_to_string(stuck.join("dns/example.zone")).expect("its zone is there");
    let steps = transcript(&readme);
    assert!(steps.len() >= 5, "the README has lost its transcript");
    let server = NameServer::start("the_transcript_prints", &[("example", &zone)]);
    for (command, expected) in steps {
        let found = match (&server, command.contains(NAME_SERVER)) {
            (Some(server), true) => {
                let address = server.address();
                let command = command.replace(NAME_SERVER, &address);
                run(&command, folder.path()).replace(&address, NAME_SERVER)
            }
            (None, true) => continue,
            (_, false) => run(&command, folder.path()),
        };
        assert_eq!(evened(&found), evened(&expected), "$ {command}\n{found}");
    }
}

#[test]
fn the_readme_names_every_rule_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README is there");
    let table = readme.split("### What `check` finds").nth(1).expect("the table is there");
    let table = table.split("\n\nAnnotations").next().expect("it ends");
    let quoted = table.split('\n').filter(|line| line.starts_with("| `")).flat_map(|line| {
        line.split('|')
            .nth(1)
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    let mut named: Vec<String> = quoted.collect();
    let mut rules: Vec<String> =
        certwright::audit::RULES.iter().map(|rule| rule.code.to_owned()).collect();
    named.sort();
    rules.sort();
    assert_eq!(named, rules);
}

/// The commands of every `console` block, each with what is to be printed.
fn transcript(readme: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => inside = true,
            ("```", _) => inside = false,
            (_, Some(command)) if inside => steps.push((command.to_owned(), String::new())),
            _ if inside => {
                let (_, output) = steps.last_mut().expect("a console block begins with a command");
                output.push_str(line);
                output.push('\n');
            }
            _ => {}
        }
    }
    steps
}

fn run(command: &str, folder: &Path) -> String {
    let bin = Path::new(BINARY).parent().expect("the binary is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let ran = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{path}", bin.display()))
        .output()
        .expect("sh starts");
    String::from_utf8(ran.stdout).expect("the output is UTF-8")
}

/// Dates and the counts of days at the end of a row, evened out; blank lines at the end dropped.
fn evened(text: &str) -> String {
    let word = |word: &str| {
        let date = word.len() == 10 && word.split('-').map(str::len).eq([4, 2, 2]);
        let days = word.len() >= 3 && word.chars().all(|c| c.is_ascii_digit());
        if date {
            "DATE".to_owned()
        } else if days {
            "DAYS".to_owned()
        } else {
            word.to_owned()
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}
