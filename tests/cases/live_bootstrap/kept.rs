//! What users and others have written on objects that are there stays; what is missing is added.

use super::{
    DOMAIN, SERVICE, TLS, annotation, bootstrap, create, expect_refused, gke, hand_made_service,
    milvus, object, versions, written,
};
use serde_json::{Value, json};

#[test]
fn annotations_and_other_json_keys_of_the_service_are_kept() {
    let Some(live) = gke("annotations_of_the_service_are_kept") else { return };
    let mut service = hand_made_service();
    service["metadata"]["annotations"] = json!({
        "cloud.google.com/app-protocols": r#"{"metrics":"HTTP"}"#,
        "cloud.google.com/backend-config": r#"{"ports": {"metrics": "their-config"}}"#,
        "cloud.google.com/neg": r#"{"exposed_ports": {"9091": {"name": "their-neg"}}}"#,
        "example.com/note": "line one\nline two",
        "example.com/json": r#"{"b" : 1,  "a":2}"#,
    });
    create(&live, &service);
    let before = object(&live, &format!("Service/{SERVICE}"));
    bootstrap(&live, &["--no-wait"]).expect_code(0);

    let after = object(&live, &format!("Service/{SERVICE}"));
    let expected = [
        ("cloud.google.com/app-protocols", json!({ "metrics": "HTTP", "milvus": "HTTP2" })),
        (
            "cloud.google.com/backend-config",
            json!({ "default": "my-release-backendconfig", "ports": { "metrics": "their-config" } }),
        ),
        (
            "cloud.google.com/neg",
            json!({ "exposed_ports": { "9091": { "name": "their-neg" } }, "ingress": true }),
        ),
    ];
    for (key, expected) in &expected {
        assert_eq!(&annotation(&after, key), expected, "{key}");
    }
    let rest = |service: &Value| {
        let mut service = written(service);
        for (key, _) in &expected {
            service["metadata"]["annotations"][*key] = Value::Null;
        }
        service
    };
    assert_eq!(rest(&after), rest(&before));
    assert_eq!(after["spec"], before["spec"], "not even its address changes");
    let before = versions(&live);
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    assert_eq!(versions(&live), before);
}

#[test]
fn what_is_right_in_other_words_is_not_written_again() {
    let Some(live) = gke("what_is_right_in_other_words") else { return };
    let mut service = hand_made_service();
    service["metadata"]["annotations"] = json!({
        "cloud.google.com/app-protocols": "{ \"milvus\" : \"HTTP2\" }\n",
        "cloud.google.com/backend-config": r#"{"default": "my-release-backendconfig"}"#,
        "cloud.google.com/neg": r#"{"ingress": true}"#,
    });
    create(&live, &service);
    let before = object(&live, &format!("Service/{SERVICE}"));
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    assert_eq!(object(&live, &format!("Service/{SERVICE}")), before);
}

#[test]
fn a_backend_config_is_mended_where_it_differs_and_only_there() {
    let Some(live) = milvus("a_backend_config_is_mended") else { return };
    let config = json!({
        "apiVersion": "cloud.google.com/v1",
        "kind": "BackendConfig",
        "metadata": { "name": "my-release-backendconfig", "labels": { "team": "search" } },
        "spec": {
            "healthCheck": { "type": "HTTP", "port": 19530, "requestPath": "/healthz", "checkIntervalSec": 7 },
            "securityPolicy": { "name": "their-policy" },
        },
    });
    create(&live, &config);
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    let mut expected = config["spec"].clone();
    expected["healthCheck"]["port"] = 9091.into();
    expected["timeoutSec"] = 3600.into();
    let after = object(&live, "BackendConfig/my-release-backendconfig");
    assert_eq!(after["spec"], expected);
    assert_eq!(after["metadata"]["labels"], config["metadata"]["labels"]);
}

/// An Ingress with the right rules, and some things of its own.
fn ingress_without_tls() -> Value {
    let backend = json!({ "service": { "name": SERVICE, "port": { "number": 19530 } } });
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": SERVICE,
            "labels": { "team": "search" },
            "annotations": { "example.com/note": "ours" },
        },
        "spec": {
            "defaultBackend": backend,
            "tls": [{ "hosts": ["other.example"], "secretName": "other-tls" }],
            "rules": [{
                "host": DOMAIN,
                "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] },
            }],
        },
    })
}

#[test]
fn an_ingress_with_the_same_rules_is_completed_and_keeps_the_rest() {
    let Some(live) = milvus("an_ingress_with_the_same_rules") else { return };
    let ingress = ingress_without_tls();
    create(&live, &ingress);
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    let mut expected = ingress["spec"].clone();
    expected["tls"] = json!([
        { "hosts": ["other.example"], "secretName": "other-tls" },
        { "hosts": [DOMAIN], "secretName": TLS },
    ]);
    let after = object(&live, &format!("Ingress/{SERVICE}"));
    assert_eq!(after["spec"], expected);
    let annotations = json!({ "example.com/note": "ours", "kubernetes.io/ingress.class": "gce" });
    assert_eq!(after["metadata"]["annotations"], annotations);
    assert_eq!(after["metadata"]["labels"], ingress["metadata"]["labels"]);
}

