//! How hosts are met by the Secrets that were seen, and who uses which.

use super::*;
use crate::inventory::servers::testing::inventory;
use crate::observation::Observation;
use ring::rand::SystemRandom;

fn secret(name: &str) -> ObjectRef {
    ObjectRef::secret("shop", name)
}

/// What the host of the Ingress `web` is met by.
fn met(inventory: &Inventory, host: &str) -> String {
    let web = inventory.frontend(&ObjectRef::ingress("shop", "web")).expect("web was seen");
    let demand = web.demand(host).expect(host);
    match inventory.coverage(web, demand) {
        Coverage::Covered { by, pattern } => format!("{} by {pattern}", by.name),
        Coverage::NotCovered { looked_at } => {
            let names: Vec<&str> = looked_at.iter().map(|(it, _)| it.name.as_str()).collect();
            format!("not by {}", names.join(" "))
        }
        Coverage::NoCertificate => "no certificate".to_owned(),
        Coverage::Unknown(_) => "unknown".to_owned(),
        Coverage::WithoutTls => "without TLS".to_owned(),
    }
}

#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
fn absent(inventory: &mut Inventory, name: &str) {
    inventory.absorb(Observation::Absent(secret(name)), &SystemRandom::new());
}

#[test]
fn a_host_is_met_by_a_certificate_that_names_it() {
    for (lines, host, expected) in [
        (&["a: a.example", "web own - a.example = a.example>a"][..], "a.example", "a by a.example"),
        (
            &["a: *.example.org", "web own - b.example.org = >a"],
            "b.example.org",
            "a by *.example.org",
        ),
        (&["a: *.example.org", "web own - b.c.example.org = >a"], "b.c.example.org", "not by a"),
        (&["a: b.example", "web own - a.example = a.example>a"], "a.example", "not by a"),
        (
            &["a: b.example", "c: a.example", "web own - a.example = a.example>a ; a.example>c"],
            "a.example",
            "c by a.example",
        ),
        (&["web own - a.example"], "a.example", "without TLS"),
        (&["web own - a.example = a.example>a"], "a.example", "unknown"),
        // ingress-nginx takes another entry's certificate only where that names the host.
        (&["a: a.example", "web nginx - a.example = b.example>a"], "a.example", "a by a.example"),
        (&["a: c.example", "web nginx - a.example = b.example>a"], "a.example", "without TLS"),
    ] {
        assert_eq!(met(&inventory(lines), host), expected, "{lines:?}");
    }
}

#[test]
fn a_secret_that_was_looked_for_is_missing_and_one_that_was_not_may_be_there() {
    let mut seen = inventory(&["web own - a.example = a.example>a"]);
    assert!(matches!(seen.secret_state("shop", "a"), SecretState::Unknown));
    absent(&mut seen, "a");
    assert!(matches!(seen.secret_state("shop", "a"), SecretState::Absent));
    assert_eq!(met(&seen, "a.example"), "no certificate");
    let there = inventory(&["a: a.example"]);
    assert!(matches!(there.secret_state("shop", "a"), SecretState::Seen(_)));
    assert!(matches!(there.secret_state("other", "a"), SecretState::Unknown));
}

#[test]
fn who_names_a_secret_uses_it_and_tells_which_of_its_hosts_it_lacks() {
    let seen = inventory(&[
        "a: a.example",
        "web own - a.example,b.example = a.example,b.example>a",
        "two own - c.example = c.example>a",
        "bare own - d.example",
    ]);
    let users: Vec<&str> = seen.users(&secret("a")).map(|it| it.object.name.as_str()).collect();
    assert_eq!(users, ["two", "web"]);
    assert!(seen.is_used(&secret("a")) && !seen.is_used(&secret("b")));
    let facts = seen.secret("shop", "a").expect("it was seen");
    assert_eq!(seen.uncovered_hosts(facts), ["c.example", "b.example"]);
}

#[test]
fn a_secret_that_verifies_clients_is_mentioned_and_not_used() {
    let seen = inventory(&[
        "ca: ca.example",
        "web nginx - a.example = a.example>a | nginx.ingress.kubernetes.io/auth-tls-secret=shop/ca",
    ]);
    assert!(seen.is_client_ca(&secret("ca")) && !seen.is_used(&secret("ca")));
    assert!(!seen.is_client_ca(&secret("a")) && seen.is_used(&secret("a")));
    let mentioned: Vec<&str> = seen.mentioned_secrets().map(|it| it.object.name.as_str()).collect();
    assert_eq!(mentioned, ["ca"]);
}

#[test]
fn candidates_are_those_that_were_seen_and_unknown_while_one_could_not_be() {
    let names = |seen: &Inventory| {
        let web = seen.frontend(&ObjectRef::ingress("shop", "web")).expect("web was seen");
        let found = seen.candidates(web, web.demand("a.example").expect("it is demanded"));
        found.map(|found| found.iter().map(|it| it.object.name.clone()).collect::<Vec<_>>())
    };
    let two = "web own - a.example = a.example>a ; a.example>b";
    let mut seen = inventory(&["a: b.example", two]);
    assert_eq!(names(&seen), None);
    absent(&mut seen, "b");
    assert_eq!(names(&seen), Some(vec!["a".to_owned()]));
}
