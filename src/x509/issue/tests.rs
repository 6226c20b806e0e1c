//! What is issued, read again.

use super::super::oid::Oid;
use super::super::profile;
use super::*;
use ring::rand::SystemRandom;
use std::collections::BTreeSet;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer as _, ParsedExtension, X509Certificate};

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

fn dns(names: &[&str]) -> Vec<San> {
    names.iter().map(|name| San::Dns((*name).to_owned())).collect()
}

fn profile(names: &[&str], key_type: KeyType) -> Profile {
    let dates = profile::dates(NOW, Duration::days(90)).expect("in range");
    Profile::server(dns(names), None, key_type, dates).expect("the names are good")
}

/// A key of this type from the test PKI, for making RSA keys takes long.
fn key(key_type: KeyType) -> PrivateKey {
    let pem = match key_type {
        KeyType::Rsa2048 => include_str!("../../../testdata/pki/rsa-2048-01.pem"),
        KeyType::Rsa3072 => include_str!("../../../testdata/pki/rsa-3072.pem"),
        KeyType::Rsa4096 => include_str!("../../../testdata/pki/rsa-4096.pem"),
        KeyType::P256 => include_str!("../../../testdata/pki/ec-p256-01.pem"),
        KeyType::P384 => include_str!("../../../testdata/pki/ec-p384.pem"),
        KeyType::Ed25519 => include_str!("../../../testdata/pki/ed25519.pem"),
    };
    PrivateKey::from_pem(pem.as_bytes()).expect("the key is good")
}

/// The certificate of a profile, by the test key of its type.
fn issued(profile: &Profile) -> Result<Issued, IssueError> {
    self_signed(profile, &key(profile.key_type), &SystemRandom::new())
}

fn der(issued: &Issued) -> Vec<u8> {
    let block = pem::blocks(issued.pem.as_bytes()).remove(0);
    block.der.expect("it was just encoded").expose().to_vec()
}

fn holds(der: &[u8], part: &[u8]) -> bool {
    der.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_certificate_says_what_its_profile_says_whatever_its_key() {
    for key_type in KeyType::ALL {
        let wish = profile(&["a.example", "*.shop.example"], key_type);
        let made = issued(&wish).expect("it can be made");
        let (read, public) = cert::read(&der(&made)).expect("it can be read");
        assert_eq!(read, made.facts);
        assert_eq!(read.names, wish.names);
        assert_eq!((read.not_before, read.not_after), (wish.not_before, wish.not_after));
        assert_eq!((read.version, read.is_ca, read.self_signed), (3, false, true));
        assert_eq!((&*read.subject, &*read.issuer), ("CN=a.example", "CN=a.example"));
        assert_eq!(read.extended_key_usage.as_deref(), Some(&[KeyPurpose::ServerAuth][..]));
        assert_eq!(read.key_type, key_type.kind());
        assert_eq!(Some(public.id()), key(key_type).public_id());
    }
}

#[test]
fn only_rsa_keys_may_encipher_keys() {
    for key_type in KeyType::ALL {
        let der = der(&issued(&profile(&["a.example"], key_type)).expect("it can be made"));
        let (_, parsed) = X509Certificate::from_der(&der).expect("it can be read");
        let usages = parsed.extensions().iter().find_map(|e| match e.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => Some(usage.flags),
            _ => None,
        });
        let is_rsa = key_type.as_str().starts_with("rsa");
        // Bit 0 is digitalSignature, bit 2 keyEncipherment (RFC 5280 §4.2.1.3).
        assert_eq!(usages, Some(if is_rsa { 0b101 } else { 0b001 }), "{key_type}");
    }
}

