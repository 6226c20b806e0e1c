//! What may not be changed at all, whatever it is changed to: owners, makers, immutable Secrets, and
//! data that is made from the pair.
//!
//! Refuses to know what a new certificate would hold.

use crate::audit::remedy;
use crate::inventory::owner::Owner;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::plan::step::{Exclusion, Reason};
use crate::remedy::{Advice, Remedy};

/// Why the certificate and key of this Secret may not be changed at all, whatever it is changed to.
#[must_use]
pub fn forbidden(
    inventory: &Inventory,
    secret: &SecretFacts,
    override_owner: bool,
    force: bool,
) -> Option<Exclusion> {
    let no = |reason, message: String, remedy: Remedy| {
        Some(Exclusion { object: secret.object.clone(), reason, message, remedy })
    };
    if secret.is_previous() {
        return no(
            Reason::WrongType,
            "it is a backup: it keeps what was replaced in another Secret".to_owned(),
            "name the Secret it was made for: rotate replaces what that holds, rollback puts this back into it"
                .into(),
        );
    }
    if let Some(since) = secret.rare.deletion_timestamp {
        return Some(Exclusion::terminating(&secret.object, since));
    }
    if secret.immutable {
        return no(
            Reason::Immutable,
            "it is immutable: its data cannot change".to_owned(),
            "issue a Secret under a new name, and name that one in its place".into(),
        );
    }
    if let Some(owner) = &secret.owner
        && let Some(Advice { message, remedy }) = owner_forbids(inventory, owner, override_owner)
    {
        return no(Reason::Owned, message, remedy);
    }
    if secret.rare.annotation_policy.rotate == Some(false) && !override_owner {
        return no(
            Reason::OptedOut,
            "its annotation certwright.dev/rotate is \"false\"".to_owned(),
            "remove the annotation, or add --override-owner".into(),
        );
    }
    if let Some(request) =
        secret.rare.annotation_policy.not_understood.first().filter(|_| !override_owner)
    {
        return no(
            Reason::NotUnderstood,
            format!("{request}; until that is fixed it is skipped"),
            "correct it, or add --override-owner".into(),
        );
    }
    if !secret.rare.derived_keys.is_empty() && !force {
        let keys = secret.rare.derived_keys.join(", ");
        return no(
            Reason::DerivedData,
            format!("{keys} in it is made from the certificate and key and would no longer match"),
            "name the Secret and add --force, and regenerate that data yourself afterwards".into(),
        );
    }
    if let Some(lost) = secret.beside_the_pair().filter(|_| !force) {
        return no(
            Reason::OtherContent,
            format!("there is more than a certificate and its key in it, and it would be lost: {lost}"),
            "keep a copy of what is needed, name the Secret and add --force: the certificate and its key alone are written"
                .into(),
        );
    }
    None
}

/// What is said where what else stands in the Secret is dropped, because that was forced.
pub(in crate::plan) fn note_of_loss(secret: &SecretFacts) -> Option<String> {
    secret.beside_the_pair().map(|lost| format!("dropped, by --force: {lost}"))
}

/// Why an owner keeps the certificate and key from being changed here, and what to do instead.
fn owner_forbids(inventory: &Inventory, owner: &Owner, override_owner: bool) -> Option<Advice> {
    let live = owner.live_while.as_ref().filter(|object| !inventory.is_absent(object));
    let live = live.map(ObjectRef::short);
    let remedy = || remedy::from_owner(inventory, owner);
    Some(match (override_owner, live) {
        (true, None) => return None,
        (true, Some(object)) => Advice::new(
            format!(
                "{} owns it, and {object} is live: it would put its own certificate and key back",
                owner.name
            ),
            remedy(),
        ),
        (false, Some(object)) => {
            let note = format!("--override-owner rotates it here only once {object} is gone");
            Advice::new(owner.told(), remedy().note(note))
        }
        (false, None) => {
            let note = "--override-owner rotates it here anyway";
            Advice::new(owner.told(), remedy().note(note))
        }
    })
}

/// Why a Secret that is not there may not be made by hand: somebody else makes it, and the two
/// would be at odds. `overridden` says whether an override was asked for, where one can be: not even
/// then is it made beside cert-manager or External Secrets.
#[must_use]
pub fn made_by_another(
    inventory: &Inventory,
    secret: &ObjectRef,
    overridden: Option<bool>,
) -> Option<Exclusion> {
    let maker = inventory.maker_of(secret)?;
    let lives = maker.owner(secret).live_while.is_some();
    let remedy = maker.remedy(secret);
    let remedy = match overridden.filter(|_| !lives) {
        Some(true) => return None,
        Some(false) => remedy.note("--override-owner goes ahead anyway"),
        None => remedy,
    };
    Some(Exclusion {
        object: secret.clone(),
        reason: Reason::Owned,
        message: format!("it is not there, and {}", maker.told()),
        remedy,
    })
}
