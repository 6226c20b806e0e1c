//! Refused ports: what the API server does not take for a port of an Ingress's backend or of a
//! Service.
//!
//! Knows the range and the fields. Refuses to know whether the Service of a backend has the port.
//! Source: k8s.io/kubernetes pkg/apis/networking/validation (`validateIngressBackend`) and
//! pkg/apis/core/validation (`validateServicePort`); defaults of pkg/apis/core/v1
//! (`SetDefaults_Service`: a targetPort of 0 is the port, a nodePort of 0 is chosen).

use crate::object_ref::Kind;
use serde_json::Value;

/// What is to be said of each port that is refused: field and value.
pub(super) fn told(kind: Kind, spec: &Value) -> Vec<String> {
    match kind {
        Kind::Ingress => of_ingress(spec),
        Kind::Service => of_service(spec),
        _ => Vec::new(),
    }
}

fn of_ingress(spec: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let default = spec.get("defaultBackend").map(|it| ("spec.defaultBackend".to_owned(), it));
    let rules = list(spec, "/rules").iter().enumerate();
    let paths = rules.flat_map(|(rule, value)| {
        let paths = list(value, "/http/paths").iter().enumerate();
        paths.filter_map(move |(path, value)| {
            let field = format!("spec.rules[{rule}].http.paths[{path}].backend");
            Some((field, value.get("backend")?))
        })
    });
    for (field, backend) in default.into_iter().chain(paths) {
        let Some(port) = backend.pointer("/service/port") else { continue };
        let number = port.get("number").and_then(Value::as_i64);
        let is_named = port.get("name").and_then(Value::as_str).is_some_and(|it| !it.is_empty());
        // Nought counts as not there, which a name makes good.
        if !(number == Some(0) && is_named) {
            told.extend(refused(&format!("{field}.service.port.number"), number));
        }
    }
    told
}

fn of_service(spec: &Value) -> Vec<String> {
    let mut told = Vec::new();
    for (index, port) in list(spec, "/ports").iter().enumerate() {
        for (field, may_be_nought) in [("port", false), ("targetPort", true), ("nodePort", true)] {
            let number = port.get(field).and_then(Value::as_i64);
            let number = number.filter(|number| !(may_be_nought && *number == 0));
            told.extend(refused(&format!("spec.ports[{index}].{field}"), number));
        }
    }
    told
}

fn refused(field: &str, number: Option<i64>) -> Option<String> {
    let number = number.filter(|number| !(1..=i64::from(u16::MAX)).contains(number))?;
    Some(format!(
        "{field} is {number}, which the API server refuses: a port is a number from 1 to 65535"
    ))
}

fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ports_are_taken_as_the_api_server_takes_them() {
        let backend = |port: Value| json!({ "service": { "name": "s", "port": port } });
        for (port, refused) in [
            (json!({ "number": 1 }), false),
            (json!({ "number": 65535 }), false),
            (json!({ "name": "http" }), false),
            (json!({ "name": "http", "number": 0 }), false),
            (json!({ "number": 0 }), true),
            (json!({ "number": 65536 }), true),
            (json!({ "number": -1 }), true),
            (json!({ "name": "http", "number": 70000 }), true),
        ] {
            let path = json!({ "path": "/", "backend": backend(port.clone()) });
            let rules = json!([{ "host": "a" }, { "http": { "paths": [path] } }]);
            let spec = json!({ "defaultBackend": backend(port.clone()), "rules": rules });
            let told = told(Kind::Ingress, &spec);
            let fields = ["spec.defaultBackend", "spec.rules[1].http.paths[0].backend"];
            let fields = fields.map(|field| format!("{field}.service.port.number is "));
            assert_eq!(told.len(), if refused { 2 } else { 0 }, "{port}: {told:?}");
            assert!(told.iter().zip(fields).all(|(told, field)| told.starts_with(&field)));
        }
        for (port, expected) in [
            (json!({ "port": 80, "targetPort": "http" }), ""),
            (json!({ "port": 80, "targetPort": 0, "nodePort": 0 }), ""),
            (json!({ "port": 0 }), "spec.ports[0].port is 0,"),
            (json!({ "port": 80_000 }), "spec.ports[0].port is 80000,"),
            (json!({ "port": 80, "targetPort": 80_000 }), "spec.ports[0].targetPort is 80000,"),
            (json!({ "port": 80, "nodePort": -1 }), "spec.ports[0].nodePort is -1,"),
        ] {
            let told = told(Kind::Service, &json!({ "ports": [port] })).concat();
            assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{told}");
        }
    }
}
