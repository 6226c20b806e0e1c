//! Cut off in the middle of any stage: by faults at every request, by kill -9 at any instant, by others at the
//! same time; each on a cluster of its own, for all Secrets of it are listed. The Secret is whole, one new certificate is ever stored, and the next run completes.

use super::{handed_out, holds, is_there, pinned};
use crate::support::dice::rounds;
use crate::support::live::{Live, bundle};
use crate::support::rude::KubectlProxy;
use crate::support::spoilt::{FAULTS, Fault, JSON, Spoil, Spoilt};
use certwright::x509::cert::Certificate;
use certwright::x509::key::Pairing;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const BUSY: &[u8] = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too many requests","reason":"TooManyRequests","code":429}"#;

/// What befalls a request: how, and whether the server gets it all the same.
fn faults() -> Vec<(Fault, bool)> {
    let busy = (Fault::Said(429, JSON, BUSY), false);
    FAULTS.into_iter().chain([busy]).collect()
}

/// Every so many-th request that reads gets one of them; every one that writes gets every third of them, or all
/// where somebody has the time (`CERTWRIGHT_ROUNDS`). Which it is goes round, so that a run through all stages,
/// which does the same again and again, meets them all.
const OF_READS: usize = 8;

const NOTHING: Spoil =
    Spoil { at: &[&["HTTP/1.1"]], after: 0, times: 0, arrives: false, fault: Fault::HangUp };

/// A run that goes through all stages.
fn whole(live: &Live, line: &Spoilt, name: &str) -> i32 {
    let trust = format!("configmap/{name}");
    let args = ["rotate", &format!("secret/{name}"), "--trust", &trust, "--soak=0"];
    let ran = live.certwright().kubeconfig(&line.kubeconfig).args(&args);
    let more = ["-n", &live.namespace, "--request-timeout=3s", "--timeout=60s"];
    ran.args(&more).run().code
}

fn is_whole(live: &Live, name: &str) -> bool {
    bundle(&live.secret(name)).pairing == Pairing::Match
}

/// The certificate that waits beside, if one does.
fn waits(live: &Live, name: &str) -> Option<String> {
    let next = format!("{name}-next");
    is_there(live, &next).then(|| holds(live, &next))
}

/// What must hold after a run that was cut off, and after the next one.
fn judged(live: &Live, name: &str, old: &str) -> Result<(), String> {
    let mut ever = BTreeSet::from([holds(live, name)]);
    ever.extend(waits(live, name));
    if !is_whole(live, name) {
        return Err("the Secret is torn".to_owned());
    }
    let trusted = handed_out(live, name);
    if !trusted.contains(&holds(live, name)) {
        return Err("what is served is handed out by nobody".to_owned());
    }
    let secret = format!("secret/{name}");
    let trust = format!("configmap/{name}");
    match (holds(live, name) != old, waits(live, name)) {
        (true, None) => {}
        (false, None) => {
            live.run(&["rotate", &secret, "--trust", &trust, "--soak=0"]).expect_code(0);
        }
        (_, Some(_)) => {
            live.run(&["rotate", &secret, "--soak=0"]).expect_code(0);
        }
    }
    let now = holds(live, name);
    ever.insert(now.clone());
    ever.remove(old);
    if ever.len() != 1 {
        return Err(format!("{} new certificates were stored", ever.len()));
    }
    if handed_out(live, name) != BTreeSet::from([now]) || waits(live, name).is_some() {
        return Err("it did not come to its end".to_owned());
    }
    Ok(())
}

