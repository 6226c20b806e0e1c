//! A real kube-apiserver over a real etcd, for tests that must not take a stand-in's word for what
//! an API server does.
//!
//! It knows how to have one started, when it is ready, and the few things every test does first: a
//! namespace, a manifest, a client. It refuses to know what is tested, and it never looks at a
//! cluster that it did not start: what `KUBECONFIG` names is left alone.
//!
//! [`shared`] is the one to use. A test keeps out of the others' way by a
//! [`ControlPlane::namespace`] of its own, which needs no deletion; what is cluster-wide (a
//! `CustomResourceDefinition`) must be the same for all who use it.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test harness starts programs, waits for them and keeps their files"
)]

mod assets;
mod kubeconfig;
mod place;
mod ready;
mod supervisor;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, thread};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ObjectMeta, PostParams};

pub use assets::folder;

use assets::Assets;
use supervisor::Supervisor;

/// How often a start is tried: a port that was free a moment ago may be taken by the time it is
/// listened on.
const TRIES: u32 = 3;
/// The longest name a namespace may have: a DNS label (RFC 1123).
const NAME_LIMIT: usize = 63;

/// Who asked for what, and what came of it; nothing of what was said.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";

/// The one control plane of this test process, started by the first test that asks for it; the
/// others wait.
///
/// `None` when there is neither a built control plane nor Go to build it with: that is said on
/// standard error in the name of `test`, which should then return.
///
/// # Panics
///
/// When it does not start, and where a skip is a failure (`CI=true`).
pub fn shared(test: &str) -> Option<&'static ControlPlane> {
    enum Shared {
        Up(Box<ControlPlane>),
        NoAssets(String),
        Failed(String),
    }
    static SHARED: OnceLock<Shared> = OnceLock::new();
    let shared = SHARED.get_or_init(|| match assets::find() {
        Err(reason) => Shared::NoAssets(reason),
        Ok(assets) => match ControlPlane::start_from(&assets) {
            Ok(control_plane) => Shared::Up(Box::new(control_plane)),
            Err(reason) => Shared::Failed(reason),
        },
    });
    match shared {
        Shared::Up(control_plane) => Some(control_plane),
        Shared::NoAssets(reason) => {
            skip(test, reason);
            None
        }
        Shared::Failed(reason) => panic!("{test}: {reason}"),
    }
}

/// A control plane of the test's own, for tests about the cluster itself; skips and panics as
/// [`shared`] does.
pub fn own(test: &str) -> Option<ControlPlane> {
    match assets::find() {
        Ok(assets) => Some(
            ControlPlane::start_from(&assets).unwrap_or_else(|reason| panic!("{test}: {reason}")),
        ),
        Err(reason) => {
            skip(test, &reason);
            None
        }
    }
}

/// The same, which keeps an account of every request: see [`ControlPlane::audit_log`].
pub fn audited(test: &str) -> Option<ControlPlane> {
    let started = assets::find().map(|assets| ControlPlane::start_with(&assets, true));
    match started {
        Ok(started) => Some(started.unwrap_or_else(|reason| panic!("{test}: {reason}"))),
        Err(reason) => {
            skip(test, &reason);
            None
        }
    }
}

/// A running API server and its etcd. Dropping it ends both, the API server first, and waits until
/// they are gone. The same happens when this process ends without dropping it, by whatever signal;
/// then nobody waits.
pub struct ControlPlane {
    supervisor: Supervisor,
    kubectl: Option<PathBuf>,
    server: String,
    api_port: u16,
    kubeconfig: PathBuf,
    config: kube::Config,
    namespaces: AtomicU64,
}

impl ControlPlane {
    /// Starts a control plane and waits until it is ready, for the caller alone.
    ///
    /// # Errors
    ///
    /// When there is none to start, or it does not become ready; then with the end of both logs.
    pub fn start() -> Result<Self, String> {
        Self::start_from(&assets::find()?)
    }

