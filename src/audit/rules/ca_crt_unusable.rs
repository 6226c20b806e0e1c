//! `ca-crt-unusable`: `ca.crt` is no certificate, is past its end, or has nothing to do with the
//! certificate beside it. ingress-nginx refuses a whole Secret over a `ca.crt` that is a line break
//! (internal/net/ssl/ssl.go, `CheckCACert`); haproxy-ingress (jcmoraisjr) one whose leaf does not
//! verify by it (pkg/controller/services/ssl.go).

use super::key_in_crt::related;
use super::verifying;
use super::{arrangement, is_behind, somebody_elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::gap::{Chain, Seen};
use crate::audit::{Rule, View};
use crate::controllers::Controller;
use crate::instant;
use crate::inventory::ca_file::CaFile;
use crate::inventory::{Inventory, SecretFacts};
use crate::remedy::Remedy;
use crate::x509::stray::{self, StrayKind};
use std::cell::LazyCell;
use time::OffsetDateTime;

pub(super) const RULE: Rule = Rule {
    code: "ca-crt-unusable",
    severity: Severity::Warning,
    remedy: "put the certificate of the CA into ca.crt, or remove ca.crt from the Secret",
    explain: "Clients mount ca.crt to trust the certificate beside it, and some controllers read it too. \
              ingress-nginx refuses the whole Secret when a block in ca.crt is not a certificate, or \
              there is none, and serves its fake certificate; haproxy-ingress also when the leaf \
              does not verify by ca.crt today. Behind those it is an error. A Secret that an Ingress \
              names for client certificates (auth-tls-secret) may hold another CA, which has to be in \
              date: it is an error where it is not. Where such a Secret has a certificate and key and \
              no ca.crt at all, ingress-nginx asks no client for a certificate, and lets everybody in.",
    check,
};

/// How bad a `ca.crt` is, beside what is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Refused {
    /// haproxy-ingress alone looks so closely.
    ByHaproxy,
    /// ingress-nginx and haproxy-ingress.
    ByBoth,
}

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let seen = LazyCell::new(|| Seen::of(inventory));
    for secret in judged(inventory) {
        let Some(file) = &secret.ca_file else { continue };
        let beside = match file.serves_leaf {
            _ if inventory.is_client_ca(&secret.object) => Beside::Clients,
            None => Beside::Clients,
            Some(true) => Beside::Serves,
            Some(false) => beside(secret, file, &seen),
        };
        let problems = problems(file, &beside, context.now);
        let Some(worst) = problems.iter().map(|(refused, _)| *refused).max() else { continue };
        let what: Vec<&str> = problems.iter().map(|(_, what)| what.as_str()).collect();
        let (severity, consequence) = consequence(inventory, secret, worst);
        let finding = RULE
            .on(&secret.object.key("ca.crt"), format!("ca.crt {}{consequence}", what.join("; it ")))
            .severity(severity)
            .evidence("certificates", file.anchors.len())
            .evidence("at", instant::show(context.now))
            .remedy(remedy(inventory, secret, file, &beside));
        let verifiers = inventory.mentioners(&secret.object).map(|ingress| ingress.object.clone());
        found.push(related(inventory, secret, finding.related_to(verifiers)));
    }
    verifying::without_ca(inventory, found);
}

/// The Secrets whose `ca.crt` is judged.
pub(super) fn judged(inventory: &Inventory) -> impl Iterator<Item = &SecretFacts> {
    let is_listed = |secret: &SecretFacts| {
        inventory.tls_secrets().any(|other| other.object.same_object(&secret.object))
    };
    let mentioned = inventory.mentioned_secrets().filter(move |secret| !is_listed(secret));
    inventory.tls_secrets().chain(mentioned)
}

/// What its certificates are to the leaf beside them.
enum Beside {
    /// Nothing that matters: they are what clients are verified with, or no leaf can be read.
    Clients,
    /// The leaf is trusted by one of them.
    Serves,
    /// They stand above an intermediate that is missing, which `chain-incomplete` tells.
    Above,
    /// They did not issue it; where it cannot be told, the issuer that may be an intermediate.
    Stranger { or_below: Option<String> },
}

fn beside(secret: &SecretFacts, file: &CaFile, seen: &Seen<'_>) -> Beside {
    let Some(arrangement) = arrangement(&secret.bundle) else {
        return Beside::Stranger { or_below: None };
    };
    let certificates = &secret.bundle.certificates;
    let (object, ca_file) = (&secret.object, Some(file));
    let chain = Chain { object, certificates, arrangement: &arrangement, ca_file };
    match &arrangement.missing {
        Some(_) if seen.sign(chain).is_some() && seen.leads_up(chain) => Beside::Above,
        Some(issuer) if !seen.is_root(issuer) && seen.leads_up(chain) => {
            Beside::Stranger { or_below: Some(issuer.clone()) }
        }
        _ => Beside::Stranger { or_below: None },
    }
}

