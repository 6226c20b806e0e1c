//! `tls-host-without-rule`: a host that `spec.tls` lists and no rule of the Ingress has. Controllers
//! make servers from rules; the entry then does nothing for that host, see [`crate::controllers`].

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::controllers::Orphan;
use crate::inventory::Inventory;

pub(super) const RULE: Rule = Rule {
    code: "tls-host-without-rule",
    severity: Severity::Info,
    remedy: "add a rule for the host, or take it out of spec.tls",
    explain: "spec.tls only says which certificate belongs to a host; what is served is said by \
              spec.rules. A host that stands in spec.tls alone is often a slip of the pen beside the \
              rule it was meant for.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for ingress in inventory.ingresses() {
        for host in &ingress.orphans {
            let name = ingress.controller.name();
            let done = match ingress.controller.facts().orphan {
                Orphan::Ignored => format!("{name} does nothing for it"),
                Orphan::Served | Orphan::Unknown => format!("{name} sends it nowhere"),
            };
            let rules: Vec<&str> =
                ingress.demands.iter().map(|demand| demand.host.as_str()).collect();
            found.push(
                RULE.on(
                    &ingress.object,
                    format!(
                        "spec.tls lists {host}, and no rule of the Ingress has that host: {done}"
                    ),
                )
                .evidence("host", host)
                .evidence("ruleHosts", rules.join(", ")),
            );
        }
    }
}
