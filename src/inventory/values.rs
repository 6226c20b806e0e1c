//! Values: certificates that stand elsewhere than in a TLS Secret or a file, because a flag asks for them:
//! under keys of Opaque Secrets and ConfigMaps, and as the `caBundle` of what the API server calls.
//!
//! Keeps facts of certificates, by the key they stand under. Refuses to know hosts and private keys: of a
//! value nothing is judged but whether it can be read and when it ends.

use super::bundle::Bundle;
use super::key::{ObjectKey, at};
use super::{AnnotationPolicy, Inventory, NEXT_SECRET, PREVIOUS_SECRET, TLS_SECRET};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{SecretSeen, ValuesSeen};
use crate::redact::Redacted;
use crate::x509::cert::Certificate;
use ring::rand::SecureRandom;
use std::collections::BTreeMap;

/// The certificates under one key.
#[derive(Debug)]
pub struct Value {
    /// The object, with the key.
    pub object: ObjectRef,
    /// What stands there.
    pub bundle: Bundle,
}

impl Value {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.object.key.as_deref().unwrap_or_default()
    }

    /// Whether all of it is to be trusted by: a `caBundle`, or a file that begins with a CA.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        let first = self.bundle.certificates.first();
        is_a_bundle(self.object.kind)
            || first.is_some_and(|first| first.is_ca && !first.is_for_hosts())
    }
}

impl Value {
    /// The certificates that count, each with its position: of a bundle of CAs all but those beside which a
    /// later one of the same CA stands; of a chain, as in `tls.crt`, all but roots behind the leaf.
    pub fn counting(&self) -> impl Iterator<Item = (usize, &Certificate)> {
        let counts = |index: usize, certificate: &Certificate| {
            if self.is_trusted() {
                !self.is_replaced(certificate)
            } else {
                index == self.bundle.leaf_position() || !certificate.self_signed
            }
        };
        let all = self.bundle.certificates.iter().map(AsRef::as_ref).enumerate();
        all.filter(move |(index, certificate)| counts(*index, certificate))
    }

    /// Of those the one that ends first.
    #[must_use]
    pub fn first_to_end(&self) -> Option<&Certificate> {
        self.counting().map(|(_, certificate)| certificate).min_by_key(|it| it.not_after)
    }

    /// Whether a certificate of the same CA that ends later stands beside it.
    fn is_replaced(&self, certificate: &Certificate) -> bool {
        let is_later = |other: &Certificate| {
            other.subject_name.folded == certificate.subject_name.folded
                && other.not_after > certificate.not_after
        };
        self.bundle.certificates.iter().any(|other| is_later(other))
    }
}

/// Values by the object that has them.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<ObjectKey, OfOne>);

/// Those of one object.
#[derive(Debug)]
struct OfOne {
    values: Vec<Value>,
    ignore: Vec<String>,
}

/// How PEM begins, whatever it holds.
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE";

/// Keys of a TLS Secret that are judged as certificate and key.
const OWN_KEYS: [&str; 3] = ["tls.crt", "tls.key", "ca.crt"];

impl Inventory {
    /// Takes in the values of an object, as far as the user asks for them.
    pub(super) fn absorb_values(&mut self, seen: &ValuesSeen, random: &dyn SecureRandom) {
        let kind = seen.object.kind;
        let wanted = match kind {
            Kind::ConfigMap => self.selection.names(&seen.object),
            Kind::Secret => self.selection.chooses(&seen.object, &seen.meta.labels),
            _ => self.selection.ca_bundles,
        };
        if !wanted || self.is_defined_elsewhere(&seen.object) {
            return;
        }
        let ignore = self.annotation_policy(&seen.object, &seen.meta).ignore;
        let values = seen.values.iter().map(|(key, value)| (key.as_str(), value));
        self.keep_values(&seen.object, values, ignore, random);
    }

    /// Takes in the values of a Secret that was seen whole.
    pub(super) fn absorb_values_of(&mut self, seen: &SecretSeen, random: &dyn SecureRandom) {
        let chosen = self.selection.chooses(&seen.object, &seen.meta.labels);
        let is_kept = [PREVIOUS_SECRET, NEXT_SECRET].contains(&seen.secret_type.as_str());
        if self.selection.keys.is_none() || !chosen || is_kept {
            return;
        }
        let ignore = AnnotationPolicy::of(&seen.meta).ignore;
        let is_tls = seen.secret_type == TLS_SECRET;
        let values = seen.data.iter().map(|(key, value)| (key.as_str(), value));
        let values = values.filter(|(key, _)| !(is_tls && OWN_KEYS.contains(key)));
        self.keep_values(&seen.object, values, ignore, random);
    }

    fn is_defined_elsewhere(&self, object: &ObjectRef) -> bool {
        let known = self.values.0.get(at(object)).and_then(|known| known.values.first());
        known.is_some_and(|known| known.object.place != object.place)
    }

    fn keep_values<'v>(
        &mut self,
        object: &ObjectRef,
        values: impl Iterator<Item = (&'v str, &'v Redacted)>,
        ignore: Vec<String>,
        random: &dyn SecureRandom,
    ) {
        let named = self.selection.names(object);
        let is_bundle = is_a_bundle(object.kind);
        let asked = |key: &str| {
            is_bundle || self.selection.keys.as_ref().is_some_and(|keys| keys.fits(key))
        };
        let read = |(key, bytes): (&str, &Redacted)| {
            let bytes = bytes.expose();
            let bundle = Bundle::of_file(bytes, random);
            let is_certificate = !bundle.certificates.is_empty()
                || bytes.windows(BEGIN.len()).any(|at| at == BEGIN)
                || (!bundle.damaged.is_empty() && (named || is_bundle));
            is_certificate.then(|| Value { object: object.key(key), bundle })
        };
        let filled = values.filter(|(_, value)| !value.expose().trim_ascii().is_empty());
        let values: Vec<Value> = filled.filter(|(key, _)| asked(key)).filter_map(read).collect();
        self.values.forget(object);
        if !values.is_empty() {
            self.values.0.insert(ObjectKey::of(object), OfOne { values, ignore });
        }
    }

    /// Every value that is judged by itself: not those that a TLS Secret's rules speak of.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.0.values().flat_map(|of| &of.values).filter(|value| {
            let is_own = OWN_KEYS.contains(&value.key()) && value.object.kind == Kind::Secret;
            !is_own || !self.is_used(&value.object)
        })
    }

    /// The value at this object and key.
    #[must_use]
    pub fn value(&self, object: &ObjectRef) -> Option<&Value> {
        let of = self.values.0.get(at(object))?;
        of.values.iter().find(|value| value.object.key == object.key)
    }

    /// Whether values of this object are judged.
    #[must_use]
    pub fn has_values(&self, object: &ObjectRef) -> bool {
        self.values.0.contains_key(at(object))
    }

    /// The codes of the rules that the object of these values wants ignored.
    pub(super) fn ignored_of_values(&self, object: &ObjectRef) -> Option<&Vec<String>> {
        self.values.0.get(at(object)).map(|of| &of.ignore)
    }
}

/// Whether everything of the kind is there to be trusted by, so that what is no certificate is broken.
const fn is_a_bundle(kind: Kind) -> bool {
    !matches!(kind, Kind::Secret | Kind::ConfigMap)
}

impl Values {
    /// Forgets those of an object that is gone, or is seen anew.
    pub fn forget(&mut self, object: &ObjectRef) {
        self.0.remove(at(object));
    }
}
