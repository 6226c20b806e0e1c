//! CAs of every shape, and what may and what may not be signed by them.
#![expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]

use super::*;
use crate::x509::issue::{self, Issued, Subject};
use crate::x509::key_purpose::Usage;
use crate::x509::request::Request;
use crate::x509::san::San;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use ring::rand::SystemRandom;
use time::Duration;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
const KEYS: [&str; 3] = [
    include_str!("../../../testdata/pki/ec-p256-01.pem"),
    include_str!("../../../testdata/pki/ec-p256-02.pem"),
    include_str!("../../../testdata/pki/ec-p256-03.pem"),
];
const ED25519: &str = include_str!("../../../testdata/pki/ed25519.pem");

/// What makes another CA of [`params`].
type Change<'c> = &'c dyn Fn(&mut CertificateParams);

/// A CA as somebody else may have made it: its name is `CN=<name>`, valid ten days around NOW.
fn params(name: &str, path_length: Option<u8>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(match path_length {
        Some(length) => BasicConstraints::Constrained(length),
        None => BasicConstraints::Unconstrained,
    });
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = (NOW - Duration::DAY, NOW + Duration::days(9));
    params
}

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pem(pem).expect("the key is good")
}

/// Root and intermediate as PEM, the intermediate's key being the second.
fn two_tiers(root: &CertificateParams, middle: &CertificateParams) -> (String, String) {
    let issuer = Issuer::new(root.clone(), key(KEYS[0]));
    let made = middle.signed_by(&key(KEYS[1]), &issuer).expect("it can be made");
    (root.self_signed(&key(KEYS[0])).expect("it can be made").pem(), made.pem())
}

fn alone(params: &CertificateParams) -> Authority {
    let pem = params.self_signed(&key(KEYS[0])).expect("it can be made").pem();
    authority(&pem, KEYS[0]).expect("it can be read")
}

fn authority(certificates: &str, key: &str) -> Result<Authority, String> {
    let (certificates, key) = (certificates.as_bytes(), key.as_bytes());
    let read = Authority::read(certificates, key, NOW, &SystemRandom::new());
    read.map_err(|error| error.to_string())
}

fn leaf(names: &[&str], key_type: KeyType) -> Profile {
    let names = names.iter().map(|name| San::Dns((*name).to_owned())).collect();
    let dates = (NOW - Duration::minutes(5), NOW + Duration::days(5));
    Profile::server(names, None, key_type, dates).expect("the names are good")
}

fn leaf_key(profile: &Profile) -> PrivateKey {
    let key = if profile.key_type == KeyType::Ed25519 { ED25519 } else { KEYS[2] };
    PrivateKey::from_pem(key.as_bytes()).expect("the key is good")
}

fn signed(authority: &Authority, profile: &Profile) -> Result<Issued, String> {
    let key = leaf_key(profile);
    let made = issue::signed_by(authority, profile, Subject::Key(&key), &SystemRandom::new());
    made.map_err(|error| error.to_string())
}

fn der(pem: &str) -> Vec<u8> {
    pem::blocks(pem.as_bytes()).remove(0).der.expect("it was just encoded").expose().to_vec()
}

#[test]
fn a_ca_of_ones_own_may_sign_leaves_and_nothing_else() {
    let dates = (NOW - Duration::minutes(5), NOW + Duration::days(3650));
    let wish = Profile::authority("Our CA".to_owned(), KeyType::Ed25519, dates);
    let wish = wish.expect("the name is good");
    let key = PrivateKey::from_pem(ED25519.as_bytes()).expect("the key is good");
    let made = issue::self_signed(&wish, &key, &SystemRandom::new()).expect("it can be made");
    assert_eq!((made.facts.is_ca, made.facts.path_length), (true, Some(0)));
    let ca = authority(&made.pem, ED25519).expect("it can be read");
    assert_eq!(ca.check(NOW, Usage::Server), Ok(()));
    assert_eq!((ca.key_type(), ca.chain_pem()), (KeyType::Ed25519, ""));
    assert_eq!(ca.root_pem(), Some(&*made.pem));
    assert_eq!(ca.certificate(), &made.facts);
    assert_eq!(ca.window(), dates);
    let leaf = signed(&ca, &leaf(&["a.example"], KeyType::P256)).expect("it can be signed");
    assert_eq!((&*leaf.facts.issuer, leaf.facts.is_ca), ("CN=Our CA", false));
    let below = Profile::authority("Below".to_owned(), KeyType::P256, dates).expect("good");
    let refused = signed(&ca, &below).expect_err("it signs no CA");
    assert!(refused.contains("name of its CA") || refused.contains("CA flag"), "{refused}");
}

