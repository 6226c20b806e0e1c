//! The walk's way A and way B from one command: the objects are the guide's, and a second run
//! writes nothing.

use super::{
    BACKEND_CONFIG, DOMAIN, SERVICE, TLS, annotation, bootstrap, milvus, object, objects, versions,
};
use crate::support::gke::{ManagedCertificates, PRE_SHARED_CERT, give_address};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use certwright::inventory::bundle::Bundle;
use certwright::x509::cert::HostMatch;
use certwright::x509::key::Pairing;
use ring::rand::SystemRandom;
use serde_json::{Value, json};

/// The guide's BackendConfig.
const GUIDE_BACKEND_CONFIG: &str = "
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {name: my-release-backendconfig, namespace: default}
spec: {healthCheck: {port: 9091, requestPath: /healthz, type: HTTP}}
";

/// The guide's annotations of the Service.
const GUIDE_ANNOTATIONS: [(&str, &str); 3] = [
    ("cloud.google.com/app-protocols", r#"{"milvus":"HTTP2"}"#),
    ("cloud.google.com/backend-config", r#"{"default": "my-release-backendconfig"}"#),
    ("cloud.google.com/neg", r#"{"ingress": true}"#),
];

/// The guide's ManagedCertificate (way B).
const GUIDE_MANAGED_CERTIFICATE: &str = "
apiVersion: networking.gke.io/v1
kind: ManagedCertificate
metadata: {name: my-release-milvus-tls}
spec: {domains: [my-release.milvus.io]}
";

/// The guide's Ingress, way A.
const GUIDE_INGRESS_A: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: my-release-milvus, namespace: default}
spec:
  tls:
    - hosts: [my-release.milvus.io]
      secretName: my-release-milvus-tls
  rules:
    - host: my-release.milvus.io
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: my-release-milvus, port: {number: 19530}}}
";

/// The guide's Ingress, way B.
const GUIDE_INGRESS_B: &str = r#"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: my-release-milvus
  namespace: default
  annotations: {networking.gke.io/managed-certificates: "my-release-milvus-tls"}
spec:
  rules:
    - host: my-release.milvus.io
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: my-release-milvus, port: {number: 19530}}}
"#;

fn guide(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).expect("the guide's YAML can be read")
}

/// Wants the BackendConfig and the annotations of the guide, and nothing else but what is said to
/// be added: the timeout.
#[track_caller]
fn expect_the_guides_backend(live: &crate::support::live::Live) {
    let mut expected = guide(GUIDE_BACKEND_CONFIG)["spec"].clone();
    expected["timeoutSec"] = 3600.into();
    let made = object(live, &format!("BackendConfig/{BACKEND_CONFIG}"));
    assert_eq!(made["spec"], expected);
    assert_eq!(made["metadata"]["annotations"], Value::Null);

    let service = object(live, &format!("Service/{SERVICE}"));
    for (key, expected) in GUIDE_ANNOTATIONS {
        let expected: Value = serde_json::from_str(expected).expect("the guide's JSON is JSON");
        assert_eq!(annotation(&service, key), expected, "{key}");
    }
    let annotations = service["metadata"]["annotations"].as_object().expect("annotations");
    let others = annotations.keys().filter(|key| !key.starts_with("cloud.google.com/"));
    let of_helm = ["meta.helm.sh/release-name", "meta.helm.sh/release-namespace"];
    assert_eq!(others.collect::<Vec<_>>(), of_helm);
    assert_eq!(annotations.len(), of_helm.len() + GUIDE_ANNOTATIONS.len());
}

/// Wants the guide's Ingress; only the class annotation is added.
#[track_caller]
fn expect_the_guides_ingress(live: &crate::support::live::Live, yaml: &str) {
    let guide = guide(yaml);
    let made = object(live, &format!("Ingress/{SERVICE}"));
    assert_eq!(made["spec"], guide["spec"]);
    let mut expected = guide["metadata"]["annotations"].clone();
    expected["kubernetes.io/ingress.class"] = "gce".into();
    assert_eq!(made["metadata"]["annotations"], expected);
    assert_eq!(made["metadata"]["labels"], Value::Null);
}

