//! `host-without-tls`: an Ingress rule host that no `tls` entry serves. A warning beside hosts
//! that have TLS (somebody forgot one), else for information.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::remedy::Remedy;
use serde_json::json;

pub(super) const RULE: Rule = Rule {
    code: "host-without-tls",
    severity: Severity::Warning,
    remedy: "add the host to spec.tls",
    explain: "A rule host that no entry of spec.tls lists is served in the clear, or with the \
              controller's default certificate.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for ingress in inventory.ingresses() {
        // That it names what its class does not serve is told by `gke-class-ignored`.
        let ignored = |facts| gke::managed_are_ignored(facts).is_some();
        if !ingress.managed_names.is_empty()
            && inventory.object(&ingress.object).is_some_and(ignored)
        {
            continue;
        }
        let beside: Vec<&str> = ingress
            .demands
            .iter()
            .filter(|demand| !demand.without_tls())
            .map(|demand| demand.host.as_str())
            .collect();
        for demand in ingress.demands.iter().filter(|demand| demand.without_tls()) {
            let (severity, contrast) = match beside.first() {
                Some(host) => (Severity::Warning, format!(", while {host} has one")),
                None => (Severity::Info, String::new()),
            };
            let message = format!("host {} has no tls entry{contrast}", demand.host);
            found.push(
                RULE.on(&ingress.object, message)
                    .severity(severity)
                    .evidence("host", &demand.host)
                    .evidence("hostsWithTls", beside.join(", "))
                    .remedy(way_out(ingress, &demand.host)),
            );
        }
    }
}

/// A certificate of the host's own, in an entry of its own: an entry that is there would need
/// another certificate too.
fn way_out(ingress: &IngressFacts, host: &str) -> Remedy {
    let secret = format!("{}-tls", host.replace('*', "wildcard"));
    let entry = json!({ "hosts": [host], "secretName": secret });
    let patch = if ingress.has_tls {
        json!([{ "op": "add", "path": "/spec/tls/-", "value": entry }])
    } else {
        json!([{ "op": "add", "path": "/spec/tls", "value": [entry] }])
    };
    remedy::issue_and_patch(&ingress.object, &[host], &secret, &patch).unwrap_or_else(|| {
        let object = ingress.object.short();
        format!("make a certificate for {host} in secret/{secret}, and name both in spec.tls of {object}")
            .into()
    })
}
