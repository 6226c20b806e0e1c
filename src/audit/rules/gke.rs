//! What the rules about GKE share: its Ingresses, the Services behind them, the ManagedCertificates
//! they name, and whether an object that is named is there.
//!
//! Knows how ingress-gce and gke-managed-certs read these objects. Judges nothing by itself.

use crate::audit::finding::{Finding, Severity};
use crate::audit::remedy;
use crate::audit::{Context, Rule, Source};
use crate::gke::annotations::{
    self, APP_PROTOCOLS, INGRESS_CLASS, MANAGED_CERTIFICATES, OLDER_APP_PROTOCOLS,
};
use crate::gke::backend_config::{self, BackendConfigs, strings};
use crate::gke::managed::Managed;
use crate::gke::meant;
use crate::gke::schema::{self, Misfit};
use crate::inventory::demand::IngressFacts;
use crate::inventory::frontend::Frontend;
use crate::inventory::service::ServicePort;
use crate::inventory::{Inventory, ObjectFacts, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::ingress::BackendPort;
use crate::remedy::Remedy;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Ingresses that GKE's load balancer serves and the report is about.
pub(super) fn ingresses<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
) -> impl Iterator<Item = &'i IngressFacts> {
    inventory.ingresses().filter(move |ingress| is_judged(inventory, context, ingress))
}

/// Whether GKE's load balancer serves the Ingress, and the report is about it. One that gets its name
/// as it is created cannot be named in a command.
pub(super) fn is_judged(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
) -> bool {
    let is_named = !ingress.frontend.object.name.is_empty();
    is_named
        && context.is_gke(inventory, ingress)
        && inventory.is_reported(&ingress.frontend.object)
}

/// Whether it may have ManagedCertificates: Google's controller passes the internal ones over.
pub(super) fn is_external(ingress: &IngressFacts) -> bool {
    matches!(class(ingress), None | Some("" | "gce"))
}

/// What an API server, or kubectl for it, refuses of one of Google's own kinds in a file. What a
/// server shows it has taken.
pub(super) fn misfits(object: &ObjectFacts) -> Vec<Misfit> {
    let (kind, name) = (object.object.kind, object.object.name.as_str());
    if object.object.place.is_none() {
        return Vec::new();
    }
    let named = schema::name_problem(name).map(|problem| Misfit {
        path: "metadata.name".to_owned(),
        what: problem.to_owned(),
        unknown: false,
        meant: None,
    });
    let mut found: Vec<Misfit> = named.into_iter().collect();
    found.extend(schema::misfits_of_head(kind, &object.head));
    found.extend(schema::misfits(kind, &object.spec));
    found
}

/// A finding for something that does not fit.
pub(super) fn misfit(rule: &Rule, object: &ObjectRef, misfit: &Misfit) -> Finding {
    let who = if misfit.unknown { "kubectl refuses it" } else { "the API server refuses it" };
    let remedy = match misfit.meant {
        Some(meant) => format!("write {meant} in its place"),
        None if misfit.unknown && !misfit.path.contains('.') => {
            format!("write {} below spec, if it is a field of that", misfit.path)
        }
        None if misfit.unknown => format!("remove {}", misfit.path),
        None => format!("write what is expected as {}", misfit.path),
    };
    rule.on(object, format!("{} {}; {who}", misfit.path, misfit.what))
        .evidence("field", &misfit.path)
        .remedy(remedy)
}

/// Has the controllers of an Ingress look at it at once.
pub(super) fn wake(ingress: &ObjectRef) -> Remedy {
    match ingress.place {
        Some(_) => "change any annotation of the Ingress: its controller looks at once".into(),
        None => remedy::touch(ingress).into(),
    }
}

/// The class that the annotation names.
pub(super) fn class(ingress: &IngressFacts) -> Option<&str> {
    ingress.annotations.get(INGRESS_CLASS).map(String::as_str)
}

/// Why Google serves no ManagedCertificate by this Ingress; none when it does.
pub(super) fn managed_are_ignored(ingress: &IngressFacts) -> Option<String> {
    annotations::managed_are_ignored(class(ingress), ingress.class_name.as_deref())
}

