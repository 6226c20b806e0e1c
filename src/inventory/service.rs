//! What a Service says that load balancers and `bootstrap` go by.
//!
//! Source of the fields: k8s.io/api core/v1. Read once, where it is absorbed; what is not there, or of
//! another type than the API server takes, is left out.

use serde_json::Value;
use std::fmt;

/// What stands in `spec` of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// `type`, as written; none when absent or empty, which is `ClusterIP`.
    pub kind: Option<String>,
    /// `ports`, those that have a number.
    pub ports: Vec<ServicePort>,
    /// The fields that only a Service of type `LoadBalancer` may have, and that it has.
    pub load_balancer_fields: Vec<&'static str>,
}

/// One entry of `spec.ports`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicePort {
    /// `name`; none when absent or empty.
    pub name: Option<String>,
    /// `port`.
    pub number: u64,
    /// `targetPort`.
    pub target: TargetPort,
    /// `nodePort`.
    pub node_port: Option<u64>,
    /// `appProtocol`; none when absent or empty.
    pub app_protocol: Option<String>,
}

/// The port of the pods that a port of a Service leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetPort {
    /// That of the same number.
    #[default]
    Same,
    /// That of this number.
    Number(u64),
    /// One that the pods name, and whose number is not known here.
    Named,
}

/// Fields that the API server takes of a Service of type `LoadBalancer` alone.
/// Source: kubernetes pkg/apis/core/validation (`ValidateService`).
const LOAD_BALANCER_FIELDS: [&str; 6] = [
    "allocateLoadBalancerNodePorts",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
];

impl Service {
    /// One that says nothing.
    pub(super) const NOTHING: Self =
        Self { kind: None, ports: Vec::new(), load_balancer_fields: Vec::new() };

    /// Reads `spec`.
    #[must_use]
    pub fn of(spec: &Value) -> Self {
        let ports = spec.get("ports").and_then(Value::as_array).into_iter().flatten();
        let held = |field: &&str| spec.get(field).is_some();
        Self {
            kind: text(spec, "type"),
            ports: ports.filter_map(ServicePort::of).collect(),
            load_balancer_fields: LOAD_BALANCER_FIELDS.into_iter().filter(held).collect(),
        }
    }
}

impl ServicePort {
    fn of(port: &Value) -> Option<Self> {
        Some(Self {
            name: text(port, "name"),
            number: port.get("port").and_then(Value::as_u64)?,
            target: match port.get("targetPort") {
                None | Some(Value::Null) => TargetPort::Same,
                Some(target) => target.as_u64().map_or(TargetPort::Named, TargetPort::Number),
            },
            node_port: port.get("nodePort").and_then(Value::as_u64),
            app_protocol: text(port, "appProtocol"),
        })
    }

    /// Ports by which a health check would reach the very port that is served: the pod's, or the
    /// node's.
    #[must_use]
    pub fn serving(&self) -> Vec<u64> {
        let own = match self.target {
            TargetPort::Same => Some(self.number),
            TargetPort::Number(number) => Some(number),
            TargetPort::Named => None,
        };
        own.into_iter().chain(self.node_port).collect()
    }
}

impl fmt::Display for ServicePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} ({})", self.number),
            None => write!(f, "{}", self.number),
        }
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ports_are_read_with_what_leads_to_the_pods() {
        let port = |name: Option<&str>, number, target, node_port| ServicePort {
            name: name.map(str::to_owned),
            number,
            target,
            node_port,
            app_protocol: None,
        };
        for (written, read, serving) in [
            (json!({ "port": 80 }), port(None, 80, TargetPort::Same, None), vec![80]),
            (
                json!({ "name": "web", "port": 80, "targetPort": 8080, "nodePort": 30080 }),
                port(Some("web"), 80, TargetPort::Number(8080), Some(30080)),
                vec![8080, 30080],
            ),
            (
                json!({ "name": "", "port": 80, "targetPort": "http" }),
                port(None, 80, TargetPort::Named, None),
                vec![],
            ),
        ] {
            let service = Service::of(&json!({ "ports": [written, { "port": "none" }] }));
            assert_eq!(service.ports, [read], "{written}");
            assert_eq!(service.ports[0].serving(), serving, "{written}");
        }
    }

    #[test]
    fn what_only_a_load_balancer_may_have_is_known() {
        let spec = json!({ "type": "LoadBalancer", "loadBalancerIP": "", "clusterIP": "None" });
        let service = Service::of(&spec);
        assert_eq!(service.kind.as_deref(), Some("LoadBalancer"));
        assert_eq!(service.load_balancer_fields, ["loadBalancerIP"]);
    }
}
