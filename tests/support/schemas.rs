//! Whether a document is as its JSON Schema says: every document that a test reads is asked.
//!
//! Knows the keywords that the schemas in `schema/` use, and fails on any other. Refuses to be the only
//! judge: `witness/schemas.py` asks Python's `jsonschema` of the goldens.

use certwright::render::schemas::SCHEMAS;
use regex_lite::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static PARSED: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let parsed = |text: &str| serde_json::from_str(text).expect("a schema is JSON");
    SCHEMAS.iter().map(|schema| (schema.name, parsed(schema.text))).collect()
});

/// What is wrong with a document of ours; nothing where it is none, or as it should be.
pub fn complaint(document: &Value) -> Option<String> {
    let named = document.get("schema")?.as_str()?.strip_prefix("certwright.dev/")?;
    let name = named.strip_suffix("/v1").unwrap_or(named);
    let Some(root) = PARSED.get(name) else { return Some(format!("{named} has no schema")) };
    Judge { root }.complaint(root, document, "")
}

struct Judge<'s> {
    root: &'s Value,
}

impl Judge<'_> {
    /// The first thing that is wrong at this place.
    fn complaint(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        let keywords = fields(schema).iter();
        let mut found = keywords.map(|(keyword, wanted)| {
            let why = self.keyword((keyword, wanted), schema, value, at)?;
            Some(if why.starts_with('/') { why } else { format!("{at}/: {why}") })
        });
        found.find_map(|why| why)
    }

    fn keyword(
        &self,
        (keyword, wanted): (&str, &Value),
        schema: &Value,
        value: &Value,
        at: &str,
    ) -> Option<String> {
        let not = |is_well: bool| (!is_well).then(|| format!("{value} is not {keyword} {wanted}"));
        match keyword {
            "$schema" | "$id" | "$defs" | "title" | "description" | "then" => None,
            "$ref" => {
                let pointer = text(wanted).trim_start_matches('#');
                self.complaint(definition(self.root, pointer), value, at)
            }
            "type" => {
                let is = |name: &Value| is_of_type(value, name.as_str().expect("a type"));
                not(wanted.as_array().map_or_else(|| is(wanted), |all| all.iter().any(is)))
            }
            "enum" => not(list(wanted).contains(value)),
            "const" => not(wanted == value),
            "pattern" => value.as_str().and_then(|text| {
                let pattern = Regex::new(wanted.as_str().expect("a pattern")).expect("it is one");
                not(pattern.is_match(text))
            }),
            "minimum" => value.as_i64().and_then(|number| not(number >= wanted.as_i64()?)),
            "items" => {
                let mut items = value.as_array().into_iter().flatten().enumerate();
                items.find_map(|(index, item)| {
                    self.complaint(wanted, item, &format!("{at}/{index}"))
                })
            }
            "required" => {
                let mut names = list(wanted).iter().filter_map(Value::as_str);
                let lacks = names.find(|name| value.is_object() && value.get(name).is_none())?;
                Some(format!("{lacks} is missing"))
            }
            "properties" => {
                let mut fields = wanted.as_object()?.iter();
                fields.find_map(|(name, schema)| {
                    self.complaint(schema, value.get(name)?, &format!("{at}/{name}"))
                })
            }
            "additionalProperties" => self.additional(wanted, schema, value, at),
            "dependentRequired" => {
                let mut rules = wanted.as_object()?.iter();
                rules.find_map(|(name, others)| {
                    value.get(name)?;
                    let lacks = list(others).iter().filter_map(Value::as_str);
                    let mut lacks = lacks.filter(|other| value.get(other).is_none());
                    lacks.next().map(|other| format!("{other} is missing beside {name}"))
                })
            }
            "anyOf" => {
                let why = |schema| self.complaint(schema, value, at);
                let all: Vec<_> = list(wanted).iter().map(why).collect();
                if all.iter().any(Option::is_none) {
                    None
                } else {
                    all.into_iter().flatten().next()
                }
            }
            "allOf" => list(wanted).iter().find_map(|schema| self.complaint(schema, value, at)),
            "if" => {
                let then =
                    schema.get("then").filter(|_| self.complaint(wanted, value, at).is_none());
                self.complaint(then?, value, at)
            }
            unknown => panic!("this judge does not know the keyword {unknown}"),
        }
    }

    fn additional(
        &self,
        wanted: &Value,
        schema: &Value,
        value: &Value,
        at: &str,
    ) -> Option<String> {
        let known = |name: &str| schema.get("properties").is_some_and(|it| it.get(name).is_some());
        let mut others = value.as_object()?.iter().filter(|(name, _)| !known(name));
        others.find_map(|(name, value)| match wanted {
            Value::Bool(false) => Some(format!("{name} is in no schema")),
            schema => self.complaint(schema, value, &format!("{at}/{name}")),
        })
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("the keyword has a list")
}

fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("a schema is an object")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("the keyword has a text")
}

fn definition<'v>(root: &'v Value, pointer: &str) -> &'v Value {
    root.pointer(pointer).expect("a reference leads somewhere")
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("this judge does not know the type {unknown}"),
    }
}
