//! What is written into a folder: how each manifest's file is called, and beside them a certificate for
//! the pods, Helm values and the commands to run.

use super::service::service_annotations;
use super::{BootstrapRequest, Class};
use crate::gke::presets::Preset;
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{CreateSecret, KeyChoice, NewPair};
use crate::x509::key_kind::KeyType;
use crate::x509::profile::{self, Profile, ProfileError};
use crate::x509::san::San;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

/// The file of Helm values, in a folder of its own with [`COMMANDS`], so that `kubectl apply -f DIR` finds
/// manifests alone.
pub const HELM_VALUES: &str = "setup/values.yaml";

/// The file of the commands that put the manifests to work.
pub const COMMANDS: &str = "setup/commands.sh";

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
        Class::Gce | Class::Internal => {
            json!({ "type": "ClusterIP", "annotations": annotations })
        }
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

/// The shell commands that put manifests written to a folder to work, in order, from wherever the script
/// is called.
#[must_use]
pub fn commands(request: &BootstrapRequest, files: &[&str]) -> String {
    let BootstrapRequest { namespace, service, name, .. } = request;
    let head = ["#!/bin/sh", "set -eu", r#"cd "$(dirname "$0")/..""#, ""];
    let mut lines: Vec<String> = head.map(str::to_owned).into();
    if request.preset == Preset::Milvus {
        lines.push(
            "# The Milvus release: ClusterIP, the annotations of its Service, TLS on the backend."
                .to_owned(),
        );
        lines.push(format!(
            "# helm upgrade RELEASE milvus/milvus -n {namespace} --reuse-values -f {HELM_VALUES}"
        ));
    }
    if request.class.is_gke() {
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

/// The name of the Secret with the pods' certificate.
#[must_use]
pub fn backend_name(request: &BootstrapRequest) -> String {
    format!("{}-backend-tls", request.name)
}

/// A certificate for the pods, in the Secret of this name: the load balancer takes any, so it is
/// self-signed, and lives as long as the user says.
///
/// # Errors
/// [`ProfileError`], when no certificate can be made for the Service's names or for that long.
pub fn backend_secret(
    request: &BootstrapRequest,
    secret: &str,
    (key_type, lifetime): (KeyType, Duration),
    now: OffsetDateTime,
) -> Result<CreateSecret, ProfileError> {
    let BootstrapRequest { service, namespace, .. } = request;
    let names = [
        service.clone(),
        format!("{service}.{namespace}"),
        format!("{service}.{namespace}.svc"),
        format!("{service}.{namespace}.svc.cluster.local"),
        "localhost".to_owned(),
    ];
    let dates = profile::dates(now, lifetime)?;
    let profile = Profile::server(names.map(San::Dns).to_vec(), None, key_type, dates)?;
    Ok(CreateSecret {
        next: None,
        object: ObjectRef::secret(namespace.as_str(), secret),
        pair: NewPair::Make { profile, key: KeyChoice::New, issuer: None },
        with_ca_crt: false,
    })
}

/// How the file of an object's manifest is called; `backend` is the Secret for the pods.
#[must_use]
pub fn file_name(object: &ObjectRef, backend: Option<&str>) -> String {
    let name = match object.kind {
        Kind::Secret if Some(object.name.as_str()) == backend => "backend-secret",
        Kind::ManagedCertificate => "managed-certificate",
        Kind::BackendConfig => "backend-config",
        Kind::FrontendConfig => "frontend-config",
        other => other.word(),
    };
    format!("{name}.yaml")
}
