//! What is not built upon: said with the reason and the way out, exit 4, and nothing written.

use super::{
    BACKEND_CONFIG, DOMAIN, SERVICE, TLS, bootstrap, chart_service, create, expect_refused, gke,
    hand_made_service, milvus, object, objects, versions,
};
use crate::support::live::Live;
use serde_json::json;

#[test]
fn an_annotation_that_is_not_json_is_refused() {
    let Some(live) = gke("an_annotation_that_is_not_json") else { return };
    create(&live, &hand_made_service());
    for (key, broken) in [
        ("cloud.google.com/app-protocols", r#"{"milvus":"#),
        ("cloud.google.com/backend-config", "my-release-backendconfig"),
        ("cloud.google.com/neg", "[true]"),
    ] {
        live.kubectl(&["annotate", "service", SERVICE, &format!("{key}={broken}")]);
        let mend = format!("kubectl annotate service {SERVICE}");
        expect_refused(&live, &["--no-wait"], &[key, "not a JSON object", &mend]);
        live.kubectl(&["annotate", "service", SERVICE, &format!("{key}-")]);
    }
    bootstrap(&live, &["--no-wait"]).expect_code(0);
}

#[test]
fn an_ingress_with_other_rules_is_refused_and_untouched() {
    let Some(live) = milvus("an_ingress_with_other_rules") else { return };
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": SERVICE },
        "spec": { "rules": [{
            "host": DOMAIN,
            "http": { "paths": [{
                "path": "/api",
                "pathType": "Prefix",
                "backend": { "service": { "name": "other", "port": { "number": 80 } } },
            }] },
        }] },
    });
    create(&live, &ingress);
    expect_refused(
        &live,
        &["--no-wait"],
        &["already routes", "service/other:80 (path /api)", "--name"],
    );
    bootstrap(&live, &["--no-wait", "--name", "second"]).expect_code(0);
    let first = object(&live, &format!("Ingress/{SERVICE}"));
    assert_eq!(first["spec"], ingress["spec"]);
    object(&live, "Ingress/second");
}

#[test]
fn a_secret_that_does_not_cover_the_domain_is_refused_and_the_printed_remedy_mends_it() {
    let Some(live) = milvus("a_secret_that_does_not_cover") else { return };
    live.run(&["issue", "other.example", "--key-type", "p256", "--secret", TLS]).expect_code(0);
    expect_refused(&live, &["--no-wait"], &["does not cover my-release.milvus.io", "--add-host"]);

    let report = bootstrap(&live, &["--no-wait", "-o", "json"]).expect_code(4).json();
    let remedy = report["refused"][0]["remedy"].as_str().expect("a remedy");
    let (program, args) = remedy.split_once(' ').expect("a command");
    assert_eq!(program, "certwright");
    let args: Vec<&str> = args.split(' ').collect();
    live.certwright().args(&args).run().expect_code(0);
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    live.run(&["check"]).expect_code(0);
}

#[test]
fn a_secret_with_the_key_of_another_certificate_is_refused() {
    let Some(live) = milvus("a_secret_with_the_key_of_another") else { return };
    for name in [TLS, "other"] {
        live.run(&["issue", DOMAIN, "--key-type", "p256", "--secret", name]).expect_code(0);
    }
    let key = object(&live, "Secret/other")["data"]["tls.key"].clone();
    let patch = json!({ "data": { "tls.key": key } }).to_string();
    live.kubectl(&["patch", "secret", TLS, "-p", &patch]);
    expect_refused(&live, &["--no-wait"], &["its key is not its certificate's"]);
    let flags = ["--no-wait", "--tls-secret", TLS];
    expect_refused(&live, &flags, &["its key is not its certificate's"]);
}

#[test]
fn a_named_secret_that_is_not_there_is_refused_with_the_import_command() {
    let Some(live) = milvus("a_named_secret_that_is_not_there") else { return };
    let import = format!("import absent -n {} takes from --cert and --key", live.namespace);
    let flags = ["--no-wait", "--tls-secret", "absent"];
    expect_refused(&live, &flags, &["secret/absent", "does not exist", &import]);
}

#[test]
fn a_managed_certificate_with_other_domains_is_refused() {
    let Some(live) = milvus("a_managed_certificate_with_other_domains") else { return };
    let managed = json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": TLS },
        "spec": { "domains": ["other.example"] },
    });
    create(&live, &managed);
    expect_refused(&live, &["--google-managed", "--no-wait"], &["other.example", "--name"]);
}

#[test]
fn a_service_that_is_not_there_and_a_port_it_does_not_have_are_refused() {
    let Some(live) = gke("a_service_that_is_not_there") else { return };
    expect_refused(&live, &["--no-wait"], &["service/my-release-milvus", "does not exist"]);
    let mut service = chart_service();
    service["spec"]["ports"] = json!([{ "name": "metrics", "port": 9091, "protocol": "TCP" }]);
    create(&live, &service);
    let words = ["no port 19530", "metrics (9091)", "--service my-release-milvus:PORT"];
    expect_refused(&live, &["--no-wait"], &words);
}

