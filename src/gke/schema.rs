//! Schemas of Google's own kinds, as their `CustomResourceDefinitions` have them: what an API server
//! refuses, or kubectl on its behalf, the moment it is applied.
//!
//! Source: deploy/managedcertificates-crd.yaml of gke-managed-certs; pkg/apis/backendconfig/v1 and
//! pkg/apis/frontendconfig/v1beta1 of ingress-gce; `testdata/crds` has the same as definitions, and
//! a test holds the two side by side on a real API server. Domains are [`super::limits`]' business.

use crate::object_ref::Kind;
use serde_json::Value;

/// What may stand somewhere.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Text,
    /// Text, or null.
    TextOrNull,
    Integer,
    Number,
    Flag,
    List(&'static Self),
    /// Fields and whether each must be there. What else may be in it is not known when it is open.
    Object {
        fields: &'static [(&'static str, bool, Self)],
        open: bool,
    },
}

use Shape::{Flag, Integer, List, Number, Object, Text, TextOrNull};

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where, as `spec.cdn.enabled`.
    pub path: String,
    /// What is wrong there, in words that follow the path.
    pub what: String,
    /// Whether it is a field that nobody knows, which the server itself drops and kubectl refuses.
    pub unknown: bool,
    /// What was meant: the field that is nearly called so, or the version that is served.
    pub meant: Option<&'static str>,
}

const fn object(fields: &'static [(&'static str, bool, Shape)]) -> Shape {
    Object { fields, open: false }
}

const TEXTS: Shape = List(&Text);
const HEADERS: Shape = object(&[("headers", false, TEXTS)]);

const MANAGED_CERTIFICATE: Shape = object(&[("domains", false, TEXTS)]);

const FRONTEND_CONFIG: Shape = object(&[
    (
        "redirectToHttps",
        false,
        object(&[("enabled", true, Flag), ("responseCodeName", false, Text)]),
    ),
    ("sslPolicy", false, TextOrNull),
]);

const BACKEND_CONFIG: Shape = object(&[
    // Of cdn and its like only what was seen is told; there is more.
    ("cdn", false, Object { fields: CDN, open: true }),
    ("connectionDraining", false, object(&[("drainingTimeoutSec", false, Integer)])),
    ("customRequestHeaders", false, HEADERS),
    ("customResponseHeaders", false, HEADERS),
    ("healthCheck", false, object(HEALTH_CHECK)),
    ("iap", false, object(&[("enabled", true, Flag), ("oauthclientCredentials", false, OAUTH)])),
    ("logging", false, object(&[("enable", false, Flag), ("sampleRate", false, Number)])),
    ("securityPolicy", false, object(&[("name", true, Text)])),
    (
        "sessionAffinity",
        false,
        object(&[("affinityCookieTtlSec", false, Integer), ("affinityType", false, Text)]),
    ),
    ("timeoutSec", false, Integer),
]);
const CDN: &[(&str, bool, Shape)] = &[
    ("enabled", true, Flag),
    ("cacheMode", false, Text),
    ("clientTtl", false, Integer),
    ("defaultTtl", false, Integer),
    ("maxTtl", false, Integer),
];
const OAUTH: Shape = Object { fields: &[("secretName", true, Text)], open: true };
const HEALTH_CHECK: &[(&str, bool, Shape)] = &[
    ("checkIntervalSec", false, Integer),
    ("healthyThreshold", false, Integer),
    ("port", false, Integer),
    ("requestPath", false, Text),
    ("timeoutSec", false, Integer),
    ("type", false, Text),
    ("unhealthyThreshold", false, Integer),
];

