//! Values of an object as the API server takes them, and what to say where it would not.
//!
//! Knows nulls, base64 as Go reads it, SOPS, and the words for types. No message holds a value.

use crate::manifest::{self, Segment};
use crate::redact::Redacted;
use base64::Engine as _;
use serde_json::{Number, Value};

/// The value as kubectl hands it on. A null is as good as a key that is not there: `apply` leaves it
/// out. A whole number stays one however it is written (`8e1`, `80.0`): sigs.k8s.io/yaml makes JSON of
/// it, and Go writes that without a fraction.
pub(super) fn as_applied(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(as_applied);
        }
        Value::Array(list) => list.iter_mut().for_each(as_applied),
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = whole;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The number without its fraction, where that is nought.
fn whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)?;
    let text = format!("{float:.0}");
    (text.len() <= MAX_DIGITS).then(|| text.parse::<i64>().ok().map(Number::from)).flatten()
}

/// Of so many digits every whole number is one that a float tells from its neighbours.
const MAX_DIGITS: usize = 15;

/// The way to what serde choked on, and what stands there.
pub(super) fn way_to<'v>(
    value: &'v Value,
    path: &serde_path_to_error::Path,
) -> (Vec<Segment>, Option<&'v Value>) {
    use serde_path_to_error::Segment as Step;
    let mut way = Vec::new();
    let mut found = Some(value);
    for step in path {
        let (segment, next) = match step {
            Step::Seq { index } => (Segment::Index(*index), found.and_then(|all| all.get(index))),
            Step::Map { key } => (Segment::Key(key.clone()), found.and_then(|all| all.get(key))),
            Step::Enum { .. } | Step::Unknown => break,
        };
        way.push(segment);
        found = next;
    }
    (way, found)
}

/// What a value is, for people.
pub(super) fn type_of(value: Option<&Value>, expected: &str) -> &'static str {
    match value {
        Some(Value::Number(_)) if expected == NUMBER => "a fraction, or too large a number",
        Some(Value::Null) | None => "missing",
        Some(Value::Bool(_)) => {
            "a truth value (true, yes, on and the like must be quoted to be text)"
        }
        Some(Value::Number(_)) => "a number (quote it to make it text)",
        Some(Value::String(_)) => "text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "a mapping",
    }
}

const NUMBER: &str = "a number";

/// What serde expects, for people.
pub(super) fn expected_type(expected: &str) -> &'static str {
    match expected.split(" at line").next().unwrap_or_default() {
        "a string" | "a base64-encoded string" => "text",
        "a boolean" => "true or false",
        "a map" => "a mapping",
        "a sequence" => "a list",
        "i32" | "i64" | "u16" | "u32" | "u64" => NUMBER,
        "IntOrString" => "a number or text",
        "Time" | "MicroTime" => "a time such as 2026-11-21T00:00:00Z",
        // The structures of Kubernetes name themselves.
        name if name.starts_with(char::is_uppercase) => "a mapping",
        _ => "another type",
    }
}

/// Takes values that are no base64 out of `data`, and says which they were.
pub(super) fn set_aside_bad_base64(secret: &mut Value) -> Vec<(String, Redacted)> {
    let Some(data) = secret.get_mut("data").and_then(Value::as_object_mut) else {
        return Vec::new();
    };
    let mut bad = Vec::new();
    for (key, value) in data.iter_mut() {
        let Some(text) = value.as_str() else { continue };
        match manifest::base64_value(text) {
            Some(_) if is_strict(text) => {}
            // Written anew, since the reader below knows neither line breaks nor stray bits.
            Some(bytes) => {
                *value = base64::engine::general_purpose::STANDARD.encode(bytes).into();
            }
            None => bad.push((key.clone(), Redacted::new(text.as_bytes().to_vec()))),
        }
    }
    data.retain(|key, _| !bad.iter().any(|(bad, _)| bad == key));
    bad
}

/// Whether what was decoded leniently is base64 in the strict form too: on one line, and without
/// stray bits in the last group of four.
fn is_strict(text: &str) -> bool {
    let last = text.len().checked_sub(4).and_then(|at| text.get(at..)).unwrap_or_default();
    let strict = base64::engine::general_purpose::STANDARD.decode(last).is_ok();
    strict && !text.contains(['\n', '\r'])
}

/// SOPS leaves a `sops` map beside the data it encrypted.
pub(super) fn is_sealed_by_sops(secret: &Value) -> bool {
    let values = |field: &str| secret.get(field).and_then(Value::as_object).into_iter().flatten();
    let sealed =
        |(_, value): (&String, &Value)| value.as_str().is_some_and(|text| text.starts_with("ENC["));
    secret.get("sops").is_some_and(Value::is_object)
        || values("data").chain(values("stringData")).any(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_however_it_is_written() {
        for (written, applied) in [
            ("80", "80"),
            ("80.0", "80"),
            ("8e1", "80"),
            ("-8e1", "-80"),
            ("80.5", "80.5"),
            ("1e300", "1e300"),
            ("9007199254740993", "9007199254740993"),
        ] {
            let mut value: Value = serde_json::from_str(written).expect("it is a number");
            as_applied(&mut value);
            let applied: Value = serde_json::from_str(applied).expect("it is a number");
            assert_eq!(value, applied, "{written}");
        }
    }
}
