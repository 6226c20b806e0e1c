//! `managed-missing`: a GKE Ingress names a ManagedCertificate that is not there; then none of
//! those it names is attached (an event `MissingCertificate` says so). Offline for information.

use super::gke::{self, Presence};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, remedy};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::inventory::Inventory;
use crate::object_ref::Kind;

pub(super) const RULE: Rule = Rule {
    code: "managed-missing",
    severity: Severity::Error,
    remedy: "create the ManagedCertificate, or take its name out of the annotation",
    explain: "Google's controller handles the names in networking.gke.io/managed-certificates all or \
              none: one that is not in the Ingress's own namespace keeps every other from being \
              attached, and a deleted one from being detached.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for ingress in gke::external(inventory, context) {
        let names = gke::items(ingress, MANAGED_CERTIFICATES);
        for name in &names {
            let managed = gke::beside(ingress, Kind::ManagedCertificate, name);
            let Presence::Missing(severity, how) = gke::presence(inventory, context, &managed)
            else {
                continue;
            };
            let so = match severity {
                Severity::Error => ": none of those it names is attached",
                Severity::Warning | Severity::Info => "",
            };
            let hosts = gke::rule_hosts(ingress);
            let domains = match hosts.as_slice() {
                [] => "DOMAIN".to_owned(),
                hosts => gke::words(hosts),
            };
            let way_out = format!(
                "certwright managed create {} {domains}{}, or take the name out of the annotation",
                remedy::word(name),
                gke::in_namespace(&ingress.object),
            );
            found.push(
                RULE.on(
                    &ingress.object,
                    format!("it names managedcertificate/{name}, which {how}{so}"),
                )
                .severity(severity)
                .evidence("managedCertificates", names.join(", "))
                .evidence("missing", name)
                .related(managed)
                .remedy(way_out),
            );
        }
    }
}
