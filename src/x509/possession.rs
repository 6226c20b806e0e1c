//! Possession: whether who shows a certificate also has its private key, by a signature over a TLS
//! handshake (RFC 8446 §4.4.3, RFC 5246 §7.4.3).
//!
//! Knows signature schemes and what ring can verify, over the bare public key: rustls asks webpki,
//! which refuses X.509 v1 and whatever else it would not trust. Refuses to know trust and names.

use super::key::PublicKey;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// Whether the key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Possession {
    /// The signature verifies under the certificate's public key.
    Proven,
    /// It does not: the certificate was shown without its key.
    Disproven,
    /// Nobody here can verify such a signature, or none was made.
    Unchecked,
}

const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// Whether `signature` over `message`, by the `SignatureScheme` of this number, is that of the
/// public key in `certificate` (DER).
#[must_use]
pub fn check(certificate: &[u8], scheme: u16, message: &[u8], signature: &[u8]) -> Possession {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Possession::Unchecked;
    };
    let spki = parsed.public_key();
    let bits = spki.subject_public_key.data.as_ref();
    let public = PublicKey::of_certificate(spki);
    let Some((algorithm, key)) = algorithm(scheme, &public, bits) else {
        return Possession::Unchecked;
    };
    match UnparsedPublicKey::new(algorithm, key).verify(message, signature) {
        Ok(()) => Possession::Proven,
        Err(_) => Possession::Disproven,
    }
}

/// The algorithm of the scheme, as far as ring has it for a key of this size and curve, and the
/// key as ring reads it. A key of another kind than the scheme's gives none: servers that mix them
/// up are told by the client's own library.
fn algorithm<'k>(
    scheme: u16,
    public: &'k PublicKey,
    bits: &'k [u8],
) -> Option<(&'static dyn VerificationAlgorithm, &'k [u8])> {
    match public {
        PublicKey::Rsa { modulus, .. } => {
            let small = modulus.len() < 256;
            if modulus.len() < 128 || modulus.len() > 1024 {
                return None;
            }
            let algorithm: &'static dyn VerificationAlgorithm = match (scheme, small) {
                (0x0201, _) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
                (0x0401, _) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
                (0x0601, _) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
                (0x0501, false) => &signature::RSA_PKCS1_2048_8192_SHA384,
                (0x0804 | 0x0809, false) => &signature::RSA_PSS_2048_8192_SHA256,
                (0x0805 | 0x080a, false) => &signature::RSA_PSS_2048_8192_SHA384,
                (0x0806 | 0x080b, false) => &signature::RSA_PSS_2048_8192_SHA512,
                _ => return None,
            };
            Some((algorithm, bits))
        }
        // ring reads uncompressed points alone (SEC 1 §2.3.3). Before TLS 1.3 the scheme fixes the
        // hash and not the curve.
        PublicKey::Ec { curve, point } if point.first() == Some(&4) => {
            let algorithm: &'static dyn VerificationAlgorithm = match (scheme, curve.as_str()) {
                (0x0403, P256) => &signature::ECDSA_P256_SHA256_ASN1,
                (0x0503, P256) => &signature::ECDSA_P256_SHA384_ASN1,
                (0x0403, P384) => &signature::ECDSA_P384_SHA256_ASN1,
                (0x0503, P384) => &signature::ECDSA_P384_SHA384_ASN1,
                _ => return None,
            };
            Some((algorithm, point))
        }
        PublicKey::Ed25519(key) => {
            (scheme == 0x0807).then_some((&signature::ED25519 as &'static _, key.as_slice()))
        }
        PublicKey::Ec { .. } | PublicKey::Other(_) => None,
    }
}
