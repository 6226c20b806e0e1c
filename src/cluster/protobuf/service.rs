//! Services.

use super::{Binary, meta};
use k8s_openapi::api::core::v1 as typed;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use k8s_pb::api::core::v1 as wire;

impl Binary for typed::Service {
    type List = wire::ServiceList;

    fn parts(list: Self::List) -> (ListMeta, Vec<Self>) {
        (meta::of_list(list.metadata), list.items.into_iter().map(service).collect())
    }
}

/// Its status, which says of load balancers what nobody asks here, is left out.
fn service(service: wire::Service) -> typed::Service {
    typed::Service {
        metadata: meta::object(service.metadata),
        spec: service.spec.map(spec),
        status: None,
    }
}

fn spec(spec: wire::ServiceSpec) -> typed::ServiceSpec {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let list = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
    typed::ServiceSpec {
        allocate_load_balancer_node_ports: spec.allocate_load_balancer_node_ports,
        cluster_ip: filled(spec.cluster_ip),
        cluster_ips: list(spec.cluster_ips),
        external_ips: list(spec.external_ips),
        external_name: filled(spec.external_name),
        external_traffic_policy: filled(spec.external_traffic_policy),
        health_check_node_port: spec.health_check_node_port.filter(|port| *port != 0),
        internal_traffic_policy: filled(spec.internal_traffic_policy),
        ip_families: list(spec.ip_families),
        ip_family_policy: filled(spec.ip_family_policy),
        load_balancer_class: filled(spec.load_balancer_class),
        load_balancer_ip: filled(spec.load_balancer_ip),
        load_balancer_source_ranges: list(spec.load_balancer_source_ranges),
        ports: Some(spec.ports.into_iter().map(port).collect()),
        publish_not_ready_addresses: spec.publish_not_ready_addresses.filter(|it| *it),
        selector: Some(spec.selector).filter(|it| !it.is_empty()),
        session_affinity: filled(spec.session_affinity),
        session_affinity_config: None,
        traffic_distribution: filled(spec.traffic_distribution),
        type_: filled(spec.r#type),
    }
}

/// As in JSON: what is empty or 0 is not there.
fn port(port: wire::ServicePort) -> typed::ServicePort {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    typed::ServicePort {
        app_protocol: filled(port.app_protocol),
        name: filled(port.name),
        node_port: port.node_port.filter(|number| *number != 0),
        port: port.port.unwrap_or_default(),
        protocol: filled(port.protocol),
        target_port: port.target_port.map(|target| match target.r#type {
            Some(1) => IntOrString::String(target.str_val.unwrap_or_default()),
            _ => IntOrString::Int(target.int_val.unwrap_or_default()),
        }),
    }
}
