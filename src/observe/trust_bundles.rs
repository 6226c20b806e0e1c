//! Trust bundles: an object that hands out certificates to be trusted, read because it is to hand out others.
//!
//! Knows where each kind has them. Refuses to know which of its values is meant, and to hand on a private key.

use super::annotations::LAST_APPLIED;
use super::cert_values::{bundles, of_config_map};
use super::kubernetes;
use super::trust::is_about_a_ca;
use crate::cluster::error::ClusterError;
use crate::cluster::{Client, Which};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{Observation, TrustBundleSeen, ValuesSeen};
use crate::redact::Redacted;
use crate::x509::pem;
use k8s_openapi::api::core::v1::Secret;
use memchr::memmem;
use serde_json::Value;

/// Reads the object; that it is not there is an answer, too.
///
/// # Errors
/// [`ClusterError`] also when it may not be read: what it holds must be known before it is written.
pub(super) async fn read(client: &Client, object: &ObjectRef) -> Result<Observation, ClusterError> {
    let object = ObjectRef { key: None, ..object.clone() };
    let seen = match object.kind {
        Kind::Secret => client.get(&object).await.map(|secret| of_secret(secret, &object)),
        _ => client.get_object(&object).await.map(|value| of_object(value, &object)),
    };
    match seen {
        Err(error) if error.failure.is_absence() => Ok(Observation::Absent(object)),
        seen => seen.map(Observation::TrustBundle),
    }
}

/// The Secrets of other types than TLS that hold a private key, with the certificates beside it: a server may
/// load its pair from any of them. Without a namespace, those of all.
///
/// # Errors
/// [`ClusterError`] also when they may not be listed.
pub(super) async fn pairs_elsewhere(
    client: &Client,
    namespace: Option<&str>,
) -> Result<Vec<TrustBundleSeen>, ClusterError> {
    let mut pairs = Vec::new();
    let mut take = |secret: Secret| pairs.extend(pair(secret, namespace.unwrap_or_default()));
    client
        .each(Kind::Secret, namespace, Which::by(NO_PAIRS).that_may_be_large(), &mut take)
        .await?;
    Ok(pairs)
}

/// Types of Secrets that are looked at by themselves, or have no pair in them and are large or many.
const NO_PAIRS: &str = "type!=kubernetes.io/tls,type!=certwright.dev/previous,\
    type!=certwright.dev/next,type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,\
    type!=kubernetes.io/dockerconfigjson,type!=bootstrap.kubernetes.io/token";

/// The certificates of a Secret that holds a private key as well, but for those by which others are trusted; of a
/// value with both, those alone.
fn pair(secret: Secret, namespace: &str) -> Option<TrustBundleSeen> {
    let seen = kubernetes::secret(secret, namespace, None);
    let private = seen.data.iter().filter(|(_, value)| is_private(value.expose()));
    let withheld: Vec<String> = private.map(|(key, _)| key.clone()).collect();
    let certificates = |(key, value): (&String, &Redacted)| {
        let certificates = pem::certificates_only(value.expose());
        (!certificates.is_empty() && !is_about_a_ca(key))
            .then(|| (key.clone(), Redacted::new(certificates)))
    };
    let values: Vec<_> = seen.data.iter().filter_map(certificates).collect();
    (!withheld.is_empty() && !values.is_empty()).then(|| TrustBundleSeen {
        values: ValuesSeen { object: seen.object, meta: seen.meta, values },
        immutable: seen.immutable,
        applied: false,
        withheld,
        entries: Vec::new(),
    })
}

fn is_private(value: &[u8]) -> bool {
    memmem::find(value, b"PRIVATE KEY-----").is_some()
}

/// What a Secret hands out: whatever is not `tls.key` and has no private key in it.
fn of_secret(secret: Secret, object: &ObjectRef) -> TrustBundleSeen {
    let annotations = secret.metadata.annotations.as_ref();
    let applied = annotations.is_some_and(|all| all.contains_key(LAST_APPLIED));
    let seen = kubernetes::secret(secret, object.namespace(), None);
    let is_public = |key: &str, value: &[u8]| key != "tls.key" && !is_private(value);
    let (values, private): (Vec<_>, Vec<_>) =
        seen.data.into_iter().partition(|(key, value)| is_public(key, value.expose()));
    TrustBundleSeen {
        values: ValuesSeen { object: seen.object, meta: seen.meta, values },
        immutable: seen.immutable,
        applied,
        withheld: private.into_iter().map(|(key, _)| key).collect(),
        entries: Vec::new(),
    }
}

fn of_object(value: Value, object: &ObjectRef) -> TrustBundleSeen {
    let is_map = object.kind == Kind::ConfigMap;
    let mut values = if is_map { of_config_map(&value) } else { bundles(&value) };
    let binary = value.get("binaryData").and_then(Value::as_object).into_iter().flatten();
    let withheld: Vec<String> = binary.map(|(key, _)| key.clone()).collect();
    values.retain(|(key, _)| !withheld.contains(key));
    let immutable = value.get("immutable").and_then(Value::as_bool).unwrap_or_default();
    let webhooks = value.get("webhooks").and_then(Value::as_array).into_iter().flatten();
    let name = |webhook: &Value| webhook.get("name").and_then(Value::as_str).map(str::to_owned);
    let entries = webhooks.filter_map(name).collect();
    let annotations = value.pointer("/metadata/annotations");
    let applied = annotations.is_some_and(|all| all.get(LAST_APPLIED).is_some());
    let meta = kubernetes::object_seen(object, value).meta;
    TrustBundleSeen {
        values: ValuesSeen { object: object.clone(), meta, values },
        immutable,
        applied,
        withheld,
        entries,
    }
}