#[test]
fn a_name_of_a_foreign_form_is_refused_by_that_form() {
    for (name, told) in [
        (San::Other(OtherSan::OtherName), "a name of the form otherName cannot be written"),
        (San::Other(OtherSan::DirectoryName), "a name of the form directoryName cannot be written"),
        (San::Dns("münchen.example".to_owned()), "the name \"münchen.example\" is not ASCII"),
        (San::Email("ü@a.example".to_owned()), "the name \"ü@a.example\" is not ASCII"),
        (San::Uri("https://ü".to_owned()), "the name \"https://ü\" is not ASCII"),
    ] {
        let mut wish = profile(&["a.example"], KeyType::P256);
        wish.names.push(name);
        assert_eq!(issued(&wish).expect_err(told).to_string(), told);
    }
}

#[test]
fn names_of_every_form_that_can_be_written_come_back_in_their_order() {
    let mut wish = profile(&["b.example"], KeyType::Ed25519);
    wish.names.extend([
        San::Ip("2001:db8::1".parse().expect("an address")),
        San::Email("ops@a.example".to_owned()),
        San::Ip("10.0.0.1".parse().expect("an address")),
        San::Uri("spiffe://a.example/web".to_owned()),
        San::Dns("a.example".to_owned()),
    ]);
    assert_eq!(issued(&wish).expect("it can be made").facts.names, wish.names);
}

#[test]
fn a_key_that_is_not_of_the_profiles_type_is_refused() {
    for (wished, given) in [
        (KeyType::P256, KeyType::P384),
        (KeyType::P384, KeyType::P256),
        (KeyType::P256, KeyType::Rsa2048),
        (KeyType::Rsa2048, KeyType::P256),
        (KeyType::Ed25519, KeyType::P256),
        (KeyType::Rsa4096, KeyType::Rsa2048),
        (KeyType::Rsa2048, KeyType::Rsa3072),
    ] {
        let wish = profile(&["a.example"], wished);
        let refused = self_signed(&wish, &key(given), &SystemRandom::new());
        assert!(refused.is_err(), "a {given} key for a {wished} certificate");
    }
}

#[test]
fn attributes_and_usages_that_are_no_object_identifiers_are_refused() {
    let mut wish = profile(&["a.example"], KeyType::P256);
    wish.extended_key_usage = vec![KeyPurpose::Other(Oid::of(&[0x55, 0x84]).into())];
    let told = "\"#5584\" is not an object identifier";
    assert_eq!(issued(&wish).expect_err(told).to_string(), told);
    let mut wish = profile(&["a.example"], KeyType::P256);
    wish.subject = vec![Attribute::new(Oid::of(&[]), "a.example")];
    let told = "\"#\" is not an object identifier";
    assert_eq!(issued(&wish).expect_err(told).to_string(), told);
}

#[test]
fn identifiers_beyond_2_40_are_written_and_those_that_are_none_do_not_panic() {
    let mut wish = profile(&["a.example"], KeyType::P256);
    wish.subject = vec![Attribute::new(Oid::of(&[0x81, 0x02, 1]), "odd")];
    let other = KeyPurpose::Other(Oid::of(&[0x88, 0x37, 1]).into());
    wish.extended_key_usage = vec![KeyPurpose::ServerAuth, other];
    let made = issued(&wish).expect("it can be made").facts;
    assert_eq!((&*made.subject, &*made.subject_attributes()), ("2.50.1=odd", &*wish.subject));
    assert_eq!(made.extended_key_usage.as_deref(), Some(&*wish.extended_key_usage));
    // Padded; cut off; a second number of 2⁶⁴ − 1.
    let large = [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x4f];
    for none in [&[0x80, 0x55][..], &[0x55, 0x84], &large] {
        let none = Oid::of(none);
        let mut wish = profile(&["a.example"], KeyType::P256);
        wish.subject = vec![Attribute::new(none, "odd")];
        assert!(issued(&wish).is_err(), "{none}");
        wish.subject = Vec::new();
        wish.extended_key_usage = vec![KeyPurpose::Other(none.into())];
        assert!(issued(&wish).is_err(), "{none}");
    }
}

