//! ManagedCertificates: creating one, attaching it to an Ingress, and telling how far it is.
//!
//! Decides what is written and what stands in the way. Knows the order Google's controllers need.
//! Refuses to know IO and the clock.

use super::bootstrap::with_name;
use super::step::{CreateObject, DeleteObject, LeftOut, PatchObject, Plan, Reason, Step};
use crate::audit::remedy;
use crate::gke::annotations::{
    INGRESS_CLASS, MANAGED_CERTIFICATES, PRE_SHARED_CERT, items, managed_are_ignored,
};
use crate::gke::managed::Managed;
use crate::inventory::{Inventory, ObjectFacts, Trouble};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::{cert, instant};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// The annotation that is touched to wake Google's controllers.
pub const NUDGED: &str = "certwright.dev/nudged-at";

/// On a ManagedCertificate that took over from another one: that one's name. Only by this mark is a
/// certificate known to be ours to let go; names prove nothing.
pub const REPLACES: &str = "certwright.dev/replaces";

/// A ManagedCertificate with everything that tells how far it is.
#[derive(Debug)]
pub struct Standing<'i> {
    /// The object.
    pub facts: &'i ObjectFacts,
    /// What it says.
    pub managed: Managed,
    /// The Ingresses that name it, each with whether it carries the load balancer's name for it.
    pub ingresses: Vec<(&'i ObjectFacts, bool)>,
    /// What controllers warned of last, about it and about those Ingresses.
    pub troubles: Vec<(&'i ObjectRef, &'i Trouble)>,
}

impl Standing<'_> {
    /// The Ingresses that name it, where its own certificate is not attached yet.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.ingresses.iter().any(|(_, attached)| *attached)
    }

    /// Each domain of the spec with its status; and those the status tells of that the spec has
    /// not, as it does for minutes after an edit.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, Option<String>)> {
        let told = &self.managed.domain_status;
        let status = |domain: &str| {
            told.iter().find(|(there, _)| there == domain).map(|(_, status)| status.clone())
        };
        let wanted = self.managed.domains.iter().map(|domain| (domain.clone(), status(domain)));
        let stale = told.iter().filter(|(domain, _)| !self.managed.domains.contains(domain));
        wanted.chain(stale.map(|(domain, status)| (domain.clone(), Some(status.clone())))).collect()
    }

    /// When it expires, once it is issued.
    #[must_use]
    pub fn expires(&self) -> Option<OffsetDateTime> {
        self.managed.expire_time.as_deref().and_then(|text| instant::parse(text).ok())
    }

    /// What keeps it from ever becoming Active unless somebody acts: reason and remedy.
    #[must_use]
    pub fn hopeless(&self) -> Option<(String, Remedy)> {
        let name = &self.facts.object.name;
        if let Some(since) = self.facts.going_since {
            let going = LeftOut::going(&self.facts.object, since);
            return Some((going.message, going.remedy));
        }
        if let Some((status, meaning)) = self.managed.permanent_failure() {
            return Some((format!("{status}: {}", meaning.meaning), meaning.remedy.into()));
        }
        if let Some(edit) = self.managed.edited() {
            let set = remedy::set_domains(&self.facts.object, &self.managed.domains);
            return Some((edit.in_words(), set.into()));
        }
        if self.ingresses.is_empty() {
            let message = "no Ingress names it, so it is never issued".to_owned();
            return Some((
                message,
                format!("name it in the annotation {MANAGED_CERTIFICATES} of an Ingress: {name}")
                    .into(),
            ));
        }
        let ignored = self.ingresses.iter().map(|(ingress, _)| class_ignored(ingress));
        ignored.collect::<Option<Vec<_>>>()?.into_iter().next()
    }
}

/// Why Google's controllers will not look at an Ingress.
fn class_ignored(ingress: &ObjectFacts) -> Option<(String, Remedy)> {
    let annotated = ingress.annotations.get(INGRESS_CLASS).map(String::as_str);
    let named = ingress.spec.get("ingressClassName").and_then(Value::as_str);
    let why = managed_are_ignored(annotated, named)?;
    let name = &ingress.object.name;
    Some((
        format!("no Ingress that names it can serve it: of ingress/{name}, {why}"),
        format!("use an Ingress with the annotation {INGRESS_CLASS}: gce").into(),
    ))
}

