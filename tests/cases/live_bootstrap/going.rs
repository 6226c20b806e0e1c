//! Objects that are being deleted and wait for a finalizer: not written to as though they stayed.

use super::{
    BACKEND_CONFIG, DOMAIN, SERVICE, TLS, bootstrap, bootstrapping, chart_service, create,
    expect_refused, milvus, objects,
};
use crate::support::background::Background;
use crate::support::gke::{ManagedCertificates, give_address};
use crate::support::live::Live;
use serde_json::json;

const REDIRECTED: [&str; 2] = ["--http", "redirect"];

/// Deletes it, and lets a finalizer hold it.
fn let_go(live: &Live, kind_name: &str) {
    let held = json!({ "metadata": { "finalizers": ["example.com/held"] } }).to_string();
    live.kubectl(&["patch", kind_name, "--type=merge", "-p", &held]);
    live.kubectl(&["delete", kind_name, "--wait=false"]);
}

/// Lets it go for good.
fn release(live: &Live, kind_name: &str) {
    let free = json!({ "metadata": { "finalizers": null } }).to_string();
    live.kubectl(&["patch", kind_name, "--type=merge", "-p", &free]);
}

#[test]
fn what_is_being_deleted_is_waited_for_and_made_anew_or_refused_when_nothing_is_waited_for() {
    let Some(live) = milvus("what_is_being_deleted") else { return };
    let all = [&["--no-wait"], &REDIRECTED[..]].concat();
    bootstrap(&live, &all).expect_code(0);
    for kind_name in [
        format!("ingress/{SERVICE}"),
        format!("secret/{TLS}"),
        format!("backendconfig/{BACKEND_CONFIG}"),
        format!("frontendconfig/{SERVICE}"),
    ] {
        let_go(&live, &kind_name);
        let wait = format!("kubectl wait --for=delete {kind_name} -n {}", live.namespace);
        expect_refused(&live, &all, &[&kind_name, "has been terminating since 20", &wait]);
        let report = bootstrap(&live, &[&all[..], &["-o", "json"]].concat()).expect_code(4).json();
        assert_eq!(report["refused"][0]["reason"], "being-deleted");

        let mut run = Background::start(bootstrapping(&live, &REDIRECTED));
        run.wait_for("has been terminating since");
        release(&live, &kind_name);
        run.wait_for("waiting for the Ingress's address");
        assert_eq!(objects(&live).len(), 5, "{kind_name} is there again");
    }
    give_address(&live, SERVICE, "203.0.113.12");
    ManagedCertificates::new(&live).sync();
    bootstrap(&live, &REDIRECTED).expect_code(0);
}

/// It is the application's: waited for, and then it has to be there again.
#[test]
fn a_service_that_goes_for_good_ends_the_wait() {
    let Some(live) = milvus("a_service_that_goes") else { return };
    let service = format!("service/{SERVICE}");
    let_go(&live, &service);
    let mut run = Background::start(bootstrapping(&live, &[]));
    run.wait_for("has been terminating since");
    assert_eq!(objects(&live).len(), 1, "nothing is made for it");
    release(&live, &service);
    let ended = run.end(4);
    assert!(ended.contains("does not exist"), "{ended}");
    create(&live, &chart_service());
    bootstrap(&live, &["--no-wait"]).expect_code(0);
}

#[test]
fn a_managed_certificate_that_is_being_deleted_is_made_anew_when_it_is_gone() {
    let Some(live) = milvus("a_managed_certificate_that_goes") else { return };
    let managed = ["--google-managed"];
    bootstrap(&live, &["--google-managed", "--no-wait"]).expect_code(0);
    let certificate = format!("managedcertificate/{TLS}");
    let_go(&live, &certificate);
    let create = ["managed", "create", TLS, DOMAIN, "--ingress", SERVICE];
    let refused = live.run(&create).expect_code(4).flat_stderr();
    assert!(refused.contains("has been terminating since"), "{refused}");
    let status = live.run(&["managed", "status"]).expect_code(1).stdout;
    assert!(status.contains("it has been terminating since"), "{status}");
    let waited = live.run(&["managed", "wait", TLS]).expect_code(4).flat_stderr();
    assert!(waited.contains("has been terminating since"), "{waited}");

    let mut run = Background::start(bootstrapping(&live, &managed));
    run.wait_for("has been terminating since");
    release(&live, &certificate);
    run.wait_for("waiting for the Ingress's address");
    let made = live.kubectl(&["get", &certificate, "-o", "jsonpath={.metadata.finalizers}"]);
    assert!(made.stdout.is_empty(), "it is another one");
}
