//! `gke-app-protocol`: a Service behind a GKE Ingress whose protocol annotation the controller
//! cannot use, or uses for no port. Source: ingress-gce, `pkg/annotations/service.go`.

use super::gke::{self, BackendService};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::remedy::Remedy;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    code: "gke-app-protocol",
    severity: Severity::Error,
    remedy: "write it as JSON from port name to HTTP, HTTPS or HTTP2",
    explain: "cloud.google.com/app-protocols maps port names (numbers do not count) to HTTP, HTTPS or \
              HTTP2, spelt so. Anything else, GRPC and H2C included, stops the translation of the \
              Ingress. A name that the Service does not have is ignored, and the port uses plain HTTP. The older key service.alpha.kubernetes.io/app-protocols wins.",
    check,
};

type Protocols<'i> = gke::Json<'i, BTreeMap<String, String>>;

/// What the load balancer can speak.
const PROTOCOLS: [&str; 3] = ["HTTP", "HTTPS", "HTTP2"];

fn check(view: &View<'_>, found: &mut Findings) {
    for backed in view.backed_services() {
        let Some(annotation) = gke::app_protocols(backed.service) else { continue };
        let on = |message: String| {
            on(backed, &annotation, format!("annotation {}: {message}", annotation.key))
                .evidence("annotation", annotation.value)
        };
        let protocols = match &annotation.read {
            Ok(protocols) => protocols,
            Err(error) => {
                found.push(on(format!("{error}; the Ingress is not translated")));
                continue;
            }
        };
        let ports = &backed.service.service().ports;
        for (name, protocol) in protocols {
            if !PROTOCOLS.contains(&protocol.as_str()) {
                let message = format!(
                    "{protocol:?} of port {name} is none of {}; the Ingress is not translated",
                    PROTOCOLS.join(", ")
                );
                found.push(on(message).evidence("expected", PROTOCOLS.join(", ")));
            }
            if !ports.iter().any(|port| port.name.as_ref() == Some(name)) {
                let has: Vec<String> = ports.iter().map(ToString::to_string).collect();
                let has = has.join(", ");
                let message = format!(
                    "the Service has no port named {name:?}, so {protocol} applies to none; it has {has}"
                );
                found.push(on(message).evidence("ports", has));
            }
        }
    }
}

fn on(backed: &BackendService<'_>, annotation: &Protocols<'_>, message: String) -> Finding {
    let finding = RULE.on(&backed.service.object, message).remedy(remedy(backed, annotation));
    finding.used_by(backed.ingresses.iter().copied())
}

/// What of it can stay, and HTTP2 for the ports that are sent to.
fn remedy(backed: &BackendService<'_>, annotation: &Protocols<'_>) -> Remedy {
    let names: Vec<&str> = backed.ports.iter().filter_map(|port| port.name.as_deref()).collect();
    if names.is_empty() {
        return "give the port a name in spec.ports, and map that name".into();
    }
    let ports = &backed.service.service().ports;
    let mut wanted = annotation.read.clone().unwrap_or_default();
    wanted.retain(|name, protocol| {
        PROTOCOLS.contains(&protocol.as_str())
            && ports.iter().any(|port| port.name.as_ref() == Some(name))
    });
    for name in names {
        wanted.entry(name.to_owned()).or_insert_with(|| "HTTP2".to_owned());
    }
    let value = json!(wanted).to_string();
    gke::annotate(&backed.service.object, annotation.key, Some(&value))
        .note("HTTP2 is for gRPC over TLS; HTTPS and HTTP are there too")
}
