//! `served-expired`: clients get an expired certificate. Where it is the stored one, `expired` says
//! so with the way out.

use crate::audit::finding::{Findings, Severity};
use crate::audit::served::{Serves, answers};
use crate::audit::{Context, Rule, expiry};
use crate::instant;
use crate::inventory::Inventory;

pub(super) const RULE: Rule = Rule {
    code: "served-expired",
    severity: Severity::Error,
    remedy: "let the controller take up what is stored; where Google issues it, see the domains of \
             the ManagedCertificate",
    explain: "Traefik and others serve an expired certificate without a word, and a controller that \
              missed a rotation goes on with the old one past its end. Every certificate that is \
              served counts, but for a root behind the leaf.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for answer in answers(inventory) {
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
                &answer.ingress.object,
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
