//! Public keys: what a certificate holds, as far as keys are told apart by it.
//!
//! Knows RSA, EC points in all their forms and Ed25519 (RFC 8017, SEC 1, RFC 8410), also those that
//! ring cannot use. Refuses to know who takes which.

use super::digest::{PublicKeyId, sha256};
use super::key_kind::{Curve, KeyKind};
use super::oid::{self, Oid, OidBuf};
use pkcs8::der::Decode as _;
use std::borrow::Cow;
use x509_parser::asn1_rs::Tag;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A public key, as far as pairs are told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA; numbers big-endian without leading zeros.
    Rsa {
        /// n.
        modulus: Vec<u8>,
        /// e.
        exponent: Vec<u8>,
        /// Whether it says that it is for RSA-PSS alone (RFC 4055 §1.2), which few clients know.
        pss: bool,
    },
    /// An elliptic curve key.
    Ec {
        /// The curve; none when it is spelt out instead of named.
        curve: Option<Curve>,
        /// The encoded point (SEC 1 §2.3.3).
        point: Vec<u8>,
    },
    /// Ed25519, 32 bytes.
    Ed25519(Vec<u8>),
    /// Another algorithm, or a key that is none of the algorithm it names.
    Other {
        /// The algorithm.
        oid: OidBuf,
        /// SHA-256 of the whole `SubjectPublicKeyInfo`: keys of one algorithm are not one key.
        digest: [u8; 32],
    },
}

impl PublicKey {
    /// The public key of a certificate.
    #[must_use]
    pub fn of_certificate(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let bits = spki.subject_public_key.data.as_ref();
        let other = |oid: Oid<'_>| Self::Other { oid: oid.into(), digest: sha256(spki.raw) };
        match Oid::of(spki.algorithm.algorithm.as_bytes()) {
            algorithm @ (oid::RSA | oid::RSA_PSS) => {
                rsa(bits, algorithm == oid::RSA_PSS).unwrap_or_else(|| other(algorithm))
            }
            oid::EC => {
                // asn1-rs takes the bytes of any type for an OID; spelt-out parameters are no name.
                let named = spki.algorithm.parameters.as_ref().filter(|any| any.tag() == Tag::Oid);
                let curve = named.and_then(|any| any.as_oid().ok());
                let curve = curve.map(|curve| Curve::of(Oid::of(curve.as_bytes())));
                Self::Ec { curve, point: bits.to_vec() }
            }
            oid::ED25519 => Self::Ed25519(bits.to_vec()),
            algorithm => other(algorithm),
        }
    }

    /// A short digest of the public key, the same as
    /// [`PrivateKey::public_id`](super::key::PrivateKey::public_id) of its private key.
    #[must_use]
    pub fn id(&self) -> PublicKeyId {
        match self {
            Self::Rsa { modulus, .. } => PublicKeyId::of(modulus),
            // By what is the same in every form of one point.
            Self::Ec { point, .. } => PublicKeyId::of(&without_parity(point)),
            Self::Ed25519(bytes) => PublicKeyId::of(bytes),
            Self::Other { digest, .. } => PublicKeyId::of_digest(digest),
        }
    }

    /// Type and size.
    #[must_use]
    pub fn key_type(&self) -> KeyKind {
        match self {
            Self::Rsa { modulus, pss, .. } => KeyKind::Rsa { bits: bit_length(modulus), pss: *pss },
            Self::Ec { curve, .. } => ec_kind(curve.as_ref()),
            Self::Ed25519(_) => KeyKind::Ed25519,
            Self::Other { oid, .. } => KeyKind::of_algorithm(oid.oid()),
        }
    }

    /// Whether it is the same key, in whatever form each is written.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Rsa { modulus, exponent, .. }, Self::Rsa { modulus: n, exponent: e, .. }) => {
                modulus == n && exponent == e
            }
            (Self::Ec { curve, point }, Self::Ec { curve: theirs, point: presented }) => {
                may_be_one_curve(curve.as_ref(), theirs.as_ref())
                    && compressed(point) == compressed(presented)
            }
            (one, other) => one == other,
        }
    }

    /// How the numbers of an RSA key fare with readers that bound them.
    #[must_use]
    pub fn rsa_form(&self) -> RsaForm {
        let Self::Rsa { modulus, exponent, .. } = self else { return RsaForm::Plain };
        let is_even = |number: &[u8]| number.last().is_none_or(|byte| byte & 1 == 0);
        if is_even(modulus) || is_even(exponent) || exponent.as_slice() == [1] {
            return RsaForm::Degenerate;
        }
        match bit_length(exponent) {
            ..=31 => RsaForm::Plain,
            32..=33 => RsaForm::Over31Bits,
            34..=64 => RsaForm::Over33Bits,
            _ => RsaForm::Over64Bits,
        }
    }

    /// How the point of an EC key is written; of any other key, as it should be.
    #[must_use]
    pub fn point_form(&self) -> PointForm {
        let Self::Ec { curve, point } = self else { return PointForm::Plain };
        let coordinates = match point.first() {
            Some(2 | 3) => 1,
            Some(4 | 6 | 7) => 2,
            _ => return PointForm::Invalid,
        };
        match curve.as_ref().and_then(Curve::coordinate_octets) {
            Some(length) if point.len() != 1 + coordinates * length => PointForm::Invalid,
            _ if is_uncompressed(point) => PointForm::Plain,
            _ => PointForm::Odd,
        }
    }
}

