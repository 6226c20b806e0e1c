//! `host-without-tls`: an Ingress rule host that no `tls` entry serves. A warning beside hosts
//! that have TLS (somebody forgot one), else for information.

use super::{free_name, gke};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Rule, View};
use crate::inventory::demand::IngressFacts;
use crate::inventory::frontend::{Demand, Frontend};
use crate::inventory::{Coverage, Inventory, SecretFacts};
use crate::object_ref::Kind;
use crate::remedy::Remedy;
use crate::x509::cert::HostMatch;
use crate::x509::key::Pairing;
use serde_json::json;
use std::cell::OnceCell;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    code: "host-without-tls",
    severity: Severity::Warning,
    remedy: "add the host to spec.tls",
    explain: "A rule host that no entry of spec.tls lists is served over plain HTTP, or with the \
              controller's default certificate.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let covering = OnceCell::new();
    for frontend in inventory.frontends() {
        let without = |demand: &&Demand| {
            demand.without_tls() && inventory.coverage(frontend, demand) == Coverage::WithoutTls
        };
        let (bare, with_tls): (Vec<&Demand>, Vec<&Demand>) =
            frontend.demands.iter().partition(without);
        let ingress = inventory.ingress_at(&frontend.object);
        if bare.is_empty() || ingress.is_some_and(|it| is_told_of_class(inventory, it)) {
            continue;
        }
        let beside: Vec<&str> = with_tls
            .iter()
            .map(|demand| demand.host.as_str())
            // A tls host that no rule has was meant for one of those that have no entry.
            .chain(ingress.iter().flat_map(|ingress| &ingress.orphans).map(String::as_str))
            .collect();
        for demand in bare {
            let not_listed = ingress.and_then(|it| not_listed(inventory, it, &demand.host));
            if let Some((secret, at)) = not_listed {
                found.push(list_it(frontend, demand, secret, at));
                continue;
            }
            let (severity, contrast) = match beside.first() {
                Some(host) => (Severity::Warning, format!(", while {host} has one")),
                None => (Severity::Info, String::new()),
            };
            if frontend.object.kind == Kind::Route {
                found.push(of_route(frontend, demand));
                continue;
            }
            let message = format!("host {} has no tls entry{contrast}", demand.host);
            let finding = RULE
                .on(&frontend.object, message)
                .severity(severity)
                .evidence("host", &demand.host)
                .evidence("hostsWithTls", beside.join(", "))
                .remedy(remedy(inventory, frontend, &demand.host, |namespace| {
                    let all = covering.get_or_init(|| Covering::of(inventory));
                    all.find(namespace, &demand.host)
                }));
            found.push(match inventory.beside(frontend, demand).next() {
                Some(younger) => outvoted(finding, frontend, demand, younger),
                None => finding,
            });
        }
    }
}

/// Whether it names ManagedCertificates that its class does not serve: `gke-class-ignored` tells that.
fn is_told_of_class(inventory: &Inventory, ingress: &IngressFacts) -> bool {
    !ingress.frontend.managed_names.is_empty()
        && inventory.is_beside_google_kinds(&ingress.frontend.object)
        && gke::managed_are_ignored(ingress).is_some()
}

/// The Secret that covers the host, and the place of its tls entry, where that entry lists no host
/// at all: people mean it for all of them, and this controller serves it for none.
fn not_listed<'i>(
    inventory: &'i Inventory,
    ingress: &'i IngressFacts,
    host: &str,
) -> Option<(&'i SecretFacts, usize)> {
    let hostless = ingress.tls.iter().enumerate().filter(|(_, entry)| entry.hosts.is_empty());
    let mut named = hostless.filter_map(|(at, entry)| {
        let name =
            entry.secret_name.as_ref().filter(|_| ingress.frontend.controller.reads_secrets())?;
        Some((inventory.secret(ingress.secret_namespace(), name)?, at))
    });
    named.find(|(secret, _)| {
        let leaf = secret.bundle.leaf().filter(|_| ingress.frontend.loads(secret));
        leaf.is_some_and(|leaf| matches!(leaf.match_host(host), HostMatch::San(_)))
    })
}

fn list_it(frontend: &Frontend, demand: &Demand, secret: &SecretFacts, at: usize) -> Finding {
    let (host, name, secret) = (&demand.host, frontend.controller.name(), &secret.object);
    let message = format!(
        "host {host} has no tls entry: spec.tls[{at}] names {}, which covers it, but lists no \
         hosts, and {name} serves it for none then",
        secret.short()
    );
    RULE.on(&frontend.object, message)
        .evidence("host", host)
        .evidence("secretName", &secret.name)
        .related(secret.clone())
        .remedy(format!("list {host} in spec.tls[{at}].hosts of {}", frontend.object.short()))
}

