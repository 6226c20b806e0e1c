//! Who owns and who makes Secrets, on a real API server: makers in the cluster, and what
//! `kubectl apply` leaves behind.

use crate::support::faults::{Answer, Faults};
use crate::support::live::Live;
use base64::Engine as _;
use certwright::cluster::{ConnectOptions, connect};
use certwright::observation::{Observation, Question, Scope};
use certwright::world::World;
use serde_json::{Value, json};
use std::time::Duration;

/// A kind whose objects may say anything, of this group and version.
fn definition(group: &str, version: &str, kind: &str, plural: &str) -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{
                "name": version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": anything}
            }]
        }
    })
}

/// Installs the kinds and waits until discovery tells them. External Secrets only in its older
/// version, as many clusters have it.
fn install_makers(live: &Live) {
    let kinds = [
        ("cert-manager.io", "v1", "Certificate", "certificates"),
        ("external-secrets.io", "v1beta1", "ExternalSecret", "externalsecrets"),
        ("bitnami.com", "v1alpha1", "SealedSecret", "sealedsecrets"),
    ];
    for (group, version, kind, plural) in kinds {
        live.cluster.apply(&live.namespace, &definition(group, version, kind, plural).to_string());
        let name = format!("crd/{plural}.{group}");
        live.kubectl(&["wait", "--for=condition=Established", &name, "--timeout=30s"]);
    }
    let is_told = || {
        let groups = live.kubectl(&["get", "--raw", "/apis"]).stdout;
        let groups = String::from_utf8_lossy(&groups).into_owned();
        kinds.iter().all(|(group, ..)| groups.contains(&format!("\"{group}\"")))
    };
    while !is_told() {
        std::thread::yield_now();
    }
}

fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
        .to_string()
}

fn ingress(name: &str, issuer: Option<&str>, secrets: &[&str]) -> String {
    let host = |secret: &&str| format!("{secret}.example");
    let tls: Vec<Value> = secrets
        .iter()
        .map(|secret| json!({"hosts": [host(secret)], "secretName": secret}))
        .collect();
    let rules: Vec<Value> = secrets.iter().map(|secret| json!({"host": host(secret)})).collect();
    let annotations = issuer.map(|issuer| json!({"cert-manager.io/issuer": issuer}));
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"tls": tls, "rules": rules}
    })
    .to_string()
}

#[test]
fn what_somebody_makes_is_told_and_is_not_made_by_hand() {
    let test = "what_somebody_makes_is_not_made_by_hand";
    let Some(live) = Live::alone(test) else { return };
    install_makers(&live);
    let namespace = live.namespace.as_str();
    for manifest in [
        object("cert-manager.io/v1", "Certificate", "pay", &json!({"secretName": "pay-tls"})),
        object("external-secrets.io/v1beta1", "ExternalSecret", "shop-tls", &json!({})),
        object("bitnami.com/v1alpha1", "SealedSecret", "blog-tls", &json!({"encryptedData": {}})),
        ingress("asks", Some("internal"), &["asked-tls"]),
        ingress("front", None, &["pay-tls", "shop-tls", "blog-tls", "nobodys-tls"]),
    ] {
        live.cluster.apply(namespace, &manifest);
    }
    let report = live.run(&["check", "-o", "json"]).expect_code(1).json();
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let remedy = |secret: &str| {
        let about = |finding: &&Value| finding["evidence"]["secretName"] == secret;
        let finding = findings.iter().find(about).unwrap_or_else(|| panic!("{secret}: {report:#}"));
        finding["remedy"].as_str().unwrap_or_default().to_owned()
    };
    for (secret, expected) in [
        ("pay-tls", format!("cmctl status certificate pay -n {namespace}")),
        ("asked-tls", format!("cmctl status certificate asked-tls -n {namespace}")),
        ("shop-tls", format!("kubectl describe externalsecret shop-tls -n {namespace}")),
        ("blog-tls", format!("kubectl describe sealedsecret blog-tls -n {namespace}")),
    ] {
        assert_eq!(remedy(secret), expected);
        let host = format!("{secret}.example");
        let hosts = report["hosts"].as_array().cloned().unwrap_or_default();
        let covered = hosts.iter().find(|row| row["host"] == host.as_str());
        assert_eq!(covered.map(|row| row["covered"].clone()), Some(json!("unknown")), "{secret}");
        for command in [
            vec!["rotate".to_owned(), format!("secret/{secret}")],
            vec!["issue".to_owned(), host, "--secret".to_owned(), secret.to_owned()],
        ] {
            let command: Vec<&str> = command.iter().map(String::as_str).collect();
            let said = live.run(&command).expect_code(4).flat_stderr();
            assert!(said.contains("makes it") && said.contains(&expected), "{command:?}: {said}");
        }
    }
    assert!(remedy("nobodys-tls").contains("certwright issue"), "{}", remedy("nobodys-tls"));
    assert_eq!(live.versions(), Vec::new());
}

