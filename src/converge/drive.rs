//! The loop: look, ask the goal what is next, write or wait, and look again.
//!
//! Every wait polls: a look that fails for want of a connection is tried again, and what somebody
//! else changed at the same time is looked at anew. Knows how sure to be before something is
//! believed, when to pause and when writing on would be a fight. Refuses to decide what is next:
//! that is the goal's (`plan::goal`).
#![expect(clippy::disallowed_methods, reason = "the loop ends when the time of the command is up")]

use super::gather::{self, GatherError, Gathered, Probes, Source};
use super::waiting::{Server, Waiting};
use crate::apply;
use crate::apply::ahead::Ahead;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::cluster::Client;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next, Order, SURE_AFTER, reverted};
use crate::plan::outcome::{Failed, FailureReason, Outcome};
use crate::plan::step::{Plan, Step};
use crate::remedy::Advice;
use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant;

/// How often one object is written before it is reported that somebody keeps reverting it, or is
/// always faster.
const MAX_ATTEMPTS: usize = 5;

/// What is looked at.
#[derive(Debug)]
pub enum View<'a> {
    /// Only what the goal asks about, each read or known to be absent.
    Asked(&'a Client),
    /// What was chosen, with all that it leads to.
    Chosen {
        /// Where.
        source: &'a Source,
        /// What.
        selection: &'a Selection,
        /// What is looked at beside it.
        probes: &'a Probes,
    },
}

/// How steps are carried out.
pub struct Means {
    /// What travels beside the plan.
    pub materials: Arc<Materials>,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Whether the server shall only try (`--dry-run=server`): then nothing follows from it.
    pub dry_run: bool,
    /// When the time is up, by `--timeout`.
    pub deadline: Option<Instant>,
    /// See [`Target::keep_going`].
    pub keep_going: bool,
}

impl Means {
    /// Without bytes beside the plan.
    #[must_use]
    pub fn new(keys: Arc<dyn KeySource>, dry_run: bool) -> Self {
        let materials = Arc::new(Materials::default());
        Self { materials, keys, dry_run, deadline: None, keep_going: false }
    }
}

