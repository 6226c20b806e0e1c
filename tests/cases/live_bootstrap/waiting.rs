//! Waiting for the address and for Active: told as it goes, ended by success, by what cannot heal,
//! and by `--timeout`.

use super::{DOMAIN, SERVICE, TLS, bootstrap, bootstrapping, milvus, objects};
use crate::support::background::Background;
use crate::support::gke::{ManagedCertificates, give_address};
use crate::support::live::Live;
use serde_json::json;

/// Builds the load balancer with this address.
fn build_with(live: &Live, address: &str) {
    give_address(live, SERVICE, address);
    ManagedCertificates::new(live).sync();
}

#[test]
fn way_a_waits_for_the_address_and_names_the_dns_record() {
    let Some(live) = milvus("way_a_waits_for_the_address") else { return };
    let mut run = Background::start(bootstrapping(&live, &[]));
    run.wait_for("waiting for the Ingress's address");
    build_with(&live, "203.0.113.10");
    let ended = run.end(0);
    assert!(ended.contains(&format!("DNS record: {DOMAIN}. A 203.0.113.10")), "{ended}");
}

/// What takes long, and why, only the controller knows.
#[test]
fn what_the_controller_warns_of_is_told_while_there_is_no_address() {
    let Some(live) = milvus("what_the_controller_warns_of") else { return };
    let mut run = Background::start(bootstrapping(&live, &[]));
    run.wait_for("waiting for the Ingress's address");
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": "stuck" },
        "involvedObject": { "kind": "Ingress", "name": SERVICE, "namespace": live.namespace },
        "type": "Warning",
        "reason": "Sync",
        "message": "Error syncing to GCP: error initializing translator env: secrets \"x\" not found",
        "lastTimestamp": "2026-11-20T23:50:00Z",
    });
    live.cluster.apply(&live.namespace, &event.to_string());
    run.wait_for("its controller's last warning: secrets \"x\" not found");
    build_with(&live, "203.0.113.10");
    run.end(0);
}

#[test]
fn way_b_waits_for_the_address_and_for_active() {
    let Some(live) = milvus("way_b_waits_for_active") else { return };
    let mut run = Background::start(bootstrapping(&live, &["--google-managed"]));
    run.wait_for("waiting for the Ingress's address");
    let mut controller = ManagedCertificates::new(&live);
    give_address(&live, SERVICE, "203.0.113.11");
    controller.sync();
    run.wait_for(&format!("{DOMAIN}. A 203.0.113.11"));
    run.wait_for("ManagedCertificate: Provisioning");
    controller.set_status(TLS, "Provisioning", &[(DOMAIN, "FailedNotVisible")]);
    controller.sync();
    run.wait_for(&format!("{DOMAIN}: FailedNotVisible"));
    controller.set_status(TLS, "Active", &[(DOMAIN, "Active")]);
    controller.sync();
    let ended = run.end(0);
    assert!(ended.contains("ManagedCertificate: Active"), "{ended}");
}

#[test]
fn what_cannot_heal_ends_the_wait_early() {
    let Some(live) = milvus("what_cannot_heal_ends_the_wait") else { return };
    bootstrap(&live, &["--google-managed", "--no-wait"]).expect_code(0);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    let mut run = Background::start(bootstrapping(&live, &["--google-managed"]));
    run.wait_for("ManagedCertificate: Provisioning");
    controller.set_status(TLS, "Provisioning", &[(DOMAIN, "FailedCaaForbidden")]);
    controller.sync();
    let ended = run.end(4);
    assert!(ended.contains(&format!("{DOMAIN}: FailedCaaForbidden")), "{ended}");
    assert!(ended.contains("pki.goog and letsencrypt.org"), "{ended}");

    controller.set_status(TLS, "ProvisioningFailedPermanently", &[(DOMAIN, "Provisioning")]);
    controller.sync();
    let ended = bootstrap(&live, &["--google-managed"]).expect_code(4).flat_stderr();
    assert!(ended.contains("cannot become Active: ProvisioningFailedPermanently"), "{ended}");
    assert!(ended.contains(&format!("managed set-domains {TLS} {DOMAIN}")), "{ended}");
}

#[test]
fn the_timeout_ends_the_wait_and_what_was_made_stays() {
    let Some(live) = milvus("the_timeout_ends_the_wait") else { return };
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    let ran = bootstrap(&live, &["--timeout", "2s"]).expect_code(124);
    assert!(ran.flat_stderr().contains("waiting for the Ingress's address"), "{}", ran.stderr);
    assert_eq!(objects(&live).len(), 4);
}
