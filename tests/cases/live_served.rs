//! What is served, beside what a real API server stores: `verify` by an Ingress's name, and `rotate`
//! that waits until the new pair is there.

use crate::support::background::Background;
use crate::support::live::Live;
use crate::support::tls_server::{Behaviour, Pair, TlsServer};

const HOST: &str = "shop.example";

/// A namespace with an Ingress for [`HOST`], its Secret, and a server that serves that.
fn shop(test: &str) -> Option<(Live, TlsServer)> {
    let live = Live::new(test)?;
    live.run(&["issue", HOST, "--key-type", "p256", "--secret", "web"]).expect_code(0);
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
    assert!(ran.stdout.contains("no address"), "{}", ran.stdout);
}

#[test]
fn rotate_waits_until_the_new_pair_is_served() {
    let Some((live, server)) = shop("rotate_waits_until_the_new_pair_is_served") else { return };
    let (place, namespace) = (server.place(), live.namespace.clone());
    let args = ["rotate", "secret/web", "-n", &namespace, "--verify", "--address", &place];
    let mut rotating = Background::start(live.certwright().args(&args));
    rotating.wait_for("waiting: 0 of 1 as stored");
    server.now_serving(Pair::of_secret(&live.secret("web")));
    rotating.wait_for("every address serves what is stored");
    rotating.end(0);
}
