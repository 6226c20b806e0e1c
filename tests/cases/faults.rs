//! A server in trouble, an answer cut off, a line that stalls: each command ends in time and with the
//! right code, shows no part as the whole, and goes on where a second try does.
//!
//! The binary, along a line that spoils chosen requests, to a real API server: what is cut here are its
//! own bytes. A table of faults stands in `faults::table`.

mod ended;
mod renewed;
mod table;
mod written;

use crate::support::live::Live;
use crate::support::rude::KubectlProxy;
use crate::support::spoilt::{Fault, Spoil, Spoilt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use table::{End, Mode};

/// Longer than any answer of a good server takes here, and what a stall costs.
const REQUEST_TIMEOUT: &str = "--request-timeout=4s";
/// No run gets so far.
const TIMEOUT: &str = "--timeout=50s";
/// A judgement that hurts: everything is past its end, which is an error on what an Ingress serves.
const AT: &str = "--at=2100-01-01";

/// Runs at once: most of them wait.
const AT_ONCE: usize = 12;

const LISTS_OF_SECRETS: &[&[&str]] = &[&["/secrets?", "continue="]];
const LISTS_OF_INGRESSES: &[&[&str]] = &[&["/ingresses?", "continue="]];

/// A cluster that nobody writes to, and the way to it.
struct Ward {
    live: Live,
    proxy: KubectlProxy,
}

/// Three namespaces; in that of the middle seven Secrets, each named by an Ingress.
fn ward(test: &str) -> Option<&'static Ward> {
    static WARD: OnceLock<Option<Ward>> = OnceLock::new();
    let ward = WARD.get_or_init(|| {
        let live = Live::alone(test)?;
        let mut objects = Vec::new();
        for (namespace, count) in [("bank", 1), ("shop", 7), ("till", 1)] {
            objects.push(
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            );
            for name in (1..=count).map(|number| format!("web-{number}")) {
                let host = format!("{name}.{namespace}.example");
                objects.push(secret(&live, namespace, &name, &host));
                objects.push(ingress(namespace, &name, &host));
            }
        }
        let all = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let mut create = live.cluster.kubectl();
        let file = live.cluster.data().join("ward.json");
        std::fs::write(&file, all.to_string()).expect("a file can be written");
        let ran = create.args(["create", "-f"]).arg(file).output().expect("kubectl starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let proxy = KubectlProxy::to(&live.cluster);
        Some(Ward { live, proxy })
    });
    ward.as_ref()
}

/// A self-signed pair for the host, as a user would have put it there.
fn secret(live: &Live, namespace: &str, name: &str, host: &str) -> Value {
    let issue =
        ["issue", host, "--key-type=p256", "--secret", name, "--dry-run=client", "-o", "json"];
    let mut secret =
        live.certwright().args(&issue).args(&["-n", namespace]).run().expect_code(0).json();
    secret["metadata"]["labels"] = Value::Null;
    secret["metadata"]["namespace"] = namespace.into();
    secret
}

fn ingress(namespace: &str, secret: &str, host: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": format!("front-{secret}"), "namespace": namespace},
        "spec": {
            "tls": [{"hosts": [host], "secretName": secret}],
            "rules": [{"host": host, "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "web", "port": {"number": 80}}},
            }]}}],
        },
    })
}

/// Tries each, several at once, and tells of all that is wrong.
#[track_caller]
fn none_is_wrong<T: Sync>(tried: &[T], wrong: impl Fn(&T) -> Vec<String> + Sync) {
    none_is_wrong_with(&[(); AT_ONCE], tried, |(), one| wrong(one));
}

