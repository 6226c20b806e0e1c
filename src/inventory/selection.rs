//! Selection: which of the objects that were seen the user wants reported.
//!
//! Knows names and label selectors as kubectl spells them. References are followed whatever was
//! chosen; this only decides what is shown.

use crate::object_ref::{KindName, ObjectRef};
use regex_lite::Regex;
use std::collections::BTreeMap;
use std::fmt;

/// What to report: everything, some names, or what a label selector fits.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Objects by name; empty means all.
    pub named: Vec<KindName>,
    /// `-l`; none means all.
    pub labels: Option<LabelSelector>,
    /// `--key`: which values of Opaque Secrets and ConfigMaps are read for certificates; none: none.
    pub keys: Option<KeyPattern>,
    /// `--ca-bundles`: whether the `caBundle`s of what the API server calls are read.
    pub ca_bundles: bool,
    /// Label selectors of which it is asked later which objects they fit: labels themselves are not kept.
    pub asked_labels: Vec<LabelSelector>,
}

/// A regular expression for keys of `data`; it may fit any part of one.
#[derive(Clone, Debug)]
pub struct KeyPattern(Regex);

impl KeyPattern {
    /// Whether a key fits.
    #[must_use]
    pub fn fits(&self, key: &str) -> bool {
        self.0.is_match(key)
    }
}

impl fmt::Display for KeyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A text that is no regular expression, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a regular expression such as '^ca\\.crt$': {0}")]
pub struct NoPattern(String);

impl std::str::FromStr for KeyPattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let one_line = |error: &regex_lite::Error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        };
        Regex::new(text).map(Self).map_err(|error| NoPattern(one_line(&error)))
    }
}

impl Selection {
    /// Whether the object is chosen, by its name and labels.
    #[must_use]
    pub fn chooses(&self, object: &ObjectRef, labels: &BTreeMap<String, String>) -> bool {
        (self.named.is_empty() || self.names(object))
            && self.labels.as_ref().is_none_or(|selector| selector.fits(labels))
    }

    /// Whether the object is chosen by name.
    #[must_use]
    pub fn names(&self, object: &ObjectRef) -> bool {
        self.named.iter().any(|named| named.names(object))
    }

    /// Whether everything is chosen.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.named.is_empty() && self.labels.is_none()
    }
}

/// A label selector: every requirement must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl LabelSelector {
    /// Whether `labels` hold every requirement.
    #[must_use]
    pub fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                labels.get(key).is_some_and(|value| values.contains(value))
            }
            Requirement::NotIn(key, values) => {
                labels.get(key).is_none_or(|value| !values.contains(value))
            }
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Absent(key) => !labels.contains_key(key),
        })
    }
}

/// A part of a selector that is no requirement, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a label requirement such as app=web or tier in (a,b), found {0:?}")]
pub struct NoRequirement(String);

impl std::str::FromStr for LabelSelector {
    type Err = NoRequirement;

    /// Reads `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a` and `!a`, joined by commas.
    fn from_str(text: &str) -> Result<Self, NoRequirement> {
        let requirements = split_outside_parentheses(text)
            .into_iter()
            .map(|part| requirement(part.trim()))
            .collect::<Result<_, _>>()?;
        Ok(Self { requirements })
    }
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text.get(start..index).unwrap_or_default());
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn requirement(text: &str) -> Result<Requirement, NoRequirement> {
    let wrong = || NoRequirement(text.to_owned());
    if let Some((key, values)) = text.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        let values: Option<Vec<String>> = values.split(',').map(label_value).collect();
        let values = values.ok_or_else(wrong)?;
        return match key.trim().rsplit_once(char::is_whitespace) {
            Some((key, "in")) => Ok(Requirement::In(label_key(key).ok_or_else(wrong)?, values)),
            Some((key, "notin")) => {
                Ok(Requirement::NotIn(label_key(key).ok_or_else(wrong)?, values))
            }
            _ => Err(wrong()),
        };
    }
    let one = |value: &str| label_value(value).map(|value| vec![value]).ok_or_else(wrong);
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(Requirement::NotIn(label_key(key).ok_or_else(wrong)?, one(value)?));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement::In(label_key(key).ok_or_else(wrong)?, one(value)?));
    }
    match text.strip_prefix('!') {
        Some(key) => label_key(key).map(Requirement::Absent).ok_or_else(wrong),
        None => label_key(text).map(Requirement::Exists).ok_or_else(wrong),
    }
}

/// A label's value: at most 63 letters, digits, `-`, `_` and `.`; it may be empty.
fn label_value(text: &str) -> Option<String> {
    let value = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (value.len() <= 63 && value.chars().all(fine)).then(|| value.to_owned())
}

fn label_key(text: &str) -> Option<String> {
    let key = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    (!key.is_empty() && key.chars().all(fine)).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_fit_as_kubectl_has_them() {
        let labels: BTreeMap<_, _> =
            [("app", "web"), ("tier", "a")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        for (text, fits) in [
            ("app=web", true),
            ("app==web,tier=a", true),
            ("app=web,tier=b", false),
            ("app!=db", true),
            ("gone!=x", true),
            ("tier in (a, b)", true),
            ("tier notin (a,b)", false),
            ("app", true),
            ("!app", false),
            ("!gone,app", true),
        ] {
            let selector: LabelSelector = text.parse().expect(text);
            assert_eq!(selector.fits(&labels), fits, "{text}");
        }
    }

    #[test]
    fn a_broken_selector_is_refused() {
        for text in
            ["", "=web", "a in b", "a in (b", "a b", "a=b,,c=d", "a;b", "a===b", "a=b=c", "a=b c"]
        {
            assert!(text.parse::<LabelSelector>().is_err(), "{text}");
        }
    }
}
