//! Private keys: reading every common encoding, making new ones, and telling whether a key is the
//! one of a certificate.
//!
//! Knows PKCS#1, SEC 1 and PKCS#8 structurally, so that also keys that ring cannot use can be
//! matched. Says "cannot tell" where that is the truth. Randomness is handed in.

use super::cert::{hex, sha256};
use super::oid;
use super::pem::{self, Label, PemQuirk};
use super::profile::KeyType;
use super::rsa_key;
use crate::redact::Redacted;
use pkcs8::der::{Decode as _, Encode as _};
use pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef};
use ring::rand::SecureRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use std::borrow::Cow;
use std::fmt;
use x509_parser::asn1_rs::{Any, FromDer as _, Tag};
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const DSA: &str = "1.2.840.10040.4.1";
/// How the keys of ssh-keygen begin (OpenSSH, `PROTOCOL.key`).
const OPENSSH: &[u8] = b"openssh-key-v1\0";
const P224: &str = "1.3.132.0.33";
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
        /// Whether it says that it is for RSA-PSS alone (RFC 4055 §1.2), which few clients know.
        pss: bool,
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
    /// Another algorithm, or a key that is none of the algorithm it names.
    Other {
        /// The algorithm's dotted OID.
        oid: String,
        /// SHA-256 of the whole `SubjectPublicKeyInfo`: keys of one algorithm are not one key.
        digest: [u8; 32],
    },
}

impl PublicKey {
    /// The public key of a certificate.
    #[must_use]
    pub fn of_certificate(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        let bits = spki.subject_public_key.data.as_ref();
        let other = |oid: &str| Self::Other { oid: oid.to_owned(), digest: sha256(spki.raw) };
        match oid::dotted(spki.algorithm.algorithm.as_bytes()).as_str() {
            oid if oid == RSA.to_string() || oid == RSA_PSS.to_string() => {
                rsa_public(bits, oid == RSA_PSS.to_string()).unwrap_or_else(|| other(oid))
            }
            oid if oid == EC.to_string() => {
                // asn1-rs takes the bytes of any type for an OID; spelt-out parameters are no name.
                let named = spki.algorithm.parameters.as_ref().filter(|any| any.tag() == Tag::Oid);
                let curve = named.and_then(|any| any.as_oid().ok());
                Self::Ec {
                    curve: curve.map(|curve| oid::dotted(curve.as_bytes())).unwrap_or_default(),
                    point: bits.to_vec(),
                }
            }
            oid if oid == ED25519.to_string() => Self::Ed25519(bits.to_vec()),
            oid => other(oid),
        }
    }

    /// A short digest of the public key, the same as [`PrivateKey::public_id`] of its private key.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Rsa { modulus, .. } => short_digest(modulus),
            Self::Ec { point, .. } => short_digest(&without_parity(point)),
            Self::Ed25519(bytes) => short_digest(bytes),
            Self::Other { digest, .. } => hex(&digest[..8]),
        }
    }

    /// Type and size as JSON and tables name them: `rsa-2048`, `rsa-pss-2048`, `p256`, `ed25519`,
    /// or an OID.
    #[must_use]
    pub fn key_type(&self) -> String {
        match self {
            Self::Rsa { modulus, pss, .. } => rsa_name(modulus, *pss),
            Self::Ec { curve, .. } => curve_name(curve).to_owned(),
            Self::Ed25519(_) => "ed25519".to_owned(),
            Self::Other { oid, .. } => other_name(oid),
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
                // A curve that is spelt out may be any.
                let same_curve = curve == theirs || curve.is_empty() || theirs.is_empty();
                same_curve && compressed(point) == compressed(presented)
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
        let coordinate = match curve.as_str() {
            P224 => Some(28),
            P256 => Some(32),
            P384 => Some(48),
            P521 => Some(66),
            _ => None,
        };
        let coordinates = match point.first() {
            Some(2 | 3) => 1,
            Some(4 | 6 | 7) => 2,
            _ => return PointForm::Invalid,
        };
        match coordinate {
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
    /// It is a key as ssh-keygen writes them.
    #[error(
        "the private key is in OpenSSH's own form, which no TLS server reads; make PEM of a copy: \
         ssh-keygen -p -m PEM -f COPY"
    )]
    OpenSsh,
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
    quirk: Option<PemQuirk>,
}

/// What pairing needs of a private key.
enum Form {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8>, pss: bool },
    Ec { curve: String, private: Redacted, point: Option<Vec<u8>> },
    Ed25519 { seed: Redacted },
    Other { oid: String },
}

