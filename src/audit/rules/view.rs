//! What several rules ask of the inventory, answered once an audit.
//!
//! Knows who shares which answer. Judges nothing: every value is a reading of the inventory.

use super::dns::{self, ResolvedHost};
use super::gke::{self, BackendService, Named, ServedSecret};
use crate::audit::Context;
use crate::audit::served::{self, Answer};
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::inventory::dns::Target;
use crate::object_ref::ObjectRef;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What a rule is shown: the inventory, how it is judged, and readings that rules share.
pub struct View<'i> {
    /// What was seen.
    pub inventory: &'i Inventory,
    /// How it is judged.
    pub context: &'i Context<'i>,
    answers: OnceLock<Vec<Answer<'i>>>,
    targets: OnceLock<Vec<Target<'i>>>,
    led: OnceLock<Vec<ResolvedHost<'i>>>,
    gke_ingresses: OnceLock<Vec<&'i IngressFacts>>,
    gke_secrets: OnceLock<Vec<ServedSecret<'i>>>,
    on_gke: OnceLock<BTreeSet<&'i ObjectRef>>,
    backed_services: OnceLock<Vec<BackendService<'i>>>,
    managed: OnceLock<Vec<Named<'i>>>,
}

impl std::fmt::Debug for View<'_> {
    /// Without the facts: they are as long as the cluster is large.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("View").field("context", self.context).finish_non_exhaustive()
    }
}

impl<'i> View<'i> {
    /// Of this inventory, with nothing read yet.
    pub(in crate::audit) const fn new(inventory: &'i Inventory, context: &'i Context<'i>) -> Self {
        Self {
            inventory,
            context,
            answers: OnceLock::new(),
            targets: OnceLock::new(),
            led: OnceLock::new(),
            gke_ingresses: OnceLock::new(),
            gke_secrets: OnceLock::new(),
            on_gke: OnceLock::new(),
            backed_services: OnceLock::new(),
            managed: OnceLock::new(),
        }
    }

    /// What is served, beside what is stored.
    pub(super) fn answers(&self) -> &[Answer<'i>] {
        self.answers.get_or_init(|| served::answers(self.inventory))
    }

    /// Every host, with who is to serve it.
    pub(super) fn targets(&self) -> &[Target<'i>] {
        self.targets.get_or_init(|| self.inventory.targets())
    }

    /// Every host whose addresses were looked up.
    pub(super) fn led(&self) -> &[ResolvedHost<'i>] {
        self.led.get_or_init(|| dns::led(self.inventory, self.targets()))
    }

    /// Ingresses that GKE's load balancer serves and the report is about.
    pub(super) fn gke_ingresses(&self) -> &[&'i IngressFacts] {
        self.gke_ingresses.get_or_init(|| gke::ingresses(self.inventory, self.context).collect())
    }

    /// Those of them that may have ManagedCertificates: Google's controller passes the internal over.
    pub(super) fn gke_external(&self) -> impl Iterator<Item = &'i IngressFacts> {
        self.gke_ingresses().iter().copied().filter(|ingress| gke::is_external(ingress))
    }

    /// Secrets that these Ingresses serve, each once, with the Ingresses.
    pub(super) fn gke_secrets(&self) -> &[ServedSecret<'i>] {
        let served = || gke::served_secrets(self.inventory, self.gke_ingresses());
        self.gke_secrets.get_or_init(served)
    }

    /// Whether one of these Ingresses serves the Secret.
    pub(super) fn is_on_gke(&self, secret: &ObjectRef) -> bool {
        let objects = || self.gke_secrets().iter().map(|(secret, _)| &secret.object).collect();
        self.on_gke.get_or_init(objects).contains(secret)
    }

    /// Services that these Ingresses send to.
    pub(super) fn backed_services(&self) -> &[BackendService<'i>] {
        let backed = || gke::backed_services(self.inventory, self.gke_ingresses());
        self.backed_services.get_or_init(backed)
    }

    /// Every ManagedCertificate the report is about: all, or those that a chosen Ingress names.
    pub(super) fn managed(&self) -> &[Named<'i>] {
        self.managed.get_or_init(|| gke::managed(self.inventory))
    }
}
