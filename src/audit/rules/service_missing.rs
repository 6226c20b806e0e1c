//! `service-missing`: a GKE Ingress sends to a Service that is not there. The translation of the
//! whole Ingress fails by it. An error live; offline for information.

use super::gke::{self, Presence};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::object_ref::Kind;

pub(super) const RULE: Rule = Rule {
    code: "service-missing",
    severity: Severity::Error,
    remedy: "create the Service, or name another one in the Ingress",
    explain: "GKE's controller translates an Ingress as a whole: one Service that is not in its \
              namespace, and nothing of the load balancer is built or changed (a Warning event \
              Translate says so).",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in view.gke_ingresses() {
        let mut told: Vec<&str> = Vec::new();
        for (name, port) in ingress.backends() {
            let service = gke::beside(&ingress.frontend.object, Kind::Service, name);
            let Presence::Missing(severity, how) = gke::presence(inventory, context, &service)
            else {
                continue;
            };
            if told.contains(&name) {
                continue;
            }
            told.push(name);
            found.push(
                RULE.on(
                    &ingress.frontend.object,
                    format!("it sends to service/{name}, which {how}"),
                )
                .severity(severity)
                .evidence("service", name)
                .evidence("port", port)
                .related(service)
                .remedy(format!(
                    "create service/{name} in namespace {}; or name another one in the Ingress",
                    ingress.frontend.object.namespace()
                )),
            );
        }
    }
}
