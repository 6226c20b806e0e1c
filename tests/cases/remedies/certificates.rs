//! Remedies of the rules about certificates, keys, Secrets and hosts.

use super::Act::{Annotate, Do, Run};
use super::Place::{Cluster, ClusterNow, Files};
use super::{Case, Scene, case, try_all};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

pub(super) const CASES: &[Case] = &[
    case("expired", "expired", "shop-tls", Files, Run),
    case("expires-soon", "expires-soon", "year-29-days-left", Files, Run),
    case("not-yet-valid", "not-yet-valid", "next-year-tls", Files, Run),
    case("key-in-annotation", "key-in-annotation", "applied", Cluster, Run),
    case("key-in-annotation", "key-in-annotation", "backup", Files, Annotate),
    case(
        "cert-missing",
        "cert-missing",
        "pending-tls",
        ClusterNow,
        Do { words: "import --replace --key", by: import_a_pair },
    ),
    case(
        "cert-unreadable",
        "cert-unreadable",
        "prose-tls",
        ClusterNow,
        Do { words: "import prose-tls --replace", by: import_a_pair },
    ),
    case("key-missing", "key-missing", "shop-tls", Files, Run),
    case("key-unreadable", "key-unreadable", "garbage-tls", Files, Run),
    case(
        "key-mismatch",
        "key-mismatch",
        "other-rsa-tls",
        ClusterNow,
        Do { words: "put the two that belong together into it", by: import_a_pair },
    ),
    case("cn-only", "cn-only", "cn-host-tls", Files, Run),
    case("cn-only", "guide", "my-release-milvus-tls", ClusterNow, Run),
    case("host-not-covered", "guide", "my-release-milvus", Files, Run),
    case("host-without-tls", "host-without-tls", "half", ClusterNow, Run),
    case("host-without-tls", "host-without-tls", "none", ClusterNow, Run),
    case("default-certificate", "default-certificate", "split", Cluster, Run),
    case("default-certificate", "default-certificate", "of-kong", Cluster, Run),
    case(
        "tls-host-without-rule",
        "tls-host-without-rule",
        "slip",
        Files,
        Do { words: "remove it from spec.tls", by: take_out },
    ),
    case(
        "secret-in-other-namespace",
        "secret-in-other-namespace",
        "only-there",
        Files,
        Do {
            words: "copy secret/shop-tls from namespace certs into namespace shop and name it shop-tls",
            by: bring_over,
        },
    ),
    case("secret-missing", "secret-missing", "shop", ClusterNow, Run),
    case("secret-wrong-type", "secret-wrong-type", "opaque-tls", ClusterNow, Run),
    case("key-encrypted", "key-unreadable", "encrypted-rsa-tls", Files, Run),
    case("key-encrypted", "key-unreadable", "encrypted-pkcs8-tls", ClusterNow, Run),
    case("weak-key", "weak-crypto", "rsa-1024-tls", Files, Run),
    case("weak-signature", "weak-crypto", "sha1-tls", Files, Run),
    case(
        "weak-signature",
        "weak-crypto",
        "sha1-by-ca-tls",
        ClusterNow,
        Do { words: "import sha1-by-ca-tls --replace", by: import_a_pair },
    ),
    case("ca-as-leaf", "usages", "ca-tls", Files, Run),
    case("ca-as-leaf", "ca-true-leaf", "misused-tls", Files, Run),
    case(
        "key-mismatch",
        "lost-halves",
        "mine-tls",
        ClusterNow,
        Do { words: "put the two that belong together into it", by: import_a_pair },
    ),
    case("missing-server-auth", "usages", "client-tls", ClusterNow, Run),
    case("chain-out-of-order", "chains", "turned-tls", Files, Run),
    case("chain-out-of-order", "expired-root", "vault-tls", Files, Run),
    case("chain-superfluous", "chain-superfluous", "rooted-tls", Files, Run),
    case("chain-superfluous", "chain-superfluous", "twice-tls", Files, Run),
    case("chain-superfluous", "expired-root", "sent-tls", Files, Run),
    case("cert-unreadable", "pem-joined", "joined-tls", Files, Run),
    case("cert-unreadable", "pem-instead", "line-tls", Files, Run),
    case("cert-unreadable", "pem-instead", "escaped-tls", Files, Run),
    case("cert-unreadable", "pem-instead", "quoted-tls", Files, Run),
    case("cert-unreadable", "pem-beside", "nginx-tls", Files, Run),
    case("cert-unreadable", "pem-beside", "contour-tls", ClusterNow, Run),
    case(
        "cert-unreadable",
        "pem-instead",
        "twice-tls",
        Files,
        Do { words: "decode it once more with base64 -d", by: decode_once_more },
    ),
    case(
        "cert-unreadable",
        "cert-unreadable",
        "swapped-tls",
        Files,
        Do { words: "swap the values of tls.crt and tls.key", by: swap },
    ),
    case(
        "cert-missing",
        "own-key-names",
        "named-tls",
        Files,
        Do {
            words: "put the value of cert.pem under tls.crt and that of privkey.pem under tls.key",
            by: rename_keys,
        },
    ),
    case("key-in-crt", "pem-beside", "unused-tls", Files, Run),
    case("key-in-crt", "pem-beside", "behind-tls", ClusterNow, Run),
    case(
        "ca-crt-unusable",
        "ca-crt-unusable",
        "blank-tls",
        Files,
        Do { words: "remove ca.crt from the Secret", by: leave_ca_crt_out },
    ),
    case(
        "chain-incomplete",
        "chains",
        "bare-tls",
        ClusterNow,
        Do { words: "put both in with import --replace", by: import_a_pair },
    ),
    // Found at the scenario's instant only, to which a pair that is made now is one of the future.
    case(
        "chain-expires-first",
        "chains",
        "short-tls",
        Cluster,
        Do { words: "import short-tls --replace", by: import_a_pair },
    )
    .reveals(&["not-yet-valid"]),
    case("bad-serial", "serials", "zero-tls", Files, Run),
    case("bad-serial", "serials", "negative-tls", Files, Run),
    case(
        "duplicate-serial",
        "serials",
        "twin-a-tls",
        ClusterNow,
        Do { words: "import twin-a-tls --replace", by: import_a_pair },
    ),
    case("san-malformed", "san-malformed", "address-tls", ClusterNow, Run),
    case("lifetime-too-long", "lifetimes", "decade-tls", Files, Run),
    case("shared-key", "shared-key", "blue-tls", Files, Run),
    case(
        "secret-unused",
        "secret-users",
        "leftover-tls",
        Files,
        Do { words: "a Secret that nobody needs can be deleted", by: delete },
    ),
    case("weak-key", "odd-keys", "dsa-tls", Files, Run),
    case("client-refuses", "odd-keys", "secp256k1-tls", Files, Run),
    case("client-refuses", "odd-keys", "exponent-of-33-bits-tls", Files, Run),
    case(
        "client-refuses",
        "odd-keys",
        "exponent-of-34-bits-tls",
        ClusterNow,
        Do { words: "import exponent-of-34-bits-tls --replace", by: import_a_pair },
    ),
    case("client-refuses", "odd-keys", "ed25519-tls", ClusterNow, Run),
    case("trailing-data", "trailing-data", "padded-tls", ClusterNow, Run).first(pad_one_of_today),
];

