//! `cert-missing`: a TLS Secret without a certificate serves nothing; controllers fall back to
//! their default certificate.

use super::{certificate_place, rotate_or_import, where_in};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;

pub(super) const RULE: Rule = Rule {
    code: "cert-missing",
    severity: Severity::Error,
    remedy: "put a certificate into it",
    explain: "The API server wants the key tls.crt in a kubernetes.io/tls Secret but lets it be \
              empty, as some issuers leave it until they are done.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in inventory.bundles().filter(|(_, bundle)| bundle.certificates_missing) {
        let message =
            format!("{} is empty or absent: there is no certificate to serve", where_in(object));
        found.push(
            RULE.on(&certificate_place(object), message).remedy(rotate_or_import(object, bundle)),
        );
    }
}
