//! A bundle: what one `tls.crt` and one `tls.key`, or one PEM file, really hold.
//!
//! Knows how to turn bytes into facts, certificate by certificate, and judges the pair once, so
//! that the key can be wiped. Refuses to know dates against a clock, and hosts.

use super::Anchor;
use super::pairs::Loose;
use crate::x509::cert::{self, Certificate};
use crate::x509::foreign;
use crate::x509::key::{KeyError, Pairing, PrivateKey, PublicKey};
use crate::x509::pem::{self, Label, Oddity};
use crate::x509::signer;
use ring::rand::SecureRandom;

/// Facts of a pair.
#[derive(Debug)]
pub struct Bundle {
    /// The certificates that could be read, in their order.
    pub certificates: Vec<Certificate>,
    /// Certificates that could not be read: the first of them, should they be very many.
    pub damaged: Vec<Damaged>,
    /// Certificates that were read, and that others pass over for how they are written.
    pub odd: Vec<OddlyWritten>,
    /// Whether there was anything at all where certificates should be.
    pub certificates_missing: bool,
    /// The private key.
    pub key: KeyState,
    /// What of the key's writing makes others pass over it.
    pub key_oddity: Option<Oddity>,
    /// Whether the key is the leaf's.
    pub pairing: Pairing,
    /// Where the key's certificate stands, when that is not the first place but a later one.
    pub key_position: Option<usize>,
}

/// A certificate that not every reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddlyWritten {
    /// Its position among the certificates, from 0.
    pub index: usize,
    /// What is odd.
    pub what: Oddity,
}

/// The public key of the first certificate, and the private key.
type Halves = (Option<PublicKey>, Option<PrivateKey>);

/// How many damaged certificates are kept; a file of nothing but BEGIN lines has millions.
const MAX_DAMAGED: usize = 100;
/// How many certificates a misplaced key is compared with.
const MAX_COMPARED: usize = 20;

/// A certificate that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its position among the certificates, from 0.
    pub index: usize,
    /// Why, for people.
    pub message: String,
}

/// What stands where the private key should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// No key was expected here (a file of certificates).
    NotExpected,
    /// There is nothing.
    Missing,
    /// There is something that is no usable key.
    Unreadable(String),
    /// There is a key under a password.
    Encrypted,
    /// A key.
    Read {
        /// Its type and size.
        key_type: String,
        /// Digest of its public half, to be shown beside the certificate's; none where unknown.
        public_id: Option<String>,
    },
}

impl Bundle {
    /// The facts of a pair: values of `tls.crt` and `tls.key`. Empty and absent are the same.
    #[must_use]
    pub fn of_pair(
        certificates: Option<&[u8]>,
        key: Option<&[u8]>,
        random: &dyn SecureRandom,
    ) -> Self {
        let (bundle, _) = Self::of_pair_in_parts(certificates, key, random);
        bundle
    }

    /// The same, and the certificates themselves, DER, in the order of the facts.
    pub(super) fn of_pair_in_parts(
        certificates: Option<&[u8]>,
        key: Option<&[u8]>,
        random: &dyn SecureRandom,
    ) -> (Self, Vec<Vec<u8>>) {
        let (bundle, _, ders) = Self::in_parts(certificates, key, random);
        (bundle, ders)
    }

    /// The facts of a PEM or DER file that holds certificates, perhaps a key beside them.
    #[must_use]
    pub fn of_file(bytes: &[u8], random: &dyn SecureRandom) -> Self {
        let (bundle, ..) = Self::of_file_in_parts(bytes, random);
        bundle
    }

