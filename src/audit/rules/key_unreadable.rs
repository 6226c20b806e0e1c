//! `key-unreadable`: what stands in `tls.key` is no private key that a server could use.

use super::{key_place, rotate_or_import};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::inventory::bundle::KeyState;

pub(super) const RULE: Rule = Rule {
    code: "key-unreadable",
    severity: Severity::Error,
    remedy: "replace the value by a PEM private key in the clear",
    explain: "Servers read tls.key as PEM: PKCS#8, PKCS#1 or SEC 1, not encrypted.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in inventory.bundles() {
        if let KeyState::Unreadable(reason) = &bundle.key {
            let message = format!("tls.key cannot be read: {reason}");
            found.push(
                RULE.on(&key_place(object), message).remedy(rotate_or_import(object, bundle)),
            );
        }
    }
}
