//! `served-unreachable`: no TLS at an address of an Ingress. While a ManagedCertificate is being
//! issued Google's load balancer refuses handshakes with an alert, which is worth knowing and no
//! fault (terraform-google-modules/terraform-google-lb-http#241).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::served::{Answer, answers, without_address};
use crate::audit::{Context, Rule, Source};
use crate::gke::managed::certificate_meaning;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::handshake::{FailureKind, Stage};

pub(super) const RULE: Rule = Rule {
    code: "served-unreachable",
    severity: Severity::Warning,
    remedy: "let port 443 of the address lead to the controller of the Ingress",
    explain: "A handshake with an address of the Ingress does not come to its end: nobody listens, \
              the time is over, the server closes, sends an alert, or speaks no TLS. Clients there \
              do not get a certificate at all. While a ManagedCertificate is being issued, Google's \
              load balancer listens and answers every handshake with the alert handshake_failure.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for answer in answers(inventory) {
        if answer.served.failure.is_some() {
            found.push(finding(inventory, &answer));
        }
    }
    let mut told = None;
    for (ingress, demand) in without_address(inventory) {
        if told == Some(&ingress.object) {
            continue;
        }
        told = Some(&ingress.object);
        let severity = match context.source {
            Source::Cluster => Severity::Warning,
            Source::Files => Severity::Info,
        };
        found.push(
            RULE.on(&ingress.object, "it has no address yet, so nothing is served for its hosts")
                .severity(severity)
                .evidence("host", &demand.host)
                .remedy(match context.source {
                    Source::Cluster => {
                        "wait; if it stays so, no controller takes it: look at its class and events"
                    }
                    Source::Files => "name the address to connect to with --address",
                }),
        );
    }
}

fn finding(inventory: &Inventory, answer: &Answer<'_>) -> Finding {
    let (host, place) = (&answer.demand.host, answer.served.place());
    let failure = answer.served.failure.as_ref();
    let why = failure.map(|failure| failure.message.clone()).unwrap_or_default();
    let kind = failure.map_or(FailureKind::Protocol, |failure| failure.kind);
    let stage = failure.map_or(Stage::Handshake, |failure| failure.stage);
    let finding = match provisioning(inventory, answer).filter(|_| not_yet(kind)) {
        Some((managed, status)) => {
            let meaning = certificate_meaning(&status);
            let shown = if status.is_empty() { "without a status" } else { &status };
            let message = format!(
                "{host} has no certificate at {place} yet: its ManagedCertificate {} is {shown} ({why})",
                managed.name
            );
            RULE.on(&answer.ingress.object, message)
                .severity(Severity::Info)
                .evidence("certificateStatus", status)
                .remedy(meaning.remedy)
                .related(managed)
        }
        None => RULE
            .on(&answer.ingress.object, format!("no TLS for {host} at {place}: {why}"))
            .remedy(remedy(kind)),
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

/// The ManagedCertificate that lists the host and is not Active yet, with its status.
fn provisioning(inventory: &Inventory, answer: &Answer<'_>) -> Option<(ObjectRef, String)> {
    let named = gke::managed(inventory).into_iter().find(|named| {
        let ours = named
            .ingresses
            .iter()
            .any(|ingress| ingress.object.same_object(&answer.ingress.object));
        ours && !named.managed.is_active() && named.managed.domains.contains(&answer.demand.host)
    })?;
    Some((named.facts.object.clone(), named.managed.status.clone().unwrap_or_default()))
}

fn remedy(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::NoAddress => "let the name that the Ingress's status gives have an address",
        FailureKind::Refused | FailureKind::Reset | FailureKind::Closed => RULE.remedy,
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
        FailureKind::NotTried => "verify fewer Ingresses at once, or fix those that do not answer",
    }
}
