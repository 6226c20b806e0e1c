//! What templates name, and what is passed over.

use super::*;
use serde_json::json;

/// What a Pod of this spec reads in namespace `shop`, as `name:how`.
fn read(spec: &Value) -> String {
    let pod = json!({ "metadata": { "name": "p" }, "spec": spec });
    let seen = of(&pod, ("Pod", ""), None, "shop").expect("it is a Pod");
    let word = |(secret, how): &(ObjectRef, How)| {
        format!("{}/{}:{}", secret.namespace(), secret.name, how.as_str())
    };
    seen.reads.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_template_names_secrets_in_volumes_variables_and_words_of_its_command() {
    let volume = json!({ "name": "v", "secret": { "secretName": "a" } });
    let projected = json!({ "name": "v", "projected": { "sources": [
        { "configMap": { "name": "c" } }, { "secret": { "name": "a" } }, { "secret": { "name": "b" } },
    ] } });
    let whole = json!({ "volumeMounts": [{ "name": "v", "mountPath": "/etc/tls" }] });
    let part =
        json!({ "volumeMounts": [{ "name": "v", "mountPath": "/x", "subPath": "tls.crt" }] });
    let by_expression =
        json!({ "volumeMounts": [{ "name": "v", "mountPath": "/x", "subPathExpr": "$(A)" }] });
    let variables = json!({
        "env": [
            { "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "a", "key": "tls.key" } } },
            { "name": "PLAIN", "value": "b" },
        ],
        "envFrom": [{ "secretRef": { "name": "c" } }, { "configMapRef": { "name": "d" } }],
    });
    for (what, spec, expected) in [
        ("nothing", json!({ "containers": [{}] }), ""),
        ("no spec", Value::Null, ""),
        ("not mounted", json!({ "volumes": [volume] }), "shop/a:volume"),
        ("whole", json!({ "volumes": [volume], "containers": [whole] }), "shop/a:volume"),
        ("part", json!({ "volumes": [volume], "initContainers": [part] }), "shop/a:subPath"),
        (
            "by expression",
            json!({ "volumes": [volume], "ephemeralContainers": [by_expression] }),
            "shop/a:subPath",
        ),
        (
            "both",
            json!({ "volumes": [volume], "containers": [whole, part] }),
            "shop/a:volume shop/a:subPath",
        ),
        (
            "projected",
            json!({ "volumes": [projected], "containers": [whole] }),
            "shop/a:projected shop/b:projected",
        ),
        ("variables", json!({ "containers": [variables] }), "shop/a:env shop/c:env"),
    ] {
        assert_eq!(read(&spec), expected, "{what}");
    }
}

#[test]
fn words_of_a_command_name_a_secret_where_their_flag_is_about_one() {
    for (words, expected) in [
        (json!(["--default-ssl-certificate=edge/default"]), "edge/default:argument"),
        (json!(["-default-server-tls-secret=$(POD_NAMESPACE)/own"]), "shop/own:argument"),
        (json!(["--tls-secret-name", "web-tls"]), "shop/web-tls:argument"),
        (json!(["run --cert-secret='web-tls' --port=80"]), "shop/web-tls:argument"),
        (json!(["--tls-cert-file=/etc/tls/tls.crt"]), ""),
        (json!(["--name=web-tls", "--verbose", "web"]), ""),
        (json!(["--tls", "--name=web", "shop/web"]), ""),
    ] {
        assert_eq!(read(&json!({ "containers": [{ "args": words }] })), expected, "{words}");
    }
    let variable = json!({ "name": "CERT_SECRET", "value": "web-tls" });
    let spec = json!({ "containers": [{ "env": [variable] }] });
    assert_eq!(read(&spec), "shop/web-tls:argument");
}

#[test]
fn every_kind_of_workload_has_its_template_where_it_is_looked_for() {
    let pod = json!({ "volumes": [{ "name": "v", "secret": { "secretName": "a" } }] });
    let template = json!({ "template": { "spec": pod } });
    for (kind, group, spec, known) in [
        ("Pod", "", pod.clone(), true),
        ("Deployment", "apps", template.clone(), true),
        ("StatefulSet", "apps", template.clone(), true),
        ("DaemonSet", "apps", template.clone(), true),
        ("ReplicaSet", "apps", template.clone(), true),
        ("Job", "batch", template.clone(), true),
        ("CronJob", "batch", json!({ "jobTemplate": { "spec": template } }), true),
        ("Deployment", "example.com", template.clone(), false),
    ] {
        let value = json!({ "metadata": { "name": "x", "namespace": "own" }, "spec": spec });
        let seen = of(&value, (kind, group), None, "shop");
        let expected = vec![(ObjectRef::secret("own", "a"), How::Volume)];
        assert_eq!(seen.map(|seen| seen.reads), known.then_some(expected), "{kind} of {group}");
    }
}

#[test]
fn only_what_a_controller_that_is_read_makes_is_passed_over() {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
    let owners = OWNERS[0].1;
    for (kind, api_version, controller, passed) in [
        ("ReplicaSet", "apps/v1", true, true),
        ("ReplicaSet", "apps/v1", false, false),
        ("Node", "v1", true, true),
        ("StrimziPodSet", "core.strimzi.io/v1beta2", true, false),
        ("StatefulSet", "apps.kruise.io/v1beta1", true, false),
    ] {
        let owner = OwnerReference {
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            controller: Some(controller),
            ..OwnerReference::default()
        };
        let meta = ObjectMeta { owner_references: Some(vec![owner]), ..ObjectMeta::default() };
        assert_eq!(is_of(&meta, owners), passed, "{kind} of {api_version}");
    }
}

#[test]
fn groups_whose_objects_may_name_secrets_are_told_by_whose_they_are() {
    let of_groups = |names: &[&str]| {
        let groups = names.iter().map(|name| ((*name).to_owned(), "v1".to_owned()));
        others(&groups.collect()).join(", ")
    };
    for (groups, expected) in [
        (&["apps", "networking.k8s.io"][..], ""),
        (&["apps", "networking.istio.io"], "Istio (networking.istio.io)"),
        (&["configuration.konghq.com"], "Kong (configuration.konghq.com)"),
        (&["my-traefik.io"], ""),
        (&[], "the kinds that the cluster has (/apis)"),
    ] {
        assert_eq!(of_groups(groups), expected, "{groups:?}");
    }
}

#[test]
fn a_program_that_reads_its_files_once_is_known_by_the_container_that_mounts_them() {
    let volumes = json!([
        { "name": "tls", "secret": { "secretName": "a" } },
        { "name": "all", "projected": { "sources": [{ "secret": { "name": "b" } }] } },
    ]);
    let container = |image: &str, mounts: &[&str]| {
        let mounts: Vec<Value> = mounts.iter().map(|name| json!({ "name": name })).collect();
        json!({ "image": image, "volumeMounts": mounts })
    };
    let milvus = "milvusdb/milvus:v2.5.4";
    for (what, containers, inits, expected) in [
        ("it mounts one", vec![container(milvus, &["tls"])], vec![], "a:milvus"),
        ("both", vec![container(milvus, &["tls", "all"])], vec![], "a:milvus b:milvus"),
        ("it mounts nothing", vec![container(milvus, &[])], vec![], ""),
        (
            "another program does",
            vec![container("envoy", &["tls"]), container(milvus, &[])],
            vec![],
            "",
        ),
        ("it only prepares", vec![container("x", &["tls"])], vec![container(milvus, &["tls"])], ""),
        ("no volume is there", vec![container(milvus, &["gone"])], vec![], ""),
    ] {
        let spec = json!({ "volumes": volumes, "containers": containers, "initContainers": inits });
        let pod = json!({ "metadata": { "name": "p" }, "spec": spec });
        let seen = of(&pod, ("Pod", ""), None, "shop").expect("it is a Pod");
        let word = |(secret, program): &(ObjectRef, &str)| format!("{}:{program}", secret.name);
        let told: Vec<String> = seen.once.iter().map(word).collect();
        assert_eq!(told.join(" "), expected, "{what}");
    }
}

#[test]
fn how_far_a_rollout_is_is_read_where_each_kind_writes_it() {
    use crate::observation::rollout::RolloutSeen;
    let metadata = json!({
        "name": "w", "resourceVersion": "7", "generation": 4, "deletionTimestamp": "2026-11-21T00:00:00Z",
        "ownerReferences": [{ "kind": "A", "name": "a" }, { "kind": "Milvus", "name": "my", "controller": true }],
    });
    let annotations = json!({ "kubectl.kubernetes.io/restartedAt": "2026-11-20T00:00:00Z" });
    let base = json!({
        "selector": { "matchLabels": { "app": "w", "tier": "x" } }, "replicas": 3, "paused": true,
        "template": { "metadata": { "annotations": annotations } },
    });
    let mut set = base.clone();
    set["updateStrategy"] = json!({ "type": "OnDelete", "rollingUpdate": { "partition": 2 } });
    set["ordinals"] = json!({ "start": 5 });
    let status = json!({
        "observedGeneration": 3, "replicas": 4, "updatedReplicas": 2, "readyReplicas": 3,
        "availableReplicas": 1, "desiredNumberScheduled": 9, "currentNumberScheduled": 8,
        "updatedNumberScheduled": 7, "numberAvailable": 6,
        "conditions": [{ "type": "Available", "reason": "ProgressDeadlineExceeded" },
                       { "type": "Progressing", "reason": "ProgressDeadlineExceeded" }],
    });
    let seen = |kind, spec: &Value| {
        let value = json!({ "metadata": metadata, "spec": spec, "status": status });
        rollout::of(&value, kind)
    };
    let common = RolloutSeen {
        resource_version: Some("7".to_owned()),
        terminating: true,
        controller: Some("Milvus my".to_owned()),
        selector: Some("app=w,tier=x".to_owned()),
        restarted_at: Some("2026-11-20T00:00:00Z".to_owned()),
        generation: 4,
        observed_generation: 3,
        ..RolloutSeen::default()
    };
    let deployment = RolloutSeen {
        paused: true,
        wanted: 3,
        pods: 4,
        updated: 2,
        available: 1,
        gave_up: true,
        ..common.clone()
    };
    let stateful_set = RolloutSeen {
        on_delete: true,
        partition: 2,
        first_ordinal: 5,
        wanted: 3,
        pods: 4,
        updated: 2,
        ready: 3,
        available: 1,
        ..common.clone()
    };
    let daemon_set =
        RolloutSeen { on_delete: true, wanted: 9, pods: 8, updated: 7, available: 6, ..common };
    assert_eq!(seen(Kind::Deployment, &base), Some(deployment));
    assert_eq!(seen(Kind::StatefulSet, &set), Some(stateful_set));
    assert_eq!(seen(Kind::DaemonSet, &set), Some(daemon_set));
    assert_eq!(seen(Kind::ReplicaSet, &base), None);
    // What a server has left out, and what takes more than labels.
    let empty = rollout::of(&json!({}), Kind::Deployment).expect("it is one");
    assert_eq!((empty.wanted, empty.selector, empty.controller), (1, None, None));
    let by_words = json!({ "selector": { "matchLabels": { "a": "b" }, "matchExpressions": [{}] } });
    assert_eq!(seen(Kind::Deployment, &by_words).and_then(|seen| seen.selector), None);
}
