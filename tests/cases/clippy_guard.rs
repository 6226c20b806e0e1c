//! `clippy.toml`, shown to hold: every entry is breached on purpose, and clippy must say so.
//!
//! Knows how clippy is asked about one file. Refuses to know which calls are forbidden: it takes
//! them from `clippy.toml`, and wants each reported on `testdata/breach/clippy_sample.rs` with the
//! reason written beside it. Clippy skips an entry whose path it cannot find, or lets it pass
//! where the path is that of a re-export; so an entry holds nothing until this has seen it fire.

use crate::support::source_tree;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The crates that the samples name. They are not built again: what the tests were linked with
/// lies beside the test binary.
const CRATES: &[&str] =
    &["anstream", "jiff", "rcgen", "ring", "rustls", "tempfile", "time", "tokio", "x509_parser"];

const LINTS: &[&str] =
    &["clippy::disallowed_methods", "clippy::disallowed_macros", "clippy::disallowed_types"];

/// What clippy holds, or said: the lint, the path and the reason.
type Held = BTreeSet<(String, String, String)>;

#[test]
fn clippy_reports_every_entry_of_its_list_with_its_reason() {
    let Some(diagnostics) = diagnostics_of("clippy_sample.rs") else { return };
    let said: Held = diagnostics.iter().filter_map(disallowed).collect();
    let listed = entries(&source_tree::read(&package().join("clippy.toml")));
    let silent: Vec<_> = listed.difference(&said).collect();
    assert!(
        silent.is_empty(),
        "clippy does not report these entries of clippy.toml on testdata/breach/clippy_sample.rs \
         (not breached there, or misspelled): {silent:#?}"
    );
}

#[test]
fn clippy_has_no_complaint_about_the_same_work_done_right() {
    let Some(diagnostics) = diagnostics_of("clippy_twin.rs") else { return };
    let said: Vec<_> = diagnostics.iter().map(|diagnostic| &diagnostic["rendered"]).collect();
    assert!(said.is_empty(), "clippy complains about clippy_twin.rs: {said:#?}");
}

