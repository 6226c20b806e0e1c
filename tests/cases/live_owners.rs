//! Who owns and who makes Secrets, on a real API server: makers in the cluster, and what
//! `kubectl apply` leaves behind.

use crate::support::live::Live;
use serde_json::{Value, json};

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
    for (secret, way_out) in [
        ("pay-tls", format!("cmctl status certificate pay -n {namespace}")),
        ("asked-tls", format!("cmctl status certificate asked-tls -n {namespace}")),
        ("shop-tls", format!("kubectl describe externalsecret shop-tls -n {namespace}")),
        ("blog-tls", format!("kubectl describe sealedsecret blog-tls -n {namespace}")),
    ] {
        assert_eq!(remedy(secret), way_out);
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
            assert!(said.contains("makes it") && said.contains(&way_out), "{command:?}: {said}");
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
    assert_eq!(report["findings"], json!([]));
}
