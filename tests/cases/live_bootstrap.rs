//! Bootstrapping a domain on a real API server that knows GKE's kinds: what is made, what is kept,
//! what is refused, and what is waited for.
//!
//! Here are the walk's names, the Service that Milvus' chart makes, and how tests look at what is
//! there. The tests stand in the folder beside this file, by what they are about.

mod add;
mod at_once;
mod classes;
mod fight;
mod going;
mod kept;
mod killed;
mod out_dir;
mod refused;
mod service_type;
mod traps;
mod waiting;
mod walk;

use crate::support::binary::{Certwright, Ran};
use crate::support::gke;
use crate::support::live::Live;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The walk's domain.
const DOMAIN: &str = "my-release.milvus.io";
/// The walk's Service, and with it the Ingress.
const SERVICE: &str = "my-release-milvus";
/// The walk's Secret or ManagedCertificate.
const TLS: &str = "my-release-milvus-tls";
/// The walk's BackendConfig.
const BACKEND_CONFIG: &str = "my-release-backendconfig";
/// Every kind a bootstrap may write.
const KINDS: &str = "services,secrets,ingresses,managedcertificates,backendconfigs,frontendconfigs";

/// A fresh namespace on a cluster with GKE's kinds, and nothing in it.
fn gke(test: &str) -> Option<Live> {
    let live = Live::new(test)?;
    gke::install(&live);
    Some(live)
}

/// The same with the Service as Milvus' chart makes it.
fn milvus(test: &str) -> Option<Live> {
    let live = gke(test)?;
    create(&live, &chart_service());
    Some(live)
}

/// The Service of the walk's release, as Milvus' chart makes it and Helm applies it.
fn chart_service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": SERVICE,
            "labels": {
                "app.kubernetes.io/instance": "my-release",
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/name": "milvus",
                "component": "standalone",
                "helm.sh/chart": "milvus-5.0.19",
            },
            "annotations": {
                "meta.helm.sh/release-name": "my-release",
                "meta.helm.sh/release-namespace": "default",
            },
        },
        "spec": {
            "type": "ClusterIP",
            "ports": [
                { "name": "milvus", "port": 19530, "protocol": "TCP", "targetPort": "milvus" },
                { "name": "metrics", "port": 9091, "protocol": "TCP", "targetPort": "metrics" },
            ],
            "selector": {
                "app.kubernetes.io/instance": "my-release",
                "app.kubernetes.io/name": "milvus",
                "component": "standalone",
            },
        },
    })
}

/// The same Service, made by hand.
fn hand_made_service() -> Value {
    let mut service = chart_service();
    service["metadata"]["labels"] = json!({ "team": "search" });
    service["metadata"]["annotations"] = json!({ "example.com/note": "ours" });
    service
}

fn create(live: &Live, manifest: &Value) {
    live.cluster.apply(&live.namespace, &manifest.to_string());
}

/// `certwright bootstrap` with the walk's names, with these further flags.
fn bootstrap(live: &Live, flags: &[&str]) -> Ran {
    bootstrapping(live, flags).run()
}

/// The same, prepared. Keys are P-256, since RSA keys take long in a debug build, unless Google
/// makes them or they are there.
fn bootstrapping(live: &Live, flags: &[&str]) -> Certwright {
    let brings_its_own =
        flags.iter().any(|flag| ["--google-managed", "--tls-secret", "--key-type"].contains(flag));
    let key = if brings_its_own { &[] as &[&str] } else { &["--key-type", "p256"] };
    live.certwright()
        .args(&["bootstrap", DOMAIN, "--service", SERVICE, "--preset", "milvus"])
        .args(&["--backend-config", BACKEND_CONFIG, "-n", &live.namespace])
        .args(key)
        .args(flags)
}

/// Everything in the namespace that a bootstrap may write, by `Kind/name`.
fn objects(live: &Live) -> BTreeMap<String, Value> {
    let ran = live.kubectl(&["get", KINDS, "-o", "json"]);
    let list: Value = serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON");
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let name = |item: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{}/{}", text(&item["kind"]), text(&item["metadata"]["name"]))
    };
    items.into_iter().map(|item| (name(&item), item)).collect()
}

/// The resourceVersion of every such object.
fn versions(live: &Live) -> BTreeMap<String, Value> {
    let version = |object: Value| object["metadata"]["resourceVersion"].clone();
    objects(live).into_iter().map(|(name, object)| (name, version(object))).collect()
}

/// One of them.
#[track_caller]
fn object(live: &Live, name: &str) -> Value {
    objects(live).remove(name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// What people wrote of it: all but the server's own bookkeeping, and without the key and
/// certificate that are fresh each time.
fn written(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let bookkeeping = [
            "creationTimestamp",
            "generation",
            "managedFields",
            "namespace",
            "resourceVersion",
            "uid",
        ];
        metadata.retain(|key, _| !bookkeeping.contains(&key.as_str()));
    }
    for address in ["clusterIP", "clusterIPs"] {
        if let Some(spec) = object["spec"].as_object_mut() {
            spec.remove(address);
        }
    }
    if let Some(data) = object["data"].as_object_mut() {
        data.values_mut().for_each(|value| *value = Value::Null);
    }
    object
}

/// The JSON in an annotation.
#[track_caller]
fn annotation(object: &Value, key: &str) -> Value {
    let text = object["metadata"]["annotations"][key].as_str();
    let text = text.unwrap_or_else(|| panic!("no annotation {key}: {object:#}"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{key}: {error}: {text}"))
}

/// Wants a run that was refused: exit 4, these words on stderr, and nothing written.
#[track_caller]
fn expect_refused(live: &Live, flags: &[&str], words: &[&str]) {
    let before = versions(live);
    let ran = bootstrap(live, flags).expect_code(4);
    for word in words {
        assert!(ran.flat_stderr().contains(word), "{word:?} is not said:\n{}", ran.stderr);
    }
    assert_eq!(versions(live), before, "a refused run must write nothing");
}
