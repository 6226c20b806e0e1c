//! `gke-chain-too-long`: more certificates in `tls.crt` than Google takes in a chain. Source: the
//! Compute API's description of `SslCertificate`: at most 5.

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::limits::MAX_CHAIN;
use crate::inventory::SecretFacts;

pub(super) const RULE: Rule = Rule {
    code: "gke-chain-too-long",
    severity: Severity::Warning,
    remedy: "keep the certificate and its intermediates, and leave out roots and unrelated certificates",
    explain: "Google's load balancer takes a chain of at most 5 certificates. A longer one is refused \
              when it is uploaded, and the Ingress stays as it was. Clients need the certificate and \
              its intermediates; they have the roots.",
    check,
};

fn remedy(secret: &SecretFacts) -> String {
    match &secret.owner {
        Some(owner) => {
            format!("{}, where {}, which owns it, gets it from", RULE.remedy, owner.name)
        }
        None => RULE.remedy.to_owned(),
    }
}

fn check(view: &View<'_>, found: &mut Findings) {
    for (secret, ingresses) in view.gke_secrets() {
        let count = secret.bundle.certificates.len() + secret.bundle.damaged.len();
        if count <= MAX_CHAIN {
            continue;
        }
        let message = format!(
            "tls.crt holds {count} certificates, and Google's load balancer takes {MAX_CHAIN}"
        );
        let finding = RULE
            .on(&secret.object.key("tls.crt"), message)
            .evidence("certificates", count)
            .evidence("limit", MAX_CHAIN)
            .remedy(remedy(secret));
        found.push(finding.used_by(ingresses.iter().copied()));
    }
}
