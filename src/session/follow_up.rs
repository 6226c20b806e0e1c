//! What follows a Secret that was written: the Ingresses of GKE's that name it are touched.
//!
//! Knows that a touch that fails takes nothing from what was written: it is said, with the command.

use super::Run;
use crate::apply::cluster::Target;
use crate::cluster::Client;
use crate::converge;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::plan::follow_up::{FollowUp, behind, of_secrets};
use crate::plan::outcome::Outcome;
use crate::plan::step::{Plan, Step};
use std::sync::Arc;

/// Notes of what is to follow the steps of this plan.
pub(crate) fn planned(plan: &mut Plan, seen: &Inventory, nudge: bool, run: Run<'_>) {
    let secrets: Vec<&ObjectRef> = plan.steps.iter().filter_map(Step::replaced).collect();
    let follow = of_secrets(seen, &secrets, run.now());
    plan.notes.extend(follow.iter().map(|one| one.planned(nudge)));
}

/// Carries out what follows these outcomes, and notes it.
pub(crate) async fn carry_out(
    (plan, outcomes): (&mut Plan, &[Outcome]),
    seen: &Inventory,
    (client, nudge): (&Client, bool),
    run: Run<'_>,
) {
    let is_done = |outcome: &&Outcome| outcome.result.as_ref().is_ok_and(|done| !done.tried_only);
    let written = outcomes.iter().filter(is_done).filter_map(|outcome| outcome.step.replaced());
    let written: Vec<&ObjectRef> = written.collect();
    tell(plan, of_secrets(seen, &written, run.now()), (client, nudge), run).await;
}

/// Wakes the load balancers that have another certificate than these Secrets hold, and notes it.
pub(crate) async fn touch_behind(
    plan: &mut Plan,
    seen: &Inventory,
    secrets: &[&ObjectRef],
    nudge: (&Client, bool),
    run: Run<'_>,
) {
    tell(plan, behind(seen, secrets, run.now()), nudge, run).await;
}

async fn tell(
    plan: &mut Plan,
    follow: Vec<FollowUp>,
    (client, nudge): (&Client, bool),
    run: Run<'_>,
) {
    for follow in follow {
        let note = match &follow {
            FollowUp::Touch(touch) if nudge => {
                let target = Target::new(client.clone(), false);
                let step = vec![Step::PatchObject((**touch).clone())];
                let outcomes = converge::in_order(step, Arc::new(run.keys()), target).await;
                let failed = outcomes.first().and_then(|outcome| outcome.result.as_ref().err());
                follow.told(failed.map(|failed| failed.message.as_str()))
            }
            FollowUp::Touch(_) | FollowUp::Leave(..) => follow.planned(false),
        };
        plan.notes.push(note);
    }
}
