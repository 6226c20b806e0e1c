//! Bootstrapping as a goal: everything is there, the load balancer has an address and serves the
//! certificate, and that is Active where Google makes it.

use super::progress::{Causes, managed};
use super::{
    BootstrapRequest, Certificate, Progress, is_terminating, objects, planned, secret, wired,
};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::check_object_name;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{Question, Scope};
use crate::plan::goal::{Goal, Next, Order};
use crate::plan::managed::{Cleaning, Dangling, ManagedStatus, News, Nudges};
use crate::plan::step::{Exclusion, FieldChange, PatchObject, Plan, Step};
use crate::remedy::Advice;
use time::OffsetDateTime;

/// A domain that is bootstrapped.
#[derive(Debug)]
pub struct Bootstrap {
    /// What is wanted.
    pub request: BootstrapRequest,
    /// Whether the address and the certificate are waited for: only then does it matter that they cannot
    /// come.
    waits: bool,
    nudges: Nudges,
    news: News,
    causes: Causes,
    dangling: Dangling,
}

/// What a bootstrap waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The address, the certificate on the load balancer, and Active.
    Progress(Box<Progress>),
    /// That objects go which are being deleted.
    Going(Vec<Exclusion>),
}

impl Bootstrap {
    /// This domain. With `nudge` what Google's controllers look at only every ten minutes is touched when
    /// that may be news to them.
    #[must_use]
    pub fn new(request: BootstrapRequest, waits: bool, nudge: bool) -> Self {
        let all_seen = matches!(request.certificate, Certificate::Managed(_));
        Self {
            request,
            waits,
            nudges: Nudges::new(nudge),
            news: News::default(),
            causes: Causes::default(),
            dangling: Dangling::new(all_seen),
        }
    }

    fn ingress<'i>(&self, seen: &'i Inventory) -> Option<&'i IngressFacts> {
        seen.ingress(&self.request.namespace, &self.request.name)
    }

    /// What is next once everything is written.
    fn after_all_is_written(
        &mut self,
        seen: &Inventory,
        wired: &BootstrapRequest,
        plan: Plan,
        now: OffsetDateTime,
    ) -> Next<Awaited> {
        let progress = Progress::of(seen, wired, &mut self.causes);
        let status = managed(seen, wired);
        let failure = status.as_ref().and_then(|status| self.news.failure(status));
        if progress.is_done() {
            return Next::Done { reached: Some(Awaited::Progress(Box::new(progress))), plan };
        }
        let blocked = status.as_ref().filter(|_| self.waits).and_then(ManagedStatus::blocked);
        let advice = blocked.or(failure).map(|Advice { message, remedy }| {
            Advice::new(format!("the ManagedCertificate cannot become Active: {message}"), remedy)
        });
        let awaited = Awaited::Progress(Box::new(progress));
        if let Some(advice) = advice {
            return Next::Hopeless { awaited, advice, plan };
        }
        // What stops Google's controllers goes first; else they are woken.
        let mut steps = self.nudged(status.as_ref(), now);
        let ingresses: Vec<&IngressFacts> = self.ingress(seen).into_iter().collect();
        match self.dangling.next(seen, &ingresses, &mut self.nudges, now) {
            Cleaning::Act(steps) => {
                let plan = Plan { steps, ..plan };
                return Next::Act { plan, order: Order::OneByOne, awaited: Some(awaited) };
            }
            Cleaning::Wait(_, touches) => steps.extend(touches),
            Cleaning::Clean => {}
        }
        Next::Wait { awaited, plan: Plan { steps, ..plan } }
    }

    /// The touches that tell Google's controllers what may be news to them.
    fn nudged(&mut self, status: Option<&ManagedStatus<'_>>, now: OffsetDateTime) -> Vec<Step> {
        status.map(|status| self.nudges.due(status, now)).unwrap_or_default()
    }
}

