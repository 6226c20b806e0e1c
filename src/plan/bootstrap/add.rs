//! `--add`: a further domain on an Ingress that is there.
//!
//! Decides what of the request the Ingress has already and what is put behind it. What stands in its rules
//! and `tls` stays as it is, in its order. Refuses what routes a domain of the request elsewhere.

use super::ingress::{also_serves, ingress_overrules, names, serves_another_secret};
use super::service::Port;
use super::{BootstrapRequest, Certificate, Planner};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Applier, Inventory, ObjectFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{FieldChange, Reason};
use crate::remedy::{Advice, Remedy};
use crate::x509::digest::{hex, sha256};
use crate::x509::name::covers;
use crate::x509::profile::Profile;
use crate::x509::san::San;
use serde_json::{Map, Value, json};

/// The request with a certificate for those domains alone that the Ingress has none for yet.
pub(super) fn as_added(inventory: &Inventory, request: &BootstrapRequest) -> BootstrapRequest {
    let Some(ingress) = inventory.ingress(&request.namespace, &request.name) else {
        return request.clone();
    };
    let known: Vec<Option<String>> = match &request.certificate {
        Certificate::Managed(_) => {
            request.domains.iter().map(|it| managed(inventory, ingress, it)).collect()
        }
        Certificate::Make { .. } => request.domains.iter().map(|it| secret(ingress, it)).collect(),
        Certificate::Existing(_) => return request.clone(),
    };
    let missing: Vec<String> = request
        .domains
        .iter()
        .zip(&known)
        .filter(|(_, known)| known.is_none())
        .map(|(domain, _)| domain.clone())
        .collect();
    let certificate = match (&request.certificate, missing.first()) {
        (Certificate::Make { profile, .. }, Some(first)) => Certificate::Make {
            secret: name_for(first),
            profile: Profile {
                names: missing.iter().cloned().map(San::Dns).collect(),
                ..profile.clone()
            },
        },
        (Certificate::Managed(_), Some(first)) => Certificate::Managed(name_for(first)),
        (Certificate::Make { .. }, None) => {
            Certificate::Existing(known.into_iter().flatten().next().unwrap_or_default())
        }
        (Certificate::Managed(_), None) => {
            Certificate::Managed(known.into_iter().flatten().next().unwrap_or_default())
        }
        (Certificate::Existing(name), _) => Certificate::Existing(name.clone()),
    };
    BootstrapRequest { certificate, covers: missing, ..request.clone() }
}

/// The Secret that `spec.tls` gives for the domain.
fn secret(ingress: &IngressFacts, domain: &str) -> Option<String> {
    let lists = |hosts: &[String]| hosts.iter().any(|host| host.eq_ignore_ascii_case(domain));
    let mut entries = ingress.tls.iter().filter(|entry| lists(&entry.hosts));
    entries.find_map(|entry| entry.secret_name.clone())
}

/// The ManagedCertificate that the Ingress names and that lists the domain.
fn managed(inventory: &Inventory, ingress: &IngressFacts, domain: &str) -> Option<String> {
    let namespace = ingress.frontend.object.namespace();
    let lists = |name: &&String| {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, name.as_str());
        let facts = inventory.object(&object);
        facts.is_some_and(|facts| facts.managed().lists(std::slice::from_ref(&domain.to_owned())))
    };
    ingress.frontend.managed_names.iter().find(lists).cloned()
}

/// The longest name of what is made: some kinds take a DNS label's 63 characters at most, and so does a
/// label that repeats it.
const MAX_NAME: usize = 63;

/// The name of what is made for the domain: `shop-example-tls`. One that is too long for a
/// ManagedCertificate keeps its begin, and tells itself from others by its digest.
fn name_for(domain: &str) -> String {
    let dashed = domain.replacen("*.", "wildcard-", 1).replace('.', "-");
    let name = format!("{dashed}-tls");
    if name.len() <= MAX_NAME {
        return name;
    }
    let digest = hex(&sha256(domain.as_bytes()));
    let digest = digest.get(..8).unwrap_or_default();
    let room = MAX_NAME.saturating_sub(digest.len() + "--tls".len());
    let begin: String = dashed.chars().take(room).collect();
    format!("{}-{digest}-tls", begin.trim_end_matches('-'))
}

impl Planner<'_> {
    /// Puts what is missing of the domains behind what the Ingress has. Who applies a manifest of it would
    /// take them out again, and has to add them there.
    pub(super) fn add_to_ingress(&mut self, object: ObjectRef, port: &Port, wanted: &Value) {
        let Some(facts) = self.inventory.object(&object) else {
            let remedy = "leave --add out to make it, or name the one that is there with --name";
            let message = "it does not exist, so that nothing can be added to it".to_owned();
            return self.refuse(object, Reason::NotFound, message, remedy.to_owned());
        };
        if let Some(Advice { message, remedy }) = ingress_overrules(self.request, facts) {
            return self.refuse(object, Reason::Mismatch, message, remedy);
        }
        let additions = match additions(self.request, facts, port, wanted) {
            Ok(Some(additions)) => additions,
            Ok(None) => return,
            Err(Advice { message, remedy }) => {
                return self.refuse(object, Reason::Mismatch, message, remedy);
            }
        };
        if let Some((message, remedy)) = owned(facts) {
            return self.refuse(object, Reason::Owned, message, remedy);
        }
        let mut notes: Vec<String> = also_serves(self.request, facts).into_iter().collect();
        notes.extend(applied(facts));
        self.patch(facts, additions.patch, additions.changes, notes);
    }
}

