//! Rolled out, as a goal: every Pod of what was restarted is a new one, and serves.
//!
//! Judges by the same numbers as `kubectl rollout status`, in the same order. Refuses to call a rollout stuck that
//! its controller has not given up. Source: kubectl `pkg/polymorphichelpers/rollout_status.go`.

use super::rollout_command;
use crate::audit::remedy::{in_namespace, word};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Question;
use crate::observation::rollout::RolloutSeen;
use crate::plan::goal::{Goal, Next};
use crate::plan::step::Plan;
use crate::remedy::{Advice, CommandLine};
use time::OffsetDateTime;

/// Workloads whose Pods are being replaced.
#[derive(Debug)]
pub struct RollingOut {
    /// Those that were not seen to be through.
    pending: Vec<ObjectRef>,
    total: usize,
}

/// How far they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollouts {
    /// How many are through.
    pub done: usize,
    /// How many there are.
    pub total: usize,
    /// The others, each with what it waits for: a clause.
    pub waiting: Vec<(ObjectRef, String)>,
}

/// How far one of them is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Every Pod that is to be replaced is.
    Through,
    /// Not yet: a clause.
    Rolling(String),
    /// It will not be unless somebody acts.
    Stuck(Advice),
}

impl RollingOut {
    /// These, which were restarted.
    #[must_use]
    pub fn new(workloads: Vec<ObjectRef>) -> Self {
        Self { total: workloads.len(), pending: workloads }
    }
}

impl Goal for RollingOut {
    type Awaited = Rollouts;

    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        self.pending.iter().cloned().map(Question::Object).collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Rollouts> {
        let plan = Plan::empty(now);
        // What is gone keeps nothing.
        let state_of = |workload: &ObjectRef| {
            let rollout = seen.rollout(workload).filter(|_| !seen.is_absent(workload));
            rollout.map_or(State::Through, |rollout| state(workload, rollout))
        };
        let mut waiting = Vec::new();
        let mut stuck: Option<Advice> = None;
        let mut goes_on = false;
        for workload in &self.pending {
            let what = match state_of(workload) {
                State::Through => continue,
                State::Rolling(what) => {
                    goes_on = true;
                    what
                }
                State::Stuck(advice) => {
                    stuck.get_or_insert_with(|| advice.clone());
                    advice.message
                }
            };
            waiting.push((workload.clone(), what));
        }
        self.pending = waiting.iter().map(|(workload, _)| workload.clone()).collect();
        let done = self.total - waiting.len();
        let awaited = Rollouts { done, total: self.total, waiting };
        match stuck {
            Some(advice) if !goes_on => {
                let remedy = advice.remedy.aimed(seen.target());
                let first = awaited.waiting.first().map(|(workload, _)| workload.short());
                let message = format!("{}: {}", first.unwrap_or_default(), advice.message);
                Next::Hopeless { awaited, advice: Advice { message, remedy }, plan }
            }
            _ if awaited.waiting.is_empty() => Next::Done { reached: None, plan },
            _ => Next::Wait { awaited, plan },
        }
    }
}

/// How far a workload is that was seen so.
#[must_use]
pub fn state(workload: &ObjectRef, seen: &RolloutSeen) -> State {
    if seen.observed_generation < seen.generation {
        if seen.paused {
            return paused(workload);
        }
        return State::Rolling("its controller has not seen the restart yet".to_owned());
    }
    match workload.kind {
        Kind::Deployment => deployment(workload, seen),
        Kind::StatefulSet => stateful_set(seen),
        _ => daemon_set(seen),
    }
}

fn deployment(workload: &ObjectRef, seen: &RolloutSeen) -> State {
    if seen.gave_up {
        let message = "its new Pods did not become available within progressDeadlineSeconds, and old ones may go on with the old certificate (kubectl rollout undo takes back the restart, and not the new certificate)";
        let (name, within) = (workload.short(), in_namespace(workload));
        let describe = format!("kubectl describe {}{within}", word(&name));
        return State::Stuck(Advice::new(message, CommandLine::on_cluster(describe)));
    }
    let is_new = seen.updated >= seen.wanted && seen.pods <= seen.updated;
    if seen.paused && !is_new {
        return paused(workload);
    }
    if seen.updated < seen.wanted {
        return State::Rolling(format!("{} of {} Pods are new", seen.updated, seen.wanted));
    }
    if seen.pods > seen.updated {
        let old = seen.pods - seen.updated;
        let (noun, verb) = if old == 1 { ("Pod", "is") } else { ("Pods", "are") };
        return State::Rolling(format!("{old} old {noun} {verb} still there"));
    }
    if seen.available < seen.updated {
        let (available, updated) = (seen.available, seen.updated);
        return State::Rolling(format!("{available} of {updated} new Pods are available"));
    }
    State::Through
}

/// Paused in the middle: its controller goes on when it is resumed, and not before.
fn paused(workload: &ObjectRef) -> State {
    let message = "it was paused before all of its Pods were replaced";
    State::Stuck(Advice::new(message, rollout_command("resume", workload)))
}

fn daemon_set(seen: &RolloutSeen) -> State {
    let RolloutSeen { updated, wanted, available, .. } = seen;
    if updated < wanted {
        return State::Rolling(format!("{updated} of {wanted} Pods are new"));
    }
    if available < wanted {
        return State::Rolling(format!("{available} of {wanted} new Pods are available"));
    }
    State::Through
}

fn stateful_set(seen: &RolloutSeen) -> State {
    let RolloutSeen { updated, wanted, ready, partition, .. } = *seen;
    if ready < wanted {
        return State::Rolling(format!("{ready} of {wanted} Pods are ready"));
    }
    let to_replace = (wanted - partition).max(0);
    if updated < to_replace {
        return State::Rolling(format!("{updated} of {to_replace} Pods are new"));
    }
    State::Through
}

#[cfg(test)]
mod tests;
