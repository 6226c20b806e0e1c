//! Halves: a certificate and a key that stand in one Secret and do not belong together. Which of them
//! would be lost for good if a new certificate and key were put in their place?
//!
//! A self-signed leaf without its key is made again in a second. The key of a certificate that somebody
//! else issued is not, and a key whose certificate was not seen may be one: here is decided which it is.
//! Refuses to know how either is written.

use super::issuing::issuing_ca;
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::digest::PublicKeyId;
use crate::x509::foreign::Foreign;
use crate::x509::key::Pairing;

/// What would be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss<'i> {
    /// The private key of the certificate at this position of the same `tls.crt`, from 0.
    KeyOfLater(usize),
    /// A private key beside the certificate of a CA, which is not its own: most likely that of a
    /// certificate which this CA signed.
    KeyBesideCa,
    /// The private key of the certificate in that object, which does not have it itself.
    KeyOf(&'i ObjectRef),
    /// A private key whose certificate was not seen, beside one that is not its own: that may be a
    /// placeholder, and its own still to come.
    KeyOfUnknown,
    /// The same, with no certificate beside it.
    KeyAlone,
    /// A private key beside something that cannot be read as a certificate, which is this, where that
    /// is known: its certificate may be in there, or still to come.
    KeyOfUnread(Option<Foreign>),
    /// What stands in the place of the private key, beside a certificate: a key may be in it, and be
    /// another certificate's.
    InOtherForm(Foreign),
}

impl Loss<'_> {
    /// Whose the key is, for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::KeyOfLater(position) => format!(
                "its private key is that of certificate {} in tls.crt, not of the first",
                position + 1
            ),
            Self::KeyBesideCa => {
                "tls.crt begins with a CA certificate, and its private key is not the CA's but another certificate's".to_owned()
            }
            Self::KeyOf(other) => format!(
                "its private key is that of the certificate in {}, which does not have it",
                other.apart()
            ),
            Self::KeyOfUnknown => {
                "its private key is not that of its certificate, and may be the one of a certificate that was not seen".to_owned()
            }
            Self::KeyAlone => {
                "it holds a private key without a certificate, and may be waiting for the one that was requested with it".to_owned()
            }
            Self::KeyOfUnread(Some(it)) if it.can_be_converted() => format!(
                "its certificate is there in another form (it is {}), and so is its private key",
                it.what()
            ),
            Self::KeyOfUnread(instead) => format!(
                "its certificate cannot be read{}, and the private key beside it may be the only one of that certificate",
                instead.map_or_else(String::new, |it| format!(" (it is {})", it.what()))
            ),
            Self::InOtherForm(it) if it.is_for_others() => {
                format!("its tls.key is {}, which may be the only copy", it.what())
            }
            Self::InOtherForm(it) => format!(
                "its tls.key is not a private key in PEM (it is {}), and what is in it may be another certificate's",
                it.what()
            ),
        }
    }

    /// What keeps both halves of `object`: a sentence.
    #[must_use]
    pub fn remedy(&self, object: &ObjectRef) -> String {
        match self {
            Self::KeyOfLater(position) => format!(
                "put certificate {} of tls.crt first, followed by the certificates of its issuers",
                position + 1
            ),
            Self::KeyBesideCa => {
                "put the certificate that belongs to this private key before the CA's into tls.crt; who signed it has a copy".to_owned()
            }
            Self::KeyOf(other) => format!(
                "put this private key and the certificate in {} together",
                other.apart()
            ),
            Self::KeyOfUnknown => {
                "keep both until you know which key belongs to which certificate: look for the certificate that was issued for this private key, or for the certificate's own key, and put the two that belong together into it; if neither is wanted, rotate it by name with --force".to_owned()
            }
            Self::KeyAlone => {
                "keep the private key and put the certificate that was issued for it beside it, with import --replace --key where the key is at hand as a file; if it is not wanted, rotate it by name with --force".to_owned()
            }
            Self::KeyOfUnread(instead) => {
                let first = match (instead, &object.place) {
                    (Some(it), _) if it.can_be_converted() || it.is_encrypted() => it.remedy(),
                    (_, Some(_)) => {
                        "keep the private key and put the certificate that was issued for it into tls.crt, as PEM".to_owned()
                    }
                    (_, None) => format!(
                        "keep the private key and put the certificate that was issued for it beside it: import {} --replace takes both from files",
                        object.name
                    ),
                };
                format!("{first}; if certificate and key are not wanted, rotate it by name with --force")
            }
            Self::InOtherForm(it) if it.is_for_others() => {
                "take what is in tls.key to where it is of use; once it is there, or if it is not wanted, rotate it by name with --force".to_owned()
            }
            Self::InOtherForm(it) => format!(
                "{}; if what is in tls.key is not wanted, rotate it by name with --force",
                it.remedy()
            ),
        }
    }

    /// Whether the key may be worth nothing, which who has seen to that says by `--force`.
    #[must_use]
    pub const fn is_a_guess(&self) -> bool {
        matches!(
            self,
            Self::KeyOfUnknown | Self::KeyAlone | Self::KeyOfUnread(_) | Self::InOtherForm(_)
        )
    }

    /// The object on the other side, where there is one.
    #[must_use]
    pub fn related(&self) -> Option<&ObjectRef> {
        match self {
            Self::KeyOf(other) => Some(other),
            Self::KeyOfLater(_)
            | Self::KeyBesideCa
            | Self::KeyOfUnknown
            | Self::KeyAlone
            | Self::KeyOfUnread(_)
            | Self::InOtherForm(_) => None,
        }
    }
}

