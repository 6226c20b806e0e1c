//! Progress: what is said, a line at a time, while something is waited for.
//!
//! Refuses to know where the lines go and how often the same one is told.

use crate::audit::served;
use crate::gke::managed::{Managed, certificate_meaning, domain_meaning};
use crate::inventory::Inventory;
use crate::plan::{bootstrap, managed};
use std::net::IpAddr;

/// Said when the API server answers again.
pub const SERVER_BACK: &str = "the API server answers again";

/// Said when the API server does not answer: `message` is what could not be done.
#[must_use]
pub fn server_away(message: &str) -> String {
    format!("{message}; going on as soon as it answers")
}

/// How far `verify --wait` is, and the first thing that is waited for.
#[must_use]
pub fn of_served(progress: &served::Progress) -> String {
    let served::Progress { settled, total, first } = progress;
    let first = first.as_deref().unwrap_or_default();
    format!("waiting: {settled} of {total} as stored; {first}")
}

/// Which Ingresses have no address: then there is nothing to compare DNS with, and silence would
/// look as if all were well. None when each that is reported has one.
#[must_use]
pub fn without_address(inventory: &Inventory) -> Option<String> {
    let mut without = inventory
        .ingresses()
        .filter(|ingress| inventory.is_reported(&ingress.object) && ingress.addresses.is_empty());
    let first = without.next()?.object.short();
    let others = without.count();
    let more = if others == 0 { String::new() } else { format!(" and {others} more") };
    Some(format!("note: no address yet, so nothing to compare DNS with: {first}{more}"))
}

/// The status of a ManagedCertificate that is waited for, and each domain's.
#[must_use]
pub fn of_managed(awaited: &managed::Awaited) -> String {
    let managed = &awaited.managed;
    let domains: Vec<String> =
        managed.domain_status.iter().map(|(domain, status)| format!("{domain} {status}")).collect();
    let status = managed.status.as_deref().unwrap_or("no status yet");
    let attached =
        if awaited.attached { "attached" } else { "not attached to a load balancer yet" };
    format!("{}: {status}, {attached}: {}", awaited.object.short(), domains.join(", "))
}

/// What `bootstrap` of these domains waits for: a line a change, with what to do about it.
#[must_use]
pub fn of_bootstrap(awaited: &bootstrap::Awaited, domains: &[String]) -> Vec<String> {
    match awaited {
        bootstrap::Awaited::Progress(progress) => {
            let mut lines = address(progress, domains);
            lines.extend(progress.managed.iter().flat_map(managed_certificate));
            lines
        }
        bootstrap::Awaited::Going(going) => {
            let lines = going.iter().map(|terminating| {
                [
                    format!("waiting: {}: {}", terminating.object, terminating.message),
                    format!("  → {}", terminating.remedy),
                ]
            });
            lines.flatten().collect()
        }
    }
}

/// The Ingress's address and the DNS records it asks for, or why there is none yet.
fn address(progress: &bootstrap::Progress, domains: &[String]) -> Vec<String> {
    let Some(address) = &progress.address else {
        let trouble = progress.trouble.iter();
        let trouble = trouble.map(|cause| format!("  its controller's last warning: {cause}"));
        let waiting = "waiting for the Ingress's address; a new load balancer takes minutes";
        return std::iter::once(waiting.to_owned()).chain(trouble).collect();
    };
    let kind = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => "A",
        Ok(IpAddr::V6(_)) => "AAAA",
        Err(_) => "CNAME",
    };
    let record =
        |domain| format!("the address is {address}; DNS record: {domain}. {kind} {address}");
    domains.iter().map(record).collect()
}

fn managed_certificate(managed: &Managed) -> Vec<String> {
    let status = managed.status.as_deref().unwrap_or_default();
    let shown = if status.is_empty() { "no status yet" } else { status };
    let mut lines =
        vec![format!("ManagedCertificate: {shown}: {}", certificate_meaning(status).meaning)];
    for (domain, status) in managed.domain_status.iter().filter(|(_, status)| status != "Active") {
        let meaning = domain_meaning(status);
        lines.push(format!("  {domain}: {status}: {} → {}", meaning.meaning, meaning.remedy));
    }
    lines
}
