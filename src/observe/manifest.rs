//! Manifests: YAML or JSON text as Observations, document by document.
//!
//! One broken document never hides a good one. Knows `List` objects and multi-document files;
//! refuses to know where the text came from.

use super::{kubernetes, makers};
use crate::object_ref::{Kind, ObjectRef, Place};
use crate::observation::{MakerSeen, ObjectSeen, Observation, SecretSeen};
use base64::Engine as _;
use granit_parser::{Event, Parser};
use k8s_openapi::api::core::v1::{self, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Budget, Options};
use std::ops::Range;
use zeroize::Zeroizing;

/// Hands on every Secret and Ingress of the text, and what could not be read. Other kinds, and
/// documents that are no Kubernetes objects (Helm values, say), are passed over.
pub fn read(path: &str, text: &str, namespace: &str, take: &mut dyn FnMut(Observation)) {
    let documents = documents(text);
    let of_many = documents.len() > 1;
    for (document, found) in documents.into_iter().enumerate() {
        let place = Place { path: path.to_owned(), document, of_many, item: None };
        let value = found.and_then(|range| parse(text, range));
        match value {
            Ok(value) => objects(value, &place, namespace, take),
            Err(message) => take(unreadable(&place, &message, text)),
        }
    }
}

/// The byte range of each document, in the order of the file, or why it could not be delimited.
/// A document's number is that of its start event, as [`crate::apply`] counts them too.
fn documents(text: &str) -> Vec<Result<Range<usize>, String>> {
    let mut found: Vec<Result<Range<usize>, String>> = Vec::new();
    // Comments are only read over here, however many there are in a row.
    let options = granit_parser::options! { emit_comments: false };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut start = None;
    while let Some(next) = parser.next() {
        match next {
            Ok((Event::DocumentStart(..), span)) => {
                start = Some(span.start.byte_offset().unwrap_or(0));
            }
            Ok((Event::DocumentEnd, span)) => {
                let end = span.end.byte_offset().unwrap_or(text.len());
                found.extend(start.take().map(|start| Ok(start..end.max(start))));
            }
            Ok(_) => {}
            Err(error) => {
                start = None;
                found.push(Err(error.to_string()));
                if !parser.proceed_next_document().unwrap_or(false) {
                    break;
                }
            }
        }
    }
    found
}

fn parse(text: &str, range: Range<usize>) -> Result<Value, String> {
    let document = text.get(range.clone()).unwrap_or_default();
    if document.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(document)
    {
        return Ok(value);
    }
    // The snippet would show lines of the manifest, which may be a key.
    let options = || options(document.len());
    let read = |text: &str| {
        serde_saphyr::from_str_with_options::<Value>(text, options())
            .map_err(|error| error.without_snippet().to_string())
    };
    read(document).or_else(|_| {
        // Read again behind as many line breaks, so that the error's line is the file's.
        let lines = text.get(..range.start).unwrap_or_default().matches('\n').count();
        read(&Zeroizing::new(format!("{}{document}", "\n".repeat(lines))))
    })
}

/// Nodes that aliases may repeat in one document: far more than any manifest says by alias, and
/// nothing to the machine (the reader's own million take a third of a second and 76 MiB).
const MAX_REPEATED_NODES: usize = 20_000;

/// Bytes of text that aliases may repeat in one document, beside twice its own length.
const MAX_REPEATED_BYTES: usize = 4 * 1024 * 1024;

/// The reader's limits grow with the text, which is limited itself; those on aliases do not, so
/// that a small file cannot become a large one.
fn options(length: usize) -> Options {
    let mut budget = Budget::default();
    budget.max_nodes = budget.max_nodes.max(length / 2);
    budget.max_events = budget.max_events.max(length);
    budget.max_total_scalar_bytes = length.saturating_mul(2).saturating_add(MAX_REPEATED_BYTES);
    let mut options = Options::default();
    options.budget = Some(budget);
    options.alias_limits.max_total_replayed_events = MAX_REPEATED_NODES;
    options
}

fn objects(value: Value, place: &Place, namespace: &str, take: &mut dyn FnMut(Observation)) {
    if let Some(maker) = makers::of_kustomization(&value, place) {
        take(makers_seen(maker));
    }
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !kind.ends_with("List") {
        return object(value, &kind, place, namespace, take);
    }
    let item_kind = kind.trim_end_matches("List");
    let Value::Object(mut list) = value else { return };
    let Some(Value::Array(items)) = list.remove("items") else { return };
    for (index, item) in items.into_iter().enumerate() {
        let place = Place { item: Some(index), ..place.clone() };
        // Items of a SecretList need not repeat their kind.
        let kind = item.get("kind").and_then(Value::as_str).unwrap_or(item_kind).to_owned();
        if kind.ends_with("List") {
            let message = "a List inside a List is not read; unfold it".to_owned();
            take(unseen(ObjectRef::file(&place.path).at(Some(place)), message));
        } else {
            object(item, &kind, &place, namespace, take);
        }
    }
}

