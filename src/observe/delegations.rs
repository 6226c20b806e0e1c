//! `TLSCertificateDelegations` of Contour and `ReferenceGrants`, read once for what they permit.
//!
//! Knows where it stands. Refuses to know what follows for who uses a Secret: that is the inventory's.

use super::cluster::{can_go_on, unseen};
use crate::cluster::Client;
use crate::cluster::error::{ClusterError, Failure};
use crate::gateway_api;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{DelegationsSeen, Observation, Permit};
use serde_json::Value;

/// The kind, of those that permit anything, that a manifest names.
pub(super) fn kind_of(kind: &str, group: &str) -> Option<Kind> {
    let kinds = [Kind::TlsCertificateDelegation, Kind::ReferenceGrant];
    let is = |known: &Kind| {
        known.as_str() == kind && known.resource().is_some_and(|(known, ..)| known == group)
    };
    kinds.into_iter().find(is)
}

/// What those of other namespaces may use of this one, by objects of the kind, where the cluster knows
/// it.
pub(super) async fn read(
    client: &Client,
    kind: Kind,
    namespace: &str,
) -> Result<Vec<Observation>, ClusterError> {
    let told = |seen| Observation::Delegations { kind, namespace: namespace.to_owned(), seen };
    let group = kind.resource().map_or("", |(group, ..)| group);
    let served = client.served_kinds(group).await?;
    let Some(version) = served.get(kind.plural()) else {
        return Ok(vec![told(DelegationsSeen::NoSuchKind)]);
    };
    let mut permits = Vec::new();
    let mut take = |value: Value| {
        let name = value.pointer("/metadata/name").and_then(Value::as_str);
        let by = ObjectRef::namespaced(kind, namespace, name.unwrap_or_default());
        permits.extend(self::permits(&by, &value));
    };
    match client.each_object_of(kind, (group, version), Some(namespace), &mut take).await {
        Ok(()) => Ok(vec![told(DelegationsSeen::All(permits))]),
        Err(error) if error.failure == Failure::NoSuchKind => {
            Ok(vec![told(DelegationsSeen::NoSuchKind)])
        }
        Err(error) if can_go_on(&error) => Ok(vec![
            told(DelegationsSeen::Unread),
            unseen(ObjectRef::all(kind, Some(namespace)), &error),
        ]),
        Err(error) => Err(error),
    }
}

/// What this object permits.
pub(super) fn permits(by: &ObjectRef, value: &Value) -> Vec<Permit> {
    match by.kind {
        Kind::ReferenceGrant => granted(by, value),
        _ => delegated(by, value),
    }
}

fn granted(by: &ObjectRef, value: &Value) -> Vec<Permit> {
    let granted = gateway_api::granted(value.get("spec").unwrap_or(&Value::Null)).into_iter();
    granted.map(|(secret, namespaces)| Permit { by: by.clone(), secret, namespaces }).collect()
}

/// `spec.delegations[]`.
fn delegated(by: &ObjectRef, value: &Value) -> Vec<Permit> {
    let items = value.pointer("/spec/delegations").and_then(Value::as_array);
    let permit = |item: &Value| {
        let namespaces = item.get("targetNamespaces").and_then(Value::as_array);
        let namespaces = namespaces.into_iter().flatten().filter_map(Value::as_str);
        Some(Permit {
            by: by.clone(),
            secret: Some(item.get("secretName")?.as_str()?.to_owned()),
            namespaces: namespaces.map(str::to_owned).collect(),
        })
    };
    items.into_iter().flatten().filter_map(permit).collect()
}
