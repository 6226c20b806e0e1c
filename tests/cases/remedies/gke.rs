//! Remedies of the rules about what GKE's load balancer goes by.

use super::Act::{Annotate, Do, Run};
use super::Place::{Cluster, ClusterNow, Files};
use super::{Case, Scene, case, try_all};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What speaks HTTP2 is asked for its health in HTTP2 too; before, it did not speak it.
const HEALTH_CHECK: &[&str] = &["gke-health-check"];

pub(super) const CASES: &[Case] = &[
    case("gke-key-type", "gke-certificates", "rsa-4096-pkcs8", Files, Run),
    case("gke-key-type", "gke-certificates", "ed25519-pkcs8", Files, Run),
    case(
        "gke-certificate-limit",
        "gke-certificate-limit",
        "sixteen",
        Files,
        Do { words: "split the hosts over several Ingresses", by: share_the_host_out },
    ),
    case(
        "gke-chain-too-long",
        "gke-certificates",
        "six",
        Cluster,
        Do {
            words: "keep the certificate and its intermediates, and leave out roots and unrelated certificates",
            by: leave_roots_out,
        },
    ),
    case(
        "gke-load-balancer-stale",
        "gke-certificates",
        "rotated",
        Cluster,
        Do { words: "certwright.dev/touched", by: the_controller_looks },
    ),
    case(
        "gke-sync-failed",
        "gke-events",
        "refused",
        Files,
        Do { words: "then change any annotation of the Ingress", by: the_controller_succeeds },
    ),
    case("gke-class-ignored", "gke-ingress", "by-field", Cluster, Run),
    case(
        "gke-class-ignored",
        "gke-managed-class",
        "annotated-nginx",
        Cluster,
        Do { words: "or serve its hosts by an Ingress of class gce", by: give_to_google },
    ),
    case("gke-http-disabled", "gke-ingress", "closed", Cluster, Run),
    case("gke-path-type", "gke-ingress", "root-only", Cluster, Run),
    case("gke-tls-without-secret-name", "gke-ingress", "nameless", Cluster, Run),
    case("gke-tls-without-secret-name", "gke-ingress", "half-named", ClusterNow, Run),
    case(
        "service-missing",
        "gke-backends",
        "gone",
        Cluster,
        Do { words: "create service/gone in namespace", by: create_the_service },
    ),
    case(
        "service-port-missing",
        "gke-backends",
        "no-such-port",
        Cluster,
        Do {
            words: "name in the Ingress a port that the Service has: milvus (19530)",
            by: name_a_port,
        },
    ),
    case("gke-app-protocol", "gke-backends", "json-broken", Cluster, Run).reveals(HEALTH_CHECK),
    case("gke-app-protocol", "gke-backends", "grpc", Cluster, Run).reveals(HEALTH_CHECK),
    case("gke-app-protocol", "gke-backends", "port-name-unknown", Cluster, Run)
        .reveals(HEALTH_CHECK),
    case("gke-app-protocol", "gke-backends", "older-wins", Cluster, Run).reveals(HEALTH_CHECK),
    case(
        "gke-backend-config",
        "gke-backends",
        "config-json-broken",
        Cluster,
        Do {
            words: r#"name a BackendConfig that is there: {"default": "NAME"}"#,
            by: name_a_backend_config,
        },
    ),
    case(
        "gke-backend-config",
        "gke-backends",
        "config-missing",
        Cluster,
        Do { words: "create backendconfig/nowhere in namespace", by: create_nowhere },
    ),
    case("gke-backend-config", "gke-backends", "tcp", Cluster, Run),
    case(
        "gke-backend-config",
        "gke-refused",
        "protocol",
        Files,
        Do { words: r#"write type: "HTTP2" in place of protocol"#, by: write_type },
    ),
    case(
        "gke-backend-config",
        "gke-refused",
        "misplaced",
        Files,
        Do { words: "write it as spec.healthCheck.requestPath", by: move_into_health_check },
    ),
    case("gke-health-check", "gke-backends", "serving-http", Cluster, Run),
    case(
        "gke-health-check",
        "gke-backends",
        "no-config",
        Cluster,
        Do {
            words: "make a BackendConfig of that name with spec.healthCheck, and say so in the annotation",
            by: create_no_config,
        },
    ),
    case("gke-neg", "gke-backends", "no-neg", Cluster, Run),
    case("gke-neg", "gke-backends", "neg-for-others", Cluster, Run),
    case("gke-neg", "gke-backends", "neg-for-others", Files, Annotate),
    case("gke-class-ignored", "gke-ingress", "by-field", Files, Annotate),
    case("gke-http-disabled", "gke-ingress", "closed", Files, Annotate),
    case("gke-app-protocol", "gke-backends", "grpc", Files, Annotate).reveals(HEALTH_CHECK),
];

fn give_to_google(scene: &Scene, finding: &Value) {
    let name = finding["ref"]["name"].as_str().expect("a name");
    let class = "kubernetes.io/ingress.class=gce";
    scene.live().kubectl(&["annotate", "--overwrite", "ingress", name, class]);
}

/// The sixteenth certificate, with its host, moves to an Ingress of its own.
fn share_the_host_out(scene: &Scene, _: &Value) {
    let moved = std::cell::RefCell::new(Value::Null);
    scene.edit("Ingress", "sixteen", |ingress| {
        let mut other = ingress.clone();
        other["metadata"]["name"] = "seventeen".into();
        other["metadata"]["annotations"] = json!({ "kubernetes.io/ingress.class": "gce" });
        *moved.borrow_mut() = other;
        ingress["spec"].as_object_mut().expect("it has a spec").remove("tls");
    });
    let path = scene.folder.path().join("in/seventeen.yaml");
    std::fs::write(path, moved.into_inner().to_string()).expect("it can be written");
}

/// The same certificate and key without the end of the chain.
fn leave_roots_out(scene: &Scene, _: &Value) {
    let secret = scene.live().secret("six");
    let text = secret["data"]["tls.crt"].as_str().expect("it is there");
    let text = String::from_utf8(STANDARD.decode(text).expect("it is base64")).expect("it is PEM");
    let end = "-----END CERTIFICATE-----\n";
    let chain: String = text.split_inclusive(end).take(2).collect();
    let data = json!({ "data": { "tls.crt": STANDARD.encode(chain) } }).to_string();
    scene.live().kubectl(&["patch", "secret", "six", "--type=merge", "-p", &data]);
}

/// What ingress-gce does when any annotation of its Ingress changes.
fn the_controller_looks(scene: &Scene, finding: &Value) {
    let live = scene.live();
    let ingress = live.cluster.get_json(&live.namespace, "ingress/rotated");
    let touched = ingress["metadata"]["annotations"]["certwright.dev/touched"].as_str();
    assert!(touched.is_some_and(|at| at.parse::<u64>().is_ok()), "it was not touched: {ingress}");
    let digest = finding["evidence"]["expected"].as_str().expect("a digest");
    let served = format!("ingress.kubernetes.io/ssl-cert=k8s2-cr-a-b-{digest}");
    live.kubectl(&["annotate", "--overwrite", "ingress", "rotated", &served]);
}

/// What was refused is taken now, and the controller says so.
fn the_controller_succeeds(scene: &Scene, _: &Value) {
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": { "name": "refused.taken" },
        "involvedObject": { "kind": "Ingress", "name": "refused" },
        "type": "Normal", "reason": "Sync", "message": "TargetProxy \"k8s2-ts-a\" certs updated",
        "lastTimestamp": "2026-11-20T23:55:00Z",
    });
    let path = scene.folder.path().join("in/taken.yaml");
    std::fs::write(path, event.to_string()).expect("it can be written");
    scene.edit("Ingress", "refused", |ingress| {
        ingress["metadata"]["annotations"]["ingress.kubernetes.io/ssl-cert"] =
            "k8s2-cr-a-b-7e5f82e1ee18003c".into();
    });
}

