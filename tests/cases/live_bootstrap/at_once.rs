//! Two bootstraps of one domain at the same time: neither tears what the other makes.

use super::{bootstrap, bootstrapping, milvus, objects, versions, written};
use crate::support::live::Live;
use certwright::inventory::bundle::Bundle;
use certwright::x509::key::Pairing;
use ring::rand::SystemRandom;
use serde_json::Value;
use std::collections::BTreeMap;

fn result(live: &Live) -> BTreeMap<String, Value> {
    objects(live).into_iter().map(|(name, object)| (name, written(&object))).collect()
}

fn two_at_once(test: &str, flags: &[&str]) {
    let Some(undisturbed) = milvus(test) else { return };
    bootstrap(&undisturbed, flags).expect_code(0);
    let expected = result(&undisturbed);
    for round in 0..4 {
        let Some(live) = milvus(&format!("{test}_{round}")) else { return };
        let ended = std::thread::scope(|scope| {
            let runs = [(); 2].map(|()| scope.spawn(|| bootstrapping(&live, flags).run()));
            runs.map(|run| run.join().expect("it does not panic"))
        });
        for ran in &ended {
            // Whom the other was ahead of may say so, and what to do.
            assert!([0, 4].contains(&ran.code), "round {round}: {}", ran.stderr);
        }
        assert!(ended.iter().any(|ran| ran.code == 0), "round {round}: {}", ended[0].stderr);
        bootstrap(&live, flags).expect_code(0);
        assert_eq!(result(&live), expected, "round {round}");
        for secret in objects(&live).values().filter(|object| object["kind"] == "Secret") {
            let value = |key: &str| {
                use base64::Engine as _;
                let text = secret["data"][key].as_str().expect("it has certificate and key");
                base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
            };
            let (certificate, key) = (value("tls.crt"), value("tls.key"));
            let bundle = Bundle::of_pair(Some(&certificate), Some(&key), &SystemRandom::new());
            assert_eq!(bundle.pairing, Pairing::Match, "round {round}");
        }
        let before = versions(&live);
        bootstrap(&live, flags).expect_code(0);
        assert_eq!(versions(&live), before, "round {round}: there is nothing left to do");
    }
}

#[test]
fn two_runs_at_once_make_one_of_each_with_one_key() {
    two_at_once("two_at_once", &["--key-type", "p256", "--no-wait"]);
}

#[test]
fn two_runs_at_once_make_one_managed_certificate() {
    two_at_once("two_at_once_managed", &["--google-managed", "--http", "redirect", "--no-wait"]);
}
