//! Signatures: whether one is that of a key, as far as ring can tell.
//!
//! Knows the schemes of TLS (RFC 8446 §4.2.3) and of certificates that ring verifies. x509-parser
//! says of all it cannot check that it does not verify; here that is an answer of its own. Refuses
//! to know trust.

use super::algorithm::{Digest, SignatureAlgorithm};
use super::key_kind::Curve;
use super::oid::{self, Oid};
use super::public_key::PublicKey;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::signature_algorithm::SignatureAlgorithm as Parsed;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// A way to sign that ring can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSA PKCS#1 v1.5 over SHA-1.
    RsaSha1,
    /// RSA PKCS#1 v1.5 over SHA-256.
    RsaSha256,
    /// RSA PKCS#1 v1.5 over SHA-384.
    RsaSha384,
    /// RSA PKCS#1 v1.5 over SHA-512.
    RsaSha512,
    /// RSA-PSS with SHA-256 in all places, and a salt as long as it.
    PssSha256,
    /// RSA-PSS with SHA-384.
    PssSha384,
    /// RSA-PSS with SHA-512.
    PssSha512,
    /// ECDSA over SHA-256, on any curve.
    EcdsaSha256,
    /// ECDSA over SHA-384, on any curve.
    EcdsaSha384,
    /// Ed25519.
    Ed25519,
}

impl Scheme {
    /// That of a `SignatureScheme` of TLS, by its number; none of one that ring cannot verify.
    #[must_use]
    pub const fn of_tls(number: u16) -> Option<Self> {
        Some(match number {
            0x0201 => Self::RsaSha1,
            0x0401 => Self::RsaSha256,
            0x0501 => Self::RsaSha384,
            0x0601 => Self::RsaSha512,
            // With keys for every kind of signature, and with keys for PSS alone.
            0x0804 | 0x0809 => Self::PssSha256,
            0x0805 | 0x080a => Self::PssSha384,
            0x0806 | 0x080b => Self::PssSha512,
            0x0403 => Self::EcdsaSha256,
            0x0503 => Self::EcdsaSha384,
            0x0807 => Self::Ed25519,
            _ => return None,
        })
    }

    fn of_certificate(algorithm: &AlgorithmIdentifier<'_>) -> Option<Self> {
        Some(match SignatureAlgorithm::of(algorithm) {
            SignatureAlgorithm::Rsa(Digest::Sha1) => Self::RsaSha1,
            SignatureAlgorithm::Rsa(Digest::Sha256) => Self::RsaSha256,
            SignatureAlgorithm::Rsa(Digest::Sha384) => Self::RsaSha384,
            SignatureAlgorithm::Rsa(Digest::Sha512) => Self::RsaSha512,
            SignatureAlgorithm::RsaPss(Some(digest)) => return pss_scheme(digest, algorithm),
            SignatureAlgorithm::Ecdsa(Digest::Sha256) => Self::EcdsaSha256,
            SignatureAlgorithm::Ecdsa(Digest::Sha384) => Self::EcdsaSha384,
            SignatureAlgorithm::Ed25519 => Self::Ed25519,
            _ => return None,
        })
    }

    /// ring's algorithm for it and a key of this size and curve, and the key as ring reads it.
    /// A key of another kind than the scheme's gives none: servers that mix them up are told by the
    /// client's own library. `bits` are those of the `SubjectPublicKeyInfo`.
    pub(super) fn under<'k>(self, public: &'k PublicKey, bits: &'k [u8]) -> Option<Verifier<'k>> {
        match public {
            PublicKey::Rsa { modulus, .. } => Some((self.rsa(modulus.len())?, bits)),
            // ring reads uncompressed points alone (SEC 1 §2.3.3). Before TLS 1.3 the scheme fixes
            // the hash and not the curve.
            PublicKey::Ec { curve: Some(curve), point } if point.first() == Some(&4) => {
                Some((self.ecdsa(curve)?, point.as_slice()))
            }
            PublicKey::Ed25519(key) if self == Self::Ed25519 => {
                let algorithm: &'static dyn VerificationAlgorithm = &signature::ED25519;
                Some((algorithm, key.as_slice()))
            }
            PublicKey::Ec { .. } | PublicKey::Ed25519(_) | PublicKey::Other { .. } => None,
        }
    }

    /// ring takes moduli from 1024 bits for some digests, and from 2048 for the others.
    fn rsa(self, modulus_octets: usize) -> Option<&'static dyn VerificationAlgorithm> {
        let small = modulus_octets < 256;
        if !(128..=1024).contains(&modulus_octets) {
            return None;
        }
        let algorithm: &'static dyn VerificationAlgorithm = match (self, small) {
            (Self::RsaSha1, _) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Self::RsaSha256, _) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (Self::RsaSha512, _) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            (Self::RsaSha384, false) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (Self::PssSha256, false) => &signature::RSA_PSS_2048_8192_SHA256,
            (Self::PssSha384, false) => &signature::RSA_PSS_2048_8192_SHA384,
            (Self::PssSha512, false) => &signature::RSA_PSS_2048_8192_SHA512,
            _ => return None,
        };
        Some(algorithm)
    }

    fn ecdsa(self, curve: &Curve) -> Option<&'static dyn VerificationAlgorithm> {
        let algorithm: &'static dyn VerificationAlgorithm = match (self, curve) {
            (Self::EcdsaSha256, Curve::P256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Self::EcdsaSha384, Curve::P256) => &signature::ECDSA_P256_SHA384_ASN1,
            (Self::EcdsaSha256, Curve::P384) => &signature::ECDSA_P384_SHA256_ASN1,
            (Self::EcdsaSha384, Curve::P384) => &signature::ECDSA_P384_SHA384_ASN1,
            _ => return None,
        };
        Some(algorithm)
    }
}

