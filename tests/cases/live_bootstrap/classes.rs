//! The class of a new Ingress on a cluster that has none of GKE's kinds: what the cluster says, never a
//! guess; and that the plan and the manifest agree.

use crate::support::live::Live;
use serde_json::{Value, json};

/// Makes an IngressClass.
fn class(live: &Live, name: &str) {
    let manifest = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": { "name": name },
        "spec": { "controller": format!("example.com/{name}") },
    });
    live.cluster.apply(&live.namespace, &manifest.to_string());
}

/// Makes the class the cluster's default, or takes that from it.
fn mark(live: &Live, name: &str, is_default: bool) {
    let mark = format!("ingressclass.kubernetes.io/is-default-class={is_default}");
    live.kubectl(&["annotate", "--overwrite", "ingressclass", name, &mark]);
}

#[test]
fn without_googles_kinds_the_class_is_what_the_cluster_says() {
    let Some(live) = Live::alone("without_googles_kinds") else { return };
    live.kubectl(&["create", "service", "clusterip", "web", "--tcp=8080:80"]);
    let bootstrap = |flags: &[&str]| {
        let args =
            ["bootstrap", "a.example", "--service", "web", "--key-type", "p256", "--no-wait"];
        live.run(&[&args[..], flags].concat())
    };
    let dry = ["--dry-run=client"];
    let ran = bootstrap(&dry).expect_code(2);
    assert!(ran.flat_stderr().contains("no IngressClass"), "{}", ran.stderr);
    assert!(ran.flat_stderr().contains("--ingress-class NAME"), "{}", ran.stderr);

    class(&live, "nginx");
    let ran = bootstrap(&dry).expect_code(0);
    assert!(ran.stdout.contains("class nginx: the cluster's only one"), "{}", ran.stdout);

    class(&live, "traefik");
    for flags in [&dry[..], &["--dry-run=client", "-o", "yaml"], &[]] {
        let ran = bootstrap(flags).expect_code(2);
        let told = "several Ingress classes and no one default: nginx, traefik";
        assert!(ran.flat_stderr().contains(told), "{flags:?}: {}", ran.stderr);
    }

    mark(&live, "nginx", true);
    let ran = bootstrap(&dry).expect_code(0);
    assert!(ran.stdout.contains("class nginx: the cluster's default"), "{}", ran.stdout);
    // The manifest is of the same class and port, though no flag says either.
    let ran = bootstrap(&["--dry-run=client", "-o", "json"]).expect_code(0);
    assert!(ran.stderr.contains("note: class nginx: the cluster's default"), "{}", ran.stderr);
    let made = serde_json::Deserializer::from_str(&ran.stdout).into_iter::<Value>();
    let mut made = made.map(|object| object.expect("it is JSON"));
    let ingress = made.find(|object| object["kind"] == "Ingress").expect("it is made");
    assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(backend, &json!({ "name": "web", "port": { "number": 8080 } }));

    // Each step is told once, and the class that an Ingress has is kept.
    let ran = bootstrap(&[]).expect_code(0);
    for object in ["secret/web-tls", "ingress/web"] {
        let told = [&ran.stdout, &ran.stderr].map(|text| text.matches(object).count());
        assert_eq!(told, [1, 0], "{object}: {}\n{}", ran.stdout, ran.stderr);
    }
    mark(&live, "nginx", false);
    let ran = bootstrap(&[]).expect_code(0);
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
    // GKE's own objects are made where that is said.
    let ran = bootstrap(&["--name", "other", "--platform", "gke"]).expect_code(4);
    assert!(!ran.stderr.contains("IngressClass"), "{}", ran.stderr);
}
