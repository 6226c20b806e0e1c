//! What runs certwright in other people's pipelines, and publishes it: workflows by a linter, the action's own
//! steps by bash, the hook by the real pre-commit, krew's manifest by what krew wants of one.

use crate::support::binary::BINARY;
use crate::support::witness;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("it is YAML")
}

fn said(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

/// A folder `manifests` with an Ingress whose Secret holds a certificate without a name, which is an error.
fn with_manifests() -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    let to = folder.path().join("manifests");
    fs::create_dir(&to).expect("a folder can be made");
    for name in ["secret.yaml", "ingress.yaml"] {
        let from = here("testdata/scenarios/guide/in").join(name);
        fs::copy(from, to.join(name)).expect("it can be copied");
    }
    folder
}

/// A program in a folder, with this binary first in `PATH`.
fn within(folder: &Path, program: &str) -> Command {
    let bin = Path::new(BINARY).parent().expect("it is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", format!("{}:{path}", bin.display()));
    command.env("HOME", folder);
    command
}

#[test]
fn the_workflows_are_taken_by_actionlint() {
    let own = here("target/ci-tools/bin/actionlint");
    let program = if own.is_file() { own } else { PathBuf::from("actionlint") };
    if !witness::succeeds(Command::new(&program).arg("--version")) {
        let how = "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7";
        witness::skip("the_workflows_are_taken_by_actionlint", &format!("needs actionlint: {how}"));
        return;
    }
    let workflows = ["ci.yml", "release.yml"].map(|name| here(".github/workflows").join(name));
    let ran = Command::new(program).arg("-no-color").args(&workflows).output();
    let ran = ran.expect("actionlint starts");
    assert!(ran.status.success(), "{}", said(&ran));
}

#[test]
fn what_is_published_is_built_by_the_workflow_for_every_platform_of_krew() {
    let release = fs::read_to_string(here(".github/workflows/release.yml")).expect("it is there");
    let release = yaml(&release);
    let matrix = &release["jobs"]["binary"]["strategy"]["matrix"]["include"];
    let built: Vec<&str> =
        matrix.as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    let folder = TempDir::new().expect("a temp folder can be made");
    let checksums = folder.path().join("checksums.txt");
    let line =
        |(number, name): (usize, &&str)| format!("{:064x}  certwright-{name}.tar.gz\n", number + 1);
    fs::write(&checksums, built.iter().enumerate().map(line).collect::<String>()).expect("written");
    let krew = |checksums: &Path| {
        let mut script = Command::new("bash");
        script.arg(here(".github/krew")).arg(checksums).args(["v1.2.3", "owner/certwright"]);
        script.output().expect("bash starts")
    };
    let ran = krew(&checksums);
    assert!(ran.status.success(), "{}", said(&ran));
    let manifest = yaml(&String::from_utf8_lossy(&ran.stdout));
    assert_eq!(manifest["spec"]["version"], "v1.2.3");
    // What krew's validation wants: krew internal/index/validation/validate.go.
    let short = manifest["spec"]["shortDescription"].as_str().unwrap_or_default();
    assert!(!short.is_empty() && short.len() <= 50, "{short}");
    let platforms = manifest["spec"]["platforms"].as_array().expect("a list");
    assert_eq!(platforms.len(), built.len());
    for platform in platforms {
        let sum = platform["sha256"].as_str().unwrap_or_default();
        assert!(sum.len() == 64 && sum.bytes().all(|it| it.is_ascii_hexdigit()), "{platform}");
        let uri = platform["uri"].as_str().unwrap_or_default();
        assert!(uri.starts_with("https://github.com/owner/certwright/releases/download/v1.2.3/"));
    }
    fs::write(&checksums, "").expect("it can be written");
    let ran = krew(&checksums);
    assert!(!ran.status.success() && said(&ran).contains("certwright-linux-amd64.tar.gz"));
}

#[test]
fn the_steps_of_the_action_find_what_is_wrong_and_fail_by_it() {
    let action = yaml(&fs::read_to_string(here("action.yml")).expect("it is there"));
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_array().expect("a list");
    assert!(steps.iter().all(|step| step["shell"] == "bash" && step["run"].is_string()));
    // Inputs come as variables alone: what stands in a script is run.
    assert!(steps.iter().all(|step| !step["run"].to_string().contains("${{")));
    let folder = with_manifests();
    let step = |number: usize, env: &[(&str, &str)]| {
        let script = steps[number]["run"].as_str().expect("a script");
        let mut bash = within(folder.path(), "bash");
        bash.args(["-eo", "pipefail", "-c", script]).envs(env.iter().copied());
        bash.output().expect("bash starts")
    };
    let ran = step(0, &[("VERSION", ""), ("RUNNER_OS", "Linux"), ("RUNNER_ARCH", "X64")]);
    assert!(ran.status.success(), "what is in PATH is not installed again: {}", said(&ran));
    let ran = step(0, &[("VERSION", "v9"), ("RUNNER_OS", "Plan9"), ("RUNNER_ARCH", "X64")]);
    assert_eq!(ran.status.code(), Some(4));
    let inputs = |fail_on: &'static str, args: &'static str| {
        [("INPUT_PATHS", "manifests"), ("INPUT_FAIL_ON", fail_on), ("INPUT_ARGS", args)]
    };
    let ran = step(1, &inputs("warning", ""));
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    assert!(said(&ran).contains("manifests/secret.yaml:1: "), "{}", said(&ran));
    assert_eq!(step(1, &inputs("never", "--rule\ncn-only\n")).status.code(), Some(0));
    assert_eq!(step(1, &inputs("never", "; touch broken")).status.code(), Some(2));
}

#[test]
fn the_hook_works_in_the_real_pre_commit() {
    if !witness::succeeds(Command::new("pre-commit").arg("--version")) {
        witness::skip("the_hook_works", "needs pre-commit (Debian: apt-get install pre-commit)");
        return;
    }
    let hooks = TempDir::new().expect("a temp folder can be made");
    fs::copy(here(".pre-commit-hooks.yaml"), hooks.path().join(".pre-commit-hooks.yaml"))
        .expect("it can be copied");
    let git = |folder: &Path, args: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let ran = within(folder, "git").args(who).args(args).output().expect("git starts");
        assert!(ran.status.success(), "{args:?}: {}", said(&ran));
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    };
    let committed = |folder: &Path| {
        git(folder, &["init", "-q"]);
        git(folder, &["add", "-A"]);
        git(folder, &["commit", "-q", "-m", "x"]);
        git(folder, &["rev-parse", "HEAD"])
    };
    let revision = committed(hooks.path());
    let folder = with_manifests();
    let config = |args: &str| {
        let text = format!(
            "repos:\n- repo: {}\n  rev: {revision}\n  hooks:\n  - id: certwright-check\n    args: {args}\n",
            hooks.path().display()
        );
        fs::write(folder.path().join(".pre-commit-config.yaml"), text).expect("it can be written");
    };
    config("[-f, manifests, --fail-on, warning]");
    committed(folder.path());
    let run = || {
        let mut hook = within(folder.path(), "pre-commit");
        hook.args(["run", "--all-files"]).env("PRE_COMMIT_HOME", hooks.path().join("cache"));
        hook.output().expect("pre-commit starts")
    };
    let ran = run();
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    assert!(said(&ran).contains("manifests/secret.yaml:1: "), "{}", said(&ran));
    config("[-f, manifests, --fail-on, never]");
    let ran = run();
    assert!(ran.status.success(), "{}", said(&ran));
}