/// An algorithm of ring, and the key as ring reads it.
type Verifier<'k> = (&'static dyn VerificationAlgorithm, &'k [u8]);

/// RSA-PSS by its parameters: ring takes one digest for both places, and salts as long as it.
fn pss_scheme(digest: Digest, algorithm: &AlgorithmIdentifier<'_>) -> Option<Scheme> {
    let Ok(Parsed::RSASSA_PSS(pss)) = Parsed::try_from(algorithm) else { return None };
    let mask = pss.mask_gen_algorithm().ok()?;
    if Digest::of(Oid::of(mask.hash.as_bytes())) != Some(digest) {
        return None;
    }
    match (digest, pss.salt_length()) {
        (Digest::Sha256, 32) => Some(Scheme::PssSha256),
        (Digest::Sha384, 48) => Some(Scheme::PssSha384),
        (Digest::Sha512, 64) => Some(Scheme::PssSha512),
        _ => None,
    }
}

/// What a signature proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is that of the key.
    Verifies,
    /// It is not.
    Differs,
    /// Nobody here can check one of this algorithm.
    Unchecked(SignatureAlgorithm),
}

/// Whether `signature` over `message` is that of `key`.
pub(super) fn verify(
    algorithm: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let public = PublicKey::of_certificate(key);
    verify_by(algorithm, (&public, key), message, signature)
}

/// The same, with the key at hand that was read of its `SubjectPublicKeyInfo`.
pub(super) fn verify_by(
    algorithm: &AlgorithmIdentifier<'_>,
    (public, spki): (&PublicKey, &SubjectPublicKeyInfo<'_>),
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let bits = spki.subject_public_key.data.as_ref();
    let known = Scheme::of_certificate(algorithm).and_then(|scheme| scheme.under(public, bits));
    match known.map(|(known, key)| UnparsedPublicKey::new(known, key).verify(message, signature)) {
        Some(Ok(())) => Verdict::Verifies,
        Some(Err(_)) => Verdict::Differs,
        None if is_of_another_kind(algorithm, public) => Verdict::Differs,
        None => Verdict::Unchecked(SignatureAlgorithm::of(algorithm)),
    }
}

/// Whether a key of this kind makes no signatures of that algorithm at all (RFC 8017, RFC 5758, RFC
/// 8410).
fn is_of_another_kind(algorithm: &AlgorithmIdentifier<'_>, key: &PublicKey) -> bool {
    let algorithm = Oid::of(algorithm.algorithm.as_bytes());
    let is_rsa = algorithm.is_below(oid::PKCS1) || algorithm == oid::SHA1_RSA_OIW;
    let is_ecdsa = algorithm.is_below(oid::ECDSA);
    let (is_ed25519, is_ed448) = (algorithm == oid::ED25519, algorithm == oid::ED448);
    match key {
        PublicKey::Rsa { .. } => is_ecdsa || is_ed25519 || is_ed448,
        PublicKey::Ec { .. } => is_rsa || is_ed25519 || is_ed448,
        PublicKey::Ed25519(_) => is_rsa || is_ecdsa || is_ed448,
        PublicKey::Other { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pem;
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use x509_parser::certificate::X509Certificate;
    use x509_parser::prelude::FromDer as _;

    fn self_signed(key: &str) -> Vec<u8> {
        let key = KeyPair::from_pem(key).expect("the key is good");
        CertificateParams::default().self_signed(&key).expect("it can be made").der().to_vec()
    }

    #[test]
    fn a_key_of_another_kind_signed_nothing_and_one_of_the_same_kind_is_asked() {
        let rsa = pem::blocks(include_bytes!("../../testdata/pki/root-ca.crt.pem")).remove(0).der;
        let rsa = rsa.expect("the PEM is good").expose().to_vec();
        let ec = self_signed(include_str!("../../testdata/pki/ec-p256-01.pem"));
        let ec_other = self_signed(include_str!("../../testdata/pki/ec-p256-02.pem"));
        let edwards = self_signed(include_str!("../../testdata/pki/ed25519.pem"));
        let all = [&rsa, &ec, &ec_other, &edwards];
        for (at, signed) in all.iter().enumerate() {
            let (_, signed) = X509Certificate::from_der(signed).expect("it can be read");
            for (of, key) in all.iter().enumerate() {
                let (_, key) = X509Certificate::from_der(key).expect("it can be read");
                let (algorithm, bits) = (&signed.signature_algorithm, &signed.signature_value.data);
                let body = signed.tbs_certificate.as_ref();
                let verdict = verify(algorithm, key.public_key(), body, bits);
                let expected = if at == of { Verdict::Verifies } else { Verdict::Differs };
                assert_eq!(verdict, expected, "{at} under the key of {of}");
            }
        }
    }
}
