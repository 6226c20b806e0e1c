//! Every state in which there is no HTTPS, though nothing but an event says so: `check` finds it.

use super::{A, B, WEB, become_active, expect_words, flat, found, gke, google};
use crate::cases::google_double::{ingress, make, managed, naming, secret, touch};
use crate::support::gke::{Google, Options, Refusal};
use crate::support::live::Live;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// The rules of errors about this object.
fn errors(found: &[[String; 4]], kind: &str, name: &str) -> Vec<String> {
    let of = |it: &&[String; 4]| it[1] == kind && it[2] == name && it[3] == "error";
    found.iter().filter(of).map(|[rule, ..]| rule.clone()).collect()
}

fn in_days(days: i64) -> String {
    let then = OffsetDateTime::now_utc() + Duration::days(days);
    then.replace_nanosecond(0).expect("a date").format(&Rfc3339).expect("a date can be shown")
}

/// An Ingress with this annotation and finalizers, and the Secret of its own name.
fn with_tls(live: &Live, name: &str, annotations: &Value, finalizers: &Value) {
    secret(live, name, A);
    let tls = json!({ "tls": [{ "hosts": [A], "secretName": name }] });
    ingress(live, name, annotations, finalizers, &tls);
}

/// What is there when the quota is used up: a certificate that was edited in place since, and an Ingress
/// that serves port 80 and gets a Secret then.
fn before_the_quota(live: &Live) -> Google {
    managed(live, WEB, A);
    naming(live, "edited", WEB);
    let class = json!({ "kubernetes.io/ingress.class": "gce" });
    ingress(live, "late", &class, &json!([]), &json!({}));
    let config = json!({
        "apiVersion": "networking.gke.io/v1beta1", "kind": "FrontendConfig",
        "metadata": { "name": "redirect" }, "spec": { "redirectToHttps": { "enabled": true } },
    });
    make(live, &config);
    let google = google(live);
    become_active(live, &google, WEB);
    google.with(|engine| engine.set_quota(Some((1, Refusal::Forbidden))));
    google
}

#[test]
fn every_state_without_https_is_an_error() {
    let Some(live) = gke("every_state_without_https") else { return };
    let google = before_the_quota(&live);
    let class = |class: &str, key: &str, value: &str| json!({ "kubernetes.io/ingress.class": class, key: value });
    let none = json!([]);
    with_tls(&live, "refused", &class("gce", "x", ""), &none);
    secret(&live, "late", A);
    let tls = json!({ "spec": { "tls": [{ "hosts": [A], "secretName": "late" }] } }).to_string();
    live.kubectl(&["patch", "ingress", "late", "--type=merge", "-p", &tls]);
    let address = class("gce", "kubernetes.io/ingress.global-static-ip-name", "nope");
    with_tls(&live, "address", &address, &none);
    with_tls(&live, "internal", &class("gce-internal", "x", ""), &none);
    let old = json!(["networking.gke.io/ingress-finalizer"]);
    let redirect = class("gce", "networking.gke.io/v1beta1.FrontendConfig", "redirect");
    with_tls(&live, "redirect", &redirect, &old);
    managed(&live, "limited", B);
    naming(&live, "limited", "limited");
    let edit = json!({ "spec": { "domains": [B] } }).to_string();
    live.kubectl(&["patch", "managedcertificate", WEB, "--type=merge", "-p", &edit]);
    google.wait_until("it is to go", |engine| engine.is_soft_deleted(WEB));
    google.settle();
    let ran = live.run(&["check", "-o", "json"]).expect_code(1);
    let found = found(&ran);
    for (kind, name, rule) in [
        ("Ingress", "refused", "gke-sync-failed"),
        ("Ingress", "late", "gke-sync-failed"),
        ("Ingress", "address", "gke-sync-failed"),
        ("Ingress", "internal", "gke-sync-failed"),
        ("Ingress", "redirect", "gke-sync-failed"),
        ("Ingress", "limited", "gke-sync-failed"),
        ("ManagedCertificate", "limited", "managed-not-active"),
        ("ManagedCertificate", WEB, "managed-edited-in-place"),
    ] {
        let errors = errors(&found, kind, name);
        assert!(errors.contains(&rule.to_owned()), "{kind}/{name}: {errors:?}, {found:#?}");
    }
    expect_words(
        &flat(&live.run(&["check"]).expect_code(1).stdout),
        &["the project's quota of SSL certificates is used up", "nope is not reserved"],
    );
}

/// Of the same certificate: on its way first, and then without an end.
#[test]
fn a_certificate_that_is_never_issued_becomes_an_error_with_time() {
    let Some(live) = gke("a_certificate_that_is_never_issued") else { return };
    managed(&live, WEB, A);
    naming(&live, "web", WEB);
    let google = Google::start(&live, Options::as_on_gke());
    google.settle();
    let young = found(&live.run(&["check", "-o", "json"]).expect_code(0));
    assert!(young.iter().any(|it| it[0] == "managed-not-active" && it[3] == "info"), "{young:?}");
    let old = found(&live.run(&["check", "-o", "json", "--at", &in_days(12)]).expect_code(1));
    assert_eq!(errors(&old, "ManagedCertificate", WEB), ["managed-not-active"]);
}

#[test]
fn an_edit_in_place_is_found_before_its_outage_and_the_outage_after() {
    let Some(live) = gke("an_edit_in_place_is_found_before") else { return };
    managed(&live, WEB, A);
    naming(&live, "web", WEB);
    let google = google(&live);
    become_active(&live, &google, WEB);
    google.with(|engine| engine.set_auto(None));
    let edit = json!({ "spec": { "domains": [B] } }).to_string();
    live.kubectl(&["patch", "managedcertificate", WEB, "--type=merge", "-p", &edit]);
    google.wait_until("it is to go", |engine| engine.is_soft_deleted(WEB));
    let before = found(&live.run(&["check", "-o", "json"]).expect_code(1));
    assert!(
        errors(&before, "ManagedCertificate", WEB).contains(&"managed-edited-in-place".to_owned()),
        "{before:?}"
    );
    touch(&live, "ingress/web");
    google.wait_until("it is down", |engine| !engine.record().gaps("web", A).is_empty());
    google.wait_until("it is made again", |engine| !engine.is_soft_deleted(WEB));
    google.settle();
    // Whether its port 443 is back, with a certificate that is not issued, hangs on whose look was first.
    google.with(|engine| {
        let last = engine.record().served.iter().rfind(|served| served.ingress == "web");
        assert!(last.is_some_and(|served| served.covers.is_empty()), "{last:?}");
    });
    let after = found(&live.run(&["check", "-o", "json", "--at", &in_days(2)]).expect_code(1));
    assert_eq!(errors(&after, "ManagedCertificate", WEB), ["managed-not-active"]);
}
