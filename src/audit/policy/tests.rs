//! What a policy file says, what in it is refused, and what it does to findings.

use super::{Policy, read};
use crate::audit::finding::Severity;
use crate::audit::{Context, Platform, Report, Source, audit};
use crate::inventory::Inventory;
use crate::inventory::testing::{Pair, of_secrets};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

/// Every flaw of a text, as it is told.
fn flaws(text: &str) -> String {
    read(text, "policy.yaml").err().map(|flaws| flaws.to_string()).unwrap_or_default()
}

#[test]
fn every_flaw_is_told_with_its_place_and_what_was_likely_meant() {
    for (text, told) in [
        ("", ""),
        ("# nothing yet\n", ""),
        ("schema: certwright.dev/policy/v1\nwaivers:\n", ""),
        ("schema: v2", "line 1, column 9: expected certwright.dev/policy/v1"),
        (
            "renewbefore: []",
            "line 1, column 1: unknown key \"renewbefore\"; did you mean renewBefore?",
        ),
        ("- a", "line 1, column 1: expected the keys of a policy: schema, renewBefore,"),
        ("waivers: {}", "line 1, column 10: expected a list: each entry begins with '-'"),
        ("renewBefore:\n  - window: 30\n", "line 2, column 13: 30 of what? write 30d"),
        (
            "renewBefore:\n  - for: {namespace: a}\n",
            "line 2, column 11: unknown key \"namespace\"; did you mean namespaces?",
        ),
        (
            "renewBefore:\n  - for: {labels: a b}\n    window: 1d",
            "line 2, column 19: expected a label requirement",
        ),
        (
            "severities:\n  - {rule: expird, severity: error}",
            "line 2, column 12: no rule has the code \"expird\": did you mean expired?",
        ),
        (
            "severities:\n  - {rule: expired, severity: of}",
            "line 2, column 31: unknown severity \"of\"; did you mean off?",
        ),
        ("severities:\n  - {severity: off}", "line 2, column 5: rule is missing"),
        (
            "waivers:\n  - {rule: expired, reason: x, until: 2027-01-31}",
            "say what it is for: object, host or for",
        ),
        (
            "waivers:\n  - {rule: expired, host: a, until: 2027-02-29}",
            "column 5: reason is missing; line 2, column 37: expected a date such as 2027-01-31, found \"2027-02-29\"",
        ),
        (
            "waivers:\n  - {rule: expired, object: web, reason: x, until: 2027-01-31}",
            "expected an object such as shop/secret/web-tls, found \"web\"",
        ),
        (
            "waivers:\n  - {rule: expired, host: a, reason: ' ', until: 2027-01-31}",
            "expected why it is accepted",
        ),
        ("ignoreAnnotations: yes", "line 1, column 20: expected true or false"),
        ("roots: system\nroots: b", "line 2, column 1: roots stands twice"),
        ("a: &a b\nc: *a", "line 2, column 4: aliases (*) are not read here"),
        ("roots: a\n---\nroots: b", "a policy is one document"),
        ("roots: [", "line 1, column"),
        ("roots: {a: b", "a bracket is not closed"),
    ] {
        let found = flaws(text);
        assert!(found.contains(told), "{text}\n{found}");
        assert_eq!(found.is_empty(), told.is_empty(), "{text}\n{found}");
    }
    let deep = format!("roots: {}", "[".repeat(10_000));
    assert!(flaws(&deep).contains("nested too deeply"), "{}", flaws(&deep));
    let many = format!("severities: [{}]", "{rule: x, severity: y},".repeat(50));
    assert!(flaws(&many).ends_with("and 95 more"), "{}", flaws(&many));
}

/// The guide's certificate, made to end at this instant, in Secrets that are served or not.
fn made(days: i64) -> String {
    let key = include_str!("../../../testdata/pki/ec-p256-01.pem");
    let key = rcgen::KeyPair::from_pem(key).expect("the key is good");
    let names = vec!["a.example".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).expect("the name is good");
    params.not_before = NOW - Duration::days(300);
    params.not_after = NOW + Duration::days(days);
    params.self_signed(&key).expect("it can be made").pem()
}

