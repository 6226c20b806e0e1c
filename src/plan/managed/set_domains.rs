//! Other domains for a ManagedCertificate without an outage, as a goal.
//!
//! Google's controller takes a certificate off the load balancer when its domains are edited, so a
//! second one is made beside it. Decides what is next on that way from whatever the cluster shows: cut
//! short, another run goes on.

use super::dangling::{Cleaning, Dangling};
use super::family::{Family, FirstLook};
use super::nudge::Nudges;
use super::status::{Attachment, ManagedStatus};
use super::wait::{Awaited, News, Standing};
use super::{
    Lineage, MADE_AFTER, REPLACES, RESTORED, all_of, annotation, hear_of, joined, manifest,
    obstacle,
};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::instant;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::judge;
use crate::plan::step::{
    DeleteObject, DeleteReason, Exclusion, FieldChange, PatchObject, Plan, Reason, Step,
};
use crate::remedy::Advice;
use serde_json::json;
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime};

/// A ManagedCertificate that is to hold other domains, without an outage.
#[derive(Debug)]
pub struct SetDomains {
    /// The certificate, or the first of its family.
    pub name: ObjectRef,
    /// The domains.
    pub domains: Vec<String>,
    /// The certificate that holds the domains; the one that was named, until it is known.
    target: ObjectRef,
    /// Whether the target was seen: then this run stays with it, whatever becomes of it.
    seen: bool,
    /// Its uid, once it was seen.
    uid: Option<String>,
    /// Its family at the first look.
    at_first: Option<FirstLook>,
    /// Until when no Ingress may change: domains were put back.
    quiet_until: Option<OffsetDateTime>,
    nudges: Nudges,
    news: News,
    causes: Standing,
    dangling: Dangling,
}

/// What must come about first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToCome {
    /// What, for people.
    pub what: String,
    /// How far the certificate with the domains is, where that is what is waited for.
    pub target: Option<Awaited>,
}

/// How long an edit that was taken back is given where nothing tells when it was made. Google's
/// controller tries again after as long as it has tried before.
const USUALLY_SEEN: Duration = Duration::minutes(3);
/// The least that it is given.
const SOONEST_SEEN: Duration = Duration::seconds(20);
/// By then it looks in any case.
const LATEST_SEEN: Duration = Duration::minutes(10);

impl SetDomains {
    /// These domains for this certificate.
    #[must_use]
    pub fn new(name: ObjectRef, domains: Vec<String>, nudge: bool) -> Self {
        Self {
            target: name.clone(),
            name,
            domains,
            seen: false,
            uid: None,
            at_first: None,
            quiet_until: None,
            nudges: Nudges::new(nudge),
            news: News::default(),
            causes: Standing::default(),
            dangling: Dangling::new(true),
        }
    }

    /// The certificate that holds the domains, or will.
    #[must_use]
    pub fn target(&self) -> &ObjectRef {
        &self.target
    }

    fn wanted(&self) -> BTreeSet<&str> {
        self.domains.iter().map(String::as_str).collect()
    }

    /// Settles on the certificate that is to hold the domains.
    fn aim(&mut self, family: &Family<'_>) {
        self.at_first.get_or_insert_with(|| family.first_look());
        if !self.seen {
            self.target = family.target(&self.wanted());
        }
        if let Some(target) = family.member(&self.target) {
            self.seen = true;
            self.uid.clone_from(&target.facts.uid);
        }
    }

    /// What stands in the way before anything is done.
    fn refusal(&self, seen: &Inventory, family: &Family<'_>) -> Option<Exclusion> {
        let rival = family.rival(self.at_first.as_ref()?, &self.target, self.uid.as_deref());
        let rival = rival.map(|rival| taken_over(&self.name, rival));
        let taken = || {
            if family.member(&self.target).is_some() {
                None
            } else {
                name_is_taken(seen, &self.target)
            }
        };
        cannot_change(&self.name, family).or(rival).or_else(taken)
    }

