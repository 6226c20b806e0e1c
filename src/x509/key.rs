//! Private keys: reading every common encoding, making new ones, and telling whether a key is the
//! one of a certificate.
//!
//! Knows PKCS#1, SEC 1 and PKCS#8 structurally, so that also keys that ring cannot use can be
//! matched. Says "cannot tell" where that is the truth. Randomness is handed in.

use super::cert::{hex, sha256};
use super::pem::{self, Label};
use super::profile::KeyType;
use super::rsa_key;
use crate::redact::Redacted;
use pkcs8::der::{Decode as _, Encode as _};
use pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef};
use ring::rand::SecureRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use std::fmt;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const P521: &str = "1.3.132.0.35";

/// A public key, as far as pairs are told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA; numbers big-endian without leading zeros.
    Rsa {
        /// n.
        modulus: Vec<u8>,
        /// e.
        exponent: Vec<u8>,
    },
    /// An elliptic curve key.
    Ec {
        /// The curve's dotted OID; empty when it is spelt out instead of named.
        curve: String,
        /// The encoded point (SEC 1 §2.3.3).
        point: Vec<u8>,
    },
    /// Ed25519, 32 bytes.
    Ed25519(Vec<u8>),
    /// Another algorithm, by its dotted OID.
    Other(String),
}

impl PublicKey {
    /// The public key of a certificate.
    #[must_use]
    pub fn of_certificate(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let bits = spki.subject_public_key.data.as_ref();
        match spki.algorithm.algorithm.to_id_string().as_str() {
            oid if oid == RSA.to_string() || oid == RSA_PSS.to_string() => rsa_public(bits, oid),
            oid if oid == EC.to_string() => {
                let curve = spki.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
                Self::Ec {
                    curve: curve.map(|oid| oid.to_id_string()).unwrap_or_default(),
                    point: bits.to_vec(),
                }
            }
            oid if oid == ED25519.to_string() => Self::Ed25519(bits.to_vec()),
            oid => Self::Other(oid.to_owned()),
        }
    }

    /// A short digest of the public key, the same as [`PrivateKey::public_id`] of its private key.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Rsa { modulus, .. } => short_digest(modulus),
            Self::Ec { point, .. } => short_digest(point),
            Self::Ed25519(bytes) => short_digest(bytes),
            Self::Other(oid) => short_digest(oid.as_bytes()),
        }
    }

    /// Type and size as JSON and tables name them: `rsa-2048`, `p256`, `ed25519`, or an OID.
    #[must_use]
    pub fn key_type(&self) -> String {
        match self {
            Self::Rsa { modulus, .. } => format!("rsa-{}", bit_length(modulus)),
            Self::Ec { curve, .. } => curve_name(curve).to_owned(),
            Self::Ed25519(_) => "ed25519".to_owned(),
            Self::Other(oid) => match oid.as_str() {
                "1.3.101.113" => "ed448".to_owned(),
                "1.2.840.10040.4.1" => "dsa".to_owned(),
                _ => oid.clone(),
            },
        }
    }
}

/// Why a private key could not be read. Never holds any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no private-key block.
    #[error("there is no PEM block of a private key in it")]
    NoBlock,
    /// The key is under a password.
    #[error("the private key is encrypted with a password; a TLS Secret needs it in the clear")]
    Encrypted,
    /// The PEM around the key is broken.
    #[error("{0}")]
    Pem(#[from] pem::PemError),
    /// The DER is not what its label says.
    #[error("the DER in the block is not a {0} private key")]
    Structure(&'static str),
}

/// Whether a private key is the one of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// It is.
    Match,
    /// It is not.
    Differs,
    /// Nobody here can tell, for this reason.
    Unknown(String),
}

/// A private key that was read or made. `Debug` shows its type only.
pub struct PrivateKey {
    pkcs8: Redacted,
    form: Form,
}

/// What pairing needs of a private key.
enum Form {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: String, private: Redacted, point: Option<Vec<u8>> },
    Ed25519 { seed: Redacted },
    Other { oid: String },
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.key_type())
    }
}

