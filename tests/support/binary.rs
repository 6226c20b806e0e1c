//! The built binary, run as a user would: in a folder, with arguments, and nothing of this
//! machine's environment.
//!
//! Knows how to start it and what it left. Refuses to know what any test is about.

use crate::support::{clock, schemas};
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The built binary.
pub const BINARY: &str = env!("CARGO_BIN_EXE_certwright");

/// A run that is being prepared.
pub struct Certwright {
    command: Command,
    folder: Folder,
    stdin: Option<Vec<u8>>,
    stdout: Option<Stdio>,
}

/// Where it runs: a fresh folder, removed with the result, or one of the test's own.
enum Folder {
    Fresh(TempDir),
    Given(PathBuf),
}

/// What a run came to.
pub struct Ran {
    /// Its exit code; 128 + signal when a signal ended it.
    pub code: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    folder: Folder,
}

impl Certwright {
    /// In a fresh folder that is also `HOME`; of the environment only `PATH` and the clock are kept.
    pub fn new() -> Self {
        Self::of(Command::new(BINARY))
    }

    /// The same, called as kubectl calls its plugin.
    pub fn plugin() -> Self {
        let mut command = Command::new(BINARY);
        command.arg0("/krew/bin/kubectl-certwright");
        Self::of(command)
    }

    /// The same, started by a shell script that ends with `exec "$0" "$@"`: for what a shell can
    /// set and we cannot, such as the umask and limits.
    pub fn under(script: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, BINARY]);
        Self::of(shell)
    }

    fn of(mut command: Command) -> Self {
        let folder = TempDir::new().expect("a temp folder can be made");
        command.env_clear().env("HOME", folder.path()).current_dir(folder.path());
        clock::share(&mut command);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        Self { command, folder: Folder::Fresh(folder), stdin: None, stdout: None }
    }

    /// In this folder instead.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self.folder = Folder::Given(folder.to_owned());
        self
    }

    /// With these arguments, behind those that are there already.
    pub fn args<S: AsRef<OsStr>>(mut self, args: &[S]) -> Self {
        self.command.args(args);
        self
    }

    /// With this environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With this kubeconfig.
    pub fn kubeconfig(self, path: &Path) -> Self {
        self.env("KUBECONFIG", path)
    }

    /// With this on standard input; else it is empty.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// With its standard output going there; nothing of it comes back.
    pub fn stdout(mut self, to: impl Into<Stdio>) -> Self {
        self.stdout = Some(to.into());
        self
    }

    /// The command itself, for tests that wrap or kill it.
    pub fn into_command(self) -> (Command, Option<TempDir>) {
        let folder = match self.folder {
            Folder::Fresh(folder) => Some(folder),
            Folder::Given(_) => None,
        };
        (self.command, folder)
    }

    /// Runs it, and kills it after this time, or 10 seconds, should it not have ended by itself.
    pub fn killed_after(self, time: Duration) {
        let (mut command, _home) = self.into_command();
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("the binary starts");
        let until = Instant::now() + time.min(Duration::from_secs(10));
        while Instant::now() < until && child.try_wait().expect("it can be asked").is_none() {
            std::thread::yield_now();
        }
        child.kill().expect("it can be killed, or is over");
        child.wait().expect("it is over");
    }

    /// Runs it to its end, which is never a panic.
    pub fn run(mut self) -> Ran {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(self.stdout.unwrap_or_else(Stdio::piped))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let pipe = child.stdin.take();
        let writer = self.stdin.zip(pipe).map(|(bytes, mut pipe)| {
            // A thread of its own: a full pipe must not keep us from reading. That the reader
            // may stop early is its right.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)))
        });
        let output = child.wait_with_output().expect("the binary ends");
        if let Some(writer) = writer {
            writer.join().expect("the writer of standard input ends");
        }
        let stderr = String::from_utf8(output.stderr).expect("stderr is UTF-8");
        assert!(!stderr.contains("panicked at"), "certwright panicked:\n{stderr}");
        let signal =
            std::os::unix::process::ExitStatusExt::signal(&output.status).unwrap_or_default();
        Ran {
            code: output.status.code().unwrap_or(128 + signal),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr,
            folder: self.folder,
        }
    }
}

impl Ran {
    /// Wants this exit code; shows everything when it is another.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Stdout as JSON; a document of ours has to be as its schema says.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let document = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}", self.stdout));
        let complaint = schemas::complaint(&document);
        assert_eq!(complaint, None, "against its schema:\n{}", self.stdout);
        document
    }

    /// Stderr on one line: sentences are wrapped for terminals, and tests look for parts of them.
    pub fn flat_stderr(&self) -> String {
        self.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The folder it ran in.
    pub fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Fresh(folder) => folder.path(),
            Folder::Given(folder) => folder,
        }
    }

    /// The bytes of a file in that folder.
    #[track_caller]
    pub fn file(&self, name: &str) -> Vec<u8> {
        let path = self.folder().join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// Runs the binary in a fresh folder.
pub fn run<S: AsRef<OsStr>>(args: &[S]) -> Ran {
    Certwright::new().args(args).run()
}
