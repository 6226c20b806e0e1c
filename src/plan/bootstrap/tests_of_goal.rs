//! Tables of the goal: facts in, what comes next out; and whose hands a remedy leaves things in.

use super::goal::{Awaited, Bootstrap};
use super::{BootstrapRequest, Certificate, Class, Http};
use crate::gke::annotations::{
    ALLOW_HTTP, BACKEND_CONFIG, FRONTEND_CONFIG, INGRESS_CLASS, MANAGED_CERTIFICATES,
    OLDER_APP_PROTOCOLS, SSL_CERT, STATIC_IP,
};
use crate::gke::load_balancer::HTTPS_FORWARDING_RULE;
use crate::gke::presets::Preset;
use crate::inventory::Inventory;
use crate::inventory::testing::{of_seen, seen, warn};
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
        covers: vec!["a.example".to_owned()],
        add: false,
        service: "web".to_owned(),
        port: None,
        preset: Preset::Http,
        health_check: Preset::Http.health_check(),
        certificate: Certificate::Managed("web".to_owned()),
        backend_config: "web-backendconfig".to_owned(),
        backend_config_given: false,
        frontend_config: "web".to_owned(),
        static_ip: None,
        http: None,
        class: Class::Gce,
        class_why: None,
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
    let mut goal = Bootstrap::new(request(), true, true);
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

