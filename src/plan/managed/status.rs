//! How a ManagedCertificate stands: its own status, the Ingresses that name it, and what Google's
//! controllers warned of.

use crate::audit::remedy;
use crate::gke::annotations::{
    INGRESS_CLASS, MANAGED_CERTIFICATES, PRE_SHARED_CERT, managed_are_ignored,
};
use crate::gke::managed::Managed;
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts, Trouble};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::Exclusion;
use crate::remedy::Advice;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// A ManagedCertificate with everything that tells how far it is.
#[derive(Debug)]
pub struct ManagedStatus<'i> {
    /// The object.
    pub facts: &'i ObjectFacts,
    /// What it says.
    pub managed: &'i Managed,
    /// The Ingresses that name it, each with whether it carries the load balancer's name for it.
    pub ingresses: Vec<(&'i IngressFacts, bool)>,
    /// What controllers warned of last, about it and about those Ingresses.
    pub troubles: Vec<(&'i ObjectRef, &'i Trouble)>,
    /// All that was seen: who deploys it, and where.
    seen: &'i Inventory,
}

impl ManagedStatus<'_> {
    /// The Ingresses that name it, where its own certificate is not attached yet.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.ingresses.iter().any(|(_, attached)| *attached)
    }

    /// Each domain of the spec with its status; and those the status tells of that the spec has
    /// not, as it does for minutes after an edit.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, Option<String>)> {
        let told = &self.managed.domain_status;
        let status = |domain: &str| {
            told.iter().find(|(there, _)| there == domain).map(|(_, status)| status.clone())
        };
        let wanted = self.managed.domains.iter().map(|domain| (domain.clone(), status(domain)));
        let stale = told.iter().filter(|(domain, _)| !self.managed.domains.contains(domain));
        wanted.chain(stale.map(|(domain, status)| (domain.clone(), Some(status.clone())))).collect()
    }

    /// When it expires, once it is issued.
    #[must_use]
    pub fn expires(&self) -> Option<OffsetDateTime> {
        self.managed.expire_time.as_deref().and_then(|text| instant::parse(text).ok())
    }

    /// What keeps it from ever becoming Active unless somebody acts: reason and remedy.
    #[must_use]
    pub fn hopeless(&self) -> Option<Advice> {
        let Advice { mut message, remedy } = self.stuck()?;
        let mut remedy = remedy::for_its_owner(self.seen, remedy);
        remedy.settle(&mut message, self.seen.target());
        Some(Advice { message, remedy })
    }

    fn stuck(&self) -> Option<Advice> {
        let name = &self.facts.object.name;
        if let Some(since) = self.facts.deletion_timestamp {
            let going = Exclusion::going(&self.facts.object, since);
            return Some(Advice::new(going.message, going.remedy));
        }
        if let Some((status, meaning)) = self.managed.permanent_failure() {
            return Some(Advice::new(format!("{status}: {}", meaning.meaning), meaning.remedy));
        }
        if let Some(edit) = self.managed.edited() {
            let mut set = remedy::set_domains(&self.facts.object, &self.managed.domains);
            for (ingress, _) in &self.ingresses {
                let words = format!(
                    "name in its annotation {MANAGED_CERTIFICATES} a second ManagedCertificate for {}",
                    self.managed.domains.join(", ")
                );
                let (kind, namespace) = (ingress.object.kind.word(), ingress.object.namespace());
                set = set.changing((kind, namespace, &ingress.object.name), words);
            }
            return Some(Advice::new(edit.in_words(), set));
        }
        if self.ingresses.is_empty() {
            return Some(Advice::new(
                "no Ingress names it, so it is never issued",
                format!("name it in the annotation {MANAGED_CERTIFICATES} of an Ingress: {name}"),
            ));
        }
        let ignored = self.ingresses.iter().map(|(ingress, _)| class_ignored(ingress));
        ignored.collect::<Option<Vec<_>>>()?.into_iter().next()
    }
}

/// Why Google's controllers will not look at an Ingress.
pub(super) fn class_ignored(ingress: &IngressFacts) -> Option<Advice> {
    let annotated = ingress.annotations.get(INGRESS_CLASS).map(String::as_str);
    let why = managed_are_ignored(annotated, ingress.class_name.as_deref())?;
    let name = &ingress.object.name;
    Some(Advice::new(
        format!("no Ingress that names it can serve it: of ingress/{name}, {why}"),
        format!("use an Ingress with the annotation {INGRESS_CLASS}: gce"),
    ))
}

/// Objects about which controllers may have said why a certificate is not Active.
#[must_use]
pub fn worth_hearing_about(statuses: &[ManagedStatus<'_>]) -> BTreeSet<ObjectRef> {
    let waiting = statuses.iter().filter(|standing| !standing.managed.is_active());
    let about = waiting.flat_map(|standing| {
        let ingresses = standing.ingresses.iter().map(|(ingress, _)| &ingress.object);
        std::iter::once(&standing.facts.object).chain(ingresses)
    });
    about.cloned().collect()
}

/// How every ManagedCertificate of the inventory stands, in order.
#[must_use]
pub fn statuses(inventory: &Inventory) -> Vec<ManagedStatus<'_>> {
    inventory
        .objects_of(Kind::ManagedCertificate)
        .map(|facts| status_of(inventory, facts))
        .collect()
}

/// How this ManagedCertificate stands.
#[must_use]
pub fn status_of<'i>(inventory: &'i Inventory, facts: &'i ObjectFacts) -> ManagedStatus<'i> {
    let managed = facts.managed();
    let names_it = |ingress: &&IngressFacts| ingress.names_managed(facts);
    let attached = |ingress: &IngressFacts| {
        managed
            .certificate_name
            .as_deref()
            .is_some_and(|name| ingress.items(PRE_SHARED_CERT).contains(&name))
    };
    let ingresses = inventory.ingresses().filter(names_it);
    let ingresses: Vec<(&IngressFacts, bool)> =
        ingresses.map(|ingress| (ingress, attached(ingress))).collect();
    let about =
        std::iter::once(&facts.object).chain(ingresses.iter().map(|(ingress, _)| &ingress.object));
    let trouble = |object: &'i ObjectRef| Some((object, inventory.trouble(object)?));
    let troubles = about.filter_map(trouble).collect();
    ManagedStatus { facts, managed, ingresses, troubles, seen: inventory }
}