    /// The facts of a file, what of it may have its other half in another file, and its certificates
    /// themselves, DER, in the order of the facts.
    pub(super) fn of_file_in_parts(
        file: &[u8],
        random: &dyn SecureRandom,
    ) -> (Self, Loose, Vec<Vec<u8>>) {
        let text = pem::of_file(file);
        let bytes = text.expose();
        let has_key = pem::blocks(bytes).iter().any(|block| block.label.is_private_key());
        let (mut bundle, (leaf, key), ders) =
            Self::in_parts(Some(bytes), has_key.then_some(bytes), random);
        if !has_key {
            bundle.key = KeyState::NotExpected;
        } else if bundle.certificates.is_empty() && bundle.damaged_is_only_absence() {
            bundle.damaged.clear();
            bundle.certificates_missing = true;
        }
        if bundle.certificates.is_empty()
            && !has_key
            && let Some(what) = foreign::what(file)
        {
            bundle.damaged = vec![Damaged { index: 0, message: format!("it is {what}") }];
        }
        let loose = match (leaf, key) {
            (None, Some(key)) => Loose::Key(key),
            (Some(leaf), None) if !has_key => Loose::Certificate(leaf),
            (Some(_) | None, _) => Loose::Nothing,
        };
        (bundle, loose, ders)
    }

    /// The facts, the two keys they were judged by, and the certificates themselves.
    fn in_parts(
        certificates: Option<&[u8]>,
        key: Option<&[u8]>,
        random: &dyn SecureRandom,
    ) -> (Self, Halves, Vec<Vec<u8>>) {
        let text = certificates.unwrap_or_default();
        let read = read_certificates(text);
        let key = read_key(key.unwrap_or_default(), &read.keys, random);
        let bundle = Self {
            certificates: read.certificates,
            damaged: read.damaged,
            odd: read.odd,
            certificates_missing: text.trim_ascii().is_empty(),
            key: key.state,
            key_oddity: key.oddity,
            pairing: key.pairing,
            key_position: key.position,
        };
        (bundle, (read.keys.into_iter().next(), key.private), read.ders)
    }

    /// The facts of the certificates that a server showed, DER, in its order.
    #[must_use]
    pub fn of_chain(chain: &[Vec<u8>]) -> Self {
        let mut read = ReadCertificates::default();
        for (index, der) in chain.iter().enumerate() {
            read.take(
                index,
                cert::read_at(index, der).map(|(facts, public)| (facts, public, der.clone())),
            );
        }
        signer::check(&mut read.certificates, &read.ders);
        Self {
            certificates: read.certificates,
            damaged: read.damaged,
            odd: Vec::new(),
            certificates_missing: chain.is_empty(),
            key: KeyState::NotExpected,
            key_oddity: None,
            pairing: Pairing::Unknown("a server keeps its key".to_owned()),
            key_position: None,
        }
    }

    /// Notes that the value under `key` could not even be decoded.
    pub(super) fn spoil(&mut self, key: &str, reason: &str) {
        match key {
            "tls.crt" => {
                self.certificates_missing = false;
                self.damaged.push(Damaged { index: 0, message: reason.to_owned() });
            }
            "tls.key" => self.key = KeyState::Unreadable(reason.to_owned()),
            _ => {}
        }
    }

    fn damaged_is_only_absence(&self) -> bool {
        self.damaged.iter().all(|damaged| damaged.message == NO_CERTIFICATE)
    }

    /// The certificate that is served: the first that could be read.
    #[must_use]
    pub fn leaf(&self) -> Option<&Certificate> {
        self.certificates.first()
    }
}

/// The certificates of a `ca.crt` that can be read.
#[must_use]
pub fn anchors(pem: &[u8]) -> Vec<Anchor> {
    let read = certificate_blocks(pem).filter_map(|(der, _)| cert::read(&der.ok()?).ok());
    read.map(|(facts, _)| Anchor {
        sha256: facts.sha256,
        subject: facts.subject,
        self_signed: facts.self_signed,
    })
    .collect()
}

const NO_CERTIFICATE: &str = "there is no PEM block of a certificate in it";

#[derive(Default)]
struct ReadCertificates {
    certificates: Vec<Certificate>,
    damaged: Vec<Damaged>,
    odd: Vec<OddlyWritten>,
    /// Public keys of the first certificates.
    keys: Vec<PublicKey>,
    /// The certificates themselves, as long as signatures are tried.
    ders: Vec<Vec<u8>>,
}

