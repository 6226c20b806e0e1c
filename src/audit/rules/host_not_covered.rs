//! `host-not-covered`: a host of an Ingress or a Gateway that no certificate served for it names. Source: RFC 9525
//! §6. What clients get instead depends on the controller: a default certificate of its own, or the
//! one that does not fit (see [`crate::controllers`]).

use super::{certificate_place, kept, remade, somebody_elses};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::issuing::{IssuingCa, issuing_ca};
use crate::audit::remedy;
use crate::audit::{Rule, View};
use crate::controllers::Mismatch;
use crate::inventory::bundle::Bundle;
use crate::inventory::frontend::{Demand, Frontend};
use crate::inventory::{Coverage, Inventory};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::cert::HostMatch;
use crate::x509::key::Pairing;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule {
    code: "host-not-covered",
    severity: Severity::Error,
    remedy: "serve a certificate that names the host",
    explain: "A client compares the host with the dNSNames of the subjectAltName, and with nothing \
              else. A wildcard stands for one whole left-most label; a host *.x needs the SAN *.x. \
              A Gateway serves for a listener the hosts that its hostname and those of the routes \
              attached to it have in common.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let mut uncovered = Vec::new();
    for (frontend, demand) in inventory.demands() {
        // What another frontend does wrong for the host is said there.
        match inventory.server(frontend, demand) {
            (Coverage::NotCovered { .. } | Coverage::NoCertificate, None)
                if inventory.stopped_at(frontend, &demand.host).is_some() =>
            {
                found.extend(never_read(inventory, frontend, &demand.host));
            }
            (Coverage::NotCovered { looked_at }, None)
                if !is_further_down(inventory, &demand.host, &looked_at) =>
            {
                uncovered.push((frontend, demand, looked_at));
            }
            _ => {}
        }
    }
    let unmet = inventory.wanted().filter(|(wanted, demand)| {
        matches!(inventory.coverage(wanted, demand), Coverage::NotCovered { .. })
    });
    found.extend(unmet.map(|(wanted, demand)| not_at_all(wanted, &demand.host)));
    // One rotation adds all that one Secret lacks.
    let mut lacking: BTreeMap<&ObjectRef, BTreeSet<&str>> = BTreeMap::new();
    for (_, demand, looked_at) in &uncovered {
        if let Some((secret, _)) = looked_at.first() {
            lacking.entry(secret).or_default().insert(&demand.host);
        }
    }
    for (frontend, demand, looked_at) in &uncovered {
        let hosts = looked_at.first().and_then(|(secret, _)| lacking.get(secret));
        let hosts = hosts.into_iter().flatten().copied().collect::<Vec<_>>();
        found.push(finding(inventory, (frontend, demand), looked_at, &hosts));
    }
}

/// A host of which the user says that it has to be covered.
fn not_at_all(wanted: &Frontend, host: &str) -> Finding {
    RULE.on(&wanted.object, format!("host {host} is covered by no certificate that was seen"))
        .evidence("host", host)
        .evidence("presented", "")
        .remedy("issue a certificate that names it, or look for one in all namespaces (-A)")
}

/// The Secret that covers the host stands behind one at which Traefik stops reading.
fn never_read(inventory: &Inventory, frontend: &Frontend, host: &str) -> Option<Finding> {
    let (stop, behind) = inventory.stopped_at(frontend, host)?;
    let message = format!(
        "host {host} is not covered: Traefik reads the Secrets of spec.tls in order and stops at {}, \
         which is not there or not complete, so that it never comes to {}, which covers the host",
        stop.short(),
        behind.object.short()
    );
    let finding = RULE
        .on(&frontend.object, message)
        .evidence("host", host)
        .evidence("stopsAt", &stop.name)
        .evidence("notRead", &behind.object.name)
        .related(behind.object.clone())
        .remedy(format!(
            "put {} right, or remove it from spec.tls of {}",
            stop.short(),
            frontend.object.short()
        ));
    Some(finding.related(stop.clone()))
}

/// Whether a certificate that covers the host is there, and not in the first place:
/// `chain-out-of-order` says that.
fn is_further_down(
    inventory: &Inventory,
    host: &str,
    looked_at: &[(ObjectRef, HostMatch)],
) -> bool {
    let facts = |(secret, _): &(ObjectRef, HostMatch)| inventory.secret_at(secret);
    looked_at.iter().filter_map(facts).any(|secret| {
        let leaf = secret.bundle.key_position().and_then(|at| secret.bundle.certificates.get(at));
        leaf.is_some_and(|leaf| matches!(leaf.match_host(host), HostMatch::San(_)))
    })
}

