//! Private keys: reading every common encoding, making new ones, and telling whether a key is the
//! one of a certificate.
//!
//! Knows PKCS#1, SEC 1 and PKCS#8 structurally, so that also keys that ring cannot use can be
//! matched. Says "cannot tell" where that is the truth. Randomness is handed in.

mod pairing;
mod read;
#[cfg(test)]
mod tests;

use super::digest::PublicKeyId;
use super::key_kind::{Curve, KeyKind, KeyType};
use super::oid::OidBuf;
use super::pem::{self, Label, PemQuirk};
use super::public_key::{PublicKey, bit_length, ec_kind};
use super::rsa_key::{self, RsaKeyError};
use crate::redact::Redacted;
use pairing::{EcPrivate, pair_ec, paired};
use read::Container;
use ring::rand::SecureRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use std::fmt;
use zeroize::Zeroizing;

/// How the keys of ssh-keygen begin (OpenSSH, `PROTOCOL.key`).
const OPENSSH: &[u8] = b"openssh-key-v1\0";

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

/// Why no key was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// There is no randomness.
    #[error("no {0} key could be made: the random source failed")]
    RandomSource(KeyType),
    /// An RSA key was not found.
    #[error(transparent)]
    Rsa(#[from] RsaKeyError),
    /// What was made is no key.
    #[error("the new {key_type} key does not read back: {error}")]
    ReadBack {
        /// The type that was asked for.
        key_type: KeyType,
        /// What is wrong with it.
        error: KeyError,
    },
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
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
        pss: bool,
    },
    Ec {
        /// None when it is spelt out, or left to the certificate.
        curve: Option<Curve>,
        private: Redacted,
        point: Option<Vec<u8>>,
    },
    Ed25519 {
        seed: Redacted,
    },
    Other {
        oid: OidBuf,
    },
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
    /// [`GenerateError`], when the random source fails.
    pub fn generate(
        key_type: KeyType,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<Self, GenerateError> {
        let failed = |_| GenerateError::RandomSource(key_type);
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
        read::pkcs8(&pkcs8).map_err(|error| GenerateError::ReadBack { key_type, error })
    }

    /// Reads the first private key of a PEM text.
    ///
    /// # Errors
    /// [`KeyError`], which says what is there instead.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, KeyError> {
        let block = pem::private_keys(bytes).into_iter().next().ok_or(KeyError::NoBlock)?;
        let der = match block.der {
            Err(pem::PemError::Encrypted { .. }) => return Err(KeyError::Encrypted),
            der => der?,
        };
        let der = der.expose();
        let (labelled, name) = match block.label {
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
        let found = Container::of(der).ok_or(KeyError::Structure(name))?;
        let key = found.read(der)?;
        let quirk = block.quirk.or_else(|| key.about_label(labelled, found));
        Ok(Self { quirk, ..key })
    }

    /// What is odd about the label of a block, by the container that it announces and the one that
    /// is there. OpenSSL reads what the label says, or else a PKCS#8 key of that algorithm.
    fn about_label(&self, labelled: Option<Container>, found: Container) -> Option<PemQuirk> {
        let is_rsa = matches!(self.form, Form::Rsa { .. });
        let is_ec = matches!(self.form, Form::Ec { .. });
        match (labelled, found) {
            (_, Container::Dsa) => None,
            (Some(label), found) if label == found => None,
            (Some(Container::Pkcs1), Container::Pkcs8) if is_rsa => Some(PemQuirk::OldKeyLabel),
            (Some(Container::Sec1), Container::Pkcs8) if is_ec => Some(PemQuirk::OldKeyLabel),
            _ => Some(PemQuirk::OtherKeyLabel),
        }
    }

    const fn of(pkcs8: Redacted, form: Form) -> Self {
        Self { pkcs8, form, quirk: None }
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

    /// Type and size.
    #[must_use]
    pub fn key_type(&self) -> KeyKind {
        match &self.form {
            Form::Rsa { modulus, pss, .. } => KeyKind::Rsa { bits: bit_length(modulus), pss: *pss },
            Form::Ec { curve, .. } => ec_kind(curve.as_ref()),
            Form::Ed25519 { .. } => KeyKind::Ed25519,
            Form::Other { oid } => KeyKind::of_algorithm(oid.oid()),
        }
    }

    /// Whether its type is known in full: a key may leave its curve to the certificate.
    #[must_use]
    pub fn has_type(&self) -> bool {
        !matches!(&self.form, Form::Ec { curve: None, .. })
    }

    /// A short digest of the public half, to be compared with [`PublicKey::id`] by eye; none where
    /// the public half is not stored with the key.
    #[must_use]
    pub fn public_id(&self) -> Option<PublicKeyId> {
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
            ) => {
                let (curve, point) = (curve.as_ref(), point.as_deref());
                let own = EcPrivate { curve, number: private, point };
                pair_ec(own, (theirs.as_ref(), presented), random)
            }
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
