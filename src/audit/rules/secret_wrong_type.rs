//! `secret-wrong-type`: an Ingress or a Gateway names a Secret that is not of type `kubernetes.io/tls`. Most
//! controllers take it; GKE's and some others do not promise to, and a few refuse it: then it is an
//! error. The type of a Secret cannot be changed.

use super::{free_name, is_importable, place_of_names};
use crate::audit::finding::{Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Context, Rule, View};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretFacts, TLS_SECRET, loads};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::{CommandLine, Remedy};
use crate::x509::chain;
use serde_json::json;

pub(super) const RULE: Rule = Rule {
    code: "secret-wrong-type",
    severity: Severity::Warning,
    remedy: "make a Secret of type kubernetes.io/tls under a new name and name that one in its place",
    explain: "type is immutable, and deleting and re-creating a Secret that is served has taken \
              clusters down; a second Secret under another name is the safe way.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for secret in inventory.tls_secrets().filter(|secret| secret.secret_type() != TLS_SECRET) {
        let users: Vec<_> =
            inventory.users(&secret.object).map(|user| user.object.clone()).collect();
        // Under other keys than a TLS Secret's it is another Secret: cert-missing says both.
        let Some(first) = users.first().filter(|_| secret.rare.named_otherwise.is_empty()) else {
            continue;
        };
        let message = format!(
            "it is of type {:?}, and {} serves it: expected {TLS_SECRET}",
            secret.secret_type(),
            first.short()
        );
        let refused = inventory
            .users(&secret.object)
            .find_map(|user| loads::refuses_type(user.likely_controller(), secret.secret_type()));
        let (severity, message) = match refused {
            Some(what) => (Severity::Error, format!("{message}; {what}")),
            None => (Severity::Warning, message),
        };
        let finding = RULE
            .on(&secret.object, message)
            .severity(severity)
            .evidence("type", secret.secret_type())
            .evidence("expected", TLS_SECRET)
            .remedy(remedy(inventory, context, secret, first));
        found.push(finding.related_to(users));
    }
}

/// A second Secret with the same certificate and key, and the Ingresses that are to name it.
fn remedy(
    inventory: &Inventory,
    context: &Context<'_>,
    secret: &SecretFacts,
    user: &ObjectRef,
) -> Remedy {
    if let Some(owner) = &secret.owner {
        return format!("have {}, which owns it, make one of that type", owner.name).into();
    }
    let name = free_name(inventory, secret.object.namespace(), (&secret.object.name, "-2"));
    let made = second(inventory, context, secret, &name);
    let users = || inventory.users(&secret.object);
    // Only of an Ingress it is known which of its fields to patch.
    let are_known = users().all(|user| user.object.kind == Kind::Ingress);
    let ingresses = users().filter_map(|user| inventory.ingress_at(&user.object));
    let renamed =
        ingresses.map(|ingress| renamed(ingress, (secret.object.name.as_str(), name.as_str())));
    match made.filter(|_| secret.object.place.is_none() && are_known) {
        Some(made) => renamed.fold(made, CommandLine::and).into(),
        None => format!(
            "put its certificate and key into a new secret/{name}, and name that in {}",
            place_of_names(user)
        )
        .into(),
    }
}

/// The command that makes the second Secret: with what is there, or, when that is of no use any more
/// and our own, made anew.
fn second(
    inventory: &Inventory,
    context: &Context<'_>,
    secret: &SecretFacts,
    name: &str,
) -> Option<CommandLine> {
    let (object, bundle) = (&secret.object, &secret.bundle);
    if chain::check_order(&bundle.certificates).is_ok() && is_importable(secret, context) {
        return Some(remedy::import_copy(object, name));
    }
    let own = bundle.leaf().is_some_and(|leaf| leaf.self_signed) && object.place.is_none();
    let demands = inventory.users(object).flat_map(|user| &user.demands);
    let mut hosts: Vec<String> =
        demands.filter(|demand| demand.names(object)).map(|demand| demand.host.clone()).collect();
    hosts.dedup();
    let second = ObjectRef { name: name.to_owned(), ..object.clone() };
    remedy::issue_secret(&second, &hosts).filter(|_| own)
}

/// The patch that puts another Secret's name into every entry of `spec.tls` that has this one.
fn renamed(ingress: &IngressFacts, (old, new): (&str, &str)) -> CommandLine {
    let entries = ingress.tls.iter().enumerate();
    let named = entries.filter(|(_, entry)| entry.secret_name.as_deref() == Some(old));
    let changes = named.map(|(index, _)| {
        json!({"op": "replace", "path": format!("/spec/tls/{index}/secretName"), "value": new})
    });
    remedy::kubectl_patch(
        &ingress.frontend.object,
        "json",
        &json!(changes.collect::<Vec<_>>()),
        format!("name {new} in place of {old} in spec.tls"),
    )
}
