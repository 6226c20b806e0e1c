//! ManagedCertificates: creating one, attaching it to an Ingress, telling how far it is, and other
//! domains for one.
//!
//! Decides what is written and what stands in the way. Knows the order Google's controllers need.
//! Refuses to know IO and the clock.

mod create;
mod dangling;
mod family;
mod nudge;
mod obstacle;
mod set_domains;
mod status;
#[cfg(test)]
mod tests;
mod wait;

pub use create::create;
pub(super) use dangling::{Cleaning, Dangling};
pub use nudge::{Nudges, touch};
pub use set_domains::{SetDomains, ToCome};
pub use status::{
    Attachment, ManagedStatus, Missing, missing, status_of, statuses, worth_hearing_about,
};
pub(super) use wait::alike;
pub use wait::{Awaited, News, Standing, WaitForActive};

use super::bootstrap::with_name;
use super::step::{CreateObject, FieldChange, PatchObject};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{Question, Scope};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// On a ManagedCertificate that took over from another one: that one's name. Only by this mark is a
/// certificate known to be ours to let go; names prove nothing.
pub const REPLACES: &str = "certwright.dev/replaces";

/// On the same, and on one to which a run goes back: the uids of the certificates whose place it takes,
/// comma-separated. Creation times have whole seconds, and who goes back makes nothing; by this it is told
/// which of two runs had the other's in view.
pub const MADE_AFTER: &str = "certwright.dev/made-after";

/// On a ManagedCertificate whose domains were put back after an edit in place: when. Until Google's
/// controller has seen that, a change of its Ingress would take it off the load balancer.
pub const RESTORED: &str = "certwright.dev/restored-at";

/// A new certificate; one that is to take another's place says of which family it is.
fn manifest(object: &ObjectRef, spec: &Value, lineage: Option<&Lineage<'_>>) -> CreateObject {
    let mut manifest = json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": object.name, "namespace": object.namespace },
        "spec": spec,
    });
    if let Some(Lineage { first, known }) = lineage {
        manifest["metadata"]["annotations"] = json!({ REPLACES: first, MADE_AFTER: joined(known) });
    }
    CreateObject { object: object.clone(), manifest, notes: Vec::new() }
}

/// The certificates that one is to take over from.
struct Lineage<'l> {
    /// The first of them all.
    first: &'l str,
    /// The uids of those that there were when the run began.
    known: &'l BTreeSet<String>,
}

fn joined(uids: &BTreeSet<String>) -> String {
    uids.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// The patch that names the certificate in the Ingress's list; none when it is there.
fn attach(ingress: &IngressFacts, name: &str) -> Option<PatchObject> {
    let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
    let after = with_name(&before, name);
    (after != before).then(|| annotation(ingress, MANAGED_CERTIFICATES, &before, &after))
}

/// Every ManagedCertificate and Ingress of the namespace.
fn all_of(namespace: &str) -> Vec<Question> {
    let within = || Scope::Namespace(namespace.to_owned());
    [Kind::ManagedCertificate, Kind::Ingress].map(|kind| Question::Every(kind, within())).into()
}

/// What controllers have to say of those that are not Active or not served.
fn hear_of(statuses: &[ManagedStatus<'_>]) -> impl Iterator<Item = Question> {
    worth_hearing_about(statuses).into_iter().map(Question::Events)
}

fn annotation(facts: &IngressFacts, key: &str, before: &str, after: &str) -> PatchObject {
    PatchObject {
        strategic: false,
        object: facts.frontend.object.clone(),
        resource_version: facts.resource_version.clone(),
        patch: json!({ "metadata": { "annotations": { key: after } } }),
        changes: vec![FieldChange::annotation(key, before, after)],
        notes: Vec::new(),
    }
}
