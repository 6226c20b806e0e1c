//! Stage by stage: what each run does, what it says, and what it leaves alone.

use super::{handed_out, holds, is_there, pinned, sums};
use crate::support::live::{Live, value};
use crate::support::rollouts::Controllers;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn set(sums: &[&str]) -> BTreeSet<String> {
    sums.iter().map(|sum| (*sum).to_owned()).collect()
}

#[test]
fn a_self_signed_certificate_is_handed_out_before_it_is_served_and_the_old_one_goes_last() {
    let Some(live) = Live::new("a_self_signed_certificate_is_handed_out") else { return };
    pinned(&live, "web");
    let old = holds(&live, "web");
    // A plan writes nothing.
    let versions = live.versions();
    let plan = ["rotate", "secret/web", "--trust", "configmap/web", "--dry-run", "-o", "json"];
    let plan = live.run(&plan).expect_code(0).json();
    assert_eq!((&plan["trust"][0]["stage"], live.versions()), (&json!("not-begun"), versions));
    // The first run hands it out, and ends.
    let first = ["rotate", "secret/web", "--trust", "configmap/web", "-o", "json"];
    let first = live.run(&first).expect_code(0).json();
    assert_eq!(first["trust"][0]["stage"], "soak", "{first:#}");
    let new = first["trust"][0]["new"]["sha256"].as_str().expect("a fingerprint").to_owned();
    assert_eq!(holds(&live, "web"), old);
    assert_eq!(handed_out(&live, "web"), set(&[&old, &new]));
    // Nothing but it is written while it soaks: by the same command, by a shorter one, by a batch.
    let versions = live.versions();
    let again: [&[&str]; 4] = [
        &["rotate", "secret/web", "--trust", "configmap/web"],
        &["rotate", "secret/web"],
        &["rotate", "secret/web", "--status"],
        &["rotate", "--all", "--yes"],
    ];
    for args in again {
        live.run(args).expect_code(0);
        assert_eq!(live.versions(), versions, "{args:?}");
    }
    // Once it has soaked, the rest is done at once.
    let rest = live.run(&["rotate", "secret/web", "--soak", "0", "-o", "json"]).expect_code(0);
    let rest = rest.json();
    assert_eq!(rest["trust"][0]["stage"], "done", "{rest:#}");
    assert_eq!(holds(&live, "web"), new);
    assert_eq!(handed_out(&live, "web"), set(&[&new]));
    assert!(!is_there(&live, "web-next") && is_there(&live, "web-previous"));
    // The way back is closed to who trusts by that bundle, and says so.
    let back = live.run(&["rollback", "secret/web"]).expect_code(4);
    let from = format!("was removed from {}/configmap/web:ca.crt", live.namespace);
    assert!(back.stderr.contains(&from), "{}", back.stderr);
    live.run(&["rollback", "secret/web", "--force"]).expect_code(0);
    assert_eq!(holds(&live, "web"), old);
    live.run(&["rollback", "secret/web"]).expect_code(0);
    assert_eq!(holds(&live, "web"), new);
    let status = live.run(&["rotate", "secret/web", "--status"]).expect_code(0);
    assert!(status.stdout.contains("no rotation of secret/web with --trust"), "{}", status.stdout);
}

#[test]
fn a_bundle_that_is_put_back_while_it_soaks_gets_it_again_and_soaks_anew() {
    let Some(live) = Live::new("a_bundle_that_is_put_back") else { return };
    pinned(&live, "web");
    let old = live.kubectl(&["get", "configmap", "web", "-o", "json"]).stdout;
    let old: Value = serde_json::from_slice(&old).expect("kubectl prints JSON");
    let run = ["rotate", "secret/web", "--trust", "configmap/web", "-o", "json"];
    let first = live.run(&run).expect_code(0).json();
    let noted = "certwright.dev/published-at=2001-01-01T00:00:00Z";
    live.kubectl(&["annotate", "secret", "web-next", noted, "--overwrite"]);
    let back = json!({ "data": old["data"] }).to_string();
    live.kubectl(&["patch", "configmap", "web", "--type=merge", "-p", &back]);
    let second = live.run(&run).expect_code(0).json();
    assert_eq!(second["trust"][0]["stage"], "soak", "{second:#}");
    assert_eq!(second["trust"][0]["new"]["sha256"], first["trust"][0]["new"]["sha256"]);
    assert_ne!(second["trust"][0]["publishedAt"], "2001-01-01T00:00:00Z");
    assert_eq!(handed_out(&live, "web").len(), 2);
}

