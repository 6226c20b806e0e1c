//! The control plane of the cluster tests, tested itself: a harness that leaves processes behind,
//! or ends them in the wrong order, makes every other test's failure hard to believe.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "what a test harness leaves behind is seen in processes and files"
)]

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use k8s_openapi::api::core::v1::Secret;
use kube::Api;

use crate::support::control_plane::{self, ControlPlane};

/// Names the file in which [`owner_that_is_killed`] says where its data folder is; without it, it
/// does nothing.
const TELL_IN: &str = "CERTWRIGHT_TEST_OWNER_TELLS_IN";
/// How long anything that must happen may take; all of it takes a few seconds on two idle cores.
const WITHIN: Duration = Duration::from_secs(90);

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {word: hello}
";

#[test]
fn it_answers_and_a_fresh_namespace_takes_objects_at_once() {
    let test = "it_answers_and_a_fresh_namespace_takes_objects_at_once";
    let Some(cluster) = control_plane::shared(test) else {
        return;
    };

    let namespace = cluster.namespace(test);
    cluster.apply(&namespace, SECRET);

    let secret = cluster.get_json(&namespace, "secret/web");
    assert_eq!(secret["data"]["word"], "aGVsbG8=");
    assert_eq!(
        secret["metadata"]["managedFields"],
        serde_json::Value::Null,
        "kubectl leaves them out"
    );
    assert!(
        namespace.starts_with("t-")
            && namespace.ends_with("-it-answers-and-a-fresh-namespace-takes-objects-at-once")
    );
}

#[tokio::test]
async fn a_client_sees_what_kubectl_has_created() {
    let test = "a_client_sees_what_kubectl_has_created";
    let Some(cluster) = control_plane::shared(test) else {
        return;
    };

    let namespace = cluster.namespace(test);
    cluster.apply(&namespace, SECRET);

    let secret = Api::<Secret>::namespaced(cluster.client(), &namespace)
        .get("web")
        .await
        .expect("it is there");
    let managers = secret.metadata.managed_fields.unwrap_or_default();
    assert_eq!(
        managers.into_iter().filter_map(|entry| entry.manager).collect::<Vec<_>>(),
        ["kubectl-create"]
    );
}

#[test]
fn every_namespace_is_another_one() {
    let test = "every_namespace_is_another_one_however_long_and_Odd::its_name_may_be";
    let Some(cluster) = control_plane::shared(test) else {
        return;
    };

    let (one, other) = (cluster.namespace(test), cluster.namespace(test));

    assert_ne!(one, other);
    assert_eq!(one.len(), 63);
}

#[test]
fn the_user_nobody_may_read_no_secret() {
    let test = "the_user_nobody_may_read_no_secret";
    let Some(cluster) = control_plane::shared(test) else {
        return;
    };

    let get = ["--context", "nobody", "get", "secrets", "--namespace", "default"];
    let output = cluster.kubectl().args(get).output().expect("kubectl runs");

    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(r#"User "nobody" cannot list resource "secrets""#), "{errors}");
}

#[test]
fn the_kubeconfig_is_private_and_names_the_server() {
    let Some(cluster) = control_plane::shared("the_kubeconfig_is_private_and_names_the_server")
    else {
        return;
    };

    let mode = fs::metadata(cluster.kubeconfig()).expect("it is there").permissions().mode();
    let text = fs::read_to_string(cluster.kubeconfig()).expect("it is text");

    assert_eq!(mode & 0o777, 0o600);
    assert!(text.contains(&format!("server: {}\n", cluster.server())), "{text}");
}

#[test]
fn dropped_it_leaves_nothing_behind() {
    let Some(cluster) = control_plane::own("dropped_it_leaves_nothing_behind") else {
        return;
    };
    let started = Started::look(cluster.data());
    assert!(started.processes.iter().all(|id| runs(id)));

    drop(cluster);

    started.assert_all_gone();
}

#[test]
fn an_api_server_that_is_taken_down_comes_back_with_what_it_held_and_leaves_nothing_behind() {
    let test = "an_api_server_that_is_taken_down_comes_back";
    let Some(cluster) = control_plane::own(test) else {
        return;
    };
    let namespace = cluster.namespace(test);
    cluster.apply(&namespace, SECRET);
    let before = Started::look(cluster.data());

    cluster.take_down();
    let get = ["get", "secrets", "--namespace", &namespace];
    let unanswered = cluster.kubectl().args(get).output().expect("kubectl runs");
    cluster.bring_up();
    let secret = cluster.get_json(&namespace, "secret/web");
    let after = Started::look(cluster.data());
    drop(cluster);

    assert!(!unanswered.status.success());
    assert_eq!(secret["data"]["word"], "aGVsbG8=");
    assert_ne!(before.processes[0], after.processes[0], "it is another process");
    assert_eq!(before.processes[1], after.processes[1], "etcd is the same");
    after.assert_all_gone();
}

#[test]
fn a_process_that_dies_takes_the_other_along_but_not_the_logs() {
    let folder = tempfile::tempdir().expect("a folder for two programs and their data");
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("the folder is there");
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        // By another process: a file that this one has open for writing, if only in a copy of it that
        // another test is just forking, cannot be run ("text file busy").
        let write = r#"printf %s "$1" >"$0" && chmod 700 "$0""#;
        let written = Command::new("sh").arg("-c").arg(write).arg(&path).arg(text).status();
        assert!(written.expect("sh is there").success());
        path
    };
    let etcd = program("etcd", "#!/bin/sh\necho no space left >&2\nexit 3\n");
    let apiserver = program("kube-apiserver", "#!/bin/sh\nexec sleep 600\n");
    let story = folder.path().join("story");
    let mut script = Command::new("sh")
        .arg(control_plane::folder().join("supervise.sh"))
        .args([&data, &etcd, &apiserver])
        .args(["1", "2", "3"])
        .stdin(Stdio::piped())
        .stdout(File::create(&story).expect("the folder is there"))
        .spawn()
        .expect("sh is there");
    let told = || fs::read_to_string(&story).expect("it is text");

    wait_until("it is noticed", || told().contains("etcd ended early: exit status 3\n"));
    wait_until("the other is ended", || told().contains("apiserver ended\n"));
    let log = fs::read_to_string(data.join("etcd.log")).expect("the owner has not gone yet");
    drop(script.stdin.take());
    script.wait().expect("it has ended");

    assert_eq!(log, "no space left\n");
    assert!(told().ends_with("over: owner\ndata removed\n"), "{}", told());
    assert!(!data.exists());
}

