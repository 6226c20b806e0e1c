//! Outcomes: what became of each step, as values that can be rendered.

use super::step::Step;
use crate::remedy::Remedy;
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
    /// What kept it from being done.
    pub obstacle: Obstacle,
    /// Why, for people.
    pub message: String,
    /// What to do next.
    pub remedy: Remedy,
}

/// What kept a step from being done; it tells whether another try makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It cannot be done as it is; another try comes to the same.
    Refusal,
    /// Somebody else changed the object at the same time: it is worth looking again.
    Conflict,
    /// The server was away or busy: it is worth looking again when it answers.
    Away,
}

impl Failed {
    /// A failure that another try does not mend.
    #[must_use]
    pub fn of(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { obstacle: Obstacle::Refusal, message: message.into(), remedy: remedy.into() }
    }
}
