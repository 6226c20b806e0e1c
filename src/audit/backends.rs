//! Backends: whether what stands behind an Ingress speaks HTTP/2 or gRPC, as far as objects tell.
//!
//! Knows the annotations and fields by which controllers are told, and the port names and numbers by
//! which people recognise gRPC and Milvus. Refuses to judge: what follows from it is its users' business.

use super::clients::{self, Client, Problem};
use super::rules::gke;
use crate::gke::presets::Preset;
use crate::inventory::demand::IngressFacts;
use crate::inventory::frontend::Frontend;
use crate::inventory::service::ServicePort;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::ingress::BackendPort;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// On a Service, for Traefik: how its pods are spoken to.
const TRAEFIK_SCHEME: &str = "traefik.ingress.kubernetes.io/service.serversscheme";

/// Why a backend of the frontend is spoken to in HTTP/2, and the Service that says so; none where
/// nothing tells.
#[must_use]
pub fn http2(inventory: &Inventory, frontend: &Frontend) -> Option<(String, Option<ObjectRef>)> {
    if let Some(why) = &frontend.http2 {
        return Some((why.clone(), None));
    }
    let ingress = inventory.ingress_at(&frontend.object)?;
    let mut backends = ingress.backends().into_iter();
    backends.find_map(|(service, port)| declared(inventory, ingress, service, port))
}

/// A backend that is taken for gRPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grpc {
    /// What tells.
    pub why: String,
    /// Whether it is Milvus, by its port.
    pub is_milvus: bool,
}

/// Whether the backend of this host is taken for gRPC: it is spoken to in HTTP/2, or its port has a name
/// or the number of such servers. None where nothing tells.
#[must_use]
pub fn grpc(inventory: &Inventory, frontend: &Frontend, host: &str) -> Option<Grpc> {
    let ingress = inventory.ingress_at(&frontend.object)?;
    let mut why = frontend.http2.clone();
    let mut is_milvus = false;
    for (service, port) in ingress.backends_of(host) {
        let by_port = by_port(inventory, ingress, service, port);
        is_milvus |= by_port.as_ref().is_some_and(|told| told.is_milvus);
        why = why
            .or_else(|| declared(inventory, ingress, service, port).map(|(why, _)| why))
            .or(by_port.map(|told| told.why));
    }
    why.map(|why| Grpc { why, is_milvus })
}

/// Namespaces whose Services would tell whether a certificate is refused where it is served: gRPC's Python
/// package refuses it, and nothing that was seen tells whether its hosts are gRPC.
#[must_use]
pub fn undecided(inventory: &Inventory, now: OffsetDateTime) -> BTreeSet<String> {
    let mut namespaces = BTreeSet::new();
    for secret in inventory.tls_secrets() {
        let is_open = |user: &&Frontend| {
            let mut hosts = user.hosts_of(&secret.object).into_iter();
            inventory.ingress_at(&user.object).is_some()
                && !hosts.any(|host| grpc(inventory, user, host).is_some())
        };
        let open = inventory.users(&secret.object).filter(is_open);
        let mut open = open.map(|user| user.object.namespace()).peekable();
        if open.peek().is_some() && is_refused_by_grpc(secret, now) {
            namespaces.extend(open.map(str::to_owned));
        }
    }
    namespaces
}

/// Of the rules that say better why a key is refused, those that are silent of many: `weak-key` of what
/// is not weak, `gke-key-type` outside GKE. What the others say is no matter of gRPC.
const MAY_BE_SILENT: [&str; 2] = ["weak-key", "gke-key-type"];

fn is_refused_by_grpc(secret: &SecretFacts, now: OffsetDateTime) -> bool {
    let refuses = |problem: &Problem| {
        problem.who.contains(&Client::GrpcPython)
            && problem.told_by.iter().all(|rule| MAY_BE_SILENT.contains(rule))
    };
    clients::problems(&secret.bundle, now).iter().any(refuses)
}

/// What says that this port is spoken to in HTTP/2, and the Service that says it.
fn declared(
    inventory: &Inventory,
    ingress: &IngressFacts,
    name: &str,
    port: BackendPort<'_>,
) -> Option<(String, Option<ObjectRef>)> {
    let service = inventory.object(&gke::beside(&ingress.frontend.object, Kind::Service, name))?;
    let port = gke::find_port(service, port)?;
    let told = gke::app_protocols(service).and_then(|protocols| protocols.read.ok());
    let told = told.and_then(|told| told.get(port.name.as_ref()?).cloned());
    let scheme = service.annotations.get(TRAEFIK_SCHEME).map(String::as_str);
    let why = match (told.as_deref(), port.app_protocol.as_deref(), scheme) {
        (Some("HTTP2"), ..) => format!("app-protocols of service/{name} say HTTP2"),
        (_, Some(own @ ("kubernetes.io/h2c" | "grpc" | "h2c")), _) => {
            format!("appProtocol of service/{name} is {own}")
        }
        (.., Some("h2c")) => format!("annotation {TRAEFIK_SCHEME} of service/{name} is h2c"),
        _ => return None,
    };
    Some((why, Some(service.object.clone())))
}

/// What the port's name or number tells, as the Ingress or the Service has it.
fn by_port(
    inventory: &Inventory,
    ingress: &IngressFacts,
    service: &str,
    port: BackendPort<'_>,
) -> Option<Grpc> {
    let facts = inventory.object(&gke::beside(&ingress.frontend.object, Kind::Service, service));
    let seen: Option<&ServicePort> = facts.and_then(|facts| gke::find_port(facts, port));
    let (name, number) = match port {
        BackendPort::Name(name) => (Some(name), seen.map(|port| port.number)),
        BackendPort::Number(number) => (seen.and_then(|port| port.name.as_deref()), Some(number)),
    };
    let is_named = |preset: Preset| {
        name.is_some_and(|name| name.to_ascii_lowercase().starts_with(preset.port_name()))
    };
    let by_number = number.is_some() && number == Preset::Milvus.port().map(u64::from);
    let is_milvus = by_number || is_named(Preset::Milvus);
    let why = match (name, number) {
        (Some(name), _) if is_named(Preset::Grpc) || is_named(Preset::Milvus) => {
            format!("the port of service/{service} is named {name}")
        }
        (_, Some(number)) if by_number => format!("the port of service/{service} is {number}"),
        _ => return None,
    };
    Some(Grpc { why, is_milvus })
}

#[cfg(test)]
mod tests;
