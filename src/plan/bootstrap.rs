//! Bootstrapping a domain: what must exist so that it is served over TLS, and what of it is not
//! there yet.
//!
//! Decides what to create, what to change in what exists, and what to refuse. What exists and is
//! right is left alone. Refuses to know key bytes, IO and the clock.

use super::step::{
    CreateObject, CreateSecret, KeyChoice, LeftOut, NewPair, PatchObject, Plan, Reason, Step,
};
use crate::audit::{expiry, remedy};
use crate::gke::annotations::{
    ALLOW_HTTP, APP_PROTOCOLS, BACKEND_CONFIG, FRONTEND_CONFIG, INGRESS_CLASS,
    MANAGED_CERTIFICATES, NEG, OLDER_APP_PROTOCOLS, STATIC_IP,
};
use crate::gke::managed::Managed;
use crate::gke::presets::{AppProtocol, HealthCheck, Preset};
use crate::inventory::bundle::KeyState;
use crate::inventory::{Inventory, ObjectFacts, SecretFacts, SecretState};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::HostMatch;
use crate::x509::instant;
use crate::x509::key::Pairing;
use crate::x509::profile::Profile;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Everything the user wants of a new domain.
#[derive(Clone, Debug)]
pub struct Wish {
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
    /// What becomes of port 80.
    pub http: Http,
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
pub fn objects(wish: &Wish) -> Vec<ObjectRef> {
    let named = |kind, name: &str| ObjectRef::namespaced(kind, wish.namespace.as_str(), name);
    let mut objects = vec![named(Kind::Ingress, &wish.name), named(Kind::Service, &wish.service)];
    if wish.class == Class::Gce {
        objects.push(named(Kind::BackendConfig, &wish.backend_config));
        if wish.http == Http::Redirect {
            objects.push(named(Kind::FrontendConfig, &wish.name));
        }
    }
    if let Certificate::Managed(name) = &wish.certificate {
        objects.push(named(Kind::ManagedCertificate, name));
    }
    objects
}

/// The Secret the plan must know of, when there is one.
#[must_use]
pub fn secret(wish: &Wish) -> Option<ObjectRef> {
    match &wish.certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => {
            Some(ObjectRef::secret(wish.namespace.as_str(), secret))
        }
        Certificate::Managed(_) => None,
    }
}

/// Plans the bootstrap. `offline` takes what was not seen as not there: the manifests are printed
/// for whoever applies them.
#[must_use]
pub fn plan(inventory: &Inventory, wish: &Wish, now: OffsetDateTime, offline: bool) -> Plan {
    let mut planner = Planner { inventory, wish, offline, plan: Plan::empty(now) };
    let port = planner.port();
    planner.certificate();
    if let Some(port) = &port
        && wish.class == Class::Gce
    {
        planner.backend_config();
        planner.frontend_config();
        planner.service(port);
    }
    if let Some(port) = &port {
        planner.ingress(port);
    }
    planner.plan
}

/// A port of the Service, both ways it is named.
struct Port {
    number: u16,
    name: Option<String>,
}

struct Planner<'a> {
    inventory: &'a Inventory,
    wish: &'a Wish,
    offline: bool,
    plan: Plan,
}

