//! Tables for what other tests of `x509` pass by: wishes that cannot be fulfilled, and keys that
//! nobody here can compare.
#![expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]

use super::key::{Pairing, PrivateKey};
use super::key_kind::KeyType;
use super::oid::{ED448, Oid};
use super::pem;
use super::profile::Profile;
use super::public_key::PublicKey;
use super::san::{OtherSan, San};
use ring::rand::SystemRandom;
use time::macros::datetime;

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
        let refused = wish(name).expect_err(why).to_string();
        assert!(refused.contains(why), "{refused}");
        assert!(!refused.contains(char::is_control), "{refused}");
    }
}

#[test]
fn a_name_that_cannot_be_written_is_shown_by_its_form() {
    assert_eq!(San::Other(OtherSan::OtherName).to_string(), "(otherName)");
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
        (format!("\u{feff}{pem}"), "Go and rustls", "a byte order mark precedes its BEGIN line"),
        (indented, "OpenSSL, Go and rustls", "do not begin a line"),
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
    let pairing = |oid: Oid<'_>| {
        let public = PublicKey::Other { oid: oid.into(), digest: [0; 32] };
        key.pairs_with(&public, &SystemRandom::new())
    };
    let why = "keys of type 1.3.101.110 cannot be compared here";
    assert_eq!(pairing(Oid::of(&[0x2b, 0x65, 0x6e])), Pairing::Unknown(why.to_owned()));
    assert_eq!(pairing(ED448), Pairing::Differs);
    assert_eq!(key.public_id(), None);
}
