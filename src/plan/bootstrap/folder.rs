//! What stands beside the manifests in a folder: Helm values and the commands to run.

use super::service::service_annotations;
use super::{BootstrapRequest, Class};
use crate::gke::presets::Preset;
use serde_json::{Map, Value, json};

/// The Helm values that make the backend of the walk's own chart fit: its Service, and TLS on the
/// backend, since the load balancer speaks HTTP/2 over TLS to it. `backend_secret` names a Secret
/// with a certificate for the pods.
#[must_use]
pub fn helm_values(request: &BootstrapRequest, backend_secret: Option<&str>) -> Value {
    let annotations: Map<String, Value> = service_annotations(request, None)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_string().into()))
        .collect();
    let service = match request.class {
        Class::Gce => json!({ "type": "ClusterIP", "annotations": annotations }),
        Class::Other(_) => json!({ "type": "ClusterIP" }),
    };
    let mut values = json!({ "service": service });
    if request.preset != Preset::Milvus {
        return values;
    }
    let mut user = "common:\n  security:\n    tlsMode: 1\n".to_owned();
    if let Some(secret) = backend_secret {
        user.push_str("tls:\n  serverPemPath: /etc/milvus/certs/tls.crt\n  serverKeyPath: /etc/milvus/certs/tls.key\n");
        let volumes = json!([{ "name": "backend-tls", "secret": { "secretName": secret } }]);
        let mounts =
            json!([{ "name": "backend-tls", "mountPath": "/etc/milvus/certs", "readOnly": true }]);
        // The chart mounts by component in cluster mode and at the top in standalone mode.
        values["volumes"] = volumes.clone();
        values["volumeMounts"] = mounts.clone();
        values["proxy"] = json!({ "volumes": volumes, "volumeMounts": mounts });
    }
    values["extraConfigFiles"] = json!({ "user.yaml": user });
    values
}

/// The shell commands that put manifests written to a folder to work, in order.
#[must_use]
pub fn commands(request: &BootstrapRequest, files: &[&str]) -> String {
    let BootstrapRequest { namespace, service, name, .. } = request;
    let mut lines = vec!["#!/bin/sh".to_owned(), "set -eu".to_owned(), String::new()];
    if request.preset == Preset::Milvus {
        lines.push(
            "# The Milvus release: ClusterIP, the annotations of its Service, TLS on the backend."
                .to_owned(),
        );
        lines.push(format!(
            "# helm upgrade RELEASE milvus/milvus -n {namespace} --reuse-values -f values.yaml"
        ));
    }
    if request.class == Class::Gce {
        lines.push(
            "# The same annotations by hand, for a Service that Helm does not own.".to_owned(),
        );
        let annotations = service_annotations(request, None);
        let annotations: Vec<String> =
            annotations.iter().map(|(key, value)| format!("  {key}='{value}'")).collect();
        lines.push(format!("kubectl annotate service {service} -n {namespace} --overwrite \\"));
        lines.push(annotations.join(" \\\n"));
    }
    let flags: Vec<String> = files.iter().map(|file| format!("-f {file}")).collect();
    lines.push(format!(
        "kubectl apply -n {namespace} --server-side --field-manager=certwright {}",
        flags.join(" ")
    ));
    lines.push(format!("kubectl get ingress {name} -n {namespace} -w"));
    lines.push(String::new());
    lines.join("\n")
}
