//! Values that may be certificates and stand elsewhere than in a TLS Secret: of Opaque Secrets and
//! ConfigMaps, and the `caBundle` by which the API server verifies what it calls.
//!
//! Knows where each kind has them. Refuses to know what is in them, and who asked for which.

use super::Take;
use super::cluster::{OPAQUE_SECRETS, unseen_when_forbidden};
use super::kubernetes;
use crate::cluster::Client;
use crate::cluster::error::ClusterError;
use crate::object_ref::{Kind, ObjectRef, Place};
use crate::observation::{MetaSeen, Observation, ValuesSeen};
use crate::redact::Redacted;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use serde_json::Value;

/// What the API server calls and verifies by a `caBundle`.
const CALLED: [Kind; 4] = [
    Kind::ValidatingWebhookConfiguration,
    Kind::MutatingWebhookConfiguration,
    Kind::ApiService,
    Kind::CustomResourceDefinition,
];

/// What an object of a manifest has of them; none where it is of another kind or has none.
pub(super) fn of(
    value: &Value,
    (kind, group): (&str, &str),
    place: Option<&Place>,
    namespace: &str,
) -> Option<ValuesSeen> {
    let ours = |known: &&Kind| {
        known.as_str() == kind && known.resource().is_some_and(|(known, ..)| known == group)
    };
    let kind = *[&CALLED[..], &[Kind::ConfigMap]].concat().iter().find(ours)?;
    read(kind, value, place, namespace)
}

fn read(kind: Kind, value: &Value, place: Option<&Place>, namespace: &str) -> Option<ValuesSeen> {
    let text = |path: &str| value.pointer(path).and_then(Value::as_str);
    let within = text("/metadata/namespace").filter(|text| !text.is_empty()).unwrap_or(namespace);
    let object = ObjectRef {
        namespace: kind.has_namespace().then(|| within.to_owned()),
        ..ObjectRef::namespaced(kind, "", text("/metadata/name").filter(|name| !name.is_empty())?)
    };
    let values = if kind == Kind::ConfigMap { of_config_map(value) } else { bundles(value) };
    if values.is_empty() {
        return None;
    }
    let object = object.at(place.cloned());
    let meta = kubernetes::object_seen(&object, value.clone()).meta;
    Some(ValuesSeen { object, meta, values })
}

/// `data` as it is, `binaryData` decoded.
pub(super) fn of_config_map(value: &Value) -> Vec<(String, Redacted)> {
    let fields = |name: &str| value.get(name).and_then(Value::as_object).into_iter().flatten();
    let plain = fields("data").filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
    let plain = plain.map(|(key, text)| (key.clone(), Redacted::new(text.into_bytes())));
    let binary = fields("binaryData");
    let binary = binary.filter_map(|(key, value)| Some((key.clone(), decoded(value.as_str()?))));
    plain.chain(binary).collect()
}

/// Every `caBundle`, with the way to it.
pub(super) fn bundles(value: &Value) -> Vec<(String, Redacted)> {
    let webhooks = value.get("webhooks").and_then(Value::as_array).into_iter().flatten();
    let webhooks = webhooks.enumerate().map(|(index, webhook)| {
        let bundle = webhook.pointer("/clientConfig/caBundle");
        (format!("webhooks[{index}].clientConfig.caBundle"), bundle)
    });
    let conversion = "/spec/conversion/webhook/clientConfig/caBundle";
    let others = ["/spec/caBundle", conversion]
        .map(|way| (way.trim_start_matches('/').replace('/', "."), value.pointer(way)));
    let all = webhooks.chain(others);
    all.filter_map(|(way, bundle)| Some((way, decoded(bundle?.as_str()?)))).collect()
}

/// The value, decoded; what is no base64 stays as it is written, and is no certificate.
fn decoded(text: &str) -> Redacted {
    let packed: String = text.split_whitespace().collect();
    Redacted::new(STANDARD.decode(&packed).unwrap_or_else(|_| text.as_bytes().to_vec()))
}

