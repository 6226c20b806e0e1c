//! Gateways: which hosts their listeners serve, and where the certificates are to come from.
//!
//! Knows how listeners and the routes that attach to them meet. Made anew for all that was absorbed, for
//! a route may come before its Gateway and after it. Refuses to know whether a certificate covers a host.
//! Source: kubernetes-sigs/gateway-api apis/v1 `gateway_types.go` (Listener) and `httproute_types.go`
//! (Hostnames), v1.4.

use super::frontend::{self, Demand, Frontend};
use super::key::{Named, ObjectKey};
use super::{Inventory, ObjectFacts};
use crate::controllers::Controller;
use crate::gateway_api::hostname::{exactness, intersection, is_within};
use crate::gateway_api::{Certificate, Gateway, HostRoute, Listener, Namespaces, Parent, ROUTES};
use crate::gke::annotations::{CERT_MAP, LISTENER_CERTIFICATES};
use crate::object_ref::{Kind, ObjectRef, check_object_name};
use std::collections::{BTreeMap, BTreeSet};

/// What Gateways serve.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    frontends: BTreeMap<ObjectKey, Frontend>,
    /// Secret to the Gateways that name it.
    used_by: BTreeMap<ObjectKey, BTreeSet<ObjectKey>>,
}

impl Gateways {
    fn of(inventory: &Inventory) -> Self {
        let routes = Attached::of(inventory);
        let mut gateways = Self::default();
        for facts in inventory.objects_of(Kind::Gateway) {
            let Some(says) = facts.gateway() else { continue };
            let key = ObjectKey::of(&facts.object);
            let attached = routes.0.get(&key).map_or(&[][..], Vec::as_slice);
            let within = inventory.within.as_deref();
            let beside = within.is_some_and(|within| within != facts.object.namespace());
            let frontend = Reader { facts, says, attached, beside }.frontend();
            for secret in &frontend.secrets {
                gateways.used_by.entry(ObjectKey::of(secret)).or_default().insert(key.clone());
            }
            gateways.frontends.insert(key, frontend);
        }
        gateways
    }

    pub fn frontends(&self) -> impl Iterator<Item = &Frontend> {
        self.frontends.values()
    }

    pub fn frontend(&self, gateway: &dyn Named) -> Option<&Frontend> {
        self.frontends.get(gateway)
    }

    /// The Gateways that name this Secret.
    pub fn users(&self, secret: &dyn Named) -> impl Iterator<Item = &ObjectKey> {
        self.used_by.get(secret).into_iter().flatten()
    }
}

impl Inventory {
    pub(super) fn gateways(&self) -> &Gateways {
        self.gateways.get_or_init(|| Gateways::of(self))
    }

    /// What the listeners of Gateways name as a Secret and no Secret can be called, each with its
    /// Gateway.
    pub fn impossible_certificates(&self) -> impl Iterator<Item = (&ObjectRef, &str)> {
        self.objects_of(Kind::Gateway).flat_map(|facts| {
            let listeners = facts.gateway().into_iter().flat_map(|says| &says.listeners);
            let ending = listeners.filter(|listener| listener.ends_tls());
            let named = ending.flat_map(|listener| &listener.certificates);
            named.filter_map(|certificate| match certificate {
                Certificate::Secret(_, name) if check_object_name(name).is_err() => {
                    Some((&facts.object, name.as_str()))
                }
                _ => None,
            })
        })
    }
}

/// A route, and how it names a Gateway.
type Attaching<'i> = (&'i ObjectRef, &'i HostRoute, &'i Parent);

/// Routes by the Gateway that they name.
struct Attached<'i>(BTreeMap<ObjectKey, Vec<Attaching<'i>>>);

