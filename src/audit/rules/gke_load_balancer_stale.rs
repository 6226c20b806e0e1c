//! `gke-load-balancer-stale`: the load balancer still serves an older certificate than the Secret
//! holds (kubernetes/ingress-gce#724). The name it gives a certificate ends in a digest of
//! `tls.crt`, so no access to Google is needed to tell.

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, remedy};
use crate::inventory::{Inventory, ObjectFacts, SecretFacts};

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

/// Where the controller writes the names of the certificates that it serves.
const SSL_CERT: &str = "ingress.kubernetes.io/ssl-cert";

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for ingress in gke::ingresses(inventory, context) {
        let Some(served) = ingress.annotations.get(SSL_CERT) else { continue };
        let tokens: Vec<&str> = served.split([',', '-']).map(str::trim).collect();
        for name in gke::secret_names(ingress) {
            let secret = inventory.secret(ingress.object.namespace(), name);
            let Some(secret) = secret.filter(|secret| !secret.bundle.certificates_missing) else {
                continue;
            };
            if !tokens.contains(&secret.load_balancer_token.as_str()) {
                found.push(finding(ingress, secret, served));
            }
        }
    }
}

fn finding(ingress: &ObjectFacts, secret: &SecretFacts, served: &str) -> Finding {
    let message = format!(
        "its load balancer does not serve {} as it is now: no name in {SSL_CERT} holds its digest {}",
        secret.object.short(),
        secret.load_balancer_token
    );
    let namespace = gke::in_namespace(&ingress.object);
    let name = remedy::word(&ingress.object.name);
    let touch = format!(
        "{}, and if that does not help: kubectl get events{namespace} --field-selector involvedObject.name={name}",
        gke::touch(&ingress.object)
    );
    RULE.on(&ingress.object, message)
        .evidence("sslCert", served)
        .evidence("expected", &secret.load_balancer_token)
        .related(secret.object.key("tls.crt"))
        .remedy(touch)
}
