//! Bootstrapping a domain: what must exist so that it is served over TLS, and what of it is not
//! there yet.
//!
//! Decides what to create, what to change in what exists, and what to refuse. What exists and is
//! right is left alone. Refuses to know key bytes, IO and the clock.

mod add;
mod class;
mod folder;
mod goal;
mod http;
mod ingress;
mod progress;
mod request;
mod secret;
mod service;
mod successor;
#[cfg(test)]
mod tests_of_goal;
mod wired;

pub use class::{ChosenClass, NoClass};
pub use folder::{
    COMMANDS, HELM_VALUES, backend_name, backend_secret, commands, file_name, helm_values,
};
pub use goal::{Awaited, Bootstrap};
pub(super) use ingress::with_name;
pub use progress::Progress;
pub use request::{BootstrapRequest, Certificate, Class, Http, ServicePort};
pub use wired::as_wired;

use super::judge;
use super::step::{
    CreateObject, CreateSecret, Exclusion, FieldChange, KeyChoice, NewPair, PatchObject, Plan,
    Reason, Step,
};
use crate::audit::remedy;
use crate::gke::annotations::{FRONTEND_CONFIG, INGRESS_CLASS};
use crate::inventory::{Inventory, ObjectFacts, SecretFacts, SecretState};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::{Advice, Remedy, word};
use http::Annotation;
use ingress::{annotation_patch, ingress_overrules, ingress_spec_patch, same_rules};
use secret::secret_problem;
use serde_json::{Map, Value, json};
use service::Port;
use time::OffsetDateTime;

/// What of the cluster the plan must know before it can be made.
#[must_use]
pub fn objects(request: &BootstrapRequest) -> Vec<ObjectRef> {
    let named = |kind, name: &str| ObjectRef::namespaced(kind, request.namespace.as_str(), name);
    let mut objects =
        vec![named(Kind::Ingress, &request.name), named(Kind::Service, &request.service)];
    if request.class.is_gke() {
        objects.push(named(Kind::BackendConfig, &request.backend_config));
        if request.http.is_some() {
            objects.push(named(Kind::FrontendConfig, &request.frontend_config));
        }
    }
    if let Certificate::Managed(name) = &request.certificate {
        objects.push(named(Kind::ManagedCertificate, name));
    }
    objects
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
    planned(inventory, &as_wired(inventory, request), now, offline)
}

/// The same for a request that is [`as_wired`] already.
fn planned(
    inventory: &Inventory,
    request: &BootstrapRequest,
    now: OffsetDateTime,
    offline: bool,
) -> Plan {
    let mut planner = Planner { inventory, request, offline, plan: Plan::empty(now) };
    let port = planner.port();
    planner.certificate();
    if let Some(port) = &port
        && request.class.is_gke()
    {
        planner.backend_config();
        planner.frontend_config();
        planner.service(port);
    }
    if let Some(port) = &port {
        planner.ingress(port);
    }
    planner.refuse_terminating();
    let plan = if offline { planner.plan } else { judge::judged(planner.plan, inventory) };
    plan.settled(inventory)
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
            Some(Exclusion::terminating(&object, facts.deletion_timestamp?))
        });
        let secret = secret(self.request).and_then(|object| {
            let facts = self.inventory.secret(object.namespace(), &object.name)?;
            Some(Exclusion::terminating(&object, facts.rare.deletion_timestamp?))
        });
        let going: Vec<Exclusion> = objects.chain(secret).collect();
        let stays = |object: &ObjectRef| going.iter().all(|gone| !gone.object.same_object(object));
        self.plan.steps.retain(|step| stays(step.object()));
        self.plan.refused.retain(|refusal| stays(&refusal.object));
        self.plan.refused.extend(going);
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
                        let step = CreateSecret { object, pair, with_ca_crt: false, next: None };
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
                            "put a certificate and its key there, which import {secret} -n {} takes from --cert and --key; or leave out --tls-secret, and one is made",
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
        let gce = self.request.class.is_gke();
        let problem = secret_problem(facts, &self.request.covers, gce, self.plan.now);
        if let Some(Advice { message, remedy }) = problem {
            self.refuse(facts.object.clone(), Reason::Mismatch, message, remedy);
        }
    }

    fn managed_certificate(&mut self, name: &str) {
        let object = self.object(Kind::ManagedCertificate, name);
        let wanted = &self.request.covers;
        let spec = json!({ "domains": wanted });
        if let Some(facts) = self.inventory.object(&object) {
            if facts.managed().lists(wanted) {
                return;
            }
            let has = ingress::names(&facts.managed().domains);
            let message =
                format!("it holds other domains: {has}; expected {}", ingress::names(wanted));
            let remedy = Remedy::from(remedy::set_domains(&object, wanted))
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
        let object = self.object(Kind::FrontendConfig, &self.request.frontend_config);
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
            strategic: false,
            object: facts.object.clone(),
            resource_version: facts.resource_version.clone(),
            patch,
            changes,
            notes,
        }));
    }

    fn ingress(&mut self, port: &Port) {
        let object = self.object(Kind::Ingress, &self.request.name);
        let there = self.inventory.object(&object);
        let frontend = self
            .inventory
            .object(&self.object(Kind::FrontendConfig, &self.request.frontend_config));
        let about_http = http::annotations(self.request, there, frontend);
        let (mut spec, mut annotations, mut notes) = ingress::ingress(self.request, port.number);
        if self.request.add {
            return self.add_to_ingress(object, port, &spec);
        }
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
        // One that names its class by the annotation needs no second word for it.
        if let Some(spec) = spec.as_object_mut()
            && facts.annotations.get(INGRESS_CLASS).is_some_and(|class| !class.is_empty())
        {
            spec.remove("ingressClassName");
        }
        let served = self.inventory.ingress_at(&facts.object);
        let overruled = ingress_overrules(self.request, facts)
            .or_else(|| served.and_then(|it| http::cannot_redirect(self.request, it)))
            .or_else(|| served.and_then(|it| ingress::moves_address(self.request, it)))
            .or_else(|| ingress::serves_another_secret(self.request, facts));
        if let Some(Advice { message, remedy }) = overruled {
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        if !same_rules(&spec, &facts.spec, &self.request.service, port) {
            let Advice { message, remedy } = ingress::other_rules(self.request, &facts.spec, port);
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        let mut changes = Vec::new();
        let mut patch = json!({});
        if let Some(part) = ingress_spec_patch(&spec, &facts.spec, &mut changes) {
            patch["spec"] = part;
        }
        // Why the class is so is no news to an Ingress that has it.
        if facts.annotations.get(INGRESS_CLASS).is_some_and(|class| !class.is_empty()) {
            notes.clear();
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
mod tests;