impl std::fmt::Debug for Means {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means").field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

/// What happens while a goal is worked towards.
#[derive(Debug)]
pub enum Event<'a, A> {
    /// A step is about to be carried out.
    Step(&'a Step),
    /// A step that stands for itself was carried out, or failed.
    Done(&'a Outcome),
    /// What is waited for; told when it changes.
    Awaited(&'a A),
    /// The API server is away, or back.
    Server(Server<'a>),
}

/// Told of events.
pub type Tell<'t, A> = dyn FnMut(Event<'_, A>) + Send + 't;

/// How a goal ended.
#[derive(Debug)]
pub struct Driven<A> {
    /// Why it goes on no further.
    pub end: End,
    /// The last plan: what was left out, and why.
    pub plan: Plan,
    /// What became of every step that came to its end.
    pub outcomes: Vec<Outcome>,
    /// Steps that were under way when the time was up: they may have been carried out.
    pub under_way: Vec<Step>,
    /// What was waited for last, or what has been reached.
    pub awaited: Option<A>,
    /// What was seen last of the whole.
    pub seen: Gathered,
}

/// Why a goal is worked towards no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is reached.
    Done,
    /// It cannot be, for the reasons in the plan.
    Refused,
    /// It cannot be, unless somebody acts.
    Hopeless(Advice),
    /// A step failed or was only tried, or nobody wants to wait for the rest.
    Stopped,
    /// The time is up.
    TimedOut,
}

/// Works towards the goal until it is reached or cannot be. Unless `patient`, what somebody else
/// has to do is not waited for, and a look that fails is an error.
///
/// # Errors
/// [`GatherError`], for a first look that fails and for what no later look can mend.
pub async fn drive<G: Goal>(
    goal: &mut G,
    (view, means): (&View<'_>, &Means),
    patient: bool,
    world: &World,
    tell: &mut Tell<'_, G::Awaited>,
) -> Result<Driven<G::Awaited>, GatherError> {
    let mut run = Run {
        target: view
            .client()
            .map(|client| Target::new(client.clone(), means.dry_run))
            .map(|target| Target { keep_going: means.keep_going, ..target }),
        means,
        belief: Belief { patient, ..Belief::default() },
        waiting: Waiting::new(patient),
        outcomes: Vec::new(),
        attempts: BTreeMap::new(),
        told: None,
        under_way: Vec::new(),
        tell,
    };
    // A later look may be at a part only; what is reported in the end is the whole.
    let mut whole = None;
    let work = to_its_end(goal, view, world, &mut run, &mut whole);
    let ended = match means.deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok().transpose()?,
        None => Some(work.await?),
    };
    let (end, plan) = ended.unwrap_or_else(|| (End::TimedOut, Plan::empty(world.now())));
    let nothing = || Gathered {
        inventory: Inventory::new(Selection::default()).called(world.program),
        kept: BTreeMap::new(),
    };
    Ok(Driven {
        end,
        plan,
        outcomes: run.outcomes,
        under_way: run.under_way,
        awaited: run.told,
        seen: whole.unwrap_or_else(nothing),
    })
}

/// Looks and goes on until there is no need to look again; leaves the last look at the whole behind.
async fn to_its_end<G: Goal>(
    goal: &mut G,
    view: &View<'_>,
    world: &World,
    run: &mut Run<'_, '_, G::Awaited>,
    whole: &mut Option<Gathered>,
) -> Result<(End, Plan), GatherError> {
    loop {
        let is_part = !goal.only().is_empty();
        let seen = {
            let tell = &mut run.tell;
            let look = || Box::pin(look(&*goal, view, world));
            run.waiting.look(look, &mut |server| tell(Event::Server(server))).await?
        };
        let next = goal.next(&seen.inventory, world.now());
        let ended = run.went_on(goal, next, &seen.inventory).await;
        if !is_part || whole.is_none() {
            *whole = Some(seen);
        }
        if let Some(ended) = ended {
            return Ok(ended);
        }
    }
}

/// Looks once at what the goal is about.
///
/// # Errors
/// [`GatherError`].
pub async fn look(
    goal: &impl Goal,
    view: &View<'_>,
    world: &World,
) -> Result<Gathered, GatherError> {
    match view {
        View::Asked(client) => {
            let inventory =
                gather::gather_asked(client, |seen| goal.questions(seen), world).await?;
            Ok(Gathered { inventory, kept: BTreeMap::new() })
        }
        View::Chosen { source: Source::Cluster { client, .. }, probes, .. }
            if !goal.only().is_empty() =>
        {
            let inventory = gather::gather_only(client, goal.only(), probes, world).await?;
            Ok(Gathered { inventory, kept: BTreeMap::new() })
        }
        View::Chosen { source, selection, probes } => {
            let selection = (*selection).clone();
            let mut gathered = Box::pin(gather::gather(source, selection, probes, world)).await?;
            if let Source::Cluster { client, .. } = source {
                answer(goal, client, &mut gathered.inventory, world).await?;
            }
            Ok(gathered)
        }
    }
}

/// Answers what the goal asks, and what it asks then, until nothing new is among it.
async fn answer(
    goal: &impl Goal,
    client: &Client,
    seen: &mut Inventory,
    world: &World,
) -> Result<(), GatherError> {
    let mut asked: Vec<Question> = Vec::new();
    loop {
        let mut open = goal.questions(seen);
        open.retain(|question| !asked.contains(question));
        if open.is_empty() {
            return Ok(());
        }
        gather::ask(client, &open, seen, world).await?;
        asked.extend(open);
    }
}

impl View<'_> {
    /// Where steps are carried out; none for files.
    fn client(&self) -> Option<&Client> {
        match self {
            Self::Asked(client) => Some(client),
            Self::Chosen { source: Source::Cluster { client, .. }, .. } => Some(client),
            Self::Chosen { source: Source::Files { .. }, .. } => None,
        }
    }
}

/// What a run has come to between two looks.
struct Run<'r, 't, A> {
    /// Where steps are carried out; none for files, on which nothing is written here.
    target: Option<Target>,
    means: &'r Means,
    belief: Belief,
    waiting: Waiting,
    outcomes: Vec<Outcome>,
    /// How often each object was written, or came into conflict.
    attempts: BTreeMap<ObjectRef, usize>,
    /// What was told last of that which is waited for.
    told: Option<A>,
    /// Steps that have begun and not ended.
    under_way: Vec<Step>,
    tell: &'r mut Tell<'t, A>,
}

impl<A: Clone + PartialEq + Send> Run<'_, '_, A> {
    /// Does what is next; how it ends, when no other look is of use.
    async fn went_on<G: Goal<Awaited = A>>(
        &mut self,
        goal: &mut G,
        next: Next<A>,
        seen: &Inventory,
    ) -> Option<(End, Plan)> {
        let is_sure = self.belief.is_sure(&next, goal.looks_until_done());
        match next {
            Next::Act { plan, order, awaited } => {
                if let Some(awaited) = awaited {
                    self.show(awaited);
                }
                return self.act(goal, plan, order, seen).await;
            }
            Next::Done { reached, plan } => {
                match reached {
                    Some(reached) if self.belief.patient => self.show(reached),
                    reached => self.told = reached.or(self.told.take()),
                }
                if is_sure {
                    return Some((End::Done, plan));
                }
                self.waiting.look_soon();
            }
            Next::Refused(plan) if is_sure => return Some((End::Refused, plan)),
            Next::Refused(_) => {}
            Next::Hopeless { awaited, advice, plan } => {
                self.show(awaited);
                if is_sure {
                    return Some((End::Hopeless(advice), plan));
                }
            }
            Next::Wait { awaited, plan } if !self.belief.patient => {
                self.told = Some(awaited);
                return Some((End::Stopped, plan));
            }
            Next::Wait { awaited, plan } => {
                self.show(awaited);
                self.hasten(plan.steps).await;
            }
        }
        self.waiting.rest().await;
        None
    }

