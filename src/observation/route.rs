//! A Route of OpenShift as it was seen.
//!
//! Source of the fields: openshift/api route/v1 `types.go`. The private key is only carried.

use super::MetaSeen;
use crate::object_ref::ObjectRef;
use crate::redact::Redacted;

/// A Route as it was seen.
#[derive(Clone, Debug)]
pub struct RouteSeen {
    /// Which Route.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: MetaSeen,
    /// `spec.host`, else the first of `status.ingress[].host`; none when absent or empty.
    pub host: Option<String>,
    /// Whether it stands for every host below the parent of `host`: `spec.wildcardPolicy: Subdomain`.
    pub is_wildcard: bool,
    /// `spec.tls`.
    pub tls: Option<RouteTls>,
    /// `status.ingress[].routerCanonicalHostname`, each once.
    pub addresses: Vec<String>,
}

/// `spec.tls` of a Route. Values that are empty are as good as absent.
#[derive(Clone, Debug, Default)]
pub struct RouteTls {
    /// `termination`, as written.
    pub termination: String,
    /// `certificate`, PEM.
    pub certificate: Option<Redacted>,
    /// `key`, PEM.
    pub key: Option<Redacted>,
    /// `caCertificate`, PEM: the chain behind the certificate.
    pub ca_certificate: Option<Redacted>,
    /// `externalCertificate.name`: a Secret with all of it.
    pub external: Option<String>,
}
