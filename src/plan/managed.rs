//! ManagedCertificates: creating one, attaching it to an Ingress, and telling how far it is.
//!
//! Decides what is written and what stands in the way. Knows the order Google's controllers need.
//! Refuses to know IO and the clock.

use super::bootstrap::with_name;
use super::step::{CreateObject, LeftOut, PatchObject, Plan, Reason, Step};
use crate::gke::annotations::{INGRESS_CLASS, MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::gke::managed::Managed;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::{Kind, ObjectRef};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The annotation that is touched to wake Google's controllers.
pub const NUDGED: &str = "certwright.dev/nudged-at";

/// A ManagedCertificate with everything that tells how far it is.
#[derive(Debug)]
pub struct Standing<'i> {
    /// The object.
    pub facts: &'i ObjectFacts,
    /// What it says.
    pub managed: Managed,
    /// The Ingresses that name it, each with whether it carries the load balancer's name for it.
    pub ingresses: Vec<(&'i ObjectFacts, bool)>,
}

impl Standing<'_> {
    /// The Ingresses that name it, where its own certificate is not attached yet.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.ingresses.iter().any(|(_, attached)| *attached)
    }

    /// What keeps it from ever becoming Active unless somebody acts: reason and remedy.
    #[must_use]
    pub fn hopeless(&self) -> Option<(String, String)> {
        let name = &self.facts.object.name;
        if let Some((status, meaning)) = self.managed.permanent_failure() {
            return Some((format!("{status}: {}", meaning.meaning), meaning.remedy.to_owned()));
        }
        if self.ingresses.is_empty() {
            let message = "no Ingress names it, so it is never issued".to_owned();
            return Some((
                message,
                format!("kubectl annotate ingress NAME {MANAGED_CERTIFICATES}={name}"),
            ));
        }
        let ignored = self.ingresses.iter().find_map(|(ingress, _)| class_ignored(ingress))?;
        (self.ingresses.len() == 1).then_some(ignored)
    }
}

/// Why Google's controllers will not look at an Ingress.
fn class_ignored(ingress: &ObjectFacts) -> Option<(String, String)> {
    let class = ingress.annotations.get(INGRESS_CLASS).map(String::as_str).unwrap_or_default();
    if matches!(class, "" | "gce") {
        return None;
    }
    let name = &ingress.object.name;
    Some((
        format!(
            "ingress/{name}, the only one that names it, is of class {class:?}, which serves no ManagedCertificates"
        ),
        format!("use an Ingress with the annotation {INGRESS_CLASS}: gce"),
    ))
}

/// How every ManagedCertificate of the inventory stands, in order.
#[must_use]
pub fn standings(inventory: &Inventory) -> Vec<Standing<'_>> {
    inventory.objects_of(Kind::ManagedCertificate).map(|facts| standing(inventory, facts)).collect()
}

/// How this ManagedCertificate stands.
#[must_use]
pub fn standing<'i>(inventory: &'i Inventory, facts: &'i ObjectFacts) -> Standing<'i> {
    let managed = Managed::of(&facts.spec, &facts.status);
    let names_it = |ingress: &&ObjectFacts| {
        ingress.object.namespace == facts.object.namespace
            && listed(ingress, MANAGED_CERTIFICATES).any(|name| name == facts.object.name)
    };
    let attached = |ingress: &ObjectFacts| {
        managed
            .certificate_name
            .as_deref()
            .is_some_and(|name| listed(ingress, PRE_SHARED_CERT).any(|there| there == name))
    };
    let ingresses = inventory.objects_of(Kind::Ingress).filter(names_it);
    let ingresses = ingresses.map(|ingress| (ingress, attached(ingress))).collect();
    Standing { facts, managed, ingresses }
}

fn listed<'i>(ingress: &'i ObjectFacts, annotation: &str) -> impl Iterator<Item = &'i str> {
    let list = ingress.annotations.get(annotation).map(String::as_str).unwrap_or_default();
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// Plans to create a ManagedCertificate and, with `ingress`, to name it there.
#[must_use]
pub fn create(
    inventory: &Inventory,
    object: &ObjectRef,
    domains: &[String],
    ingress: Option<&ObjectRef>,
    now: OffsetDateTime,
) -> Plan {
    let mut plan = Plan::empty(now);
    let spec = json!({ "domains": domains });
    match inventory.object(object) {
        None => plan.steps.push(Step::CreateObject(manifest(object, &spec))),
        Some(facts) if facts.spec.get("domains") == spec.get("domains") => {}
        Some(facts) => plan.refused.push(LeftOut {
            object: object.clone(),
            reason: Reason::Mismatch,
            message: format!(
                "it is there with other domains: {}, expected {}",
                facts.spec.get("domains").map(Value::to_string).unwrap_or_default(),
                spec["domains"]
            ),
            remedy: "changing them in place takes HTTPS down; choose another name".to_owned(),
        }),
    }
    let Some(ingress) = ingress.filter(|_| plan.refused.is_empty()) else { return plan };
    match inventory.object(ingress) {
        None => plan.refused.push(LeftOut {
            object: ingress.clone(),
            reason: Reason::NotFound,
            message: "it does not exist".to_owned(),
            remedy: "check --ingress and -n; nothing was written".to_owned(),
        }),
        Some(facts) => plan.steps.extend(attach(facts, &object.name).map(Step::PatchObject)),
    }
    if !plan.refused.is_empty() {
        plan.steps.clear();
    }
    plan
}