    /// Writes what is planned, as far as it goes.
    async fn act<G: Goal<Awaited = A>>(
        &mut self,
        goal: &mut G,
        mut plan: Plan,
        order: Order,
        seen: &Inventory,
    ) -> Option<(End, Plan)> {
        let attempts = |step: &Step| self.attempts.get(step.object()).copied().unwrap_or_default();
        if plan.steps.iter().any(|step| attempts(step) >= MAX_ATTEMPTS) {
            return Some((End::Refused, reverted(plan, seen.target())));
        }
        let steps = std::mem::take(&mut plan.steps);
        let ahead =
            if order == Order::AtOnce { worth_listing(&steps, seen) } else { BTreeSet::new() };
        let mut done = self.carry_out(steps, order, &ahead).await;
        let away = done.last().and_then(|outcome| stopped_by(outcome, FailureReason::Away));
        if let Some(failed) = away.cloned().filter(|_| self.belief.patient) {
            done.pop();
            self.outcomes.append(&mut done);
            let tell = &mut self.tell;
            let mut tell = |server: Server<'_>| tell(Event::Server(server));
            self.waiting.not_written(&failed.message, &mut tell).await;
            return None;
        }
        self.settle(goal, done, order).await.map(|end| (end, plan))
    }

    /// Keeps what became of the steps; how it ends, when it is not to be looked again.
    async fn settle<G: Goal<Awaited = A>>(
        &mut self,
        goal: &mut G,
        done: Vec<Outcome>,
        order: Order,
    ) -> Option<End> {
        for outcome in &done {
            *self.attempts.entry(outcome.step.object().clone()).or_default() += 1;
        }
        let is_conflict =
            |outcome: &Outcome| stopped_by(outcome, FailureReason::Conflict).is_some();
        let (conflicts, done): (Vec<_>, Vec<_>) = done.into_iter().partition(is_conflict);
        let failed = done.iter().any(|outcome| outcome.result.is_err());
        self.outcomes.extend(done);
        let always_slower = conflicts.iter().any(|conflict| {
            self.attempts.get(conflict.step.object()).is_some_and(|made| *made >= MAX_ATTEMPTS)
        });
        // Steps that stand for themselves do not end with one that failed.
        let stops = (failed && order == Order::OneByOne) || self.means.dry_run || always_slower;
        if stops {
            self.outcomes.extend(conflicts);
            return Some(End::Stopped);
        }
        if conflicts.is_empty() {
            self.waiting.written();
            return (order == Order::AtOnce).then_some(End::Done);
        }
        goal.was_in_conflict(conflicts.iter().map(|one| one.step.object().clone()).collect());
        // Whoever is in conflict with us gets time to end.
        if self.belief.patient {
            self.waiting.rest().await;
        }
        None
    }

