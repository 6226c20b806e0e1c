//! `caa-forbids`: CAA records that keep the CAs of ManagedCertificates from issuing for a domain.
//! Source: RFC 8659; Google then says `FailedCaaForbidden`. Issuing may go through either of two CAs,
//! so that records which allow one alone are a warning: a later renewal may want the other.

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::caa::{CAS, CaaRecord, allows, is_unknown_and_critical};
use crate::inventory::ObjectFacts;
use crate::inventory::dns::{IssuerFacts, Target};

pub(super) const RULE: Rule = Rule {
    code: "caa-forbids",
    severity: Severity::Error,
    remedy: "add CAA records for pki.goog and letsencrypt.org, or remove them all",
    explain: "Asked with --dns, of domains of ManagedCertificates. CAA records name the CAs that may \
              issue for a domain; those of the nearest parent that has some hold for all below it. \
              Google issues through pki.goog or letsencrypt.org, as it sees fit: records that allow \
              neither are an error, records that allow only one a warning, for a renewal may go \
              through the other. issue \";\" forbids all; issuewild and iodef do not matter here; a \
              record bound to an account (accounturi, RFC 8657) is not Google's; a critical record \
              that no CA knows forbids all.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    if !inventory.dns_was_asked() {
        return;
    }
    for target in view.targets() {
        let Some(seen) = inventory.issuers_of(&target.host) else { continue };
        let records = seen.records.as_deref().unwrap_or_default();
        let forbidden: Vec<&str> = CAS.into_iter().filter(|ca| !allows(records, ca)).collect();
        if !forbidden.is_empty() {
            for managed in &target.managed {
                found.push(finding(target, managed, seen, &forbidden));
            }
        }
    }
}

fn finding(
    target: &Target<'_>,
    managed: &ObjectFacts,
    seen: &IssuerFacts,
    forbidden: &[&str],
) -> Finding {
    let (host, at) = (&target.host, &seen.at);
    let records = seen.records.as_deref().unwrap_or_default();
    let shown = records.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let whose = if at == host { String::new() } else { format!(" of {at}") };
    let (severity, verdict) = match forbidden {
        [one] => (Severity::Warning, format!("do not allow {one}, which a renewal may go through")),
        _ => (RULE.severity, format!("allow neither {}", CAS.join(" nor "))),
    };
    let message = format!("CAA records{whose} for its domain {host} {verdict}: {shown}");
    let finding = RULE
        .on(&managed.object, message)
        .severity(severity)
        .evidence("domain", host)
        .evidence("at", at)
        .evidence("caa", shown)
        .evidence("forbidden", forbidden.join(", "))
        .remedy(remedy(at, records, forbidden));
    let serving = target.serving(managed).into_iter();
    finding.used_by(serving)
}

fn remedy(at: &str, records: &[CaaRecord], forbidden: &[&str]) -> String {
    let record = |record: &dyn std::fmt::Display| format!("{at}. CAA {record}");
    let strange: Vec<String> =
        records.iter().filter(|one| is_unknown_and_critical(one)).map(|one| record(one)).collect();
    let others: Vec<CaaRecord> =
        records.iter().filter(|one| !is_unknown_and_critical(one)).cloned().collect();
    let lacking = forbidden.iter().filter(|ca| !allows(&others, ca));
    let add: Vec<String> = lacking.map(|ca| record(&format!("0 issue \"{ca}\""))).collect();
    let delete = format!("delete the DNS record: {}", strange.join(" and "));
    let add_them = format!("add the DNS record: {}", add.join(" and "));
    match (strange.is_empty(), add.is_empty()) {
        (true, _) => add_them,
        (false, true) => delete,
        (false, false) => format!("{delete}; {add_them}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> CaaRecord {
        let (flags, rest) = text.split_once(' ').expect("flags");
        let (tag, value) = rest.split_once(' ').expect("tag and value");
        CaaRecord { critical: flags == "128", tag: tag.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn after_the_remedy_both_may_issue() {
        for records in [
            &["0 issue digicert.com"][..],
            &["0 issue ;"],
            &["128 tbs unknown"],
            &["128 tbs unknown", "0 issue pki.goog"],
            &["0 issue pki.goog; accounturi=https://acme.example/1"],
        ] {
            let before: Vec<CaaRecord> = records.iter().map(|text| record(text)).collect();
            let forbidden: Vec<&str> = CAS.into_iter().filter(|ca| !allows(&before, ca)).collect();
            let remedy = remedy("shop.example", &before, &forbidden);
            let mut after: Vec<CaaRecord> = before
                .iter()
                .filter(|one| {
                    !remedy.contains(&format!("delete the DNS record: shop.example. CAA {one}"))
                })
                .cloned()
                .collect();
            for ca in CAS {
                if remedy.contains(&format!("shop.example. CAA 0 issue \"{ca}\"")) {
                    after.push(record(&format!("0 issue {ca}")));
                }
            }
            assert!(CAS.iter().all(|ca| allows(&after, ca)), "{records:?}: {remedy}");
        }
    }
}
