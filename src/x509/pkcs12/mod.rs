//! PKCS#12 stores (RFC 7292), read: certificates and private keys under a password.
//!
//! Knows what protects a store, and opens it with a password that is handed in. Reading is
//! `p12-keystore`'s; before it is let at one, [`protection()`] adds up the work that the store asks
//! for, since its rounds are the writer's to choose. Refuses to know where a password comes from, and
//! how a store is written.

mod protection;

pub use protection::{Cipher, Mac, Protection, What, protection};

use super::chain;
use super::der::inside_sequence;
use super::key::PrivateKey;
use super::pem;
use crate::redact::Redacted;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use ring::rand::SecureRandom;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// A store that was opened.
#[derive(Clone, Debug)]
pub struct Store {
    /// Its certificates, DER, in the order of its bags.
    pub certificates: Vec<Vec<u8>>,
    /// Its private keys, PKCS#8 DER. What the library decrypted them into is not wiped.
    pub keys: Vec<Redacted>,
    /// The names that people gave its entries (`friendlyName`), each once. They are from outside.
    pub names: Vec<String>,
    /// Symmetric keys, which are nobody's here.
    pub secrets: usize,
    /// What protects it.
    pub protection: Protection,
}

/// Why a store cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It is none, or a part of it is not where it should be.
    #[error("its PKCS#12 structure is damaged")]
    Structure,
    /// It is written in the way of NSS and old Java.
    #[error("it is PKCS#12 with indefinite lengths (BER), which is not read here")]
    IndefiniteLengths,
    /// A signature stands in the place of the MAC.
    #[error("it is signed with a key instead of protected by a password")]
    PublicKey,
    /// It would keep a processor busy.
    #[error("it asks for {asked} rounds of hashing, and at most {MOST_ROUNDS} are done")]
    TooManyRounds {
        /// In all, for one password.
        asked: u64,
    },
    /// It would fill the memory.
    #[error("it asks for {} MiB of memory (scrypt), and at most {} MiB are given", .asked >> 20, MOST_MEMORY >> 20)]
    TooMuchMemory {
        /// Bytes.
        asked: u64,
    },
    /// It is protected by what nobody here knows.
    #[error("it is protected by {0}, which is not read here")]
    Unsupported(String),
    /// Another password opens it.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password is right, and what was under it is not.
    #[error("it was opened, and what is in it cannot be read: {0}")]
    Content(String),
}

/// The most rounds that are gone through for one password: OWASP asks for 600,000, and a store has
/// three uses of its password (certificates, key, MAC). Two seconds of one core.
pub const MOST_ROUNDS: u64 = 4_000_000;

/// The most memory that one scrypt may fill, in bytes: as much as any file may take here.
pub const MOST_MEMORY: u64 = 64 << 20;

/// Whether these bytes begin as a store does: a version 3 and a SEQUENCE (RFC 7292 §4).
#[must_use]
pub fn is_store(bytes: &[u8]) -> bool {
    const VERSION_3: [u8; 4] = [2, 1, 3, 0x30];
    has_indefinite_length(bytes)
        || inside_sequence(bytes).is_some_and(|inside| inside.starts_with(&VERSION_3))
}

fn has_indefinite_length(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x80, 2, 1, 3, 0x30])
}

/// Opens a store with a password, which may be empty.
///
/// # Errors
/// [`StoreError`].
pub fn open(bytes: &[u8], password: &str) -> Result<Store, StoreError> {
    let protection = protection::under(bytes, password)?;
    let archive = Pkcs12Archive::from_pkcs12(bytes, password)
        .map_err(|error| refusal(&error, &protection))?;
    let mut names: Vec<String> = Vec::new();
    let of_keys = archive.keys.iter().map(|key| &key.friendly_name);
    let of_certificates = archive.certs.iter().map(|one| &one.friendly_name);
    for name in of_keys.chain(of_certificates).flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(Store {
        certificates: archive.certs.iter().map(|one| one.cert.as_der().to_vec()).collect(),
        keys: archive.keys.iter().map(|one| Redacted::new(one.key.as_der().to_vec())).collect(),
        names,
        secrets: archive.secrets.len(),
        protection,
    })
}

/// What the library's error means. A wrong password shows as a MAC that differs or, where there is no
/// MAC, as text that does not decrypt.
fn refusal(error: &Error, protection: &Protection) -> StoreError {
    match error {
        Error::MacError(_) => StoreError::WrongPassword,
        Error::UnpadError | Error::Pkcs5Error(_) | Error::DerError(_)
            if protection.mac.is_none() && !protection.ciphers.is_empty() =>
        {
            StoreError::WrongPassword
        }
        Error::UnsupportedEncryptionScheme
        | Error::UnsupportedMacAlgorithm
        | Error::InvalidParameters
        | Error::Pkcs5Error(_) => StoreError::Unsupported(protection.to_string()),
        Error::DerError(_) | Error::InvalidVersion | Error::UnsupportedContentType => {
            StoreError::Structure
        }
        other => StoreError::Content(other.to_string()),
    }
}

impl Store {
    /// Its certificates and its first private key as PEM, in the order of servers: a store has its
    /// bags in any order. The leaf is the key's certificate; what is not of its chain comes last.
    #[must_use]
    pub fn to_pem(&self, random: &dyn SecureRandom) -> Redacted {
        let key = self.key_pem();
        let private = key.as_ref().and_then(|key| PrivateKey::from_pem(key.as_bytes()).ok());
        let mut text = Zeroizing::new(String::new());
        for der in chain::ordered(&self.certificates, private.as_ref(), random) {
            let _ = write!(text, "{}", *pem::encode("CERTIFICATE", der));
        }
        let length = text.len() + key.as_ref().map_or(0, |key| key.len());
        // Room for all of it at once: a buffer that grows leaves a copy of the key behind.
        let mut whole = Zeroizing::new(Vec::with_capacity(length));
        whole.extend_from_slice(text.as_bytes());
        whole.extend_from_slice(key.as_ref().map_or(&[], |key| key.as_bytes()));
        Redacted::from(whole)
    }

    /// Its first private key, PEM.
    #[must_use]
    pub fn key_pem(&self) -> Option<Zeroizing<String>> {
        self.keys.first().map(|der| pem::encode("PRIVATE KEY", der.expose()))
    }
}

#[cfg(test)]
mod tests;