/// What a block of a private key really holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Pkcs8,
    Pkcs1,
    Sec1,
    /// The older form of DSA keys: six numbers.
    Dsa,
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
    pub fn generate(key_type: KeyType, random: &(dyn SecureRandom + Sync)) -> Result<Self, String> {
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
        let der = der.expose();
        let (container, name) = match block.label {
            Label::Pkcs8Key => (Some(Container::Pkcs8), "PKCS#8"),
            Label::Pkcs1Key => (Some(Container::Pkcs1), "PKCS#1 RSA"),
            Label::Sec1Key => (Some(Container::Sec1), "SEC 1 EC"),
            Label::EncryptedKey => return Err(KeyError::Encrypted),
            Label::Certificate | Label::Other(_) => (None, "known kind of"),
        };
        if der.starts_with(OPENSSH) {
            return Err(KeyError::OpenSsh);
        }
        // Go and OpenSSL go by what is there, not by what it is called.
        let found = container_of(der).ok_or(KeyError::Structure(name))?;
        let key = match found {
            Container::Pkcs8 => Self::from_pkcs8(der),
            Container::Pkcs1 => Self::from_pkcs1(der),
            Container::Sec1 => Self::from_sec1(der),
            Container::Dsa => {
                Ok(Self::of(Redacted::default(), Form::Other { oid: DSA.to_owned() }))
            }
        }?;
        let is_rsa = matches!(key.form, Form::Rsa { .. });
        let is_ec = matches!(key.form, Form::Ec { .. });
        let mislabelled = match (container, found) {
            (_, Container::Dsa) => None,
            (Some(label), found) if label == found => None,
            // OpenSSL reads what the label says, or else a PKCS#8 key of that algorithm.
            (Some(Container::Pkcs1), Container::Pkcs8) if is_rsa => Some(PemQuirk::OldKeyLabel),
            (Some(Container::Sec1), Container::Pkcs8) if is_ec => Some(PemQuirk::OldKeyLabel),
            _ => Some(PemQuirk::OtherKeyLabel),
        };
        Ok(Self { quirk: block.quirk.or(mislabelled), ..key })
    }

    const fn of(pkcs8: Redacted, form: Form) -> Self {
        Self { pkcs8, form, quirk: None }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let broken = |_| KeyError::Structure("PKCS#8");
        let info = PrivateKeyInfoRef::from_der(der).map_err(broken)?;
        let inner = info.private_key.as_bytes();
        let form = match info.algorithm.oid {
            oid @ (RSA | RSA_PSS) => {
                rsa_form(inner, oid == RSA_PSS).ok_or(KeyError::Structure("PKCS#8 RSA"))?
            }
            EC => {
                let curve =
                    info.algorithm.parameters_oid().map(|oid| oid.to_string()).unwrap_or_default();
                // Version 2 has a place of its own for the public point (RFC 5958 §2).
                let beside = info.public_key.and_then(|bits| bits.as_bytes().map(<[u8]>::to_vec));
                ec_form(inner, Some(curve), beside).ok_or(KeyError::Structure("PKCS#8 EC"))?
            }
            ED25519 => ed25519_form(inner).ok_or(KeyError::Structure("PKCS#8 Ed25519"))?,
            other => Form::Other { oid: other.to_string() },
        };
        Ok(Self::of(Redacted::new(der.to_vec()), form))
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let form = rsa_form(der, false).ok_or(KeyError::Structure("PKCS#1 RSA"))?;
        let null = pkcs8::der::asn1::AnyRef::NULL;
        let pkcs8 = wrap(AlgorithmIdentifierRef { oid: RSA, parameters: Some(null) }, der);
        Ok(Self::of(pkcs8.ok_or(KeyError::Structure("PKCS#1 RSA"))?, form))
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let form = ec_form(der, None, None).ok_or(KeyError::Structure("SEC 1 EC"))?;
        let Form::Ec { curve, .. } = &form else { return Err(KeyError::Structure("SEC 1 EC")) };
        let pkcs8 = ObjectIdentifier::new(curve).ok().and_then(|curve| {
            wrap(AlgorithmIdentifierRef { oid: EC, parameters: Some((&curve).into()) }, der)
        });
        Ok(Self::of(pkcs8.unwrap_or_default(), form))
    }

    /// What of its writing makes other readers pass over it.
    #[must_use]
    pub const fn quirk(&self) -> Option<PemQuirk> {
        self.quirk
    }

    /// The key as PKCS#8 DER; empty for an EC key that does not name its curve, and for the older
    /// form of DSA.
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
            Form::Rsa { modulus, pss, .. } => rsa_name(modulus, *pss),
            Form::Ec { curve, .. } => curve_name(curve).to_owned(),
            Form::Ed25519 { .. } => "ed25519".to_owned(),
            Form::Other { oid } => other_name(oid),
        }
    }

    /// Whether its type is known in full: a key may leave its curve to the certificate.
    #[must_use]
    pub fn has_type(&self) -> bool {
        !matches!(&self.form, Form::Ec { curve, .. } if curve.is_empty())
    }

    /// A short digest of the public half, to be compared with [`PublicKey::id`] by eye; none where
    /// the public half is not stored with the key.
    #[must_use]
    pub fn public_id(&self) -> Option<String> {
        self.public_key().map(|public| public.id())
    }

    /// The public half, as it is stored with the key or follows from it; none where only
    /// [`Self::pairs_with`] can tell. A point that is stored is not checked here.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        match &self.form {
            Form::Rsa { modulus, exponent, pss } => Some(PublicKey::Rsa {
                modulus: modulus.clone(),
                exponent: exponent.clone(),
                pss: *pss,
            }),
            Form::Ec { curve, point, .. } => {
                let curve = curve.clone();
                point.clone().map(|point| PublicKey::Ec { curve, point })
            }
            Form::Ed25519 { seed } => Ed25519KeyPair::from_seed_unchecked(seed.expose())
                .ok()
                .map(|pair| PublicKey::Ed25519(pair.public_key().as_ref().to_vec())),
            Form::Other { .. } => None,
        }
    }

    /// Whether this is the private key of `public`. An EC key's public point is computed, not
    /// believed; ring wants randomness for that, though the answer does not depend on it.
    #[must_use]
    pub fn pairs_with(&self, public: &PublicKey, random: &dyn SecureRandom) -> Pairing {
        match (&self.form, public) {
            (
                Form::Rsa { modulus, exponent, .. },
                PublicKey::Rsa { modulus: n, exponent: e, .. },
            ) => paired(modulus == n && exponent == e),
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
            (Form::Other { oid }, PublicKey::Other { oid: theirs, .. }) if oid == theirs => {
                Pairing::Unknown(format!(
                    "keys of type {} cannot be compared here",
                    self.key_type()
                ))
            }
            _ => Pairing::Differs,
        }
    }
}

fn paired(same: bool) -> Pairing {
    if same { Pairing::Match } else { Pairing::Differs }
}

