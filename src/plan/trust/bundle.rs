//! What an object that hands out trust is to hold: certificates added and dropped, and the patch that does it.
//!
//! Certificates are in the order of their bytes, so that the same ones are always the same text and nothing is
//! rolled out for an order alone; what is right already is not written at all. Certificates that have expired
//! go with the next change: some clients refuse a bundle that holds one. Refuses to decide when.

use crate::instant;
use crate::inventory::trust_bundles::{TrustBundle, TrustValue};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{FieldChange, PatchObject};
use crate::x509::cert::Certificate;
use crate::x509::pem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A certificate that is handed out, with its DER.
#[derive(Clone, Copy, Debug)]
pub struct Anchor<'i> {
    /// What it says.
    pub certificate: &'i Certificate,
    /// As it is written.
    pub der: &'i [u8],
}

/// What is to stand in each value.
#[derive(Clone, Debug)]
pub struct Wanted<'i> {
    /// What must be in it.
    pub with: Vec<Anchor<'i>>,
    /// The fingerprint of what must not.
    pub without: Option<[u8; 32]>,
    /// When.
    pub now: OffsetDateTime,
}

impl Wanted<'_> {
    /// Whether the value hands out what it must, and not what it must not.
    #[must_use]
    pub fn is_met_by(&self, value: &TrustValue) -> bool {
        self.with.iter().all(|anchor| value.holds(&anchor.certificate.sha256))
            && self.without.is_none_or(|sha256| !value.holds(&sha256))
    }

    /// The certificates that are to stand there, by their bytes, each once.
    fn of<'v>(&'v self, value: &'v TrustValue) -> BTreeMap<&'v [u8], &'v Certificate> {
        let stays = |certificate: &Certificate| {
            certificate.not_after >= self.now && Some(certificate.sha256) != self.without
        };
        let there = value.certificates.iter().map(|(facts, der)| (der.as_slice(), facts.as_ref()));
        let there = there.filter(|(_, certificate)| stays(certificate));
        let new = self.with.iter().map(|anchor| (anchor.der, anchor.certificate));
        there.chain(new).collect()
    }
}

/// The patch after which all these values of the object are as wanted; none where they are.
#[must_use]
pub fn patch(
    bundle: &TrustBundle,
    values: &[&TrustValue],
    wanted: &Wanted<'_>,
) -> Option<PatchObject> {
    let changed: Vec<&&TrustValue> =
        values.iter().filter(|value| !wanted.is_met_by(value)).collect();
    if changed.is_empty() {
        return None;
    }
    let mut patch = json!({});
    let mut changes = Vec::new();
    for value in changed {
        let certificates = wanted.of(value);
        let pem: String =
            certificates.keys().map(|der| pem::encode("CERTIFICATE", der).to_string()).collect();
        put(&mut patch, bundle, &value.key, pem.as_bytes());
        changes.push(change(bundle.object.kind, value, &certificates));
    }
    Some(PatchObject {
        object: ObjectRef { key: None, ..bundle.object.clone() },
        resource_version: bundle.resource_version.clone(),
        patch,
        strategic: !bundle.entries.is_empty(),
        changes,
        notes: Vec::new(),
    })
}

/// Puts the text where the kind has it.
fn put(patch: &mut Value, bundle: &TrustBundle, key: &str, pem: &[u8]) {
    let encoded = || STANDARD.encode(pem);
    match bundle.object.kind {
        Kind::ConfigMap => patch["data"][key] = String::from_utf8_lossy(pem).into_owned().into(),
        Kind::Secret => patch["data"][key] = encoded().into(),
        // A list is merged by the names of its entries (k8s.io/api admissionregistration/v1, patchMergeKey).
        Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration => {
            if patch.get("webhooks").is_none() {
                let entries = bundle.entries.iter().map(|name| json!({ "name": name }));
                patch["webhooks"] = entries.collect();
            }
            let place = key.trim_start_matches("webhooks[").split(']').next().unwrap_or_default();
            if let Ok(place) = place.parse::<usize>()
                && place < bundle.entries.len()
            {
                patch["webhooks"][place]["clientConfig"]["caBundle"] = encoded().into();
            }
        }
        _ => {
            let mut at = patch;
            for part in key.split('.') {
                at = &mut at[part];
            }
            *at = encoded().into();
        }
    }
}

/// What changes, for people.
fn change(kind: Kind, value: &TrustValue, after: &BTreeMap<&[u8], &Certificate>) -> FieldChange {
    let field = match kind {
        Kind::ConfigMap | Kind::Secret => format!("data[{}]", value.key),
        _ => value.key.clone(),
    };
    let there = |sha256: &[u8; 32]| after.values().any(|one| one.sha256 == *sha256);
    let new = after.values().filter(|one| !value.holds(&one.sha256));
    let gone = value.certificates.iter().map(|(one, _)| one).filter(|one| !there(&one.sha256));
    let added = new.map(|one| format!("with {}", told(one)));
    let dropped = gone.map(|one| format!("without {}", told(one)));
    let told: Vec<String> = added.chain(dropped).collect();
    let after = format!("{}, {}", number(after.len()), told.join(", "));
    FieldChange::new(field, number(value.certificates.len()), after)
}

fn number(certificates: usize) -> String {
    match certificates {
        0 => "no certificate".to_owned(),
        1 => "1 certificate".to_owned(),
        several => format!("{several} certificates"),
    }
}

/// A certificate in few words, told from one of the same name by its fingerprint.
#[must_use]
pub fn told(certificate: &Certificate) -> String {
    let sum = certificate.fingerprint();
    let name = if certificate.subject.is_empty() {
        certificate.names.iter().map(ToString::to_string).next().unwrap_or_default()
    } else {
        certificate.subject.to_string()
    };
    format!(
        "{name} until {} (sha256 {})",
        instant::show_date(certificate.not_after),
        sum.get(..12).unwrap_or_default()
    )
}