#[test]
fn a_killed_owner_leaves_nothing_behind() {
    if control_plane::shared("a_killed_owner_leaves_nothing_behind").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for what the owner tells");
    let told = folder.path().join("data");
    // The owner is this very program, running just the function below.
    let name = concat!(module_path!(), "::owner_that_is_killed")
        .split_once("::")
        .expect("a crate and a path")
        .1;
    let mut owner = Command::new(env::current_exe().expect("a program has a path"))
        .args(["--exact", name, "--nocapture"])
        .env(TELL_IN, &told)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("this program runs");
    wait_until("the owner has a control plane", || told.exists());
    let started = Started::look(Path::new(&fs::read_to_string(&told).expect("the owner has told")));
    assert!(started.processes.iter().all(|id| runs(id)));

    owner.kill().expect("it takes SIGKILL");
    owner.wait().expect("it has ended");

    wait_until("the data folder is gone", || !started.data.exists());
    started.assert_all_gone();
}

/// No test, but the process that the test above kills: it starts a control plane, tells where, and
/// stays until the other has gone.
#[test]
fn owner_that_is_killed() {
    let Some(tell_in) = env::var_os(TELL_IN).map(PathBuf::from) else {
        return;
    };
    let cluster = ControlPlane::start().unwrap_or_else(|reason| panic!("{reason}"));
    let part = tell_in.with_extension("part");
    fs::write(&part, cluster.data().to_string_lossy().as_bytes()).expect("the folder is there");
    fs::rename(&part, &tell_in).expect("the folder is there");
    let _ = io::stdin().read(&mut [0]);
}

/// What a control plane consists of, as seen while it runs.
struct Started {
    data: PathBuf,
    processes: [String; 2],
    /// Still readable when the folder is gone.
    story: File,
}

impl Started {
    fn look(data: &Path) -> Self {
        let read =
            |name: &str| fs::read_to_string(data.join(name)).expect("the supervisor writes it");
        Self {
            data: data.to_owned(),
            processes: ["apiserver.pid", "etcd.pid"].map(|name| read(name).trim().to_owned()),
            story: File::open(data.join("supervisor.log")).expect("the supervisor writes it"),
        }
    }

    fn assert_all_gone(mut self) {
        let mut story = String::new();
        self.story.read_to_string(&mut story).expect("it is text");
        assert!(story.contains("over: owner\napiserver ended\netcd ended\n"), "{story}");
        assert!(!self.data.exists(), "{} is still there", self.data.display());
        for id in &self.processes {
            assert!(!runs(id), "process {id} still runs: {story}");
        }
    }
}

/// Whether there is such a process.
fn runs(id: &str) -> bool {
    let quiet = Command::new("sh").args(["-c", "kill -0 $0", id]).stderr(Stdio::null()).status();
    quiet.expect("sh is there").success()
}

fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let deadline = Instant::now() + WITHIN;
    while !happened() {
        assert!(Instant::now() < deadline, "{what}: not within {} s", WITHIN.as_secs());
        thread::sleep(Duration::from_millis(20));
    }
}
