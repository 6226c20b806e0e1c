//! Other domains for a ManagedCertificate without an outage.
//!
//! Google's controller takes a certificate off the load balancer when its domains are edited, so a
//! second one is made beside it. Decides what is next on that way from whatever the cluster shows.

use super::status::{ManagedStatus, class_ignored, statuses};
use super::{REPLACES, annotation, attach, manifest};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::instant;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{DeleteObject, Exclusion, FieldChange, PatchObject, Plan, Reason, Step};
use crate::x509::digest;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// What is next on the way to other domains without an outage.
#[derive(Debug)]
pub struct Change {
    /// What can be done now.
    pub plan: Plan,
    /// The certificate that holds the new domains.
    pub target: ObjectRef,
    /// What must come about first; none when nothing is left.
    pub waiting: Option<String>,
}

/// Certificates that took over one from another, and the Ingresses that can serve them, by name.
struct Family<'i> {
    /// The one that all the others took over from.
    first: ObjectRef,
    members: Vec<ManagedStatus<'i>>,
    ingresses: BTreeMap<&'i str, &'i IngressFacts>,
}

impl<'i> Family<'i> {
    fn of(inventory: &'i Inventory, name: &ObjectRef) -> Self {
        let first = first_of_family(inventory, name);
        let mut members = statuses(inventory);
        members.retain(|one| first_of_family(inventory, &one.facts.object) == first);
        let named_in = members.iter().flat_map(|standing| &standing.ingresses);
        // On others nothing is ever attached, and waiting for it would have no end.
        let served = named_in.filter(|(ingress, _)| class_ignored(ingress).is_none());
        let ingresses =
            served.map(|(ingress, _)| (ingress.object.name.as_str(), *ingress)).collect();
        Self { first, members, ingresses }
    }

    /// The one with exactly these domains.
    fn holding(&self, domains: &BTreeSet<&str>) -> Option<&ManagedStatus<'i>> {
        self.members.iter().find(|standing| {
            let there = standing.managed.domains.iter().map(String::as_str);
            there.collect::<BTreeSet<_>>() == *domains
        })
    }

    /// What of it is being deleted, and must be gone before it is built upon.
    fn going(&self, target: Option<&ManagedStatus<'i>>) -> Option<String> {
        let ingresses =
            self.ingresses.values().map(|facts| (&facts.object, facts.deletion_timestamp));
        let target = target.map(|target| (&target.facts.object, target.facts.deletion_timestamp));
        ingresses.chain(target).find_map(|(object, since)| {
            Some(format!("{} is being deleted since {}", object.short(), instant::show(since?)))
        })
    }

    fn attach_everywhere(&self, name: &str) -> Vec<Step> {
        let patches = self.ingresses.values().filter_map(|ingress| attach(ingress, name));
        patches.map(Step::PatchObject).collect()
    }
}

/// Plans the change of `name`'s domains, from whatever the cluster shows: a second certificate
/// beside the first, both attached, and only when the second serves, the first detached (its name
/// taken out of the Ingress first, since a delete while it is named hangs) and deleted. The list of
/// certificates on the load balancer is never empty on the way.
#[must_use]
pub fn set_domains(
    inventory: &Inventory,
    name: &ObjectRef,
    domains: &[String],
    now: OffsetDateTime,
) -> Change {
    let family = Family::of(inventory, name);
    let wanted: BTreeSet<&str> = domains.iter().map(String::as_str).collect();
    let target = family.holding(&wanted);
    let object = target.map_or_else(
        || successor(&family.first, &wanted),
        |standing| standing.facts.object.clone(),
    );
    let mut change = Change { plan: Plan::empty(now), target: object.clone(), waiting: None };
    if let Some(refusal) = cannot_change(name, &family) {
        change.plan.refused.push(refusal);
    } else if let Some(step) = family.members.iter().find_map(taken_back) {
        change.waiting = Some(format!(
            "the domains of {} are put back first, so that it serves on",
            step.object.short()
        ));
        change.plan.steps.push(Step::PatchObject(step));
    } else if let Some(going) = family.going(target) {
        change.waiting = Some(going);
    } else if let Some(target) = target {
        toward(inventory, target, &family, &mut change);
    } else if let Some(refusal) = name_is_taken(inventory, &object) {
        change.plan.refused.push(refusal);
    } else {
        let spec = json!({ "domains": wanted });
        let made = manifest(&object, &spec, Some(&family.first.name));
        change.plan.steps.push(Step::CreateObject(made));
        change.plan.steps.extend(family.attach_everywhere(&object.name));
        change.waiting = Some("the new certificate is being made".to_owned());
    }
    change.plan = change.plan.settled(inventory);
    change
}

/// What is next once the certificate with the new domains is there.
fn toward(
    inventory: &Inventory,
    target: &ManagedStatus<'_>,
    family: &Family<'_>,
    change: &mut Change,
) {
    let name = &target.facts.object.name;
    change.plan.steps.extend(family.attach_everywhere(name));
    change.waiting = not_serving(inventory, target, &family.ingresses);
    if change.waiting.is_some() || !change.plan.steps.is_empty() {
        return;
    }
    let others: Vec<&ManagedStatus<'_>> =
        family.members.iter().filter(|standing| standing.facts.object.name != *name).collect();
    change.plan.steps = retire(&others, &family.ingresses);
    if !others.is_empty() {
        change.waiting = Some("the old certificate is being removed".to_owned());
    }
}

