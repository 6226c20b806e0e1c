//! How a ManagedCertificate stands: its own status, the Ingresses that name it, whether their load
//! balancers serve it, and what Google's controllers warned of.

use super::obstacle;
use crate::audit::remedy;
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::gke::events::{self, Known};
use crate::gke::load_balancer;
use crate::gke::managed::{Managed, domain_meaning};
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts, Trouble};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::Exclusion;
use crate::remedy::{Advice, CommandLine, Remedy};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// A ManagedCertificate with everything that tells how far it is.
#[derive(Debug)]
pub struct ManagedStatus<'i> {
    /// The object.
    pub facts: &'i ObjectFacts,
    /// What it says.
    pub managed: &'i Managed,
    /// The Ingresses that name it, each with how far its load balancer is.
    pub ingresses: Vec<(&'i IngressFacts, Attachment)>,
    /// What controllers warned of last, about it and about those Ingresses.
    pub troubles: Vec<(&'i ObjectRef, &'i Trouble)>,
    /// All that was seen: who deploys it, and where.
    pub(super) seen: &'i Inventory,
}

/// How far the load balancer of an Ingress is with a certificate that the Ingress names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attachment {
    /// Its name does not stand on the Ingress yet, or it has none.
    Unknown,
    /// Its name stands on the Ingress, written by the controller of ManagedCertificates; the load
    /// balancer has not taken it up.
    Named,
    /// The load balancer serves it, by its own account.
    Served,
}

impl Attachment {
    /// How far the Ingress's load balancer is with the certificate of this name at Google.
    #[must_use]
    pub fn of(ingress: &IngressFacts, certificate: Option<&str>) -> Self {
        let Some(name) = certificate else { return Self::Unknown };
        if load_balancer::serves(&ingress.annotations, name) {
            Self::Served
        } else if ingress.items(PRE_SHARED_CERT).contains(&name) {
            Self::Named
        } else {
            Self::Unknown
        }
    }
}

