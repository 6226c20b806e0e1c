//! `gke-load-balancer-stale`: the load balancer still serves an older certificate than the Secret
//! holds (kubernetes/ingress-gce#724). The name it gives a certificate ends in a digest of
//! `tls.crt`, so no access to Google is needed to tell.

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule};
use crate::gke::annotations::SSL_CERT;
use crate::instant;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretFacts, Trouble};
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "gke-load-balancer-stale",
    severity: Severity::Warning,
    remedy: "change any annotation of the Ingress: its controller looks at once",
    explain: "GKE's controller does not watch Secrets: a rotated one is taken up at the next resync, \
              every ten minutes, or when the Ingress is changed. A certificate that Google refuses, \
              or one lost Secret, stops it altogether, and the old certificate is served on; the \
              events of the Ingress tell. The annotation ingress.kubernetes.io/ssl-cert names what is \
              served: each name holds the first 16 hex digits of the SHA-256 of tls.crt.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for ingress in gke::ingresses(inventory, context) {
        for secret in inventory.unserved_secrets(ingress) {
            found.push(finding(ingress, secret, inventory.trouble(&ingress.object)));
        }
    }
}

fn finding(ingress: &IngressFacts, secret: &SecretFacts, trouble: Option<&Trouble>) -> Finding {
    let served = ingress.annotations.get(SSL_CERT).map(String::as_str).unwrap_or_default();
    let message = format!(
        "its load balancer does not serve {} as it is now: no name in {SSL_CERT} holds its digest {}",
        secret.object.short(),
        secret.load_balancer_token
    );
    let finding = |message: String| {
        RULE.on(&ingress.object, message)
            .evidence("sslCert", served)
            .evidence("expected", &secret.load_balancer_token)
            .related(secret.object.key("tls.crt"))
    };
    let touch = match ingress.object.place {
        Some(_) => "change any annotation of the Ingress: its controller looks at once".into(),
        None => Remedy::from(gke::touch(&ingress.object)),
    };
    let Some(trouble) = trouble else {
        return finding(message)
            .remedy(touch.note("if it stays so, the Ingress's events tell why"));
    };
    let at = trouble.at.map_or_else(|| "at a time it does not say".to_owned(), instant::show);
    finding(format!("{message}; its controller's last warning, {at}: {}", trouble.cause))
        .evidence("lastWarning", &trouble.cause)
        .evidence("lastWarningAt", at)
        .remedy(touch.note("what it warns of has to be fixed first"))
}