/// What is wrong, each to be said after "ca.crt".
fn problems(file: &CaFile, beside: &Beside, now: OffsetDateTime) -> Vec<(Refused, String)> {
    let mut problems = Vec::new();
    if let Some(damaged) = file.damaged.first() {
        let which = match file.anchors.len() {
            0 => "holds no certificate that can be read".to_owned(),
            _ => format!("holds a certificate that cannot be read ({})", damaged.index + 1),
        };
        problems.push((Refused::ByBoth, format!("{which}: {}", damaged.message)));
    } else if !file.strays.is_empty() {
        let listed = stray::listed(&file.strays);
        problems.push((Refused::ByBoth, format!("holds {listed} beside certificates")));
    }
    if let Some(odd) = file.passed_over() {
        let (index, who, what) = (odd.index + 1, odd.what.unseen_by(), odd.what.what());
        problems.push((
            Refused::ByBoth,
            format!("holds a certificate ({index}) that {who} ignore: {what}"),
        ));
    }
    problems.extend(of_its_certificates(file, beside, now));
    problems
}

/// Whether it serves anybody: no certificate of it that is in date leads to the leaf.
fn of_its_certificates(
    file: &CaFile,
    beside: &Beside,
    now: OffsetDateTime,
) -> Option<(Refused, String)> {
    let alone = matches!(beside, Beside::Clients | Beside::Above);
    let wanted = || file.anchors.iter().filter(|anchor| alone || anchor.serves_leaf);
    let last = wanted().max_by_key(|anchor| anchor.not_after);
    match (last, beside) {
        (Some(last), _) if last.not_after < now => {
            let ended = instant::show(last.not_after);
            Some((Refused::ByHaproxy, format!("holds {}, which expired on {ended}", last.subject)))
        }
        (Some(_), _) | (None, Beside::Clients | Beside::Above | Beside::Serves) => None,
        (None, Beside::Stranger { or_below }) => {
            Some((Refused::ByHaproxy, of_another_ca(file, or_below.as_deref())))
        }
    }
}

fn of_another_ca(file: &CaFile, or_below: Option<&str>) -> String {
    let first = file.anchors.first().map_or("", |first| &*first.subject);
    let or = or_below.map_or_else(String::new, |issuer| {
        format!(", or {issuer} is an intermediate of it, which is missing in tls.crt")
    });
    format!(
        "holds {first}, by which the certificate in tls.crt is not trusted: it did not issue it{or}"
    )
}

/// What comes of it where the Secret is used: an error where a controller refuses it.
fn consequence(
    inventory: &Inventory,
    secret: &SecretFacts,
    worst: Refused,
) -> (Severity, &'static str) {
    let behind = |class| is_behind(inventory, secret, class);
    if let Some(verifier) = inventory.mentioners(&secret.object).next() {
        let consequence = match (worst, verifier.likely_controller()) {
            (Refused::ByBoth, Controller::IngressNginx) => {
                "; ingress-nginx refuses every request for hosts whose clients it verifies by it (403)"
            }
            _ => "; whoever is verified by it is refused",
        };
        return (Severity::Error, consequence);
    }
    let is_read =
        !inventory.uses(&secret.object).is_empty() || inventory.trusting(&secret.object).is_some();
    if secret.holds_a_ca_alone() && is_read {
        return (Severity::Error, "; whoever is verified by it is refused");
    }
    match worst {
        Refused::ByBoth if behind(Controller::IngressNginx) => (
            Severity::Error,
            "; ingress-nginx refuses the whole Secret and serves its fake certificate",
        ),
        _ if behind(Controller::HaproxyIngress) => {
            (Severity::Error, "; haproxy-ingress refuses the whole Secret and serves its default")
        }
        _ => (Severity::Warning, ""),
    }
}

fn remedy(inventory: &Inventory, secret: &SecretFacts, file: &CaFile, beside: &Beside) -> Remedy {
    if let Some(remedy) = somebody_elses(inventory, secret) {
        return remedy;
    }
    let instead = file.damaged.first().and_then(|damaged| damaged.instead);
    let leaked = file.strays.iter().any(|stray| stray.kind == StrayKind::PrivateKey)
        || instead.is_some_and(crate::x509::foreign::Foreign::is_private_key);
    match instead {
        _ if leaked => "remove the private key from ca.crt, which clients are given, put the \
                        certificate of the CA there, and replace a key that was given away"
            .into(),
        Some(instead) => format!("{}, or remove ca.crt from the Secret", instead.remedy()).into(),
        None if file.damaged.is_empty() && file.passed_over().is_some() => {
            "rewrite its certificates, each BEGIN and END on a line of its own and nothing around them, as inspect -o pem prints them, or remove ca.crt from the Secret".into()
        }
        None => match beside {
            Beside::Stranger { or_below: Some(issuer) } => format!(
                "append the certificate of {issuer} after the leaf where it is an intermediate of the \
                 CA in ca.crt; else put its own CA into ca.crt, or remove ca.crt from the Secret"
            )
            .into(),
            _ => RULE.remedy.into(),
        },
    }
}
