//! `--add`: a further domain on an Ingress that is there, of any class, and nothing else of it changed.

use super::{annotation, create, gke, object, objects};
use crate::support::binary::Ran;
use crate::support::live::Live;
use serde_json::{Value, json};

const CLASS: &str = "kubernetes.io/ingress.class";

/// A namespace with two Services and somebody's Ingress of this class, with more than we write.
fn shop(test: &str, class: &str) -> Option<Live> {
    let live = gke(test)?;
    for service in ["web", "api"] {
        live.kubectl(&["create", "service", "clusterip", service, "--tcp=80:8080"]);
    }
    let own = |path: &str, service: &str| {
        let port = json!({ "number": 80 });
        json!({ "path": path, "pathType": "Exact", "backend": { "service": { "name": service, "port": port } } })
    };
    let mut ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "annotations": { "example.com/note": "ours" } },
        "spec": {
            "rules": [{ "host": "a.example", "http": { "paths": [own("/x", "api"), own("/", "web")] } }],
            "tls": [{ "hosts": ["a.example"], "secretName": "web-tls" }],
        },
    });
    if class == "gce" {
        ingress["metadata"]["annotations"][CLASS] = class.into();
    } else {
        ingress["spec"]["ingressClassName"] = class.into();
    }
    live.run(&["issue", "a.example", "--key-type", "p256", "--secret", "web-tls"]).expect_code(0);
    create(&live, &ingress);
    Some(live)
}

fn add(live: &Live, domain: &str, flags: &[&str]) -> Ran {
    let brings_its_own = |flag: &&str| ["--google-managed", "--tls-secret"].contains(flag);
    let own = flags.iter().any(brings_its_own);
    let key = if own { &[] as &[&str] } else { &["--key-type", "p256"] };
    let args = ["bootstrap", domain, "--service", "web", "--add", "--no-wait"];
    live.run(&[&args[..], key, flags].concat())
}

/// All that people wrote of the Ingress.
fn ingress(live: &Live) -> Value {
    let ingress = object(live, "Ingress/web");
    json!({ "annotations": ingress["metadata"]["annotations"], "spec": ingress["spec"] })
}

