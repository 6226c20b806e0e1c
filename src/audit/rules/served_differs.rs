//! `served-differs`: clients get another certificate than the one that is stored
//! (kubernetes/ingress-nginx#5411, haproxytech/kubernetes-ingress#68, kubernetes/ingress-gce#724).

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::remedy;
use crate::audit::served::{Answer, Serves};
use crate::audit::{Context, Rule, View};
use crate::instant;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use crate::x509::possession::Possession;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const RULE: Rule = Rule {
    code: "served-differs",
    severity: Severity::Error,
    remedy: "wait for the controller to load the Secret, then see its logs",
    explain: "What counts is what clients get. A controller that missed a rotation serves the old \
              certificate until it expires under everybody's eyes; one replica, or one address \
              family, is enough. Certificates are compared by SHA-256 over all their bytes. Also reported here: a stored chain of which clients get only a part, a server that shows a \
              certificate without having its key, and addresses that disagree.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let answers = view.answers();
    let mut differing: BTreeMap<(&ObjectRef, &str, [u8; 32]), Vec<&Answer<'_>>> = BTreeMap::new();
    for answer in answers {
        let Some(leaf) = answer.served.leaf() else { continue };
        if answer.served.possession == Possession::Disproven {
            found.push(without_key(answer, leaf));
        }
        match &answer.serves {
            Serves::Stored(secret) => found.extend(chain_cut(answer, secret)),
            Serves::Older(_) | Serves::Another(_) => {
                let host = answer.demand.host.as_str();
                let group = (&answer.frontend.object, host, leaf.sha256);
                differing.entry(group).or_default().push(answer);
            }
            Serves::Nothing | Serves::Default(_) | Serves::Unknown => {}
        }
    }
    for group in differing.values() {
        found.extend(finding(inventory, context, group, answers));
    }
    found.extend(disagreements(answers));
}

/// One finding for all addresses that serve the same wrong certificate for a host.
fn finding(
    inventory: &Inventory,
    context: &Context<'_>,
    group: &[&Answer<'_>],
    all: &[Answer<'_>],
) -> Option<Finding> {
    let first = group.first()?;
    let served = first.served.leaf()?;
    let (secret, older) = match &first.serves {
        Serves::Older(secret) => (*secret, true),
        Serves::Another(secrets) => (*secrets.first()?, false),
        Serves::Nothing | Serves::Stored(_) | Serves::Default(_) | Serves::Unknown => return None,
    };
    let stored = secret.bundle.leaf()?;
    let host = &first.demand.host;
    let places: Vec<String> = group.iter().map(|answer| answer.served.place()).collect();
    let same_host = |answer: &&Answer<'_>| {
        std::ptr::eq(answer.frontend, first.frontend) && answer.demand.host == *host
    };
    let total = all.iter().filter(same_host).count();
    let of = if total > places.len() {
        format!(" ({} of {total} addresses)", places.len())
    } else {
        String::new()
    };
    let what =
        if older { "an older certificate for the same names" } else { "another certificate" };
    let message = format!(
        "{}{of} serves {what} for {host} than {}: served {}, stored {}",
        places.join(", "),
        secret.object.short(),
        shown(served),
        shown(stored),
    );
    Some(
        RULE.on(&first.frontend.object, message)
            .evidence("host", host)
            .evidence("addresses", places.join(", "))
            .evidence("served", served.fingerprint())
            .evidence("stored", stored.fingerprint())
            .evidence("servedNotBefore", instant::show(served.not_before))
            .evidence("storedNotBefore", instant::show(stored.not_before))
            .related(secret.object.key("tls.crt"))
            .remedy(remedy(inventory, context, first)),
    )
}

/// What people compare certificates by.
fn shown(certificate: &Certificate) -> String {
    let fingerprint = certificate.fingerprint();
    let short = fingerprint.get(..16).unwrap_or_default();
    format!("{short}… (since {})", instant::show_date(certificate.not_before))
}

fn remedy(inventory: &Inventory, context: &Context<'_>, answer: &Answer<'_>) -> Remedy {
    let object = &answer.frontend.object;
    let ingress = inventory.ingress_at(object);
    let is_gke = ingress.is_some_and(|ingress| context.is_gke(inventory, ingress));
    if object.place.is_some() {
        return RULE.remedy.into();
    }
    let verify = remedy::verify_until_served(object);
    if is_gke {
        return remedy::touch(object).and(verify).into();
    }
    Remedy::from(verify)
        .note("its controller loads the Secret by itself; its logs say why when it does not")
}

/// The stored certificate without the rest of its chain. A root at its end is no loss: clients have
/// it or do not trust it.
fn chain_cut(answer: &Answer<'_>, secret: &SecretFacts) -> Option<Finding> {
    let served = &answer.served.bundle.certificates;
    let behind = secret.bundle.certificates.iter().skip(1);
    let missing: Vec<&Arc<Certificate>> = behind
        .filter(|stored| !stored.self_signed)
        .filter(|stored| !served.iter().any(|served| served.sha256 == stored.sha256))
        .collect();
    let first = missing.first()?;
    let (host, place) = (&answer.demand.host, answer.served.place());
    let message = format!(
        "{place} serves the certificate of {} for {host} without {} of its chain: {}",
        secret.object.short(),
        missing.len(),
        first.subject
    );
    Some(
        RULE.on(&answer.frontend.object, message)
            .severity(Severity::Warning)
            .evidence("host", host)
            .evidence("addresses", place)
            .evidence("servedCertificates", served.len())
            .evidence("storedCertificates", secret.bundle.certificates.len())
            .related(secret.object.key("tls.crt")),
    )
}

fn without_key(answer: &Answer<'_>, leaf: &Certificate) -> Finding {
    let (host, place) = (&answer.demand.host, answer.served.place());
    RULE.on(
        &answer.frontend.object,
        format!("{place} shows a certificate for {host} and does not have its key: the handshake is signed by another"),
    )
    .evidence("host", host)
    .evidence("addresses", place)
    .evidence("served", leaf.fingerprint())
    .remedy("look who answers there; every client refuses it")
}

/// Answers by the fingerprint of what they serve.
type ByLeaf<'a> = BTreeMap<[u8; 32], Vec<&'a Answer<'a>>>;

/// Hosts whose certificate cannot be compared with a stored one, and whose addresses serve several.
fn disagreements<'a>(answers: &'a [Answer<'a>]) -> Vec<Finding> {
    let mut hosts: BTreeMap<(&ObjectRef, &str), ByLeaf<'a>> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| matches!(answer.serves, Serves::Unknown)) {
        let Some(leaf) = answer.served.leaf() else { continue };
        let host = hosts.entry((&answer.frontend.object, &answer.demand.host)).or_default();
        host.entry(leaf.sha256).or_default().push(answer);
    }
    let several = hosts.into_iter().filter(|(_, served)| served.len() > 1);
    several
        .map(|((object, host), served)| {
            let each: Vec<String> = served
                .values()
                .filter_map(|group| {
                    let places: Vec<String> =
                        group.iter().map(|answer| answer.served.place()).collect();
                    let leaf = group.first()?.served.leaf()?;
                    Some(format!("{} at {}", shown(leaf), places.join(", ")))
                })
                .collect();
            RULE.on(object, format!("its addresses disagree about {host}: {}", each.join("; ")))
                .severity(Severity::Warning)
                .evidence("host", host)
                .evidence("served", each.join("; "))
                .remedy(
                    "wait half an hour after an issue or a renewal; then look who answers there",
                )
        })
        .collect()
}
