//! Remedies of the rules about certificates, keys, Secrets and hosts.

use super::Act::{Do, Run};
use super::Place::{ClusterNow, Files};
use super::{Case, Scene, case, try_all};
use serde_json::{Value, json};

pub(super) const CASES: &[Case] = &[
    case("expired", "expired", "shop-tls", Files, Run(0)),
    case("expires-soon", "expires-soon", "year-29-days-left", Files, Run(0)),
    case("not-yet-valid", "not-yet-valid", "next-year-tls", Files, Run(1)),
    case("cert-missing", "cert-missing", "pending-tls", ClusterNow, Run(0)),
    case("cert-unreadable", "cert-unreadable", "prose-tls", ClusterNow, Run(0)),
    case("key-missing", "key-missing", "shop-tls", Files, Run(0)),
    case("key-unreadable", "key-unreadable", "garbage-tls", Files, Run(0)),
    case("key-mismatch", "key-mismatch", "other-rsa-tls", Files, Run(0)),
    case("cn-only", "cn-only", "cn-host-tls", Files, Run(0)),
    case("cn-only", "guide", "my-release-milvus-tls", ClusterNow, Run(0)),
    case("host-not-covered", "guide", "my-release-milvus", Files, Run(0)),
    case("host-without-tls", "host-without-tls", "half", ClusterNow, Run(0)),
    case("host-without-tls", "host-without-tls", "none", ClusterNow, Run(0)),
    case("secret-missing", "secret-missing", "shop", ClusterNow, Run(0)),
    case("secret-missing", "secret-missing", "shop", ClusterNow, Run(1)),
    case(
        "secret-wrong-type",
        "secret-wrong-type",
        "opaque-tls",
        ClusterNow,
        Do {
            words: "and name secret/opaque-tls-2 in spec.tls of ingress/shop",
            by: name_the_other,
        },
    ),
];

fn name_the_other(scene: &Scene, _: &Value) {
    let mut ingress = scene.live().cluster.get_json(&scene.live().namespace, "ingress/shop");
    let entries = ingress["spec"]["tls"].as_array_mut().expect("it has TLS");
    for entry in entries.iter_mut().filter(|entry| entry["secretName"] == "opaque-tls") {
        entry["secretName"] = "opaque-tls-2".into();
    }
    let patch = json!({ "spec": { "tls": ingress["spec"]["tls"] } }).to_string();
    scene.live().kubectl(&["patch", "ingress", "shop", "--type=merge", "-p", &patch]);
}

#[test]
fn the_remedies_of_rules_about_certificates_and_hosts_mend_what_they_are_for() {
    try_all(CASES);
}
