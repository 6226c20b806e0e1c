//! `managed-host-not-listed`: a host of a GKE Ingress that is served by ManagedCertificates alone,
//! and that none of them lists. Source: RFC 9525 §6; the load balancer then shows a certificate of
//! another host.

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Rule, View};
use crate::gke::annotations::{CERT_MAP, MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::gke::managed::Managed;
use crate::inventory::bundle::Bundle;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts, SecretState};
use crate::object_ref::Kind;
use crate::remedy::{CommandLine, Remedy};
use crate::x509::cert::HostMatch;

pub(super) const RULE: Rule = Rule {
    code: "managed-host-not-listed",
    severity: Severity::Error,
    remedy: "make a ManagedCertificate that lists the host",
    explain: "A ManagedCertificate is issued for spec.domains and nothing else; there are no \
              wildcards. Changing the domains of one that is served takes HTTPS down until the new \
              certificate is issued; certwright managed set-domains goes the way around.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for ingress in view.gke_external() {
        let Some(served) = Served::by(inventory, ingress) else { continue };
        for host in ingress.rule_hosts().into_iter().filter(|host| !served.covers(host)) {
            found.push(finding(ingress, &served, host));
        }
    }
}

/// Every certificate of an Ingress that is served by ManagedCertificates.
struct Served<'i> {
    managed: Vec<(&'i ObjectFacts, &'i Managed)>,
    secrets: Vec<&'i Bundle>,
}

impl<'i> Served<'i> {
    /// None where no ManagedCertificate is named, or a certificate cannot be seen.
    fn by(inventory: &'i Inventory, ingress: &'i IngressFacts) -> Option<Self> {
        let names = ingress.items(MANAGED_CERTIFICATES);
        if names.is_empty() || !ingress.items(CERT_MAP).is_empty() {
            return None;
        }
        let one = |name: &&str| {
            let facts = inventory.object(&gke::beside(
                &ingress.frontend.object,
                Kind::ManagedCertificate,
                name,
            ))?;
            Some((facts, facts.managed()))
        };
        let mut managed = names.iter().map(one).collect::<Option<Vec<_>>>()?;
        for pre_shared in ingress.items(PRE_SHARED_CERT) {
            let is_it = |managed: &Managed| managed.certificate_name.as_deref() == Some(pre_shared);
            if managed.iter().any(|(_, managed)| is_it(managed)) {
                continue;
            }
            let mut others = inventory.objects_of(Kind::ManagedCertificate);
            let other = others.find_map(|facts| {
                let managed = facts.managed();
                is_it(managed).then_some((facts, managed))
            });
            managed.push(other?);
        }
        let bundle =
            |name: &str| match inventory.secret_state(ingress.frontend.object.namespace(), name) {
                SecretState::Seen(facts) => Some(&facts.bundle),
                SecretState::Absent | SecretState::Unknown => None,
            };
        let secrets = gke::secret_names(ingress).into_iter().map(bundle).collect::<Option<_>>()?;
        Some(Self { managed, secrets })
    }

    fn covers(&self, host: &str) -> bool {
        let listed = |managed: &Managed| {
            managed.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host))
        };
        let named = |bundle: &Bundle| {
            bundle.leaf().is_some_and(|leaf| matches!(leaf.match_host(host), HostMatch::San(_)))
        };
        self.managed.iter().any(|(_, managed)| listed(managed))
            || self.secrets.iter().any(|bundle| named(bundle))
    }
}

fn finding(ingress: &IngressFacts, served: &Served<'_>, host: &str) -> Finding {
    let listed: Vec<String> = served
        .managed
        .iter()
        .map(|(facts, managed)| format!("{} ({})", facts.object.name, managed.domains.join(", ")))
        .collect();
    let beside =
        if served.secrets.is_empty() { "" } else { ", nor named by a Secret's certificate" };
    let message =
        format!("host {host} is in none of its ManagedCertificates{beside}: {}", listed.join("; "));
    let finding = RULE
        .on(&ingress.frontend.object, message)
        .evidence("host", host)
        .evidence("listed", listed.join("; "))
        .remedy(remedy(served, host));
    finding.related_to(served.managed.iter().map(|(facts, _)| facts.object.clone()))
}

fn remedy(served: &Served<'_>, host: &str) -> Remedy {
    let Some((facts, managed)) = served.managed.first() else { return RULE.remedy.into() };
    if crate::gke::limits::check_domain(host).is_err() {
        return format!("{host} cannot be Google-managed: bring a certificate of your own for it")
            .into();
    }
    if let Some(place) = &facts.object.place {
        return format!(
            "list {host} in managedcertificate/{} too, in {}",
            facts.object.name, place.path
        )
        .into();
    }
    let domains: Vec<&str> = managed.domains.iter().map(String::as_str).chain([host]).collect();
    CommandLine::on_cluster(format!(
        "certwright managed set-domains {} {}{}",
        remedy::word(&facts.object.name),
        gke::words(&domains),
        remedy::in_namespace(&facts.object)
    ))
    .into()
}
