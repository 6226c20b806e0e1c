//! What protects a store: told without a password, and before any is tried; and, with one, what keys
//! inside its encrypted parts ask for once more.
//!
//! Knows the algorithm identifiers of RFC 7292, RFC 8018 and RFC 7914, and how much work each asks
//! for. What stands inside a part under PBES1 (3DES, RC2) is not seen: nobody is known to encrypt
//! twice.

use super::{MOST_MEMORY, MOST_ROUNDS, StoreError, has_indefinite_length};
use crate::x509::oid::{self, Oid};
use pkcs5::pbes2::Parameters;
use pkcs8::der::Decode as _;
use std::fmt;
use x509_parser::asn1_rs::{Any, FromDer as _, Tag};
use zeroize::Zeroizing;

/// What protects a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// What keeps it from being changed; none where nothing does.
    pub mac: Option<Mac>,
    /// What its parts are encrypted with; none where it is in the clear.
    pub ciphers: Vec<Cipher>,
}

/// The MAC of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mac {
    /// Its digest, for people: `HMAC with SHA-256`.
    pub name: String,
    /// How often the password is hashed.
    pub rounds: u64,
}

/// The encryption of a part of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cipher {
    /// What is under it.
    pub what: What,
    /// Its name, for people.
    pub name: String,
    /// How often the password is hashed; none where it is stretched in another way.
    pub rounds: Option<u64>,
    /// Whether it is one that can be broken, or is on its way there: RC2, RC4, DES, 3DES.
    pub is_old: bool,
}

/// What is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A part that holds certificates, as everybody writes them.
    Certificates,
    /// A private key.
    Key,
}

impl What {
    /// For people and programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certificates => "certificates",
            Self::Key => "private key",
        }
    }
}

impl fmt::Display for Protection {
    /// All of it on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        for cipher in &self.ciphers {
            let rounds =
                cipher.rounds.map_or_else(String::new, |rounds| format!(", {rounds} rounds"));
            let told = format!("{}{rounds} ({})", cipher.name, cipher.what.as_str());
            if !parts.contains(&told) {
                parts.push(told);
            }
        }
        if self.ciphers.is_empty() {
            parts.push("no encryption".to_owned());
        }
        parts.push(match &self.mac {
            Some(mac) => format!("{}, {} rounds (MAC)", mac.name, mac.rounds),
            None => "no MAC".to_owned(),
        });
        f.write_str(&parts.join("; "))
    }
}

/// Reads what protects a store.
///
/// # Errors
/// [`StoreError`], when it is no store, or asks for more work than is done for one.
pub fn protection(bytes: &[u8]) -> Result<Protection, StoreError> {
    looked_at(bytes).map(|found| found.protection)
}

/// The same, and in the parts that the password opens: a key bag there is under a password of its own,
/// and its rounds are the writer's to choose too. What the password does not open counts for nothing
/// more: whoever opens the store will see that.
///
/// # Errors
/// As [`protection`].
pub(super) fn under(bytes: &[u8], password: &str) -> Result<Protection, StoreError> {
    let mut found = looked_at(bytes)?;
    for sealed in std::mem::take(&mut found.sealed) {
        let Some(bags) = sealed.opened(password) else { continue };
        for bag in Values(&bags).next().filter(is_sequence).iter().flat_map(|it| Values(it.data)) {
            found.bag(&bag).ok_or(StoreError::Structure)?;
        }
    }
    found.check()?;
    Ok(found.protection)
}

/// Everything that is seen without a password.
fn looked_at(bytes: &[u8]) -> Result<Looked<'_>, StoreError> {
    if has_indefinite_length(bytes) {
        return Err(StoreError::IndefiniteLengths);
    }
    let outer = value(bytes).map(|(value, _)| value);
    let parts = outer.filter(is_sequence).ok_or(StoreError::Structure)?;
    let mut parts = Values(parts.data);
    let [_, safe] = parts.take_two().ok_or(StoreError::Structure)?;
    let [kind, safe] = Values(safe.data).take_two().ok_or(StoreError::Structure)?;
    match Oid::of(kind.data) {
        oid::SIGNED_DATA => return Err(StoreError::PublicKey),
        oid::DATA => {}
        _ => return Err(StoreError::Structure),
    }
    let mut found = Looked::default();
    if let Some(mac) = parts.next() {
        found.mac(&mac).ok_or(StoreError::Structure)?;
    }
    let safes = inside_octets(safe.data).ok_or(StoreError::Structure)?;
    for part in Values(safes) {
        found.part(&part).ok_or(StoreError::Structure)?;
    }
    found.check()?;
    Ok(found)
}

/// What was seen so far, and the work that it asks for.
#[derive(Default)]
struct Looked<'b> {
    protection: Protection,
    rounds: u64,
    memory: u64,
    sealed: Vec<Sealed<'b>>,
}

