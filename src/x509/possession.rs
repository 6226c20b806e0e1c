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
pub(super) fn algorithm<'k>(
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
        PublicKey::Ec { .. } | PublicKey::Other { .. } => None,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::super::cert::San;
    use super::super::key::PrivateKey;
    use super::super::profile::{KeyType, Profile};
    use super::super::{issue, pem};
    use super::*;
    use ring::rand::SystemRandom;
    use ring::rsa;
    use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaEncoding};
    use time::macros::datetime;

    const MESSAGE: &[u8] = b"what was said in the handshake";

    /// A certificate for a key of the test PKI, and the key.
    fn pair(key_type: KeyType, key: &[u8]) -> (Vec<u8>, PrivateKey) {
        let key = PrivateKey::from_pem(key).expect("the key is good");
        let dates = (datetime!(2026-11-21 00:00 UTC), datetime!(2027-11-21 00:00 UTC));
        let names = vec![San::Dns("a.example".to_owned())];
        let wish = Profile::server(names, None, key_type, dates).expect("the name is good");
        let made = issue::self_signed(&wish, &key, &SystemRandom::new()).expect("it can be made");
        let der = pem::blocks(made.pem.as_bytes()).remove(0).der.expect("it was just encoded");
        (der.expose().to_vec(), key)
    }

    /// Asks for each scheme: the true signature proves, another message's does not, and neither
    /// does a scheme of another kind of key.
    fn judged(certificate: &[u8], schemes: &[(u16, Vec<u8>)]) {
        for (scheme, signature) in schemes {
            let of = |message| check(certificate, *scheme, message, signature);
            assert_eq!(of(MESSAGE), Possession::Proven, "{scheme:#06x}");
            assert_eq!(of(b"another"), Possession::Disproven, "{scheme:#06x}");
        }
        for scheme in [0x0000, 0x0203, 0x0603, 0x0808, 0xffff] {
            let unknown = check(certificate, scheme, MESSAGE, &[]);
            assert_eq!(unknown, Possession::Unchecked, "{scheme:#06x}");
        }
    }

    #[test]
    fn an_rsa_key_is_proven_by_every_scheme_of_tls() {
        let (certificate, key) =
            pair(KeyType::Rsa2048, include_bytes!("../../testdata/pki/rsa-2048-01.pem"));
        let signer = rsa::KeyPair::from_pkcs8(key.pkcs8().expose()).expect("ring takes it");
        let signed = |encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; signer.public().modulus_len()];
            signer.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature).expect("signs");
            signature
        };
        judged(
            &certificate,
            &[
                (0x0401, signed(&signature::RSA_PKCS1_SHA256)),
                (0x0501, signed(&signature::RSA_PKCS1_SHA384)),
                (0x0601, signed(&signature::RSA_PKCS1_SHA512)),
                (0x0804, signed(&signature::RSA_PSS_SHA256)),
                (0x0805, signed(&signature::RSA_PSS_SHA384)),
                (0x0806, signed(&signature::RSA_PSS_SHA512)),
                (0x0809, signed(&signature::RSA_PSS_SHA256)),
            ],
        );
        let sha1 = check(&certificate, 0x0201, MESSAGE, &signed(&signature::RSA_PKCS1_SHA256));
        assert_eq!(sha1, Possession::Disproven, "a signature of another scheme");
        let ecdsa = check(&certificate, 0x0403, MESSAGE, &[]);
        assert_eq!(ecdsa, Possession::Unchecked, "a scheme of another kind of key");
    }

    #[test]
    fn keys_on_curves_are_proven_by_the_schemes_of_their_kind() {
        let p256 = include_bytes!("../../testdata/pki/ec-p256-01.pem");
        let p384 = include_bytes!("../../testdata/pki/ec-p384.pem");
        for (key_type, key, scheme, algorithm) in [
            (KeyType::P256, &p256[..], 0x0403, &signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            (KeyType::P384, &p384[..], 0x0503, &signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        ] {
            let (certificate, key) = pair(key_type, key);
            let random = SystemRandom::new();
            let signer = EcdsaKeyPair::from_pkcs8(algorithm, key.pkcs8().expose(), &random);
            let signature = signer.expect("ring takes it").sign(&random, MESSAGE).expect("signs");
            judged(&certificate, &[(scheme, signature.as_ref().to_vec())]);
            // The other hash over the same curve: TLS 1.2 allows it.
            let other_hash = check(&certificate, 0x0403 ^ 0x0503 ^ scheme, MESSAGE, &[0; 70]);
            assert_eq!(other_hash, Possession::Disproven);
        }
    }

    #[test]
    fn an_ed25519_key_is_proven_by_its_one_scheme() {
        let (certificate, key) =
            pair(KeyType::Ed25519, include_bytes!("../../testdata/pki/ed25519.pem"));
        let signer = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.pkcs8().expose());
        let signature = signer.expect("ring takes it").sign(MESSAGE);
        judged(&certificate, &[(0x0807, signature.as_ref().to_vec())]);
    }

    #[test]
    fn what_is_no_certificate_proves_nothing() {
        for bytes in [&b""[..], b"\x30\x03\x02\x01\x01", MESSAGE] {
            assert_eq!(check(bytes, 0x0403, MESSAGE, &[]), Possession::Unchecked);
        }
    }

    #[test]
    fn keys_that_ring_cannot_ask_are_left_unchecked() {
        let rsa = |bytes| PublicKey::Rsa {
            modulus: vec![0xff; bytes],
            exponent: vec![1, 0, 1],
            pss: false,
        };
        let ec = |first| PublicKey::Ec { curve: P256.to_owned(), point: vec![first; 65] };
        let ed448 = PublicKey::Other { oid: "1.3.101.113".to_owned(), digest: [0; 32] };
        for (public, scheme, known) in [
            (rsa(64), 0x0401, false), // 512 bits
            (rsa(128), 0x0401, true),
            (rsa(128), 0x0804, false), // PSS of 1024 bits
            (rsa(128), 0x0501, false),
            (rsa(1024), 0x0804, true),
            (rsa(1025), 0x0401, false),
            (ec(4), 0x0403, true),
            (ec(2), 0x0403, false), // a compressed point
            (PublicKey::Ec { curve: "1.3.132.0.35".to_owned(), point: vec![4] }, 0x0603, false),
            (ed448, 0x0808, false),
        ] {
            let found = algorithm(scheme, &public, &[]).is_some();
            assert_eq!(found, known, "{public:?} {scheme:#06x}");
        }
    }
}
