//! Possession: whether who shows a certificate also has its private key, by a signature over a TLS
//! handshake (RFC 8446 §4.4.3, RFC 5246 §7.4.3).
//!
//! Knows that the bare public key is asked: rustls asks webpki, which refuses X.509 v1 and whatever
//! else it would not trust. Refuses to know trust and names.

use super::public_key::PublicKey;
use super::verify::Scheme;
use ring::signature::UnparsedPublicKey;
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

/// Whether `signature` over `message`, by this scheme, is that of the public key in `certificate`
/// (DER).
#[must_use]
pub fn check(certificate: &[u8], scheme: Scheme, message: &[u8], signature: &[u8]) -> Possession {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
        return Possession::Unchecked;
    };
    let spki = parsed.public_key();
    let bits = spki.subject_public_key.data.as_ref();
    let public = PublicKey::of_certificate(spki);
    let Some((algorithm, key)) = scheme.under(&public, bits) else {
        return Possession::Unchecked;
    };
    match UnparsedPublicKey::new(algorithm, key).verify(message, signature) {
        Ok(()) => Possession::Proven,
        Err(_) => Possession::Disproven,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::super::key::PrivateKey;
    use super::super::key_kind::{Curve, KeyType};
    use super::super::oid;
    use super::super::profile::Profile;
    use super::super::san::San;
    use super::super::{issue, pem};
    use super::*;
    use ring::rand::SystemRandom;
    use ring::rsa;
    use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding};
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

    /// Asks by the number that TLS has for the scheme.
    fn asked(certificate: &[u8], scheme: u16, message: &[u8], signature: &[u8]) -> Possession {
        let of = |scheme| check(certificate, scheme, message, signature);
        Scheme::of_tls(scheme).map_or(Possession::Unchecked, of)
    }

    /// Asks for each scheme: the true signature proves, another message's does not, and neither
    /// does a scheme of another kind of key.
    fn judged(certificate: &[u8], schemes: &[(u16, Vec<u8>)]) {
        for (scheme, signature) in schemes {
            let of = |message| asked(certificate, *scheme, message, signature);
            assert_eq!(of(MESSAGE), Possession::Proven, "{scheme:#06x}");
            assert_eq!(of(b"another"), Possession::Disproven, "{scheme:#06x}");
        }
        for scheme in [0x0000, 0x0203, 0x0603, 0x0808, 0xffff] {
            let unknown = asked(certificate, scheme, MESSAGE, &[]);
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
        let sha1 = asked(&certificate, 0x0201, MESSAGE, &signed(&signature::RSA_PKCS1_SHA256));
        assert_eq!(sha1, Possession::Disproven, "a signature of another scheme");
        let ecdsa = asked(&certificate, 0x0403, MESSAGE, &[]);
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
            let other_hash = asked(&certificate, 0x0403 ^ 0x0503 ^ scheme, MESSAGE, &[0; 70]);
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
            assert_eq!(asked(bytes, 0x0403, MESSAGE, &[]), Possession::Unchecked);
        }
    }

    #[test]
    fn keys_that_ring_cannot_ask_are_left_unchecked() {
        let rsa = |bytes| PublicKey::Rsa {
            modulus: vec![0xff; bytes],
            exponent: vec![1, 0, 1],
            pss: false,
        };
        let ec = |first| PublicKey::Ec { curve: Some(Curve::P256), point: vec![first; 65] };
        let ed448 = PublicKey::Other { oid: oid::ED448.into(), digest: [0; 32] };
        for (public, scheme, known) in [
            (rsa(64), 0x0401, false), // 512 bits
            (rsa(128), 0x0401, true),
            (rsa(128), 0x0804, false), // PSS of 1024 bits
            (rsa(128), 0x0501, false),
            (rsa(1024), 0x0804, true),
            (rsa(1025), 0x0401, false),
            (ec(4), 0x0403, true),
            (ec(2), 0x0403, false), // a compressed point
            (PublicKey::Ec { curve: Some(Curve::P521), point: vec![4] }, 0x0603, false),
            (ed448, 0x0808, false),
        ] {
            let scheme_of = Scheme::of_tls(scheme);
            let found = scheme_of.is_some_and(|scheme| scheme.under(&public, &[]).is_some());
            assert_eq!(found, known, "{public:?} {scheme:#06x}");
        }
    }
}
