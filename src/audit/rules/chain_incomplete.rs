//! `chain-incomplete`: an intermediate certificate is not in `tls.crt`, so clients that have only
//! the root cannot get from there to the leaf. The classic that works in browsers, which fetch
//! what is missing, and fails everywhere else.

use super::{arrangement, certificate_place, elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::chain::{self, Arrangement};
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    code: "chain-incomplete",
    severity: Severity::Warning,
    remedy: "put the issuer's certificate behind the leaf",
    explain: "A server sends its certificate and all intermediates; clients have the roots. Browsers \
              fetch a missing intermediate, Go, OpenSSL, rustls and gRPC do not. Whether an issuer \
              is an intermediate cannot be read from the leaf, so this is said only where it is \
              certain: the leaf is in public logs (public CAs issue from intermediates only), \
              certificates of another CA stand behind it, or the intermediate was seen elsewhere.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    let intermediates = intermediates(inventory);
    for (object, bundle) in inventory.bundles() {
        let Some(arrangement) = arrangement(bundle) else { continue };
        let (Some(issuer), Some(last)) = (&arrangement.missing, arrangement.path.last()) else {
            continue;
        };
        let last = &bundle.certificates[*last];
        let Some(sign) = sign(object, &bundle.certificates, &arrangement, last, &intermediates)
        else {
            continue;
        };
        let fetch = last.issuer_url.as_deref().map_or_else(
            || "get the issuer's certificate".to_owned(),
            |url| format!("get the issuer's certificate from {url}"),
        );
        let then = match object.kind {
            Kind::File => "put it behind the leaf".to_owned(),
            Kind::Endpoint => "have the server send it behind the leaf".to_owned(),
            _ if object.place.is_some() => "put it behind the leaf".to_owned(),
            _ => "put both in with import --replace, the leaf first".to_owned(),
        };
        let owned = elses(inventory, object);
        found.push(
            RULE.on(
                &certificate_place(object),
                format!("the issuer of {} is not in it: {issuer} ({sign})", last.subject),
            )
            .evidence("missing", issuer)
            .evidence("certificates", bundle.certificates.len())
            .evidence("issuerUrl", last.issuer_url.as_deref().unwrap_or("not told"))
            .remedy(owned.unwrap_or_else(|| format!("{fetch} and {then}").into())),
        );
    }
}

/// Every intermediate CA that was seen, by its subject.
fn intermediates(inventory: &Inventory) -> BTreeMap<&str, Vec<&Certificate>> {
    let all = inventory.bundles().flat_map(|(_, bundle)| &bundle.certificates);
    let mut by_subject: BTreeMap<&str, Vec<&Certificate>> = BTreeMap::new();
    for certificate in all.filter(|certificate| certificate.is_ca && !certificate.self_signed) {
        let twins = by_subject.entry(certificate.subject.as_str()).or_default();
        if !twins.iter().any(|twin| twin.sha256 == certificate.sha256) {
            twins.push(certificate);
        }
    }
    by_subject
}

/// How it is known that the missing issuer is an intermediate; none when it may be a root.
fn sign(
    object: &ObjectRef,
    certificates: &[Certificate],
    arrangement: &Arrangement,
    last: &Certificate,
    intermediates: &BTreeMap<&str, Vec<&Certificate>>,
) -> Option<&'static str> {
    if last.is_ca && !last.is_for_hosts() {
        // An intermediate at the end: its issuer is a root as a rule.
        return None;
    }
    if last.publicly_logged {
        return Some("the certificate is in public logs, and public CAs issue from intermediates");
    }
    if arrangement.others.iter().any(|other| certificates[*other].is_ca) {
        return Some("certificates of another CA stand behind it");
    }
    let known = intermediates.get(last.issuer.as_str()).into_iter().flatten();
    // A folder of files keeps leaf and intermediate apart as a habit.
    (object.kind == Kind::Secret && known.into_iter().any(|ca| chain::is_issuer_of(ca, last)))
        .then_some("it is an intermediate, which another Secret holds")
}
