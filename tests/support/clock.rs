//! The clock of the programs that a test starts: the system's, or the one that `faketime` plays.
//!
//! Knows the variables by which Debian's `faketime` reaches a process. Refuses to know any date.

use std::process::Command;

/// What `faketime` sets: the library it loads first, and the instant or the shift that it plays; and
/// that the clock which only measures waiting is left alone.
const VARIABLES: [&str; 3] = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"];

/// Lets the command, whose environment was cleared, live at the same day as the test: a test that
/// is run a year ahead compares what two programs of one year say.
pub fn share(command: &mut Command) -> &mut Command {
    for name in VARIABLES {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
