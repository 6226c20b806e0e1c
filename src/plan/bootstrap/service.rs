//! The Service: its ports, and the annotations that GKE's load balancer goes by.

use super::{BootstrapRequest, Planner, ServicePort};
use crate::audit::remedy;
use crate::gke::annotations::{APP_PROTOCOLS, BACKEND_CONFIG, NEG, OLDER_APP_PROTOCOLS};
use crate::gke::backend_config::BackendConfigs;
use crate::gke::presets::AppProtocol;
use crate::inventory::ObjectFacts;
use crate::inventory::service::Service;
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{FieldChange, Reason};
use crate::remedy::Advice;
use serde_json::{Map, Value, json};

/// A port of the Service, both ways it is named.
#[derive(Clone)]
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) name: Option<String>,
}

pub(super) fn ports(service: &ObjectFacts) -> Vec<Port> {
    let ports = service.service().ports.iter();
    ports
        .filter_map(|port| {
            let number = u16::try_from(port.number).ok()?;
            Some(Port { number, name: port.name.clone() })
        })
        .collect()
}

/// The port that was asked for, or the preset's.
fn wanted(request: &BootstrapRequest) -> Option<ServicePort> {
    request.port.clone().or(request.preset.port().map(ServicePort::Number))
}

/// The port that is served: the one that is wanted, or the only one.
pub(super) fn chosen<'p>(request: &BootstrapRequest, ports: &'p [Port]) -> Option<&'p Port> {
    match wanted(request) {
        Some(ServicePort::Number(number)) => ports.iter().find(|port| port.number == number),
        Some(ServicePort::Name(name)) => {
            ports.iter().find(|port| port.name.as_deref() == Some(&*name))
        }
        None => ports.first().filter(|_| ports.len() == 1),
    }
}

