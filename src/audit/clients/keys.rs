//! Keys and signatures: which clients cannot use them.
//!
//! Knows the types and sizes each client takes. Refuses to look at anything else of a certificate.

use super::{
    Browsers, Client, GkeLoadBalancer, Go, GrpcPython, HANDSHAKES, OpenSsl, Problems, Rustls,
};
use crate::audit::strength::{weak_digest, weak_key};
use crate::inventory::bundle::Bundle;
use crate::x509::algorithm::{Digest, SignatureAlgorithm};
use crate::x509::cert::Certificate;
use crate::x509::key_kind::{Curve, KeyKind};
use crate::x509::public_key::{PointForm, RsaForm};
use crate::x509::{chain, go};

/// The leaf's key: its form, its type and its size.
pub(super) fn about_key(leaf: &Certificate, problems: &mut Problems) {
    match leaf.point_form {
        PointForm::Plain => {}
        PointForm::Odd => {
            problems
                .add(&[Rustls, Go], "its public point is not written with both coordinates")
                .not_loaded_by_go(true);
        }
        PointForm::Invalid => {
            problems
                .add(&Client::ALL, "its public key is not a point on its curve")
                .not_loaded_by_go(true);
        }
    }
    about_rsa_numbers(leaf, problems);
    let who = who_takes_no_key_of(leaf);
    if !who.is_empty() {
        problems
            .add(who, format!("they take no keys of type {}", leaf.key_type))
            .told_by(&["weak-key", "gke-key-type"])
            .not_loaded_by_go(!go::takes_keys_of(&leaf.key_type));
    }
}

/// Limits that readers set to RSA numbers: Go's crypto/rsa (`checkPublicKey`), ring
/// (`PublicExponent`), `BoringSSL` (`rsa_check_public_key`), OpenSSL (`OPENSSL_RSA_MAX_PUBEXP_BITS`
/// above `OPENSSL_RSA_SMALL_MODULUS_BITS`). Measured: OpenSSL alone minds no exponent of 1.
fn about_rsa_numbers(leaf: &Certificate, problems: &mut Problems) {
    const LIMITED: &[Client] = &[Rustls, Go, Browsers, GkeLoadBalancer, GrpcPython];
    let openssl_minds = matches!(leaf.key_type, KeyKind::Rsa { bits: 3073.., .. });
    let (who, why): (&[Client], _) = match leaf.rsa_form {
        RsaForm::Plain => return,
        RsaForm::Over31Bits => (&[Go], "more than 31 bits"),
        RsaForm::Over33Bits => (LIMITED, "more than 33 bits"),
        RsaForm::Over64Bits if openssl_minds => (&Client::ALL, "more than 64 bits"),
        RsaForm::Over64Bits => (LIMITED, "more than 64 bits"),
        RsaForm::Degenerate => (LIMITED, "the value 1, or it or the modulus is even"),
    };
    problems.add(who, format!("the exponent of its RSA key has {why}")).not_loaded_by_go(true);
}

/// Who takes no keys of this type and size.
fn who_takes_no_key_of(leaf: &Certificate) -> &'static [Client] {
    match &leaf.key_type {
        KeyKind::Ec(Curve::P256 | Curve::P384) => &[],
        KeyKind::Ed448 => &[Rustls, Go, Browsers, GkeLoadBalancer, GrpcPython],
        // Measured: OpenSSL refuses them below a CA alone, and knows a curve by its numbers.
        KeyKind::EcExplicit if leaf.self_signed => {
            &[Rustls, Go, Browsers, GkeLoadBalancer, GrpcPython]
        }
        KeyKind::Ec(Curve::P521) => &[Rustls, Browsers, GkeLoadBalancer, GrpcPython],
        KeyKind::Ed25519 => &[Browsers, GkeLoadBalancer, GrpcPython],
        // OpenSSL alone knows keys that are for PSS and nothing else, and signs with them.
        pss @ KeyKind::Rsa { pss: true, .. } => match weak_key(pss) {
            Some(_) => &Client::ALL,
            None => &[Rustls, Go, Browsers, GkeLoadBalancer, GrpcPython],
        },
        KeyKind::Rsa { bits, .. } => match bits {
            ..1024 => &Client::ALL,
            1024..2048 => &[Rustls, OpenSsl, Browsers, GkeLoadBalancer],
            8193.. => &[Rustls, Go, Browsers, GkeLoadBalancer],
            _ => &[],
        },
        KeyKind::Ec(_) | KeyKind::EcExplicit | KeyKind::Dsa | KeyKind::Other(_) => &Client::ALL,
    }
}

/// The signatures of the first certificate and of its issuers.
pub(super) fn about_signatures(bundle: &Bundle, problems: &mut Problems) {
    let arrangement = chain::arrange(&bundle.certificates, Some(0));
    for (place, position) in arrangement.path.iter().enumerate() {
        let certificate = &bundle.certificates[*position];
        let what = if place == 0 { "it is" } else { "its issuer is" };
        about_algorithm(certificate, what, problems);
        let Some(digest) = weak_digest(&certificate.signature) else { continue };
        let why = format!("{what} signed with {digest}");
        let who: &[Client] = match (certificate.self_signed, digest) {
            // The signature of what is pinned is nobody's concern but webpki's.
            (true, _) => &[Rustls],
            (false, Digest::Sha1) => &[Rustls, Go, OpenSsl, Browsers],
            (false, _) => HANDSHAKES,
        };
        problems.add(who, why).told_by(&["weak-signature"]);
    }
}

/// Signatures that not everybody knows how to verify. Nobody verifies that of a pinned certificate.
pub(super) fn about_algorithm(certificate: &Certificate, what: &str, problems: &mut Problems) {
    let algorithm = &certificate.signature;
    let who: &[Client] = match algorithm {
        _ if certificate.self_signed => return,
        SignatureAlgorithm::Ed25519 => &[Browsers],
        SignatureAlgorithm::Ed448 | SignatureAlgorithm::Dsa(_) => {
            &[Rustls, Go, Browsers, GrpcPython]
        }
        SignatureAlgorithm::Ecdsa(Digest::Sha512) => &[Rustls],
        _ if algorithm.digest() == Some(Digest::Sha224) => &[Rustls, Go, Browsers],
        SignatureAlgorithm::Other(oid) if oid.oid().is_valid() => HANDSHAKES,
        _ => return,
    };
    problems.add(who, format!("{what} signed by {algorithm}, which they cannot verify"));
}
