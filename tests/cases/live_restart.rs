//! What keeps an old certificate is restarted once its Secret is written, on a real API server, beside a double
//! of the controllers that replace Pods: once each, never what somebody holds back, and waited for as
//! `kubectl rollout status` waits.

mod cut;
mod left;
mod waited;

use crate::support::binary::Ran;
use crate::support::live::Live;
use crate::support::rollouts::{Controllers, Pods};
use crate::support::schemas::complaint;
use serde_json::{Value, json};

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// More than anything here takes.
const PATIENCE: &str = "2m";

/// A hand-made Secret.
pub(super) fn hand_made(live: &Live, name: &str) {
    let args = ["issue", "web.example", "--key-type=p256", "--secret", name, "--dry-run=client"];
    let args = [&args[..], &["-o", "json"]].concat();
    let mut secret = live.certwright().args(&args).run().expect_code(0).json();
    secret["metadata"]["labels"] = Value::Null;
    live.cluster.apply(&live.namespace, &secret.to_string());
}

/// A container that has the key of each of these Secrets in its environment.
fn by_env(secrets: &[&str]) -> Value {
    let from = |secret: &&str| json!({ "secretRef": { "name": secret } });
    let from: Vec<Value> = secrets.iter().map(from).collect();
    json!({ "containers": [{ "name": "c", "image": "c:1", "envFrom": from }] })
}

/// A workload with this spec of Pods, changed so.
fn workload(kind: &str, name: &str, pod: &Value, change: &Value) -> Value {
    let labels = json!({ "app": name });
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name },
        "spec": { "selector": { "matchLabels": labels },
                  "template": { "metadata": { "labels": labels }, "spec": pod } },
    });
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = name.into();
    }
    if kind != "DaemonSet" {
        object["spec"]["replicas"] = 2.into();
    }
    merge(&mut object, change);
    object
}

fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change.clone(),
    }
}

pub(super) fn make(live: &Live, kind: &str, name: &str, pod: &Value, change: &Value) {
    live.cluster.apply(&live.namespace, &workload(kind, name, pod, change).to_string());
}

pub(super) fn get(live: &Live, object: &str) -> Value {
    live.cluster.get_json(&live.namespace, object)
}

/// When the workload was restarted; empty if never.
fn restarted_at(live: &Live, object: &str) -> String {
    let object = get(live, object);
    let at = &object["spec"]["template"]["metadata"]["annotations"][RESTARTED_AT];
    at.as_str().unwrap_or_default().to_owned()
}

/// Objects of a list of a document with this field, as `KIND/NAME FIELD`.
fn rows(document: &Value, list: &str, field: &str) -> Vec<String> {
    let rows = document[list].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| {
        let object = &row["ref"];
        format!("{}/{} {}", text(&object["kind"]), text(&object["name"]), text(&row[field]))
    })
    .collect()
}

/// One of each kind that is restarted, all with Secret `a`, and the Deployment with `b` too.
fn one_of_each(live: &Live) {
    hand_made(live, "a");
    hand_made(live, "b");
    make(live, "Deployment", "web", &by_env(&["a", "b"]), &json!({}));
    make(live, "StatefulSet", "store", &by_env(&["a"]), &json!({}));
    make(live, "DaemonSet", "agent", &by_env(&["a"]), &json!({}));
    make(live, "Deployment", "other", &by_env(&["b"]), &json!({}));
}

const EACH: [&str; 3] = ["deployment/web", "statefulset/store", "daemonset/agent"];

fn rotate(live: &Live, more: &[&str]) -> Ran {
    live.run(&[&["rotate", "--restart", "--timeout", PATIENCE], more].concat())
}

