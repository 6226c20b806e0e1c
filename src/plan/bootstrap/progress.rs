//! How far a bootstrap has come, as the cluster shows it.

use super::{BootstrapRequest, Certificate};
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};

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
        let ingress = inventory.ingress(&request.namespace, &request.name);
        let managed = match &request.certificate {
            Certificate::Managed(name) => inventory.object(&named(Kind::ManagedCertificate, name)),
            Certificate::Make { .. } | Certificate::Existing(_) => None,
        };
        let address = ingress.and_then(|ingress| ingress.addresses.first().cloned());
        let trouble = ingress.and_then(|ingress| inventory.trouble(&ingress.object));
        Self {
            trouble: trouble.filter(|_| address.is_none()).map(|trouble| trouble.cause.clone()),
            address,
            managed: managed.map(|facts| facts.managed().clone()),
        }
    }

    /// Whether there is nothing left to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.address.is_some() && self.managed.as_ref().is_none_or(Managed::is_active)
    }
}
