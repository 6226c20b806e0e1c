//! ManagedCertificates: creating one, attaching it to an Ingress, telling how far it is, and other
//! domains for one.
//!
//! Decides what is written and what stands in the way. Knows the order Google's controllers need.
//! Refuses to know IO and the clock.

mod create;
mod goal;
mod set_domains;
mod status;
#[cfg(test)]
mod tests;

pub use create::create;
pub use goal::{Awaited, SetDomains, WaitForActive};
pub use set_domains::{Change, set_domains};
pub use status::{ManagedStatus, status_of, statuses, worth_hearing_about};

use super::bootstrap::with_name;
use super::step::{CreateObject, FieldChange, PatchObject};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::ObjectRef;
use serde_json::{Value, json};

/// The annotation that is touched to wake Google's controllers.
pub const NUDGED: &str = "certwright.dev/nudged-at";

/// On a ManagedCertificate that took over from another one: that one's name. Only by this mark is a
/// certificate known to be ours to let go; names prove nothing.
pub const REPLACES: &str = "certwright.dev/replaces";

fn manifest(object: &ObjectRef, spec: &Value, replaces: Option<&str>) -> CreateObject {
    let mut manifest = json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": object.name, "namespace": object.namespace },
        "spec": spec,
    });
    if let Some(replaces) = replaces {
        manifest["metadata"]["annotations"] = json!({ REPLACES: replaces });
    }
    CreateObject { object: object.clone(), manifest, notes: Vec::new() }
}

/// The patch that names the certificate in the Ingress's list; none when it is there.
fn attach(ingress: &IngressFacts, name: &str) -> Option<PatchObject> {
    let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
    let after = with_name(&before, name);
    (after != before).then(|| annotation(ingress, MANAGED_CERTIFICATES, &before, &after))
}

/// A touch that wakes both of Google's controllers, which else look every ten minutes.
#[must_use]
pub fn nudge(ingress: &IngressFacts, at: &str) -> PatchObject {
    let before = ingress.annotations.get(NUDGED).cloned().unwrap_or_default();
    annotation(ingress, NUDGED, &before, at)
}

fn annotation(facts: &IngressFacts, key: &str, before: &str, after: &str) -> PatchObject {
    PatchObject {
        object: facts.object.clone(),
        resource_version: facts.resource_version.clone(),
        patch: json!({ "metadata": { "annotations": { key: after } } }),
        changes: vec![FieldChange::annotation(key, before, after)],
        notes: Vec::new(),
    }
}
