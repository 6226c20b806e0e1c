//! The Service: its ports, and the annotations that GKE's load balancer goes by.

use super::BootstrapRequest;
use crate::gke::annotations::{APP_PROTOCOLS, BACKEND_CONFIG, NEG};
use crate::inventory::ObjectFacts;
use crate::inventory::service::Service;
use serde_json::{Map, Value, json};

/// A port of the Service, both ways it is named.
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) name: Option<String>,
}

pub(super) fn ports(service: &ObjectFacts) -> Vec<Port> {
    let ports = service.service().ports.iter();
    ports
        .filter_map(|port| {
            let number = u16::try_from(port.number).ok()?;
            Some(Port { number, name: port.name.clone() })
        })
        .collect()
}

/// The annotations of the Service that GKE's load balancer goes by, as JSON objects.
#[must_use]
pub fn service_annotations(
    request: &BootstrapRequest,
    port_name: Option<&str>,
) -> Vec<(&'static str, Value)> {
    let port = port_name.unwrap_or(request.preset.port_name());
    let mut protocols = Map::new();
    protocols.insert(port.to_owned(), request.preset.protocol().to_string().into());
    vec![
        (APP_PROTOCOLS, Value::Object(protocols)),
        (BACKEND_CONFIG, json!({ "default": request.backend_config })),
        (NEG, json!({ "ingress": true })),
    ]
}

/// `before` with the keys of `wanted` laid over it, or none when they are there already.
pub(super) fn merged_json(before: &str, wanted: &Value) -> Result<Option<String>, String> {
    let mut merged: Map<String, Value> = if before.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(before).map_err(|error| error.to_string())?
    };
    let wanted = wanted.as_object().cloned().unwrap_or_default();
    if wanted.iter().all(|(key, value)| merged.get(key) == Some(value)) {
        return Ok(None);
    }
    merged.extend(wanted);
    Ok(Some(Value::Object(merged).to_string()))
}

/// A ClusterIP Service out of a LoadBalancer one: fields that only the latter may have go with
/// the type, or the API server refuses the change.
pub(super) fn cluster_ip(service: &Service) -> Value {
    let mut patch = json!({ "type": "ClusterIP" });
    for field in &service.load_balancer_fields {
        patch[*field] = Value::Null;
    }
    patch
}
