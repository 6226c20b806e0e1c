//! Refused ports: what the API server does not take for a port of an Ingress's backend or of a
//! Service.
//!
//! Knows the range and the fields. Refuses to know whether the Service of a backend has the port.
//! Source: k8s.io/kubernetes pkg/apis/networking/validation (`validateIngressBackend`) and
//! pkg/apis/core/validation (`validateServicePort`); defaults of pkg/apis/core/v1
//! (`SetDefaults_Service`: a targetPort of 0 is the port, a nodePort of 0 is chosen).

use crate::observation::ingress::IngressSeen;
use serde_json::Value;

/// What is to be said of each port of a backend that is refused: field and value.
pub(super) fn of_ingress(seen: &IngressSeen) -> Vec<String> {
    let default = seen.default_backend.iter().map(|it| ("spec.defaultBackend".to_owned(), it));
    let rules = seen.rules.iter().enumerate();
    let paths = rules.flat_map(|(rule, value)| {
        let paths = value.paths.iter().enumerate();
        paths.map(move |(path, value)| {
            (format!("spec.rules[{rule}].http.paths[{path}].backend"), &value.backend)
        })
    });
    let told = default.chain(paths).filter_map(|(field, backend)| {
        // Nought counts as not there, which a name makes good.
        let number = backend.number.filter(|number| *number != 0 || backend.name.is_none())?;
        refused(&format!("{field}.service.port.number"), Some(number.into()))
    });
    told.collect()
}

/// The same of each port of a Service.
pub(super) fn of_service(spec: &Value) -> Vec<String> {
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
    use crate::object_ref::ObjectRef;
    use crate::observation::MetaSeen;
    use crate::observation::ingress::{Backend, Path, Rule};
    use serde_json::json;

    #[test]
    fn ports_are_taken_as_the_api_server_takes_them() {
        let port = |number, name: Option<&str>| Backend {
            service: Some("s".to_owned()),
            number,
            name: name.map(str::to_owned),
        };
        for (backend, refused) in [
            (port(Some(1), None), false),
            (port(Some(65535), None), false),
            (port(None, Some("http")), false),
            (port(Some(0), Some("http")), false),
            (port(Some(0), None), true),
            (port(Some(65536), None), true),
            (port(Some(-1), None), true),
            (port(Some(70000), Some("http")), true),
        ] {
            let path = Path { path: Some("/".to_owned()), path_type: None, backend };
            let seen = IngressSeen {
                object: ObjectRef::ingress("shop", "web"),
                meta: MetaSeen::default(),
                class_name: None,
                default_backend: Some(path.backend.clone()),
                rules: vec![Rule::of_host("a"), Rule { host: None, paths: vec![path] }],
                tls: Vec::new(),
                addresses: Vec::new(),
            };
            let told = of_ingress(&seen);
            let fields = ["spec.defaultBackend", "spec.rules[1].http.paths[0].backend"];
            let fields = fields.map(|field| format!("{field}.service.port.number is "));
            assert_eq!(told.len(), if refused { 2 } else { 0 }, "{seen:?}: {told:?}");
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
            let told = of_service(&json!({ "ports": [port] })).concat();
            assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{told}");
        }
    }
}
