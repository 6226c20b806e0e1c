//! `managed-edited-in-place`: the domains of an issued ManagedCertificate were changed where it
//! stands. The change is not in what is served, and when Google's controller takes it up it takes
//! the certificate off the load balancer first (GoogleCloudPlatform/gke-managed-certs#53, #77:
//! fifty minutes without HTTPS).

use super::gke::Named;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View, remedy};
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "managed-edited-in-place",
    severity: Severity::Error,
    remedy: "put the old domains back and make another ManagedCertificate beside it",
    explain: "What is served holds the domains of status.domainStatus, not those of spec.domains. At \
              its next look Google's controller removes the certificate from the load balancer, deletes \
              it and asks for another one: until that is issued no host of it has HTTPS, and while \
              something else uses the old one nothing happens at all. Putting the old domains back \
              before that stops it. certwright managed set-domains does so first, and then makes a \
              second certificate beside the first.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    for named in view.managed() {
        let Some(edit) = named.managed.edited() else { continue };
        let told = named.managed.told_domains();
        let finding = RULE
            .on(&named.facts.object, edit.in_words())
            .evidence("spec.domains", named.managed.domains.join(", "))
            .evidence("status.domainStatus", told.join(", "))
            .remedy(remedy(named));
        found.push(finding.used_by(named.ingresses.iter().copied()));
    }
}

/// In a file the old domains are put back by hand: what is to be changed then is in the cluster.
fn remedy(named: &Named<'_>) -> Remedy {
    let object = &named.facts.object;
    match &object.place {
        Some(place) => format!(
            "put {} back into spec.domains in {}, and change them in the cluster with managed set-domains {}",
            named.managed.told_domains().join(", "),
            place.path,
            object.name
        )
        .into(),
        None => remedy::set_domains(object, &named.managed.domains).into(),
    }
}
