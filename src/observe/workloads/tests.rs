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