impl ManagedStatus<'_> {
    /// Whether every Ingress that names it serves it, and there is one.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        let mut all = self.ingresses.iter().map(|(_, attachment)| *attachment);
        !self.ingresses.is_empty() && all.all(|attachment| attachment == Attachment::Served)
    }

    /// The first Ingress that names it and does not serve it.
    #[must_use]
    pub fn not_attached_to(&self) -> Option<&IngressFacts> {
        let mut all = self.ingresses.iter();
        all.find(|(_, attachment)| *attachment != Attachment::Served).map(|(ingress, _)| *ingress)
    }

    /// The Ingresses whose load balancers serve it.
    pub fn served_by(&self) -> impl Iterator<Item = &IngressFacts> {
        let served = |(_, attachment): &&(_, Attachment)| *attachment == Attachment::Served;
        self.ingresses.iter().filter(served).map(|(ingress, _)| *ingress)
    }

    /// That a load balancer does not serve it, though it is issued, and why; none when each does.
    #[must_use]
    pub fn unserved(&self) -> Option<Advice> {
        let ingress = self.not_attached_to()?;
        let message =
            format!("the load balancer of {} does not serve it", ingress.frontend.object.short());
        if let Some((object, cause)) = self.known_causes().next() {
            let why = format!("{message}: {}: {}", object.short(), cause.meaning());
            return Some(self.settled(Advice::new(why, self.repair(object, &cause))));
        }
        let own =
            self.troubles.iter().find(|(object, _)| object.same_object(&ingress.frontend.object));
        let why = own.map_or_else(String::new, |(_, trouble)| format!(": {}", trouble.cause));
        Some(Advice::new(
            format!("{message}{why}"),
            "what its controller warns of has to be fixed first; else it does within ten minutes",
        ))
    }

    /// When it expires, once it is issued.
    #[must_use]
    pub fn expires(&self) -> Option<OffsetDateTime> {
        self.managed.expire_time.as_deref().and_then(|text| instant::parse(text).ok())
    }

    /// What keeps it from ever becoming Active unless somebody acts: reason and remedy.
    #[must_use]
    pub fn hopeless(&self) -> Option<Advice> {
        let failure = || self.permanent_failure().map(|(_, advice)| advice);
        self.blocked().or_else(failure).map(|advice| self.settled(advice))
    }

    /// What only a person can mend, and stands in objects of the cluster: it is being deleted, was edited
    /// in place, or no Ingress that names it can serve it.
    #[must_use]
    pub fn blocked(&self) -> Option<Advice> {
        if let Some(since) = self.facts.deletion_timestamp {
            let going = Exclusion::terminating(&self.facts.object, since);
            return Some(Advice::new(going.message, going.remedy));
        }
        if let Some(edit) = self.managed.edited() {
            return Some(Advice::new(edit.in_words(), self.set_domains()));
        }
        // What Google refuses to make is nothing to be named in an Ingress: it would stop that.
        let is_refused = self.managed.certificate_name.is_none() && !self.troubles.is_empty();
        if self.ingresses.is_empty() && is_refused {
            return None;
        }
        if self.ingresses.is_empty() {
            let name = &self.facts.object.name;
            return Some(Advice::new(
                "no Ingress names it, so it is never issued",
                format!("name it in the annotation {MANAGED_CERTIFICATES} of an Ingress: {name}"),
            ));
        }
        // One that can serve it is enough for it to be issued.
        let obstacles = self.ingresses.iter().map(|(ingress, _)| obstacle::of(self.seen, ingress));
        obstacles.collect::<Option<Vec<_>>>()?.into_iter().next()
    }

    /// The first status, of it or of a domain, that cannot heal by itself, and what to do about it.
    #[must_use]
    pub fn permanent_failure(&self) -> Option<(String, Advice)> {
        let (status, meaning) = self.managed.permanent_failure()?;
        let remedy = if self.managed.has_failed() {
            Remedy::from(self.set_domains()).note(meaning.remedy)
        } else {
            meaning.remedy.into()
        };
        Some((status.clone(), Advice::new(format!("{status}: {}", meaning.meaning), remedy)))
    }

    /// Another certificate for the same domains beside it.
    fn set_domains(&self) -> CommandLine {
        let mut set = remedy::set_domains(&self.facts.object, &self.managed.domains);
        for (ingress, _) in &self.ingresses {
            let words = format!(
                "name in its annotation {MANAGED_CERTIFICATES} a second ManagedCertificate for {}",
                self.managed.domains.join(", ")
            );
            let (kind, namespace) =
                (ingress.frontend.object.kind.word(), ingress.frontend.object.namespace());
            set = set.changing((kind, namespace, &ingress.frontend.object.name), words);
        }
        set
    }

    /// What is waited for while nothing is known that cannot heal, and what to do: what a controller
    /// warns of, where it says why; else what the status says.
    #[must_use]
    pub fn awaited(&self) -> Advice {
        if let Some((object, cause)) = self.known_causes().next() {
            let of = if object.same_object(&self.facts.object) {
                String::new()
            } else {
                format!("{}: ", object.short())
            };
            let message = format!("{of}{}", cause.meaning());
            return self.settled(Advice::new(message, self.repair(object, &cause)));
        }
        if let Some(advice) = self.unserved().filter(|_| self.is_stopped()) {
            return advice;
        }
        if let Some((domain, _)) = self.managed.needs_help().filter(|(_, it)| *it == NOT_VISIBLE) {
            return self.not_visible(domain);
        }
        if let (None, Some((object, trouble))) =
            (&self.managed.certificate_name, self.troubles.first())
        {
            let message = format!(
                "no status: it has not been made at Google; {}: {}",
                object.short(),
                trouble.cause
            );
            return Advice::new(message, "what its controller warns of has to be fixed first");
        }
        let (message, remedy) = self.managed.awaited();
        Advice::new(message, remedy)
    }

    /// Whether a controller warns of an Ingress whose load balancer does not serve it, for a reason that
    /// does not pass by itself.
    fn is_stopped(&self) -> bool {
        let behind = |object: &ObjectRef| {
            let mut all = self.ingresses.iter();
            all.any(|(ingress, it)| {
                ingress.frontend.object.same_object(object) && *it != Attachment::Served
            })
        };
        let passes = |cause| events::known(cause).is_some_and(|known| known.passes());
        self.managed.certificate_name.is_some()
            && self.troubles.iter().any(|(it, trouble)| behind(it) && !passes(&trouble.cause))
    }

    /// Causes that are known among what controllers warn of, and do not pass by themselves.
    pub fn known_causes(&self) -> impl Iterator<Item = (&ObjectRef, Known)> {
        // A certificate that is not made yet is not there either; that is no cause but a consequence.
        let is_made = self.managed.certificate_name.is_some();
        let is_cause = move |known: &Known| {
            !known.passes() && (is_made || !matches!(known, Known::CertificateGone(_)))
        };
        self.troubles.iter().filter_map(move |(object, trouble)| {
            let known = events::known(&trouble.cause).filter(&is_cause)?;
            Some((*object, known))
        })
    }

    fn repair(&self, object: &ObjectRef, cause: &Known) -> Remedy {
        let ingress = self.seen.ingress_at(object);
        match (cause, ingress) {
            (Known::CertificateGone(name), Some(ingress)) => {
                remedy::without_pre_shared(ingress, &[name])
            }
            _ => cause.remedy().into(),
        }
    }

    /// Google does not see the domain: where it is to lead, or that there is nothing yet.
    fn not_visible(&self, domain: &str) -> Advice {
        let told = format!("{domain}: {NOT_VISIBLE}");
        let without = |ingress: &&IngressFacts| !load_balancer::listens(&ingress.annotations);
        let mut ingresses = self.ingresses.iter().map(|(ingress, _)| *ingress);
        if let Some(ingress) = ingresses.clone().find(without) {
            return Advice::new(
                format!(
                    "{told}: the load balancer of {} has no port 443 yet",
                    ingress.frontend.object.short()
                ),
                "wait until it has; its events show what its controller warns of",
            );
        }
        let address = ingresses.find_map(|ingress| ingress.frontend.addresses.first());
        let meaning = domain_meaning(NOT_VISIBLE);
        let remedy = address.map_or_else(
            || meaning.remedy.to_owned(),
            |address| {
                format!("set the A and AAAA records of {domain} to {address} and nothing else")
            },
        );
        Advice::new(format!("{told}: its DNS does not point to this load balancer"), remedy)
    }

    /// The advice for who deploys what it would change, and for where it was looked.
    pub(super) fn settled(&self, advice: Advice) -> Advice {
        let Advice { mut message, remedy } = advice;
        let mut remedy = remedy::for_its_owner(self.seen, remedy);
        remedy.settle(&mut message, self.seen.target());
        Advice { message, remedy }
    }
}

