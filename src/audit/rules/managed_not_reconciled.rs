//! `managed-not-reconciled`: an Ingress that has its address names a ManagedCertificate that
//! Google's controller has never looked at (GoogleCloudPlatform/gke-managed-certs#23): it does not
//! run, or it may not write.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use serde_json::Value;

pub(super) const RULE: Rule = Rule {
    code: "managed-not-reconciled",
    severity: Severity::Warning,
    remedy: "see whether the cluster has GKE's HTTP load balancing switched on",
    explain: "The controller writes a status within a second of seeing a ManagedCertificate, long \
              before a load balancer has its address. With an address and no status at all it does \
              not run here: HTTP load balancing is switched off, or this is not a GKE cluster.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for named in view.managed() {
        // Who warns of it has looked at it.
        if named.managed.has_status || inventory.trouble(&named.facts.object).is_some() {
            continue;
        }
        let ingresses = named.ingresses.iter();
        let mut ingresses = ingresses.filter_map(|user| inventory.ingress_at(&user.object));
        let served = ingresses.find(|ingress| {
            gke::is_external(ingress)
                && context.is_gke(inventory, ingress)
                && !ingress.frontend.addresses.is_empty()
        });
        let Some(ingress) = served.map(|ingress| &ingress.frontend) else { continue };
        let address = ingress.addresses.join(", ");
        let message = format!(
            "it has no status, though {} names it and has its address {address}: no controller has looked at it",
            ingress.object.short()
        );
        found.push(
            RULE.on(&named.facts.object, message)
                .evidence("status", Value::Null)
                .evidence("ingressAddress", address)
                .related(ingress.object.clone())
                .remedy("turn on the cluster's add-on HttpLoadBalancing, with which its controllers run"),
        );
    }
}