#[test]
fn each_workload_is_restarted_once_after_all_its_secrets_and_waited_for() {
    let Some(live) = Live::new("each_workload_is_restarted_once") else { return };
    one_of_each(&live);
    let _controllers = Controllers::start(&live);
    let before = get(&live, "deployment/web")["metadata"]["generation"].clone();
    let ran = rotate(&live, &["secret/a,b", "-o", "json"]).expect_code(0);
    let document = ran.json();
    let done = [
        "Secret/a done",
        "Secret/b done",
        "Deployment/other done",
        "Deployment/web done",
        "StatefulSet/store done",
        "DaemonSet/agent done",
    ];
    let mut told = rows(&document, "steps", "result");
    told[2..].sort();
    let mut expected = done.map(str::to_owned);
    expected[2..].sort();
    assert_eq!(told, expected, "{document:#}");
    assert_eq!(document["steps"][2]["action"], "restart");
    assert_eq!(complaint(&document), None);
    assert_eq!(document["summary"]["done"], 6);
    let after = get(&live, "deployment/web")["metadata"]["generation"].clone();
    assert_eq!(after.as_i64(), before.as_i64().map(|before| before + 1), "once");
    for object in EACH {
        assert!(restarted_at(&live, object).ends_with('Z'), "{object}");
        live.kubectl(&["rollout", "status", object, "--timeout=1s"]);
    }
    let said = ran.flat_stderr();
    assert!(said.contains("all 4 restarted workloads are rolled out"), "{said}");
    assert!(said.contains("waiting: "), "{said}");
    // What restarts it is not told where it was restarted.
    assert!(document["steps"][0]["readers"][0]["remedy"].is_null(), "{document:#}");
}

#[test]
fn where_nothing_is_rotated_nothing_is_restarted() {
    let Some(live) = Live::new("where_nothing_is_rotated_nothing") else { return };
    one_of_each(&live);
    let ran = rotate(&live, &["--due"]).expect_code(0);
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
    rotate(&live, &["secret/nowhere"]).expect_code(4);
    for object in EACH {
        assert_eq!(restarted_at(&live, object), "", "{object}");
    }
}

#[test]
fn what_is_only_shown_or_tried_restarts_nothing_and_shows_what_would_be() {
    let Some(live) = Live::new("what_is_only_shown_or_tried") else { return };
    one_of_each(&live);
    let ran = rotate(&live, &["secret/a", "--dry-run=client", "-o", "json"]).expect_code(0);
    let planned = ["Secret/a replace-pair", "Deployment/web restart", "StatefulSet/store restart"];
    let mut told = rows(&ran.json(), "steps", "action");
    assert_eq!(told.remove(3), "DaemonSet/agent restart");
    assert_eq!(told, planned);
    let text = rotate(&live, &["secret/a", "--dry-run"]).expect_code(0).stdout;
    assert!(text.contains("restart  deployment/web"), "{text}");
    assert!(text.contains("note: it keeps secret/a as it was"), "{text}");
    assert!(!text.contains("kubectl rollout restart"), "{text}");
    let page = rotate(&live, &["secret/a", "--dry-run", "-o", "markdown"]).expect_code(0).stdout;
    assert!(page.contains("deployment/web") && page.contains("restartedAt"), "{page}");
    let tried = rotate(&live, &["secret/a", "--dry-run=server"]).expect_code(0).stdout;
    assert!(tried.contains("tried    deployment/web"), "{tried}");
    assert!(tried.contains("4 tried by the server, nothing written"), "{tried}");
    for object in EACH {
        assert_eq!(restarted_at(&live, object), "", "{object}");
    }
}

