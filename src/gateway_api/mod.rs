//! Gateway API: what a Gateway, its routes and its grants say, read once.
//!
//! Knows the fields that tell which hosts a listener serves and with which certificate, and the
//! defaults that the API server writes into them. Refuses to know what a certificate is, and what is
//! right or wrong about a Gateway. Source: kubernetes-sigs/gateway-api apis/v1 (`gateway_types.go`,
//! `shared_types.go`, `httproute_types.go`) and apis/v1beta1 (`referencegrant_types.go`), v1.4.

pub mod hostname;
mod listener;

use crate::object_ref::{Kind, ObjectRef};
pub use listener::{AllowedRoutes, Certificate, Listener, Namespaces};
use serde_json::Value;

/// The API group of all its kinds.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// The kinds of routes that have hosts.
pub const ROUTES: [Kind; 3] = [Kind::HttpRoute, Kind::GrpcRoute, Kind::TlsRoute];

/// What a Gateway says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// `spec.gatewayClassName`; none when absent or empty.
    pub class: Option<String>,
    /// `spec.listeners[]`.
    pub listeners: Vec<Listener>,
    /// `status.addresses[].value`, each once.
    pub addresses: Vec<String>,
}

impl Gateway {
    /// Of `spec` and `status` as they are written; what is of another type is as good as absent.
    #[must_use]
    pub fn of(spec: &Value, status: &Value) -> Self {
        let mut addresses: Vec<String> = Vec::new();
        for address in list(status, "addresses").filter_map(|address| text(address, "value")) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Self {
            class: text(spec, "gatewayClassName"),
            listeners: list(spec, "listeners").map(Listener::of).collect(),
            addresses,
        }
    }

    /// Whether a listener that ends TLS takes routes of other namespaces than its own.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let own = |from: &Namespaces| matches!(from, Namespaces::Same | Namespaces::None);
        let ending = self.listeners.iter().filter(|listener| listener.ends_tls());
        ending.map(|listener| &listener.allowed.from).any(|from| !own(from))
    }
}

/// What an `HTTPRoute`, a `GRPCRoute` or a `TLSRoute` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRoute {
    /// The Gateways among `spec.parentRefs[]`.
    pub parents: Vec<Parent>,
    /// `spec.hostnames[]`; none for every host of the listener.
    pub hostnames: Vec<String>,
}

/// One Gateway that a route attaches to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// `namespace`; none for that of the route.
    pub namespace: Option<String>,
    /// `name`.
    pub name: String,
    /// `sectionName`: the listener; none for all of them.
    pub section: Option<String>,
    /// `port` of the listeners; none for any.
    pub port: Option<i64>,
}

impl HostRoute {
    /// Of `spec` as it is written.
    #[must_use]
    pub fn of(spec: &Value) -> Self {
        let parent = |parent: &Value| {
            let is_gateway = group(parent).unwrap_or_else(|| GROUP.to_owned()) == GROUP
                && text(parent, "kind").is_none_or(|kind| kind == "Gateway");
            Some(Parent {
                namespace: text(parent, "namespace"),
                name: text(parent, "name").filter(|_| is_gateway)?,
                section: text(parent, "sectionName"),
                port: parent.get("port").and_then(Value::as_i64),
            })
        };
        let hostnames = list(spec, "hostnames").filter_map(Value::as_str);
        Self {
            parents: list(spec, "parentRefs").filter_map(parent).collect(),
            hostnames: hostnames.map(str::to_owned).collect(),
        }
    }

    /// The Gateways that `route`, which says this, attaches to.
    pub fn gateways<'r>(&'r self, route: &'r ObjectRef) -> impl Iterator<Item = ObjectRef> + 'r {
        self.parents.iter().map(|parent| parent.gateway(route))
    }
}

impl Parent {
    /// The Gateway, as `route` names it.
    #[must_use]
    pub fn gateway(&self, route: &ObjectRef) -> ObjectRef {
        let namespace = self.namespace.as_deref().unwrap_or_else(|| route.namespace());
        ObjectRef::namespaced(Kind::Gateway, namespace, &*self.name)
    }
}

/// What a `ReferenceGrant` lets Gateways use: Secrets by name, or (none) every one of its namespace,
/// and the namespaces whose Gateways may. What it says of other kinds is passed over.
#[must_use]
pub fn granted(spec: &Value) -> Vec<(Option<String>, Vec<String>)> {
    let is = |one: &Value, of: &str, kind: &str| {
        group(one).unwrap_or_default() == of && text(one, "kind").as_deref() == Some(kind)
    };
    let from = list(spec, "from").filter(|from| is(from, GROUP, "Gateway"));
    let namespaces: Vec<String> = from.filter_map(|from| text(from, "namespace")).collect();
    let to = list(spec, "to").filter(|to| is(to, "", "Secret"));
    to.map(|to| (text(to, "name"), namespaces.clone())).collect()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

/// `group`, of which the empty one is the core's and none the default.
fn group(value: &Value) -> Option<String> {
    value.get("group").and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_gateways_are_parents_and_only_grants_from_gateways_to_secrets_count() {
        let spec = json!({"parentRefs": [
            {"name": "edge"},
            {"name": "edge", "namespace": "infra", "sectionName": "https", "port": 443},
            {"name": "mesh", "kind": "Service", "group": ""},
        ], "hostnames": ["a.example"]});
        let route = HostRoute::of(&spec);
        let own = ObjectRef::namespaced(Kind::HttpRoute, "shop", "web");
        let parents: Vec<String> = route.gateways(&own).map(|it| it.to_string()).collect();
        assert_eq!(parents, ["gateway/edge in namespace shop", "gateway/edge in namespace infra"]);
        assert_eq!(route.parents[1].section.as_deref(), Some("https"));
        let gateway = json!({"group": GROUP, "kind": "Gateway", "namespace": "shop"});
        let http = json!({"group": GROUP, "kind": "HTTPRoute", "namespace": "blog"});
        for (from, to, expected) in [
            (json!([gateway, http]), json!([{"group": "", "kind": "Secret"}]), "None [\"shop\"]"),
            (
                json!([gateway]),
                json!([{"group": "", "kind": "Secret", "name": "a"}]),
                "Some(\"a\") [\"shop\"]",
            ),
            (json!([gateway]), json!([{"group": "", "kind": "Service"}]), ""),
            (json!([http]), json!([{"group": "", "kind": "Secret"}]), "None []"),
        ] {
            let granted = granted(&json!({"from": from, "to": to})).into_iter();
            let shown: Vec<String> = granted.map(|(name, of)| format!("{name:?} {of:?}")).collect();
            assert_eq!(shown.join(" "), expected);
        }
    }

    #[test]
    fn what_is_of_another_type_is_as_good_as_absent() {
        let gateway = Gateway::of(&json!({"listeners": "none"}), &json!({"addresses": 4}));
        assert_eq!(gateway, Gateway::default());
        assert_eq!(HostRoute::of(&Value::Null), HostRoute::default());
        assert_eq!(granted(&json!({"from": {}, "to": 1})), Vec::new());
    }
}