fn seen(days: i64, annotations: &[(&str, &str)]) -> Inventory {
    let key = include_str!("../../../testdata/pki/ec-p256-01.pem");
    let served = Some("a.example");
    of_secrets(&[Pair { name: "web", crt: made(days), key, served, annotations }])
}

fn judged(inventory: &Inventory, policy: &Policy) -> Report {
    let (platform, source) = (Platform::Other, Source::Cluster);
    audit(inventory, &Context { now: NOW, policy, platform, source })
}

/// What is found, as `severity rule` and a mark where it is waived.
fn told(days: i64, annotations: &[(&str, &str)], text: &str) -> Vec<String> {
    let policy = read(text, "policy.yaml").expect(text);
    let report = judged(&seen(days, annotations), &policy);
    let mark = |waived| if waived { " waived" } else { "" };
    let line = |it: &crate::audit::finding::Finding| {
        format!("{} {}{}", it.severity, it.rule, mark(it.waived))
    };
    report.findings.iter().map(line).collect()
}

const RENEW: (&str, &str) = ("certwright.dev/renew-before", "10d");

#[test]
fn the_first_window_that_fits_counts_and_an_annotation_comes_before_it() {
    for (annotations, text, due) in [
        (&[][..], "", false),
        (&[], "renewBefore: [{window: 60d}]", true),
        (&[], "renewBefore: [{window: 60d, for: {namespaces: sho*}}]", true),
        (&[], "renewBefore: [{window: 60d, for: {namespaces: prod}}]", false),
        (&[], "renewBefore: [{window: 60d, for: {owners: none}}]", true),
        (&[], "renewBefore: [{window: 60d, for: {owners: cert-manager}}]", false),
        (&[], "renewBefore: [{window: 60d, for: {issuers: 'rcgen*'}}]", true),
        (&[], "renewBefore: [{window: 60d, for: {issuers: [R3, R1*]}}]", false),
        (&[], "renewBefore: [{window: 60d, for: {labels: app=web}}]", false),
        (&[], "renewBefore: [{window: 9d, for: {namespaces: shop}}, {window: 60d}]", false),
        (&[RENEW], "renewBefore: [{window: 60d}]", false),
        (&[RENEW], "ignoreAnnotations: true\nrenewBefore: [{window: 60d}]", true),
    ] {
        let found = told(45, annotations, text);
        assert_eq!(found.iter().any(|it| it.ends_with("expires-soon")), due, "{text}: {found:?}");
    }
}

#[test]
fn the_flag_comes_before_the_windows_of_the_policy() {
    let mut policy = read("renewBefore: [{window: 60d}]", "policy.yaml").expect("it is good");
    policy.renew_before = Some("9d".parse().expect("a window"));
    assert!(judged(&seen(45, &[]), &policy).findings.is_empty());
}

#[test]
fn severities_are_as_the_first_entry_that_fits_says_and_off_is_silence() {
    for (text, expected) in [
        ("", "warning expires-soon"),
        ("severities: [{rule: expires-soon, severity: error}]", "error expires-soon"),
        ("severities: [{rules: [expired, expires-soon], severity: info}]", "info expires-soon"),
        ("severities: [{rule: expires-soon, severity: off}]", ""),
        (
            "severities: [{rule: expires-soon, severity: off, for: {namespaces: dev}}]",
            "warning expires-soon",
        ),
        (
            "severities: [{rule: expires-soon, severity: info, for: {namespaces: shop}}, {rule: expires-soon, severity: off}]",
            "info expires-soon",
        ),
    ] {
        assert_eq!(told(20, &[], text).join(", "), expected, "{text}");
    }
}

