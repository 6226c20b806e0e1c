//! What Google's controllers would stop at is refused before anything is written.

use super::{A, B, WEB, become_active, expect_words, gke, google, said};
use crate::cases::google_double::{ingress, managed, secret, touch};
use crate::support::gke::MANAGED_CERTIFICATES;
use crate::support::live::Live;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every object that a command may write, with its version.
fn written(live: &Live) -> BTreeSet<String> {
    let kinds = "services,secrets,ingresses,managedcertificates,backendconfigs,frontendconfigs";
    let listed = live.kubectl(&["get", kinds, "-o", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
    let all = listed["items"].as_array().into_iter().flatten();
    let of = |object: &Value| {
        let metadata = &object["metadata"];
        format!("{} {} {}", object["kind"], metadata["name"], metadata["resourceVersion"])
    };
    all.map(of).collect()
}

/// Wants the run to end with 4, to say these words, and to write nothing.
#[track_caller]
fn expect_refused(live: &Live, args: &[&str], words: &[&str]) {
    let before = written(live);
    let ran = live.run(args).expect_code(4);
    expect_words(&said(&ran), words);
    assert_eq!(written(live), before, "{args:?}");
}

/// An Ingress of this class with so many Secrets, each with a certificate of its own.
fn with_secrets(live: &Live, name: &str, class: &str, count: usize, managed: &str) {
    let named = |number: usize| format!("{name}-{number:02}");
    for number in 0..count {
        secret(live, &named(number), &format!("h{number}.example"));
    }
    let annotations =
        json!({ "kubernetes.io/ingress.class": class, MANAGED_CERTIFICATES: managed });
    let entries: Vec<Value> = (0..count).map(|it| json!({ "secretName": named(it) })).collect();
    ingress(live, name, &annotations, &json!([]), &json!({ "tls": entries }));
}

#[test]
fn a_sixteenth_certificate_is_refused_before_it_is_made() {
    let Some(live) = gke("a_sixteenth_certificate") else { return };
    with_secrets(&live, "full", "gce", 15, "");
    let create = ["managed", "create", "m16", A, "--ingress", "full"];
    expect_refused(&live, &create, &["ingress/full", "16 certificates"]);
    managed(&live, WEB, A);
    with_secrets(&live, "web", "gce", 14, WEB);
    let google = google(&live);
    become_active(&live, &google, WEB);
    touch(&live, "ingress/web");
    google.settle();
    let change = ["managed", "set-domains", WEB, A, B, "--timeout", "60s"];
    expect_refused(&live, &change, &["ingress/web", "16 certificates"]);
    google.settle();
    assert_eq!(google.with(|engine| engine.on_proxy("web")).len(), 15, "it serves on");
}

#[test]
fn an_internal_load_balancer_gets_no_managed_certificate_and_not_both_ports() {
    let Some(live) = gke("an_internal_load_balancer_gets") else { return };
    with_secrets(&live, "int", "gce-internal", 0, "");
    let create = ["managed", "create", "m2", A, "--ingress", "int"];
    expect_refused(&live, &create, &["ingress/int", "gce-internal"]);
    let bootstrap = ["bootstrap", A, "--service", "web:80", "--ingress-class", "gce-internal"];
    let own = [&bootstrap[..], &["--key-type", "p256", "--timeout", "60s"]].concat();
    let both = [&own[..], &["--http", "allow"]].concat();
    expect_refused(&live, &both, &["on a reserved address"]);
    let googles = [&bootstrap[..], &["--google-managed", "--timeout", "60s"]].concat();
    live.run(&googles).expect_code(2);
    let google = google(&live);
    live.run(&own).expect_code(0);
    assert!(google.record().served_since("web", A).is_some(), "port 443 alone it has");
}

#[test]
fn a_redirect_is_refused_where_the_names_are_of_the_first_scheme() {
    let Some(live) = gke("a_redirect_is_refused_on_old_names") else { return };
    let class = json!({ "kubernetes.io/ingress.class": "gce" });
    secret(&live, "web-tls", A);
    let tls = json!({ "tls": [{ "hosts": [A], "secretName": "web-tls" }] });
    ingress(&live, "web", &class, &json!(["networking.gke.io/ingress-finalizer"]), &tls);
    let google = google(&live);
    let run = ["bootstrap", A, "--service", "web:80", "--tls-secret", "web-tls"];
    let run = [&run[..], &["--http", "redirect", "--timeout", "60s"]].concat();
    google.settle();
    expect_refused(&live, &run, &["names of the first scheme"]);
}