#[test]
fn a_leaf_has_a_name_of_its_own() {
    let ca = alone(&params("a.example", None));
    let refused = signed(&ca, &leaf(&["a.example"], KeyType::P256)).expect_err("same name");
    let told = "the certificate would have the name of its CA, CN=a.example: choose another --cn";
    assert_eq!(refused, told);
}

#[test]
fn the_certificate_of_the_key_is_the_ca_and_those_above_it_its_chain() {
    let (root, middle) = two_tiers(&params("Root", None), &params("Middle", Some(0)));
    for text in [format!("{middle}{root}"), format!("{root}{middle}")] {
        let ca = authority(&text, KEYS[1]).expect("it can be read");
        assert_eq!(&*ca.certificate().subject, "CN=Middle");
        assert_eq!(ca.check(NOW, Usage::Server), Ok(()));
        assert_eq!(der(ca.chain_pem()), der(&middle));
        assert_eq!(ca.root_pem().map(der), Some(der(&root)));
        assert_eq!(ca.der(), der(&middle));
    }
    let ca = authority(&middle, KEYS[1]).expect("it can be read");
    assert_eq!((ca.root_pem(), ca.check(NOW, Usage::Server)), (None, Ok(())));
    let lost = authority(&middle, KEYS[2]).expect_err("the key is another's");
    assert_eq!(lost, "none of the certificates in it is the private key's");
}