/// A CA in a Secret, what it signed, and everything by which that is trusted.
fn private_ca(live: &Live) -> Value {
    let ca = ["issue", "--make-ca", "--cn", "Corp CA", "--key-type=p256", "--secret", "ca"];
    live.run(&ca).expect_code(0);
    let ca = format!("{}/secret/ca", live.namespace);
    let leaf = ["issue", "leaf.example", "--key-type=p256", "--secret", "leaf", "--ca", &ca];
    live.run(&leaf).expect_code(0);
    let bundle = STANDARD.encode(value(&live.secret("ca"), "tls.crt"));
    let hook = |name: &str, bundle: Option<&str>| {
        let url = format!("https://{name}/x");
        json!({
            "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "failurePolicy": "Ignore", "clientConfig": { "url": url, "caBundle": bundle },
            "rules": [{ "apiGroups": ["none.example"], "apiVersions": ["v1"],
                "operations": ["CREATE"], "resources": ["nones"] }],
        })
    };
    let name = &live.namespace;
    let hooks = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": name },
        "webhooks": [hook("a.example.com", None), hook("b.example.com", Some(&bundle))],
    });
    live.cluster.apply("", &hooks.to_string());
    let group = format!("{name}.example");
    let service = json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": { "name": format!("v1.{group}") },
        "spec": { "group": group, "version": "v1", "groupPriorityMinimum": 100,
            "versionPriority": 100, "caBundle": bundle,
            "service": { "name": "none", "namespace": name } },
    });
    live.cluster.apply("", &service.to_string());
    json!([format!("mutatingwebhookconfiguration/{name}"), format!("apiservice/v1.{group}")])
}

/// What each of the bundles hands out.
fn of_kinds(live: &Live) -> Vec<BTreeSet<String>> {
    let hook = format!("mutatingwebhookconfiguration/{}", live.namespace);
    let service = format!("apiservice/v1.{}.example", live.namespace);
    let bundle = |object: &str, path: &str| {
        let ran = live.kubectl(&["get", object, "-o", &format!("jsonpath={{{path}}}")]);
        sums(&STANDARD.decode(ran.stdout).expect("base64"))
    };
    vec![
        bundle(&hook, ".webhooks[1].clientConfig.caBundle"),
        bundle(&service, ".spec.caBundle"),
        sums(&value(&live.secret("leaf"), "ca.crt")),
    ]
}

