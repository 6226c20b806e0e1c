//! Why a Secret is passed over or refused: each reason with what to do.

use super::depends_on;
use crate::audit::halves::{self, Loss};
use crate::audit::issuing::{IssuingCa, may_sign};
use crate::instant;
use crate::inventory::bundle::KeyState;
use crate::inventory::{Inventory, Problem, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{Exclusion, Reason};
use crate::remedy::{Advice, Remedy};
use crate::x509::cert::Certificate;
use crate::x509::profile::ProfileError;

/// Why no certificate is made that is like the old one.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    advice: Advice,
}

impl Refusal {
    pub(super) fn new(reason: Reason, message: impl Into<String>, remedy: Remedy) -> Self {
        Self { reason, advice: Advice::new(message, remedy) }
    }

    /// The same, of this Secret.
    pub(super) fn of(self, secret: &SecretFacts) -> Exclusion {
        Exclusion {
            object: secret.object.clone(),
            reason: self.reason,
            message: self.advice.message,
            remedy: self.advice.remedy,
        }
    }
}

impl From<ProfileError> for Refusal {
    fn from(error: ProfileError) -> Self {
        let remedy = "change the flags and try again".into();
        Self::new(Reason::CannotRemake, error.to_string(), remedy)
    }
}

/// An issuing CA is not rotated, by name neither: what it signed would lose its issuer.
pub(super) fn left_to_sign(leaf: &Certificate, ca: IssuingCa<'_>, used: bool) -> Refusal {
    Refusal::new(
        Reason::CaCertificate,
        format!(
            "it is a CA certificate ({}; {ca}): what it signed would lose its issuer",
            leaf.subject
        ),
        ca.remedy(used).into(),
    )
}

/// A certificate that may sign is left alone where a list broke: what it signed, or who trusts others by
/// it, may be in the rest, and without those it looks like a server's.
pub(super) fn children_unseen(inventory: &Inventory, secret: &SecretFacts) -> Option<Refusal> {
    let leaf = secret.bundle.leaf().filter(|leaf| may_sign(leaf))?;
    let namespace = secret.object.namespace();
    // Who may not list them sees no more another time.
    let broken = inventory.problems().iter().find(|Problem { object, denied, .. }| {
        let holds = object.namespace.as_deref().is_none_or(|list| list == namespace);
        let is_list = object.name.is_empty() && object.kind != Kind::Ingress;
        is_list && holds && denied.is_none() && depends_on(object.kind)
    })?;
    Some(Refusal::new(
        Reason::Unseen,
        format!(
            "it may sign certificates ({}), and what it signed or who trusts it may be among the {} that could not be read",
            leaf.subject, broken.object
        ),
        "try again when the list can be read to its end".into(),
    ))
}

/// What is said of a private key that goes with nobody knowing whose it is.
pub(super) fn lost_key(secret: &SecretFacts) -> Option<&'static str> {
    let is_key = matches!(secret.bundle.key, KeyState::Read { .. });
    if is_key && secret.bundle.leaf().is_none() {
        return Some("the private key goes too, and of which certificate it is cannot be told");
    }
    (is_key && halves::is_lone(&secret.bundle))
        .then_some("the private key goes too, though it is not the one of this certificate")
}

/// The private key that is there is worth more than what would take its place.
pub(in crate::plan) fn would_lose(secret: &SecretFacts, loss: Loss<'_>) -> Exclusion {
    Exclusion {
        object: secret.object.clone(),
        reason: match loss {
            Loss::KeyOfUnread(_) => Reason::Unreadable,
            Loss::KeyOfLater(_)
            | Loss::KeyBesideCa
            | Loss::KeyOf(_)
            | Loss::KeyOfUnknown
            | Loss::KeyAlone
            | Loss::InOtherForm(_) => Reason::KeyOfAnother,
        },
        message: format!("{}: it would be lost", loss.message()),
        remedy: loss.remedy(&secret.object).into(),
    }
}

/// Files may hold Secrets of one name in several namespaces.
pub(super) fn ambiguous(object: &ObjectRef, several: &[&SecretFacts]) -> Exclusion {
    let namespaces: Vec<&str> = several.iter().map(|secret| secret.object.namespace()).collect();
    // `-n` would say it of the one that names none, too.
    let is_loose = several.iter().any(|secret| secret.writing.without_namespace);
    let remedy = if is_loose {
        "write its namespace into the one that names none, then specify the namespace with -n"
    } else {
        "specify the namespace with -n"
    };
    Exclusion {
        object: object.clone(),
        reason: Reason::Ambiguous,
        message: format!("there is one in each of the namespaces {}", namespaces.join(", ")),
        remedy: remedy.into(),
    }
}

pub(super) fn already_replaced(secret: &SecretFacts) -> Exclusion {
    let now = secret.bundle.leaf().map_or_else(
        || "no certificate".to_owned(),
        |leaf| {
            format!(
                "a certificate valid from {} (sha256 {})",
                instant::show(leaf.not_before),
                leaf.fingerprint().get(..16).unwrap_or_default()
            )
        },
    );
    Exclusion {
        object: secret.object.clone(),
        reason: Reason::AlreadyReplaced,
        message: format!(
            "another writer replaced its certificate and key in the meantime: it holds {now}"
        ),
        remedy: "nothing is left to do".into(),
    }
}
