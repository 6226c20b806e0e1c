//! Cut off in the middle: by faults at every request, by kill -9 at any instant, by others that rotate the
//! same Secret at the same time.

use super::{hand_made, is_whole, pair, secrets};
use crate::support::dice::rounds;
use crate::support::live::{Live, bundle};
use crate::support::rude::KubectlProxy;
use crate::support::spoilt::{FAULTS, Fault, Spoil, Spoilt};
use certwright::x509::cert::Certificate;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Runs of a command, each with one fault at one of its requests. `seen` judges what is left.
fn at_every_request(test: &str, prepare: fn(&Live, &str), command: &str) {
    let Some(live) = Live::new(test) else { return };
    let proxy = KubectlProxy::to(&live.cluster);
    let nothing =
        Spoil { at: &[&["HTTP/1.1"]], after: 0, times: 0, arrives: false, fault: Fault::HangUp };
    prepare(&live, "probe");
    let line = Spoilt::before(proxy.port, nothing);
    run(&live, &line, command, "probe");
    let requests = line.asked().len();
    let tried: Vec<(usize, Fault, bool)> =
        (0..requests).flat_map(|at| FAULTS.map(|(fault, arrives)| (at, fault, arrives))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some((at, fault, arrives)) = tried.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = format!("web-{at}-{}", wrong_name(*fault, *arrives));
            prepare(&live, &name);
            let before = state(&live, &name);
            let spoil = Spoil { after: *at, times: 1, arrives: *arrives, fault: *fault, ..nothing };
            let line = Spoilt::before(proxy.port, spoil);
            let (code, document) = run(&live, &line, command, &name);
            let after = state(&live, &name);
            if let Err(why) = judged(&before, &after, (code, &document)) {
                wrong.push(format!(
                    "request {at}, {fault:?}, arrives {arrives}: {why}\n{document:#}\n{:#?}",
                    line.asked()
                ));
            }
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tried.len(), wrong.join("\n"));
}

fn wrong_name(fault: Fault, arrives: bool) -> String {
    let word = format!("{fault:?}").to_lowercase();
    let word: String = word.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    format!("{word}-{arrives}")
}

fn run(live: &Live, line: &Spoilt, command: &str, name: &str) -> (i32, Value) {
    let args = [command, &format!("secret/{name}"), "-o", "json", "--request-timeout=5s"];
    let ran = live.certwright().kubeconfig(&line.kubeconfig).args(&args);
    let ran = ran.args(&["-n", &live.namespace]).run();
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_default())
}

/// The Secret, and its backup where there is one.
fn state(live: &Live, name: &str) -> (Value, Option<Value>) {
    let mut all = secrets(live);
    let main = all.remove(name).expect("a Secret is never deleted");
    (main, all.remove(&format!("{name}-previous")))
}

/// The certificates and keys that stand in a Secret or backup.
fn pairs(secret: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let places = ["", "older."].map(|place| pair(secret, place));
    places.into_iter().filter(|(certificate, _)| !certificate.is_empty()).collect()
}

/// What must hold of what is left, whatever happened.
fn judged(
    (main, kept): &(Value, Option<Value>),
    (after, beside): &(Value, Option<Value>),
    (code, document): (i32, &Value),
) -> Result<(), String> {
    if !is_whole(after) {
        return Err("the Secret is torn".to_owned());
    }
    let changed = pair(after, "") != pair(main, "");
    let known: Vec<_> = pairs(main).into_iter().chain(kept.iter().flat_map(pairs)).collect();
    let left: Vec<_> = pairs(after).into_iter().chain(beside.iter().flat_map(pairs)).collect();
    if let Some(beside) = beside {
        let halves = pairs(beside);
        if halves.iter().any(|(_, key)| key.is_empty()) {
            return Err("the backup is torn".to_owned());
        }
        if halves.iter().any(|one| !known.contains(one)) {
            return Err("the backup keeps what never was".to_owned());
        }
    }
    if let Some(lost) = known.iter().find(|one| !left.contains(one)) {
        return Err(format!("{} bytes of certificate are lost", lost.0.len()));
    }
    let is_new = changed && !known.contains(&pair(after, ""));
    let done = document["steps"][0]["result"] == "done";
    if done != (code == 0) || (done && !changed) {
        return Err(format!("exit code {code}, done {done}, changed {changed}"));
    }
    if is_new {
        let stored = bundle(after).leaf().map(Certificate::fingerprint).unwrap_or_default();
        if done && document["steps"][0]["after"]["sha256"] != stored.as_str() {
            return Err(format!("{stored} is stored, and another one was told"));
        }
    }
    Ok(())
}

