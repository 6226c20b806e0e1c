//! Manifests as a target: a new Secret as a manifest, and Secrets rewritten inside the text they
//! stand in.
//!
//! Knows both ways a value is written (`data`, `stringData`). Only data values change; the proof
//! of that is [`manifest_edit`]'s.

use super::manifest_edit::{self, EditError, ValueAt, ValueEdit};
use super::pair::{self, KeySource, Materials, ReadyPair};
use crate::manifest::{self, Text};
use crate::object_ref::{OUR_NAME, ObjectRef, Place};
use crate::plan::outcome::{Done, Failed, FailureReason, Outcome};
use crate::plan::step::{CreateSecret, NewObject, ReplacePair, Step};
use crate::world::words;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

/// The label that tells what certwright created.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", OUR_NAME);

/// A new Secret of type `kubernetes.io/tls`.
#[must_use]
pub fn secret(object: &ObjectRef, ready: &ReadyPair, ca: Option<Vec<u8>>) -> Secret {
    let mut data = BTreeMap::from([
        ("tls.crt".to_owned(), ByteString(ready.certificates.clone())),
        ("tls.key".to_owned(), ByteString(ready.key.expose().to_vec())),
    ]);
    data.extend(ca.map(|ca| ("ca.crt".to_owned(), ByteString(ca))));
    Secret {
        metadata: ObjectMeta {
            name: Some(object.name.clone()),
            namespace: object.namespace.clone(),
            labels: Some(BTreeMap::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())])),
            ..ObjectMeta::default()
        },
        type_: Some(CreateSecret::SECRET_TYPE.to_owned()),
        data: Some(data),
        ..Secret::default()
    }
}

/// Hands each object to `take` as a manifest, and whether it holds a private key.
///
/// # Errors
/// When a certificate or key cannot be made; what comes after it is not handed over.
pub fn into_sink<'o, I: IntoIterator<Item = NewObject<'o>>>(
    objects: I,
    materials: &Materials,
    keys: &dyn KeySource,
    take: &mut dyn FnMut(&ObjectRef, Value, bool),
) -> Result<(), Failed> {
    for object in objects {
        let create = match object {
            NewObject::Secret(create) => create,
            NewObject::Public(create) => {
                take(&create.object, create.manifest.clone(), false);
                continue;
            }
        };
        let ready = pair::ready(&create.pair, materials, None, keys)?;
        let ca = ready.ca.clone().filter(|_| create.with_ca_crt);
        let manifest = serde_json::to_value(secret(&create.object, &ready, ca)).unwrap_or_default();
        take(&create.object, manifest, true);
    }
    Ok(())
}

/// The texts that steps came to, by path.
pub type Rewritten = BTreeMap<String, Text>;

/// Carries out the steps on the manifests they were read from. A step that fails leaves
/// its text as the steps before left it.
pub fn rewrite(
    steps: Vec<ReplacePair>,
    materials: &Materials,
    keys: &dyn KeySource,
) -> (Rewritten, Vec<Outcome>) {
    let mut rewritten = Rewritten::new();
    let mut outcomes = Vec::new();
    for step in steps {
        let result = rewrite_one(&step, materials, keys, &mut rewritten);
        outcomes.push(Outcome { step: Step::ReplacePair(step), result });
    }
    (rewritten, outcomes)
}

fn rewrite_one(
    step: &ReplacePair,
    materials: &Materials,
    keys: &dyn KeySource,
    rewritten: &mut Rewritten,
) -> Result<Done, Failed> {
    let place = step.object.place.clone().ok_or_else(|| in_no_manifest(&step.object))?;
    let text = match rewritten.get(&place.path).or_else(|| materials.texts.get(&place.path)) {
        Some(text) => text.clone(),
        None => read(&place.path)?,
    };
    let values = values(text.as_str(), &place)?;
    still_the_same(step, &values)?;
    let value = |key: &str| values.get(key).map(|value| value.as_slice());
    let make = || pair::ready(&step.pair, materials, value("tls.key"), keys);
    let ready = match step.before.as_ref().filter(|_| step.shares) {
        Some(before) => materials.shared.once(before.sha256, make)?,
        None => make()?,
    };
    let current = value("ca.crt").unwrap_or_default();
    let ca = pair::ca_crt_after(&step.ca_crt, &ready, current);
    let edited = edited(text.as_str(), &place, &ready, ca.as_deref(), &step.object)?;
    rewritten.insert(place.path, text.rewritten(edited));
    Ok(Done { after: Some(Box::new(ready.facts)), resource_version: None, tried_only: false })
}

fn edited(
    text: &str,
    place: &Place,
    ready: &ReadyPair,
    ca: Option<&[u8]>,
    object: &ObjectRef,
) -> Result<Zeroizing<String>, Failed> {
    let at = |key| ValueAt { document: place.document, item: place.item, key };
    let mut edits = vec![
        ValueEdit { at: at("tls.crt"), value: &ready.certificates },
        ValueEdit { at: at("tls.key"), value: ready.key.expose() },
    ];
    edits.extend(ca.map(|value| ValueEdit { at: at("ca.crt"), value }));
    manifest_edit::edit(text, &edits).map_err(|error| not_editable(object, &error))
}

