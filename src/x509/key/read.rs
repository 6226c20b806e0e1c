//! Private keys in DER: PKCS#8, PKCS#1, SEC 1 and the old form of DSA, whatever the label says.
//!
//! Knows the structures (RFC 5958, RFC 8017, RFC 5915, RFC 8410). Refuses to check that the numbers
//! in them belong together.

use super::{Form, KeyError, PrivateKey};
use crate::redact::Redacted;
use crate::x509::key_kind::Curve;
use crate::x509::oid::{self, Oid};
use crate::x509::public_key::without_zeros;
use pkcs8::der::{Decode as _, Encode as _};
use pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef};
use x509_parser::asn1_rs::{Any, FromDer as _, Tag};

/// What a block of a private key really holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Pkcs8,
    Pkcs1,
    Sec1,
    /// The older form of DSA keys: six numbers.
    Dsa,
}

impl Container {
    /// Which structure the DER has, by its first values: a version, then an algorithm (PKCS#8), a
    /// number (PKCS#1, or DSA with five of them), or bytes (SEC 1).
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, outer) = Any::from_der(der).ok()?;
        let (rest, version) = Any::from_der(outer.data).ok()?;
        let (mut rest, second) = Any::from_der(rest).ok()?;
        let is_versioned = (outer.tag(), version.tag()) == (Tag::Sequence, Tag::Integer);
        match second.tag() {
            _ if !is_versioned => None,
            Tag::Sequence => Some(Self::Pkcs8),
            Tag::OctetString => Some(Self::Sec1),
            Tag::Integer => {
                let mut numbers = 1;
                while let Ok((next, _)) = Any::from_der(rest)
                    && numbers < 9
                {
                    (rest, numbers) = (next, numbers + 1);
                }
                Some(if numbers == 5 { Self::Dsa } else { Self::Pkcs1 })
            }
            _ => None,
        }
    }

    /// The key in it.
    pub(super) fn read(self, der: &[u8]) -> Result<PrivateKey, KeyError> {
        match self {
            Self::Pkcs8 => pkcs8(der),
            Self::Pkcs1 => pkcs1(der),
            Self::Sec1 => sec1(der),
            Self::Dsa => {
                Ok(PrivateKey::of(Redacted::default(), Form::Other { oid: oid::DSA.into() }))
            }
        }
    }
}

pub(super) fn pkcs8(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let broken = |_| KeyError::Structure("PKCS#8");
    let info = PrivateKeyInfoRef::from_der(der).map_err(broken)?;
    let inner = info.private_key.as_bytes();
    let form = match Oid::of(info.algorithm.oid.as_bytes()) {
        algorithm @ (oid::RSA | oid::RSA_PSS) => {
            let form = rsa_form(inner, algorithm == oid::RSA_PSS);
            form.ok_or(KeyError::Structure("PKCS#8 RSA"))?
        }
        oid::EC => {
            let curve = info.algorithm.parameters_oid().ok().as_ref().map(curve);
            // Version 2 has a place of its own for the public point (RFC 5958 §2).
            let beside = info.public_key.and_then(|bits| bits.as_bytes().map(<[u8]>::to_vec));
            ec_form(inner, Around::Pkcs8 { curve, point: beside })
                .ok_or(KeyError::Structure("PKCS#8 EC"))?
        }
        oid::ED25519 => ed25519_form(inner).ok_or(KeyError::Structure("PKCS#8 Ed25519"))?,
        other => Form::Other { oid: other.into() },
    };
    Ok(PrivateKey::of(Redacted::new(der.to_vec()), form))
}

fn pkcs1(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let form = rsa_form(der, false).ok_or(KeyError::Structure("PKCS#1 RSA"))?;
    let null = pkcs8::der::asn1::AnyRef::NULL;
    let pkcs8 = identifier(oid::RSA)
        .and_then(|oid| wrap(AlgorithmIdentifierRef { oid, parameters: Some(null) }, der));
    Ok(PrivateKey::of(pkcs8.ok_or(KeyError::Structure("PKCS#1 RSA"))?, form))
}

