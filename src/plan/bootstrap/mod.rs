//! Bootstrapping a domain: what must exist so that it is served over TLS, and what of it is not
//! there yet.
//!
//! Decides what to create, what to change in what exists, and what to refuse. What exists and is
//! right is left alone. Refuses to know key bytes, IO and the clock.

mod folder;
mod goal;
mod http;
mod ingress;
mod progress;
mod secret;
mod service;
mod successor;
#[cfg(test)]
mod tests_of_goal;

pub use folder::{backend_name, backend_secret, commands, file_name, helm_values};
pub use goal::{Awaited, Bootstrap};
pub(super) use ingress::with_name;
pub use progress::Progress;
pub use secret::gce_takes;
pub use successor::candidates as successors;

use super::step::{
    CreateObject, CreateSecret, Exclusion, FieldChange, KeyChoice, NewPair, PatchObject, Plan,
    Reason, Step,
};
use crate::audit::remedy;
use crate::gke::annotations::{
    APP_PROTOCOLS, BACKEND_CONFIG, FRONTEND_CONFIG, OLDER_APP_PROTOCOLS,
};
use crate::gke::presets::{AppProtocol, HealthCheck, Preset};
use crate::inventory::{Inventory, ObjectFacts, SecretFacts, SecretState};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::{Advice, Remedy, word};
use crate::x509::profile::Profile;
use http::Annotation;
use ingress::{annotation_patch, ingress_overrules, ingress_spec_patch, same_rules};
use secret::secret_problem;
use serde_json::{Map, Value, json};
use service::{Port, cluster_ip, merged_json, ports, service_annotations};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Everything the user wants of a new domain.
#[derive(Clone, Debug)]
pub struct BootstrapRequest {
    /// The namespace of all objects.
    pub namespace: String,
    /// The name the others are made from, and the Ingress's own.
    pub name: String,
    /// The domains.
    pub domains: Vec<String>,
    /// The Service's name.
    pub service: String,
    /// The Service's port, by number or by name; none for the preset's or the only one.
    pub port: Option<ServicePort>,
    /// How the backend is spoken to.
    pub preset: Preset,
    /// The health check, when it is not the preset's.
    pub health_check: HealthCheck,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// `--backend-config`, or the default name.
    pub backend_config: String,
    /// `--static-ip`.
    pub static_ip: Option<String>,
    /// What becomes of port 80; none for what is there already.
    pub http: Option<Http>,
    /// The Ingress class.
    pub class: Class,
    /// Whether a Service of type LoadBalancer may be changed to ClusterIP.
    pub cluster_ip: bool,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicePort {
    /// By number.
    Number(u16),
    /// By name.
    Name(String),
}

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// A self-signed pair is made and kept in this Secret; one that is there and fits is used.
    Make {
        /// The Secret's name.
        secret: String,
        /// What the certificate shall hold.
        profile: Profile,
    },
    /// This Secret, which is there.
    Existing(String),
    /// A ManagedCertificate of this name.
    Managed(String),
}

/// What becomes of port 80.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// It serves the same.
    Allow,
    /// It redirects to HTTPS, by a FrontendConfig.
    Redirect,
    /// It is closed.
    Off,
}

/// The Ingress class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// GKE's own external load balancer.
    Gce,
    /// Another controller's class; GKE's objects are left out.
    Other(String),
}

/// What of the cluster the plan must know before it can be made.
#[must_use]
pub fn objects(request: &BootstrapRequest) -> Vec<ObjectRef> {
    let named = |kind, name: &str| ObjectRef::namespaced(kind, request.namespace.as_str(), name);
    let mut objects =
        vec![named(Kind::Ingress, &request.name), named(Kind::Service, &request.service)];
    if request.class == Class::Gce {
        objects.push(named(Kind::BackendConfig, &request.backend_config));
        if request.http.is_some() {
            objects.push(named(Kind::FrontendConfig, &request.name));
        }
    }
    if let Certificate::Managed(name) = &request.certificate {
        objects.push(named(Kind::ManagedCertificate, name));
    }
    objects
}

/// The Ingress that still lacks an address: its controller may have said why.
#[must_use]
pub fn without_address(inventory: &Inventory, request: &BootstrapRequest) -> Option<ObjectRef> {
    let ingress = ObjectRef::ingress(request.namespace.as_str(), request.name.as_str());
    let facts = inventory.ingress_at(&ingress).filter(|_| request.class == Class::Gce)?;
    facts.addresses.is_empty().then_some(ingress)
}

