//! Rotating: look, plan and apply, and look again at what somebody else changed meanwhile.
//!
//! Knows the loop. Refuses to decide what is rotated: that is `plan::rotation`'s.

use super::gather::{GatherError, Gathered, Looks, Source, gather, gather_one};
use super::{LOOKS, split_conflicts};
use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::audit::policy::Policy;
use crate::inventory::selection::Selection;
use crate::plan::outcome::Outcome;
use crate::plan::rotation::{self, FirstSeen, Wish};
use crate::plan::step::{Plan, Step};
use crate::world::World;
use std::sync::Arc;

/// How rotations are carried out.
pub struct Rotation<'a> {
    /// Where to look.
    pub source: &'a Source,
    /// What is chosen.
    pub selection: Selection,
    /// What is wanted.
    pub wish: Wish,
    /// Leads.
    pub policy: Policy,
    /// What travels beside the plan: the CA that signs.
    pub materials: Arc<Materials>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Called after each step, for progress.
    pub on_done: &'a (dyn Fn() + Sync),
}

impl std::fmt::Debug for Rotation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotation").field("wish", &self.wish).finish_non_exhaustive()
    }
}

impl Rotation<'_> {
    /// Looks and plans, and writes nothing.
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn planned(
        &self,
        first_seen: &FirstSeen,
        world: &World,
    ) -> Result<(Plan, Gathered), GatherError> {
        let gathered = gather(self.source, self.selection.clone(), &self.looks(), world).await?;
        let plan =
            rotation::plan(&gathered.inventory, &self.wish, &self.policy, first_seen, world.now);
        Ok((plan, gathered))
    }

    /// Plans and applies; where somebody else was faster, looks again and plans again, for what is
    /// still wanted then.
    ///
    /// # Errors
    /// As [`gather`]. What failed for a single Secret is in its outcome.
    pub async fn converged(
        &mut self,
        target: Target,
        world: &World,
    ) -> Result<(Plan, Vec<Outcome>, Gathered), GatherError> {
        let (plan, gathered) = self.planned(&FirstSeen::new(), world).await?;
        let first_seen = first_seen(&plan);
        let mut outcomes = self.apply(plan.steps.clone(), &target).await;
        let mut later = Plan::empty(world.now);
        for _ in 1..LOOKS {
            let (settled, conflicts) = split_conflicts(outcomes);
            outcomes = settled;
            if conflicts.is_empty() {
                break;
            }
            self.wish.named =
                conflicts.iter().map(|outcome| outcome.step.object().clone()).collect();
            let again = self.look_again(&first_seen, world).await?;
            later.skipped.extend(again.skipped);
            later.refused.extend(again.refused);
            outcomes.extend(self.apply(again.steps, &target).await);
        }
        let plan = Plan {
            skipped: [plan.skipped, later.skipped].concat(),
            refused: [plan.refused, later.refused].concat(),
            ..plan
        };
        Ok((plan, outcomes, gathered))
    }

    /// Only the Secrets that were in conflict, each by its own namespace.
    async fn look_again(&self, first_seen: &FirstSeen, world: &World) -> Result<Plan, GatherError> {
        let Source::Cluster { client, .. } = self.source else { return Ok(Plan::empty(world.now)) };
        let mut all = Plan::empty(world.now);
        for object in &self.wish.named {
            let inventory = gather_one(client, object, &self.looks(), world).await?;
            let wish = Wish { named: vec![object.clone()], ..self.wish.clone() };
            let plan = rotation::plan(&inventory, &wish, &self.policy, first_seen, world.now);
            all.steps.extend(plan.steps);
            all.skipped.extend(plan.skipped);
            all.refused.extend(plan.refused);
        }
        Ok(all)
    }

    /// Owners count only where they are about to be overridden.
    fn looks(&self) -> Looks {
        Looks { owners: self.wish.override_owner, makers: true, ..Looks::default() }
    }

    async fn apply(&self, steps: Vec<Step>, target: &Target) -> Vec<Outcome> {
        apply::cluster::apply(
            steps,
            Arc::clone(&self.materials),
            Arc::clone(&self.keys),
            target.clone(),
            self.on_done,
        )
        .await
    }
}

fn first_seen(plan: &Plan) -> FirstSeen {
    let replaced = plan.steps.iter().filter_map(|step| match step {
        Step::ReplacePair(step) => Some(step),
        Step::CreateSecret(_)
        | Step::WriteFiles(_)
        | Step::CreateObject(_)
        | Step::PatchObject(_)
        | Step::DeleteObject(_) => None,
    });
    replaced
        .map(|step| {
            let key = (step.object.namespace().to_owned(), step.object.name.clone());
            (key, step.before.as_ref().map(|leaf| leaf.sha256))
        })
        .collect()
}
