//! `host-without-tls`: an Ingress rule host that no `tls` entry serves. A warning beside hosts
//! that have TLS (somebody forgot one), else for information.

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;

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
                    .evidence("hostsWithTls", beside.join(", ")),
            );
        }
    }
}