/// The Secret the plan must know of, when there is one.
#[must_use]
pub fn secret(request: &BootstrapRequest) -> Option<ObjectRef> {
    match &request.certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => {
            Some(ObjectRef::secret(request.namespace.as_str(), secret))
        }
        Certificate::Managed(_) => None,
    }
}

/// Plans the bootstrap. `offline` takes what was not seen as not there: the manifests are printed
/// for whoever applies them.
#[must_use]
pub fn plan(
    inventory: &Inventory,
    request: &BootstrapRequest,
    now: OffsetDateTime,
    offline: bool,
) -> Plan {
    let request = &successor::as_taken_over(inventory, request);
    let mut planner = Planner { inventory, request, offline, plan: Plan::empty(now) };
    let port = planner.port();
    planner.certificate();
    if let Some(port) = &port
        && request.class == Class::Gce
    {
        planner.backend_config();
        planner.frontend_config();
        planner.service(port);
    }
    if let Some(port) = &port {
        planner.ingress(port);
    }
    planner.refuse_terminating();
    planner.plan.settled(inventory)
}

/// Whether nothing but objects that are being deleted stands in the way: then it is worth waiting.
#[must_use]
pub fn is_terminating(plan: &Plan) -> bool {
    let going = |exclusion: &Exclusion| exclusion.reason == Reason::BeingDeleted;
    !plan.refused.is_empty() && plan.refused.iter().all(going)
}

struct Planner<'a> {
    inventory: &'a Inventory,
    request: &'a BootstrapRequest,
    offline: bool,
    plan: Plan,
}

