//! Remedies of the rules about certificates, keys, Secrets and hosts.

use super::Act::{Do, Run};
use super::Place::{Cluster, ClusterNow, Files};
use super::{Case, Scene, case, try_all};
use base64::prelude::{BASE64_STANDARD, Engine as _};
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
    case("key-encrypted", "key-unreadable", "encrypted-rsa-tls", Files, Run(1)),
    case("key-encrypted", "key-unreadable", "encrypted-pkcs8-tls", ClusterNow, Run(0))
        .first(write_the_pair_here),
    case("weak-key", "weak-crypto", "rsa-1024-tls", Files, Run(0)),
    case("weak-signature", "weak-crypto", "sha1-tls", Files, Run(0)),
    case("weak-signature", "weak-crypto", "sha1-by-ca-tls", ClusterNow, Run(0)),
    case("ca-as-leaf", "usages", "ca-tls", Files, Run(0)),
    case("missing-server-auth", "usages", "client-tls", ClusterNow, Run(0)),
    case(
        "chain-out-of-order",
        "chains",
        "turned-tls",
        Files,
        Do { words: "put its certificates in this order: 2, 1", by: put_in_order },
    ),
    case(
        "chain-superfluous",
        "chain-superfluous",
        "rooted-tls",
        Files,
        Do { words: "keep only these of its certificates: 1, 2", by: put_in_order },
    ),
    case(
        "chain-superfluous",
        "chain-superfluous",
        "twice-tls",
        Files,
        Do { words: "keep only these of its certificates: 1, 3", by: put_in_order },
    ),
    case("chain-incomplete", "chains", "bare-tls", ClusterNow, Run(0)),
    // Found at the scenario's instant only, to which a pair that is made now is one of the future.
    case("chain-expires-first", "chains", "short-tls", Cluster, Run(0)).reveals(&["not-yet-valid"]),
    case("bad-serial", "serials", "zero-tls", Files, Run(0)),
    case("bad-serial", "serials", "negative-tls", Files, Run(0)),
    case("duplicate-serial", "serials", "twin-a-tls", ClusterNow, Run(0)),
    case("san-malformed", "san-malformed", "address-tls", ClusterNow, Run(0)),
    case("lifetime-too-long", "lifetimes", "decade-tls", Files, Run(0)),
    case("shared-key", "shared-key", "blue-tls", Files, Run(0)),
    case("trailing-data", "trailing-data", "padded-tls", ClusterNow, Run(0))
        .first(write_the_pair_here),
];

/// Stands for what openssl has written: the certificate and the key in the folder at hand.
fn write_the_pair_here(scene: &Scene) {
    for file in scene.pair(&["a.example".to_owned()]) {
        let name = file.file_name().expect("a file");
        std::fs::copy(&file, scene.folder.path().join(name)).expect("it can be copied");
    }
}

fn put_in_order(scene: &Scene, finding: &Value) {
    let order = finding["remedy"].as_str().and_then(|text| text.rsplit_once(": "));
    let order = order.expect("it names the order").1;
    let name = finding["ref"]["name"].as_str().expect("a name");
    scene.edit("Secret", name, |secret| {
        let data = secret["data"]["tls.crt"].as_str().expect("a certificate");
        let text = BASE64_STANDARD.decode(data).expect("it is base64");
        let text = String::from_utf8(text).expect("it is PEM");
        let blocks: Vec<&str> = text.split_inclusive("-----END CERTIFICATE-----\n").collect();
        let places = order.split(", ").map(|place| place.parse::<usize>().expect("a number"));
        let ordered: String = places.map(|place| blocks[place - 1]).collect();
        secret["data"]["tls.crt"] = BASE64_STANDARD.encode(ordered).into();
    });
}

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
