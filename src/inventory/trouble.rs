//! What controllers have to say of an object.

use time::OffsetDateTime;

/// What a controller warned of last. It is evidence: what an object shows is the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it calls it: `Sync`, `BackendError`.
    pub reason: String,
    /// Why, without the wrappings of the controller's routines.
    pub cause: String,
    /// The uid of the object that it was said of; none where that is not told.
    pub uid: Option<String>,
    /// When it was said last.
    pub at: Option<OffsetDateTime>,
}

/// The last warning of an object, and the last success, where there was one.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    pub(super) warning: Option<Trouble>,
    pub(super) success: Option<OffsetDateTime>,
}