/// A part of a store that is encrypted as a whole.
struct Sealed<'b> {
    /// The parameters of its PBES2, DER.
    parameters: &'b [u8],
    /// What is encrypted.
    text: &'b [u8],
}

impl Sealed<'_> {
    /// What is in it, where the password is the one.
    fn opened(&self, password: &str) -> Option<Zeroizing<Vec<u8>>> {
        let parameters = Parameters::from_der(self.parameters).ok()?;
        parameters.decrypt(password, self.text).ok().map(Zeroizing::new)
    }
}

impl<'b> Looked<'b> {
    /// Whether so much work may be done.
    fn check(&self) -> Result<(), StoreError> {
        if self.memory > MOST_MEMORY {
            return Err(StoreError::TooMuchMemory { asked: self.memory });
        }
        if self.rounds > MOST_ROUNDS {
            return Err(StoreError::TooManyRounds { asked: self.rounds });
        }
        Ok(())
    }

    /// `MacData`: a digest, a salt, and how often it is hashed, once where that is not said.
    fn mac(&mut self, mac: &Any<'_>) -> Option<()> {
        let mut parts = Values(mac.data);
        let [digest, _salt] = parts.take_two()?;
        let rounds = parts.next().map_or(Some(1), |rounds| number(&rounds))?;
        let algorithm = Values(digest.data).next()?;
        let kind = Values(algorithm.data).next()?;
        let name = match Oid::of(kind.data) {
            oid::PBMAC1 => "PBMAC1".to_owned(),
            other => format!("HMAC with {}", digest_name(other)),
        };
        self.rounds = self.rounds.saturating_add(rounds);
        self.protection.mac = Some(Mac { name, rounds });
        Some(())
    }

    /// One `ContentInfo` of the store: bags in the clear, or encrypted.
    fn part(&mut self, part: &Any<'b>) -> Option<()> {
        let [kind, content] = Values(part.data).take_two()?;
        match Oid::of(kind.data) {
            oid::DATA => {
                for bag in Values(inside_octets(content.data)?) {
                    self.bag(&bag)?;
                }
            }
            oid::ENCRYPTED_DATA => {
                let encrypted = Values(content.data).next()?;
                let [_version, content] = Values(encrypted.data).take_two()?;
                let mut parts = Values(content.data);
                let [_kind, algorithm] = parts.take_two()?;
                self.cipher(What::Certificates, &algorithm)?;
                let text = parts.next();
                self.sealed.extend(text.and_then(|text| sealed(&algorithm, &text)));
            }
            // What is under a public key, which nobody here has.
            _ => {}
        }
        Some(())
    }

    /// One bag: of a key that is encrypted the algorithm counts.
    fn bag(&mut self, bag: &Any<'_>) -> Option<()> {
        let [kind, content] = Values(bag.data).take_two()?;
        if Oid::of(kind.data) == oid::SHROUDED_KEY_BAG {
            let encrypted = Values(content.data).next()?;
            let algorithm = Values(encrypted.data).next()?;
            self.cipher(What::Key, &algorithm)?;
        }
        Some(())
    }

    fn cipher(&mut self, what: What, algorithm: &Any<'_>) -> Option<()> {
        let mut parts = Values(algorithm.data);
        let kind = parts.next()?;
        let kind = Oid::of(kind.data);
        let parameters = parts.next();
        let (name, rounds, is_old) = match (kind, parameters) {
            (oid::PBES2, Some(parameters)) => self.pbes2(&parameters)?,
            (oid, Some(parameters)) if oid.is_below(oid::PKCS12_PBE) => {
                let [_salt, rounds] = Values(parameters.data).take_two()?;
                let rounds = number(&rounds)?;
                // The key and the initialization vector are stretched each by itself.
                self.rounds = self.rounds.saturating_add(rounds.saturating_mul(2));
                (old_name(oid), Some(rounds), true)
            }
            (other, _) => (other.to_string(), None, false),
        };
        self.protection.ciphers.push(Cipher { what, name, rounds, is_old });
        Some(())
    }

