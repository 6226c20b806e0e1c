//! What is wanted of a new domain, as the command line has it.

use crate::gke::presets::{HealthCheck, Preset};
use crate::x509::profile::Profile;

/// Everything the user wants of a new domain.
#[derive(Clone, Debug)]
pub struct BootstrapRequest {
    /// The namespace of all objects.
    pub namespace: String,
    /// The name the others are made from, and the Ingress's own.
    pub name: String,
    /// The domains.
    pub domains: Vec<String>,
    /// Those of them that the certificate is to be for: all, but for those to which `add` finds another.
    pub covers: Vec<String>,
    /// Whether the domains are put behind those of an Ingress that is there.
    pub add: bool,
    /// The Service's name.
    pub service: String,
    /// The Service's port, by number or by name; none for the preset's or the only one.
    pub port: Option<ServicePort>,
    /// How the backend is spoken to.
    pub preset: Preset,
    /// The health check, when it is not the preset's.
    pub health_check: HealthCheck,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// `--backend-config`, or the default name.
    pub backend_config: String,
    /// Whether the user gave that name; else the one that the Service names already is taken.
    pub backend_config_given: bool,
    /// The FrontendConfig by which port 80 redirects: the one that the Ingress names already, or one of
    /// the Ingress's own name.
    pub frontend_config: String,
    /// `--static-ip`.
    pub static_ip: Option<String>,
    /// What becomes of port 80; none for what is there already.
    pub http: Option<Http>,
    /// The Ingress class.
    pub class: Class,
    /// Why it is that class; none where the user named it.
    pub class_why: Option<&'static str>,
    /// Whether a Service of type LoadBalancer may be changed to ClusterIP.
    pub cluster_ip: bool,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicePort {
    /// By number.
    Number(u16),
    /// By name.
    Name(String),
}

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// A self-signed certificate is made and kept in this Secret; one that is there and fits is used.
    Make {
        /// The Secret's name.
        secret: String,
        /// What the certificate shall hold.
        profile: Profile,
    },
    /// This Secret, which is there.
    Existing(String),
    /// A ManagedCertificate of this name.
    Managed(String),
}

/// What becomes of port 80.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// It serves the same.
    Allow,
    /// It redirects to HTTPS, by a FrontendConfig.
    Redirect,
    /// It is closed.
    Off,
}

/// The Ingress class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// GKE's external load balancer.
    Gce,
    /// GKE's internal load balancer.
    Internal,
    /// Another controller's class; GKE's objects are left out.
    Other(String),
}

impl Class {
    /// The class of this name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name {
            "gce" => Self::Gce,
            "gce-internal" => Self::Internal,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Gce => "gce",
            Self::Internal => "gce-internal",
            Self::Other(name) => name,
        }
    }

    /// Whether a load balancer of GKE's serves it.
    #[must_use]
    pub const fn is_gke(&self) -> bool {
        matches!(self, Self::Gce | Self::Internal)
    }
}
