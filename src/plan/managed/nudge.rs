//! Waking Google's controllers, which else look at an object every ten minutes.
//!
//! The status of a ManagedCertificate is read at Google only when that object changes; which
//! certificates an Ingress carries is looked at when the Ingress changes (seen with gke-managed-certs of
//! 2023-07 and ingress-gce of 2026-08). Decides what is touched and when, from what was seen and the
//! time.

use super::status::{Attachment, ManagedStatus};
use crate::gke::annotations::TOUCHED;
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::ObjectRef;
use crate::plan::step::{FieldChange, PatchObject, Step};
use serde_json::json;
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// So long after the load balancer has taken a certificate up its status is read first: a domain that is
/// seen at once is issued by then, and a touch that comes too early is one a minute too early.
const AFTER_ATTACHED: Duration = Duration::seconds(7);

/// When what was touched, in one run.
#[derive(Debug)]
pub struct Nudges {
    wanted: bool,
    /// Whether the status of what was on a load balancer from the first is news at once.
    at_once: bool,
    touched: BTreeMap<(ObjectRef, For), OffsetDateTime>,
    /// Since when a certificate was seen on its load balancers.
    attached: BTreeMap<ObjectRef, OffsetDateTime>,
    /// Since when an Ingress lacks the name of a certificate, or has one too many.
    behind: BTreeMap<(ObjectRef, For), OffsetDateTime>,
}

/// What an object is touched for; one touch for the one does not do for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum For {
    /// That the status of a certificate is read.
    Status,
    /// That an Ingress carries a certificate.
    Carrying,
    /// That an Ingress lets go of one that was deleted.
    LettingGo,
}

impl For {
    /// How long it is given to come about by itself: one object a second is what Google's controller
    /// takes of those that have changed.
    const fn by_itself(self) -> Duration {
        match self {
            Self::Status => Duration::ZERO,
            Self::Carrying => Duration::seconds(1),
            Self::LettingGo => Duration::seconds(2),
        }
    }

    /// The least time between two touches. Each has a controller ask Google's API anew: more often would
    /// be no kindness, but for a touch that came before the controller had seen the deletion.
    const fn between(self) -> Duration {
        match self {
            Self::Status => Duration::minutes(1),
            Self::Carrying => Duration::seconds(20),
            Self::LettingGo => Duration::seconds(4),
        }
    }
}

impl Nudges {
    /// No touches yet; none at all unless they are `wanted`.
    #[must_use]
    pub fn new(wanted: bool) -> Self {
        Self {
            wanted,
            at_once: false,
            touched: BTreeMap::new(),
            attached: BTreeMap::new(),
            behind: BTreeMap::new(),
        }
    }

    /// The same for who only waits: what is on a load balancer at the first look has been there for a
    /// while. A run that changes something and goes on after it was cut short may have put it there a
    /// moment before.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// The touches that are due for a certificate that is waited for: of itself, for its status, and of
    /// the Ingresses that should carry it. Nothing of one whose domains were edited in place: a touch
    /// would take it off the load balancer.
    pub fn due(&mut self, status: &ManagedStatus<'_>, now: OffsetDateTime) -> Vec<Step> {
        if status.managed.edited().is_some() {
            return Vec::new();
        }
        let mut steps = Vec::new();
        if !status.managed.is_active() && self.status_is_due(status, now) {
            steps.extend(self.touch((status.facts.object.clone(), For::Status), now));
        }
        for (ingress, attachment) in &status.ingresses {
            let known = status.managed.certificate_name.is_some();
            let behind = known && *attachment != Attachment::Served;
            steps.extend(self.ingress(ingress, (For::Carrying, behind), now));
        }
        steps
    }

    /// The touch of an Ingress that is `behind`, once it has been for a while.
    pub fn ingress(
        &mut self,
        ingress: &IngressFacts,
        (what, behind): (For, bool),
        now: OffsetDateTime,
    ) -> Option<Step> {
        let key = (ingress.frontend.object.clone(), what);
        if !behind {
            self.behind.remove(&key);
            return None;
        }
        let since = *self.behind.entry(key.clone()).or_insert(now);
        (now - since >= what.by_itself()).then(|| self.touch(key, now))?
    }

    /// Whether the status of a certificate may be another by now.
    fn status_is_due(&mut self, status: &ManagedStatus<'_>, now: OffsetDateTime) -> bool {
        let object = &status.facts.object;
        let key = (object.clone(), For::Status);
        let is_first = !self.attached.contains_key(object) && !self.touched.contains_key(&key);
        if status.served_by().next().is_none() {
            // What no load balancer serves is not issued; that it serves may be told late.
            if is_first {
                self.touched.insert(key, now);
            }
            return true;
        }
        if !is_first && !self.attached.contains_key(object) {
            // From here on its status is news.
            self.touched.remove(&key);
        }
        let long_ago = is_first && self.at_once;
        let since = if long_ago { now - AFTER_ATTACHED } else { now };
        let since = *self.attached.entry(object.clone()).or_insert(since);
        now - since >= AFTER_ATTACHED
    }

    /// The touch of an object, unless it was touched for the same a moment ago.
    fn touch(&mut self, key: (ObjectRef, For), now: OffsetDateTime) -> Option<Step> {
        let due = self.touched.get(&key).is_none_or(|last| now - *last >= key.1.between());
        if !self.wanted || !due {
            return None;
        }
        let step = Step::PatchObject(touch(&key.0, now));
        self.touched.insert(key, now);
        Some(step)
    }
}

/// A change that means nothing and wakes whoever watches the object. It holds for whatever the object is
/// by then.
#[must_use]
pub fn touch(object: &ObjectRef, now: OffsetDateTime) -> PatchObject {
    let at = instant::show(now);
    PatchObject {
        strategic: false,
        object: object.clone(),
        resource_version: None,
        patch: json!({ "metadata": { "annotations": { TOUCHED: at } } }),
        changes: vec![FieldChange::annotation(TOUCHED, "", at)],
        notes: Vec::new(),
    }
}
