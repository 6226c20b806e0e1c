//! What still needs the old certificate after the switch: Secrets that hold it or what it signed, addresses that
//! serve it, workloads that keep it until they are restarted.
//!
//! Knows only what was seen. What could not be seen is not nothing: it is told, and keeps the old one.

use super::stage::files_follow_by;
use super::staged::Marks;
use super::targets::Found;
use super::told;
use crate::audit::remedy::{from_owner, in_namespace, word};
use crate::audit::served::{Serves, answers};
use crate::instant;
use crate::inventory::trust_bundles::{TrustBundle, TrustValue};
use crate::inventory::{Inventory, Problem, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::rollout::RolloutSeen;
use crate::plan::readers::{self, Sees};
use crate::plan::restart::rolling::{self, State};
use crate::plan::step::Exclusion;
use crate::remedy::{CommandLine, Remedy};
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::profile::BACKDATE;
use std::collections::BTreeSet;
use std::sync::Arc;
use time::OffsetDateTime;

/// One thing for which the old certificate is still handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What it is: a clause.
    pub what: String,
    /// What to do.
    pub remedy: Option<Remedy>,
    /// Whether it passes without anybody's doing.
    pub passes: bool,
    /// The workload that is to be restarted, and the Secret for which.
    pub keeper: Option<(ObjectRef, ObjectRef)>,
}

impl Need {
    /// One that passes without anybody's doing.
    const fn passing(what: String) -> Self {
        Self { what, remedy: None, passes: true, keeper: None }
    }
}

/// What was replaced, by what, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switched<'a> {
    pub secret: &'a ObjectRef,
    pub marks: &'a Marks,
    /// The old certificate, where anything still hands it out.
    pub old: Option<&'a Certificate>,
    pub new: &'a Certificate,
    /// Copies that may not be written, each with why.
    pub refused: &'a [Exclusion],
    /// Secrets of other types than TLS with certificates and keys.
    pub elsewhere: &'a [TrustBundle],
    /// What `--trust` names.
    pub found: &'a [Found<'a>],
    /// Whether an address that cannot be asked keeps nothing.
    pub unverified: bool,
}

/// Everything that still needs the old one.
pub(super) fn needs(
    inventory: &Inventory,
    switched: Switched<'_>,
    now: OffsetDateTime,
) -> Vec<Need> {
    let mut all = stored(inventory, switched);
    all.extend(stored_elsewhere(switched));
    all.extend(served(inventory, switched));
    if !switched.unverified {
        all.extend(running(inventory, switched, now));
        all.extend(unseen(inventory, switched, now));
    }
    for need in &mut all {
        if let Some(remedy) = &mut need.remedy {
            *remedy = remedy.clone().aimed(inventory.target());
        }
    }
    all
}

/// Secrets with the old certificate, or with one that it signed.
fn stored(inventory: &Inventory, switched: Switched<'_>) -> Vec<Need> {
    let Switched { secret, marks, old, .. } = switched;
    let others = inventory.every_secret().filter(|it| !it.object.same_object(secret));
    let others = others.filter(|it| !it.is_previous() && !it.is_next());
    let mut needs = Vec::new();
    for other in others {
        let Some(leaf) = other.bundle.leaf() else { continue };
        let is_copy = leaf.sha256 == marks.replaces;
        let is_signed = old.is_some_and(|old| signed_by(old, other));
        if is_copy {
            let refused = switched.refused.iter().find(|no| no.object.same_object(&other.object));
            let why = refused.map_or_else(String::new, |no| format!(": {}", no.message));
            let remedy = refused.map_or_else(|| go_on_with_copies(secret), |no| no.remedy.clone());
            needs.push(Need {
                what: format!("{} holds the old certificate{why}", other.object.apart()),
                remedy: Some(remedy),
                passes: false,
                keeper: None,
            });
        } else if is_signed {
            needs.push(Need {
                what: format!(
                    "{} holds a certificate that the old CA signed",
                    other.object.apart()
                ),
                remedy: Some(signed_anew(inventory, other, secret)),
                passes: false,
                keeper: None,
            });
        }
    }
    needs
}