impl Planner<'_> {
    fn object(&self, kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::namespaced(kind, self.request.namespace.as_str(), name)
    }

    fn refuse(
        &mut self,
        object: ObjectRef,
        reason: Reason,
        message: String,
        remedy: impl Into<Remedy>,
    ) {
        let remedy = remedy.into();
        self.plan.refused.push(Exclusion { object, reason, message, remedy });
    }

    /// What is being deleted is not built upon, whatever else is to be said of it.
    fn refuse_terminating(&mut self) {
        let objects = objects(self.request).into_iter().filter_map(|object| {
            let facts = self.inventory.object(&object)?;
            Some(Exclusion::going(&object, facts.deletion_timestamp?))
        });
        let secret = secret(self.request).and_then(|object| {
            let facts = self.inventory.secret(object.namespace(), &object.name)?;
            Some(Exclusion::going(&object, facts.deletion_timestamp?))
        });
        let going: Vec<Exclusion> = objects.chain(secret).collect();
        let stays = |object: &ObjectRef| going.iter().all(|gone| !gone.object.same_object(object));
        self.plan.steps.retain(|step| stays(step.object()));
        self.plan.refused.retain(|refusal| stays(&refusal.object));
        self.plan.refused.extend(going);
    }

    /// The port that is served; refused when the Service has no such one.
    fn port(&mut self) -> Option<Port> {
        let service = self.object(Kind::Service, &self.request.service);
        let Some(facts) = self.inventory.object(&service) else {
            return self.port_unseen(service);
        };
        let ports = ports(facts);
        let wanted =
            self.request.port.clone().or(self.request.preset.port().map(ServicePort::Number));
        let found = match &wanted {
            Some(ServicePort::Number(number)) => {
                ports.iter().position(|port| port.number == *number)
            }
            Some(ServicePort::Name(name)) => {
                ports.iter().position(|port| port.name.as_deref() == Some(name))
            }
            None => (ports.len() == 1).then_some(0),
        };
        if let Some(found) = found.and_then(|found| ports.get(found)) {
            let plain = self.request.class != Class::Gce
                || self.request.preset.protocol() == AppProtocol::Http;
            if found.name.is_none() && !plain {
                let message = format!(
                    "its port {} has no name, and the load balancer is told the protocol by port names",
                    found.number
                );
                let remedy = format!("give the port a name in service/{}", self.request.service);
                self.refuse(service, Reason::Mismatch, message, remedy);
                return None;
            }
            return Some(Port { number: found.number, name: found.name.clone() });
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
        let message = match wanted {
            Some(ServicePort::Number(number)) => {
                format!("it has no port {number}; it has {}", has.join(", "))
            }
            Some(ServicePort::Name(name)) => {
                format!("it has no port {name:?}; it has {}", has.join(", "))
            }
            None => format!("it has several ports: {}", has.join(", ")),
        };
        let remedy = format!("say which with --service {}:PORT", self.request.service);
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
        if self.offline {
            let remedy = format!("say it with --service {}:PORT", self.request.service);
            self.refuse(service, Reason::Mismatch, "its port is not known".to_owned(), remedy);
        } else {
            self.refuse(
                service,
                Reason::NotFound,
                "it does not exist".to_owned(),
                "install the application first, or name its Service with --service".to_owned(),
            );
        }
        None
    }

    fn certificate(&mut self) {
        match &self.request.certificate {
            Certificate::Managed(name) => self.managed_certificate(name),
            Certificate::Make { secret, profile } => {
                let object = ObjectRef::secret(self.request.namespace.as_str(), secret);
                match self.inventory.secret_state(&self.request.namespace, secret) {
                    SecretState::Seen(facts) => self.check_secret(facts),
                    SecretState::Absent | SecretState::Unknown => {
                        let pair = NewPair::Make {
                            profile: profile.clone(),
                            key: KeyChoice::New,
                            issuer: None,
                        };
                        let step = CreateSecret { object, pair, with_ca_crt: false };
                        self.plan.steps.push(Step::CreateSecret(step));
                    }
                }
            }
            Certificate::Existing(secret) => {
                let object = ObjectRef::secret(self.request.namespace.as_str(), secret);
                match self.inventory.secret_state(&self.request.namespace, secret) {
                    SecretState::Seen(facts) => self.check_secret(facts),
                    SecretState::Unknown if self.offline => {}
                    SecretState::Absent | SecretState::Unknown => {
                        let remedy = format!(
                            "put a certificate and its key there, which import {secret} -n {} takes from --cert and --key; or leave --tls-secret away, and one is made",
                            word(&self.request.namespace)
                        );
                        self.refuse(
                            object,
                            Reason::NotFound,
                            "it does not exist".to_owned(),
                            remedy,
                        );
                    }
                }
            }
        }
    }

    /// A Secret that is there must serve every domain now, or it is not built upon.
    fn check_secret(&mut self, facts: &SecretFacts) {
        let gce = self.request.class == Class::Gce;
        let problem = secret_problem(facts, &self.request.domains, gce, self.plan.now);
        if let Some(Advice { message, remedy }) = problem {
            self.refuse(facts.object.clone(), Reason::Mismatch, message, remedy);
        }
    }

    fn managed_certificate(&mut self, name: &str) {
        let object = self.object(Kind::ManagedCertificate, name);
        let spec = json!({ "domains": self.request.domains });
        if let Some(facts) = self.inventory.object(&object) {
            if holds_strings(facts.spec.get("domains"), &self.request.domains) {
                return;
            }
            let has = facts.spec.get("domains").map(Value::to_string).unwrap_or_default();
            let message = format!("it holds other domains: {has}, expected {}", spec["domains"]);
            let remedy = Remedy::from(remedy::set_domains(&object, &self.request.domains))
                .note("changing them in place would take HTTPS down; --name gives the new ones a name of their own");
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        self.create_or_keep(object, &spec, Map::new(), Vec::new());
    }

    fn backend_config(&mut self) {
        let check = &self.request.health_check;
        let mut health = json!({ "type": check.protocol.to_string(), "requestPath": check.path });
        if let Some(port) = check.port {
            health["port"] = port.into();
        }
        let mut spec = json!({ "healthCheck": health });
        let mut notes = Vec::new();
        if let Some(seconds) = self.request.preset.timeout_seconds() {
            spec["timeoutSec"] = seconds.into();
            notes.push(format!(
                "timeoutSec {seconds}: the load balancer's own 30 s would cut gRPC streams"
            ));
        }
        let object = self.object(Kind::BackendConfig, &self.request.backend_config);
        self.create_or_keep(object, &spec, Map::new(), notes);
    }

    fn frontend_config(&mut self) {
        let object = self.object(Kind::FrontendConfig, &self.request.name);
        if self.request.http != Some(Http::Redirect) {
            let ingress = self.inventory.object(&self.object(Kind::Ingress, &self.request.name));
            let Some((ingress, frontend)) = ingress.zip(self.inventory.object(&object)) else {
                return;
            };
            if let Some((patch, change)) = http::redirect_patch(self.request, ingress, frontend) {
                self.patch(frontend, patch, vec![change], Vec::new());
            }
            return;
        }
        let spec = json!({ "redirectToHttps": { "enabled": true } });
        self.create_or_keep(
            object,
            &spec,
            Map::new(),
            vec!["port 80 redirects to HTTPS".to_owned()],
        );
    }

    /// Creates what is not there; fields of the spec that are there and differ are patched, and
    /// only they.
    fn create_or_keep(
        &mut self,
        object: ObjectRef,
        spec: &Value,
        annotations: Map<String, Value>,
        notes: Vec<String>,
    ) {
        match self.inventory.object(&object) {
            None => self.create(object, spec, annotations, notes),
            Some(facts) => {
                let mut changes = Vec::new();
                let patch = difference(spec, &facts.spec, "spec", &mut changes);
                if let Some(patch) = patch {
                    self.patch(facts, json!({ "spec": patch }), changes, notes);
                }
            }
        }
    }

    fn create(
        &mut self,
        object: ObjectRef,
        spec: &Value,
        annotations: Map<String, Value>,
        notes: Vec<String>,
    ) {
        let mut metadata = json!({ "name": object.name, "namespace": self.request.namespace });
        if !annotations.is_empty() {
            metadata["annotations"] = Value::Object(annotations);
        }
        let (group, version, _) = object.kind.resource().unwrap_or(("", "v1", ""));
        let api_version =
            if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let manifest = json!({
            "apiVersion": api_version,
            "kind": object.kind.as_str(),
            "metadata": metadata,
            "spec": spec,
        });
        self.plan.steps.push(Step::CreateObject(CreateObject { object, manifest, notes }));
    }

    fn patch(
        &mut self,
        facts: &ObjectFacts,
        patch: Value,
        changes: Vec<FieldChange>,
        mut notes: Vec<String>,
    ) {
        if let Some(owner) = &facts.owner {
            notes.push(format!(
                "{} owns it ({}) and may put its own values back",
                owner.name, owner.mark
            ));
        }
        self.plan.steps.push(Step::PatchObject(PatchObject {
            object: facts.object.clone(),
            resource_version: facts.resource_version.clone(),
            patch,
            changes,
            notes,
        }));
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
        let configs = annotation(BACKEND_CONFIG);
        let of_port = [port_name, &port.number.to_string()]
            .into_iter()
            .find_map(|key| configs.pointer(&format!("/ports/{key}")).and_then(Value::as_str));
        let named = of_port.or(configs.get("default").and_then(Value::as_str))?;
        let wanted = &self.request.backend_config;
        (named != wanted).then(|| {
            Advice::new(
                format!(
                    "its annotation {BACKEND_CONFIG} names {named} for that port: expected {wanted}"
                ),
                format!(
                    "use that one with --backend-config {named}, or take it out of the annotation"
                ),
            )
        })
    }

    /// The three annotations, merged into what is there; and the type, when that was asked for.
    fn service(&mut self, port: &Port) {
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
                        .note("fix it, or remove it so that it is written anew");
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

    fn ingress(&mut self, port: &Port) {
        let object = self.object(Kind::Ingress, &self.request.name);
        let there = self.inventory.object(&object);
        let frontend =
            self.inventory.object(&self.object(Kind::FrontendConfig, &self.request.name));
        let about_http = http::annotations(self.request, there, frontend);
        let (spec, mut annotations, mut notes) = ingress::ingress(self.request, port.number);
        let mut removed = Vec::new();
        for annotation in about_http {
            match annotation {
                Annotation::Set(key, value) => {
                    annotations.insert(key.to_owned(), value.into());
                }
                Annotation::Remove(key) => removed.push(key),
            }
        }
        let Some(facts) = there else {
            return self.create(object, &spec, annotations, notes);
        };
        let overruled = ingress_overrules(self.request, facts)
            .or_else(|| http::overruled(self.request, facts))
            .or_else(|| ingress::serves_another_secret(self.request, facts));
        if let Some(Advice { message, remedy }) = overruled {
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        if !same_rules(&spec, &facts.spec, &self.request.service, port) {
            let message = format!(
                "an Ingress of that name has other rules: {}, expected {}",
                facts.spec.get("rules").map(Value::to_string).unwrap_or_default(),
                spec["rules"]
            );
            return self.refuse(
                object,
                Reason::Mismatch,
                message,
                "choose another name with --name".to_owned(),
            );
        }
        let mut changes = Vec::new();
        let mut patch = json!({});
        if let Some(part) = ingress_spec_patch(&spec, &facts.spec, &mut changes) {
            patch["spec"] = part;
        }
        let annotations = annotation_patch(&annotations, &removed, facts, &mut changes);
        notes.extend(http::notes(self.request, facts, removed.contains(&FRONTEND_CONFIG)));
        notes.extend(ingress::also_serves(self.request, facts));
        if !annotations.is_empty() {
            patch["metadata"] = json!({ "annotations": annotations });
        }
        if !changes.is_empty() {
            self.patch(facts, patch, changes, notes);
        }
    }
}

/// Whether a JSON list holds these strings, in any order; it may hold more.
fn holds_strings(list: Option<&Value>, wanted: &[String]) -> bool {
    let there = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let there: BTreeSet<&str> = there.iter().filter_map(Value::as_str).collect();
    wanted.iter().all(|wanted| there.contains(wanted.as_str()))
}

/// What of `wanted` is not in `there`, as a merge patch; none when it all is.
fn difference(
    wanted: &Value,
    there: &Value,
    path: &str,
    changes: &mut Vec<FieldChange>,
) -> Option<Value> {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => {
            let mut patch = Map::new();
            for (key, value) in wanted {
                let below = there.get(key).unwrap_or(&Value::Null);
                if let Some(part) = difference(value, below, &format!("{path}.{key}"), changes) {
                    patch.insert(key.clone(), part);
                }
            }
            (!patch.is_empty()).then_some(Value::Object(patch))
        }
        _ if wanted == there => None,
        _ => {
            let before = if there.is_null() { String::new() } else { there.to_string() };
            changes.push(FieldChange::new(path, before, wanted.to_string()));
            Some(wanted.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ingress::with_name;
    use super::service::merged_json;
    use super::*;

    #[test]
    fn json_in_an_annotation_is_merged_and_other_keys_stay() {
        let wanted = json!({ "ingress": true });
        assert_eq!(merged_json("", &wanted), Ok(Some(r#"{"ingress":true}"#.to_owned())));
        assert_eq!(merged_json(r#"{"ingress": true}"#, &wanted), Ok(None));
        assert_eq!(
            merged_json(r#"{"exposed_ports":{"80":{}}}"#, &wanted),
            Ok(Some(r#"{"exposed_ports":{"80":{}},"ingress":true}"#.to_owned()))
        );
        assert!(merged_json("not json", &wanted).is_err());
    }

    #[test]
    fn a_patch_names_only_what_differs() {
        let mut changes = Vec::new();
        let wanted = json!({ "healthCheck": { "port": 9091, "type": "HTTP" } });
        let there = json!({ "healthCheck": { "port": 1, "type": "HTTP" }, "cdn": {} });
        assert_eq!(
            difference(&wanted, &there, "spec", &mut changes),
            Some(json!({ "healthCheck": { "port": 9091 } }))
        );
        assert_eq!(changes, [FieldChange::new("spec.healthCheck.port", "1", "9091")]);
        assert_eq!(difference(&wanted, &wanted, "spec", &mut Vec::new()), None);
    }

    #[test]
    fn what_does_not_stay_written_is_refused_and_not_written_again() {
        let object = ObjectRef::ingress("shop", "web");
        let create =
            CreateObject { object: object.clone(), manifest: json!({}), notes: Vec::new() };
        let mut plan = Plan::empty(OffsetDateTime::UNIX_EPOCH);
        plan.steps.push(Step::CreateObject(create));
        let plan = crate::plan::goal::reverted(plan, &crate::remedy::Target::default());
        assert!(plan.steps.is_empty());
        assert_eq!(plan.refused[0].object, object);
        assert!(
            crate::plan::goal::reverted(
                Plan::empty(OffsetDateTime::UNIX_EPOCH),
                &crate::remedy::Target::default()
            )
            .refused
            .is_empty()
        );
    }

    #[test]
    fn a_name_is_added_to_a_list_once() {
        assert_eq!(with_name("", "a"), "a");
        assert_eq!(with_name("a, b", "b"), "a, b");
        assert_eq!(with_name("a, b", "c"), "a,b,c");
    }
}