fn not_editable(object: &ObjectRef, error: &EditError) -> Failed {
    let message = format!("{object} cannot be rewritten: {error}");
    Failed::of(FailureReason::NotEditable, message, AS_IT_WAS)
}

/// Another Secret of the same file may have been rewritten.
const AS_IT_WAS: &str = "this Secret is as it was";

/// Whether the certificate and key of a Secret can be rewritten where they stand.
///
/// # Errors
/// [`NotRewritable`].
pub fn can_be_rewritten(object: &ObjectRef) -> Result<(), NotRewritable> {
    let Some(place) = &object.place else { return Ok(()) };
    let text = read(&place.path).map_err(|failed| NotRewritable::Unread(failed.message))?;
    for key in ["tls.crt", "tls.key"] {
        let at = ValueAt { document: place.document, item: place.item, key };
        match manifest_edit::edit(text.as_str(), &[ValueEdit { at, value: b"some" }]) {
            // That is told by who wants to have it there.
            Ok(_) | Err(EditError::NoSuchKey(_)) => {}
            Err(error) => return Err(NotRewritable::Edit { object: object.short(), error }),
        }
    }
    Ok(())
}

/// Why the certificate and key of a Secret cannot be rewritten where they stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRewritable {
    /// The file cannot be read: this sentence names it.
    #[error("{0}")]
    Unread(String),
    /// Its text cannot be edited.
    #[error("{object} cannot be rewritten: {error}")]
    Edit {
        /// The Secret, as people write it.
        object: String,
        /// Why, and what to do first.
        error: EditError,
    },
}

/// The text of a manifest with other certificates under `tls.crt` of the Secret at `place`; its key
/// and all else stay byte for byte.
///
/// # Errors
/// [`Failed`]; the text is then as it was.
pub fn with_certificates(
    object: &ObjectRef,
    certificates: &[u8],
) -> Result<(String, Text), Failed> {
    let Some(place) = &object.place else {
        return Err(in_no_manifest(object));
    };
    let at = ValueAt { document: place.document, item: place.item, key: "tls.crt" };
    let edit = ValueEdit { at, value: certificates };
    let text = read(&place.path)?;
    let edited = manifest_edit::edit(text.as_str(), &[edit])
        .map_err(|error| not_editable(object, &error))?;
    Ok((place.path.clone(), text.rewritten(edited)))
}

fn in_no_manifest(object: &ObjectRef) -> Failed {
    let message = format!("{object} is in no manifest");
    Failed::of(FailureReason::NotFound, message, "name its file with -f")
}

fn read(path: &str) -> Result<Text, Failed> {
    let bytes = std::fs::read(Path::new(path)).map(Zeroizing::new);
    let text = bytes.map_err(|error| words(&error));
    let text = text.and_then(|bytes| Text::of(bytes).map_err(|error| error.to_string()));
    text.map_err(|error| {
        let message = format!("cannot read {path}: {error}");
        Failed::of(FailureReason::Unreadable, message, "look at the file and try again")
    })
}

/// The file may have changed since it was observed; then the plan is not for it any more.
fn still_the_same(
    step: &ReplacePair,
    values: &BTreeMap<String, Zeroizing<Vec<u8>>>,
) -> Result<(), Failed> {
    let Some(before) = &step.before else { return Ok(()) };
    let now = values.get("tls.crt").map(|value| value.as_slice()).unwrap_or_default();
    if pair::holds(now, &before.sha256) {
        return Ok(());
    }
    let message = format!(
        "{} has changed since it was read: expected the certificate with sha256 {}",
        step.object,
        before.fingerprint()
    );
    Err(Failed::of(FailureReason::Conflict, message, "look at the file and try again"))
}

/// The decoded values of the Secret at `place`.
fn values(text: &str, place: &Place) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, Failed> {
    let changed = || {
        let message = format!("{} is not what it was when it was read", place.path);
        Failed::of(FailureReason::Conflict, message, "look at the file and try again")
    };
    let documents = manifest::documents(text);
    let document = documents.get(place.document).ok_or_else(changed)?;
    let document = manifest::parse(text, document).map_err(|_| changed())?.value;
    let secret = match place.item {
        Some(item) => document.pointer(&format!("/items/{item}")).ok_or_else(changed)?,
        None => &document,
    };
    let texts = |field: &str| secret.get(field).and_then(Value::as_object).into_iter().flatten();
    let mut values = BTreeMap::new();
    for (key, value) in texts("data") {
        if let Some(bytes) = value.as_str().and_then(manifest::base64_value) {
            values.insert(key.clone(), bytes);
        }
    }
    for (key, value) in texts("stringData").filter(|(_, value)| !value.is_null()) {
        let text = value.as_str().unwrap_or_default();
        values.insert(key.clone(), Zeroizing::new(text.as_bytes().to_vec()));
    }
    Ok(values)
}
