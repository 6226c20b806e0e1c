//! A bundle: what one `tls.crt` and one `tls.key`, or one PEM file, really hold.
//!
//! Knows how to turn bytes into facts, certificate by certificate, and judges the pair once, so
//! that the key can be wiped. Refuses to know dates against a clock, and hosts.

use super::Anchor;
use crate::x509::cert::{self, Certificate};
use crate::x509::key::{KeyError, Pairing, PrivateKey, PublicKey};
use crate::x509::pem::{self, Label};
use ring::rand::SecureRandom;

/// Facts of a pair.
#[derive(Debug)]
pub struct Bundle {
    /// The certificates that could be read, in their order.
    pub certificates: Vec<Certificate>,
    /// Certificates that could not be read.
    pub damaged: Vec<Damaged>,
    /// Whether there was anything at all where certificates should be.
    pub certificates_missing: bool,
    /// The private key.
    pub key: KeyState,
    /// Whether the key is the leaf's.
    pub pairing: Pairing,
}

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
        let text = certificates.unwrap_or_default();
        let read = read_certificates(text);
        let (key, pairing) = match key.unwrap_or_default() {
            [] => (KeyState::Missing, Pairing::Unknown("there is no private key".to_owned())),
            bytes => read_key(bytes, read.leaf_key.as_ref(), random),
        };
        Self {
            certificates: read.certificates,
            damaged: read.damaged,
            certificates_missing: text.trim_ascii().is_empty(),
            key,
            pairing,
        }
    }

    /// The facts of a PEM or DER file that holds certificates, perhaps a key beside them.
    #[must_use]
    pub fn of_file(bytes: &[u8], random: &dyn SecureRandom) -> Self {
        let pem = is_der(bytes).then(|| pem::encode("CERTIFICATE", bytes));
        let bytes = pem.as_ref().map_or(bytes, |pem| pem.as_bytes());
        let has_key = pem::blocks(bytes).iter().any(|block| block.label.is_private_key());
        let mut bundle = Self::of_pair(Some(bytes), has_key.then_some(bytes), random);
        if !has_key {
            bundle.key = KeyState::NotExpected;
        } else if bundle.certificates.is_empty() && bundle.damaged_is_only_absence() {
            bundle.damaged.clear();
            bundle.certificates_missing = true;
        }
        bundle
    }

    /// The facts of the certificates that a server showed, DER, in its order.
    #[must_use]
    pub fn of_chain(chain: &[Vec<u8>]) -> Self {
        let mut read = ReadCertificates::default();
        for (index, der) in chain.iter().enumerate() {
            read.take(index, cert::read(der));
        }
        Self {
            certificates: read.certificates,
            damaged: read.damaged,
            certificates_missing: chain.is_empty(),
            key: KeyState::NotExpected,
            pairing: Pairing::Unknown("a server keeps its key".to_owned()),
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
    let read = certificate_blocks(pem).filter_map(|der| cert::read(&der.ok()?).ok());
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
    leaf_key: Option<PublicKey>,
}

impl ReadCertificates {
    fn take(&mut self, index: usize, read: Result<(Certificate, PublicKey), String>) {
        match read {
            Ok((facts, public)) => {
                self.leaf_key.get_or_insert(public);
                self.certificates.push(facts);
            }
            Err(message) => self.damaged.push(Damaged { index, message }),
        }
    }
}

fn read_certificates(bytes: &[u8]) -> ReadCertificates {
    let mut read = ReadCertificates::default();
    for (index, block) in certificate_blocks(bytes).enumerate() {
        read.take(index, block.and_then(|der| cert::read(&der)));
    }
    let nothing = read.certificates.is_empty() && read.damaged.is_empty();
    if nothing && !bytes.trim_ascii().is_empty() {
        read.damaged.push(Damaged { index: 0, message: NO_CERTIFICATE.to_owned() });
    }
    read
}

/// The DER of each certificate block.
fn certificate_blocks(bytes: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, String>> {
    let blocks = pem::blocks(bytes).into_iter();
    blocks.filter(|block| block.label == Label::Certificate).map(|block| match block.der {
        Ok(der) => Ok(der.expose().to_vec()),
        Err(error) => Err(error.to_string()),
    })
}

/// A SEQUENCE with a long length, as every certificate begins in DER.
fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x81..=0x84, ..])
}

fn read_key(
    bytes: &[u8],
    leaf: Option<&PublicKey>,
    random: &dyn SecureRandom,
) -> (KeyState, Pairing) {
    let key = match PrivateKey::from_pem(bytes) {
        Ok(key) => key,
        Err(KeyError::NoBlock) if bytes.trim_ascii().is_empty() => {
            return (KeyState::Missing, Pairing::Unknown("there is no private key".to_owned()));
        }
        Err(error) => {
            let unknown = Pairing::Unknown("the private key cannot be read".to_owned());
            return (KeyState::Unreadable(error.to_string()), unknown);
        }
    };
    let pairing = leaf.map_or_else(
        || Pairing::Unknown("there is no certificate to compare the key with".to_owned()),
        |leaf| key.pairs_with(leaf, random),
    );
    (KeyState::Read { key_type: key.key_type(), public_id: key.public_id() }, pairing)
}
