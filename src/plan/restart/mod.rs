//! Restarting what keeps the old certificate: which workloads are restarted, and which are left, and why.
//!
//! Decides whose Pods may be replaced by an annotation of their template, as `kubectl rollout restart` does it.
//! Refuses to know what became of the Secrets, and when a rollout is over: that is [`rolling`]'s.
//! Source: kubectl `pkg/polymorphichelpers/objectrestarter.go`, which refuses a paused Deployment too.

mod one;
pub mod rolling;

pub use one::Restarting;

use super::readers::{Sees, sees};
use super::step::{Exclusion, FieldChange, PatchObject, Plan, Reason, Step};
use crate::audit::remedy::{in_namespace, word};
use crate::instant;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::rollout::{RESTARTED_AT, RolloutSeen};
use crate::remedy::{CommandLine, Remedy};
use serde_json::json;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// The workloads that keep the old certificate of any of these Secrets until they are restarted, each once,
/// with why.
#[must_use]
pub fn of_secrets(inventory: &Inventory, secrets: &[&ObjectRef]) -> Vec<(ObjectRef, Vec<String>)> {
    let mut all: BTreeMap<ObjectRef, Vec<String>> = BTreeMap::new();
    for secret in secrets {
        for one in inventory.uses(secret) {
            let why = match sees(one) {
                Sees::LoadsOnce(program) => {
                    format!("it runs {program}, which loads {} once", secret.short())
                }
                Sees::AfterRestart => format!("it keeps {} as it was", secret.short()),
                Sees::NextRun | Sees::Files | Sees::WhenItAsks => continue,
            };
            all.entry(one.workload.clone()).or_default().push(why);
        }
    }
    all.into_iter().collect()
}

/// What becomes of one workload.
#[derive(Debug)]
pub enum Verdict {
    /// It is restarted.
    Restart(Box<PatchObject>),
    /// It is left as it is.
    Leave(Box<Exclusion>),
}

/// Puts behind the steps of a plan those that restart what keeps the certificates of these Secrets, and among
/// what it passes over what is not restarted.
pub fn planned(
    plan: &mut Plan,
    inventory: &Inventory,
    secrets: &[&ObjectRef],
    now: OffsetDateTime,
) {
    let mut own = Plan::empty(now);
    for (workload, why) in of_secrets(inventory, secrets) {
        match verdict(&workload, inventory.rollout(&workload), &why, now) {
            // What it is by the time that it is restarted is looked at then.
            Verdict::Restart(step) => {
                let step = PatchObject { resource_version: None, ..*step };
                own.steps.push(Step::PatchObject(step));
            }
            Verdict::Leave(left) => own.skipped.push(*left),
        }
    }
    let own = own.aimed(inventory.target());
    plan.steps.extend(own.steps);
    plan.skipped.extend(own.skipped);
}

/// Whether workloads could not be listed that may keep certificates of these Secrets.
#[must_use]
pub fn is_unknown(inventory: &Inventory, secrets: &[&ObjectRef]) -> bool {
    let unseen = |secret: &&ObjectRef| inventory.unseen_workload_kinds(secret.namespace());
    secrets.iter().flat_map(unseen).any(|kind| kind != Kind::CronJob)
}

/// What becomes of a workload that was seen so, and that keeps an old certificate for these reasons.
#[must_use]
pub fn verdict(
    workload: &ObjectRef,
    rollout: Option<&RolloutSeen>,
    why: &[String],
    now: OffsetDateTime,
) -> Verdict {
    match (obstacle(workload, rollout), rollout) {
        (None, Some(seen)) => Verdict::Restart(Box::new(restart(workload, seen, why, now))),
        (Some((reason, message, remedy)), _) => {
            let object = workload.clone();
            Verdict::Leave(Box::new(Exclusion { object, reason, message, remedy }))
        }
        (None, None) => {
            let message = "its Pods keep the old certificate until they are restarted".to_owned();
            let (object, remedy) = (workload.clone(), by_hand(workload, None));
            Verdict::Leave(Box::new(Exclusion { object, reason: Reason::ByHand, message, remedy }))
        }
    }
}

/// What is said of a workload whose kind is not restarted, whatever it looks like by now; nothing of others.
#[must_use]
pub fn left(workload: &ObjectRef) -> Option<Exclusion> {
    match verdict(workload, None, &[], OffsetDateTime::UNIX_EPOCH) {
        Verdict::Leave(left) if !is_rolled(workload.kind) => Some(*left),
        _ => None,
    }
}

/// Whether its kind replaces Pods by those of its template.
const fn is_rolled(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
}

/// The step of a workload that could not be looked at.
#[must_use]
pub fn unseen(workload: &ObjectRef) -> PatchObject {
    PatchObject {
        strategic: false,
        object: workload.clone(),
        resource_version: None,
        patch: json!({}),
        changes: Vec::new(),
        notes: Vec::new(),
    }
}