fn object(
    value: Value,
    kind: &str,
    place: &Place,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) {
    if let Some(seen) = as_written(&value, kind, place, namespace) {
        take(Observation::Object(seen));
    }
    if let Some(maker) = makers::of(&value, kind, Some(place), namespace) {
        take(makers_seen(maker));
    }
    let api_version =
        value.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let name =
        value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let within = value
        .pointer("/metadata/namespace")
        .and_then(Value::as_str)
        .unwrap_or(namespace)
        .to_owned();
    match (kind, group) {
        ("Secret", "") if is_sealed_by_sops(&value) => take(unseen(
            ObjectRef::secret(within, name).at(Some(place.clone())),
            "it is encrypted by SOPS and cannot be read here; decrypt it first (sops -d)",
        )),
        ("Secret", "") => match secret(value, namespace, place) {
            Ok(seen) if !seen.object.name.is_empty() => take(Observation::Secret(seen)),
            Ok(seen) => take(unseen(seen.object, "it has no metadata.name")),
            Err(error) => {
                take(unseen(ObjectRef::secret(within, name).at(Some(place.clone())), error));
            }
        },
        ("Ingress", "networking.k8s.io") => match typed::<Ingress>(value) {
            Ok(ingress) => take(Observation::Ingress(kubernetes::ingress(
                ingress,
                namespace,
                Some(place.clone()),
            ))),
            Err(error) => {
                take(unseen(ObjectRef::ingress(within, name).at(Some(place.clone())), error));
            }
        },
        // One that says nothing of ours, or cannot be read, is only evidence that is not there.
        ("Event", "") => {
            let event = typed::<v1::Event>(value).ok();
            let place = Some(place.clone());
            let seen = event.and_then(|event| kubernetes::event(event, namespace, place));
            if let Some((about, event)) = seen {
                take(Observation::Events { about, events: vec![event] });
            }
        }
        ("Ingress", "extensions") => take(unseen(
            ObjectRef::ingress(within, name).at(Some(place.clone())),
            format!("its apiVersion is {api_version:?}: expected networking.k8s.io/v1"),
        )),
        _ => {}
    }
}

/// Objects that GKE's load balancer is made from, and Ingresses for their annotations and status.
const AS_WRITTEN: [Kind; 5] = [
    Kind::Ingress,
    Kind::Service,
    Kind::BackendConfig,
    Kind::FrontendConfig,
    Kind::ManagedCertificate,
];

fn as_written(value: &Value, kind: &str, place: &Place, namespace: &str) -> Option<ObjectSeen> {
    let api_version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let ours = |known: &&Kind| {
        known.as_str() == kind && known.resource().is_some_and(|(known, ..)| known == group)
    };
    let kind = *AS_WRITTEN.iter().find(ours)?;
    let text =
        |path: &str| value.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("/metadata/name")?;
    let within = text("/metadata/namespace").unwrap_or(namespace);
    let object = ObjectRef::namespaced(kind, within, name).at(Some(place.clone()));
    let mut seen = kubernetes::object_seen(&object, value.clone());
    let head = value.as_object().into_iter().flatten();
    let head = head.filter(|(key, _)| !matches!(key.as_str(), "metadata" | "spec" | "status"));
    seen.head = head.map(|(key, value)| (key.clone(), value.clone())).collect();
    Some(seen)
}

/// A Secret; values of `data` that are no base64 are set aside instead of failing the object.
fn secret(mut value: Value, namespace: &str, place: &Place) -> Result<SecretSeen, String> {
    let not_base64 = set_aside_bad_base64(&mut value);
    let mut seen = kubernetes::secret(typed::<Secret>(value)?, namespace, Some(place.clone()));
    // stringData wins over data, also over data that cannot be decoded.
    seen.not_base64 = not_base64.into_iter().filter(|key| !seen.data.contains_key(key)).collect();
    Ok(seen)
}

fn set_aside_bad_base64(secret: &mut Value) -> Vec<String> {
    let Some(data) = secret.get_mut("data").and_then(Value::as_object_mut) else {
        return Vec::new();
    };
    let mut bad = Vec::new();
    for (key, value) in data.iter_mut() {
        let Some(text) = value.as_str() else { continue };
        // kubectl and Go's decoder pass over line breaks inside the value.
        let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        if base64::engine::general_purpose::STANDARD.decode(&joined).is_ok() {
            *value = Value::String(joined);
        } else {
            bad.push(key.clone());
        }
    }
    data.retain(|key, value| !bad.contains(key) && !value.is_null());
    bad
}

/// SOPS leaves a `sops` map beside the data it encrypted.
fn is_sealed_by_sops(secret: &Value) -> bool {
    let values = |field: &str| secret.get(field).and_then(Value::as_object).into_iter().flatten();
    let sealed =
        |(_, value): (&String, &Value)| value.as_str().is_some_and(|text| text.starts_with("ENC["));
    secret.get("sops").is_some_and(Value::is_object)
        || values("data").chain(values("stringData")).any(sealed)
}

/// serde's messages can quote the value they choke on, which may be a key; only the kind of
/// mistake is kept.
fn typed<K: DeserializeOwned>(value: Value) -> Result<K, String> {
    serde_json::from_value(value).map_err(|error| {
        let text = error.to_string();
        let expected =
            text.rsplit_once("expected ").map_or("another type of value", |(_, expected)| expected);
        format!("a field has a value of the wrong type: expected {expected}")
    })
}

fn makers_seen(maker: MakerSeen) -> Observation {
    Observation::Makers { searched: None, seen: vec![maker], unseen: Vec::new() }
}

fn unseen(object: ObjectRef, message: impl Into<String>) -> Observation {
    Observation::Unseen { object, message: message.into() }
}

fn unreadable(place: &Place, message: &str, text: &str) -> Observation {
    let object = ObjectRef::file(&place.path);
    let hint = if text.contains("{{") {
        " (it looks like a Helm template: render it first with helm template)"
    } else {
        ""
    };
    let which =
        if place.of_many { format!("document {}: ", place.document + 1) } else { String::new() };
    let first_line = message.lines().next().unwrap_or_default().to_owned();
    unseen(object, format!("{which}it is not YAML that can be read: {first_line}{hint}"))
}