fn sec1(der: &[u8]) -> Result<PrivateKey, KeyError> {
    let form = ec_form(der, Around::Nothing).ok_or(KeyError::Structure("SEC 1 EC"))?;
    let Form::Ec { curve, .. } = &form else { return Err(KeyError::Structure("SEC 1 EC")) };
    let pkcs8 = curve.as_ref().and_then(|curve| {
        let (oid, curve) = (identifier(oid::EC)?, identifier(curve.oid())?);
        wrap(AlgorithmIdentifierRef { oid, parameters: Some((&curve).into()) }, der)
    });
    Ok(PrivateKey::of(pkcs8.unwrap_or_default(), form))
}

/// As the `der` crate has it.
fn identifier(oid: Oid<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(oid.octets()).ok()
}

fn curve(oid: &ObjectIdentifier) -> Curve {
    Curve::of(Oid::of(oid.as_bytes()))
}

fn rsa_form(der: &[u8], pss: bool) -> Option<Form> {
    let key = pkcs1::RsaPrivateKeyRef::from_der(der).ok()?;
    Some(Form::Rsa {
        modulus: without_zeros(key.modulus.as_bytes()),
        exponent: without_zeros(key.public_exponent.as_bytes()),
        pss,
    })
}

/// What stands around a SEC 1 structure.
enum Around {
    Nothing,
    /// PKCS#8 says the curve, none when it is spelt out, and may say the point.
    Pkcs8 {
        curve: Option<Curve>,
        point: Option<Vec<u8>>,
    },
}

/// An EC key. What PKCS#8 says of the curve counts, and what the structure says only where there is
/// no PKCS#8 around it: a curve that PKCS#8 spells out stays spelt out, whatever stands inside.
fn ec_form(der: &[u8], around: Around) -> Option<Form> {
    let (is_bare, around_curve, beside) = match around {
        Around::Nothing => (true, None, None),
        Around::Pkcs8 { curve, point } => (false, curve, point),
    };
    let Ok(key) = sec1::EcPrivateKey::from_der(der) else {
        return ec_form_spelt_out(der, around_curve);
    };
    let named = key.parameters.and_then(sec1::EcParameters::named_curve).filter(|_| is_bare);
    Some(Form::Ec {
        curve: around_curve.or_else(|| named.as_ref().map(curve)),
        private: Redacted::new(key.private_key.to_vec()),
        point: key.public_key.map(<[u8]>::to_vec).or(beside),
    })
}

/// A SEC 1 key whose curve is spelt out in numbers (`openssl ecparam -param_enc explicit`), which
/// the library refuses: SEQUENCE { 1, OCTET STRING, [0] parameters, [1] BIT STRING } (RFC 5915 §3).
fn ec_form_spelt_out(der: &[u8], curve: Option<Curve>) -> Option<Form> {
    let (behind, outer) = Any::from_der(der).ok()?;
    let (rest, version) = Any::from_der(outer.data).ok()?;
    let (mut rest, private) = Any::from_der(rest).ok()?;
    let is_sec1 = behind.is_empty()
        && (outer.tag(), version.data) == (Tag::Sequence, &[1])
        && private.tag() == Tag::OctetString;
    let mut point = None;
    while !rest.is_empty() {
        let (next, part) = Any::from_der(rest).ok()?;
        if part.tag().0 == 1 {
            let (_, bits) = Any::from_der(part.data).ok()?;
            // A BIT STRING begins with how many of its last bits do not count.
            point = bits.data.strip_prefix(&[0]).map(<[u8]>::to_vec);
        }
        rest = next;
    }
    is_sec1.then(|| Form::Ec { curve, private: Redacted::new(private.data.to_vec()), point })
}

/// The seed stands in an OCTET STRING of its own inside the one of PKCS#8 (RFC 8410 §7).
fn ed25519_form(inner: &[u8]) -> Option<Form> {
    let seed = inner.strip_prefix(&[0x04, 0x20])?;
    (seed.len() == 32).then(|| Form::Ed25519 { seed: Redacted::new(seed.to_vec()) })
}

fn wrap(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> Option<Redacted> {
    let octets = pkcs8::der::asn1::OctetStringRef::new(key).ok()?;
    PrivateKeyInfoRef::new(algorithm, octets).to_der().ok().map(Redacted::new)
}
