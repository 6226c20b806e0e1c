//! Killed in the middle and run again: it comes to the same as a run that nobody disturbed.

use super::{bootstrap, bootstrapping, milvus, objects, versions, written};
use crate::support::binary::Certwright;
use crate::support::live::Live;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A run in the background, its stderr read line by line.
pub(super) struct Background {
    child: Child,
    lines: Receiver<String>,
    said: String,
    _folder: Option<TempDir>,
}

impl Background {
    /// Starts it.
    pub(super) fn start(prepared: Certwright) -> Self {
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
    fn line(&mut self) -> Option<String> {
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
    pub(super) fn wait_for(&mut self, words: &str) {
        while let Some(line) = self.line() {
            if line.contains(words) {
                return;
            }
        }
        panic!("it ended without saying {words:?}:\n{}", self.said);
    }

    /// Waits for its end, wants this exit code, and returns all it said, on one line.
    #[track_caller]
    pub(super) fn end(mut self, code: i32) -> String {
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

/// What people would call the result.
fn result(live: &Live) -> BTreeMap<String, Value> {
    objects(live).into_iter().map(|(name, object)| (name, written(&object))).collect()
}

/// Kills it when it has begun its `n`th step; false when it has fewer.
fn killed_at_step(live: &Live, flags: &[&str], n: usize) -> bool {
    let mut run = Background::start(bootstrapping(live, flags));
    let mut steps = 0;
    while let Some(line) = run.line() {
        steps += usize::from(line.starts_with("create") || line.starts_with("patch"));
        if steps == n {
            return true;
        }
    }
    false
}

fn killed_at_every_step(test: &str, flags: &[&str]) {
    let Some(undisturbed) = milvus(test) else { return };
    bootstrap(&undisturbed, flags).expect_code(0);
    let expected = result(&undisturbed);
    for n in 1.. {
        let Some(live) = milvus(&format!("{test}_{n}")) else { return };
        if !killed_at_step(&live, flags, n) {
            assert_eq!(n, expected.len() + 1, "every object is a step");
            break;
        }
        bootstrap(&live, flags).expect_code(0);
        assert_eq!(result(&live), expected, "killed at step {n}");
        let before = versions(&live);
        bootstrap(&live, flags).expect_code(0);
        assert_eq!(versions(&live), before, "killed at step {n}: a second run must write nothing");
    }
}

#[test]
fn way_a_killed_at_any_step_converges_when_run_again() {
    killed_at_every_step("way_a_killed_at_any_step", &["--no-wait"]);
}

#[test]
fn way_b_killed_at_any_step_converges_when_run_again() {
    killed_at_every_step("way_b_killed", &["--google-managed", "--http", "redirect", "--no-wait"]);
}
