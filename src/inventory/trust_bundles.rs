//! Trust bundles: certificates that an object hands out to be trusted, and that are to become others.
//!
//! Keeps each certificate as it is written, beside its facts, for it is written again: this is the one place
//! where certificates outlive their reading, and only of objects that a flag names. Refuses to know who
//! trusts by them.

use super::Inventory;
use super::bundle::{Signatures, read_certificates};
use super::key::{ObjectKey, at};
use super::owner::{Owner, owner_of_object};
use super::shelf::{OfObject, Shelf};
use crate::object_ref::ObjectRef;
use crate::observation::TrustBundleSeen;
use crate::x509::cert::Certificate;
use std::collections::BTreeMap;
use std::sync::Arc;
use time::OffsetDateTime;

/// An object that hands certificates out.
#[derive(Debug)]
pub struct TrustBundle {
    /// The object, without a key.
    pub object: ObjectRef,
    /// Its resourceVersion.
    pub resource_version: Option<String>,
    /// `immutable: true`.
    pub immutable: bool,
    /// Whether the next `kubectl apply` of its manifest takes out what is put in.
    pub applied: bool,
    /// Since when it is being deleted.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// Who writes it again.
    pub owner: Option<Owner>,
    /// Its annotations and labels: who fills it in may stand there.
    pub marks: BTreeMap<String, String>,
    /// Each value, in its order.
    pub values: Vec<TrustValue>,
    /// Keys that are none of its values: with a private key, or in `binaryData`.
    pub withheld: Vec<String>,
    /// The names of the entries of a list, in their order: webhooks.
    pub entries: Vec<String>,
}

impl TrustBundle {
    /// What was seen, read.
    #[must_use]
    pub fn of(seen: &TrustBundleSeen) -> Self {
        let TrustBundleSeen { values: own, immutable, applied, withheld, entries } = seen;
        let values = own.values.iter().map(|(key, value)| trust_value(key, value.expose()));
        let marks = own.meta.labels.iter().chain(&own.meta.annotations);
        Self {
            object: own.object.clone(),
            resource_version: own.meta.resource_version.clone(),
            immutable: *immutable,
            applied: *applied,
            withheld: withheld.clone(),
            deletion_timestamp: own.meta.deletion_timestamp,
            owner: owner_of_object(&own.object, &own.meta),
            marks: marks.map(|(key, value)| (key.clone(), value.clone())).collect(),
            values: values.collect(),
            entries: entries.clone(),
        }
    }
}

/// One value of it.
#[derive(Debug)]
pub struct TrustValue {
    /// Its key, or the way to it (`webhooks[0].clientConfig.caBundle`).
    pub key: String,
    /// The certificates, each with its DER, in their order.
    pub certificates: Vec<(Arc<Certificate>, Vec<u8>)>,
    /// What in it is no certificate that can be written again: the first, for people.
    pub other: Option<String>,
    /// Whether words stand between the certificates, which are not kept.
    pub has_comments: bool,
}

impl TrustValue {
    /// Whether the certificate of this fingerprint is among them.
    #[must_use]
    pub fn holds(&self, sha256: &[u8; 32]) -> bool {
        self.certificates.iter().any(|(certificate, _)| certificate.sha256 == *sha256)
    }
}

/// All that were seen.
#[derive(Debug, Default)]
pub(super) struct TrustBundles(Shelf<TrustBundle>);

impl OfObject for TrustBundle {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}

impl TrustBundles {
    pub fn take(&mut self, seen: &TrustBundleSeen) {
        self.0.put(TrustBundle::of(seen));
    }

    pub fn forget(&mut self, object: &ObjectRef) {
        self.0.remove(&ObjectKey::of(object));
    }
}

fn trust_value(key: &str, bytes: &[u8]) -> TrustValue {
    let read = read_certificates(bytes, Signatures::Believed);
    let other =
        read.damaged.first().map(|damaged| damaged.message.clone()).or_else(|| {
            read.strays.first().map(|stray| format!("{} stands in it", stray.kind.what()))
        });
    TrustValue {
        key: key.to_owned(),
        certificates: read.certificates.into_iter().zip(read.ders).collect(),
        other: other.filter(|_| !bytes.trim_ascii().is_empty()),
        has_comments: has_comments(bytes),
    }
}

/// Whether anything stands outside of the blocks.
fn has_comments(bytes: &[u8]) -> bool {
    let mut within = false;
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).any(|line| {
        let begins = line.starts_with(b"-----BEGIN");
        let is_outside = !within && !begins && !line.is_empty();
        within = begins || (within && !line.starts_with(b"-----END"));
        is_outside
    })
}

impl Inventory {
    /// The object, where it was seen for what it hands out.
    #[must_use]
    pub fn trust_bundle(&self, object: &ObjectRef) -> Option<&TrustBundle> {
        self.trust_bundles.0.get(at(object))
    }
}
