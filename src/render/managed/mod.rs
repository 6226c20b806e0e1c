//! How ManagedCertificates stand, a format a file.

pub(super) mod json;
pub(super) mod table;

use crate::plan::managed::ManagedStatus;
use crate::remedy::Advice;
use time::OffsetDateTime;

/// ManagedCertificates as they stand at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'s, 'i> {
    /// Each of them.
    pub statuses: &'s [ManagedStatus<'i>],
    /// The instant.
    pub now: OffsetDateTime,
    /// Whether several namespaces are shown.
    pub namespaces: bool,
}

/// Why it is not well, and what to do: what cannot heal first, then the first domain that waits.
fn trouble(status: &ManagedStatus<'_>) -> Option<Advice> {
    if status.managed.is_active() {
        return None;
    }
    if let Some(hopeless) = status.hopeless() {
        return Some(hopeless);
    }
    let (reason, remedy) = status.managed.awaited();
    Some(Advice::new(reason, remedy))
}