/// The same with a load balancer that serves the certificate, by its own account.
fn served(mut world: Vec<ObjectSeen>) -> Vec<ObjectSeen> {
    for there in world.iter_mut().filter(|there| there.object.kind == Kind::Ingress) {
        for (key, value) in [(SSL_CERT, "mcrt-1"), (HTTPS_FORWARDING_RULE, "k8s2-fs-1")] {
            there.meta.annotations.insert(key.to_owned(), value.to_owned());
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
    told(Bootstrap::new(request(), true, true).next(&of_seen(world), NOW))
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
            let trouble = progress.trouble.map(|why| format!(" ({})", why.message));
            let trouble = trouble.unwrap_or_default();
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
    let going = served(written(&address, &active)).into_iter().map(|one| match one.object.kind {
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
        // An address that was there before, or a status that is told early, proves nothing.
        ("an address, and Active", written(&address, &active), "waits, 192.0.2.7"),
        ("served, and Active", served(written(&address, &active)), "done at 192.0.2.7"),
        ("served, not Active", served(written(&address, &provisioning)), "waits, 192.0.2.7"),
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
          Ingress, and when the second is Active remove the name of web from the Ingress, then delete it, where Helm release search gets \
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
            "service/web: remove the annotation service.alpha.kubernetes.io/app-protocols, where Helm \
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
            "service/web: remove the annotation cloud.google.com/neg, where Helm release search gets \
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
    (of_seen(world), Bootstrap::new(request, true, true))
}

#[test]
fn the_frontend_config_that_the_ingress_names_is_the_one_that_redirects() {
    let edge = ObjectRef::namespaced(Kind::FrontendConfig, "shop", "edge");
    for (annotations, notes) in [(&[][..], 0), (&[HELM], 1)] {
        let (inventory, mut goal) = redirecting(annotations);
        assert!(goal.questions(&inventory).contains(&Question::Object(edge.clone())));
        let Next::Act { plan, .. } = goal.next(&inventory, NOW) else { panic!("it is patched") };
        let [Step::PatchObject(patch)] = &plan.steps[..] else { panic!("{plan:?}") };
        assert_eq!(patch.object, edge);
        assert_eq!(patch.patch, json!({"spec": {"redirectToHttps": {"enabled": true}}}));
        // Who deploys it may put his own back.
        assert_eq!(patch.notes.iter().filter(|note| note.contains("Helm")).count(), notes);
    }
}

/// What comes next for this request, in a line.
fn next_of(request: BootstrapRequest, world: Vec<ObjectSeen>) -> String {
    told(Bootstrap::new(request, true, true).next(&of_seen(world), NOW))
}

/// The world with another annotation on the object of this kind.
fn annotated(mut world: Vec<ObjectSeen>, kind: Kind, key: &str, value: &str) -> Vec<ObjectSeen> {
    for there in world.iter_mut().filter(|there| there.object.kind == kind) {
        there.meta.annotations.insert(key.to_owned(), value.to_owned());
    }
    world
}

#[test]
fn names_in_use_win_over_those_that_would_be_made_up() {
    let named = r#"{"default":"by-hand"}"#;
    let spec = json!({"healthCheck": {"type": "HTTP", "requestPath": "/"}});
    let config = ObjectRef::namespaced(Kind::BackendConfig, "shop", "by-hand");
    let in_use = || {
        let config = seen((config.clone(), &[], spec.clone(), Value::Null));
        vec![service(&[(BACKEND_CONFIG, named)]), config]
    };
    let all = "create ManagedCertificate, patch Service, create Ingress";
    assert_eq!(next(in_use()), all, "no second BackendConfig is made");
    let given = BootstrapRequest { backend_config_given: true, ..request() };
    let told = next_of(given, in_use());
    assert!(told.contains("use that one with --backend-config by-hand"), "{told}");
    // The ManagedCertificate that the Ingress names for just these domains.
    let mut world = written(&Value::Null, &Value::Null);
    for there in &mut world {
        match there.object.kind {
            Kind::ManagedCertificate => "bought".clone_into(&mut there.object.name),
            Kind::Ingress => {
                let named = there.meta.annotations.get_mut(MANAGED_CERTIFICATES);
                "bought".clone_into(named.expect("it names one"));
            }
            _ => {}
        }
    }
    assert_eq!(next(world), "waits, an address", "nothing is made beside it");
}

#[test]
fn a_load_balancer_is_not_moved_to_another_address() {
    let address = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}});
    let request = || BootstrapRequest { static_ip: Some("edge".to_owned()), ..request() };
    let world = || written(&address, &Value::Null);
    for (state, world, expected) in [
        ("it has an address of its own", world(), "refused: ingress/web: kubectl annotate"),
        (
            "it has another reserved one",
            annotated(world(), Kind::Ingress, STATIC_IP, "old"),
            "refused: ingress/web: kubectl annotate",
        ),
        ("it has that one", annotated(world(), Kind::Ingress, STATIC_IP, "edge"), "waits, 192"),
        ("it has none yet", written(&Value::Null, &Value::Null), "patch Ingress"),
    ] {
        let told = next_of(request(), world);
        assert!(told.starts_with(expected), "{state}: {told}");
    }
}

#[test]
fn port_80_does_not_redirect_where_every_later_sync_would_fail() {
    let request = || BootstrapRequest { http: Some(Http::Redirect), ..request() };
    for (finalizer, refused) in [
        ("networking.gke.io/ingress-finalizer", true),
        ("networking.gke.io/ingress-finalizer-V2", false),
    ] {
        let mut world = written(&Value::Null, &Value::Null);
        for there in world.iter_mut().filter(|there| there.object.kind == Kind::Ingress) {
            there.meta.finalizers = vec![finalizer.to_owned()];
        }
        assert_eq!(next_of(request(), world).starts_with("refused"), refused, "{finalizer}");
    }
}

#[test]
fn an_internal_load_balancer_is_named_by_annotation_and_serves_one_port() {
    let request = |http| BootstrapRequest {
        class: Class::Internal,
        certificate: Certificate::Existing("web-tls".to_owned()),
        http,
        ..request()
    };
    let plan = |http| {
        let nothing = of_seen(vec![service(&[])]);
        super::plan(&nothing, &request(http), NOW, true)
    };
    let made = plan(Some(Http::Off));
    let Some(Step::CreateObject(ingress)) = made.steps.last() else { panic!("{made:?}") };
    let annotations = &ingress.manifest["metadata"]["annotations"];
    assert_eq!(annotations[INGRESS_CLASS], "gce-internal");
    assert_eq!(annotations[ALLOW_HTTP], "false");
    let nothing = of_seen(vec![service(&[])]);
    let both = crate::plan::judge::judged(plan(None), &nothing);
    assert!(both.steps.is_empty());
    assert!(both.refused[0].message.contains("only on a reserved address"), "{both:?}");
}

#[test]
fn a_warning_is_told_once_it_has_stood_for_two_looks() {
    let inventory = |cause: Option<&str>| {
        let made = json!({"certificateName": "mcrt-1"});
        let mut inventory = of_seen(written(&Value::Null, &made));
        if let Some(cause) = cause {
            warn(&mut inventory, &ObjectRef::ingress("shop", "web"), "Sync", cause);
        }
        inventory
    };
    let mut goal = Bootstrap::new(request(), true, true);
    let mut told = Vec::new();
    for cause in [None, Some("first"), Some("second"), Some("second"), None] {
        told.push(super::tests_of_goal::told(goal.next(&inventory(cause), NOW)));
    }
    let waits = "waits, an address";
    assert_eq!(told, [waits, waits, waits, "waits, an address (second)", waits]);
}

/// The name of a certificate that Google does not know yet could stop the load balancer; a rule cannot.
#[test]
fn a_rule_is_added_before_the_name_of_a_certificate_that_google_does_not_know_yet() {
    let request = BootstrapRequest { add: true, ..request() };
    let status = json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}});
    let rule = |host: &str| json!({"host": host, "http": {"paths": [path]}});
    let ingress = |rules: Value| {
        let class = [(INGRESS_CLASS, "gce")];
        object(Kind::Ingress, &class, json!({ "rules": rules }), status.clone())
    };
    let made = |status: Value| {
        let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "a-example-tls");
        seen((name, &[], json!({"domains": ["a.example"]}), status))
    };
    let own = carried_out(vec![service(&[])]);
    let beside = |it: &&ObjectSeen| matches!(it.object.kind, Kind::Service | Kind::BackendConfig);
    let beside: Vec<ObjectSeen> = own.iter().filter(beside).cloned().collect();
    let before = json!([rule("old.example")]);
    let after = json!([rule("old.example"), rule("a.example")]);
    for (rules, managed, expected) in [
        (&before, None, "create ManagedCertificate, patch Ingress [spec.rules a.example]"),
        (&before, Some(json!({})), "patch Ingress [spec.rules a.example]"),
        (&after, Some(json!({})), "waits, 203.0.113.7"),
        (
            &after,
            Some(json!({"certificateName": "mcrt-1"})),
            "patch Ingress [annotation networking.gke.io/managed-certificates]",
        ),
    ] {
        let mut world = beside.clone();
        world.push(ingress(rules.clone()));
        world.extend(managed.map(made));
        let next = Bootstrap::new(request.clone(), true, false).next(&of_seen(world), NOW);
        let fields: Vec<String> = match &next {
            Next::Act { plan, .. } => plan.steps.iter().filter_map(changed).collect(),
            _ => Vec::new(),
        };
        let told = format!("{}{}", told(next), fields.concat());
        assert_eq!(told, expected, "{rules}");
    }
}

/// The fields that a patch changes.
fn changed(step: &Step) -> Option<String> {
    let Step::PatchObject(patch) = step else { return None };
    let fields: Vec<&str> = patch.changes.iter().map(|change| change.field.as_str()).collect();
    Some(format!(" [{}]", fields.join(", ")))
}
