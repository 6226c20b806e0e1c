//! How far a bootstrap has come, as the cluster shows it.

use super::{BootstrapRequest, Certificate};
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use serde_json::Value;

/// How far a bootstrap has come, as the cluster shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The Ingress's address: an IP or a host name.
    pub address: Option<String>,
    /// What its controller warned of last, while there is no address.
    pub trouble: Option<String>,
    /// The ManagedCertificate, where there is one.
    pub managed: Option<Managed>,
}

impl Progress {
    /// What the inventory shows of it.
    #[must_use]
    pub fn of(inventory: &Inventory, request: &BootstrapRequest) -> Self {
        let request = &super::successor::as_taken_over(inventory, request);
        let named =
            |kind, name: &str| ObjectRef::namespaced(kind, request.namespace.as_str(), name);
        let ingress = inventory.object(&named(Kind::Ingress, &request.name));
        let managed = match &request.certificate {
            Certificate::Managed(name) => inventory.object(&named(Kind::ManagedCertificate, name)),
            Certificate::Make { .. } | Certificate::Existing(_) => None,
        };
        let address = ingress.and_then(|ingress| address(&ingress.status));
        let trouble = ingress.and_then(|ingress| inventory.trouble(&ingress.object));
        Self {
            trouble: trouble.filter(|_| address.is_none()).map(|trouble| trouble.cause.clone()),
            address,
            managed: managed.map(|facts| Managed::of(&facts.spec, &facts.status)),
        }
    }

    /// Whether there is nothing left to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.address.is_some() && self.managed.as_ref().is_none_or(Managed::is_active)
    }
}

/// The first address of an Ingress's status.
pub(super) fn address(status: &Value) -> Option<String> {
    let first = status.pointer("/loadBalancer/ingress/0")?;
    let text = |key: &str| first.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("ip").or(text("hostname")).map(str::to_owned)
}
