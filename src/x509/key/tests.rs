//! Keys as other tools write them, beside their certificates; keys and points that lie.
#![expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]

use super::*;
use crate::x509::cert;
use crate::x509::public_key::PointForm;
use base64::Engine as _;
use pkcs8::der::{Decode as _, Encode as _};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use ring::rand::SystemRandom;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Every encoding of a private key that people use, each beside its certificate, as other
/// tools wrote them.
const KEY_TYPES: &str = include_str!("../../../testdata/scenarios/key-types/in/secrets.yaml");
const ENCODINGS: usize = 14;

/// A Secret of [`KEY_TYPES`].
struct Secret {
    name: &'static str,
    key: PrivateKey,
    public: PublicKey,
}

fn secrets() -> Vec<Secret> {
    let field = |document: &'static str, name: &str| {
        let line = document.lines().find_map(|line| line.trim().strip_prefix(name));
        line.expect("a Secret has that field")
    };
    let decoded = |text: &str| {
        base64::engine::general_purpose::STANDARD.decode(text).expect("Secrets are base64")
    };
    let read = |document| {
        let name = field(document, "name: ");
        let key = PrivateKey::from_pem(&decoded(field(document, "tls.key: ")));
        let key = key.unwrap_or_else(|error| panic!("{name}: {error}"));
        Secret { name, key, public: public(&decoded(field(document, "tls.crt: "))) }
    };
    let secrets: Vec<Secret> = KEY_TYPES.split("\n---\n").map(read).collect();
    assert_eq!(secrets.len(), ENCODINGS);
    secrets
}

fn secret(name: &str) -> Secret {
    let named = secrets().into_iter().find(|secret| secret.name == name);
    named.expect("it is one of the scenario's")
}

fn public(certificate: &[u8]) -> PublicKey {
    let der = pem::blocks(certificate).remove(0).der.expect("the PEM is good");
    cert::read(der.expose()).expect("the certificate is good").1
}

fn key(pem: &[u8]) -> PrivateKey {
    PrivateKey::from_pem(pem).expect("the key is good")
}

/// The scalar of a P-256, P-384 or P-521 key.
fn scalar(key: &PrivateKey) -> &[u8] {
    let Form::Ec { private, .. } = &key.form else { panic!("{key:?} is no EC key") };
    private.expose()
}

/// The public point of an EC key.
fn point(public: &PublicKey) -> &[u8] {
    let PublicKey::Ec { point, .. } = public else { panic!("{public:?} is no EC key") };
    point
}

/// A SEC 1 file that holds this scalar and this point or none.
fn sec1(curve: &Curve, scalar: &[u8], point: Option<&[u8]>) -> PrivateKey {
    let curve = ObjectIdentifier::from_bytes(curve.oid().octets()).expect("an OID");
    let parameters = Some(sec1::EcParameters::NamedCurve(curve));
    let der = sec1::EcPrivateKey { private_key: scalar, parameters, public_key: point };
    let der = der.to_der().expect("it can be encoded");
    key(pem::encode("EC PRIVATE KEY", &der).as_bytes())
}

#[test]
fn every_encoding_is_read_and_its_type_and_size_are_told() {
    for Secret { name, key, public } in secrets() {
        let of_name = name
            .trim_end_matches("-pkcs1")
            .trim_end_matches("-pkcs8")
            .trim_end_matches("-sec1")
            .trim_end_matches("-parameters-first");
        let told = (key.key_type().to_string(), public.key_type().to_string());
        assert_eq!(told, (of_name.to_owned(), of_name.to_owned()));
    }
}

#[test]
fn every_encoding_pairs_with_its_own_certificate_and_with_no_other() {
    let secrets = secrets();
    let random = SystemRandom::new();
    for Secret { name, key, public } in &secrets {
        for other in &secrets {
            // rsa-4096 and the NIST curves have one test key each, in two containers.
            let same = *public == other.public;
            let found = key.pairs_with(&other.public, &random);
            assert_eq!(found, paired(same), "{name} and the certificate of {}", other.name);
            let ids_agree = key.public_id() == Some(other.public.id());
            assert_eq!(ids_agree, same, "{name} and the certificate of {}", other.name);
        }
    }
}

