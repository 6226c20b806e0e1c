//! `served-expired`: clients get an expired certificate. Where it is the stored one, `expired` says
//! so with the way out.

use crate::audit::finding::{Findings, Severity};
use crate::audit::served::Serves;
use crate::audit::{Rule, View, expiry};
use crate::instant;

pub(super) const RULE: Rule = Rule {
    code: "served-expired",
    severity: Severity::Error,
    remedy: "make the controller load the stored certificate; where Google issues it, see the domains of \
             the ManagedCertificate",
    explain: "Traefik and others silently serve an expired certificate, and a controller that \
              missed a rotation goes on with the old one past its end. Every certificate that is \
              served counts, but for a root after the leaf.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let context = view.context;
    for answer in view.answers() {
        if matches!(answer.serves, Serves::Stored(_) | Serves::Default(_)) {
            continue;
        }
        let served = answer.served.bundle.certificates.iter().enumerate();
        let over = served
            .filter(|(index, certificate)| *index == 0 || !certificate.self_signed)
            .find(|(_, certificate)| expiry::is_expired(certificate, context.now));
        let Some((index, certificate)) = over else { continue };
        let (host, place) = (&answer.demand.host, answer.served.place());
        let which = if index == 0 { "a certificate" } else { "a chain with a certificate" };
        let not_after = instant::show(certificate.not_after);
        found.push(
            RULE.on(
                &answer.frontend.object,
                format!("{place} serves {which} for {host} that expired on {not_after}"),
            )
            .evidence("host", host)
            .evidence("address", place)
            .evidence("notAfter", not_after)
            .evidence("at", instant::show(context.now))
            .evidence("served", certificate.fingerprint()),
        );
    }
}
