//! The error that ends a command: what happened, what to do, and the exit code.
//!
//! Knows how the errors below come to be one. Refuses to know how it is told.

use crate::cluster::error::ClusterError;
use crate::converge::gather::GatherError;
use crate::exit::Exit;
use crate::observe::files::Unreadable;
use crate::plan::outcome::Failed;
use crate::remedy::{Advice, Remedy};
use std::io;

/// What is said where somebody was asked and did not want to go on: nothing was written by then.
pub(crate) const CANCELLED: &str = "cancelled";

/// Why a command could not be carried out at all.
#[derive(Debug)]
pub struct CommandError {
    /// How the command ends.
    pub exit: Exit,
    /// What happened; empty when there is nothing to say.
    pub message: String,
    /// What to do next.
    pub remedy: Remedy,
}

/// What a command comes to.
pub type Result<T> = std::result::Result<T, CommandError>;

impl CommandError {
    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), remedy: remedy.into() }
    }

    /// It could not be done.
    pub(crate) fn failed(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), remedy: remedy.into() }
    }
}

impl From<ClusterError> for CommandError {
    fn from(error: ClusterError) -> Self {
        Self::failed(error.message, error.remedy)
    }
}

impl From<Unreadable> for CommandError {
    fn from(error: Unreadable) -> Self {
        Self::failed(error.to_string(), "check the path")
    }
}

impl From<GatherError> for CommandError {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Cluster(error) => error.into(),
            GatherError::File(error) => error.into(),
        }
    }
}

impl From<Failed> for CommandError {
    fn from(failed: Failed) -> Self {
        Self::failed(failed.message, failed.remedy)
    }
}

impl From<Advice> for CommandError {
    fn from(advice: Advice) -> Self {
        Self::failed(advice.message, advice.remedy)
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::failed(format!("the output cannot be written: {error}"), "check where it goes")
    }
}
