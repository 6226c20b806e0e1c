//! `expires-soon`: a certificate inside its renewal window. Silent once it is expired. A renewal
//! window that leaves next to nothing of the lifetime is told here too: such a certificate is due
//! again as soon as it is made (cert-manager#1506, #3813, #4423).

use super::{Dated, ca_dates, certificate_place, dated, values};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View, expiry};
use crate::duration;
use crate::instant;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "expires-soon",
    severity: Severity::Warning,
    remedy: "renew the certificate",
    explain: "The renewal window is a third of the lifetime, at most 30 days, unless --renew-before or the \
              annotation certwright.dev/renew-before says otherwise. Within seven days, or a tenth \
              of a shorter lifetime, it is an error, except on a Secret that no Ingress names and no \
              workload reads. A Secret that is really renewed (by cert-manager, External Secrets, OpenShift's service-ca, or \
              certwright.dev/rotate) is warned about only when two thirds of the renewal window are gone, so \
              that healthy renewals never flap; Helm, Argo CD and Flux renew nothing. A renewal window that \
              leaves next to nothing of a lifetime is reported instead: rotate --due passes such a \
              certificate over until its end is near, or it would replace it at every run. A CA in \
              ca.crt by which others are verified counts too, unless a later one of its name stands \
              beside it.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for dated in
        dated(inventory).filter(|dated| !expiry::is_expired(dated.certificate, context.now))
    {
        let full =
            context.policy.window(inventory, (dated.certificate, dated.object), dated.secret);
        let warning = expiry::warning_window(dated.secret, full);
        let near = expiry::is_near(dated.certificate, context.now);
        // Who renews it goes by a renewal window of its own; what is judged there is when people
        // are warned.
        let renewed_here = dated.secret.is_none_or(|secret| secret.owner.is_none());
        let judged = if renewed_here { full } else { warning };
        if !near && expiry::window_is_too_long(dated.certificate.lifetime(), judged) {
            found.push(window_too_long(&dated, context, judged));
            continue;
        }
        let severity = expiry::severity(dated.certificate, context.now, warning, dated.is_used());
        found.extend(severity.map(|severity| soon(&dated, context, full).severity(severity)));
    }
    values::soon(inventory, context, found);
    ca_dates::soon(inventory, context, found);
}

fn soon(dated: &Dated<'_>, context: &Context<'_>, full: Duration) -> Finding {
    let not_after = instant::show(dated.certificate.not_after);
    let left = dated.certificate.not_after - context.now;
    let finding = RULE.on(
        &certificate_place(dated.object),
        format!("{} expires in {}, on {not_after}", dated.name(), duration::show(left)),
    );
    let finding = dated.hurt(finding);
    finding
        .evidence("notAfter", not_after)
        .evidence("at", instant::show(context.now))
        .evidence("lead", duration::show(full))
        .evidence("sha256", dated.certificate.fingerprint())
        .remedy(dated.remedy())
}

fn window_too_long(dated: &Dated<'_>, context: &Context<'_>, window: Duration) -> Finding {
    let lifetime = Duration::seconds(dated.certificate.lifetime_seconds());
    let what =
        expiry::window_too_long(window, lifetime, &format!("the lifetime of {}", dated.name()));
    RULE.on(&certificate_place(dated.object), format!("{what}: it would be due at every run"))
        .evidence("notAfter", instant::show(dated.certificate.not_after))
        .evidence("at", instant::show(context.now))
        .evidence("lead", duration::show(window))
        .evidence("lifetime", duration::show(lifetime))
        .remedy(
            "choose a shorter renewal window: --renew-before, or the annotation certwright.dev/renew-before",
        )
}
