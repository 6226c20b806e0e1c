//! What still needs the old certificate after the switch: Secrets that hold it or what it signed, addresses that
//! serve it, workloads that keep it until they are restarted.
//!
//! Knows only what was seen. What could not be seen is not nothing: it is told, and keeps the old one.

use super::stage::files_follow_by;
use super::staged::Marks;
use crate::audit::remedy::{in_namespace, word};
use crate::audit::served::{Serves, answers};
use crate::instant;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::observation::rollout::RolloutSeen;
use crate::plan::readers::{self, Sees};
use crate::plan::restart::rolling::{self, State};
use crate::remedy::{CommandLine, Remedy};
use crate::x509::cert::Certificate;
use crate::x509::chain;
use std::collections::BTreeSet;
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
}

/// What was replaced, by what, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switched<'a> {
    pub secret: &'a ObjectRef,
    pub marks: &'a Marks,
    /// The old certificate, where anything still hands it out.
    pub old: Option<&'a Certificate>,
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
    all.extend(served(inventory, switched));
    all.extend(running(inventory, switched, now));
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
            needs.push(Need {
                what: format!("{} holds the old certificate", other.object.apart()),
                remedy: Some(go_on_with_copies(secret)),
                passes: false,
            });
        } else if is_signed {
            needs.push(Need {
                what: format!(
                    "{} holds a certificate that the old CA signed",
                    other.object.apart()
                ),
                remedy: Some(signed_anew(&other.object, secret)),
                passes: false,
            });
        }
    }
    needs
}

/// Whether the old CA, or one below it, stands above this Secret's leaf.
fn signed_by(old: &Certificate, other: &SecretFacts) -> bool {
    let chain = &other.bundle.certificates;
    chain.iter().any(|one| !one.self_signed && chain::is_issuer_of(old, one))
}

fn go_on_with_copies(secret: &ObjectRef) -> Remedy {
    let name = word(&secret.short());
    CommandLine::on_cluster(format!("certwright rotate {name}{} --copies", in_namespace(secret)))
        .into()
}

fn signed_anew(leaf: &ObjectRef, ca: &ObjectRef) -> Remedy {
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
    told.into_iter().map(|what| Need { what, remedy: None, passes: true }).collect()
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

/// Workloads that keep it.
fn running(inventory: &Inventory, switched: Switched<'_>, now: OffsetDateTime) -> Vec<Need> {
    let readers = readers::readers(inventory, switched.secret);
    let mut needs = Vec::new();
    let keeps = |sees: Sees| matches!(sees, Sees::AfterRestart | Sees::LoadsOnce(_));
    for reader in readers.iter().filter(|it| keeps(it.sees) && !switched.unverified) {
        let rollout = inventory.rollout(&reader.workload);
        let since = switched.marks.switched_at.unwrap_or(now);
        match rollout.map(|seen| restarted(&reader.workload, seen, since)) {
            Some(Restarted::Through) => {}
            Some(Restarted::Rolling(what)) => needs.push(Need {
                what: format!("{} is rolled out: {what}", reader.workload.apart()),
                remedy: None,
                passes: true,
            }),
            Some(Restarted::Not) | None => needs.push(Need {
                what: format!(
                    "{} keeps the old certificate until it is restarted",
                    reader.workload.apart()
                ),
                remedy: reader.remedy.clone(),
                passes: false,
            }),
        }
    }
    let since = switched.marks.switched_at.unwrap_or(now);
    let by = files_follow_by(since, switched.marks.soak);
    let files: Vec<String> =
        readers.iter().filter(|it| it.sees == Sees::Files).map(|it| it.workload.short()).collect();
    if !files.is_empty() && now < by {
        needs.push(Need {
            what: format!(
                "the files of {} may follow until {}",
                files.join(", "),
                instant::show(by)
            ),
            remedy: None,
            passes: true,
        });
    }
    needs
}