#[test]
fn a_private_ca_signs_until_the_new_one_is_everywhere_and_stays_trusted_while_it_is_needed() {
    let Some(live) = Live::new("a_private_ca_signs_until") else { return };
    let named = private_ca(&live);
    let named: Vec<&str> =
        named.as_array().expect("two").iter().filter_map(Value::as_str).collect();
    let trust = format!("{},secret/leaf", named.join(","));
    let old = holds(&live, "ca");
    let publish = live.run(&["rotate", "secret/ca", "--trust", &trust, "-o", "json"]);
    let publish = publish.expect_code(0).json();
    let new = publish["trust"][0]["new"]["sha256"].as_str().expect("a fingerprint").to_owned();
    assert_eq!(of_kinds(&live), vec![set(&[&old, &new]); 3], "{publish:#}");
    assert_eq!(publish["trust"][0]["authority"], true);
    let hook = format!("mutatingwebhookconfiguration/{}", live.namespace);
    let first = ["get", &hook, "-o", "jsonpath={.webhooks[0].clientConfig}"];
    let first = live.kubectl(&first).stdout;
    assert_eq!(first, br#"{"url":"https://a.example.com/x"}"#, "the other one is as it was");
    // It is the old one that signs.
    let ca = format!("{}/secret/ca", live.namespace);
    live.run(&["rotate", "secret/leaf", "--ca", &ca]).expect_code(0);
    let signed = bundle_issuer(&live);
    assert_eq!(signed, "CN=Corp CA");
    // Then the new one does, and the old one stays trusted for what it signed.
    let switch = ["rotate", "secret/ca", "--soak", "0", "-o", "json"];
    let switch = live.run(&switch).expect_code(0).json();
    assert_eq!((holds(&live, "ca"), &switch["trust"][0]["stage"]), (new.clone(), &json!("retire")));
    let need = &switch["trust"][0]["needs"][0];
    assert_eq!(need["passes"], false, "{switch:#}");
    assert_eq!(of_kinds(&live), vec![set(&[&old, &new]); 3]);
    // What is printed is run.
    let remedy = need["remedy"].as_str().expect("a command");
    let words: Vec<&str> = remedy.split(' ').skip(1).collect();
    live.certwright().args(&words).run().expect_code(0);
    assert!(bundle_issuer(&live).starts_with("CN=Corp CA 20"), "{}", bundle_issuer(&live));
    let retire = live.run(&["rotate", "secret/ca", "-o", "json"]).expect_code(0).json();
    assert_eq!(retire["trust"][0]["stage"], "done", "{retire:#}");
    assert_eq!(of_kinds(&live), vec![set(&[&new]); 3]);
    assert!(!is_there(&live, "ca-next"));
}

fn bundle_issuer(live: &Live) -> String {
    let bundle = crate::support::live::bundle(&live.secret("leaf"));
    bundle.leaf().map(|leaf| leaf.issuer.to_string()).unwrap_or_default()
}

/// What `openssl req -x509` makes says CA:TRUE, and is a server's all the same.
#[test]
fn a_servers_certificate_that_says_ca_and_is_pinned_is_rolled_as_a_servers() {
    let Some(live) = Live::new("a_servers_certificate_that_says_ca") else { return };
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 \
        -subj /CN=web.example -addext subjectAltName=DNS:web.example -keyout tls.key -out tls.crt";
    let mut shell = std::process::Command::new("sh");
    let ran = shell.args(["-c", made]).current_dir(folder.path()).output().expect("sh starts");
    assert!(ran.status.success(), "{ran:?}");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (format!("--cert={}", file("tls.crt")), format!("--key={}", file("tls.key")));
    live.kubectl(&["create", "secret", "tls", "web", &cert, &key]);
    let from = format!("--from-file=ca.crt={}", file("tls.crt"));
    live.kubectl(&["create", "configmap", "web", &from]);
    live.kubectl(&["create", "configmap", "other", &from]);
    let plan = ["rotate", "secret/web", "--trust", "configmap/web", "--dry-run", "-o", "json"];
    let plan = live.run(&plan).expect_code(0).json();
    assert_eq!(plan["trust"][0]["authority"], false, "{plan:#}");
    let notes = plan["notes"].to_string();
    assert!(notes.contains("configmap/other; whoever trusts by that"), "{notes}");
    let run = ["rotate", "secret/web", "--trust", "configmap/web,configmap/other", "--soak=0"];
    live.run(&run).expect_code(0);
    let now = crate::support::live::bundle(&live.secret("web"));
    let leaf = now.leaf().expect("a certificate");
    let names: Vec<String> = leaf.names.iter().map(ToString::to_string).collect();
    assert_eq!((names, leaf.is_ca), (vec!["web.example".to_owned()], false));
    assert_eq!(handed_out(&live, "other"), set(&[&leaf.fingerprint()]));
}

#[test]
fn copies_of_the_certificate_get_the_one_that_is_handed_out() {
    let Some(live) = Live::new("copies_get_the_one_that_is_handed_out") else { return };
    pinned(&live, "web");
    let mut copy = live.secret("web");
    copy["metadata"] = json!({ "name": "copy" });
    live.cluster.apply(&live.namespace, &copy.to_string());
    let run = ["rotate", "secret/web", "--trust", "configmap/web", "--soak=0", "-o", "json"];
    let ran = live.run(&run).expect_code(0).json();
    assert_eq!(ran["trust"][0]["stage"], "retire", "{ran:#}");
    assert_eq!(handed_out(&live, "web").len(), 2, "the copy still has the old one");
    let remedy = ran["trust"][0]["needs"][0]["remedy"].as_str().expect("a command");
    let words: Vec<&str> = remedy.split(' ').skip(1).collect();
    live.certwright().args(&words).args(&["-o", "json"]).run().expect_code(0);
    assert_eq!(holds(&live, "copy"), holds(&live, "web"));
    assert_eq!(handed_out(&live, "web"), set(&[&holds(&live, "web")]));
}

#[test]
fn nothing_is_written_where_one_of_them_cannot_be() {
    let Some(live) = Live::new("nothing_is_written_where_one_cannot_be") else { return };
    pinned(&live, "web");
    live.kubectl(&["create", "configmap", "helms"]);
    live.kubectl(&["annotate", "configmap", "helms", "meta.helm.sh/release-name=shop"]);
    live.kubectl(&["label", "configmap", "helms", "app.kubernetes.io/managed-by=Helm"]);
    let frozen =
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"frozen"},"immutable":true}"#;
    live.cluster.apply(&live.namespace, frozen);
    let (versions, before) = (live.versions(), handed_out(&live, "web"));
    for (trust, reason, told) in [
        ("configmap/web,configmap/gone", "not-found", "it does not exist"),
        ("configmap/web,configmap/helms", "owned", "Helm release shop"),
        ("configmap/web,configmap/frozen", "immutable", "its data cannot change"),
        ("configmap/web,apiservice/v1.gone.example", "not-found", "it does not exist"),
    ] {
        let ran = live.run(&["rotate", "secret/web", "--trust", trust, "-o", "json"]);
        let document = ran.expect_code(4).json();
        assert_eq!(document["refused"][0]["reason"], reason, "{trust}: {document:#}");
        let message = document["refused"][0]["message"].as_str().unwrap_or_default();
        assert!(message.contains(told), "{trust}: {message}");
        assert_eq!((live.versions(), handed_out(&live, "web")), (versions.clone(), before.clone()));
    }
    for (args, told) in [
        (vec!["rotate", "--due", "--trust", "configmap/web"], "cannot be used with"),
        (vec!["rotate", "secret/web", "--trust", "ingress/web"], "expected configmap/NAME"),
        (vec!["rotate", "secret/web", "--trust", "configmap/web", "--ca", "x"], "--ca"),
        (vec!["rotate", "--status"], "needs a named Secret|need a named Secret"),
        (vec!["rotate", "secret/web", "--trust", "configmap/web", "--plan-out", "x"], "plan file"),
    ] {
        let ran = live.run(&args).expect_code(2);
        assert!(told.split('|').any(|told| ran.stderr.contains(told)), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn what_waits_beside_and_is_not_ours_is_left_alone() {
    let Some(live) = Live::new("what_waits_beside_and_is_not_ours") else { return };
    pinned(&live, "web");
    live.kubectl(&["create", "secret", "generic", "web-next", "--from-literal=a=b"]);
    let versions = live.versions();
    let ran = live.run(&["rotate", "secret/web", "--trust", "configmap/web"]).expect_code(4);
    assert!(ran.stderr.contains("web-next"), "{}", ran.stderr);
    assert_eq!(live.versions(), versions);
    // Without it the Secret is rotated as ever.
    live.run(&["rotate", "secret/web"]).expect_code(0);
}

/// Who replaces the certificate in the meantime is not overruled.
#[test]
fn what_somebody_else_has_replaced_is_not_switched() {
    let Some(live) = Live::new("what_somebody_else_has_replaced") else { return };
    pinned(&live, "web");
    live.run(&["rotate", "secret/web", "--trust", "configmap/web"]).expect_code(0);
    let another = ["issue", "web.example", "--key-type=p256", "--secret", "web", "--force"];
    live.run(&another).expect_code(0);
    let now = holds(&live, "web");
    let ran = live.run(&["rotate", "secret/web", "--soak=0"]).expect_code(4);
    assert!(ran.stderr.contains("another writer replaced"), "{}", ran.stderr);
    assert_eq!(holds(&live, "web"), now);
}

/// A Deployment that has the key of the Secret of its name in its environment.
pub(super) fn frozen(live: &Live, name: &str) {
    frozen_by(live, name, name);
}

/// The same of any Secret.
pub(super) fn frozen_by(live: &Live, name: &str, secret: &str) {
    let labels = json!({ "app": name });
    let from = json!([{ "secretRef": { "name": secret } }]);
    let spec = json!({ "containers": [{ "name": "c", "image": "c:1", "envFrom": from }] });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": { "replicas": 1, "selector": { "matchLabels": labels },
                  "template": { "metadata": { "labels": labels }, "spec": spec } },
    });
    live.cluster.apply(&live.namespace, &deployment.to_string());
}

