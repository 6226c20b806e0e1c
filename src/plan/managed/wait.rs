//! Waiting for a ManagedCertificate to become Active, as a goal.

use super::nudge::Nudges;
use super::status::{ManagedStatus, status_of};
use super::{all_of, hear_of};
use crate::gke::events;
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next};
use crate::plan::step::{Exclusion, Plan, Reason};
use crate::remedy::Advice;
use time::OffsetDateTime;

/// A ManagedCertificate that is to become Active.
#[derive(Debug)]
pub struct WaitForActive {
    object: ObjectRef,
    nudges: Nudges,
    news: News,
    causes: Standing,
}

/// How far a ManagedCertificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Which one.
    pub object: ObjectRef,
    /// What it says.
    pub managed: Managed,
    /// Whether the load balancer of every Ingress that names it serves it.
    pub attached: bool,
    /// What is waited for, or what keeps it, and what to do; none once it is Active.
    pub advice: Option<Advice>,
}

impl Awaited {
    /// How it stands; its advice is a controller's warning only once that has stood for two looks.
    pub(in crate::plan) fn of(status: &ManagedStatus<'_>, causes: &mut Standing) -> Self {
        let stands = causes.stands(status);
        let advice = if status.managed.is_active() {
            None
        } else if let Some(blocked) = status.blocked().filter(|_| !status.ingresses.is_empty()) {
            Some(blocked)
        } else if stands {
            Some(status.awaited())
        } else {
            let (message, remedy) = status.managed.awaited();
            Some(Advice::new(message, remedy))
        };
        Self {
            object: status.facts.object.clone(),
            managed: status.managed.clone(),
            attached: status.is_attached(),
            advice,
        }
    }
}

/// Whether what controllers warn of is what they warned of at the look before: some warnings pass by
/// themselves within a second.
#[derive(Debug, Default)]
pub struct Standing {
    before: Vec<(ObjectRef, String)>,
}

impl Standing {
    /// Takes in what they warn of now, and says whether any of it stood at the look before.
    pub fn stands(&mut self, status: &ManagedStatus<'_>) -> bool {
        let troubles = status.troubles.iter();
        let now = troubles.map(|(object, trouble)| ((*object).clone(), alike(&trouble.cause)));
        let now: Vec<(ObjectRef, String)> = now.collect();
        let stands = now.iter().all(|one| self.before.contains(one));
        self.before = now;
        stands
    }
}

/// What a cause has in common with the same one at another try: operations and quotas are told by
/// number.
pub(in crate::plan) fn alike(cause: &str) -> String {
    match events::known(cause) {
        Some(known) => known.meaning(),
        None => cause.chars().filter(|c| !c.is_ascii_digit()).collect(),
    }
}

/// Which failures were there when the wait began: whoever has just mended their cause waits for Google
/// to try again. Only what Google does not try again is no hope from the first.
#[derive(Debug, Default)]
pub struct News {
    /// Whether a look was taken.
    begun: bool,
    known: Option<String>,
}

impl News {
    /// The failure for which there is no hope, with what to do about it.
    pub fn failure(&mut self, status: &ManagedStatus<'_>) -> Option<Advice> {
        let failure = status.permanent_failure();
        let now = failure.as_ref().map(|(status, _)| status.clone());
        let begun = std::mem::replace(&mut self.begun, true);
        // What heals and comes again is news.
        if !begun || now.is_none() {
            self.known.clone_from(&now);
        }
        let is_news = self.known != now || status.managed.has_failed();
        failure.filter(|_| is_news).map(|(_, advice)| advice)
    }
}

impl WaitForActive {
    /// With `nudge` what Google's controllers look at only every ten minutes is touched when that may
    /// be news to them.
    #[must_use]
    pub fn new(object: ObjectRef, nudge: bool) -> Self {
        Self {
            object,
            nudges: Nudges::new(nudge).at_once(),
            news: News::default(),
            causes: Standing::default(),
        }
    }
}

impl Goal for WaitForActive {
    type Awaited = Awaited;

    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let status = seen.object(&self.object).map(|facts| status_of(seen, facts));
        all_of(self.object.namespace()).into_iter().chain(hear_of(status.as_slice())).collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Awaited> {
        let Some(facts) = seen.object(&self.object) else {
            let mut plan = Plan::empty(now);
            plan.refused.push(not_there(&self.object));
            return Next::Refused(plan);
        };
        let status = status_of(seen, facts);
        let awaited = Awaited::of(&status, &mut self.causes);
        let failure = self.news.failure(&status);
        if status.managed.is_active() {
            return Next::Done { reached: Some(awaited), plan: Plan::empty(now) };
        }
        // A touch would have Google's controller act on what cannot come to a good end.
        if let Some(advice) = status.blocked().or(failure) {
            let advice = status.settled(advice);
            return Next::Hopeless { awaited, advice, plan: Plan::empty(now) };
        }
        let steps = self.nudges.due(&status, now);
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