/// Reads one ConfigMap that the user named.
///
/// # Errors
/// [`ClusterError`] also when it is not there or may not be read: it was asked for by name.
pub(super) async fn config_map(
    client: &Client,
    object: &ObjectRef,
) -> Result<Observation, ClusterError> {
    let value = client.get_object(object).await?;
    let seen = read(Kind::ConfigMap, &value, None, object.namespace());
    let meta = MetaSeen::default();
    let nothing = || ValuesSeen { object: object.clone(), meta, values: Vec::new() };
    Ok(Observation::Values(seen.unwrap_or_else(nothing)))
}

/// Lists the Opaque Secrets of a namespace (none: of all). What may not be listed is handed on as unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list_opaque(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let mut each = |secret: Secret| {
        let seen = kubernetes::secret(secret, namespace.unwrap_or_default(), None);
        let values = seen.data.into_iter().collect();
        take(Observation::Values(ValuesSeen { object: seen.object, meta: seen.meta, values }));
    };
    let listed = client.each(Kind::Secret, namespace, OPAQUE_SECRETS, &mut each).await;
    unseen_when_forbidden(listed, ObjectRef::all(Kind::Secret, namespace), take)
}

/// Lists what the API server calls, which is in no namespace. What may not be listed is handed on as
/// unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list_ca_bundles(client: &Client, take: &mut Take<'_>) -> Result<(), ClusterError> {
    for kind in CALLED {
        let mut each = |value: Value| {
            if let Some(seen) = read(kind, &value, None, "") {
                take(Observation::Values(seen));
            }
        };
        let listed = client.each_object(kind, None, &mut each).await;
        unseen_when_forbidden(listed, ObjectRef::all(kind, None), take)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_found_where_each_kind_has_them() {
        let webhook = |bundle: &str| json!({ "clientConfig": { "caBundle": bundle } });
        let conversion = json!({ "webhook": { "clientConfig": { "caBundle": "YQ==" } } });
        for (kind, group, value, expected) in [
            (
                "ValidatingWebhookConfiguration",
                "admissionregistration.k8s.io",
                json!({ "webhooks": [webhook("YQ=="), { "clientConfig": {} }, webhook("Yg==")] }),
                "webhooks[0].clientConfig.caBundle=a webhooks[2].clientConfig.caBundle=b",
            ),
            (
                "APIService",
                "apiregistration.k8s.io",
                json!({ "spec": { "caBundle": "Y\nQ==" } }),
                "spec.caBundle=a",
            ),
            (
                "CustomResourceDefinition",
                "apiextensions.k8s.io",
                json!({ "spec": { "conversion": conversion } }),
                "spec.conversion.webhook.clientConfig.caBundle=a",
            ),
            (
                "ConfigMap",
                "",
                json!({ "data": { "ca.pem": "text", "n": 1 }, "binaryData": { "ca.der": "YQ==" } }),
                "ca.pem=text ca.der=a",
            ),
            (
                "APIService",
                "apiregistration.k8s.io",
                json!({ "spec": { "caBundle": "?" } }),
                "spec.caBundle=?",
            ),
            ("APIService", "example.com", json!({ "spec": { "caBundle": "YQ==" } }), ""),
            ("ConfigMap", "", json!({}), ""),
        ] {
            let mut value = value;
            value["metadata"] = json!({ "name": "x" });
            let seen = of(&value, (kind, group), None, "shop");
            let values = seen.map(|seen| seen.values).unwrap_or_default();
            let word = |(key, value): &(String, Redacted)| {
                format!("{key}={}", String::from_utf8_lossy(value.expose()))
            };
            let said = values.iter().map(word).collect::<Vec<_>>().join(" ");
            assert_eq!(said, expected, "{kind} of {group}");
        }
    }
}
