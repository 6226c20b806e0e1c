//! `dns-aaaa-elsewhere`: a domain of a ManagedCertificate with an AAAA record that does not lead to
//! an Ingress that serves it. Browsers over IPv4 see nothing of it, and Google neither issues nor
//! renews (kubernetes/k8s.io#2505, #3108: dropping the record mended it).

use super::dns::{self, ResolvedHost, Wanted};
use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::inventory::ObjectFacts;
use crate::inventory::frontend::Frontend;
use crate::remedy::Remedy;
use std::net::IpAddr;

pub(super) const RULE: Rule = Rule {
    code: "dns-aaaa-elsewhere",
    severity: Severity::Error,
    remedy: "delete the AAAA record",
    explain: "Asked with --dns. Google validates a domain at every address that DNS gives for it: \
              each needs port 443 of a load balancer with this certificate. One Ingress has one \
              IPv4 address, so an AAAA record left over from another server keeps the certificate \
              from being issued, and later from being renewed, while everything looks fine over \
              IPv4. For both families take two Ingresses that name the same ManagedCertificate.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for led in view.led() {
        for managed in led.managed() {
            let wanted = Wanted::of(inventory, &led.target.serving(managed));
            let strays = led.stray_v6(&wanted);
            if !strays.is_empty() {
                found.push(finding(led, managed, &wanted, &strays));
            }
        }
    }
}

fn finding(
    led: &ResolvedHost<'_>,
    managed: &ObjectFacts,
    wanted: &Wanted,
    strays: &[IpAddr],
) -> Finding {
    let serving: Vec<String> =
        led.target.serving(managed).iter().map(|frontend| frontend.object.short()).collect();
    let theirs = other_frontend(led, managed, strays).map_or_else(String::new, |other| {
        format!(" (that of {}, which does not name it)", other.object.short())
    });
    let message = format!(
        "AAAA of its domain {} is {}{theirs}, and {} has the address {}: Google does not issue or renew while one address points elsewhere",
        led.name(),
        dns::shown(strays),
        serving.join(", "),
        wanted.shown()
    );
    let object = &managed.object;
    let finding = RULE
        .on(object, message)
        .evidence("domain", led.host())
        .evidence("aliases", led.seen.aliases.join(", "))
        .evidence("addresses", dns::shown(&led.addresses()))
        .evidence("ingressAddresses", wanted.shown())
        .remedy(remedy(led, managed, wanted, strays));
    finding.related_to(led.others(object))
}

fn remedy(
    led: &ResolvedHost<'_>,
    managed: &ObjectFacts,
    wanted: &Wanted,
    strays: &[IpAddr],
) -> Remedy {
    if let Some(other) = other_frontend(led, managed, strays) {
        let names = other.managed_names.iter().map(String::as_str);
        let names: Vec<&str> = names.chain([managed.object.name.as_str()]).collect();
        return gke::annotate(&other.object, MANAGED_CERTIFICATES, Some(&names.join(",")));
    }
    if led.seen.aliases.is_empty() {
        let records: Vec<String> =
            strays.iter().map(|address| format!("{}. AAAA {address}", led.host())).collect();
        return format!("delete the DNS record: {}", records.join(" and ")).into();
    }
    let records = led.records(wanted);
    format!("replace the CNAME record of {} with the DNS record: {records}", led.host()).into()
}

/// The frontend for the host that has these addresses and only lacks the ManagedCertificate.
fn other_frontend<'i>(
    led: &ResolvedHost<'i>,
    managed: &ObjectFacts,
    strays: &[IpAddr],
) -> Option<&'i Frontend> {
    let theirs = |frontend: &&&Frontend| {
        let has = |stray: &IpAddr| frontend.addresses.contains(&stray.to_string());
        frontend.object.namespace == managed.object.namespace && strays.iter().all(has)
    };
    led.target.frontends.iter().find(theirs).copied()
}
