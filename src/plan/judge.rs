//! Judging a plan before it is written: what it leads to goes through the rules by which `check` would
//! condemn it a second later.
//!
//! Decides what is refused: only what the plan itself would bring about, never what was there before.
//! Refuses to know what the plan is for.

use super::step::{Exclusion, PatchObject, Plan, Reason, Step};
use crate::audit::finding::Finding;
use crate::audit::policy::Policy;
use crate::audit::{Context, Platform, Source, of_gke_ingress};
use crate::gke::annotations::{
    ALLOW_HTTP, FRONTEND_CONFIG, INGRESS_CLASS, REGIONAL_STATIC_IP, is_off,
};
use crate::gke::events::Known;
use crate::gke::load_balancer::has_v1_names;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{IngressSeen, MetaSeen, Rule, TlsEntry};
use crate::remedy::Advice;
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What the rules are asked with: their answers about one Ingress do not depend on the time, and who asks
/// has Google serve an Ingress that names no class.
pub(super) fn with_context<T>(ask: impl FnOnce(&Context<'_>) -> T) -> T {
    let policy = Policy::default();
    ask(&Context {
        now: OffsetDateTime::UNIX_EPOCH,
        policy: &policy,
        platform: Platform::Gke,
        source: Source::Cluster,
    })
}

/// The plan without its steps, refused, where they lead to what the rules condemn; else as it is.
#[must_use]
pub fn judged(mut plan: Plan, seen: &Inventory) -> Plan {
    let refused = refusals(seen, &plan.steps);
    if !refused.is_empty() {
        plan.steps.clear();
        plan.refused.extend(refused);
    }
    plan
}

/// What these steps would bring about that GKE's controllers stop at, a refusal each.
#[must_use]
pub fn refusals(seen: &Inventory, steps: &[Step]) -> Vec<Exclusion> {
    let mut planned: BTreeMap<&ObjectRef, IngressFacts> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.object().kind == Kind::Ingress) {
        let before = planned.get(step.object()).or_else(|| seen.ingress_at(step.object()));
        if let Some(after) = after(before, step) {
            planned.insert(step.object(), after);
        }
    }
    let made: Vec<&ObjectRef> = steps.iter().filter_map(made).collect();
    let ingresses = planned.into_iter();
    ingresses.flat_map(|(object, after)| of_ingress(seen, object, &after, &made)).collect()
}

/// The object that a step makes.
fn made(step: &Step) -> Option<&ObjectRef> {
    match step {
        Step::CreateObject(step) => Some(&step.object),
        Step::CreateSecret(step) => Some(&step.object),
        Step::ReplacePair(_) | Step::PatchObject(_) | Step::DeleteObject(_) => None,
    }
}

fn of_ingress(
    seen: &Inventory,
    object: &ObjectRef,
    after: &IngressFacts,
    made: &[&ObjectRef],
) -> Vec<Exclusion> {
    let before = seen.ingress_at(object);
    let found = with_context(|context| {
        let known = before.map(|before| of_gke_ingress(seen, context, before)).unwrap_or_default();
        let mut found = of_gke_ingress(seen, context, after);
        found.retain(|new| !known.iter().any(|old| old.rule == new.rule));
        found
    });
    // What the plan itself makes is not missing.
    let is_made = |finding: &Finding| {
        finding.rule == "managed-missing"
            && finding.related.iter().any(|missing| made.contains(&missing))
    };
    let found = found.into_iter().filter(|finding| !is_made(finding));
    let by_rules =
        found.map(|finding| refused(object, Advice::new(finding.message, finding.remedy)));
    let before = before.and_then(stops);
    let stops = stops(after).filter(|now| before.as_ref() != Some(now));
    let by_controller =
        stops.map(|known| refused(object, Advice::new(known.meaning(), known.remedy())));
    by_rules.chain(by_controller).collect()
}

/// What GKE's controller is known to stop at, as the Ingress is written.
fn stops(ingress: &IngressFacts) -> Option<Known> {
    let annotation = |key: &str| ingress.annotations.get(key).map(String::as_str);
    let redirects = annotation(FRONTEND_CONFIG).is_some_and(|name| !name.is_empty());
    if redirects && has_v1_names(&ingress.finalizers) {
        return Some(Known::RedirectOnV1Names);
    }
    let internal = annotation(INGRESS_CLASS) == Some("gce-internal");
    let http = !annotation(ALLOW_HTTP).is_some_and(is_off);
    let reserved = annotation(REGIONAL_STATIC_IP).is_some_and(|name| !name.is_empty());
    (internal && http && !reserved && ingress.frontend.has_tls).then_some(Known::BothPortsInternal)
}

