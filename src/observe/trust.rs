//! Trust: certificates that a manifest hands out elsewhere than in a Secret, for others to trust.
//!
//! Knows the kinds that do and where each says them. Refuses to know what a certificate is.

use crate::object_ref::Kind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Kinds that are listed in a cluster for what they trust or sign with: each with its API group, and
/// whether its objects have a namespace.
pub(super) const KINDS: [(Kind, &str, bool); 6] = [
    (Kind::Issuer, "cert-manager.io", true),
    (Kind::ClusterIssuer, "cert-manager.io", false),
    (Kind::ConfigMap, "", true),
    (Kind::ValidatingWebhookConfiguration, "admissionregistration.k8s.io", false),
    (Kind::MutatingWebhookConfiguration, "admissionregistration.k8s.io", false),
    (Kind::ApiService, "apiregistration.k8s.io", false),
];

/// The PEM that an object hands out; none of other kinds, and where there is none.
/// Source: admissionregistration.k8s.io/v1 `WebhookClientConfig`, apiregistration.k8s.io/v1 `APIServiceSpec`.
pub(super) fn handed_out(value: &Value, kind: &str, group: &str) -> Option<Vec<u8>> {
    let bundles: Vec<Vec<u8>> = match (kind, group) {
        ("ConfigMap", "") => {
            let values = value.get("data").and_then(Value::as_object).into_iter().flatten();
            values.filter_map(|(_, text)| Some(text.as_str()?.as_bytes().to_vec())).collect()
        }
        (
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            "admissionregistration.k8s.io",
        ) => {
            let webhooks = value.get("webhooks").and_then(Value::as_array).into_iter().flatten();
            webhooks.filter_map(|webhook| bundle(webhook, "/clientConfig/caBundle")).collect()
        }
        ("APIService", "apiregistration.k8s.io") => {
            bundle(value, "/spec/caBundle").into_iter().collect()
        }
        _ => return None,
    };
    let has_any = |bytes: &Vec<u8>| {
        const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
        bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
    };
    let bundles: Vec<Vec<u8>> = bundles.into_iter().filter(has_any).collect();
    (!bundles.is_empty()).then(|| bundles.join(&b'\n'))
}

fn bundle(value: &Value, pointer: &str) -> Option<Vec<u8>> {
    STANDARD.decode(value.pointer(pointer)?.as_str()?.trim()).ok()
}
