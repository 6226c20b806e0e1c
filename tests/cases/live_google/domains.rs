//! Other domains for a certificate that serves: no name is left that nobody has, whatever cuts in, and
//! nothing is called done that a load balancer does not say.

use super::{
    A, B, C, PATIENCE, WEB, all_domains, all_managed, become_active, expect_only, expect_words,
    flat, found, gke, google, in_lanes, prepared, prepared_under, serving, set_domains,
};
use crate::cases::google_double::{annotation, managed, naming, touch};
use crate::support::background::Background;
use crate::support::gke::{MANAGED_CERTIFICATES, PRE_SHARED_CERT, Refusal};
use crate::support::live::Live;
use serde_json::json;

#[test]
fn other_domains_are_served_soon_and_the_old_name_is_gone_when_it_ends() {
    let Some((live, google)) = serving("other_domains_are_served_soon") else { return };
    let before = annotation(&live, "web", PRE_SHARED_CERT);
    set_domains(&live, &[A, B], PATIENCE).expect_code(0);
    // At its end, not a moment later.
    let carried = annotation(&live, "web", PRE_SHARED_CERT);
    let on_proxy = google.with(|engine| engine.on_proxy("web"));
    let check = live.run(&["check", "-o", "json"]).expect_code(0);
    assert_ne!(carried, before);
    assert_eq!(carried, json!(on_proxy.join(",")));
    assert_eq!(found(&check), Vec::<[String; 4]>::new());
    expect_only(&live, &google, "web", &[A, B]);
    assert_eq!(google.record().gaps("web", A), []);
    assert!(google.record().served_since("web", B).is_some());
}

#[test]
fn a_change_that_is_taken_back_at_once_leaves_no_name_behind() {
    in_lanes("a_change_that_is_taken_back_at_once", 3, |test, rounds, dice| {
        let Some((live, google)) = serving(test) else { return };
        for _ in 0..rounds {
            let cut = format!("{}ms", dice.between(300, 3000));
            set_domains(&live, &[A, B], &cut).expect_code(124);
            set_domains(&live, &[A], PATIENCE).expect_code(0);
            expect_only(&live, &google, "web", &[A]);
        }
        assert_eq!(google.record().gaps("web", A), []);
    });
}

#[test]
fn a_quota_that_is_used_up_is_told_and_the_refused_name_never_put_on_the_ingress() {
    let Some((live, google)) = serving("a_quota_that_is_used_up_is_told") else { return };
    let carried = annotation(&live, "web", PRE_SHARED_CERT);
    for (how, domain) in [(Refusal::Operation, B), (Refusal::Forbidden, C)] {
        google.with(|engine| engine.set_quota(Some((1, how))));
        let ran =
            live.run(&["managed", "set-domains", WEB, A, domain, "--timeout", "6s", "-o", "json"]);
        let ran = ran.expect_code(124);
        expect_words(&ran.flat_stderr(), &["quota", "to continue:", "managed set-domains web-tls"]);
        let document = ran.json();
        assert_eq!(document["ended"], "timed-out", "{document:#}");
        expect_words(&document["cause"].to_string(), &["quota"]);
        assert_eq!(annotation(&live, "web", PRE_SHARED_CERT), carried, "{how:?}");
        assert_eq!(annotation(&live, "web", MANAGED_CERTIFICATES), WEB, "{how:?}");
        google.with(|engine| engine.set_quota(None));
        set_domains(&live, &[A], PATIENCE).expect_code(0);
        expect_only(&live, &google, "web", &[A]);
    }
    assert_eq!(google.record().gaps("web", A), []);
}

/// The end of a change that is begun after so many milliseconds.
fn changed_after(live: &Live, domain: &str, wait: usize) -> (i32, String) {
    let seconds = format!("{}.{:03}", wait / 1000, wait % 1000);
    let script = format!("sleep {seconds}; exec \"$0\" \"$@\"");
    let words = ["managed", "set-domains", WEB, A, domain, "--timeout", PATIENCE];
    let ran = prepared_under(live, &script, &words).run();
    (ran.code, ran.flat_stderr())
}

