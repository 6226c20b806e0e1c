//! `managed-orphaned`: an Ingress that still names a certificate of a ManagedCertificate that is
//! gone. Nobody cleans such a name up, and every later change of the load balancer fails with a
//! 404 (seen with gke-managed-certs of 2023-07; also after restoring an Ingress from a backup).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, Source};
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::Kind;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    code: "managed-orphaned",
    severity: Severity::Warning,
    remedy: "take the name out of the annotation ingress.gcp.kubernetes.io/pre-shared-cert",
    explain: "The controller writes the mcrt- names of certificates into \
              ingress.gcp.kubernetes.io/pre-shared-cert and takes one out only when it sees the \
              ManagedCertificate go. One that it missed stays for good, and the load balancer cannot \
              be changed any more: sslCertificates/mcrt-… was not found.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for ingress in gke::external(inventory, context) {
        let Some(known) = certificate_names(inventory, context, ingress) else { continue };
        let names = ingress.items(PRE_SHARED_CERT);
        let orphaned: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| name.starts_with("mcrt-") && !known.contains(*name))
            .collect();
        if !orphaned.is_empty() {
            found.push(finding(ingress, &names, &orphaned, &known));
        }
    }
}

/// The load balancer's names of all ManagedCertificates of the namespace; none when one of them
/// is not known.
fn certificate_names(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
) -> Option<BTreeSet<String>> {
    let namespace = ingress.object.namespace();
    let beside = |name: &str| gke::beside(&ingress.object, Kind::ManagedCertificate, name);
    let mut listed = ingress.items(MANAGED_CERTIFICATES).into_iter();
    if gke::list_is_unseen(inventory, Kind::ManagedCertificate, namespace)
        || listed.any(|name| inventory.object(&beside(name)).is_none())
    {
        return None;
    }
    let certificates: Vec<&ObjectFacts> = inventory
        .objects_of(Kind::ManagedCertificate)
        .filter(|facts| facts.object.namespace() == namespace)
        .collect();
    if certificates.is_empty() && context.source == Source::Files {
        return None;
    }
    let name = |facts: &&ObjectFacts| facts.managed().certificate_name.clone();
    certificates.iter().map(name).collect()
}

fn finding(
    ingress: &IngressFacts,
    names: &[&str],
    orphaned: &[&str],
    known: &BTreeSet<String>,
) -> Finding {
    let message = format!(
        "{PRE_SHARED_CERT} names {}, which no ManagedCertificate has: if it is gone from Google too, the load balancer cannot be changed any more",
        orphaned.join(", ")
    );
    let rest: Vec<&str> = names.iter().copied().filter(|name| !orphaned.contains(name)).collect();
    let rest = (!rest.is_empty()).then(|| rest.join(","));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    RULE.on(&ingress.object, message)
        .evidence("preSharedCert", names.join(","))
        .evidence("known", known.join(","))
        .remedy(gke::annotate(&ingress.object, PRE_SHARED_CERT, rest.as_deref()))
}