/// A cluster that is not GKE, and so has none of its kinds.
#[test]
fn a_missing_kind_is_said_and_nothing_is_written_and_another_class_needs_none() {
    let Some(live) = Live::alone("a_missing_kind_is_said") else { return };
    create(&live, &chart_service());
    let there = |live: &Live| {
        let ran = live.kubectl(&["get", "services,secrets,ingresses", "-o", "name"]);
        String::from_utf8(ran.stdout).expect("names are UTF-8")
    };
    let before = there(&live);
    for (flags, kind) in [
        (&["--no-wait", "--platform", "gke"] as &[&str], "has no kind BackendConfig"),
        (&["--no-wait", "--google-managed"], "this cluster has no "),
        (&["--no-wait", "--http", "redirect", "--ingress-class", "gce"], "this cluster has no "),
    ] {
        let ran = bootstrap(&live, flags).expect_code(4);
        assert!(ran.flat_stderr().contains(kind), "{}", ran.stderr);
        assert!(ran.flat_stderr().contains("--ingress-class"), "{}", ran.stderr);
        assert_eq!(there(&live), before);
    }

    bootstrap(&live, &["--no-wait", "--ingress-class", "nginx"]).expect_code(0);
    let get = |name: &str| live.cluster.get_json(&live.namespace, name);
    let ingress = get(&format!("ingress/{SERVICE}"));
    assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    assert_eq!(ingress["spec"]["tls"], json!([{ "hosts": [DOMAIN], "secretName": TLS }]));
    assert_eq!(ingress["metadata"]["annotations"], json!(null));
    let service = get(&format!("service/{SERVICE}"));
    assert_eq!(
        service["metadata"]["annotations"],
        chart_service()["metadata"]["annotations"],
        "GKE's annotations are nothing to nginx"
    );
}

#[test]
fn another_class_leaves_gkes_objects_out_where_they_could_be() {
    let Some(live) = milvus("another_class_leaves_gkes_objects_out") else { return };
    let service = object(&live, &format!("Service/{SERVICE}"));
    bootstrap(&live, &["--no-wait", "--ingress-class", "nginx"]).expect_code(0);
    let names: Vec<String> = objects(&live).into_keys().collect();
    let expected =
        [format!("Ingress/{SERVICE}"), format!("Secret/{TLS}"), format!("Service/{SERVICE}")];
    assert_eq!(names, expected);
    assert_eq!(object(&live, &format!("Service/{SERVICE}")), service);
}

#[test]
fn a_right_that_is_missing_is_named_with_verb_resource_and_namespace() {
    let Some(live) = milvus("a_right_that_is_missing") else { return };
    let namespace = live.namespace.clone();
    let refused = |flags: &[&str]| {
        let before = versions(&live);
        let flags = [&["--no-wait", "--as", "a-reader"], flags].concat();
        let said = bootstrap(&live, &flags).expect_code(4).flat_stderr();
        assert_eq!(versions(&live), before);
        said
    };
    let said = refused(&[]);
    assert!(said.contains(r#"User "a-reader" cannot get resource"#), "{said}");
    assert!(said.contains(&format!("in namespace {namespace}")), "{said}");
    assert!(said.contains("RBAC: needs get on "), "{said}");

    live.kubectl(&[
        "create",
        "role",
        "reader",
        "--verb=get",
        &format!("--resource={}", super::KINDS),
    ]);
    live.kubectl(&["create", "rolebinding", "reader", "--role=reader", "--user=a-reader"]);
    let said = refused(&[]);
    assert!(said.contains(&format!("secret/{TLS} in namespace {namespace}")), "{said}");
    assert!(said.contains(r#"cannot patch resource "secrets""#), "{said}");
    live.run(&["issue", DOMAIN, "--key-type", "p256", "--secret", TLS]).expect_code(0);
    let said = refused(&[]);
    assert!(said.contains(&format!("backendconfig/{BACKEND_CONFIG}")), "{said}");
    assert!(said.contains(r#"cannot patch resource "backendconfigs""#), "{said}");
}

/// Server-side apply is a patch to the API server: `create` alone would send people round.
#[test]
fn the_remedy_for_a_create_that_is_forbidden_names_patch() {
    let Some(live) = milvus("the_remedy_for_a_create") else { return };
    let resources = format!("--resource={}", super::KINDS);
    live.kubectl(&["create", "role", "creator", "--verb=get,create", &resources]);
    live.kubectl(&["create", "rolebinding", "creator", "--role=creator", "--user=a-creator"]);
    let said = bootstrap(&live, &["--no-wait", "--as", "a-creator"]).expect_code(4).flat_stderr();
    let remedy = said.split('→').next_back().unwrap_or_default();
    assert!(remedy.contains("patch"), "{said}");
}

#[test]
fn a_secret_without_a_key_is_refused() {
    for data in [r#"{"data":{"tls.key":""}}"#, r#"{"data":{"tls.key":"Z2FyYmFnZQ=="}}"#] {
        let Some(live) = milvus("a_secret_without_a_key") else { return };
        live.run(&["issue", DOMAIN, "--key-type", "p256", "--secret", TLS]).expect_code(0);
        live.kubectl(&["patch", "secret", TLS, "-p", data]);
        expect_refused(&live, &["--no-wait"], &["key"]);
    }
}

/// `rotate` makes only what it can make again; the way out here is `import --replace`.
#[test]
fn the_remedy_for_a_certificate_of_a_ca_is_not_to_rotate_it() {
    let Some(live) = milvus("the_remedy_for_a_certificate_of_a_ca") else { return };
    live.create_scenario("chain");
    let flags = ["--no-wait", "--tls-secret", "pay-tls", "-o", "json"];
    let report = bootstrap(&live, &flags).expect_code(4).json();
    let remedy = report["refused"][0]["remedy"].as_str().expect("a remedy");
    assert!(remedy.contains("import") && !remedy.contains("rotate"), "{remedy}");
}
