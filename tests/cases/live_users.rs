//! Who uses a Secret, on a real API server: workloads are listed where they are needed, with the rights
//! that the user has, and what a plan says of them can be done.
//!
//! Clusters of their own: kinds that other tests install would keep Secrets from being called unused.

use crate::support::live::Live;
use serde_json::{Value, json};

/// A cluster with the scenario `secret-users`.
fn laid_out(test: &str) -> Option<Live> {
    let live = Live::alone(test)?;
    live.create_scenario("secret-users");
    Some(live)
}

fn check(live: &Live, args: &[&str]) -> Value {
    let base = ["check", "--at", "2026-11-21", "-o", "json", "--fail-on", "never"];
    live.run(&[&base[..], args].concat()).json()
}

/// The Secrets that a rule speaks of, with its severity.
fn told<'r>(report: &'r Value, rule: &str) -> Vec<(&'r str, &'r str)> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let own = findings.filter(|finding| finding["rule"] == rule);
    let text = |value: &'r Value| value.as_str().unwrap_or_default();
    own.map(|finding| (text(&finding["ref"]["name"]), text(&finding["severity"]))).collect()
}

/// Who uses a Secret, as `KIND/NAME:HOW`.
fn users(report: &Value, secret: &str) -> Vec<String> {
    let all = report["certificates"].as_array().expect("a list").iter();
    let own = all.filter(|one| one["ref"]["name"] == secret);
    let users = own.flat_map(|one| one["usedBy"].as_array().expect("a list"));
    let how = |user: &Value| {
        let how = user["how"].as_array().expect("a list").iter().filter_map(Value::as_str);
        how.collect::<Vec<_>>().join("+")
    };
    users
        .map(|user| {
            let (kind, name) = (user["kind"].as_str(), user["name"].as_str());
            format!("{}/{}:{}", kind.unwrap_or_default(), name.unwrap_or_default(), how(user))
        })
        .collect()
}

/// Makes a Pod that mounts the Secret; `owner` is its controller.
fn make_pod(live: &Live, name: &str, secret: &str, owner: Option<Value>) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "ownerReferences": owner.into_iter().collect::<Vec<_>>() },
        "spec": {
            "containers": [{ "name": "c", "image": "c:1" }],
            "volumes": [{ "name": "tls", "secret": { "secretName": secret } }],
        },
    });
    live.cluster.apply(&live.namespace, &pod.to_string());
}

#[test]
fn what_workloads_read_is_used_and_only_the_rest_is_called_unused() {
    let Some(live) = laid_out("what_workloads_read_is_used") else { return };
    let report = check(&live, &[]);
    assert_eq!(report["complete"], true, "{report:#}");
    assert_eq!(told(&report, "secret-unused"), [("leftover-tls", "info")], "{report:#}");
    assert_eq!(told(&report, "expired"), [("mounted-tls", "error")]);
    for (secret, expected) in [
        ("mounted-tls", vec!["Deployment/proxy:volume"]),
        ("frozen-tls", vec!["Deployment/broker:projected+env", "CronJob/backup:env"]),
        ("part-tls", vec!["StatefulSet/store:subPath"]),
        ("flag-tls", vec!["Pod/debug:argument"]),
        ("own-tls", vec!["Ingress/own:"]),
        ("leftover-tls", vec![]),
    ] {
        assert_eq!(users(&report, secret), expected, "{secret}");
    }
    // Pods of a controller that is read are passed over, those of any other are users.
    let owner = |kind: &str, version: &str| json!({ "apiVersion": version, "kind": kind, "name": "x", "uid": "1", "controller": true });
    make_pod(&live, "of-a-set", "leftover-tls", Some(owner("ReplicaSet", "apps/v1")));
    assert_eq!(told(&check(&live, &[]), "secret-unused"), [("leftover-tls", "info")]);
    make_pod(&live, "of-kafka", "leftover-tls", Some(owner("StrimziPodSet", "strimzi.io/v1")));
    let report = check(&live, &["secret/leftover-tls"]);
    assert_eq!(users(&report, "leftover-tls"), ["Pod/of-kafka:volume"]);
    assert_eq!(told(&report, "secret-unused"), []);
    // So many that they are listed, and not read one by one.
    for number in 0..33 {
        make_pod(&live, &format!("bare-{number:02}"), "own-tls", None);
    }
    let report = check(&live, &[]);
    assert_eq!(users(&report, "own-tls").len(), 34, "{report:#}");
    assert_eq!(users(&report, "leftover-tls"), ["Pod/of-kafka:volume"]);
}

