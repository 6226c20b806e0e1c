//! `tls-host-without-rule`: a host that `spec.tls` lists and no rule of the Ingress has. Controllers
//! make servers from rules; the entry then does nothing for that host, see [`crate::controllers`].

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::controllers::Orphan;

pub(super) const RULE: Rule = Rule {
    code: "tls-host-without-rule",
    severity: Severity::Info,
    remedy: "add a rule for the host, or remove it from spec.tls",
    explain: "spec.tls only says which certificate belongs to a host; what is served is said by \
              spec.rules. A host that is only in spec.tls is often a typo of a host in a rule.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for ingress in inventory.ingresses() {
        for host in &ingress.orphans {
            let name = ingress.frontend.controller.name();
            let done = match ingress.frontend.controller.facts().orphan {
                Orphan::Ignored => format!("{name} does nothing for it"),
                Orphan::Served | Orphan::Unknown => format!("{name} sends it nowhere"),
            };
            let rules: Vec<&str> =
                ingress.frontend.demands.iter().map(|demand| demand.host.as_str()).collect();
            found.push(
                RULE.on(
                    &ingress.frontend.object,
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
