//! Every wait outlives a lost connection, a restarted API server, and answers that a busy one gives:
//! `bootstrap`, `managed wait` and `managed set-domains` say once that it is away, and go on.

use crate::support::background::Background;
use crate::support::binary::Certwright;
use crate::support::gke::{self, ManagedCertificates};
use crate::support::live::Live;
use crate::support::rude::{Manners, Rude};
use serde_json::json;

const A: &str = "a.example";
const B: &str = "b.example";
/// What every wait says when the server does not answer.
const AWAY: &str = "continuing as soon as it answers";

/// A Service `web`, an Ingress `shop` for another, and the ManagedCertificate `shop-tls` that it
/// names, which Google's controller has seen.
fn shop(live: &Live) -> ManagedCertificates {
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "web" },
        "spec": { "ports": [{ "name": "http", "port": 80 }] },
    });
    live.cluster.apply(&live.namespace, &service.to_string());
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "shop", "annotations": { "kubernetes.io/ingress.class": "gce" } },
        "spec": { "defaultBackend": backend },
    });
    live.cluster.apply(&live.namespace, &ingress.to_string());
    live.run(&["managed", "create", "shop-tls", A, "--ingress", "shop"]).expect_code(0);
    let mut controller = ManagedCertificates::new(live);
    controller.sync();
    controller
}

/// The three commands that wait, each in its own words.
const WAITS: [&[&str]; 3] = [
    &["bootstrap", "web.example", "--service", "web", "--key-type", "p256", "--name", "web"],
    &["managed", "wait", "shop-tls"],
    &["managed", "set-domains", "shop-tls", A, B],
];

/// Starts them, and waits until each is waiting for Google.
fn waiting(prepared: impl Fn() -> Certwright, namespace: &str) -> Vec<Background> {
    let until = ["waiting for the Ingress's address", "Provisioning", "is not Active"];
    let start = |(args, until): (&&[&str], _)| {
        let mut run = Background::start(prepared().args(args).args(&["-n", namespace]));
        run.wait_for(until);
        run
    };
    WAITS.iter().zip(until).map(start).collect()
}

/// Does what Google would, and wants every wait to end well. The change of domains comes last: at
/// its end the certificate is gone that others wait for.
fn fulfilled(
    live: &Live,
    mut controller: ManagedCertificates,
    runs: Vec<Background>,
    change: Background,
) {
    controller.sync();
    controller.set_status("shop-tls", "Active", &[(A, "Active")]);
    controller.sync();
    for run in runs {
        run.end(0);
    }
    let both = live.kubectl(&["get", "managedcertificates", "-o", "name"]);
    let both = String::from_utf8(both.stdout).expect("names are text");
    let mut names = both.lines().filter_map(|line| line.split('/').nth(1));
    let successor = names.find(|name| *name != "shop-tls").expect("there are two");
    controller.sync();
    controller.set_status(successor, "Active", &[(A, "Active"), (B, "Active")]);
    synced_until_it_ends(&mut controller, change);
}

/// Lets Google's controllers look again and again, as they do, until the run has ended well.
fn synced_until_it_ends(controller: &mut ManagedCertificates, mut run: Background) {
    while !run.has_ended() {
        controller.sync();
    }
    run.end(0);
}

#[test]
fn every_wait_outlives_a_restart_of_the_api_server() {
    let Some(live) = Live::alone("every_wait_outlives_a_restart") else { return };
    gke::install(&live);
    let controller = shop(&live);
    let mut runs = waiting(|| live.certwright(), &live.namespace);
    // Somebody with no more rights than it takes: a server that has just been started knows the
    // admin at once, and of the others it has to read first.
    let kinds = "--resource=ingresses.networking.k8s.io,managedcertificates.networking.gke.io";
    live.kubectl(&["create", "role", "waiter", "--verb=get,list", kinds]);
    live.kubectl(&["create", "rolebinding", "waiter", "--role=waiter", "--user=waiter"]);
    let waiter = live.certwright().args(&["managed", "wait", "shop-tls", "--as", "waiter"]);
    let mut waiter = Background::start(waiter.args(&["-n", &live.namespace]));
    waiter.wait_for("Provisioning");
    runs.push(waiter);

    live.cluster.take_down();
    for run in &mut runs {
        run.wait_for(AWAY);
    }
    live.cluster.bring_up();
    let change = runs.remove(2);
    fulfilled(&live, controller, runs, change);
}

#[test]
fn every_wait_outlives_a_server_that_is_busy_in_trouble_or_hangs_up_and_says_so_once() {
    let Some(live) = Live::new("every_wait_outlives_a_server_that_is_busy") else { return };
    gke::install(&live);
    let controller = shop(&live);
    let rude = Rude::before(&live);
    let prepared = || Certwright::new().kubeconfig(rude.kubeconfig());
    let mut runs = waiting(prepared, &live.namespace);
    for manners in [429, 503, 410, 500].map(Manners::Status).into_iter().chain([Manners::HangUp]) {
        rude.behave(manners);
        for run in &mut runs {
            run.wait_for(AWAY);
        }
        rude.behave(Manners::Polite);
        for run in &mut runs {
            run.wait_for("answers again");
        }
    }
    let change = runs.remove(2);
    fulfilled(&live, controller, runs, change);
}

#[test]
fn a_first_look_that_fails_is_an_error_and_not_waited_out() {
    let Some(live) = Live::new("a_first_look_that_fails") else { return };
    gke::install(&live);
    shop(&live);
    let rude = Rude::before(&live);
    rude.behave(Manners::HangUp);
    for wait in WAITS {
        let ran = Certwright::new().kubeconfig(rude.kubeconfig()).args(wait);
        let ran = ran.args(&["-n", &live.namespace]).run().expect_code(4);
        assert!(ran.flat_stderr().contains("cannot reach the API server"), "{}", ran.stderr);
    }
}

#[test]
fn a_server_that_stays_away_ends_the_wait_with_the_time_that_was_given() {
    let Some(live) = Live::new("a_server_that_stays_away") else { return };
    gke::install(&live);
    shop(&live);
    let rude = Rude::before(&live);
    let run = Certwright::new().kubeconfig(rude.kubeconfig()).args(WAITS[1]);
    let mut run = Background::start(run.args(&["-n", &live.namespace, "--timeout", "6s"]));
    run.wait_for("Provisioning");
    rude.behave(Manners::HangUp);
    let ended = run.end(124);
    assert_eq!(ended.matches(AWAY).count(), 1, "{ended}");
}

/// The server is as busy for writes as it can be for reads; what was not written is planned anew.
#[test]
fn a_write_that_a_busy_server_did_not_take_is_made_when_it_answers_unless_nothing_is_waited_for() {
    let Some(live) = Live::new("a_write_that_a_busy_server") else { return };
    gke::install(&live);
    let controller = shop(&live);
    let rude = Rude::before(&live);
    rude.behave(Manners::StatusToWrites(503));
    let run = |args: &[&str]| {
        Certwright::new().kubeconfig(rude.kubeconfig()).args(args).args(&["-n", &live.namespace])
    };
    run(WAITS[0]).args(&["--no-wait"]).run().expect_code(4);
    let mut bootstrap = Background::start(run(WAITS[0]));
    let mut set_domains = Background::start(run(WAITS[2]));
    bootstrap.wait_for(AWAY);
    set_domains.wait_for(AWAY);
    rude.behave(Manners::Polite);
    bootstrap.wait_for("waiting for the Ingress's address");
    set_domains.wait_for("is not Active");
    fulfilled(&live, controller, vec![bootstrap], set_domains);
}
