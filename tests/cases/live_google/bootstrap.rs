//! Bootstrapping beside what is there already: an old address proves nothing, and names in use are kept.

use super::{A, B, PATIENCE, all_managed, become_active, expect_words, flat, gke, google, said};
use crate::cases::google_double::{address, annotation, get, ingress, managed};
use crate::support::gke::{HTTPS_FORWARDING_RULE, MANAGED_CERTIFICATES, Refusal};
use crate::support::live::Live;
use serde_json::{Value, json};

/// `bootstrap` of [`A`] for the Service `web`, with these further words.
fn bootstrap<'w>(words: &[&'w str]) -> Vec<&'w str> {
    [&["bootstrap", A, "--service", "web:80"], words].concat()
}

const OWN: [&str; 4] = ["--key-type", "p256", "--timeout", PATIENCE];

/// The Ingress that a bootstrap of [`A`] makes, with this annotation.
fn plain_ingress(live: &Live, key: &str, value: &str) {
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    let annotations = json!({ "kubernetes.io/ingress.class": "gce", key: value });
    let rules = json!({ "rules": [{ "host": A, "http": { "paths": paths } }] });
    ingress(live, "web", &annotations, &json!([]), &rules);
}

#[test]
fn an_address_that_was_there_before_is_no_proof() {
    let Some(live) = gke("an_address_that_was_there_before") else { return };
    plain_ingress(&live, "x", "");
    let google = google(&live);
    google.settle();
    let before = address(&live, "web");
    assert!(before.is_string());
    google.with(|engine| engine.set_quota(Some((0, Refusal::Forbidden))));
    for _ in 0..2 {
        let run = bootstrap(&["--key-type", "p256", "--timeout", "5s"]);
        let ran = live.run(&run).expect_code(124);
        expect_words(&ran.flat_stderr(), &["quota of SSL certificates", "to continue:"]);
    }
    assert_eq!(annotation(&live, "web", HTTPS_FORWARDING_RULE), Value::Null);
    google.with(|engine| engine.set_quota(None));
    live.kubectl(&["annotate", "ingress", "web", "touched=now"]);
    live.run(&bootstrap(&OWN)).expect_code(0);
    assert!(annotation(&live, "web", HTTPS_FORWARDING_RULE).is_string());
    assert_eq!(address(&live, "web"), before);
}

#[test]
fn a_live_address_is_not_moved() {
    let Some(live) = gke("a_live_address_is_not_moved") else { return };
    let google = google(&live);
    google.with(|engine| engine.reserve("other", "203.0.113.200"));
    live.run(&bootstrap(&OWN)).expect_code(0);
    google.settle();
    let (before, there) = (get(&live, "ingress/web"), address(&live, "web"));
    let run = bootstrap(&[&OWN[..], &["--static-ip", "other"]].concat());
    let refused = live.run(&run).expect_code(4);
    expect_words(
        &said(&refused),
        &[there.as_str().expect("an address"), "with other it would leave it"],
    );
    assert_eq!(get(&live, "ingress/web"), before);
}

#[test]
fn the_backend_config_that_the_service_names_is_used() {
    let Some(live) = gke("the_backend_config_in_use") else { return };
    let _google = google(&live);
    live.run(&bootstrap(&[&OWN[..], &["--backend-config", "mine"]].concat())).expect_code(0);
    let second = ["bootstrap", B, "--service", "web:80", "--name", "self"];
    live.run(&[&second[..], &OWN].concat()).expect_code(0);
    let listed = live.kubectl(&["get", "backendconfigs", "-o", "name"]);
    let names = String::from_utf8(listed.stdout).expect("names are text");
    assert_eq!(names.trim(), "backendconfig.cloud.google.com/mine");
}

#[test]
fn the_managed_certificate_that_the_ingress_names_is_used() {
    let Some(live) = gke("the_managed_certificate_in_use") else { return };
    managed(&live, "m", A);
    plain_ingress(&live, MANAGED_CERTIFICATES, "m");
    let google = google(&live);
    become_active(&live, &google, "m");
    live.run(&bootstrap(&["--google-managed", "--timeout", PATIENCE])).expect_code(0);
    let names: Vec<Value> =
        all_managed(&live).iter().map(|it| it["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["m"]);
    assert_eq!(annotation(&live, "web", MANAGED_CERTIFICATES), "m");
}

#[test]
fn its_document_tells_address_record_and_certificate() {
    let Some(live) = gke("its_document_tells_address") else { return };
    let google = google(&live);
    let run = bootstrap(&["--google-managed", "--timeout", PATIENCE, "-o", "json"]);
    let document = live.run(&run).expect_code(0).json();
    google.settle();
    let there = address(&live, "web");
    assert_eq!(document["ended"], "done");
    assert_eq!(document["address"], there);
    let records = json!([{ "name": A, "type": "A", "value": there }]);
    assert_eq!(document["dnsRecords"], records);
    let status = &document["managed"];
    assert_eq!(status["status"], "Active");
    assert_eq!(status["attached"], true);
    assert_eq!(status["domains"], json!([{ "domain": A, "status": "Active" }]));
}

#[test]
fn a_managed_certificate_that_an_ingress_names_and_nobody_made_is_told() {
    let Some(live) = gke("a_managed_certificate_nobody_made") else { return };
    plain_ingress(&live, MANAGED_CERTIFICATES, "lost");
    let told = flat(&live.run(&["managed", "status"]).expect_code(1).stdout);
    expect_words(&told, &["lost", "ingress/web"]);
}
