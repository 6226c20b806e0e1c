//! Which clients refuse which certificates.

use super::*;
use crate::x509::algorithm::{Digest, SignatureAlgorithm};
use crate::x509::key_kind::{Curve, KeyKind};
use crate::x509::public_key::PointForm;
use crate::x509::{cert, pem};
use time::macros::datetime;

const GRPC: &str = "gRPC Python (PyMilvus)";
const HOST: &str = "my-release.milvus.io";

fn guide() -> Certificate {
    let text = include_bytes!("../../../testdata/pki/guide.crt.pem");
    let der = pem::blocks(text).remove(0).der.expect("the PEM is good");
    cert::read(der.expose()).expect("the certificate is good").0
}

fn good() -> Certificate {
    let names = vec![San::Dns(HOST.to_owned())];
    Certificate { version: 3, has_san: true, names, ..guide() }
}

/// The clients that refuse it.
fn check(leaf: &Certificate) -> Vec<&'static str> {
    let now = datetime!(2026-11-21 00:00 UTC);
    let refuses = |client: &Client| refusal(*client, leaf, HOST, now).is_some();
    let asked = [GrpcPython, OpenSsl, Go, Rustls].into_iter();
    asked.filter(refuses).map(Client::as_str).collect()
}

#[test]
fn clients_refuse_what_they_were_seen_to_refuse() {
    let all = [GRPC, "OpenSSL", "Go", "rustls"];
    assert_eq!(check(&good()), Vec::<&str>::new());
    assert_eq!(check(&guide()), ["Go", "rustls"], "the guide's, with a common name alone");
    let key = |key_type| Certificate { key_type, ..good() };
    let p256 = || key(KeyKind::Ec(Curve::P256));
    let pss = |bits| key(KeyKind::Rsa { bits, pss: true });
    for (leaf, refusing) in [
        (key(KeyKind::Ed25519), &[GRPC][..]),
        (key(KeyKind::Ec(Curve::P521)), &[GRPC, "rustls"]),
        (key(KeyKind::rsa(1024)), &["OpenSSL", "rustls"]),
        (Certificate { date_form: DateForm::Offset, ..good() }, &["OpenSSL", "rustls"]),
        (Certificate { date_form: DateForm::Fraction, ..good() }, &all),
        (key(KeyKind::Ec(Curve::P384)), &[]),
        (pss(2048), &[GRPC, "Go", "rustls"]),
        (pss(1024), &all),
        (Certificate { point_form: PointForm::Odd, ..p256() }, &["Go", "rustls"]),
        (Certificate { point_form: PointForm::Invalid, ..p256() }, &all),
        (Certificate { is_ca: true, ..good() }, &["rustls"]),
        (Certificate { names: vec![San::Dns("other.example".to_owned())], ..good() }, &all),
        (Certificate { not_after: datetime!(2026-11-20 00:00 UTC), ..good() }, &all),
        (Certificate { not_before: datetime!(2026-11-22 00:00 UTC), ..good() }, &all),
        (
            Certificate { extended_key_usage: Some([KeyPurpose::ClientAuth].into()), ..good() },
            &["OpenSSL", "Go", "rustls"],
        ),
        (
            Certificate { extended_key_usage: Some([KeyPurpose::Any].into()), ..good() },
            &["OpenSSL", "rustls"],
        ),
    ] {
        assert_eq!(check(&leaf), refusing, "{leaf:?}");
    }
}

#[test]
fn signatures_are_refused_by_those_who_cannot_verify_them() {
    for (signature, refusing) in [
        (SignatureAlgorithm::Rsa(Digest::Sha256), &[][..]),
        (SignatureAlgorithm::Ecdsa(Digest::Sha384), &[]),
        (SignatureAlgorithm::Ed25519, &[Browsers]),
        (SignatureAlgorithm::Ecdsa(Digest::Sha512), &[Rustls]),
        (SignatureAlgorithm::Ecdsa(Digest::Sha224), &[Rustls, Go, Browsers]),
        (SignatureAlgorithm::Rsa(Digest::Sha224), &[Rustls, Go, Browsers]),
        (SignatureAlgorithm::Ed448, &[Rustls, Go, Browsers, GrpcPython]),
        (SignatureAlgorithm::Dsa(Digest::Sha256), &[Rustls, Go, Browsers, GrpcPython]),
        (SignatureAlgorithm::Other(Oid::of(&[0x2a, 3, 4]).into()), HANDSHAKES),
    ] {
        let leaf = Certificate { self_signed: false, signature: signature.clone(), ..good() };
        let mut problems = Problems::default();
        keys::about_algorithm(&leaf, "it is", &mut problems);
        let refuses = |client: &Client| !problems.of(*client).reasons.is_empty();
        let refused: Vec<Client> = Client::ALL.into_iter().filter(refuses).collect();
        assert_eq!(refused, refusing, "{signature}");
        let pinned = Certificate { self_signed: true, ..leaf };
        let mut problems = Problems::default();
        keys::about_algorithm(&pinned, "it is", &mut problems);
        assert_eq!(problems.0, Vec::new(), "{signature}: nobody verifies it where it is pinned");
    }
}