#[test]
fn a_domain_is_added_and_all_else_stays_as_it_is() {
    for (test, class) in [("add_to_nginx", "nginx"), ("add_to_gce", "gce")] {
        let Some(live) = shop(test, class) else { return };
        let before = ingress(&live);
        for dry_run in ["--dry-run=client", "--dry-run=server"] {
            let ran = add(&live, "b.example", &[dry_run]).expect_code(0);
            for words in [
                "spec.rules b.example: (unset) → service/web:80 (path /)",
                "spec.tls b.example: (unset) → secret/b-example-tls",
            ] {
                assert!(ran.stdout.contains(words), "{dry_run}: {words}\n{}", ran.stdout);
            }
            assert_eq!(ingress(&live), before, "{dry_run}");
        }
        let ran = add(&live, "b.example", &[]).expect_code(0);
        let mut after = before.clone();
        let rules = after["spec"]["rules"].as_array_mut().expect("a list");
        let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        rules.push(json!({ "host": "b.example", "http": { "paths": [path] } }));
        let entries = after["spec"]["tls"].as_array_mut().expect("a list");
        entries.push(json!({ "hosts": ["b.example"], "secretName": "b-example-tls" }));
        assert_eq!(ingress(&live), after, "{}\n{}", ran.stdout, ran.stderr);
        object(&live, "Secret/b-example-tls");

        // Once more there is nothing to do, for it and for what was there before.
        let all = objects(&live);
        for domain in ["b.example", "a.example", "B.example"] {
            let ran = add(&live, domain, &[]).expect_code(0);
            assert!(ran.stdout.contains("nothing to do"), "{domain}: {}", ran.stdout);
        }
        assert_eq!(objects(&live), all);
        // Several at once: those that are there keep their certificates.
        let both =
            ["bootstrap", "a.example", "b.example", "d.example", "--service", "web", "--add"];
        let both = [&both[..], &["--no-wait", "--key-type", "p256", "--dry-run=client"]].concat();
        let ran = live.run(&both).expect_code(0);
        assert!(ran.stdout.contains("spec.tls d.example: (unset) → secret/d-example-tls"));
        assert!(!ran.stdout.contains("spec.tls b.example"), "{}", ran.stdout);
        let known =
            ["bootstrap", "a.example", "b.example", "--service", "web", "--add", "--no-wait"];
        let ran = live.run(&known).expect_code(0);
        assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
        // With a Secret that is there, in whose entry the host is put.
        live.run(&["rotate", "secret/b-example-tls", "--add-host", "c.example"]).expect_code(0);
        add(&live, "c.example", &["--tls-secret", "b-example-tls"]).expect_code(0);
        let entries = &ingress(&live)["spec"]["tls"];
        assert_eq!(entries[1]["hosts"], json!(["b.example", "c.example"]), "{entries:#}");
        assert_eq!(entries.as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn a_domain_that_google_certifies_is_added_to_the_names() {
    let Some(live) = shop("add_google_managed", "gce") else { return };
    live.kubectl(&["annotate", "ingress", "web", "networking.gke.io/managed-certificates=first"]);
    let ran = add(&live, "b.example", &["--google-managed"]).expect_code(0);
    let managed = object(&live, "ManagedCertificate/b-example-tls");
    assert_eq!(managed["spec"]["domains"], json!(["b.example"]), "{}", ran.stdout);
    let after = ingress(&live);
    let names = &after["annotations"]["networking.gke.io/managed-certificates"];
    assert_eq!(names, "first,b-example-tls", "{}", ran.stdout);
    assert_eq!(after["spec"]["rules"][1]["host"], "b.example");
    assert_eq!(after["spec"]["tls"].as_array().map(Vec::len), Some(1), "no Secret is named");
    let service = object(&live, "Service/web");
    assert_eq!(annotation(&service, "cloud.google.com/neg"), json!({ "ingress": true }));
    let again = add(&live, "b.example", &["--google-managed"]).expect_code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
}

#[test]
fn a_domain_under_a_wildcard_that_has_a_certificate_gets_no_new_one() {
    let Some(live) = shop("add_under_a_wildcard", "nginx") else { return };
    let entries =
        json!({ "spec": { "tls": [{ "hosts": ["*.shop.example"], "secretName": "wild" }] } });
    live.kubectl(&["patch", "ingress", "web", "--type=merge", "-p", &entries.to_string()]);
    let said = add(&live, "www.shop.example", &[]).expect_code(4).flat_stderr();
    for words in ["lists *.shop.example with secret/wild", "use that one with --tls-secret wild"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_is_not_ours_to_add_to_is_refused_in_words() {
    let Some(live) = shop("add_refused", "nginx") else { return };
    let refused = |ran: Ran, words: &[&str]| {
        let ran = ran.expect_code(4);
        for word in words {
            assert!(ran.flat_stderr().contains(word), "{word:?}:\n{}", ran.stderr);
        }
        assert!(!ran.stderr.contains("{\""), "no JSON: {}", ran.stderr);
    };
    // Without --add the Ingress is somebody's, and it is said what it does and how to go on.
    let plain = live.run(&["bootstrap", "b.example", "--service", "web", "--no-wait"]);
    let routes = "it already routes a.example to service/api:80 (path /x), service/web:80 (path /)";
    refused(plain, &[routes, "--add", "--name"]);
    let elsewhere =
        ["bootstrap", "a.example", "--service", "api", "--name", "web", "--add", "--no-wait"];
    let other = ["--key-type", "p256", "--tls-secret", "other"];
    live.run(&["issue", "a.example", "--key-type", "p256", "--secret", "other"]).expect_code(0);
    refused(
        add(&live, "a.example", &other[2..]),
        &["its spec.tls gives secret/web-tls for a.example"],
    );
    live.run(&elsewhere).expect_code(0);
    live.kubectl(&["create", "service", "clusterip", "third", "--tcp=80:8080"]);
    let third =
        ["bootstrap", "a.example", "--service", "third", "--name", "web", "--add", "--no-wait"];
    refused(live.run(&third), &["expected service/third:80"]);
    let gone =
        ["bootstrap", "b.example", "--service", "web", "--name", "gone", "--add", "--no-wait"];
    let ran = live.run(&[&gone[..], &["--ingress-class", "nginx"]].concat());
    refused(ran, &["it does not exist", "leave --add out"]);

    // Who applies a manifest of it takes out again what is not in there.
    live.kubectl(&["annotate", "ingress", "web", "meta.helm.sh/release-name=shop"]);
    refused(add(&live, "b.example", &[]), &["Helm release shop owns it"]);
    live.kubectl(&["annotate", "ingress", "web", "meta.helm.sh/release-name-"]);
    let manifest = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "namespace": live.namespace },
        "spec": { "ingressClassName": "nginx" },
    });
    let file = live.cluster.data().join("add-refused-applied.json");
    std::fs::write(&file, manifest.to_string()).expect("a file can be written");
    let apply = ["apply", "--server-side", "--field-manager=deploy-bot", "--force-conflicts", "-f"];
    live.kubectl(&[&apply[..], &[&file.display().to_string()]].concat());
    refused(add(&live, "b.example", &[]), &["field manager \"deploy-bot\" applies it"]);
}