#[test]
fn a_rotation_says_that_the_next_apply_undoes_it_and_where_the_old_key_stays() {
    let Some(live) = Live::new("a_rotation_says_that_an_apply_undoes_it") else { return };
    let issue = ["issue", "web.example", "--key-type", "p256", "--secret", "web"];
    let print = ["--dry-run=client", "-o", "json"];
    let manifest = live.certwright().args(&issue).args(&print).run().expect_code(0).stdout;
    let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
    std::fs::write(file.path(), manifest).expect("a temp file can be written");
    live.kubectl(&["apply", "-f", &file.path().display().to_string()]);

    let said = live.run(&["rotate", "secret/web"]).expect_code(0).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("the next apply of its file brings the old certificate and key back"),
        "{said}"
    );
    assert!(said.contains("the old private key stays readable in the annotation"), "{said}");

    let report = live.run(&["check", "-o", "json"]).json();
    let found = &report["findings"][0];
    assert_eq!(found["rule"], "key-in-annotation", "{report:#}");
    let remedy = found["remedy"].as_str().unwrap_or_default();
    let words: Vec<&str> = remedy.split_whitespace().skip(1).collect();
    live.kubectl(&words);
    let report = live.run(&["check", "-o", "json"]).expect_code(0).json();
    let left = report["findings"].as_array().expect("a list").iter();
    // Nobody uses it, which is told where the cluster shows that.
    let left: Vec<_> = left.filter(|finding| finding["rule"] != "secret-unused").collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// Makes a Secret of what `openssl req -x509` writes, two days before its end: self-signed, CA:TRUE, no
/// key usage.
fn create_by_openssl(live: &Live, name: &str, host: &str, labels: &[&str]) {
    let now = time::OffsetDateTime::from(std::time::SystemTime::now());
    let key = rcgen::KeyPair::generate().expect("a key can be made");
    let mut params = rcgen::CertificateParams::new([host.to_owned()]).expect("the name is good");
    params.distinguished_name.push(rcgen::DnType::CommonName, host);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_before = now - time::Duration::days(80);
    params.not_after = now + time::Duration::days(2);
    let certificate = params.self_signed(&key).expect("it can be made");
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let written = |file: &str, pem: String| {
        let path = folder.path().join(file);
        std::fs::write(&path, pem).expect("a temp file can be written");
        path.display().to_string()
    };
    let (crt, key) =
        (written("tls.crt", certificate.pem()), written("tls.key", key.serialize_pem()));
    live.kubectl(&["create", "secret", "tls", name, "--cert", &crt, "--key", &key]);
    for label in labels {
        live.kubectl(&["label", "secret", name, label]);
    }
}

/// What `rotate --due` does to each Secret: `replaced`, or why it is skipped.
fn done(live: &Live) -> Vec<(String, String)> {
    let report = live.run(&["rotate", "--due", "-o", "json"]).expect_code(0).json();
    let list = |key: &str| report[key].as_array().cloned().unwrap_or_default();
    let named = |row: &Value, what: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&row["ref"]["name"]), text(what))
    };
    let skipped = list("skipped").iter().map(|row| named(row, &row["reason"])).collect::<Vec<_>>();
    let steps = list("steps");
    let mut done: Vec<_> =
        steps.iter().map(|row| named(row, &json!("replaced"))).chain(skipped).collect();
    done.sort();
    done
}

