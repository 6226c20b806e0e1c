//! Which hosts listeners serve, by the Gateways and routes that are seen.

use crate::gateway_api::GROUP;
use crate::inventory::Inventory;
use crate::inventory::testing::{of_seen, seen};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::ObjectSeen;
use serde_json::{Value, json};

fn gateway(listeners: &Value) -> ObjectSeen {
    let object = ObjectRef::namespaced(Kind::Gateway, "shop", "edge");
    seen((object, &[], json!({"gatewayClassName": "edge", "listeners": listeners}), Value::Null))
}

fn route(
    kind: Kind,
    (namespace, name): (&str, &str),
    parent: &Value,
    hosts: &[&str],
) -> ObjectSeen {
    let object = ObjectRef::namespaced(kind, namespace, name);
    seen((object, &[], json!({"parentRefs": [parent], "hostnames": hosts}), Value::Null))
}

fn https(name: &str, hostname: Option<&str>) -> Value {
    let refs = json!([{"name": format!("{name}-tls")}]);
    json!({
        "name": name, "hostname": hostname, "port": 443, "protocol": "HTTPS",
        "tls": {"certificateRefs": refs},
    })
}

/// `host of listener`, each; `?` behind those of which it is not known.
fn hosts(inventory: &Inventory) -> String {
    let demands = inventory.demands().map(|(_, demand)| {
        let listener = demand.listener.as_ref().map_or("", |listener| &*listener.name);
        let doubt = if demand.elsewhere.is_some() { "?" } else { "" };
        format!("{} of {listener}{doubt}", demand.host)
    });
    demands.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_host_is_served_by_the_listener_that_says_it_most_exactly() {
    let listeners =
        || json!([https("a", Some("a.x")), https("wild", Some("*.x")), https("any", None)]);
    let of =
        |hosts: &[&str]| route(Kind::HttpRoute, ("shop", "web"), &json!({"name": "edge"}), hosts);
    for (given, expected) in [
        (&["a.x"][..], "a.x of a"),
        (&["b.x"], "a.x of a, b.x of wild"),
        (&["*.x"], "a.x of a, *.x of wild"),
        (&["b.y"], "a.x of a, b.y of any"),
        (&["*.b.x", "B.X"], "a.x of a, *.b.x of wild, b.x of wild"),
        (&[], "a.x of a, *.x of wild"),
    ] {
        assert_eq!(hosts(&of_seen(vec![gateway(&listeners()), of(given)])), expected, "{given:?}");
        assert_eq!(hosts(&of_seen(vec![of(given), gateway(&listeners())])), expected, "{given:?}");
    }
    let other_port = json!([https("wild", Some("*.x")), {
        "name": "other", "hostname": "a.x", "port": 8443, "protocol": "HTTPS",
        "tls": {"certificateRefs": [{"name": "other-tls"}]},
    }]);
    let both = of_seen(vec![gateway(&other_port), of(&["a.x"])]);
    assert_eq!(hosts(&both), "a.x of wild, a.x of other", "each port has a server of its own");
}

#[test]
fn routes_attach_by_name_port_kind_and_namespace() {
    let listener = |from: &str| {
        let allowed =
            json!({"namespaces": {"from": from, "selector": {"matchLabels": {"a": "b"}}}});
        let mut listener = https("https", None);
        listener["allowedRoutes"] = allowed;
        json!([listener])
    };
    let own = ("shop", "web");
    let edge = json!({"name": "edge"});
    let far = json!({"name": "edge", "namespace": "shop"});
    for (what, from, kind, of, parent, expected) in [
        ("its own", "Same", Kind::HttpRoute, own, edge.clone(), "a.x of https"),
        ("of another kind", "Same", Kind::TlsRoute, own, edge.clone(), ""),
        ("of gRPC", "Same", Kind::GrpcRoute, own, edge.clone(), "a.x of https"),
        ("of another namespace", "Same", Kind::HttpRoute, ("blog", "web"), far.clone(), ""),
        ("from all", "All", Kind::HttpRoute, ("blog", "web"), far.clone(), "a.x of https"),
        ("by labels", "Selector", Kind::HttpRoute, ("blog", "web"), far, "a.x of https?"),
        ("from none", "None", Kind::HttpRoute, own, edge.clone(), ""),
        ("to another Gateway", "All", Kind::HttpRoute, ("blog", "web"), edge, ""),
        (
            "by section",
            "Same",
            Kind::HttpRoute,
            own,
            json!({"name": "edge", "sectionName": "https"}),
            "a.x of https",
        ),
        (
            "to another section",
            "Same",
            Kind::HttpRoute,
            own,
            json!({"name": "edge", "sectionName": "b"}),
            "",
        ),
        (
            "by port",
            "Same",
            Kind::HttpRoute,
            own,
            json!({"name": "edge", "port": 443}),
            "a.x of https",
        ),
        ("to another port", "Same", Kind::HttpRoute, own, json!({"name": "edge", "port": 80}), ""),
        (
            "to a Service",
            "Same",
            Kind::HttpRoute,
            own,
            json!({"name": "edge", "group": "", "kind": "Service"}),
            "",
        ),
        (
            "said in full",
            "Same",
            Kind::HttpRoute,
            own,
            json!({"name": "edge", "group": GROUP, "kind": "Gateway"}),
            "a.x of https",
        ),
    ] {
        let all = vec![gateway(&listener(from)), route(kind, of, &parent, &["a.x"])];
        assert_eq!(hosts(&of_seen(all)), expected, "{what}");
    }
}

#[test]
fn of_a_gateway_beside_the_namespace_only_what_its_routes_have_counts() {
    let listeners = json!([https("a", Some("a.x")), https("b", Some("b.x"))]);
    let at_b = route(Kind::HttpRoute, ("shop", "web"), &json!({"name": "edge"}), &["b.x"]);
    let mut inventory = of_seen(vec![gateway(&listeners), at_b.clone()]);
    assert_eq!(hosts(&inventory), "a.x of a, b.x of b");
    inventory = of_seen(Vec::new());
    inventory.seen_within(Some("blog"));
    for seen in [gateway(&listeners), at_b] {
        inventory.absorb(
            crate::observation::Observation::Object(seen),
            &ring::rand::SystemRandom::new(),
        );
    }
    assert_eq!(hosts(&inventory), "b.x of b");
    let secrets: Vec<_> =
        inventory.frontends().flat_map(|it| &it.secrets).map(|it| &it.name).collect();
    assert_eq!(secrets, ["b-tls"]);
}
