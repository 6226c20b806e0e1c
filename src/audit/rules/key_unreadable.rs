//! `key-unreadable`: what stands in `tls.key` is no private key that a server could use.

use super::cert_unreadable::how_bad_behind;
use super::key_encrypted::what;
use super::key_in_crt::related;
use super::{
    is_placeholder, key_place, put_right, refusals, rotate_or_import, secret_of, somebody_elses,
};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::bundle::KeyState;
use crate::inventory::loads::BESIDE_THE_KEY;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::Kind;
use crate::x509::stray;

pub(super) const RULE: Rule = Rule {
    code: "key-unreadable",
    severity: Severity::Error,
    remedy: "replace the value with an unencrypted PEM private key",
    explain: "Servers read tls.key as PEM: PKCS#8, PKCS#1 or SEC 1, not encrypted. A byte order mark \
              or blanks before BEGIN hide the block from Go's reader.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let filled = inventory.bundles().filter(|(object, _)| !is_placeholder(inventory, object));
    for (object, bundle) in filled {
        // Swapped values are told once, for the certificate.
        if let (KeyState::Unreadable(reason), false) = (&bundle.key, bundle.is_swapped()) {
            let message = format!("{} cannot be read: {reason}", what(object));
            // A key that is not there at all is made anew, where that is ours to do.
            let ours = bundle.leaf().is_some_and(|leaf| leaf.self_signed);
            let remedy = match bundle.key_instead {
                Some(instead) if instead.can_be_converted() || !ours => {
                    put_right(inventory, object, instead)
                }
                _ => rotate_or_import(inventory, object, bundle),
            };
            found.push(RULE.on(&key_place(object), message).remedy(remedy));
        }
        if let Some(secret) = secret_of(inventory, object)
            && let KeyState::Read { .. } = bundle.key
            && refusals(inventory, secret).any(|what| what == BESIDE_THE_KEY)
        {
            found.push(not_alone(inventory, secret));
        }
        // A file with certificate and key in it is told once, for its certificate, where both are odd.
        let told = object.kind != Kind::Secret && !bundle.odd.is_empty();
        if let Some(quirk) = bundle.key_oddity.filter(|_| !told) {
            let message =
                format!("{} is ignored by {}: {}", what(object), quirk.unseen_by(), quirk.what());
            found.push(
                RULE.on(&key_place(object), message)
                    .severity(how_bad_behind(inventory, object, quirk))
                    .evidence("unseenBy", quirk.unseen_by())
                    .remedy(rotate_or_import(inventory, object, bundle)),
            );
        }
    }
}

/// More than a key stands in `tls.key`, and the controller that serves it takes one key alone.
fn not_alone(inventory: &Inventory, secret: &SecretFacts) -> Finding {
    let listed = stray::listed(&secret.bundle.beside_key);
    let message = format!("tls.key holds {listed} beside its private key: {BESIDE_THE_KEY}");
    let remedy = somebody_elses(inventory, secret).unwrap_or_else(|| {
        "put the private key alone into tls.key, and certificates into tls.crt".into()
    });
    let finding = RULE
        .on(&key_place(&secret.object), message)
        .evidence("found", listed)
        .evidence("expected", "one private key alone")
        .remedy(remedy);
    related(inventory, secret, finding)
}
