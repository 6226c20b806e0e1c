//! Certificates that took over one from another, by which `managed set-domains` knows its own.

use super::status::{ManagedStatus, statuses};
use super::{MADE_AFTER, REPLACES, annotation, attach, obstacle};
use crate::gke::annotations::{MANAGED_CERTIFICATES, items};
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::Step;
use crate::x509::digest;
use std::collections::{BTreeMap, BTreeSet};

/// Certificates that took over one from another, and the Ingresses that can serve them, by name.
pub(super) struct Family<'i> {
    /// The one that all the others took over from.
    pub first: ObjectRef,
    pub members: Vec<ManagedStatus<'i>>,
    pub ingresses: BTreeMap<&'i str, &'i IngressFacts>,
}

/// What a family was at the first look of a run: what comes later is another run's.
#[derive(Debug, Default)]
pub(super) struct FirstLook {
    names: BTreeSet<String>,
    /// The uids of its members.
    pub uids: BTreeSet<String>,
    /// The uids that marks of members named.
    marks: BTreeSet<String>,
}

impl<'i> Family<'i> {
    pub fn of(inventory: &'i Inventory, name: &ObjectRef) -> Self {
        let first = first_of_family(inventory, name);
        let mut members = statuses(inventory);
        members.retain(|one| first_of_family(inventory, &one.facts.object) == first);
        let named_in = members.iter().flat_map(|standing| &standing.ingresses);
        // On others nothing is ever attached, and waiting for it would have no end.
        let served = named_in.filter(|(ingress, _)| obstacle::class_ignored(ingress).is_none());
        let ingresses =
            served.map(|(ingress, _)| (ingress.frontend.object.name.as_str(), *ingress)).collect();
        Self { first, members, ingresses }
    }

