//! Rotating as a goal: each chosen certificate and key once, whatever somebody else writes meanwhile.

use super::{Copies, FirstSeen, RotationRequest, plan};
use crate::audit::policy::Policy;
use crate::inventory::Inventory;
use crate::inventory::questions::scopes;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::step::{Plan, ReplacePair, Step};
use std::convert::Infallible;
use time::OffsetDateTime;

/// Secrets whose certificates and keys are replaced.
#[derive(Debug)]
pub struct Rotation {
    request: RotationRequest,
    policy: Policy,
    /// Everything that was planned, once something was.
    planned: Option<Plan<ReplacePair>>,
    first_seen: FirstSeen,
    /// When it is asked who reads what is to be replaced; none where nobody is to be asked.
    asking_at: Option<OffsetDateTime>,
}

impl Rotation {
    /// This request, under this policy.
    #[must_use]
    pub fn new(request: RotationRequest, policy: Policy) -> Self {
        Self { request, policy, planned: None, first_seen: FirstSeen::new(), asking_at: None }
    }

    /// The same, asking which workloads read what is to be replaced, as it is due at this instant.
    #[must_use]
    pub fn asking_for_readers(self, now: OffsetDateTime) -> Self {
        Self { asking_at: Some(now), ..self }
    }

    /// What is wanted; after a conflict, only of the Secrets that it was about.
    #[must_use]
    pub fn request(&self) -> &RotationRequest {
        &self.request
    }

    /// What is next, without a thought of a next time: for what is only shown, and for files.
    #[must_use]
    pub fn plan(&self, seen: &Inventory, now: OffsetDateTime) -> Plan<ReplacePair> {
        plan(seen, &self.request, &self.policy, &self.first_seen, now)
    }

    /// The steps of the first plan, and what that and every later one left out.
    #[must_use]
    pub fn into_plan(self, now: OffsetDateTime) -> Plan {
        self.planned.unwrap_or_else(|| Plan::empty(now)).map(Step::ReplacePair)
    }
}

impl Goal for Rotation {
    type Awaited = Infallible;

    /// What is chosen is looked at with all that it leads to; beside it is who reads what is replaced.
    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let Some(now) = self.asking_at else { return Vec::new() };
        let steps = self.plan(seen, now).steps;
        let namespaces = steps.iter().map(|step| step.object.namespace());
        let unseen = namespaces.clone().filter(|it| !seen.workloads_were_searched(it));
        let unseen = scopes(unseen.map(str::to_owned)).into_iter().map(Question::Workloads);
        // Of what is named it is known: it would have been gone on with.
        let in_batch = namespaces.filter(|_| self.request.named.is_empty());
        let staged = scopes(in_batch.map(str::to_owned)).into_iter().map(Question::Staged);
        unseen.chain(staged).collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Infallible> {
        let plan = self.plan(seen, now);
        let steps = plan.steps.iter().cloned().map(Step::ReplacePair).collect();
        match &mut self.planned {
            None => {
                self.first_seen = first_seen(&plan);
                self.planned = Some(plan);
            }
            Some(planned) => {
                planned.skipped.extend(plan.skipped);
                planned.refused.extend(plan.refused);
            }
        }
        let plan = Plan { steps, ..Plan::empty(now) };
        if plan.steps.is_empty() {
            return Next::Done { reached: None, plan };
        }
        Next::Act { plan, order: Order::AtOnce, awaited: None }
    }

    fn only(&self) -> &[ObjectRef] {
        if self.planned.is_some() { &self.request.named } else { &[] }
    }

    fn was_in_conflict(&mut self, objects: Vec<ObjectRef>) {
        self.request.named = objects;
        // The copies are among them, as far as they are to be looked at again.
        self.request.copies = self.request.copies.map(|_| Copies::Named);
    }
}

fn first_seen(plan: &Plan<ReplacePair>) -> FirstSeen {
    let key = |step: &ReplacePair| (step.object.namespace().to_owned(), step.object.name.clone());
    let leaf = |step: &ReplacePair| step.before.as_ref().map(|leaf| leaf.sha256);
    plan.steps.iter().map(|step| (key(step), leaf(step))).collect()
}

#[cfg(test)]
mod tests;