/// Why rules and `tls` of the Ingress are not ours to change, and what to do: somebody applies them.
fn owned(facts: &ObjectFacts) -> Option<(String, Remedy)> {
    if let Some(owner) = &facts.owner {
        let again = format!("{}, and takes out again what is added here", owner.told());
        return Some((again, owner.remedy.clone()));
    }
    match &facts.applied_by {
        Some(Applier::Server(manager)) => Some((
            format!(
                "field manager {manager:?} applies it from a manifest, and takes out again what is added here"
            ),
            "add the domain to that manifest, and apply it".into(),
        )),
        Some(Applier::Kubectl) | None => None,
    }
}

/// What people should know of an Ingress that client-side `kubectl apply` made.
fn applied(facts: &ObjectFacts) -> Option<String> {
    (facts.applied_by == Some(Applier::Kubectl)).then(|| {
        "it was made by kubectl apply: add the domain to its manifest too, or the next apply takes it out again"
            .to_owned()
    })
}

/// What the Ingress lacks of the request, as a merge patch and for people.
struct Additions {
    patch: Value,
    changes: Vec<FieldChange>,
}

/// What is put behind the rules and `tls` entries that are there; nothing where all is there.
///
/// # Errors
/// An advice, where a domain of the request is routed elsewhere or has another certificate.
fn additions(
    request: &BootstrapRequest,
    facts: &ObjectFacts,
    port: &Port,
    wanted: &Value,
) -> Result<Option<Additions>, Advice> {
    if let Some(advice) =
        serves_another_secret(request, facts).or_else(|| under_a_wildcard(request, facts))
    {
        return Err(advice);
    }
    let mut changes = Vec::new();
    let mut spec = Map::new();
    if let Some(rules) = rules(request, facts, port, wanted, &mut changes)? {
        spec.insert("rules".to_owned(), rules.into());
    }
    if let Some(entries) = tls(request, facts, &mut changes) {
        spec.insert("tls".to_owned(), entries.into());
    }
    let mut patch = json!({});
    if !spec.is_empty() {
        patch["spec"] = Value::Object(spec);
    }
    if let Certificate::Managed(name) = &request.certificate {
        let before = facts.annotations.get(MANAGED_CERTIFICATES).cloned().unwrap_or_default();
        let after = super::with_name(&before, name);
        if after != before {
            patch["metadata"] = json!({ "annotations": { MANAGED_CERTIFICATES: after } });
            changes.push(FieldChange::annotation(MANAGED_CERTIFICATES, before, after));
        }
    }
    Ok((!changes.is_empty()).then_some(Additions { patch, changes }))
}

/// Why a domain gets no certificate of its own: an entry for a wildcard over it has one, which clients
/// may trust where they do not trust a new one.
fn under_a_wildcard(request: &BootstrapRequest, facts: &ObjectFacts) -> Option<Advice> {
    let Certificate::Make { .. } = &request.certificate else { return None };
    let entries = list(&facts.spec, "tls");
    let over = |domain: &String| {
        entries.iter().find_map(|entry| {
            let secret = entry["secretName"].as_str().filter(|name| !name.is_empty())?;
            let hosts = list(entry, "hosts");
            let mut hosts = hosts.iter().filter_map(Value::as_str);
            let wildcard = hosts.find(|host| host.starts_with("*.") && covers(host, domain))?;
            Some((domain.clone(), wildcard.to_owned(), secret.to_owned()))
        })
    };
    let (domain, wildcard, secret) = request.covers.iter().find_map(over)?;
    Some(Advice::new(
        format!("its spec.tls lists {wildcard} with secret/{secret}, which is for {domain} too"),
        format!("use that one with --tls-secret {secret}"),
    ))
}

/// The rules with those that are missing; none where none is.
fn rules(
    request: &BootstrapRequest,
    facts: &ObjectFacts,
    port: &Port,
    wanted: &Value,
    changes: &mut Vec<FieldChange>,
) -> Result<Option<Vec<Value>>, Advice> {
    let mut rules = list(&facts.spec, "rules");
    let before = rules.len();
    for rule in list(wanted, "rules") {
        let host = rule["host"].as_str().unwrap_or_default();
        let is_its = |there: &&Value| {
            there["host"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(host))
        };
        let own: Vec<&Value> = rules.iter().filter(is_its).collect();
        if own.iter().any(|rule| sends_to(rule, &request.service, port)) {
            continue;
        }
        let expected = format!("service/{}:{}", request.service, port.number);
        if !own.is_empty() {
            let routed: Vec<String> = own.into_iter().map(routed).collect();
            return Err(Advice::new(
                format!("it already routes {}, expected {expected}", routed.join("; ")),
                "change that rule by hand, or give the domain an Ingress of its own with --name",
            ));
        }
        let told = format!("{expected} (path /)");
        changes.push(FieldChange::new(format!("spec.rules {host}"), "", told));
        rules.push(rule.clone());
    }
    Ok((rules.len() > before).then_some(rules))
}