#[test]
fn a_plan_in_a_file_says_what_is_restarted_and_is_held_to_it() {
    let Some(live) = Live::new("a_plan_in_a_file_says_what_is_restarted") else { return };
    one_of_each(&live);
    let _controllers = Controllers::start(&live);
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (with, without) = (path("with.json"), path("without.json"));
    rotate(&live, &["secret/a", "--plan-out", &with]).expect_code(0);
    live.run(&["rotate", "secret/b", "--plan-out", &without]).expect_code(0);
    let text = std::fs::read_to_string(&with).expect("it is there");
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(file["request"]["restart"], true);
    assert_eq!(complaint(&file), None);
    assert_eq!(rows(&file, "steps", "action")[1], "Deployment/web restart");
    // What nobody has reviewed is not done.
    let ran = rotate(&live, &["--plan", &without]).expect_code(2);
    assert!(ran.flat_stderr().contains("--restart is not in the plan"), "{}", ran.stderr);
    // A rollout of somebody else's is no other plan.
    live.kubectl(&["rollout", "restart", "deployment/web"]);
    make(&live, "Deployment", "late", &by_env(&["a"]), &json!({}));
    let run = ["rotate", "--plan", &with, "--timeout", PATIENCE];
    let ran = live.run(&run).expect_code(4);
    let said = ran.flat_stderr();
    let moved = format!("moved {}/deployment/late: it would be restarted too", live.namespace);
    assert!(said.contains(&moved) && said.contains("nothing was written"), "{said}");
    live.kubectl(&["delete", "deployment", "late"]);
    let ran = live.run(&run).expect_code(0);
    assert!(ran.stdout.contains("1 replaced, 3 restarted"), "{}", ran.stdout);
    assert!(ran.stderr.contains("all 3 restarted workloads are rolled out"), "{}", ran.stderr);
    live.run(&["rotate", "--plan", &without]).expect_code(0);
    assert_eq!(restarted_at(&live, "deployment/other"), "");
}

#[test]
fn a_rollback_restarts_too() {
    let Some(live) = Live::new("a_rollback_restarts_too") else { return };
    one_of_each(&live);
    let _controllers = Controllers::start(&live);
    rotate(&live, &["secret/a,b"]).expect_code(0);
    let [web, other] = ["deployment/web", "deployment/other"].map(|it| restarted_at(&live, it));
    let back = ["rollback", "secret/a", "--restart", "--timeout", PATIENCE];
    let shown = live.run(&[&back[..], &["--dry-run"]].concat()).expect_code(0).stdout;
    assert!(shown.contains("restart  deployment/web"), "{shown}");
    let ran = live.run(&back).expect_code(0);
    assert!(ran.stdout.contains("1 restored, 3 restarted"), "{}", ran.stdout);
    assert!(ran.stderr.contains("all 3 restarted workloads are rolled out"), "{}", ran.stderr);
    assert_ne!(restarted_at(&live, "deployment/web"), web);
    assert_eq!(restarted_at(&live, "deployment/other"), other);
}

#[test]
fn milvus_loads_its_certificate_once_and_is_restarted() {
    let Some(live) = Live::new("milvus_loads_its_certificate_once") else { return };
    hand_made(&live, "milvus-tls");
    let pod = |image: &str| {
        json!({
            "containers": [{ "name": "c", "image": image,
                             "volumeMounts": [{ "name": "tls", "mountPath": "/milvus/tls" }] }],
            "volumes": [{ "name": "tls", "secret": { "secretName": "milvus-tls" } }],
        })
    };
    let image = "registry.example:5000/milvusdb/milvus:v2.5.4@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    make(&live, "Deployment", "milvus-standalone", &pod(image), &json!({}));
    make(&live, "Deployment", "proxy", &pod("envoyproxy/envoy:v1.34"), &json!({}));
    let _controllers = Controllers::start(&live);
    let plan = live.run(&["rotate", "secret/milvus-tls", "--dry-run"]).expect_code(0).stdout;
    let note = "deployment/milvus-standalone runs milvus, which loads its certificate once, when it starts, and keeps the old certificate until it is restarted";
    assert!(plan.contains(note), "{plan}");
    assert!(plan.contains("kubectl rollout restart deployment/milvus-standalone -n "), "{plan}");
    assert!(plan.contains("read by deployment/proxy: its files change"), "{plan}");
    let ran = rotate(&live, &["secret/milvus-tls", "-o", "json"]).expect_code(0);
    let document = ran.json();
    assert_eq!(document["steps"][0]["readers"][0]["sees"], "loads-once", "{document:#}");
    assert_eq!(complaint(&document), None);
    assert_eq!(rows(&document, "steps", "result")[1..], ["Deployment/milvus-standalone done"]);
    assert!(ran.stderr.contains("deployment/milvus-standalone is rolled out"), "{}", ran.stderr);
    assert_eq!(restarted_at(&live, "deployment/proxy"), "");
}
