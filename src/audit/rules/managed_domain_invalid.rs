//! `managed-domain-invalid`: a domain that Google refuses in a ManagedCertificate. Source: its
//! CustomResourceDefinition, see [`crate::gke::limits`]; an API server refuses most of them, files
//! hold them until somebody applies them.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::gke::limits::{MAX_DOMAINS, check_domain, check_domains};
use crate::inventory::Inventory;

pub(super) const RULE: Rule = Rule {
    code: "managed-domain-invalid",
    severity: Severity::Error,
    remedy: "list whole host names in lower case, without wildcards",
    explain: "A ManagedCertificate lists 1 to 100 domains, each of at most 63 characters in all, in \
              lower case, of two labels or more, without a wildcard or a dot at the end. One domain \
              that cannot be validated keeps the whole certificate from being issued.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for named in gke::managed(inventory) {
        let (object, domains) = (&named.facts.object, &named.managed.domains);
        if (domains.is_empty() || domains.len() > MAX_DOMAINS)
            && let Err(message) = check_domains(domains)
        {
            found.push(
                RULE.on(object, message)
                    .evidence("domains", domains.len())
                    .evidence("limit", MAX_DOMAINS),
            );
        }
        for domain in domains {
            if let Err(message) = check_domain(domain) {
                found.push(RULE.on(object, message).evidence("domain", domain));
            }
        }
    }
}