    /// Carries out what may hasten what is waited for; whether that succeeds makes no difference, so
    /// that nothing is told of it.
    async fn hasten(&mut self, steps: Vec<Step>) {
        let Some(target) = self.target.clone().filter(|_| !steps.is_empty()) else { return };
        let (materials, keys) = (Arc::clone(&self.means.materials), Arc::clone(&self.means.keys));
        apply::cluster::apply_in_order(steps, materials, keys, target, &mut |_| ()).await;
        self.waiting.look_soon();
    }

    async fn carry_out(
        &mut self,
        steps: Vec<Step>,
        order: Order,
        ahead: &BTreeSet<String>,
    ) -> Vec<Outcome> {
        let Some(mut target) = self.target.clone() else { return Vec::new() };
        if !ahead.is_empty() {
            target.ahead = Arc::new(Ahead::of(&target.client, &steps, ahead).await);
        }
        let (materials, keys) = (Arc::clone(&self.means.materials), Arc::clone(&self.means.keys));
        let tell = &mut self.tell;
        match order {
            Order::OneByOne => {
                let under_way = &mut self.under_way;
                let tell = &mut |step: &Step| {
                    *under_way = vec![step.clone()];
                    tell(Event::Step(step));
                };
                let done =
                    apply::cluster::apply_in_order(steps, materials, keys, target, tell).await;
                self.under_way.clear();
                done
            }
            Order::AtOnce => {
                let tell = &mut |outcome: &Outcome| tell(Event::Done(outcome));
                apply::cluster::apply(steps, materials, keys, target, tell).await
            }
        }
    }

