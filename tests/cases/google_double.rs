//! The double of Google's controllers, held to what theirs were seen to do: what makes waiting long,
//! what freezes a load balancer, and what is told of it.

use crate::support::gke::{
    self, Google, HTTPS_FORWARDING_RULE, MANAGED_CERTIFICATES, ManagedCertificates, Options,
    PRE_SHARED_CERT, Refusal, SSL_CERT,
};
use crate::support::live::Live;
use serde_json::{Value, json};
use std::time::Duration;

const A: &str = "a.example";
const B: &str = "b.example";

fn gke(test: &str) -> Option<Live> {
    let live = Live::new(test)?;
    gke::install(&live);
    Some(live)
}

/// As on GKE, at a pace at which nothing waits unless the test says so.
fn google(live: &Live) -> Google {
    let quick = Duration::ZERO;
    Google::start(live, Options { pace: quick, build: quick, ..Options::as_on_gke() })
}

pub(super) fn make(live: &Live, manifest: &Value) {
    live.cluster.apply(&live.namespace, &manifest.to_string());
}

pub(super) fn managed(live: &Live, name: &str, domain: &str) {
    let (api, kind) = ("networking.gke.io/v1", "ManagedCertificate");
    let spec = json!({ "domains": [domain] });
    make(
        live,
        &json!({ "apiVersion": api, "kind": kind, "metadata": { "name": name }, "spec": spec }),
    );
}

/// An Ingress with these annotations and finalizers, and these fields of `spec` beside its backend.
pub(super) fn ingress(
    live: &Live,
    name: &str,
    annotations: &Value,
    finalizers: &Value,
    spec: &Value,
) {
    let mut object = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": name, "annotations": annotations, "finalizers": finalizers },
        "spec": { "defaultBackend": { "service": { "name": "web", "port": { "number": 80 } } } },
    });
    for (key, value) in spec.as_object().into_iter().flatten() {
        object["spec"][key] = value.clone();
    }
    make(live, &object);
}

/// An Ingress of class gce that names these ManagedCertificates.
pub(super) fn naming(live: &Live, name: &str, managed: &str) {
    let annotations =
        json!({ "kubernetes.io/ingress.class": "gce", MANAGED_CERTIFICATES: managed });
    ingress(live, name, &annotations, &json!([]), &json!({}));
}

