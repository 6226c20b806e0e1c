//! Bootstrapping as a goal: everything is there, there is an address, and the certificate is Active.

use super::http;
use super::{
    BootstrapRequest, Progress, is_terminating, objects, plan, secret, successors, without_address,
};
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::object_ref::check_object_name;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::step::Exclusion;
use crate::remedy::Advice;
use time::OffsetDateTime;

/// A domain that is bootstrapped.
#[derive(Debug)]
pub struct Bootstrap {
    /// What is wanted.
    pub request: BootstrapRequest,
}

/// What a bootstrap waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The address, and Active.
    Progress(Progress),
    /// That objects go which are being deleted.
    Going(Vec<Exclusion>),
}

impl Goal for Bootstrap {
    type Awaited = Awaited;

    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let objects = objects(&self.request).into_iter().map(Question::Object);
        // Only an Ingress that was seen names certificates that may have taken over.
        let successors = successors(seen, &self.request).into_iter().map(Question::Object);
        let theirs = http::theirs(seen, &self.request)
            .filter(|config| check_object_name(&config.name).is_ok())
            .map(Question::Object);
        let events = without_address(seen, &self.request).map(Question::Events);
        objects
            .chain(secret(&self.request).map(Question::Secret))
            .chain(successors)
            .chain(theirs)
            .chain(events)
            .collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Awaited> {
        let mut plan = plan(seen, &self.request, now, false);
        if is_terminating(&plan) {
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
        let progress = Progress::of(seen, &self.request);
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