#[test]
fn workloads_are_not_asked_for_where_every_secret_is_named_by_an_ingress() {
    let Some(live) = Live::alone("workloads_are_not_asked_for") else { return };
    live.create_scenario("guide");
    make_pod(&live, "web", "my-release-milvus-tls", None);
    let report = check(&live, &[]);
    assert_eq!(users(&report, "my-release-milvus-tls"), ["Ingress/my-release-milvus:"]);
}

#[test]
fn without_a_right_to_workloads_a_note_says_so_and_nothing_is_called_unused() {
    let Some(live) = laid_out("without_a_right_to_workloads") else { return };
    let resources = "--resource=secrets,ingresses.networking.k8s.io,deployments.apps";
    live.kubectl(&["create", "clusterrole", "some", "--verb=get,list", resources]);
    live.kubectl(&["create", "rolebinding", "some", "--clusterrole=some", "--user=some"]);
    let report = check(&live, &["--as", "some"]);
    assert_eq!(told(&report, "secret-unused"), []);
    assert_eq!((&report["complete"], &report["problems"]), (&json!(true), &json!([])));
    assert_eq!(users(&report, "mounted-tls"), ["Deployment/proxy:volume"]);
    let ran = live.run(&["check", "--at", "2026-11-21", "--as", "some"]);
    let notes: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("note")).collect();
    assert_eq!(notes.len(), 1, "{}", ran.stdout);
    let note =
        "RBAC: user some needs list on statefulsets, daemonsets, cronjobs, replicasets, jobs, pods";
    assert!(
        notes[0].contains(note) && notes[0].ends_with("which workloads use a Secret is not known")
    );
    let plan = live.run(&["rotate", "--due", "--dry-run", "--at", "2026-11-21", "--as", "some"]);
    assert!(plan.expect_code(0).stdout.contains("could not list pods, statefulsets"));
}

#[test]
fn where_kinds_may_name_a_secret_that_are_not_read_nothing_is_called_unused() {
    let Some(live) = laid_out("where_kinds_may_name_a_secret") else { return };
    let names = json!({ "plural": "gateways", "singular": "gateway", "kind": "Gateway" });
    let schema = json!({ "openAPIV3Schema": { "type": "object" } });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "gateways.networking.istio.io" },
        "spec": { "group": "networking.istio.io", "scope": "Namespaced", "names": names, "versions": [
            { "name": "v1", "served": true, "storage": true, "schema": schema },
        ] },
    });
    live.cluster.apply(&live.namespace, &definition.to_string());
    live.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd/gateways.networking.istio.io",
        "--timeout=60s",
    ]);
    let report = check(&live, &[]);
    assert_eq!(told(&report, "secret-unused"), []);
    assert_eq!(report["unreadUsers"], json!(["Istio (networking.istio.io)"]));
    let ran = live.run(&["check", "--at", "2026-11-21", "-v"]);
    assert!(ran.stderr.contains("secret-unused is not reported") && ran.stderr.contains("Istio"));
}

#[test]
fn a_plan_says_who_keeps_the_old_certificate_and_how_it_is_restarted() {
    let Some(live) = laid_out("a_plan_says_who_keeps_the_old") else { return };
    let args = ["rotate", "secret/frozen-tls", "--dry-run", "-o", "json"];
    let plan = live.run(&args).expect_code(0).json();
    let readers = plan["steps"][0]["readers"].as_array().expect("a list");
    let said: Vec<(&str, &str)> = readers
        .iter()
        .map(|reader| (reader["ref"]["name"].as_str(), reader["sees"].as_str()))
        .map(|(name, sees)| (name.unwrap_or_default(), sees.unwrap_or_default()))
        .collect();
    assert_eq!(said, [("broker", "after-restart"), ("backup", "next-run")], "{plan:#}");
    let restart = readers[0]["remedy"].as_str().expect("a command");
    assert_eq!(restart, format!("kubectl rollout restart deployment/broker -n {}", live.namespace));
    let words: Vec<&str> = restart.split(' ').skip(1).collect();
    let ran = live.cluster.kubectl().args(words).output().expect("kubectl starts");
    assert!(ran.status.success(), "{ran:?}");
}
