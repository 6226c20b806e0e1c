//! `dns-elsewhere`: a host that leads to other addresses than its Ingress's. A warning, for a CDN
//! or proxy may stand in front on purpose; Google, though, validates a domain at the addresses
//! that DNS gives (GoogleCloudPlatform/gke-managed-certs#38).

use super::dns::{self, ResolvedHost, Wanted};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::{IGNORE, Inventory};
use std::net::IpAddr;

pub(super) const RULE: Rule = Rule {
    code: "dns-elsewhere",
    severity: Severity::Warning,
    remedy: "point the host to the Ingress's address and nowhere else",
    explain: "Asked with --dns. The addresses of a host are compared with those of every Ingress \
              that names it, so that one for IPv4 and one for IPv6 may share it; an address that is \
              a host name is looked up too. A CDN or proxy in front is fine for a certificate of \
              your own, and certwright.dev/ignore: dns-elsewhere says so. A ManagedCertificate is \
              neither issued nor renewed behind one: Google looks for it at the addresses that DNS \
              gives. What the system's resolver says may differ from what the world sees: \
              --dns-server 8.8.8.8:53 asks outside.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for led in view.led() {
        let wanted = led.wanted(inventory);
        let mut strays = led.stray_v4(&wanted);
        if led.managed().next().is_none() {
            // Of a domain of Google's, dns-aaaa-elsewhere tells.
            strays.extend(led.stray_v6(&wanted));
        }
        if !strays.is_empty() {
            found.push(finding(inventory, led, &wanted, &strays));
        }
    }
}

fn finding(
    inventory: &Inventory,
    led: &ResolvedHost<'_>,
    wanted: &Wanted,
    strays: &[IpAddr],
) -> Finding {
    let object = &led.frontend.object;
    let managed: Vec<String> = led.managed().map(|facts| facts.object.short()).collect();
    let blocked = match managed.as_slice() {
        [] => String::new(),
        managed => format!("; Google cannot validate it for {}", managed.join(", ")),
    };
    let message = format!(
        "host {} points to {}, and its {} has the address {}{blocked}",
        led.name(),
        dns::shown(strays),
        object.kind,
        wanted.shown()
    );
    let records = led.records(wanted);
    let lead_here = if led.seen.aliases.is_empty() {
        let kinds = led.kinds().join(" and ");
        format!("replace the {kinds} records of {} with the DNS record: {records}", led.host())
    } else {
        format!("replace the CNAME record of {} with the DNS record: {records}", led.host())
    };
    // What is waived there already stays so.
    let already = inventory.ignored(object).iter().map(String::as_str);
    let already = already.filter(|code| *code != RULE.code);
    let waived: Vec<&str> = already.chain([RULE.code]).collect();
    let remedy = if managed.is_empty() {
        format!(
            "{lead_here}; or, when a CDN or proxy is in front on purpose, set the annotation {IGNORE}: {} on {}",
            waived.join(","),
            object.short()
        )
    } else {
        lead_here
    };
    let finding = RULE
        .on(object, message)
        .evidence("host", led.host())
        .evidence("aliases", led.seen.aliases.join(", "))
        .evidence("addresses", dns::shown(&led.addresses()))
        .evidence("ingressAddresses", wanted.shown())
        .remedy(remedy);
    finding.related_to(led.others(object))
}
