//! Waiting for a ManagedCertificate, and changing its domains without an outage.
//!
//! Knows the loops and how sure to be before a flashing status is believed. Refuses to decide
//! what is written: that is `plan::managed`'s.
#![expect(clippy::disallowed_methods, reason = "waiting is converging: it sleeps between looks")]

use super::gather::{GatherError, gather_managed};
use super::{FIRST_PAUSE, LONGEST_PAUSE, in_order, split_conflicts};
use crate::apply::cluster::Target;
use crate::apply::pair::KeySource;
use crate::cluster::Client;
use crate::object_ref::ObjectRef;
use crate::plan::managed::{self, Standing};
use crate::plan::outcome::Outcome;
use crate::plan::step::{Plan, Step};
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
    pub tell: &'a mut (dyn FnMut(&Standing<'_>) + Send),
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
        remedy: String,
    },
}

/// How many looks in a row must show the same hopeless state: Google's statuses flash.
const SURE_AFTER: usize = 3;
/// Looks between two touches of the Ingress: at the longest pause, a touch in five minutes.
const LOOKS_A_NUDGE: usize = 30;

impl ManagedWait<'_> {
    /// Looks until it is Active or hopeless. A look that fails for want of a connection is tried
    /// again: a control plane that is being upgraded comes back.
    ///
    /// # Errors
    /// As [`gather`], for a first look that fails and for what no later look can mend.
    pub async fn waited(&mut self, world: &World) -> Result<Waited, GatherError> {
        let (mut pause, mut looks, mut hopeless_looks) = (FIRST_PAUSE, 0, 0);
        loop {
            let inventory =
                match gather_managed(self.client, self.object.namespace.as_deref(), world).await {
                    Err(GatherError::Cluster(error)) if looks > 0 && error.failure.may_pass() => {
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        continue;
                    }
                    inventory => inventory?,
                };
            let Some(facts) = inventory.object(&self.object) else { return Ok(Waited::Gone) };
            let standing = managed::standing(&inventory, facts);
            (self.tell)(&standing);
            if standing.managed.is_active() {
                return Ok(Waited::Active);
            }
            hopeless_looks = if standing.hopeless().is_some() { hopeless_looks + 1 } else { 0 };
            if let Some((message, remedy)) =
                standing.hopeless().filter(|_| hopeless_looks >= SURE_AFTER)
            {
                return Ok(Waited::Hopeless { message, remedy });
            }
            if self.nudge && looks % LOOKS_A_NUDGE == 0 {
                self.touch(&standing, world).await;
            }
            looks += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
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
    pub stuck: Option<(String, String)>,
}

/// Changes the domains of a ManagedCertificate without an outage; cut short, another run goes on
/// from what the cluster shows.
///
/// # Errors
/// As [`gather`].
pub async fn change_domains(
    client: &Client,
    (name, domains): (&ObjectRef, &[String]),
    keys: Arc<dyn KeySource>,
    world: &World,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<Changed, GatherError> {
    let (mut outcomes, mut pause, mut told, mut hopeless_looks) =
        (Vec::new(), FIRST_PAUSE, String::new(), 0);
    loop {
        let inventory = gather_managed(client, name.namespace.as_deref(), world).await?;
        let change = managed::set_domains(&inventory, name, domains, world.now);
        let target = change.target.clone();
        let standing = inventory.object(&target).map(|facts| managed::standing(&inventory, facts));
        let stuck = standing.and_then(|standing| standing.managed.permanent_failure());
        hopeless_looks = if stuck.is_some() { hopeless_looks + 1 } else { 0 };
        let stuck = stuck.map(|(status, meaning)| {
            (format!("{status}: {}", meaning.meaning), meaning.remedy.to_owned())
        });
        let end = change.waiting.is_none()
            || !change.plan.refused.is_empty()
            || hopeless_looks >= SURE_AFTER;
        if end {
            return Ok(Changed {
                target,
                plan: change.plan,
                outcomes,
                stuck: stuck.filter(|_| hopeless_looks > 0),
            });
        }
        let waiting = change.waiting.unwrap_or_default();
        if waiting != told {
            tell(&waiting);
            told = waiting;
            pause = FIRST_PAUSE;
        }
        let acted = !change.plan.steps.is_empty();
        let done = in_order(
            change.plan.steps.clone(),
            Arc::clone(&keys),
            Target { client: client.clone(), dry_run: false },
        )
        .await;
        let (done, conflicts) = split_conflicts(done);
        let failed = done.iter().any(|outcome| outcome.result.is_err());
        outcomes.extend(done);
        if failed {
            return Ok(Changed { target, plan: change.plan, outcomes, stuck: None });
        }
        // Whoever is in conflict with us gets time to end.
        if !acted || !conflicts.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
