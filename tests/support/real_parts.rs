//! The real parts around certwright: Envoy, Milvus with PyMilvus, Traefik, each in its own file.
//!
//! Knows where they are, how they are started, and that they end. Each runs in namespaces of the
//! test's own, where port 443 and any address are free ([`isolated`]). Refuses to know what any
//! test is about.

pub mod envoy;
pub mod isolation;
pub mod milvus;
pub mod traefik;

use super::witness::skip;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use isolation::isolated;

/// The address the load balancer gets, on the loopback interface of the test's own network; the API
/// server takes it in a status and in an `EndpointSlice`, where 127.0.0.0/8 is refused.
pub const ADDRESS: &str = "10.77.0.1";

/// How long a part may take to be up. Milvus takes 5 seconds on two idle cores.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where the parts are.
pub struct RealParts {
    folder: PathBuf,
}

impl RealParts {
    /// The parts that `testdata/real-parts/install.sh` brought; nothing, loudly, where it was never
    /// run.
    pub fn find(test: &str) -> Option<Self> {
        let script = here("testdata/real-parts/install.sh");
        let folder = PathBuf::from(said(Command::new("sh").arg(script).arg("--where")).trim());
        if folder.join("python").is_dir() && folder.join("traefik").is_file() {
            return Some(Self { folder });
        }
        skip(test, "needs the real parts: run testdata/real-parts/install.sh once");
        None
    }

    /// A command of the Python that has Envoy, Milvus and PyMilvus.
    pub fn python(&self) -> Command {
        Command::new(self.folder.join("python/bin/python"))
    }

    /// Runs one of our Python files: what it prints, or what it complains of.
    pub fn run_python(&self, file: &str, folder: &Path, args: &[&str]) -> Result<String, String> {
        let mut python = self.python();
        python.arg(here("tests/support/real_parts").join(file)).args(args);
        let ran = python.current_dir(folder).stdin(Stdio::null()).output();
        let ran = ran.map_err(|error| format!("python does not start: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stderr)) }
    }
}

/// A running part; dropping it ends it. Should the test be ended first, its namespaces end, and
/// the part with them.
pub struct Part {
    child: Child,
    log: PathBuf,
}

impl Part {
    /// Starts it, with what it says in `log`.
    pub fn start(command: &mut Command, log: PathBuf) -> Self {
        let told = std::fs::File::create(&log).expect("the log can be written");
        let again = told.try_clone().expect("a file can be written by two");
        let child = command.stdin(Stdio::piped()).stdout(told).stderr(again).spawn();
        Self { child: child.expect("the part starts"), log }
    }

    /// Waits until `is_up`; shows the log when that takes too long, or when the part ends first.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut is_up: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_up() {
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{what}: {ended:?}\n{}",
                self.log()
            );
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Ends its standard input, waits until it is over, and hands back the end of what it has said.
    pub fn close(mut self) -> String {
        drop(self.child.stdin.take());
        self.child.wait().expect("a child can be waited for");
        self.log()
    }

    /// The end of what it has said.
    pub fn log(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file of the source tree.
pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a command prints; it must succeed.
#[track_caller]
fn said(command: &mut Command) -> String {
    let ran = command.stdin(Stdio::null()).output().expect("the command starts");
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}: {complaint}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
