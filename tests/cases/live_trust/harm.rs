//! What would do harm, and is not done: keys in the place of bundles, a third certificate that nobody trusts,
//! an old one that goes although somebody still has it.

use super::stages::{frozen, frozen_by};
use super::{handed_out, holds, is_there, pinned};
use crate::support::live::{Live, bundle, value};
use crate::support::rollouts::Controllers;
use serde_json::{Value, json};

/// A run through all stages that there are to do, as JSON.
fn go_on(live: &Live, secret: &str, more: &[&str]) -> Value {
    let args = ["rotate", secret, "--continue", "--soak=0", "-o", "json"];
    live.run(&[&args[..], more].concat()).expect_code(0).json()
}

fn stage(document: &Value) -> &str {
    document["trust"][0]["stage"].as_str().unwrap_or_default()
}

/// A user who may read and write Secrets of the namespace, and do this with its ConfigMaps.
fn with_rights(live: &Live, verbs: &str) -> String {
    let user = format!("{}-jane", live.namespace);
    let secrets =
        ["create", "role", "s", "--verb=get,list,create,patch,delete", "--resource=secrets"];
    live.kubectl(&secrets);
    let verbs = format!("--verb={verbs}");
    live.kubectl(&["create", "role", "c", &verbs, "--resource=configmaps"]);
    for role in ["s", "c"] {
        let (role_of, user_of) = (format!("--role={role}"), format!("--user={user}"));
        live.kubectl(&["create", "rolebinding", role, &role_of, &user_of]);
    }
    user
}

#[test]
fn a_private_key_or_what_is_served_is_no_trust_bundle() {
    let Some(live) = Live::new("a_private_key_is_no_trust_bundle") else { return };
    pinned(&live, "web");
    pinned(&live, "other");
    let both = String::from_utf8_lossy(&value(&live.secret("web"), "tls.key")).into_owned();
    let opaque = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "opaque" },
                         "stringData": { "combined.pem": both } });
    live.cluster.apply(&live.namespace, &opaque.to_string());
    let versions = live.versions();
    for key in
        ["web:tls.key", "web:tls.crt", "other:tls.key", "other:tls.crt", "opaque:combined.pem"]
    {
        let trust = format!("secret/{key}");
        let ran = live.run(&["rotate", "secret/web", "--trust", &trust, "--soak=0"]).expect_code(4);
        assert!(ran.stderr.contains("its key"), "{key}: {}", ran.stderr);
        assert_eq!(live.versions(), versions, "{key}");
    }
}

#[test]
fn nothing_is_made_that_cannot_be_published() {
    let Some(live) = Live::new("nothing_is_made_that_cannot_be_published") else { return };
    pinned(&live, "web");
    let binary = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "binary" },
                         "binaryData": { "ca.crt": "AAA=" } });
    live.cluster.apply(&live.namespace, &binary.to_string());
    let user = with_rights(&live, "get");
    let versions = live.versions();
    for (args, told) in [
        (&["--trust", "configmap/binary:ca.crt"][..], "stands in binaryData"),
        (&["--trust", "configmap/web", "--as", &user], "patch"),
    ] {
        let ran = live.run(&[&["rotate", "secret/web"], args].concat()).expect_code(4);
        assert!(ran.stderr.contains(told), "{args:?}: {}", ran.stderr);
        assert_eq!(live.versions(), versions, "{args:?}");
    }
}

#[test]
fn what_goes_on_never_begins_anything() {
    let Some(live) = Live::new("what_goes_on_never_begins") else { return };
    pinned(&live, "web");
    live.run(&["rotate", "secret/web", "--trust", "configmap/web", "--soak=0"]).expect_code(0);
    let versions = live.versions();
    for more in ["--continue", "--soak=0", "--retire-unverified", "--status"] {
        let ran = live.run(&["rotate", "secret/web", more]).expect_code(0);
        assert!(ran.stdout.contains("no rotation of secret/web"), "{more}: {}", ran.stdout);
        assert_eq!(live.versions(), versions, "{more}");
    }
    // What is printed to go on with is that.
    let run = ["rotate", "secret/web", "--trust", "configmap/web"];
    let ran = live.run(&run).expect_code(0);
    assert!(ran.stdout.contains("rotate secret/web") && ran.stdout.contains(" --continue"));
    let file = tempfile::TempDir::new().expect("a temp folder can be made");
    let plan = file.path().join("plan.json").display().to_string();
    let versions = live.versions();
    for more in [&["--plan-out", &plan][..], &["--ca", "x"], &["--key-policy", "same"]] {
        live.run(&[&["rotate", "secret/web"], more].concat()).expect_code(2);
        assert_eq!(live.versions(), versions, "{more:?}");
    }
}

