//! `gke-neg`: a Service of type ClusterIP that a GKE Ingress sends to, without the annotation that
//! lets the load balancer reach its pods: "expected `NodePort` or LoadBalancer when not using NEGs".

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::annotations::NEG;
use crate::inventory::ObjectFacts;
use serde_json::{Map, Value};

pub(super) const RULE: Rule = Rule {
    code: "gke-neg",
    severity: Severity::Warning,
    remedy: "annotate the Service: cloud.google.com/neg: '{\"ingress\": true}'",
    explain: "The load balancer reaches a ClusterIP Service only through network endpoint groups, \
              which cloud.google.com/neg: '{\"ingress\": true}' asks for. GKE adds it by itself on \
              VPC-native clusters, to Services made after that; saying it holds everywhere.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    for backed in view.backed_services() {
        let kind = backed.service.service().kind.as_deref().unwrap_or("ClusterIP");
        if kind != "ClusterIP" {
            continue;
        }
        let annotation = backed.service.annotations.get(NEG).map(String::as_str);
        let why = match annotation.map(read) {
            None => format!("has no annotation {NEG}"),
            Some(Err(error)) => format!("has an annotation {NEG} that cannot be read ({error})"),
            Some(Ok(neg)) if neg.get("ingress") == Some(&Value::Bool(true)) => continue,
            Some(Ok(_)) => format!("has an annotation {NEG} without \"ingress\": true"),
        };
        let message =
            format!("it is of type ClusterIP and {why}: the load balancer cannot reach it");
        let finding = RULE
            .on(&backed.service.object, message)
            .evidence("type", kind)
            .evidence("annotation", annotation.unwrap_or_default())
            .evidence("expected", "{\"ingress\": true}")
            .remedy(gke::annotate(&backed.service.object, NEG, Some(&wanted(backed.service))));
        found.push(finding.used_by(backed.ingresses.iter().copied()));
    }
}

fn read(annotation: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(annotation).map_err(|error| error.to_string())
}

/// What is there, with `"ingress": true` in it.
fn wanted(service: &ObjectFacts) -> String {
    let there = service.annotations.get(NEG).and_then(|annotation| read(annotation).ok());
    let mut neg = there.unwrap_or_default();
    neg.insert("ingress".to_owned(), Value::Bool(true));
    Value::Object(neg).to_string()
}
