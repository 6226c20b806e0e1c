//! PKCS#12 (RFC 7292): key, certificate and chain in one file under a password, for Java and Windows.
//!
//! `p12-keystore` lives here and, for reading, in `x509::pkcs12`; it takes the randomness of its salts
//! from the system itself. Written as OpenSSL 3 and Java 17 write it: PBES2 with AES-256, HMAC with SHA-256.

use super::pair::ReadyPair;
use crate::plan::outcome::{Failed, FailureReason};
use crate::redact::Redacted;
use crate::x509::cert::Certificate;
use crate::x509::digest::sha256;
use crate::x509::pem::{self, Label};
use p12_keystore::{
    Certificate as Entry, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};

/// Rounds of PBKDF2: so many guesses cost a second of one core. OpenSSL writes 2,048, Java 10,000.
const ROUNDS: u32 = 100_000;

/// The certificate and key with their chain and, where it is known, the root, under `password`.
///
/// # Errors
/// [`Failed`], when something in it cannot be encoded.
pub(super) fn encode(ready: &ReadyPair, password: &str) -> Result<Redacted, Failed> {
    let key = pem::blocks(ready.key.expose()).into_iter().find_map(|block| block.der.ok());
    let key = key.ok_or_else(|| cannot_encode("the key"))?;
    let root = ready.ca.as_deref().unwrap_or_default();
    let mut chain: Vec<Vec<u8>> = Vec::new();
    for der in ders(&ready.certificates).chain(ders(root)) {
        if !chain.contains(&der) {
            chain.push(der);
        }
    }
    store(Some(key.expose()), &chain, Some(&alias(&ready.facts)), password)
}

/// A key (PKCS#8 DER) with its certificates, its own first; or, without a key, certificates to be
/// trusted. `name` is what keytool and Windows call the entry.
///
/// # Errors
/// [`Failed`], when something in it cannot be encoded.
pub fn store(
    key: Option<&[u8]>,
    certificates: &[Vec<u8>],
    name: Option<&str>,
    password: &str,
) -> Result<Redacted, Failed> {
    let entry = |der: &Vec<u8>| Entry::from_der(der).map_err(|_| cannot_encode("a certificate"));
    let chain = certificates.iter().map(entry).collect::<Result<Vec<Entry>, Failed>>()?;
    let name = name.unwrap_or("tls");
    let mut store = KeyStore::new();
    if let Some(key) = key {
        let key = PrivateKey::from_der(key).map_err(|_| cannot_encode("the key"))?;
        let id = chain.first().map_or_else(Vec::new, |leaf| sha256(leaf.as_der()).to_vec());
        let chain = PrivateKeyChain::new(id, key, chain);
        store.add_entry(name, KeyStoreEntry::PrivateKeyChain(chain));
    } else {
        for (index, certificate) in chain.into_iter().enumerate() {
            let name = if index == 0 { name.to_owned() } else { format!("{name} {}", index + 1) };
            store.add_entry(&name, KeyStoreEntry::Certificate(certificate));
        }
    }
    let written = store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ROUNDS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ROUNDS)
        .write();
    written.map(Redacted::new).map_err(|_| cannot_encode("the store"))
}

fn cannot_encode(what: &str) -> Failed {
    Failed::of(
        FailureReason::NotMade,
        format!("the PKCS#12 file cannot be made: {what} cannot be encoded"),
        "write PEM instead, which says the same",
    )
}

/// What keytool and Windows call the entry: the common name, or the first name.
#[must_use]
pub fn alias(facts: &Certificate) -> String {
    let first = || facts.names.first().map(ToString::to_string);
    facts.common_names().next().map(str::to_owned).or_else(first).unwrap_or("tls".to_owned())
}

fn ders(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let certificates =
        pem::blocks(text).into_iter().filter(|block| block.label == Label::Certificate);
    certificates.filter_map(|block| block.der.ok()).map(|der| der.expose().to_vec())
}