impl PrivateKey {
    /// Makes a fresh key.
    ///
    /// # Errors
    /// A sentence, when the random source fails.
    pub fn generate(key_type: KeyType, random: &dyn SecureRandom) -> Result<Self, String> {
        let failed = |_| format!("no {key_type} key could be made: the random source failed");
        let ecdsa = |algorithm| EcdsaKeyPair::generate_pkcs8(algorithm, random).map_err(failed);
        let pkcs8 = match key_type {
            KeyType::Rsa2048 => rsa_key::generate(2048, random)?,
            KeyType::Rsa3072 => rsa_key::generate(3072, random)?,
            KeyType::Rsa4096 => rsa_key::generate(4096, random)?,
            KeyType::P256 => {
                Zeroizing::new(ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?.as_ref().to_vec())
            }
            KeyType::P384 => {
                Zeroizing::new(ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?.as_ref().to_vec())
            }
            KeyType::Ed25519 => ed25519_version_1(random).map_err(failed)?,
        };
        Self::from_pkcs8(&pkcs8)
            .map_err(|error| format!("the new {key_type} key does not read back: {error}"))
    }

    /// Reads the first private key of a PEM text.
    ///
    /// # Errors
    /// [`KeyError`], which says what is there instead.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, KeyError> {
        let block = pem::blocks(bytes).into_iter().find(|block| block.label.is_private_key());
        let block = block.ok_or(KeyError::NoBlock)?;
        let der = match block.der {
            Err(pem::PemError::Encrypted { .. }) => return Err(KeyError::Encrypted),
            der => der?,
        };
        match block.label {
            Label::Pkcs8Key => Self::from_pkcs8(der.expose()),
            Label::Pkcs1Key => Self::from_pkcs1(der.expose()),
            Label::Sec1Key => Self::from_sec1(der.expose()),
            Label::EncryptedKey => Err(KeyError::Encrypted),
            Label::Certificate | Label::Other(_) => Err(KeyError::Structure("known kind of")),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let broken = |_| KeyError::Structure("PKCS#8");
        let info = PrivateKeyInfoRef::from_der(der).map_err(broken)?;
        let inner = info.private_key.as_bytes();
        let form = match info.algorithm.oid {
            RSA | RSA_PSS => rsa_form(inner).ok_or(KeyError::Structure("PKCS#8 RSA"))?,
            EC => {
                let curve =
                    info.algorithm.parameters_oid().map(|oid| oid.to_string()).unwrap_or_default();
                ec_form(inner, Some(curve)).ok_or(KeyError::Structure("PKCS#8 EC"))?
            }
            ED25519 => ed25519_form(inner).ok_or(KeyError::Structure("PKCS#8 Ed25519"))?,
            other => Form::Other { oid: other.to_string() },
        };
        Ok(Self { pkcs8: Redacted::new(der.to_vec()), form })
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let form = rsa_form(der).ok_or(KeyError::Structure("PKCS#1 RSA"))?;
        let null = pkcs8::der::asn1::AnyRef::NULL;
        let pkcs8 = wrap(AlgorithmIdentifierRef { oid: RSA, parameters: Some(null) }, der);
        Ok(Self { pkcs8: pkcs8.ok_or(KeyError::Structure("PKCS#1 RSA"))?, form })
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let form = ec_form(der, None).ok_or(KeyError::Structure("SEC 1 EC"))?;
        let Form::Ec { curve, .. } = &form else { return Err(KeyError::Structure("SEC 1 EC")) };
        let pkcs8 = ObjectIdentifier::new(curve).ok().and_then(|curve| {
            wrap(AlgorithmIdentifierRef { oid: EC, parameters: Some((&curve).into()) }, der)
        });
        Ok(Self { pkcs8: pkcs8.unwrap_or_default(), form })
    }

    /// The key as PKCS#8 DER; empty for an EC key that does not name its curve.
    #[must_use]
    pub fn pkcs8(&self) -> &Redacted {
        &self.pkcs8
    }