/// A Route of OpenShift without `spec.tls`.
fn of_route(frontend: &Frontend, demand: &Demand) -> Finding {
    let route = frontend.object.short();
    RULE.on(&frontend.object, format!("host {} is served over plain HTTP only", demand.host))
        .severity(Severity::Info)
        .evidence("host", &demand.host)
        .evidence("hostsWithTls", "")
        .remedy(format!("add spec.tls with termination: edge to {route}"))
}

/// The oldest Ingress with any tls entry decides, and this one has none for the host: a Secret that a
/// younger one names for it is not served (ingress-nginx: controller.go:1448-1456).
fn outvoted(finding: Finding, frontend: &Frontend, demand: &Demand, younger: &Frontend) -> Finding {
    let (host, name) = (&demand.host, frontend.controller.name());
    let other = younger.object.short();
    let secret = younger.demand(host).and_then(|demand| demand.secrets.first());
    let same = younger.object.namespace() == frontend.object.namespace();
    let remedy = match secret.filter(|_| same) {
        Some(secret) => format!(
            "list {host} in spec.tls of {} too, with secretName {}, as {other} does",
            frontend.object.short(),
            secret.name
        ),
        None => format!("keep {host} in one Ingress only: its rules and its tls entry together"),
    };
    Finding {
        message: format!(
            "host {host} has no tls entry here, and this Ingress is older than {other}, which has \
             one: {name} goes by the oldest and serves its default certificate"
        ),
        severity: Severity::Warning,
        ..finding
    }
    .related(younger.object.clone())
    .remedy(remedy)
}

/// Secrets by the names on their certificates. Made once, so that no host is looked for in all of them.
struct Covering<'i>(BTreeMap<(&'i str, String), &'i str>);

impl<'i> Covering<'i> {
    fn of(inventory: &'i Inventory) -> Self {
        let mut names = BTreeMap::new();
        let fitting = inventory.tls_secrets().filter(|it| it.bundle.pairing == Pairing::Match);
        for (secret, leaf) in fitting.filter_map(|secret| Some((secret, secret.bundle.leaf()?))) {
            for name in leaf.names.iter().map(|name| name.to_string().to_ascii_lowercase()) {
                let at = (secret.object.namespace(), name);
                names.entry(at).or_insert(secret.object.name.as_str());
            }
        }
        Self(names)
    }

    /// A Secret of the namespace whose certificate covers the host. A wildcard stands for one label.
    fn find(&self, namespace: &'i str, host: &str) -> Option<&'i str> {
        let host = host.to_ascii_lowercase();
        let parent = host.split_once('.').filter(|(first, _)| *first != "*");
        let wildcard = parent.map(|(_, parent)| format!("*.{parent}"));
        let names = std::iter::once(host).chain(wildcard);
        names.into_iter().find_map(|name| self.0.get(&(namespace, name)).copied())
    }
}

/// A certificate of the host's own, in an entry of its own: an entry that is there would need
/// another certificate too.
fn remedy<'i>(
    inventory: &Inventory,
    frontend: &'i Frontend,
    host: &str,
    covering: impl FnOnce(&'i str) -> Option<&'i str>,
) -> Remedy {
    let object = frontend.object.short();
    if !frontend.controller.reads_secrets() {
        return "request a certificate of ACM and name its ARN in the annotation \
                alb.ingress.kubernetes.io/certificate-arn"
            .into();
    }
    let namespace = frontend.object.namespace();
    if let Some(by) = inventory.asks_for_certificates(&frontend.object) {
        return format!(
            "list {host} in spec.tls of {object} with a secretName of its own: {by} makes that Secret"
        )
        .into();
    }
    if let Some(there) = covering(namespace) {
        return format!(
            "list {host} in spec.tls of {object} with secretName {there}, which covers it"
        )
        .into();
    }
    let named = host.replace('*', "wildcard");
    let secret = free_name(inventory, namespace, (&named, "-tls"));
    let entry = json!({ "hosts": [host], "secretName": secret });
    let patch = if frontend.has_tls {
        json!([{ "op": "add", "path": "/spec/tls/-", "value": entry }])
    } else {
        json!([{ "op": "add", "path": "/spec/tls", "value": [entry] }])
    };
    remedy::issue_and_patch(&frontend.object, &[host], &secret, &patch).unwrap_or_else(|| {
        format!("make a certificate for {host} in secret/{secret}, and name both in spec.tls of {object}")
            .into()
    })
}