    /// PBES2 (RFC 8018 §6.2): how the password is stretched, and what encrypts with that.
    fn pbes2(&mut self, parameters: &Any<'_>) -> Option<(String, Option<u64>, bool)> {
        let [stretching, encryption] = Values(parameters.data).take_two()?;
        let cipher = Values(encryption.data).next()?;
        let (cipher, is_old) = cipher_name(Oid::of(cipher.data));
        let mut parts = Values(stretching.data);
        let [kind, parameters] = parts.take_two()?;
        let (by, rounds) = match Oid::of(kind.data) {
            oid::PBKDF2 => {
                let mut parts = Values(parameters.data);
                let [_salt, rounds] = parts.take_two()?;
                let rounds = number(&rounds)?;
                self.rounds = self.rounds.saturating_add(rounds);
                let digest = parts.find(is_sequence).and_then(|prf| Values(prf.data).next());
                let digest = digest.map_or("SHA-1".into(), |prf| digest_name(Oid::of(prf.data)));
                (format!("PBKDF2 with {digest}"), Some(rounds))
            }
            oid::SCRYPT => {
                let mut parts = Values(parameters.data).skip(1).map(|part| number(&part));
                let (n, r, p) = (parts.next()??, parts.next()??, parts.next()??);
                let memory = n.saturating_mul(r).saturating_mul(128);
                self.memory = self.memory.max(memory);
                // A block of 128 bytes takes about as long as a round of hashing.
                let work = n.saturating_mul(r).saturating_mul(p);
                self.rounds = self.rounds.saturating_add(work);
                ("scrypt".to_owned(), None)
            }
            other => (other.to_string(), None),
        };
        Some((format!("PBES2, {cipher}, {by}"), rounds, is_old))
    }
}

/// What PBES2 seals; nothing where it is another algorithm.
fn sealed<'b>(algorithm: &Any<'b>, text: &Any<'b>) -> Option<Sealed<'b>> {
    let (kind, parameters) = value(algorithm.data)?;
    let is_pbes2 = Oid::of(kind.data) == oid::PBES2;
    is_pbes2.then_some(Sealed { parameters, text: text.data })
}

fn digest_name(oid: Oid<'_>) -> String {
    match oid {
        oid::SHA1 | oid::HMAC_SHA1 => "SHA-1".to_owned(),
        oid::SHA224 | oid::HMAC_SHA224 => "SHA-224".to_owned(),
        oid::SHA256 | oid::HMAC_SHA256 => "SHA-256".to_owned(),
        oid::SHA384 | oid::HMAC_SHA384 => "SHA-384".to_owned(),
        oid::SHA512 | oid::HMAC_SHA512 => "SHA-512".to_owned(),
        other => other.to_string(),
    }
}

/// The name of a cipher of PBES2, and whether it is an old one.
fn cipher_name(oid: Oid<'_>) -> (String, bool) {
    let (name, is_old) = match oid {
        oid::AES_128_CBC => ("AES-128", false),
        oid::AES_192_CBC => ("AES-192", false),
        oid::AES_256_CBC => ("AES-256", false),
        oid::TRIPLE_DES_CBC => ("3DES", true),
        oid::DES_CBC => ("DES", true),
        oid::RC2_CBC => ("RC2", true),
        other => return (other.to_string(), false),
    };
    (name.to_owned(), is_old)
}

/// The ciphers of PKCS#12 itself (RFC 7292 appendix C), each with SHA-1.
fn old_name(oid: Oid<'_>) -> String {
    let name = match oid.octets().last() {
        Some(1) => "RC4 with 128 bits",
        Some(2) => "RC4 with 40 bits",
        Some(3) => "3DES",
        Some(4) => "3DES with two keys",
        Some(5) => "RC2 with 128 bits",
        Some(6) => "RC2 with 40 bits",
        _ => return oid.to_string(),
    };
    format!("{name} and SHA-1")
}

/// The values that stand one behind the other in the bytes, as far as they can be read.
struct Values<'v>(&'v [u8]);

impl<'v> Values<'v> {
    fn take_two(&mut self) -> Option<[Any<'v>; 2]> {
        Some([self.next()?, self.next()?])
    }
}

impl<'v> Iterator for Values<'v> {
    type Item = Any<'v>;

    fn next(&mut self) -> Option<Any<'v>> {
        let (value, rest) = value(self.0)?;
        self.0 = rest;
        Some(value)
    }
}

fn value(bytes: &[u8]) -> Option<(Any<'_>, &[u8])> {
    Any::from_der(bytes).ok().map(|(rest, value)| (value, rest))
}

fn is_sequence(value: &Any<'_>) -> bool {
    value.tag() == Tag::Sequence
}

/// The values of a SEQUENCE that stands in an OCTET STRING.
fn inside_octets(bytes: &[u8]) -> Option<&[u8]> {
    let octets = Values(bytes).next().filter(|octets| octets.tag() == Tag::OctetString)?;
    Values(octets.data).next().filter(is_sequence).map(|values| values.data)
}

/// A number of rounds. One that is negative asks for none.
fn number(value: &Any<'_>) -> Option<u64> {
    if value.tag() != Tag::Integer {
        return None;
    }
    match value.data {
        [] => None,
        [0x80..=0xff, ..] => Some(0),
        digits => {
            let digits = digits.iter().skip_while(|digit| **digit == 0);
            let (mut sum, mut count) = (0u64, 0);
            for digit in digits {
                (sum, count) = (sum << 8 | u64::from(*digit), count + 1);
            }
            Some(if count > 8 { u64::MAX } else { sum })
        }
    }
}
