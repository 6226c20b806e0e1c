//! One workload restarted, as a goal: looked at, and annotated if nothing is in the way, once.

use super::{Verdict, verdict};
use crate::instant;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::step::{PatchObject, Plan, Step};
use std::convert::Infallible;
use time::{Duration, OffsetDateTime};

/// One workload that is restarted.
#[derive(Debug)]
pub struct Restarting {
    workload: ObjectRef,
    why: Vec<String>,
    /// What the annotation is to say.
    at: OffsetDateTime,
    /// What was to be written last.
    step: Option<PatchObject>,
}

impl Restarting {
    /// This workload, which keeps an old certificate for these reasons, at this instant.
    #[must_use]
    pub const fn new(workload: ObjectRef, why: Vec<String>, at: OffsetDateTime) -> Self {
        Self { workload, why, at, step: None }
    }

    /// What was to be written last; none while nothing was.
    #[must_use]
    pub fn into_step(self) -> Option<PatchObject> {
        self.step
    }
}

impl Goal for Restarting {
    type Awaited = Infallible;

    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        vec![Question::Object(self.workload.clone())]
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Infallible> {
        let mut plan = Plan::empty(now);
        if seen.is_absent(&self.workload) {
            // Nothing is left of it that could keep anything.
            return Next::Done { reached: None, plan };
        }
        let rollout = seen.rollout(&self.workload);
        let says = rollout.and_then(|rollout| rollout.restarted_at.as_deref());
        let is_ours = says == Some(&instant::show(self.at));
        if is_ours && self.step.is_some() {
            return Next::Done { reached: None, plan };
        }
        if is_ours {
            // Another restart in the same second: the template would stay as it is.
            self.at += Duration::SECOND;
        }
        match verdict(&self.workload, rollout, &self.why, self.at) {
            Verdict::Restart(step) => {
                self.step = Some((*step).clone());
                plan.steps.push(Step::PatchObject(*step));
                Next::Act { plan, order: Order::AtOnce, awaited: None }
            }
            Verdict::Leave(left) => {
                plan.refused.push(*left);
                Next::Refused(plan.aimed(seen.target()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::testing::{absent, rollouts};
    use crate::object_ref::Kind;
    use crate::observation::rollout::RolloutSeen;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

    fn web() -> ObjectRef {
        ObjectRef::namespaced(Kind::Deployment, "shop", "web")
    }

    /// What is next for a Deployment that says it was restarted then: the annotation that is written.
    fn next(goal: &mut Restarting, restarted_at: &str, paused: bool) -> String {
        let restarted_at = Some(restarted_at.to_owned()).filter(|at| !at.is_empty());
        let seen = RolloutSeen { paused, restarted_at, ..RolloutSeen::default() };
        told(goal.next(&rollouts(vec![(web(), seen)]), NOW))
    }

    fn told(next: Next<Infallible>) -> String {
        match next {
            Next::Act { plan, .. } => match &plan.steps[..] {
                [Step::PatchObject(step)] => format!("write {}", step.changes[0].after),
                other => format!("{other:?}"),
            },
            Next::Done { .. } => "done".to_owned(),
            Next::Refused(plan) => format!("left: {}", plan.refused[0].reason.code()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn it_is_annotated_once_and_a_second_look_finds_our_own_annotation() {
        let ours = "2026-11-21T12:00:00Z";
        let mut goal = Restarting::new(web(), Vec::new(), NOW);
        assert_eq!(next(&mut goal, "2025-01-01T00:00:00Z", false), format!("write {ours}"));
        // Somebody was faster, and nothing of ours is there.
        assert_eq!(next(&mut goal, "", false), format!("write {ours}"));
        assert_eq!(next(&mut goal, ours, false), "done");
        assert!(goal.into_step().is_some());
        // It was paused in the meantime.
        let mut goal = Restarting::new(web(), Vec::new(), NOW);
        assert_eq!(next(&mut goal, "", false), format!("write {ours}"));
        assert_eq!(next(&mut goal, "", true), "left: paused");
        // Another run has restarted it in the same second, before the Secret was written.
        let mut goal = Restarting::new(web(), Vec::new(), NOW);
        assert_eq!(next(&mut goal, ours, false), "write 2026-11-21T12:00:01Z");
        assert_eq!(next(&mut goal, "2026-11-21T12:00:01Z", false), "done");
    }

    #[test]
    fn what_is_gone_needs_no_restart() {
        let mut goal = Restarting::new(web(), Vec::new(), NOW);
        let mut inventory = rollouts(Vec::new());
        absent(&mut inventory, &web());
        assert_eq!(told(goal.next(&inventory, NOW)), "done");
        assert!(goal.into_step().is_none());
    }
}
