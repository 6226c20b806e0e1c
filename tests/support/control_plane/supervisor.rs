//! The Rust side of `testdata/control-plane/supervise.sh`, which runs the two processes and
//! outlives this one by just as long as it takes to end them. It knows how to start the script,
//! hear its story and let go of it; it refuses to know when an API server is ready.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write as _};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use super::assets::{self, Assets};

/// Where the processes listen, all on the loopback interface.
pub struct Ports {
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api: u16,
}

/// The running script. It lives as long as the pipe to its standard input is open: until this is
/// dropped or this process ends, however it ends.
pub struct Supervisor {
    script: Child,
    data: TempDir,
    /// Opened at the start, so that it can still be read when the data folder is gone.
    story: Mutex<File>,
}

impl Supervisor {
    /// Starts the script on a data folder, which is the script's from then on: it removes it at the
    /// end.
    pub fn start(assets: &Assets, data: TempDir, ports: &Ports) -> io::Result<Self> {
        let path = data.path().join("supervisor.log");
        let told = OpenOptions::new().append(true).create_new(true).open(&path)?;
        let story = Mutex::new(File::open(&path)?);
        let script = Command::new("sh")
            .arg(assets::folder().join("supervise.sh"))
            .arg(data.path())
            .args([&assets.etcd, &assets.kube_apiserver])
            .args([ports.etcd, ports.etcd_peer, ports.api].map(|port| port.to_string()))
            // Settings of this machine (ETCD_*, proxies, Go's) are not the test's.
            .env_clear()
            .envs(env::vars_os().filter(|(name, _)| name == "PATH"))
            .env("HOME", data.path())
            .env("TMPDIR", data.path())
            // What ends this process's group, Ctrl-C or a test runner's SIGKILL, must not end the
            // script.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(told.try_clone()?)
            .stderr(told)
            .spawn()?;
        Ok(Self { script, data, story })
    }

    /// The folder of everything the two processes write.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What the script has told so far: a line an event.
    pub fn story(&self) -> String {
        let mut file = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        match file.rewind().and_then(|()| file.read_to_string(&mut text)) {
            Ok(_) => text,
            Err(error) => format!("cannot read the supervisor's story: {error}\n"),
        }
    }

    /// Asks the script for something: a line of what it understands.
    pub fn ask(&self, line: &str) -> io::Result<()> {
        let mut stdin = self.script.stdin.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(stdin, "{line}")
    }

    /// How often the script has told this.
    pub fn told(&self, line: &str) -> usize {
        self.story().lines().filter(|told| *told == line).count()
    }

    /// Whether one of the two has ended, or the script itself.
    pub fn has_lost_a_process(&mut self) -> bool {
        let script_has_ended = !matches!(self.script.try_wait(), Ok(None));
        script_has_ended || self.story().contains("ended early")
    }
}

impl Drop for Supervisor {
    /// Lets go of the pipe and waits for the script, which waits for both processes, and for none
    /// longer than it must. Should the script not have come as far as removing the data folder,
    /// dropping `data` does.
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}
