//! Gateways on a real API server: what they may use of other namespaces, and who attaches to them.
//! Routes of OpenShift beside them.

use crate::support::kinds;
use crate::support::live::Live;
use serde_json::{Value, json};

const GROUP: &str = "gateway.networking.k8s.io";

/// A cluster with Gateway API's kinds, and in its namespace a Gateway that serves a.example with the
/// Secret `web` of namespace `certs`, which is there, and takes routes of every namespace.
fn with_gateway(test: &str) -> Option<Live> {
    let live = Live::alone(test)?;
    kinds::gateway_api(&live);
    live.kubectl(&["create", "namespace", "certs"]);
    let issue = ["issue", "a.example", "--secret", "web", "--key-type", "p256", "-n", "certs"];
    live.certwright().args(&issue).run().expect_code(0);
    let listener = json!({
        "name": "https", "port": 443, "protocol": "HTTPS",
        "tls": {"certificateRefs": [{"name": "web", "namespace": "certs"}]},
        "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    let spec = json!({"gatewayClassName": "edge", "listeners": [listener]});
    apply(&live, &live.namespace, "v1", "Gateway", ("edge", &spec));
    Some(live)
}

fn apply(live: &Live, namespace: &str, version: &str, kind: &str, (name, spec): (&str, &Value)) {
    let object = json!({
        "apiVersion": format!("{GROUP}/{version}"), "kind": kind, "metadata": {"name": name}, "spec": spec,
    });
    live.cluster.apply(namespace, &object.to_string());
}

/// A route of `namespace` to the Gateway, for these hosts.
fn attach(live: &Live, namespace: &str, kind: &str, hosts: &[&str]) {
    let parent = json!({"name": "edge", "namespace": live.namespace});
    let spec = json!({"parentRefs": [parent], "hostnames": hosts});
    apply(live, namespace, "v1", kind, ("web", &spec));
}

/// Each host with how it is covered, the rules of findings, and whether the report is complete.
fn told(live: &Live, args: &[&str]) -> String {
    let ran = live.certwright().args(&[&["check", "-o", "json"], args].concat()).run();
    let report: Value = serde_json::from_str(&ran.stdout).expect(&ran.stderr);
    let hosts = report["hosts"].as_array().into_iter().flatten();
    let hosts = hosts.map(|host| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{}/{} {}", text(&host["ref"]["name"]), text(&host["host"]), text(&host["covered"]))
    });
    let findings = report["findings"].as_array().into_iter().flatten();
    let rules = findings.filter_map(|finding| finding["rule"].as_str()).map(str::to_owned);
    let complete = format!("complete {}", report["complete"]);
    hosts.chain(rules).chain([complete]).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_gateway_uses_a_secret_of_another_namespace_where_a_reference_grant_permits_it() {
    let Some(live) = with_gateway("a_gateway_uses_a_secret_of_another") else { return };
    attach(&live, &live.namespace, "HTTPRoute", &["a.example"]);
    let own = ["-n", live.namespace.as_str()];
    let refused = "edge/a.example no, secret-in-other-namespace, complete true";
    assert_eq!(told(&live, &own), refused, "no grant is there");
    let from =
        |namespace: &str| json!([{"group": GROUP, "kind": "Gateway", "namespace": namespace}]);
    let to = json!([{"group": "", "kind": "Secret", "name": "web"}]);
    let grant = |name: &str, namespace: &str| {
        let spec = json!({"from": from(namespace), "to": to});
        apply(&live, "certs", "v1beta1", "ReferenceGrant", (name, &spec));
    };
    grant("others", "other");
    assert_eq!(told(&live, &own), refused, "it is for Gateways of another namespace");
    grant("ours", &live.namespace);
    assert_eq!(told(&live, &own), "edge/a.example yes, complete true", "permitted");
    let resources = "--resource=secrets,ingresses.networking.k8s.io,gateways.gateway.networking.k8s.io,\
                     httproutes.gateway.networking.k8s.io,grpcroutes.gateway.networking.k8s.io,\
                     tlsroutes.gateway.networking.k8s.io";
    live.kubectl(&["create", "clusterrole", "some", "--verb=get,list", resources]);
    live.kubectl(&["create", "clusterrolebinding", "some", "--clusterrole=some", "--user=ann"]);
    let as_ann = [&own[..], &["--as", "ann"]].concat();
    let unknown = "edge/a.example unknown, complete false";
    assert_eq!(told(&live, &as_ann), unknown, "grants may not be read");
    let used_by = live.certwright().args(&["check", "-n", "certs", "-o", "json"]).run().json();
    assert_eq!(used_by["certificates"][0]["usedBy"], json!([]), "only the other namespace tells");
    let used_by = live.certwright().args(&["check", "-A", "-o", "json"]).run().json();
    assert_eq!(used_by["certificates"][0]["usedBy"][0]["kind"], "Gateway");
}

#[test]
fn routes_of_other_namespaces_are_followed_to_their_gateway_and_from_it() {
    let Some(live) = with_gateway("routes_of_other_namespaces") else { return };
    live.kubectl(&["create", "namespace", "shop"]);
    attach(&live, "shop", "HTTPRoute", &["b.example"]);
    attach(&live, "certs", "GRPCRoute", &["a.example"]);
    let gateway = live.namespace.as_str();
    let refused = "secret-in-other-namespace, complete true";
    let all = format!("edge/b.example no, edge/a.example no, {refused}");
    assert_eq!(told(&live, &["-A"]), all);
    assert_eq!(
        told(&live, &["-n", gateway]),
        all,
        "from the Gateway to routes of other namespaces"
    );
    let followed = format!("edge/b.example no, {refused}");
    assert_eq!(told(&live, &["-n", "shop"]), followed, "from a route to the Gateway");
    assert_eq!(told(&live, &["-n", gateway, "gateway/edge"]), all, "by its name");
    // Who may read one namespace alone looks at that one.
    let own = "--resource=secrets,ingresses.networking.k8s.io,gateways.gateway.networking.k8s.io,\
               httproutes.gateway.networking.k8s.io,grpcroutes.gateway.networking.k8s.io,\
               tlsroutes.gateway.networking.k8s.io";
    live.kubectl(&["create", "role", "own", "--verb=get,list", own]);
    live.kubectl(&["create", "rolebinding", "own", "--role=own", "--user=joe"]);
    attach(&live, gateway, "HTTPRoute", &["c.example"]);
    let as_joe = told(&live, &["-n", gateway, "--as", "joe"]);
    assert!(as_joe.starts_with("edge/c.example unknown, "), "{as_joe}");
}

/// When the certificates of the scenarios are good, whatever day it is.
const AT: &str = "2026-11-21T00:00:00Z";

#[test]
fn a_route_is_named_like_any_object_and_only_a_secret_is_rotated() {
    let Some(live) = Live::alone("a_route_is_named_like_any_object") else { return };
    kinds::openshift(&live);
    live.create_scenario("routes");
    let own = ["-n", live.namespace.as_str()];
    let of_one = told(&live, &[&own[..], &["--at", AT, "route/web"]].concat());
    assert_eq!(of_one, "web/wrong.example no, host-not-covered, complete true");
    let both = told(&live, &[&own[..], &["--at", AT, "secret/web-tls"]].concat());
    let by_users = "external/web.example yes, external-wrong/a.web.example no, host-not-covered";
    assert!(both.starts_with(by_users), "{both}");
    let said = live.run(&["rotate", "route/web"]).expect_code(2).flat_stderr();
    assert!(said.contains("only Secrets can be meant here"), "{said}");
}

#[test]
fn a_named_gateway_that_is_not_there_is_a_failure() {
    let Some(live) = with_gateway("a_named_gateway_that_is_not_there") else { return };
    let said = live.run(&["check", "gateway/none"]).expect_code(4).flat_stderr();
    assert!(said.contains("gateway/none in namespace") && said.contains("not found"), "{said}");
}
