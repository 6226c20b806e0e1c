//! An Ingress as it was seen.
//!
//! Source of the fields: k8s.io/api networking/v1. What has a meaning only to some controllers is
//! kept as written.

use super::MetaSeen;
use crate::object_ref::ObjectRef;
use std::fmt;

/// An Ingress as it was seen.
#[derive(Clone, Debug)]
pub struct IngressSeen {
    /// Which Ingress.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: MetaSeen,
    /// `spec.ingressClassName`; none when absent or empty.
    pub class_name: Option<String>,
    /// `spec.defaultBackend`.
    pub default_backend: Option<Backend>,
    /// `spec.rules[]`.
    pub rules: Vec<Rule>,
    /// `spec.tls[]`.
    pub tls: Vec<TlsEntry>,
    /// `status.loadBalancer.ingress[]`: each `ip`, or else `hostname`.
    pub addresses: Vec<String>,
}

impl IngressSeen {
    /// The hosts of its rules, as written, without the rules that have none.
    pub fn rule_hosts(&self) -> impl Iterator<Item = &String> {
        self.rules.iter().filter_map(|rule| rule.host.as_ref())
    }

    /// Whether it also sends on what names no host of its own: a rule without a host, or a default
    /// backend.
    #[must_use]
    pub fn catch_all(&self) -> bool {
        self.default_backend.is_some() || self.rules.iter().any(|rule| rule.host.is_none())
    }
}

/// One entry of `spec.rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `host`, as written; none when absent or empty.
    pub host: Option<String>,
    /// `http.paths`.
    pub paths: Vec<Path>,
}

impl Rule {
    /// A rule for a host that sends nowhere.
    #[must_use]
    pub fn of_host(host: impl Into<String>) -> Self {
        Self { host: Some(host.into()), paths: Vec::new() }
    }
}

/// One entry of `http.paths`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// `path`; none when absent or empty.
    pub path: Option<String>,
    /// `pathType`, as written; none when absent or empty.
    pub path_type: Option<String>,
    /// `backend`.
    pub backend: Backend,
}

/// Where requests are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backend {
    /// `service.name`; none when absent or empty, as for a `resource`.
    pub service: Option<String>,
    /// `service.port.number`.
    pub number: Option<i32>,
    /// `service.port.name`; none when absent or empty.
    pub name: Option<String>,
}

impl Backend {
    /// The port, where it is named in any way: by its name first.
    #[must_use]
    pub fn port(&self) -> Option<BackendPort<'_>> {
        let number = self.number.and_then(|number| u64::try_from(number).ok());
        let name = self.name.as_deref().map(BackendPort::Name);
        name.or(number.map(BackendPort::Number))
    }
}

/// A port as an Ingress names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendPort<'i> {
    /// By its number.
    Number(u64),
    /// By its name in the Service.
    Name(&'i str),
}

impl fmt::Display for BackendPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One entry of `spec.tls`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsEntry {
    /// `hosts`, as written.
    pub hosts: Vec<String>,
    /// `secretName`; none when absent or empty.
    pub secret_name: Option<String>,
}
