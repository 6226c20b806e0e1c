//! `key-in-crt`: a private key stands in `tls.crt`, the half that is given away. Whoever reads that
//! value as a certificate hands the key out with it. Incidents: kubernetes/ingress-nginx#6543,
//! cert-manager#790, and the PEM that Azure Key Vault exports (key first).

use super::{certificate_place, refuser, take_out};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::{Inventory, SecretFacts};
use crate::x509::stray::StrayKind;

pub(super) const RULE: Rule = Rule {
    code: "key-in-crt",
    severity: Severity::Warning,
    remedy: "put the certificate and its intermediates alone into tls.crt",
    explain: "tls.crt is public: it is mounted, copied and mailed as such, and whoever has the key \
              can pose as the server. Go's controllers ignore the key; ingress-nginx takes only a \
              tls.crt that begins with a certificate, and Contour refuses one that holds anything \
              else, which cert-unreadable says where such an Ingress names the Secret. A key that \
              was given away is to be replaced, not only moved.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for secret in inventory.tls_secrets().filter(|secret| !secret.bundle.certificates.is_empty()) {
        let is_key = |kind: &StrayKind| *kind == StrayKind::PrivateKey;
        let strays = &secret.bundle.among_certificates;
        let Some(key) = strays.iter().find(|stray| is_key(&stray.kind)) else { continue };
        // There it is not served at all, and cert-unreadable says so.
        if refuser(inventory, secret).is_some() {
            continue;
        }
        let place = if key.first { "before its certificate" } else { "after its certificate" };
        let nginx = if key.first { "; ingress-nginx would not serve it" } else { "" };
        let message = format!(
            "tls.crt holds a private key {place}: whoever is given tls.crt has the key{nginx}"
        );
        let finding = RULE
            .on(&certificate_place(&secret.object), message)
            .evidence("found", "a private key")
            .evidence("expected", "certificates alone")
            .remedy(take_out(inventory, secret));
        found.push(related(inventory, secret, finding));
    }
}

/// The finding with the Ingresses that serve the Secret.
pub(super) fn related(inventory: &Inventory, secret: &SecretFacts, finding: Finding) -> Finding {
    finding.used_by(inventory.users(&secret.object))
}
