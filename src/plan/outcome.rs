//! Outcomes: what became of each step, as values that can be rendered.

use super::step::Step;
use crate::x509::cert::Certificate;

/// What became of one step.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The step.
    pub step: Step,
    /// What was written, or why nothing was.
    pub result: Result<Done, Failed>,
}

/// A step that was carried out.
#[derive(Clone, Debug)]
pub struct Done {
    /// The certificate that is there now, where one was written.
    pub after: Option<Box<Certificate>>,
    /// The object's resourceVersion now; none for files.
    pub resource_version: Option<String>,
    /// Whether the server only tried it (`--dry-run=server`).
    pub tried_only: bool,
}

/// A step that was not carried out; nothing was written by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Whether somebody else changed the object at the same time: then it is worth looking again.
    pub conflict: bool,
    /// Why, for people.
    pub message: String,
    /// What to do next.
    pub remedy: String,
}

impl Failed {
    /// A failure that is no conflict.
    #[must_use]
    pub fn of(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { conflict: false, message: message.into(), remedy: remedy.into() }
    }
}