#[test]
fn a_waiver_counts_until_the_end_of_its_day_and_is_told_from_then_on() {
    for (until, expected) in [
        ("2026-11-22", "warning expires-soon waived"),
        ("2026-11-21", "warning expires-soon waived"),
        ("2026-11-20", "warning waiver-expired, warning expires-soon"),
        ("2020-01-01", "warning waiver-expired, warning expires-soon"),
    ] {
        for of in [
            "object: shop/secret/web",
            "object: secret/web",
            "host: '*.example'",
            "for: {namespaces: shop}",
        ] {
            let text =
                format!("waivers:\n  - {{rule: expires-soon, {of}, reason: x, until: {until}}}");
            let mut found = told(20, &[], &text);
            found.sort_by_key(|it| !it.contains("waiver"));
            assert_eq!(found.join(", "), expected, "{text}");
        }
    }
}

#[test]
fn a_waiver_past_its_day_says_who_why_since_when_and_what_it_no_longer_covers() {
    let text = "waivers:\n  - {rule: expires-soon, object: secret/web, reason: moving away, until: 2026-11-20}";
    let report = judged(&seen(20, &[]), &read(text, "policy.yaml").expect("it is good"));
    let finding =
        report.findings.iter().find(|it| it.rule == "waiver-expired").expect("it is told");
    assert_eq!(finding.object.to_string(), "policy.yaml");
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(finding.related.len(), 1);
    for part in [
        "of expires-soon for secret/web, in line 2 (\"moving away\")",
        "ended on 2026-11-20",
        "no longer covers secret/web in namespace shop: the certificate expires in 20d",
    ] {
        assert!(finding.message.contains(part), "{part}: {}", finding.message);
    }
    let gone = judged(&seen(200, &[]), &read(text, "policy.yaml").expect("it is good"));
    assert_eq!(gone.findings.len(), 1, "also where nothing needs it");
    assert!(gone.findings[0].message.ends_with("nothing that was seen needs it"));
}

#[test]
fn a_waiver_that_covers_nothing_is_told_but_not_of_what_was_not_looked_at() {
    for (entry, told_unused) in [
        ("rule: expired, object: shop/secret/web", true),
        ("rule: expires-soon, object: shop/secret/other", true),
        ("rule: expires-soon, host: b.example", true),
        ("rule: served-expired, host: a.example", false),
        ("rule: dns-missing, host: a.example", false),
        ("rule: expires-soon, object: shop/secret/web", false),
    ] {
        let text = format!("waivers:\n  - {{{entry}, reason: x, until: 2027-01-01}}");
        let found = told(20, &[], &text);
        assert_eq!(
            found.iter().any(|it| it == "info waiver-unused"),
            told_unused,
            "{text}: {found:?}"
        );
    }
    let text = "severities: [{rule: waiver-unused, severity: off}]\nwaivers: [{rule: expired, host: a, reason: x, until: 2027-01-01}]";
    assert_eq!(told(200, &[], text), [""; 0], "its severity can be set as any other's");
}

#[test]
fn annotations_waive_unless_the_policy_says_that_they_count_for_nothing() {
    let ignore = [("certwright.dev/ignore", "expires-soon")];
    assert_eq!(told(20, &ignore, ""), ["warning expires-soon waived"]);
    assert_eq!(told(20, &ignore, "ignoreAnnotations: true"), ["warning expires-soon"]);
}

#[test]
fn the_schema_knows_the_keys_that_are_read_and_no_others() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../schema/policy.json")).expect("JSON");
    let keys = |of: &serde_json::Value| {
        let keys = of["properties"].as_object().expect("an object").keys();
        assert_eq!(of["additionalProperties"], false);
        keys.cloned().collect::<std::collections::BTreeSet<String>>()
    };
    let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(keys(&schema), set(&super::KEYS));
    assert_eq!(keys(&schema["$defs"]["selector"]), set(&super::SELECTOR_KEYS));
    let items = |list: &str| keys(&schema["properties"][list]["items"]);
    assert_eq!(items("renewBefore"), set(&["window", "for"]));
    assert_eq!(items("severities"), set(&["rule", "rules", "severity", "for"]));
    assert_eq!(items("waivers"), set(&["rule", "object", "host", "for", "reason", "until"]));
}