fn refused(object: &ObjectRef, advice: Advice) -> Exclusion {
    Exclusion {
        object: object.clone(),
        reason: Reason::Mismatch,
        message: format!("nothing is written, since it would come to this: {}", advice.message),
        remedy: advice.remedy,
    }
}

/// The Ingress as it is after the step.
fn after(before: Option<&IngressFacts>, step: &Step) -> Option<IngressFacts> {
    let (object, values) = match step {
        Step::CreateObject(step) => (&step.object, &step.manifest),
        Step::PatchObject(PatchObject { object, patch, .. }) => (object, patch),
        Step::CreateSecret(_) | Step::ReplacePair(_) | Step::DeleteObject(_) => return None,
    };
    let mut seen = before.map_or_else(|| nothing(object), IngressFacts::as_seen);
    let annotations = values.pointer("/metadata/annotations").and_then(Value::as_object);
    for (key, value) in annotations.into_iter().flatten() {
        match value.as_str() {
            Some(value) => seen.meta.annotations.insert(key.clone(), value.to_owned()),
            None => seen.meta.annotations.remove(key),
        };
    }
    if let Some(class) = values.pointer("/spec/ingressClassName").and_then(Value::as_str) {
        seen.class_name = Some(class.to_owned());
    }
    if let Some(entries) = values.pointer("/spec/tls").and_then(Value::as_array) {
        seen.tls = entries.iter().map(tls_entry).collect();
    }
    if let Some(rules) = values.pointer("/spec/rules").and_then(Value::as_array) {
        let host = |rule: &Value| Some(Rule::of_host(rule.get("host")?.as_str()?));
        seen.rules = rules.iter().filter_map(host).collect();
    }
    Some(IngressFacts::of(&seen, None, Vec::new(), true))
}

fn nothing(object: &ObjectRef) -> IngressSeen {
    IngressSeen {
        object: object.clone(),
        meta: MetaSeen::default(),
        class_name: None,
        default_backend: None,
        rules: Vec::new(),
        tls: Vec::new(),
        addresses: Vec::new(),
    }
}

fn tls_entry(entry: &Value) -> TlsEntry {
    let hosts = entry.get("hosts").and_then(Value::as_array).into_iter().flatten();
    let secret = entry.get("secretName").and_then(Value::as_str);
    TlsEntry {
        hosts: hosts.filter_map(Value::as_str).map(str::to_owned).collect(),
        secret_name: secret.filter(|name| !name.is_empty()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gke::annotations::PRE_SHARED_CERT;
    use crate::inventory::testing::{Given, googles, of_objects};
    use crate::plan::managed::create;
    use serde_json::json;

    /// An Ingress of this class with so many Secrets and pre-shared certificates.
    fn ingress(class: &str, secrets: usize, pre_shared: &str) -> Given<'static> {
        let annotations = Box::leak(Box::new([
            (INGRESS_CLASS, &*class.to_owned().leak()),
            (PRE_SHARED_CERT, &*pre_shared.to_owned().leak()),
        ]));
        let entry = |number: usize| json!({ "secretName": format!("tls-{number}") });
        let tls: Vec<Value> = (0..secrets).map(entry).collect();
        (ObjectRef::ingress("shop", "web"), annotations, json!({ "tls": tls }), Value::Null)
    }

    #[test]
    fn a_certificate_that_its_ingress_cannot_carry_is_refused_before_it_is_made() {
        for (state, ingress, expected) in [
            ("room for one", ingress("gce", 13, "bought"), ""),
            ("the sixteenth", ingress("gce", 14, "bought"), "it has 16 certificates"),
            ("full before", ingress("gce", 15, "bought"), ""),
            ("a class without", ingress("gce-internal", 0, ""), "class gce-internal is served no"),
        ] {
            let mut inventory = of_objects(vec![ingress]);
            googles(&mut inventory);
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "m");
            let to = ObjectRef::ingress("shop", "web");
            let domains = ["a.example".to_owned()];
            let now = OffsetDateTime::UNIX_EPOCH;
            let plan = create(&inventory, &object, &domains, Some(&to), now);
            let refused = plan.refused.iter().map(|one| one.message.as_str());
            let refused = refused.collect::<Vec<_>>().join("; ");
            assert!(refused.contains(expected), "{state}: {refused}");
            assert_eq!(refused.is_empty(), expected.is_empty(), "{state}: {refused}");
            assert_eq!(plan.steps.is_empty(), !expected.is_empty(), "{state}");
        }
    }
}
