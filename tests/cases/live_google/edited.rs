//! A certificate whose domains were edited in place: told by everything that looks at it, touched by
//! nothing, and put back by `set-domains` before HTTPS goes down.

use super::{
    A, B, PATIENCE, WEB, all_managed, expect_words, flat, found, said, serving, set_domains,
};
use crate::cases::google_double::{get, secret};
use crate::support::gke::Google;
use crate::support::live::Live;
use serde_json::{Value, json};

/// A certificate for [`A`] that serves, edited to hold [`B`] too.
fn edited(test: &str) -> Option<(Live, Google)> {
    let (live, google) = serving(test)?;
    let edit = json!({ "spec": { "domains": [A, B] } }).to_string();
    live.kubectl(&["patch", "managedcertificate", WEB, "--type=merge", "-p", &edit]);
    google.wait_until("it is to go", |engine| engine.is_soft_deleted(WEB));
    Some((live, google))
}

fn version(live: &Live) -> Value {
    get(live, "ingress/web")["metadata"]["resourceVersion"].clone()
}

#[test]
fn an_edit_in_place_is_told_by_all_that_look_and_its_ingress_touched_by_none() {
    let Some((live, google)) = edited("an_edit_in_place_is_told") else { return };
    let before = version(&live);
    let way_out = "managed set-domains web-tls a.example b.example";
    let waited = live.run(&["managed", "wait", WEB, "--timeout", PATIENCE]).expect_code(4);
    expect_words(&waited.flat_stderr(), &["spec.domains was changed after it was issued", way_out]);
    let status = flat(&live.run(&["managed", "status"]).expect_code(1).stdout);
    expect_words(&status, &["b.example is not in the certificate that is served", way_out]);
    let found = found(&live.run(&["check", "-o", "json"]).expect_code(1));
    let wanted = ["managed-edited-in-place", "ManagedCertificate", WEB, "error"];
    assert!(found.contains(&wanted.map(str::to_owned)), "{found:?}");
    assert_eq!(version(&live), before);
    assert_eq!(google.record().gaps("web", A), []);
}

#[test]
fn set_domains_takes_an_edit_in_place_back_and_changes_the_domains_without_a_gap() {
    let Some((live, google)) = edited("set_domains_takes_an_edit_back") else { return };
    set_domains(&live, &[A, B], "120s").expect_code(0);
    super::expect_only(&live, &google, "web", &[A, B]);
    assert_ne!(all_managed(&live)[0]["metadata"]["name"], WEB, "it is another one");
    assert_eq!(google.record().gaps("web", A), []);
}

#[test]
fn the_ingress_of_an_edit_in_place_is_not_touched_for_a_secret_either() {
    let Some((live, google)) = serving("the_ingress_of_an_edit_is_not_touched") else { return };
    secret(&live, "shop", "shop.example");
    let tls = json!({ "spec": { "tls": [{ "secretName": "shop" }] } }).to_string();
    live.kubectl(&["patch", "ingress", "web", "--type=merge", "-p", &tls]);
    google.wait_until("it serves", |engine| {
        engine.record().served_since("web", "shop.example").is_some()
    });
    google.settle();
    let edit = json!({ "spec": { "domains": [A, B] } }).to_string();
    live.kubectl(&["patch", "managedcertificate", WEB, "--type=merge", "-p", &edit]);
    google.wait_until("it is to go", |engine| engine.is_soft_deleted(WEB));
    let before = version(&live);
    let ran = live.run(&["rotate", "secret/shop", "--timeout", PATIENCE]).expect_code(0);
    expect_words(&said(&ran), &["ingress/web is not touched", "managed status web-tls"]);
    assert_eq!(version(&live), before);
    assert_eq!(google.record().gaps("web", A), []);
}
