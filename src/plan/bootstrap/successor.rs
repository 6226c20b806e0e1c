//! The ManagedCertificate that has taken over from the one a bootstrap would make.
//!
//! `managed set-domains` lets another certificate take the first one's place; the same bootstrap, run
//! again, must not bring the first one back. Knows how the successor is found.

use super::super::managed::REPLACES;
use super::{BootstrapRequest, Certificate};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};

/// The certificates that the Ingress names beside the one that is asked for, when that is not
/// there: one of them may have taken over from it.
#[must_use]
pub fn candidates(inventory: &Inventory, request: &BootstrapRequest) -> Vec<ObjectRef> {
    let Certificate::Managed(name) = &request.certificate else { return Vec::new() };
    let object = |kind, name: &str| ObjectRef::namespaced(kind, request.namespace.as_str(), name);
    if inventory.object(&object(Kind::ManagedCertificate, name)).is_some() {
        return Vec::new();
    }
    let Some(ingress) = inventory.ingress(&request.namespace, &request.name) else {
        return Vec::new();
    };
    let others = ingress.frontend.managed_names.iter().filter(|other| *other != name);
    others.map(|other| object(Kind::ManagedCertificate, other)).collect()
}

/// The request, with the successor's name where there is one.
pub(super) fn as_taken_over(inventory: &Inventory, request: &BootstrapRequest) -> BootstrapRequest {
    let Certificate::Managed(name) = &request.certificate else { return request.clone() };
    let took_over = candidates(inventory, request).into_iter().find(|other| {
        let facts = inventory.object(other);
        facts.and_then(|facts| facts.annotations.get(REPLACES)) == Some(name)
    });
    match took_over {
        Some(successor) => BootstrapRequest {
            certificate: Certificate::Managed(successor.name),
            ..request.clone()
        },
        None => request.clone(),
    }
}
