//! `managed-orphaned`: an Ingress that still names a certificate of a ManagedCertificate that is
//! gone. Nobody cleans such a name up, and every later change of the load balancer fails with a
//! 404 (seen with gke-managed-certs of 2023-07; also after restoring an Ingress from a backup).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, Source, View, remedy};
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::gke::events::{self, Known};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::Kind;
use std::collections::BTreeSet;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "managed-orphaned",
    severity: Severity::Warning,
    remedy: "remove the name from the annotation ingress.gcp.kubernetes.io/pre-shared-cert",
    explain: "The controller writes the mcrt- names of certificates into \
              ingress.gcp.kubernetes.io/pre-shared-cert and takes one out only when it sees the \
              ManagedCertificate go. One that it missed stays for good, and the load balancer cannot \
              be changed any more: sslCertificates/mcrt-… was not found.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in view.gke_external() {
        let Some(known) = certificate_names(inventory, context, ingress) else { continue };
        let names = ingress.items(PRE_SHARED_CERT);
        let orphaned: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| name.starts_with("mcrt-") && !known.contains(*name))
            .collect();
        if !orphaned.is_empty() {
            let finding = finding(ingress, &names, &orphaned, &known);
            found.push(finding.severity(severity(inventory, context, ingress)));
        }
    }
}

/// A name whose ManagedCertificate went a moment ago is on its way out; that Google has not got it any
/// more makes it a warning at once.
fn severity(inventory: &Inventory, context: &Context<'_>, ingress: &IngressFacts) -> Severity {
    let trouble = inventory.trouble(&ingress.frontend.object);
    let known = trouble.and_then(|trouble| events::known(&trouble.cause));
    let is_refused = matches!(known, Some(Known::CertificateGone(_)));
    let is_young = ingress.written.is_some_and(|written| context.now - written < ON_ITS_WAY);
    if is_young && !is_refused { Severity::Info } else { RULE.severity }
}

/// So long a name may stay after its ManagedCertificate: Google's controllers look every ten minutes.
const ON_ITS_WAY: Duration = Duration::minutes(15);

/// The load balancer's names of all ManagedCertificates of the namespace; none when one of them
/// is not known.
fn certificate_names(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
) -> Option<BTreeSet<String>> {
    let namespace = ingress.frontend.object.namespace();
    let beside = |name: &str| gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name);
    let mut listed = ingress.items(MANAGED_CERTIFICATES).into_iter();
    if inventory.is_list_unseen(Kind::ManagedCertificate, namespace)
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
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    RULE.on(&ingress.frontend.object, message)
        .evidence("preSharedCert", names.join(","))
        .evidence("known", known.join(","))
        .remedy(remedy::without_pre_shared(ingress, orphaned))
}
