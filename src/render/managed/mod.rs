//! How ManagedCertificates stand, a format a file.

pub(super) mod json;
pub(super) mod table;

use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::plan::managed::{ManagedStatus, Missing};
use crate::remedy::Advice;
use time::OffsetDateTime;

/// ManagedCertificates as they stand at an instant.
#[derive(Clone, Copy, Debug)]
pub struct ManagedReport<'s, 'i> {
    /// Each of them.
    pub statuses: &'s [ManagedStatus<'i>],
    /// Those that Ingresses name and that do not exist.
    pub missing: &'s [Missing<'i>],
    /// The instant.
    pub now: OffsetDateTime,
    /// Whether several namespaces are shown.
    pub namespaces: bool,
}

/// Why it is not well, and what to do: what cannot heal first, then what its controllers warn of, then
/// the first domain that waits; of one that is issued, the load balancer that does not serve it.
fn trouble(status: &ManagedStatus<'_>) -> Option<Advice> {
    if !status.managed.is_active() {
        return status.hopeless().or_else(|| Some(status.awaited()));
    }
    let blocked = status.blocked();
    blocked.or_else(|| status.unserved())
}

/// That Ingresses name it and it is not there.
fn missing(missing: &Missing<'_>) -> Advice {
    let ingresses: Vec<String> =
        missing.ingresses.iter().map(|ingress| ingress.frontend.object.short()).collect();
    let name = &missing.object.name;
    Advice::new(
        format!(
            "it does not exist, though {} names it: none of the certificates that are named beside it is attached",
            ingresses.join(" and ")
        ),
        format!(
            "create it (managed create {name} DOMAIN…), or remove its name from the annotation {MANAGED_CERTIFICATES}"
        ),
    )
}
