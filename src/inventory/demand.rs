//! Ingresses: which of their hosts want a certificate, and where it is to come from.
//!
//! Knows how controllers read `spec.rules` and `spec.tls`, each as [`crate::controllers`] has it and
//! GKE's included. Refuses to know whether a certificate covers a host.

mod reading;

pub use super::frontend::{Demand, Frontend, Mentioned};
use super::owner::{Owner, owner_of_object};
use crate::controllers::{self, Controller, Mention};
use crate::gke::annotations::{INGRESS_CLASS, MANAGED_CERTIFICATES, is_gke_class, items};
use crate::object_ref::ObjectRef;
use crate::observation::MetaSeen;
use crate::observation::ingress::{Backend, BackendPort, IngressSeen, Rule, TlsEntry};
use reading::Reader;
use std::borrow::Cow;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Facts of one Ingress.
#[derive(Debug)]
pub struct IngressFacts {
    /// What it serves, and how: what any rule about hosts goes by.
    pub frontend: Frontend,
    /// Its resourceVersion when it was seen; none in a file.
    pub resource_version: Option<String>,
    /// Since when it is being deleted: what is written to it goes with it.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Who deploys it, and puts back what is changed on the cluster.
    pub owner: Option<Box<Owner>>,
    /// `spec.ingressClassName`, as written; none when absent or empty.
    pub class_name: Option<String>,
    /// `spec.defaultBackend`.
    pub default_backend: Option<Backend>,
    /// `spec.rules`.
    pub rules: Vec<Rule>,
    /// Hosts that only `tls` names and that are served to nobody, by this controller.
    pub orphans: Vec<String>,
    /// `spec.tls`, as written.
    pub tls: Vec<TlsEntry>,
    /// What its `tls` names and cannot be the name of a Secret, once, in order.
    pub no_names: Vec<String>,
    /// The namespace of the Secrets of `tls`, where it is not its own.
    secret_namespace: Option<String>,
    /// Annotations that should name a Secret to verify with and name none, as its controller reads
    /// them; each with its value.
    pub no_references: Vec<(String, String)>,
    /// Its uid; none in a file that somebody wrote.
    pub uid: Option<String>,
    /// When anybody wrote it last, but for its status, as far as its managedFields tell.
    pub written: Option<OffsetDateTime>,
    /// `metadata.finalizers`: by them GKE's controller tells how it names what it makes.
    pub finalizers: Vec<String>,
    /// Codes of rules whose findings on it are waived.
    pub ignore: Vec<String>,
    /// Whether it is one by which cert-manager answers a challenge.
    is_solver: bool,
    /// Whether the IngressClass that it names was not seen.
    is_undeclared: bool,
}

/// What of an Ingress does not hang on who serves it.
struct Told {
    is_solver: bool,
    owner: Option<Box<Owner>>,
    ignore: Vec<String>,
    chosen: bool,
}

impl IngressFacts {
    /// The facts of an Ingress as seen. `declares` is `spec.controller` of the IngressClass it names,
    /// if that was seen.
    #[must_use]
    pub fn of(
        seen: &IngressSeen,
        declares: Option<&str>,
        ignore: Vec<String>,
        chosen: bool,
    ) -> Self {
        let told = Told {
            is_solver: controllers::is_solver(&seen.object.name, &seen.meta.labels),
            owner: owner_of_object(&seen.object, &seen.meta).map(Box::new),
            ignore,
            chosen,
        };
        Self::read(seen, declares, told)
    }

    fn read(seen: &IngressSeen, declares: Option<&str>, told: Told) -> Self {
        let controller = controller(seen, declares);
        let annotations = &seen.meta.annotations;
        let secret_namespace = controllers::secret_namespace(controller, annotations);
        let read = as_read(seen, controller);
        let reader = Reader::of(&read, controller, secret_namespace);
        let (demands, orphans) = reader.demands();
        let (secrets, no_names) = reader.secrets();
        let borrows = borrows(seen, told.is_solver, controller);
        let managed = annotations.get(MANAGED_CERTIFICATES).map(String::as_str);
        let class = class(seen);
        let is_undeclared = class.is_some() && declares.is_none();
        let frontend = Frontend {
            object: seen.object.clone(),
            class,
            controller,
            created: seen.meta.created,
            addresses: addresses(seen),
            demands,
            secrets,
            mentions: mentions(seen, controller),
            managed_names: items(managed.unwrap_or_default()).map(str::to_owned).collect(),
            has_tls: !seen.tls.is_empty(),
            borrows,
            unread: borrows.map(str::to_owned).or_else(|| reader.instead()),
            http2: http2(annotations),
            chosen: told.chosen,
        };
        Self {
            frontend,
            resource_version: seen.meta.resource_version.clone(),
            deletion_timestamp: seen.meta.deletion_timestamp,
            annotations: annotations.clone(),
            owner: told.owner,
            class_name: seen.class_name.clone(),
            default_backend: seen.default_backend.clone(),
            rules: seen.rules.clone(),
            orphans,
            tls: seen.tls.clone(),
            no_names,
            secret_namespace: secret_namespace.map(str::to_owned),
            no_references: controllers::no_references(controller, annotations),
            uid: seen.meta.uid.clone(),
            written: seen.meta.written,
            finalizers: seen.meta.finalizers.clone(),
            ignore: told.ignore,
            is_solver: told.is_solver,
            is_undeclared,
        }
    }

