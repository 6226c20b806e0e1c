//! The annotation of a Service that names BackendConfigs, as ingress-gce reads it
//! (pkg/annotations/service.go, pkg/backendconfig).

use super::annotations::BACKEND_CONFIG;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The older key of [`BACKEND_CONFIG`], read where that is not set.
pub const OLDER_BACKEND_CONFIG: &str = "beta.cloud.google.com/backend-config";

/// The keys in the order in which they are looked for.
pub const KEYS: [&str; 2] = [BACKEND_CONFIG, OLDER_BACKEND_CONFIG];

/// The BackendConfigs that a Service names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendConfigs {
    default: Option<String>,
    ports: BTreeMap<String, String>,
}

impl BackendConfigs {
    /// What the annotations of a Service say; none where they name none, or nothing that can be read.
    #[must_use]
    pub fn of_service(annotations: &BTreeMap<String, String>) -> Option<Self> {
        let value = KEYS.into_iter().find_map(|key| annotations.get(key))?;
        Self::read(&serde_json::from_str(value).ok()?).ok()
    }

    /// The annotation's JSON object.
    ///
    /// # Errors
    /// A sentence about the first value that is none.
    pub fn read(map: &Map<String, Value>) -> Result<Self, String> {
        let default = match map.get("default") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name.clone()),
            Some(_) => return Err("the value of \"default\" is not a string".to_owned()),
        };
        let ports = match map.get("ports") {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(ports)) => strings(ports)?,
            Some(_) => return Err("the value of \"ports\" is not a JSON object".to_owned()),
        };
        Ok(Self { default, ports })
    }

    /// The one for a port: by its name, by its number, or the default.
    #[must_use]
    pub fn of(&self, name: Option<&str>, number: u64) -> Option<&str> {
        let by_name = name.and_then(|name| self.ports.get(name));
        let found = by_name.or_else(|| self.ports.get(&number.to_string()));
        found.or(self.default.as_ref()).map(String::as_str).filter(|name| !name.is_empty())
    }
}

/// A JSON object whose values are strings.
///
/// # Errors
/// A sentence about the first value that is none.
pub fn strings(map: &Map<String, Value>) -> Result<BTreeMap<String, String>, String> {
    let pair = |(key, value): (&String, &Value)| match value.as_str() {
        Some(text) => Ok((key.clone(), text.to_owned())),
        None => Err(format!("the value of {key:?} is not a string")),
    };
    map.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_has_the_backend_config_of_its_name_then_of_its_number_then_the_default() {
        let named = r#"{"default": "all", "ports": {"grpc": "by-name", "19530": "by-number"}}"#;
        for (value, name, number, expected) in [
            (named, Some("grpc"), 19530, Some("by-name")),
            (named, Some("other"), 19530, Some("by-number")),
            (named, None, 80, Some("all")),
            (r#"{"default": ""}"#, None, 80, None),
            (r#"{"ports": {"80": "one"}}"#, None, 81, None),
            (r#"{"default": 3}"#, None, 80, None),
            ("[]", None, 80, None),
        ] {
            let annotations = BTreeMap::from([(BACKEND_CONFIG.to_owned(), value.to_owned())]);
            let configs = BackendConfigs::of_service(&annotations);
            let found = configs.as_ref().and_then(|configs| configs.of(name, number));
            assert_eq!(found, expected, "{value} {name:?} {number}");
        }
    }

    #[test]
    fn the_older_key_counts_where_the_other_is_not_set() {
        let older = (OLDER_BACKEND_CONFIG.to_owned(), r#"{"default": "older"}"#.to_owned());
        let newer = (BACKEND_CONFIG.to_owned(), r#"{"default": "newer"}"#.to_owned());
        let found = |annotations: BTreeMap<String, String>| {
            let configs = BackendConfigs::of_service(&annotations)?;
            configs.of(None, 80).map(str::to_owned)
        };
        assert_eq!(found(BTreeMap::from([older.clone()])).as_deref(), Some("older"));
        assert_eq!(found(BTreeMap::from([older, newer])).as_deref(), Some("newer"));
        assert_eq!(found(BTreeMap::new()), None);
    }
}