    /// Tells of it, unless it was the last thing told.
    fn show(&mut self, awaited: A) {
        if self.told.as_ref() != Some(&awaited) {
            (self.tell)(Event::Awaited(&awaited));
            self.told = Some(awaited);
            self.waiting.look_soon();
        }
    }
}

/// How many Secrets of a namespace are listed for one that is read.
const LISTED_FOR_ONE: usize = 4;
/// How many are read one by one.
const FEW: usize = 16;
/// How many are held at once, with their keys.
const MOST: usize = 2_000;

/// The namespaces of which so much is replaced that it is listed, and not read one by one.
fn worth_listing(steps: &[Step], seen: &Inventory) -> BTreeSet<String> {
    let mut replaced: BTreeMap<&str, usize> = BTreeMap::new();
    for step in steps {
        *replaced.entry(step.object().namespace()).or_default() += 1;
    }
    let mut there: BTreeMap<&str, usize> = BTreeMap::new();
    for secret in seen.every_secret() {
        *there.entry(secret.object.namespace()).or_default() += 1;
    }
    let is_worth = |(namespace, number): (&str, usize)| {
        let all = there.get(namespace).copied().unwrap_or_default();
        let worth = number > FEW && number.saturating_mul(LISTED_FOR_ONE) >= all;
        (worth && steps.len() <= MOST).then(|| namespace.to_owned())
    };
    replaced.into_iter().filter_map(is_worth).collect()
}

/// The failure of a step, where it is of this reason.
fn stopped_by(outcome: &Outcome, reason: FailureReason) -> Option<&Failed> {
    outcome.result.as_ref().err().filter(|failed| failed.reason == reason)
}

/// How sure it is what the looks have shown. At the very first look everything is believed but that
/// there is no hope: nobody has waited for anything yet. Later a refusal may be the word of a server
/// that has only just been started, and one address may answer for another.
#[derive(Debug, Default)]
struct Belief {
    /// Whether anything is waited for at all; else the first word is the last.
    patient: bool,
    /// Whether a look has shown something to do or to wait for.
    begun: bool,
    refusals: usize,
    hopeless: usize,
    done: usize,
}

impl Belief {
    /// Counts this look, and says whether the end that it shows is believed.
    fn is_sure<A>(&mut self, next: &Next<A>, looks_until_done: usize) -> bool {
        let Self { begun, refusals, hopeless, done, .. } = *self;
        let fresh = Self { patient: self.patient, begun, ..Self::default() };
        let is_sure;
        (*self, is_sure) = match next {
            Next::Act { .. } | Next::Wait { .. } => (Self { begun: true, ..fresh }, true),
            Next::Refused(_) => {
                (Self { refusals: refusals + 1, ..fresh }, !begun || refusals + 1 >= SURE_AFTER)
            }
            Next::Hopeless { .. } => {
                let told = Self { begun: true, hopeless: hopeless + 1, ..fresh };
                (told, hopeless + 1 >= SURE_AFTER)
            }
            Next::Done { .. } => {
                (Self { done: done + 1, ..fresh }, !begun || done + 1 >= looks_until_done)
            }
        };
        is_sure || !self.patient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn next(word: &str) -> Next<()> {
        let plan = Plan::empty(OffsetDateTime::UNIX_EPOCH);
        match word {
            "act" => Next::Act { plan, order: Order::OneByOne, awaited: None },
            "wait" => Next::Wait { awaited: (), plan },
            "refused" => Next::Refused(plan),
            "hopeless" => Next::Hopeless { awaited: (), advice: Advice::new("", ""), plan },
            _ => Next::Done { reached: None, plan },
        }
    }

    #[test]
    fn an_end_is_believed_at_the_first_look_and_later_when_looks_in_a_row_show_it() {
        for (patient, until_done, probes, sure) in [
            // Nothing has been waited for yet: the first word counts.
            (true, 1, "refused", "yes"),
            (true, 3, "done", "yes"),
            // What has begun may be answered by a server that has only just been started.
            (true, 1, "wait refused refused refused", "yes no no yes"),
            (true, 1, "act refused wait refused refused refused", "yes no yes no no yes"),
            (true, 1, "wait done", "yes yes"),
            (true, 3, "wait done done wait done done done", "yes no no yes no no yes"),
            // Google's statuses flash, at the first look as at any other.
            (true, 1, "hopeless hopeless hopeless", "no no yes"),
            (true, 1, "hopeless wait hopeless hopeless hopeless", "no yes no no yes"),
            // Nobody waits, so the first word is the last.
            (false, 3, "hopeless", "yes"),
            (false, 3, "act refused", "yes yes"),
            (false, 3, "act done", "yes yes"),
        ] {
            let mut belief = Belief { patient, ..Belief::default() };
            let told: Vec<&str> = probes
                .split(' ')
                .map(|word| if belief.is_sure(&next(word), until_done) { "yes" } else { "no" })
                .collect();
            assert_eq!(told.join(" "), sure, "{probes}");
        }
    }
}