/// What would be lost for good if certificate and key of `object` were replaced by new ones; none
/// where they belong together, and where neither half is worth anything without the other.
#[must_use]
pub fn loss<'i>(inventory: &'i Inventory, object: &ObjectRef, bundle: &Bundle) -> Option<Loss<'i>> {
    let leaf = bundle.leaf();
    if let (KeyState::Unreadable(_), Some(it)) = (&bundle.key, bundle.key_instead)
        && it.may_hold_a_key()
        && leaf.is_some_and(|leaf| leaf.self_signed)
    {
        return Some(Loss::InOtherForm(it));
    }
    if !(is_lone(bundle) || leaf.is_none()) {
        return None;
    }
    let public_id = match &bundle.key {
        KeyState::Read { public_id, .. } => *public_id,
        // Who knows its password, or mends it, has it still.
        KeyState::Encrypted if leaf.is_none() => None,
        KeyState::Unreadable(_) if leaf.is_none() && !bundle.key_is_garbage => None,
        KeyState::Encrypted
        | KeyState::Unreadable(_)
        | KeyState::Missing
        | KeyState::NotExpected => return None,
    };
    if let Some(position) = bundle.key_position() {
        return Some(Loss::KeyOfLater(position));
    }
    let elsewhere = public_id.map_or(Elsewhere::Nothing, |id| other_half(inventory, object, id));
    if let Elsewhere::Certificate(owner) = elsewhere {
        return Some(Loss::KeyOf(owner));
    }
    let is_ca = |leaf: &Certificate| {
        leaf.states_cert_sign() || issuing_ca(inventory, object, leaf).is_some()
    };
    if leaf.is_some_and(is_ca) {
        return Some(Loss::KeyBesideCa);
    }
    let is_safe = matches!(elsewhere, Elsewhere::Key);
    match leaf {
        // Its own key may be a CA's that signs elsewhere: nobody here can tell it from habit.
        Some(leaf) if leaf.self_signed && (leaf.is_ca || !is_safe) => Some(Loss::KeyOfUnknown),
        None if is_safe => None,
        None if bundle.certificates_missing => Some(Loss::KeyAlone),
        None => {
            let instead = bundle.damaged.first().and_then(|damaged| damaged.instead);
            Some(Loss::KeyOfUnread(instead))
        }
        // What another issued is not made again without its CA.
        Some(_) => None,
    }
}

/// Whether the private key beside a certificate that another issued, not its own, is to be had nowhere
/// else: who makes the certificate again, by its CA, would lose it.
#[must_use]
pub fn is_only_copy(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> bool {
    let KeyState::Read { public_id, .. } = &bundle.key else { return false };
    let elsewhere = public_id.map(|id| other_half(inventory, object, id));
    is_lone(bundle) && !matches!(elsewhere, Some(Elsewhere::Key))
}

/// Whether there are both a certificate and a key, and they are not each other's.
#[must_use]
pub fn is_lone(bundle: &Bundle) -> bool {
    bundle.leaf().is_some() && bundle.pairing == Pairing::Differs
}

/// Where the private key of the certificate in `object` is, which it has not itself.
#[must_use]
pub fn own_key_elsewhere<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
    bundle: &Bundle,
) -> Option<&'i ObjectRef> {
    let wanted = bundle.leaf()?.key_id;
    let others = inventory.bundles_with(wanted).into_iter();
    let others = others.filter(|(other, _)| !other.same_object(object));
    let mut holders = others.filter(|(_, bundle)| holds_key(bundle, wanted));
    holders.next().map(|(holder, _)| holder)
}

/// What other objects have of a private key and its certificate.
enum Elsewhere<'i> {
    /// The key, too: it cannot be lost here.
    Key,
    /// The certificate alone, in that object.
    Certificate(&'i ObjectRef),
    Nothing,
}

fn other_half<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
    public_id: PublicKeyId,
) -> Elsewhere<'i> {
    let others = inventory
        .bundles_with(public_id)
        .into_iter()
        .filter(|(other, _)| !other.same_object(object) && other.kind != Kind::Endpoint);
    let mut found = Elsewhere::Nothing;
    for (other, bundle) in others {
        // A second Secret that has it beside a wrong certificate may be replaced by the same run.
        let is_safe = other.kind == Kind::File || bundle.pairing == Pairing::Match;
        if is_safe && holds_key(bundle, public_id) {
            return Elsewhere::Key;
        }
        let its = bundle.certificates.iter().any(|certificate| certificate.key_id == public_id);
        if its && matches!(found, Elsewhere::Nothing) {
            found = Elsewhere::Certificate(other);
        }
    }
    found
}

fn holds_key(bundle: &Bundle, wanted: PublicKeyId) -> bool {
    match &bundle.key {
        KeyState::Read { public_id, .. } => *public_id == Some(wanted),
        KeyState::NotExpected
        | KeyState::Missing
        | KeyState::Unreadable(_)
        | KeyState::Encrypted => false,
    }
}

#[cfg(test)]
mod tests;
