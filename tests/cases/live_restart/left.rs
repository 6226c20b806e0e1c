//! What is not restarted, and what is said of it.

use super::{Controllers, by_env, hand_made, make, restarted_at, rotate, rows};
use crate::support::live::Live;
use serde_json::json;

#[test]
fn what_somebody_holds_back_or_owns_or_must_delete_is_told_and_left_as_it_is() {
    let Some(live) = Live::new("what_somebody_holds_back") else { return };
    hand_made(&live, "a");
    let pod = by_env(&["a"]);
    let owner = json!({ "apiVersion": "milvus.io/v1beta1", "kind": "Milvus", "name": "my-release",
                        "uid": "1", "controller": true });
    let friend = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "2" });
    let on_delete = json!({ "spec": { "updateStrategy": { "type": "OnDelete" } } });
    make(&live, "Deployment", "held", &pod, &json!({ "spec": { "paused": true } }));
    let owned = json!({ "metadata": { "ownerReferences": [owner] } });
    make(&live, "Deployment", "owned", &pod, &owned);
    let owned = json!({ "metadata": { "ownerReferences": [friend] } });
    make(&live, "Deployment", "free", &pod, &owned);
    make(&live, "StatefulSet", "store", &pod, &on_delete);
    make(&live, "DaemonSet", "agent", &pod, &on_delete);
    make(&live, "ReplicaSet", "bare", &pod, &json!({}));
    let partition =
        json!({ "spec": { "updateStrategy": { "rollingUpdate": { "partition": 1 } } } });
    make(&live, "StatefulSet", "part", &pod, &partition);
    let _controllers = Controllers::start(&live);
    let ran = rotate(&live, &["secret/a", "-o", "json"]).expect_code(0);
    let document = ran.json();
    let done = ["Secret/a done", "Deployment/free done", "StatefulSet/part done"];
    assert_eq!(rows(&document, "steps", "result"), done, "{document:#}");
    let note = document["steps"][2]["notes"][1].as_str().expect("a note");
    assert!(note.contains("partition 1: part-0 is not restarted"), "{note}");
    let left = [
        "Deployment/held paused",
        "Deployment/owned owned",
        "StatefulSet/store by-hand",
        "DaemonSet/agent by-hand",
        "ReplicaSet/bare by-hand",
    ];
    let mut told = rows(&document, "skipped", "reason");
    told.sort();
    let mut expected = left.map(str::to_owned);
    expected.sort();
    assert_eq!(told, expected, "{document:#}");
    for object in ["deployment/held", "deployment/owned", "statefulset/store", "daemonset/agent"] {
        assert_eq!(restarted_at(&live, object), "", "{object}");
    }
    let text = rotate(&live, &["secret/a"]).expect_code(0).stdout;
    let (one, two) = (format!("-n {}", live.namespace), live.namespace.as_str());
    for words in [
        format!(
            "kubectl rollout resume deployment/held {one} && kubectl rollout restart deployment/held -n {two}"
        ),
        "Milvus my-release controls it, and would take a restart back".to_owned(),
        "delete store-0 to store-1 one after the other".to_owned(),
        format!(
            "delete the Pods of daemonset/agent (kubectl get pods -l app=agent {one}) one after the other"
        ),
        "delete the Pods of replicaset/bare one by one: it makes new ones".to_owned(),
        "5 skipped (1 owned, 1 paused, 3 by-hand)".to_owned(),
    ] {
        assert!(text.contains(&words), "{words}: {text}");
    }
}

#[test]
fn where_workloads_may_not_be_listed_the_result_is_incomplete() {
    let Some(live) = Live::new("where_workloads_may_not_be_listed") else { return };
    hand_made(&live, "a");
    make(&live, "Deployment", "web", &by_env(&["a"]), &json!({}));
    let (verbs, user) = ("--verb=get,list,patch,create", "somebody-else");
    let resources = "--resource=secrets,ingresses.networking.k8s.io";
    live.kubectl(&["create", "role", "rotates", verbs, resources]);
    live.kubectl(&["create", "rolebinding", "rotates", "--role=rotates", "--user", user]);
    let ran = rotate(&live, &["secret/a", "--as", user]).expect_code(3);
    assert!(ran.stdout.contains("could not list pods, deployments"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 replaced"), "{}", ran.stdout);
    let back = ["rollback", "secret/a", "--restart", "--as", user];
    live.run(&back).expect_code(3);
    live.run(&["rotate", "secret/a", "--as", user]).expect_code(0);
    // Where all were listed and none keeps it, that is said.
    live.kubectl(&["delete", "deployment", "web"]);
    let ran = rotate(&live, &["secret/a"]).expect_code(0);
    assert!(ran.stdout.contains("no workload keeps the old certificate"), "{}", ran.stdout);
}

#[test]
fn who_may_not_restart_is_told_how_and_the_rotation_stays_done() {
    let Some(live) = Live::new("who_may_not_restart") else { return };
    hand_made(&live, "a");
    make(&live, "Deployment", "web", &by_env(&["a"]), &json!({}));
    let (role, user) = (format!("restart-{}", live.namespace), "nobody-in-particular");
    let verbs = "--verb=get,list,patch,create";
    let resources = "--resource=secrets,ingresses.networking.k8s.io";
    live.kubectl(&["create", "role", &role, verbs, resources]);
    live.kubectl(&["create", "role", "looks", "--verb=get,list", "--resource=deployments.apps"]);
    for role in [role.as_str(), "looks"] {
        let bind = ["create", "rolebinding", role, "--role", role, "--user", user];
        live.kubectl(&bind);
    }
    let before = live.secret("a")["data"].clone();
    let ran = rotate(&live, &["secret/a", "--as", user]).expect_code(4);
    assert_ne!(live.secret("a")["data"], before, "the rotation is done");
    assert!(ran.stdout.contains("1 replaced, 1 failed"), "{}", ran.stdout);
    let said = ran.flat_stderr();
    let command =
        format!("kubectl rollout restart deployment/web -n {} --as={user}", live.namespace);
    for words in [
        "failed deployment/web",
        "RBAC: needs patch on deployments",
        "the Secret is written, and its Pods keep the old certificate",
        command.as_str(),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(restarted_at(&live, "deployment/web"), "");
    // Who may not even look at it cannot write it with the version that it has.
    live.kubectl(&["delete", "rolebinding", "looks"]);
    live.kubectl(&["create", "role", "lists", "--verb=list", "--resource=deployments.apps"]);
    live.kubectl(&["create", "rolebinding", "lists", "--role=lists", "--user", user]);
    let ran = rotate(&live, &["secret/a", "--as", user]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(said.contains("RBAC: needs get on deployments") && said.contains(&command), "{said}");
}