/// EC keys: by computing the point where ring knows the curve, else by the point stored with the
/// key.
fn pair_ec(
    (curve, private, point): (&str, &Redacted, Option<&[u8]>),
    (their_curve, presented): (&str, &[u8]),
    random: &dyn SecureRandom,
) -> Pairing {
    // A curve that is spelt out may be any; the points must tell then.
    if curve != their_curve && !curve.is_empty() && !their_curve.is_empty() {
        return Pairing::Differs;
    }
    let (point, presented) = (point.map(without_parity), without_parity(presented));
    let (point, presented) = (point.as_deref(), &*presented);
    let suite = match (curve, their_curve) {
        (P256, _) | ("", P256) => Some((&signature::ECDSA_P256_SHA256_ASN1_SIGNING, 32)),
        (P384, _) | ("", P384) => Some((&signature::ECDSA_P384_SHA384_ASN1_SIGNING, 48)),
        _ => None,
    };
    let scalar = match suite.map(|(algorithm, length)| (algorithm, of_length(private, length))) {
        Some((algorithm, Some(scalar))) => Some((algorithm, scalar)),
        Some((_, None)) => return no_scalar(curve),
        None => None,
    };
    // What ring says of a point; an error where it will not work with the private key at all.
    let is_point_of = |point: &[u8]| {
        scalar.as_ref().map(|(algorithm, scalar)| {
            let made = EcdsaKeyPair::from_private_key_and_public_key(
                algorithm,
                scalar.expose(),
                point,
                random,
            );
            match made {
                Ok(_) => Ok(true),
                Err(why) if why.to_string() == INCONSISTENT => Ok(false),
                Err(_) => Err(()),
            }
        })
    };
    // ring wants the uncompressed form.
    if is_uncompressed(presented)
        && let Some(told) = is_point_of(presented)
    {
        return told.map_or_else(|()| no_scalar(curve), paired);
    }
    match point {
        // A stored point that is not the key's own proves nothing.
        Some(point) if is_uncompressed(point) && is_point_of(point) == Some(Ok(false)) => {
            Pairing::Unknown("the private key holds a public point that is not its own".to_owned())
        }
        Some(point) => paired(compressed(point) == compressed(presented)),
        None if !is_uncompressed(presented) => Pairing::Unknown(format!(
            "the certificate holds its public point in compressed form, and the private key on curve {} does not hold its own",
            curve_name(curve)
        )),
        None => Pairing::Unknown(format!(
            "the private key on curve {} does not hold its public point",
            curve_name(curve)
        )),
    }
}

/// What ring says of a public point that is not the private key's.
const INCONSISTENT: &str = "InconsistentComponents";

fn no_scalar(curve: &str) -> Pairing {
    let curve = curve_name(curve);
    Pairing::Unknown(format!("the private key holds no number that curve {curve} can have"))
}

/// A private number in as many bytes as its curve has (RFC 5915 §3), which is the only form that
/// ring takes: some writers drop leading zeros, others put one more; nothing when it is too large.
fn of_length(private: &Redacted, length: usize) -> Option<Redacted> {
    let number = private.expose();
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let mut whole = vec![0; length.checked_sub(digits.len())?];
    // One allocation: what grows leaves copies behind.
    whole.reserve_exact(digits.len());
    whole.extend_from_slice(digits);
    Some(Redacted::new(whole))
}

/// A point in hybrid form, both coordinates and the parity of the second (6 or 7), as the
/// uncompressed one that it is (X9.62 §4.3.6); every other as it is.
fn without_parity(point: &[u8]) -> Cow<'_, [u8]> {
    match point.split_first() {
        Some((6 | 7, both)) => Cow::Owned([&[4], both].concat()),
        _ => Cow::Borrowed(point),
    }
}

/// Whether an encoded point holds both coordinates (SEC 1 §2.3.3: it begins with 4).
fn is_uncompressed(point: &[u8]) -> bool {
    point.first() == Some(&4)
}

/// What the compressed form of an encoded point holds: whether the second coordinate is odd, as its
/// first byte says it, and the first coordinate (SEC 1 §2.3.3).
fn compressed(point: &[u8]) -> (u8, &[u8]) {
    match point.split_first() {
        Some((4 | 6 | 7, both)) if both.len() % 2 == 0 => {
            let (first, second) = both.split_at(both.len() / 2);
            (2 + (second.last().copied().unwrap_or_default() & 1), first)
        }
        Some((form, rest)) => (*form, rest),
        None => (0, &[]),
    }
}

/// Which structure the DER has, by its first values: a version, then an algorithm (PKCS#8), a
/// number (PKCS#1, or DSA with five of them), or bytes (SEC 1).
fn container_of(der: &[u8]) -> Option<Container> {
    let (_, outer) = Any::from_der(der).ok()?;
    let (rest, version) = Any::from_der(outer.data).ok()?;
    let (mut rest, second) = Any::from_der(rest).ok()?;
    let is_versioned = (outer.tag(), version.tag()) == (Tag::Sequence, Tag::Integer);
    match second.tag() {
        _ if !is_versioned => None,
        Tag::Sequence => Some(Container::Pkcs8),
        Tag::OctetString => Some(Container::Sec1),
        Tag::Integer => {
            let mut numbers = 1;
            while let Ok((next, _)) = Any::from_der(rest)
                && numbers < 9
            {
                (rest, numbers) = (next, numbers + 1);
            }
            Some(if numbers == 5 { Container::Dsa } else { Container::Pkcs1 })
        }
        _ => None,
    }
}

fn rsa_form(der: &[u8], pss: bool) -> Option<Form> {
    let key = pkcs1::RsaPrivateKeyRef::from_der(der).ok()?;
    Some(Form::Rsa {
        modulus: without_zeros(key.modulus.as_bytes()),
        exponent: without_zeros(key.public_exponent.as_bytes()),
        pss,
    })
}

fn rsa_public(bits: &[u8], pss: bool) -> Option<PublicKey> {
    let key = pkcs1::RsaPublicKeyRef::from_der(bits).ok()?;
    Some(PublicKey::Rsa {
        modulus: without_zeros(key.modulus.as_bytes()),
        exponent: without_zeros(key.public_exponent.as_bytes()),
        pss,
    })
}