#[test]
fn every_key_file_of_the_test_pki_is_read() {
    macro_rules! pki {
        ($($file:literal)*) => {
            [$(($file, include_bytes!(concat!("../../../testdata/pki/", $file, ".pem")).as_slice())),*]
        };
    }
    let files = pki!["rsa-1024" "rsa-2048-01" "rsa-2048-02" "rsa-2048-03" "rsa-2048-04"
        "rsa-2048-05" "rsa-2048-06" "rsa-2048-07" "rsa-2048-08" "rsa-2048-09"
        "rsa-2048-intermediate" "rsa-2048-root" "rsa-3072" "rsa-4096" "ec-p256-01" "ec-p256-02"
        "ec-p256-03" "ec-p384" "ec-p521" "ed25519" "guide.key"];
    let mut ids = std::collections::BTreeSet::new();
    for (name, pem) in files {
        let key = PrivateKey::from_pem(pem).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_named = name.trim_start_matches("ec-").starts_with(&key.key_type().to_string());
        assert!(is_named || (name, key.key_type()) == ("guide.key", KeyKind::rsa(2048)));
        assert!(ids.insert(key.public_id()), "{name} is a key that was there before");
        assert_eq!(key.to_pem().as_bytes(), pem, "{name} is written as it was read");
    }
}

#[test]
fn an_older_container_becomes_the_pkcs8_that_other_tools_make_of_it() {
    for (name, expected) in [
        ("rsa-1024-pkcs1", include_bytes!("../../../testdata/pki/rsa-1024.pem").as_slice()),
        ("rsa-4096-pkcs1", include_bytes!("../../../testdata/pki/rsa-4096.pem")),
    ] {
        assert_eq!(secret(name).key.to_pem().as_bytes(), expected, "{name}");
    }
    // SEC 1 names its curve once more inside, which PKCS#8 leaves to the writer (RFC 5915 §3).
    for name in ["p256-sec1", "p256-parameters-first", "p384-sec1", "p521-sec1"] {
        let Secret { key: old, public, .. } = secret(name);
        let new = key(old.to_pem().as_bytes());
        assert_eq!(new.key_type(), old.key_type(), "{name}");
        assert_eq!(new.pairs_with(&public, &SystemRandom::new()), Pairing::Match, "{name}");
    }
}

#[test]
fn a_sec1_key_without_its_public_point_is_paired_by_computation() {
    let random = SystemRandom::new();
    for (name, curve) in [("p256-sec1", Curve::P256), ("p384-sec1", Curve::P384)] {
        let Secret { key, public, .. } = secret(name);
        let bare = sec1(&curve, scalar(&key), None);
        assert_eq!(bare.public_id(), None, "{name}");
        assert_eq!(bare.pairs_with(&public, &random), Pairing::Match, "{name}");
        let point = fresh_point(&curve);
        let other = PublicKey::Ec { curve: Some(curve), point };
        assert_eq!(bare.pairs_with(&other, &random), Pairing::Differs, "{name}");
    }
}

/// The SEC 1 structure of a P-256 scalar as it is, of whatever length.
fn written(scalar: &[u8]) -> PrivateKey {
    let curve = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let parts = [&[2, 1, 1][..], &tagged(4, scalar), &tagged(0xa0, &curve)].concat();
    key(pem::encode("EC PRIVATE KEY", &tagged(0x30, &parts)).as_bytes())
}

