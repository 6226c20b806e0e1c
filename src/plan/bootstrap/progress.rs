//! How far a bootstrap has come, as the cluster shows it.
//!
//! By what the load balancer's controller writes, never by what was asked for: an address that was there
//! before proves nothing of a certificate.

use super::{BootstrapRequest, Certificate};
use crate::gke::events;
use crate::gke::load_balancer;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::managed::{Awaited, ManagedStatus, Standing, alike, status_of};
use crate::remedy::Advice;

/// How far a bootstrap has come, as the cluster shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The Ingress's address: an IP or a host name.
    pub address: Option<String>,
    /// Whether the load balancer serves the certificate, by its own account; of another class than GKE's
    /// nobody says.
    pub served: Option<bool>,
    /// What keeps the load balancer, by its controller's last warning, and what to do.
    pub trouble: Option<Advice>,
    /// The ManagedCertificate, where there is one.
    pub managed: Option<Awaited>,
}

impl Progress {
    /// What the inventory shows of it, with the names that are in use. A warning counts once it has
    /// stood for two looks.
    #[must_use]
    pub fn of(inventory: &Inventory, request: &BootstrapRequest, causes: &mut Causes) -> Self {
        let ingress = inventory.ingress(&request.namespace, &request.name);
        let status = managed(inventory, request);
        let managed = status.as_ref().map(|status| Awaited::of(status, &mut causes.managed));
        let served = ingress.filter(|_| request.class.is_gke());
        let served = request.class.is_gke().then(|| {
            served.is_some_and(|ingress| serves(inventory, ingress, &request.certificate))
        });
        let address = ingress.and_then(|ingress| ingress.frontend.addresses.first().cloned());
        let well = address.is_some() && served != Some(false);
        let trouble = ingress.and_then(|ingress| causes.trouble(inventory, ingress));
        // What is not made yet at Google cannot be served: that is no cause but a consequence.
        let is_made = |awaited: &Awaited| awaited.managed.certificate_name.is_some();
        let is_cause = managed.as_ref().is_none_or(is_made);
        Self { trouble: trouble.filter(|_| !well && is_cause), address, served, managed }
    }

    /// Whether there is nothing left to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let active = self.managed.as_ref().is_none_or(|awaited| awaited.managed.is_active());
        self.address.is_some() && self.served != Some(false) && active
    }
}

/// The ManagedCertificate of the request, as it stands.
pub(super) fn managed<'i>(
    inventory: &'i Inventory,
    request: &BootstrapRequest,
) -> Option<ManagedStatus<'i>> {
    let Certificate::Managed(name) = &request.certificate else { return None };
    let object =
        ObjectRef::namespaced(Kind::ManagedCertificate, request.namespace.as_str(), name.as_str());
    inventory.object(&object).map(|facts| status_of(inventory, facts))
}

/// Whether the load balancer serves the certificate as it is now.
fn serves(inventory: &Inventory, ingress: &IngressFacts, certificate: &Certificate) -> bool {
    let namespace = ingress.frontend.object.namespace();
    match certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => {
            inventory.secret(namespace, secret).is_some_and(|facts| {
                load_balancer::serves_token(&ingress.annotations, &facts.load_balancer_token())
            })
        }
        Certificate::Managed(name) => {
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, name.as_str());
            let facts = inventory.object(&object);
            let certificate = facts.and_then(|facts| facts.managed().certificate_name.as_deref());
            certificate.is_some_and(|name| load_balancer::serves(&ingress.annotations, name))
        }
    }
}

/// What was warned of at the look before: some warnings pass within a second.
#[derive(Debug, Default)]
pub struct Causes {
    managed: Standing,
    ingress: Option<String>,
}

impl Causes {
    /// The warning about the Ingress, once it has stood for two looks.
    fn trouble(&mut self, inventory: &Inventory, ingress: &IngressFacts) -> Option<Advice> {
        let trouble = inventory.trouble(&ingress.frontend.object);
        let known = trouble.and_then(|trouble| events::known(&trouble.cause));
        let cause = trouble.map(|trouble| trouble.cause.clone());
        let before = std::mem::replace(&mut self.ingress, cause.as_deref().map(alike));
        let cause = cause.filter(|cause| before.as_ref() == Some(&alike(cause)))?;
        match known {
            Some(known) if known.passes() => None,
            Some(known) => {
                let told = format!("{}: {cause}", known.meaning());
                Some(Advice::new(told, known.remedy()))
            }
            None => Some(Advice::new(cause, "what its controller warns of has to be fixed first")),
        }
    }
}
