//! Killed at any instant and run again: nothing dangles, nothing is made twice, and what served serves on.

use super::{
    A, B, C, PATIENCE, WEB, all_domains, expect_only, gke, google, in_lanes, prepared_under,
    serving,
};
use crate::cases::google_double::get;
use crate::support::dice::Dice;
use crate::support::live::Live;
use serde_json::Value;

/// How often each is killed.
const ROUNDS: u32 = 6;

/// Runs it, and kills it within so many milliseconds, should it not have ended by itself.
fn killed(live: &Live, dice: &mut Dice, within: usize, args: &[&str]) {
    let after = dice.below(within);
    let seconds = format!("{}.{:03}", after / 1000, after % 1000);
    let script = format!("exec timeout -s KILL {seconds} \"$0\" \"$@\"");
    let ran = prepared_under(live, &script, args).run();
    assert!(matches!(ran.code, 0 | 137), "after {seconds} s: {}: {}", ran.code, ran.stderr);
}

#[test]
fn a_change_of_domains_killed_at_any_instant_goes_on_without_a_gap() {
    in_lanes("a_change_of_domains_killed", ROUNDS, |test, rounds, dice| {
        let Some((live, google)) = serving(test) else { return };
        for round in 0..rounds {
            let domain = if round % 2 == 0 { B } else { C };
            let change = ["managed", "set-domains", WEB, A, domain, "--timeout", PATIENCE];
            killed(&live, dice, 6000, &change);
            live.run(&change).expect_code(0);
            expect_only(&live, &google, "web", &[A, domain]);
        }
        assert_eq!(google.record().gaps("web", A), []);
    });
}

/// Killed, and then taken back instead of gone on with.
#[test]
fn a_change_of_domains_killed_at_any_instant_can_be_taken_back() {
    in_lanes("a_change_of_domains_killed_and_back", ROUNDS / 2, |test, rounds, dice| {
        let Some((live, google)) = serving(test) else { return };
        for _ in 0..rounds {
            killed(&live, dice, 6000, &["managed", "set-domains", WEB, A, B]);
            live.run(&["managed", "set-domains", WEB, A, "--timeout", PATIENCE]).expect_code(0);
            expect_only(&live, &google, "web", &[A]);
        }
        assert_eq!(google.record().gaps("web", A), []);
    });
}

#[test]
fn a_bootstrap_by_google_killed_at_any_instant_makes_one_certificate() {
    in_lanes("a_bootstrap_by_google_killed", ROUNDS, |test, rounds, dice| {
        for round in 0..rounds {
            let Some(live) = gke(&format!("{test}_{round}")) else { return };
            let google = google(&live);
            let run = ["bootstrap", A, "--service", "web:80", "--google-managed"];
            let run = [&run[..], &["--timeout", PATIENCE]].concat();
            killed(&live, dice, 6000, &run);
            live.run(&run).expect_code(0);
            expect_only(&live, &google, "web", &[A]);
            assert_eq!(google.record().gaps("web", A), []);
        }
    });
}

/// The certificate in the namespace's only TLS Secret.
fn only_certificate(live: &Live) -> Option<Value> {
    let secrets = live.versions();
    assert!(secrets.len() < 2, "a second key: {secrets:?}");
    let (name, _) = secrets.first()?;
    Some(get(live, &format!("secret/{name}"))["data"]["tls.crt"].clone())
}

#[test]
fn a_bootstrap_with_its_own_key_killed_at_any_instant_makes_one_key() {
    in_lanes("a_bootstrap_with_its_own_key_killed", ROUNDS, |test, rounds, dice| {
        for round in 0..rounds {
            let Some(live) = gke(&format!("{test}_{round}")) else { return };
            let google = google(&live);
            let run = ["bootstrap", A, "--service", "web:80", "--key-type", "p256"];
            let run = [&run[..], &["--timeout", PATIENCE]].concat();
            killed(&live, dice, 3000, &run);
            let made = only_certificate(&live);
            live.run(&run).expect_code(0);
            let last = only_certificate(&live).expect("there is a Secret");
            assert!(made.is_none_or(|made| made == last), "another certificate in round {round}");
            assert!(google.record().served_since("web", A).is_some(), "done, so it serves");
            google.settle();
            assert_eq!(google.record().gaps("web", A), []);
            assert_eq!(all_domains(&live), Vec::<Value>::new());
        }
    });
}