#[test]
fn every_entry_says_which_rule_it_holds_and_what_to_do_instead() {
    let listed = entries(&source_tree::read(&package().join("clippy.toml")));
    for rule in ["clock", "waiting", "RNG", "files", "network", "environment", "process", "print"] {
        let holds =
            |(_, _, reason): &(String, String, String)| reason.starts_with(&format!("{rule}: "));
        assert!(listed.iter().any(holds), "no entry holds the rule {rule}");
    }
    for (_, path, reason) in &listed {
        assert!(
            reason.split_once(": ").is_some_and(|(_, instead)| instead.len() > 10),
            "{path}: {reason}"
        );
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The entries of the lists in `clippy.toml`, which stand one a line. Reading them so needs no
/// TOML parser; a line that is read wrongly is an entry that clippy never reports, so it fails.
fn entries(toml: &str) -> Held {
    let mut lint = String::new();
    let mut held = Held::new();
    for line in toml.lines() {
        if let Some(list) = line.strip_suffix(" = [") {
            lint = format!("clippy::{}", list.replace('-', "_"));
        } else if let Some(entry) = line.trim().strip_prefix("{ path = \"") {
            let (path, entry) = entry.split_once('"').expect("a path ends");
            let reason = entry.strip_prefix(", reason = \"").expect("a reason follows the path");
            let (reason, _) = reason.split_once('"').expect("a reason ends");
            assert!(
                held.insert((lint.clone(), path.into(), reason.into())),
                "{path} is listed twice"
            );
        }
    }
    assert!(!held.is_empty(), "clippy.toml holds no entry that this can read");
    held
}

/// What clippy says about one sample, or nothing, loudly, where clippy is not installed.
fn diagnostics_of(sample: &str) -> Option<Vec<Value>> {
    let works = |output: Output| output.status.success();
    if !Command::new("clippy-driver").arg("--version").output().is_ok_and(works) {
        skip("clippy-driver is not installed, so clippy.toml was not shown to hold");
        return None;
    }
    let output = clippy(&package().join("testdata/breach").join(sample));
    let told = String::from_utf8(output.stderr).expect("clippy writes UTF-8");
    let told = told.lines().filter_map(|line| serde_json::from_str(line).ok());
    let (ours, others): (Vec<Value>, Vec<Value>) =
        told.partition(|d| lint_of(d).starts_with("clippy::"));
    let broken: String =
        others.iter().filter(|d| is_broken(d)).filter_map(|d| d["rendered"].as_str()).collect();
    assert!(
        broken.is_empty() && (output.status.success() || !ours.is_empty()),
        "the sample {sample} could not be judged:\n{broken}"
    );
    Some(ours)
}

/// Whether a diagnostic that is no lint means that clippy did not judge: the sample does not
/// compile, or clippy could not make sense of `clippy.toml`.
fn is_broken(diagnostic: &Value) -> bool {
    let spans = diagnostic["spans"].as_array().map_or(&[][..], Vec::as_slice);
    let in_toml =
        |span: &Value| span["file_name"].as_str().is_some_and(|file| file.ends_with("clippy.toml"));
    spans.iter().any(in_toml) || (diagnostic["level"] == "error" && !spans.is_empty())
}

fn clippy(sample: &Path) -> Output {
    let libraries = libraries();
    let mut command = Command::new("clippy-driver");
    command.env("CLIPPY_CONF_DIR", package()).env_remove("CLIPPY_ARGS");
    command.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata"]);
    command.args(["--error-format", "json"]);
    command.arg("--out-dir").arg(env!("CARGO_TARGET_TMPDIR"));
    command.arg("-L").arg(format!("dependency={}", libraries.display()));
    for name in CRATES {
        let library = newest_library(&libraries, name);
        command.arg("--extern").arg(format!("{name}={}", library.display()));
    }
    for lint in LINTS {
        command.args(["-D", lint]);
    }
    command.arg(sample).output().expect("clippy-driver starts, for it told its version")
}

/// The folder of the test binary, where cargo keeps the libraries it is linked with.
fn libraries() -> PathBuf {
    let binary = std::env::current_exe().expect("a test knows its own binary");
    binary.parent().expect("a binary stands in a folder").to_owned()
}

/// More than one build of a crate may lie there; the last one is the one just linked.
fn newest_library(folder: &Path, name: &str) -> PathBuf {
    let (start, end) = (format!("lib{name}-"), ".rlib");
    let is_of_crate = |path: &PathBuf| {
        let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        file.starts_with(&start) && file.ends_with(end)
    };
    let built = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
    let found = source_tree::entries(folder).into_iter().filter(is_of_crate).max_by_key(built);
    found.unwrap_or_else(|| {
        panic!(
            "no library of the crate {name} lies in {}: if certwright no longer depends on it, \
             remove it from clippy.toml, testdata/breach/clippy_*.rs and CRATES",
            folder.display()
        )
    })
}

fn lint_of(diagnostic: &Value) -> &str {
    diagnostic["code"]["code"].as_str().unwrap_or_default()
}

/// The lint, path and reason of a diagnostic, when it is one about something disallowed.
fn disallowed(diagnostic: &Value) -> Option<(String, String, String)> {
    let lint = LINTS.iter().find(|lint| **lint == lint_of(diagnostic))?;
    let path = diagnostic["message"].as_str()?.split('`').nth(1)?;
    let reason = diagnostic["children"][0]["message"].as_str()?;
    Some(((*lint).to_owned(), path.to_owned(), reason.to_owned()))
}

/// Says on the real stderr that a test was not run; libtest would swallow what `eprintln!` says.
/// Where a skip would go unread, in CI, it is a failure.
fn skip(why: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "in CI nothing may be skipped: {why}"
    );
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
