//! Bootstrapping a domain: plan and apply until nothing is left, and go on looking until it serves.
//!
//! Knows the loop. Refuses to decide what is written: that is `plan::bootstrap`'s.

use super::gather::{GatherError, answer_surely, gather_events, gather_sure};
use super::waiting::{SURE_AFTER, Server, Waiting};
use super::{LOOKS, split_conflicts, stopped_by};
use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::cluster::Client;
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::observation::Question;
use crate::observe;
use crate::plan::bootstrap::{self, Progress};
use crate::plan::outcome::{Obstacle, Outcome};
use crate::plan::step::{LeftOut, Plan, Step};
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
    /// Objects stand in the way that are about to go.
    Going(&'a [LeftOut]),
    /// The server is away, or back.
    Server(Server<'a>),
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
    /// As [`gather`](super::gather::gather).
    pub async fn planned(&mut self, world: &World) -> Result<(Plan, Inventory), GatherError> {
        let inventory = gather_wanted(self.client, &self.wish, world).await?;
        Ok((bootstrap::plan(&inventory, &self.wish, world.now, false), inventory))
    }

    /// Plans and applies until nothing is left, and goes on looking until there is an address and
    /// the certificate is Active. What somebody undoes meanwhile is done again, `LOOKS` times.
    ///
    /// # Errors
    /// As [`gather`](super::gather::gather), for a first look that fails and for what no later look can mend.
    pub async fn converged(&mut self, world: &World) -> Result<Bootstrapped, GatherError> {
        observe::cluster::namespace_is_there(self.client, &self.wish.namespace).await?;
        let mut run = Run {
            waiting: Waiting::new(self.wait),
            outcomes: Vec::new(),
            writes: 0,
            shown: None,
            hopeless_looks: 0,
            seen_at: crate::remedy::Target::default(),
        };
        loop {
            let inventory = self.looked(&mut run.waiting, world).await?;
            run.seen_at.clone_from(inventory.target());
            let mut plan = bootstrap::plan(&inventory, &self.wish, world.now, false);
            let progress = Progress::of(&inventory, &self.wish);
            if !self.went_on(&mut plan, &progress, &mut run).await {
                return Ok(Bootstrapped { plan, outcomes: run.outcomes, progress });
            }
        }
    }

    async fn looked(
        &mut self,
        waiting: &mut Waiting,
        world: &World,
    ) -> Result<Inventory, GatherError> {
        let (client, wish, tell) = (self.client, &self.wish, &mut self.tell);
        let look = || gather_wanted(client, wish, world);
        waiting.look(look, &mut |server| tell(Told::Server(server))).await
    }

    /// Does what is next: writes, or waits. False when neither is left, or makes no sense.
    async fn went_on(&mut self, plan: &mut Plan, progress: &Progress, run: &mut Run) -> bool {
        if !plan.refused.is_empty() {
            let goes_on = self.wait && bootstrap::is_going(plan);
            if goes_on {
                self.show(Shown::Going(plan.refused.clone()), run);
                run.waiting.rest().await;
            }
            return goes_on;
        }
        if !plan.steps.is_empty() {
            return self.wrote(plan, run).await;
        }
        if self.wait {
            self.show(Shown::Progress(progress.clone()), run);
        }
        let hopeless = progress.managed.as_ref().and_then(Managed::permanent_failure).is_some();
        run.hopeless_looks = if hopeless { run.hopeless_looks + 1 } else { 0 };
        let goes_on = self.wait && !progress.is_done() && run.hopeless_looks < SURE_AFTER;
        if goes_on {
            run.waiting.rest().await;
        }
        goes_on
    }

    /// Carries the plan out, as far as it goes; false when another look is no use.
    async fn wrote(&mut self, plan: &mut Plan, run: &mut Run) -> bool {
        if run.writes == LOOKS {
            let undone = std::mem::replace(plan, Plan::empty(plan.now));
            *plan = bootstrap::put_back(undone, &run.seen_at);
            return false;
        }
        let target = Target { client: self.client.clone(), dry_run: self.dry_run };
        let tell = &mut self.tell;
        let mut done = apply::cluster::apply_in_order(
            plan.steps.clone(),
            Arc::new(Materials::default()),
            Arc::clone(&self.keys),
            target,
            &mut |step| tell(Told::Step(step)),
        )
        .await;
        let away = done.last().and_then(|outcome| stopped_by(outcome, Obstacle::Away));
        if let Some(failed) = away.cloned().filter(|_| self.wait) {
            done.pop();
            run.outcomes.append(&mut done);
            let mut tell = |server: Server<'_>| tell(Told::Server(server));
            run.waiting.not_written(&failed.message, &mut tell).await;
            return true;
        }
        run.writes += 1;
        run.waiting.written();
        let (done, conflicts) = split_conflicts(done);
        let failed = done.iter().any(|outcome| outcome.result.is_err());
        run.outcomes.extend(done);
        // A conflict is looked at again, and told when it outlasts every look.
        let over = failed || self.dry_run || (run.writes == LOOKS && !conflicts.is_empty());
        if over {
            run.outcomes.extend(conflicts);
        }
        !over
    }

    /// Tells of it, unless it was the last thing told.
    fn show(&mut self, shown: Shown, run: &mut Run) {
        if run.shown.as_ref() == Some(&shown) {
            return;
        }
        (self.tell)(match &shown {
            Shown::Progress(progress) => Told::Progress(progress),
            Shown::Going(going) => Told::Going(going),
        });
        run.shown = Some(shown);
        run.waiting.look_soon();
    }
}

/// What a run has come to between two looks.
struct Run {
    waiting: Waiting,
    outcomes: Vec<Outcome>,
    /// How often the plan was carried out.
    writes: usize,
    /// What was told last of that which is waited for.
    shown: Option<Shown>,
    /// How many looks in a row showed what cannot heal.
    hopeless_looks: usize,
    /// Where the cluster is, in the words of the user.
    seen_at: crate::remedy::Target,
}

#[derive(PartialEq, Eq)]
enum Shown {
    Progress(Progress),
    Going(Vec<LeftOut>),
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
    let mut inventory = gather_sure(client, &questions, world).await?;
    let successors = bootstrap::successors(&inventory, wish).into_iter().map(Question::Object);
    answer_surely(client, &successors.collect::<Vec<_>>(), &mut inventory, world).await?;
    if let Some(ingress) = bootstrap::without_address(&inventory, wish) {
        gather_events(client, [ingress], &mut inventory, world).await?;
    }
    Ok(inventory)
}
