//! Tables of the goal: facts in, what comes next out; and whose hands a remedy leaves things in.

use super::goal::{Awaited, Bootstrap};
use super::{BootstrapRequest, Certificate, Class, Http};
use crate::gke::annotations::{FRONTEND_CONFIG, OLDER_APP_PROTOCOLS};
use crate::gke::presets::Preset;
use crate::inventory::Inventory;
use crate::inventory::testing::{of_seen, seen};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{ObjectSeen, Question};
use crate::plan::goal::{Goal, Next};
use crate::plan::step::Step;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00:00 UTC);
const HELM: (&str, &str) = ("meta.helm.sh/release-name", "search");

fn request() -> BootstrapRequest {
    BootstrapRequest {
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
        domains: vec!["a.example".to_owned()],
        service: "web".to_owned(),
        port: None,
        preset: Preset::Http,
        health_check: Preset::Http.health_check(),
        certificate: Certificate::Managed("web".to_owned()),
        backend_config: "web-backendconfig".to_owned(),
        static_ip: None,
        http: None,
        class: Class::Gce,
        cluster_ip: false,
    }
}

fn object(kind: Kind, annotations: &[(&str, &str)], spec: Value, status: Value) -> ObjectSeen {
    seen((ObjectRef::namespaced(kind, "shop", "web"), annotations, spec, status))
}

fn service(annotations: &[(&str, &str)]) -> ObjectSeen {
    let spec = json!({"type": "ClusterIP", "ports": [{"name": "http", "port": 80}]});
    object(Kind::Service, annotations, spec, Value::Null)
}

fn managed(annotations: &[(&str, &str)], domain: &str, status: Value) -> ObjectSeen {
    object(Kind::ManagedCertificate, annotations, json!({"domains": [domain]}), status)
}

/// What the cluster holds once the goal's steps are carried out on it.
fn carried_out(mut world: Vec<ObjectSeen>) -> Vec<ObjectSeen> {
    let mut goal = Bootstrap { request: request() };
    let steps = match goal.next(&of_seen(world.clone()), NOW) {
        Next::Act { plan, .. } => plan.steps,
        other => panic!("there is something to do: {other:?}"),
    };
    for step in steps {
        let (object, values) = match step {
            Step::CreateObject(step) => (step.object, step.manifest),
            Step::PatchObject(step) => (step.object, step.patch),
            other => panic!("no such step: {other:?}"),
        };
        if !world.iter().any(|there| there.object == object) {
            let spec = values.get("spec").cloned().unwrap_or_default();
            world.push(seen((object.clone(), &[], spec, Value::Null)));
        }
        let there = world.iter_mut().find(|there| there.object == object).expect("it is there");
        let annotations = values.pointer("/metadata/annotations").and_then(Value::as_object);
        for (key, value) in annotations.into_iter().flatten() {
            there.meta.annotations.insert(key.clone(), value.as_str().unwrap_or("").to_owned());
        }
    }
    world
}

/// The world in which all is written, with these statuses of Ingress and ManagedCertificate.
fn written(ingress: &Value, managed: &Value) -> Vec<ObjectSeen> {
    let mut world = carried_out(vec![service(&[])]);
    for there in &mut world {
        match there.object.kind {
            Kind::Ingress => there.status = ingress.clone(),
            Kind::ManagedCertificate => there.status = managed.clone(),
            _ => {}
        }
    }
    world
}

fn deleted(mut one: ObjectSeen) -> ObjectSeen {
    one.meta.deletion_timestamp = Some(NOW);
    one
}

/// What comes next, in a line.
fn next(world: Vec<ObjectSeen>) -> String {
    told(Bootstrap { request: request() }.next(&of_seen(world), NOW))
}

fn told(next: Next<Awaited>) -> String {
    match next {
        Next::Done { reached: Some(Awaited::Progress(progress)), .. } => {
            format!("done at {}", progress.address.unwrap_or_default())
        }
        Next::Done { reached, .. } => format!("done: {reached:?}"),
        Next::Act { plan, .. } => {
            let steps = plan.steps.iter();
            let steps = steps.map(|step| format!("{} {}", step.action(), step.object().kind));
            steps.collect::<Vec<_>>().join(", ")
        }
        Next::Wait { awaited: Awaited::Progress(progress), .. } => {
            let address = progress.address.unwrap_or_else(|| "an address".to_owned());
            let trouble = progress.trouble.map(|why| format!(" ({why})")).unwrap_or_default();
            format!("waits, {address}{trouble}")
        }
        Next::Wait { awaited: Awaited::Going(going), plan } => {
            let gone = going.iter().map(|one| one.object.short()).collect::<Vec<_>>();
            format!("waits for {} to go, {} steps", gone.join(", "), plan.steps.len())
        }
        Next::Hopeless { advice, .. } => format!("hopeless: {}", advice.message),
        Next::Refused(plan) => {
            let refused = plan.refused.iter();
            let refused = refused.map(|one| format!("{}: {}", one.object.short(), one.remedy));
            format!("refused: {}", refused.collect::<Vec<_>>().join("; "))
        }
    }
}

