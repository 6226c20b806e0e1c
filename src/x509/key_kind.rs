//! Kinds of public keys: algorithm, size and curve, as certificates have them ([`KeyKind`]) and as
//! certwright makes them ([`KeyType`]).
//!
//! Knows their identifiers and names. Refuses to know keys themselves, and which kind is good
//! enough for whom.

use super::oid::{self, Oid, OidBuf};
use std::fmt;

/// The kind of a key, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
        /// Whether it says that it is for RSA-PSS alone (RFC 4055 §1.2).
        pss: bool,
    },
    /// ECDSA on a curve that is named.
    Ec(Curve),
    /// ECDSA on a curve whose parameters are spelt out.
    EcExplicit,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa,
    /// Another algorithm, or one whose key could not be read.
    Other(OidBuf),
}

impl KeyKind {
    /// RSA for every kind of signature, of this many bits.
    #[must_use]
    pub const fn rsa(bits: u32) -> Self {
        Self::Rsa { bits, pss: false }
    }

    /// The kind of a key of which only the algorithm is known.
    #[must_use]
    pub fn of_algorithm(algorithm: Oid<'_>) -> Self {
        match algorithm {
            oid::ED448 => Self::Ed448,
            oid::DSA => Self::Dsa,
            other => Self::Other(other.into()),
        }
    }

    /// Bits of the modulus of an RSA key that is for every kind of signature; none of any other.
    #[must_use]
    pub const fn plain_rsa_bits(&self) -> Option<u32> {
        match self {
            Self::Rsa { bits, pss: false } => Some(*bits),
            _ => None,
        }
    }

    /// The type by which certwright makes such a key; none where it makes none.
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        KeyType::ALL.into_iter().find(|key_type| key_type.kind() == *self)
    }
}

impl fmt::Display for KeyKind {
    /// As JSON and tables name it: `rsa-2048`, `rsa-pss-2048`, `p256`, `ed25519`, or an OID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits, pss: false } => write!(f, "rsa-{bits}"),
            Self::Rsa { bits, pss: true } => write!(f, "rsa-pss-{bits}"),
            Self::Ec(curve) => curve.fmt(f),
            Self::EcExplicit => f.write_str("ec with explicit parameters"),
            Self::Ed25519 => f.write_str("ed25519"),
            Self::Ed448 => f.write_str("ed448"),
            Self::Dsa => f.write_str("dsa"),
            Self::Other(oid) => oid.fmt(f),
        }
    }
}

/// An elliptic curve by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp192r1.
    P192,
    /// secp224r1.
    P224,
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
    /// The curve of Bitcoin.
    Secp256k1,
    /// RFC 5639, 256 bits.
    BrainpoolP256r1,
    /// RFC 5639, 384 bits.
    BrainpoolP384r1,
    /// RFC 5639, 512 bits.
    BrainpoolP512r1,
    /// Of GB/T 32918.
    Sm2,
    /// Any other.
    Other(OidBuf),
}

impl Curve {
    /// The curve of this identifier.
    #[must_use]
    pub fn of(curve: Oid<'_>) -> Self {
        match curve {
            oid::P192 => Self::P192,
            oid::P224 => Self::P224,
            oid::P256 => Self::P256,
            oid::P384 => Self::P384,
            oid::P521 => Self::P521,
            oid::SECP256K1 => Self::Secp256k1,
            oid::BRAINPOOL_P256R1 => Self::BrainpoolP256r1,
            oid::BRAINPOOL_P384R1 => Self::BrainpoolP384r1,
            oid::BRAINPOOL_P512R1 => Self::BrainpoolP512r1,
            oid::SM2 => Self::Sm2,
            other => Self::Other(other.into()),
        }
    }