#[test]
fn a_fault_at_any_request_of_any_stage_is_gone_on_after() {
    let Some(live) = Live::alone("a_fault_at_any_request_of_any_stage") else { return };
    let proxy = KubectlProxy::to(&live.cluster);
    pinned(&live, "probe");
    let line = Spoilt::before(proxy.port, NOTHING);
    assert_eq!(whole(&live, &line, "probe"), 0);
    let faults = faults();
    let mut tried: Vec<(usize, Fault, bool)> = Vec::new();
    for (at, asked) in line.asked().iter().enumerate() {
        let writes = ["POST ", "PATCH ", "DELETE "].iter().any(|verb| asked.starts_with(verb));
        let most = if writes { faults.len() } else { usize::from(at % OF_READS == 0) };
        let each = if writes && rounds(1) == 1 { 3 } else { 1 };
        let own = (0..most).step_by(each).map(|one| faults[(at + one) % faults.len()]);
        tried.extend(own.map(|(fault, arrives)| (at, fault, arrives)));
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((at, fault, arrives)) = tried.get(number) else { return wrong };
            let name = format!("web-{number}");
            pinned(&live, &name);
            let old = holds(&live, &name);
            let spoil = Spoil { after: *at, times: 1, arrives: *arrives, fault: *fault, ..NOTHING };
            let line = Spoilt::before(proxy.port, spoil);
            whole(&live, &line, &name);
            if let Err(why) = judged(&live, &name, &old) {
                let asked = line.asked();
                let what = asked.get(*at).cloned().unwrap_or_default();
                wrong.push(format!("{what}, {fault:?}, arrives {arrives}: {why}"));
            }
        }
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tried.len(), wrong.join("\n"));
}

#[test]
fn killed_at_any_instant_of_a_staged_rotation_the_next_run_completes() {
    let Some(live) = Live::alone("killed_at_any_instant_of_a_staged_rotation") else { return };
    let rounds = rounds(12);
    pinned(&live, "probe");
    let args = |name: &str| {
        let (secret, trust) = (format!("secret/{name}"), format!("configmap/{name}"));
        vec!["rotate".to_owned(), secret, "--trust".to_owned(), trust, "--soak=0".to_owned()]
    };
    let borrowed: Vec<String> = args("probe");
    let begun = Instant::now();
    live.run(&borrowed.iter().map(String::as_str).collect::<Vec<_>>()).expect_code(0);
    let took = begun.elapsed();
    for round in 0..rounds {
        let name = format!("web-{round}");
        pinned(&live, &name);
        let old = holds(&live, &name);
        let args = args(&name);
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = live.certwright().args(&words).args(&["-n", &live.namespace]);
        run.killed_after(took * round / rounds);
        judged(&live, &name, &old).unwrap_or_else(|why| panic!("round {round}: {why}"));
    }
}

#[test]
fn eight_at_once_hand_out_one_new_certificate() {
    let Some(live) = Live::alone("eight_at_once_hand_out_one") else { return };
    for round in 0..rounds(4) {
        let name = format!("web-{round}");
        pinned(&live, &name);
        let old = holds(&live, &name);
        let (secret, trust) = (format!("secret/{name}"), format!("configmap/{name}"));
        std::thread::scope(|scope| {
            let publish = || live.run(&["rotate", &secret, "--trust", &trust]).code;
            let racers: Vec<_> = (0..8).map(|_| scope.spawn(publish)).collect();
            for racer in racers {
                racer.join().expect("a racer ends");
            }
        });
        let new = waits(&live, &name).expect("one of them has made it");
        let both = BTreeSet::from([old.clone(), new.clone()]);
        assert_eq!(handed_out(&live, &name), both, "round {round}");
        std::thread::scope(|scope| {
            let switch = || live.run(&["rotate", &secret, "--soak=0"]).code;
            let racers: Vec<_> = (0..2).map(|_| scope.spawn(switch)).collect();
            for racer in racers {
                racer.join().expect("a racer ends");
            }
        });
        assert!(is_whole(&live, &name), "round {round}: torn");
        let leaf = bundle(&live.secret(&name)).leaf().map(Certificate::fingerprint);
        let served = leaf.unwrap_or_default();
        assert!(handed_out(&live, &name).contains(&served), "round {round}: locked out");
    }
}