impl<'i> Attached<'i> {
    fn of(inventory: &'i Inventory) -> Self {
        let mut by_gateway: BTreeMap<ObjectKey, Vec<Attaching<'i>>> = BTreeMap::new();
        for facts in ROUTES.into_iter().flat_map(|kind| inventory.objects_of(kind)) {
            let Some(route) = facts.host_route() else { continue };
            for parent in &route.parents {
                let gateway = ObjectKey::of(&parent.gateway(&facts.object));
                by_gateway.entry(gateway).or_default().push((&facts.object, route, parent));
            }
        }
        Self(by_gateway)
    }
}

/// One Gateway being read.
struct Reader<'i> {
    facts: &'i ObjectFacts,
    says: &'i Gateway,
    /// The routes that name it.
    attached: &'i [Attaching<'i>],
    /// Whether it is of another namespace than the one that was looked in: then only what routes from
    /// there have of it counts.
    beside: bool,
}

/// A host that a listener serves, and why that is not known, if it is not.
type Served = (String, Option<String>);

impl<'i> Reader<'i> {
    fn frontend(&self) -> Frontend {
        let mut secrets: Vec<ObjectRef> = Vec::new();
        let mut demands: Vec<Demand> = Vec::new();
        for listener in self.listeners() {
            let named = self.secrets(listener);
            for secret in named.iter().filter(|secret| check_object_name(&secret.name).is_ok()) {
                if !secrets.contains(secret) {
                    secrets.push(secret.clone());
                }
            }
            for (host, doubt) in self.hosts(listener) {
                let demand = Demand {
                    host,
                    secrets: named.clone(),
                    elsewhere: self.elsewhere(listener).or(doubt),
                    listener: Some(Box::new(frontend::Listener {
                        name: listener.name.clone(),
                        port: u16::try_from(listener.port).ok().filter(|port| *port > 0),
                    })),
                    ..Demand::default()
                };
                demands.push(demand);
            }
        }
        Frontend {
            object: self.facts.object.clone(),
            class: self.says.class.clone(),
            controller: Controller::Gateway,
            created: self.facts.created,
            addresses: self.says.addresses.clone(),
            has_tls: self.listeners().next().is_some(),
            demands,
            secrets,
            mentions: Vec::new(),
            managed_names: Vec::new(),
            borrows: None,
            unread: None,
            http2: None,
            chosen: self.facts.chosen,
        }
    }

