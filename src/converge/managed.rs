//! Waiting for a ManagedCertificate, and changing its domains without an outage.
//!
//! Knows the loops and how sure to be before a flashing status is believed. Refuses to decide
//! what is written: that is `plan::managed`'s.

use super::gather::{GatherError, gather_managed};
use super::waiting::{SURE_AFTER, Server, Waiting};
use super::{in_order, split_conflicts, stopped_by};
use crate::apply::cluster::Target;
use crate::apply::pair::KeySource;
use crate::cluster::Client;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::plan::managed::{self, Standing};
use crate::plan::outcome::{Obstacle, Outcome};
use crate::plan::step::{Plan, Step};
use crate::remedy::Remedy;
use crate::world::World;
use std::sync::Arc;

/// Waiting for a ManagedCertificate.
pub struct ManagedWait<'a> {
    /// The cluster.
    pub client: &'a Client,
    /// Which certificate.
    pub object: ObjectRef,
    /// Whether to touch the Ingress now and then, to wake Google's controllers.
    pub nudge: bool,
    /// For the touch, which is a step like any other.
    pub keys: Arc<dyn KeySource>,
    /// Told of every look.
    pub tell: &'a mut (dyn FnMut(Told<'_>) + Send),
}

/// What is told while a ManagedCertificate is waited for.
#[derive(Debug)]
pub enum Told<'a> {
    /// How it stands.
    Standing(&'a Standing<'a>),
    /// The server is away, or back.
    Server(Server<'a>),
}

impl std::fmt::Debug for ManagedWait<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ManagedWait({})", self.object)
    }
}

/// How waiting for a ManagedCertificate ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is Active for exactly its domains.
    Active,
    /// It is not there.
    Gone,
    /// It cannot become Active unless somebody acts.
    Hopeless {
        /// Why.
        message: String,
        /// What to do.
        remedy: Remedy,
    },
}

/// Looks between two touches of the Ingress: at the longest pause, a touch in five minutes.
const LOOKS_A_NUDGE: usize = 30;

impl ManagedWait<'_> {
    /// Looks until it is Active or hopeless.
    ///
    /// # Errors
    /// As [`gather_managed`], for a first look that fails and for what no later look can mend.
    pub async fn waited(&mut self, world: &World) -> Result<Waited, GatherError> {
        let (mut waiting, mut looks, mut hopeless_looks) = (Waiting::new(true), 0, 0);
        let mut missed = 0;
        let mut last = None;
        loop {
            let (client, namespace) = (self.client, self.object.namespace.as_deref());
            let look = || gather_managed(client, namespace, world);
            let inventory =
                waiting.look(look, &mut |server| (self.tell)(Told::Server(server))).await?;
            let Some(facts) = inventory.object(&self.object) else {
                missed += 1;
                if looks == 0 || missed >= SURE_AFTER {
                    return Ok(Waited::Gone);
                }
                // A server that has only just been started may not know the kind's objects yet.
                waiting.rest().await;
                continue;
            };
            missed = 0;
            let standing = managed::standing(&inventory, facts);
            (self.tell)(Told::Standing(&standing));
            if standing.managed.is_active() {
                return Ok(Waited::Active);
            }
            if last.replace(standing.managed.clone()) != Some(standing.managed.clone()) {
                waiting.look_soon();
            }
            hopeless_looks = if standing.hopeless().is_some() { hopeless_looks + 1 } else { 0 };
            if let Some((message, remedy)) =
                standing.hopeless().filter(|_| hopeless_looks >= SURE_AFTER)
            {
                return Ok(Waited::Hopeless { message, remedy });
            }
            // A touch would have Google's controller act on what cannot come to a good end.
            if self.nudge && hopeless_looks == 0 && looks % LOOKS_A_NUDGE == 0 {
                self.touch(&standing, world).await;
            }
            looks += 1;
            waiting.rest().await;
        }
    }

    /// Touches every Ingress that names it. That a touch fails is no matter: it is only a nudge.
    async fn touch(&mut self, standing: &Standing<'_>, world: &World) {
        let at = crate::x509::instant::show(world.now);
        let touches = standing
            .ingresses
            .iter()
            .map(|(ingress, _)| Step::PatchObject(managed::nudge(ingress, &at)));
        let target = Target { client: self.client.clone(), dry_run: false };
        let _ = in_order(touches.collect(), Arc::clone(&self.keys), target).await;
    }
}

