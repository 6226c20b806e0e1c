//! The Ingress: what it shall be, what of one that is there lacks, and when it is not to be touched.

use super::{Certificate, Class, Http, Wish};
use crate::gke::annotations::{
    ALLOW_HTTP, FRONTEND_CONFIG, INGRESS_CLASS, MANAGED_CERTIFICATES, STATIC_IP,
};
use crate::inventory::ObjectFacts;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The Ingress that the wish comes to: spec, annotations, and why they are so.
pub(super) fn ingress(wish: &Wish, port: u16) -> (Value, Map<String, Value>, Vec<String>) {
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

/// Why an Ingress of that name cannot be taken over: another controller serves it, or it holds
/// what stops GKE's.
pub(super) fn ingress_overrules(wish: &Wish, facts: &ObjectFacts) -> Option<(String, String)> {
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

/// Whether both have the same rules, whatever else differs.
pub(super) fn same_rules(wanted: &Value, there: &Value) -> bool {
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
pub(super) fn ingress_spec_patch(
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
pub(super) fn serves(there: &Value, wanted: &Value) -> bool {
    let hosts = |entry: &Value| -> BTreeSet<String> {
        let hosts = entry.get("hosts").and_then(Value::as_array).into_iter().flatten();
        hosts.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    there.get("secretName") == wanted.get("secretName") && hosts(there).is_superset(&hosts(wanted))
}

/// Annotations that are wanted and not there; the list of ManagedCertificates is added to.
pub(super) fn annotation_patch(
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
pub(in crate::plan) fn with_name(list: &str, name: &str) -> String {
    let mut names: Vec<&str> =
        list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.contains(&name) {
        return list.to_owned();
    }
    names.push(name);
    names.join(",")
}