fn finding(
    inventory: &Inventory,
    (frontend, demand): (&Frontend, &Demand),
    looked_at: &[(ObjectRef, HostMatch)],
    lacking: &[&str],
) -> Finding {
    let host = demand.host.as_str();
    let added = demand.added_by.as_ref().map(|by| format!(" (added by annotation {by})"));
    let listener = demand.listener.as_ref().map(|it| format!(" of listener {}", it.name));
    let added = added.or(listener).unwrap_or_default();
    let presented: Vec<String> =
        looked_at.iter().map(|(secret, answer)| presented(inventory, secret, answer)).collect();
    let mut finding = RULE
        .on(
            &frontend.object,
            format!(
                "host {host}{added} is not covered by {}{}",
                presented.join("; nor by "),
                instead(frontend, looked_at)
            ),
        )
        .evidence("host", host)
        .evidence("presented", presented.join("; "))
        .remedy(remedy(inventory, (host, lacking), looked_at));
    if let Some(listener) = &demand.listener {
        finding = finding.evidence("listener", &listener.name);
    }
    for (secret, _) in looked_at {
        finding = finding.related(certificate_place(secret));
    }
    finding
}

/// What clients get in place of a certificate that fits. Controllers that compare names take the
/// common name for one, where there is no other (ingress-nginx: certificate.go:34-65; Traefik:
/// tls/certificate_store.go:244-263); clients do not.
fn instead(frontend: &Frontend, looked_at: &[(ObjectRef, HostMatch)]) -> String {
    let name = frontend.controller.name();
    let by_cn =
        |(_, answer): &(ObjectRef, HostMatch)| matches!(answer, HostMatch::CommonNameOnly(_));
    match frontend.controller.facts().mismatch {
        Mismatch::Default if looked_at.iter().any(by_cn) => {
            format!(": {name} serves it by its CN, and clients refuse it")
        }
        Mismatch::Default => format!(": {name} serves its default certificate instead"),
        Mismatch::Wrong if looked_at.len() == 1 => format!(": {name} serves it anyway"),
        Mismatch::Wrong => format!(": {name} serves one of them anyway"),
        Mismatch::Unknown => String::new(),
    }
}

/// How many names of a certificate a message shows; the rest is counted.
const SHOWN_NAMES: usize = 5;

fn presented(inventory: &Inventory, secret: &ObjectRef, answer: &HostMatch) -> String {
    let name = secret.short();
    let held = inventory.secret_at(secret).map(|facts| &facts.bundle);
    let leaf = held.or_else(|| inventory.bundle_of_route(secret)).and_then(Bundle::leaf);
    match (answer, leaf) {
        (HostMatch::CommonNameOnly(cn), _) => {
            format!("{name}, which has no SAN (CN {cn} does not count)")
        }
        (_, Some(leaf)) if !leaf.names.is_empty() => {
            let shown: Vec<String> =
                leaf.names.iter().take(SHOWN_NAMES).map(ToString::to_string).collect();
            let more = leaf.names.len().saturating_sub(SHOWN_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{name}, which names {}{more}", shown.join(", "))
        }
        _ => format!("{name}, which names no host"),
    }
}

/// How many hosts one command adds.
const MAX_ADDED: usize = 10;

/// For one host of all that the same Secret lacks.
fn remedy(
    inventory: &Inventory,
    (host, lacking): (&str, &[&str]),
    looked_at: &[(ObjectRef, HostMatch)],
) -> Remedy {
    let Some((secret, answer)) = looked_at.first() else { return RULE.remedy.into() };
    if secret.kind == Kind::Route {
        return remedy::into_route(secret);
    }
    let Some(facts) = inventory.secret_at(secret) else { return RULE.remedy.into() };
    let self_signed = facts.bundle.leaf().is_some_and(|leaf| leaf.self_signed);
    // Saying its host is what tells a server's certificate such as CN=my-nginx from a CA's.
    let unclear = facts.bundle.pairing == Pairing::Match
        && facts.bundle.leaf().and_then(|leaf| issuing_ca(inventory, secret, leaf))
            == Some(IssuingCa::Unclear);
    if let Some(remedy) = kept(inventory, secret, &facts.bundle)
        && facts.owner.is_none()
        && !unclear
    {
        return remedy;
    }
    match (&facts.owner, self_signed, answer) {
        (Some(owner), _, _) => format!(
            "add the host where {}, which owns {}, gets it from",
            owner.name,
            secret.short()
        )
        .into(),
        (None, ..) if facts.immutable => {
            somebody_elses(inventory, facts).unwrap_or_else(|| RULE.remedy.into())
        }
        // The common name becomes a SAN by it.
        (None, true, HostMatch::CommonNameOnly(_)) => remade(inventory, &facts.object, Some(facts)),
        (None, true, _) => {
            // Where very many are lacking, each finding names its own.
            let lacking =
                if lacking.len() > MAX_ADDED { std::slice::from_ref(&host) } else { lacking };
            let hosts = lacking.iter().map(|host| format!("--add-host {}", remedy::word(host)));
            let hosts = hosts.collect::<Vec<_>>().join(" ");
            remade(inventory, &facts.object, Some(facts)).with(&hosts)
        }
        (None, false, _) => {
            remedy::import_renewed(&facts.object).note(format!("the new one has to name {host}"))
        }
    }
}
