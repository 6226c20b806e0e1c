//! What people are told beside a rotation: of copies, of what puts the old certificate back, of
//! makers that could not be seen.

use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use std::collections::BTreeSet;

/// What becomes of the new pair, and of the old key, when it has been written: who copies it, who
/// puts the old one back, and where the old key can still be read.
#[must_use]
pub fn told_beside(inventory: &Inventory, secret: &SecretFacts) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((who, mark)) = &secret.rare.copied_by {
        notes.push(format!("{who} copies it to other namespaces ({mark}): the copies follow"));
    }
    if secret.applied && secret.object.place.is_none() {
        notes.push(format!(
            "it was made by kubectl apply: the next apply of its file brings the old certificate \
             and key back, unless they are rotated in the file: {} rotate -f FILE --in-place",
            inventory.target().program
        ));
    }
    let annotations = inventory.keys_in_annotations();
    for (_, keys) in annotations.filter(|(object, _)| object.same_object(&secret.object)) {
        for key in keys {
            notes.push(format!("the old private key stays readable in the annotation {key}"));
        }
    }
    notes
}

/// That nobody can tell whether something makes these Secrets, what could not be read, and what that
/// means; none where all was read, or where each tells its owner itself.
#[must_use]
pub fn makers_unseen(inventory: &Inventory, secrets: &[&ObjectRef]) -> Option<String> {
    let unowned = secrets.iter().filter(|object| {
        let seen = inventory.secret(object.namespace(), &object.name);
        seen.is_none_or(|secret| secret.owner.is_none())
    });
    let namespaces: BTreeSet<&str> = unowned.map(|object| object.namespace()).collect();
    let unseen: BTreeSet<&str> = namespaces
        .into_iter()
        .flat_map(|namespace| inventory.unseen_makers(namespace))
        .map(String::as_str)
        .collect();
    let unseen: Vec<&str> = unseen.into_iter().collect();
    (!unseen.is_empty()).then(|| {
        format!(
            "could not read {}: whether one of them makes a Secret that is replaced is not known, \
             and what makes one puts its own certificate and key back",
            unseen.join(", ")
        )
    })
}