#[test]
fn foreign_usages_and_attributes_are_kept_in_their_order() {
    let mut wish = profile(&["a.example"], KeyType::P256);
    // Smart card logon, of Microsoft.
    let other = KeyPurpose::Other(Oid::of(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2]).into());
    wish.extended_key_usage = vec![KeyPurpose::ServerAuth, KeyPurpose::ClientAuth, other];
    wish.subject = vec![
        Attribute::new(oid::COUNTRY, "DE"),
        Attribute::new(oid::ORGANIZATION, "Käse ☕"),
        Attribute::new(oid::COMMON_NAME, "a.example"),
    ];
    let made = issued(&wish).expect("it can be made");
    assert_eq!(made.facts.extended_key_usage.as_deref(), Some(&*wish.extended_key_usage));
    assert_eq!(*made.facts.subject_attributes(), wish.subject);
    let der = der(&made);
    assert!(holds(&der, b"\x13\x02DE"), "a country is a PrintableString");
    assert!(holds(&der, b"\x0c\x09a.example"), "a common name is a UTF8String");
}

#[test]
fn a_certificate_without_a_subject_still_has_an_issuer_with_a_name() {
    let long = format!("{}.example", "a".repeat(63));
    let wish = profile(&[&long], KeyType::P256);
    assert_eq!(wish.subject, [], "no name fits a common name");
    let made = issued(&wish).expect("it can be made").facts;
    assert_eq!((&*made.subject, &*made.issuer), ("O=certwright", "O=certwright"));
    assert_eq!(made.common_names().count(), 0, "nothing that could be taken for a host");
    assert_eq!(made.names, wish.names);
}

#[test]
fn years_from_2050_on_are_written_as_generalized_time_in_utc() {
    for (not_after, written) in [
        (datetime!(2049-12-31 23:59:59 UTC), b"\x17\x0d491231235959Z".as_slice()),
        (datetime!(2050-01-01 00:00:00 UTC), b"\x18\x0f20500101000000Z"),
        (datetime!(9999-12-31 23:59:59 UTC), b"\x18\x0f99991231235959Z"),
        // The year that is looked at must be the one in UTC.
        (datetime!(2049-12-31 20:00:00 -5), b"\x18\x0f20500101010000Z"),
        (datetime!(2050-01-01 03:00:00 +5), b"\x17\x0d491231220000Z"),
    ] {
        let wish = Profile { not_after, ..profile(&["a.example"], KeyType::Ed25519) };
        let made = issued(&wish).expect("it can be made");
        assert_eq!(made.facts.not_after, not_after);
        assert!(holds(&der(&made), written), "{not_after}");
    }
}

#[test]
fn a_date_that_a_certificate_cannot_say_is_refused_not_rounded() {
    let mut wish = profile(&["a.example"], KeyType::Ed25519);
    wish.not_after += Duration::milliseconds(1);
    let told = "the certificate that was made is not what was asked for: its dates differ";
    assert_eq!(issued(&wish).expect_err(told).to_string(), told);
}

#[test]
fn serial_numbers_are_twenty_positive_bytes_and_never_the_same() {
    let random = SystemRandom::new();
    let serials: BTreeSet<[u8; 20]> =
        (0..100_000).map(|_| serial(&random).expect("randomness works")).collect();
    assert_eq!(serials.len(), 100_000);
    for serial in serials {
        assert!((0x40..0x80).contains(&serial[0]), "positive, and no byte is ever dropped");
    }
}

#[test]
fn two_certificates_of_one_profile_and_key_differ_in_their_serial_number_alone() {
    let wish = profile(&["a.example"], KeyType::Ed25519);
    let (one, two) = (issued(&wish).expect("made"), issued(&wish).expect("made"));
    assert_ne!(one.facts.serial, two.facts.serial);
    let same =
        Certificate { serial: one.facts.serial.clone(), sha256: one.facts.sha256, ..two.facts };
    assert_eq!(same, one.facts);
}