#[test]
fn a_batch_leaves_what_somebody_makes_though_the_secret_bears_no_mark_of_it() {
    let Some(live) = Live::alone("a_batch_leaves_what_somebody_makes") else { return };
    install_makers(&live);
    let namespace = live.namespace.as_str();
    for manifest in [
        object("cert-manager.io/v1", "Certificate", "some", &json!({"secretName": "pay-tls"})),
        object(
            "external-secrets.io/v1beta1",
            "ExternalSecret",
            "es",
            &json!({"target": {"name": "shop-tls"}}),
        ),
        object("bitnami.com/v1alpha1", "SealedSecret", "blog-tls", &json!({"encryptedData": {}})),
        object(
            "external-secrets.io/v1beta1",
            "ExternalSecret",
            "elsewhere",
            &json!({"target": {"name": "marked-tls"}}),
        ),
    ] {
        live.cluster.apply(namespace, &manifest);
    }
    for secret in ["pay-tls", "shop-tls", "blog-tls", "mine-tls"] {
        create_by_openssl(&live, secret, &format!("{secret}.example"), &[]);
    }
    let label = "reconcile.external-secrets.io/managed=true";
    create_by_openssl(&live, "marked-tls", "marked.example", &[label]);

    let report = live.run(&["check", "-o", "json"]).expect_code(1).json();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let (name, remedy) = (&finding["ref"]["name"], finding["remedy"].to_string());
        let rotates = remedy.contains("certwright rotate");
        assert_eq!(rotates, *name == "mine-tls", "{name}: {remedy}");
        let right =
            format!("kubectl annotate --overwrite externalsecret elsewhere -n {namespace} ");
        assert!(name != "marked-tls" || remedy.contains(&right), "{remedy}");
    }
    // Who may not list the makers is told so.
    let role = ["create", "role", "narrow", "--verb=get,list", "--resource=secrets,ingresses"];
    live.kubectl(&role);
    live.kubectl(&["create", "rolebinding", "narrow", "--role=narrow", "--user=narrow"]);
    let rotate = ["rotate", "secret/pay-tls", "--dry-run=client", "--as", "narrow"];
    let said = live.run(&rotate).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("could not read certificates, "), "{said}");
    assert!(said.contains("puts its own certificate and key back"), "{said}");
    // A batch is told once.
    let batch = ["rotate", "--all", "--yes", "--dry-run=client", "-n", namespace, "--as", "narrow"];
    let said = live.run(&batch).stdout;
    assert!(said.matches("\nreplace ").count() > 1, "{said}");
    assert_eq!(said.matches("could not read certificates").count(), 1, "{said}");
    let owned = |name: &str| (name.to_owned(), "owned".to_owned());
    let expected = vec![
        owned("blog-tls"),
        owned("marked-tls"),
        ("mine-tls".to_owned(), "replaced".to_owned()),
        owned("pay-tls"),
        owned("shop-tls"),
    ];
    assert_eq!(done(&live), expected);
    // The ExternalSecret that writes it is live, whatever its name.
    let said = live.run(&["rotate", "secret/marked-tls", "--override-owner"]).expect_code(4);
    assert!(said.flat_stderr().contains("externalsecret/elsewhere is live"), "{}", said.stderr);
}

/// Who may not even ask which kinds there are knows of no maker, and is told so.
#[tokio::test]
async fn kinds_that_may_not_be_asked_for_are_no_kinds_that_are_not_there() {
    let no =
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}"#;
    let faults = Faults::new(&[Answer::Say(403, "", no)]);
    let options = ConnectOptions {
        kubeconfig: Some(faults.kubeconfig("")),
        request_timeout: Duration::from_secs(10),
        ..ConnectOptions::default()
    };
    let client = connect(&options, &World::real()).await.expect("it is a good kubeconfig");
    let question = Question::Makers(Scope::Namespace("shop".to_owned()));
    let seen = certwright::observe::cluster::answer(&client, &question).await;
    let Ok([Observation::Makers { unseen, .. }]) = seen.as_deref() else { panic!("{seen:?}") };
    assert_eq!(*unseen, ["the kinds that the cluster has (/apis)"]);
}

#[test]
fn a_batch_leaves_the_cas_that_other_objects_of_the_cluster_show_to_be_cas() {
    let Some(live) = Live::alone("a_batch_leaves_cas_that_others_show") else { return };
    let definition = definition("cert-manager.io", "v1", "Issuer", "issuers");
    live.cluster.apply(&live.namespace, &definition.to_string());
    live.kubectl(&["wait", "--for=condition=Established", "crd/issuers.cert-manager.io"]);
    while live
        .cluster
        .kubectl()
        .args(["get", "issuers"])
        .output()
        .is_ok_and(|ran| !ran.status.success())
    {
        std::thread::yield_now();
    }
    for name in ["signs", "trusted", "hook", "bundled", "leaf"] {
        create_by_openssl(&live, name, &format!("{name}.example"), &[]);
    }
    let issuer =
        object("cert-manager.io/v1", "Issuer", "i", &json!({"ca": {"secretName": "signs"}}));
    live.cluster.apply(&live.namespace, &issuer);
    let pem = |name: &str| {
        let data = live.secret(name)["data"]["tls.crt"].as_str().unwrap_or_default().to_owned();
        (base64::prelude::BASE64_STANDARD.decode(&data).expect("it is base64"), data)
    };
    let trust = String::from_utf8(pem("trusted").0).expect("it is PEM");
    live.kubectl(&["create", "configmap", "trust", &format!("--from-literal=ca.pem={trust}")]);
    let bundled = String::from_utf8(pem("bundled").0).expect("it is PEM");
    let bundled = format!("--from-literal=roots={bundled}");
    live.kubectl(&["create", "secret", "generic", "roots", &bundled]);
    let hook = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "hook"},
        "webhooks": [{
            "name": "hook.example.com",
            "clientConfig": {"url": "https://hook.example/x", "caBundle": pem("hook").1},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "rules": []
        }]
    });
    live.cluster.apply(&live.namespace, &hook.to_string());
    let is = |name: &str, what: &str| (name.to_owned(), what.to_owned());
    let expected = vec![
        is("bundled", "ca-certificate"),
        is("hook", "ca-certificate"),
        is("leaf", "replaced"),
        is("signs", "ca-certificate"),
        is("trusted", "ca-certificate"),
    ];
    assert_eq!(done(&live), expected);
}

