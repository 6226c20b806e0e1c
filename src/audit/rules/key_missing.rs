//! `key-missing`: a certificate without its private key cannot be served.

use super::cert_missing::holds_a_ca_alone;
use super::{is_placeholder, key_field, key_place, rotate_or_import, secret_of};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::SecretFacts;
use crate::inventory::bundle::KeyState;

pub(super) const RULE: Rule = Rule {
    code: "key-missing",
    severity: Severity::Error,
    remedy: "put the certificate's private key into it",
    explain: "The API server wants the key tls.key in a kubernetes.io/tls Secret but lets it be empty.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let missing = inventory.bundles().filter(|(object, bundle)| {
        bundle.key == KeyState::Missing && !is_placeholder(inventory, object)
    });
    for (object, bundle) in missing {
        // There it is the Secret that is another one, and cert-missing says so.
        let told_elsewhere = |secret: &SecretFacts| {
            holds_a_ca_alone(inventory, secret) || !secret.rare.named_otherwise.is_empty()
        };
        if secret_of(inventory, object).is_some_and(told_elsewhere) {
            continue;
        }
        let mut message = format!(
            "{} is empty or absent: the certificate cannot be served without it",
            key_field(object)
        );
        let under = secret_of(inventory, object).and_then(|secret| secret.rare.key_under.as_ref());
        if let Some(key) = under {
            message = format!("{message}; {key} holds its private key");
        }
        found.push(
            RULE.on(&key_place(object), message)
                .remedy(rotate_or_import(inventory, object, bundle)),
        );
    }
}
