//! `managed-not-active`: a ManagedCertificate that is not Active, and of which no other rule says
//! why: it is being issued, its status is one nobody knows, it is being deleted. How long is too
//! long is Google's own word: up to an hour, a day at the worst.

use super::gke::{self, Named};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View};
use crate::duration;
use crate::gke::annotations::PRE_SHARED_CERT;
use crate::gke::events;
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, Trouble};
use crate::remedy::Remedy;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "managed-not-active",
    severity: Severity::Warning,
    remedy: "point the DNS of every domain to the Ingress address and wait up to an hour",
    explain: "Until a ManagedCertificate is Active the handshakes of its hosts fail. Google issues one \
              within an hour of the DNS of every domain pointing to the load balancer, and within a day \
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

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let told = found.told();
    for named in view.managed() {
        let object = &named.facts.object;
        if is_refused(inventory, named) || !TOLD_BY.into_iter().any(|it| told.of(it, object)) {
            found.extend(finding(inventory, named, context));
        }
    }
}

fn finding(inventory: &Inventory, named: &Named<'_>, context: &Context<'_>) -> Option<Finding> {
    let (managed, facts) = (&named.managed, named.facts);
    let age = facts.created.map(|created| context.now - created).filter(|age| age.is_positive());
    // Its controller has tried, and Google has refused: no time heals that.
    let refused = inventory.trouble(&facts.object).filter(|_| is_refused(inventory, named));
    let severity = match age {
        _ if refused.is_some() => Severity::Error,
        Some(age) if age >= WORST => Severity::Error,
        Some(age) if age >= USUAL => Severity::Warning,
        _ => Severity::Info,
    };
    let (why, remedy): (String, Remedy) = match facts.deletion_timestamp {
        Some(since) => (
            format!("it has been terminating since {}", instant::show(since)),
            "remove its name from every Ingress; it is deleted once the load balancer releases it"
                .into(),
        ),
        None if let Some(trouble) = refused => {
            let (why, remedy) = refusal(trouble);
            (why, remedy.into())
        }
        None if managed.is_active() => return None,
        // A manifest has no status before it is applied, nor has the object in its first second.
        None if severity == Severity::Info && is_unknown(named) => return None,
        None if let Some(ingress) = not_carrying(inventory, named) => {
            let (why, _) = managed.awaited();
            let shown = ingress.frontend.object.short();
            let why =
                format!("{why}; {shown} does not carry its name yet, so no load balancer has it");
            let then = "Google's controllers look by themselves within ten minutes";
            (why, gke::wake(&ingress.frontend.object).note(then))
        }
        None => {
            let (why, remedy) = managed.awaited();
            (why, remedy.into())
        }
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
    let finding = match refused {
        Some(trouble) => finding.evidence("lastWarning", &trouble.cause),
        None => finding,
    };
    Some(finding.used_by(named.ingresses.iter().copied()))
}

/// An Ingress with a load balancer on which Google's controller has not put the certificate: after an
/// edit in place, or made in the second of another, it waits for the next change of the Ingress.
fn not_carrying<'i>(inventory: &'i Inventory, named: &Named<'i>) -> Option<&'i IngressFacts> {
    let name = named.managed.certificate_name.as_deref()?;
    let ingresses = named.ingresses.iter().filter_map(|user| inventory.ingress_at(&user.object));
    let mut built =
        ingresses.filter(|it| gke::is_external(it) && !it.frontend.addresses.is_empty());
    built.find(|ingress| !ingress.items(PRE_SHARED_CERT).contains(&name))
}

/// Whether its controller has tried to make it at Google, and was refused.
fn is_refused(inventory: &Inventory, named: &Named<'_>) -> bool {
    named.managed.certificate_name.is_none() && inventory.trouble(&named.facts.object).is_some()
}

/// Why Google has not made the certificate, and what to do.
fn refusal(trouble: &Trouble) -> (String, String) {
    let Trouble { reason, cause, .. } = trouble;
    match events::known(cause) {
        Some(known) => (format!("{}: {reason}: {cause}", known.meaning()), known.remedy()),
        None => (
            format!("it could not be made at Google: {reason}: {cause}"),
            "what its controller warns of has to be fixed first".to_owned(),
        ),
    }
}

fn is_unknown(named: &Named<'_>) -> bool {
    let managed = &named.managed;
    managed.status.is_none()
        && managed.certificate_name.is_none()
        && managed.domain_status.is_empty()
}