impl Goal for Bootstrap {
    type Awaited = Awaited;

    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let request = &self.request;
        let ingress = ObjectRef::ingress(request.namespace.as_str(), request.name.as_str());
        let known = self.ingress(seen).is_some() && request.class.is_gke();
        let events = known.then_some(Question::Events(ingress));
        let managed = matches!(request.certificate, Certificate::Managed(_));
        let within = Scope::Namespace(request.namespace.clone());
        let certificates = managed.then_some(Question::Every(Kind::ManagedCertificate, within));
        // Only what was seen of Service and Ingress tells which names are in use.
        let wired = wired::as_wired(seen, request);
        let status = managed_events(seen, &wired);
        let in_use = wired::candidates(seen, request, &wired).into_iter();
        let in_use = in_use.filter(|object| check_object_name(&object.name).is_ok());
        let in_use = in_use.map(|object| match object.kind {
            Kind::Secret => Question::Secret(object),
            _ => Question::Object(object),
        });
        objects(request)
            .into_iter()
            .map(Question::Object)
            .chain(certificates)
            .chain(secret(request).map(Question::Secret))
            .chain(in_use)
            .chain(events)
            .chain(status)
            .collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Awaited> {
        let wired = wired::as_wired(seen, &self.request);
        let mut plan = planned(seen, &wired, now, false);
        if is_terminating(&plan) {
            let going = plan.refused.clone();
            plan.steps.clear();
            return Next::Wait { awaited: Awaited::Going(going), plan };
        }
        if !plan.refused.is_empty() {
            return Next::Refused(plan);
        }
        if holds_back(seen, &wired, &mut plan) && plan.steps.is_empty() {
            let progress = Progress::of(seen, &wired, &mut self.causes);
            let status = managed(seen, &wired);
            let steps = self.nudged(status.as_ref(), now);
            let awaited = Awaited::Progress(Box::new(progress));
            return Next::Wait { awaited, plan: Plan { steps, ..plan } };
        }
        if !plan.steps.is_empty() {
            return Next::Act { plan, order: Order::OneByOne, awaited: None };
        }
        self.after_all_is_written(seen, &wired, plan, now)
    }
}

/// Whether the name of a certificate that Google does not know yet was held back from a load balancer
/// that is there: should Google refuse to make it, that name would stop the load balancer.
fn holds_back(seen: &Inventory, request: &BootstrapRequest, plan: &mut Plan) -> bool {
    let Certificate::Managed(_) = &request.certificate else { return false };
    let known = managed(seen, request).is_some_and(|it| it.managed.certificate_name.is_some());
    let ingress = seen.ingress(&request.namespace, &request.name);
    if known || ingress.is_none_or(|ingress| ingress.frontend.addresses.is_empty()) {
        return false;
    }
    let before = plan.steps.len();
    // What is added beside the name, such as a rule, stops nothing.
    let mut held = false;
    for step in &mut plan.steps {
        if let Step::PatchObject(patch) = step
            && patch.patch.get("spec").is_some()
            && request.add
        {
            held |= without_names(patch);
        }
    }
    plan.steps.retain(|step| match step {
        Step::PatchObject(patch) => !names_certificates(patch),
        _ => true,
    });
    held || plan.steps.len() < before
}

fn names_certificates(patch: &PatchObject) -> bool {
    let annotations = patch.patch.pointer("/metadata/annotations");
    annotations.is_some_and(|annotations| annotations.get(MANAGED_CERTIFICATES).is_some())
}

/// Takes the names of ManagedCertificates out of the patch; whether there were any.
fn without_names(patch: &mut PatchObject) -> bool {
    if !names_certificates(patch) {
        return false;
    }
    let annotations = patch.patch.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotations.and_then(serde_json::Value::as_object_mut) {
        annotations.remove(MANAGED_CERTIFICATES);
    }
    let named = FieldChange::annotation(MANAGED_CERTIFICATES, "", "");
    patch.changes.retain(|change| change.field != named.field);
    true
}

/// What the controller of ManagedCertificates has to say of one that is not Active.
fn managed_events(seen: &Inventory, wired: &BootstrapRequest) -> Option<Question> {
    let status = managed(seen, wired)?;
    let unwell = !status.managed.is_active();
    unwell.then(|| Question::Events(status.facts.object.clone()))
}