/// A Secret with a certificate and key of its own for this domain.
pub(super) fn secret(live: &Live, name: &str, domain: &str) {
    let key = rcgen::KeyPair::generate().expect("a key can be made");
    let params = rcgen::CertificateParams::new([domain.to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate can be made");
    let data = json!({ "tls.crt": certificate.pem(), "tls.key": key.serialize_pem() });
    make(
        live,
        &json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": data }),
    );
}

/// An Ingress of class gce with the Secret of its own name.
pub(super) fn with_secret(live: &Live, name: &str, finalizers: &Value) {
    let annotations = json!({ "kubernetes.io/ingress.class": "gce" });
    ingress(live, name, &annotations, finalizers, &json!({ "tls": [{ "secretName": name }] }));
}

fn annotate(live: &Live, object: &str, annotation: &str) {
    live.kubectl(&["annotate", object, "--overwrite", annotation]);
}

pub(super) fn touch(live: &Live, object: &str) {
    live.kubectl(&["annotate", object, "touched-"]);
    annotate(live, object, "touched=now");
}

pub(super) fn get(live: &Live, kind_name: &str) -> Value {
    live.cluster.get_json(&live.namespace, kind_name)
}

pub(super) fn annotation(live: &Live, ingress: &str, key: &str) -> Value {
    get(live, &format!("ingress/{ingress}"))["metadata"]["annotations"][key].clone()
}

pub(super) fn address(live: &Live, ingress: &str) -> Value {
    get(live, &format!("ingress/{ingress}"))["status"]["loadBalancer"]["ingress"][0]["ip"].clone()
}

/// Events of the object: type, reason and message in one, with how often each was told.
fn events(live: &Live, name: &str) -> Vec<(String, u64)> {
    let listed = live.kubectl(&["get", "events", "-o", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
    let all = listed["items"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |event: &Value| {
        let said = [&event["type"], &event["reason"], &event["message"]].map(text);
        (said.join(" "), event["count"].as_u64().unwrap_or_default())
    };
    all.filter(|event| event["involvedObject"]["name"] == name).map(one).collect()
}

#[track_caller]
fn expect_event(live: &Live, name: &str, starts: &str, holds: &str) {
    let all = events(live, name);
    let found = all.iter().any(|(said, _)| said.starts_with(starts) && said.contains(holds));
    assert!(found, "{starts} {holds}: {all:#?}");
}

#[test]
fn a_certificate_made_right_behind_another_is_left_out_until_the_next_event_of_the_ingress() {
    let Some(live) = gke("a_certificate_made_right_behind") else { return };
    managed(&live, "busy", A);
    naming(&live, "web", "busy");
    let google = google(&live);
    google.settle();
    let before = annotation(&live, "web", PRE_SHARED_CERT);
    google.with(|engine| engine.set_pace(Duration::from_secs(20)));
    managed(&live, "other", A);
    google
        .wait_until("the queue was worked on", |engine| engine.certificate_name("other").is_some());
    managed(&live, "late", B);
    annotate(&live, "ingress/web", &format!("{MANAGED_CERTIFICATES}=busy,late"));
    google.wait_until("it is made", |engine| engine.certificate_name("late").is_some());
    google.with(|engine| engine.set_pace(Duration::ZERO));
    google.settle();
    let late = get(&live, "managedcertificate/late")["status"].clone();
    assert_eq!(late["certificateStatus"], "Provisioning");
    assert_eq!(annotation(&live, "web", PRE_SHARED_CERT), before, "it is left out");
    let told = events(&live, "web");
    assert!(told.iter().all(|(said, _)| said.starts_with("Normal")), "without an error: {told:?}");
    touch(&live, "ingress/web");
    google.settle();
    let name = late["certificateName"].as_str().expect("a name");
    for key in [PRE_SHARED_CERT, SSL_CERT] {
        assert!(annotation(&live, "web", key).to_string().contains(name), "{key}");
    }
    assert!(google.record().attached_at("web", name).is_some());
}

#[test]
fn at_short_periods_a_certificate_is_issued_and_told_without_anybody_asking() {
    let Some(live) = gke("at_short_periods_a_certificate_is_issued") else { return };
    managed(&live, "web", A);
    naming(&live, "web", "web");
    let google = Google::start(&live, Options::hurried());
    let active = "--for=jsonpath={.status.certificateStatus}=Active";
    live.kubectl(&["wait", active, "managedcertificate/web", "--timeout=60s"]);
    assert!(google.record().served_since("web", A).is_some());
    assert_eq!(google.record().gaps("web", A), []);
}

#[test]
fn only_an_event_of_the_managed_certificate_reads_its_status() {
    let Some(live) = gke("only_an_event_reads_its_status") else { return };
    managed(&live, "web", A);
    naming(&live, "web", "web");
    let google = google(&live);
    google.settle();
    google.with(|engine| engine.set_auto(Some(Duration::ZERO)));
    let name = google.with(|engine| engine.certificate_name("web").expect("it is made").to_owned());
    google.wait_until("it is issued", |engine| engine.record().active_at(&name).is_some());
    assert!(google.record().served_since("web", A).is_some());
    let status = || get(&live, "managedcertificate/web")["status"]["certificateStatus"].clone();
    touch(&live, "ingress/web");
    google.settle();
    assert_eq!(status(), "Provisioning");
    touch(&live, "managedcertificate/web");
    google.settle();
    assert_eq!(status(), "Active");
}

#[test]
fn a_name_dangles_when_its_certificate_went_from_no_proxy_and_freezes_the_load_balancer() {
    let Some(live) = gke("a_name_dangles") else { return };
    let google = google(&live);
    let gone = format!("could not find service \"{}/web\"", live.namespace);
    google.with(|engine| engine.break_backends("web", Some(&gone)));
    managed(&live, "web", A);
    naming(&live, "web", "web");
    google.settle();
    let name = google.with(|engine| engine.certificate_name("web").expect("it is made").to_owned());
    assert_eq!(annotation(&live, "web", PRE_SHARED_CERT), name.as_str());
    expect_event(&live, "web", "Warning Translate", &gone);
    annotate(&live, "ingress/web", &format!("{MANAGED_CERTIFICATES}="));
    google.settle();
    live.kubectl(&["delete", "managedcertificate", "web"]);
    google.settle();
    google.with(|engine| engine.break_backends("web", None));
    touch(&live, "ingress/web");
    google.settle();
    assert!(!google.with(|engine| engine.has_certificate(&name)), "it went at once");
    assert_eq!(annotation(&live, "web", PRE_SHARED_CERT), name.as_str(), "its name stays");
    assert_eq!(google.with(|engine| engine.dangling("web")), std::slice::from_ref(&name));
    let not_found = format!("sslCertificates/{name}' was not found, notFound");
    expect_event(
        &live,
        "web",
        "Warning Sync Error syncing to GCP: error running load balancer syncing routine: loadbalancer ",
        &not_found,
    );
    assert_eq!(address(&live, "web"), Value::Null, "nothing is written of what is half built");
    annotate(&live, "ingress/web", &format!("{PRE_SHARED_CERT}="));
    google.settle();
    assert!(address(&live, "web").is_string());
}

/// Makes the ManagedCertificate `web` be for this domain.
fn edit(live: &Live, domain: &str) {
    let patch = json!({ "spec": { "domains": [domain] } }).to_string();
    live.kubectl(&["patch", "managedcertificate", "web", "--type=merge", "-p", &patch]);
}

#[test]
fn domains_edited_in_place_take_https_down_at_the_ingresss_next_event_unless_they_are_put_back() {
    let Some(live) = gke("domains_edited_in_place") else { return };
    managed(&live, "web", A);
    naming(&live, "web", "web");
    let google = google(&live);
    google.settle();
    google.with(|engine| engine.set_status("web", "Active", &[(A, "Active")]));
    let name = google.with(|engine| engine.certificate_name("web").expect("it is made").to_owned());
    let proxy = || google.with(|engine| engine.on_proxy("web"));
    assert_eq!(proxy(), std::slice::from_ref(&name));

    edit(&live, B);
    google.wait_until("it is to go", |engine| engine.is_soft_deleted("web"));
    expect_event(&live, "web", "Warning BackendError", "is already being used by");
    edit(&live, A);
    google.wait_until("it is restored", |engine| !engine.is_soft_deleted("web"));
    google.settle();
    assert_eq!(google.record().gaps("web", A), [], "it has served on");

    edit(&live, B);
    google.wait_until("it is to go", |engine| engine.is_soft_deleted("web"));
    assert_eq!(proxy(), [name], "until the Ingress has an event");
    touch(&live, "ingress/web");
    let is_down = |engine: &mut gke::Engine| !engine.record().gaps("web", A).is_empty();
    google.wait_until("HTTPS is down", is_down);
    google.wait_until("it is made again", |engine| !engine.is_soft_deleted("web"));
    google.settle();
    assert_eq!(google.record().gaps("web", A).len(), 1);
    assert_eq!(google.record().served_since("web", B), None, "nothing is issued");
}

#[test]
fn a_pass_takes_down_what_was_edited_in_place_and_the_next_brings_it_back() {
    let Some(live) = gke("a_pass_takes_down_what_was_edited") else { return };
    managed(&live, "web", A);
    naming(&live, "web", "web");
    let mut google = ManagedCertificates::new(&live);
    google.sync();
    let name = google.certificate_name("web").to_owned();
    edit(&live, B);
    google.sync();
    assert_eq!(annotation(&live, "web", PRE_SHARED_CERT), "", "the key is kept");
    assert_eq!(annotation(&live, "web", HTTPS_FORWARDING_RULE), Value::Null);
    let status = get(&live, "managedcertificate/web")["status"].clone();
    assert_eq!(status["certificateName"], name.as_str(), "under the same name");
    assert_eq!(status["domainStatus"], json!([{ "domain": B, "status": "Provisioning" }]));
    google.sync();
    assert_eq!(annotation(&live, "web", SSL_CERT), name.as_str());
    assert_eq!(google.on_proxy("web"), [name]);
}

#[test]
fn a_quota_refuses_in_two_ways_and_uploads_as_well() {
    let Some(live) = gke("a_quota_refuses_in_two_ways") else { return };
    let mut google = ManagedCertificates::new(&live);
    for (number, how, starts, holds) in [
        (1, Refusal::Operation, "Warning TooManyCertificates operation", "QUOTA_EXCEEDED"),
        (2, Refusal::Forbidden, "Warning BackendError googleapi: Error 403", "quotaExceeded"),
    ] {
        let name = format!("web-{number}");
        google.set_quota(Some((0, how)));
        managed(&live, &name, A);
        naming(&live, &name, &name);
        secret(&live, &format!("{name}-up"), A);
        with_secret(&live, &format!("{name}-up"), &json!([]));
        google.sync();
        expect_event(&live, &name, starts, holds);
        let refused = "Warning Sync Error syncing to GCP: error running load balancer";
        expect_event(&live, &format!("{name}-up"), refused, "Cert creation failures - k8s2-cr-");
        expect_event(&live, &name, refused, "was not found");
        assert_eq!(get(&live, &format!("managedcertificate/{name}"))["status"], Value::Null);
        for ingress in [name.clone(), format!("{name}-up")] {
            assert_eq!(address(&live, &ingress), Value::Null, "{ingress}");
        }
        google.set_quota(None);
        google.sync();
        for ingress in [name.clone(), format!("{name}-up")] {
            assert!(address(&live, &ingress).is_string(), "{ingress}");
        }
    }
}

/// What ssl-cert would hold of the Secret's certificate.
fn digits(live: &Live, secret: &str) -> String {
    use base64::Engine as _;
    let data = get(live, &format!("secret/{secret}"))["data"]["tls.crt"].clone();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data.as_str().expect("a value"))
        .expect("data is base64");
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let first = digest.as_ref().first_chunk().expect("it has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(*first))
}

#[test]
fn the_finalizer_says_how_certificates_are_named_and_old_names_take_no_redirect() {
    let Some(live) = gke("the_finalizer_says_how") else { return };
    let old = json!(["networking.gke.io/ingress-finalizer"]);
    let config = json!({
        "apiVersion": "networking.gke.io/v1beta1", "kind": "FrontendConfig",
        "metadata": { "name": "redirect" }, "spec": { "redirectToHttps": { "enabled": true } },
    });
    make(&live, &config);
    let mut google = ManagedCertificates::new(&live);
    for (name, finalizers, starts) in [("old", &old, "k8s-ssl-"), ("new", &json!([]), "k8s2-cr-")] {
        secret(&live, name, A);
        with_secret(&live, name, finalizers);
        google.sync();
        let named = annotation(&live, name, SSL_CERT).to_string();
        assert!(named.contains(starts) && named.contains(&digits(&live, name)), "{name}: {named}");
        assert!(google.record().served_since(name, A).is_some());
        let redirect = "networking.gke.io/v1beta1.FrontendConfig=redirect";
        annotate(&live, &format!("ingress/{name}"), redirect);
        google.sync();
        let refused = events(&live, name);
        let refused = refused.iter().any(|(said, _)| said.contains("V1 Ingress naming scheme"));
        assert_eq!(refused, name == "old");
    }
    let finalizers = &get(&live, "ingress/new")["metadata"]["finalizers"];
    assert_eq!(*finalizers, json!(["networking.gke.io/ingress-finalizer-V2"]));
    live.kubectl(&["delete", "ingress", "new", "--wait=false"]);
    google.sync();
    assert_eq!(google.on_proxy("new"), Vec::<String>::new());
    live.kubectl(&["wait", "--for=delete", "ingress/new", "--timeout=30s"]);
}

#[test]
fn what_stops_a_load_balancer_is_told_and_leaves_it_without_an_address() {
    let Some(live) = gke("what_stops_a_load_balancer") else { return };
    let mut google = ManagedCertificates::new(&live);
    let many: Vec<String> = (0..16).map(|number| format!("pre-{number:02}")).collect();
    let class = |class: &str, key: &str, value: &str| json!({ "kubernetes.io/ingress.class": class, key: value });
    secret(&live, "fine", A);
    let internal = "kubernetes.io/ingress.regional-static-ip-name";
    let named = "kubernetes.io/ingress.global-static-ip-name";
    let tls = |name: &str| json!({ "tls": [{ "secretName": name }] });
    for (name, annotations, spec, holds) in [
        ("sixteen", class("gce", PRE_SHARED_CERT, &many.join(",")), json!({}), "maximum is 15"),
        ("fifteen", class("gce", PRE_SHARED_CERT, &many[1..].join(",")), json!({}), ""),
        ("lost", class("gce", "x", ""), tls("lost"), "secrets \"lost\" not found"),
        ("empty", class("gce", "x", ""), json!({ "tls": [{}] }), "secret \"\" does not exist"),
        ("not-reserved", class("gce", named, "nope"), json!({}), "static IP name nope doesn't"),
        ("internal", class("gce-internal", "x", ""), tls("fine"), "invalid internal ingress https"),
        ("internal-named", class("gce-internal", internal, "mine"), tls("fine"), ""),
        (
            "neither",
            class("gce", "kubernetes.io/ingress.allow-http", "false"),
            json!({}),
            "both HTTP",
        ),
    ] {
        google.reserve("mine", "10.128.0.9");
        ingress(&live, name, &annotations, &json!([]), &spec);
        google.sync();
        let told = events(&live, name);
        let mut warnings = told.iter().filter(|(said, _)| said.starts_with("Warning Sync"));
        match holds {
            "" => assert!(address(&live, name).is_string(), "{name}: {told:?}"),
            _ => assert!(warnings.any(|(said, _)| said.contains(holds)), "{name}: {told:?}"),
        }
        assert_eq!(address(&live, name).is_string(), holds.is_empty(), "{name}");
    }
    assert_eq!(address(&live, "internal-named"), "10.128.0.9");
    expect_event(&live, "internal", "Warning WillNotConfigureFrontend", "regional-static-ip-name");
    // Passed over, though the other controller writes on it.
    managed(&live, "by-field", A);
    let (names, field) =
        (json!({ MANAGED_CERTIFICATES: "by-field" }), json!({ "ingressClassName": "gce" }));
    ingress(&live, "by-field", &names, &json!([]), &field);
    google.sync();
    assert!(annotation(&live, "by-field", PRE_SHARED_CERT).is_string());
    let passed_over = get(&live, "ingress/by-field");
    assert_eq!(passed_over["metadata"]["finalizers"], Value::Null);
    assert_eq!(address(&live, "by-field"), Value::Null);
}

#[test]
fn an_object_has_so_many_events_and_no_more() {
    let Some(live) = gke("an_object_has_so_many_events") else { return };
    with_secret(&live, "web", &json!([]));
    let mut google = ManagedCertificates::new(&live);
    for _ in 0..30 {
        google.sync();
    }
    let told = events(&live, "web");
    assert!(matches!(&told[..], [(said, 25)] if said.contains("not found")), "{told:?}");
}
