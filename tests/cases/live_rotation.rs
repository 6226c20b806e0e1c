//! Rotation on a real API server: what is replaced, what stays, what is refused, and races.

use crate::support::background::Background;
use crate::support::live::{Live, bundle, value};
use crate::support::rude::{Manners, Rude};
use certwright::x509::key::Pairing;
use serde_json::{Value, json};
use std::io::Write as _;

/// A self-signed pair in a Secret, made by certwright and put there as a user would by hand.
fn hand_made(live: &Live, name: &str, host: &str) {
    let manifest = live
        .certwright()
        .args(&[
            "issue",
            host,
            "--key-type",
            "p256",
            "--secret",
            name,
            "--dry-run=client",
            "-o",
            "json",
        ])
        .run()
        .expect_code(0);
    let mut secret = manifest.json();
    secret["metadata"]["labels"] = Value::Null;
    live.cluster.apply(&live.namespace, &secret.to_string());
}

/// The Secret without what a rotation changes, and the server's own bookkeeping.
fn rest(secret: &Value) -> Value {
    let mut rest = secret.clone();
    rest["metadata"]["resourceVersion"] = Value::Null;
    rest["metadata"]["managedFields"] = Value::Null;
    rest["data"]["tls.crt"] = Value::Null;
    rest["data"]["tls.key"] = Value::Null;
    rest
}

#[test]
fn the_rest_of_the_secret_stays_byte_for_byte() {
    let Some(live) = Live::new("the_rest_of_the_secret_stays") else { return };
    hand_made(&live, "web", "web.example");
    live.kubectl(&["label", "secret", "web", "team=shop", "example.com/a=b"]);
    live.kubectl(&[
        "annotate",
        "secret",
        "web",
        "note=line one\nline two",
        "certwright.dev/renew-before=20d",
    ]);
    let patch = json!({"data": {"note.bin": "AAEC/w==", "empty": ""}, "metadata": {"finalizers": ["example.com/keep"]}});
    live.kubectl(&["patch", "secret", "web", "-p", &patch.to_string()]);
    let before = live.secret("web");

    live.run(&["rotate", "secret/web"]).expect_code(0);

    let after = live.secret("web");
    assert_eq!(rest(&after), rest(&before));
    assert_ne!(value(&after, "tls.crt"), value(&before, "tls.crt"));
    assert_ne!(value(&after, "tls.key"), value(&before, "tls.key"));
    assert_eq!(bundle(&after).pairing, Pairing::Match);
    live.kubectl(&["patch", "secret", "web", "-p", r#"{"metadata":{"finalizers":null}}"#]);
}

#[test]
fn a_ca_crt_that_held_the_replaced_certificate_holds_new_and_old() {
    let Some(live) = Live::new("a_ca_crt_holds_new_and_old") else { return };
    hand_made(&live, "pinned", "pinned.example");
    let before = live.secret("pinned");
    let patch = json!({"data": {"ca.crt": before["data"]["tls.crt"]}});
    live.kubectl(&["patch", "secret", "pinned", "-p", &patch.to_string()]);

    live.run(&["rotate", "secret/pinned"]).expect_code(0);

    let after = live.secret("pinned");
    let both = [value(&after, "tls.crt"), value(&before, "tls.crt")].concat();
    assert_eq!(String::from_utf8_lossy(&value(&after, "ca.crt")), String::from_utf8_lossy(&both));
}

#[test]
fn a_ca_crt_of_something_else_stays() {
    let Some(live) = Live::new("a_ca_crt_of_something_else_stays") else { return };
    hand_made(&live, "web", "web.example");
    hand_made(&live, "other", "other.example");
    let patch = json!({"data": {"ca.crt": live.secret("other")["data"]["tls.crt"]}});
    live.kubectl(&["patch", "secret", "web", "-p", &patch.to_string()]);
    let before = live.secret("web");
    live.run(&["rotate", "secret/web"]).expect_code(0);
    assert_eq!(rest(&live.secret("web")), rest(&before));
}

#[test]
fn owned_secrets_are_refused_by_name_and_skipped_and_counted_in_a_batch() {
    let Some(live) = Live::new("owned_secrets_are_refused_and_skipped") else { return };
    live.create_scenario("owners");
    let before = live.versions();
    for (name, owner) in [
        ("argo-cd", "Argo CD"),
        ("external-secrets", "External Secrets"),
        ("flux", "Flux"),
        ("helm", "Helm release shop"),
        ("owner-reference", "Kafka/events"),
        ("reflector", "Reflector"),
        ("sealed-secrets", "Sealed Secrets"),
        ("service-ca", "OpenShift service-ca"),
    ] {
        let ran = live.run(&["rotate", &format!("secret/{name}")]).expect_code(4);
        assert!(ran.stderr.contains(&format!("{owner} owns it")), "{name}: {}", ran.stderr);
    }
    assert_eq!(live.versions(), before);

    let report = live.run(&["rotate", "--all", "--yes", "-o", "json"]).expect_code(0).json();
    assert_eq!(report["summary"]["done"], 1, "{report:#}");
    assert_eq!(report["summary"]["skipped"], 8);
    assert!(
        report["skipped"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|skipped| skipped["reason"] == "owned")
    );
    let changed: Vec<String> = live
        .versions()
        .into_iter()
        .filter(|version| !before.contains(version))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(changed, ["hand-made", "hand-made-previous"]);
}

#[test]
fn an_owner_is_overridden_only_while_it_is_not_live() {
    let Some(live) = Live::new("an_owner_is_overridden_only_while_not_live") else { return };
    live.create_scenario("owners");
    live.run(&["rotate", "secret/helm", "--override-owner"]).expect_code(0);

    // cert-manager's mark, with no cert-manager in the cluster: left over from an uninstall.
    hand_made(&live, "left-over", "a.example");
    live.kubectl(&["annotate", "secret", "left-over", "cert-manager.io/certificate-name=web"]);
    live.run(&["rotate", "secret/left-over", "--override-owner"]).expect_code(0);

    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "certificates.cert-manager.io"},
        "spec": {
            "group": "cert-manager.io",
            "scope": "Namespaced",
            "names": {"kind": "Certificate", "plural": "certificates", "singular": "certificate"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
            }]
        }
    });
    live.cluster.apply(&live.namespace, &definition.to_string());
    live.kubectl(&[
        "wait",
        "--for=condition=Established",
        "crd/certificates.cert-manager.io",
        "--timeout=30s",
    ]);
    let certificate = json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "web"}});
    live.cluster.apply(&live.namespace, &certificate.to_string());
    let before = live.versions();
    let ran = live.run(&["rotate", "secret/left-over", "--override-owner"]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(said.contains("certificate/web is live"), "{said}");
    assert!(said.contains(&format!("cmctl renew web -n {}", live.namespace)), "{said}");
    assert_eq!(live.versions(), before);
}

