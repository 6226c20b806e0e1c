//! Faults at the request that restarts: what is told is what was done, and nothing is restarted twice.

use super::{Controllers, PATIENCE, by_env, hand_made, make, restarted_at};
use crate::support::background::Background;
use crate::support::live::Live;
use crate::support::rude::KubectlProxy;
use crate::support::spoilt::{Fault, Spoil, Spoilt};
use serde_json::json;

const JSON: &str = "Content-Type: application/json\r\n";
const CONFLICT: &[u8] = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the object has been modified","reason":"Conflict","code":409}"#;
const FORBIDDEN: &[u8] = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"deployments.apps is forbidden","reason":"Forbidden","code":403}"#;

#[test]
fn who_is_interrupted_before_a_restart_is_told_what_keeps_the_old_certificate() {
    let Some(live) = Live::new("who_is_interrupted_before_a_restart") else { return };
    hand_made(&live, "a");
    make(&live, "Deployment", "web", &by_env(&["a"]), &json!({}));
    let proxy = KubectlProxy::to(&live.cluster);
    let at: &[&[&str]] = &[&["GET ", "/deployments/web"]];
    let fault = Fault::StalledBody;
    let line = Spoilt::before(proxy.port, Spoil { at, after: 0, times: 1, arrives: true, fault });
    let args = ["rotate", "secret/a", "--restart", "-n", &live.namespace];
    let run = Background::start(live.certwright().kubeconfig(&line.kubeconfig).args(&args));
    line.wait_for_strike();
    run.signal("INT");
    let said = run.end(130);
    let restart = format!("kubectl rollout restart deployment/web -n {}", live.namespace);
    assert!(said.contains("1 Secret was replaced by then"), "{said}");
    assert!(said.contains("these keep the old certificate until they are restarted"), "{said}");
    assert!(said.contains(&restart), "{said}");
}

#[test]
fn a_restart_that_meets_a_fault_is_told_as_it_came_out_and_done_once_at_most() {
    let Some(live) = Live::new("a_restart_that_meets_a_fault") else { return };
    hand_made(&live, "a");
    make(&live, "Deployment", "web", &by_env(&["a"]), &json!({}));
    let _controllers = Controllers::start(&live);
    let proxy = KubectlProxy::to(&live.cluster);
    let generation = || {
        let object = super::get(&live, "deployment/web");
        object["metadata"]["generation"].as_i64().expect("a number")
    };
    let mut wrong = Vec::new();
    for (fault, arrives, times, code) in [
        (Fault::Said(409, JSON, CONFLICT), false, 1, 0),
        (Fault::Said(409, JSON, CONFLICT), true, 1, 0),
        (Fault::Said(409, JSON, CONFLICT), false, 9, 4),
        (Fault::Said(403, JSON, FORBIDDEN), false, 1, 4),
        (Fault::Said(429, "Retry-After: 0\r\n", b""), false, 1, 0),
        (Fault::Said(500, "", b"trouble"), false, 1, 4),
        (Fault::Said(500, "", b"trouble"), true, 1, 0),
        (Fault::Said(503, "", b""), false, 1, 0),
        (Fault::Said(503, "", b""), true, 1, 0),
        (Fault::HangUp, false, 1, 0),
        (Fault::HangUp, true, 1, 0),
        (Fault::Reset, false, 1, 0),
        (Fault::Cut, true, 1, 0),
    ] {
        let (before, secret) = (generation(), live.secret("a")["data"].clone());
        let at: &[&[&str]] = &[&["PATCH ", "/deployments/web?"]];
        let line = Spoilt::before(proxy.port, Spoil { at, after: 0, times, arrives, fault });
        let args = ["rotate", "secret/a", "--restart", "--timeout", PATIENCE, "-o", "json"];
        let ran = live.certwright().kubeconfig(&line.kubeconfig).args(&args);
        let ran = ran.args(&["-n", &live.namespace]).run();
        let document = ran.json();
        let restarts = generation() - before;
        let told = document["steps"][1]["result"].as_str().unwrap_or_default().to_owned();
        let expected = if code == 0 { ("done", 1) } else { ("failed", 0) };
        let is_right = ran.code == code
            && restarts == expected.1
            && (told == expected.0 || (told == "conflict" && code == 4))
            && line.strikes() > 0
            && live.secret("a")["data"] != secret
            && (code == 0 || ran.stderr.contains("kubectl rollout restart deployment/web"));
        if !is_right {
            wrong.push(format!(
                "{fault:?}, arrives {arrives}: {} {told} {restarts}\n{}\n{:#?}",
                ran.code,
                ran.stderr,
                line.asked()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_ne!(restarted_at(&live, "deployment/web"), "");
}
