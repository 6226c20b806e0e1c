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
    /// Why, as a code for counting and for whether another try makes sense.
    pub reason: FailureReason,
    /// Why, for people: what a server or the system said stands in it.
    pub message: String,
    /// What to do next.
    pub remedy: Remedy,
}

/// Why a step was not carried out. Closed, so that it can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureReason {
    /// Somebody else changed the object at the same time: it is worth looking again.
    Conflict,
    /// The server was away or busy: it is worth looking again when it answers.
    Away,
    /// The server does not accept the credentials (401).
    Unauthorized,
    /// The right to do it is missing (403).
    Forbidden,
    /// The object, or its kind, is not there.
    NotFound,
    /// The server refused it for a reason of its own.
    Refused,
    /// It was written, and what is stored is not what was sent.
    StoredOtherwise,
    /// Another step of the batch found that what is stored is not what was sent.
    NotBegun,
    /// Our clock and the server's are too far apart to date a certificate.
    Clock,
    /// The certificate or key cannot be made or had as the plan says.
    NotMade,
    /// Something is there that may not be replaced.
    AlreadyExists,
    /// A file that the command reads would be overwritten, or one file written twice.
    Overlap,
    /// The text that holds it cannot be edited in place.
    NotEditable,
    /// A file cannot be read.
    Unreadable,
    /// A file cannot be written: the system refuses, or the path leads to none.
    Unwritable,
}

impl Failed {
    /// A failure of this reason.
    #[must_use]
    pub fn of(
        reason: FailureReason,
        message: impl Into<String>,
        remedy: impl Into<Remedy>,
    ) -> Self {
        Self { reason, message: message.into(), remedy: remedy.into() }
    }
}
