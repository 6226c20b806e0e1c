//! Roots: certificates by which a client trusts others, and whether a chain reaches one of them.
//!
//! Knows that every certificate of a chain may be the one that a root signed (cross-signing), and that a root
//! may stand in the chain itself. Refuses to know dates against a clock, hosts and revocation.

use super::cert::{self, Certificate};
use super::chain::{self, Arrangement};
use super::pem::{self, Label};
use super::signer;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Certificates to trust by.
#[derive(Debug)]
pub struct Roots {
    /// What they are called in messages: the file, or `system`.
    pub name: String,
    all: Vec<Root>,
    /// By what their subjects say, folded.
    by_name: BTreeMap<[u8; 8], Vec<usize>>,
}

#[derive(Debug)]
struct Root {
    facts: Arc<Certificate>,
    /// Its `SubjectPublicKeyInfo`.
    key: Box<[u8]>,
}

/// Why a text holds no roots.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoots {
    /// It holds no certificate.
    #[error("there is no certificate in it")]
    Empty,
    /// One of them cannot be read, which may be the one that counts.
    #[error("certificate {number} of it cannot be read: {why}")]
    Unreadable {
        /// Which, from 1.
        number: usize,
        /// Why, for people.
        why: String,
    },
}

impl Roots {
    /// Reads a PEM file of certificates. What a bundle of the system has and nobody here can read is left
    /// out there (`lenient`): it holds a hundred of others.
    ///
    /// # Errors
    /// [`NoRoots`].
    pub fn read(text: &[u8], name: &str, lenient: bool) -> Result<Self, NoRoots> {
        let mut roots = Self { name: name.to_owned(), all: Vec::new(), by_name: BTreeMap::new() };
        let blocks =
            pem::blocks(text).into_iter().filter(|block| block.label == Label::Certificate);
        for (index, block) in blocks.enumerate() {
            let read = block.der.map_err(|error| error.to_string()).and_then(|der| {
                let (facts, _) = cert::read(der.expose()).map_err(|error| error.to_string())?;
                let key = signer::public_key(der.expose()).ok_or("its key cannot be read")?;
                Ok(Root { facts: Arc::new(facts), key })
            });
            match read {
                Ok(root) => roots.take(root),
                Err(_) if lenient => {}
                Err(why) => return Err(NoRoots::Unreadable { number: index + 1, why }),
            }
        }
        if roots.all.is_empty() { Err(NoRoots::Empty) } else { Ok(roots) }
    }

    fn take(&mut self, root: Root) {
        self.by_name.entry(root.facts.subject_name.folded).or_default().push(self.all.len());
        self.all.push(root);
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none; [`Self::read`] makes no such thing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The root that the certificate at `leaf` leads up to, of several the one that ends last; `ders` are
    /// the certificates themselves, in the same order.
    #[must_use]
    pub fn reached(
        &self,
        certificates: &[Arc<Certificate>],
        ders: &[Vec<u8>],
        leaf: usize,
    ) -> Option<Arc<Certificate>> {
        let Arrangement { path, root, .. } = chain::arrange(certificates, Some(leaf));
        let whole = path.into_iter().chain(root);
        let found = whole.filter_map(|at| {
            let (certificate, der) = (certificates.get(at)?, ders.get(at)?);
            self.above(certificate, der).max_by_key(|root| root.facts.not_after)
        });
        found.max_by_key(|root| root.facts.not_after).map(|root| Arc::clone(&root.facts))
    }

    /// The roots that this certificate is, or that signed it.
    fn above<'r>(
        &'r self,
        certificate: &'r Certificate,
        der: &'r [u8],
    ) -> impl Iterator<Item = &'r Root> {
        let of = |name: [u8; 8]| self.by_name.get(&name).into_iter().flatten();
        let own = of(certificate.subject_name.folded).map(|at| &self.all[*at]);
        let own = own.filter(|root| root.facts.sha256 == certificate.sha256);
        let issuers = of(certificate.issuer_name.folded).map(|at| &self.all[*at]);
        let signed = issuers.filter(move |root| {
            // What nobody here can verify is believed where the key identifiers allow it.
            signer::is_by(der, &root.key)
                .unwrap_or_else(|| !chain::key_ids_differ(&root.facts, certificate))
        });
        own.chain(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    fn key(pem: &str) -> KeyPair {
        KeyPair::from_pem(pem).expect("the key is good")
    }

    fn params(name: &str, is_ca: bool) -> CertificateParams {
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params
    }

    fn facts(ders: &[Vec<u8>]) -> Vec<Arc<Certificate>> {
        let read = |der: &Vec<u8>| Arc::new(cert::read(der).expect("it can be read").0);
        let mut facts: Vec<_> = ders.iter().map(read).collect();
        signer::check(&mut facts, ders);
        facts
    }

    #[test]
    fn a_chain_reaches_a_root_by_its_signatures_and_not_by_its_names() {
        let keys = [
            include_str!("../../testdata/pki/ec-p256-01.pem"),
            include_str!("../../testdata/pki/ec-p256-02.pem"),
            include_str!("../../testdata/pki/ed25519.pem"),
        ];
        let root = CertifiedIssuer::self_signed(params("Root", true), key(keys[0])).expect("a CA");
        let forged =
            CertifiedIssuer::self_signed(params("Root", true), key(keys[1])).expect("a CA");
        let between =
            CertifiedIssuer::signed_by(params("Between", true), key(keys[2]), &root).expect("a CA");
        let leaf = params("a.example", false).signed_by(&key(keys[1]), &between).expect("a leaf");
        let lone = params("a.example", false).self_signed(&key(keys[1])).expect("a leaf");
        let der = |it: &rcgen::Certificate| it.der().to_vec();
        let (root_pem, forged_pem) = (root.pem(), forged.pem());
        let all = format!("{root_pem}{forged_pem}");
        let roots = |text: &str| Roots::read(text.as_bytes(), "r", false).expect("there are roots");
        for (chain, text, reaches) in [
            (vec![der(&leaf), der(between.as_ref())], root_pem.as_str(), true),
            (vec![der(&leaf), der(between.as_ref())], &all, true),
            (vec![der(&leaf), der(between.as_ref())], &forged_pem, false),
            (vec![der(&leaf), der(between.as_ref()), der(root.as_ref())], &root_pem, true),
            (vec![der(&leaf)], &root_pem, false),
            (vec![der(&leaf)], &between.pem(), true),
            (vec![der(&lone)], &all, false),
            (vec![der(&lone)], &lone.pem(), true),
            (vec![der(root.as_ref())], &root_pem, true),
        ] {
            let reached = roots(text).reached(&facts(&chain), &chain, 0);
            assert_eq!(reached.is_some(), reaches, "{} certificates, {text}", chain.len());
        }
    }

    #[test]
    fn what_holds_no_roots_is_told() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let read =
            |text: &str, lenient| Roots::read(text.as_bytes(), "r", lenient).map(|it| it.len());
        assert_eq!(read("", false), Err(NoRoots::Empty));
        assert!(matches!(read(broken, false), Err(NoRoots::Unreadable { number: 1, .. })));
        assert_eq!(read(broken, true), Err(NoRoots::Empty));
    }
}
