//! `managed-not-active`: a ManagedCertificate that is not Active, and of which no other rule says
//! why: it is being issued, its status is one nobody knows, it is being deleted. How long is too
//! long is Google's own word: up to an hour, a day at the worst.

use super::gke::{self, Named};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule};
use crate::duration;
use crate::instant;
use crate::inventory::Inventory;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "managed-not-active",
    severity: Severity::Warning,
    remedy: "point the DNS of every domain to the Ingress address and wait up to an hour",
    explain: "Until a ManagedCertificate is Active the handshakes of its hosts fail. Google issues one \
              within an hour of the DNS of every domain leading to the load balancer, and within a day \
              at the worst: younger ones are for information, and after a day it is an error. In files \
              nothing tells the age.",
    check,
};

/// Google's word for the usual case.
const USUAL: Duration = Duration::hours(1);
/// And for the worst, after changes to the load balancer.
const WORST: Duration = Duration::days(1);

/// Rules that say better what is wrong.
const TOLD_BY: [&str; 10] = [
    "managed-failed",
    "managed-domain-failed",
    "managed-edited-in-place",
    "managed-unattached",
    "managed-not-reconciled",
    "gke-class-ignored",
    "dns-missing",
    "dns-elsewhere",
    "dns-aaaa-elsewhere",
    "caa-forbids",
];

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    let told = found.told();
    for named in gke::managed(inventory) {
        let object = &named.facts.object;
        if !TOLD_BY.into_iter().any(|rule| told.of(rule, object)) {
            found.extend(finding(&named, context));
        }
    }
}

fn finding(named: &Named<'_>, context: &Context<'_>) -> Option<Finding> {
    let (managed, facts) = (&named.managed, named.facts);
    let age = facts.created.map(|created| context.now - created).filter(|age| age.is_positive());
    let severity = match age {
        Some(age) if age >= WORST => Severity::Error,
        Some(age) if age >= USUAL => Severity::Warning,
        _ => Severity::Info,
    };
    let (why, remedy) = match facts.deletion_timestamp {
        Some(since) => (
            format!("it is being deleted since {}", instant::show(since)),
            "take its name out of every Ingress; it is gone when the load balancer lets go of it",
        ),
        None if managed.is_active() => return None,
        // A manifest has no status before it is applied, nor has the object in its first second.
        None if severity == Severity::Info && is_unknown(named) => return None,
        None => managed.awaited(),
    };
    let old =
        age.map_or_else(String::new, |age| format!(", {} after it was made", duration::show(age)));
    let finding = RULE
        .on(&facts.object, format!("it is not Active{old}: {why}"))
        .severity(severity)
        .evidence("certificateStatus", managed.status.as_deref().unwrap_or_default())
        .evidence("created", facts.created.map(instant::show).unwrap_or_default())
        .evidence("at", instant::show(context.now))
        .evidence("domains", managed.domains.join(", "))
        .remedy(remedy);
    Some(finding.used_by(named.ingresses.iter().copied()))
}

fn is_unknown(named: &Named<'_>) -> bool {
    let managed = &named.managed;
    managed.status.is_none()
        && managed.certificate_name.is_none()
        && managed.domain_status.is_empty()
}
