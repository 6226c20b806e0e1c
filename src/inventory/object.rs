//! What is kept of an object that is neither Secret nor Ingress.
//!
//! Refuses to know what of it is judged.

use super::owner::Owner;
use super::service::Service;
use super::shelf::OfObject;
use crate::gateway_api::{Gateway, HostRoute};
use crate::gke::health_check::HealthCheck;
use crate::gke::managed::Managed;
use crate::object_ref::ObjectRef;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// An object of another kind: what of it a request is compared with.
#[derive(Debug)]
pub struct ObjectFacts {
    /// Which object.
    pub object: ObjectRef,
    /// Its resourceVersion when it was seen.
    pub resource_version: Option<String>,
    /// When it was made; none in a file that somebody wrote.
    pub created: Option<OffsetDateTime>,
    /// Since when it is being deleted: what is written to it goes with it.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// Its uid; none in a file that somebody wrote.
    pub uid: Option<String>,
    /// When anybody wrote its `spec` last, as far as its managedFields tell.
    pub spec_written: Option<OffsetDateTime>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Who else writes it, by the marks of Helm and its like.
    pub owner: Option<Box<Owner>>,
    /// Who else applies its `spec`, and has a list in it as it was before at the next apply: the field
    /// manager of a server-side apply, or `kubectl apply` on the client's side.
    pub applied_by: Option<Applier>,
    /// Codes of rules whose findings on it are waived.
    pub ignore: Vec<String>,
    /// What stands beside `metadata`, `spec` and `status` in a file; else null.
    pub head: serde_json::Value,
    /// What it says, for judging it.
    pub says: Says,
    /// `spec`, as written, for comparing the whole of it with what is wanted or with its schema; null
    /// for what is only read.
    pub spec: serde_json::Value,
    /// Whether the user chose it for the report.
    pub chosen: bool,
}

/// Who applies a manifest of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applier {
    /// A server-side apply by this field manager: it conflicts with other writers, and overrules them.
    Server(String),
    /// `kubectl apply`, which puts back what its manifest says.
    Kubectl,
}

/// What an object says, read once.
#[derive(Debug)]
pub enum Says {
    /// A Service.
    Service(Service),
    /// A BackendConfig: its health check, where it has one.
    BackendConfig(Option<HealthCheck>),
    /// A ManagedCertificate.
    ManagedCertificate(Managed),
    /// A Gateway.
    Gateway(Gateway),
    /// A route of Gateways with hosts.
    HostRoute(HostRoute),
    /// A kind that is only compared as a whole.
    Other,
}

impl ObjectFacts {
    /// What a ManagedCertificate says; of any other kind nothing.
    #[must_use]
    pub fn managed(&self) -> &Managed {
        const NOTHING: &Managed = &Managed::NOTHING;
        match &self.says {
            Says::ManagedCertificate(managed) => managed,
            _ => NOTHING,
        }
    }

    /// What a Service says; of any other kind nothing.
    #[must_use]
    pub fn service(&self) -> &Service {
        const NOTHING: &Service = &Service::NOTHING;
        match &self.says {
            Says::Service(service) => service,
            _ => NOTHING,
        }
    }

    /// The health check of a BackendConfig, where it has one.
    #[must_use]
    pub fn health_check(&self) -> Option<&HealthCheck> {
        match &self.says {
            Says::BackendConfig(check) => check.as_ref(),
            _ => None,
        }
    }

    /// What a Gateway says; of any other kind nothing.
    #[must_use]
    pub fn gateway(&self) -> Option<&Gateway> {
        match &self.says {
            Says::Gateway(gateway) => Some(gateway),
            _ => None,
        }
    }

    /// What a route of Gateways says; of any other kind nothing.
    #[must_use]
    pub fn host_route(&self) -> Option<&HostRoute> {
        match &self.says {
            Says::HostRoute(route) => Some(route),
            _ => None,
        }
    }
}

impl OfObject for ObjectFacts {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}
