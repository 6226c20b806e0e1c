//! Credentials that end while a command runs: where others are to be had it goes on, and else it says so.

use super::table::STRANGER;
use super::{CHECK, REPORT, TIMEOUT, Ward, told, ward};
use crate::support::binary::Ran;
use crate::support::spoilt::{Spoil, Spoilt};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;

/// From the fourth request on the first token is not known any more.
const ENDS: Spoil = Spoil {
    at: &[&["Bearer first"]],
    after: 3,
    times: usize::MAX,
    arrives: false,
    fault: STRANGER,
};

/// Hands out the tokens of the file `tokens`, one after the other, and the last one for ever.
const PLUGIN: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo run >> runs
token=$(sed -n "$(wc -l < runs)p" tokens); token=${token:-$(tail -n 1 tokens)}
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$token"
"#;

fn plugin(folder: &Path, tokens: &str) -> String {
    let program = folder.join("plugin");
    fs::write(&program, PLUGIN).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be run");
    fs::write(folder.join("tokens"), tokens).expect("written");
    let program = program.display();
    format!(
        "exec: {{command: {program}, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}"
    )
}

fn runs(folder: &Path) -> usize {
    fs::read_to_string(folder.join("runs")).expect("the plugin was run").lines().count()
}

fn check(ward: &Ward, line: &Spoilt) -> Ran {
    let args = [CHECK, &["-o", "json", TIMEOUT]].concat();
    ward.live.certwright().kubeconfig(&line.kubeconfig).args(&args).run()
}

/// That the check has seen everything, by both tokens.
#[track_caller]
fn went_on(ward: &Ward, line: &Spoilt) {
    let document = check(ward, line).expect_code(0).json();
    assert_eq!(document["complete"], true, "{document:#}");
    assert_eq!(told(&document, &REPORT[1..2]).len(), 9, "{document:#}");
    assert!(line.strikes() > 0, "{:#?}", line.asked());
}

#[test]
fn a_plugin_is_run_again_for_a_request_that_its_token_is_refused_for() {
    let Some(ward) = ward("a_plugin_is_run_again") else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let user = plugin(folder.path(), "first\nsecond\n");
    let (line, _server) = Spoilt::behind_tls(ward.proxy.port, ENDS, &user);
    went_on(ward, &line);
    assert_eq!(runs(folder.path()), 2, "once for each token, however many requests were refused");
}

#[test]
fn a_plugin_that_has_no_other_token_is_asked_once_more_and_the_command_ends() {
    let Some(ward) = ward("a_plugin_that_has_no_other_token") else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let user = plugin(folder.path(), "first\n");
    let (line, _server) = Spoilt::behind_tls(ward.proxy.port, ENDS, &user);
    let ran = check(ward, &line).expect_code(4);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(ran.flat_stderr().contains("log in again"), "{}", ran.stderr);
    assert_eq!((runs(folder.path()), line.strikes()), (2, 2), "{:#?}", line.asked());
}

#[test]
fn a_token_file_is_read_again_when_its_token_is_refused() {
    let Some(ward) = ward("a_token_file_is_read_again") else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let token = folder.path().join("token");
    fs::write(&token, "first").expect("written");
    let user = format!("tokenFile: {}", token.display());
    let (line, _server) = Spoilt::behind_tls(ward.proxy.port, ENDS, &user);
    line.at_first_strike({
        let token = token.clone();
        move || fs::write(token, "second").expect("written")
    });
    went_on(ward, &line);

    fs::write(&token, "first").expect("written");
    let (line, _server) = Spoilt::behind_tls(ward.proxy.port, ENDS, &user);
    let ran = check(ward, &line).expect_code(4);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(ran.flat_stderr().contains("log in again"), "{}", ran.stderr);
    assert_eq!(line.strikes(), 1, "there was no other token to try: {:#?}", line.asked());
}
