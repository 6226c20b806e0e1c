//! `expired`: a certificate past its notAfter is refused by every client. Source: RFC 5280
//! §4.1.2.5. An error on what an Ingress serves or a workload reads, a warning on a leftover.

use super::{Dated, ca_dates, certificate_place, dated, values};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View, expiry};
use crate::instant;
use crate::x509::cert::Certificate;
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
    values::past(inventory, context, found);
    ca_dates::past(inventory, context, found);
}

/// How long ago it expired.
pub(super) fn ago(certificate: &Certificate, context: &Context<'_>) -> String {
    match -expiry::days_left(certificate, context.now) {
        1 => "less than a day ago".to_owned(),
        2 => "a day ago".to_owned(),
        days => format!("{} days ago", days - 1),
    }
}

fn finding(dated: &Dated<'_>, context: &Context<'_>) -> Finding {
    let not_after = instant::show(dated.certificate.not_after);
    let ago = ago(dated.certificate, context);
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
