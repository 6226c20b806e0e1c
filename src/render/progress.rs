//! Progress: what is said, a line at a time, while something is waited for.
//!
//! Refuses to know where the lines go and how often the same one is told.

use super::plan::ending::record_kind;
use crate::audit::served;
use crate::gke::annotations::SSL_CERT;
use crate::gke::managed::{certificate_meaning, domain_meaning};
use crate::instant;
use crate::inventory::Inventory;
use crate::plan::load_balancer::Behind;
use crate::plan::restart::rolling::Rollouts;
use crate::plan::{bootstrap, managed, trust};
use crate::remedy::{Advice, Remedy};

/// Said when the API server answers again.
pub const SERVER_BACK: &str = "the API server answers again";

/// Said when the API server does not answer: `message` is what could not be done.
#[must_use]
pub fn server_away(message: &str) -> String {
    format!("{message}; continuing as soon as it answers")
}

/// How far `verify --wait` is, and the first thing that is waited for.
#[must_use]
pub fn of_served(progress: &served::Progress) -> String {
    let served::Progress { settled, total, first, .. } = progress;
    let first = first.as_deref().unwrap_or_default();
    let endpoints = served_of(*settled, *total);
    format!("waiting: {endpoints}; {first}")
}

/// What is not served yet, for the end of a wait: the first of it, and how much is.
#[must_use]
pub fn unserved(progress: &served::Progress) -> String {
    let served::Progress { settled, total, first, .. } = progress;
    let first = first.as_deref().unwrap_or("nothing was seen yet");
    if *total > 1 { format!("{first} ({})", served_of(*settled, *total)) } else { first.to_owned() }
}

/// Which load balancer does not have a certificate yet that it is to have.
#[must_use]
pub fn of_load_balancers(behind: &Behind) -> String {
    format!("waiting: {}", not_taken_up(behind))
}

/// The first load balancer that is behind, and how many are.
#[must_use]
pub fn not_taken_up(behind: &Behind) -> String {
    let Some((ingress, secret, token)) = behind.0.first() else {
        return "the load balancers of GKE".to_owned();
    };
    let others = behind.0.len() - 1;
    let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
    format!(
        "{}: its load balancer does not have the certificate of {} yet ({SSL_CERT} names none with {token}){more}",
        ingress.short(),
        secret.short()
    )
}

/// How far the rollouts are that are waited for, and the first that is not through.
#[must_use]
pub fn of_rollouts(rollouts: &Rollouts) -> String {
    format!("waiting: {}", not_rolled_out(rollouts))
}

/// The first rollout that is not through, and how many are.
#[must_use]
pub fn not_rolled_out(rollouts: &Rollouts) -> String {
    let Rollouts { done, total, waiting } = rollouts;
    let first = waiting.first().map(|(workload, what)| format!("{}: {what}", workload.short()));
    let first = first.unwrap_or_else(|| "nothing was seen yet".to_owned());
    if *total > 1 { format!("{first} ({done} of {total} rolled out)") } else { first }
}

/// `1 of 2 endpoints serve the stored certificate`.
pub(super) fn served_of(served: usize, total: usize) -> String {
    if total == 0 {
        return "no endpoint could be asked".to_owned();
    }
    let (endpoints, serve) =
        if total == 1 { ("endpoint", "serves") } else { ("endpoints", "serve") };
    format!("{served} of {total} {endpoints} {serve} the stored certificate")
}

/// Which Ingresses have no address: then there is nothing to compare DNS with, and silence would
/// look as if all were well. None when each that is reported has one.
#[must_use]
pub fn without_address(inventory: &Inventory) -> Option<String> {
    let mut without = inventory.frontends().filter(|frontend| {
        inventory.is_reported(&frontend.object) && frontend.addresses.is_empty()
    });
    let first = without.next()?.object.short();
    let others = without.count();
    let more = if others == 0 { String::new() } else { format!(" and {others} more") };
    Some(format!("note: no address yet, so nothing to compare DNS with: {first}{more}"))
}

/// What a rotation that overlaps trust waits for.
#[must_use]
pub fn of_overlap(progress: &trust::Progress) -> String {
    let secret = progress.secret.short();
    let until = progress.switches_at.filter(|_| progress.stands == trust::Stands::Soaking);
    if let Some(at) = until {
        return format!("waiting: {secret} soaks until {}", instant::show(at));
    }
    let first = progress.needs.first().map_or("the next look", |need| need.what.as_str());
    format!("waiting: {secret}: {first}")
}

