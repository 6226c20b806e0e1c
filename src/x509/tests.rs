//! Tables for what other tests of `x509` pass by: instants, leads, wishes that cannot be fulfilled,
//! and keys that nobody here can compare.
#![expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]

use super::cert::San;
use super::instant;
use super::key::{Pairing, PrivateKey, PublicKey};
use super::lead::Lead;
use super::pem;
use super::profile::{KeyType, Profile};
use ring::rand::SystemRandom;
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime, UtcOffset};

#[test]
fn an_instant_is_shown_in_utc_to_the_second() {
    for (at, shown) in [
        (datetime!(2026-11-21 00:00 UTC), "2026-11-21T00:00:00Z"),
        (datetime!(2026-11-21 00:00:00.999_999_999 UTC), "2026-11-21T00:00:00Z"),
        (datetime!(2050-01-01 00:30 +02:00), "2049-12-31T22:30:00Z"),
        (datetime!(0001-02-03 04:05:06 UTC), "0001-02-03T04:05:06Z"),
        (datetime!(9999-12-31 23:59:59 UTC), "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(instant::show(at), shown);
        assert_eq!(instant::show_date(at), shown.split('T').next().unwrap_or_default());
    }
}

#[test]
fn an_instant_that_utc_cannot_say_is_shown_where_it_is() {
    let last = OffsetDateTime::new_in_offset(
        date!(9999 - 12 - 31),
        time::macros::time!(23:59:59),
        UtcOffset::from_hms(-12, 0, 0).expect("it is in range"),
    );
    assert!(instant::show(last).starts_with("9999-12-31T"), "{}", instant::show(last));
}

#[test]
fn instants_are_read_with_any_offset_and_without_fractions() {
    for (text, read) in [
        ("2026-11-21T00:00:00Z", Some(datetime!(2026-11-21 00:00 UTC))),
        ("2026-11-21T02:00:00.9+02:00", Some(datetime!(2026-11-21 00:00 UTC))),
        ("0000-01-01T00:00:00Z", Some(datetime!(0000-01-01 00:00 UTC))),
        ("9999-12-31T23:59:59-12:00", None), // in UTC, in the year 10000
        ("2026-11-21", None),
        ("2026-02-30T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ] {
        let expected =
            || format!("expected an instant such as 2026-11-21T00:00:00Z, found {text:?}");
        assert_eq!(instant::parse(text), read.ok_or_else(expected));
    }
}

#[test]
fn a_lead_reads_as_it_is_shown() {
    for (text, lead, of_ninety_days) in [
        ("20d", Lead::Span(Duration::days(20)), Duration::days(20)),
        ("1h30m", Lead::Span(Duration::minutes(90)), Duration::minutes(90)),
        ("33%", Lead::Share(33), Duration::seconds(90 * 86_400 / 100 * 33)),
    ] {
        assert_eq!(text.parse(), Ok(lead));
        assert_eq!(lead.to_string(), text);
        assert_eq!(lead.of(Duration::days(90)), of_ninety_days, "{text}");
    }
}

#[test]
fn key_types_are_known_by_the_names_they_are_shown_by() {
    for key_type in KeyType::ALL {
        assert_eq!(KeyType::from_name(&key_type.to_string()), Some(key_type));
    }
    for other in ["", "RSA-2048", "rsa", "p521", "dsa"] {
        assert_eq!(KeyType::from_name(other), None, "{other}");
    }
}

#[test]
fn a_common_name_that_a_certificate_cannot_have_is_refused_with_the_reason() {
    let dates = (datetime!(2026-11-21 00:00 UTC), datetime!(2027-11-21 00:00 UTC));
    let wish = |name: &str| {
        let names = vec![San::Dns("a.example".to_owned())];
        Profile::server(names, Some(name.to_owned()), KeyType::P256, dates)
    };
    let (fits, too_long) = ("é".repeat(64), "é".repeat(65));
    assert!(wish(&fits).is_ok(), "the limit is in characters");
    for (name, why) in [
        ("", "the common name is empty"),
        (too_long.as_str(), "is longer than 64 characters"),
        ("a\u{1b}[31m", "has a control character"),
        ("a\nb", "has a control character"),
    ] {
        let refused = wish(name).expect_err(why);
        assert!(refused.contains(why), "{refused}");
        assert!(!refused.contains(char::is_control), "{refused}");
    }
}

#[test]
fn a_name_that_cannot_be_written_is_shown_by_its_form() {
    assert_eq!(San::Other("otherName").to_string(), "(otherName)");
}

#[test]
fn a_name_is_shown_in_its_own_script_and_as_it_is_written() {
    for (san, shown) in [
        (San::Dns("xn--mnchen-3ya.example".to_owned()), "xn--mnchen-3ya.example (münchen.example)"),
        (San::Dns("a.example".to_owned()), "a.example"),
        (San::Email("xn--mnchen-3ya.example".to_owned()), "xn--mnchen-3ya.example"),
        (San::Ip([10, 0, 0, 1].into()), "10.0.0.1"),
    ] {
        assert_eq!(san.shown(), shown);
    }
}

#[test]
fn a_block_that_some_servers_pass_over_is_told_with_who_does() {
    let pem = include_str!("../../testdata/pki/root-ca.crt.pem");
    let indented = pem.replace("-----BEGIN", "  -----BEGIN");
    let old = pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    for (text, unseen_by, what) in [
        (
            format!("\u{feff}{pem}"),
            "Go and rustls",
            "a byte order mark stands before its BEGIN line",
        ),
        (indented, "OpenSSL, Go and rustls", "do not stand at the beginning of lines"),
        (old, "Go and rustls", "its label is an old spelling of CERTIFICATE"),
    ] {
        let quirk = pem::blocks(text.as_bytes()).remove(0).quirk.expect(what);
        assert_eq!(quirk.unseen_by(), unseen_by);
        assert!(quirk.what().contains(what), "{}", quirk.what());
    }
    assert_eq!(pem::blocks(pem.as_bytes()).remove(0).quirk, None);
}

/// X25519 (RFC 8410): a key that certificates hold for agreement, and that ring cannot derive from.
#[test]
fn keys_of_a_kind_that_nobody_here_knows_are_told_apart_by_it_and_no_further() {
    let der =
        [&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20][..], &[7; 32]];
    let key = PrivateKey::from_pem(pem::encode("PRIVATE KEY", &der.concat()).as_bytes());
    let key = key.expect("it is PKCS#8");
    let pairing = |oid: &str| {
        key.pairs_with(
            &PublicKey::Other { oid: oid.to_owned(), digest: [0; 32] },
            &SystemRandom::new(),
        )
    };
    let why = "keys of type 1.3.101.110 cannot be compared here";
    assert_eq!(pairing("1.3.101.110"), Pairing::Unknown(why.to_owned()));
    assert_eq!(pairing("1.3.101.113"), Pairing::Differs);
    assert_eq!(key.public_id(), None);
}
