//! Names of certificates that stay on an Ingress although their ManagedCertificate is gone.
//!
//! A deleted ManagedCertificate leaves the load balancer only when its Ingress is looked at after the
//! deletion and before its entry is forgotten; what is deleted before a load balancer has taken it up is
//! forgotten at once, its name stays for good, and every later change of the load balancer fails (seen
//! with gke-managed-certs of 2023-07). Decides how long that is waited for, and when the name is taken
//! out.

use super::annotation;
use super::nudge::{For, Nudges};
use crate::gke::annotations::PRE_SHARED_CERT;
use crate::gke::events::{self, Known};
use crate::gke::load_balancer;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{PatchObject, Step};
use std::collections::{BTreeMap, BTreeSet};
use time::{Duration, OffsetDateTime};

/// Google's controller takes a name out within seconds of its Ingress being touched, if ever.
const TAKEN_OUT: Duration = Duration::seconds(20);
/// A name that stands longer, on a load balancer that serves it, is somebody's choice: a certificate of
/// another namespace.
const SOMEBODYS: Duration = Duration::seconds(90);

/// The beginning of every name that Google's controller gives a certificate.
const PREFIX: &str = "mcrt-";

/// Since when names were seen that no ManagedCertificate has.
#[derive(Debug)]
pub struct Dangling {
    since: BTreeMap<(ObjectRef, String), OffsetDateTime>,
    /// Whether every ManagedCertificate of the namespace is seen.
    all_seen: bool,
    /// Names of certificates that this run has seen go.
    own: BTreeSet<String>,
}

/// What is next about them.
#[derive(Debug)]
pub(in crate::plan) enum Cleaning {
    /// None is left.
    Clean,
    /// Google's controller is to take one out; the touches that wake it.
    Wait(String, Vec<Step>),
    /// It does not: they are taken out.
    Act(Vec<Step>),
}

impl Dangling {
    /// None seen yet. Where not `all_seen`, only those count that Google itself says it has not.
    pub(in crate::plan) const fn new(all_seen: bool) -> Self {
        Self { since: BTreeMap::new(), all_seen, own: BTreeSet::new() }
    }

    /// Keeps in mind the name of a certificate that is let go.
    pub(in crate::plan) fn lets_go(&mut self, certificate: Option<&str>) {
        self.own.extend(certificate.map(str::to_owned));
    }

    /// What is next about the names on these Ingresses.
    pub(in crate::plan) fn next(
        &mut self,
        seen: &Inventory,
        ingresses: &[&IngressFacts],
        nudges: &mut Nudges,
        now: OffsetDateTime,
    ) -> Cleaning {
        let (mut awaited, mut touches, mut removals) = (None, Vec::new(), Vec::new());
        for ingress in ingresses {
            let names = self.on(seen, ingress, now);
            touches.extend(nudges.ingress(ingress, (For::LettingGo, !names.is_empty()), now));
            let on_it = ingress.items(PRE_SHARED_CERT);
            let stays = |name: &&str| on_it.contains(name) && self.has_stood(ingress, name, now);
            let staying: Vec<&str> = names.iter().map(String::as_str).filter(stays).collect();
            if !staying.is_empty() {
                removals.push(Step::PatchObject(without(ingress, &staying)));
            }
            if let Some(name) = names.first() {
                awaited.get_or_insert_with(|| {
                    format!(
                        "{} still carries {name}, the certificate that was removed",
                        ingress.frontend.object.short()
                    )
                });
            }
        }
        match awaited {
            _ if !removals.is_empty() => Cleaning::Act(removals),
            Some(awaited) => Cleaning::Wait(awaited, touches),
            None => Cleaning::Clean,
        }
    }

    /// The names on an Ingress that no ManagedCertificate has, but for those that somebody chose.
    fn on(&mut self, seen: &Inventory, ingress: &IngressFacts, now: OffsetDateTime) -> Vec<String> {
        let known = names_of_all(seen, ingress);
        let refused =
            seen.trouble(&ingress.frontend.object).and_then(|it| events::known(&it.cause));
        let mut dangling = Vec::new();
        let on_it = ingress.items(PRE_SHARED_CERT);
        // Of this run's own also what the load balancer has still to let go.
        let served = load_balancer::certificates(&ingress.annotations).into_iter();
        let served = served.filter(|name| self.own.contains(*name) && !on_it.contains(name));
        let all: Vec<&str> = on_it.iter().copied().chain(served).collect();
        for name in all {
            let is_refused = matches!(&refused, Some(Known::CertificateGone(gone)) if gone == name);
            let is_own = self.own.contains(name);
            let Names { names, complete } = &known;
            let is_unknown = name.starts_with(PREFIX) && !names.contains(name);
            let key = (ingress.frontend.object.clone(), name.to_owned());
            let names_none = !self.all_seen && ingress.frontend.managed_names.is_empty();
            let is_dangling = is_own || (*complete && self.all_seen) || (is_refused && names_none);
            if !is_unknown || !is_dangling {
                self.since.remove(&key);
                continue;
            }
            let since = *self.since.entry(key).or_insert(now);
            let is_served = load_balancer::serves(&ingress.annotations, name);
            let is_on_it = on_it.contains(&name);
            let is_ours = is_on_it && (is_own || is_refused || !is_served);
            if is_ours || now - since < SOMEBODYS {
                dangling.push(name.to_owned());
            }
        }
        dangling
    }

    /// Whether it has stood for longer than Google's controller takes, and may be taken out: it is this
    /// run's, or the load balancer has not got it.
    fn has_stood(&self, ingress: &IngressFacts, name: &str, now: OffsetDateTime) -> bool {
        let key = (ingress.frontend.object.clone(), name.to_owned());
        let since = self.since.get(&key).copied();
        let is_served = load_balancer::serves(&ingress.annotations, name);
        since.is_some_and(|since| now - since >= TAKEN_OUT)
            && (self.own.contains(name) || !is_served)
    }
}

/// The names that ManagedCertificates have, and whether each that the Ingress names has told its own.
struct Names {
    names: BTreeSet<String>,
    complete: bool,
}

fn names_of_all(seen: &Inventory, ingress: &IngressFacts) -> Names {
    let all = seen.objects_of(Kind::ManagedCertificate);
    let all = all.filter(|facts| facts.object.namespace == ingress.frontend.object.namespace);
    let mut known = Names { names: BTreeSet::new(), complete: true };
    for facts in all {
        match &facts.managed().certificate_name {
            Some(name) => {
                known.names.insert(name.clone());
            }
            None => known.complete = false,
        }
    }
    known
}

/// The patch that takes these names out of the Ingress's list, and leaves the others as they stand.
fn without(ingress: &IngressFacts, gone: &[&str]) -> PatchObject {
    let before = ingress.annotations.get(PRE_SHARED_CERT).cloned().unwrap_or_default();
    annotation(ingress, PRE_SHARED_CERT, &before, &ingress.items_without(PRE_SHARED_CERT, gone))
}