impl Planner<'_> {
    fn object(&self, kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::namespaced(kind, self.wish.namespace.as_str(), name)
    }

    fn refuse(&mut self, object: ObjectRef, reason: Reason, message: String, remedy: String) {
        self.plan.refused.push(LeftOut { object, reason, message, remedy });
    }

    /// The port that is served; refused when the Service has no such one.
    fn port(&mut self) -> Option<Port> {
        let service = self.object(Kind::Service, &self.wish.service);
        let Some(facts) = self.inventory.object(&service) else {
            return self.port_unseen(service);
        };
        let ports = ports(facts);
        let wanted = self.wish.port.clone().or(self.wish.preset.port().map(ServicePort::Number));
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
            let plain =
                self.wish.class != Class::Gce || self.wish.preset.protocol() == AppProtocol::Http;
            if found.name.is_none() && !plain {
                let message = format!(
                    "its port {} has no name, and the load balancer is told the protocol by port names",
                    found.number
                );
                let remedy = format!("give the port a name in service/{}", self.wish.service);
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
        let remedy = format!("say which with --service {}:PORT", self.wish.service);
        self.refuse(service, Reason::Mismatch, message, remedy);
        None
    }

    fn port_unseen(&mut self, service: ObjectRef) -> Option<Port> {
        let preset = self.wish.preset;
        let name = Some(preset.port_name().to_owned());
        let known = match &self.wish.port {
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
            let remedy = format!("say it with --service {}:PORT", self.wish.service);
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
        match &self.wish.certificate {
            Certificate::Managed(name) => self.managed_certificate(name),
            Certificate::Make { secret, profile } => {
                let object = ObjectRef::secret(self.wish.namespace.as_str(), secret);
                match self.inventory.secret_state(&self.wish.namespace, secret) {
                    SecretState::Seen(facts) => self.check_secret(facts),
                    SecretState::Absent | SecretState::Unknown => {
                        let pair = NewPair::Make { profile: profile.clone(), key: KeyChoice::New };
                        let step = CreateSecret { object, pair, with_ca_crt: false };
                        self.plan.steps.push(Step::CreateSecret(step));
                    }
                }
            }
            Certificate::Existing(secret) => {
                let object = ObjectRef::secret(self.wish.namespace.as_str(), secret);
                match self.inventory.secret_state(&self.wish.namespace, secret) {
                    SecretState::Seen(facts) => self.check_secret(facts),
                    SecretState::Unknown if self.offline => {}
                    SecretState::Absent | SecretState::Unknown => {
                        let remedy = format!(
                            "certwright import {secret} -n {} --cert FILE --key FILE",
                            self.wish.namespace
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
        let gce = self.wish.class == Class::Gce;
        let problem = secret_problem(facts, &self.wish.domains, gce, self.plan.now);
        if let Some((message, remedy)) = problem {
            self.refuse(facts.object.clone(), Reason::Mismatch, message, remedy);
        }
    }

    fn managed_certificate(&mut self, name: &str) {
        let object = self.object(Kind::ManagedCertificate, name);
        let spec = json!({ "domains": self.wish.domains });
        if let Some(facts) = self.inventory.object(&object) {
            if same_strings(facts.spec.get("domains"), &self.wish.domains) {
                return;
            }
            let has = facts.spec.get("domains").map(Value::to_string).unwrap_or_default();
            let message = format!("it holds other domains: {has}, expected {}", spec["domains"]);
            let remedy =
                "changing them in place takes HTTPS down; choose another --name".to_owned();
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        self.create_or_keep(object, &spec, Map::new(), Vec::new());
    }

    fn backend_config(&mut self) {
        let check = &self.wish.health_check;
        let mut health = json!({ "type": check.protocol.to_string(), "requestPath": check.path });
        if let Some(port) = check.port {
            health["port"] = port.into();
        }
        let mut spec = json!({ "healthCheck": health });
        let mut notes = Vec::new();
        if let Some(seconds) = self.wish.preset.timeout_seconds() {
            spec["timeoutSec"] = seconds.into();
            notes.push(format!(
                "timeoutSec {seconds}: the load balancer's own 30 s would cut gRPC streams"
            ));
        }
        let object = self.object(Kind::BackendConfig, &self.wish.backend_config);
        self.create_or_keep(object, &spec, Map::new(), notes);
    }

    fn frontend_config(&mut self) {
        if self.wish.http != Http::Redirect {
            return;
        }
        let object = self.object(Kind::FrontendConfig, &self.wish.name);
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
        let mut metadata = json!({ "name": object.name, "namespace": self.wish.namespace });
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
        changes: Vec<(String, String, String)>,
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
    fn service_overrules(&self, facts: &ObjectFacts, port: &Port) -> Option<(String, String)> {
        let name = &facts.object.name;
        let annotation = |key: &str| -> Value {
            facts
                .annotations
                .get(key)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default()
        };
        let port_name = port.name.as_deref().unwrap_or_default();
        let protocol = self.wish.preset.protocol().to_string();
        let older = annotation(OLDER_APP_PROTOCOLS);
        if !older.is_null() && older.get(port_name).and_then(Value::as_str) != Some(&protocol) {
            return Some((
                format!(
                    "its annotation {OLDER_APP_PROTOCOLS} wins over {APP_PROTOCOLS}: {older}, expected {protocol} for {port_name}"
                ),
                format!(
                    "kubectl annotate service {name} -n {} {OLDER_APP_PROTOCOLS}-",
                    self.wish.namespace
                ),
            ));
        }
        let configs = annotation(BACKEND_CONFIG);
        let of_port = [port_name, &port.number.to_string()]
            .into_iter()
            .find_map(|key| configs.pointer(&format!("/ports/{key}")).and_then(Value::as_str));
        let named = of_port.or(configs.get("default").and_then(Value::as_str))?;
        let wanted = &self.wish.backend_config;
        (named != wanted).then(|| {
            (
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
        let object = self.object(Kind::Service, &self.wish.service);
        let Some(facts) = self.inventory.object(&object) else { return };
        if let Some((message, remedy)) = self.service_overrules(facts, port) {
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        let mut annotations = Map::new();
        let mut changes = Vec::new();
        for (key, wanted) in service_annotations(self.wish, port.name.as_deref()) {
            let before = facts.annotations.get(key).cloned().unwrap_or_default();
            match merged_json(&before, &wanted) {
                Ok(None) => {}
                Ok(Some(after)) => {
                    changes.push((format!("annotation {key}"), before, after.clone()));
                    annotations.insert(key.to_owned(), after.into());
                }
                Err(error) => {
                    let message =
                        format!("its annotation {key} is not a JSON object ({error}): {before:?}");
                    let remedy = format!(
                        "mend it, or remove it: kubectl annotate service {} {key}-",
                        object.name
                    );
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
        changes: &mut Vec<(String, String, String)>,
    ) -> Vec<String> {
        if facts.spec.get("type").and_then(Value::as_str) != Some("LoadBalancer") {
            return Vec::new();
        }
        let helm = facts.owner.as_ref().filter(|owner| owner.name.starts_with("Helm"));
        let command = format!(
            "helm upgrade RELEASE CHART --reuse-values --set service.type=ClusterIP (service/{})",
            facts.object.name
        );
        match (self.wish.cluster_ip, helm) {
            (true, None) => {
                patch["spec"] = cluster_ip(&facts.spec);
                changes.push((
                    "spec.type".to_owned(),
                    "LoadBalancer".to_owned(),
                    "ClusterIP".to_owned(),
                ));
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
        let object = self.object(Kind::Ingress, &self.wish.name);
        let (spec, annotations, notes) = ingress(self.wish, port.number);
        let Some(facts) = self.inventory.object(&object) else {
            return self.create(object, &spec, annotations, notes);
        };
        if let Some((message, remedy)) = ingress_overrules(self.wish, facts) {
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        if !same_rules(&spec, &facts.spec) {
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
        let annotations = annotation_patch(&annotations, facts, &mut changes);
        if !annotations.is_empty() {
            patch["metadata"] = json!({ "annotations": annotations });
        }
        if !changes.is_empty() {
            self.patch(facts, patch, changes, notes);
        }
    }
}

/// The Helm values that make the backend of the walk's own chart fit: its Service, and TLS on the
/// backend, since the load balancer speaks HTTP/2 over TLS to it. `backend_secret` names a Secret
/// with a certificate for the pods.
#[must_use]
pub fn helm_values(wish: &Wish, backend_secret: Option<&str>) -> Value {
    let annotations: Map<String, Value> = service_annotations(wish, None)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_string().into()))
        .collect();
    let service = match wish.class {
        Class::Gce => json!({ "type": "ClusterIP", "annotations": annotations }),
        Class::Other(_) => json!({ "type": "ClusterIP" }),
    };
    let mut values = json!({ "service": service });
    if wish.preset != Preset::Milvus {
        return values;
    }
    let mut user = "common:\n  security:\n    tlsMode: 1\n".to_owned();
    if let Some(secret) = backend_secret {
        user.push_str("tls:\n  serverPemPath: /etc/milvus/certs/tls.crt\n  serverKeyPath: /etc/milvus/certs/tls.key\n");
        let volumes = json!([{ "name": "backend-tls", "secret": { "secretName": secret } }]);
        let mounts =
            json!([{ "name": "backend-tls", "mountPath": "/etc/milvus/certs", "readOnly": true }]);
        // The chart mounts by component in cluster mode and at the top in standalone mode.
        values["volumes"] = volumes.clone();
        values["volumeMounts"] = mounts.clone();
        values["proxy"] = json!({ "volumes": volumes, "volumeMounts": mounts });
    }
    values["extraConfigFiles"] = json!({ "user.yaml": user });
    values
}

/// The shell commands that put manifests written to a folder to work, in order.
#[must_use]
pub fn commands(wish: &Wish, files: &[&str]) -> String {
    let Wish { namespace, service, name, .. } = wish;
    let mut lines = vec!["#!/bin/sh".to_owned(), "set -eu".to_owned(), String::new()];
    if wish.preset == Preset::Milvus {
        lines.push(
            "# The Milvus release: ClusterIP, the annotations of its Service, TLS on the backend."
                .to_owned(),
        );
        lines.push(format!(
            "# helm upgrade RELEASE milvus/milvus -n {namespace} --reuse-values -f values.yaml"
        ));
    }
    if wish.class == Class::Gce {
        lines.push(
            "# The same annotations by hand, for a Service that Helm does not own.".to_owned(),
        );
        let annotations = service_annotations(wish, None);
        let annotations: Vec<String> =
            annotations.iter().map(|(key, value)| format!("  {key}='{value}'")).collect();
        lines.push(format!("kubectl annotate service {service} -n {namespace} --overwrite \\"));
        lines.push(annotations.join(" \\\n"));
    }
    let flags: Vec<String> = files.iter().map(|file| format!("-f {file}")).collect();
    lines.push(format!(
        "kubectl apply -n {namespace} --server-side --field-manager=certwright {}",
        flags.join(" ")
    ));
    lines.push(format!("kubectl get ingress {name} -n {namespace} -w"));
    lines.push(String::new());
    lines.join("\n")
}

/// How far a bootstrap has come, as the cluster shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The Ingress's address: an IP or a host name.
    pub address: Option<String>,
    /// The ManagedCertificate, where there is one.
    pub managed: Option<Managed>,
}

impl Progress {
    /// What the inventory shows of it.
    #[must_use]
    pub fn of(inventory: &Inventory, wish: &Wish) -> Self {
        let named = |kind, name: &str| ObjectRef::namespaced(kind, wish.namespace.as_str(), name);
        let ingress = inventory.object(&named(Kind::Ingress, &wish.name));
        let managed = match &wish.certificate {
            Certificate::Managed(name) => inventory.object(&named(Kind::ManagedCertificate, name)),
            Certificate::Make { .. } | Certificate::Existing(_) => None,
        };
        Self {
            address: ingress.and_then(|ingress| address(&ingress.status)),
            managed: managed.map(|facts| Managed::of(&facts.spec, &facts.status)),
        }
    }

    /// Whether there is nothing left to wait for.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.address.is_some() && self.managed.as_ref().is_none_or(Managed::is_active)
    }
}

/// The first address of an Ingress's status.
fn address(status: &Value) -> Option<String> {
    let first = status.pointer("/loadBalancer/ingress/0")?;
    let text = |key: &str| first.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("ip").or(text("hostname")).map(str::to_owned)
}

/// Why a Secret does not serve the domains now, and what to do.
fn secret_problem(
    facts: &SecretFacts,
    domains: &[String],
    gce: bool,
    now: OffsetDateTime,
) -> Option<(String, String)> {
    let own = facts.bundle.leaf().is_none_or(|leaf| leaf.self_signed);
    let mend =
        if own { remedy::rotate(&facts.object) } else { remedy::import_renewed(&facts.object) };
    match &facts.bundle.key {
        KeyState::Read { .. } => {}
        KeyState::Missing | KeyState::NotExpected => {
            return Some(("it holds no private key".to_owned(), mend));
        }
        KeyState::Unreadable(why) => {
            return Some((format!("its private key cannot be read: {why}"), mend));
        }
    }
    let Some(leaf) = facts.bundle.leaf() else {
        return Some(("it holds no certificate that can be read".to_owned(), mend));
    };
    if facts.bundle.pairing == Pairing::Differs {
        return Some(("its key is not its certificate's".to_owned(), mend));
    }
    if expiry::is_expired(leaf, now) {
        return Some((
            format!("its certificate expired on {}", instant::show(leaf.not_after)),
            mend,
        ));
    }
    if gce && !gce_takes(&leaf.key_type) {
        let message = format!(
            "its key is of type {}, which Google's load balancers do not take",
            leaf.key_type
        );
        let remedy = if own { format!("{mend} --key-type rsa-2048") } else { mend };
        return Some((message, remedy));
    }
    let covered = |domain: &&String| matches!(leaf.match_host(domain), HostMatch::San(_));
    let missing: Vec<&str> =
        domains.iter().filter(|domain| !covered(domain)).map(String::as_str).collect();
    if missing.is_empty() {
        return None;
    }
    let flags: Vec<String> =
        missing.iter().map(|domain| format!("--add-host {}", remedy::word(domain))).collect();
    let remedy = if own { format!("{mend} {}", flags.join(" ")) } else { mend };
    Some((format!("its certificate does not cover {}", missing.join(", ")), remedy))
}

/// Whether Google's global load balancers take a key of this type: RSA from 2048 bits, ECDSA on
/// P-256 and P-384. (What they promise is RSA-2048 and P-256.)
#[must_use]
pub fn gce_takes(key_type: &str) -> bool {
    match key_type.strip_prefix("rsa-").map(str::parse::<u32>) {
        Some(Ok(bits)) => (2048..=4096).contains(&bits),
        _ => matches!(key_type, "p256" | "p384"),
    }
}

/// A ClusterIP Service out of a LoadBalancer one: fields that only the latter may have go with
/// the type, or the API server refuses the change.
fn cluster_ip(spec: &Value) -> Value {
    let mut patch = json!({ "type": "ClusterIP" });
    for field in [
        "allocateLoadBalancerNodePorts",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
    ] {
        if spec.get(field).is_some() {
            patch[field] = Value::Null;
        }
    }
    patch
}

/// Whether a JSON list holds these strings, in any order.
fn same_strings(list: Option<&Value>, wanted: &[String]) -> bool {
    let there = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let there: BTreeSet<&str> = there.iter().filter_map(Value::as_str).collect();
    there == wanted.iter().map(String::as_str).collect()
}

/// Why an Ingress of that name cannot be taken over: another controller serves it, or it holds
/// what stops GKE's.
fn ingress_overrules(wish: &Wish, facts: &ObjectFacts) -> Option<(String, String)> {
    let wanted = match &wish.class {
        Class::Gce => "gce",
        Class::Other(class) => class,
    };
    let annotated = facts.annotations.get(INGRESS_CLASS).map(String::as_str);
    let named = facts.spec.get("ingressClassName").and_then(Value::as_str);
    let other = [annotated, named]
        .into_iter()
        .flatten()
        .find(|class| !class.is_empty() && *class != wanted);
    if let Some(other) = other {
        return Some((
            format!(
                "it is of class {other:?}, and another controller serves it: expected {wanted:?}"
            ),
            format!("choose another --name, or --ingress-class {other}"),
        ));
    }
    let entries =
        facts.spec.get("tls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let without_secret = |entry: &&Value| {
        entry.get("secretName").and_then(Value::as_str).unwrap_or_default().is_empty()
    };
    let broken = entries.iter().find(without_secret).filter(|_| wish.class == Class::Gce)?;
    Some((
        format!(
            "its spec.tls has an entry without a secretName, which stops GKE's load balancer: {broken}"
        ),
        format!(
            "name a Secret in it or take it out: kubectl edit ingress {} -n {}",
            wish.name, wish.namespace
        ),
    ))
}

fn ports(service: &ObjectFacts) -> Vec<Port> {
    let ports = service.spec.get("ports").and_then(Value::as_array).into_iter().flatten();
    ports
        .filter_map(|port| {
            let number =
                port.get("port")?.as_u64().and_then(|number| u16::try_from(number).ok())?;
            let name = port.get("name").and_then(Value::as_str).map(str::to_owned);
            Some(Port { number, name })
        })
        .collect()
}

/// The annotations of the Service that GKE's load balancer goes by, as JSON objects.
#[must_use]
pub fn service_annotations(wish: &Wish, port_name: Option<&str>) -> Vec<(&'static str, Value)> {
    let port = port_name.unwrap_or(wish.preset.port_name());
    let mut protocols = Map::new();
    protocols.insert(port.to_owned(), wish.preset.protocol().to_string().into());
    vec![
        (APP_PROTOCOLS, Value::Object(protocols)),
        (BACKEND_CONFIG, json!({ "default": wish.backend_config })),
        (NEG, json!({ "ingress": true })),
    ]
}

/// `before` with the keys of `wanted` laid over it, or none when they are there already.
fn merged_json(before: &str, wanted: &Value) -> Result<Option<String>, String> {
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

/// The Ingress that the wish comes to: spec, annotations, and why they are so.
fn ingress(wish: &Wish, port: u16) -> (Value, Map<String, Value>, Vec<String>) {
    let backend = json!({ "service": { "name": wish.service, "port": { "number": port } } });
    let rule = |domain: &String| {
        json!({
            "host": domain,
            "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] },
        })
    };
    let mut spec = json!({ "rules": wish.domains.iter().map(rule).collect::<Vec<_>>() });
    let mut annotations = Map::new();
    let mut notes = Vec::new();
    match &wish.certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => {
            spec["tls"] = json!([{ "hosts": wish.domains, "secretName": secret }]);
        }
        Certificate::Managed(name) => {
            annotations.insert(MANAGED_CERTIFICATES.to_owned(), name.as_str().into());
        }
    }
    match &wish.class {
        Class::Gce => {
            annotations.insert(INGRESS_CLASS.to_owned(), "gce".into());
            notes.push(format!(
                "annotation {INGRESS_CLASS}: gce: GKE goes by it alone; ingressClassName is ignored"
            ));
        }
        Class::Other(class) => spec["ingressClassName"] = class.as_str().into(),
    }
    if wish.class == Class::Gce {
        if let Some(address) = &wish.static_ip {
            annotations.insert(STATIC_IP.to_owned(), address.as_str().into());
        }
        match wish.http {
            Http::Allow => {}
            Http::Redirect => {
                annotations.insert(FRONTEND_CONFIG.to_owned(), wish.name.as_str().into());
            }
            Http::Off => {
                annotations.insert(ALLOW_HTTP.to_owned(), "false".into());
            }
        }
    }
    (spec, annotations, notes)
}

/// Whether both have the same rules, whatever else differs.
fn same_rules(wanted: &Value, there: &Value) -> bool {
    let rules = |spec: &Value| {
        let mut rules: Vec<String> = spec
            .get("rules")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(Value::to_string)
            .collect();
        rules.sort();
        rules
    };
    rules(wanted) == rules(there)
}

/// The `tls` entries and class that are wanted and not there; entries of others stay.
fn ingress_spec_patch(
    wanted: &Value,
    there: &Value,
    changes: &mut Vec<(String, String, String)>,
) -> Option<Value> {
    let mut patch = Map::new();
    let entries =
        |spec: &Value| spec.get("tls").and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, missing) = (entries(there), entries(wanted));
    let missing: Vec<Value> = missing
        .into_iter()
        .filter(|entry| !before.iter().any(|there| serves(there, entry)))
        .collect();
    if !missing.is_empty() {
        let after = [before.clone(), missing].concat();
        changes.push((
            "spec.tls".to_owned(),
            Value::from(before).to_string(),
            Value::from(after.clone()).to_string(),
        ));
        patch.insert("tls".to_owned(), after.into());
    }
    if let Some(class) = wanted.get("ingressClassName")
        && there.get("ingressClassName") != Some(class)
    {
        let before = there.get("ingressClassName").map(Value::to_string).unwrap_or_default();
        changes.push(("spec.ingressClassName".to_owned(), before, class.to_string()));
        patch.insert("ingressClassName".to_owned(), class.clone());
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Whether a `tls` entry that is there names the same Secret for all the hosts that are wanted.
fn serves(there: &Value, wanted: &Value) -> bool {
    let hosts = |entry: &Value| -> BTreeSet<String> {
        let hosts = entry.get("hosts").and_then(Value::as_array).into_iter().flatten();
        hosts.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    there.get("secretName") == wanted.get("secretName") && hosts(there).is_superset(&hosts(wanted))
}

/// Annotations that are wanted and not there; the list of ManagedCertificates is added to.
fn annotation_patch(
    wanted: &Map<String, Value>,
    facts: &ObjectFacts,
    changes: &mut Vec<(String, String, String)>,
) -> Map<String, Value> {
    let mut patch = Map::new();
    for (key, value) in wanted {
        let wanted = value.as_str().unwrap_or_default();
        let before = facts.annotations.get(key).cloned().unwrap_or_default();
        let after = if key == MANAGED_CERTIFICATES {
            with_name(&before, wanted)
        } else {
            wanted.to_owned()
        };
        if after != before {
            changes.push((format!("annotation {key}"), before, after.clone()));
            patch.insert(key.clone(), after.into());
        }
    }
    patch
}

/// A comma-separated list with `name` in it.
pub(super) fn with_name(list: &str, name: &str) -> String {
    let mut names: Vec<&str> =
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.contains(&name) {
        return list.to_owned();
    }
    names.push(name);
    names.join(",")
}

/// What of `wanted` is not in `there`, as a merge patch; none when it all is.
fn difference(
    wanted: &Value,
    there: &Value,
    path: &str,
    changes: &mut Vec<(String, String, String)>,
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
            changes.push((path.to_owned(), before, wanted.to_string()));
            Some(wanted.clone())
        }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            changes,
            [("spec.healthCheck.port".to_owned(), "1".to_owned(), "9091".to_owned())]
        );
        assert_eq!(difference(&wanted, &wanted, "spec", &mut Vec::new()), None);
    }

    #[test]
    fn a_name_is_added_to_a_list_once() {
        assert_eq!(with_name("", "a"), "a");
        assert_eq!(with_name("a, b", "b"), "a, b");
        assert_eq!(with_name("a, b", "c"), "a,b,c");
    }
}