#[test]
fn a_fault_at_any_request_of_a_rotation_leaves_old_or_new_whole_and_the_old_kept() {
    at_every_request("a_fault_at_any_request_of_a_rotation", hand_made, "rotate");
}

#[test]
fn a_fault_at_any_request_of_a_rollback_loses_neither_certificate() {
    let rotated = |live: &Live, name: &str| {
        hand_made(live, name);
        live.run(&["rotate", &format!("secret/{name}")]).expect_code(0);
    };
    at_every_request("a_fault_at_any_request_of_a_rollback", rotated, "rollback");
}

/// Killed at instants spread over the time that a run takes.
#[test]
fn killed_at_any_instant_a_rotation_and_a_rollback_leave_everything_whole() {
    let rounds = rounds(60);
    let Some(live) = Live::new("killed_at_any_instant") else { return };
    hand_made(&live, "web");
    let begun = Instant::now();
    live.run(&["rotate", "secret/web"]).expect_code(0);
    let took = begun.elapsed();
    let mut ever: BTreeSet<Vec<u8>> = BTreeSet::new();
    for round in 0..rounds {
        let command = if round % 2 == 0 { "rotate" } else { "rollback" };
        let before = state(&live, "web");
        let known = pairs(&before.0).into_iter().chain(before.1.iter().flat_map(pairs));
        ever.extend(known.map(|(certificate, _)| certificate));
        let args = [command, "secret/web", "-n", &live.namespace];
        // The second half is where it writes.
        let at = took / 3 + took * (round / 2) / (rounds / 2);
        live.certwright().args(&args).killed_after(at);
        let after = state(&live, "web");
        assert!(is_whole(&after.0), "round {round}: torn");
        let beside = after.1.as_ref().expect("there was one, and it is never gone");
        ever.extend(pairs(&after.0).into_iter().map(|(certificate, _)| certificate));
        for (certificate, key) in pairs(beside) {
            assert!(ever.contains(&certificate) && !key.is_empty(), "round {round}: no backup");
        }
        let left: Vec<_> = pairs(&after.0).into_iter().chain(pairs(beside)).collect();
        assert!(left.contains(&pair(&before.0, "")), "round {round}: what was there is lost");
    }
    live.run(&["rotate", "secret/web"]).expect_code(0);
    live.run(&["rollback", "secret/web"]).expect_code(0);
}

/// Eight at once, again and again.
#[test]
fn eight_rotators_of_one_secret_tear_neither_it_nor_its_backup() {
    let Some(live) = Live::new("eight_rotators") else { return };
    hand_made(&live, "web");
    for round in 0..rounds(12) {
        let reports: Vec<Value> = std::thread::scope(|scope| {
            let race = || live.run(&["rotate", "secret/web", "-o", "json"]).json();
            let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
            racers.into_iter().map(|racer| racer.join().expect("a racer ends")).collect()
        });
        let (main, beside) = state(&live, "web");
        assert!(is_whole(&main), "round {round}: torn");
        let stored = bundle(&main).leaf().map(Certificate::fingerprint).unwrap_or_default();
        let told: BTreeSet<&str> = reports
            .iter()
            .filter(|report| report["steps"][0]["result"] == "done")
            .filter_map(|report| report["steps"][0]["after"]["sha256"].as_str())
            .collect();
        assert!(told.contains(stored.as_str()), "round {round}: {stored} is nobody's");
        let beside = beside.expect("there is a backup");
        for (certificate, key) in pairs(&beside) {
            let mut fake = beside.clone();
            let encode = |bytes: &[u8]| {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD.encode(bytes)
            };
            fake["data"] =
                serde_json::json!({"tls.crt": encode(&certificate), "tls.key": encode(&key)});
            assert!(is_whole(&fake), "round {round}: a torn backup");
        }
    }
    live.run(&["rollback", "secret/web"]).expect_code(0);
    assert!(is_whole(&live.secret("web")));
}
