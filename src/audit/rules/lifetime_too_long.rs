//! `lifetime-too-long`: a server certificate that lives longer than Apple's clients take.

use super::{Dated, certificate_place, dated};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::x509::profile::MAX_ROTATED_LIFETIME;

pub(super) const RULE: Rule = Rule {
    code: "lifetime-too-long",
    severity: Severity::Info,
    remedy: "make a certificate of at most 825 days, and have it rotated",
    explain: "Apple's systems refuse server certificates that live longer than 825 days, from private \
              CAs too (support.apple.com/en-us/HT210176). Nobody else does. But a key that is good \
              for decades is never changed, and never comes to an end when it leaks. Public CAs \
              have shorter limits of their own (200 days since March 2026), which are theirs to keep.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let is_ca = |dated: &Dated<'_>| dated.certificate.is_ca && dated.issuing().is_some();
    for dated in dated(inventory).filter(|dated| dated.is_leaf && !is_ca(dated)) {
        let (lifetime, limit) =
            (dated.certificate.lifetime_seconds(), MAX_ROTATED_LIFETIME.whole_seconds());
        if lifetime <= limit {
            continue;
        }
        let lives = if dated.certificate.not_after.year() == 9999 {
            // What RFC 5280 §4.1.2.5 has for "no end".
            "it has no end".to_owned()
        } else {
            format!("it lives for {} days", lifetime / 86_400)
        };
        let message = format!("{lives}, and Apple's clients take at most {} days", limit / 86_400);
        found.push(
            RULE.on(&certificate_place(dated.object), message)
                .evidence("days", lifetime / 86_400)
                .evidence("limit", limit / 86_400)
                .evidence("sha256", dated.certificate.fingerprint())
                .remedy(dated.remedy()),
        );
    }
}
