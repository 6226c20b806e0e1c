//! What else stands in `tls.crt` and `tls.key`, and would go with the certificate and key when they
//! are replaced: a combined PEM (`HAProxy` style), a second key, Diffie-Hellman parameters, the
//! certificate of somebody else.
//!
//! Knows what a replacement does not write again. Refuses to know why it is there. A chain is no
//! such thing: the new certificate brings its own.

use super::SecretFacts;
use super::bundle::KeyAmong;
use crate::x509::chain;
use crate::x509::stray::{self, Stray, StrayKind};

impl SecretFacts {
    /// What would be lost, in words: `a private key in tls.crt`; none where nothing is. May hold
    /// names from outside.
    #[must_use]
    pub fn beside_the_pair(&self) -> Option<String> {
        let bundle = &self.bundle;
        // What stands alone in the place of a certificate is no loss, unless it is a key.
        let is_loss =
            |stray: &Stray| !bundle.certificates.is_empty() || stray.kind == StrayKind::PrivateKey;
        let strays = [("tls.crt", &bundle.among_certificates), ("tls.key", &bundle.beside_key)];
        let strays = strays.into_iter().filter(|(_, strays)| strays.iter().any(is_loss));
        let mut lost: Vec<String> =
            strays.map(|(key, strays)| format!("{} in {key}", stray::listed(strays))).collect();
        lost.extend(self.broken());
        lost.extend(self.strangers());
        (!lost.is_empty()).then(|| lost.join(", and "))
    }

    /// What of `tls.crt` would be lost when its chain alone is written in its place, in words; none
    /// where nothing is. A root is no loss, nor a second copy, nor a key that `tls.key` has too.
    #[must_use]
    pub fn beside_the_chain(&self) -> Option<String> {
        let bundle = &self.bundle;
        let is_copy = |stray: &Stray| {
            stray.kind == StrayKind::PrivateKey && bundle.key_among == KeyAmong::Copy
        };
        let strays = bundle.among_certificates.iter().filter(|stray| !is_copy(stray));
        let strays: Vec<Stray> = strays.cloned().collect();
        let strays = (!strays.is_empty()).then(|| format!("{} in tls.crt", stray::listed(&strays)));
        let lost: Vec<String> =
            strays.into_iter().chain(self.broken()).chain(self.strangers()).collect();
        (!lost.is_empty()).then(|| lost.join(", and "))
    }

    /// Blocks beside the certificates that cannot be read: what they were, nobody knows any more.
    fn broken(&self) -> Option<String> {
        let bundle = &self.bundle;
        match bundle.damaged.as_slice() {
            _ if bundle.certificates.is_empty() => None,
            [] => None,
            [one] => {
                Some(format!("certificate {} of tls.crt, which cannot be read", one.index + 1))
            }
            several => {
                Some(format!("{} certificates of tls.crt that cannot be read", several.len()))
            }
        }
    }

    /// Certificates in `tls.crt` that are no part of the leaf's chain.
    fn strangers(&self) -> Option<String> {
        let certificates = &self.bundle.certificates;
        let strangers = chain::strangers(certificates, self.bundle.leaf_position());
        let first = certificates.get(*strangers.first()?)?;
        let more = match strangers.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!(
            "the certificate of {}{more} in tls.crt, which is not in the chain",
            first.subject
        ))
    }
}
