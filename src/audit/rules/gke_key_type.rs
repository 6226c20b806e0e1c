//! `gke-key-type`: a certificate whose key Google's load balancer does not take. The upload is
//! refused, and a new Ingress gets no address by it (kubernetes/ingress-gce#733).

use super::{gke, kept, remade, somebody_elses};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::google_keys::{Taken, taken};
use crate::audit::remedy;
use crate::audit::{Rule, View};
use crate::inventory::frontend::Frontend;
use crate::inventory::{Inventory, SecretFacts};
use crate::remedy::Remedy;
use crate::x509::key_kind::KeyKind;

pub(super) const RULE: Rule = Rule {
    code: "gke-key-type",
    severity: Severity::Error,
    remedy: "use an RSA-2048 or P-256 key",
    explain: "Google's load balancers take RSA from 2048 bits and ECDSA on P-256; the regional ones \
              also say that they take RSA-3072, RSA-4096 and P-384. For the global one (class gce) \
              those are not promised, hence the warning. Anything else is refused when the \
              certificate is uploaded, and the Ingress stays as it was.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (secret, ingresses) in view.gke_secrets() {
        let Some(leaf) = secret.bundle.leaf() else { continue };
        let mut facts = ingresses.iter().filter_map(|user| inventory.ingress_at(&user.object));
        let external = facts.any(gke::is_external);
        let (severity, why) = match taken(&leaf.key_type) {
            Taken::Everywhere => continue,
            Taken::OnlyRegionally if !external => continue,
            Taken::OnlyRegionally => {
                (Severity::Warning, "Google promises to take only on regional load balancers")
            }
            Taken::NotListed => (Severity::Warning, "is not among those that Google lists"),
            Taken::Nowhere => (Severity::Error, "Google's load balancers do not take"),
        };
        let kept = kept(inventory, &secret.object, &secret.bundle);
        let remedy =
            kept.filter(|_| secret.owner.is_none()).unwrap_or_else(|| remedy(inventory, secret));
        let finding = finding(secret, ingresses, &leaf.key_type, why);
        found.push(finding.severity(severity).remedy(remedy));
    }
}

fn finding(
    secret: &SecretFacts,
    ingresses: &[&Frontend],
    key_type: &KeyKind,
    why: &str,
) -> Finding {
    let message = format!("its certificate has a key of type {key_type}, which {why}");
    let finding = RULE
        .on(&secret.object.key("tls.crt"), message)
        .evidence("keyType", key_type)
        .evidence("expected", "rsa-2048 or p256");
    finding.used_by(ingresses.iter().copied())
}

fn remedy(inventory: &Inventory, secret: &SecretFacts) -> Remedy {
    let self_signed = secret.bundle.leaf().is_some_and(|leaf| leaf.self_signed);
    match (&secret.owner, somebody_elses(inventory, secret)) {
        (Some(owner), _) => {
            format!("have {}, which owns it, make an RSA-2048 key", owner.name).into()
        }
        (None, Some(remedy)) => remedy,
        (None, None) if self_signed => {
            remedy::with_makable_key(remade(inventory, &secret.object, Some(secret)))
        }
        (None, None) => remedy::import_renewed(&secret.object)
            .note("the new one has to be for an RSA-2048 or P-256 key"),
    }
}