#[test]
fn of_two_changes_at_once_one_is_done_and_the_other_refused() {
    in_lanes("of_two_changes_at_once", 3, |test, rounds, dice| {
        let Some((live, google)) = serving(test) else { return };
        for _ in 0..rounds {
            let wait = dice.below(1500);
            let pair = if dice.chance(50) { [B, C] } else { [C, B] };
            let ends = std::thread::scope(|scope| {
                let first = scope.spawn(|| changed_after(&live, pair[0], 0));
                let second = scope.spawn(|| changed_after(&live, pair[1], wait));
                [first, second].map(|run| run.join().expect("it ends"))
            });
            let told = format!("{pair:?}, the second after {wait} ms: {ends:#?}");
            let done = ends.iter().zip(pair).filter(|((code, _), _)| *code == 0);
            let done: Vec<&str> = done.map(|(_, domain)| domain).collect();
            assert_eq!(done.len(), 1, "{told}");
            let refused =
                ends.iter().any(|(code, said)| *code == 4 && said.contains("another run"));
            assert!(refused, "{told}");
            expect_only(&live, &google, "web", &[A, done[0]]);
            set_domains(&live, &[A], PATIENCE).expect_code(0);
        }
        assert_eq!(google.record().gaps("web", A), []);
    });
}

#[test]
fn an_ingress_whose_load_balancer_does_not_follow_keeps_the_old_certificate() {
    let Some(live) = gke("an_ingress_does_not_follow") else { return };
    managed(&live, WEB, A);
    for name in ["v4", "v6"] {
        naming(&live, name, WEB);
    }
    let google = google(&live);
    become_active(&live, &google, WEB);
    let gone = format!("could not find service \"{}/web\"", live.namespace);
    google.with(|engine| engine.break_backends("v6", Some(&gone)));
    let ended = set_domains(&live, &[A, B], "20s").expect_code(124).flat_stderr();
    expect_words(&ended, &["ingress/v6", "could not find service", "to continue:"]);
    assert!(all_domains(&live).contains(&json!([A])), "the old one is kept");
    assert_eq!(google.record().gaps("v6", A), []);
    google.with(|engine| engine.break_backends("v6", None));
    touch(&live, "ingress/v6");
    set_domains(&live, &[A, B], PATIENCE).expect_code(0);
    for name in ["v4", "v6"] {
        expect_only(&live, &google, name, &[A, B]);
        assert_eq!(google.record().gaps(name, A), []);
    }
}

#[test]
fn what_google_has_given_up_is_replaced_by_the_same_domains() {
    let Some((live, google)) = serving("what_google_has_given_up") else { return };
    let failed = "ProvisioningFailedPermanently";
    google.with(|engine| engine.set_status(WEB, failed, &[(A, "FailedNotVisible")]));
    touch(&live, &format!("managedcertificate/{WEB}"));
    google.settle();
    let told = flat(&live.run(&["managed", "status"]).expect_code(1).stdout);
    expect_words(&told, &[failed, "managed set-domains web-tls a.example"]);
    set_domains(&live, &[A], PATIENCE).expect_code(0);
    expect_only(&live, &google, "web", &[A]);
    assert_ne!(all_managed(&live)[0]["metadata"]["name"], WEB, "it is another one");
}

#[test]
fn a_failure_that_was_there_before_is_waited_out() {
    let Some(live) = gke("a_failure_that_was_there_before") else { return };
    managed(&live, WEB, A);
    naming(&live, "web", WEB);
    let google = google(&live);
    google.with(|engine| engine.set_auto(None));
    google.settle();
    google.with(|engine| engine.set_status(WEB, "Provisioning", &[(A, "FailedCaaForbidden")]));
    touch(&live, &format!("managedcertificate/{WEB}"));
    google.settle();
    let wait = ["managed", "wait", WEB, "--timeout", PATIENCE];
    let mut run = Background::start(prepared(&live, &wait));
    run.wait_for("FailedCaaForbidden");
    google.with(|engine| engine.set_status(WEB, "Active", &[(A, "Active")]));
    touch(&live, &format!("managedcertificate/{WEB}"));
    run.end(0);
}
