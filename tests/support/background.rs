//! A run in the background, followed by what it says on stderr.
//!
//! Knows how to wait for a line and for the end. Refuses to know what any test is about.

use super::binary::Certwright;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A run in the background, its stderr read line by line.
pub struct Background {
    child: Child,
    lines: Receiver<String>,
    said: String,
    _folder: Option<TempDir>,
}

impl Background {
    /// Starts it.
    pub fn start(prepared: Certwright) -> Self {
        let (mut command, folder) = prepared.into_command();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = BufReader::new(child.stderr.take().expect("stderr is a pipe"));
        let (send, lines) = channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        Self { child, lines, said: String::new(), _folder: folder }
    }

    /// The next line on stderr, or none when it has ended.
    #[track_caller]
    pub fn line(&mut self) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.said.push_str(&line);
                self.said.push('\n');
                Some(line)
            }
            Err(Disconnected) => None,
            Err(Timeout) => panic!("nothing more is said:\n{}", self.said),
        }
    }

    /// Waits until a line holds this.
    #[track_caller]
    pub fn wait_for(&mut self, words: &str) {
        while let Some(line) = self.line() {
            if line.contains(words) {
                return;
            }
        }
        panic!("it ended without saying {words:?}:\n{}", self.said);
    }

    /// Sends it a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill starts");
        assert!(sent.success(), "{name} is not taken");
    }

    /// Whether it has ended, without waiting for that.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_some()
    }

    /// Waits for its end, wants this exit code, and returns all it said, on one line.
    #[track_caller]
    pub fn end(mut self, code: i32) -> String {
        while self.line().is_some() {}
        let status = self.child.wait().expect("the binary ends");
        assert_eq!(status.code(), Some(code), "{}", self.said);
        self.said.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Drop for Background {
    /// SIGKILL; it is nothing to a run that has ended.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
