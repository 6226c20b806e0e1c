//! What runs certwright in a cluster, as manifests: who it is and what it may do, when it runs, what alerts.
//!
//! Knows Kubernetes' objects as values. Refuses to know where they are applied: nothing here is looked up.

pub mod alerts;
pub mod cronjob;
pub mod rbac;

use serde_json::{Value, json};

/// Labels of all that is printed for one name.
fn metadata(name: &str, namespace: Option<&str>) -> Value {
    let mut metadata =
        json!({ "name": name, "labels": { "app.kubernetes.io/name": "certwright" } });
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    metadata
}
