//! `gke-path-type`: a path `/` of type `ImplementationSpecific`, which GKE takes literally: only the
//! root matches, and every gRPC method is a 404. ingress-nginx takes the same path for everything.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::observation::ingress::Path;
use serde_json::json;

pub(super) const RULE: Rule = Rule {
    code: "gke-path-type",
    severity: Severity::Warning,
    remedy: "write pathType: Prefix",
    explain: "GKE takes a path of type ImplementationSpecific as its own pattern: \"/\" is the root and \
              nothing else, \"/*\" is everything. With pathType Prefix \"/\" is everything.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    for ingress in view.gke_ingresses() {
        for (index, rule) in ingress.rules.iter().enumerate() {
            let paths = &rule.paths;
            if paths.iter().any(takes_everything) {
                continue;
            }
            for (at, _) in paths.iter().enumerate().filter(|(_, path)| takes_only_the_root(path)) {
                let host = rule.host.as_deref().unwrap_or("every host");
                let message = format!(
                    "path / of {host} is of type ImplementationSpecific: GKE matches the root alone, and nothing below it"
                );
                let place = format!("spec.rules[{index}].http.paths[{at}]");
                let patch = json!([{
                    "op": "replace",
                    "path": format!("/spec/rules/{index}/http/paths/{at}/pathType"),
                    "value": "Prefix",
                }]);
                let words = format!("write pathType: Prefix at {place}");
                found.push(
                    RULE.on(&ingress.frontend.object, message)
                        .evidence("path", &place)
                        .evidence("pathType", "ImplementationSpecific")
                        .evidence("expected", "Prefix")
                        .remedy(gke::patch(&ingress.frontend.object, "json", &patch, &words)),
                );
            }
        }
    }
}

fn is_specific(path: &Path) -> bool {
    matches!(path.path_type.as_deref(), None | Some("ImplementationSpecific"))
}

fn takes_only_the_root(path: &Path) -> bool {
    is_specific(path) && path.path.as_deref() == Some("/")
}

fn takes_everything(path: &Path) -> bool {
    match path.path.as_deref() {
        None | Some("/*") => is_specific(path),
        Some("/") => path.path_type.as_deref() == Some("Prefix"),
        Some(_) => false,
    }
}