/// The ManagedCertificates that an Ingress means by a name that none has: those of nearly that
/// name; else the one that no Ingress names and that lists every host the others do not.
pub(super) fn meant<'i>(
    inventory: &'i Inventory,
    ingress: &IngressFacts,
    missing: &str,
) -> Vec<&'i str> {
    let own = ingress.items(MANAGED_CERTIFICATES);
    let there: Vec<&ObjectFacts> = inventory
        .objects_of(Kind::ManagedCertificate)
        .filter(|facts| facts.object.namespace == ingress.frontend.object.namespace)
        .collect();
    let names: Vec<&str> = there.iter().map(|facts| facts.object.name.as_str()).collect();
    let near = meant::meant(missing, &names);
    if !near.is_empty() {
        return near;
    }
    let (named, others): (Vec<&ObjectFacts>, Vec<&ObjectFacts>) =
        there.iter().partition(|facts| own.contains(&facts.object.name.as_str()));
    let listed: Vec<String> =
        named.iter().flat_map(|facts| &facts.managed().domains).cloned().collect();
    let is_in = |domains: &[String], host: &str| {
        domains.iter().any(|domain| domain.eq_ignore_ascii_case(host))
    };
    let hosts = ingress.rule_hosts();
    let unlisted: Vec<&str> = hosts.into_iter().filter(|host| !is_in(&listed, host)).collect();
    let fits = |facts: &&ObjectFacts| {
        let domains = &facts.managed().domains;
        unlisted.iter().all(|host| is_in(domains, host)) && namers(inventory, facts).is_empty()
    };
    match others.into_iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [one] if !unlisted.is_empty() => vec![one.object.name.as_str()],
        _ => Vec::new(),
    }
}

/// Secrets that `spec.tls` names, each once.
pub(super) fn secret_names(ingress: &IngressFacts) -> Vec<&str> {
    let mut known = BTreeSet::new();
    let names = ingress.tls.iter().filter_map(|entry| entry.secret_name.as_deref());
    names.filter(|name| known.insert(*name)).collect()
}

/// A Secret and the Ingresses that serve it.
pub(super) type ServedSecret<'i> = (&'i SecretFacts, Vec<&'i Frontend>);

/// Secrets that these Ingresses serve, each once, with the Ingresses; in the Ingresses' order.
pub(super) fn served_secrets<'i>(
    inventory: &'i Inventory,
    ingresses: &[&'i IngressFacts],
) -> Vec<ServedSecret<'i>> {
    let mut served: Vec<ServedSecret<'i>> = Vec::new();
    let mut places = BTreeMap::new();
    for ingress in ingresses {
        for name in secret_names(ingress) {
            let Some(secret) = inventory.secret(ingress.frontend.object.namespace(), name) else {
                continue;
            };
            let place = *places.entry(std::ptr::from_ref(secret)).or_insert(served.len());
            match served.get_mut(place) {
                Some((_, users)) => users.push(&ingress.frontend),
                None => served.push((secret, vec![&ingress.frontend])),
            }
        }
    }
    served
}

/// Whether an object that is named is there.
pub(super) enum Presence<'i> {
    /// It was seen.
    Seen(&'i ObjectFacts),
    /// It is not, which is this bad and is said in these words.
    Missing(Severity, String),
    /// It may be: it could not be read, or its kind is kept elsewhere than in the files.
    Unknown,
}

pub(super) fn presence<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
    object: &ObjectRef,
) -> Presence<'i> {
    if let Some(facts) = inventory.object(object) {
        return Presence::Seen(facts);
    }
    let namespace = object.namespace();
    match context.source {
        _ if is_unseen(inventory, object) => Presence::Unknown,
        Source::Cluster => {
            Presence::Missing(Severity::Error, format!("does not exist in namespace {namespace}"))
        }
        Source::Files if kind_is_among_files(inventory, object.kind) => {
            Presence::Missing(Severity::Info, "is not among the files read".to_owned())
        }
        Source::Files => Presence::Unknown,
    }
}

/// Whether the object, or the list it would be in, could not be read.
fn is_unseen(inventory: &Inventory, object: &ObjectRef) -> bool {
    inventory.is_unseen(object) || inventory.is_list_unseen(object.kind, object.namespace())
}

fn kind_is_among_files(inventory: &Inventory, kind: Kind) -> bool {
    inventory.objects_of(kind).next().is_some()
        || (kind == Kind::Service && inventory.has_gke_objects())
}

pub(in crate::audit) fn find_port<'i>(
    service: &'i ObjectFacts,
    wanted: BackendPort<'_>,
) -> Option<&'i ServicePort> {
    service.service().ports.iter().find(|port| match wanted {
        BackendPort::Number(number) => port.number == number,
        BackendPort::Name(name) => port.name.as_deref() == Some(name),
    })
}

/// The reference that an object makes to another one of its own namespace.
pub(in crate::audit) fn beside(object: &ObjectRef, kind: Kind, name: &str) -> ObjectRef {
    ObjectRef::namespaced(kind, object.namespace(), name)
}