    /// The moves that come before the new certificate: an edit in place is taken back, what is being
    /// deleted goes.
    fn first(
        &mut self,
        seen: &Inventory,
        family: &Family<'_>,
        now: OffsetDateTime,
    ) -> Option<Next<ToCome>> {
        if let Some(edited) = family.members.iter().find(|status| status.managed.edited().is_some())
        {
            self.quiet_until = Some(now + time_to_see(edited, now));
            let what = format!(
                "the domains of {} are put back first, so that it stays in service",
                edited.facts.object.short()
            );
            return Some(act(vec![Step::PatchObject(taken_back(edited, now))], what, now));
        }
        let restored = family.members.iter().filter_map(|status| {
            let at = status.facts.annotations.get(RESTORED)?;
            Some(instant::parse(at).ok()? + USUALLY_SEEN)
        });
        let until = self.quiet_until.or_else(|| restored.max());
        if until.is_some_and(|until| now < until) {
            let what = "Google's controller is given time to see that the domains are back: until then a change of the Ingress would take HTTPS down";
            return Some(wait(what, None, Vec::new(), now));
        }
        if let Some(going) = family.going(family.member(&self.target)) {
            return Some(wait(going, None, Vec::new(), now));
        }
        let gone = family.without_the_gone(seen, &self.target);
        let what = "the name of a certificate that is gone is removed from the Ingress's list";
        (!gone.is_empty()).then(|| act(gone, what, now))
    }

    /// The new certificate: made, named in every Ingress once Google knows it, and waited for.
    fn bring(
        &mut self,
        seen: &Inventory,
        family: &Family<'_>,
        now: OffsetDateTime,
    ) -> Option<Next<ToCome>> {
        let name = self.target.name.clone();
        let attach = family.attach_everywhere(&name);
        let Some(target) = family.member(&self.target) else {
            if let Some(refusal) = cannot_carry(seen, family) {
                let plan = Plan { refused: vec![refusal], ..Plan::empty(now) };
                return Some(Next::Refused(plan.settled(seen)));
            }
            let spec = json!({ "domains": self.wanted() });
            let none = FirstLook::default();
            let known = &self.at_first.as_ref().unwrap_or(&none).uids;
            let lineage = Lineage { first: &family.first.name, known };
            let made = Step::CreateObject(manifest(&self.target, &spec, Some(&lineage)));
            let whole: Vec<Step> = std::iter::once(made.clone()).chain(attach).collect();
            return Some(judged(
                seen,
                &whole,
                vec![made],
                "the new certificate is being made",
                now,
            ));
        };
        let awaited = Awaited::of(target, &mut self.causes);
        // Before Google knows it, no name of it could be taken up, and one that is never made would
        // stay on the Ingress.
        if !attach.is_empty() && target.managed.certificate_name.is_some() {
            let what = format!("{} is being named in the Ingress", self.target.short());
            return Some(judged(seen, &attach.clone(), attach, &what, now));
        }
        let what = not_serving(target, family)?;
        let to_come = ToCome { what, target: Some(awaited) };
        let failure = self.news.failure(target);
        let stuck = failure.map(|advice| cannot(target, family, advice));
        if let Some(advice) = obstacle_of(seen, family).or(stuck) {
            let advice = target.settled(advice);
            return Some(Next::Hopeless { awaited: to_come, advice, plan: Plan::empty(now) });
        }
        let steps = self.nudges.due(target, now);
        Some(Next::Wait { awaited: to_come, plan: Plan { steps, ..Plan::empty(now) } })
    }

    /// The old ones: out of every list first, for a delete while one is named hangs; then deleted; then
    /// their names gone from every Ingress.
    fn let_go(
        &mut self,
        seen: &Inventory,
        family: &Family<'_>,
        now: OffsetDateTime,
    ) -> Next<ToCome> {
        let others = family.others(&self.target);
        // Another run that still waits for one of them is to see that this one goes on without it.
        if let Some((target, mark)) =
            family.member(&self.target).and_then(|target| Some((target, family.mark(target)?)))
        {
            let step = Step::PatchObject(marked(target, &joined(&mark)));
            return act(vec![step], "the certificates whose place it takes are noted on it", now);
        }
        for other in &others {
            self.dangling.lets_go(other.managed.certificate_name.as_deref());
        }
        if !others.is_empty() {
            let steps = retire(&others, family);
            let what = "the old certificate is being removed";
            if steps.is_empty() {
                return wait(what, None, Vec::new(), now);
            }
            return act(steps, what, now);
        }
        let ingresses: Vec<_> = family.ingresses.values().copied().collect();
        match self.dangling.next(seen, &ingresses, &mut self.nudges, now) {
            Cleaning::Clean => Next::Done { reached: None, plan: Plan::empty(now) },
            Cleaning::Wait(what, steps) => wait(what, None, steps, now),
            Cleaning::Act(steps) => {
                act(steps, "the name of the old certificate is removed from the Ingress", now)
            }
        }
    }
}