    /// The key as PKCS#8 PEM.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::encode("PRIVATE KEY", self.pkcs8.expose())
    }

    /// Type and size, named as in [`PublicKey::key_type`].
    #[must_use]
    pub fn key_type(&self) -> String {
        match &self.form {
            Form::Rsa { modulus, .. } => format!("rsa-{}", bit_length(modulus)),
            Form::Ec { curve, .. } => curve_name(curve).to_owned(),
            Form::Ed25519 { .. } => "ed25519".to_owned(),
            Form::Other { oid } => PublicKey::Other(oid.clone()).key_type(),
        }
    }

    /// A short digest of the public half, to be compared with [`PublicKey::id`] by eye; none where
    /// the public half is not stored with the key.
    #[must_use]
    pub fn public_id(&self) -> Option<String> {
        match &self.form {
            Form::Rsa { modulus, .. } => Some(short_digest(modulus)),
            Form::Ec { point, .. } => point.as_deref().map(short_digest),
            Form::Ed25519 { seed } => Ed25519KeyPair::from_seed_unchecked(seed.expose())
                .ok()
                .map(|pair| short_digest(pair.public_key().as_ref())),
            Form::Other { .. } => None,
        }
    }

    /// Whether this is the private key of `public`. An EC key's public point is computed, not
    /// believed; ring wants randomness for that, though the answer does not depend on it.
    #[must_use]
    pub fn pairs_with(&self, public: &PublicKey, random: &dyn SecureRandom) -> Pairing {
        match (&self.form, public) {
            (Form::Rsa { modulus, exponent }, PublicKey::Rsa { modulus: n, exponent: e }) => {
                paired(modulus == n && exponent == e)
            }
            (
                Form::Ec { curve, private, point },
                PublicKey::Ec { curve: theirs, point: presented },
            ) => pair_ec((curve, private, point.as_deref()), (theirs, presented), random),
            (Form::Ed25519 { seed }, PublicKey::Ed25519(presented)) => {
                match Ed25519KeyPair::from_seed_unchecked(seed.expose()) {
                    Ok(pair) => paired(pair.public_key().as_ref() == presented.as_slice()),
                    Err(_) => Pairing::Differs,
                }
            }
            (Form::Other { oid }, PublicKey::Other(theirs)) if oid == theirs => Pairing::Unknown(
                format!("keys of type {} cannot be compared here", self.key_type()),
            ),
            _ => Pairing::Differs,
        }
    }
}

fn paired(same: bool) -> Pairing {
    if same { Pairing::Match } else { Pairing::Differs }
}

/// EC keys: by the point stored with the key, or, where ring knows the curve, by computing it.
fn pair_ec(
    (curve, private, point): (&str, &Redacted, Option<&[u8]>),
    (their_curve, presented): (&str, &[u8]),
    random: &dyn SecureRandom,
) -> Pairing {
    if curve != their_curve {
        return Pairing::Differs;
    }
    let algorithm = match curve {
        P256 => Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        P384 => Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        _ => None,
    };
    // ring wants the uncompressed form, which begins with 4 (SEC 1 §2.3.3).
    if let (Some(algorithm), Some(4)) = (algorithm, presented.first()) {
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            algorithm,
            private.expose(),
            presented,
            random,
        );
        return paired(pair.is_ok());
    }
    match point {
        Some(point) if point.len() == presented.len() => paired(point == presented),
        _ => Pairing::Unknown(format!(
            "the private key on curve {} does not hold its public point",
            curve_name(curve)
        )),
    }
}

fn rsa_form(der: &[u8]) -> Option<Form> {
    let key = pkcs1::RsaPrivateKeyRef::from_der(der).ok()?;
    Some(Form::Rsa {
        modulus: without_zeros(key.modulus.as_bytes()),
        exponent: without_zeros(key.public_exponent.as_bytes()),
    })
}

fn rsa_public(bits: &[u8], oid: &str) -> PublicKey {
    match pkcs1::RsaPublicKeyRef::from_der(bits) {
        Ok(key) => PublicKey::Rsa {
            modulus: without_zeros(key.modulus.as_bytes()),
            exponent: without_zeros(key.public_exponent.as_bytes()),
        },
        Err(_) => PublicKey::Other(oid.to_owned()),
    }
}

fn ec_form(der: &[u8], curve: Option<String>) -> Option<Form> {
    let key = sec1::EcPrivateKey::from_der(der).ok()?;
    let named =
        || key.parameters.and_then(sec1::EcParameters::named_curve).map(|oid| oid.to_string());
    Some(Form::Ec {
        curve: curve.or_else(named).unwrap_or_default(),
        private: Redacted::new(key.private_key.to_vec()),
        point: key.public_key.map(<[u8]>::to_vec),
    })
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

/// Ed25519 as PKCS#8 version 1: ring writes version 2, which OpenSSL 3.0, Node and Python refuse.
fn ed25519_version_1(
    random: &dyn SecureRandom,
) -> Result<Zeroizing<Vec<u8>>, ring::error::Unspecified> {
    let mut der = Zeroizing::new(vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ]);
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(seed.as_mut())?;
    der.extend_from_slice(seed.as_ref());
    Ok(der)
}

fn short_digest(bytes: &[u8]) -> String {
    hex(&sha256(bytes)[..8])
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

/// Bits of a big-endian number without leading zeros.
fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn curve_name(oid: &str) -> &str {
    match oid {
        P256 => "p256",
        P384 => "p384",
        P521 => "p521",
        "1.3.132.0.10" => "secp256k1",
        "" => "ec with explicit parameters",
        other => other,
    }
}
