//! Observing Routes of OpenShift, whose certificates and private keys stand in their own text.
//!
//! Knows where they stand, and takes the key out before anything else is made of the text. Refuses to
//! know what they hold.

use super::Take;
use super::kubernetes;
use super::reach::Reach;
use crate::cluster::Client;
use crate::cluster::error::ClusterError;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Observation;
use crate::observation::route::{RouteSeen, RouteTls};
use crate::redact::Redacted;
use serde_json::Value;

/// The API group of Routes.
pub const GROUP: &str = "route.openshift.io";

/// Lists the Routes within reach, where the cluster knows them. What may not be listed is handed on as
/// unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list(reach: &Reach<'_>, take: &mut Take<'_>) -> Result<(), ClusterError> {
    if reach.client.knows_group(GROUP).await? {
        reach.each(Kind::Route, take).await?;
    }
    Ok(())
}

/// Lists those of `namespace` (none: of all).
pub(super) async fn each(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let mut each = |value: Value| {
        let text = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let route =
            ObjectRef::namespaced(Kind::Route, text("/metadata/namespace"), text("/metadata/name"));
        take(Observation::Route(seen(&route, value)));
    };
    client.each_object(Kind::Route, namespace, &mut each).await
}

/// Reads one that the user named.
///
/// # Errors
/// [`ClusterError`] also when it is not there or may not be read.
pub(super) async fn named(client: &Client, route: &ObjectRef) -> Result<Observation, ClusterError> {
    Ok(Observation::Route(seen(route, client.get_object(route).await?)))
}

/// A Route as it is written.
pub(super) fn seen(object: &ObjectRef, mut value: Value) -> RouteSeen {
    let tls = value.pointer_mut("/spec/tls").filter(|tls| tls.is_object()).map(tls_of);
    let seen = kubernetes::object_seen(object, value);
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let rows = seen.status.get("ingress").and_then(Value::as_array);
    let rows: Vec<&Value> = rows.into_iter().flatten().collect();
    let mut addresses: Vec<String> = Vec::new();
    for address in rows.iter().filter_map(|row| text(row, "routerCanonicalHostname")) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let made = || rows.iter().find_map(|row| text(row, "host"));
    RouteSeen {
        object: object.clone(),
        host: text(&seen.spec, "host").or_else(made),
        is_wildcard: text(&seen.spec, "wildcardPolicy").as_deref() == Some("Subdomain"),
        tls,
        addresses,
        meta: seen.meta,
    }
}

/// Takes out what is to be hidden, and reads the rest.
fn tls_of(tls: &mut Value) -> RouteTls {
    let mut hidden = |key: &str| match tls.get_mut(key).map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => Some(Redacted::new(text.into_bytes())),
        _ => None,
    };
    let (certificate, key) = (hidden("certificate"), hidden("key"));
    let ca_certificate = hidden("caCertificate");
    let text = |path: &str| tls.pointer(path).and_then(Value::as_str).unwrap_or_default();
    RouteTls {
        termination: text("/termination").to_owned(),
        certificate,
        key,
        ca_certificate,
        external: Some(text("/externalCertificate/name").to_owned())
            .filter(|name| !name.is_empty()),
    }
}
