//! `expires-soon`: a certificate inside its renewal lead. Silent once it is expired. A lead as
//! long as the whole lifetime is told here too: such a certificate is due for ever.

use super::{Dated, certificate_place, dated};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, expiry};
use crate::inventory::Inventory;
use crate::x509::{instant, lead};
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "expires-soon",
    severity: Severity::Warning,
    remedy: "renew the certificate",
    explain: "The lead is a third of the lifetime, at most 30 days, unless --renew-before or the \
              annotation certwright.dev/renew-before says otherwise. Within seven days, or a tenth \
              of a shorter lifetime, it is an error. A Secret that an automation renews is warned \
              about only when two thirds of the lead are gone, so that healthy renewals never flap.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for dated in
        dated(inventory).filter(|dated| !expiry::is_expired(dated.certificate, context.now))
    {
        let full = context.policy.lead(dated.certificate, dated.secret);
        if expiry::lead_is_too_long(dated.certificate, full) {
            found.push(lead_too_long(&dated, context, full));
            continue;
        }
        let warning = expiry::warning_lead(dated.secret, full);
        let near = expiry::is_near(dated.certificate, context.now);
        if near || expiry::is_due(dated.certificate, context.now, warning) {
            found.push(soon(&dated, context, full, near));
        }
    }
}

fn soon(
    dated: &Dated<'_>,
    context: &Context<'_>,
    full: Duration,
    near: bool,
) -> crate::audit::finding::Finding {
    let not_after = instant::show(dated.certificate.not_after);
    let left = dated.certificate.not_after - context.now;
    RULE.on(
        &certificate_place(dated.object),
        format!("{} expires in {}, on {not_after}", dated.name(), lead::show(left)),
    )
    .severity(if near { Severity::Error } else { Severity::Warning })
    .evidence("notAfter", not_after)
    .evidence("at", instant::show(context.now))
    .evidence("lead", lead::show(full))
    .evidence("sha256", dated.certificate.fingerprint())
    .remedy(dated.remedy())
}

fn lead_too_long(
    dated: &Dated<'_>,
    context: &Context<'_>,
    full: Duration,
) -> crate::audit::finding::Finding {
    let lifetime = Duration::seconds(dated.certificate.lifetime_seconds());
    RULE.on(
        &certificate_place(dated.object),
        format!(
            "the renewal lead of {} is not shorter than the lifetime of {} ({}): it would be due for ever",
            lead::show(full),
            dated.name(),
            lead::show(lifetime),
        ),
    )
    .evidence("notAfter", instant::show(dated.certificate.not_after))
    .evidence("at", instant::show(context.now))
    .evidence("lead", lead::show(full))
    .evidence("lifetime", lead::show(lifetime))
    .remedy("choose a shorter lead: --renew-before, or the annotation certwright.dev/renew-before")
}
