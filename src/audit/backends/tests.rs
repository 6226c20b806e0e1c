//! What makes a backend gRPC, one object at a time.

use super::{grpc, http2, undecided};
use crate::inventory::served::testing::{World, of_year};
use crate::inventory::testing::of_objects;
use crate::object_ref::{Kind, ObjectRef};
use serde_json::{Value, json};
use time::macros::datetime;

const HOST: &str = "a.example";

fn told(
    annotations: &[(&str, &str)],
    port: &Value,
    service: Option<(&[(&str, &str)], Value)>,
) -> (String, bool) {
    let backend = |name: &str, port: &Value| json!({ "service": { "name": name, "port": port } });
    let rule = |host: &str, name: &str, port: &Value| json!({ "host": host, "http": { "paths": [{ "path": "/", "backend": backend(name, port) }] } });
    let beside = json!({ "name": "grpc" });
    let rules = json!([rule(HOST, "web", port), rule("other.example", "else", &beside)]);
    let ingress = ObjectRef::ingress("shop", "web");
    let mut objects = vec![(ingress.clone(), annotations, json!({ "rules": rules }), Value::Null)];
    if let Some((annotations, port)) = service {
        let object = ObjectRef::namespaced(Kind::Service, "shop", "web");
        objects.push((object, annotations, json!({ "ports": [port] }), Value::Null));
    }
    let inventory = of_objects(objects);
    let frontend = inventory.frontend(&ingress).expect("it is there");
    let found = grpc(&inventory, frontend, HOST);
    let is_milvus = found.as_ref().is_some_and(|found| found.is_milvus);
    assert_eq!(
        is_milvus,
        port["number"] == 19530 || port["name"] == "milvus" || port["name"] == "main"
    );
    (found.map(|found| found.why).unwrap_or_default(), http2(&inventory, frontend).is_some())
}

#[test]
fn only_what_an_object_tells_makes_a_backend_grpc() {
    let nginx = "nginx.ingress.kubernetes.io/backend-protocol";
    let google = "cloud.google.com/app-protocols";
    let traefik = "traefik.ingress.kubernetes.io/service.serversscheme";
    let web = json!({ "number": 80 });
    let plain = || json!({ "name": "http", "port": 80 });
    let spoken = |protocol: &str| json!({ "name": "http", "port": 80, "appProtocol": protocol });
    for (annotations, port, service, why, declared) in [
        (&[][..], web.clone(), None, "", false),
        (&[], web.clone(), Some((&[][..], plain())), "", false),
        (&[(nginx, "HTTPS")], web.clone(), None, "", false),
        (&[(nginx, "GRPC")], web.clone(), None, "backend-protocol is GRPC", true),
        (&[], web.clone(), Some((&[(google, r#"{"http":"HTTP2"}"#)], plain())), "say HTTP2", true),
        (&[], web.clone(), Some((&[(google, r#"{"http":"HTTPS"}"#)], plain())), "", false),
        (&[], web.clone(), Some((&[(traefik, "h2c")], plain())), "is h2c", true),
        (&[], web.clone(), Some((&[], spoken("kubernetes.io/h2c"))), "is kubernetes.io/h2c", true),
        (&[], web.clone(), Some((&[], spoken("grpc"))), "is grpc", true),
        (&[], web.clone(), Some((&[], spoken("https"))), "", false),
        (
            &[],
            web.clone(),
            Some((&[], json!({ "name": "grpc-api", "port": 80 }))),
            "the port of service/web is named grpc-api",
            false,
        ),
        (&[], json!({ "name": "milvus" }), None, "is named milvus", false),
        (&[], json!({ "number": 19530 }), None, "the port of service/web is 19530", false),
        (
            &[],
            json!({ "name": "main" }),
            Some((&[], json!({ "name": "main", "port": 19530 }))),
            "the port of service/web is 19530",
            false,
        ),
    ] {
        let (told, is_declared) = told(annotations, &port, service);
        let fits = if why.is_empty() { told.is_empty() } else { told.contains(why) };
        assert!(fits, "{port} {annotations:?}: {told:?}, expected {why:?}");
        assert_eq!(is_declared, declared, "{port} {annotations:?}");
    }
}

#[test]
fn services_are_wanted_only_where_a_certificate_is_judged_by_them() {
    let namespaces = |world: &World| -> Vec<String> {
        undecided(&world.inventory(), datetime!(2026-11-21 00:00 UTC)).into_iter().collect()
    };
    // The key is Ed25519, which gRPC's Python package does not take.
    let world = || World::of(of_year(2026), Vec::new());
    assert_eq!(namespaces(&world()), ["shop"]);
    let nginx = "nginx.ingress.kubernetes.io/backend-protocol";
    let told = World { annotations: vec![(nginx, "GRPC")], ..world() };
    assert_eq!(namespaces(&told), Vec::<String>::new(), "its annotation tells already");
    let absent = World { stored: None, ..world() };
    assert_eq!(namespaces(&absent), Vec::<String>::new(), "there is nothing to judge");
}
