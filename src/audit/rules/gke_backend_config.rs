//! `gke-backend-config`: a Service behind a GKE Ingress names its BackendConfig in a way that
//! fails, or a BackendConfig says something that GKE drops. Source: ingress-gce,
//! `pkg/backendconfig`; `healthCheck.protocol` stands in Google's own recipe and is dropped
//! (kubernetes/ingress-gce#18).

use super::gke::{self, BackendService, Presence};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View};
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::{Kind, ObjectRef};
use serde_json::{Map, Value, json};

pub(super) const RULE: Rule = Rule {
    code: "gke-backend-config",
    severity: Severity::Error,
    remedy: "name a BackendConfig that is there: {\"default\": \"NAME\"}",
    explain: "cloud.google.com/backend-config is JSON: {\"default\": \"NAME\"}, or {\"ports\": {\"PORT\": \
              \"NAME\"}} by port name or number. JSON that is broken, a BackendConfig that is not \
              there, or none for the port stops the translation of the Ingress. In a BackendConfig \
              the API server silently drops fields it does not know: a health check has a \
              type (HTTP, HTTPS or HTTP2), not a protocol. In files both a BackendConfig and a \
              FrontendConfig are held against Google's definitions.",
    check,
};

/// The fields of `spec.healthCheck`.
const FIELDS: [&str; 7] = [
    "checkIntervalSec",
    "timeoutSec",
    "healthyThreshold",
    "unhealthyThreshold",
    "type",
    "port",
    "requestPath",
];
/// What `spec.healthCheck.type` may be.
const TYPES: [&str; 3] = ["HTTP", "HTTPS", "HTTP2"];

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let mut named: Vec<&ObjectRef> = Vec::new();
    for backed in view.backed_services() {
        named.extend(of_service(inventory, context, backed, found));
    }
    for config in inventory.objects_of(Kind::BackendConfig) {
        if inventory.selection().is_everything() || named.contains(&&config.object) {
            of_config(config, found);
            found.extend(misfits(config));
        }
    }
    for config in inventory.objects_of(Kind::FrontendConfig) {
        if inventory.selection().is_everything() {
            found.extend(misfits(config));
        }
    }
}

/// What Google's definition does not have, and [`of_config`] has not told.
fn misfits(config: &ObjectFacts) -> impl Iterator<Item = Finding> {
    let is_told = |path: &str| {
        let field = path.strip_prefix("spec.").unwrap_or_default();
        field.starts_with("healthCheck.") || FIELDS.contains(&field)
    };
    let misfits = gke::misfits(config).into_iter();
    let misfits = misfits.filter(move |misfit| {
        !(misfit.unknown && is_told(&misfit.path)) && misfit.path != "spec.healthCheck.type"
    });
    misfits.map(|misfit| gke::misfit(&RULE, &config.object, &misfit))
}

/// Judges the annotation; returns the BackendConfigs that it names.
fn of_service<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
    backed: &BackendService<'i>,
    found: &mut Findings,
) -> Vec<&'i ObjectRef> {
    let Some(annotation) = gke::backend_configs(backed.service) else { return Vec::new() };
    let on = |message: String| {
        let finding = RULE
            .on(&backed.service.object, format!("annotation {}: {message}", annotation.key))
            .evidence("annotation", annotation.value);
        finding.used_by(backed.ingresses.iter().copied())
    };
    let configs = match &annotation.read {
        Ok(configs) => configs,
        Err(error) => {
            found.push(on(format!("{error}; the Ingress is not translated")));
            return Vec::new();
        }
    };
    let (mut seen, mut missing) = (Vec::new(), Vec::new());
    for port in &backed.ports {
        let Some(name) = configs.of(port.name.as_deref(), port.number) else {
            let message = format!("it names none for port {port}; the Ingress is not translated");
            found.push(on(message).evidence("port", port));
            continue;
        };
        let config = gke::beside(&backed.service.object, Kind::BackendConfig, name);
        match gke::presence(inventory, context, &config) {
            Presence::Seen(facts) => seen.push(&facts.object),
            Presence::Missing(severity, how) if !missing.contains(&config) => {
                let message = format!("it names backendconfig/{name}, which {how}");
                found.push(on(message).severity(severity).related(config.clone()).remedy(format!(
                    "create backendconfig/{name} in namespace {}; or remove it from the annotation",
                    config.namespace()
                )));
                missing.push(config);
            }
            Presence::Missing(..) | Presence::Unknown => {}
        }
    }
    seen
}

fn of_config(config: &ObjectFacts, found: &mut Findings) {
    let nothing = Map::new();
    let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
    let spec = config.spec.as_object().unwrap_or(&nothing);
    let check = object(spec.get("healthCheck")).unwrap_or_default();
    for field in check.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
        found.push(ignored(config, field, check.get(field)));
    }
    for field in spec.keys() {
        // timeoutSec has a meaning of its own there.
        if field != "timeoutSec" && FIELDS.contains(&field.as_str()) {
            let message = format!("spec.{field} is dropped by GKE: it belongs in healthCheck");
            found.push(
                RULE.on(&config.object, message)
                    .evidence("field", format!("spec.{field}"))
                    .remedy(format!("write it as spec.healthCheck.{field}")),
            );
        }
    }
    let Some(kind) = check.get("type").filter(|kind| !kind.is_null()) else { return };
    if kind.as_str().is_none_or(|kind| !TYPES.contains(&kind)) {
        let message = format!(
            "spec.healthCheck.type is {kind}: expected {}; the load balancer is not updated",
            TYPES.join(", ")
        );
        let patch = json!({"spec": {"healthCheck": {"type": "HTTP2"}}});
        let remedy = gke::patch(&config.object, "merge", &patch, "write type: HTTP2");
        found.push(
            RULE.on(&config.object, message)
                .evidence("type", kind)
                .evidence("expected", TYPES.join(", "))
                .remedy(remedy),
        );
    }
}

fn ignored(config: &ObjectFacts, field: &str, value: Option<&Value>) -> Finding {
    let hint = if field == "protocol" { "; what is meant is type" } else { "" };
    let message = format!("spec.healthCheck.{field} is dropped by GKE{hint}");
    let remedy = match (field, value) {
        ("protocol", Some(value)) => format!("write type: {value} in place of protocol"),
        _ => format!("remove {field}, or write one of {}", FIELDS.join(", ")),
    };
    RULE.on(&config.object, message)
        .evidence("field", format!("spec.healthCheck.{field}"))
        .evidence("expected", FIELDS.join(", "))
        .remedy(remedy)
}
