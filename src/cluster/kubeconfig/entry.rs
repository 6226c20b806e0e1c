//! Fields of a kubeconfig, each taken as what it must be or refused by its name.
//!
//! Knows where a field stands, for the message. Refuses to quote a value: it may be a secret.

use serde_json::{Map, Value};
use std::fmt;
use std::path::Path;

/// Why a kubeconfig cannot be used: what stands where and was expected, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Which file, entry and field, and what is wrong with it.
    pub message: String,
    /// What to do next.
    pub remedy: String,
}

impl Unusable {
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

/// Which part of which file a field stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub file: &'a Path,
    /// Such as `user`; empty for the file itself.
    pub kind: &'a str,
    pub name: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the kubeconfig {}", self.file.display())?;
        if self.kind.is_empty() {
            return Ok(());
        }
        write!(f, ": {} {:?}", self.kind, self.name)
    }
}

/// One mapping of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub place: Place<'a>,
    fields: Option<&'a Map<String, Value>>,
}

impl<'a> Entry<'a> {
    /// The mapping; what is null or not there has no fields.
    pub(super) fn new(place: Place<'a>, value: &'a Value) -> Result<Self, Unusable> {
        match value {
            Value::Null => Ok(Self { place, fields: None }),
            Value::Object(fields) => Ok(Self { place, fields: Some(fields) }),
            other => Err(Unusable::new(
                format!("{place} is {}, expected a mapping", named(other)),
                "write it as in `kubectl config view`",
            )),
        }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.and_then(|fields| fields.get(key)).filter(|value| !value.is_null())
    }

    /// Text; what is empty counts as absent, as for kubectl.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, Unusable> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(self.wrong(key, other, "text")),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Unusable> {
        match self.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(key, other, "true or false, without quotes")),
        }
    }

    pub(super) fn list(&self, key: &str) -> Result<&'a [Value], Unusable> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(self.wrong(key, other, "a list")),
        }
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Unusable> {
        self.list(key)?
            .iter()
            .map(|item| match item {
                Value::Null => Ok(String::new()),
                Value::String(text) => Ok(text.clone()),
                other => Err(self.wrong(key, other, "a list of texts")),
            })
            .collect()
    }

    /// A mapping below this one, which counts as part of the same entry.
    pub(super) fn below(&self, key: &str) -> Result<Option<Self>, Unusable> {
        match self.get(key) {
            None => Ok(None),
            Some(value @ Value::Object(_)) => Self::new(self.place, value).map(Some),
            Some(other) => Err(self.wrong(key, other, "a mapping")),
        }
    }

    /// Every field, in no order that means anything.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.fields.into_iter().flatten()
    }

    pub(super) fn wrong(&self, key: &str, found: &Value, expected: &str) -> Unusable {
        let remedy = match found {
            Value::Number(_) | Value::Bool(_) if expected.contains("text") => "put it in quotes",
            _ => "write it as in `kubectl config view`",
        };
        Unusable::new(
            format!("{}: {key} is {}, expected {expected}", self.place, named(found)),
            remedy,
        )
    }

    pub(super) fn refused(&self, what: impl fmt::Display, remedy: impl Into<String>) -> Unusable {
        Unusable::new(format!("{}: {what}", self.place), remedy)
    }
}

fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false (y, n, yes, no, on and off count as such)",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
