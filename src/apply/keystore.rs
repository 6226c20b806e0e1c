//! PKCS#12 (RFC 7292): key, certificate and chain in one file under a password, for Java and Windows.
//!
//! `p12-keystore` lives here and nowhere else; it takes the randomness of its salts from the
//! system itself. Written as OpenSSL 3 and Java 17 write it: PBES2 with AES-256, HMAC with SHA-256.

use super::pair::ReadyPair;
use crate::plan::outcome::Failed;
use crate::redact::Redacted;
use crate::x509::cert::Certificate;
use crate::x509::pem::{self, Label};
use p12_keystore::{
    Certificate as Entry, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};

/// Rounds of PBKDF2: so many guesses cost a second of one core. OpenSSL writes 2,048, Java 10,000.
const ROUNDS: u32 = 100_000;

/// The pair with its chain and, where it is known, its root, under `password`.
///
/// # Errors
/// [`Failed`], when something in it cannot be encoded.
pub(super) fn encode(ready: &ReadyPair, password: &str) -> Result<Redacted, Failed> {
    let failed = |what: &str| {
        Failed::of(
            format!("the PKCS#12 file cannot be made: {what} cannot be encoded"),
            "leave --p12 out; the PEM files say the same",
        )
    };
    let key = pem::blocks(ready.key.expose()).into_iter().find_map(|block| block.der.ok());
    let key = key.ok_or_else(|| failed("the key"))?;
    let key = PrivateKey::from_der(key.expose()).map_err(|_| failed("the key"))?;
    let root = ready.ca.as_deref().unwrap_or_default();
    let mut chain: Vec<Entry> = Vec::new();
    for der in ders(&ready.certificates).chain(ders(root)) {
        let entry = Entry::from_der(&der).map_err(|_| failed("a certificate"))?;
        if !chain.iter().any(|one| one.as_der() == entry.as_der()) {
            chain.push(entry);
        }
    }
    let id = ready.facts.sha256.to_vec();
    let mut store = KeyStore::new();
    let entry = KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, key, chain));
    store.add_entry(&alias(&ready.facts), entry);
    let written = store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ROUNDS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ROUNDS)
        .write();
    written.map(Redacted::new).map_err(|_| failed("the store"))
}

/// What keytool and Windows call the entry: the common name, or the first name.
fn alias(facts: &Certificate) -> String {
    let first = || facts.names.first().map(ToString::to_string);
    facts.common_names().next().map(str::to_owned).or_else(first).unwrap_or("tls".to_owned())
}

fn ders(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let certificates =
        pem::blocks(text).into_iter().filter(|block| block.label == Label::Certificate);
    certificates.filter_map(|block| block.der.ok()).map(|der| der.expose().to_vec())
}