/// Objects about which controllers may have said why a certificate is not Active.
#[must_use]
pub fn worth_hearing_about(standings: &[Standing<'_>]) -> BTreeSet<ObjectRef> {
    let waiting = standings.iter().filter(|standing| !standing.managed.is_active());
    let about = waiting.flat_map(|standing| {
        let ingresses = standing.ingresses.iter().map(|(ingress, _)| &ingress.object);
        std::iter::once(&standing.facts.object).chain(ingresses)
    });
    about.cloned().collect()
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
    let ingresses: Vec<(&ObjectFacts, bool)> =
        ingresses.map(|ingress| (ingress, attached(ingress))).collect();
    let about = std::iter::once(facts).chain(ingresses.iter().map(|(ingress, _)| *ingress));
    let trouble = |facts: &'i ObjectFacts| Some((&facts.object, inventory.trouble(&facts.object)?));
    let troubles = about.filter_map(trouble).collect();
    Standing { facts, managed, ingresses, troubles }
}

/// The names in a list that stands in an annotation of an Ingress.
pub(super) fn listed<'i>(
    ingress: &'i ObjectFacts,
    annotation: &str,
) -> impl Iterator<Item = &'i str> {
    let list = ingress.annotations.get(annotation).map(String::as_str).unwrap_or_default();
    items(list)
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
    created(inventory, (object, domains), ingress, now).aimed(inventory.target())
}

fn created(
    inventory: &Inventory,
    (object, domains): (&ObjectRef, &[String]),
    ingress: Option<&ObjectRef>,
    now: OffsetDateTime,
) -> Plan {
    let mut plan = Plan::empty(now);
    let spec = json!({ "domains": domains });
    let looked_at = std::iter::once(object).chain(ingress);
    plan.refused.extend(looked_at.filter_map(|object| {
        let since = inventory.object(object)?.going_since?;
        Some(LeftOut::going(object, since))
    }));
    if !plan.refused.is_empty() {
        return plan;
    }
    match inventory.object(object) {
        None => plan.steps.push(Step::CreateObject(manifest(object, &spec, None))),
        Some(facts) if facts.spec.get("domains") == spec.get("domains") => {}
        Some(facts) => plan.refused.push(LeftOut {
            object: object.clone(),
            reason: Reason::Mismatch,
            message: format!(
                "it is there with other domains: {}, expected {}",
                facts.spec.get("domains").map(Value::to_string).unwrap_or_default(),
                spec["domains"]
            ),
            remedy: "changing them in place takes HTTPS down; choose another name".into(),
        }),
    }
    let Some(ingress) = ingress.filter(|_| plan.refused.is_empty()) else { return plan };
    match inventory.object(ingress) {
        None => plan.refused.push(LeftOut {
            object: ingress.clone(),
            reason: Reason::NotFound,
            message: "it does not exist".to_owned(),
            remedy: "check --ingress and -n; nothing was written".into(),
        }),
        Some(facts) => plan.steps.extend(attach(facts, &object.name).map(Step::PatchObject)),
    }
    if !plan.refused.is_empty() {
        plan.steps.clear();
    }
    plan
}

fn manifest(object: &ObjectRef, spec: &Value, replaces: Option<&str>) -> CreateObject {
    let mut manifest = json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": object.name, "namespace": object.namespace },
        "spec": spec,
    });
    if let Some(replaces) = replaces {
        manifest["metadata"]["annotations"] = json!({ REPLACES: replaces });
    }
    CreateObject { object: object.clone(), manifest, notes: Vec::new() }
}

/// The patch that names the certificate in the Ingress's list; none when it is there.
fn attach(ingress: &ObjectFacts, name: &str) -> Option<PatchObject> {
    let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
    let after = with_name(&before, name);
    (after != before).then(|| annotation(ingress, MANAGED_CERTIFICATES, &before, &after))
}

fn attach_everywhere(ingresses: &BTreeMap<&str, &ObjectFacts>, name: &str) -> Vec<Step> {
    let patches = ingresses.values().filter_map(|ingress| attach(ingress, name));
    patches.map(Step::PatchObject).collect()
}

/// What is next on the way to other domains without an outage.
#[derive(Debug)]
pub struct Change {
    /// What can be done now.
    pub plan: Plan,
    /// The certificate that holds the new domains.
    pub target: ObjectRef,
    /// What must come about first; none when nothing is left.
    pub waiting: Option<String>,
}

