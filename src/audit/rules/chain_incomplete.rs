//! `chain-incomplete`: an intermediate certificate is not in `tls.crt`, so clients that have only
//! the root cannot get from there to the leaf. The classic that works in browsers, which fetch
//! what is missing, and fails everywhere else.

use super::{arrangement, certificate_place, elses, is_behind, secret_of};
use crate::audit::finding::{Findings, Severity};
use crate::audit::gap::{Chain, Seen};
use crate::audit::{Rule, View};
use crate::controllers::Controller;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;

pub(super) const RULE: Rule = Rule {
    code: "chain-incomplete",
    severity: Severity::Warning,
    remedy: "append the issuer's certificate after the leaf",
    explain: "A server sends its certificate and all intermediates; clients have the roots. Browsers \
              fetch a missing intermediate, Go, OpenSSL, rustls and gRPC do not. Whether an issuer \
              is an intermediate cannot be read from the leaf, so this is said only where it is \
              certain: the leaf is in public logs (public CAs issue from intermediates only), \
              certificates of another CA follow it, the intermediate was seen elsewhere, or \
              ca.crt holds it, or the root above it by its name. haproxy-ingress refuses a Secret \
              whose certificate cannot be verified by the ca.crt beside it: an error there.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let seen = Seen::of(inventory);
    for (object, bundle) in inventory.bundles() {
        let Some(arrangement) = arrangement(bundle) else { continue };
        let (Some(issuer), Some(last)) = (&arrangement.missing, arrangement.path.last()) else {
            continue;
        };
        let secret = secret_of(inventory, object);
        let ca_file = secret.and_then(|secret| secret.ca_file.as_deref());
        let certificates = &bundle.certificates;
        let chain = Chain { object, certificates, arrangement: &arrangement, ca_file };
        let Some(sign) = seen.sign(chain) else { continue };
        let last = &certificates[*last];
        let (severity, consequence) = consequence(inventory, secret);
        let mut finding = RULE
            .on(
                &certificate_place(object),
                format!(
                    "the issuer of {} is not in it: {issuer} ({sign}){consequence}",
                    last.subject
                ),
            )
            .severity(severity)
            .evidence("missing", issuer)
            .evidence("certificates", certificates.len())
            .evidence("issuerUrl", last.issuer_url.as_deref().unwrap_or("not told"));
        if let Some(anchor) = ca_file.and_then(|file| file.anchors.first()) {
            finding = finding.evidence("ca.crt", &anchor.subject);
        }
        found.push(finding.remedy(remedy(inventory, object, last)));
    }
}

/// haproxy-ingress verifies the leaf by `ca.crt`, with what stands in `tls.crt` alone
/// (pkg/controller/services/ssl.go).
fn consequence(inventory: &Inventory, secret: Option<&SecretFacts>) -> (Severity, &'static str) {
    let unverified = |secret: &SecretFacts| {
        secret.ca_file.as_ref().is_some_and(|file| file.serves_leaf == Some(false))
            && is_behind(inventory, secret, Controller::HaproxyIngress)
    };
    match secret {
        Some(secret) if unverified(secret) => (
            Severity::Error,
            "; haproxy-ingress, which cannot verify it by ca.crt, refuses the whole Secret and serves its default",
        ),
        _ => (RULE.severity, ""),
    }
}

fn remedy(inventory: &Inventory, object: &ObjectRef, last: &Certificate) -> Remedy {
    if let Some(owned) = elses(inventory, object) {
        return owned;
    }
    let held = secret_of(inventory, object).is_some_and(|secret| {
        secret.anchors().iter().any(|anchor| anchor.serves_leaf && anchor.subject == last.issuer)
    });
    let fetch = match &last.issuer_url {
        _ if held => "take the issuer's certificate from ca.crt".to_owned(),
        None => "get the issuer's certificate".to_owned(),
        Some(url) => format!("get the issuer's certificate from {url}"),
    };
    let then = match object.kind {
        Kind::File => "append it after the leaf",
        Kind::Endpoint => "have the server send it after the leaf",
        _ if object.place.is_some() => "append it after the leaf",
        _ => "put both in with import --replace, the leaf first",
    };
    format!("{fetch} and {then}").into()
}
