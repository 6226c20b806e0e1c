//! A CA of one's own: the certificate and key that sign leaves, and whether they may.
//!
//! Knows what a CA must be before anything is signed (RFC 5280 §4.2.1.3, §4.2.1.9), and how a
//! certificate shows that this CA signed it. Refuses to know where CA and key came from, and trust.

mod check;
#[cfg(test)]
mod tests;

use super::cert::{self, Certificate};
use super::chain::{self, ChainError};
use super::defect::EncodingDefect;
use super::key::{KeyError, Pairing, PrivateKey};
use super::key_kind::{KeyKind, KeyType};
use super::key_purpose::Usage;
use super::pem::{self, Label};
use super::profile::Profile;
use super::public_key::PublicKey;
use crate::instant;
pub use check::AuthorityError;
use check::{in_date, may_sign, signed_by, usable_for};
use ring::rand::SecureRandom;
use std::sync::Arc;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// A CA with its private key. `Debug` shows no key.
#[derive(Debug)]
pub struct Authority {
    /// The CA, those above it, and the root where it is known.
    path: Vec<Member>,
    key: PrivateKey,
    key_type: KeyType,
    chain: String,
    root: Option<String>,
    name: Vec<u8>,
    key_identifier: Option<Vec<u8>>,
}

/// One certificate of the path.
#[derive(Debug)]
struct Member {
    facts: Arc<Certificate>,
    der: Vec<u8>,
}

/// Why a CA cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no certificate, or none that goes with the key.
    #[error(transparent)]
    Certificates(#[from] ChainError),
    /// There is no certificate that can be issued by.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// There is no private key that can be read.
    #[error(transparent)]
    Key(KeyError),
    /// The private key is under a password.
    #[error("the private key is encrypted with a password")]
    Encrypted,
    /// The private key is none of the certificates'.
    #[error("none of the certificates in it is the private key's")]
    OtherKey,
    /// The key is one that cannot sign here.
    #[error(
        "its key is of type {0}, which cannot sign here (RSA 2048 to 4096, P-256, P-384 and Ed25519 can)"
    )]
    KeyKind(KeyKind),
}

/// What of a certificate that was made is not its CA's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// It is no certificate.
    #[error("the certificate that was made cannot be read")]
    Unreadable,
    /// Its issuer is written in other bytes.
    #[error(
        "the certificate that was made does not name its CA ({subject}) as the CA's certificate does"
    )]
    Issuer {
        /// The CA.
        subject: String,
    },
    /// Its authority key identifier.
    #[error("the certificate that was made names another key of its CA")]
    KeyId,
    /// Its signature.
    #[error("the signature that was made does not verify under the CA's key")]
    Signature,
}

impl Authority {
    /// Reads a CA: its certificate, perhaps those above it, and its private key, PEM or DER. Text may
    /// hold several certificates in any order; the CA is that of the key. Of several of one key or
    /// name, the one that is valid at `now` counts, then the one that ends last.
    ///
    /// # Errors
    /// [`Unreadable`], when the key is none of theirs or is one that cannot sign here.
    pub fn read(
        certificates: &[u8],
        key: &[u8],
        now: OffsetDateTime,
        random: &dyn SecureRandom,
    ) -> Result<Self, Unreadable> {
        let key = read_key(key).map_err(|error| match error {
            KeyError::Encrypted => Unreadable::Encrypted,
            other => Unreadable::Key(other),
        })?;
        let Some(key_type) = key.key_type().key_type() else {
            return Err(Unreadable::KeyKind(key.key_type()));
        };
        let (text, publics) = best_first(certificates, now);
        let is_its = |public| key.pairs_with(public, random) == Pairing::Match;
        if !publics.is_empty() && !publics.iter().any(is_its) {
            return Err(Unreadable::OtherKey);
        }
        let sorted = chain::sorted(text.as_bytes(), Some(&key), random)?;
        let mut path: Vec<Member> =
            sorted.path.into_iter().map(|(facts, der)| Member { facts, der }).collect();
        path.extend(sorted.root.map(|(facts, der)| Member { facts, der }));
        // One that bears the name and signed nothing is taken along, for `check` to tell.
        path.extend(path.last().and_then(|last| namesake(text.as_bytes(), last)));
        let own = path.first().ok_or(Unreadable::NoCertificate)?;
        let parsed = X509Certificate::from_der(&own.der);
        let (_, parsed) = parsed.map_err(|_| Unreadable::NoCertificate)?;
        let name = parsed.subject().as_raw().to_vec();
        let key_identifier = cert::subject_key_id(&parsed).map(<[u8]>::to_vec);
        let encode = |member: &Member| pem::encode("CERTIFICATE", &member.der).to_string();
        let root = path.last().filter(|last| last.facts.self_signed).map(encode);
        let chain = path.iter().filter(|member| !member.facts.self_signed).map(encode).collect();
        Ok(Self { path, key, key_type, chain, root, name, key_identifier })
    }

    /// Whether it may sign leaves of this usage at `now`: a CA, for signing certificates, in date; and
    /// everything above it is such too, signed what is below it, and forbids none of it. Clients
    /// look at all of that, the root's own words included (OpenSSL and Go do).
    ///
    /// # Errors
    /// [`AuthorityError`], with the certificate and what forbids it.
    pub fn check(&self, now: OffsetDateTime, usage: Usage) -> Result<(), AuthorityError> {
        for (below, member) in self.path.iter().enumerate() {
            may_sign(&member.facts, below > 0)?;
            in_date(&member.facts, now)?;
            usable_for(&member.facts, usage)?;
            let below = u32::try_from(below).unwrap_or(u32::MAX);
            if let Some(limit) = member.facts.path_length.filter(|limit| *limit < below) {
                let subject = member.facts.subject.to_string();
                return Err(AuthorityError::PathLength { subject, limit });
            }
        }
        self.path.windows(2).try_for_each(|pair| signed_by(&pair[0], &pair[1]))
    }

