//! The Ingress: what it shall be, what of one that is there lacks, and when it is not to be touched.

use super::add::{routed, sends_to};
use super::service::Port;
use super::{BootstrapRequest, Certificate, Class};
use crate::audit::remedy;
use crate::gke::annotations::{
    INGRESS_CLASS, MANAGED_CERTIFICATES, REGIONAL_STATIC_IP, STATIC_IP, items,
};
use crate::inventory::ObjectFacts;
use crate::inventory::demand::IngressFacts;
use crate::plan::step::FieldChange;
use crate::remedy::Advice;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The Ingress that the request comes to: spec, annotations, and why they are so.
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
    if let Some(why) = request.class_why {
        notes.push(format!("class {}: {why}", request.class.name()));
    }
    match &request.certificate {
        Certificate::Make { secret, .. } | Certificate::Existing(secret) => {
            spec["tls"] = json!([{ "hosts": request.domains, "secretName": secret }]);
        }
        Certificate::Managed(name) => {
            annotations.insert(MANAGED_CERTIFICATES.to_owned(), name.as_str().into());
        }
    }
    match &request.class {
        class @ (Class::Gce | Class::Internal) => {
            let class = class.name();
            annotations.insert(INGRESS_CLASS.to_owned(), class.into());
            notes.push(format!(
                "annotation {INGRESS_CLASS}: {class}: GKE goes by it alone; ingressClassName is ignored"
            ));
        }
        Class::Other(class) => spec["ingressClassName"] = class.as_str().into(),
    }
    if let (Some(address), Some(key)) = (&request.static_ip, static_ip_key(&request.class)) {
        annotations.insert(key.to_owned(), address.as_str().into());
    }
    (spec, annotations, notes)
}

/// The annotation that names a reserved address, where there is one.
const fn static_ip_key(class: &Class) -> Option<&'static str> {
    match class {
        Class::Gce => Some(STATIC_IP),
        Class::Internal => Some(REGIONAL_STATIC_IP),
        Class::Other(_) => None,
    }
}

/// Why a load balancer that has its address is not given another one: DNS leads there. With a name the
/// controller deletes the rule of port 443 and makes it anew on the other address (seen with ingress-gce
/// of 2026-08).
pub(super) fn moves_address(request: &BootstrapRequest, facts: &IngressFacts) -> Option<Advice> {
    let (wanted, key) = request.static_ip.as_ref().zip(static_ip_key(&request.class))?;
    let address = facts.frontend.addresses.first()?;
    let before = facts.annotations.get(key).map(String::as_str).unwrap_or_default();
    if before == wanted {
        return None;
    }
    let now = if before.is_empty() { "none".to_owned() } else { before.to_owned() };
    let flags = if request.class == Class::Gce { "--global" } else { "--region REGION" };
    let remedy = remedy::set_annotation(&facts.frontend.object, key, wanted).note(format!(
        "first see which address that is (gcloud compute addresses describe {wanted} {flags}); unless it is {address}, DNS has to be changed with it"
    ));
    Some(Advice::new(
        format!(
            "its load balancer has the address {address}, by the static IP address {now}: with {wanted} it would leave it, and the DNS records of its hosts would point nowhere"
        ),
        remedy,
    ))
}

/// Why an Ingress of that name cannot be taken over: another controller serves it, or it holds
/// what stops GKE's.
pub(super) fn ingress_overrules(request: &BootstrapRequest, facts: &ObjectFacts) -> Option<Advice> {
    let wanted = request.class.name();
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
    let broken = entries.iter().find(without_secret).filter(|_| request.class.is_gke())?;
    let hosts = broken.get("hosts").and_then(Value::as_array).into_iter().flatten();
    let hosts: Vec<String> = hosts.filter_map(Value::as_str).map(str::to_owned).collect();
    let hosts = if hosts.is_empty() { "every host".to_owned() } else { names(&hosts) };
    Some(Advice::new(
        format!(
            "its spec.tls has an entry for {hosts} without a secretName, which stops GKE's load balancer"
        ),
        "name a Secret in that entry, or remove the entry",
    ))
}

/// Why our Secret cannot be put beside what `spec.tls` says: it gives another one for a requested
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
        served_hosts(&request.covers, facts).into_iter().find(|(_, secret)| *secret != ours)?;
    let or_remove = if request.add { "" } else { ", or remove the entry" };
    Some(Advice::new(
        format!("its spec.tls gives secret/{other} for {host}: expected secret/{ours}"),
        format!("keep that one with --tls-secret {other}{or_remove}"),
    ))
}

/// What people should know when a ManagedCertificate comes beside a Secret: that is how one moves
/// from the one to the other without an outage.
pub(super) fn also_serves(request: &BootstrapRequest, facts: &ObjectFacts) -> Option<String> {
    let Certificate::Managed(_) = &request.certificate else { return None };
    let (host, secret) = served_hosts(&request.domains, facts).into_iter().next()?;
    Some(format!(
        "secret/{secret} still serves {host} by spec.tls; remove it when the ManagedCertificate is Active"
    ))
}

/// Wished hosts that entries of `spec.tls` list, with the Secret of each.
fn served_hosts<'f>(wished: &[String], facts: &'f ObjectFacts) -> Vec<(&'f str, &'f str)> {
    let entries = facts.spec.get("tls").and_then(Value::as_array).into_iter().flatten();
    let hosts = entries.flat_map(|entry| {
        let secret = entry.get("secretName").and_then(Value::as_str).unwrap_or_default();
        let hosts = entry.get("hosts").and_then(Value::as_array).into_iter().flatten();
        hosts.filter_map(Value::as_str).map(move |host| (host, secret))
    });
    let wished = |host: &str| wished.iter().any(|domain| domain.eq_ignore_ascii_case(host));
    hosts.filter(|(host, secret)| wished(host) && !secret.is_empty()).collect()
}

/// The first few names, and how many more there are.
pub(super) fn names(all: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = all.len().saturating_sub(SHOWN);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Why an Ingress with other rules is not taken over, in words.
pub(super) fn other_rules(request: &BootstrapRequest, there: &Value, port: &Port) -> Advice {
    let rules = there.get("rules").and_then(Value::as_array).into_iter().flatten();
    let rules: Vec<&Value> = rules.collect();
    let is_wished = |rule: &Value| {
        let host = rule.get("host").and_then(Value::as_str).unwrap_or_default();
        request.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host))
    };
    let elsewhere: Vec<String> = rules
        .iter()
        .filter(|rule| is_wished(rule) && !sends_to(rule, &request.service, port))
        .map(|rule| routed(rule))
        .collect();
    if !elsewhere.is_empty() {
        let expected = format!("service/{}:{}", request.service, port.number);
        return Advice::new(
            format!("it already routes {}, expected {expected}", names(&elsewhere)),
            "choose another name with --name, or change that rule by hand",
        );
    }
    let routed: Vec<String> = rules.into_iter().map(routed).collect();
    let routed = if routed.is_empty() { "no host".to_owned() } else { names(&routed) };
    Advice::new(
        format!("it already routes {routed}"),
        "add the domain with --add, or choose another name with --name",
    )
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
            changes.push(FieldChange::annotation(key, before.as_str(), FieldChange::REMOVED));
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