/// The status of a domain that Google's servers do not find at the load balancer.
const NOT_VISIBLE: &str = "FailedNotVisible";

/// A ManagedCertificate that Ingresses name and that does not exist.
#[derive(Debug)]
pub struct Missing<'i> {
    /// Its name, and the namespace of the Ingresses.
    pub object: ObjectRef,
    /// The Ingresses.
    pub ingresses: Vec<&'i IngressFacts>,
}

/// What Ingresses name and is not there, of those that GKE's controllers look at.
#[must_use]
pub fn missing(inventory: &Inventory) -> Vec<Missing<'_>> {
    let mut missing: Vec<Missing<'_>> = Vec::new();
    for ingress in inventory.ingresses().filter(|it| obstacle::class_ignored(it).is_none()) {
        for name in &ingress.frontend.managed_names {
            let object = ObjectRef::namespaced(
                Kind::ManagedCertificate,
                ingress.frontend.object.namespace(),
                name.as_str(),
            );
            if inventory.object(&object).is_some() {
                continue;
            }
            match missing.iter_mut().find(|known| known.object == object) {
                Some(known) => known.ingresses.push(ingress),
                None => missing.push(Missing { object, ingresses: vec![ingress] }),
            }
        }
    }
    missing
}

/// Objects about which controllers may have said why a certificate is not Active or not served.
#[must_use]
pub fn worth_hearing_about(statuses: &[ManagedStatus<'_>]) -> BTreeSet<ObjectRef> {
    let unwell = |status: &&ManagedStatus<'_>| !status.managed.is_active() || !status.is_attached();
    let about = statuses.iter().filter(unwell).flat_map(|standing| {
        let ingresses = standing.ingresses.iter().map(|(ingress, _)| &ingress.frontend.object);
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
    let namers = inventory.namers(facts);
    let ingresses = namers.filter_map(|frontend| inventory.ingress_at(&frontend.object));
    let attachment = |ingress| Attachment::of(ingress, managed.certificate_name.as_deref());
    let ingresses: Vec<_> = ingresses.map(|ingress| (ingress, attachment(ingress))).collect();
    let about = std::iter::once(&facts.object)
        .chain(ingresses.iter().map(|(ingress, _)| &ingress.frontend.object));
    let trouble = |object: &'i ObjectRef| Some((object, inventory.trouble(object)?));
    let troubles = about.filter_map(trouble).collect();
    ManagedStatus { facts, managed, ingresses, troubles, seen: inventory }
}
