//! Staged certificates: the Secrets that keep what other Secrets are to hold next.
//!
//! Keeps the certificate as it is written, beside its facts: it is handed out to be trusted, byte for byte.
//! Refuses to know what its annotations mean, which is `plan::staged`'s.

use super::NEXT_SECRET;
use super::bundle::Bundle;
use super::key::{ObjectKey, at};
use super::{Inventory, shelf};
use crate::object_ref::ObjectRef;
use crate::observation::SecretSeen;
use crate::redact::Redacted;
use ring::rand::SecureRandom;
use shelf::Shelf;
use std::collections::BTreeMap;

/// A Secret that keeps a certificate and key for another one.
#[derive(Debug)]
pub struct StagedFacts {
    /// The Secret that keeps them.
    pub object: ObjectRef,
    /// Its resourceVersion.
    pub resource_version: Option<String>,
    /// Its `type` and whether it is being deleted: what else than one of ours may have the name.
    pub is_of_our_type: bool,
    /// Certificate and key.
    pub bundle: Bundle,
    /// The leaf as it is written, DER; empty where there is none.
    pub der: Vec<u8>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// All that were seen.
#[derive(Debug, Default)]
pub(super) struct Staged(Shelf<StagedFacts>);

impl shelf::OfObject for StagedFacts {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}

impl Staged {
    pub fn take(&mut self, seen: &SecretSeen, random: &dyn SecureRandom) {
        let value = |key: &str| seen.data.get(key).map(Redacted::expose);
        let pair = (value("tls.crt"), value("tls.key"));
        let (bundle, _, ders) =
            Bundle::of_secret(pair, None, super::bundle::Signatures::Tried, random);
        let der = ders.get(bundle.leaf_position()).cloned().unwrap_or_default();
        self.0.put(StagedFacts {
            object: seen.object.clone(),
            resource_version: seen.meta.resource_version.clone(),
            is_of_our_type: seen.secret_type == NEXT_SECRET
                && seen.meta.deletion_timestamp.is_none(),
            bundle,
            der,
            labels: seen.meta.labels.clone(),
            annotations: seen.meta.annotations.clone(),
        });
    }

    pub fn forget(&mut self, object: &ObjectRef) {
        self.0.remove(&ObjectKey::of(object));
    }
}

impl Inventory {
    /// The Secret of this name, where it was seen as one that keeps something for another.
    #[must_use]
    pub fn staged_at(&self, object: &ObjectRef) -> Option<&StagedFacts> {
        self.staged.0.get(at(object))
    }
}
