//! What an answer on the wire comes to, beside what is stored: the one comparison that the rules,
//! `verify` and its waiting share.
//!
//! Knows the certificates that controllers serve when they have none, by their names. Refuses to
//! look: handshakes are facts already.

use crate::gke::events;
use crate::inventory::frontend::{Demand, Frontend};
use crate::inventory::served::{Handshakes, ServedFacts};
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::remedy::Advice;
use crate::x509::cert::{Certificate, HostMatch};
use crate::x509::possession::Possession;
use std::collections::BTreeSet;

/// One answer: what one address served for one host of a frontend.
#[derive(Debug)]
pub struct Answer<'i> {
    /// What serves it.
    pub frontend: &'i Frontend,
    /// Its host.
    pub demand: &'i Demand,
    /// The handshake.
    pub served: &'i ServedFacts,
    /// What it comes to.
    pub serves: Serves<'i>,
}

/// What is served, beside what is stored.
#[derive(Debug)]
pub enum Serves<'i> {
    /// Nothing: no certificate was shown.
    Nothing,
    /// The certificate of this Secret.
    Stored(&'i SecretFacts),
    /// An older certificate for the same names as this Secret's.
    Older(&'i SecretFacts),
    /// The certificate that this controller serves when it has none for a host.
    Default(&'static str),
    /// Another certificate than that of any of these Secrets.
    Another(Vec<&'i SecretFacts>),
    /// One that cannot be compared: it is stored where nobody can look (Google, a Secret that could
    /// not be read), or the Secret is missing or holds none.
    Unknown,
}

impl Serves<'_> {
    /// As tables and JSON spell it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Stored(_) => "stored",
            Self::Older(_) => "older",
            Self::Default(_) => "default",
            Self::Another(_) => "other",
            Self::Unknown => "unknown",
        }
    }
}

impl Answer<'_> {
    /// Whether clients get what they shall: the stored certificate, or, where that cannot be seen,
    /// one that names the host. Dates are no part of it: no waiting changes them.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let whole =
            self.served.failure.is_none() && self.served.possession != Possession::Disproven;
        whole
            && match self.serves {
                Serves::Stored(_) => true,
                Serves::Unknown => self.names_host(),
                Serves::Nothing | Serves::Older(_) | Serves::Default(_) | Serves::Another(_) => {
                    false
                }
            }
    }

    /// The host, the address, and what is wrong there: a clause.
    fn told(&self) -> String {
        let place = format!("{} at {}", self.demand.host, self.served.place());
        if let Some(failure) = &self.served.failure {
            return format!("{place}: {}", failure.message);
        }
        let what = match &self.serves {
            Serves::Older(_) => "still serves the old certificate".to_owned(),
            Serves::Default(controller) => {
                format!("serves the default certificate of {controller}")
            }
            Serves::Another(_) => "serves another certificate".to_owned(),
            Serves::Stored(_) => "serves the certificate, and has another key".to_owned(),
            Serves::Nothing => "serves no certificate".to_owned(),
            Serves::Unknown => "serves a certificate that does not name it".to_owned(),
        };
        format!("{place} {what}")
    }

    /// Whether the served certificate names the host by its SAN.
    #[must_use]
    pub fn names_host(&self) -> bool {
        let leaf = self.served.leaf();
        leaf.is_some_and(|leaf| matches!(leaf.match_host(&self.demand.host), HostMatch::San(_)))
    }
}

/// Rules about what is stored that tell why what is served is wrong, and how to put it right.
const STORED_AND_SERVED: [&str; 10] = [
    "untrusted-chain",
    "expired",
    "not-yet-valid",
    "cert-missing",
    "cert-unreadable",
    "key-missing",
    "key-unreadable",
    "key-mismatch",
    "host-not-covered",
    "secret-missing",
];

/// Whether the rule of this code is about what clients get.
#[must_use]
pub fn is_about_served(code: &str) -> bool {
    code.starts_with("served-") || STORED_AND_SERVED.contains(&code)
}

/// Every answer about every reported frontend, in their order.
#[must_use]
pub fn answers(inventory: &Inventory) -> Vec<Answer<'_>> {
    let mut answers = Vec::new();
    for (frontend, demand) in asked(inventory) {
        if let Handshakes::Seen(seen) = inventory.handshakes(frontend, demand) {
            answers.extend(seen.into_iter().map(|served| Answer {
                frontend,
                demand,
                served,
                serves: serves(inventory, frontend, demand, served),
            }));
        }
    }
    answers
}

/// Hosts whose frontend has no address to ask at.
#[must_use]
pub fn without_address(inventory: &Inventory) -> Vec<(&Frontend, &Demand)> {
    let nowhere = |(frontend, demand): &(&Frontend, &Demand)| {
        matches!(inventory.handshakes(frontend, demand), Handshakes::NoAddress)
    };
    asked(inventory).filter(nowhere).collect()
}

/// What a controller warns of last about what is reported: why it does not serve what is stored.
#[must_use]
pub fn warned_of(inventory: &Inventory) -> Option<Advice> {
    let reported = inventory.frontends().map(|frontend| &frontend.object);
    let reported: Vec<&ObjectRef> = reported.filter(|it| inventory.is_reported(it)).collect();
    warned_about(inventory, &reported)
}