#[test]
fn way_a_makes_the_guides_objects_and_a_second_run_writes_nothing() {
    let Some(live) = milvus("way_a_makes_the_guides_objects") else { return };
    let ran = bootstrap(&live, &["--no-wait"]).expect_code(0);
    assert!(ran.stdout.contains(&format!("created  ingress/{SERVICE}")), "{}", ran.stdout);

    let names: Vec<String> = objects(&live).into_keys().collect();
    let expected = [
        format!("BackendConfig/{BACKEND_CONFIG}"),
        format!("Ingress/{SERVICE}"),
        format!("Secret/{TLS}"),
        format!("Service/{SERVICE}"),
    ];
    assert_eq!(names, expected);
    expect_the_guides_backend(&live);
    expect_the_guides_ingress(&live, GUIDE_INGRESS_A);

    let secret = object(&live, &format!("Secret/{TLS}"));
    assert_eq!(secret["type"], "kubernetes.io/tls");
    let value = |key: &str| {
        STANDARD.decode(secret["data"][key].as_str().unwrap_or_default()).expect("data is base64")
    };
    let (certificate, key) = (value("tls.crt"), value("tls.key"));
    let bundle = Bundle::of_pair(Some(&certificate), Some(&key), &SystemRandom::new());
    assert_eq!(bundle.pairing, Pairing::Match);
    let leaf = bundle.leaf().expect("a certificate");
    assert!(matches!(leaf.match_host(DOMAIN), HostMatch::San(_)), "the domain must be a SAN");

    let before = versions(&live);
    let again = bootstrap(&live, &["--no-wait", "-o", "json"]).expect_code(0).json();
    assert_eq!(again["steps"], json!([]), "{again:#}");
    assert_eq!(versions(&live), before, "a second run must write nothing");
    live.run(&["check"]).expect_code(0);
}

#[test]
fn way_b_makes_the_guides_objects_and_a_second_run_writes_nothing() {
    let Some(live) = milvus("way_b_makes_the_guides_objects") else { return };
    bootstrap(&live, &["--google-managed", "--no-wait"]).expect_code(0);

    let names: Vec<String> = objects(&live).into_keys().collect();
    let expected = [
        format!("BackendConfig/{BACKEND_CONFIG}"),
        format!("Ingress/{SERVICE}"),
        format!("ManagedCertificate/{TLS}"),
        format!("Service/{SERVICE}"),
    ];
    assert_eq!(names, expected);
    expect_the_guides_backend(&live);
    expect_the_guides_ingress(&live, GUIDE_INGRESS_B);
    let managed = object(&live, &format!("ManagedCertificate/{TLS}"));
    assert_eq!(managed["spec"], guide(GUIDE_MANAGED_CERTIFICATE)["spec"]);

    let before = versions(&live);
    bootstrap(&live, &["--google-managed", "--no-wait"]).expect_code(0);
    assert_eq!(versions(&live), before, "a second run must write nothing");
}

/// The controllers write on the same objects; that is nothing to put back.
#[test]
fn what_googles_controllers_wrote_meanwhile_is_left_alone() {
    let Some(live) = milvus("what_googles_controllers_wrote") else { return };
    bootstrap(&live, &["--google-managed", "--no-wait"]).expect_code(0);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    controller.set_status(TLS, "Active", &[(DOMAIN, "Active")]);
    controller.sync();
    give_address(&live, SERVICE, "203.0.113.7");
    let ingress = object(&live, &format!("Ingress/{SERVICE}"));
    let names = ingress["metadata"]["annotations"][PRE_SHARED_CERT].as_str();
    assert_eq!(names, Some(controller.certificate_name(TLS)));

    let before = versions(&live);
    let ran = bootstrap(&live, &["--google-managed"]).expect_code(0);
    let record = format!("{DOMAIN}. A 203.0.113.7");
    assert!(ran.flat_stderr().contains(&record), "{}", ran.stderr);
    assert_eq!(versions(&live), before);
}

#[test]
fn dry_runs_write_nothing_and_say_what_would_be_done() {
    let Some(live) = milvus("bootstrap_dry_runs_write_nothing") else { return };
    let before = versions(&live);
    for (how, result) in [("client", Value::Null), ("server", json!("tried"))] {
        let flag = format!("--dry-run={how}");
        if how == "client" {
            let ran = bootstrap(&live, &[&flag]).expect_code(0);
            for word in [TLS, BACKEND_CONFIG, SERVICE, "HTTP2", "timeoutSec"] {
                assert!(ran.stdout.contains(word), "{word}:\n{}", ran.stdout);
            }
        } else {
            let report = bootstrap(&live, &[&flag, "-o", "json"]).expect_code(0).json();
            let steps = report["steps"].as_array().expect("steps");
            assert_eq!(steps.len(), 4, "{report:#}");
            assert!(steps.iter().all(|step| step["result"] == result), "{report:#}");
        }
        assert_eq!(versions(&live), before, "{how}");
    }
}

