//! Where something is found, as SARIF says it: file and line, and the object.

use crate::object_ref::ObjectRef;
use crate::render::check::place::{self, FileLine};
use crate::render::harmless;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A location (§3.28).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Told>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Told {
    text: &'static str,
}

impl WireLocation {
    /// Of an object.
    pub fn of(object: &ObjectRef) -> Self {
        Self {
            physical_location: place::of(object).map(Physical::of),
            logical_locations: vec![Logical::of(object)],
            message: None,
        }
    }

    /// Of a file alone.
    fn of_file(place: FileLine<'_>, text: &'static str) -> Self {
        Self {
            physical_location: Some(Physical::of(place)),
            logical_locations: Vec::new(),
            message: Some(Told { text }),
        }
    }
}

impl Physical {
    fn of(place: FileLine<'_>) -> Self {
        Self {
            artifact_location: Artifact {
                uri: uri(
                    &harmless::without_keys(place.path).unwrap_or_else(|| place.path.to_owned())
                ),
            },
            region: Region { start_line: place.line.max(1) },
        }
    }
}

impl Logical {
    fn of(object: &ObjectRef) -> Self {
        let short = if object.name.is_empty() { object.to_string() } else { object.short() };
        let namespace = object.namespace.as_deref();
        let namespace = namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let key = object.key.as_deref().map(|key| format!("/{key}")).unwrap_or_default();
        let whole = format!("{namespace}{short}{key}");
        Self {
            name: harmless::line(if object.name.is_empty() { &short } else { &object.name })
                .into_owned(),
            fully_qualified_name: harmless::line(&whole).into_owned(),
            kind: object.kind.as_str(),
        }
    }
}

/// Other objects and places that a finding tells of: the manifest that was rendered, where the first
/// location is its template; and what is on the other side.
pub(super) fn related(object: &ObjectRef, others: &[ObjectRef]) -> Vec<WireLocation> {
    let is_template = place::of(object) != place::in_manifest(object);
    let rendered = place::in_manifest(object).filter(|_| is_template);
    let rendered = rendered.map(|place| WireLocation::of_file(place, "as it was rendered"));
    // A set, by its schema: a finding may name an object twice.
    let mut told = BTreeSet::new();
    let all = rendered.into_iter().chain(others.iter().map(WireLocation::of));
    all.filter(|location| told.insert(location.clone())).collect()
}

/// A path as a URI (RFC 3986): relative where the path is.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_one_reference_and_nothing_else() {
        for (path, expected) in [
            ("in/web.yaml", "in/web.yaml"),
            ("./in/web.yaml", "in/web.yaml"),
            ("/srv/web.yaml", "file:///srv/web.yaml"),
            ("a b/\u{fc}.yaml", "a%20b/%C3%BC.yaml"),
            ("javascript:x?y#z%", "javascript%3Ax%3Fy%23z%25"),
            ("a\u{202e}\n", "a%E2%80%AE%0A"),
        ] {
            assert_eq!(uri(path), expected, "{path:?}");
        }
    }
}
