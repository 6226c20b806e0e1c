//! What a CA must be before anything is signed by it (RFC 5280 §4.2.1.3, §4.2.1.9, §6.1).
//!
//! Knows one certificate of the path at a time, and two beside each other. Refuses to know trust.

use super::Member;
use crate::instant;
use crate::x509::cert::Certificate;
use crate::x509::digest::PublicKeyId;
use crate::x509::key_purpose::{KeyPurpose, Usage};
use crate::x509::name_constraints::Forbidden;
use crate::x509::oid::{OidBuf, POLICIES};
use crate::x509::verify::{self, Verdict};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// Why a CA may not sign. `subject` is that of the certificate that forbids it, the CA's own or one
/// above it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// It is no CA.
    #[error("{subject} is not a CA: its certificate does not say CA:TRUE")]
    NoCa {
        /// Whose.
        subject: String,
    },
    /// Its key is for something else.
    #[error("{subject} may not sign certificates: its key usage lacks keyCertSign")]
    KeyUsage {
        /// Whose.
        subject: String,
    },
    /// It has no name.
    #[error("the CA has no subject, and an issuer must have a name")]
    Nameless,
    /// It is no longer valid.
    #[error("{subject} expired on {}", instant::show(*.not_after))]
    Expired {
        /// Whose.
        subject: String,
        /// Its end.
        not_after: OffsetDateTime,
    },
    /// It is not valid yet.
    #[error("{subject} is valid only from {}", instant::show(*.not_before))]
    NotYetValid {
        /// Whose.
        subject: String,
        /// Its beginning.
        not_before: OffsetDateTime,
    },
    /// It is for other usages than what stands below it.
    #[error(
        "{subject} may be used for {} alone, and lacks {} ({lacking}): {} below it",
        listed(.usages),
        .lacking.name(),
        refused(.lacking)
    )]
    Usages {
        /// Whose.
        subject: String,
        /// Its usages.
        usages: Vec<KeyPurpose>,
        /// The one that it lacks.
        lacking: KeyPurpose,
    },
    /// It has critical extensions that clients do not know.
    #[error(
        "{subject} has a critical extension that clients do not know ({}), and they refuse whatever stands below it",
        listed(.extensions)
    )]
    Critical {
        /// Whose.
        subject: String,
        /// Which.
        extensions: Vec<OidBuf>,
    },
    /// Too many CAs stand below it.
    #[error("{subject} allows no CA so far below it (path length {limit})")]
    PathLength {
        /// Whose.
        subject: String,
        /// How many it allows.
        limit: u32,
    },
    /// It bears the name of an issuer, and did not sign what it is to have issued.
    #[error(
        "{below} was signed by another {above} than the one that is given (sha256 {fingerprint}, key {key_id}), and clients that trust that one would refuse the leaf; give the right one, or leave it out"
    )]
    OtherSigner {
        /// The subject of what was signed.
        below: String,
        /// The subject of the one that is given.
        above: String,
        /// Its fingerprint.
        fingerprint: String,
        /// The digest of its key.
        key_id: PublicKeyId,
    },
    /// Its name constraints forbid a name.
    #[error("{subject}: {why}")]
    Forbidden {
        /// Whose.
        subject: String,
        /// The name and the constraint.
        why: Forbidden,
    },
    /// It has name constraints of which nobody here can tell what they forbid.
    #[error("{subject}: its name constraints cannot be read")]
    UnreadableConstraints {
        /// Whose.
        subject: String,
    },
}

/// Who refuses whom over a usage.
const fn refused(lacking: &KeyPurpose) -> &'static str {
    match lacking {
        KeyPurpose::ClientAuth => "servers refuse a client",
        _ => "clients refuse a server",
    }
}

fn listed(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn may_sign(ca: &Certificate, above: bool) -> Result<(), AuthorityError> {
    let subject = || ca.subject.to_string();
    // A root of old has no extensions, and is trusted as it is.
    let old_root = above && ca.self_signed && ca.version < 3;
    if !ca.is_ca && !old_root {
        return Err(AuthorityError::NoCa { subject: subject() });
    }
    if !ca.may_sign_certificates() {
        return Err(AuthorityError::KeyUsage { subject: subject() });
    }
    if ca.subject_attributes().is_empty() {
        return Err(AuthorityError::Nameless);
    }
    Ok(())
}

pub(super) fn in_date(ca: &Certificate, now: OffsetDateTime) -> Result<(), AuthorityError> {
    let &Certificate { not_before, not_after, .. } = ca;
    let subject = || ca.subject.to_string();
    if not_after < now {
        return Err(AuthorityError::Expired { subject: subject(), not_after });
    }
    if not_before > now {
        return Err(AuthorityError::NotYetValid { subject: subject(), not_before });
    }
    Ok(())
}

/// What a CA says of usages holds for everything below it, as clients and servers read it.
pub(super) fn usable_for(ca: &Certificate, usage: Usage) -> Result<(), AuthorityError> {
    let subject = || ca.subject.to_string();
    if let Some(usages) = &ca.extended_key_usage {
        let is_allowed = |purpose: &KeyPurpose| {
            usages.iter().any(|usage| usage == purpose || *usage == KeyPurpose::Any)
        };
        if let Some(lacking) = usage.purposes().iter().find(|purpose| !is_allowed(purpose)) {
            return Err(AuthorityError::Usages {
                subject: subject(),
                usages: usages.to_vec(),
                lacking: lacking.clone(),
            });
        }
    }
    let is_unknown = |oid: &&OidBuf| !POLICIES.contains(&oid.oid());
    let extensions: Vec<OidBuf> = ca.unusual_critical.iter().filter(is_unknown).cloned().collect();
    if !extensions.is_empty() {
        return Err(AuthorityError::Critical { subject: subject(), extensions });
    }
    Ok(())
}

/// Whether `above` signed `below`, as far as that can be checked here.
pub(super) fn signed_by(below: &Member, above: &Member) -> Result<(), AuthorityError> {
    let (Ok((_, lower)), Ok((_, upper))) =
        (X509Certificate::from_der(&below.der), X509Certificate::from_der(&above.der))
    else {
        return Ok(());
    };
    let (algorithm, bits) = (&lower.signature_algorithm, &lower.signature_value.data);
    let message = lower.tbs_certificate.as_ref();
    match verify::verify(algorithm, upper.public_key(), message, bits) {
        Verdict::Verifies | Verdict::Unchecked(_) => Ok(()),
        Verdict::Differs => Err(AuthorityError::OtherSigner {
            below: below.facts.subject.to_string(),
            above: above.facts.subject.to_string(),
            fingerprint: above.facts.fingerprint(),
            key_id: above.facts.key_id,
        }),
    }
}