#[test]
fn every_move_follows_from_what_is_there() {
    let address = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}});
    let active = json!({
        "certificateName": "mcrt-1", "certificateStatus": "Active",
        "domainStatus": [{"domain": "a.example", "status": "Active"}],
    });
    let provisioning = json!({"certificateName": "mcrt-1", "certificateStatus": "Provisioning"});
    let all = "create ManagedCertificate, create BackendConfig, patch Service, create Ingress";
    let without_service = Vec::new();
    let going = written(&address, &active).into_iter().map(|one| match one.object.kind {
        Kind::BackendConfig => deleted(one),
        _ => one,
    });
    let but_one = written(&address, &active).into_iter();
    let but_one = but_one.filter(|one| one.object.kind != Kind::BackendConfig);
    for (state, world, expected) in [
        ("a Service alone", vec![service(&[])], all),
        ("all is written", written(&Value::Null, &Value::Null), "waits, an address"),
        ("an address", written(&address, &provisioning), "waits, 192.0.2.7"),
        ("Active without an address", written(&Value::Null, &active), "waits, an address"),
        ("an address, and Active", written(&address, &active), "done at 192.0.2.7"),
        ("one was deleted by hand", but_one.collect(), "create BackendConfig"),
        (
            "one is being deleted",
            going.collect(),
            "waits for backendconfig/web-backendconfig to go, 0 steps",
        ),
        (
            "the Service is being deleted too",
            vec![deleted(service(&[]))],
            "waits for service/web to go, 0 steps",
        ),
    ] {
        assert_eq!(next(world), expected, "{state}");
    }
    assert!(next(without_service).starts_with("refused: service/web: "));
}

#[test]
fn what_cannot_become_active_ends_the_wait_and_says_why() {
    let address = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}});
    let failed = json!({
        "certificateName": "mcrt-1", "certificateStatus": "ProvisioningFailedPermanently",
    });
    let told = next(written(&address, &failed));
    assert!(told.starts_with("hopeless: "), "{told}");
    assert!(told.contains("ProvisioningFailedPermanently"), "{told}");
}

#[test]
fn what_is_refused_leaves_to_its_deployer_what_he_would_put_back() {
    let older = [(OLDER_APP_PROTOCOLS, r#"{"http":"HTTPS"}"#)];
    let spoilt = [("cloud.google.com/neg", "yes")];
    let of_helm = |annotation: (&'static str, &'static str)| [annotation, HELM];
    for (state, world, expected) in [
        (
            "hand-made, other domains",
            vec![service(&[]), managed(&[], "b.example", Value::Null)],
            "managedcertificate/web: certwright managed set-domains web a.example -n shop",
        ),
        (
            "Helm's, other domains",
            vec![service(&[]), managed(&[HELM], "b.example", Value::Null)],
            "managedcertificate/web: make a second ManagedCertificate for a.example, name both in the \
          Ingress, and take web away when the second is Active, where Helm release search gets \
          managedcertificate/web from: on the cluster it is changed back (annotation meta.helm.sh/release-name)",
        ),
        (
            "hand-made, overruled",
            vec![service(&older)],
            "service/web: kubectl annotate service web -n shop service.alpha.kubernetes.io/app-protocols-",
        ),
        (
            "Helm's, overruled",
            vec![service(&of_helm(older[0]))],
            "service/web: take the annotation service.alpha.kubernetes.io/app-protocols off, where Helm \
          release search gets service/web from: on the cluster it is changed back (annotation meta.helm.sh/release-name)",
        ),
        (
            "hand-made, no JSON",
            vec![service(&spoilt)],
            "service/web: kubectl annotate service web -n shop cloud.google.com/neg-",
        ),
        (
            "Helm's, no JSON",
            vec![service(&of_helm(spoilt[0]))],
            "service/web: take the annotation cloud.google.com/neg off, where Helm release search gets \
          service/web from: on the cluster it is changed back (annotation meta.helm.sh/release-name)",
        ),
    ] {
        assert_eq!(next(world), format!("refused: {expected}"), "{state}");
    }
}

/// The world of an Ingress that names a FrontendConfig of somebody else's, deployed or not.
fn redirecting(config: &[(&str, &str)]) -> (Inventory, Bootstrap) {
    let mut world = written(&Value::Null, &Value::Null);
    for there in &mut world {
        if there.object.kind == Kind::Ingress {
            there.meta.annotations.insert(FRONTEND_CONFIG.to_owned(), "edge".to_owned());
        }
    }
    let edge = ObjectRef::namespaced(Kind::FrontendConfig, "shop", "edge");
    world.push(seen((edge, config, json!({}), Value::Null)));
    let request = BootstrapRequest { http: Some(Http::Redirect), ..request() };
    (of_seen(world), Bootstrap { request })
}

#[test]
fn a_frontend_config_of_somebody_elses_is_looked_at_before_it_is_to_be_changed() {
    let edge = ObjectRef::namespaced(Kind::FrontendConfig, "shop", "edge");
    let (inventory, goal) = redirecting(&[]);
    assert!(goal.questions(&inventory).contains(&Question::Object(edge)));
    for (annotations, expected) in [
        (&[][..], "kubectl patch frontendconfig edge -n shop --type=merge -p "),
        (
            &[HELM],
            "set spec.redirectToHttps.enabled to true, where Helm release search gets frontendconfig/edge from: ",
        ),
    ] {
        let (inventory, mut goal) = redirecting(annotations);
        let told = told(goal.next(&inventory, NOW));
        assert!(told.contains(expected), "{told}");
    }
}