/// Secrets of another type from which a server may load the old certificate, or one that it signed.
fn stored_elsewhere(switched: Switched<'_>) -> Vec<Need> {
    let Switched { secret, marks, old, found, .. } = switched;
    let is_old = |(one, _): &(Arc<Certificate>, Vec<u8>)| {
        let is_signed = |old: &Certificate| !one.self_signed && chain::is_issuer_of(old, one);
        one.sha256 == marks.replaces || old.is_some_and(is_signed)
    };
    // What `--trust` names is trusted by, and the old one is taken from it in the end.
    let is_named = |pair: &TrustBundle, value: &TrustValue| {
        let mut named = found.iter().filter(|it| it.bundle.object.same_object(&pair.object));
        named.any(|it| it.values().iter().any(|named| named.key == value.key))
    };
    let need = |pair: &TrustBundle| {
        let serves_old = |value: &&TrustValue| {
            value.certificates.first().is_some_and(is_old) && !is_named(pair, value)
        };
        let value = pair.values.iter().find(serves_old)?;
        let holds = match value.certificates.first() {
            Some((one, _)) if one.sha256 == marks.replaces => "the old certificate",
            _ => "a certificate that the old CA signed",
        };
        let what = format!("{} holds {holds} with a key, in {}", pair.object.apart(), value.key);
        let mend = format!(
            "it is no TLS Secret, so that it is not written: put in it what {} holds now, or delete it",
            secret.short()
        );
        Some(Need { what, remedy: Some(mend.into()), passes: false, keeper: None })
    };
    switched.elsewhere.iter().filter_map(need).collect()
}

/// Whether this CA, or one below it, stands above the Secret's leaf.
pub(super) fn signed_by(ca: &Certificate, secret: &SecretFacts) -> bool {
    let chain = &secret.bundle.certificates;
    chain.iter().any(|one| !one.self_signed && chain::is_issuer_of(ca, one))
}

fn go_on_with_copies(secret: &ObjectRef) -> Remedy {
    let name = word(&secret.short());
    CommandLine::on_cluster(format!(
        "certwright rotate {name}{} --continue --copies",
        in_namespace(secret)
    ))
    .into()
}

/// How what the old CA signed is made again: by whoever renews it, or by us.
fn signed_anew(inventory: &Inventory, other: &SecretFacts, ca: &ObjectRef) -> Remedy {
    if let Some(owner) = &other.owner {
        return from_owner(inventory, owner);
    }
    let leaf = &other.object;
    let ca = format!("{}/secret/{}", ca.namespace(), ca.name);
    let name = word(&leaf.short());
    CommandLine::on_cluster(format!(
        "certwright rotate {name}{} --ca {}",
        in_namespace(leaf),
        word(&ca)
    ))
    .into()
}

/// Addresses that serve the old one, or that cannot be asked.
fn served(inventory: &Inventory, switched: Switched<'_>) -> Vec<Need> {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for answer in answers(inventory) {
        let place = format!("{} at {}", answer.demand.host, answer.served.place());
        if let Some(failure) = &answer.served.failure
            && answer.served.leaf().is_none()
        {
            if !switched.unverified {
                told.insert(format!("{place} could not be asked: {}", failure.message));
            }
            continue;
        }
        let chain = &answer.served.bundle.certificates;
        let is_old = chain.iter().any(|one| {
            one.sha256 == switched.marks.replaces
                || switched.old.is_some_and(|old| chain::is_issuer_of(old, one))
        });
        if is_old || matches!(answer.serves, Serves::Older(_)) {
            told.insert(format!("{place} still serves the old one"));
        }
    }
    told.into_iter().map(Need::passing).collect()
}

/// Whether a workload was restarted since the switch.
enum Restarted {
    Not,
    Rolling(String),
    Through,
}

fn restarted(workload: &ObjectRef, seen: &RolloutSeen, since: OffsetDateTime) -> Restarted {
    let at = seen.restarted_at.as_deref().and_then(|at| instant::parse(at).ok());
    if at.is_none_or(|at| at < since) {
        return Restarted::Not;
    }
    match rolling::state(workload, seen) {
        State::Through => Restarted::Through,
        State::Rolling(what) => Restarted::Rolling(what),
        State::Stuck(_) => Restarted::Not,
    }
}

/// Workloads that keep an old certificate: of every Secret that holds the new one, or one that the new CA signed.
fn running(inventory: &Inventory, switched: Switched<'_>, now: OffsetDateTime) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for (secret, since) in replaced(inventory, switched, now) {
        for need in running_of(inventory, (secret, since), switched, now) {
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
    }
    needs
}

