//! A CA of one's own: the certificate and key that sign leaves, and whether they may.
//!
//! Knows what a CA must be before anything is signed (RFC 5280 §4.2.1.3, §4.2.1.9), and how a
//! certificate shows that this CA signed it. Refuses to know where CA and key came from, and trust.

use super::cert::{Certificate, sha256};
use super::chain;
use super::instant;
use super::key::PrivateKey;
use super::pem;
use super::profile::{KeyType, Profile};
use ring::rand::SecureRandom;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

/// A CA with its private key. `Debug` shows no key.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    der: Vec<u8>,
    key: PrivateKey,
    key_type: KeyType,
    /// The CA and those above it, without the root.
    above: Vec<Certificate>,
    chain: String,
    root: Option<(Certificate, String)>,
}

impl Authority {
    /// Reads a CA: its certificate, perhaps those above it, and its private key. Text may hold
    /// several certificates in any order; the CA is that of the key.
    ///
    /// # Errors
    /// A sentence, when the key is none of theirs or is one that cannot sign here.
    pub fn read(
        certificates: &[u8],
        key: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Self, String> {
        let key = PrivateKey::from_pem(key).map_err(|error| error.to_string())?;
        let Some(key_type) = KeyType::from_name(&key.key_type()) else {
            return Err(format!(
                "its key is of type {}, which cannot sign here (RSA 2048 to 4096, P-256, P-384 and Ed25519 can)",
                key.key_type()
            ));
        };
        let sorted = chain::sorted(certificates, Some(&key), random)?;
        let mut path = sorted.path.into_iter();
        let (certificate, der) = path.next().ok_or("there is no certificate in it")?;
        let (mut root, mut above, mut chain) = (None, Vec::new(), String::new());
        let encode = |der: &[u8]| pem::encode("CERTIFICATE", der).to_string();
        if certificate.self_signed {
            root = Some((certificate.clone(), encode(&der)));
        } else {
            chain.push_str(&encode(&der));
        }
        for (certificate, der) in path {
            chain.push_str(&encode(&der));
            above.push(certificate);
        }
        let root = root.or(sorted.root.map(|(certificate, der)| (certificate, encode(&der))));
        Ok(Self { certificate, der, key, key_type, above, chain, root })
    }

    /// Whether it may sign leaves at `now`: a CA, for signing certificates, in date, and no
    /// certificate above it forbids that it is one.
    ///
    /// # Errors
    /// A sentence that names what forbids it.
    pub fn check(&self, now: OffsetDateTime) -> Result<(), String> {
        let ca = &self.certificate;
        let subject = &ca.subject;
        if !ca.is_ca {
            return Err(format!("{subject} is not a CA: its certificate does not say CA:TRUE"));
        }
        if !ca.may_sign_certificates() {
            return Err(format!(
                "{subject} may not sign certificates: its key usage lacks keyCertSign"
            ));
        }
        if ca.subject_attributes.is_empty() {
            return Err("the CA has no subject, and an issuer must have a name".to_owned());
        }
        for certificate in self.path() {
            let (from, to) = (certificate.not_before, certificate.not_after);
            let subject = &certificate.subject;
            if to < now {
                return Err(format!("{subject} expired on {}", instant::show(to)));
            }
            if from > now {
                return Err(format!("{subject} is valid only from {}", instant::show(from)));
            }
        }
        for (below, certificate) in self.path().enumerate() {
            let below = u32::try_from(below).unwrap_or(u32::MAX);
            if certificate.path_length.is_some_and(|limit| limit < below) {
                return Err(format!(
                    "{} allows no CA so far below it (path length {})",
                    certificate.subject,
                    certificate.path_length.unwrap_or_default()
                ));
            }
        }
        Ok(())
    }

    /// The profile with its dates within those of the CA and everything above it; and, when that
    /// shortened it, what is to be said.
    #[must_use]
    pub fn within(&self, mut profile: Profile) -> (Profile, Option<String>) {
        let first_end = self.path().min_by_key(|certificate| certificate.not_after);
        let last_begin = self.path().map(|certificate| certificate.not_before).max();
        profile.not_before = profile.not_before.max(last_begin.unwrap_or(profile.not_before));
        let Some(ends) = first_end.filter(|ends| ends.not_after < profile.not_after) else {
            return (profile, None);
        };
        let note = format!(
            "it ends on {} instead of {}, when its CA ends ({})",
            instant::show(ends.not_after),
            instant::show(profile.not_after),
            ends.subject
        );
        profile.not_after = ends.not_after;
        (profile, Some(note))
    }

    /// From when to when it and everything above it is valid.
    #[must_use]
    pub fn window(&self) -> (OffsetDateTime, OffsetDateTime) {
        let own = (self.certificate.not_before, self.certificate.not_after);
        self.path().fold(own, |(from, to), one| (from.max(one.not_before), to.min(one.not_after)))
    }

    /// Whether `der` was signed by it: by name, byte for byte, by key identifier and by signature.
    ///
    /// # Errors
    /// A sentence that says what differs.
    pub fn confirm(&self, der: &[u8]) -> Result<(), String> {
        let read = |der| X509Certificate::from_der(der).map(|(_, parsed)| parsed);
        let (Ok(leaf), Ok(ca)) = (read(der), read(self.der.as_slice())) else {
            return Err("the certificate that was made cannot be read".to_owned());
        };
        if leaf.issuer().as_raw() != ca.subject().as_raw() {
            return Err(format!(
                "the CA's name ({}) cannot be written as it stands in its certificate: it has an attribute twice, or a string of a kind that is not written today",
                self.certificate.subject
            ));
        }
        if let (Some(own), Some(named)) = (subject_key_id(&ca), authority_key_id(&leaf))
            && own != named
        {
            return Err("the certificate that was made names another key of its CA".to_owned());
        }
        leaf.verify_signature(Some(ca.public_key())).map_err(|_| {
            "the signature that was made does not verify under the CA's key".to_owned()
        })
    }

    /// The certificate of the CA.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its private key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Its key's type.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// What stands behind a leaf in `tls.crt`: the CA and those above it, without the root, PEM.
    /// Empty when the CA is the root.
    #[must_use]
    pub fn chain_pem(&self) -> &str {
        &self.chain
    }

    /// The root, PEM, when it is known: what clients must trust, and `ca.crt` holds.
    #[must_use]
    pub fn root_pem(&self) -> Option<&str> {
        self.root.as_ref().map(|(_, pem)| pem.as_str())
    }

    /// The CA and every certificate above it, the root too.
    fn path(&self) -> impl Iterator<Item = &Certificate> {
        let own = sha256(&self.der);
        let root = self.root.iter().map(|(root, _)| root).filter(move |root| root.sha256 != own);
        std::iter::once(&self.certificate).chain(&self.above).chain(root)
    }
}

fn subject_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    })
}

fn authority_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}