    /// Whether it is a manifest without a class. Only as it is created does an Ingress get the default
    /// class: one in a cluster that has none stays without
    /// (kubernetes plugin/pkg/admission/network/defaultingressclass).
    pub(super) fn is_classless(&self) -> bool {
        self.frontend.object.place.is_some()
            && self.class_name.is_none()
            && !self.annotations.contains_key(INGRESS_CLASS)
    }

    /// The same, now that another default class is seen, or none.
    pub(super) fn defaulted(&self, default: Option<(&str, Option<&str>)>) -> Self {
        let mut seen = self.as_seen();
        match default {
            Some((class, declares)) => {
                seen.class_name = Some(class.to_owned());
                // That it names none itself is what it says.
                Self { class_name: None, ..Self::read(&seen, declares, self.told()) }
            }
            None => Self::read(&seen, None, self.told()),
        }
    }

    /// The same, now that the IngressClass it names is seen; none where that was known.
    pub(super) fn declared(&self, declares: &str) -> Option<Self> {
        (self.is_undeclared || self.is_classless())
            .then(|| Self::read(&self.as_seen(), Some(declares), self.told()))
    }

    /// The same, now that nobody says any more whose its class is.
    pub(super) fn undeclared(&self) -> Self {
        Self::read(&self.as_seen(), None, self.told())
    }

    fn told(&self) -> Told {
        Told {
            is_solver: self.is_solver,
            owner: self.owner.clone(),
            ignore: self.ignore.clone(),
            chosen: self.frontend.chosen,
        }
    }

    /// What it was read from, as far as it is read.
    #[must_use]
    pub fn as_seen(&self) -> IngressSeen {
        let meta = MetaSeen {
            annotations: self.annotations.clone(),
            created: self.frontend.created,
            resource_version: self.resource_version.clone(),
            deletion_timestamp: self.deletion_timestamp,
            uid: self.uid.clone(),
            written: self.written,
            finalizers: self.finalizers.clone(),
            ..MetaSeen::default()
        };
        IngressSeen {
            object: self.frontend.object.clone(),
            meta,
            class_name: self.class_name.clone(),
            default_backend: self.default_backend.clone(),
            rules: self.rules.clone(),
            tls: self.tls.clone(),
            addresses: self.frontend.addresses.clone(),
        }
    }

    /// The namespace in which the Secrets are that its `tls` names.
    #[must_use]
    pub fn secret_namespace(&self) -> &str {
        self.secret_namespace.as_deref().unwrap_or_else(|| self.frontend.object.namespace())
    }

