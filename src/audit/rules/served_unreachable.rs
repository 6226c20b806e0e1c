//! `served-unreachable`: no TLS at an address of an Ingress. While a ManagedCertificate is being
//! issued Google's load balancer refuses handshakes with an alert, which is worth knowing and no
//! fault (terraform-google-modules/terraform-google-lb-http#241).

use super::gke::Named;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::served::{Answer, without_address};
use crate::audit::{Rule, Source, View};
use crate::gke::managed::certificate_meaning;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::handshake::{FailureKind, Stage};
use std::cell::LazyCell;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    code: "served-unreachable",
    severity: Severity::Warning,
    remedy: "check that port 443 of the address reaches the ingress controller",
    explain: "A handshake with an address of the Ingress does not come to its end: nobody listens, \
              the time is over, the server closes, sends an alert, or speaks no TLS. Clients there \
              do not get a certificate at all. While a ManagedCertificate is being issued, Google's \
              load balancer listens and answers every handshake with the alert handshake_failure.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let issued = LazyCell::new(|| being_issued(view));
    for answer in view.answers() {
        if answer.served.failure.is_some() {
            found.push(finding(&issued, answer));
        }
    }
    let mut told = None;
    for (frontend, demand) in without_address(inventory) {
        if told == Some(&frontend.object) {
            continue;
        }
        told = Some(&frontend.object);
        let severity = match context.source {
            Source::Cluster => Severity::Warning,
            Source::Files => Severity::Info,
        };
        found.push(
            RULE.on(&frontend.object, "it has no address yet, so nothing is served for its hosts")
                .severity(severity)
                .evidence("host", &demand.host)
                .remedy(match context.source {
                    Source::Cluster => {
                        "wait; if it persists, no controller takes it: look at its class and events"
                    }
                    Source::Files => "name the address to connect to with --address",
                }),
        );
    }
}

fn finding(issued: &BeingIssued<'_>, answer: &Answer<'_>) -> Finding {
    let (host, place) = (&answer.demand.host, answer.served.place());
    let failure = answer.served.failure.as_ref();
    let why = failure.map(|failure| failure.message.clone()).unwrap_or_default();
    let kind = failure.map_or(FailureKind::Protocol, |failure| failure.kind);
    let stage = failure.map_or(Stage::Handshake, |failure| failure.stage);
    let finding = match provisioning(issued, answer).filter(|_| not_yet(kind)) {
        Some((managed, status)) => {
            let meaning = certificate_meaning(&status);
            let shown = if status.is_empty() { "without a status" } else { &status };
            let message = format!(
                "{host} has no certificate at {place} yet: its ManagedCertificate {} is {shown} ({why})",
                managed.name
            );
            RULE.on(&answer.frontend.object, message)
                .severity(Severity::Info)
                .evidence("certificateStatus", status)
                .remedy(meaning.remedy)
                .related(managed)
        }
        None => RULE
            .on(&answer.frontend.object, format!("no TLS for {host} at {place}: {why}"))
            .remedy(remedy(kind, &place, answer.frontend.object.kind)),
    };
    finding
        .evidence("host", host)
        .evidence("address", place)
        .evidence("failure", kind.as_str())
        .evidence("stage", stage.as_str())
}

/// What a load balancer does that has no certificate yet.
fn not_yet(kind: FailureKind) -> bool {
    kind.alert().is_some()
        || matches!(kind, FailureKind::Reset | FailureKind::Closed | FailureKind::Refused)
}

/// By each host that they list: ManagedCertificates that are not Active yet.
type BeingIssued<'v> = BTreeMap<&'v str, Vec<&'v Named<'v>>>;

fn being_issued<'v>(view: &'v View<'_>) -> BeingIssued<'v> {
    let mut issued = BeingIssued::new();
    for named in view.managed().iter().filter(|named| !named.managed.is_active()) {
        for domain in &named.managed.domains {
            issued.entry(domain).or_default().push(named);
        }
    }
    issued
}

/// The ManagedCertificate of the Ingress that lists the host and is not Active yet, with its status.
fn provisioning(issued: &BeingIssued<'_>, answer: &Answer<'_>) -> Option<(ObjectRef, String)> {
    let named = issued.get(answer.demand.host.as_str())?.iter().find(|named| {
        let mut ingresses = named.ingresses.iter();
        ingresses.any(|ingress| ingress.object.same_object(&answer.frontend.object))
    })?;
    Some((named.facts.object.clone(), named.managed.status.clone().unwrap_or_default()))
}

fn remedy(kind: FailureKind, place: &str, of: Kind) -> String {
    let told = match kind {
        FailureKind::NoAddress => return format!("give the name in the {of}'s status an address"),
        FailureKind::Refused | FailureKind::Reset | FailureKind::Closed => {
            let of = if of == Kind::Ingress { "ingress" } else { of.as_str() };
            return format!("check that {place} reaches the {of} controller");
        }
        FailureKind::Timeout => {
            "look whether a firewall drops packets to port 443, and whether the controller runs"
        }
        FailureKind::Alert(_) => {
            "the server has no certificate for this name, or wants a client's: see its logs"
        }
        FailureKind::PlainHttp | FailureKind::NotTls => {
            "name the port that serves TLS with --address IP:PORT, or turn TLS on there"
        }
        FailureKind::Version => "turn on TLS 1.2 or 1.3 in the controller",
        FailureKind::TooLarge => "serve the leaf and its intermediates alone",
        FailureKind::Protocol => "see the controller's logs",
        FailureKind::NotTried => "verify fewer hosts at once, or fix those that do not answer",
    };
    told.to_owned()
}
