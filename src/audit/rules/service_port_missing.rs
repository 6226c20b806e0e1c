//! `service-port-missing`: a GKE Ingress sends to a port that its Service does not have. The
//! translation of the whole Ingress fails by it.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::object_ref::Kind;

pub(super) const RULE: Rule = Rule {
    code: "service-port-missing",
    severity: Severity::Error,
    remedy: "name a port that the Service has",
    explain: "An Ingress names a port of the Service, by spec.ports[].port or its name, never a \
              targetPort. GKE's controller translates an Ingress as a whole: with one port that is \
              not there, nothing of the load balancer is built or changed.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for ingress in view.gke_ingresses() {
        for (name, port) in ingress.backends() {
            let service = gke::beside(&ingress.frontend.object, Kind::Service, name);
            let Some(facts) = inventory.object(&service) else { continue };
            if gke::find_port(facts, port).is_some() {
                continue;
            }
            let has: Vec<String> = facts.service().ports.iter().map(ToString::to_string).collect();
            let has = if has.is_empty() { "no port".to_owned() } else { has.join(", ") };
            let message = format!("it sends to port {port} of service/{name}, which has {has}");
            found.push(
                RULE.on(&ingress.frontend.object, message)
                    .evidence("port", port)
                    .evidence("ports", &has)
                    .remedy(format!("name in the Ingress a port that the Service has: {has}"))
                    .related(facts.object.clone()),
            );
        }
    }
}