#[test]
fn what_cannot_be_a_ca_is_refused_as_it_is_read() {
    let pem = params("Root", None).self_signed(&key(KEYS[0])).expect("it can be made").pem();
    let p521 = include_str!("../../../testdata/pki/ec-p521.pem");
    for (certificates, key, why) in [
        ("", KEYS[0], "there is no certificate in it that can be read"),
        (&*pem, p521, "its key is of type p521, which cannot sign here"),
        (&pem, &pem, "there is no PEM block of a private key in it"),
    ] {
        let refused = authority(certificates, key).expect_err(why);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn a_ca_that_may_not_sign_is_refused_by_what_forbids_it() {
    let with = |change: &dyn Fn(&mut CertificateParams)| {
        let mut params = params("Root", None);
        change(&mut params);
        alone(&params).check(NOW, Usage::Server).expect_err("it may not sign").to_string()
    };
    let refused = with(&|it| it.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(refused, "CN=Root is not a CA: its certificate does not say CA:TRUE");
    let refused = with(&|it| it.key_usages = vec![KeyUsagePurpose::CrlSign]);
    assert_eq!(refused, "CN=Root may not sign certificates: its key usage lacks keyCertSign");
    let refused = with(&|it| it.not_after = NOW - Duration::SECOND);
    assert_eq!(refused, "CN=Root expired on 2026-11-20T23:59:59Z");
    let refused = with(&|it| it.not_before = NOW + Duration::SECOND);
    assert_eq!(refused, "CN=Root is valid only from 2026-11-21T00:00:01Z");
    let refused = with(&|it| it.distinguished_name = rcgen::DistinguishedName::new());
    assert_eq!(refused, "the CA has no subject, and an issuer must have a name");
    // Both ends of the validity still belong to it (RFC 5280 §4.1.2.5).
    let mut edge = params("Root", None);
    (edge.not_before, edge.not_after) = (NOW, NOW);
    assert_eq!(alone(&edge).check(NOW, Usage::Server), Ok(()));
}

#[test]
fn whatever_stands_above_a_ca_must_allow_it_too() {
    let check = |root: &CertificateParams| {
        let (root, middle) = two_tiers(root, &params("Middle", None));
        let ca = authority(&format!("{middle}{root}"), KEYS[1]).expect("it can be read");
        ca.check(NOW, Usage::Server).map_err(|error| error.to_string())
    };
    assert_eq!(check(&params("Root", Some(1))), Ok(()));
    let told = "CN=Root allows no CA so far below it (path length 0)";
    assert_eq!(check(&params("Root", Some(0))), Err(told.to_owned()));
    let mut ended = params("Root", None);
    ended.not_after = NOW - Duration::DAY;
    assert_eq!(check(&ended), Err("CN=Root expired on 2026-11-20T00:00:00Z".to_owned()));
}

#[test]
fn what_makes_every_leaf_unusable_is_refused_wherever_it_stands() {
    let extension = |oid: &[u64]| {
        let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
        extension.set_criticality(true);
        extension
    };
    let server = ExtendedKeyUsagePurpose::ServerAuth;
    let client = ExtendedKeyUsagePurpose::ClientAuth;
    let cases: [(Change<'_>, Option<&str>); 8] = [
        (&|it| it.is_ca = IsCa::ExplicitNoCa, Some("Root is not a CA: its certificate does")),
        (
            &|it| it.key_usages = vec![KeyUsagePurpose::CrlSign],
            Some("CN=Root may not sign certificates: its key usage lacks keyCertSign"),
        ),
        (
            &|it| it.extended_key_usages = vec![client.clone()],
            Some("CN=Root may be used for 1.3.6.1.5.5.7.3.2 alone, and lacks serverAuth"),
        ),
        (&|it| it.extended_key_usages = vec![client.clone(), server.clone()], None),
        (&|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any], None),
        (
            &|it| it.custom_extensions = vec![extension(&[2, 50, 1])],
            Some("CN=Root has a critical extension that clients do not know (2.50.1)"),
        ),
        // Policies are known to all but rustls.
        (&|it| it.custom_extensions = vec![extension(&[2, 5, 29, 36])], None),
        (&|it| it.custom_extensions = vec![extension(&[2, 5, 29, 30])], None),
    ];
    for (change, told) in cases {
        let mut root = params("Root", None);
        change(&mut root);
        let (above, middle) = two_tiers(&root, &params("Middle", None));
        let ca = authority(&format!("{middle}{above}"), KEYS[1]).expect("it can be read");
        for checked in [ca.check(NOW, Usage::Server), alone(&root).check(NOW, Usage::Server)] {
            match (told, checked) {
                (None, checked) => assert_eq!(checked, Ok(())),
                (Some(told), checked) => {
                    let refused = checked.expect_err(told).to_string();
                    assert!(refused.contains(told), "{refused}");
                }
            }
        }
    }
}

#[test]
fn a_ca_for_one_end_of_tls_signs_for_that_end_alone() {
    let mut root = params("Root", None);
    root.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(alone(&root).check(NOW, Usage::Client), Ok(()));
    let refused = alone(&root).check(NOW, Usage::Both).expect_err("it lacks serverAuth");
    assert!(refused.to_string().contains("lacks serverAuth (1.3.6.1.5.5.7.3.1)"), "{refused}");
    root.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let refused = alone(&root).check(NOW, Usage::Client).expect_err("it lacks clientAuth");
    let told = "and lacks clientAuth (1.3.6.1.5.5.7.3.2): servers refuse a client below it";
    assert!(refused.to_string().contains(told), "{refused}");
}

#[test]
fn a_root_that_did_not_sign_is_not_taken_for_one_that_did() {
    let (_, middle) = two_tiers(&params("Root", None), &params("Middle", None));
    // Without key identifiers, its name is all that is told by.
    let namesake = params("Root", None).self_signed(&key(KEYS[2])).expect("made").pem();
    let ca = authority(&format!("{middle}{namesake}"), KEYS[1]).expect("it can be read");
    let refused = ca.check(NOW, Usage::Server).expect_err("another key").to_string();
    let told = "CN=Middle was signed by another CN=Root than the one that is given (sha256 ";
    assert!(refused.starts_with(told), "{refused}");
}

#[test]
fn name_constraints_above_forbid_a_leaf_before_it_is_made() {
    let mut root = params("Root", None);
    root.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("corp.example".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let (root, middle) = two_tiers(&root, &params("Middle", None));
    let ca = authority(&format!("{middle}{root}"), KEYS[1]).expect("it can be read");
    assert_eq!(ca.check(NOW, Usage::Server), Ok(()));
    assert!(signed(&ca, &leaf(&["a.corp.example"], KeyType::P256)).is_ok());
    let refused = signed(&ca, &leaf(&["a.corp.example", "b.example"], KeyType::P256));
    let told =
        "CN=Root: its name constraints permit \"corp.example\", and b.example is outside that";
    assert_eq!(refused.expect_err(told), told);
}

#[test]
fn of_an_expired_ca_and_its_renewal_the_one_valid_now_signs() {
    let mut old = params("Root", None);
    (old.not_before, old.not_after) = (NOW - Duration::days(9), NOW - Duration::DAY);
    let (mut next, mut last) = (params("Root", None), params("Root", None));
    next.not_after = NOW + Duration::days(99);
    (last.not_before, last.not_after) = (NOW + Duration::DAY, NOW + Duration::days(999));
    let pem = |it: &CertificateParams| it.self_signed(&key(KEYS[0])).expect("made").pem();
    let all = [pem(&old), pem(&params("Root", None)), pem(&next), pem(&last)];
    for text in [all.concat(), all.iter().rev().cloned().collect()] {
        let ca = authority(&text, KEYS[0]).expect("it can be read");
        assert_eq!(ca.check(NOW, Usage::Server), Ok(()));
        assert_eq!(ca.certificate().not_after, next.not_after);
    }
}

#[test]
fn a_ca_is_read_from_der_as_from_pem() {
    let pem = params("Root", None).self_signed(&key(KEYS[0])).expect("it can be made").pem();
    let pkcs8 = key(KEYS[0]).serialize_der();
    let random = SystemRandom::new();
    let ca = Authority::read(&der(&pem), &pkcs8, NOW, &random).expect("it can be read");
    assert_eq!((ca.check(NOW, Usage::Server), ca.root_pem().map(der)), (Ok(()), Some(der(&pem))));
    for (key, why) in [
        (der(&pem), Unreadable::Key(KeyError::NoBlock)),
        (
            include_bytes!("../../../testdata/pki/encrypted-pkcs8.pem").to_vec(),
            Unreadable::Encrypted,
        ),
        (KEYS[1].as_bytes().to_vec(), Unreadable::OtherKey),
    ] {
        let refused = Authority::read(&der(&pem), &key, NOW, &random);
        assert_eq!(refused.expect_err("no key of its own"), why);
    }
}

#[test]
fn a_leaf_never_outlives_or_foreruns_what_stands_above_it() {
    let mut root = params("Root", None);
    (root.not_before, root.not_after) = (NOW - Duration::MINUTE, NOW + Duration::days(2));
    let window = (root.not_before, root.not_after);
    let (root, middle) = two_tiers(&root, &params("Middle", None));
    let ca = authority(&format!("{middle}{root}"), KEYS[1]).expect("it can be read");
    assert_eq!(ca.window(), window);
    let (within, note) = ca.within(leaf(&["a.example"], KeyType::P256));
    assert_eq!((within.not_before, within.not_after), window);
    let told = "it ends on 2026-11-23T00:00:00Z instead of 2026-11-26T00:00:00Z, when its CA ends (CN=Root)";
    assert_eq!(note.as_deref(), Some(told));
    let short = Profile { not_after: NOW + Duration::DAY, ..leaf(&["a.example"], KeyType::P256) };
    let (within, note) = ca.within(short.clone());
    assert_eq!((within.not_after, note), (short.not_after, None));
    let made = signed(&ca, &within).expect("it can be signed");
    assert_eq!(made.facts.not_after, short.not_after);
}

#[test]
fn what_another_ca_signed_is_not_confirmed() {
    let ca = alone(&params("Root", None));
    let made = |ca: &Authority| {
        der(&signed(ca, &leaf(&["a.example"], KeyType::Ed25519)).expect("signed").pem)
    };
    assert_eq!(ca.confirm(&made(&ca)), Ok(()));
    let told =
        ca.confirm(&made(&alone(&params("Other", None)))).expect_err("another name").to_string();
    assert!(told.contains("does not name its CA (CN=Root)"), "{told}");
    let pem = params("Root", None).self_signed(&key(KEYS[1])).expect("it can be made").pem();
    let namesake = authority(&pem, KEYS[1]).expect("it can be read");
    let told = ca.confirm(&made(&namesake)).expect_err("the same name, another key");
    assert_eq!(told, ConfirmError::KeyId);
    let mut changed = made(&ca);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let told = ca.confirm(&changed).expect_err("a changed signature");
    assert_eq!(told, ConfirmError::Signature);
    assert!(ca.confirm(b"no certificate").is_err());
}

#[test]
fn a_request_made_here_is_signed_here_for_its_key() {
    let ca = alone(&params("Root", None));
    let wish = leaf(&["a.example", "*.a.example"], KeyType::P256);
    let theirs = PrivateKey::from_pem(KEYS[2].as_bytes()).expect("the key is good");
    let text = issue::request(&wish, &theirs).expect("it can be made");
    let request = Request::read(text.as_bytes()).expect("it can be read");
    assert_eq!((&request.names, request.key_type), (&wish.names, KeyType::P256));
    assert_eq!(request.ignored(Usage::Server), [] as [&str; 0]);
    let random = SystemRandom::new();
    let made = issue::signed_by(&ca, &wish, Subject::Request(&request), &random);
    assert_eq!(made.expect("it can be signed").facts.names, wish.names);
    let other = Profile { key_type: KeyType::P384, ..wish };
    let refused = issue::signed_by(&ca, &other, Subject::Request(&request), &random);
    let told = "the certificate that was made is not what was asked for: its key type differ";
    assert_eq!(refused.expect_err(told).to_string(), told);
}