#[test]
fn a_private_number_with_a_zero_less_or_more_is_the_same_number() {
    let random = SystemRandom::new();
    // By `openssl ecparam -genkey` until one began with a zero byte; OpenSSL and Go take the
    // pair whether that zero is written or not.
    let small = key(SMALL_NUMBER_KEY.as_bytes());
    let number = scalar(&small).to_vec();
    let stored = match &small.form {
        Form::Ec { point, .. } => point.clone().expect("it has one"),
        _ => panic!("{small:?} is no EC key"),
    };
    assert_eq!((number.len(), number[0]), (32, 0));
    let public = PublicKey::Ec { curve: Some(Curve::P256), point: stored };
    let theirs = secret("p256-sec1").public;
    for scalar in [&number[1..], &number, &[&[0], number.as_slice()].concat()] {
        assert_eq!(written(scalar).pairs_with(&public, &random), Pairing::Match, "{scalar:x?}");
        assert_eq!(written(scalar).pairs_with(&theirs, &random), Pairing::Differs);
    }
    // No number of the curve: nothing can be said of it.
    let why = "the private key holds no number that curve p256 can have";
    for scalar in [&[0xff; 32][..], &[0; 32], &[], &[1; 33]] {
        let told = written(scalar).pairs_with(&public, &random);
        assert_eq!(told, Pairing::Unknown(why.to_owned()), "{scalar:x?}");
    }
}

#[test]
fn a_point_in_hybrid_form_is_the_point() {
    let random = SystemRandom::new();
    let Secret { key, public, .. } = secret("p256-sec1");
    let mut hybrid = point(&public).to_vec();
    hybrid[0] = 6 + (hybrid[64] & 1);
    let bare = sec1(&Curve::P256, scalar(&key), Some(&hybrid));
    assert_eq!(bare.public_id(), Some(public.id()));
    assert_eq!(bare.pairs_with(&public, &random), Pairing::Match);
    let hybrid = PublicKey::Ec { curve: Some(Curve::P256), point: hybrid };
    assert_eq!((hybrid.id(), hybrid.point_form()), (public.id(), PointForm::Odd));
    assert_eq!(key.pairs_with(&hybrid, &random), Pairing::Match);
    let form = |point: &[u8]| {
        PublicKey::Ec { curve: Some(Curve::P256), point: point.to_vec() }.point_form()
    };
    let plain = point(&public);
    for (point, expected) in [
        (plain, PointForm::Plain),
        (&[&[2], &plain[1..33]].concat(), PointForm::Odd),
        (&plain[..64], PointForm::Invalid),
        (&[0], PointForm::Invalid),
        (&[], PointForm::Invalid),
        (&[&[5], &plain[1..]].concat(), PointForm::Invalid),
    ] {
        assert_eq!(form(point), expected, "{point:x?}");
    }
    assert_eq!(PublicKey::Ed25519(vec![2; 32]).point_form(), PointForm::Plain);
}

#[test]
fn the_second_version_of_pkcs8_has_the_public_point_beside_the_key() {
    let Secret { key: old, public, .. } = secret("p521-sec1");
    let algorithm = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x23];
    let inner = tagged(0x30, &[&[2, 1, 1], tagged(4, scalar(&old)).as_slice()].concat());
    let bits = [&[0], point(&public)].concat();
    let parts =
        [&[2, 1, 1][..], &tagged(0x30, &algorithm), &tagged(4, &inner), &tagged(0x81, &bits)];
    let new = key(pem::encode("PRIVATE KEY", &tagged(0x30, &parts.concat())).as_bytes());
    assert_eq!(new.public_id(), Some(public.id()));
    assert_eq!(new.pairs_with(&public, &SystemRandom::new()), Pairing::Match);
}

#[test]
fn keys_of_one_unknown_algorithm_are_not_one_key() {
    let spki = |bits: u8| [0x30, 12, 0x30, 5, 6, 3, 0x2b, 0x65, 0x71, 3, 3, 0, bits, 7];
    let read = |der: &[u8]| {
        let (_, spki) = SubjectPublicKeyInfo::from_der(der).expect("it is one");
        PublicKey::of_certificate(&spki)
    };
    let (one, two) = (read(&spki(1)), read(&spki(2)));
    assert_eq!((one.key_type(), two.key_type()), (KeyKind::Ed448, KeyKind::Ed448));
    assert_ne!(one.id(), two.id());
    assert_eq!(one.id(), read(&spki(1)).id());
}

