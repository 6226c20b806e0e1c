//! Strength: which keys and digests are too weak for today's clients.
//!
//! Knows where the line is drawn, and by whom. Refuses to know whose certificate it is.

use crate::x509::algorithm::{Digest, SignatureAlgorithm};
use crate::x509::key_kind::{Curve, KeyKind};

/// Why a key is too weak for today's clients, when it is: RSA below 2048 bits (CA/Browser Forum
/// since 2014), DSA, curves below 224 bits.
#[must_use]
pub const fn weak_key(kind: &KeyKind) -> Option<&'static str> {
    match kind {
        KeyKind::Dsa => Some("no client takes DSA keys any more"),
        KeyKind::Ec(Curve::P192) => Some("the curve has fewer than 224 bits"),
        KeyKind::Rsa { bits: 0..2048, .. } => Some("RSA keys need at least 2048 bits"),
        _ => None,
    }
}

/// The digest of a signature, when it collides at will: certificates have been forged by it.
#[must_use]
pub const fn weak_digest(signature: &SignatureAlgorithm) -> Option<Digest> {
    match signature.digest() {
        Some(weak @ (Digest::Md2 | Digest::Md4 | Digest::Md5 | Digest::Sha1)) => Some(weak),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_rsa_keys_are_weak_whatever_they_are_for() {
        for (kind, is_weak) in [
            (KeyKind::rsa(2048), false),
            (KeyKind::rsa(2047), true),
            (KeyKind::Rsa { bits: 2048, pss: true }, false),
            (KeyKind::Rsa { bits: 1024, pss: true }, true),
            (KeyKind::Dsa, true),
            (KeyKind::Ec(Curve::P192), true),
            (KeyKind::Ec(Curve::P256), false),
        ] {
            assert_eq!(weak_key(&kind).is_some(), is_weak, "{kind}");
        }
    }

    #[test]
    fn digests_that_collide_are_weak_whatever_signed_them() {
        for (signature, weak) in [
            (SignatureAlgorithm::Rsa(Digest::Sha256), None),
            (SignatureAlgorithm::Rsa(Digest::Sha1), Some(Digest::Sha1)),
            (SignatureAlgorithm::Rsa(Digest::Md5), Some(Digest::Md5)),
            (SignatureAlgorithm::RsaPss(Some(Digest::Sha1)), Some(Digest::Sha1)),
            (SignatureAlgorithm::RsaPss(None), None),
            (SignatureAlgorithm::Ecdsa(Digest::Sha1), Some(Digest::Sha1)),
            (SignatureAlgorithm::Ed25519, None),
        ] {
            assert_eq!(weak_digest(&signature), weak, "{signature}");
        }
    }
}