/// A Service that GKE's load balancer sends to.
pub(super) struct BackendService<'i> {
    pub service: &'i ObjectFacts,
    pub ingresses: Vec<&'i Frontend>,
    /// Those of its ports that are sent to, as far as it has them.
    pub ports: Vec<&'i ServicePort>,
}

pub(super) fn backed_services<'i>(
    inventory: &'i Inventory,
    ingresses: &[&'i IngressFacts],
) -> Vec<BackendService<'i>> {
    let mut services: BTreeMap<&ObjectRef, BackendService<'i>> = BTreeMap::new();
    for ingress in ingresses {
        for (name, port) in ingress.backends() {
            let Some(service) =
                inventory.object(&beside(&ingress.frontend.object, Kind::Service, name))
            else {
                continue;
            };
            let backed = services.entry(&service.object).or_insert_with(|| BackendService {
                service,
                ingresses: Vec::new(),
                ports: Vec::new(),
            });
            let user = &ingress.frontend;
            if !backed.ingresses.last().is_some_and(|last| std::ptr::eq(*last, user)) {
                backed.ingresses.push(user);
            }
            let known = |port: &&ServicePort| backed.ports.iter().any(|p| p.number == port.number);
            if let Some(port) = find_port(service, port).filter(|port| !known(port)) {
                backed.ports.push(port);
            }
        }
    }
    services.into_values().collect()
}

/// An annotation that is JSON: its key, its value, and what that reads as.
pub(in crate::audit) struct Json<'i, T> {
    pub key: &'static str,
    pub value: &'i str,
    pub read: Result<T, String>,
}

fn json<'i, T>(
    service: &'i ObjectFacts,
    keys: [&'static str; 2],
    read: impl Fn(&Map<String, Value>) -> Result<T, String>,
) -> Option<Json<'i, T>> {
    let key = keys.into_iter().find(|key| service.annotations.contains_key(*key))?;
    let value = service.annotations.get(key)?;
    let read = match serde_json::from_str(value) {
        Ok(Value::Object(map)) => read(&map),
        Ok(_) => Err("it is not a JSON object".to_owned()),
        Err(error) => Err(format!("it is not JSON: {error}")),
    };
    Some(Json { key, value, read })
}

/// How the load balancer is told to speak, by port name. Of the two keys the older wins.
pub(in crate::audit) fn app_protocols(
    service: &ObjectFacts,
) -> Option<Json<'_, BTreeMap<String, String>>> {
    json(service, [OLDER_APP_PROTOCOLS, APP_PROTOCOLS], strings)
}

/// The BackendConfigs that a Service names.
pub(super) fn backend_configs(service: &ObjectFacts) -> Option<Json<'_, BackendConfigs>> {
    json(service, backend_config::KEYS, BackendConfigs::read)
}

/// A ManagedCertificate and the Ingresses that name it.
pub(super) struct Named<'i> {
    pub facts: &'i ObjectFacts,
    pub managed: &'i Managed,
    pub ingresses: Vec<&'i Frontend>,
}

/// Every ManagedCertificate the report is about: all, or those that a chosen Ingress names.
pub(super) fn managed(inventory: &Inventory) -> Vec<Named<'_>> {
    let all = inventory.objects_of(Kind::ManagedCertificate).map(|facts| Named {
        facts,
        managed: facts.managed(),
        ingresses: namers(inventory, facts),
    });
    all.filter(|named| {
        let mut ingresses = named.ingresses.iter();
        inventory.selection().is_everything()
            || ingresses.any(|ingress| inventory.is_reported(&ingress.object))
    })
    .collect()
}

fn namers<'i>(inventory: &'i Inventory, managed: &'i ObjectFacts) -> Vec<&'i Frontend> {
    inventory.namers(managed).collect()
}

/// `kubectl annotate …`, or what to write into the file. No value takes the annotation away.
pub(super) fn annotate(object: &ObjectRef, key: &str, value: Option<&str>) -> Remedy {
    remedy::set_annotation(object, key, value.unwrap_or_default())
}

/// `kubectl patch …`, or for a file the change in `words`.
pub(super) fn patch(object: &ObjectRef, kind: &str, patch: &Value, words: &str) -> Remedy {
    match &object.place {
        Some(place) => format!("{words} in {}", place.path).into(),
        None => remedy::kubectl_patch(object, kind, patch, words).into(),
    }
}

/// Words of a shell, joined.
pub(super) fn words(words: &[&str]) -> String {
    words.iter().map(|word| remedy::word(word)).collect::<Vec<_>>().join(" ")
}
