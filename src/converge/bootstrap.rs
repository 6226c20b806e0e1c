//! Bootstrapping a domain: plan and apply until nothing is left, then wait until it serves.
//!
//! Knows the loop and its pauses. Refuses to decide what is written: that is `plan::bootstrap`'s.
#![expect(clippy::disallowed_methods, reason = "waiting is converging: it sleeps between looks")]

use super::gather::{GatherError, gather_sure};
use super::{FIRST_PAUSE, LONGEST_PAUSE, LOOKS, split_conflicts};
use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::cluster::Client;
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::observation::Question;
use crate::observe;
use crate::plan::bootstrap::{self, Progress};
use crate::plan::outcome::Outcome;
use crate::plan::step::{Plan, Step};
use crate::world::World;
use std::sync::Arc;

/// How a domain is bootstrapped.
pub struct Bootstrap<'a> {
    /// The cluster.
    pub client: &'a Client,
    /// What is wanted.
    pub wish: bootstrap::Wish,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Whether the server shall only try.
    pub dry_run: bool,
    /// Whether to wait for the address and for Active.
    pub wait: bool,
    /// Told of each step and of each change while waiting.
    pub tell: &'a mut (dyn FnMut(Told<'_>) + Send),
}

impl std::fmt::Debug for Bootstrap<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bootstrap").field("wish", &self.wish).finish_non_exhaustive()
    }
}

/// What is told while a bootstrap goes on.
#[derive(Debug)]
pub enum Told<'a> {
    /// A step is about to be carried out.
    Step(&'a Step),
    /// Something changed in what is waited for.
    Progress(&'a Progress),
}

/// How a bootstrap ended.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The last plan: its refusals and notes.
    pub plan: Plan,
    /// What became of every step.
    pub outcomes: Vec<Outcome>,
    /// How far it has come.
    pub progress: Progress,
}

impl Bootstrap<'_> {
    /// Looks and plans, and writes nothing.
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn planned(&mut self, world: &World) -> Result<(Plan, Inventory), GatherError> {
        let inventory = gather_wanted(self.client, &self.wish, world).await?;
        Ok((bootstrap::plan(&inventory, &self.wish, world.now, false), inventory))
    }

    /// Plans and applies until nothing is left, then waits for the address and for Active.
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn converged(&mut self, world: &World) -> Result<Bootstrapped, GatherError> {
        let mut outcomes = Vec::new();
        observe::cluster::namespace_is_there(self.client, &self.wish.namespace).await?;
        for look in 1..=LOOKS {
            let (plan, inventory) = self.planned(world).await?;
            let progress = Progress::of(&inventory, &self.wish);
            if plan.steps.is_empty() || !plan.refused.is_empty() {
                return self.waited(Bootstrapped { plan, outcomes, progress }, world).await;
            }
            let target = Target { client: self.client.clone(), dry_run: self.dry_run };
            let tell = &mut self.tell;
            let done = apply::cluster::apply_in_order(
                plan.steps.clone(),
                Arc::new(Materials::default()),
                Arc::clone(&self.keys),
                target,
                &mut |step| tell(Told::Step(step)),
            )
            .await;
            let (mut done, conflicts) = split_conflicts(done);
            let failed = done.iter().any(|outcome| outcome.result.is_err());
            outcomes.append(&mut done);
            // A conflict is looked at again, and told when it outlasts every look.
            if failed || self.dry_run || (look == LOOKS && !conflicts.is_empty()) {
                outcomes.extend(conflicts);
                return Ok(Bootstrapped { plan, outcomes, progress });
            }
        }
        let (plan, inventory) = self.planned(world).await?;
        let progress = Progress::of(&inventory, &self.wish);
        let plan = bootstrap::put_back(plan);
        self.waited(Bootstrapped { plan, outcomes, progress }, world).await
    }

    /// Waits until nothing is left to wait for, or something cannot heal by itself.
    async fn waited(
        &mut self,
        mut end: Bootstrapped,
        world: &World,
    ) -> Result<Bootstrapped, GatherError> {
        let mut pause = FIRST_PAUSE;
        let mut told = None;
        while self.wait && end.plan.refused.is_empty() {
            if told.as_ref() != Some(&end.progress) {
                (self.tell)(Told::Progress(&end.progress));
                told = Some(end.progress.clone());
                pause = FIRST_PAUSE;
            }
            let hopeless =
                end.progress.managed.as_ref().and_then(Managed::permanent_failure).is_some();
            if end.progress.is_done() || hopeless {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let inventory = gather_wanted(self.client, &self.wish, world).await?;
            end.progress = Progress::of(&inventory, &self.wish);
        }
        Ok(end)
    }
}

/// The objects and the Secret that a bootstrap builds on.
async fn gather_wanted(
    client: &Client,
    wish: &bootstrap::Wish,
    world: &World,
) -> Result<Inventory, GatherError> {
    let objects = bootstrap::objects(wish).into_iter().map(Question::Object);
    let questions: Vec<Question> =
        objects.chain(bootstrap::secret(wish).map(Question::Secret)).collect();
    gather_sure(client, &questions, world).await
}
