//! `managed-domain-invalid`: a domain that Google refuses in a ManagedCertificate. Source: its
//! CustomResourceDefinition, see [`crate::gke::limits`]; an API server refuses most of them, files
//! hold them until somebody applies them.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::limits::{MAX_DOMAINS, check_domain, check_domains};
use crate::x509::name;

pub(super) const RULE: Rule = Rule {
    code: "managed-domain-invalid",
    severity: Severity::Error,
    remedy: "list whole host names in lower case, without wildcards",
    explain: "A ManagedCertificate lists 1 to 100 domains, each of at most 63 characters in all, in \
              lower case, of two labels or more, without a wildcard or a dot at the end. One domain \
              that cannot be validated keeps the whole certificate from being issued. In files the \
              rest of the object is held against Google's definition too: its name, its apiVersion, \
              misspelt fields and values of another type.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    for named in view.managed() {
        let (object, domains) = (&named.facts.object, &named.managed.domains);
        let misfits = gke::misfits(named.facts);
        found.extend(misfits.iter().map(|misfit| gke::misfit(&RULE, object, misfit)));
        let told = !misfits.is_empty() && domains.is_empty();
        if !told
            && (domains.is_empty() || domains.len() > MAX_DOMAINS)
            && let Err(why) = check_domains(domains)
        {
            found.push(
                RULE.on(object, why.to_string())
                    .evidence("domains", domains.len())
                    .evidence("limit", MAX_DOMAINS),
            );
        }
        for (place, domain) in domains.iter().enumerate() {
            if let Err(why) = check_domain(domain) {
                let finding = RULE.on(object, why.to_string()).evidence("domain", domain);
                found.push(match instead(domain) {
                    Some(right) => finding.remedy(format!("write {right} in its place")),
                    None => finding,
                });
            } else if domains.iter().position(|other| other == domain) != Some(place) {
                let message = format!("{domain} appears in spec.domains more than once");
                found.push(
                    RULE.on(object, message)
                        .severity(Severity::Info)
                        .evidence("domain", domain)
                        .remedy("list each domain once"),
                );
            }
        }
    }
}

/// The domain as Google takes it, where it is only written otherwise: with capitals, a dot at the
/// end, blanks around it, the scheme of a URL before it, or in its own script.
fn instead(domain: &str) -> Option<String> {
    let plain = domain.trim();
    let plain = plain.strip_prefix("https://").or(plain.strip_prefix("http://")).unwrap_or(plain);
    let plain = plain.trim_end_matches(['.', '/']).to_lowercase();
    let ascii = name::to_ascii(&plain).ok()?;
    check_domain(&ascii).is_ok().then_some(ascii)
}