/// How an RSA key's numbers fare with those who bound them; ordinary ones are 3 and 65537.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RsaForm {
    /// An odd modulus and an odd exponent from 3 to 2³¹ − 1; also of keys that are not RSA.
    #[default]
    Plain,
    /// An exponent of 32 or 33 bits: Go's crypto/rsa stops at 31.
    Over31Bits,
    /// An exponent of 34 to 64 bits: ring and `BoringSSL` stop at 33.
    Over33Bits,
    /// An exponent of more than 64 bits: beside a modulus of more than 3072 OpenSSL stops there.
    Over64Bits,
    /// An even number, or an exponent of 1: arithmetic that most refuse, or cannot do.
    Degenerate,
}

/// How the public point of an EC key is written (SEC 1 §2.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PointForm {
    /// With both coordinates, the one form that every reader must know (RFC 5480 §2.2).
    #[default]
    Plain,
    /// Compressed or hybrid: OpenSSL reads it, Go and ring do not.
    Odd,
    /// No point of the curve at all, by its length or first byte; whether a point of the right
    /// length is on the curve is not calculated here.
    Invalid,
}

fn rsa(bits: &[u8], pss: bool) -> Option<PublicKey> {
    let key = pkcs1::RsaPublicKeyRef::from_der(bits).ok()?;
    Some(PublicKey::Rsa {
        modulus: without_zeros(key.modulus.as_bytes()),
        exponent: without_zeros(key.public_exponent.as_bytes()),
        pss,
    })
}

/// The kind of an EC key on this curve, or on one that is spelt out.
pub(super) fn ec_kind(curve: Option<&Curve>) -> KeyKind {
    curve.cloned().map_or(KeyKind::EcExplicit, KeyKind::Ec)
}

/// Whether two keys may be on one curve: one that is spelt out may be any, and the points must tell
/// then.
pub(super) fn may_be_one_curve(one: Option<&Curve>, other: Option<&Curve>) -> bool {
    one == other || one.is_none() || other.is_none()
}

/// A big-endian number without the zeros before it, which DER puts there to say that it is positive.
pub(super) fn without_zeros(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

/// Bits of a big-endian number without leading zeros.
pub(super) fn bit_length(number: &[u8]) -> u32 {
    let octets = u32::try_from(number.len()).unwrap_or(u32::MAX / 8);
    number.first().map_or(0, |first| octets * 8 - first.leading_zeros())
}

/// A point in hybrid form, both coordinates and the parity of the second (6 or 7), as the
/// uncompressed one that it is (X9.62 §4.3.6); every other as it is.
pub(super) fn without_parity(point: &[u8]) -> Cow<'_, [u8]> {
    match point.split_first() {
        Some((6 | 7, both)) => Cow::Owned([&[4], both].concat()),
        _ => Cow::Borrowed(point),
    }
}

/// Whether an encoded point holds both coordinates (SEC 1 §2.3.3: it begins with 4).
pub(super) fn is_uncompressed(point: &[u8]) -> bool {
    point.first() == Some(&4)
}

/// What the compressed form of an encoded point holds: whether the second coordinate is odd, as its
/// first byte says it, and the first coordinate (SEC 1 §2.3.3).
///
/// A curve has at most two points of one first coordinate, and they differ in that parity: what is
/// equal here is the same point, whichever of its forms each was written in.
pub(super) fn compressed(point: &[u8]) -> (u8, &[u8]) {
    match point.split_first() {
        Some((4 | 6 | 7, both)) if both.len() % 2 == 0 => {
            let (first, second) = both.split_at(both.len() / 2);
            (2 + (second.last().copied().unwrap_or_default() & 1), first)
        }
        Some((form, rest)) => (*form, rest),
        None => (0, &[]),
    }
}
