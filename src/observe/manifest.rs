//! Manifests: YAML or JSON text as Observations, document by document.
//!
//! One broken document never hides a good one. Knows `List` objects and multi-document files;
//! refuses to know where the text came from.

use super::kubernetes;
use crate::object_ref::{ObjectRef, Place};
use crate::observation::{Observation, SecretSeen};
use base64::Engine as _;
use granit_parser::{Event, Parser};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::Range;

/// Hands on every Secret and Ingress of the text, and what could not be read. Other kinds, and
/// documents that are no Kubernetes objects (Helm values, say), are passed over.
pub fn read(path: &str, text: &str, namespace: &str, take: &mut dyn FnMut(Observation)) {
    let documents = documents(text);
    let of_many = documents.len() > 1;
    for (document, found) in documents.into_iter().enumerate() {
        let place = Place { path: path.to_owned(), document, of_many, item: None };
        let value = found.and_then(|range| parse(text.get(range).unwrap_or_default()));
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
    let mut parser = Parser::new_from_str(text);
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

fn parse(document: &str) -> Result<Value, String> {
    // The snippet would show lines of the manifest, which may be a key.
    serde_saphyr::from_str::<Value>(document).map_err(|error| error.without_snippet().to_string())
}

fn objects(value: Value, place: &Place, namespace: &str, take: &mut dyn FnMut(Observation)) {
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
        object(item, &kind, &place, namespace, take);
    }
}

fn object(
    value: Value,
    kind: &str,
    place: &Place,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) {
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
        ("Ingress", _) => take(unseen(
            ObjectRef::ingress(within, name).at(Some(place.clone())),
            format!("its apiVersion is {api_version:?}: expected networking.k8s.io/v1"),
        )),
        _ => {}
    }
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
