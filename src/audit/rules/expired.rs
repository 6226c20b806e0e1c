//! `expired`: a certificate past its notAfter is refused by every client. Source: RFC 5280
//! §4.1.2.5. An error on what an Ingress serves or a workload reads, a warning on a leftover.

use super::{Dated, certificate_place, dated};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View, expiry};
use crate::instant;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "expired",
    severity: Severity::Error,
    remedy: "replace the certificate",
    explain: "Every client refuses a certificate after its notAfter (RFC 5280 §4.1.2.5). The last \
              second of notAfter is still valid. In a chain every certificate but the root counts. On a Secret that \
              no Ingress names and no workload reads it is a warning.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for dated in dated(inventory).filter(|dated| expiry::is_expired(dated.certificate, context.now))
    {
        found.push(finding(&dated, context));
    }
}

fn finding(dated: &Dated<'_>, context: &Context<'_>) -> Finding {
    let not_after = instant::show(dated.certificate.not_after);
    let days = -expiry::days_left(dated.certificate, context.now);
    let ago = match days {
        1 => "less than a day ago".to_owned(),
        2 => "a day ago".to_owned(),
        _ => format!("{} days ago", days - 1),
    };
    let severity =
        expiry::severity(dated.certificate, context.now, Duration::ZERO, dated.is_used());
    let finding = RULE.on(
        &certificate_place(dated.object),
        format!("{} expired {ago}, on {not_after}", dated.name()),
    );
    dated
        .hurt(finding)
        .severity(severity.unwrap_or(RULE.severity))
        .evidence("notAfter", not_after)
        .evidence("at", instant::show(context.now))
        .evidence("sha256", dated.certificate.fingerprint())
        .remedy(dated.remedy())
}