/// What to do, below what it is for: a command alone on its line, so that it can be pasted.
#[must_use]
pub fn remedy(remedy: &Remedy) -> String {
    let arrow = if remedy.is_command() { "" } else { "→ " };
    format!("  {arrow}{remedy}")
}

/// The status of a ManagedCertificate that is waited for, and each domain's.
#[must_use]
pub fn of_managed(awaited: &managed::Awaited) -> String {
    let why = awaited.advice.as_ref();
    let why = why
        .map_or_else(String::new, |Advice { message, remedy }| format!("; {message} → {remedy}"));
    format!("{}{why}", of_status(awaited))
}

/// The same without the advice.
#[must_use]
pub fn of_status(awaited: &managed::Awaited) -> String {
    let managed = &awaited.managed;
    let domains: Vec<String> =
        managed.domain_status.iter().map(|(domain, status)| format!("{domain} {status}")).collect();
    let status = managed.status.as_deref().unwrap_or("no status yet");
    let attached =
        if awaited.attached { "attached" } else { "not attached to a load balancer yet" };
    let domains = domains.join(", ");
    let domains = if domains.is_empty() { domains } else { format!(": {domains}") };
    format!("{}: {status}, {attached}{domains}", awaited.object.short())
}

/// What `managed set-domains` waits for, and what keeps it.
#[must_use]
pub fn of_set_domains(awaited: &managed::ToCome) -> String {
    let advice = awaited.target.as_ref().and_then(|target| target.advice.as_ref());
    let why = advice
        .map_or_else(String::new, |Advice { message, remedy }| format!("; {message} → {remedy}"));
    format!("{}{why}", awaited.what)
}

/// What `bootstrap` of these domains waits for: a line a change, with what to do about it.
#[must_use]
pub fn of_bootstrap(awaited: &bootstrap::Awaited, domains: &[String]) -> Vec<String> {
    match awaited {
        bootstrap::Awaited::Progress(progress) => {
            let mut lines = address(progress, domains);
            if progress.served == Some(false) && progress.address.is_some() {
                lines.push(NOT_SERVED.to_owned());
            }
            if let Some(Advice { message, remedy }) = &progress.trouble {
                lines.push(format!("  its controller's last warning: {message} → {remedy}"));
            }
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
        return vec![NO_ADDRESS.to_owned()];
    };
    let kind = record_kind(address);
    let record =
        |domain| format!("the address is {address}; DNS record: {domain}. {kind} {address}");
    domains.iter().map(record).collect()
}

/// Said while the Ingress has no address.
pub const NO_ADDRESS: &str = "waiting for the Ingress's address; a new load balancer takes minutes";
/// Said while the load balancer does not serve the certificate.
pub const NOT_SERVED: &str = "waiting for the load balancer to serve the certificate on port 443";

/// What a bootstrap waits for last, in a line; none once it has come about.
#[must_use]
pub fn awaited_of_bootstrap(awaited: &bootstrap::Awaited) -> Option<String> {
    match awaited {
        bootstrap::Awaited::Going(going) => {
            let first = going.first()?;
            Some(format!("{}: {}", first.object, first.message))
        }
        bootstrap::Awaited::Progress(progress) => {
            let inactive = progress.managed.as_ref().filter(|it| !it.managed.is_active());
            if progress.address.is_none() {
                Some("the Ingress's address".to_owned())
            } else if let Some(awaited) = inactive {
                Some(of_status(awaited))
            } else {
                let unserved = progress.served == Some(false);
                unserved.then(|| "the certificate on the load balancer's port 443".to_owned())
            }
        }
    }
}

fn managed_certificate(awaited: &managed::Awaited) -> Vec<String> {
    let managed = &awaited.managed;
    let status = managed.status.as_deref().unwrap_or_default();
    let shown = if status.is_empty() { "no status yet" } else { status };
    let advice = awaited.advice.as_ref();
    let told = advice.map(|Advice { message, remedy }| format!("{message} → {remedy}"));
    let whole = told.unwrap_or_else(|| certificate_meaning(status).meaning.to_owned());
    // What is said of the status itself need not name it again.
    let told = whole.as_str();
    let told = ["no status", shown].iter().find_map(|it| told.strip_prefix(it)?.strip_prefix(": "));
    let told = told.map_or(whole.as_str(), |told| told);
    let mut lines = vec![format!("ManagedCertificate: {shown}: {told}")];
    for (domain, status) in managed.domain_status.iter().filter(|(_, status)| status != "Active") {
        let meaning = domain_meaning(status);
        if !told.starts_with(&format!("{domain}: ")) {
            lines.push(format!("  {domain}: {status}: {} → {}", meaning.meaning, meaning.remedy));
        }
    }
    lines
}
