//! Traps of GKE: what the API server takes and the load balancer then ignores or stumbles over. A
//! bootstrap on top of one must mend it or refuse it, never end with 0 and a broken load balancer.

use super::{
    BACKEND_CONFIG, DOMAIN, SERVICE, annotation, bootstrap, create, expect_refused, gke,
    hand_made_service, milvus, object, objects,
};
use serde_json::{Value, json};

/// An Ingress with the rules of the walk.
fn ingress() -> Value {
    let backend = json!({ "service": { "name": SERVICE, "port": { "number": 19530 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": SERVICE },
        "spec": { "rules": [{ "host": DOMAIN, "http": { "paths": paths } }] },
    })
}

/// app-protocols goes by port names: without one it silently means HTTP.
#[test]
fn a_port_without_a_name_cannot_speak_http2_and_is_refused() {
    let Some(live) = gke("a_port_without_a_name") else { return };
    let mut service = hand_made_service();
    service["spec"]["ports"] = json!([{ "port": 19530 }]);
    create(&live, &service);
    expect_refused(&live, &["--no-wait"], &["19530", "name"]);
}

/// The alpha key wins over ours.
#[test]
fn an_older_app_protocols_annotation_that_wins_is_mended_or_refused() {
    let Some(live) = gke("an_older_app_protocols_annotation") else { return };
    let older = "service.alpha.kubernetes.io/app-protocols";
    let mut service = hand_made_service();
    service["metadata"]["annotations"] = json!({ older: r#"{"milvus":"HTTP"}"# });
    create(&live, &service);
    let ran = bootstrap(&live, &["--no-wait"]);
    if ran.code == 0 {
        let service = object(&live, &format!("Service/{SERVICE}"));
        if !service["metadata"]["annotations"][older].is_null() {
            assert_eq!(annotation(&service, older)["milvus"], "HTTP2", "{}", ran.stderr);
        }
    } else {
        let ran = ran.expect_code(4);
        assert!(ran.flat_stderr().contains(older), "{}", ran.stderr);
    }
}

/// An entry for the port wins over `default`.
#[test]
fn a_backend_config_of_that_very_port_is_mended_or_refused() {
    for port in ["milvus", "19530"] {
        let Some(live) = gke(&format!("a_backend_config_of_{port}")) else { return };
        let ports = json!({ "ports": { port: "their-config" } }).to_string();
        let mut service = hand_made_service();
        service["metadata"]["annotations"] = json!({ "cloud.google.com/backend-config": ports });
        create(&live, &service);
        let ran = bootstrap(&live, &["--no-wait"]);
        if ran.code == 0 {
            let service = object(&live, &format!("Service/{SERVICE}"));
            let configs = annotation(&service, "cloud.google.com/backend-config");
            assert_eq!(configs["ports"][port], BACKEND_CONFIG, "{}", ran.stderr);
        } else {
            assert!(ran.expect_code(4).flat_stderr().contains("their-config"));
        }
    }
}

/// Taking it over would take it away from the controller that serves it now.
#[test]
fn an_ingress_of_another_class_is_refused() {
    let mut by_name = ingress();
    by_name["spec"]["ingressClassName"] = "nginx".into();
    let mut by_annotation = ingress();
    by_annotation["metadata"]["annotations"] = json!({ "kubernetes.io/ingress.class": "nginx" });
    for ingress in [by_name, by_annotation] {
        let Some(live) = milvus("an_ingress_of_another_class") else { return };
        create(&live, &ingress);
        expect_refused(&live, &["--no-wait", "--ingress-class", "gce"], &["nginx"]);
        // Where nobody says another one, it keeps its own.
        let ran = bootstrap(&live, &["--no-wait"]).expect_code(0);
        let after = object(&live, &format!("Ingress/{SERVICE}"));
        assert_eq!(after["metadata"]["annotations"], ingress["metadata"]["annotations"]);
        assert_eq!(after["spec"]["ingressClassName"], ingress["spec"]["ingressClassName"]);
        assert!(after["spec"]["tls"].is_array(), "{}", ran.stdout);
    }
}

/// Only GKE's load balancer serves a ManagedCertificate.
#[test]
fn a_managed_certificate_for_another_class_is_refused() {
    let Some(live) = milvus("a_managed_certificate_for_another_class") else { return };
    let flags = ["--no-wait", "--google-managed", "--ingress-class", "nginx"];
    let ran = bootstrap(&live, &flags);
    assert!([2, 4].contains(&ran.code), "{}: {}", ran.code, ran.stdout);
    assert_eq!(objects(&live).len(), 1, "only the Service");
}

/// `secret "" does not exist`: such an entry stops every sync of the load balancer.
#[test]
fn a_tls_entry_without_a_secret_is_mended_or_refused() {
    let Some(live) = milvus("a_tls_entry_without_a_secret") else { return };
    let mut there = ingress();
    there["spec"]["tls"] = json!([{ "hosts": [DOMAIN] }]);
    create(&live, &there);
    let ran = bootstrap(&live, &["--no-wait", "--google-managed"]);
    let ingress = object(&live, &format!("Ingress/{SERVICE}"));
    let broken = ingress["spec"]["tls"]
        .as_array()
        .is_some_and(|entries| entries.iter().any(|entry| entry["secretName"].is_null()));
    assert!(ran.code == 4 || !broken, "{}: {}", ran.code, ingress["spec"]["tls"]);
}

/// Google's load balancers take RSA and ECDSA alone.
#[test]
fn an_ed25519_key_is_refused() {
    let Some(live) = milvus("an_ed25519_key") else { return };
    let ran = bootstrap(&live, &["--no-wait", "--key-type", "ed25519"]);
    assert!([2, 4].contains(&ran.code), "{}: {}", ran.code, ran.stdout);
    live.run(&["issue", DOMAIN, "--key-type", "ed25519", "--secret", "mine"]).expect_code(0);
    expect_refused(&live, &["--no-wait", "--tls-secret", "mine"], &["ed25519"]);
}