#[test]
fn after_a_rollback_it_soaks_anew() {
    let Some(live) = Live::new("after_a_rollback_it_soaks_anew") else { return };
    pinned(&live, "web");
    frozen(&live, "web");
    let _controllers = Controllers::start(&live);
    let old = holds(&live, "web");
    live.run(&["rotate", "secret/web", "--trust", "configmap/web", "--soak=0"]).expect_code(0);
    assert_ne!(holds(&live, "web"), old);
    live.kubectl(&["rollout", "restart", "deployment/web"]);
    let back = live.run(&["rollback", "secret/web"]).expect_code(0);
    let told = back.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("is under way (secret/web-next): its next run hands"), "{told}");
    let soaks = ["rotate", "secret/web", "--continue", "--soak=1h", "-o", "json"];
    let soaks = live.run(&soaks).expect_code(0).json();
    assert_eq!((stage(&soaks), holds(&live, "web")), ("soak", old));
    // That it was restarted before the second switch is no reason to take the old one away.
    let again = go_on(&live, "secret/web", &[]);
    assert_eq!(stage(&again), "retire", "{again:#}");
    assert_eq!(handed_out(&live, "web").len(), 2);
}

#[test]
fn a_rollback_says_what_becomes_of_the_rotation_that_is_under_way() {
    let Some(live) = Live::new("a_rollback_says_what_becomes") else { return };
    let back = || {
        let said = live.run(&["rollback", "secret/web"]).expect_code(0).stdout;
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // To a certificate of which it knows nothing.
    pinned(&live, "web");
    live.run(&["rotate", "secret/web"]).expect_code(0);
    live.run(&["rotate", "secret/web", "--trust", "configmap/web"]).expect_code(0);
    let told = back();
    assert!(told.contains("its next run stops"), "{told}");
    live.run(&["rotate", "secret/web", "--continue", "--soak=0"]).expect_code(4);
    // To the one that it replaces, before the switch and behind it, and from there to the new one.
    let told = back();
    assert!(told.contains("for the whole soak again"), "{told}");
    frozen(&live, "web");
    go_on(&live, "secret/web", &[]);
    let told = back();
    assert!(told.contains("for the whole soak again"), "{told}");
    let told = back();
    assert!(told.contains("its next run goes on from there"), "{told}");
    let on = go_on(&live, "secret/web", &[]);
    assert_eq!(stage(&on), "retire", "{on:#}");
}

#[test]
fn marks_that_are_spoilt_make_it_wait_and_never_hurry() {
    let Some(live) = Live::new("marks_that_are_spoilt") else { return };
    pinned(&live, "web");
    let old = holds(&live, "web");
    live.run(&["rotate", "secret/web", "--trust", "configmap/web"]).expect_code(0);
    live.kubectl(&["annotate", "secret", "web-next", "certwright.dev/soak-seconds-"]);
    let ran = live.run(&["rotate", "secret/web", "--continue", "-o", "json"]).expect_code(0).json();
    assert_eq!((stage(&ran), holds(&live, "web")), ("soak", old.clone()));
    for mark in ["certwright.dev/trust-", "certwright.dev/next-of-"] {
        live.kubectl(&["annotate", "secret", "web-next", mark]);
        for args in [&["--continue", "--soak=0"][..], &[]] {
            live.run(&[&["rotate", "secret/web"], args].concat()).expect_code(4);
            assert_eq!(holds(&live, "web"), old, "{mark} {args:?}");
        }
    }
}

#[test]
fn what_was_put_in_the_place_of_the_next_one_is_not_served() {
    let Some(live) = Live::new("what_was_put_in_the_place") else { return };
    pinned(&live, "web");
    let old = holds(&live, "web");
    live.run(&["rotate", "secret/web", "--trust", "configmap/web"]).expect_code(0);
    live.run(&["issue", "b.example", "--key-type=p256", "--secret", "b"]).expect_code(0);
    let data = json!({ "data": live.secret("b")["data"] }).to_string();
    live.kubectl(&["patch", "secret", "web-next", "--type=merge", "-p", &data]);
    let ran = live.run(&["rotate", "secret/web", "--continue", "--soak=0"]).expect_code(4);
    assert!(ran.stderr.contains("is not for web.example"), "{}", ran.stderr);
    assert_eq!(holds(&live, "web"), old);
}

#[test]
fn whoever_has_what_the_old_ca_signed_keeps_it_trusted() {
    let Some(live) = Live::new("whoever_has_what_the_old_ca_signed") else { return };
    let issue = ["issue", "--make-ca", "--cn", "Corp CA", "--key-type=p256", "--secret", "ca"];
    live.run(&issue).expect_code(0);
    let ca = format!("{}/secret/ca", live.namespace);
    let leaf = ["issue", "leaf.example", "--key-type=p256", "--secret", "leaf", "--ca", &ca];
    live.run(&leaf).expect_code(0);
    frozen(&live, "leaf");
    let _controllers = Controllers::start(&live);
    live.run(&["rotate", "secret/ca", "--trust", "secret/leaf", "--soak=0"]).expect_code(0);
    live.run(&["rotate", "secret/leaf", "--ca", &ca]).expect_code(0);
    let kept = go_on(&live, "secret/ca", &[]);
    assert_eq!(stage(&kept), "retire", "{kept:#}");
    let what = kept["trust"][0]["needs"][0]["message"].as_str().unwrap_or_default();
    assert!(what.starts_with("deployment/leaf"), "{kept:#}");
    let over = go_on(&live, "secret/ca", &["--restart"]);
    assert_eq!(stage(&over), "done", "{over:#}");
}

#[test]
fn whoever_has_a_copy_of_another_namespace_keeps_the_old_one_trusted() {
    let Some(live) = Live::new("whoever_has_a_copy") else { return };
    let other = live.elsewhere(&live.cluster.namespace("the_copy"));
    pinned(&live, "web");
    let mut copy = live.secret("web");
    copy["metadata"] = json!({ "name": "web" });
    other.cluster.apply(&other.namespace, &copy.to_string());
    frozen_by(&other, "web", "web");
    let run = ["rotate", "secret/web", "--trust", "configmap/web", "--soak=0", "--copies"];
    let kept = live.run(&[&run[..], &["-o", "json"]].concat()).expect_code(0).json();
    assert_eq!(holds(&other, "web"), holds(&live, "web"));
    assert_eq!(stage(&kept), "retire", "{kept:#}");
    assert!(kept["trust"][0]["needs"].to_string().contains("deployment/web"), "{kept:#}");
    assert!(is_there(&live, "web-next"));
}

#[test]
fn a_pair_in_a_secret_of_another_type_keeps_the_old_one_trusted() {
    let Some(live) = Live::new("a_pair_in_a_secret_of_another_type") else { return };
    pinned(&live, "web");
    let secret = live.secret("web");
    let [certificate, key] = ["tls.crt", "tls.key"]
        .map(|name| String::from_utf8(value(&secret, name)).expect("it is PEM"));
    let kinds = [
        ("files", json!({ "server.pem": certificate, "server.key": key })),
        ("one-file", json!({ "haproxy.pem": format!("{key}{certificate}") })),
        // Who trusts by it, and who has a key of something else.
        ("trusts", json!({ "ca.pem": certificate, "client.key": key })),
        ("copied", json!({ "server.pem": certificate })),
        // What `--trust` names is no need for what it is to lose in the end.
        ("named", json!({ "bundle.pem": certificate, "client.key": key })),
    ];
    for (name, data) in kinds {
        let opaque = json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": { "name": name }, "stringData": data });
        live.cluster.apply(&live.namespace, &opaque.to_string());
    }
    let run = ["rotate", "secret/web", "--trust", "configmap/web,secret/named:bundle.pem"];
    let run = [&run[..], &["--soak=0", "-o", "json"]].concat();
    let kept = live.run(&run).expect_code(0).json();
    assert_eq!(stage(&kept), "retire", "{kept:#}");
    let needs = kept["trust"][0]["needs"].as_array().expect("a list");
    let told: Vec<&str> = needs.iter().filter_map(|need| need["message"].as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("secret/files") && told[0].ends_with("in server.pem"), "{told:?}");
    assert!(told[1].contains("secret/one-file") && told[1].ends_with("in haproxy.pem"), "{told:?}");
    assert_eq!(handed_out(&live, "web").len(), 2);
    live.kubectl(&["delete", "secret", "files", "one-file"]);
    let over = go_on(&live, "secret/web", &[]);
    assert_eq!(stage(&over), "done", "{over:#}");
}

#[test]
fn what_may_not_be_looked_at_keeps_the_old_one() {
    let Some(live) = Live::new("what_may_not_be_looked_at") else { return };
    pinned(&live, "web");
    let user = with_rights(&live, "get,patch");
    let run = ["rotate", "secret/web", "--trust", "configmap/web", "--soak=0", "--as", &user];
    let kept = live.run(&[&run[..], &["-o", "json"]].concat()).expect_code(0).json();
    assert_eq!(stage(&kept), "retire", "{kept:#}");
    let needs = kept["trust"][0]["needs"].to_string();
    for what in ["Secrets of other namespaces", "deployments", "Ingresses"] {
        assert!(needs.contains(what), "{what}: {needs}");
    }
    assert_eq!(handed_out(&live, "web").len(), 2);
    let over = go_on(&live, "secret/web", &["--retire-unverified", "--as", &user]);
    assert_eq!(stage(&over), "done", "{over:#}");
    let leaf = bundle(&live.secret("web"));
    assert!(leaf.leaf().is_some());
}