    /// The listeners that end TLS.
    fn listeners(&self) -> impl Iterator<Item = &'i Listener> {
        let ending = self.says.listeners.iter().filter(|listener| listener.ends_tls());
        let is_met = |listener: &'i Listener| {
            let own = listener.hostname.as_deref();
            self.routes(listener).any(|(route, _)| meet(own, route).is_some())
        };
        ending.filter(move |listener| !self.beside || is_met(listener))
    }

    /// The Secrets that a listener names.
    fn secrets(&self, listener: &Listener) -> Vec<ObjectRef> {
        let own = self.facts.object.namespace();
        let mut secrets: Vec<ObjectRef> = Vec::new();
        for certificate in &listener.certificates {
            let Certificate::Secret(namespace, name) = certificate else { continue };
            let secret = ObjectRef::secret(namespace.as_deref().unwrap_or(own), name);
            if !secrets.contains(&secret) {
                secrets.push(secret);
            }
        }
        secrets
    }

    /// Why a certificate may be served that no Secret holds.
    fn elsewhere(&self, listener: &Listener) -> Option<String> {
        let told = |place: &str, key: &str, names: &str| format!("{place} {key} names {names:?}");
        let map = self.facts.annotations.get(CERT_MAP).filter(|names| !names.is_empty());
        let map = map.map(|names| told("annotation", CERT_MAP, names));
        let google = LISTENER_CERTIFICATES.into_iter();
        let google = || {
            let mut named = google.filter_map(|key| Some((key, listener.options.get(key)?)));
            named.next().map(|(key, names)| told("tls option", key, names))
        };
        let other = || {
            listener.certificates.iter().find_map(|certificate| match certificate {
                Certificate::Other(what) => {
                    Some(format!("listener {} names {what}, which is no Secret", listener.name))
                }
                Certificate::Secret(..) => None,
            })
        };
        let none = || {
            let none = listener.certificates.is_empty();
            none.then(|| format!("listener {} names no certificate", listener.name))
        };
        map.or_else(google).or_else(other).or_else(none)
    }

    /// The hosts that a listener serves: what its hostname and those of its routes have in common. A
    /// wildcard to which no route attaches is served to nobody yet.
    fn hosts(&self, listener: &Listener) -> Vec<Served> {
        let own = listener.hostname.as_deref();
        let mut hosts: Vec<Served> = Vec::new();
        let mut take = |host: String, doubt: Option<String>| {
            match hosts.iter_mut().find(|(known, _)| *known == host) {
                // What one route makes sure another does not make doubtful.
                Some((_, known)) if doubt.is_none() => *known = None,
                Some(_) => {}
                None => hosts.push((host, doubt)),
            }
        };
        if let Some(host) = own.filter(|host| !host.starts_with("*.") && !self.beside) {
            take(host.to_ascii_lowercase(), None);
        }
        for (route, doubt) in self.routes(listener) {
            let hosts = meet(own, route).into_iter().flatten();
            hosts.for_each(|host| take(host, doubt.clone()));
        }
        hosts.retain(|(host, _)| self.is_closest(listener, host));
        hosts
    }

    /// Whether no other listener of the port says the host more exactly: that one serves it then.
    fn is_closest(&self, listener: &Listener, host: &str) -> bool {
        let own = exactness(listener.hostname.as_deref());
        let others = self.says.listeners.iter().filter(|other| {
            other.port == listener.port && matches!(other.protocol.as_str(), "HTTPS" | "TLS")
        });
        let mut closer = others.filter(|other| exactness(other.hostname.as_deref()) > own);
        let speaks = |other: &Listener| {
            let hostname = other.hostname.as_ref().map(|hostname| hostname.to_ascii_lowercase());
            hostname.is_some_and(|hostname| is_within(host, &hostname))
        };
        !closer.any(speaks)
    }

    /// The routes that attach to a listener, and why that is not known, if it is not.
    fn routes(
        &self,
        listener: &'i Listener,
    ) -> impl Iterator<Item = (&'i HostRoute, Option<String>)> + use<'i> {
        let own = self.facts.object.namespace.as_deref().unwrap_or_default();
        self.attached.iter().filter_map(move |(object, route, parent)| {
            let section = parent.section.as_ref().is_none_or(|name| *name == listener.name);
            let port = parent.port.is_none_or(|port| port == listener.port);
            if !section || !port || !listener.takes(object.kind) {
                return None;
            }
            let from = object.namespace();
            match &listener.allowed.from {
                Namespaces::All => Some((*route, None)),
                Namespaces::Same => (from == own).then_some((*route, None)),
                Namespaces::Named(names) => {
                    names.iter().any(|name| name == from).then_some((*route, None))
                }
                Namespaces::Labelled => {
                    let doubt = format!(
                        "whether listener {} takes {} is told by labels of namespace {from}, \
                         which are not read",
                        listener.name,
                        object.short()
                    );
                    Some((*route, Some(doubt)))
                }
                Namespaces::None => None,
            }
        })
    }
}

/// The hosts that a listener's hostname and those of a route have in common; none where they have
/// nothing in common, and the route does not attach.
fn meet(own: Option<&str>, route: &HostRoute) -> Option<Vec<String>> {
    if route.hostnames.is_empty() {
        return Some(own.map(str::to_ascii_lowercase).into_iter().collect());
    }
    let both = |host: &String| match own {
        Some(own) => intersection(own, host),
        None => Some(host.to_ascii_lowercase()),
    };
    let hosts: Vec<String> = route.hostnames.iter().filter_map(both).collect();
    (!hosts.is_empty()).then_some(hosts)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
mod tests;
