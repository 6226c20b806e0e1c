//! Bootstrapping as a goal: everything is there, there is an address, and the certificate is Active.

use super::{Progress, Wish, is_going, objects, plan, secret, successors, without_address};
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::step::LeftOut;
use crate::remedy::Advice;
use time::OffsetDateTime;

/// A domain that is bootstrapped.
#[derive(Debug)]
pub struct Bootstrap {
    /// What is wanted.
    pub wish: Wish,
}

/// What a bootstrap waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The address, and Active.
    Progress(Progress),
    /// That objects go which are being deleted.
    Going(Vec<LeftOut>),
}

impl Goal for Bootstrap {
    type Awaited = Awaited;

    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let objects = objects(&self.wish).into_iter().map(Question::Object);
        // Only an Ingress that was seen names certificates that may have taken over.
        let successors = successors(seen, &self.wish).into_iter().map(Question::Object);
        let events = without_address(seen, &self.wish).map(Question::Events);
        objects
            .chain(secret(&self.wish).map(Question::Secret))
            .chain(successors)
            .chain(events)
            .collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Awaited> {
        let mut plan = plan(seen, &self.wish, now, false);
        if is_going(&plan) {
            let going = plan.refused.clone();
            plan.steps.clear();
            return Next::Wait { awaited: Awaited::Going(going), plan };
        }
        if !plan.refused.is_empty() {
            return Next::Refused(plan);
        }
        if !plan.steps.is_empty() {
            return Next::Act { plan, order: Order::OneByOne, awaited: None };
        }
        let progress = Progress::of(seen, &self.wish);
        if progress.is_done() {
            return Next::Done { reached: Some(Awaited::Progress(progress)), plan };
        }
        let hopeless = progress.managed.as_ref().and_then(Managed::permanent_failure);
        let advice = hopeless.map(|(status, meaning)| {
            Advice::new(
                format!(
                    "the ManagedCertificate cannot become Active: {status}: {}",
                    meaning.meaning
                ),
                meaning.remedy,
            )
        });
        let awaited = Awaited::Progress(progress);
        match advice {
            Some(advice) => Next::Hopeless { awaited, advice, plan },
            None => Next::Wait { awaited, plan },
        }
    }
}