#[test]
fn port_80_can_redirect_by_a_frontend_config() {
    let Some(live) = milvus("port_80_can_redirect") else { return };
    let flags = ["--http", "redirect", "--static-ip", "milvus-ip", "--no-wait"];
    bootstrap(&live, &flags).expect_code(0);
    let config = object(&live, &format!("FrontendConfig/{SERVICE}"));
    assert_eq!(config["spec"], json!({ "redirectToHttps": { "enabled": true } }));
    let ingress = object(&live, &format!("Ingress/{SERVICE}"));
    let expected = json!({
        "kubernetes.io/ingress.class": "gce",
        "kubernetes.io/ingress.global-static-ip-name": "milvus-ip",
        "networking.gke.io/v1beta1.FrontendConfig": SERVICE,
    });
    assert_eq!(ingress["metadata"]["annotations"], expected);
    let before = versions(&live);
    bootstrap(&live, &flags).expect_code(0);
    assert_eq!(versions(&live), before);
}

/// What was not asked for is left alone; what was is taken back, as far as it is ours.
#[test]
fn what_was_said_of_port_80_can_be_taken_back_and_is_left_alone_when_nothing_is_said() {
    let Some(live) = milvus("what_was_said_of_port_80") else { return };
    let said = || {
        let annotations = &object(&live, &format!("Ingress/{SERVICE}"))["metadata"]["annotations"];
        (
            annotations["networking.gke.io/v1beta1.FrontendConfig"].clone(),
            annotations["kubernetes.io/ingress.allow-http"].clone(),
        )
    };
    let (redirects, off) = ((json!(SERVICE), Value::Null), (Value::Null, json!("false")));
    for (http, expected) in [
        ("redirect", redirects.clone()),
        ("", redirects.clone()),
        ("allow", (Value::Null, Value::Null)),
        ("off", off.clone()),
        ("", off.clone()),
        ("redirect", redirects),
        ("off", off),
        ("allow", (Value::Null, Value::Null)),
    ] {
        let flags: &[&str] = if http.is_empty() { &[] } else { &["--http", http] };
        let flags = [flags, &["--no-wait"]].concat();
        bootstrap(&live, &flags).expect_code(0);
        assert_eq!(said(), expected, "{http}");
        let before = versions(&live);
        bootstrap(&live, &flags).expect_code(0);
        assert_eq!(versions(&live), before, "{http}: a second run must write nothing");
    }
}

#[test]
fn a_frontend_config_that_holds_more_than_the_redirect_is_kept_and_one_of_others_too() {
    let Some(live) = milvus("a_frontend_config_that_holds_more") else { return };
    let redirect = ["--http", "redirect", "--no-wait"];
    bootstrap(&live, &redirect).expect_code(0);
    let policy = json!({ "spec": { "sslPolicy": "modern" } }).to_string();
    live.kubectl(&["patch", "frontendconfig", SERVICE, "--type=merge", "-p", &policy]);
    bootstrap(&live, &["--http", "allow", "--no-wait"]).expect_code(0);
    let config = object(&live, &format!("FrontendConfig/{SERVICE}"));
    assert_eq!(config["spec"], json!({ "sslPolicy": "modern" }));
    let key = "networking.gke.io/v1beta1.FrontendConfig";
    let named = || object(&live, &format!("Ingress/{SERVICE}"))["metadata"]["annotations"].clone();
    assert_eq!(named()[key], SERVICE);

    // The one that the Ingress names is the one that redirects, whoever made it.
    live.kubectl(&["annotate", "--overwrite", "ingress", SERVICE, &format!("{key}=theirs")]);
    let theirs = json!({
        "apiVersion": "networking.gke.io/v1beta1", "kind": "FrontendConfig",
        "metadata": { "name": "theirs" }, "spec": { "sslPolicy": "modern" },
    });
    live.cluster.apply(&live.namespace, &theirs.to_string());
    bootstrap(&live, &redirect).expect_code(0);
    let config = object(&live, "FrontendConfig/theirs");
    let both = json!({ "sslPolicy": "modern", "redirectToHttps": { "enabled": true } });
    assert_eq!(config["spec"], both);
    bootstrap(&live, &["--http", "allow", "--no-wait"]).expect_code(0);
    assert_eq!(named()[key], "theirs");
}
