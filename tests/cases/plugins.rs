//! Auth plugins: what a failing one says reaches people, what it hands over does not, and none is
//! waited for in vain.

use crate::support::binary::{Certwright, Ran};
use crate::support::faults::write_kubeconfig;
use crate::support::live::Live;
use crate::support::terminal::raw_characters;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const V1: &str = "client.authentication.k8s.io/v1";

/// A kubeconfig whose user logs in by this shell script.
struct Login {
    folder: TempDir,
    kubeconfig: PathBuf,
}

impl Login {
    fn new(script: &str) -> Self {
        Self::with(
            script,
            "interactiveMode: IfAvailable",
            "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true",
        )
    }

    fn with(script: &str, exec: &str, cluster: &str) -> Self {
        let folder = TempDir::new().expect("a temp folder can be made");
        let program = folder.path().join("plugin");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be run");
        let kubeconfig = folder.path().join("config");
        let user = format!(
            "exec: {{command: ./plugin, args: [get-token, --client-secret=s3cr3t], apiVersion: {V1}, {exec}}}"
        );
        write_kubeconfig(&kubeconfig, cluster, &user);
        Self { folder, kubeconfig }
    }

    fn run(&self, args: &[&str]) -> Ran {
        Certwright::new().kubeconfig(&self.kubeconfig).args(args).run()
    }

    #[track_caller]
    fn refused(&self) -> String {
        let ran = self.run(&["inspect", "secret/web"]).expect_code(4);
        assert!(raw_characters(&ran.stderr).is_empty(), "{}", ran.stderr);
        let said = ran.flat_stderr();
        assert!(!said.contains("s3cr3t"), "{said}");
        said
    }
}

#[test]
fn a_failing_plugin_is_heard_with_its_exit_code_and_command_line() {
    let login = Login::new(
        "echo s3cr3t; printf '\\033[31mSSO session expired\\033[0m\\a\\nrun: aws sso login\\n' >&2; exit 7",
    );
    let said = login.refused();
    for expected in [
        "user \"u\": the auth plugin `",
        "/plugin get-token --client-secret=…` failed with exit code 7",
        "saying: SSO session expired",
        "/ run: aws sso login",
    ] {
        assert!(said.contains(expected), "{said}\nlacks {expected}");
    }
    let much = Login::new("yes s0me-words | head -c 10000000 >&2; echo the end >&2; kill -9 $$");
    let said = much.refused();
    assert!(said.contains("failed with signal 9") && said.contains("the end"), "{said}");
    assert!(said.len() < 3000, "{} characters", said.len());
}

#[test]
fn a_plugin_that_is_not_there_is_told_with_how_to_get_it() {
    let hint = "interactiveMode: Never, installHint: \"Install it:\\n  brew install \\u001b[1mlogin\\u001b[0m\"";
    let login = Login::with("", hint, "server: 'https://127.0.0.1:1'");
    fs::remove_file(login.folder.path().join("plugin")).expect("removed");
    let said = login.refused();
    assert!(said.contains("cannot be started: no such file"), "{said}");
    assert!(said.contains("Install it: / brew install login"), "{said}");
}

#[test]
fn what_is_no_credential_is_told_and_not_shown() {
    for (script, expected) in [
        ("echo s3cr3t", "did not print an ExecCredential"),
        (
            "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"s3cr3t\"}}'",
            "answers in apiVersion",
        ),
        (
            "printf '%s' '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"s3cr3t\\n\"}}'",
            "line break",
        ),
        (
            "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}'",
            "without status",
        ),
        ("yes s3cr3t", "more than a credential"),
        ("", "did not print"),
    ] {
        let said = Login::new(script).refused();
        assert!(said.contains(expected), "{said}\nlacks {expected}");
    }
    let said =
        Login::with("echo s3cr3t", "interactiveMode: Always", "server: 'https://127.0.0.1:1'")
            .refused();
    assert!(said.contains("standard input is not a terminal"), "{said}");
}

