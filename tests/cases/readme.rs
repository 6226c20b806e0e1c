//! The README's transcript, run: a `$` line is a command, what stands below it is what it prints.
//!
//! A transcript is of the day it was written: today's may differ in dates and in counts of days, by
//! just the days that have passed. Everything else must be the same, to the letter.

use crate::support::binary::BINARY;
use crate::support::clock;
use crate::support::name_server::NameServer;
use std::fs;
use std::path::Path;
use std::process::Command;
use time::macros::{date, format_description};
use time::{Date, Duration, OffsetDateTime};

/// The day of the README's transcripts; whoever writes one anew on another day moves its dates here.
const WRITTEN: Date = date!(2026 - 11 - 21);

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
        let before = days_since_written();
        let found = match (&server, command.contains(NAME_SERVER)) {
            (Some(server), true) => {
                let address = server.address();
                let command = command.replace(NAME_SERVER, &address);
                run(&command, folder.path()).replace(&address, NAME_SERVER)
            }
            (None, true) => continue,
            (_, false) => run(&command, folder.path()),
        };
        // Midnight may pass in between.
        let same = [before, days_since_written()]
            .into_iter()
            .any(|later| is_the_same(&found, &expected, later));
        assert!(same, "$ {command}\n{found}\nthe README says:\n{expected}");
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
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} 2>&1")]).current_dir(folder).env_clear();
    shell.env("PATH", format!("{}:{path}", bin.display()));
    let ran = clock::share(&mut shell).output().expect("sh starts");
    String::from_utf8(ran.stdout).expect("the output is UTF-8")
}

/// Whether this is what was expected, `later` days after it was written: a date may have moved by as
/// many days, and a count of days that are left may have gone down by them: give or take one, for
/// whole days are counted, and the hour of the day is another. All else is the same.
fn is_the_same(found: &str, expected: &str, later: i64) -> bool {
    let (found, expected) = (pieces(found.trim_end()), pieces(expected.trim_end()));
    let same = |found: &str, expected: &str| {
        let moved = day(found).zip(day(expected)).map(|(found, expected)| found - expected);
        let fewer = count(found).zip(count(expected)).map(|(found, expected)| expected - found);
        found == expected
            || moved == Some(Duration::days(later))
            || fewer.is_some_and(|fewer| (fewer - later).abs() <= 1)
    };
    found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| same(a, b))
}

/// The text in pieces: runs of digits and hyphens, and what stands between them.
fn pieces(text: &str) -> Vec<&str> {
    let numeric = |c: char| c.is_ascii_digit() || c == '-';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| numeric(c) != numeric(first)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        found.push(piece);
        rest = behind;
    }
    found
}

fn day(piece: &str) -> Option<Date> {
    let form = format_description!("[year]-[month]-[day]");
    Date::parse(piece, form).ok()
}

fn count(piece: &str) -> Option<i64> {
    piece.parse().ok().filter(|days| *days >= 0)
}

/// How many days ago the README's transcripts were written, by the clock.
fn days_since_written() -> i64 {
    (OffsetDateTime::now_utc().date() - WRITTEN).whole_days()
}

#[test]
fn only_dates_and_counts_of_days_may_move_and_only_by_the_days_that_passed() {
    let written = "until 2027-11-21; 24 days, p256";
    assert!(is_the_same("until 2027-11-28; 24 days, p256", written, 7));
    assert!(is_the_same("until 2027-11-21; 17 days, p256", written, 7));
    assert!(is_the_same("until 2027-11-21; 16 days, p256", written, 7));
    assert!(!is_the_same("until 2027-11-27; 24 days, p256", written, 7));
    assert!(!is_the_same("until 2027-11-28; 24 days, p384", written, 7));
    assert!(!is_the_same("until 2027-11-28; 15 days, p256", written, 7));
    assert!(!is_the_same("until 2027-11-28; 24 days", written, 7));
}
