//! `dns-missing`: a host of an Ingress that has its address, and that DNS does not know. No client
//! finds it, and Google does not issue for it (GoogleCloudPlatform/gke-managed-certs#38).

use super::dns::{ResolvedHost, Wanted};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::dns::Lack;

pub(super) const RULE: Rule = Rule {
    code: "dns-missing",
    severity: Severity::Warning,
    remedy: "create a DNS record that points to the Ingress's address",
    explain: "Asked with --dns. The Ingress has its address, and the host has no A and no AAAA \
              record: no client finds it, and a ManagedCertificate that lists it stays \
              FailedNotVisible. A record made a moment ago may be hidden for a while by the answer \
              that a resolver remembers; --dns-server asks another one, such as the zone's own. A \
              wildcard host is not missed, for the names below it may have records of their own; \
              nor are names for private use, such as db.internal.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for led in view.led().iter().filter(|led| led.should_be_there()) {
        let wanted = led.wanted(inventory);
        if let Some(how) = how(led, &wanted) {
            found.push(finding(led, &wanted, &how));
        }
    }
}

/// How the host cannot be reached, when it cannot.
fn how(led: &ResolvedHost<'_>, wanted: &Wanted) -> Option<String> {
    let (host, alias) = (led.host(), led.seen.aliases.last());
    let who = match alias {
        Some(alias) => format!("{host} is an alias of {alias}, which"),
        None => host.to_owned(),
    };
    match led.seen.lack {
        Some(Lack::NoName) => Some(format!("{who} does not exist in DNS (NXDOMAIN)")),
        Some(Lack::NoAddress) => Some(format!("{who} has neither A nor AAAA record")),
        Some(Lack::Circle) => {
            let steps = led.seen.aliases.join(" → ");
            Some(format!("{host} is an alias that points nowhere: {host} → {steps}"))
        }
        None => only_elsewhere(led, wanted).then(|| format!("{who} has no A record")),
    }
}

/// Whether it has AAAA records only, none leads here, and an A record would.
fn only_elsewhere(led: &ResolvedHost<'_>, wanted: &Wanted) -> bool {
    let v6 = led.seen.v6.as_ref().map_or(0, Vec::len);
    led.seen.v4.as_ref().is_some_and(Vec::is_empty)
        && v6 > 0
        && wanted.has_v4()
        && led.stray_v6(wanted).len() == v6
}

fn finding(led: &ResolvedHost<'_>, wanted: &Wanted, how: &str) -> Finding {
    let object = &led.frontend.object;
    let message = format!("host {how}; its {} has the address {}", object.kind, wanted.shown());
    let records = led.records(wanted);
    let remedy = if led.seen.aliases.is_empty() {
        format!("create the DNS record: {records}")
    } else {
        format!("replace the CNAME record of {} with the DNS record: {records}", led.host())
    };
    let finding = RULE
        .on(object, message)
        .evidence("host", led.host())
        .evidence("aliases", led.seen.aliases.join(", "))
        .evidence("ingressAddresses", wanted.shown())
        .remedy(remedy);
    finding.related_to(led.others(object))
}
