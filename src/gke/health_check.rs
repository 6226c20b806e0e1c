//! The health check of a BackendConfig.
//!
//! Source: ingress-gce pkg/apis/backendconfig/v1 (`HealthCheckConfig`).

use serde_json::Value;

/// `spec.healthCheck`, where it says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// `type`, as written; none when absent.
    pub protocol: Option<String>,
    /// `port`: that of the pods, or of the nodes; none for the one that is served.
    pub port: Option<u64>,
    /// All of it, as written: evidence.
    pub written: Value,
}

impl HealthCheck {
    /// Reads `spec`; none where there is no health check, or an empty one.
    #[must_use]
    pub fn of(spec: &Value) -> Option<Self> {
        let written = spec.get("healthCheck")?;
        let fields = written.as_object().filter(|fields| !fields.is_empty())?;
        Some(Self {
            protocol: fields.get("type").and_then(Value::as_str).map(str::to_owned),
            port: fields.get("port").and_then(Value::as_u64),
            written: written.clone(),
        })
    }
}
