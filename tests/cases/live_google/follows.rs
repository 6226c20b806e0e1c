//! A Secret that was written: its load balancer follows within seconds, not at its next look ten minutes
//! later.

use super::{A, PATIENCE, expect_words, gke, google, said};
use crate::cases::google_double::{annotation, get, secret, touch, with_secret};
use crate::support::background::Background;
use crate::support::gke::{Google, Refusal, SSL_CERT};
use crate::support::live::Live;
use serde_json::{Value, json};
use std::time::Duration;

/// Less than ten minutes, and more than any machine takes: what comes by then was woken.
const WOKEN: Duration = Duration::from_mins(2);

/// A namespace whose Ingress `web` serves the Secret of the same name for [`A`].
fn with_a_secret(test: &str) -> Option<(Live, Google)> {
    let live = gke(test)?;
    secret(&live, "web", A);
    with_secret(&live, "web", &json!([]));
    let google = google(&live);
    google.wait_until("it serves", |engine| engine.record().served_since("web", A).is_some());
    google.settle();
    Some((live, google))
}

fn served(live: &Live) -> Value {
    annotation(live, "web", SSL_CERT)
}

/// Wants the load balancer to have taken up another certificate soon after the record said `began`.
#[track_caller]
fn expect_followed(live: &Live, google: &Google, before: &Value, began: Duration) {
    google.settle();
    let now = served(live);
    assert_ne!(now, *before);
    let name = now.as_str().expect("a name");
    let at = google.record().attached_at("web", name).expect("it is on the proxy");
    assert!(at < began + WOKEN, "{at:?}, begun at {began:?}");
    assert_eq!(google.record().gaps("web", A), []);
}

#[test]
fn a_rotated_certificate_is_served_within_seconds() {
    let Some((live, google)) = with_a_secret("a_rotated_certificate_is_served") else { return };
    let (before, began) = (served(&live), google.record().now());
    let ran = live.run(&["rotate", "secret/web", "--timeout", PATIENCE]).expect_code(0);
    expect_words(&said(&ran), &["ingress/web was touched"]);
    expect_followed(&live, &google, &before, began);
}

#[test]
fn who_wants_no_touch_is_told_how_the_load_balancer_follows() {
    let Some((live, google)) = with_a_secret("who_wants_no_touch") else { return };
    let (before, version) = (served(&live), get(&live, "ingress/web"));
    let ran = live.run(&["rotate", "secret/web", "--no-nudge"]).expect_code(0);
    expect_words(&said(&ran), &["within ten minutes", "kubectl annotate"]);
    google.settle();
    assert_eq!(get(&live, "ingress/web"), version);
    assert_eq!(served(&live), before);
    let check = live.run(&["check", "-o", "json"]).expect_code(1);
    expect_words(&check.stdout, &["gke-load-balancer-stale"]);
}

#[test]
fn an_imported_certificate_is_served_within_seconds() {
    let Some((live, google)) = with_a_secret("an_imported_certificate_is_served") else { return };
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let key = rcgen::KeyPair::generate().expect("a key can be made");
    let params = rcgen::CertificateParams::new([A.to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate can be made");
    let [cert, key] =
        [("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem())].map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a temp file can be written");
            path.display().to_string()
        });
    let import = ["import", "web", "--replace", "--cert", &cert, "--key", &key];
    let (before, began) = (served(&live), google.record().now());
    live.run(&import).expect_code(0);
    expect_followed(&live, &google, &before, began);
}

/// The Ingress names no host, of which a handshake could tell: what is waited for is what the load balancer's
/// controller writes.
#[test]
fn verify_waits_until_the_load_balancer_has_the_new_certificate() {
    let Some((live, _google)) = with_a_secret("verify_waits_until_the_load") else { return };
    let before = served(&live);
    // Nobody wakes it, and it looks every ten minutes.
    let plain = ["rotate", "secret/web", "--no-nudge"];
    live.run(&plain).expect_code(0);
    assert_eq!(served(&live), before, "without --verify nothing is waited for");
    let args = [&plain[..], &["--verify", "-n", &live.namespace]].concat();
    let mut run = Background::start(live.certwright().args(&args));
    run.wait_for("ingress/web: its load balancer does not have the certificate of secret/web yet");
    touch(&live, "ingress/web");
    run.wait_for("GKE's load balancers have the new certificates");
    assert_ne!(served(&live), before);
    // Only then it is asked what is served.
    run.wait_for("every address serves what is stored");
    run.end(0);
}

#[test]
fn a_load_balancer_that_takes_no_certificate_is_told_with_what_its_controller_warns_of() {
    let Some((live, google)) = with_a_secret("a_load_balancer_that_takes_no") else { return };
    google.with(|engine| engine.set_quota(Some((1, Refusal::Forbidden))));
    let args = ["rotate", "secret/web", "--verify", "--timeout", "10s"];
    let ran = live.run(&args).expect_code(124);
    let said = said(&ran);
    expect_words(
        &said,
        &[
            "its load balancer does not have the certificate of secret/web yet",
            "Quota 'SSL_CERTIFICATES' exceeded",
            "raise the project's quota of SSL certificates",
            "the Secret was replaced",
        ],
    );
}
