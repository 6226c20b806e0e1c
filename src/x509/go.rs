//! Go: which certificates its `tls.X509KeyPair` refuses, so that a controller written in Go does not
//! load them and serves its default certificate instead.
//!
//! Knows what `x509.ParseCertificate` was seen to refuse. Refuses to know who serves what.

use super::cert::Certificate;
use super::defect::EncodingDefect;
use super::key_kind::{Curve, KeyKind};
use super::public_key::{PointForm, RsaForm};
use super::san::{OtherSan, San};

/// Whether Go loads no pair of this certificate, whatever its key.
#[must_use]
pub fn cannot_load(leaf: &Certificate) -> bool {
    let malformed = |name: &San| *name == San::Other(OtherSan::MalformedIp);
    leaf.trailing_bytes > 0
        || leaf.serial.starts_with('-')
        || leaf.point_form != PointForm::Plain
        || leaf.rsa_form != RsaForm::Plain
        || !leaf.san_is_readable
        || leaf.names.iter().any(malformed)
        || leaf.defects.iter().any(|defect| refuses(*defect))
        || !takes_keys_of(&leaf.key_type)
}

/// Whether Go's parser refuses a certificate for this flaw. It passes over extensions that come too
/// early; what they say is then missing.
#[must_use]
pub fn refuses(defect: EncodingDefect) -> bool {
    !matches!(
        defect,
        EncodingDefect::ExtensionsTooEarly
            | EncodingDefect::LooseDate
            | EncodingDefect::StrangeName
            | EncodingDefect::BrokenName
            // That there is none to be read is told by itself.
            | EncodingDefect::BrokenExtension("subjectAltName")
    )
}

/// Whether it takes a pair with such a key: it knows the four NIST curves, Ed25519 and RSA from 1024
/// bits without the PSS identifier (crypto/tls/tls.go, crypto/x509/parser.go).
#[must_use]
pub const fn takes_keys_of(kind: &KeyKind) -> bool {
    match kind {
        KeyKind::Ec(Curve::P224 | Curve::P256 | Curve::P384 | Curve::P521) | KeyKind::Ed25519 => {
            true
        }
        KeyKind::Rsa { bits, pss } => !*pss && *bits >= 1024,
        _ => false,
    }
}
