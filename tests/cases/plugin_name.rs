//! As a plugin of kubectl: every command that is told is one that works there, where `certwright` is
//! not in PATH. But for the name nothing is different.

use crate::support::binary::{Certwright, Ran};
use crate::support::live::Live;
use crate::support::shells::Shells;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const PLUGIN: &str = "kubectl certwright";

/// Runs both, and holds that they differ in the name of the program alone. How often it is told comes
/// back.
#[track_caller]
fn differ_in_the_name(folder: &Path, args: &[&str]) -> usize {
    let run = |certwright: Certwright| certwright.folder(folder).args(args).run();
    let (plain, plugin) = (run(Certwright::new()), run(Certwright::plugin()));
    let all = |ran: &Ran| format!("{}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    let renamed = all(&plugin).replace(PLUGIN, "certwright");
    assert_eq!(renamed, all(&plain), "{args:?}");
    all(&plugin).matches(PLUGIN).count()
}

/// How often the text tells a command of certwright at the beginning of a line.
fn told(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with("certwright ")).count()
}

#[test]
fn every_scenario_is_told_in_the_name_by_which_it_was_asked() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
    let at = ["-f", "in", "--at", "2026-11-21T00:00:00Z"];
    let mut commands = 0;
    for scenario in fs::read_dir(scenarios).expect("it can be listed") {
        let folder = scenario.expect("it can be listed").path();
        if !folder.join("in").is_dir() {
            continue;
        }
        for args in [
            &["check", "--all"][..],
            &["check", "-o", "json"],
            &["check", "-o", "lines"],
            &["rotate", "--due", "--dry-run"],
            &["rotate", "--due", "--dry-run", "-o", "json"],
        ] {
            commands += differ_in_the_name(&folder, &[args, &at].concat());
        }
        let plain = Certwright::plugin().folder(&folder).args(&["check", "--all"]).args(&at).run();
        assert_eq!(told(&plain.stdout), 0, "{}:\n{}", folder.display(), plain.stdout);
    }
    assert!(commands > 200, "{commands} commands were told");
}

#[test]
fn help_errors_and_explanations_say_how_it_was_called() {
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::write(folder.path().join("a.crt"), "-----BEGIN CERTIFICATE-----\n").expect("written");
    for args in [
        &["--help"][..],
        &["check", "--help"],
        &["rotate", "-h"],
        &["managed", "set-domains", "--help"],
        &["help", "verify"],
        &["-n", "shop", "check", "--rule", "nope"],
        &["list"],
        &["check", "--san", "a"],
        &["issue"],
        &["issue", "--make-ca", "--cn", "a", "--lifetime", "1s"],
        &["check", "-f", "https://a.example/x.yaml"],
        &["check", "-f", "a.crt"],
        &["explain", "managed-host-not-listed"],
        &["explain", "managed-host-not-listed", "-o", "json"],
    ] {
        let commands = differ_in_the_name(folder.path(), args);
        let tells_none = args.contains(&"1s");
        assert!(commands > 0 || tells_none, "{args:?}: no command was told");
    }
    let script = Certwright::plugin().args(&["completion", "kubectl"]).run().expect_code(0).stdout;
    assert!(script.contains("exec kubectl certwright __complete"), "{script}");
    // Pages are of the program itself.
    assert_eq!(differ_in_the_name(folder.path(), &["man", "man1"]), 0);
    let page =
        fs::read_to_string(folder.path().join("man1/certwright-check.1")).expect("it is there");
    assert!(!page.contains("kubectl certwright"), "{page}");
}

/// By the real kubectl, with nothing but the plugin in PATH.
#[test]
fn a_remedy_runs_as_it_is_printed_where_only_the_plugin_is_installed() {
    let Some(live) = Live::new("a_remedy_runs_as_it_is_printed") else { return };
    live.kubectl(&["create", "ingress", "web", "--rule=a.example/*=web:80,tls=web"]);
    let shells = Shells::new(live.cluster.kubeconfig());
    fs::remove_file(shells.folder().join("bin/certwright")).expect("it was there");
    let kubectl = live.cluster.kubectl().get_program().to_owned();
    std::os::unix::fs::symlink(kubectl, shells.folder().join("bin/kubectl")).expect("a link");
    let run = |line: &str| {
        let ran = shells.command("sh").args(["-c", line]).output().expect("sh starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ran.status.code(), text(&ran.stdout) + &text(&ran.stderr))
    };
    let check = format!("kubectl certwright -n {} check --rule secret-missing", live.namespace);
    let (code, report) = run(&check);
    assert_eq!(code, Some(1), "{report}");
    let remedy = report.lines().map(str::trim).find(|line| line.starts_with("kubectl certwright "));
    let remedy = remedy.unwrap_or_else(|| panic!("no remedy in {report}"));
    assert!(remedy.contains(" issue a.example --secret web "), "{remedy}");
    let (code, told) = run(remedy);
    assert_eq!(code, Some(0), "{remedy}: {told}");
    assert_eq!(run(&check).0, Some(0), "{remedy}: {told}");
    let (code, told) = run("kubectl certwright --context nope check");
    assert_eq!(code, Some(4), "{told}");
}
