//! `gke-sync-failed`: GKE's controller tried to bring a load balancer to what its Ingress says, and
//! failed. New load balancers get no address, others serve on what they have; the events of the Ingress
//! are the only ones to say so (kubernetes/ingress-gce#724, and eight states in which nothing else tells).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View, remedy};
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::gke::events::{self, Known};
use crate::gke::load_balancer;
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, Trouble};
use crate::object_ref::Kind;
use crate::remedy::Remedy;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "gke-sync-failed",
    severity: Severity::Error,
    remedy: "fix what its controller warns of, then change any annotation of the Ingress",
    explain: "The last warning of GKE's controller about the Ingress is younger than its last success: \
              the load balancer is not what the Ingress says. A quota that is used up, a certificate \
              that Google refuses, an address that is not reserved, one lost Secret stop it as a whole, \
              and a new one gets no address. It tries again by itself, later each time, at last every \
              quarter of an hour; a changed annotation makes it try at once.",
    check,
};

/// A failing sync is tried again at least that often, and warned of each time that events are let
/// through: an older warning about a load balancer that is complete has been overcome.
const TRIED_AGAIN: Duration = Duration::minutes(20);
/// So long a load balancer may have nothing to serve while its first certificate is on its way.
const PASSES: Duration = Duration::seconds(30);

/// Warnings that say what another rule says better.
const TOLD_ELSEWHERE: &str = "MissingCertificate";

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in view.gke_ingresses() {
        let trouble = inventory.trouble(&ingress.frontend.object);
        let trouble = trouble.filter(|trouble| stands(inventory, context, ingress, trouble));
        found.extend(trouble.map(|trouble| finding(inventory, ingress, trouble)));
    }
}

/// Whether what was warned of is still so.
fn stands(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
    trouble: &Trouble,
) -> bool {
    let age = trouble.at.map(|at| context.now - at);
    let is_within = |limit: Duration| age.is_none_or(|age| age <= limit);
    let passes = events::known(&trouble.cause).is_some_and(|known| known.passes());
    if trouble.reason == TOLD_ELSEWHERE || (passes && is_within(PASSES)) {
        return false;
    }
    !is_complete(inventory, ingress) || is_within(TRIED_AGAIN) && !is_overcome(ingress, trouble)
}

/// Whether it warned of the name of a certificate that does not stand on the Ingress any more.
fn is_overcome(ingress: &IngressFacts, trouble: &Trouble) -> bool {
    let Some(Known::CertificateGone(gone)) = events::known(&trouble.cause) else { return false };
    !ingress.items(PRE_SHARED_CERT).contains(&gone.as_str())
}

/// Whether the load balancer has an address and serves all that the Ingress names.
fn is_complete(inventory: &Inventory, ingress: &IngressFacts) -> bool {
    let managed = ingress.items(MANAGED_CERTIFICATES).into_iter().all(|name| {
        let facts = inventory.object(&gke::beside(
            &ingress.frontend.object,
            Kind::ManagedCertificate,
            name,
        ));
        let certificate = facts.and_then(|facts| facts.managed().certificate_name.as_deref());
        certificate
            .is_some_and(|name| load_balancer::certificates(&ingress.annotations).contains(&name))
    });
    !ingress.frontend.addresses.is_empty()
        && managed
        && inventory.unserved_secrets(ingress).next().is_none()
}

fn finding(inventory: &Inventory, ingress: &IngressFacts, trouble: &Trouble) -> Finding {
    let known = events::known(&trouble.cause);
    let at = trouble.at.map_or_else(|| "at a time it does not say".to_owned(), instant::show);
    let meaning = known.as_ref().map_or_else(String::new, |known| format!("{}: ", known.meaning()));
    let served = if ingress.frontend.addresses.is_empty() {
        "it has no address"
    } else if load_balancer::certificates(&ingress.annotations).is_empty() {
        "it has no HTTPS"
    } else {
        "it still serves what it had"
    };
    let message = format!(
        "its load balancer could not be brought to what it says, and {served}; its controller's last warning, {at}: {meaning}{}",
        trouble.cause
    );
    RULE.on(&ingress.frontend.object, message)
        .evidence("lastWarning", &trouble.cause)
        .evidence("lastWarningAt", at)
        .evidence("reason", &trouble.reason)
        .evidence("addresses", ingress.frontend.addresses.join(", "))
        .remedy(known.map_or_else(|| RULE.remedy.into(), |it| repair(inventory, ingress, &it)))
}

fn repair(inventory: &Inventory, ingress: &IngressFacts, known: &Known) -> Remedy {
    match known {
        Known::CertificateGone(_) if let Some(name) = not_made(inventory, ingress) => {
            format!("see why managedcertificate/{name} is not made: managed status {name}").into()
        }
        Known::CertificateGone(gone) => remedy::without_pre_shared(ingress, &[gone]),
        known => known.remedy().into(),
    }
}

/// The first ManagedCertificate that the Ingress names and that has not told its own name yet: Google does
/// not have it, and its controller would bring its name back.
fn not_made<'i>(inventory: &Inventory, ingress: &'i IngressFacts) -> Option<&'i str> {
    ingress.items(MANAGED_CERTIFICATES).into_iter().find(|name| {
        let facts = inventory.object(&gke::beside(
            &ingress.frontend.object,
            Kind::ManagedCertificate,
            name,
        ));
        facts.is_some_and(|facts| facts.managed().certificate_name.is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::policy::Policy;
    use crate::audit::{self, Platform, Source};
    use crate::gke::annotations::INGRESS_CLASS;
    use crate::inventory::testing::{googles, of_objects, warn};
    use crate::object_ref::ObjectRef;
    use serde_json::json;
    use time::macros::datetime;

    /// Whether a name that Google has not, which was warned of four minutes ago, is told of.
    fn is_told(shared: &str) -> bool {
        let web = ObjectRef::ingress("shop", "web");
        let annotations = [(INGRESS_CLASS, "gce"), (PRE_SHARED_CERT, shared)];
        let status = json!({ "loadBalancer": { "ingress": [{ "ip": "203.0.113.9" }] } });
        let mut inventory = of_objects(vec![(web.clone(), &annotations, json!({}), status)]);
        googles(&mut inventory);
        let cause = "googleapi: Error 404: The resource 'projects/p/global/sslCertificates/mcrt-gone' was not found, notFound";
        warn(&mut inventory, &web, "Sync", cause);
        let context = Context {
            now: datetime!(2026-11-12 00:05:00 UTC),
            policy: &Policy::default(),
            platform: Platform::Gke,
            source: Source::Cluster,
        };
        let report = audit::audit(&inventory, &context);
        report.findings.iter().any(|finding| finding.rule == RULE.code)
    }

    #[test]
    fn a_warning_of_a_name_that_was_taken_out_since_has_been_overcome() {
        assert!(is_told("mcrt-gone"));
        assert!(is_told("mcrt-other,mcrt-gone"));
        assert!(!is_told("mcrt-other"));
        assert!(!is_told(""));
    }
}
