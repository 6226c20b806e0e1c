//! What is kept for another Secret until everybody trusts it: made, and taken from there.
//!
//! Guarantees: it is made by a create, which alone refuses what is there, so that however many make it at
//! once, one certificate is ever handed out. Refuses to know when it is switched to.

use super::cluster::{Target, failed, settled};
use super::pair::{self, ReadyPair};
use crate::object_ref::{OUR_NAME, ObjectRef};
use crate::plan::outcome::{Done, Failed, FailureReason};
use crate::plan::previous::MANAGED_BY;
use crate::plan::step::{CreateSecret, Next};
use crate::plan::trust::staged::SECRET_TYPE;
use crate::redact::Redacted;
use crate::x509::cert::Certificate;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// Makes the Secret that keeps it.
///
/// # Errors
/// [`Failed`]; a `Conflict` where somebody else has made it first.
pub(super) async fn create(
    (step, next): (&CreateSecret, &Next),
    ready: ReadyPair,
    target: &Target,
) -> Result<Done, Failed> {
    let data = BTreeMap::from([
        ("tls.crt".to_owned(), ByteString(ready.certificates.clone())),
        ("tls.key".to_owned(), ByteString(ready.key.expose().to_vec())),
    ]);
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(step.object.name.clone()),
            namespace: step.object.namespace.clone(),
            labels: Some(BTreeMap::from([(MANAGED_BY.to_owned(), OUR_NAME.to_owned())])),
            annotations: Some(next.annotations.clone()),
            ..ObjectMeta::default()
        },
        type_: Some(SECRET_TYPE.to_owned()),
        data: Some(data),
        ..Secret::default()
    };
    let object = &step.object;
    let written = target.client.create_secret(object, &secret, OUR_NAME, target.dry_run).await;
    settled(written, object, ready, target).await
}

/// The certificate and key that it keeps, if they still are what was planned.
///
/// # Errors
/// [`Failed`].
pub(super) async fn taken(
    (object, certificate): (&ObjectRef, &Certificate),
    target: &Target,
) -> Result<ReadyPair, Failed> {
    let secret: Secret = target.client.get(object).await.map_err(failed)?;
    let data = secret.data.unwrap_or_default();
    let value = |key: &str| data.get(key).map(|value| value.0.clone()).unwrap_or_default();
    let (certificates, key) = (value("tls.crt"), Redacted::new(value("tls.key")));
    if !pair::holds(&certificates, &certificate.sha256) || key.expose().is_empty() {
        return Err(Failed::of(
            FailureReason::Conflict,
            format!("{object} has changed since it was looked at"),
            "look at it and try again",
        ));
    }
    Ok(ReadyPair { certificates, key, ca: None, facts: certificate.clone() })
}