/// `curve` and `beside` are what PKCS#8 says around the SEC 1 structure: the curve, the point.
fn ec_form(der: &[u8], curve: Option<String>, beside: Option<Vec<u8>>) -> Option<Form> {
    let Ok(key) = sec1::EcPrivateKey::from_der(der) else {
        return ec_form_spelt_out(der, curve.unwrap_or_default());
    };
    let named =
        || key.parameters.and_then(sec1::EcParameters::named_curve).map(|oid| oid.to_string());
    Some(Form::Ec {
        curve: curve.or_else(named).unwrap_or_default(),
        private: Redacted::new(key.private_key.to_vec()),
        point: key.public_key.map(<[u8]>::to_vec).or(beside),
    })
}

/// A SEC 1 key whose curve is spelt out in numbers (`openssl ecparam -param_enc explicit`), which
/// the library refuses: SEQUENCE { 1, OCTET STRING, [0] parameters, [1] BIT STRING } (RFC 5915 §3).
fn ec_form_spelt_out(der: &[u8], curve: String) -> Option<Form> {
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

fn rsa_name(modulus: &[u8], pss: bool) -> String {
    format!("rsa-{}{}", if pss { "pss-" } else { "" }, bit_length(modulus))
}

fn other_name(oid: &str) -> String {
    match oid {
        "1.3.101.113" => "ed448".to_owned(),
        "1.2.840.10040.4.1" => "dsa".to_owned(),
        _ => oid.to_owned(),
    }
}

fn curve_name(oid: &str) -> &str {
    match oid {
        P256 => "p256",
        P384 => "p384",
        P521 => "p521",
        "1.2.840.10045.3.1.1" => "p192",
        P224 => "p224",
        "1.3.132.0.10" => "secp256k1",
        // RFC 5639 §4.1, and SM2 of GB/T 32918.
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        "1.2.156.10197.1.301" => "sm2",
        "" => "ec with explicit parameters",
        other => other,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::super::cert;
    use super::*;
    use base64::Engine as _;
    use ring::rand::SystemRandom;

    /// Every encoding of a private key that people use, each beside its certificate, as other
    /// tools wrote them.
    const KEY_TYPES: &str = include_str!("../../testdata/scenarios/key-types/in/secrets.yaml");
    const ENCODINGS: usize = 14;

    /// A Secret of [`KEY_TYPES`].
    struct Secret {
        name: &'static str,
        key: PrivateKey,
        public: PublicKey,
    }

    fn secrets() -> Vec<Secret> {
        let field = |document: &'static str, name: &str| {
            let line = document.lines().find_map(|line| line.trim().strip_prefix(name));
            line.expect("a Secret has that field")
        };
        let decoded = |text: &str| {
            base64::engine::general_purpose::STANDARD.decode(text).expect("Secrets are base64")
        };
        let read = |document| {
            let name = field(document, "name: ");
            let key = PrivateKey::from_pem(&decoded(field(document, "tls.key: ")));
            let key = key.unwrap_or_else(|error| panic!("{name}: {error}"));
            Secret { name, key, public: public(&decoded(field(document, "tls.crt: "))) }
        };
        let secrets: Vec<Secret> = KEY_TYPES.split("\n---\n").map(read).collect();
        assert_eq!(secrets.len(), ENCODINGS);
        secrets
    }

    fn secret(name: &str) -> Secret {
        let named = secrets().into_iter().find(|secret| secret.name == name);
        named.expect("it is one of the scenario's")
    }

    fn public(certificate: &[u8]) -> PublicKey {
        let der = pem::blocks(certificate).remove(0).der.expect("the PEM is good");
        cert::read(der.expose()).expect("the certificate is good").1
    }

    fn key(pem: &[u8]) -> PrivateKey {
        PrivateKey::from_pem(pem).expect("the key is good")
    }

    /// The scalar of a P-256, P-384 or P-521 key.
    fn scalar(key: &PrivateKey) -> &[u8] {
        let Form::Ec { private, .. } = &key.form else { panic!("{key:?} is no EC key") };
        private.expose()
    }

    /// The public point of an EC key.
    fn point(public: &PublicKey) -> &[u8] {
        let PublicKey::Ec { point, .. } = public else { panic!("{public:?} is no EC key") };
        point
    }

    /// A SEC 1 file that holds this scalar and this point or none.
    fn sec1(curve: &str, scalar: &[u8], point: Option<&[u8]>) -> PrivateKey {
        let curve = ObjectIdentifier::new(curve).expect("an OID");
        let parameters = Some(sec1::EcParameters::NamedCurve(curve));
        let der = sec1::EcPrivateKey { private_key: scalar, parameters, public_key: point };
        let der = der.to_der().expect("it can be encoded");
        key(pem::encode("EC PRIVATE KEY", &der).as_bytes())
    }

    #[test]
    fn every_encoding_is_read_and_its_type_and_size_are_told() {
        for Secret { name, key, public } in secrets() {
            let of_name = name
                .trim_end_matches("-pkcs1")
                .trim_end_matches("-pkcs8")
                .trim_end_matches("-sec1")
                .trim_end_matches("-parameters-first");
            assert_eq!((key.key_type(), public.key_type()), (of_name.into(), of_name.into()));
        }
    }

    #[test]
    fn every_encoding_pairs_with_its_own_certificate_and_with_no_other() {
        let secrets = secrets();
        let random = SystemRandom::new();
        for Secret { name, key, public } in &secrets {
            for other in &secrets {
                // rsa-4096 and the NIST curves have one test key each, in two containers.
                let same = *public == other.public;
                let found = key.pairs_with(&other.public, &random);
                assert_eq!(found, paired(same), "{name} and the certificate of {}", other.name);
                let ids_agree = key.public_id() == Some(other.public.id());
                assert_eq!(ids_agree, same, "{name} and the certificate of {}", other.name);
            }
        }
    }

    #[test]
    fn every_key_file_of_the_test_pki_is_read() {
        macro_rules! pki {
            ($($file:literal)*) => {
                [$(($file, include_bytes!(concat!("../../testdata/pki/", $file, ".pem")).as_slice())),*]
            };
        }
        let files = pki!["rsa-1024" "rsa-2048-01" "rsa-2048-02" "rsa-2048-03" "rsa-2048-04"
            "rsa-2048-05" "rsa-2048-06" "rsa-2048-07" "rsa-2048-08" "rsa-2048-09"
            "rsa-2048-intermediate" "rsa-2048-root" "rsa-3072" "rsa-4096" "ec-p256-01" "ec-p256-02"
            "ec-p256-03" "ec-p384" "ec-p521" "ed25519" "guide.key"];
        let mut ids = std::collections::BTreeSet::new();
        for (name, pem) in files {
            let key = PrivateKey::from_pem(pem).unwrap_or_else(|error| panic!("{name}: {error}"));
            let is_named = name.trim_start_matches("ec-").starts_with(&key.key_type());
            assert!(is_named || (name, key.key_type().as_str()) == ("guide.key", "rsa-2048"));
            assert!(ids.insert(key.public_id()), "{name} is a key that was there before");
            assert_eq!(key.to_pem().as_bytes(), pem, "{name} is written as it was read");
        }
    }

    #[test]
    fn an_older_container_becomes_the_pkcs8_that_other_tools_make_of_it() {
        for (name, expected) in [
            ("rsa-1024-pkcs1", include_bytes!("../../testdata/pki/rsa-1024.pem").as_slice()),
            ("rsa-4096-pkcs1", include_bytes!("../../testdata/pki/rsa-4096.pem")),
        ] {
            assert_eq!(secret(name).key.to_pem().as_bytes(), expected, "{name}");
        }
        // SEC 1 names its curve once more inside, which PKCS#8 leaves to the writer (RFC 5915 §3).
        for name in ["p256-sec1", "p256-parameters-first", "p384-sec1", "p521-sec1"] {
            let Secret { key: old, public, .. } = secret(name);
            let new = key(old.to_pem().as_bytes());
            assert_eq!(new.key_type(), old.key_type(), "{name}");
            assert_eq!(new.pairs_with(&public, &SystemRandom::new()), Pairing::Match, "{name}");
        }
    }

    #[test]
    fn a_sec1_key_without_its_public_point_is_paired_by_computation() {
        let random = SystemRandom::new();
        for (name, curve) in [("p256-sec1", P256), ("p384-sec1", P384)] {
            let Secret { key, public, .. } = secret(name);
            let bare = sec1(curve, scalar(&key), None);
            assert_eq!(bare.public_id(), None, "{name}");
            assert_eq!(bare.pairs_with(&public, &random), Pairing::Match, "{name}");
            let other = PublicKey::Ec { curve: curve.to_owned(), point: fresh_point(curve) };
            assert_eq!(bare.pairs_with(&other, &random), Pairing::Differs, "{name}");
        }
    }

    /// The SEC 1 structure of a P-256 scalar as it is, of whatever length.
    fn written(scalar: &[u8]) -> PrivateKey {
        let curve = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        let parts = [&[2, 1, 1][..], &tagged(4, scalar), &tagged(0xa0, &curve)].concat();
        key(pem::encode("EC PRIVATE KEY", &tagged(0x30, &parts)).as_bytes())
    }

    #[test]
    fn a_private_number_with_a_zero_less_or_more_is_the_same_number() {
        let random = SystemRandom::new();
        // By `openssl ecparam -genkey` until one began with a zero byte; OpenSSL and Go take the
        // pair whether that zero is written or not.
        let small = key(SMALL_NUMBER_KEY.as_bytes());
        let number = scalar(&small).to_vec();
        let stored = match &small.form {
            Form::Ec { point, .. } => point.clone().expect("it has one"),
            _ => panic!("{small:?} is no EC key"),
        };
        assert_eq!((number.len(), number[0]), (32, 0));
        let public = PublicKey::Ec { curve: P256.to_owned(), point: stored };
        let theirs = secret("p256-sec1").public;
        for scalar in [&number[1..], &number, &[&[0], number.as_slice()].concat()] {
            assert_eq!(written(scalar).pairs_with(&public, &random), Pairing::Match, "{scalar:x?}");
            assert_eq!(written(scalar).pairs_with(&theirs, &random), Pairing::Differs);
        }
        // No number of the curve: nothing can be said of it.
        let why = "the private key holds no number that curve p256 can have";
        for scalar in [&[0xff; 32][..], &[0; 32], &[], &[1; 33]] {
            let told = written(scalar).pairs_with(&public, &random);
            assert_eq!(told, Pairing::Unknown(why.to_owned()), "{scalar:x?}");
        }
    }

    #[test]
    fn a_point_in_hybrid_form_is_the_point() {
        let random = SystemRandom::new();
        let Secret { key, public, .. } = secret("p256-sec1");
        let mut hybrid = point(&public).to_vec();
        hybrid[0] = 6 + (hybrid[64] & 1);
        let bare = sec1(P256, scalar(&key), Some(&hybrid));
        assert_eq!(bare.public_id(), Some(public.id()));
        assert_eq!(bare.pairs_with(&public, &random), Pairing::Match);
        let hybrid = PublicKey::Ec { curve: P256.to_owned(), point: hybrid };
        assert_eq!((hybrid.id(), hybrid.point_form()), (public.id(), PointForm::Odd));
        assert_eq!(key.pairs_with(&hybrid, &random), Pairing::Match);
        let form = |point: &[u8]| {
            PublicKey::Ec { curve: P256.to_owned(), point: point.to_vec() }.point_form()
        };
        let plain = point(&public);
        for (point, expected) in [
            (plain, PointForm::Plain),
            (&[&[2], &plain[1..33]].concat(), PointForm::Odd),
            (&plain[..64], PointForm::Invalid),
            (&[0], PointForm::Invalid),
            (&[], PointForm::Invalid),
            (&[&[5], &plain[1..]].concat(), PointForm::Invalid),
        ] {
            assert_eq!(form(point), expected, "{point:x?}");
        }
        assert_eq!(PublicKey::Ed25519(vec![2; 32]).point_form(), PointForm::Plain);
    }

    #[test]
    fn the_second_version_of_pkcs8_has_the_public_point_beside_the_key() {
        let Secret { key: old, public, .. } = secret("p521-sec1");
        let algorithm = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x23];
        let inner = tagged(0x30, &[&[2, 1, 1], tagged(4, scalar(&old)).as_slice()].concat());
        let bits = [&[0], point(&public)].concat();
        let parts =
            [&[2, 1, 1][..], &tagged(0x30, &algorithm), &tagged(4, &inner), &tagged(0x81, &bits)];
        let new = key(pem::encode("PRIVATE KEY", &tagged(0x30, &parts.concat())).as_bytes());
        assert_eq!(new.public_id(), Some(public.id()));
        assert_eq!(new.pairs_with(&public, &SystemRandom::new()), Pairing::Match);
    }

    #[test]
    fn keys_of_one_unknown_algorithm_are_not_one_key() {
        let spki = |bits: u8| [0x30, 12, 0x30, 5, 6, 3, 0x2b, 0x65, 0x71, 3, 3, 0, bits, 7];
        let read = |der: &[u8]| {
            let (_, spki) = SubjectPublicKeyInfo::from_der(der).expect("it is one");
            PublicKey::of_certificate(&spki)
        };
        let (one, two) = (read(&spki(1)), read(&spki(2)));
        assert_eq!((one.key_type(), two.key_type()), ("ed448".to_owned(), "ed448".to_owned()));
        assert_ne!(one.id(), two.id());
        assert_eq!(one.id(), read(&spki(1)).id());
    }

    #[test]
    fn an_rsa_key_for_pss_alone_is_a_type_of_its_own() {
        let plain = key(include_bytes!("../../testdata/pki/rsa-2048-01.pem"));
        let Form::Rsa { modulus, exponent, .. } = &plain.form else { panic!("{plain:?} is RSA") };
        let public =
            |pss| PublicKey::Rsa { modulus: modulus.clone(), exponent: exponent.clone(), pss };
        assert_eq!(public(false).key_type(), "rsa-2048");
        assert_eq!(public(true).key_type(), "rsa-pss-2048");
        // 1.2.840.113549.1.1.1 becomes 1.2.840.113549.1.1.10.
        let mut der = plain.pkcs8().expose().to_vec();
        let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        let at = der.windows(9).position(|part| part == oid).expect("it names RSA");
        der[at + 8] = 10;
        let pss = key(pem::encode("PRIVATE KEY", &der).as_bytes());
        assert_eq!(pss.key_type(), "rsa-pss-2048");
        assert_eq!(pss.pairs_with(&public(true), &SystemRandom::new()), Pairing::Match);
    }

    /// A good public point whose private key nobody has.
    fn fresh_point(curve: &str) -> Vec<u8> {
        let algorithm = match curve {
            P256 => &ring::agreement::ECDH_P256,
            _ => &ring::agreement::ECDH_P384,
        };
        let private =
            ring::agreement::EphemeralPrivateKey::generate(algorithm, &SystemRandom::new());
        let public = private.and_then(|private| private.compute_public_key());
        public.expect("the random source works").as_ref().to_vec()
    }

    #[test]
    fn a_public_point_that_lies_is_not_believed() {
        let random = SystemRandom::new();
        let (mine, theirs) = (secret("p256-sec1"), secret("p256-pkcs8"));
        let liar = sec1(P256, scalar(&mine.key), Some(point(&theirs.public)));
        assert_eq!(liar.pairs_with(&theirs.public, &random), Pairing::Differs);
        assert_eq!(liar.pairs_with(&mine.public, &random), Pairing::Match);
    }

    #[test]
    fn where_a_pair_cannot_be_told_that_is_said() {
        let random = SystemRandom::new();
        let Secret { key: p521, public, .. } = secret("p521-sec1");
        let bare = sec1(P521, scalar(&p521), None);
        let unknown = |curve: &str| {
            let why = format!("the private key on curve {curve} does not hold its public point");
            Pairing::Unknown(why)
        };
        assert_eq!(bare.pairs_with(&public, &random), unknown("p521"));
        let Secret { key, public, .. } = secret("p256-sec1");
        let compressed = |odd: u8| {
            let point = [&[2 + odd], &point(&public)[1..33]].concat();
            PublicKey::Ec { curve: P256.to_owned(), point }
        };
        let odd = point(&public)[64] & 1;
        assert_eq!(key.pairs_with(&compressed(odd), &random), Pairing::Match);
        assert_eq!(key.pairs_with(&compressed(1 - odd), &random), Pairing::Differs);
        let bare = sec1(P256, scalar(&key), None);
        let why = "the certificate holds its public point in compressed form, and the private key \
                   on curve p256 does not hold its own";
        assert_eq!(bare.pairs_with(&compressed(odd), &random), Pairing::Unknown(why.to_owned()));
        let theirs = secret("p256-pkcs8");
        let liar = sec1(P256, scalar(&key), Some(point(&theirs.public)));
        let why = "the private key holds a public point that is not its own";
        assert_eq!(liar.pairs_with(&compressed(odd), &random), Pairing::Unknown(why.to_owned()));
    }

    #[test]
    fn a_sec1_key_whose_curve_is_spelt_out_is_read_and_compared_by_its_point() {
        let random = SystemRandom::new();
        // The SEC 1 structure inside the PKCS#8 one, with the parameters it has there put back.
        let pkcs8 = pem::blocks(EXPLICIT_CURVE_KEY.as_bytes()).remove(0).der.expect("good");
        let info = PrivateKeyInfoRef::from_der(pkcs8.expose()).expect("it is PKCS#8");
        let inner = info.private_key.as_bytes();
        let parameters = info.algorithm.parameters.expect("it has some").to_der().expect("DER");
        let (head, tail) = inner[2..].split_at(3 + 34);
        let content = [head, &tagged(0xa0, &parameters), tail].concat();
        let der = tagged(0x30, &content);
        let sec1 = key(pem::encode("EC PRIVATE KEY", &der).as_bytes());
        assert_eq!(sec1.key_type(), "ec with explicit parameters");
        let own = public(EXPLICIT_CURVE_CERTIFICATE.as_bytes());
        assert_eq!(sec1.pairs_with(&own, &random), Pairing::Match);
        let other = secret("p256-sec1").public;
        assert_eq!(sec1.pairs_with(&other, &random), Pairing::Differs);
        // Without its point, nobody here can tell it from another key of a curve that has no name.
        let der = tagged(0x30, &[head, &tagged(0xa0, &parameters)].concat());
        let bare = key(pem::encode("EC PRIVATE KEY", &der).as_bytes());
        assert!(matches!(bare.pairs_with(&own, &random), Pairing::Unknown(_)));
        // But where the certificate names the curve, the point is computed.
        let PublicKey::Ec { point, .. } = &own else { panic!("{own:?} is no EC key") };
        let named = PublicKey::Ec { curve: P256.to_owned(), point: point.clone() };
        assert_eq!(bare.pairs_with(&named, &random), Pairing::Match);
    }

    /// A DER value of this tag, with a length of at most two bytes.
    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).expect("it is short").to_be_bytes();
        let length = match (high, low) {
            (0, 0..0x80) => vec![low],
            (0, _) => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [&[tag], length.as_slice(), content].concat()
    }

    #[test]
    fn a_key_whose_curve_is_spelt_out_pairs_by_its_stored_point() {
        let key = key(EXPLICIT_CURVE_KEY.as_bytes());
        let public = public(EXPLICIT_CURVE_CERTIFICATE.as_bytes());
        assert_eq!(key.key_type(), "ec with explicit parameters");
        assert_eq!(public.key_type(), "ec with explicit parameters");
        assert_eq!(key.pairs_with(&public, &SystemRandom::new()), Pairing::Match);
    }

    #[test]
    fn both_kinds_of_encrypted_key_are_named_as_what_they_are() {
        for pem in [
            include_bytes!("../../testdata/pki/encrypted-pkcs8.pem").as_slice(),
            include_bytes!("../../testdata/pki/encrypted-rsa.pem"),
        ] {
            assert_eq!(PrivateKey::from_pem(pem).map(drop), Err(KeyError::Encrypted));
        }
        assert_eq!(
            KeyError::Encrypted.to_string(),
            "the private key is encrypted with a password; a TLS Secret needs it in the clear"
        );
    }

    #[test]
    fn what_is_no_private_key_is_refused_with_what_it_is_instead() {
        let block = |label: &str, der: &[u8]| pem::encode(label, der).to_string();
        let pkcs8 = key(include_bytes!("../../testdata/pki/ed25519.pem"));
        let pkcs8 = pkcs8.pkcs8().expose();
        let certificate = include_str!("../../testdata/pki/root-ca.crt.pem");
        for (pem, told) in [
            (String::new(), "there is no PEM block of a private key in it"),
            (certificate.to_owned(), "there is no PEM block of a private key in it"),
            (block("PUBLIC KEY", &[0x30, 0]), "there is no PEM block of a private key in it"),
            (block("PRIVATE KEY", &[0x30, 0]), "the DER in the block is not a PKCS#8 private key"),
            (block("PRIVATE KEY", b""), "the block that begins in line 1 is not base64"),
            (
                block("PRIVATE KEY", &pkcs8[..pkcs8.len() - 1]),
                "the DER in the block is not a PKCS#8 private key",
            ),
            (
                block("PRIVATE KEY", &[pkcs8, &[0]].concat()),
                "the DER in the block is not a PKCS#8 private key",
            ),
            (
                block("RSA PRIVATE KEY", &[0x30, 0]),
                "the DER in the block is not a PKCS#1 RSA private key",
            ),
            (
                block("EC PRIVATE KEY", &[0x30, 0]),
                "the DER in the block is not a SEC 1 EC private key",
            ),
            (
                block("ANY PRIVATE KEY", &[0x30, 0]),
                "the DER in the block is not a known kind of private key",
            ),
            (
                block("OPENSSH PRIVATE KEY", b"openssh-key-v1\0\0\0\0\x04none"),
                "the private key is in OpenSSH's own form, which no TLS server reads; make PEM of \
                 a copy: ssh-keygen -p -m PEM -f COPY",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMAA=\n".to_owned(),
                "the block that begins in line 1 has no END line: it is cut off",
            ),
        ] {
            let error = PrivateKey::from_pem(pem.as_bytes()).expect_err(told);
            assert_eq!(error.to_string(), told, "{pem}");
        }
    }

    #[test]
    fn a_key_is_what_it_is_whatever_its_label_says() {
        let pem = |label: &str, der: &[u8]| key(pem::encode(label, der).as_bytes());
        let rsa = key(include_bytes!("../../testdata/pki/rsa-2048-01.pem"));
        let info = PrivateKeyInfoRef::from_der(rsa.pkcs8().expose()).expect("it is PKCS#8");
        let pkcs1 = info.private_key.as_bytes().to_vec();
        let pkcs8 = rsa.pkcs8().expose();
        let p256 = key(include_bytes!("../../testdata/pki/ec-p256-01.pem"));
        let sec1 = tagged(0x30, &[&[2, 1, 1][..], &tagged(4, &[7; 32])].concat());
        // Measured: Go takes each of them. OpenSSL's servers and rustls take what is said here.
        for (label, der, key_type, quirk) in [
            ("PRIVATE KEY", pkcs8, "rsa-2048", None),
            ("RSA PRIVATE KEY", &pkcs1, "rsa-2048", None),
            ("RSA PRIVATE KEY", pkcs8, "rsa-2048", Some(PemQuirk::OldKeyLabel)),
            ("EC PRIVATE KEY", pkcs8, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
            ("EC PRIVATE KEY", p256.pkcs8().expose(), "p256", Some(PemQuirk::OldKeyLabel)),
            ("PRIVATE KEY", &pkcs1, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
            ("EC PRIVATE KEY", &pkcs1, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
            ("ANY PRIVATE KEY", pkcs8, "rsa-2048", Some(PemQuirk::OtherKeyLabel)),
            ("EC PRIVATE KEY", &sec1, "ec with explicit parameters", None),
            ("PRIVATE KEY", &sec1, "ec with explicit parameters", Some(PemQuirk::OtherKeyLabel)),
        ] {
            let read = pem(label, der);
            assert_eq!((read.key_type().as_str(), read.quirk()), (key_type, quirk), "{label}");
        }
        // Version, p, q, g, y, x.
        let dsa = tagged(0x30, &[&[2, 1, 0], [2, 1, 7].repeat(5).as_slice()].concat());
        let dsa = pem("DSA PRIVATE KEY", &dsa);
        assert_eq!((dsa.key_type().as_str(), dsa.quirk(), dsa.public_id()), ("dsa", None, None));
    }

    #[test]
    fn the_first_private_key_counts_whatever_stands_before_it() {
        let pem = [
            include_str!("../../testdata/pki/root-ca.crt.pem"),
            include_str!("../../testdata/pki/ed25519.pem"),
            include_str!("../../testdata/pki/ec-p384.pem"),
        ];
        assert_eq!(key(pem.concat().as_bytes()).key_type(), "ed25519");
    }

    #[test]
    fn a_new_key_has_the_type_that_was_asked_for_and_is_never_the_same_twice() {
        let random = SystemRandom::new();
        for key_type in [KeyType::P256, KeyType::P384, KeyType::Ed25519, KeyType::Rsa2048] {
            let make = || PrivateKey::generate(key_type, &random).expect("randomness works");
            let (one, two) = (make(), make());
            assert_eq!(one.key_type(), key_type.as_str());
            assert_ne!(one.public_id(), two.public_id());
            let read = key(one.to_pem().as_bytes());
            assert_eq!(read.pkcs8(), one.pkcs8(), "{key_type} reads back as it was written");
        }
    }

    #[test]
    fn ed25519_is_written_in_version_1_and_read_in_both() {
        let random = SystemRandom::new();
        let made = PrivateKey::generate(KeyType::Ed25519, &random).expect("randomness works");
        assert_eq!(made.pkcs8().expose()[..5], [0x30, 0x2e, 0x02, 0x01, 0x00]);
        // What ring and Go's older cousins write: the public key stands in it too.
        let newer = Ed25519KeyPair::generate_pkcs8(&random).expect("randomness works");
        assert_eq!(newer.as_ref()[2..5], [0x02, 0x01, 0x01]);
        let read = key(pem::encode("PRIVATE KEY", newer.as_ref()).as_bytes());
        let pair = Ed25519KeyPair::from_pkcs8(newer.as_ref()).expect("ring reads its own");
        let public = PublicKey::Ed25519(pair.public_key().as_ref().to_vec());
        assert_eq!(read.pairs_with(&public, &random), Pairing::Match);
        assert_eq!(read.public_id(), Some(public.id()));
    }

    #[test]
    fn debug_shows_the_type_and_nothing_of_the_key() {
        let key = key(include_bytes!("../../testdata/pki/ed25519.pem"));
        assert_eq!(format!("{key:?}"), "PrivateKey(ed25519)");
    }

    /// TEST ONLY.
    const SMALL_NUMBER_KEY: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIABG4uRpxan0J4L9404OqgijqwyR2PeK5qSecqVwpfcyoAoGCCqGSM49
AwEHoUQDQgAE919m7YmRopv6ETJaRAyo6RMeqSLCTykV9E9cFSURe4ax94Y019zx
cV06BDSWEioMyaaDMUrm4UzwoC+m6fHa9g==
-----END EC PRIVATE KEY-----
";

    /// By `openssl ecparam -name prime256v1 -param_enc explicit -genkey`, as PKCS#8. TEST ONLY.
    const EXPLICIT_CURVE_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB
AAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA
///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV
AMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg
9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A
AAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQggR2YhJjZ1mxP
IqoDDq+KrIfODtR2PohkaDUvdT0alLqhRANCAATmQDv/zdVePscdU7WCBJk06H/p
wIFURcgNQYlOFn6ErdN1MArkvck+49yR87jj7wCNnhPldqmv1m76UA9vpBsC
-----END PRIVATE KEY-----
";
    const EXPLICIT_CURVE_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIICYDCCAgegAwIBAgIUIs8RmfRc8qWgjxSjCCF5WncLo6IwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjExMDIzMTJaFw0yNjEyMjExMDIzMTJaMAwx
CjAIBgNVBAMMAXgwggFLMIIBAwYHKoZIzj0CATCB9wIBATAsBgcqhkjOPQEBAiEA
/////wAAAAEAAAAAAAAAAAAAAAD///////////////8wWwQg/////wAAAAEAAAAA
AAAAAAAAAAD///////////////wEIFrGNdiqOpPns+u9VXaYhrxlHQawzFOw9jvO
PD4n0mBLAxUAxJ02CIbnBJNqZnjhE50mt4GffpAEQQRrF9Hy4SxCR/i85uVjpEDy
dwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1
AiEA/////wAAAAD//////////7zm+q2nF56E87nKwvxjJVECAQEDQgAE5kA7/83V
Xj7HHVO1ggSZNOh/6cCBVEXIDUGJThZ+hK3TdTAK5L3JPuPckfO44+8AjZ4T5Xap
r9Zu+lAPb6QbAqNTMFEwHQYDVR0OBBYEFORVMM5EJvmxi9e3QQL34Z2MI0yXMB8G
A1UdIwQYMBaAFORVMM5EJvmxi9e3QQL34Z2MI0yXMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgfrYFlNlVzbtelKIrs+YEcTRSC1ozPieE7WNQy9dJ
/1MCIBYz28qAFvAexivHm4ZOQ/6IhkRx5vIPCS6U57fTcWcX
-----END CERTIFICATE-----
";
}