/// The `tls` entries with the hosts that are missing; none where none is.
fn tls(
    request: &BootstrapRequest,
    facts: &ObjectFacts,
    changes: &mut Vec<FieldChange>,
) -> Option<Vec<Value>> {
    let (Certificate::Make { secret, .. } | Certificate::Existing(secret)) = &request.certificate
    else {
        return None;
    };
    let mut entries = list(&facts.spec, "tls");
    let has = |host: &&String| {
        let listed = |entry: &Value| {
            list(entry, "hosts")
                .iter()
                .filter_map(Value::as_str)
                .any(|known| known.eq_ignore_ascii_case(host))
        };
        entries.iter().any(listed)
    };
    let missing: Vec<String> = request.covers.iter().filter(|host| !has(host)).cloned().collect();
    if missing.is_empty() {
        return None;
    }
    let ours = |entry: &&mut Value| entry["secretName"].as_str() == Some(secret);
    match entries.iter_mut().find(ours) {
        // One without hosts is for all of them.
        Some(entry) if list(entry, "hosts").is_empty() => return None,
        Some(entry) => {
            let hosts = list(entry, "hosts").into_iter();
            entry["hosts"] = hosts.chain(missing.iter().map(|it| json!(it))).collect();
        }
        None => entries.push(json!({ "hosts": missing, "secretName": secret })),
    }
    let told = missing.iter();
    changes.extend(
        told.map(|host| {
            FieldChange::new(format!("spec.tls {host}"), "", format!("secret/{secret}"))
        }),
    );
    Some(entries)
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Whether a path of the rule leads to the Service's port, named either way.
pub(super) fn sends_to(rule: &Value, service: &str, port: &Port) -> bool {
    paths(rule).any(|path| {
        let Some(backend) = path.pointer("/backend/service") else { return false };
        let by_number = backend["port"]["number"] == port.number;
        let name = backend["port"]["name"].as_str();
        backend["name"] == service && (by_number || name.is_some() && name == port.name.as_deref())
    })
}

fn paths(rule: &Value) -> impl Iterator<Item = &Value> {
    rule.pointer("/http/paths").and_then(Value::as_array).into_iter().flatten()
}

/// `shop.example to service/web:80 (path /)`.
pub(super) fn routed(rule: &Value) -> String {
    let host = rule["host"].as_str().filter(|host| !host.is_empty()).unwrap_or("every host");
    let to = |path: &Value| {
        let place = path["path"].as_str().unwrap_or("/");
        let Some(backend) = path.pointer("/backend/service") else {
            return format!("a resource (path {place})");
        };
        let port = &backend["port"];
        let port = port["name"].as_str().map_or_else(|| port["number"].to_string(), str::to_owned);
        let service = backend["name"].as_str().unwrap_or_default();
        format!("service/{service}:{port} (path {place})")
    };
    let to: Vec<String> = paths(rule).map(to).collect();
    let to = if to.is_empty() { "nothing".to_owned() } else { names(&to) };
    format!("{host} to {to}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_for_a_domain_has_its_name_as_far_as_that_fits() {
        let long = format!("{}.example.org", "a".repeat(60));
        let other = format!("{}.example.net", "a".repeat(60));
        for (domain, name) in [
            ("shop.example", "shop-example-tls"),
            ("*.shop.example", "wildcard-shop-example-tls"),
            ("1und1.example", "1und1-example-tls"),
        ] {
            assert_eq!(name_for(domain), name);
        }
        for domain in [&long, &other] {
            let name = name_for(domain);
            assert!(name.len() <= MAX_NAME && name.ends_with("-tls"), "{name}");
        }
        assert_ne!(name_for(&long), name_for(&other));
    }

    #[test]
    fn a_rule_is_told_in_words() {
        let port = |port: Value| json!({ "service": { "name": "web", "port": port } });
        for (rule, told) in [
            (json!({ "host": "a.example" }), "a.example to nothing"),
            (
                json!({ "http": { "paths": [{ "path": "/", "backend": port(json!({ "number": 80 })) }] } }),
                "every host to service/web:80 (path /)",
            ),
            (
                json!({ "host": "a.example", "http": { "paths": [
                    { "path": "/x", "backend": port(json!({ "name": "http" })) },
                    { "backend": { "resource": { "kind": "Bucket", "name": "b" } } },
                ] } }),
                "a.example to service/web:http (path /x), a resource (path /)",
            ),
        ] {
            assert_eq!(routed(&rule), told);
        }
    }
}
