//! `key-mismatch`: the private key is not the certificate's. ingress-nginx stopped reloading for
//! everybody over one such Secret; `kubectl create secret tls` is the only place that looks. Where
//! nobody here can tell, that is said, for information.

use super::{elses, key_field, key_place, rotate_or_import};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View, halves};
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::key::Pairing;

pub(super) const RULE: Rule = Rule {
    code: "key-mismatch",
    severity: Severity::Error,
    remedy: "put the certificate's own private key into it",
    explain: "The public key in the first certificate of tls.crt must be the public half of tls.key. \
              A server with another key cannot complete a handshake. Where the two cannot be compared here \
              (Ed448, DSA, P-521 without its public point), that is said for information.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (object, bundle) in inventory.bundles() {
        if let (Pairing::Unknown(why), KeyState::Read { .. }, Some(_)) =
            (&bundle.pairing, &bundle.key, bundle.leaf())
        {
            let message =
                format!("whether the private key is the certificate's is not checked: {why}");
            found.push(
                RULE.on(&key_place(object), message).severity(Severity::Info).remedy(COMPARE),
            );
        }
    }
    for (object, bundle) in
        inventory.bundles().filter(|(_, bundle)| bundle.pairing == Pairing::Differs)
    {
        // It is the key of a certificate further down: `chain-out-of-order` says that better. Of one that
        // cannot be read nobody can tell.
        if bundle.key_position().is_some() || bundle.leaf().is_none() {
            continue;
        }
        found.push(finding(inventory, object, bundle));
    }
}

fn finding(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Finding {
    let (certificate, private) = sides(bundle);
    let key = key_field(object);
    let first = if bundle.own_key_behind {
        format!(
            "the first private key in {key}, which alone is read, is not the certificate's, and a later one is"
        )
    } else {
        format!("{key} is not the private key of the certificate")
    };
    let message = format!(
        "{first}: the certificate's public key is {certificate}, the private key's is {private}"
    );
    let finding = RULE
        .on(&key_place(object), message)
        .evidence("certificateKey", certificate)
        .evidence("privateKey", private)
        .remedy(remedy(inventory, object, bundle));
    let loss = halves::loss(inventory, object, bundle);
    let own_key = halves::own_key_elsewhere(inventory, object, bundle);
    let others = loss.as_ref().and_then(|loss| loss.related()).into_iter().chain(own_key);
    finding.related_to(others.cloned())
}

/// A self-signed leaf is made again. What a CA issued is worth its key, and a key in its place may be
/// the one that a certificate was just issued for.
fn remedy(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Remedy {
    let theirs = elses(inventory, object);
    let elsewhere = halves::loss(inventory, object, bundle).is_some()
        || halves::own_key_elsewhere(inventory, object, bundle).is_some();
    match (theirs, bundle.leaf()) {
        (Some(remedy), _) => remedy,
        (None, _) if bundle.own_key_behind => {
            "leave the certificate's own private key alone in tls.key, and put the one before it where it belongs".into()
        }
        (None, Some(leaf)) if object.kind == Kind::Secret && !leaf.self_signed && !elsewhere => {
            format!(
                "keep both: the certificate was issued by {}; look for its own private key, or for the certificate that was issued for this one, and import the two that belong together",
                leaf.issuer
            )
            .into()
        }
        (None, _) => rotate_or_import(inventory, object, bundle),
    }
}

const COMPARE: &str = "compare the public keys that openssl x509 -pubkey and openssl pkey -pubout \
                       print";

/// Both sides, as type and short digest of the public key.
fn sides(bundle: &Bundle) -> (String, String) {
    let certificate = bundle.leaf().map(|leaf| format!("{} {}", leaf.key_type, leaf.key_id));
    (certificate.unwrap_or_default(), bundle.key.shown().unwrap_or_default())
}
