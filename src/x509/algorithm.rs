//! Signature algorithms: the digest and the kind of key by which a certificate was signed.
//!
//! Knows algorithm identifiers (RFC 3279, RFC 4055, RFC 5758, RFC 8410). Refuses to know who can
//! verify what, and which digest is good enough.

use super::oid::{self, Oid, OidBuf};
use std::fmt;
use x509_parser::signature_algorithm::SignatureAlgorithm as Parsed;
use x509_parser::x509::AlgorithmIdentifier;

/// A digest that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// MD2.
    Md2,
    /// MD4.
    Md4,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// Its name, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md2 => "MD2",
            Self::Md4 => "MD4",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// One of those that RSA-PSS is used with.
    pub(super) fn of(digest: Oid<'_>) -> Option<Self> {
        Some(match digest {
            oid::SHA1 => Self::Sha1,
            oid::SHA256 => Self::Sha256,
            oid::SHA384 => Self::Sha384,
            oid::SHA512 => Self::Sha512,
            _ => return None,
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How something was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSA with the padding of PKCS#1 v1.5.
    Rsa(Digest),
    /// RSA-PSS; none where its parameters cannot be read, or name a digest that is not in use.
    RsaPss(Option<Digest>),
    /// DSA.
    Dsa(Digest),
    /// ECDSA.
    Ecdsa(Digest),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// Another.
    Other(OidBuf),
}

impl SignatureAlgorithm {
    /// That of an algorithm identifier.
    #[must_use]
    pub fn of(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        match Oid::of(algorithm.algorithm.as_bytes()) {
            oid::MD2_RSA => Self::Rsa(Digest::Md2),
            oid::MD4_RSA => Self::Rsa(Digest::Md4),
            oid::MD5_RSA => Self::Rsa(Digest::Md5),
            oid::SHA1_RSA | oid::SHA1_RSA_OIW => Self::Rsa(Digest::Sha1),
            oid::SHA224_RSA => Self::Rsa(Digest::Sha224),
            oid::SHA256_RSA => Self::Rsa(Digest::Sha256),
            oid::SHA384_RSA => Self::Rsa(Digest::Sha384),
            oid::SHA512_RSA => Self::Rsa(Digest::Sha512),
            oid::RSA_PSS => Self::RsaPss(pss_digest(algorithm)),
            oid::SHA1_DSA => Self::Dsa(Digest::Sha1),
            oid::SHA256_DSA => Self::Dsa(Digest::Sha256),
            oid::SHA1_ECDSA => Self::Ecdsa(Digest::Sha1),
            oid::SHA224_ECDSA => Self::Ecdsa(Digest::Sha224),
            oid::SHA256_ECDSA => Self::Ecdsa(Digest::Sha256),
            oid::SHA384_ECDSA => Self::Ecdsa(Digest::Sha384),
            oid::SHA512_ECDSA => Self::Ecdsa(Digest::Sha512),
            oid::ED25519 => Self::Ed25519,
            oid::ED448 => Self::Ed448,
            other => Self::Other(other.into()),
        }
    }

    /// The digest that is signed, where the algorithm leaves a choice.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        match self {
            Self::Rsa(digest) | Self::Dsa(digest) | Self::Ecdsa(digest) => Some(*digest),
            Self::RsaPss(digest) => *digest,
            Self::Ed25519 | Self::Ed448 | Self::Other(_) => None,
        }
    }
}

fn pss_digest(algorithm: &AlgorithmIdentifier<'_>) -> Option<Digest> {
    match Parsed::try_from(algorithm) {
        Ok(Parsed::RSASSA_PSS(pss)) => Digest::of(Oid::of(pss.hash_algorithm_oid().as_bytes())),
        _ => None,
    }
}

impl fmt::Display for SignatureAlgorithm {
    /// In words, `SHA-256 with RSA`; another one by its OID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(digest) => write!(f, "{digest} with RSA"),
            Self::RsaPss(Some(digest)) => write!(f, "{digest} with RSA-PSS"),
            Self::RsaPss(None) => f.write_str("another digest with RSA-PSS"),
            Self::Dsa(digest) => write!(f, "{digest} with DSA"),
            Self::Ecdsa(digest) => write!(f, "{digest} with ECDSA"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::Other(oid) => oid.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::FromDer as _;

    #[test]
    fn an_identifier_is_the_algorithm_that_it_names() {
        let rsa = |last: u8| [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];
        for (octets, shown, digest) in [
            (&rsa(2)[..], "MD2 with RSA", Some(Digest::Md2)),
            (&rsa(4), "MD5 with RSA", Some(Digest::Md5)),
            (&rsa(5), "SHA-1 with RSA", Some(Digest::Sha1)),
            (&[0x2b, 0x0e, 3, 2, 0x1d], "SHA-1 with RSA", Some(Digest::Sha1)),
            (&rsa(11), "SHA-256 with RSA", Some(Digest::Sha256)),
            (&rsa(14), "SHA-224 with RSA", Some(Digest::Sha224)),
            (&rsa(10), "another digest with RSA-PSS", None),
            (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], "SHA-512 with ECDSA", Some(Digest::Sha512)),
            (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3], "SHA-1 with DSA", Some(Digest::Sha1)),
            (&[0x2b, 0x65, 0x70], "Ed25519", None),
            (&[0x2b, 0x65, 0x71], "Ed448", None),
            (&[0x2a, 3, 4], "1.2.3.4", None),
        ] {
            let length = u8::try_from(octets.len()).expect("it is short");
            let der = [&[0x30, length + 2, 6, length], octets].concat();
            let (_, identifier) = AlgorithmIdentifier::from_der(&der).expect("it can be read");
            let algorithm = SignatureAlgorithm::of(&identifier);
            assert_eq!((algorithm.to_string().as_str(), algorithm.digest()), (shown, digest));
        }
        assert_eq!(size_of::<SignatureAlgorithm>(), size_of::<&str>(), "no larger than a text");
    }
}
