//! What is served, beside what a real API server stores: `verify` by an Ingress's name, and `rotate`
//! that waits until the new pair is there.

use crate::support::background::Background;
use crate::support::live::Live;
use crate::support::tls_server::{Behaviour, Pair, TlsServer, params, self_signed};
use time::{Duration, OffsetDateTime};

const HOST: &str = "shop.example";

/// A namespace with an Ingress for [`HOST`], its Secret, and a server that serves that.
fn shop(test: &str) -> Option<(Live, TlsServer)> {
    let live = Live::new(test)?;
    // Older than what a rotation makes in the same second.
    let since = OffsetDateTime::now_utc() - Duration::days(10);
    let pair = self_signed(&params(HOST, &[HOST], since), "ec-p256-01.pem");
    live.cluster.apply(&live.namespace, &pair.secret("web", None));
    let rule = format!("--rule={HOST}/*=web:80,tls=web");
    live.kubectl(&["create", "ingress", "web", &rule]);
    let pair = Pair::of_secret(&live.secret("web"));
    let server = TlsServer::serving(pair, Behaviour { alpn: vec!["h2"], ..Behaviour::default() });
    Some((live, server))
}

#[test]
fn an_ingress_is_verified_by_its_name_against_the_stored_secret() {
    let Some((live, server)) = shop("an_ingress_is_verified_by_its_name") else { return };
    let place = server.place();
    for name in ["web", "ingress/web"] {
        let args = ["verify", name, "--address", &place, "-o", "json"];
        let report = live.run(&args).expect_code(0).json();
        assert_eq!(report["served"][0]["serves"], "stored", "{report:#}");
        assert_eq!(report["served"][0]["keyProven"], true);
        assert_eq!(report["clients"][0]["host"], HOST);
    }
    live.run(&["verify", "gone", "--address", &place]).expect_code(4);
    // Without --address the Ingress has none, which is told and is no usage error.
    let ran = live.run(&["verify", "web"]).expect_code(1);
    assert!(ran.stdout.contains("served-unreachable"), "{}", ran.stdout);
    assert!(ran.stdout.contains("no-address"), "{}", ran.stdout);
}

#[test]
fn rotate_waits_until_the_new_pair_is_served() {
    let Some((live, server)) = shop("rotate_waits_until_the_new_pair_is_served") else { return };
    let (place, namespace) = (server.place(), live.namespace.clone());
    let args = ["rotate", "secret/web", "-n", &namespace, "--verify", "--address", &place];
    let mut rotating = Background::start(live.certwright().args(&args));
    rotating.wait_for("waiting: 0 of 1 endpoint serves the stored certificate");
    server.now_serving(Pair::of_secret(&live.secret("web")));
    rotating.wait_for("every address serves what is stored");
    rotating.end(0);
}

#[test]
fn a_rotation_that_is_not_served_in_time_says_what_was_done_and_how_to_go_on() {
    let Some((live, server)) = shop("a_rotation_that_is_not_served_in_time") else { return };
    let (place, namespace) = (server.place(), live.namespace.clone());
    let args = ["rotate", "secret/web", "--verify", "--address", &place, "--timeout", "2s"];
    let ran = live.run(&args).expect_code(124);
    let told = format!("timed out after 2s: {HOST} at {place} still serves the old certificate");
    let done = "; the Secret was replaced";
    assert!(ran.flat_stderr().contains(&format!("{told}{done}")), "{}", ran.stderr);
    let mut commands = ran.stderr.lines().map(str::trim);
    let command =
        commands.find(|line| line.starts_with("certwright verify web")).expect(&ran.stderr);
    assert!(command.contains("--wait") && command.contains(&namespace), "{command}");
    assert!(command.contains(&format!("--address {place}")), "{command}");
}