/// The Secrets in which the old certificate, or what it signed, was replaced, and since when.
fn replaced<'i>(
    inventory: &'i Inventory,
    switched: Switched<'_>,
    now: OffsetDateTime,
) -> Vec<(&'i ObjectRef, OffsetDateTime)> {
    let since = switched.marks.switched_at.unwrap_or(now);
    let holds_new = |secret: &&SecretFacts| !secret.is_previous() && !secret.is_next();
    let found = inventory.every_secret().filter(holds_new).filter_map(|secret| {
        let leaf = secret.bundle.leaf()?;
        if leaf.sha256 == switched.new.sha256 {
            return Some((&secret.object, since));
        }
        // When it was signed is when it was put there.
        let is_signed = switched.new.is_ca && signed_by(switched.new, secret);
        is_signed.then(|| (&secret.object, leaf.not_before.saturating_add(BACKDATE)))
    });
    found.collect()
}

fn running_of(
    inventory: &Inventory,
    (secret, since): (&ObjectRef, OffsetDateTime),
    switched: Switched<'_>,
    now: OffsetDateTime,
) -> Vec<Need> {
    let readers = readers::readers(inventory, secret);
    let mut needs = Vec::new();
    let keeps = |sees: Sees| matches!(sees, Sees::AfterRestart | Sees::LoadsOnce(_));
    for reader in readers.iter().filter(|it| keeps(it.sees)) {
        let rollout = inventory.rollout(&reader.workload);
        match rollout.map(|seen| restarted(&reader.workload, seen, since)) {
            Some(Restarted::Through) => {}
            Some(Restarted::Rolling(what)) => needs.push(Need {
                what: format!("{} is rolled out: {what}", reader.workload.apart()),
                remedy: None,
                passes: true,
                keeper: None,
            }),
            Some(Restarted::Not) | None => needs.push(Need {
                what: format!(
                    "{} keeps the old certificate until it is restarted",
                    reader.workload.apart()
                ),
                remedy: reader.remedy.clone(),
                passes: false,
                keeper: Some((reader.workload.clone(), secret.clone())),
            }),
        }
    }
    let by = files_follow_by(since, switched.marks.soak);
    let files = readers.iter().filter(|it| it.sees == Sees::Files);
    let files: Vec<String> = files.map(|it| it.workload.short()).collect();
    if !files.is_empty() && now < by {
        let (files, by) = (files.join(", "), instant::show(by));
        needs.push(Need::passing(format!("the files of {files} may follow until {by}")));
    }
    needs
}

/// What could not be looked at, and may need it.
fn unseen(inventory: &Inventory, switched: Switched<'_>, now: OffsetDateTime) -> Vec<Need> {
    let unknown = |what: String, kinds: &str| Need {
        what: format!("{what}: whether the old certificate is needed there is not known"),
        remedy: Some(
            format!("RBAC: needs list on {kinds}; --retire-unverified goes on without").into(),
        ),
        passes: false,
        keeper: None,
    };
    let mut needs = Vec::new();
    if told::everywhere_is_unseen(inventory) {
        let what = "Secrets of other namespaces could not be listed".to_owned();
        needs.push(unknown(what, "secrets in all namespaces"));
    }
    let of = replaced(inventory, switched, now);
    let namespaces: BTreeSet<&str> = of.iter().map(|(secret, _)| secret.namespace()).collect();
    for namespace in namespaces {
        let kinds: Vec<&str> =
            inventory.unseen_workload_kinds(namespace).into_iter().map(Kind::plural).collect();
        if !kinds.is_empty() {
            let kinds = kinds.join(", ");
            let what = format!("{kinds} of namespace {namespace} could not be listed");
            needs.push(unknown(what, &kinds));
        }
        let is_list = |problem: &&Problem| {
            let object = &problem.object;
            let covers = object.namespace.as_deref().is_none_or(|it| it == namespace);
            object.kind == Kind::Ingress && object.name.is_empty() && covers
        };
        if inventory.problems().iter().any(|problem| is_list(&problem)) {
            let what = format!("Ingresses of namespace {namespace} could not be listed");
            needs.push(unknown(what, "ingresses"));
        }
    }
    needs
}