#[test]
fn a_hanging_plugin_is_ended_with_its_children() {
    let login =
        Login::new("echo $$ > \"$(dirname \"$0\")/pid\"; echo asking >&2; sleep 1000 & wait");
    let begun = Instant::now();
    let ran = login.run(&["inspect", "secret/web", "--request-timeout", "1s"]).expect_code(4);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let said = ran.flat_stderr();
    assert!(said.contains("did not end within 1s, saying: asking"), "{said}");
    login.group_is_gone();

    let limited = login.run(&["inspect", "secret/web", "--timeout", "1s"]).expect_code(124);
    assert!(limited.stderr.contains("--timeout"), "{}", limited.stderr);
    login.group_is_gone();
}

#[test]
fn ctrl_c_ends_a_command_that_waits_for_a_plugin_and_the_plugin() {
    let login = Login::new("echo $$ > \"$(dirname \"$0\")/pid\"; sleep 1000 & wait");
    let (mut command, _home) = Certwright::new()
        .kubeconfig(&login.kubeconfig)
        .args(&["inspect", "secret/web"])
        .into_command();
    let mut child = command.stdin(Stdio::null()).spawn().expect("the binary starts");
    let pid = login.folder.path().join("pid");
    let begun = Instant::now();
    while !fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')) {
        assert!(begun.elapsed() < Duration::from_mins(1), "the plugin is run");
        std::thread::yield_now();
    }
    let killed =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    login.group_is_gone();
}

impl Login {
    /// Waits until no process of the plugin's group is left.
    #[track_caller]
    fn group_is_gone(&self) {
        let group = fs::read_to_string(self.folder.path().join("pid")).expect("it was run");
        let begun = Instant::now();
        loop {
            let probe = Command::new("kill")
                .args(["-0", "--", &format!("-{}", group.trim())])
                .stderr(Stdio::null())
                .status()
                .expect("kill starts");
            if !probe.success() {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "the plugin's group still runs");
        }
    }
}

#[test]
fn a_plugin_is_run_once_and_told_what_it_asks_for() {
    let Some(live) = Live::new("a_plugin_is_run_once") else { return };
    live.kubectl(&["create", "secret", "generic", "web"]);
    let (host, port, token, authority) = live.cluster.address();
    let cluster = format!(
        "server: 'https://{host}:{port}', certificate-authority: {}, \
         extensions: [{{name: client.authentication.k8s.io/exec, extension: {{audience: me}}}}]",
        authority.display()
    );
    let script = format!(
        "cd \"$(dirname \"$0\")\"; echo run >> runs; echo \"$KUBERNETES_EXEC_INFO\" > info; echo \"$VARIABLE\" > env; \
         echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{V1}\",\"status\":{{\"token\":\"{token}\",\"expirationTimestamp\":\"9999-12-31T23:59:59Z\"}}}}'"
    );
    let exec = "interactiveMode: IfAvailable, provideClusterInfo: true, env: [{name: VARIABLE, value: value}]";
    let login = Login::with(&script, exec, &cluster);
    let ran = login.run(&["check", "-n", &live.namespace]);
    assert!(ran.code != 4, "{}", ran.stderr);
    let file = |name: &str| {
        fs::read_to_string(login.folder.path().join(name)).expect("the plugin wrote it")
    };
    assert_eq!(file("runs"), "run\n", "for however many requests");
    assert_eq!(file("env"), "value\n");
    let info: serde_json::Value = serde_json::from_str(&file("info")).expect("JSON");
    assert_eq!(info["apiVersion"], V1);
    assert_eq!(info["spec"]["interactive"], false);
    assert_eq!(info["spec"]["cluster"]["config"]["audience"], "me");
    assert_eq!(info["spec"]["cluster"]["server"], format!("https://{host}:{port}/"));
    assert!(info["spec"]["cluster"]["certificate-authority-data"].is_string(), "{info}");
    assert!(info["spec"]["cluster"].get("proxy-url").is_none(), "{info}");

    // One whose credentials end at once is run again for the next request.
    let ends = script.replace("9999-12-31", "2001-01-01");
    let login = Login::with(&ends, exec, &cluster);
    login.run(&["check", "-n", &live.namespace]);
    let runs = fs::read_to_string(login.folder.path().join("runs")).expect("it was run");
    assert!(runs.lines().count() > 1, "{runs}");
}
