//! Tables of what is planned for ManagedCertificates.

use super::goal::{Awaited, SetDomains, WaitForActive};
use super::set_domains::successor;
use super::*;
use crate::gke::annotations::{INGRESS_CLASS, PRE_SHARED_CERT};
use crate::inventory::Inventory;
use crate::inventory::testing::{Given, of_objects};
use crate::object_ref::Kind;
use crate::plan::goal::{Goal, Next};
use crate::plan::step::Step;
use crate::remedy::Advice;
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime};

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
    let statuses = statuses(&inventory);
    let Advice { message, .. } = statuses[0].hopeless().expect("it is hopeless");
    assert!(message.contains("no Ingress names it"), "{message}");
}

#[test]
fn domains_edited_in_place_are_left_to_who_deploys_the_certificate_or_its_ingress() {
    const HELM: (&str, &str) = ("meta.helm.sh/release-name", "search");
    let status = json!({
        "certificateName": "mcrt-1", "certificateStatus": "Active",
        "domainStatus": [{"domain": "b.example", "status": "Active"}],
    });
    let named = (MANAGED_CERTIFICATES, "web");
    for (of_certificate, of_ingress, expected) in [
        (&[][..], &[named][..], "certwright managed set-domains web a.example -n shop"),
        (
            &[HELM],
            &[named],
            "make a second ManagedCertificate for a.example, name both in the Ingress, and take web away when the second is Active, where Helm release search gets managedcertificate/web from",
        ),
        (
            &[],
            &[named, HELM],
            "name in its annotation networking.gke.io/managed-certificates a second ManagedCertificate for a.example, where Helm release search gets ingress/web from",
        ),
    ] {
        let (object, _, spec, _) = certificate(Value::Null);
        let certificate = (object, of_certificate, spec, status.clone());
        let inventory = of_objects(vec![certificate, ingress(of_ingress)]);
        let told = statuses(&inventory)[0].hopeless().expect("it was edited").remedy;
        assert!(told.to_string().starts_with(expected), "{told}");
    }
}

#[test]
fn a_certificate_is_attached_when_the_ingress_carries_its_load_balancer_name() {
    let status = json!({"certificateName": "mcrt-1", "certificateStatus": "Provisioning"});
    for (shared, attached) in [("mcrt-0,mcrt-1", true), ("mcrt-0", false), ("", false)] {
        let annotations = [(MANAGED_CERTIFICATES, "other, web"), (PRE_SHARED_CERT, shared)];
        let inventory = of_objects(vec![certificate(status.clone()), ingress(&annotations)]);
        let statuses = statuses(&inventory);
        assert_eq!(statuses[0].is_attached(), attached, "{shared}");
        assert_eq!(statuses[0].hopeless(), None);
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
        Step::PatchObject(patch) => format!("list becomes {}", patch.changes[0].after),
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
        ("issuing", family(true, provisioning, &both, "mcrt-new,mcrt-old"), "; waits".to_owned()),
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
    let inventory = of_objects(vec![certificate("web", "a.example"), alike, ingress(&annotations)]);
    assert_eq!(
        steps(&inventory),
        "create web-e8d39256, list becomes web,web-20260101,web-e8d39256; waits"
    );
    let taken = certificate("web-e8d39256", "c.example");
    let inventory = of_objects(vec![certificate("web", "a.example"), taken, ingress(&annotations)]);
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

fn next_for(goal: &mut WaitForActive, inventory: &Inventory, seconds: i64) -> Next<Awaited> {
    goal.next(inventory, OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
}

/// What comes next, as a word.
fn word<A>(next: &Next<A>) -> &'static str {
    match next {
        Next::Done { .. } => "done",
        Next::Act { .. } => "act",
        Next::Wait { .. } => "wait",
        Next::Hopeless { .. } => "hopeless",
        Next::Refused(_) => "refused",
    }
}

#[test]
fn waiting_for_active_ends_when_it_is_and_when_it_cannot_be() {
    let named = [(MANAGED_CERTIFICATES, "web")];
    let domain = |status: &str| json!([{ "domain": "a.example", "status": status }]);
    let with = |status: Value| of_objects(vec![certificate(status), ingress(&named)]);
    for (case, inventory, expected) in [
        ("not there", of_objects(vec![ingress(&named)]), "refused"),
        ("no status yet", with(Value::Null), "wait"),
        (
            "issuing",
            with(
                json!({ "certificateStatus": "Provisioning", "domainStatus": domain("Provisioning") }),
            ),
            "wait",
        ),
        (
            "Active",
            with(json!({ "certificateStatus": "Active", "domainStatus": domain("Active") })),
            "done",
        ),
        (
            "failed for good",
            with(json!({ "certificateStatus": "ProvisioningFailedPermanently" })),
            "hopeless",
        ),
        ("named nowhere", of_objects(vec![certificate(Value::Null)]), "hopeless"),
    ] {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let next = next_for(&mut WaitForActive::new(object, false), &inventory, 0);
        assert_eq!(word(&next), expected, "{case}");
    }
}

#[test]
fn each_touch_carries_the_time_of_its_own_and_none_comes_within_five_minutes_of_the_last() {
    let named = [(MANAGED_CERTIFICATES, "web")];
    let inventory = of_objects(vec![certificate(Value::Null), ingress(&named)]);
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    let mut goal = WaitForActive::new(object, true);
    let mut touches = Vec::new();
    for seconds in [0, 10, 299, 300, 310, 700] {
        let Next::Wait { plan, .. } = next_for(&mut goal, &inventory, seconds) else {
            panic!("it waits")
        };
        let at = |step: &Step| match step {
            Step::PatchObject(patch) => patch.patch["metadata"]["annotations"][NUDGED].to_string(),
            step => panic!("{step:?}"),
        };
        touches.push(plan.steps.iter().map(at).collect::<String>());
    }
    let expected = [
        "\"1970-01-01T00:00:00Z\"",
        "",
        "",
        "\"1970-01-01T00:05:00Z\"",
        "",
        "\"1970-01-01T00:11:40Z\"",
    ];
    assert_eq!(touches, expected);
}

#[test]
fn other_domains_are_hopeless_once_their_certificate_has_failed_for_good() {
    let both = "web,web-e8d39256";
    let failed = json!({ "certificateStatus": "ProvisioningFailedPermanently" });
    let active = json!({
        "certificateName": "mcrt-new", "certificateStatus": "Active",
        "domainStatus": [{ "domain": "b.example", "status": "Active" }],
    });
    for (case, inventory, expected) in [
        ("at first", family(true, Value::Null, "web", "mcrt-old"), "act"),
        ("issuing", family(true, json!({}), both, "mcrt-old"), "wait"),
        ("failed", family(true, failed, both, "mcrt-old"), "hopeless"),
        ("done", family(false, active, "web-e8d39256", "mcrt-new"), "done"),
        ("nothing there", of_objects(Vec::new()), "refused"),
    ] {
        let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let mut goal = SetDomains::new(name, vec!["b.example".to_owned()]);
        assert_eq!(word(&goal.next(&inventory, OffsetDateTime::UNIX_EPOCH)), expected, "{case}");
    }
}
