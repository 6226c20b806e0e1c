//! Certificates that stand elsewhere than in TLS Secrets: `check --key` and `check --ca-bundles`, in
//! manifests and on a real API server.

use super::scenarios::AT;
use crate::support::binary::{Certwright, Ran, run};
use crate::support::live::Live;
use serde_json::Value;

fn offline(args: &[&str]) -> Ran {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/scenarios/other-places");
    let base = ["check", "--at", AT, "-f", "in", "-o", "json"];
    Certwright::new().folder(std::path::Path::new(folder)).args(&base).args(args).run()
}

/// Every finding that is not about `web-tls`, as `SEVERITY RULE KIND/NAME KEY`, in their order.
fn told(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |finding: &Value| {
        let (object, rule) = (&finding["ref"], text(&finding["rule"]));
        let name = format!("{}/{}", text(&object["kind"]), text(&object["name"]));
        format!("{} {rule} {name} {}", text(&finding["severity"]), text(&object["key"]))
    };
    findings.filter(|it| it["ref"]["name"] != "web-tls").map(line).collect()
}

/// The places of all certificates, as `KIND/NAME:KEY`.
fn places(report: &Value) -> Vec<String> {
    let all = report["certificates"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let place = |one: &Value| {
        let object = &one["ref"];
        let index = &one["index"];
        format!(
            "{}/{}:{} {index}",
            text(&object["kind"]),
            text(&object["name"]),
            text(&object["key"])
        )
    };
    all.map(place).collect()
}

const BROKER: &str = "error expired Secret/mq server.pem";

#[test]
fn keys_that_fit_are_read_as_certificates_and_each_is_named_where_it_stands() {
    let report = offline(&["--key", r"\.(pem|crt)$"]).expect_code(1).json();
    assert_eq!(told(&report), [BROKER, "warning expires-soon Secret/idle client.crt"]);
    assert_eq!(
        places(&report),
        [
            "Secret/web-tls:tls.crt 0",
            "Secret/idle:client.crt 0",
            "Secret/mq:server.pem 0",
            "Secret/mq:server.pem 1"
        ]
    );
    let message = report["findings"][0]["message"].as_str().expect("a message");
    assert!(
        message.starts_with("certificate 1 in server.pem (CN=mq.places.example) expired 2 days")
    );
    assert_eq!(report["findings"][0]["affected"][0]["ref"]["name"], "mq");
    let without = offline(&[]).expect_code(0).json();
    assert_eq!((told(&without).len(), places(&without).len()), (0, 1));
}

#[test]
fn a_named_object_is_read_for_the_keys_that_fit_alone() {
    let report = offline(&["secret/mq", "--key", "pem"]).expect_code(1).json();
    let expected = ["error cert-unreadable Secret/mq old.pem", BROKER];
    assert_eq!(told(&report), expected, "of what is named all has to be a certificate");
    let report = offline(&["configmap/corp-ca", "--key", "^ca"]).expect_code(1).json();
    assert_eq!(told(&report), ["warning expires-soon ConfigMap/corp-ca ca.pem"]);
    let message = report["findings"][0]["message"].as_str().expect("a message");
    assert!(message.starts_with("certificate 3 in ca.pem (O=Example Org"), "{message}");
    let said = offline(&["secret/mq", "--key", "nothing"]).expect_code(4).flat_stderr();
    assert!(said.contains("no key of secret/mq that fits nothing holds a certificate"), "{said}");
}

#[test]
fn ca_bundles_are_read_where_they_are_asked_for() {
    let report = offline(&["--ca-bundles"]).expect_code(1).json();
    let key = "webhooks[0].clientConfig.caBundle";
    let finding = format!("error expired ValidatingWebhookConfiguration/places {key}");
    assert_eq!(told(&report), [finding]);
    let message = report["findings"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("; the API server verifies the webhook by it"), "{message}");
    assert_eq!(report["certificates"][1]["usedBy"], Value::Null);
}

#[test]
fn what_is_asked_for_in_the_wrong_way_is_told() {
    for (args, told) in [
        (vec!["check", "configmap/x", "-f", "."], "configmap/x needs --key"),
        (vec!["check", "--key", "(", "-f", "."], "expected a regular expression"),
    ] {
        let said = run(&args).expect_code(2).flat_stderr();
        assert!(said.contains(told), "{args:?}: {said}");
    }
}

#[test]
fn a_cluster_tells_the_same_of_what_stands_in_other_places() {
    let Some(live) = Live::alone("a_cluster_tells_the_same") else { return };
    live.create_scenario("other-places");
    let check = |args: &[&str]| {
        let base = ["check", "--at", AT, "-o", "json"];
        live.run(&[&base[..], args].concat()).json()
    };
    for args in [
        &["--key", r"\.(pem|crt)$"][..],
        &["secret/mq", "--key", "pem"],
        &["configmap/corp-ca", "--key", "^ca"],
        &["--ca-bundles"],
    ] {
        let (report, files) = (check(args), offline(args).json());
        // API groups of its own have certificates too, and are in no namespace.
        let own = |report: &Value| {
            let all = told(report).into_iter();
            all.filter(|line| !line.contains("secret-unused")).collect::<Vec<_>>()
        };
        assert_eq!(own(&report), own(&files), "{args:?}");
        assert_eq!(report["complete"], true, "{report:#}");
    }
    // A list that is refused is a problem, for it was asked for.
    let resources = "--resource=secrets,ingresses.networking.k8s.io";
    live.kubectl(&["create", "clusterrole", "some", "--verb=get,list", resources]);
    live.kubectl(&["create", "rolebinding", "some", "--clusterrole=some", "--user=some"]);
    let report = check(&["--ca-bundles", "--as", "some"]);
    assert_eq!(report["complete"], false);
    assert_eq!(report["problems"].as_array().map(Vec::len), Some(4), "{report:#}");
}
