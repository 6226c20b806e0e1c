//! `cert-missing`: a TLS Secret without a certificate serves nothing; controllers fall back to
//! their default certificate.

use super::{certificate_place, rotate_or_import, where_in};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::object_ref::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    code: "cert-missing",
    severity: Severity::Error,
    remedy: "put a certificate into it",
    explain: "The API server wants the key tls.crt in a kubernetes.io/tls Secret but lets it be \
              empty, as some issuers leave it until they are done.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in
        inventory.bundles().filter(|(object, bundle)| is_missing(object, bundle))
    {
        let message =
            format!("{} is empty or absent: there is no certificate to serve", where_in(object));
        found.push(
            RULE.on(&certificate_place(object), message)
                .remedy(rotate_or_import(inventory, object, bundle)),
        );
    }
}

/// A file may hold a key alone; a Secret may not.
fn is_missing(object: &ObjectRef, bundle: &Bundle) -> bool {
    let has_key =
        matches!(bundle.key, KeyState::Read { .. } | KeyState::Encrypted | KeyState::Unreadable(_));
    let key_file = object.kind == Kind::File && has_key;
    bundle.certificates_missing && !key_file
}
