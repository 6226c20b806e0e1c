//! `chain-expires-first`: an intermediate ends before the leaf that it issued. The leaf looks good
//! for months on every dashboard and is refused the day its issuer ends.

use super::{arrangement, certificate_place, secret_of, somebody_elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, expiry, remedy};
use crate::inventory::Inventory;
use crate::object_ref::Kind;
use crate::x509::instant;

pub(super) const RULE: Rule = Rule {
    code: "chain-expires-first",
    severity: Severity::Warning,
    remedy: "renew the certificate once its issuer has a new one",
    explain: "Every certificate of a chain but the root must be in date (RFC 5280 §6.1.3), so a leaf is \
              good no longer than its issuer. When the issuer's end is near or past, expires-soon \
              and expired say it of the issuer itself.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in inventory.bundles() {
        let Some(arrangement) = arrangement(bundle) else { continue };
        let Some((leaf, issuers)) = arrangement.path.split_first() else { continue };
        let leaf = &bundle.certificates[*leaf];
        let first = issuers.iter().map(|position| &bundle.certificates[*position]);
        let Some(issuer) = first.min_by_key(|issuer| issuer.not_after) else { continue };
        let secret = secret_of(inventory, object);
        let lead = expiry::warning_lead(secret, context.policy.lead(issuer, secret));
        if issuer.not_after >= leaf.not_after
            || expiry::is_due(issuer, context.now, lead)
            || expiry::is_expired(leaf, context.now)
        {
            continue;
        }
        let (ends, leaf_ends) = (instant::show(issuer.not_after), instant::show(leaf.not_after));
        let way_out = match object.kind {
            Kind::Secret => secret
                .and_then(|secret| somebody_elses(inventory, secret))
                .unwrap_or_else(|| remedy::import_renewed(object)),
            _ => RULE.remedy.into(),
        };
        found.push(
            RULE.on(
                &certificate_place(object),
                format!(
                    "its issuer {} ends on {ends}, before the certificate itself ({leaf_ends}): from then on clients refuse it",
                    issuer.subject
                ),
            )
            .evidence("issuerNotAfter", ends)
            .evidence("notAfter", leaf_ends)
            .evidence("issuer", &issuer.subject)
            .evidence("sha256", leaf.fingerprint())
            .remedy(way_out),
        );
    }
}