    /// The hosts of its rules, each once, as written.
    #[must_use]
    pub fn rule_hosts(&self) -> Vec<&str> {
        let mut hosts = Vec::new();
        for host in self.rules.iter().filter_map(|rule| rule.host.as_deref()) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// Every Service that it sends to and the port there, each pair once, the default first.
    #[must_use]
    pub fn backends(&self) -> Vec<(&str, BackendPort<'_>)> {
        let paths = self.rules.iter().flat_map(|rule| &rule.paths).map(|path| &path.backend);
        named(self.default_backend.iter().chain(paths))
    }

    /// Every Service that it sends this host to, and the port there, each once; the default one where no
    /// rule is for the host.
    #[must_use]
    pub fn backends_of(&self, host: &str) -> Vec<(&str, BackendPort<'_>)> {
        let is_its = |rule: &&Rule| {
            rule.host.as_deref().is_some_and(|named| named.eq_ignore_ascii_case(host))
        };
        let rules: Vec<&Rule> = self.rules.iter().filter(is_its).collect();
        let paths = rules.iter().flat_map(|rule| &rule.paths).map(|path| &path.backend);
        named(self.default_backend.iter().filter(|_| rules.is_empty()).chain(paths))
    }

    /// The items of an annotation that is a comma-separated list, as GKE's controllers split it, each
    /// once.
    #[must_use]
    pub fn items(&self, annotation: &str) -> Vec<&str> {
        let value = self.annotations.get(annotation).map(String::as_str).unwrap_or_default();
        let mut once = Vec::new();
        for item in items(value) {
            if !once.contains(&item) {
                once.push(item);
            }
        }
        once
    }

    /// What stays of such a list, as it is written, without these items.
    #[must_use]
    pub fn items_without(&self, annotation: &str, gone: &[&str]) -> String {
        let mut items = self.items(annotation);
        items.retain(|item| !gone.contains(item));
        items.join(",")
    }
}

/// The Services that are named, each with the port, once.
fn named<'i>(backends: impl Iterator<Item = &'i Backend>) -> Vec<(&'i str, BackendPort<'i>)> {
    let mut once = Vec::new();
    for backend in backends {
        let Some(named) = backend.service.as_deref().zip(backend.port()) else { continue };
        if !once.contains(&named) {
            once.push(named);
        }
    }
    once
}

/// The class by which a controller goes: the annotation before the field, but for an empty one.
fn class(seen: &IngressSeen) -> Option<String> {
    annotated_class(seen).or(seen.class_name.as_ref()).cloned()
}

fn annotated_class(seen: &IngressSeen) -> Option<&String> {
    seen.meta.annotations.get(INGRESS_CLASS).filter(|class| !class.is_empty())
}

fn controller(seen: &IngressSeen, declares: Option<&str>) -> Controller {
    if is_gke_class(annotated_class(seen).map(String::as_str)) {
        return Controller::Gke;
    }
    Controller::of(class(seen).as_deref(), declares, &seen.meta.annotations)
}

/// The Ingress with the `tls` entries that its controller knows. HAProxy Technologies' keeps one Secret
/// a host, the last that is named for it, and reads no other: pkg/store/convert.go:151-162.
fn as_read(seen: &IngressSeen, controller: Controller) -> Cow<'_, IngressSeen> {
    if controller != Controller::HaproxyTech {
        return Cow::Borrowed(seen);
    }
    let listed = seen.tls.iter().enumerate();
    let listed = listed.flat_map(|(at, entry)| entry.hosts.iter().map(move |host| (host, at)));
    let last: BTreeMap<&String, usize> = listed.collect();
    let entries = seen.tls.iter().enumerate().map(|(at, entry)| {
        let hosts = entry.hosts.iter().filter(|host| last.get(host) == Some(&at));
        TlsEntry { hosts: hosts.cloned().collect(), secret_name: entry.secret_name.clone() }
    });
    let tls = entries.filter(|entry| !entry.hosts.is_empty()).collect();
    Cow::Owned(IngressSeen { tls, ..seen.clone() })
}

fn borrows(seen: &IngressSeen, is_solver: bool, controller: Controller) -> Option<&'static str> {
    if is_solver {
        return Some(
            "cert-manager answers a challenge by it, over plain HTTP and for a while only",
        );
    }
    controllers::borrows(controller, &seen.meta.annotations)
}

fn mentions(seen: &IngressSeen, controller: Controller) -> Vec<Mentioned> {
    let mentioned = controllers::mentions(controller, &seen.meta.annotations).into_iter();
    mentioned
        .map(|Mention { annotation, namespace, name }| {
            let own = || seen.object.namespace().to_owned();
            let secret = ObjectRef::secret(namespace.unwrap_or_else(own), name);
            Mentioned { annotation, secret }
        })
        .collect()
}

/// Each address of the status once.
fn addresses(seen: &IngressSeen) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for address in &seen.addresses {
        if !addresses.contains(address) {
            addresses.push(address.clone());
        }
    }
    addresses
}

/// On an Ingress of ingress-nginx: how the backends are spoken to.
const BACKEND_PROTOCOL: &str = "nginx.ingress.kubernetes.io/backend-protocol";

fn http2(annotations: &BTreeMap<String, String>) -> Option<String> {
    let protocol = annotations.get(BACKEND_PROTOCOL)?;
    let grpc = ["GRPC", "GRPCS"].iter().any(|grpc| protocol.eq_ignore_ascii_case(grpc));
    grpc.then(|| format!("annotation {BACKEND_PROTOCOL} is {protocol}"))
}

#[cfg(test)]
mod tests;
