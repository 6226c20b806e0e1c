//! `cert-missing`: a TLS Secret without a certificate serves nothing; controllers fall back to
//! their default certificate.

use super::{certificate_place, rotate_or_import, secret_of, where_in};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, Source};
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::inventory::owner::Owner;
use crate::object_ref::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    code: "cert-missing",
    severity: Severity::Error,
    remedy: "put a certificate into it",
    explain: "The API server wants the key tls.crt in a kubernetes.io/tls Secret but lets it be \
              empty, as some issuers leave it until they are done. A placeholder that a replicator or \
              another maker has yet to fill is told in a cluster only, as a warning.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in inventory.bundles() {
        let secret = secret_of(inventory, object).filter(|secret| secret.is_placeholder());
        let owner = secret.and_then(|secret| secret.owner.as_ref());
        match (owner, context.source) {
            (Some(owner), Source::Cluster) => {
                found.push(still_empty(inventory, object, owner));
            }
            (None, _) if is_missing(object, bundle) => {
                found.push(empty(inventory, object, bundle));
            }
            // In a manifest a placeholder is as it should be.
            (Some(_), Source::Files) | (None, _) => {}
        }
    }
}

fn empty(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Finding {
    let message =
        format!("{} is empty or absent: there is no certificate to serve", where_in(object));
    RULE.on(&certificate_place(object), message).remedy(rotate_or_import(inventory, object, bundle))
}

/// In a cluster a placeholder is filled within seconds, or something is wrong.
fn still_empty(inventory: &Inventory, object: &ObjectRef, owner: &Owner) -> Finding {
    let message =
        format!("there is only a placeholder: {} has not written the certificate yet", owner.name);
    let original = owner.copy_of.as_ref();
    let remedy = original.map_or_else(
        || format!("see what {} says of it", owner.name),
        |original| {
            format!(
                "see whether secret/{} in namespace {} is there, and what {} says of it",
                original.name,
                original.namespace(),
                owner.name
            )
        },
    );
    let finding = RULE.on(&certificate_place(object), message).severity(Severity::Warning);
    let finding = finding.evidence("owner", owner.told()).remedy(remedy);
    let users = inventory.users(object).map(|ingress| ingress.object.clone());
    users.fold(finding, Finding::related)
}

/// A file may hold a key alone; a Secret may not.
fn is_missing(object: &ObjectRef, bundle: &Bundle) -> bool {
    let has_key =
        matches!(bundle.key, KeyState::Read { .. } | KeyState::Encrypted | KeyState::Unreadable(_));
    let key_file = object.kind == Kind::File && has_key;
    bundle.certificates_missing && !key_file
}
