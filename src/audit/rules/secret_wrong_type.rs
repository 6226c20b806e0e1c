//! `secret-wrong-type`: an Ingress names a Secret that is not of type `kubernetes.io/tls`. Most
//! controllers take it; GKE's and some others do not promise to. The type of a Secret cannot be
//! changed.

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, remedy};
use crate::inventory::{Inventory, SecretFacts, TLS_SECRET};
use crate::object_ref::ObjectRef;

pub(super) const RULE: Rule = Rule {
    code: "secret-wrong-type",
    severity: Severity::Warning,
    remedy: "make a Secret of type kubernetes.io/tls under a new name and name that in the Ingress",
    explain: "type is immutable, and deleting and re-creating a Secret that is served has taken \
              clusters down; a second Secret under another name is the safe way.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for secret in inventory.tls_secrets().filter(|secret| secret.secret_type != TLS_SECRET) {
        let users: Vec<_> =
            inventory.users(&secret.object).map(|ingress| ingress.object.clone()).collect();
        let Some(first) = users.first() else { continue };
        let message = format!(
            "it is of type {:?}, and {} serves it: expected {TLS_SECRET}",
            secret.secret_type,
            first.short()
        );
        let finding = RULE
            .on(&secret.object, message)
            .evidence("type", &secret.secret_type)
            .evidence("expected", TLS_SECRET)
            .remedy(way_out(inventory, secret, first));
        found.push(users.into_iter().fold(finding, super::super::finding::Finding::related));
    }
}

/// The second Secret: made, where the pair was, else given the pair that is there.
fn way_out(inventory: &Inventory, secret: &SecretFacts, ingress: &ObjectRef) -> String {
    let namespace = secret.object.namespace();
    let name = remedy::word(&format!("{}-2", secret.object.name));
    let demands = inventory.users(&secret.object).flat_map(|ingress| &ingress.demands);
    let mut hosts: Vec<String> = demands
        .filter(|demand| demand.secrets.contains(&secret.object.name))
        .map(|demand| remedy::word(&demand.host))
        .collect();
    hosts.dedup();
    let self_signed = secret.bundle.leaf().is_some_and(|leaf| leaf.self_signed);
    let make = if self_signed && !hosts.is_empty() {
        format!("certwright issue {} --secret {name} -n {namespace}", hosts.join(" "))
    } else {
        format!("certwright import {name} -n {namespace} --cert FILE --key FILE")
    };
    format!("{make}, and name secret/{name} in spec.tls of {}", ingress.short())
}