    /// Its identifier.
    #[must_use]
    pub fn oid(&self) -> Oid<'_> {
        match self {
            Self::P192 => oid::P192,
            Self::P224 => oid::P224,
            Self::P256 => oid::P256,
            Self::P384 => oid::P384,
            Self::P521 => oid::P521,
            Self::Secp256k1 => oid::SECP256K1,
            Self::BrainpoolP256r1 => oid::BRAINPOOL_P256R1,
            Self::BrainpoolP384r1 => oid::BRAINPOOL_P384R1,
            Self::BrainpoolP512r1 => oid::BRAINPOOL_P512R1,
            Self::Sm2 => oid::SM2,
            Self::Other(oid) => oid.oid(),
        }
    }

    /// The octets of one coordinate of a point (SEC 1 §2.3.3), of the NIST curves that points are
    /// measured by.
    #[must_use]
    pub const fn coordinate_octets(&self) -> Option<usize> {
        match self {
            Self::P224 => Some(28),
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::P521 => Some(66),
            _ => None,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P192 => "p192",
            Self::P224 => "p224",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Secp256k1 => "secp256k1",
            Self::BrainpoolP256r1 => "brainpoolP256r1",
            Self::BrainpoolP384r1 => "brainpoolP384r1",
            Self::BrainpoolP512r1 => "brainpoolP512r1",
            Self::Sm2 => "sm2",
            Self::Other(oid) => return oid.fmt(f),
        })
    }
}

/// Key types that certwright makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyType {
    /// RSA with a modulus of 2048 bits: what every client and GKE's load balancer take.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// ECDSA on P-256 (secp256r1).
    P256,
    /// ECDSA on P-384 (secp384r1).
    P384,
    /// Ed25519 (RFC 8410); browsers do not take it in certificates.
    Ed25519,
}

impl KeyType {
    /// Every type, in the order `--help` names them.
    pub const ALL: [Self; 6] =
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384, Self::Ed25519];

    /// The name used on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The type with this name, among those that can be made.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key_type| key_type.as_str() == text)
    }

    /// The kind of the keys of this type.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Rsa2048 => KeyKind::rsa(2048),
            Self::Rsa3072 => KeyKind::rsa(3072),
            Self::Rsa4096 => KeyKind::rsa(4096),
            Self::P256 => KeyKind::Ec(Curve::P256),
            Self::P384 => KeyKind::Ec(Curve::P384),
            Self::Ed25519 => KeyKind::Ed25519,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_the_type_that_makes_it() {
        for key_type in KeyType::ALL {
            assert_eq!(key_type.kind().to_string(), key_type.as_str());
            assert_eq!(key_type.kind().key_type(), Some(key_type));
        }
        for (kind, name) in [
            (KeyKind::rsa(1024), "rsa-1024"),
            (KeyKind::Rsa { bits: 2048, pss: true }, "rsa-pss-2048"),
            (KeyKind::Ec(Curve::P521), "p521"),
            (KeyKind::EcExplicit, "ec with explicit parameters"),
            (KeyKind::of_algorithm(oid::ED448), "ed448"),
            (KeyKind::of_algorithm(oid::DSA), "dsa"),
            (KeyKind::of_algorithm(oid::RSA), "1.2.840.113549.1.1.1"),
        ] {
            assert_eq!((kind.key_type(), kind.to_string().as_str()), (None, name));
        }
    }

    #[test]
    fn a_curve_is_that_of_its_identifier() {
        for (curve, name) in [
            (oid::P192, "p192"),
            (oid::P224, "p224"),
            (oid::P256, "p256"),
            (oid::P384, "p384"),
            (oid::P521, "p521"),
            (oid::SECP256K1, "secp256k1"),
            (oid::BRAINPOOL_P256R1, "brainpoolP256r1"),
            (oid::BRAINPOOL_P384R1, "brainpoolP384r1"),
            (oid::BRAINPOOL_P512R1, "brainpoolP512r1"),
            (oid::SM2, "sm2"),
            (oid::RSA, "1.2.840.113549.1.1.1"),
        ] {
            let named = Curve::of(curve);
            assert_eq!((named.oid(), named.to_string().as_str()), (curve, name));
        }
    }

    #[test]
    fn a_kind_takes_less_room_than_its_name_in_a_text() {
        assert!(size_of::<KeyKind>() <= size_of::<String>() + "rsa-2048".len());
    }
}