impl Goal for SetDomains {
    type Awaited = ToCome;

    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let family = Family::of(seen, &self.name);
        // Two Secrets with the same certificate count once on a load balancer.
        let secrets = family.ingresses.values().flat_map(|ingress| &ingress.frontend.secrets);
        let secrets: Vec<Question> = secrets.cloned().map(Question::Secret).collect();
        let heard = hear_of(&family.members);
        all_of(self.name.namespace()).into_iter().chain(secrets).chain(heard).collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<ToCome> {
        let family = Family::of(seen, &self.name);
        self.aim(&family);
        if let Some(refusal) = self.refusal(seen, &family) {
            let plan = Plan { refused: vec![refusal], ..Plan::empty(now) };
            return Next::Refused(plan.settled(seen));
        }
        let next = self.first(seen, &family, now).or_else(|| self.bring(seen, &family, now));
        next.unwrap_or_else(|| self.let_go(seen, &family, now))
    }
}

fn act(steps: Vec<Step>, what: impl Into<String>, now: OffsetDateTime) -> Next<ToCome> {
    Next::Act {
        plan: Plan { steps, ..Plan::empty(now) },
        order: Order::OneByOne,
        awaited: Some(ToCome { what: what.into(), target: None }),
    }
}

fn wait(
    what: impl Into<String>,
    target: Option<Awaited>,
    steps: Vec<Step>,
    now: OffsetDateTime,
) -> Next<ToCome> {
    let awaited = ToCome { what: what.into(), target };
    Next::Wait { awaited, plan: Plan { steps, ..Plan::empty(now) } }
}

/// The steps that can be done now, unless the whole that they begin leads to what the audit condemns.
fn judged(
    seen: &Inventory,
    whole: &[Step],
    steps: Vec<Step>,
    what: &str,
    now: OffsetDateTime,
) -> Next<ToCome> {
    let refused = judge::refusals(seen, whole);
    if refused.is_empty() {
        return act(steps, what, now);
    }
    Next::Refused(Plan { refused, ..Plan::empty(now) }.settled(seen))
}

/// The patch that takes back a change of domains in place, before Google's controller takes the
/// certificate off the load balancer for it; what is served then stays.
fn taken_back(status: &ManagedStatus<'_>, now: OffsetDateTime) -> PatchObject {
    let told = status.managed.told_domains();
    let (before, after) = (status.managed.domains.join(","), told.join(","));
    PatchObject {
        strategic: false,
        object: status.facts.object.clone(),
        resource_version: status.facts.resource_version.clone(),
        patch: json!({
            "metadata": { "annotations": { RESTORED: instant::show(now) } },
            "spec": { "domains": told },
        }),
        changes: vec![FieldChange::new("spec.domains", before, after)],
        notes: Vec::new(),
    }
}

/// The patch that notes the certificates whose place one takes.
fn marked(status: &ManagedStatus<'_>, mark: &str) -> PatchObject {
    let before = status.facts.annotations.get(MADE_AFTER).cloned().unwrap_or_default();
    PatchObject {
        strategic: false,
        object: status.facts.object.clone(),
        resource_version: status.facts.resource_version.clone(),
        patch: json!({ "metadata": { "annotations": { MADE_AFTER: mark } } }),
        changes: vec![FieldChange::annotation(MADE_AFTER, before, mark)],
        notes: Vec::new(),
    }
}

/// How long Google's controller may take to see that an edit was taken back: it tries again after as
/// long as it has tried before.
fn time_to_see(edited: &ManagedStatus<'_>, now: OffsetDateTime) -> Duration {
    let age = edited.facts.spec_written.map(|written| now - written);
    age.map_or(USUALLY_SEEN, |age| (age + SOONEST_SEEN).clamp(SOONEST_SEEN, LATEST_SEEN))
}

/// A certificate that somebody else made under the name of the next one.
fn name_is_taken(inventory: &Inventory, object: &ObjectRef) -> Option<Exclusion> {
    inventory.object(object)?;
    Some(Exclusion {
        object: object.clone(),
        reason: Reason::Mismatch,
        message: format!(
            "it is there without the annotation {REPLACES}, so it was made by another writer"
        ),
        remedy: "rename or delete it; nothing was written".into(),
    })
}

