//! `key-mismatch`: the private key is not the certificate's. ingress-nginx stopped reloading for
//! everybody over one such Secret; `kubectl create secret tls` is the only place that looks. Where
//! nobody here can tell, that is said, for information.

use super::{key_place, rotate_or_import};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
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

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
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
        // It is the key of a certificate further down: `chain-out-of-order` says that better.
        if bundle.key_position.is_some() {
            continue;
        }
        let (certificate, private) = sides(bundle);
        let message = format!(
            "tls.key is not the private key of the certificate: the certificate's public key is {certificate}, the private key's is {private}"
        );
        found.push(
            RULE.on(&key_place(object), message)
                .evidence("certificateKey", certificate)
                .evidence("privateKey", private)
                .remedy(rotate_or_import(inventory, object, bundle)),
        );
    }
}

const COMPARE: &str = "compare the public keys that openssl x509 -pubkey and openssl pkey -pubout \
                       print";

/// Both sides, as type and short digest of the public key.
fn sides(bundle: &Bundle) -> (String, String) {
    let certificate = bundle.leaf().map(|leaf| format!("{} {}", leaf.key_type, leaf.key_id));
    let private = match &bundle.key {
        KeyState::Read { key_type, public_id } => {
            format!("{key_type} {}", public_id.as_deref().unwrap_or("(not stored with it)"))
        }
        KeyState::NotExpected
        | KeyState::Missing
        | KeyState::Unreadable(_)
        | KeyState::Encrypted => String::new(),
    };
    (certificate.unwrap_or_default(), private)
}
