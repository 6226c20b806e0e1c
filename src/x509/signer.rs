//! Who signed a certificate: signatures tried under the keys of certificates beside it.
//!
//! Knows that whoever bears the issuer's name may have signed, and what ring can verify. Refuses to
//! know trust, and to take "nobody here can verify it" for no.

use super::cert::{Certificate, SignatureCheck};
use super::verify::{Verdict, verify};
use std::collections::BTreeMap;
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// How many signatures of one file are tried: the slowest that ring verifies takes a millisecond.
const MAX_CHECKED: usize = 64;
/// How many certificates of one file have their issuer looked for.
const MAX_SIGNED: usize = 200;

/// Tries the signature of each certificate under the keys of those that bear its issuer's name,
/// and writes down what came of it. `ders` are the same certificates, in the same order.
pub fn check(certificates: &mut [Arc<Certificate>], ders: &[Vec<u8>]) {
    let mut by_name: BTreeMap<[u8; 8], Vec<usize>> = BTreeMap::new();
    for (position, certificate) in certificates.iter().enumerate() {
        by_name.entry(certificate.subject_name.folded).or_default().push(position);
    }
    let mut left = MAX_CHECKED;
    for position in 0..certificates.len().min(MAX_SIGNED) {
        let certificate = &certificates[position];
        if certificate.self_signed {
            continue;
        }
        let mut checks: Vec<SignatureCheck> = Vec::new();
        for issuer in by_name.get(&certificate.issuer_name.folded).into_iter().flatten() {
            let key_id = certificates[*issuer].key_id;
            if *issuer == position || checks.iter().any(|check| check.key_id == key_id) {
                continue;
            }
            let (Some(rest), Some(one), Some(other)) =
                (left.checked_sub(1), ders.get(position), ders.get(*issuer))
            else {
                break;
            };
            left = rest;
            let fits = fits(one, other);
            checks.extend(fits.map(|fits| SignatureCheck { key_id, fits }));
        }
        if !checks.is_empty() {
            Arc::make_mut(&mut certificates[position]).signature_checks = checks.into();
        }
    }
}

/// Whether the key of `issuer` made the signature of `certificate`; none where nobody here can tell.
fn fits(certificate: &[u8], issuer: &[u8]) -> Option<bool> {
    is_by(certificate, &public_key(issuer)?)
}

/// The public key of a certificate (DER), as its `SubjectPublicKeyInfo` has it; none where the
/// certificate cannot be read.
#[must_use]
pub fn public_key(certificate: &[u8]) -> Option<Box<[u8]>> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.public_key().raw.into())
}

/// Whether this key, a `SubjectPublicKeyInfo`, made the signature of `certificate` (DER); none where
/// nobody here can tell.
#[must_use]
pub fn is_by(certificate: &[u8], key: &[u8]) -> Option<bool> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let (_, key) = SubjectPublicKeyInfo::from_der(key).ok()?;
    let signed = certificate.tbs_certificate.as_ref();
    let signature = certificate.signature_value.data.as_ref();
    match verify(&certificate.signature_algorithm, &key, signed, signature) {
        Verdict::Verifies => Some(true),
        Verdict::Differs => Some(false),
        Verdict::Unchecked(_) => None,
    }
}