/// In place of the scenario's own, which has an end: what is in date whenever the tests are run.
fn pad_one_of_today(scene: &Scene) {
    let [certificate, key] = scene.pair(&scene.hosts_of("padded-tls"));
    let pem = std::fs::read_to_string(certificate).expect("it was made");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = BASE64_STANDARD.decode(body).expect("it is PEM");
    der.extend([0; 3]);
    let body = BASE64_STANDARD.encode(der);
    let padded = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let key = std::fs::read_to_string(key).expect("it was made");
    let data = serde_json::json!({"stringData": {"tls.crt": padded, "tls.key": key}});
    scene.live().kubectl(&["patch", "secret", "padded-tls", "-p", &data.to_string()]);
}

/// Stands for what an issuer has sent.
fn import_a_pair(scene: &Scene, finding: &Value) {
    let name = finding["ref"]["name"].as_str().expect("a name");
    let [certificate, key] =
        scene.pair(&scene.hosts_of(name)).map(|path| path.display().to_string());
    let import = ["import", name, "--cert", &certificate, "--key", &key, "--replace"];
    scene.live().run(&import).expect_code(0);
}

/// Changes the data of the Secret that the finding is about.
fn edit_data(scene: &Scene, finding: &Value, edit: impl Fn(&mut Value)) {
    let name = finding["ref"]["name"].as_str().expect("a name");
    scene.edit("Secret", name, |secret| edit(&mut secret["data"]));
}

fn decode_once_more(scene: &Scene, finding: &Value) {
    edit_data(scene, finding, |data| {
        let written = data["tls.crt"].as_str().expect("a value");
        let inside = BASE64_STANDARD.decode(written).expect("it is base64");
        data["tls.crt"] = String::from_utf8(inside).expect("it is base64 again").into();
    });
}

fn swap(scene: &Scene, finding: &Value) {
    edit_data(scene, finding, |data| {
        let (certificate, key) = (data["tls.key"].clone(), data["tls.crt"].clone());
        data["tls.crt"] = certificate;
        data["tls.key"] = key;
    });
}

fn rename_keys(scene: &Scene, finding: &Value) {
    edit_data(scene, finding, |data| {
        data["tls.crt"] = data["cert.pem"].clone();
        data["tls.key"] = data["privkey.pem"].clone();
    });
}

fn leave_ca_crt_out(scene: &Scene, finding: &Value) {
    edit_data(scene, finding, |data| {
        data.as_object_mut().expect("data").remove("ca.crt");
    });
}

fn delete(scene: &Scene, finding: &Value) {
    let name = finding["ref"]["name"].as_str().expect("a name");
    scene.edit("Secret", name, |secret| {
        *secret = serde_json::json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } });
    });
}

fn take_out(scene: &Scene, finding: &Value) {
    let host = &finding["evidence"]["host"];
    scene.edit("Ingress", "slip", |ingress| {
        let hosts = ingress["spec"]["tls"][0]["hosts"].as_array_mut().expect("it lists hosts");
        hosts.retain(|listed| listed != host);
    });
}

fn bring_over(scene: &Scene, _: &Value) {
    scene.edit("Secret", "shop-tls", |secret| secret["metadata"]["namespace"] = "shop".into());
}

#[test]
fn the_remedies_of_rules_about_certificates_and_hosts_mend_what_they_are_for() {
    try_all(CASES);
}