impl ReadCertificates {
    fn take(&mut self, index: usize, read: Result<(Certificate, PublicKey, Vec<u8>), String>) {
        match read {
            Ok((facts, public, der)) => {
                if self.keys.len() < MAX_COMPARED {
                    self.keys.push(public);
                }
                self.certificates.push(facts);
                self.ders.push(der);
            }
            Err(message) if self.damaged.len() < MAX_DAMAGED => {
                self.damaged.push(Damaged { index, message });
            }
            Err(_) => {}
        }
    }
}

fn read_certificates(bytes: &[u8]) -> ReadCertificates {
    let mut read = ReadCertificates::default();
    for (index, (block, oddity)) in certificate_blocks(bytes).enumerate() {
        let certificate = block.and_then(|der| cert::read_at(index, &der).map(|read| (read, der)));
        let certificate = certificate.map(|((mut facts, public), der)| {
            if oddity == Some(Oddity::OldLabel) {
                // OpenSSL's TRUSTED CERTIFICATE has its own notes behind the certificate.
                facts.trailing_bytes = 0;
            }
            (facts, public, der)
        });
        if certificate.is_ok() {
            read.odd.extend(oddity.map(|what| OddlyWritten { index, what }));
        }
        read.take(index, certificate);
    }
    signer::check(&mut read.certificates, &read.ders);
    let nothing = read.certificates.is_empty() && read.damaged.is_empty();
    if nothing && !bytes.trim_ascii().is_empty() {
        read.damaged.push(Damaged { index: 0, message: NO_CERTIFICATE.to_owned() });
    }
    read
}

/// The DER of each certificate block, and what is odd about its writing.
fn certificate_blocks(
    bytes: &[u8],
) -> impl Iterator<Item = (Result<Vec<u8>, String>, Option<Oddity>)> {
    let blocks = pem::blocks(bytes).into_iter();
    blocks.filter(|block| block.label == Label::Certificate).map(|block| match block.der {
        Ok(der) => (Ok(der.expose().to_vec()), block.oddity),
        Err(error) => (Err(error.to_string()), block.oddity),
    })
}

struct ReadKey {
    state: KeyState,
    oddity: Option<Oddity>,
    pairing: Pairing,
    position: Option<usize>,
    private: Option<PrivateKey>,
}

impl ReadKey {
    /// There is nothing to compare a certificate with, for this reason.
    fn none(state: KeyState, why: &str) -> Self {
        let pairing = Pairing::Unknown(why.to_owned());
        Self { state, oddity: None, pairing, position: None, private: None }
    }
}

fn read_key(bytes: &[u8], certificates: &[PublicKey], random: &dyn SecureRandom) -> ReadKey {
    let key = match PrivateKey::from_pem(bytes) {
        Ok(key) => key,
        Err(KeyError::NoBlock) if bytes.trim_ascii().is_empty() => {
            return ReadKey::none(KeyState::Missing, "there is no private key");
        }
        Err(KeyError::Encrypted) => {
            return ReadKey::none(KeyState::Encrypted, "the private key is under a password");
        }
        Err(error) => {
            let state = KeyState::Unreadable(error.to_string());
            return ReadKey::none(state, "the private key cannot be read");
        }
    };
    let pairing = certificates.first().map_or_else(
        || Pairing::Unknown("there is no certificate to compare the key with".to_owned()),
        |leaf| key.pairs_with(leaf, random),
    );
    let elsewhere =
        || certificates.iter().position(|one| key.pairs_with(one, random) == Pairing::Match);
    let position = if pairing == Pairing::Differs { elsewhere() } else { None };
    let state = KeyState::Read { key_type: key.key_type(), public_id: key.public_id() };
    ReadKey { state, oddity: key.oddity(), pairing, position, private: Some(key) }
}