#[test]
fn an_rsa_key_for_pss_alone_is_a_type_of_its_own() {
    let plain = key(include_bytes!("../../../testdata/pki/rsa-2048-01.pem"));
    let Form::Rsa { modulus, exponent, .. } = &plain.form else { panic!("{plain:?} is RSA") };
    let public = |pss| PublicKey::Rsa { modulus: modulus.clone(), exponent: exponent.clone(), pss };
    assert_eq!(public(false).key_type(), KeyKind::rsa(2048));
    assert_eq!(public(true).key_type(), KeyKind::Rsa { bits: 2048, pss: true });
    // 1.2.840.113549.1.1.1 becomes 1.2.840.113549.1.1.10.
    let mut der = plain.pkcs8().expose().to_vec();
    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let at = der.windows(9).position(|part| part == oid).expect("it names RSA");
    der[at + 8] = 10;
    let pss = key(pem::encode("PRIVATE KEY", &der).as_bytes());
    assert_eq!(pss.key_type().to_string(), "rsa-pss-2048");
    assert_eq!(pss.pairs_with(&public(true), &SystemRandom::new()), Pairing::Match);
}

/// A good public point whose private key nobody has.
fn fresh_point(curve: &Curve) -> Vec<u8> {
    let algorithm = match curve {
        Curve::P256 => &ring::agreement::ECDH_P256,
        _ => &ring::agreement::ECDH_P384,
    };
    let private = ring::agreement::EphemeralPrivateKey::generate(algorithm, &SystemRandom::new());
    let public = private.and_then(|private| private.compute_public_key());
    public.expect("the random source works").as_ref().to_vec()
}

#[test]
fn a_public_point_that_lies_is_not_believed() {
    let random = SystemRandom::new();
    let (mine, theirs) = (secret("p256-sec1"), secret("p256-pkcs8"));
    let liar = sec1(&Curve::P256, scalar(&mine.key), Some(point(&theirs.public)));
    assert_eq!(liar.pairs_with(&theirs.public, &random), Pairing::Differs);
    assert_eq!(liar.pairs_with(&mine.public, &random), Pairing::Match);
}

#[test]
fn where_a_pair_cannot_be_told_that_is_said() {
    let random = SystemRandom::new();
    let Secret { key: p521, public, .. } = secret("p521-sec1");
    let bare = sec1(&Curve::P521, scalar(&p521), None);
    let unknown = |curve: &str| {
        let why = format!("the private key on curve {curve} does not hold its public point");
        Pairing::Unknown(why)
    };
    assert_eq!(bare.pairs_with(&public, &random), unknown("p521"));
    let Secret { key, public, .. } = secret("p256-sec1");
    let compressed = |odd: u8| {
        let point = [&[2 + odd], &point(&public)[1..33]].concat();
        PublicKey::Ec { curve: Some(Curve::P256), point }
    };
    let odd = point(&public)[64] & 1;
    assert_eq!(key.pairs_with(&compressed(odd), &random), Pairing::Match);
    assert_eq!(key.pairs_with(&compressed(1 - odd), &random), Pairing::Differs);
    let bare = sec1(&Curve::P256, scalar(&key), None);
    let why = "the certificate holds its public point in compressed form, and the private key \
               on curve p256 does not hold its own";
    assert_eq!(bare.pairs_with(&compressed(odd), &random), Pairing::Unknown(why.to_owned()));
    let theirs = secret("p256-pkcs8");
    let liar = sec1(&Curve::P256, scalar(&key), Some(point(&theirs.public)));
    let why = "the private key holds a public point that is not its own";
    assert_eq!(liar.pairs_with(&compressed(odd), &random), Pairing::Unknown(why.to_owned()));
}