fn create(scene: &Scene, kind: &str, name: &str, spec: &Value) {
    let version = if kind == "Service" { "v1" } else { "cloud.google.com/v1" };
    let manifest = json!({
        "apiVersion": version, "kind": kind, "metadata": { "name": name }, "spec": spec,
    });
    scene.live().cluster.apply(&scene.live().namespace, &manifest.to_string());
}

fn create_the_service(scene: &Scene, finding: &Value) {
    let port = &finding["evidence"]["port"];
    let number: u16 = port.as_str().and_then(|port| port.parse().ok()).expect("a number");
    create(scene, "Service", "gone", &json!({ "ports": [{ "port": number }] }));
}

fn name_a_port(scene: &Scene, _: &Value) {
    let path = "/spec/rules/0/http/paths/0/backend/service/port";
    let patch = json!([{ "op": "replace", "path": path, "value": { "name": "milvus" } }]);
    let patch = ["--type=json", "-p", &patch.to_string()];
    scene.live().kubectl(&[&["patch", "ingress", "no-such-port"], &patch[..]].concat());
}

fn name_a_backend_config(scene: &Scene, _: &Value) {
    let named = r#"cloud.google.com/backend-config={"default": "milvus"}"#;
    let service = ["service", "config-json-broken"];
    scene.live().kubectl(&[&["annotate", "--overwrite"], &service[..], &[named]].concat());
}

fn healthy() -> Value {
    json!({ "healthCheck": { "type": "HTTP", "port": 9091, "requestPath": "/healthz" } })
}

fn create_nowhere(scene: &Scene, _: &Value) {
    create(scene, "BackendConfig", "nowhere", &healthy());
}

fn create_no_config(scene: &Scene, _: &Value) {
    let named = r#"cloud.google.com/backend-config={"default":"no-config"}"#;
    scene.live().kubectl(&["annotate", "--overwrite", "service", "no-config", named]);
    create(scene, "BackendConfig", "no-config", &healthy());
}

fn write_type(scene: &Scene, _: &Value) {
    scene.edit("BackendConfig", "protocol", |config| {
        let check = config["spec"]["healthCheck"].as_object_mut().expect("it has one");
        check.remove("protocol");
        check.insert("type".to_owned(), "HTTP2".into());
    });
}

fn move_into_health_check(scene: &Scene, _: &Value) {
    scene.edit("BackendConfig", "misplaced", |config| {
        let spec = config["spec"].as_object_mut().expect("it has one");
        let path = spec.remove("requestPath").expect("it is there");
        config["spec"]["healthCheck"]["requestPath"] = path;
    });
}

#[test]
fn the_remedies_of_rules_about_the_load_balancer_mend_what_they_are_for() {
    let (ingresses, backends) = CASES.split_at(CASES.len() / 2);
    std::thread::scope(|scope| {
        for half in [ingresses, backends] {
            scope.spawn(|| try_all(half));
        }
    });
}
