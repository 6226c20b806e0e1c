//! `cn-only`: a certificate whose only name is its common name. Source: RFC 9525 §2 and RFC 2818
//! before it; the Milvus guide's three openssl commands make exactly this.

use super::{certificate_place, kept, remade, secret_of, somebody_elses};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::issuing::issuing_ca;
use crate::audit::{Rule, View};
use crate::inventory::Inventory;
use crate::inventory::bundle::Bundle;
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::key_purpose::KeyPurpose;

pub(super) const RULE: Rule = Rule {
    code: "cn-only",
    severity: Severity::Warning,
    remedy: "make a certificate with a subject alternative name",
    explain: "PyMilvus, curl with old OpenSSL and old Python fall back to the common name when there \
              is no subjectAltName. Go, browsers and rustls do not: for them the certificate names \
              no host at all.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (object, bundle) in inventory.bundles() {
        let is_ca =
            |leaf: &Certificate| leaf.is_ca && issuing_ca(inventory, object, leaf).is_some();
        let Some(leaf) = bundle.leaf().filter(|leaf| !is_ca(leaf)) else { continue };
        // A client's names nobody who is connected to.
        if is_for_clients(leaf) && !inventory.is_used(object) {
            continue;
        }
        let address = leaf.common_name_address().map(|address| address.to_string());
        if let Some(cn) = leaf.common_name_host().or(address.as_deref()) {
            found.push(finding(inventory, object, (bundle, leaf), cn));
        }
    }
}

/// Whether its extended key usage is that of TLS clients alone.
fn is_for_clients(leaf: &Certificate) -> bool {
    let usages = leaf.extended_key_usage.as_deref().unwrap_or_default();
    usages.contains(&KeyPurpose::ClientAuth) && !usages.contains(&KeyPurpose::ServerAuth)
}

fn finding(
    inventory: &Inventory,
    object: &ObjectRef,
    (bundle, leaf): (&Bundle, &Certificate),
    cn: &str,
) -> Finding {
    let secret = secret_of(inventory, object);
    let kept = || secret.and_then(|_| kept(inventory, object, bundle));
    let remedy = match (
        secret.and_then(|secret| somebody_elses(inventory, secret)).or_else(kept),
        object.kind,
    ) {
        (Some(remedy), _) => remedy,
        // The common name becomes a SAN by it.
        (None, Kind::Secret) if leaf.self_signed => remade(inventory, object, secret),
        _ => RULE.remedy.into(),
    };
    RULE.on(
        &certificate_place(object),
        format!("it names {cn} only in its common name: Go, browsers and rustls will refuse it (no subjectAltName)"),
    )
    .evidence("commonName", cn)
    .evidence("version", leaf.version)
    .evidence("sha256", leaf.fingerprint())
    .remedy(remedy)
}
