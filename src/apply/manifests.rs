//! Manifests as a target: a new Secret as a manifest, and Secrets rewritten inside the text they
//! stand in.
//!
//! Knows both ways a value is written (`data`, `stringData`). Only data values change; the proof
//! of that is [`manifest_edit`]'s.

use super::manifest_edit::{self, EditError, ValueAt, ValueEdit};
use super::pair::{self, KeySource, Materials, ReadyPair};
use crate::manifest::{self, Text};
use crate::object_ref::{OUR_NAME, ObjectRef, Place};
use crate::plan::outcome::{Done, Failed, Obstacle, Outcome};
use crate::plan::step::{CaCrtChange, ReplacePair, Step};
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
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(data),
        ..Secret::default()
    }
}

/// Carries out steps that create into a sink: each object is handed to `take`, and whether it
/// holds a private key.
pub fn into_sink(
    steps: Vec<Step>,
    materials: &Materials,
    keys: &dyn KeySource,
    take: &mut dyn FnMut(&ObjectRef, Value, bool),
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for step in steps {
        let result = one_into_sink(&step, materials, keys, take);
        outcomes.push(Outcome { step, result });
    }
    outcomes
}

fn one_into_sink(
    step: &Step,
    materials: &Materials,
    keys: &dyn KeySource,
    take: &mut dyn FnMut(&ObjectRef, Value, bool),
) -> Result<Done, Failed> {
    let with_ca = match step {
        Step::CreateSecret(create) => create.with_ca_crt,
        Step::CreateObject(create) => {
            take(&create.object, create.manifest.clone(), false);
            return Ok(Done { after: None, resource_version: None, tried_only: true });
        }
        Step::ReplacePair(_)
        | Step::WriteFiles(_)
        | Step::PatchObject(_)
        | Step::DeleteObject(_) => {
            return Err(Failed::of(
                format!("{} is there already and is changed, not printed", step.object()),
                "use --dry-run=client without -o to see the change",
            ));
        }
    };
    let Some(pair) = step.pair() else {
        return Err(Failed::of(
            "a Secret without a certificate and key",
            "this is a mistake in certwright",
        ));
    };
    let ready = pair::ready(pair, materials, None, keys)?;
    let ca = ready.ca.clone().filter(|_| with_ca);
    let manifest = serde_json::to_value(secret(step.object(), &ready, ca)).unwrap_or_default();
    take(step.object(), manifest, true);
    Ok(Done { after: Some(Box::new(ready.facts)), resource_version: None, tried_only: true })
}

/// The texts that steps came to, by path.
pub type Rewritten = BTreeMap<String, Text>;

/// Carries out `ReplacePair` steps on the manifests they were read from. A step that fails leaves
/// its text as the steps before left it.
pub fn rewrite(
    steps: Vec<Step>,
    materials: &Materials,
    keys: &dyn KeySource,
) -> (Rewritten, Vec<Outcome>) {
    let mut rewritten = Rewritten::new();
    let mut outcomes = Vec::new();
    for step in steps {
        let result = rewrite_one(&step, materials, keys, &mut rewritten);
        outcomes.push(Outcome { step, result });
    }
    (rewritten, outcomes)
}

fn rewrite_one(
    step: &Step,
    materials: &Materials,
    keys: &dyn KeySource,
    rewritten: &mut Rewritten,
) -> Result<Done, Failed> {
    let (Step::ReplacePair(step), Some(place)) = (step, step.object().place.clone()) else {
        return Err(Failed::of(
            "only certificates and keys in manifests are rewritten",
            "this is a mistake in certwright",
        ));
    };
    let text = match rewritten.get(&place.path).or_else(|| materials.texts.get(&place.path)) {
        Some(text) => text.clone(),
        None => read(&place.path)?,
    };
    let values = values(text.as_str(), &place)?;
    still_the_same(step, &values)?;
    let value = |key: &str| values.get(key).map(|value| value.as_slice());
    let ready = pair::ready(&step.pair, materials, value("tls.key"), keys)?;
    let ca = match step.ca_crt {
        CaCrtChange::Keep => None,
        CaCrtChange::PrependNew => Some(pair::prepended(
            &ready,
            value("ca.crt").unwrap_or_default(),
            step.before.as_deref(),
        )),
        CaCrtChange::Given => ready.ca.clone(),
    };
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
    manifest_edit::edit(text, &edits)
        .map_err(|error| Failed::of(format!("{object} cannot be rewritten: {error}"), AS_IT_WAS))
}

/// Another Secret of the same file may have been rewritten.
const AS_IT_WAS: &str = "this Secret is as it was";

/// Whether the certificate and key of a Secret can be rewritten where they stand.
///
/// # Errors
/// A sentence: why not, and what to do first.
pub fn can_be_rewritten(object: &ObjectRef) -> Result<(), String> {
    let Some(place) = &object.place else { return Ok(()) };
    let text = read(&place.path).map_err(|failed| failed.message)?;
    for key in ["tls.crt", "tls.key"] {
        let at = ValueAt { document: place.document, item: place.item, key };
        match manifest_edit::edit(text.as_str(), &[ValueEdit { at, value: b"some" }]) {
            // That is told by who wants to have it there.
            Ok(_) | Err(EditError::NoSuchKey(_)) => {}
            Err(error) => {
                return Err(format!("{} cannot be rewritten: {error}", object.short()));
            }
        }
    }
    Ok(())
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
        return Err(Failed::of(format!("{object} is in no manifest"), "name its file with -f"));
    };
    let at = ValueAt { document: place.document, item: place.item, key: "tls.crt" };
    let edit = ValueEdit { at, value: certificates };
    let text = read(&place.path)?;
    let edited = manifest_edit::edit(text.as_str(), &[edit])
        .map_err(|error| Failed::of(format!("{object} cannot be rewritten: {error}"), AS_IT_WAS))?;
    Ok((place.path.clone(), text.rewritten(edited)))
}

fn read(path: &str) -> Result<Text, Failed> {
    let bytes = std::fs::read(Path::new(path)).map(Zeroizing::new);
    let text = bytes.map_err(|error| words(&error)).and_then(Text::of);
    text.map_err(|error| {
        Failed::of(format!("cannot read {path}: {error}"), "look at the file and try again")
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
    Err(Failed {
        obstacle: Obstacle::Conflict,
        message: format!(
            "{} has changed since it was read: expected the certificate with sha256 {}",
            step.object,
            before.fingerprint()
        ),
        remedy: "look at the file and try again".into(),
    })
}

/// The decoded values of the Secret at `place`.
fn values(text: &str, place: &Place) -> Result<BTreeMap<String, Zeroizing<Vec<u8>>>, Failed> {
    let changed = || Failed {
        obstacle: Obstacle::Conflict,
        message: format!("{} is not what it was when it was read", place.path),
        remedy: "look at the file and try again".into(),
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