/// The patch that takes back a change of domains in place, before Google's controller takes the
/// certificate off the load balancer for it; what is served then stays.
fn taken_back(standing: &ManagedStatus<'_>) -> Option<PatchObject> {
    standing.managed.edited()?;
    let told = standing.managed.told_domains();
    let (before, after) = (standing.managed.domains.join(","), told.join(","));
    Some(PatchObject {
        object: standing.facts.object.clone(),
        resource_version: standing.facts.resource_version.clone(),
        patch: json!({ "spec": { "domains": told } }),
        changes: vec![FieldChange::new("spec.domains", before, after)],
        notes: Vec::new(),
    })
}

/// The certificate that this one took over from, or itself: by it a family is known.
fn first_of_family(inventory: &Inventory, object: &ObjectRef) -> ObjectRef {
    let facts = inventory.object(object);
    let replaces = facts.and_then(|facts| facts.annotations.get(REPLACES));
    let name = replaces.filter(|name| !name.is_empty()).unwrap_or(&object.name);
    ObjectRef::namespaced(Kind::ManagedCertificate, object.namespace(), name.as_str())
}

/// A certificate that somebody else made under the name of the next one.
fn name_is_taken(inventory: &Inventory, object: &ObjectRef) -> Option<Exclusion> {
    inventory.object(object)?;
    Some(Exclusion {
        object: object.clone(),
        reason: Reason::Mismatch,
        message: format!(
            "it is there without the annotation {REPLACES}, so it was made by another writer"
        ),
        remedy: "rename or delete it; nothing was written".into(),
    })
}

/// The name for these domains: always the same, so that a run that was cut short finds its own.
pub(super) fn successor(name: &ObjectRef, domains: &BTreeSet<&str>) -> ObjectRef {
    let joined = domains.iter().copied().collect::<Vec<_>>().join(",");
    let digest = digest::hex(digest::sha256(joined.as_bytes()).get(..4).unwrap_or_default());
    ObjectRef { name: format!("{}-{digest}", name.name), ..name.clone() }
}

fn cannot_change(name: &ObjectRef, family: &Family<'_>) -> Option<Exclusion> {
    let no = |reason, message: &str, remedy: String| {
        let remedy = remedy.into();
        Some(Exclusion { object: name.clone(), reason, message: message.to_owned(), remedy })
    };
    if family.members.is_empty() {
        let remedy = "check the name and the namespace; managed create makes one".to_owned();
        return no(Reason::NotFound, "it does not exist", remedy);
    }
    if family.ingresses.is_empty() {
        let remedy = format!(
            "name it in the annotation {MANAGED_CERTIFICATES} of an Ingress of class gce: {}",
            name.name
        );
        return no(
            Reason::Mismatch,
            "no Ingress of class gce names it, so another would never be issued",
            remedy,
        );
    }
    None
}

/// Why the new certificate does not serve yet; none when it is Active and on every load balancer.
fn not_serving(
    inventory: &Inventory,
    target: &ManagedStatus<'_>,
    ingresses: &BTreeMap<&str, &IngressFacts>,
) -> Option<String> {
    let status = target.managed.status.as_deref().unwrap_or("no status yet");
    let name = &target.facts.object.name;
    if !target.managed.is_active() {
        return Some(format!("managedcertificate/{name} is not Active for its domains: {status}"));
    }
    let attached = |ingress: &str| {
        target.ingresses.iter().any(|(there, attached)| there.object.name == ingress && *attached)
    };
    let (lacking, facts) = ingresses.iter().find(|(ingress, _)| !attached(ingress))?;
    let beside = |name: &str| ObjectRef {
        kind: Kind::ManagedCertificate,
        name: name.to_owned(),
        ..facts.object.clone()
    };
    let missing = facts.managed_names.iter().find(|name| inventory.object(&beside(name)).is_none());
    let why = missing.map_or_else(String::new, |missing| {
        format!(": it names managedcertificate/{missing}, which does not exist, and that stops Google's controller")
    });
    Some(format!("ingress/{lacking} does not carry managedcertificate/{name} yet{why}"))
}

/// Takes the old names out of every list; those that stand in none are deleted.
fn retire(others: &[&ManagedStatus<'_>], ingresses: &BTreeMap<&str, &IngressFacts>) -> Vec<Step> {
    let mut steps = Vec::new();
    for ingress in ingresses.values() {
        let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
        let old = |name: &&str| others.iter().any(|other| other.facts.object.name == **name);
        let kept: Vec<&str> =
            ingress.managed_names.iter().map(String::as_str).filter(|name| !old(name)).collect();
        if kept.len() < ingress.managed_names.len() {
            let after = kept.join(",");
            steps.push(Step::PatchObject(annotation(
                ingress,
                MANAGED_CERTIFICATES,
                &before,
                &after,
            )));
        }
    }
    if steps.is_empty() {
        // One that is being deleted already goes when its finalizers are done.
        let staying = others.iter().filter(|other| other.facts.deletion_timestamp.is_none());
        steps.extend(staying.map(|other| {
            Step::DeleteObject(DeleteObject {
                object: other.facts.object.clone(),
                resource_version: other.facts.resource_version.clone(),
                reason: "the new certificate serves, and no Ingress names this one".to_owned(),
            })
        }));
    }
    steps
}