#[test]
fn a_foreign_apply_manager_is_refused_and_plain_clients_are_not() {
    let Some(live) = Live::new("a_foreign_apply_manager_is_refused") else { return };
    hand_made(&live, "web", "web.example");
    let applied = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "synced", "namespace": live.namespace},
        "data": live.secret("web")["data"],
    });
    let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
    std::fs::write(file.path(), applied.to_string()).expect("a temp file can be written");
    let path = file.path().display().to_string();
    live.kubectl(&["apply", "--server-side", "--field-manager=some-syncer", "-f", &path]);
    let before = live.versions();
    let ran = live.run(&["rotate", "secret/synced"]).expect_code(4);
    assert!(ran.stderr.contains("some-syncer owns it"), "{}", ran.stderr);
    assert_eq!(live.versions(), before);

    let managers = &live.secret("web")["metadata"]["managedFields"];
    assert_eq!(managers[0]["manager"], "kubectl-create", "{managers:#}");
    live.run(&["rotate", "secret/web"]).expect_code(0);
}

#[test]
fn a_ca_issued_certificate_is_refused_with_its_issuers_name() {
    let Some(live) = Live::new("a_ca_issued_certificate_is_refused") else { return };
    live.create_scenario("chain");
    let before = live.versions();
    let report = live.run(&["check", "-o", "json"]).json();
    let issuer = report["certificates"][0]["issuer"].as_str().expect("an issuer").to_owned();
    let name = report["certificates"][0]["ref"]["name"].as_str().expect("a name").to_owned();
    let ran = live.run(&["rotate", &format!("secret/{name}")]).expect_code(4);
    let flat = ran.flat_stderr();
    assert!(flat.contains(&format!("issued by {issuer}")), "{flat}");
    assert!(flat.contains("--replace"), "{flat}");
    let batch = live.run(&["rotate", "--all", "--yes", "-o", "json"]).expect_code(0).json();
    assert!(
        batch["skipped"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|skipped| skipped["reason"] == "issued-by-ca")
    );
    assert_eq!(live.versions(), before);
}

#[test]
fn ca_certificates_are_untouched_by_a_batch() {
    let Some(live) = Live::new("ca_certificates_are_untouched_by_a_batch") else { return };
    live.create_scenario("ca-secret");
    let before = live.versions();
    let batch = live.run(&["rotate", "--all", "--yes", "-o", "json"]).expect_code(0).json();
    assert_eq!(batch["summary"]["done"], 0, "{batch:#}");
    assert!(
        batch["skipped"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|skipped| skipped["reason"] == "ca-certificate")
    );
    assert_eq!(live.versions(), before);
}

