//! Ingresses.

use super::{Binary, meta};
use k8s_openapi::api::core::v1::TypedLocalObjectReference;
use k8s_openapi::api::networking::v1 as typed;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use k8s_pb::api::networking::v1 as wire;

impl Binary for typed::Ingress {
    type List = wire::IngressList;

    fn parts(list: Self::List) -> (ListMeta, Vec<Self>) {
        (meta::of_list(list.metadata), list.items.into_iter().map(ingress).collect())
    }
}

fn ingress(ingress: wire::Ingress) -> typed::Ingress {
    typed::Ingress {
        metadata: meta::object(ingress.metadata),
        spec: ingress.spec.map(spec),
        status: ingress.status.map(status),
    }
}

fn spec(spec: wire::IngressSpec) -> typed::IngressSpec {
    let tls = spec
        .tls
        .into_iter()
        .map(|tls| typed::IngressTLS { hosts: Some(tls.hosts), secret_name: tls.secret_name });
    typed::IngressSpec {
        default_backend: spec.default_backend.map(backend),
        ingress_class_name: spec.ingress_class_name,
        rules: Some(spec.rules.into_iter().map(rule).collect()),
        tls: Some(tls.collect()),
    }
}

fn rule(rule: wire::IngressRule) -> typed::IngressRule {
    let http = rule.ingress_rule_value.and_then(|value| value.http);
    typed::IngressRule {
        host: rule.host,
        http: http.map(|http| typed::HTTPIngressRuleValue {
            paths: http.paths.into_iter().map(path).collect(),
        }),
    }
}

fn path(path: wire::HttpIngressPath) -> typed::HTTPIngressPath {
    typed::HTTPIngressPath {
        backend: path.backend.map(backend).unwrap_or_default(),
        path: path.path,
        path_type: path.path_type.unwrap_or_default(),
    }
}

fn backend(backend: wire::IngressBackend) -> typed::IngressBackend {
    typed::IngressBackend {
        resource: backend.resource.map(|resource| TypedLocalObjectReference {
            api_group: resource.api_group,
            kind: resource.kind.unwrap_or_default(),
            name: resource.name.unwrap_or_default(),
        }),
        service: backend.service.map(|service| typed::IngressServiceBackend {
            name: service.name.unwrap_or_default(),
            // A number of 0 is none: protobuf sends both fields of what has either.
            port: service.port.map(|port| typed::ServiceBackendPort {
                name: port.name.filter(|name| !name.is_empty()),
                number: port.number.filter(|number| *number != 0),
            }),
        }),
    }
}

fn status(status: wire::IngressStatus) -> typed::IngressStatus {
    let rows = status.load_balancer.map(|balancer| balancer.ingress).unwrap_or_default();
    let rows = rows.into_iter().map(|row| typed::IngressLoadBalancerIngress {
        hostname: row.hostname,
        ip: row.ip,
        ports: None,
    });
    typed::IngressStatus {
        load_balancer: Some(typed::IngressLoadBalancerStatus { ingress: Some(rows.collect()) }),
    }
}