impl Planner<'_> {
    /// The port that is served; refused when the Service has no such one.
    pub(super) fn port(&mut self) -> Option<Port> {
        let service = self.object(Kind::Service, &self.request.service);
        let Some(facts) = self.inventory.object(&service) else {
            return self.port_unseen(service);
        };
        let ports = ports(facts);
        if let Some(found) = chosen(self.request, &ports) {
            let plain =
                !self.request.class.is_gke() || self.request.preset.protocol() == AppProtocol::Http;
            if found.name.is_none() && !plain {
                let message = format!(
                    "its port {} has no name, and the load balancer is told the protocol by port names",
                    found.number
                );
                let remedy = format!("give the port a name in service/{}", self.request.service);
                self.refuse(service, Reason::Mismatch, message, remedy);
                return None;
            }
            return Some(found.clone());
        }
        let has: Vec<String> = ports
            .iter()
            .map(|port| {
                port.name.as_ref().map_or_else(
                    || port.number.to_string(),
                    |name| format!("{name} ({})", port.number),
                )
            })
            .collect();
        let message = match wanted(self.request) {
            Some(ServicePort::Number(number)) => {
                format!("it has no port {number}; it has {}", has.join(", "))
            }
            Some(ServicePort::Name(name)) => {
                format!("it has no port {name:?}; it has {}", has.join(", "))
            }
            None => format!("it has several ports: {}", has.join(", ")),
        };
        let remedy = format!("specify it with --service {}:PORT", self.request.service);
        self.refuse(service, Reason::Mismatch, message, remedy);
        None
    }

    fn port_unseen(&mut self, service: ObjectRef) -> Option<Port> {
        let preset = self.request.preset;
        let name = Some(preset.port_name().to_owned());
        let known = match &self.request.port {
            Some(ServicePort::Number(number)) => Some(Port { number: *number, name }),
            Some(ServicePort::Name(name)) => {
                preset.port().map(|number| Port { number, name: Some(name.clone()) })
            }
            None => preset.port().map(|number| Port { number, name }),
        };
        if self.offline && known.is_some() {
            return known;
        }
        let (reason, message, remedy) = if self.offline {
            let remedy = format!("specify it with --service {}:PORT", self.request.service);
            (Reason::Mismatch, "its port is not known", remedy)
        } else {
            let remedy = "install the application first, or name its Service with --service";
            (Reason::NotFound, "it does not exist", remedy.to_owned())
        };
        self.refuse(service, reason, message.to_owned(), remedy);
        None
    }

    /// What on the Service would win over our annotations, or make them mean something else.
    fn service_overrules(&self, facts: &ObjectFacts, port: &Port) -> Option<Advice> {
        let annotation = |key: &str| -> Value {
            facts
                .annotations
                .get(key)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default()
        };
        let port_name = port.name.as_deref().unwrap_or_default();
        let protocol = self.request.preset.protocol().to_string();
        let older = annotation(OLDER_APP_PROTOCOLS);
        if !older.is_null() && older.get(port_name).and_then(Value::as_str) != Some(&protocol) {
            return Some(Advice::new(
                format!(
                    "its annotation {OLDER_APP_PROTOCOLS} wins over {APP_PROTOCOLS}: {older}, expected {protocol} for {port_name}"
                ),
                remedy::without_annotation(&facts.object, OLDER_APP_PROTOCOLS),
            ));
        }
        let configs = BackendConfigs::of_service(&facts.annotations)?;
        let named = configs.of(port.name.as_deref(), port.number.into())?;
        let wanted = &self.request.backend_config;
        (named != wanted).then(|| {
            Advice::new(
                format!(
                    "its annotation {BACKEND_CONFIG} names {named} for that port: expected {wanted}"
                ),
                format!(
                    "use that one with --backend-config {named}, or remove it from the annotation"
                ),
            )
        })
    }

    /// The three annotations, merged into what is there; and the type, when that was asked for.
    pub(super) fn service(&mut self, port: &Port) {
        let object = self.object(Kind::Service, &self.request.service);
        let Some(facts) = self.inventory.object(&object) else { return };
        if let Some(Advice { message, remedy }) = self.service_overrules(facts, port) {
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        let mut annotations = Map::new();
        let mut changes = Vec::new();
        for (key, wanted) in service_annotations(self.request, port.name.as_deref()) {
            let before = facts.annotations.get(key).cloned().unwrap_or_default();
            match merged_json(&before, &wanted) {
                Ok(None) => {}
                Ok(Some(after)) => {
                    changes.push(FieldChange::annotation(key, before, after.as_str()));
                    annotations.insert(key.to_owned(), after.into());
                }
                Err(error) => {
                    let message =
                        format!("its annotation {key} is not a JSON object ({error}): {before:?}");
                    let remedy = remedy::without_annotation(&facts.object, key)
                        .note("fix it, or remove it so that it is rewritten");
                    return self.refuse(object, Reason::Mismatch, message, remedy);
                }
            }
        }
        let mut patch = json!({});
        if !annotations.is_empty() {
            patch["metadata"] = json!({ "annotations": annotations });
        }
        let notes = self.service_type(facts, &mut patch, &mut changes);
        if changes.is_empty() {
            let name = facts.object.short();
            self.plan.notes.extend(notes.into_iter().map(|note| format!("{name}: {note}")));
        } else {
            self.patch(facts, patch, changes, notes);
        }
    }

    /// A layer-4 load balancer beside the new one costs an address; it is pointed out, and changed
    /// only when asked for and when Helm would not change it back.
    fn service_type(
        &self,
        facts: &ObjectFacts,
        patch: &mut Value,
        changes: &mut Vec<FieldChange>,
    ) -> Vec<String> {
        if facts.service().kind.as_deref() != Some("LoadBalancer") {
            return Vec::new();
        }
        let helm = facts.owner.as_ref().filter(|owner| owner.name.starts_with("Helm"));
        let command = format!(
            "helm upgrade RELEASE CHART --reuse-values --set service.type=ClusterIP (service/{})",
            facts.object.name
        );
        match (self.request.cluster_ip, helm) {
            (true, None) => {
                patch["spec"] = cluster_ip(facts.service());
                changes.push(FieldChange::new("spec.type", "LoadBalancer", "ClusterIP"));
                Vec::new()
            }
            (true, Some(owner)) => vec![format!(
                "it is of type LoadBalancer and {} owns it; change it there: {command}",
                owner.name
            )],
            (false, _) => vec![format!(
                "it is of type LoadBalancer, which keeps a second load balancer; change it with {command}, or add --cluster-ip"
            )],
        }
    }
}

/// The annotations of the Service that GKE's load balancer goes by, as JSON objects.
#[must_use]
pub fn service_annotations(
    request: &BootstrapRequest,
    port_name: Option<&str>,
) -> Vec<(&'static str, Value)> {
    let port = port_name.unwrap_or(request.preset.port_name());
    let mut protocols = Map::new();
    protocols.insert(port.to_owned(), request.preset.protocol().to_string().into());
    vec![
        (APP_PROTOCOLS, Value::Object(protocols)),
        (BACKEND_CONFIG, json!({ "default": request.backend_config })),
        (NEG, json!({ "ingress": true })),
    ]
}

/// `before` with the keys of `wanted` laid over it, or none when they are there already.
pub(super) fn merged_json(before: &str, wanted: &Value) -> Result<Option<String>, String> {
    let mut merged: Map<String, Value> = if before.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(before).map_err(|error| error.to_string())?
    };
    let wanted = wanted.as_object().cloned().unwrap_or_default();
    if wanted.iter().all(|(key, value)| merged.get(key) == Some(value)) {
        return Ok(None);
    }
    merged.extend(wanted);
    Ok(Some(Value::Object(merged).to_string()))
}

/// A ClusterIP Service out of a LoadBalancer one: fields that only the latter may have go with
/// the type, or the API server refuses the change.
pub(super) fn cluster_ip(service: &Service) -> Value {
    let mut patch = json!({ "type": "ClusterIP" });
    for field in &service.load_balancer_fields {
        patch[*field] = Value::Null;
    }
    patch
}
