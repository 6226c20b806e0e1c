//! `gke-health-check`: a port that is spoken to in HTTP/2, asked for its health in a way that gRPC
//! servers do not answer. Milvus and other gRPC servers behind a GKE Ingress stay UNHEALTHY, and
//! every request is a 502.

use super::gke::{self, BackendService};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::annotations::BACKEND_CONFIG;
use crate::inventory::service::ServicePort;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::Kind;
use serde_json::{Value, json};

pub(super) const RULE: Rule = Rule {
    code: "gke-health-check",
    severity: Severity::Warning,
    remedy: "name a BackendConfig with a health check that the server answers",
    explain: "Without a BackendConfig the load balancer asks GET / on the serving port and wants a \
              200; a gRPC server answers that with 404 or not at all, and probes of kind grpc, exec \
              and tcpSocket are not taken over. Ask another port (Milvus: HTTP, port 9091, \
              /healthz), or the serving port with type HTTP2 and a path that the server answers.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for backed in view.backed_services() {
        for port in backed.ports.iter().filter(|port| speaks_http2(backed.service, port)) {
            found_of_port(inventory, backed, port, found);
        }
    }
}

fn speaks_http2(service: &ObjectFacts, port: &ServicePort) -> bool {
    let protocols = gke::app_protocols(service).and_then(|annotation| annotation.read.ok());
    let name = port.name.as_deref().unwrap_or_default();
    protocols.is_some_and(|protocols| protocols.get(name).is_some_and(|it| it == "HTTP2"))
}

fn found_of_port(
    inventory: &Inventory,
    backed: &BackendService<'_>,
    port: &ServicePort,
    found: &mut Findings,
) {
    let name = match gke::backend_configs(backed.service).map(|annotation| annotation.read) {
        None => {
            found.push(without_config(backed, port));
            return;
        }
        // What is broken is told by gke-backend-config.
        Some(Err(_)) => return,
        Some(Ok(configs)) => configs.of(port.name.as_deref(), port.number).map(str::to_owned),
    };
    let config = name.and_then(|name| {
        inventory.object(&gke::beside(&backed.service.object, Kind::BackendConfig, &name))
    });
    let Some(config) = config else { return };
    let Some(check) = config.health_check() else {
        found.push(on_config(backed, config, port, "it has no health check"));
        return;
    };
    let serving = check.port.is_none_or(|asked| port.serving().contains(&asked));
    if check.protocol.as_deref() == Some("HTTP") && serving {
        let asked =
            check.port.map_or_else(|| "the serving port".to_owned(), |port| format!("port {port}"));
        let message = format!("its health check asks {asked} in plain HTTP/1.1");
        found.push(on_config(backed, config, port, &message));
    }
}

fn without_config(backed: &BackendService<'_>, port: &ServicePort) -> Finding {
    let message = format!(
        "port {port} uses HTTP2, and no BackendConfig defines a health check: the load balancer sends GET / there, which gRPC servers do not answer with 200"
    );
    let object = &backed.service.object;
    let value = json!({ "default": object.name }).to_string();
    let finding = RULE
        .on(object, message)
        .evidence("port", port)
        .evidence("appProtocol", "HTTP2")
        .evidence("backendConfig", "none")
        .remedy(format!(
            "make a BackendConfig of that name with spec.healthCheck, and say so in the annotation {BACKEND_CONFIG}: {value}"
        ));
    finding.used_by(backed.ingresses.iter().copied())
}

fn on_config(
    backed: &BackendService<'_>,
    config: &ObjectFacts,
    port: &ServicePort,
    what: &str,
) -> Finding {
    let patch = json!({"spec": {"healthCheck": {"type": "HTTP2"}}});
    let remedy = gke::patch(&config.object, "merge", &patch, "write spec.healthCheck.type: HTTP2");
    let message =
        format!("{what}, and port {port} of {} speaks HTTP2 alone", backed.service.object.short());
    RULE.on(&config.object, message)
        .evidence("healthCheck", config.spec.get("healthCheck").unwrap_or(&Value::Null))
        .evidence("port", port)
        .evidence("appProtocol", "HTTP2")
        .related(backed.service.object.clone())
        .remedy(remedy.note("another port may be asked too: Milvus answers HTTP on 9091, /healthz"))
}
