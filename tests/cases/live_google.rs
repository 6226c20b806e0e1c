//! The commands on a real API server beside Google's controllers, which the double plays at Google's own
//! intervals: nothing is looked at for ten minutes unless somebody wakes it.
//!
//! Here is what the tests begin with, and how they look at what is there. They stand in the folder beside
//! this file, by what they are about.

mod bootstrap;
mod domains;
mod edited;
mod follows;
mod found;
mod killed;
mod refused;

use super::google_double::{annotation, make, managed, naming, touch};
use crate::support::binary::{Certwright, Ran};
use crate::support::dice::{Dice, rounds};
use crate::support::gke::{self, Engine, Google, Options, PRE_SHARED_CERT};
use crate::support::live::Live;
use serde_json::{Value, json};
use std::time::Duration;

const A: &str = "a.example";
const B: &str = "b.example";
const C: &str = "c.example";
/// By it a load balancer reaches the pods of a Service.
const NEG: &str = "cloud.google.com/neg";
/// The ManagedCertificate that a test begins with.
const WEB: &str = "web-tls";
/// Far less than the ten minutes after which Google's controllers look by themselves.
const PATIENCE: &str = "90s";
/// How many are tried side by side.
const LANES: u32 = 3;

/// A fresh namespace on a cluster with GKE's kinds, with the Service `web`.
fn gke(test: &str) -> Option<Live> {
    let live = Live::new(test)?;
    gke::install(&live);
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "web", "annotations": { NEG: r#"{"ingress":true}"# } },
        "spec": { "ports": [{ "name": "http", "port": 80 }], "selector": { "app": "web" } },
    });
    make(&live, &service);
    Some(live)
}

/// Google at its own intervals, but for the queue's pace and how long a certificate takes.
fn google(live: &Live) -> Google {
    let pace = Duration::from_millis(100);
    let auto = Some(Duration::from_secs(1));
    Google::start(live, Options { pace, auto, ..Options::as_on_gke() })
}

/// A namespace with the Ingress `web`, whose load balancer serves [`WEB`] for [`A`].
fn serving(test: &str) -> Option<(Live, Google)> {
    let live = gke(test)?;
    managed(&live, WEB, A);
    naming(&live, "web", WEB);
    let google = google(&live);
    become_active(&live, &google, WEB);
    Some((live, google))
}

/// Waits until the certificate is issued, and has its status read.
fn become_active(live: &Live, google: &Google, name: &str) {
    let is_active = |engine: &mut Engine| {
        let certificate = engine.certificate_name(name).map(str::to_owned);
        certificate.is_some_and(|it| engine.record().active_at(&it).is_some())
    };
    google.wait_until("it is issued", is_active);
    touch(live, &format!("managedcertificate/{name}"));
    let active = "--for=jsonpath={.status.certificateStatus}=Active";
    live.kubectl(&["wait", active, &format!("managedcertificate/{name}"), "--timeout=60s"]);
    google.settle();
}

/// `managed set-domains` of [`WEB`] to these, in at most this time.
fn set_domains(live: &Live, domains: &[&str], timeout: &str) -> Ran {
    let rest = ["--timeout", timeout];
    live.run(&[&["managed", "set-domains", WEB], domains, &rest].concat())
}

/// certwright with these arguments in the namespace.
fn prepared(live: &Live, args: &[&str]) -> Certwright {
    live.certwright().args(args).args(&["-n", &live.namespace])
}

/// The same, started by a shell script that ends with `exec "$0" "$@"`.
fn prepared_under(live: &Live, script: &str, args: &[&str]) -> Certwright {
    let under = Certwright::under(script).kubeconfig(live.cluster.kubeconfig());
    under.args(args).args(&["-n", &live.namespace])
}

/// Tries what comes at random instants so often, or as often as `CERTWRIGHT_ROUNDS` says, in lanes side
/// by side: nearly all it does is to wait. A lane has its own name and dice, and is told its rounds.
fn in_lanes(test: &str, usual: u32, lane: impl Fn(&str, u32, &mut Dice) + Sync) {
    let rounds = rounds(usual).div_ceil(LANES);
    let mut dice = Dice::new(test);
    std::thread::scope(|scope| {
        for number in 0..LANES {
            let (mut dice, lane) = (dice.split(), &lane);
            scope.spawn(move || lane(&format!("{test}_{number}"), rounds, &mut dice));
        }
    });
}

/// Every ManagedCertificate of the namespace.
fn all_managed(live: &Live) -> Vec<Value> {
    let listed = live.kubectl(&["get", "managedcertificates", "-o", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
    listed["items"].as_array().cloned().unwrap_or_default()
}

/// The domains of each of them.
fn all_domains(live: &Live) -> Vec<Value> {
    all_managed(live).iter().map(|one| one["spec"]["domains"].clone()).collect()
}

/// Wants the Ingress and its load balancer to carry the only ManagedCertificate, for these domains, and
/// nothing else.
#[track_caller]
fn expect_only(live: &Live, google: &Google, ingress: &str, domains: &[&str]) {
    google.settle();
    let all = all_managed(live);
    assert_eq!(all_domains(live), [json!(domains)], "exactly one is left");
    let name = all[0]["status"]["certificateName"].as_str().expect("it has a name");
    assert_eq!(annotation(live, ingress, PRE_SHARED_CERT), name, "no name of another");
    assert_eq!(google.with(|engine| engine.on_proxy(ingress)), [name]);
    assert_eq!(google.with(|engine| engine.dangling(ingress)), Vec::<String>::new());
}

/// Text on one line: sentences are wrapped for terminals.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All that it said, on one line.
fn said(ran: &Ran) -> String {
    flat(&format!("{} {}", ran.stdout, ran.stderr))
}

/// Wants these words in the text, which is on one line.
#[track_caller]
fn expect_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not said: {text}");
    }
}

/// What `check` found: rule, kind, name and severity of each.
fn found(ran: &Ran) -> Vec<[String; 4]> {
    let report = ran.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |finding: &Value| {
        let object = &finding["ref"];
        [&finding["rule"], &object["kind"], &object["name"], &finding["severity"]].map(text)
    };
    report["findings"].as_array().into_iter().flatten().map(of).collect()
}