    fn start_from(assets: &Assets) -> Result<Self, String> {
        Self::start_with(assets, false)
    }

    fn start_with(assets: &Assets, is_audited: bool) -> Result<Self, String> {
        let mut failures = String::new();
        for attempt in 1..=TRIES {
            match Self::try_start(assets, is_audited) {
                Ok(control_plane) => return Ok(control_plane),
                Err(reason) => {
                    let _ = write!(failures, "\n--- try {attempt} of {TRIES}: {reason}");
                }
            }
        }
        Err(format!("the control plane does not start{failures}"))
    }

    fn try_start(assets: &Assets, is_audited: bool) -> Result<Self, String> {
        let ports = place::free_ports()
            .map_err(|error| format!("no free port on the loopback interface: {error}"))?;
        let server = format!("https://127.0.0.1:{}", ports.api);
        let data = place::fresh_data_folder()
            .map_err(|error| format!("no folder for the data: {error}"))?;
        let kubeconfig = kubeconfig::write(data.path(), &server).map_err(|error| {
            format!("cannot write the kubeconfig in {}: {error}", data.path().display())
        })?;
        if is_audited {
            std::fs::write(data.path().join("audit-policy.yaml"), AUDIT_POLICY)
                .map_err(|error| format!("cannot write the audit policy: {error}"))?;
        }
        let mut supervisor = Supervisor::start(assets, data, &ports)
            .map_err(|error| format!("cannot start the supervisor script: {error}"))?;
        let mut lost = || supervisor.has_lost_a_process();
        let config = ready::wait(&mut lost, &kubeconfig, ports.api)
            .map_err(|reason| format!("{reason}\n{}", ready::what_happened(&supervisor)))?;
        let kubectl = assets.kubectl.clone();
        let (api_port, namespaces) = (ports.api, AtomicU64::new(1));
        Ok(Self { supervisor, kubectl, server, api_port, kubeconfig, config, namespaces })
    }

    /// How a pod finds this cluster: host, port, a token that may do everything, and the file of the
    /// CA certificate.
    pub fn address(&self) -> (String, String, String, PathBuf) {
        let port = self.api_port.to_string();
        let authority = self.data().join("certs").join("apiserver.crt");
        ("127.0.0.1".to_owned(), port, kubeconfig::ADMIN_TOKEN.to_owned(), authority)
    }