    /// Whether the CA and those above it allow a leaf for what the profile names.
    ///
    /// # Errors
    /// [`AuthorityError`], with the certificate, the name and the constraint.
    pub fn allows(&self, profile: &Profile) -> Result<(), AuthorityError> {
        for member in &self.path {
            let ca = &member.facts;
            let limits = ca.name_limits.as_deref();
            let subject = || ca.subject.to_string();
            if let Some(why) =
                limits.and_then(|limits| limits.forbid(&profile.names, &profile.subject))
            {
                return Err(AuthorityError::Forbidden { subject: subject(), why });
            }
            if ca.defects.contains(&EncodingDefect::BrokenExtension("nameConstraints")) {
                return Err(AuthorityError::UnreadableConstraints { subject: subject() });
            }
        }
        Ok(())
    }

    /// The profile with its dates within those of the CA and everything above it; and, when that
    /// shortened it, what is to be said.
    #[must_use]
    pub fn within(&self, mut profile: Profile) -> (Profile, Option<String>) {
        let first_end = self.facts().min_by_key(|certificate| certificate.not_after);
        let last_begin = self.facts().map(|certificate| certificate.not_before).max();
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
        let own = (self.certificate().not_before, self.certificate().not_after);
        self.facts().fold(own, |(from, to), one| (from.max(one.not_before), to.min(one.not_after)))
    }

    /// Whether `der` was signed by it: by name, byte for byte, by key identifier and by signature.
    ///
    /// # Errors
    /// [`ConfirmError`], which says what differs.
    pub fn confirm(&self, der: &[u8]) -> Result<(), ConfirmError> {
        let read = |der| X509Certificate::from_der(der).map(|(_, parsed)| parsed);
        let (Ok(leaf), Ok(ca)) = (read(der), read(self.der())) else {
            return Err(ConfirmError::Unreadable);
        };
        if leaf.issuer().as_raw() != ca.subject().as_raw() {
            let subject = self.certificate().subject.to_string();
            return Err(ConfirmError::Issuer { subject });
        }
        if let (Some(own), Some(named)) = (cert::subject_key_id(&ca), cert::authority_key_id(&leaf))
            && own != named
        {
            return Err(ConfirmError::KeyId);
        }
        leaf.verify_signature(Some(ca.public_key())).map_err(|_| ConfirmError::Signature)
    }

    /// The certificate of the CA.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.path[0].facts
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.path[0].der
    }

    /// Its subject, DER as it stands: what a certificate signed by it has for an issuer.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its subject key identifier, when it has one.
    #[must_use]
    pub fn key_identifier(&self) -> Option<&[u8]> {
        self.key_identifier.as_deref()
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
        self.root.as_deref()
    }

    /// The CA and every certificate above it, the root too.
    fn facts(&self) -> impl Iterator<Item = &Certificate> {
        self.path.iter().map(|member| &*member.facts)
    }
}

/// A private key in PEM, or in DER of any of the kinds that PEM has labels for.
fn read_key(bytes: &[u8]) -> Result<PrivateKey, KeyError> {
    let error = match PrivateKey::from_pem(bytes) {
        Err(KeyError::NoBlock) if bytes.starts_with(&[0x30]) => KeyError::NoBlock,
        other => return other,
    };
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
    let read = |label| PrivateKey::from_pem(pem::encode(label, bytes).as_bytes()).ok();
    labels.into_iter().find_map(read).ok_or(error)
}

/// The certificates that can be read, as PEM, and their public keys: those that are valid now
/// first, then those that end last. An expired certificate beside the one it was renewed by is what
/// files that grow by appending look like.
fn best_first(certificates: &[u8], now: OffsetDateTime) -> (String, Vec<PublicKey>) {
    let blocks = pem::blocks(pem::of_file(certificates).expose());
    let blocks = blocks.into_iter().filter(|block| block.label == Label::Certificate);
    let mut found: Vec<_> = blocks
        .filter_map(|block| {
            let der = block.der.ok()?;
            let (facts, public) = cert::read(der.expose()).ok()?;
            Some((facts, public, der))
        })
        .collect();
    found.sort_by_key(|(facts, ..)| {
        let valid = facts.not_before <= now && now <= facts.not_after;
        (!valid, std::cmp::Reverse(facts.not_after))
    });
    let text = found.iter().map(|(.., der)| pem::encode("CERTIFICATE", der.expose()).to_string());
    (text.collect(), found.into_iter().map(|(_, public, _)| public).collect())
}

/// Another certificate of the text that bears the name of the issuer which the last one lacks.
fn namesake(text: &[u8], last: &Member) -> Option<Member> {
    if last.facts.issuer_is_subject {
        return None;
    }
    pem::blocks(text).into_iter().find_map(|block| {
        let der = block.der.ok()?;
        let (facts, _) = cert::read(der.expose()).ok()?;
        let bears_it = facts.subject_name.exact == last.facts.issuer_name.exact;
        bears_it.then(|| Member { facts: facts.into(), der: der.expose().to_vec() })
    })
}