/// How a change of domains ended.
#[derive(Debug)]
pub struct Changed {
    /// The certificate that holds the domains now.
    pub target: ObjectRef,
    /// The last plan: its refusals.
    pub plan: Plan,
    /// What became of every step.
    pub outcomes: Vec<Outcome>,
    /// Why it could not be brought to an end: message and remedy. The old certificate serves on.
    pub stuck: Option<(String, Remedy)>,
}

/// What is told while domains change.
#[derive(Clone, Copy, Debug)]
pub enum Changing<'a> {
    /// What must come about first.
    Waiting(&'a str),
    /// The server is away, or back.
    Server(Server<'a>),
}

/// Changes the domains of a ManagedCertificate without an outage; cut short, another run goes on
/// from what the cluster shows.
///
/// # Errors
/// As [`gather_managed`], for a first look that fails and for what no later look can mend.
pub async fn change_domains(
    client: &Client,
    (name, domains): (&ObjectRef, &[String]),
    keys: Arc<dyn KeySource>,
    world: &World,
    tell: &mut (dyn FnMut(Changing<'_>) + Send),
) -> Result<Changed, GatherError> {
    let (mut outcomes, mut waiting, mut told) = (Vec::new(), Waiting::new(true), String::new());
    let (mut hopeless_looks, mut refusals) = (0, 0);
    loop {
        let look = || gather_managed(client, name.namespace.as_deref(), world);
        let inventory = waiting.look(look, &mut |server| tell(Changing::Server(server))).await?;
        let change = managed::set_domains(&inventory, name, domains, world.now);
        // What is refused on the way may only be what a server says that was started just now.
        refusals = if change.plan.refused.is_empty() { 0 } else { refusals + 1 };
        if !told.is_empty() && (1..SURE_AFTER).contains(&refusals) {
            waiting.rest().await;
            continue;
        }
        let target = change.target.clone();
        let stuck = stuck(&inventory, &target);
        hopeless_looks = if stuck.is_some() { hopeless_looks + 1 } else { 0 };
        let Some(awaited) = change
            .waiting
            .filter(|_| change.plan.refused.is_empty() && hopeless_looks < SURE_AFTER)
        else {
            return Ok(Changed { target, plan: change.plan, outcomes, stuck });
        };
        if awaited != told {
            tell(Changing::Waiting(&awaited));
            told = awaited;
            waiting.look_soon();
        }
        let steps = change.plan.steps.clone();
        let target_cluster = Target { client: client.clone(), dry_run: false };
        let acted = !steps.is_empty();
        let mut done = in_order(steps, Arc::clone(&keys), target_cluster).await;
        let away = done.last().and_then(|outcome| stopped_by(outcome, Obstacle::Away)).cloned();
        if let Some(away) = away {
            done.pop();
            outcomes.append(&mut done);
            let mut tell = |server: Server<'_>| tell(Changing::Server(server));
            waiting.not_written(&away.message, &mut tell).await;
            continue;
        }
        let (done, conflicts) = split_conflicts(done);
        let failed = done.iter().any(|outcome| outcome.result.is_err());
        outcomes.extend(done);
        if failed {
            return Ok(Changed { target, plan: change.plan, outcomes, stuck: None });
        }
        // Whoever is in conflict with us gets time to end.
        if acted && conflicts.is_empty() {
            waiting.written();
        } else {
            waiting.rest().await;
        }
    }
}

/// Why the certificate with the new domains cannot become Active: message and remedy.
fn stuck(inventory: &Inventory, target: &ObjectRef) -> Option<(String, Remedy)> {
    let standing = managed::standing(inventory, inventory.object(target)?);
    let (status, meaning) = standing.managed.permanent_failure()?;
    Some((format!("{status}: {}", meaning.meaning), meaning.remedy.into()))
}
