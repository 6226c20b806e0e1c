//! What an API server sends as protobuf is the object that it sends as JSON.

use crate::support::control_plane;
use certwright::cluster::{Client, ConnectOptions, Which, connect};
use certwright::object_ref::Kind;
use certwright::world::World;
use k8s_openapi::api::core::v1::{Secret, Service};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Api, ListParams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use std::time::Duration;

/// Something in every field that is read of the three kinds.
const OBJECTS: &str = r#"
apiVersion: v1
kind: Secret
metadata:
  name: web
  labels: {team: web}
  annotations: {certwright.dev/rotate: "true", empty: ""}
  finalizers: [example.com/kept]
  ownerReferences:
  - {apiVersion: v1, kind: ConfigMap, name: maker, uid: 3c2b0a0e-0000-4000-8000-000000000001, controller: true}
type: example.com/web
immutable: true
stringData: {word: hello, empty: ""}
data: {bytes: AP8=}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  defaultBackend: {resource: {apiGroup: example.com, kind: Bucket, name: files}}
  tls:
  - {hosts: [a.example, b.example], secretName: web}
  - {}
  rules:
  - host: a.example
    http:
      paths:
      - {path: /x, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {pathType: ImplementationSpecific, backend: {service: {name: web, port: {name: http}}}}
  - host: b.example
  - http: {paths: [{path: /, pathType: Exact, backend: {service: {name: web, port: {number: 81}}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  loadBalancerClass: example.com/none
  loadBalancerSourceRanges: [10.0.0.0/8]
  externalTrafficPolicy: Local
  publishNotReadyAddresses: true
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080, appProtocol: kubernetes.io/h2c}
  - {name: grpc, port: 81, targetPort: grpc, protocol: TCP}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {type: ExternalName, externalName: a.example}
"#;

#[tokio::test]
async fn a_list_is_the_same_as_protobuf_and_as_json() {
    let test = "a_list_is_the_same_as_protobuf_and_as_json";
    let Some(cluster) = control_plane::shared(test) else { return };
    let namespace = cluster.namespace(test);
    cluster.apply(&namespace, OBJECTS);
    let status = r#"{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "a.example"}]}}}"#;
    let patch = ["patch", "ingress", "web", "--subresource=status", "--type=merge", "-p", status];
    let patched = cluster.kubectl().args(patch).args(["-n", &namespace]).output();
    assert!(patched.expect("kubectl runs").status.success());

    let options = ConnectOptions {
        kubeconfig: Some(cluster.kubeconfig().to_owned()),
        request_timeout: Duration::from_secs(30),
        ..ConnectOptions::default()
    };
    let client = connect(&options, &World::real()).await.expect("the kubeconfig is good");
    let (one, other) = both::<Secret>(&client, cluster.client(), Kind::Secret, &namespace).await;
    assert_eq!(one, other);
    let (one, other) = both::<Ingress>(&client, cluster.client(), Kind::Ingress, &namespace).await;
    assert_eq!(one, other);
    let (mut one, mut other) =
        both::<Service>(&client, cluster.client(), Kind::Service, &namespace).await;
    for service in one.iter_mut().chain(&mut other) {
        // Its status is not read.
        service.as_object_mut().expect("an object").remove("status");
    }
    assert_eq!(one, other);
    assert_eq!(one.len(), 2);
}

/// The objects as certwright lists them, and as the library does, by JSON.
async fn both<K>(
    client: &Client,
    library: kube::Client,
    kind: Kind,
    namespace: &str,
) -> (Vec<Value>, Vec<Value>)
where
    K: certwright::cluster::Binary
        + kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + Debug
        + DeserializeOwned
        + Serialize,
{
    let mut by_protobuf = Vec::new();
    let mut take = |object: K| by_protobuf.push(object);
    let listed = client.each(kind, Some(namespace), Which::ALL, &mut take);
    listed.await.expect("it can be listed");
    let by_json = Api::<K>::namespaced(library, namespace).list(&ListParams::default()).await;
    let by_json = by_json.expect("it can be listed").items;
    let values = |objects: Vec<K>| {
        let value = |object| filled(serde_json::to_value(object).expect("it is JSON"));
        objects.into_iter().filter_map(value).collect()
    };
    (values(by_protobuf), values(by_json))
}

/// Without what says nothing: the two forms leave out different things that are empty.
fn filled(value: Value) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let said = |(key, it): (String, Value)| {
                // What is managed is told by the keys alone.
                let it = if key == "fieldsV1" { Some(it) } else { filled(it) };
                Some((key, it?))
            };
            let members: serde_json::Map<_, _> = members.into_iter().filter_map(said).collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            Some(items.into_iter().map(|it| filled(it).unwrap_or_default()).collect())
        }
        Value::String(text) if text.is_empty() => None,
        Value::Null => None,
        other => Some(other),
    }
}