fn manifest(object: &ObjectRef, spec: &Value) -> CreateObject {
    let manifest = json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": object.name, "namespace": object.namespace },
        "spec": spec,
    });
    CreateObject { object: object.clone(), manifest, notes: Vec::new() }
}

/// The patch that names the certificate in the Ingress's list; none when it is there.
fn attach(ingress: &ObjectFacts, name: &str) -> Option<PatchObject> {
    let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
    let after = with_name(&before, name);
    (after != before).then(|| annotation(ingress, MANAGED_CERTIFICATES, &before, &after))
}

/// A touch that wakes both of Google's controllers, which else look every ten minutes.
#[must_use]
pub fn nudge(ingress: &ObjectFacts, at: &str) -> PatchObject {
    let before = ingress.annotations.get(NUDGED).cloned().unwrap_or_default();
    annotation(ingress, NUDGED, &before, at)
}

fn annotation(facts: &ObjectFacts, key: &str, before: &str, after: &str) -> PatchObject {
    PatchObject {
        object: facts.object.clone(),
        resource_version: facts.resource_version.clone(),
        patch: json!({ "metadata": { "annotations": { key: after } } }),
        changes: vec![(format!("annotation {key}"), before.to_owned(), after.to_owned())],
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::testing::{Given, of_objects};

    fn certificate(status: Value) -> Given<'static> {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        (object, &[], json!({"domains": ["a.example"]}), status)
    }

    fn ingress<'g>(annotations: &'g [(&'g str, &'g str)]) -> Given<'g> {
        (ObjectRef::ingress("shop", "web"), annotations, json!({}), Value::Null)
    }

    #[test]
    fn a_certificate_that_no_ingress_names_is_hopeless() {
        let inventory = of_objects(vec![certificate(Value::Null)]);
        let standings = standings(&inventory);
        let (message, _) = standings[0].hopeless().expect("it is hopeless");
        assert!(message.contains("no Ingress names it"), "{message}");
    }

    #[test]
    fn a_certificate_is_attached_when_the_ingress_carries_its_load_balancer_name() {
        let status = json!({"certificateName": "mcrt-1", "certificateStatus": "Provisioning"});
        for (shared, attached) in [("mcrt-0,mcrt-1", true), ("mcrt-0", false), ("", false)] {
            let annotations = [(MANAGED_CERTIFICATES, "other, web"), (PRE_SHARED_CERT, shared)];
            let inventory = of_objects(vec![certificate(status.clone()), ingress(&annotations)]);
            let standings = standings(&inventory);
            assert_eq!(standings[0].is_attached(), attached, "{shared}");
            assert_eq!(standings[0].hopeless(), None);
        }
    }

    #[test]
    fn naming_a_certificate_keeps_the_names_that_are_there() {
        let inventory = of_objects(vec![ingress(&[(MANAGED_CERTIFICATES, "old")])]);
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let to = ObjectRef::ingress("shop", "web");
        let domains = ["a.example".to_owned()];
        let plan = create(&inventory, &object, &domains, Some(&to), OffsetDateTime::UNIX_EPOCH);
        let Some(Step::PatchObject(patch)) = plan.steps.get(1) else { panic!("{plan:?}") };
        assert_eq!(patch.patch["metadata"]["annotations"][MANAGED_CERTIFICATES], "old,web");
        assert_eq!(patch.resource_version.as_deref(), Some("7"));
    }

    #[test]
    fn a_missing_ingress_is_refused_before_anything_is_written() {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let to = ObjectRef::ingress("shop", "gone");
        let inventory = of_objects(Vec::new());
        let domains = ["a.example".to_owned()];
        let plan = create(&inventory, &object, &domains, Some(&to), OffsetDateTime::UNIX_EPOCH);
        assert_eq!((plan.steps.len(), plan.refused.len()), (0, 1));
    }
}
