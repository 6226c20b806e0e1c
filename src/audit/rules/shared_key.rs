//! `shared-key`: two Secrets with different certificates for one private key: who takes one of
//! them has both, and rotating one leaves the other as it was.

use super::{Dated, key_place};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::{Inventory, SecretFacts};
use crate::remedy::Remedy;
use crate::x509::digest::PublicKeyId;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    code: "shared-key",
    severity: Severity::Info,
    remedy: "give each its own key",
    explain: "A key in several places is lost in all of them at once, and a renewal in one does not help \
              the others. Copies of one certificate, as Reflector and its like make them, are not \
              meant: those share their key by design.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let mut by_key: BTreeMap<PublicKeyId, Vec<&SecretFacts>> = BTreeMap::new();
    for secret in inventory.tls_secrets() {
        if let Some(leaf) = secret.bundle.leaf() {
            by_key.entry(leaf.key_id).or_default().push(secret);
        }
    }
    for (key_id, group) in by_key {
        let certificate = |secret: &SecretFacts| secret.bundle.leaf().map(|leaf| leaf.sha256);
        let [first, others @ ..] = group.as_slice() else { continue };
        if others.iter().all(|other| certificate(other) == certificate(first)) {
            continue;
        }
        let message = format!("{} Secrets with different certificates have its key", group.len());
        let finding = RULE
            .on(&key_place(&first.object), message)
            .evidence("key", key_id)
            .evidence("secrets", group.len())
            .remedy(remedy(inventory, first));
        let places = others.iter().map(|other| key_place(&other.object));
        found.push(finding.related_to(places));
    }
}

/// A new certificate and key for one of two leaves each with a key of its own; of more, it begins
/// there.
fn remedy(inventory: &Inventory, secret: &SecretFacts) -> Remedy {
    let new_pair = secret.bundle.leaf().map(|certificate| {
        let object = &secret.object;
        Dated { inventory, object, secret: Some(secret), index: 0, is_leaf: true, certificate }
            .remedy()
    });
    new_pair.unwrap_or_else(|| RULE.remedy.into())
}
