//! `TLSCertificateDelegations` of Contour, read once for what they permit.
//!
//! Knows where it stands. Refuses to know what follows for an Ingress: that is the inventory's.

use crate::object_ref::ObjectRef;
use crate::observation::Permit;
use serde_json::Value;

/// What this object permits: `spec.delegations[]`.
pub(super) fn permits(by: &ObjectRef, value: &Value) -> Vec<Permit> {
    let items = value.pointer("/spec/delegations").and_then(Value::as_array);
    let permit = |item: &Value| {
        let namespaces = item.get("targetNamespaces").and_then(Value::as_array);
        let namespaces = namespaces.into_iter().flatten().filter_map(Value::as_str);
        Some(Permit {
            by: by.clone(),
            secret: item.get("secretName")?.as_str()?.to_owned(),
            namespaces: namespaces.map(str::to_owned).collect(),
        })
    };
    items.into_iter().flatten().filter_map(permit).collect()
}
