//! `cert-missing`: a TLS Secret without a certificate serves nothing; controllers fall back to
//! their default certificate.

use super::key_in_crt::related;
use super::{certificate_place, rotate_or_import, secret_of, somebody_elses, where_in};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, Source, View, remedy};
use crate::inventory::bundle::{Bundle, KeyState};
use crate::inventory::owner::Owner;
use crate::inventory::{ByName, Inventory, NamedOtherwise, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    code: "cert-missing",
    severity: Severity::Error,
    remedy: "put a certificate into it",
    explain: "The API server wants the key tls.crt in a kubernetes.io/tls Secret but lets it be \
              empty, as some issuers leave it until they are done. A placeholder that a replicator or \
              another maker has yet to fill is only reported in a cluster, as a warning.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for (object, bundle) in inventory.bundles() {
        let secret = secret_of(inventory, object).filter(|secret| secret.is_placeholder());
        let owner = secret.and_then(|secret| secret.owner.as_ref());
        match (owner, context.source) {
            (Some(owner), Source::Cluster) => {
                found.push(still_empty(inventory, object, owner));
            }
            (None, _) if is_missing(object, bundle) => {
                found.extend(missing(inventory, object, bundle));
            }
            (Some(owner), Source::Files) if secret.is_some_and(SecretFacts::is_template) => {
                found.push(filled_later(object, owner));
            }
            // In a manifest a placeholder is as it should be.
            (Some(_), Source::Files) | (None, _) => {}
        }
    }
}

/// Nothing where a Secret hands out a CA and no more.
fn missing(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Option<Finding> {
    let secret = secret_of(inventory, object);
    if secret.is_some_and(|secret| holds_a_ca_alone(inventory, secret)) {
        return None;
    }
    let named = secret.filter(|secret| !secret.rare.named_otherwise.is_empty());
    Some(named.map_or_else(
        || empty(inventory, object, bundle),
        |secret| named_otherwise(inventory, secret),
    ))
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
    finding.used_by(inventory.users(object))
}

/// What can be judged only once the manifest is rendered.
fn filled_later(object: &ObjectRef, owner: &Owner) -> Finding {
    let message = format!(
        "there is only a place for certificate and key, which {} fills in: they are not checked here",
        owner.name
    );
    RULE.on(&certificate_place(object), message)
        .severity(Severity::Info)
        .evidence("owner", owner.told())
        .remedy("check what is applied in the end: the rendered manifests, or the cluster")
}

/// Certificate and key are there, under keys that no controller reads.
fn named_otherwise(inventory: &Inventory, secret: &SecretFacts) -> Finding {
    let held: Vec<String> = secret.rare.named_otherwise.iter().map(told).collect();
    let keys: Vec<&str> =
        secret.rare.named_otherwise.iter().map(|named| named.key.as_str()).collect();
    let keys = keys.join(" and ");
    let lacks = if secret.bundle.is_empty() { "no tls.crt and no tls.key" } else { "no tls.crt" };
    let alone = if secret.bundle.is_empty() { "alone are" } else { "alone is" };
    let user = inventory.users(&secret.object).next();
    let strangers = match secret.by_name(&[]) {
        ByName::NoneBelong(keys) => {
            format!("; {} belongs to none of these certificates", keys.join(" or "))
        }
        _ => String::new(),
    };
    let held = held.join(" and ");
    let message = format!("it has {lacks}, which {alone} read; it holds {held}{strangers}");
    let remedy = somebody_elses(inventory, secret)
        .unwrap_or_else(|| remedy::under_the_keys_that_are_read(secret, user));
    let finding = RULE
        .on(&certificate_place(&secret.object), message)
        .evidence("found", &keys)
        .evidence(
            "expected",
            if secret.bundle.is_empty() { "tls.crt and tls.key" } else { "tls.crt" },
        )
        .remedy(remedy);
    related(inventory, secret, finding)
}

fn told(named: &NamedOtherwise) -> String {
    let what = match (named.certificates, named.private_key) {
        (true, true) => "a certificate and a private key",
        (true, false) => "a certificate",
        (false, _) => "a private key",
    };
    format!("{} ({what})", named.key)
}

/// A Secret that only hands out a CA, and that no Ingress wants a certificate of.
pub(super) fn holds_a_ca_alone(inventory: &Inventory, secret: &SecretFacts) -> bool {
    secret.holds_a_ca_alone() && !inventory.is_used(&secret.object)
}

/// A file may hold a key alone; a Secret may not.
fn is_missing(object: &ObjectRef, bundle: &Bundle) -> bool {
    let has_key =
        matches!(bundle.key, KeyState::Read { .. } | KeyState::Encrypted | KeyState::Unreadable(_));
    let key_file = object.kind == Kind::File && has_key;
    bundle.certificates_missing && !key_file
}
