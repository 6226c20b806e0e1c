//! `managed-renewal-overdue`: an issued ManagedCertificate that Google should have renewed. They
//! live 90 days and are renewed about a month before their end; an AAAA record that led elsewhere
//! let whole sites expire so (kubernetes/k8s.io#2505).

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::duration;
use crate::instant;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "managed-renewal-overdue",
    severity: Severity::Warning,
    remedy: "set the A and AAAA records of every domain to the Ingress address and nothing else",
    explain: "Google renews about a month before the end. 21 days before it the renewal is overdue; \
              within 7 it is an error. Renewing validates every domain again: one whose DNS points elsewhere by now holds the whole certificate up, while its status still says Active.",
    check,
};

/// Renewal begins about 30 days before the end; this leaves it nine days of trying.
const OVERDUE: Duration = Duration::days(21);
/// As near as is an error for other certificates.
const NEAR: Duration = Duration::days(7);

fn check(view: &View<'_>, found: &mut Findings) {
    let context = view.context;
    for named in view.managed() {
        let Some(written) = &named.managed.expire_time else { continue };
        let Ok(expires) = instant::parse(written) else { continue };
        let left = expires - context.now;
        if named.managed.status.as_deref() != Some("Active") || left > OVERDUE {
            continue;
        }
        let when = if left.is_negative() {
            "it expired".to_owned()
        } else {
            format!("it expires in {},", duration::show(left))
        };
        let shown = instant::show(expires);
        let finding = RULE
            .on(&named.facts.object, format!("{when} on {shown}, and Google has not renewed it"))
            .severity(if left <= NEAR { Severity::Error } else { Severity::Warning })
            .evidence("expireTime", &shown)
            .evidence("at", instant::show(context.now))
            .evidence("domains", named.managed.domains.join(", "));
        found.push(finding.used_by(named.ingresses.iter().copied()));
    }
}
