//! Signatures in certificates and requests: whether one is that of a key, as far as ring can tell.
//!
//! Knows algorithm identifiers (RFC 4055, RFC 5758, RFC 8410). x509-parser says of all it cannot
//! check that it does not verify; here that is an answer of its own. Refuses to know trust.

use super::cert;
use super::key::PublicKey;
use super::oid;
use super::possession;
use ring::signature::UnparsedPublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// What a signature proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is that of the key.
    Verifies,
    /// It is not.
    Differs,
    /// Nobody here can check one of this algorithm, named for people.
    Unchecked(String),
}

/// Whether `signature` over `message` is that of `key`.
pub(super) fn verify(
    algorithm: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let public = PublicKey::of_certificate(key);
    let bits = key.subject_public_key.data.as_ref();
    let known = scheme(algorithm).and_then(|scheme| possession::algorithm(scheme, &public, bits));
    match known.map(|(known, key)| UnparsedPublicKey::new(known, key).verify(message, signature)) {
        Some(Ok(())) => Verdict::Verifies,
        Some(Err(_)) => Verdict::Differs,
        None => Verdict::Unchecked(cert::signature_text(algorithm).into_owned()),
    }
}

/// The number that TLS has for the algorithm (RFC 8446 §4.2.3): what ring can verify is listed by
/// those.
fn scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<u16> {
    Some(match oid::dotted(algorithm.algorithm.as_bytes()).as_str() {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => 0x0201,
        "1.2.840.113549.1.1.11" => 0x0401,
        "1.2.840.113549.1.1.12" => 0x0501,
        "1.2.840.113549.1.1.13" => 0x0601,
        "1.2.840.10045.4.3.2" => 0x0403,
        "1.2.840.10045.4.3.3" => 0x0503,
        "1.3.101.112" => 0x0807,
        "1.2.840.113549.1.1.10" => return pss_scheme(algorithm),
        _ => return None,
    })
}

/// RSA-PSS by its parameters: ring takes one digest for both places, and salts as long as it.
fn pss_scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<u16> {
    let Ok(SignatureAlgorithm::RSASSA_PSS(pss)) = SignatureAlgorithm::try_from(algorithm) else {
        return None;
    };
    let digest = pss.hash_algorithm_oid();
    let mask = pss.mask_gen_algorithm().ok()?;
    if mask.hash.as_bytes() != digest.as_bytes() {
        return None;
    }
    match (oid::dotted(digest.as_bytes()).as_str(), pss.salt_length()) {
        ("2.16.840.1.101.3.4.2.1", 32) => Some(0x0804),
        ("2.16.840.1.101.3.4.2.2", 48) => Some(0x0805),
        ("2.16.840.1.101.3.4.2.3", 64) => Some(0x0806),
        _ => None,
    }
}
