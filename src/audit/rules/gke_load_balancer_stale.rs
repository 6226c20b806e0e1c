//! `gke-load-balancer-stale`: the load balancer still serves an older certificate than the Secret
//! holds (kubernetes/ingress-gce#724). The name it gives a certificate ends in a digest of
//! `tls.crt`, so no access to Google is needed to tell.

use super::{gke, of_gke_ingress};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View};
use crate::duration;
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT, SSL_CERT};
use crate::gke::load_balancer;
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretFacts, Trouble};
use crate::object_ref::Kind;
use time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "gke-load-balancer-stale",
    severity: Severity::Warning,
    remedy: "change any annotation of the Ingress: its controller looks at once",
    explain: "GKE's controller does not watch Secrets: a rotated one is picked up at the next resync, \
              every ten minutes, or when the Ingress is changed. A certificate that Google refuses, \
              or one lost Secret, stops it altogether, and the old certificate remains in use; the events of the Ingress say why. The annotation ingress.kubernetes.io/ssl-cert names what is \
              served: each name holds the first 16 hex digits of the SHA-256 of tls.crt.",
    check,
};

/// So long a new load balancer may take to be built.
const BUILT: Duration = Duration::minutes(15);

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in view.gke_ingresses() {
        let trouble = inventory.trouble(&ingress.frontend.object);
        let secrets = inventory.unserved_secrets(ingress).map(|secret| of_secret(ingress, secret));
        let managed = unserved_managed(inventory, context, ingress);
        let never = never_built(inventory, context, ingress);
        for finding in secrets.chain(managed).chain(never) {
            found.push(with_trouble(finding, ingress, trouble));
        }
    }
}

fn of_secret(ingress: &IngressFacts, secret: &SecretFacts) -> Finding {
    let served = ingress.annotations.get(SSL_CERT).map(String::as_str).unwrap_or_default();
    let message = format!(
        "its load balancer does not serve {} as it is now: no name in {SSL_CERT} holds its digest {}",
        secret.object.short(),
        secret.load_balancer_token()
    );
    RULE.on(&ingress.frontend.object, message)
        .evidence("sslCert", served)
        .evidence("expected", secret.load_balancer_token())
        .related(secret.object.key("tls.crt"))
}

/// ManagedCertificates whose name stands on the Ingress and that its load balancer has not taken up. Of a
/// young one that is on its way.
fn unserved_managed<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
    ingress: &'i IngressFacts,
) -> impl Iterator<Item = Finding> {
    let now = context.now;
    let served = load_balancer::certificates(&ingress.annotations);
    ingress.items(MANAGED_CERTIFICATES).into_iter().filter_map(move |name| {
        let object = gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name);
        let facts = inventory.object(&object)?;
        let certificate = facts.managed().certificate_name.as_deref()?;
        let is_old = facts.created.is_some_and(|created| now - created >= BUILT);
        let is_due = is_old || facts.managed().is_active();
        let is_named = ingress.items(PRE_SHARED_CERT).contains(&certificate);
        let is_built = !ingress.frontend.addresses.is_empty();
        let lacks = is_due && is_named && is_built && !served.contains(&certificate);
        let message = format!(
            "its load balancer does not serve {}: {SSL_CERT} does not name {certificate}",
            object.short()
        );
        lacks.then(|| {
            RULE.on(&ingress.frontend.object, message)
                .evidence("sslCert", served.join(","))
                .evidence("expected", certificate)
                .related(object)
        })
    })
}

/// An Ingress with a certificate that has had no address for longer than any load balancer takes.
fn never_built(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
) -> Option<Finding> {
    let age = ingress.frontend.created.map(|created| context.now - created)?;
    let wants = ingress.frontend.has_tls || !ingress.frontend.managed_names.is_empty();
    let is_unbuilt = ingress.frontend.addresses.is_empty()
        && !ingress.annotations.contains_key(SSL_CERT)
        && ingress.frontend.object.place.is_none()
        && ingress.deletion_timestamp.is_none();
    // Why it is not is told by what it is.
    let is_told = !of_gke_ingress(inventory, context, ingress).is_empty();
    (wants && is_unbuilt && age >= BUILT && !is_told).then(|| {
        let message = format!(
            "it has no address {} after it was made: there is no load balancer",
            duration::show(age)
        );
        RULE.on(&ingress.frontend.object, message)
            .evidence("sslCert", "")
            .evidence("expected", "an address")
    })
}

/// The finding with what its controller says to it.
fn with_trouble(finding: Finding, ingress: &IngressFacts, trouble: Option<&Trouble>) -> Finding {
    let touch = gke::wake(&ingress.frontend.object);
    let Some(trouble) = trouble else {
        return finding.remedy(touch.note("if it persists, the Ingress's events say why"));
    };
    let at = trouble.at.map_or_else(|| "at a time it does not say".to_owned(), instant::show);
    let message =
        format!("{}; its controller's last warning, {at}: {}", finding.message, trouble.cause);
    Finding { message, ..finding }
        .evidence("lastWarning", &trouble.cause)
        .evidence("lastWarningAt", at)
        .remedy(touch.note("what it warns of has to be fixed first"))
}
