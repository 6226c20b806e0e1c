//! Demand: which hosts of an Ingress want a certificate, and where it is to come from.
//!
//! Knows how controllers read `spec.rules` and `spec.tls`, GKE's included. Refuses to know
//! whether a certificate covers a host.

use crate::gke::annotations::{
    INGRESS_CLASS, MANAGED_CERTIFICATES, certificates_elsewhere, is_gke_class, items,
};
use crate::object_ref::{OUR_NAME, ObjectRef};
use crate::observation::{IngressSeen, TlsEntry};
use crate::x509::name;
use std::collections::BTreeMap;

/// Facts of one Ingress.
#[derive(Debug)]
pub struct IngressFacts {
    /// Which Ingress.
    pub object: ObjectRef,
    /// The class it names, by annotation or `ingressClassName`.
    pub class: Option<String>,
    /// Every host it names, in rules or under `tls`, once.
    pub demands: Vec<Demand>,
    /// Whether it has any `tls` entry, whatever that says.
    pub has_tls: bool,
    /// Every Secret its `tls` names, once, in order.
    pub secret_names: Vec<String>,
    /// Every ManagedCertificate its annotation names, in order.
    pub managed_names: Vec<String>,
    /// The addresses its controller has given it: `ip` or `hostname` of its status.
    pub addresses: Vec<String>,
    /// The annotation, if any, by which its controller speaks HTTP/2 to the backends, as for gRPC.
    pub http2: Option<String>,
    /// Secrets whose `ca.crt` its controller verifies client certificates by, as namespace and name.
    pub client_cas: Vec<(String, String)>,
    /// Codes of rules whose findings on it are waived.
    pub ignore: Vec<String>,
    /// Whether the user chose it for the report.
    pub chosen: bool,
}

/// One host and the places its certificate may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The host as written.
    pub host: String,
    /// Secrets whose certificates may be served for it; one that covers it is enough.
    pub secrets: Vec<String>,
    /// Why a certificate may be served for it that cannot be seen here.
    pub elsewhere: Option<String>,
}

impl Demand {
    /// The host name to ask a server for: the host, or for a wildcard one of the names below it.
    #[must_use]
    pub fn probe(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        host.strip_prefix("*.").map_or_else(|| host.clone(), |rest| format!("{OUR_NAME}.{rest}"))
    }

    /// Whether nothing serves TLS for the host.
    #[must_use]
    pub fn without_tls(&self) -> bool {
        self.secrets.is_empty() && self.elsewhere.is_none()
    }
}

impl IngressFacts {
    /// The facts of an Ingress as seen.
    #[must_use]
    pub fn of(seen: &IngressSeen, ignore: Vec<String>, chosen: bool) -> Self {
        let annotated_class =
            seen.meta.annotations.get(INGRESS_CLASS).filter(|class| !class.is_empty());
        let class = annotated_class.or(seen.class_name.as_ref()).cloned();
        let elsewhere = certificates_elsewhere(&seen.meta.annotations, class.as_deref())
            .map(|(key, names)| format!("annotation {key} names {names:?}"));
        let gke = is_gke_class(annotated_class.map(String::as_str));
        let demands = hosts(seen)
            .into_iter()
            .map(|host| demand(host, &seen.tls, gke, elsewhere.clone()))
            .collect();
        let mut secret_names: Vec<String> = Vec::new();
        for name in seen.tls.iter().filter_map(|entry| entry.secret_name.as_ref()) {
            if !secret_names.contains(name) {
                secret_names.push(name.clone());
            }
        }
        let managed = seen.meta.annotations.get(MANAGED_CERTIFICATES).map(String::as_str);
        let managed = items(managed.unwrap_or_default());
        Self {
            object: seen.object.clone(),
            class,
            demands,
            has_tls: !seen.tls.is_empty(),
            secret_names,
            managed_names: managed.map(str::to_owned).collect(),
            addresses: addresses(seen),
            http2: http2(&seen.meta.annotations),
            client_cas: client_cas(seen),
            ignore,
            chosen,
        }
    }
}

/// Each address of the status once.
fn addresses(seen: &IngressSeen) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for address in &seen.addresses {
        if !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    addresses
}

/// On an Ingress of ingress-nginx: how the backends are spoken to.
const BACKEND_PROTOCOL: &str = "nginx.ingress.kubernetes.io/backend-protocol";

fn http2(annotations: &BTreeMap<String, String>) -> Option<String> {
    let protocol = annotations.get(BACKEND_PROTOCOL)?;
    let grpc = ["GRPC", "GRPCS"].iter().any(|grpc| protocol.eq_ignore_ascii_case(grpc));
    grpc.then(|| format!("annotation {BACKEND_PROTOCOL} is {protocol}"))
}

/// The annotation of ingress-nginx and haproxy-ingress, under whatever prefix, that names a Secret
/// with a CA for client certificates: `NAMESPACE/NAME`, or its own namespace's.
const CLIENT_CA: &str = "/auth-tls-secret";

fn client_cas(seen: &IngressSeen) -> Vec<(String, String)> {
    let annotations = seen.meta.annotations.iter();
    let named = annotations.filter(|(key, _)| key.ends_with(CLIENT_CA)).map(|(_, value)| {
        let (namespace, name) = value.split_once('/').unwrap_or((seen.object.namespace(), value));
        (namespace.to_owned(), name.to_owned())
    });
    named.collect()
}

/// Rule hosts first, then hosts that only `tls` names; each once, whatever its case.
fn hosts(seen: &IngressSeen) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    let named = seen.rule_hosts.iter().chain(seen.tls.iter().flat_map(|entry| &entry.hosts));
    for host in named.filter(|host| !host.is_empty()) {
        if !hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            hosts.push(host.clone());
        }
    }
    hosts
}

fn demand(host: String, tls: &[TlsEntry], gke: bool, elsewhere: Option<String>) -> Demand {
    let entries = serving_entries(&host, tls, gke);
    let mut secrets: Vec<String> = Vec::new();
    let mut default_certificate = false;
    for entry in entries {
        match &entry.secret_name {
            Some(name) if !secrets.contains(name) => secrets.push(name.clone()),
            Some(_) => {}
            None => default_certificate = true,
        }
    }
    let default_certificate = default_certificate
        .then(|| "its tls entry names no Secret: the controller's default certificate".to_owned());
    Demand { host, secrets, elsewhere: elsewhere.or(default_certificate) }
}

/// The `tls` entries whose certificate is served for the host: on GKE all of them (SNI chooses by
/// the certificates' names); elsewhere those that list the host, else those that list a wildcard
/// over it, else those that list none (which stand for every host).
fn serving_entries<'t>(host: &str, tls: &'t [TlsEntry], gke: bool) -> Vec<&'t TlsEntry> {
    let those = |test: &dyn Fn(&TlsEntry) -> bool| {
        tls.iter().filter(|entry| test(entry)).collect::<Vec<_>>()
    };
    if gke {
        return those(&|_| true);
    }
    let exact = those(&|entry| entry.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host)));
    if !exact.is_empty() {
        return exact;
    }
    let wildcard = those(&|entry| entry.hosts.iter().any(|listed| name::covers(listed, host)));
    if !wildcard.is_empty() {
        return wildcard;
    }
    those(&|entry| entry.hosts.is_empty())
}
