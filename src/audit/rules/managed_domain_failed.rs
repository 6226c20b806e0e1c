//! `managed-domain-failed`: a domain of a ManagedCertificate could not be validated, and so the
//! whole certificate is not issued, or not renewed (GoogleCloudPlatform/gke-managed-certs#38).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View, remedy};
use crate::gke::managed::domain_meaning;

pub(super) const RULE: Rule = Rule {
    code: "managed-domain-failed",
    severity: Severity::Error,
    remedy: "point the DNS of every domain to the load balancer and nowhere else",
    explain: "One domain that fails keeps the whole certificate from being issued, and later from \
              being renewed. Most often an A or AAAA record points elsewhere (an AAAA record of \
              another server is enough), or CAA records exclude pki.goog and letsencrypt.org. While \
              a domain fails the certificate itself just says Provisioning.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for named in view.managed() {
        for (domain, status) in &named.managed.domain_status {
            // After an edit the status speaks of the old domains for minutes.
            if status.starts_with("Failed") && named.managed.domains.contains(domain) {
                found.push(finding(named, domain, status, inventory.dns_was_asked()));
            }
        }
    }
}

fn finding(named: &gke::Named<'_>, domain: &str, status: &str, dns_was_asked: bool) -> Finding {
    let meaning = domain_meaning(status);
    let addresses: Vec<&str> = named
        .ingresses
        .iter()
        .flat_map(|ingress| ingress.addresses.iter().map(String::as_str))
        .collect();
    let remedy = match addresses.as_slice() {
        [] => meaning.remedy.to_owned(),
        addresses => {
            format!("{}; the Ingress address is {}", meaning.remedy, addresses.join(", "))
        }
    };
    let remedy = match named.ingresses.first().filter(|_| !dns_was_asked) {
        Some(ingress) => {
            format!("{remedy}; {} shows what DNS says", remedy::check_dns(&ingress.object))
        }
        None => remedy,
    };
    let finding = RULE
        .on(&named.facts.object, format!("domain {domain} is {status}: {}", meaning.meaning))
        .evidence("domain", domain)
        .evidence("domainStatus", status)
        .evidence("certificateStatus", named.managed.status.as_deref().unwrap_or_default())
        .evidence("ingressAddresses", addresses.join(", "))
        .remedy(remedy);
    finding.used_by(named.ingresses.iter().copied())
}
