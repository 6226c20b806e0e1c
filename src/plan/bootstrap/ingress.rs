//! The Ingress: what it shall be, what of one that is there lacks, and when it is not to be touched.

use super::service::Port;
use super::{BootstrapRequest, Certificate, Class};
use crate::gke::annotations::{INGRESS_CLASS, MANAGED_CERTIFICATES, STATIC_IP, items};
use crate::inventory::ObjectFacts;
use crate::plan::step::FieldChange;
use crate::remedy::Advice;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The Ingress that the wish comes to: spec, annotations, and why they are so.
pub(super) fn ingress(
    request: &BootstrapRequest,
    port: u16,
) -> (Value, Map<String, Value>, Vec<String>) {
    let backend = json!({ "service": { "name": request.service, "port": { "number": port } } });
    let rule = |domain: &String| {
        json!({
            "host": domain,
            "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] },
        })
    };
    let mut spec = json!({ "rules": request.domains.iter().map(rule).collect::<Vec<_>>() });
    let mut annotations = Map::new();
    let mut notes = Vec::new();
    match &request.certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => {
            spec["tls"] = json!([{ "hosts": request.domains, "secretName": secret }]);
        }
        Certificate::Managed(name) => {
            annotations.insert(MANAGED_CERTIFICATES.to_owned(), name.as_str().into());
        }
    }
    match &request.class {
        Class::Gce => {
            annotations.insert(INGRESS_CLASS.to_owned(), "gce".into());
            notes.push(format!(
                "annotation {INGRESS_CLASS}: gce: GKE goes by it alone; ingressClassName is ignored"
            ));
        }
        Class::Other(class) => spec["ingressClassName"] = class.as_str().into(),
    }
    if let Some(address) = request.static_ip.as_ref().filter(|_| request.class == Class::Gce) {
        annotations.insert(STATIC_IP.to_owned(), address.as_str().into());
    }
    (spec, annotations, notes)
}

/// Why an Ingress of that name cannot be taken over: another controller serves it, or it holds
/// what stops GKE's.
pub(super) fn ingress_overrules(request: &BootstrapRequest, facts: &ObjectFacts) -> Option<Advice> {
    let wanted = match &request.class {
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
        return Some(Advice::new(
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
    let broken = entries.iter().find(without_secret).filter(|_| request.class == Class::Gce)?;
    Some(Advice::new(
        format!(
            "its spec.tls has an entry without a secretName, which stops GKE's load balancer: {broken}"
        ),
        "name a Secret in that entry, or take the entry out",
    ))
}

/// Why our Secret cannot be put beside what `spec.tls` says: it gives another one for a wished
/// host. With both, it would be left to chance which certificate clients see.
pub(super) fn serves_another_secret(
    request: &BootstrapRequest,
    facts: &ObjectFacts,
) -> Option<Advice> {
    let ours = match &request.certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => secret,
        Certificate::Managed(_) => return None,
    };
    let (host, other) =
        served_hosts(request, facts).into_iter().find(|(_, secret)| *secret != ours)?;
    Some(Advice::new(
        format!("its spec.tls gives secret/{other} for {host}: expected secret/{ours}"),
        format!("keep that one with --tls-secret {other}, or take the entry out"),
    ))
}

/// What people should know when a ManagedCertificate comes beside a Secret: that is how one moves
/// from the one to the other without an outage.
pub(super) fn also_serves(request: &BootstrapRequest, facts: &ObjectFacts) -> Option<String> {
    let Certificate::Managed(_) = &request.certificate else { return None };
    let (host, secret) = served_hosts(request, facts).into_iter().next()?;
    Some(format!(
        "secret/{secret} still serves {host} by spec.tls; take it out when the ManagedCertificate is Active"
    ))
}

/// Wished hosts that entries of `spec.tls` list, with the Secret of each.
fn served_hosts<'f>(request: &BootstrapRequest, facts: &'f ObjectFacts) -> Vec<(&'f str, &'f str)> {
    let entries = facts.spec.get("tls").and_then(Value::as_array).into_iter().flatten();
    let hosts = entries.flat_map(|entry| {
        let secret = entry.get("secretName").and_then(Value::as_str).unwrap_or_default();
        let hosts = entry.get("hosts").and_then(Value::as_array).into_iter().flatten();
        hosts.filter_map(Value::as_str).map(move |host| (host, secret))
    });
    let wished =
        |host: &str| request.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host));
    hosts.filter(|(host, secret)| wished(host) && !secret.is_empty()).collect()
}