#[test]
fn an_immutable_secret_is_refused() {
    let Some(live) = Live::new("an_immutable_secret_is_refused") else { return };
    hand_made(&live, "fixed", "fixed.example");
    live.kubectl(&["patch", "secret", "fixed", "-p", r#"{"immutable":true}"#]);
    let before = live.versions();
    let ran = live.run(&["rotate", "secret/fixed"]).expect_code(4);
    assert!(ran.stderr.contains("immutable"), "{}", ran.stderr);
    assert_eq!(live.versions(), before);
}

#[test]
fn data_made_from_the_pair_makes_a_secret_refused_unless_forced() {
    let Some(live) = Live::new("data_made_from_the_pair") else { return };
    hand_made(&live, "web", "web.example");
    live.kubectl(&["patch", "secret", "web", "-p", r#"{"data":{"keystore.p12":"AAEC"}}"#]);
    let ran = live.run(&["rotate", "secret/web"]).expect_code(4);
    assert!(ran.stderr.contains("keystore.p12"), "{}", ran.stderr);
    let before = live.secret("web");
    live.run(&["rotate", "secret/web", "--force"]).expect_code(0);
    assert_eq!(rest(&live.secret("web")), rest(&before));
}

#[test]
fn the_key_of_another_certificate_is_reported_and_goes_only_by_force() {
    let Some(live) = Live::new("the_key_of_another_certificate") else { return };
    hand_made(&live, "web", "web.example");
    hand_made(&live, "other", "other.example");
    let patch = json!({"data": {"tls.key": live.secret("other")["data"]["tls.key"]}});
    live.kubectl(&["patch", "secret", "web", "-p", &patch.to_string()]);
    let report = live.run(&["check", "secret/web", "-o", "json"]).expect_code(1).json();
    assert_eq!(report["findings"][0]["rule"], "key-mismatch", "{report:#}");
    live.run(&["rotate", "secret/web", "--key-policy", "same"]).expect_code(4);
    live.run(&["rotate", "secret/web"]).expect_code(4);
    live.run(&["rotate", "secret/web", "--force"]).expect_code(0);
    live.run(&["check", "secret/web"]).expect_code(0);
}

#[test]
fn a_garbage_certificate_is_reported_and_mended_once_its_host_is_named() {
    let Some(live) = Live::new("a_garbage_certificate") else { return };
    let garbage = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "web"},
        "stringData": {"tls.crt": "garbage", "tls.key": ""},
    });
    live.cluster.apply(&live.namespace, &garbage.to_string());
    let report = live.run(&["check", "-o", "json"]).expect_code(1).json();
    let rules: Vec<&str> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect();
    assert_eq!(rules, ["cert-unreadable", "key-missing"]);
    let before = live.versions();
    let ran = live.run(&["rotate", "secret/web"]).expect_code(4);
    assert!(ran.stderr.contains("--add-host"), "{}", ran.stderr);
    assert_eq!(live.versions(), before);
    live.run(&["rotate", "secret/web", "--add-host", "web.example"]).expect_code(0);
    live.run(&["check"]).expect_code(0);
}

#[test]
fn key_policy_same_keeps_the_key_byte_for_byte() {
    let Some(live) = Live::new("key_policy_same_keeps_the_key") else { return };
    hand_made(&live, "web", "web.example");
    let before = live.secret("web");
    live.run(&["rotate", "secret/web", "--key-policy", "same"]).expect_code(0);
    let after = live.secret("web");
    assert_eq!(after["data"]["tls.key"], before["data"]["tls.key"]);
    assert_ne!(after["data"]["tls.crt"], before["data"]["tls.crt"]);
    assert_eq!(bundle(&after).pairing, Pairing::Match);
}

#[test]
fn dry_runs_write_nothing() {
    let Some(live) = Live::new("dry_runs_write_nothing") else { return };
    hand_made(&live, "web", "web.example");
    let before = live.versions();
    let plan =
        live.run(&["rotate", "secret/web", "--dry-run=client", "-o", "json"]).expect_code(0).json();
    assert_eq!(plan["dryRun"], true);
    assert_eq!(plan["steps"][0]["resourceVersion"].as_str(), Some(before[0].1.as_str()));
    let tried =
        live.run(&["rotate", "secret/web", "--dry-run=server", "-o", "json"]).expect_code(0).json();
    assert_eq!(tried["steps"][0]["result"], "tried");
    assert_eq!(live.versions(), before);
}

#[test]
fn a_batch_takes_the_most_urgent_up_to_max_and_says_what_is_left() {
    let Some(live) = Live::new("a_batch_takes_the_most_urgent") else { return };
    for (name, lifetime) in [("later", "20d"), ("soon", "2d"), ("sooner", "1d")] {
        let args =
            ["issue", "a.example", "--key-type", "p256", "--lifetime", lifetime, "--secret", name];
        live.run(&args).expect_code(0);
    }
    let ran = live.run(&["rotate", "--due", "--renew-before", "99%", "--max", "2", "-o", "json"]);
    let report = ran.expect_code(0).json();
    assert_eq!(
        report["summary"]["done"], 0,
        "fresh certificates are not due even at 99 %: {report:#}"
    );
    let ran =
        live.run(&["rotate", "--all", "--yes", "--max", "2", "-o", "json"]).expect_code(3).json();
    let names: Vec<&str> = ran["steps"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|step| step["ref"]["name"].as_str())
        .collect();
    assert_eq!(names, ["sooner", "soon"]);
    assert_eq!(ran["summary"]["overMax"], 1);
}

/// Eight are written at once, and the ninth, which ends last, is begun when the first is over: its
/// answer never comes. The second time it comes first, and the time is what the others take.
#[test]
fn a_batch_that_is_cut_short_says_what_it_had_replaced() {
    let Some(live) = Live::new("a_batch_that_is_cut_short") else { return };
    for n in 1..=9 {
        hand_made(&live, &format!("web-{n}"), "web.example");
    }
    let rude = Rude::before(&live);
    rude.behave(Manners::StallWritesTo("web-9"));
    for (signal, timeout, code, said) in [
        (Some("INT"), "5m", 130, "interrupted"),
        (None, "20s", 124, "timed out after 20s (--timeout)"),
    ] {
        let before: Vec<Value> = (1..=9).map(|n| live.secret(&format!("web-{n}"))).collect();
        let args = ["rotate", "--all", "--yes", "--key-type", "p256", "--timeout", timeout];
        let mut run = Background::start(
            live.certwright()
                .kubeconfig(rude.kubeconfig())
                .args(&args)
                .args(&["-n", &live.namespace]),
        );
        rude.wait_for_stall();
        if let Some(signal) = signal {
            run.signal(signal);
        }
        run.wait_for(said);
        let told = run.end(code);
        assert!(told.contains("replaced by then: "), "{told}");
        assert!(
            told.contains("each is whole") && told.contains("the same command again"),
            "{told}"
        );
        assert!(!told.contains("/web-9"), "{told}");
        for (n, before) in (1..).zip(before) {
            let (name, after) = (format!("web-{n}"), live.secret(&format!("web-{n}")));
            assert_eq!(bundle(&after).pairing, Pairing::Match, "{name}");
            let replaced = value(&after, "tls.crt") != value(&before, "tls.crt");
            assert!(replaced || !told.contains(&format!("/{name}")), "{name}: {told}");
        }
    }
}

/// Two rotations for one Secret at the same time, again and again: one pair wins whole.
#[test]
fn two_rotations_racing_for_one_secret_never_leave_a_mixed_pair() {
    let Some(live) = Live::new("two_rotations_racing") else { return };
    hand_made(&live, "web", "web.example");
    let mut conflicts_seen = 0;
    for round in 0..50 {
        let racers: Vec<_> = std::thread::scope(|scope| {
            let race = || live.run(&["rotate", "secret/web", "-o", "json"]);
            let racers = [scope.spawn(race), scope.spawn(race)];
            racers.map(|racer| racer.join().expect("a racer ends")).into()
        });
        let stored = live.secret("web");
        let bundle = bundle(&stored);
        assert_eq!(bundle.pairing, Pairing::Match, "round {round}: a mixed pair");
        let leaf = bundle.leaf().expect("a certificate").fingerprint();
        let mut written = Vec::new();
        for racer in &racers {
            assert!(
                [0, 4].contains(&racer.code),
                "round {round}: {}\n{}",
                racer.code,
                racer.stderr
            );
            let report = racer.json();
            let saw_it_done = report["skipped"][0]["reason"] == "already-replaced";
            conflicts_seen += usize::from(saw_it_done || racer.code == 4);
            if report["steps"][0]["result"] == "done" {
                written.push(
                    report["steps"][0]["after"]["sha256"]
                        .as_str()
                        .expect("a fingerprint")
                        .to_owned(),
                );
            } else {
                assert!(saw_it_done || racer.code == 4, "round {round}: {report:#}");
            }
        }
        assert!(written.contains(&leaf), "round {round}: {leaf} is nobody's: {written:?}");
    }
    let _ = writeln!(std::io::stderr(), "two_rotations_racing: {conflicts_seen} of 50 races met");
}