#[test]
fn the_old_one_stays_until_what_keeps_it_is_restarted() {
    let Some(live) = Live::new("the_old_one_stays_until_restarted") else { return };
    let run = |name: &str, more: &[&str]| {
        let (secret, trust) = (format!("secret/{name}"), format!("configmap/{name}"));
        let args = ["rotate", &secret, "--trust", &trust, "--soak=0", "-o", "json"];
        live.run(&[&args[..], more].concat()).expect_code(0).json()
    };
    for name in ["web", "shop"] {
        pinned(&live, name);
        frozen(&live, name);
    }
    let _controllers = Controllers::start(&live);
    let stays = run("web", &[]);
    assert_eq!(stays["trust"][0]["stage"], "retire", "{stays:#}");
    let remedy = stays["trust"][0]["needs"][0]["remedy"].as_str().expect("a command");
    assert!(remedy.starts_with("kubectl") && remedy.contains("rollout restart deployment/web"));
    assert_eq!(handed_out(&live, "web").len(), 2);
    // Instants of a cluster are whole seconds: it is restarted in the second of the switch, or later.
    live.kubectl(&["rollout", "restart", "deployment/web"]);
    let over = run("web", &[]);
    assert_eq!(over["trust"][0]["stage"], "done", "{over:#}");
    // One run does it all, where it is told to.
    let at_once = run("shop", &["--restart"]);
    assert_eq!(at_once["trust"][0]["stage"], "done", "{at_once:#}");
    assert_eq!(handed_out(&live, "shop").len(), 1);
}
