//! Who holds the certificate that is replaced, beside the Secret that serves it: copies of it, which go on
//! with the old one, and whoever trusts by it, who refuses the new one.
//!
//! Knows fingerprints. Refuses to guess: what was not seen is not told.

use super::step::ReplacePair;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use std::collections::{BTreeMap, BTreeSet};

/// How many are named in a sentence.
const NAMED: usize = 3;

/// Puts into each step who else holds its certificate, among all that was seen; not `informed`, which has the
/// new one beside it.
pub(super) fn find(inventory: &Inventory, steps: &mut [ReplacePair], informed: &[&ObjectRef]) {
    let mut copies: BTreeMap<[u8; 32], Vec<&ObjectRef>> = BTreeMap::new();
    for before in steps.iter().filter_map(|step| step.before.as_ref()) {
        copies.insert(before.sha256, Vec::new());
    }
    // Of what is replaced too there may be very many, all with one certificate.
    let replaced: BTreeSet<ObjectRef> = steps.iter().map(|step| step.object.clone()).collect();
    for secret in inventory.tls_secrets() {
        let leaf = secret.bundle.leaf().map(|leaf| leaf.sha256);
        if let Some(found) = leaf.and_then(|leaf| copies.get_mut(&leaf))
            && !replaced.contains(&secret.object)
        {
            found.push(&secret.object);
        }
    }
    for step in steps {
        let Some(before) = &step.before else { continue };
        let all = copies.get(&before.sha256).into_iter().flatten();
        step.copies = all.map(|object| (*object).clone()).collect();
        let pinning = inventory.holders_of(&before.sha256);
        let knows = |holder: &ObjectRef| informed.iter().any(|one| one.same_object(holder));
        let pinning = pinning.filter(|holder| !holder.same_object(&step.object) && !knows(holder));
        step.pinned_by = pinning.cloned().collect();
        step.notes.extend(told_of_copies(&step.copies));
        step.notes.extend(told_of_pins(&step.pinned_by));
    }
}

/// The Secrets that hold the same certificate as this one, among all that was seen.
pub(super) fn copies_of<'i>(
    inventory: &'i Inventory,
    secret: &'i SecretFacts,
) -> impl Iterator<Item = &'i SecretFacts> {
    let leaf = secret.bundle.leaf().map(|leaf| leaf.sha256);
    inventory.tls_secrets().filter(move |other| {
        leaf.is_some()
            && other.bundle.leaf().map(|leaf| leaf.sha256) == leaf
            && other.object != secret.object
    })
}

fn told_of_copies(copies: &[ObjectRef]) -> Option<String> {
    let (names, holds) = named(copies)?;
    Some(format!(
        "{names} {holds} the same certificate and will still have the old one: --copies replaces it there too"
    ))
}

fn told_of_pins(holders: &[ObjectRef]) -> Option<String> {
    let (names, holds) = named(holders)?;
    Some(format!(
        "{names} {holds} the old certificate as a trusted CA: clients that use it refuse the new one until that is added"
    ))
}

/// The first few of them, and the verb for so many.
fn named(objects: &[ObjectRef]) -> Option<(String, &'static str)> {
    let names: Vec<String> = objects.iter().take(NAMED).map(ObjectRef::apart).collect();
    let holds = if objects.len() == 1 { "holds" } else { "hold" };
    let more = objects.len().saturating_sub(NAMED);
    let names = names.join(", ");
    let names = if more > 0 { format!("{names} and {more} more") } else { names };
    (!objects.is_empty()).then_some((names, holds))
}