#[test]
fn a_sec1_key_whose_curve_is_spelt_out_is_read_and_compared_by_its_point() {
    let random = SystemRandom::new();
    // The SEC 1 structure inside the PKCS#8 one, with the parameters it has there put back.
    let pkcs8 = pem::blocks(EXPLICIT_CURVE_KEY.as_bytes()).remove(0).der.expect("good");
    let info = PrivateKeyInfoRef::from_der(pkcs8.expose()).expect("it is PKCS#8");
    let inner = info.private_key.as_bytes();
    let parameters = info.algorithm.parameters.expect("it has some").to_der().expect("DER");
    let (head, tail) = inner[2..].split_at(3 + 34);
    let content = [head, &tagged(0xa0, &parameters), tail].concat();
    let der = tagged(0x30, &content);
    let sec1 = key(pem::encode("EC PRIVATE KEY", &der).as_bytes());
    assert_eq!(sec1.key_type().to_string(), "ec with explicit parameters");
    let own = public(EXPLICIT_CURVE_CERTIFICATE.as_bytes());
    assert_eq!(sec1.pairs_with(&own, &random), Pairing::Match);
    let other = secret("p256-sec1").public;
    assert_eq!(sec1.pairs_with(&other, &random), Pairing::Differs);
    // Without its point, nobody here can tell it from another key of a curve that has no name.
    let der = tagged(0x30, &[head, &tagged(0xa0, &parameters)].concat());
    let bare = key(pem::encode("EC PRIVATE KEY", &der).as_bytes());
    assert!(matches!(bare.pairs_with(&own, &random), Pairing::Unknown(_)));
    // But where the certificate names the curve, the point is computed.
    let PublicKey::Ec { point, .. } = &own else { panic!("{own:?} is no EC key") };
    let named = PublicKey::Ec { curve: Some(Curve::P256), point: point.clone() };
    assert_eq!(bare.pairs_with(&named, &random), Pairing::Match);
}

/// A DER value of this tag, with a length of at most two bytes.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).expect("it is short").to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), content].concat()
}

#[test]
fn a_key_whose_curve_is_spelt_out_pairs_by_its_stored_point() {
    let key = key(EXPLICIT_CURVE_KEY.as_bytes());
    let public = public(EXPLICIT_CURVE_CERTIFICATE.as_bytes());
    assert_eq!(key.key_type().to_string(), "ec with explicit parameters");
    assert_eq!(public.key_type().to_string(), "ec with explicit parameters");
    assert_eq!(key.pairs_with(&public, &SystemRandom::new()), Pairing::Match);
}

#[test]
fn both_kinds_of_encrypted_key_are_named_as_what_they_are() {
    for pem in [
        include_bytes!("../../../testdata/pki/encrypted-pkcs8.pem").as_slice(),
        include_bytes!("../../../testdata/pki/encrypted-rsa.pem"),
    ] {
        assert_eq!(PrivateKey::from_pem(pem).map(drop), Err(KeyError::Encrypted));
    }
    assert_eq!(
        KeyError::Encrypted.to_string(),
        "the private key is encrypted with a password; a TLS Secret needs it in the clear"
    );
}

#[test]
fn what_is_no_private_key_is_refused_with_what_it_is_instead() {
    let block = |label: &str, der: &[u8]| pem::encode(label, der).to_string();
    let pkcs8 = key(include_bytes!("../../../testdata/pki/ed25519.pem"));
    let pkcs8 = pkcs8.pkcs8().expose();
    let certificate = include_str!("../../../testdata/pki/root-ca.crt.pem");
    for (pem, told) in [
        (String::new(), "there is no PEM block of a private key in it"),
        (certificate.to_owned(), "there is no PEM block of a private key in it"),
        (block("PUBLIC KEY", &[0x30, 0]), "there is no PEM block of a private key in it"),
        (block("PRIVATE KEY", &[0x30, 0]), "the DER in the block is not a PKCS#8 private key"),
        (block("PRIVATE KEY", b""), "the block that begins in line 1 is not base64"),
        (
            block("PRIVATE KEY", &pkcs8[..pkcs8.len() - 1]),
            "the DER in the block is not a PKCS#8 private key",
        ),
        (
            block("PRIVATE KEY", &[pkcs8, &[0]].concat()),
            "the DER in the block is not a PKCS#8 private key",
        ),
        (
            block("RSA PRIVATE KEY", &[0x30, 0]),
            "the DER in the block is not a PKCS#1 RSA private key",
        ),
        (block("EC PRIVATE KEY", &[0x30, 0]), "the DER in the block is not a SEC 1 EC private key"),
        (
            block("ANY PRIVATE KEY", &[0x30, 0]),
            "the DER in the block is not a known kind of private key",
        ),
        (
            block("OPENSSH PRIVATE KEY", b"openssh-key-v1\0\0\0\0\x04none"),
            "the private key is in OpenSSH's own form, which no TLS server reads; make PEM of \
             a copy: ssh-keygen -p -m PEM -f COPY",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nMAA=\n".to_owned(),
            "the block that begins in line 1 has no END line: it is cut off",
        ),
    ] {
        let error = PrivateKey::from_pem(pem.as_bytes()).expect_err(told);
        assert_eq!(error.to_string(), told, "{pem}");
    }
}