#[test]
fn a_named_ca_is_not_replaced_while_what_it_signed_stands_beside_it() {
    let Some(live) = Live::new("a_named_ca_with_what_it_signed") else { return };
    create_by_openssl(&live, "root", "ca.example", &[]);
    let issue =
        ["issue", "web.example", "--key-type", "p256", "--secret", "web", "--ca", "secret/root"];
    live.run(&issue).expect_code(0);
    let said = live.run(&["rotate", "secret/root"]).expect_code(4).flat_stderr();
    assert!(said.contains("it signed the certificate in secret/web"), "{said}");
}

/// Contour may use a Secret of another namespace where a TLSCertificateDelegation beside it says so.
#[test]
fn a_delegation_is_read_where_the_cluster_has_the_kind_and_it_may_be_read() {
    let Some(live) = Live::alone("a_delegation_is_read_where_the_cluster_has_the_kind") else {
        return;
    };
    live.kubectl(&["create", "namespace", "certs"]);
    let issue = ["issue", "a.example", "--secret", "web", "--key-type", "p256", "-n", "certs"];
    let made = live.certwright().args(&issue).run();
    assert_eq!(made.code, 0, "{}", made.stderr);
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    let annotations = json!({"projectcontour.io/tls-cert-namespace": "certs"});
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "web", "annotations": annotations},
        "spec": {
            "ingressClassName": "contour",
            "rules": [{"host": "a.example", "http": {"paths": [path]}}],
            "tls": [{"hosts": ["a.example"], "secretName": "web"}],
        },
    });
    live.cluster.apply(&live.namespace, &ingress.to_string());
    let (group, plural) = ("projectcontour.io", "tlscertificatedelegations");
    let rights = "--resource=secrets,ingresses.networking.k8s.io";
    live.kubectl(&["create", "clusterrole", "some", "--verb=get,list", rights]);
    live.kubectl(&["create", "clusterrolebinding", "some", "--clusterrole=some", "--user=ann"]);
    let told = |also: &[&str]| {
        let ran = live.run(&[&["check", "--allow-empty", "-o", "json"], also].concat());
        let report: Value = serde_json::from_str(&ran.stdout).expect("it prints JSON");
        let findings = report["findings"].as_array().into_iter().flatten();
        let rules = findings.filter_map(|finding| finding["rule"].as_str());
        let rules: Vec<&str> = rules.filter(|rule| rule.starts_with("secret-")).collect();
        let covered = report["hosts"][0]["covered"].as_str().unwrap_or_default();
        format!("{covered} {} {}", rules.join(","), report["complete"])
    };
    assert_eq!(told(&[]), "yes  true", "the cluster has no such kind");

    let definition = definition(group, "v1", "TLSCertificateDelegation", plural);
    live.cluster.apply(&live.namespace, &definition.to_string());
    let name = format!("crd/{plural}.{group}");
    live.kubectl(&["wait", "--for=condition=Established", &name, "--timeout=30s"]);
    let groups = || {
        let groups = live.kubectl(&["get", "--raw", "/apis"]).stdout;
        String::from_utf8_lossy(&groups).into_owned()
    };
    while !groups().contains(&format!("\"{group}\"")) {
        std::thread::yield_now();
    }
    let delegation = |name: &str, target: &str| {
        let spec = json!({"delegations": [{"secretName": "web", "targetNamespaces": [target]}]});
        let object = object("projectcontour.io/v1", "TLSCertificateDelegation", name, &spec);
        live.cluster.apply("certs", &object);
    };
    assert_eq!(told(&[]), "no secret-in-other-namespace true", "none is there");
    delegation("others", "other");
    assert_eq!(told(&[]), "no secret-in-other-namespace true", "for somebody else");
    assert_eq!(told(&["--as", "ann"]), "unknown  false", "they may not be read");
    delegation("ours", &live.namespace);
    assert_eq!(told(&[]), "yes  true", "permitted");
}