#[test]
fn an_ingress_with_other_managed_certificates_gets_one_more() {
    let Some(live) = milvus("an_ingress_with_other_managed_certificates") else { return };
    let mut ingress = ingress_without_tls();
    ingress["metadata"]["annotations"] = json!({
        "kubernetes.io/ingress.class": "gce",
        "networking.gke.io/managed-certificates": "old-one, other-one",
        "ingress.gcp.kubernetes.io/pre-shared-cert": "mcrt-1,theirs",
    });
    create(&live, &ingress);
    bootstrap(&live, &["--google-managed", "--no-wait"]).expect_code(0);
    let after = object(&live, &format!("Ingress/{SERVICE}"));
    let annotations = json!({
        "kubernetes.io/ingress.class": "gce",
        "networking.gke.io/managed-certificates": "old-one,other-one,my-release-milvus-tls",
        "ingress.gcp.kubernetes.io/pre-shared-cert": "mcrt-1,theirs",
    });
    assert_eq!(after["metadata"]["annotations"], annotations);
    assert_eq!(after["spec"], ingress["spec"]);
}

#[test]
fn a_secret_that_covers_the_domain_is_used_as_it_is() {
    let Some(live) = milvus("a_secret_that_covers_the_domain") else { return };
    for (name, flags) in
        [(TLS, &["--no-wait"] as &[&str]), ("mine", &["--tls-secret", "mine", "--no-wait"])]
    {
        live.run(&["issue", "*.milvus.io", "--key-type", "p256", "--secret", name]).expect_code(0);
        let before = object(&live, &format!("Secret/{name}"));
        let ran = bootstrap(&live, flags);
        ran.expect_code(0);
        assert_eq!(object(&live, &format!("Secret/{name}")), before);
        let ingress = object(&live, &format!("Ingress/{SERVICE}"));
        let tls = ingress["spec"]["tls"].as_array().expect("a list").clone();
        assert!(tls.contains(&json!({ "hosts": [DOMAIN], "secretName": name })), "{tls:?}");
        live.kubectl(&["delete", "ingress", SERVICE]);
    }
}

#[test]
fn the_same_domains_in_another_order_or_twice_are_nothing_to_write() {
    let Some(live) = milvus("the_same_domains_in_another_order") else { return };
    let second = "second.milvus.io";
    let run = |domains: &[&str]| {
        live.certwright()
            .args(&["bootstrap", "--service", SERVICE, "--preset", "milvus", "--no-wait"])
            .args(&["--google-managed", "-n", &live.namespace])
            .args(domains)
            .run()
            .expect_code(0)
    };
    run(&[DOMAIN, second, DOMAIN]);
    let ingress = object(&live, &format!("Ingress/{SERVICE}"));
    assert_eq!(ingress["spec"]["rules"].as_array().map(Vec::len), Some(2));
    let before = versions(&live);
    run(&[second, DOMAIN]);
    assert_eq!(versions(&live), before);
}

#[test]
fn a_rule_that_names_the_port_by_its_name_is_the_same_rule() {
    let Some(live) = milvus("a_rule_that_names_the_port") else { return };
    let mut ingress = ingress_without_tls();
    let backend = json!({ "service": { "name": SERVICE, "port": { "name": "milvus" } } });
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"] = backend.clone();
    create(&live, &ingress);
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    let after = object(&live, &format!("Ingress/{SERVICE}"));
    assert_eq!(after["spec"]["rules"], ingress["spec"]["rules"]);

    // Another port's name is another rule.
    let metrics = json!([{
        "op": "replace",
        "path": "/spec/rules/0/http/paths/0/backend/service/port/name",
        "value": "metrics",
    }]);
    live.kubectl(&["patch", "ingress", SERVICE, "--type=json", "-p", &metrics.to_string()]);
    let ran = bootstrap(&live, &["--no-wait"]).expect_code(4);
    let told =
        "service/my-release-milvus:metrics (path /), expected service/my-release-milvus:19530";
    assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
}

/// Two certificates for one host would leave it to chance which of them clients see.
#[test]
fn a_tls_entry_that_gives_the_host_another_secret_has_that_one_used_and_none_made() {
    let Some(live) = milvus("a_tls_entry_that_gives_the_host") else { return };
    let mut ingress = ingress_without_tls();
    ingress["spec"]["tls"] = json!([{ "hosts": [DOMAIN], "secretName": "theirs" }]);
    create(&live, &ingress);
    live.run(&["issue", DOMAIN, "--key-type", "p256", "--secret", "theirs"]).expect_code(0);
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    assert_eq!(object(&live, &format!("Ingress/{SERVICE}"))["spec"]["tls"], ingress["spec"]["tls"]);
    let made = live.cluster.kubectl().args(["-n", &live.namespace, "get", "secret", TLS]).output();
    assert!(!made.expect("kubectl starts").status.success(), "no second one is made");
    // One that does not serve the domain is refused, with both names.
    live.run(&["issue", "other.example", "--key-type", "p256", "--secret", "other"]).expect_code(0);
    let words = ["secret/theirs", "expected secret/other", "--tls-secret theirs"];
    live.run(&["issue", DOMAIN, "--key-type", "p256", "--secret", "other", "--force"])
        .expect_code(0);
    expect_refused(&live, &["--no-wait", "--tls-secret", "other"], &words);
    bootstrap(&live, &["--no-wait", "--tls-secret", "theirs"]).expect_code(0);
    let after = object(&live, &format!("Ingress/{SERVICE}"));
    assert_eq!(after["spec"]["tls"], ingress["spec"]["tls"], "it was there already");

    // Beside a ManagedCertificate it is how one moves over without an outage; it is told.
    let ran = bootstrap(&live, &["--no-wait", "--google-managed"]).expect_code(0);
    let told = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("secret/theirs still serves my-release.milvus.io"), "{told}");
}