#[test]
fn a_key_is_what_it_is_whatever_its_label_says() {
    let pem = |label: &str, der: &[u8]| key(pem::encode(label, der).as_bytes());
    let rsa = key(include_bytes!("../../../testdata/pki/rsa-2048-01.pem"));
    let info = PrivateKeyInfoRef::from_der(rsa.pkcs8().expose()).expect("it is PKCS#8");
    let pkcs1 = info.private_key.as_bytes().to_vec();
    let pkcs8 = rsa.pkcs8().expose();
    let p256 = key(include_bytes!("../../../testdata/pki/ec-p256-01.pem"));
    let sec1 = tagged(0x30, &[&[2, 1, 1][..], &tagged(4, &[7; 32])].concat());
    // Measured: Go takes each of them. OpenSSL's servers and rustls take what is said here.
    for (label, der, key_type, quirk) in [
        ("PRIVATE KEY", pkcs8, "rsa-2048", None),
        ("RSA PRIVATE KEY", &pkcs1, "rsa-2048", None),
        ("RSA PRIVATE KEY", pkcs8, "rsa-2048", Some(PemQuirk::OldKeyLabel)),
        ("EC PRIVATE KEY", pkcs8, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
        ("EC PRIVATE KEY", p256.pkcs8().expose(), "p256", Some(PemQuirk::OldKeyLabel)),
        ("PRIVATE KEY", &pkcs1, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
        ("EC PRIVATE KEY", &pkcs1, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
        ("ANY PRIVATE KEY", pkcs8, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
        ("EC PRIVATE KEY", &sec1, "ec with explicit parameters", None),
        ("PRIVATE KEY", &sec1, "ec with explicit parameters", Some(PemQuirk::OtherKeyLabel)),
    ] {
        let read = pem(label, der);
        assert_eq!(
            (read.key_type().to_string().as_str(), read.quirk()),
            (key_type, quirk),
            "{label}"
        );
    }
    // Version, p, q, g, y, x.
    let dsa = tagged(0x30, &[&[2, 1, 0], [2, 1, 7].repeat(5).as_slice()].concat());
    let dsa = pem("DSA PRIVATE KEY", &dsa);
    assert_eq!((dsa.key_type(), dsa.quirk(), dsa.public_id()), (KeyKind::Dsa, None, None));
}

#[test]
fn the_first_private_key_counts_whatever_stands_before_it() {
    let pem = [
        include_str!("../../../testdata/pki/root-ca.crt.pem"),
        include_str!("../../../testdata/pki/ed25519.pem"),
        include_str!("../../../testdata/pki/ec-p384.pem"),
    ];
    assert_eq!(key(pem.concat().as_bytes()).key_type(), KeyKind::Ed25519);
}

#[test]
fn a_new_key_has_the_type_that_was_asked_for_and_is_never_the_same_twice() {
    let random = SystemRandom::new();
    for key_type in [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048] {
        let make = || PrivateKey::generate(key_type, &random).expect("randomness works");
        let (one, two) = (make(), make());
        assert_eq!(one.key_type(), key_type.kind());
        assert_ne!(one.public_id(), two.public_id());
        let read = key(one.to_pem().as_bytes());
        assert_eq!(read.pkcs8(), one.pkcs8(), "{key_type} reads back as it was written");
    }
}

#[test]
fn ed25519_is_written_in_version_1_and_read_in_both() {
    let random = SystemRandom::new();
    let made = PrivateKey::generate(KeyType::Ed25519, &random).expect("randomness works");
    assert_eq!(made.pkcs8().expose()[..5], [0x30, 0x2e, 0x02, 0x01, 0x00]);
    // What ring and Go's older cousins write: the public key stands in it too.
    let newer = Ed25519KeyPair::generate_pkcs8(&random).expect("randomness works");
    assert_eq!(newer.as_ref()[2..5], [0x02, 0x01, 0x01]);
    let read = key(pem::encode("PRIVATE KEY", newer.as_ref()).as_bytes());
    let pair = Ed25519KeyPair::from_pkcs8(newer.as_ref()).expect("ring reads its own");
    let public = PublicKey::Ed25519(pair.public_key().as_ref().to_vec());
    assert_eq!(read.pairs_with(&public, &random), Pairing::Match);
    assert_eq!(read.public_id(), Some(public.id()));
}

#[test]
fn debug_shows_the_type_and_nothing_of_the_key() {
    let key = key(include_bytes!("../../../testdata/pki/ed25519.pem"));
    assert_eq!(format!("{key:?}"), "PrivateKey(ed25519)");
}

/// TEST ONLY.
const SMALL_NUMBER_KEY: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIABG4uRpxan0J4L9404OqgijqwyR2PeK5qSecqVwpfcyoAoGCCqGSM49
AwEHoUQDQgAE919m7YmRopv6ETJaRAyo6RMeqSLCTykV9E9cFSURe4ax94Y019zx
cV06BDSWEioMyaaDMUrm4UzwoC+m6fHa9g==
-----END EC PRIVATE KEY-----
";

/// By `openssl ecparam -name prime256v1 -param_enc explicit -genkey`, as PKCS#8. TEST ONLY.
const EXPLICIT_CURVE_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB
AAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA
///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV
AMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg
9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A
AAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQggR2YhJjZ1mxP
IqoDDq+KrIfODtR2PohkaDUvdT0alLqhRANCAATmQDv/zdVePscdU7WCBJk06H/p
wIFURcgNQYlOFn6ErdN1MArkvck+49yR87jj7wCNnhPldqmv1m76UA9vpBsC
-----END PRIVATE KEY-----
";
const EXPLICIT_CURVE_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIICYDCCAgegAwIBAgIUIs8RmfRc8qWgjxSjCCF5WncLo6IwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjExMDIzMTJaFw0yNjEyMjExMDIzMTJaMAwx
CjAIBgNVBAMMAXgwggFLMIIBAwYHKoZIzj0CATCB9wIBATAsBgcqhkjOPQEBAiEA
/////wAAAAEAAAAAAAAAAAAAAAD///////////////8wWwQg/////wAAAAEAAAAA
AAAAAAAAAAD///////////////wEIFrGNdiqOpPns+u9VXaYhrxlHQawzFOw9jvO
PD4n0mBLAxUAxJ02CIbnBJNqZnjhE50mt4GffpAEQQRrF9Hy4SxCR/i85uVjpEDy
dwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1
AiEA/////wAAAAD//////////7zm+q2nF56E87nKwvxjJVECAQEDQgAE5kA7/83V
Xj7HHVO1ggSZNOh/6cCBVEXIDUGJThZ+hK3TdTAK5L3JPuPckfO44+8AjZ4T5Xap
r9Zu+lAPb6QbAqNTMFEwHQYDVR0OBBYEFORVMM5EJvmxi9e3QQL34Z2MI0yXMB8G
A1UdIwQYMBaAFORVMM5EJvmxi9e3QQL34Z2MI0yXMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgfrYFlNlVzbtelKIrs+YEcTRSC1ozPieE7WNQy9dJ
/1MCIBYz28qAFvAexivHm4ZOQ/6IhkRx5vIPCS6U57fTcWcX
-----END CERTIFICATE-----
";