/// The same of these objects.
pub fn warned_about(inventory: &Inventory, objects: &[&ObjectRef]) -> Option<Advice> {
    let mut objects = objects.iter();
    let (object, trouble) = objects.find_map(|it| Some((it, inventory.trouble(it)?)))?;
    let remedy = events::known(&trouble.cause).map_or_else(
        || "what its controller warns of has to be fixed first".to_owned(),
        |known| known.remedy(),
    );
    Some(Advice::new(format!("{}: {}", object.short(), trouble.cause), remedy))
}

/// How far hosts are from being served as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Hosts and addresses that are.
    pub settled: usize,
    /// All of them; hosts whose frontend has no address yet count once.
    pub total: usize,
    /// The first that is not, with what is the matter there.
    pub first: Option<String>,
    /// The Ingresses of those that are not, each once.
    pub ingresses: Vec<ObjectRef>,
}

impl Progress {
    /// What the inventory shows of it.
    #[must_use]
    pub fn of(inventory: &Inventory) -> Self {
        let nowhere = without_address(inventory);
        let answers = answers(inventory);
        let settled = answers.iter().filter(|answer| answer.is_settled()).count();
        let unsettled = || answers.iter().filter(|answer| !answer.is_settled());
        let first = unsettled().next().map(Answer::told);
        let first = first.or_else(|| {
            let object = &nowhere.first()?.0.object;
            Some(format!("{} has no address yet", object.short()))
        });
        let all = unsettled().map(|answer| &answer.frontend.object);
        let all: BTreeSet<&ObjectRef> =
            all.chain(nowhere.iter().map(|(frontend, _)| &frontend.object)).collect();
        let ingresses = all.into_iter().cloned().collect();
        Self { settled, total: answers.len() + nowhere.len(), first, ingresses }
    }

    /// Whether every address serves what is stored.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.settled == self.total
    }
}

fn asked(inventory: &Inventory) -> impl Iterator<Item = (&Frontend, &Demand)> {
    inventory.demands().filter(|(frontend, _)| inventory.is_reported(&frontend.object))
}

/// The Secrets whose certificate may be served for the host, those that name it first; none when
/// one of them could not be read.
#[must_use]
pub fn candidates<'i>(
    inventory: &'i Inventory,
    frontend: &Frontend,
    demand: &Demand,
) -> Option<Vec<&'i SecretFacts>> {
    let mut found = inventory.candidates(frontend, demand)?;
    let names = |secret: &&SecretFacts| {
        secret.bundle.leaf().is_some_and(|leaf| leaf.match_host(&demand.host) != HostMatch::None)
    };
    found.sort_by_key(|secret| !names(secret));
    Some(found)
}

fn serves<'i>(
    inventory: &'i Inventory,
    frontend: &Frontend,
    demand: &Demand,
    served: &ServedFacts,
) -> Serves<'i> {
    let Some(leaf) = served.leaf() else { return Serves::Nothing };
    let Some(stored) = candidates(inventory, frontend, demand) else { return Serves::Unknown };
    if let Some(secret) = stored.iter().find(|secret| same(secret.bundle.leaf(), leaf)) {
        return Serves::Stored(secret);
    }
    if let Some(controller) = default_of(leaf) {
        return Serves::Default(controller);
    }
    if stored.is_empty() || demand.elsewhere.is_some() {
        return Serves::Unknown;
    }
    match stored.iter().find(|secret| is_older(leaf, secret)) {
        Some(secret) => Serves::Older(secret),
        None => Serves::Another(stored),
    }
}

fn same(stored: Option<&Certificate>, served: &Certificate) -> bool {
    stored.is_some_and(|stored| stored.sha256 == served.sha256)
}

/// Whether `served` is what the Secret held before: it is kept in its `ca.crt`, or it begins
/// earlier and is for the same names.
fn is_older(served: &Certificate, secret: &SecretFacts) -> bool {
    let kept = secret.anchors().iter().any(|anchor| anchor.sha256 == served.sha256);
    kept || secret.bundle.leaf().is_some_and(|stored| {
        served.not_before < stored.not_before && hosts(served) == hosts(stored)
    })
}

/// The names a certificate answers to, by its SAN, or else by the common name, which is what a
/// rotation turns into a SAN.
fn hosts(certificate: &Certificate) -> Vec<String> {
    let mut hosts: Vec<String> = certificate.names.iter().map(ToString::to_string).collect();
    hosts.extend(certificate.common_name_host().map(str::to_owned));
    hosts.sort();
    hosts
}

/// The controller whose certificate of last resort this is. ingress-nginx makes one at every start
/// and Traefik at every change of its configuration, so that no fingerprint tells them.
#[must_use]
pub fn default_of(leaf: &Certificate) -> Option<&'static str> {
    let named = |name: &str| leaf.common_names().any(|common| common == name);
    if named("TRAEFIK DEFAULT CERT") || leaf.dns().any(|name| name.ends_with(".traefik.default")) {
        return Some("Traefik");
    }
    named("Kubernetes Ingress Controller Fake Certificate").then_some("ingress-nginx")
}

#[cfg(test)]
mod tests;
