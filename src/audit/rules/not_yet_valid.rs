//! `not-yet-valid`: a certificate before its notBefore is refused by every client. Source:
//! RFC 5280 §4.1.2.5; clock-skew incidents in istio, skupper and the `OpenShift` installer.

use super::{certificate_place, dated};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::instant;
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "not-yet-valid",
    severity: Severity::Error,
    remedy: "wait, or replace it with one that is valid now",
    explain: "A client refuses a certificate whose notBefore lies ahead of its clock. certwright \
              dates new certificates five minutes back for that reason.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for dated in dated(inventory).filter(|dated| dated.certificate.not_before > context.now) {
        let not_before = instant::show(dated.certificate.not_before);
        let message = format!("{} is valid only from {not_before}", dated.name());
        let finding = RULE.on(&certificate_place(dated.object), message);
        found.push(
            finding
                .evidence("notBefore", not_before)
                .evidence("at", instant::show(context.now))
                .evidence("sha256", dated.certificate.fingerprint())
                .remedy(Some(dated.remedy()).filter(Remedy::is_command).unwrap_or_else(wait)),
        );
    }
}

fn wait() -> Remedy {
    "wait until then, or have a new one made that is valid now".into()
}