/// Another run works at the same certificate, and began later.
fn taken_over(name: &ObjectRef, rival: &ObjectRef) -> Exclusion {
    Exclusion {
        object: name.clone(),
        reason: Reason::Mismatch,
        message: format!(
            "another run of managed set-domains has begun with {} since this one did, and goes on with its domains",
            rival.short()
        ),
        remedy:
            "wait until that run has ended, then run this again if these domains are still wanted"
                .into(),
    }
}

fn cannot_change(name: &ObjectRef, family: &Family<'_>) -> Option<Exclusion> {
    let no = |reason, message: &str, remedy: String| {
        let remedy = remedy.into();
        Some(Exclusion { object: name.clone(), reason, message: message.to_owned(), remedy })
    };
    if family.members.is_empty() {
        let remedy = "check the name and the namespace; managed create makes one".to_owned();
        return no(Reason::NotFound, "it does not exist", remedy);
    }
    if family.ingresses.is_empty() {
        let remedy = format!(
            "name it in the annotation {MANAGED_CERTIFICATES} of an Ingress of class gce: {}",
            name.name
        );
        return no(
            Reason::Mismatch,
            "no Ingress of class gce names it, so another would never be issued",
            remedy,
        );
    }
    None
}

/// Why the new certificate does not serve yet; none when it is Active and on every load balancer.
fn not_serving(target: &ManagedStatus<'_>, family: &Family<'_>) -> Option<String> {
    let own = target.facts.object.short();
    if !target.managed.is_active() {
        return Some(format!("{own} is not Active for its domains"));
    }
    let certificate = target.managed.certificate_name.as_deref();
    let serves = |ingress: &IngressFacts| {
        Attachment::of(ingress, certificate) == Attachment::Served
            && ingress.frontend.managed_names.contains(&target.facts.object.name)
    };
    let lacking = family.ingresses.values().find(|ingress| !serves(ingress))?;
    let facts = &lacking.frontend.object;
    Some(format!("the load balancer of {} does not serve {own} yet", facts.short()))
}

/// What only a person can mend of an Ingress that is to serve it.
fn obstacle_of(seen: &Inventory, family: &Family<'_>) -> Option<Advice> {
    family.ingresses.values().find_map(|ingress| obstacle::of(seen, ingress))
}

/// The first Ingress that could not carry another certificate, as it is.
fn cannot_carry(seen: &Inventory, family: &Family<'_>) -> Option<Exclusion> {
    let mut ingresses = family.ingresses.values();
    ingresses.find_map(|ingress| {
        let Advice { message, remedy } = obstacle::of(seen, ingress)?;
        let (object, reason) = (ingress.frontend.object.clone(), Reason::Mismatch);
        Some(Exclusion { object, reason, message, remedy })
    })
}

/// Why the certificate with the new domains cannot become Active, and what is served meanwhile.
fn cannot(target: &ManagedStatus<'_>, family: &Family<'_>, advice: Advice) -> Advice {
    let serves = |other: &&ManagedStatus<'_>| other.managed.is_active() && other.is_attached();
    let own = &target.facts.object;
    let other = family.others(own).into_iter().find(serves);
    let meanwhile = other
        .map_or_else(String::new, |it| format!("; {} is still served", it.facts.object.short()));
    let message = format!("{} cannot become Active: {}{meanwhile}", own.short(), advice.message);
    Advice { message, ..advice }
}

/// Takes the old names out of every list; those that stand in none are deleted.
fn retire(others: &[&ManagedStatus<'_>], family: &Family<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for ingress in family.ingresses.values() {
        let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
        let old = |name: &&str| others.iter().any(|other| other.facts.object.name == **name);
        let kept: Vec<&str> = ingress
            .frontend
            .managed_names
            .iter()
            .map(String::as_str)
            .filter(|name| !old(name))
            .collect();
        if kept.len() < ingress.frontend.managed_names.len() {
            let after = kept.join(",");
            steps.push(Step::PatchObject(annotation(
                ingress,
                MANAGED_CERTIFICATES,
                &before,
                &after,
            )));
        }
    }
    if steps.is_empty() {
        // One that is being deleted already goes when its finalizers are done.
        let staying = others.iter().filter(|other| other.facts.deletion_timestamp.is_none());
        steps.extend(staying.map(|other| {
            Step::DeleteObject(DeleteObject {
                object: other.facts.object.clone(),
                resource_version: other.facts.resource_version.clone(),
                reason: DeleteReason::Succeeded,
            })
        }));
    }
    steps
}