    /// The kubeconfig file: contexts `admin` (the current one, may do everything) and `nobody` (may
    /// do nothing beyond what every authenticated user may, such as asking for the version).
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Where the API server listens: `https://127.0.0.1:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The folder that holds all that the two processes write; it is gone when they are.
    pub fn data(&self) -> &Path {
        self.supervisor.data()
    }

    /// An account of the requests that were answered so far, of a control plane that keeps one
    /// ([`audited`]): audit.k8s.io/v1 Events.
    pub fn audit_log(&self) -> Vec<serde_json::Value> {
        let log = std::fs::read_to_string(self.data().join("audit.log")).unwrap_or_default();
        let whole = log.rfind('\n').map_or("", |end| log.split_at(end).0);
        whole.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
    }

    /// Ends the API server alone, as an upgrade of a control plane does, and waits until nobody
    /// listens any more. Its etcd stays.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn take_down(&self) {
        let ended = "apiserver ended";
        let times = self.supervisor.told(ended) + 1;
        self.supervisor.ask("down").expect("the supervisor listens");
        ready::wait_until_told(&self.supervisor, ended, times)
            .unwrap_or_else(|reason| self.broken(&reason));
    }

    /// Starts the API server again, on its port and with what etcd holds, and waits until it is
    /// ready.
    ///
    /// # Panics
    ///
    /// When it does not become ready.
    pub fn bring_up(&self) {
        self.supervisor.ask("up").expect("the supervisor listens");
        let mut lost = || self.supervisor.story().contains("ended early");
        if let Err(reason) = ready::wait(&mut lost, &self.kubeconfig, self.api_port) {
            self.broken(&reason);
        }
    }

    fn broken(&self, reason: &str) -> ! {
        panic!("{reason}\n{}", ready::what_happened(&self.supervisor))
    }

    /// `kubectl` for this cluster, as `admin`; what it caches goes to the data folder.
    ///
    /// # Panics
    ///
    /// When `KUBEBUILDER_ASSETS` holds no kubectl and none has been built either.
    pub fn kubectl(&self) -> Command {
        let program =
            self.kubectl.as_ref().expect("the folder KUBEBUILDER_ASSETS holds no kubectl");
        let mut command = Command::new(program);
        for variable in ["KUBECONFIG", "KUBECACHEDIR", "KUBERC"] {
            command.env_remove(variable);
        }
        command.env("HOME", self.data()).arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }

    /// Creates a namespace that no other test has, named after `test`, and returns its name.
    ///
    /// # Panics
    ///
    /// When the API server refuses it.
    pub fn namespace(&self, test: &str) -> String {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let name = namespace_name(number, test);
        let metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
        let namespace = Namespace { metadata, ..Namespace::default() };
        let created = block_on(async {
            let namespaces = Api::<Namespace>::all(self.client());
            namespaces.create(&PostParams::default(), &namespace).await
        });
        if let Err(error) = created {
            panic!(
                "cannot create the namespace {name}: {error}\n{}",
                ready::what_happened(&self.supervisor)
            );
        }
        name
    }

    /// A fresh client as `admin`, without read timeout and without a proxy. Call it inside a tokio
    /// runtime.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn client(&self) -> kube::Client {
        kube::Client::try_from(self.config.clone())
            .expect("the configuration has made a client before")
    }

    /// Creates what `manifest` holds, in `namespace` unless it is cluster-wide, the way people do:
    /// by `kubectl create`, so the field manager is `kubectl-create`.
    ///
    /// # Panics
    ///
    /// When kubectl or the API server refuses any of it, with kubectl's standard error.
    pub fn apply(&self, namespace: &str, manifest: &str) {
        let mut command = self.kubectl();
        command.args(["create", "--namespace", namespace, "--filename", "-"]);
        output_of(command, manifest);
    }

    /// The object `kind_name` (`secret/web`) as the API server gives it.
    ///
    /// # Panics
    ///
    /// When there is none, with kubectl's standard error.
    pub fn get_json(&self, namespace: &str, kind_name: &str) -> serde_json::Value {
        let mut command = self.kubectl();
        command.args(["get", "--namespace", namespace, kind_name, "--output", "json"]);
        serde_json::from_str(&output_of(command, "")).expect("kubectl's JSON is JSON")
    }
}

fn skip(test: &str, reason: &str) {
    let in_ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "{test}: a skipped test is a failure in CI: {reason}");
    say(&format!("SKIPPED: {test}: {reason}"));
}

/// Writes a line for the person who waits. The print macros would not do: the test runner captures
/// what they print.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Runs a future to its end on a thread of its own, so that it works inside a tokio runtime as
/// well.
fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime of one thread needs nothing but memory").block_on(future)
    };
    thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// `t-<number>-<test>`, cut to what a namespace may be called.
fn namespace_name(number: u64, test: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }
    };
    let name: String = format!("t-{number}-{test}").chars().map(letter).take(NAME_LIMIT).collect();
    name.trim_end_matches('-').to_owned()
}

/// Runs the command with `input` on its standard input and returns its standard output; panics with
/// its standard error when it fails.
fn output_of(mut command: Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("its standard input is a pipe");
    let output = thread::scope(|scope| {
        // A command that fails early does not read it all; its exit status tells.
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        child.wait_with_output()
    });
    let output = output.unwrap_or_else(|error| panic!("cannot wait for {command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
