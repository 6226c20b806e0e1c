//! The JSON Schemas: what the program writes is as they say, and they say enough to refuse another.
//!
//! Every document that any test reads is judged too (`support/schemas.rs`).

use super::scenarios::{AT, scenarios};
use crate::support::binary::{Certwright, run};
use crate::support::schemas::complaint;
use crate::support::witness;
use certwright::render::schemas::SCHEMAS;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The golden of every scenario.
fn goldens() -> Vec<PathBuf> {
    scenarios().iter().map(|folder| folder.join("check.json")).collect()
}

fn document(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a golden can be read");
    // What was said on stderr stands below.
    let text = text.split("--- stderr\n").next().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

#[test]
fn every_golden_is_as_its_schema_says_by_us_and_by_jsonschema() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let mut requests = Vec::new();
    for (number, golden) in goldens().iter().enumerate() {
        let document = document(golden);
        assert_eq!(complaint(&document), None, "{}", golden.display());
        let copy = folder.path().join(format!("{number}.json"));
        fs::write(&copy, document.to_string()).expect("it can be written");
        requests.push((root().join("schema/check.json"), copy));
    }
    for (number, args) in OTHERS.iter().enumerate() {
        let ran = Certwright::new().folder(folder.path()).args(args).args(&["-o", "json"]).run();
        let document = ran.json();
        let name = document["schema"].as_str().expect("it has one").to_owned();
        let name = name.trim_start_matches("certwright.dev/").trim_end_matches("/v1");
        let file = if root().join(format!("schema/{name}.json")).exists() { name } else { "plan" };
        let copy = folder.path().join(format!("other-{number}.json"));
        fs::write(&copy, document.to_string()).expect("it can be written");
        requests.push((root().join(format!("schema/{file}.json")), copy));
    }
    let test = "every_golden_is_as_its_schema_says";
    let Some(told) = witness::of_schemas(test, &requests) else { return };
    for ((_, document), complaint) in requests.iter().zip(told) {
        assert_eq!(complaint, None, "{}", document.display());
    }
}

/// Commands that need no cluster, one behind the other in a folder: each writes another document.
const OTHERS: &[&[&str]] = &[
    &["explain"],
    &["issue", "a.example", "--key-type", "p256"],
    &["inspect", "tls.crt", "tls.key"],
    &["issue", "a.example", "--key-type", "p256", "--csr", "--out-dir", "csr"],
    &["inspect", "csr"],
    &["convert", "tls.crt", "tls.key", "--to", "der", "--out-dir", "der"],
    &["rotate", "--due", "-f", "0.json", "--allow-empty", "--dry-run=client", "--at", AT],
];

#[test]
fn explain_prints_each_schema_and_lists_them() {
    let list = run(&["explain", "--schema"]).expect_code(0).stdout;
    for schema in SCHEMAS {
        let printed = run(&["explain", "--schema", schema.name]).expect_code(0);
        assert_eq!(printed.stdout, schema.text, "{}", schema.name);
        let parsed: Value = serde_json::from_str(schema.text).expect("a schema is JSON");
        assert_eq!(parsed["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let names = &parsed["properties"]["schema"];
        let id = json!(format!("certwright.dev/{}/v1", schema.name));
        let named = names["const"] == id
            || names["enum"].as_array().is_some_and(|names| names.contains(&id));
        assert!(named, "{} is not of its document", schema.name);
        let row = format!("{} ", schema.name);
        assert!(list.lines().any(|line| line.starts_with(&row)), "{list}");
    }
    run(&["explain", "--schema", "chek"]).expect_code(2);
    run(&["explain", "expired", "--schema", "check"]).expect_code(2);
    run(&["explain", "--schema", "check", "-o", "json"]).expect_code(2);
}

#[test]
fn a_definition_is_the_same_in_every_schema() {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    for schema in SCHEMAS {
        let parsed: Value = serde_json::from_str(schema.text).expect("a schema is JSON");
        for (name, definition) in parsed["$defs"].as_object().into_iter().flatten() {
            let first = seen.entry(name.clone()).or_insert_with(|| definition.clone());
            assert_eq!(first, definition, "{name} in {}", schema.name);
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
}

/// Every field of the document and of all in it: where it stands, and its object.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields_of) => {
            for (name, value) in fields_of {
                // What a finding goes by is told by each rule in its own words.
                if name != "evidence" {
                    let at = format!("{at}/{name}");
                    fields(value, &at, found);
                    found.push(at);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fields(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn object_at<'v>(document: &'v mut Value, at: &str) -> (&'v mut Map<String, Value>, String) {
    let (parent, name) = at.rsplit_once('/').expect("a field has a name");
    let object = document.pointer_mut(parent).and_then(Value::as_object_mut);
    (object.expect("a field stands in an object"), name.to_owned())
}

#[test]
fn a_document_that_lacks_a_field_or_has_one_more_or_another_type_is_refused() {
    let golden = root().join("testdata/scenarios/guide/check.json");
    let whole = document(&golden);
    assert_eq!(complaint(&whole), None);
    let mut all = Vec::new();
    fields(&whole, "", &mut all);
    assert!(all.len() > 40, "{all:?}");
    for at in all {
        let mut lacking = whole.clone();
        let (object, name) = object_at(&mut lacking, &at);
        object.remove(&name);
        // Without its name a document is nobody's.
        assert!(at == "/schema" || complaint(&lacking).is_some(), "without {at}");
        let mut more = whole.clone();
        let (object, name) = object_at(&mut more, &at);
        object.insert(format!("{name}2"), Value::Null);
        assert!(complaint(&more).is_some(), "with {at}2");
        let mut other = whole.clone();
        let (object, name) = object_at(&mut other, &at);
        object.insert(name, json!([[1.5]]));
        assert!(at == "/schema" || complaint(&other).is_some(), "{at} of another type");
    }
}