/// The same, each in one of these places, of which none is used twice at a time.
#[track_caller]
fn none_is_wrong_with<P: Sync, T: Sync>(
    places: &[P],
    tried: &[T],
    wrong: impl Fn(&P, &T) -> Vec<String> + Sync,
) {
    let next = AtomicUsize::new(0);
    let work = |place| {
        let mut all = Vec::new();
        while let Some(one) = tried.get(next.fetch_add(1, Ordering::Relaxed)) {
            all.extend(wrong(place, one));
        }
        all
    };
    let all: Vec<String> = std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = places.iter().map(|place| scope.spawn(move || work(place))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert!(all.is_empty(), "{} are wrong:\n{}", all.len(), all.join("\n"));
}

/// What a run came to: its code, its document where it wrote one, and all it said.
struct Seen {
    code: i32,
    document: Option<Value>,
    said: String,
    strikes: usize,
}

fn run(ward: &Ward, spoil: Spoil, args: &[&str]) -> Seen {
    let line = Spoilt::before(ward.proxy.port, spoil);
    let common = [REQUEST_TIMEOUT, TIMEOUT];
    let ran = ward.live.certwright().kubeconfig(&line.kubeconfig).args(args).args(&common).run();
    let said = format!("{}\n{}\nasked: {:#?}", ran.stdout, ran.stderr, line.asked());
    Seen {
        code: ran.code,
        document: serde_json::from_str(&ran.stdout).ok(),
        said,
        strikes: line.strikes(),
    }
}

const NOTHING: Spoil = Spoil { at: &[], after: 0, times: 0, arrives: false, fault: Fault::HangUp };

/// What stands in these lists of a document, each with what it is told of.
fn told(document: &Value, lists: &[&str]) -> BTreeSet<String> {
    let all = lists.iter().flat_map(|list| document[list].as_array().into_iter().flatten());
    let one = |row: &Value| {
        let parts = ["ref", "rule", "severity", "host", "covered", "sha256", "index"];
        parts.map(|part| row[part].to_string()).join(" ")
    };
    all.map(one).collect()
}

/// What is wrong with a run that met a fault, next to one that met none.
fn wrong(mode: &Mode, what: &str, seen: &Seen, whole: &Value, lists: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say =
        |why: String| wrong.push(format!("== {} ({what}): {why}\n{}", mode.name, seen.said));
    if seen.strikes == 0 {
        say("nothing was spoilt".to_owned());
    }
    let code = match mode.end {
        End::Heals => 0,
        End::Part => 3,
        End::Fails => 4,
    };
    if seen.code != code {
        say(format!("exit code {} where {code} is right", seen.code));
    }
    match &seen.document {
        None if mode.end == End::Fails => {
            let names_it = seen.said.contains("error: cannot list ")
                || seen.said.contains("error: cannot get ");
            if !names_it {
                say("it does not say what cannot be read".to_owned());
            }
        }
        None => say("there is no document".to_owned()),
        Some(document) => {
            let (part, whole) = (told(document, lists), told(whole, lists));
            let complete = document["complete"] == true;
            if complete != (mode.end == End::Heals) {
                say(format!("complete is {complete}"));
            }
            if complete && part != whole {
                let left: Vec<_> = whole.difference(&part).collect();
                say(format!("it is not the whole: lacks {left:#?}"));
            }
            let other: Vec<_> = part.difference(&whole).collect();
            if !other.is_empty() {
                say(format!("a part tells what the whole does not: {other:#?}"));
            }
            let lists = document["problems"].as_array().map_or(0, Vec::len);
            if (lists == 0) != (mode.end == End::Heals) {
                say(format!("{lists} problems"));
            }
        }
    }
    wrong
}

const CHECK: &[&str] = &["check", "-A", AT, "--fail-on=never"];
const REPORT: &[&str] = &["findings", "certificates", "hosts"];

/// Checks all namespaces while lists of a kind are spoilt.
fn check(test: &str, at: &'static [&'static [&'static str]], list: &str) {
    let Some(ward) = ward(test) else { return };
    let json = [CHECK, &["-o", "json"]].concat();
    let whole = run(ward, NOTHING, &json).document.expect("it is read");
    assert_eq!(whole["certificates"].as_array().map(Vec::len), Some(9), "{whole:#}");
    none_is_wrong(&table::of_lists(), |mode| {
        let spoil = mode.spoil(at);
        let mut wrong = wrong(mode, "json", &run(ward, spoil, &json), &whole, REPORT);
        if mode.end == End::Part {
            let table = run(ward, spoil, CHECK);
            let unread = table.said.lines().find(|line| line.starts_with("not read"));
            if table.code != 3 || !unread.is_some_and(|line| line.contains(list)) {
                wrong.push(format!("== {} (table), {}\n{}", mode.name, table.code, table.said));
            }
        }
        wrong
    });
}

#[test]
fn a_check_whose_list_of_secrets_breaks_is_whole_or_says_that_it_is_not() {
    check("a_check_whose_list_of_secrets_breaks", LISTS_OF_SECRETS, "secrets");
}

#[test]
fn a_check_whose_list_of_ingresses_breaks_is_whole_or_says_that_it_is_not() {
    check("a_check_whose_list_of_ingresses_breaks", LISTS_OF_INGRESSES, "ingresses");
}

#[test]
fn a_dry_run_whose_list_breaks_plans_nothing_else_than_without_faults() {
    let Some(ward) = ward("a_dry_run_whose_list_breaks") else { return };
    let args = ["rotate", "--due", "-A", AT, "--max=100", "--dry-run=client", "-o", "json"];
    let whole = run(ward, NOTHING, &args).document.expect("it is read");
    assert_eq!(whole["steps"].as_array().map(Vec::len), Some(9), "{whole:#}");
    none_is_wrong(&table::of_lists(), |mode| {
        let seen = run(ward, mode.spoil(LISTS_OF_SECRETS), &args);
        wrong(mode, "dry run", &seen, &whole, &["steps", "skipped", "refused"])
    });
}

#[test]
fn a_secret_that_cannot_be_read_is_an_error_and_never_shown_in_part() {
    let Some(ward) = ward("a_secret_that_cannot_be_read") else { return };
    let args = ["inspect", "secret/web-1", "-n", "shop", AT, "-o", "json"];
    let whole = run(ward, NOTHING, &args).document.expect("it is read");
    none_is_wrong(&table::of_objects(), |mode| {
        let seen = run(ward, mode.spoil(&[&["GET ", "/secrets/web-1 "]]), &args);
        wrong(mode, "inspect", &seen, &whole, REPORT)
    });
}

/// One namespace of three may not be listed, so that all of them at once may not be either.
#[test]
fn a_namespace_that_may_not_be_read_is_told_and_the_others_are_judged() {
    let Some(ward) = ward("a_namespace_that_may_not_be_read") else { return };
    let json = [CHECK, &["-o", "json"]].concat();
    let whole = run(ward, NOTHING, &json).document.expect("it is read");
    let spoil = Spoil {
        at: &[&["/api/v1/secrets?"], &["/namespaces/shop/secrets?"]],
        after: 0,
        times: usize::MAX,
        arrives: false,
        fault: table::FORBIDDEN,
    };
    let seen = run(ward, spoil, &json);
    let mode =
        Mode { name: "403 on one of several", times: 1, fault: table::FORBIDDEN, end: End::Part };
    assert_eq!(wrong(&mode, "check", &seen, &whole, REPORT), Vec::<String>::new());
    let document = seen.document.expect("it is read");
    assert_eq!(document["problems"][0]["ref"]["namespace"], "shop", "{document:#}");
    assert_eq!(document["certificates"].as_array().map(Vec::len), Some(9), "by name: {document:#}");
}