/// How somebody restarts a workload by hand.
#[must_use]
pub fn by_hand(workload: &ObjectRef, rollout: Option<&RolloutSeen>) -> Remedy {
    match obstacle(workload, rollout) {
        Some((_, _, remedy)) => remedy,
        None => rollout_command("restart", workload).into(),
    }
}

/// `kubectl rollout VERB KIND/NAME -n NAMESPACE`.
#[must_use]
pub fn rollout_command(verb: &str, workload: &ObjectRef) -> CommandLine {
    let (name, within) = (workload.short(), in_namespace(workload));
    CommandLine::on_cluster(format!("kubectl rollout {verb} {}{within}", word(&name)))
}

/// Why a workload is not restarted here, and what somebody does about it; nothing where it is.
fn obstacle(
    workload: &ObjectRef,
    rollout: Option<&RolloutSeen>,
) -> Option<(Reason, String, Remedy)> {
    let keeps = |why: &str| format!("it keeps the old certificate: {why}");
    let by_hand = |what: &str, remedy: String| Some((Reason::ByHand, keeps(what), remedy.into()));
    let name = workload.short();
    match workload.kind {
        kind if is_rolled(kind) => {}
        Kind::ReplicaSet => {
            let remedy = format!("delete the Pods of {name} one by one: it makes new ones");
            return by_hand("a ReplicaSet does not replace its Pods", remedy);
        }
        kind => {
            let noun = if kind == Kind::Job { "Job" } else { "Pod" };
            let remedy = format!("delete {name} and create it again, for nothing restarts it");
            return by_hand(&format!("a {noun} runs as it was started"), remedy);
        }
    }
    let seen = rollout?;
    if seen.terminating {
        let remedy = "nothing is left to do: its Pods end with it".into();
        return Some((Reason::BeingDeleted, "it is being deleted".to_owned(), remedy));
    }
    if let Some(owner) = &seen.controller {
        let message = keeps(&format!("{owner} controls it, and would take a restart back"));
        let remedy = format!("restart {name} by way of {owner}, as whoever runs that says").into();
        return Some((Reason::Owned, message, remedy));
    }
    if seen.paused {
        // A Deployment that goes on begins what was held back: that is for whoever paused it.
        let remedy = rollout_command("resume", workload).and(rollout_command("restart", workload));
        let message = keeps("its rollouts are paused, and whoever paused them wants no new Pods");
        return Some((Reason::Paused, message, remedy.into()));
    }
    if seen.on_delete {
        let message =
            keeps("by its updateStrategy OnDelete, Pods are replaced once they are deleted");
        let remedy = format!("delete {} one after the other", its_pods(workload, seen));
        return Some((Reason::ByHand, message, remedy.into()));
    }
    None
}

/// The Pods of a workload, as people name them.
fn its_pods(workload: &ObjectRef, seen: &RolloutSeen) -> String {
    let (first, last) = (seen.first_ordinal, seen.first_ordinal + seen.wanted - 1);
    match (workload.kind, &seen.selector) {
        (Kind::StatefulSet, _) if first <= last => pods(workload, first, last),
        (_, Some(labels)) => {
            let (labels, within) = (word(labels), in_namespace(workload));
            format!("the Pods of {} (kubectl get pods -l {labels}{within})", workload.short())
        }
        (_, None) => format!("the Pods of {}", workload.short()),
    }
}

/// The Pods of a StatefulSet from this ordinal to that.
fn pods(workload: &ObjectRef, first: i64, last: i64) -> String {
    let name = &workload.name;
    if first == last {
        format!("{name}-{first}")
    } else {
        format!("{name}-{first} to {name}-{last}")
    }
}

/// The step that has its Pods replaced.
fn restart(
    workload: &ObjectRef,
    seen: &RolloutSeen,
    why: &[String],
    now: OffsetDateTime,
) -> PatchObject {
    let at = instant::show(now);
    let before = seen.restarted_at.clone().unwrap_or_default();
    let mut notes = why.to_vec();
    let (first, kept) = (seen.first_ordinal, seen.partition.min(seen.wanted));
    if workload.kind == Kind::StatefulSet && kept > 0 {
        let last = first + kept - 1;
        let (partition, pods) = (seen.partition, pods(workload, first, last));
        let told = if first == last {
            "is not restarted, and keeps"
        } else {
            "are not restarted, and keep"
        };
        notes.push(format!(
            "its updateStrategy has partition {partition}: {pods} {told} the old certificate"
        ));
    }
    let annotations = json!({ RESTARTED_AT: at });
    PatchObject {
        strategic: false,
        object: workload.clone(),
        resource_version: seen.resource_version.clone(),
        patch: json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } }),
        changes: vec![FieldChange::new(
            format!("annotation {RESTARTED_AT} of its Pods"),
            before,
            at,
        )],
        notes,
    }
}

#[cfg(test)]
mod tests;