/// Plans the change of `name`'s domains, from whatever the cluster shows: a second certificate
/// beside the first, both attached, and only when the second serves, the first detached (its name
/// taken out of the Ingress first, since a delete while it is named hangs) and deleted. The list of
/// certificates on the load balancer is never empty on the way.
#[must_use]
pub fn set_domains(
    inventory: &Inventory,
    name: &ObjectRef,
    domains: &[String],
    now: OffsetDateTime,
) -> Change {
    let first = first_of_family(inventory, name);
    let family: Vec<Standing<'_>> = standings(inventory)
        .into_iter()
        .filter(|standing| first_of_family(inventory, &standing.facts.object) == first)
        .collect();
    let wanted: BTreeSet<&str> = domains.iter().map(String::as_str).collect();
    let holds_them = |standing: &&Standing<'_>| {
        standing.managed.domains.iter().map(String::as_str).collect::<BTreeSet<_>>() == wanted
    };
    let target = family.iter().find(holds_them);
    let object =
        target.map_or_else(|| successor(&first, &wanted), |standing| standing.facts.object.clone());
    let mut change = Change { plan: Plan::empty(now), target: object.clone(), waiting: None };
    let ingresses: BTreeMap<&str, &ObjectFacts> = family
        .iter()
        .flat_map(|standing| &standing.ingresses)
        // On others nothing is ever attached, and waiting for it would have no end.
        .filter(|(ingress, _)| class_ignored(ingress).is_none())
        .map(|(ingress, _)| (ingress.object.name.as_str(), *ingress))
        .collect();
    if let Some(refusal) = cannot_change(name, &family, ingresses.is_empty()) {
        change.plan.refused.push(refusal);
        return change;
    }
    if let Some(step) = family.iter().find_map(taken_back) {
        change.waiting = Some(format!(
            "the domains of {} are put back first, so that it serves on",
            step.object.short()
        ));
        change.plan.steps.push(Step::PatchObject(step));
        return change;
    }
    let goes = |facts: &ObjectFacts| facts.going_since.map(|since| (facts.object.short(), since));
    let mut touched = ingresses.values().copied().chain(target.map(|target| target.facts));
    if let Some((object, since)) = touched.find_map(goes) {
        change.waiting = Some(format!("{object} is being deleted since {}", instant::show(since)));
        return change;
    }
    let Some(target) = target else {
        if let Some(refusal) = name_is_taken(inventory, &object) {
            change.plan.refused.push(refusal);
            return change;
        }
        let spec = json!({ "domains": wanted });
        change.plan.steps.push(Step::CreateObject(manifest(&object, &spec, Some(&first.name))));
        change.plan.steps.extend(attach_everywhere(&ingresses, &object.name));
        change.waiting = Some("the new certificate is being made".to_owned());
        return change;
    };
    change.plan.steps.extend(attach_everywhere(&ingresses, &object.name));
    change.waiting = not_serving(inventory, target, &ingresses);
    if change.waiting.is_none() && change.plan.steps.is_empty() {
        let others: Vec<&Standing<'_>> =
            family.iter().filter(|standing| standing.facts.object.name != object.name).collect();
        change.plan.steps = retire(&others, &ingresses);
        if !others.is_empty() {
            change.waiting = Some("the old certificate is being let go".to_owned());
        }
    }
    change
}

/// The patch that takes back a change of domains in place, before Google's controller takes the
/// certificate off the load balancer for it; what is served then stays.
fn taken_back(standing: &Standing<'_>) -> Option<PatchObject> {
    standing.managed.edited()?;
    let told = standing.managed.told_domains();
    let (before, after) = (standing.managed.domains.join(","), told.join(","));
    Some(PatchObject {
        object: standing.facts.object.clone(),
        resource_version: standing.facts.resource_version.clone(),
        patch: json!({ "spec": { "domains": told } }),
        changes: vec![("spec.domains".to_owned(), before, after)],
        notes: Vec::new(),
    })
}

/// The certificate that this one took over from, or itself: by it a family is known.
fn first_of_family(inventory: &Inventory, object: &ObjectRef) -> ObjectRef {
    let facts = inventory.object(object);
    let replaces = facts.and_then(|facts| facts.annotations.get(REPLACES));
    let name = replaces.filter(|name| !name.is_empty()).unwrap_or(&object.name);
    ObjectRef::namespaced(Kind::ManagedCertificate, object.namespace(), name.as_str())
}

/// A certificate that somebody else made under the name of the next one.
fn name_is_taken(inventory: &Inventory, object: &ObjectRef) -> Option<LeftOut> {
    inventory.object(object)?;
    Some(LeftOut {
        object: object.clone(),
        reason: Reason::Mismatch,
        message: format!("it is there without the annotation {REPLACES}, so it is somebody else's"),
        remedy: "rename or delete it; nothing was written".into(),
    })
}

