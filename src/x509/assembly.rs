//! Certificates and one private key gathered out of several files: checked, and put in order.
//!
//! Knows what belongs together. Refuses to know where the files are and what is made of them.

use super::cert::{self, Certificate};
use super::chain;
use super::foreign;
use super::key::{KeyError, Pairing, PrivateKey};
use super::pem::{self, Block, Label, PemError};
use super::pkcs7;
use crate::redact::Redacted;
use ring::rand::SecureRandom;

/// What the files hold together.
#[derive(Debug, Default)]
pub struct Assembly {
    /// The certificates, DER: with a key its own first, each followed by its issuer, then the rest.
    pub certificates: Vec<Vec<u8>>,
    /// What the first certificate says.
    pub leaf: Option<Certificate>,
    /// The private key.
    pub key: Option<PrivateKey>,
    /// What is to be said, for people. May hold names from outside.
    pub notes: Vec<String>,
}

/// Why the files make no whole. `file` is how one is called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// Neither certificate nor key is in it.
    #[error("there is no certificate and no private key in {file}{}", instead(.what.as_ref()))]
    Nothing {
        /// Which.
        file: String,
        /// What it is instead, where that is known.
        what: Option<String>,
    },
    /// A certificate cannot be read.
    #[error("certificate {number} of {file} cannot be read: {why}")]
    Certificate {
        /// Which.
        file: String,
        /// From 1.
        number: usize,
        /// Why.
        why: String,
    },
    /// A key cannot be read.
    #[error("the private key in {file} cannot be read: {why}")]
    Key {
        /// Which.
        file: String,
        /// Why.
        why: KeyError,
    },
    /// There is more than one.
    #[error("{files} hold different private keys, and one is taken with its certificates")]
    SeveralKeys {
        /// The files.
        files: String,
    },
    /// The key is that of no certificate here.
    #[error("the private key in {file} ({key}) is that of none of the certificates")]
    OtherKey {
        /// Which.
        file: String,
        /// Type and digest of its public half.
        key: String,
    },
}

fn instead(what: Option<&String>) -> String {
    what.map_or_else(String::new, |what| format!(": it is {what}"))
}

/// Gathers what stands in the texts (PEM or DER), each with the name of its file.
///
/// # Errors
/// [`AssemblyError`], at the first thing that is wrong: nothing is left out of a whole in silence.
pub fn assemble(
    texts: &[(String, Redacted)],
    random: &dyn SecureRandom,
) -> Result<Assembly, AssemblyError> {
    let mut ders: Vec<Vec<u8>> = Vec::new();
    let mut keys: Vec<(&str, PrivateKey)> = Vec::new();
    for (file, text) in texts {
        let (found, own) = (certificates_in(file, text.expose())?, keys_in(file, text.expose())?);
        if found.is_empty() && own.is_empty() {
            let what = foreign::what(text.expose()).map(foreign::Foreign::what);
            return Err(AssemblyError::Nothing { file: file.clone(), what });
        }
        ders.extend(found);
        keys.extend(own.into_iter().map(|key| (file.as_str(), key)));
    }
    keys.dedup_by(|one, other| one.1.pkcs8() == other.1.pkcs8());
    if keys.len() > 1 {
        let files: Vec<&str> = keys.iter().map(|(file, _)| *file).collect();
        return Err(AssemblyError::SeveralKeys { files: files.join(", ") });
    }
    let key = keys.pop();
    let mut notes = Vec::new();
    if let Some((file, key)) = key.as_ref().filter(|_| !ders.is_empty()) {
        notes.extend(pairing((*file, key), &ders, random)?);
    }
    let key = key.map(|(_, key)| key);
    let ordered = chain::ordered(&ders, key.as_ref(), random);
    let leaf = ordered.first().and_then(|der| cert::read(der).ok()).map(|(facts, _)| facts);
    let certificates = ordered.into_iter().map(<[u8]>::to_vec).collect();
    Ok(Assembly { certificates, leaf, key, notes })
}

/// The certificates of one text, each without what stands behind it.
fn certificates_in(file: &str, text: &[u8]) -> Result<Vec<Vec<u8>>, AssemblyError> {
    let mut found = Vec::new();
    let damaged =
        |number, why: String| AssemblyError::Certificate { file: file.to_owned(), number, why };
    // DER of PKCS#7 begins as a certificate does.
    let of_der = pkcs7::certificates(text);
    let blocks =
        if of_der.is_some() { Vec::new() } else { pem::blocks(pem::of_file(text).expose()) };
    found.extend(of_der.into_iter().flatten());
    for block in blocks {
        let is_store = matches!(block.label.as_str(), "PKCS7" | "CMS");
        if block.label != Label::Certificate && !is_store {
            continue;
        }
        let number = found.len() + 1;
        let der = block.der.map_err(|why| damaged(number, why.to_string()))?;
        if is_store {
            let all = pkcs7::certificates(der.expose());
            found.extend(all.ok_or_else(|| damaged(number, "it is no PKCS#7".to_owned()))?);
        } else {
            found.push(der.expose().to_vec());
        }
    }
    for (index, der) in found.iter_mut().enumerate() {
        let (facts, _) = cert::read(der).map_err(|why| damaged(index + 1, why.to_string()))?;
        der.truncate(der.len() - facts.trailing_bytes);
    }
    Ok(found)
}

fn keys_in(file: &str, text: &[u8]) -> Result<Vec<PrivateKey>, AssemblyError> {
    let unreadable = |why| AssemblyError::Key { file: file.to_owned(), why };
    let text = pem::of_file(text);
    let blocks = pem::private_keys(text.expose());
    let read = |block: Block| {
        let der = block.der.map_err(|why| match why {
            PemError::Encrypted { .. } => unreadable(KeyError::Encrypted),
            other => unreadable(other.into()),
        })?;
        let pem = pem::encode(block.label.as_str(), der.expose());
        let key = PrivateKey::from_pem(pem.as_bytes()).map_err(unreadable)?;
        if key.pkcs8().is_empty() {
            return Err(unreadable(KeyError::Structure("PKCS#8: it does not name its curve")));
        }
        Ok(key)
    };
    blocks.into_iter().map(read).collect()
}

/// Whether the key is that of one of the certificates; a note where that cannot be told.
fn pairing(
    (file, key): (&str, &PrivateKey),
    ders: &[Vec<u8>],
    random: &dyn SecureRandom,
) -> Result<Option<String>, AssemblyError> {
    let mut untold = None;
    for (_, public) in ders.iter().filter_map(|der| cert::read(der).ok()) {
        match key.pairs_with(&public, random) {
            Pairing::Match => return Ok(None),
            Pairing::Unknown(why) => untold = Some(why),
            Pairing::Differs => {}
        }
    }
    if let Some(why) = untold {
        return Ok(Some(format!("not checked: whether the key is the certificate's: {why}")));
    }
    let id = key.public_id().map_or_else(String::new, |id| format!(" {id}"));
    let key = format!("{}{id}", key.key_type());
    Err(AssemblyError::OtherKey { file: file.to_owned(), key })
}
