//! `gke-certificate-limit`: more certificates than one load balancer takes. Source: the limit of 15
//! on a `TargetHttpsProxy`, all kinds counted together (README of gke-managed-certs).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::gke::limits::MAX_CERTIFICATES;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::Kind;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    code: "gke-certificate-limit",
    severity: Severity::Error,
    remedy: "put more names into fewer certificates, or split the hosts over several Ingresses",
    explain: "A load balancer takes 15 certificates, whether they are from Secrets, managed by Google \
              or pre-shared. With one more the list is refused as a whole, and what was served before \
              goes on being served.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let ingresses = view.gke_ingresses();
    found.extend(ingresses.iter().filter_map(|ingress| of(inventory, ingress)));
}

/// What is found of one Ingress of GKE's.
pub(super) fn of(inventory: &Inventory, ingress: &IngressFacts) -> Option<Finding> {
    let secrets = secrets(inventory, ingress);
    let pre_shared = ingress.items(PRE_SHARED_CERT).len();
    let coming = if gke::is_external(ingress) { coming(inventory, ingress) } else { 0 };
    let by_annotation = pre_shared + coming;
    let count = secrets + by_annotation;
    let message = format!(
        "it has {count} certificates, and a load balancer takes {MAX_CERTIFICATES}: {secrets} from Secrets, {by_annotation} by annotation"
    );
    (count > MAX_CERTIFICATES).then(|| {
        RULE.on(&ingress.frontend.object, message)
            .evidence("certificates", count)
            .evidence("limit", MAX_CERTIFICATES)
            .evidence("fromSecrets", secrets)
            .evidence("byAnnotation", by_annotation)
    })
}

/// Certificates from Secrets. Two Secrets with the same bytes are uploaded once.
fn secrets(inventory: &Inventory, ingress: &IngressFacts) -> usize {
    let namespace = ingress.frontend.object.namespace();
    let certificate = |name: &str| {
        inventory
            .secret(namespace, name)
            .map_or_else(|| format!("secret/{name}"), SecretFacts::load_balancer_token)
    };
    gke::secret_names(ingress).into_iter().map(certificate).collect::<BTreeSet<_>>().len()
}

/// ManagedCertificates that are named and not yet among the pre-shared names.
fn coming(inventory: &Inventory, ingress: &IngressFacts) -> usize {
    let pre_shared = ingress.items(PRE_SHARED_CERT);
    let (mut coming, mut unknown, mut mapped) = (0, 0_usize, 0);
    for name in ingress.items(MANAGED_CERTIFICATES) {
        let facts = inventory.object(&gke::beside(
            &ingress.frontend.object,
            Kind::ManagedCertificate,
            name,
        ));
        let certificate = facts.and_then(|facts| facts.managed().certificate_name.as_ref());
        match certificate {
            Some(certificate) if pre_shared.contains(&certificate.as_str()) => mapped += 1,
            Some(_) => coming += 1,
            None => unknown += 1,
        }
    }
    // A pre-shared mcrt- name that belongs to none of the known may belong to an unknown one.
    let managed = pre_shared.iter().filter(|name| name.starts_with("mcrt-")).count();
    coming + unknown.saturating_sub(managed.saturating_sub(mapped))
}
