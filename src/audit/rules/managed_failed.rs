//! `managed-failed`: Google says that issuing or renewing a ManagedCertificate failed. Source: the
//! states of gke-managed-certs, see [`crate::gke::managed`].

use crate::audit::finding::{Findings, Severity};
use crate::audit::remedy as remedies;
use crate::audit::{Rule, View};
use crate::gke::managed::{Managed, Meaning, certificate_meaning};
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "managed-failed",
    severity: Severity::Error,
    remedy: "fix the DNS of its domains and make a new ManagedCertificate beside it",
    explain: "ProvisioningFailed is tried again, and can flash although all is well: a warning. After \
              ProvisioningFailedPermanently nothing is tried any more; deleting and making it again \
              under the same name while an Ingress names it brings the failed certificate back. \
              After RenewalFailed the old certificate is served until it expires.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    for named in view.managed() {
        let Some(status) = &named.managed.status else { continue };
        let severity = match status.as_str() {
            "ProvisioningFailedPermanently" | "RenewalFailed" => Severity::Error,
            "ProvisioningFailed" => Severity::Warning,
            // The others are no failures, and what is not known is no reason to alarm anybody.
            _ => continue,
        };
        let meaning = certificate_meaning(status);
        let finding = RULE
            .on(&named.facts.object, format!("it is {status}: {}", meaning.meaning))
            .severity(severity)
            .evidence("certificateStatus", status)
            .evidence("domains", named.managed.domains.join(", "))
            .remedy(remedy(&named.facts.object, named.managed, meaning));
        found.push(finding.used_by(named.ingresses.iter().copied()));
    }
}

/// What Google has given up is replaced by another certificate for the same domains.
fn remedy(object: &ObjectRef, managed: &Managed, meaning: Meaning) -> Remedy {
    if !managed.has_failed() {
        return meaning.remedy.into();
    }
    if object.place.is_some() {
        let name = &object.name;
        let set = format!("replace it in the cluster with managed set-domains {name}");
        return Remedy::from(set).note(meaning.remedy);
    }
    Remedy::from(remedies::set_domains(object, &managed.domains)).note(meaning.remedy)
}