/// What of `spec` does not fit the kind; nothing for kinds that are not Google's own.
#[must_use]
pub fn misfits(kind: Kind, spec: &Value) -> Vec<Misfit> {
    let shape = match kind {
        Kind::ManagedCertificate => MANAGED_CERTIFICATE,
        Kind::BackendConfig => BACKEND_CONFIG,
        Kind::FrontendConfig => FRONTEND_CONFIG,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    // No spec at all is read as null here, and taken by all three.
    if !spec.is_null() {
        look("spec", spec, shape, &mut found);
    }
    found
}

/// What of the fields beside `metadata`, `spec` and `status` does not fit: another version than
/// those that are served, and fields that stand outside of `spec`.
#[must_use]
pub fn misfits_of_head(kind: Kind, head: &Value) -> Vec<Misfit> {
    let versions: &[&str] = match kind {
        Kind::ManagedCertificate => &["networking.gke.io/v1"],
        // v1beta1 is served beside it still.
        Kind::BackendConfig => &["cloud.google.com/v1", "cloud.google.com/v1beta1"],
        Kind::FrontendConfig => &["networking.gke.io/v1beta1"],
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    let version = head.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    if !versions.contains(&version) {
        let what = format!("is {version:?}, which is not served: expected {}", versions[0]);
        let (path, meant) = ("apiVersion".to_owned(), versions.first().copied());
        found.push(Misfit { path, what, unknown: false, meant });
    }
    let own = |key: &str| matches!(key, "apiVersion" | "kind" | "metadata" | "spec" | "status");
    let strays = head.as_object().into_iter().flatten().filter(|(key, _)| !own(key));
    found.extend(strays.map(|(key, _)| Misfit {
        path: key.clone(),
        what: "is not a field of the object: what it says belongs in spec".to_owned(),
        unknown: true,
        meant: None,
    }));
    found
}

fn look(path: &str, value: &Value, shape: Shape, found: &mut Vec<Misfit>) {
    let expected = match (shape, value) {
        (Text | TextOrNull, Value::String(_))
        | (TextOrNull, Value::Null)
        | (Flag, Value::Bool(_))
        | (Number, Value::Number(_)) => return,
        (Integer, Value::Number(number)) if number.is_i64() => return,
        (List(of), Value::Array(items)) => {
            for (place, item) in items.iter().enumerate() {
                look(&format!("{path}[{place}]"), item, *of, found);
            }
            return;
        }
        (Object { fields, open }, Value::Object(map)) => {
            return look_into(path, map, (fields, open), found);
        }
        (Text | TextOrNull, _) => "a string",
        (Flag, _) => "true or false",
        (Number, _) => "a number",
        (Integer, _) => "a whole number",
        (List(_), _) => "a list",
        (Object { .. }, _) => "an object",
    };
    let what = format!("is {}: expected {expected}", shown(value));
    found.push(Misfit { path: path.to_owned(), what, unknown: false, meant: None });
}

fn look_into(
    path: &str,
    map: &serde_json::Map<String, Value>,
    (fields, open): (&'static [(&'static str, bool, Shape)], bool),
    found: &mut Vec<Misfit>,
) {
    for (name, value) in map {
        let within = format!("{path}.{name}");
        match fields.iter().find(|(known, ..)| known == name) {
            Some((.., shape)) => look(&within, value, *shape, found),
            None if open => {}
            None => {
                let names: Vec<&'static str> = fields.iter().map(|(known, ..)| *known).collect();
                let what = format!("is not a field of it: it has {}", names.join(", "));
                let meant = nearly(name, &names);
                found.push(Misfit { path: within, what, unknown: true, meant });
            }
        }
    }
    for (name, ..) in fields.iter().filter(|(name, must, _)| *must && !map.contains_key(*name)) {
        let what = "is not there, and must be".to_owned();
        found.push(Misfit { path: format!("{path}.{name}"), what, unknown: false, meant: None });
    }
}

/// The field that a wrong one was meant to be: in other capitals, a letter off, or the singular.
fn nearly(written: &str, names: &[&'static str]) -> Option<&'static str> {
    let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let there: Vec<&str> = lower.iter().map(String::as_str).collect();
    let meant = super::meant::meant(&written.to_ascii_lowercase(), &there);
    let place = lower.iter().position(|name| meant == [name.as_str()])?;
    names.get(place).copied()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("the string {text:?}"),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Why an API server refuses this name of such an object (RFC 1123 subdomain); none when it does not.
#[must_use]
pub fn name_problem(name: &str) -> Option<&'static str> {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(edge)
            && label.ends_with(edge)
            && label.chars().all(|c| edge(c) || c == '-')
    };
    if name.len() > 253 {
        return Some("is longer than 253 characters");
    }
    (!name.split('.').all(label))
        .then_some("may hold only lower-case letters, digits, and inner hyphens and dots")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(kind: Kind, spec: &Value) -> Vec<String> {
        misfits(kind, spec)
            .into_iter()
            .map(|found| format!("{} {}", found.path, found.what))
            .collect()
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_path() {
        use Kind::{BackendConfig, FrontendConfig, ManagedCertificate};
        for (kind, spec, expected) in [
            (ManagedCertificate, json!({"domains": ["a.example"]}), &[][..]),
            (ManagedCertificate, json!(null), &[]),
            (ManagedCertificate, json!({"domains": "a.example"}), &["spec.domains is the string"]),
            (ManagedCertificate, json!({"domains": ["a", 5]}), &["spec.domains[1] is 5: expected"]),
            (ManagedCertificate, json!({"domain": ["a.example"]}), &["spec.domain is not a field"]),
            (BackendConfig, json!({"timeoutSec": "40"}), &["spec.timeoutSec is the string"]),
            (BackendConfig, json!({"timeoutSec": 40.5}), &["spec.timeoutSec is 40.5"]),
            (
                BackendConfig,
                json!({"cdn": {"negativeCaching": true}}),
                &["spec.cdn.enabled is not"],
            ),
            (BackendConfig, json!({"logging": {"sampleRate": 1}}), &[]),
            (FrontendConfig, json!({"sslPolicy": null}), &[]),
            (FrontendConfig, json!({"redirectToHttps": {"enabled": "true"}}), &["spec.redirectTo"]),
            (Kind::Service, json!({"anything": 1}), &[]),
        ] {
            let told = told(kind, &spec);
            let fits = told.len() == expected.len()
                && told.iter().zip(expected).all(|(told, begin)| told.starts_with(begin));
            assert!(fits, "{spec}: {told:?}");
        }
    }

    #[test]
    fn a_field_that_is_misspelt_finds_the_one_that_was_meant() {
        for (field, meant) in
            [("domain", Some("domains")), ("Domains", Some("domains")), ("hosts", None)]
        {
            let found = misfits(Kind::ManagedCertificate, &json!({ field: [] }));
            assert_eq!(found[0].meant, meant, "{field}");
        }
    }
}