/// The name for these domains: always the same, so that a run that was cut short finds its own.
fn successor(name: &ObjectRef, domains: &BTreeSet<&str>) -> ObjectRef {
    let joined = domains.iter().copied().collect::<Vec<_>>().join(",");
    let digest = cert::hex(cert::sha256(joined.as_bytes()).get(..4).unwrap_or_default());
    ObjectRef { name: format!("{}-{digest}", name.name), ..name.clone() }
}

fn cannot_change(name: &ObjectRef, family: &[Standing<'_>], unnamed: bool) -> Option<LeftOut> {
    let no = |reason, message: &str, remedy: String| {
        let remedy = remedy.into();
        Some(LeftOut { object: name.clone(), reason, message: message.to_owned(), remedy })
    };
    if family.is_empty() {
        let remedy = "check the name and the namespace; managed create makes one".to_owned();
        return no(Reason::NotFound, "it does not exist", remedy);
    }
    if unnamed {
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
fn not_serving(
    inventory: &Inventory,
    target: &Standing<'_>,
    ingresses: &BTreeMap<&str, &ObjectFacts>,
) -> Option<String> {
    let status = target.managed.status.as_deref().unwrap_or("no status yet");
    let name = &target.facts.object.name;
    if !target.managed.is_active() {
        return Some(format!("managedcertificate/{name} is not Active for its domains: {status}"));
    }
    let attached = |ingress: &str| {
        target.ingresses.iter().any(|(there, attached)| there.object.name == ingress && *attached)
    };
    let (lacking, facts) = ingresses.iter().find(|(ingress, _)| !attached(ingress))?;
    let beside = |name: &str| ObjectRef {
        kind: Kind::ManagedCertificate,
        name: name.to_owned(),
        ..facts.object.clone()
    };
    let missing =
        listed(facts, MANAGED_CERTIFICATES).find(|name| inventory.object(&beside(name)).is_none());
    let why = missing.map_or_else(String::new, |missing| {
        format!(": it names managedcertificate/{missing}, which does not exist, and that stops Google's controller")
    });
    Some(format!("ingress/{lacking} does not carry managedcertificate/{name} yet{why}"))
}

/// Takes the old names out of every list; those that stand in none are deleted.
fn retire(others: &[&Standing<'_>], ingresses: &BTreeMap<&str, &ObjectFacts>) -> Vec<Step> {
    let mut steps = Vec::new();
    for ingress in ingresses.values() {
        let before = ingress.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
        let old = |name: &&str| others.iter().any(|other| other.facts.object.name == **name);
        let kept: Vec<&str> =
            listed(ingress, MANAGED_CERTIFICATES).filter(|name| !old(name)).collect();
        if kept.len() < listed(ingress, MANAGED_CERTIFICATES).count() {
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
        let staying = others.iter().filter(|other| other.facts.going_since.is_none());
        steps.extend(staying.map(|other| {
            Step::DeleteObject(DeleteObject {
                object: other.facts.object.clone(),
                resource_version: other.facts.resource_version.clone(),
                reason: "the new certificate serves, and no Ingress names this one".to_owned(),
            })
        }));
    }
    steps
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

    fn family(old: bool, new_status: Value, named: &str, shared: &str) -> Inventory {
        let certificate = |name: &str, domain: &str, status: Value| -> Given<'static> {
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", name);
            let mark: &[(&str, &str)] = if name == "web" { &[] } else { &[(REPLACES, "web")] };
            (object, mark, json!({ "domains": [domain] }), status)
        };
        let active = json!({
            "certificateName": "mcrt-old", "certificateStatus": "Active",
            "domainStatus": [{ "domain": "a.example", "status": "Active" }],
        });
        let annotations = [(MANAGED_CERTIFICATES, named), (PRE_SHARED_CERT, shared)];
        let mut objects = vec![ingress(&annotations)];
        if old {
            objects.push(certificate("web", "a.example", active));
        }
        if !new_status.is_null() {
            let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
            let new = successor(&name, &BTreeSet::from(["b.example"]));
            objects.push(certificate(&new.name, "b.example", new_status));
        }
        of_objects(objects)
    }

    /// The steps of a change to b.example, as `action name`.
    fn steps(inventory: &Inventory) -> String {
        let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let change =
            set_domains(inventory, &name, &["b.example".to_owned()], OffsetDateTime::UNIX_EPOCH);
        let show = |step: &Step| match step {
            Step::PatchObject(patch) => format!("list becomes {}", patch.changes[0].2),
            step => format!("{} {}", step.action(), step.object().name),
        };
        let waits = if change.waiting.is_some() { "; waits" } else { "" };
        format!("{}{waits}", change.plan.steps.iter().map(show).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn domains_change_by_a_second_certificate_and_the_first_goes_only_when_that_serves() {
        let new = "web-e8d39256";
        let provisioning =
            json!({ "certificateName": "mcrt-new", "certificateStatus": "Provisioning" });
        let active = json!({
            "certificateName": "mcrt-new", "certificateStatus": "Active",
            "domainStatus": [{ "domain": "b.example", "status": "Active" }],
        });
        let both = format!("web,{new}");
        for (state, inventory, expected) in [
            (
                "at first",
                family(true, Value::Null, "web", "mcrt-old"),
                format!("create {new}, list becomes web,{new}; waits"),
            ),
            (
                "killed after the create",
                family(true, provisioning.clone(), "web", "mcrt-old"),
                format!("list becomes web,{new}; waits"),
            ),
            (
                "issuing",
                family(true, provisioning, &both, "mcrt-new,mcrt-old"),
                "; waits".to_owned(),
            ),
            (
                "Active, not attached",
                family(true, active.clone(), &both, "mcrt-old"),
                "; waits".to_owned(),
            ),
            (
                "Active and attached",
                family(true, active.clone(), &both, "mcrt-new,mcrt-old"),
                format!("list becomes {new}; waits"),
            ),
            (
                "detached",
                family(true, active.clone(), new, "mcrt-new,mcrt-old"),
                "delete web; waits".to_owned(),
            ),
            ("done", family(false, active, new, "mcrt-new"), String::new()),
        ] {
            assert_eq!(steps(&inventory), expected, "{state}");
        }
    }

    #[test]
    fn a_certificate_that_is_only_named_alike_is_never_touched() {
        let certificate = |name: &str, domain: &str| -> Given<'static> {
            let status = json!({
                "certificateName": format!("mcrt-{name}"), "certificateStatus": "Active",
                "domainStatus": [{ "domain": domain, "status": "Active" }],
            });
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", name);
            (object, &[], json!({ "domains": [domain] }), status)
        };
        let annotations = [(MANAGED_CERTIFICATES, "web,web-20260101")];
        let alike = certificate("web-20260101", "b.example");
        let inventory =
            of_objects(vec![certificate("web", "a.example"), alike, ingress(&annotations)]);
        assert_eq!(
            steps(&inventory),
            "create web-e8d39256, list becomes web,web-20260101,web-e8d39256; waits"
        );
        let taken = certificate("web-e8d39256", "c.example");
        let inventory =
            of_objects(vec![certificate("web", "a.example"), taken, ingress(&annotations)]);
        let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let domains = ["b.example".to_owned()];
        let change = set_domains(&inventory, &name, &domains, OffsetDateTime::UNIX_EPOCH);
        assert_eq!((change.plan.steps.len(), change.plan.refused.len()), (0, 1));
    }

    #[test]
    fn domains_change_only_where_googles_controller_looks_and_what_stops_it_is_told() {
        let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let active = json!({
            "certificateName": "mcrt-1", "certificateStatus": "Active",
            "domainStatus": [{ "domain": "a.example", "status": "Active" }],
        });
        let here = |class: &'static str, names: &'static str| -> Given<'static> {
            let annotations =
                Box::leak(Box::new([(INGRESS_CLASS, class), (MANAGED_CERTIFICATES, names)]));
            (ObjectRef::ingress("shop", class), annotations, json!({}), Value::Null)
        };
        let change = |ingresses: Vec<Given<'_>>| {
            let objects = ingresses.into_iter().chain([certificate(active.clone())]).collect();
            let domains = ["a.example".to_owned()];
            set_domains(&of_objects(objects), &name, &domains, OffsetDateTime::UNIX_EPOCH)
        };
        let internal = change(vec![here("gce-internal", "web")]);
        assert!(internal.plan.refused[0].message.contains("no Ingress of class gce"));
        let both = change(vec![here("gce-internal", "web"), here("gce", "web,gone")]);
        let waiting = both.waiting.expect("the one of class gce does not carry it yet");
        assert!(waiting.starts_with("ingress/gce does not carry"), "{waiting}");
        assert!(waiting.contains("managedcertificate/gone, which does not exist"), "{waiting}");
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