    pub fn member(&self, object: &ObjectRef) -> Option<&ManagedStatus<'i>> {
        self.members.iter().find(|status| status.facts.object.same_object(object))
    }

    /// The one that holds exactly these domains, or else the name that the next one for them has. What
    /// Google has given up holds nothing: another one is made for the same domains.
    pub fn target(&self, domains: &BTreeSet<&str>) -> ObjectRef {
        let is_for = |status: &&ManagedStatus<'i>| {
            let there = status.managed.domains.iter().map(String::as_str);
            // Domains that were edited in place are in no certificate, and are put back.
            there.collect::<BTreeSet<_>>() == *domains && status.managed.edited().is_none()
        };
        let holding: Vec<_> = self.members.iter().filter(is_for).collect();
        let well = holding.iter().find(|status| !status.managed.has_failed());
        well.map_or_else(
            || successor(&self.first, domains, holding.len()),
            |status| status.facts.object.clone(),
        )
    }

    /// All but the one that is to stay.
    pub fn others(&self, target: &ObjectRef) -> Vec<&ManagedStatus<'i>> {
        self.members.iter().filter(|status| !status.facts.object.same_object(target)).collect()
    }

    /// A certificate that another run has made since this one began, or has gone back to, later than this
    /// one made its own, which has this uid: of two runs just one sees a rival.
    pub fn rival(
        &self,
        at_first: &FirstLook,
        target: &ObjectRef,
        own_uid: Option<&str>,
    ) -> Option<&ObjectRef> {
        let own = self.member(target).map(|own| own.facts);
        let others = self.others(target).into_iter().map(|status| status.facts);
        let is_rival = |other: &&ObjectFacts| {
            let has_own_in_view = own_uid.is_some_and(|uid| {
                !at_first.marks.contains(uid) && marks(other).any(|it| it == uid)
            });
            let is_new = !at_first.names.contains(&other.object.name);
            // Neither in view, the time decides, and within a second the name.
            let is_later = own.is_none_or(|own| {
                (other.created, &other.object.name) > (own.created, &own.object.name)
            });
            has_own_in_view || (is_new && is_later)
        };
        others.into_iter().find(is_rival).map(|facts| &facts.object)
    }

    /// What the family was at the first look of a run.
    pub fn first_look(&self) -> FirstLook {
        let facts = || self.members.iter().map(|status| status.facts);
        FirstLook {
            names: facts().map(|it| it.object.name.clone()).collect(),
            uids: facts().filter_map(|it| it.uid.clone()).collect(),
            marks: facts().flat_map(marks).map(str::to_owned).collect(),
        }
    }

    /// The mark by which another run sees that this certificate takes the place of all the others; none
    /// where it bears that.
    pub fn mark(&self, target: &ManagedStatus<'_>) -> Option<BTreeSet<String>> {
        let others = self.others(&target.facts.object).into_iter();
        let uids: BTreeSet<String> = others.filter_map(|other| other.facts.uid.clone()).collect();
        let borne: BTreeSet<&str> = marks(target.facts).collect();
        (!uids.iter().all(|uid| borne.contains(uid.as_str()))).then_some(uids)
    }

    /// The steps that take names of the family out of an Ingress's list that no certificate has: another
    /// run has named it as it was deleted.
    pub fn without_the_gone(&self, seen: &Inventory, target: &ObjectRef) -> Vec<Step> {
        let is_gone = |name: &&str| {
            let object = ObjectRef { name: (*name).to_owned(), ..self.first.clone() };
            self.is_a_name_of(name) && *name != target.name && seen.object(&object).is_none()
        };
        let patches = self.ingresses.values().filter_map(|ingress| {
            let names = ingress.items(MANAGED_CERTIFICATES);
            let kept: Vec<&str> = names.iter().copied().filter(|name| !is_gone(name)).collect();
            let before = ingress.annotations.get(MANAGED_CERTIFICATES)?;
            (kept.len() < names.len())
                .then(|| annotation(ingress, MANAGED_CERTIFICATES, before, &kept.join(",")))
        });
        patches.map(Step::PatchObject).collect()
    }

    /// Whether it is the first's name, or one that [`successor`] makes.
    fn is_a_name_of(&self, name: &str) -> bool {
        let digest = name.strip_prefix(self.first.name.as_str());
        digest.is_some_and(|rest| {
            let hex = rest.strip_prefix('-').unwrap_or(rest);
            rest.is_empty() || hex.len() == 8 && hex.bytes().all(|it| it.is_ascii_hexdigit())
        })
    }

    /// What of it is being deleted, and must be gone before it is built upon.
    pub fn going(&self, target: Option<&ManagedStatus<'i>>) -> Option<String> {
        let ingresses =
            self.ingresses.values().map(|facts| (&facts.frontend.object, facts.deletion_timestamp));
        let target = target.map(|target| (&target.facts.object, target.facts.deletion_timestamp));
        ingresses.chain(target).find_map(|(object, since)| {
            Some(format!("{} has been terminating since {}", object.short(), instant::show(since?)))
        })
    }

    pub fn attach_everywhere(&self, name: &str) -> Vec<Step> {
        let patches = self.ingresses.values().filter_map(|ingress| attach(ingress, name));
        patches.map(Step::PatchObject).collect()
    }
}

/// The uids of the certificates that its run had in view.
fn marks(facts: &ObjectFacts) -> impl Iterator<Item = &str> {
    items(facts.annotations.get(MADE_AFTER).map(String::as_str).unwrap_or_default())
}

/// The certificate that this one took over from, or itself: by it a family is known.
fn first_of_family(inventory: &Inventory, object: &ObjectRef) -> ObjectRef {
    let facts = inventory.object(object);
    let replaces = facts.and_then(|facts| facts.annotations.get(REPLACES));
    let name = replaces.filter(|name| !name.is_empty()).unwrap_or(&object.name);
    ObjectRef::namespaced(Kind::ManagedCertificate, object.namespace(), name.as_str())
}

/// The name for these domains after so many that have failed: always the same, so that a run that was
/// cut short finds its own.
pub(super) fn successor(name: &ObjectRef, domains: &BTreeSet<&str>, failed: usize) -> ObjectRef {
    let mut told = domains.iter().copied().collect::<Vec<_>>().join(",");
    if failed > 0 {
        told = format!("{told}#{failed}");
    }
    let digest = digest::hex(digest::sha256(told.as_bytes()).get(..4).unwrap_or_default());
    ObjectRef { name: format!("{}-{digest}", name.name), ..name.clone() }
}
