//! Waiting for a ManagedCertificate and changing its domains, as goals.

use super::status::{ManagedStatus, status_of};
use super::{nudge, set_domains};
use crate::gke::managed::Managed;
use crate::instant;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{Question, Scope};
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::step::{Exclusion, Plan, Reason, Step};
use crate::remedy::Advice;
use time::{Duration, OffsetDateTime};

/// Google's controllers look by themselves every ten minutes; each touch has them ask Google's API
/// about the load balancer anew, so that much more often would be no kindness.
const BETWEEN_NUDGES: Duration = Duration::minutes(5);

/// Every ManagedCertificate and Ingress of the namespace.
fn all_of(namespace: &str) -> Vec<Question> {
    let within = || Scope::Namespace(namespace.to_owned());
    [Kind::ManagedCertificate, Kind::Ingress].map(|kind| Question::Every(kind, within())).into()
}

/// A ManagedCertificate that is to become Active.
#[derive(Debug)]
pub struct WaitForActive {
    object: ObjectRef,
    nudge: bool,
    nudged: Option<OffsetDateTime>,
}

impl WaitForActive {
    /// With `nudge` its Ingresses are touched now and then, to wake Google's controllers.
    #[must_use]
    pub fn new(object: ObjectRef, nudge: bool) -> Self {
        Self { object, nudge, nudged: None }
    }

    /// The touches that are due, on every Ingress that names it.
    fn touches(&mut self, standing: &ManagedStatus<'_>, now: OffsetDateTime) -> Vec<Step> {
        let due = self.nudged.is_none_or(|last| now - last >= BETWEEN_NUDGES);
        if !self.nudge || !due {
            return Vec::new();
        }
        self.nudged = Some(now);
        let at = instant::show(now);
        let ingresses = standing.ingresses.iter();
        ingresses.map(|(ingress, _)| Step::PatchObject(nudge(ingress, &at))).collect()
    }
}

/// How far a ManagedCertificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Which one.
    pub object: ObjectRef,
    /// What it says.
    pub managed: Managed,
    /// Whether a load balancer carries it.
    pub attached: bool,
}

impl Goal for WaitForActive {
    type Awaited = Awaited;

    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        all_of(self.object.namespace())
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Awaited> {
        let Some(facts) = seen.object(&self.object) else {
            let mut plan = Plan::empty(now);
            plan.refused.push(not_there(&self.object));
            return Next::Refused(plan);
        };
        let standing = status_of(seen, facts);
        let awaited = Awaited {
            object: self.object.clone(),
            managed: standing.managed.clone(),
            attached: standing.is_attached(),
        };
        if standing.managed.is_active() {
            return Next::Done { reached: Some(awaited), plan: Plan::empty(now) };
        }
        // A touch would have Google's controller act on what cannot come to a good end.
        if let Some(advice) = standing.hopeless() {
            return Next::Hopeless { awaited, advice, plan: Plan::empty(now) };
        }
        let steps = self.touches(&standing, now);
        Next::Wait { awaited, plan: Plan { steps, ..Plan::empty(now) } }
    }
}

fn not_there(object: &ObjectRef) -> Exclusion {
    Exclusion {
        object: object.clone(),
        reason: Reason::NotFound,
        message: format!("there is no {} in namespace {}", object.short(), object.namespace()),
        remedy: "check the name and the namespace; managed create makes one".into(),
    }
}

/// A ManagedCertificate that is to hold other domains, without an outage. Cut short, another run
/// goes on from what the cluster shows.
#[derive(Debug)]
pub struct SetDomains {
    /// The certificate, or the first of its family.
    pub name: ObjectRef,
    /// The domains.
    pub domains: Vec<String>,
    /// The certificate that holds the domains; the one that was named, until it is known.
    target: ObjectRef,
}

impl SetDomains {
    /// These domains for this certificate.
    #[must_use]
    pub fn new(name: ObjectRef, domains: Vec<String>) -> Self {
        Self { target: name.clone(), name, domains }
    }

    /// The certificate that holds the domains, or will.
    #[must_use]
    pub fn target(&self) -> &ObjectRef {
        &self.target
    }
}

impl Goal for SetDomains {
    /// What must come about first, for people.
    type Awaited = String;

    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        all_of(self.name.namespace())
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<String> {
        let change = set_domains(seen, &self.name, &self.domains, now);
        self.target = change.target;
        let plan = change.plan;
        if !plan.refused.is_empty() {
            return Next::Refused(plan);
        }
        match (change.waiting, stuck(seen, &self.target)) {
            (Some(awaited), Some(advice)) => {
                Next::Hopeless { awaited, advice, plan: Plan::empty(now) }
            }
            (None, _) if plan.steps.is_empty() => Next::Done { reached: None, plan },
            (Some(awaited), None) if plan.steps.is_empty() => Next::Wait { awaited, plan },
            (awaited, _) => Next::Act { plan, order: Order::OneByOne, awaited },
        }
    }
}

/// Why the certificate with the new domains cannot become Active.
fn stuck(seen: &Inventory, target: &ObjectRef) -> Option<Advice> {
    let standing = status_of(seen, seen.object(target)?);
    let (status, meaning) = standing.managed.permanent_failure()?;
    let message = format!(
        "{} cannot become Active: {status}: {}; the old certificate serves on",
        target.short(),
        meaning.meaning
    );
    Some(Advice::new(message, meaning.remedy))
}