/// Whether both have the same rules, whatever else differs. The Service's port may be named either
/// way.
pub(super) fn same_rules(wanted: &Value, there: &Value, service: &str, port: &Port) -> bool {
    let rules = |spec: &Value| {
        let rules = spec.get("rules").and_then(Value::as_array).into_iter().flatten();
        let mut rules: Vec<String> =
            rules.map(|rule| by_number(rule, service, port).to_string()).collect();
        rules.sort();
        rules
    };
    rules(wanted) == rules(there)
}

/// The rule with the port named by its number where it names it by its name.
fn by_number(rule: &Value, service: &str, port: &Port) -> Value {
    let mut rule = rule.clone();
    let paths = rule.pointer_mut("/http/paths").and_then(Value::as_array_mut);
    for path in paths.into_iter().flatten() {
        let backend = path.pointer_mut("/backend/service");
        let Some(backend) = backend.filter(|backend| backend["name"] == service) else { continue };
        let named = backend.pointer("/port/name").and_then(Value::as_str);
        if named.is_some() && named == port.name.as_deref() {
            backend["port"] = json!({ "number": port.number });
        }
    }
    rule
}

/// The `tls` entries and class that are wanted and not there; entries of others stay.
pub(super) fn ingress_spec_patch(
    wanted: &Value,
    there: &Value,
    changes: &mut Vec<FieldChange>,
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
        changes.push(FieldChange::new(
            "spec.tls",
            Value::from(before).to_string(),
            Value::from(after.clone()).to_string(),
        ));
        patch.insert("tls".to_owned(), after.into());
    }
    if let Some(class) = wanted.get("ingressClassName")
        && there.get("ingressClassName") != Some(class)
    {
        let before = there.get("ingressClassName").map(Value::to_string).unwrap_or_default();
        changes.push(FieldChange::new("spec.ingressClassName", before, class.to_string()));
        patch.insert("ingressClassName".to_owned(), class.clone());
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Whether a `tls` entry that is there names the same Secret for all the hosts that are wanted.
pub(super) fn serves(there: &Value, wanted: &Value) -> bool {
    let hosts = |entry: &Value| -> BTreeSet<String> {
        let hosts = entry.get("hosts").and_then(Value::as_array).into_iter().flatten();
        hosts.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    there.get("secretName") == wanted.get("secretName") && hosts(there).is_superset(&hosts(wanted))
}

/// Annotations that are wanted and not there, and those that shall go; the list of
/// ManagedCertificates is added to.
pub(super) fn annotation_patch(
    wanted: &Map<String, Value>,
    removed: &[&str],
    facts: &ObjectFacts,
    changes: &mut Vec<FieldChange>,
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
            changes.push(FieldChange::annotation(key, before, after.as_str()));
            patch.insert(key.clone(), after.into());
        }
    }
    for key in removed {
        if let Some(before) = facts.annotations.get(*key) {
            changes.push(FieldChange::annotation(key, before.as_str(), "nothing"));
            patch.insert((*key).to_owned(), Value::Null);
        }
    }
    patch
}

/// A comma-separated list with `name` in it.
pub(in crate::plan) fn with_name(list: &str, name: &str) -> String {
    let mut names: Vec<&str> = items(list).collect();
    if names.contains(&name) {
        return list.to_owned();
    }
    names.push(name);
    names.join(",")
}
