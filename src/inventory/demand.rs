//! Demand: which hosts of an Ingress want a certificate, and where it is to come from.
//!
//! Knows how controllers read `spec.rules` and `spec.tls`, each as [`crate::controllers`] has it and
//! GKE's included. Refuses to know whether a certificate covers a host.

use super::owner::{Owner, owner_of_object};
use super::refused_hosts;
use crate::controllers::{self, Choice, Controller, Elsewhere, Mention, Orphan};
use crate::gke::annotations::{
    INGRESS_CLASS, MANAGED_CERTIFICATES, certificates_elsewhere, is_gke_class, items,
};
use crate::object_ref::{OUR_NAME, ObjectRef, check_object_name};
use crate::observation::MetaSeen;
use crate::observation::ingress::{Backend, BackendPort, IngressSeen, Rule, TlsEntry};
use crate::x509::name;
use std::borrow::Cow;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Facts of one Ingress.
#[derive(Debug)]
pub struct IngressFacts {
    /// Which Ingress.
    pub object: ObjectRef,
    /// The class it names, by annotation or `ingressClassName`.
    pub class: Option<String>,
    /// Who serves it.
    pub controller: Controller,
    /// When it was made; none in a file that somebody wrote.
    pub created: Option<OffsetDateTime>,
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
    /// Every host that it serves and that wants a certificate, once.
    pub demands: Vec<Demand>,
    /// Hosts that only `tls` names and that are served to nobody, by this controller.
    pub orphans: Vec<String>,
    /// Why another Ingress gives its hosts their certificate, if that is so.
    pub borrows: Option<&'static str>,
    /// Why nobody reads the Secrets that its `tls` names, if that is so.
    pub unread: Option<String>,
    /// `spec.tls`, as written.
    pub tls: Vec<TlsEntry>,
    /// Every Secret its `tls` names and its controller reads, once, in order.
    pub secret_names: Vec<String>,
    /// What its `tls` names and cannot be the name of a Secret, once, in order.
    pub no_names: Vec<String>,
    /// The namespace of those Secrets, where it is not its own.
    secret_namespace: Option<String>,
    /// Secrets that its annotations name, for other ends than to be served.
    pub mentions: Vec<Mentioned>,
    /// Annotations that should name such a Secret and name none, as its controller reads them; each
    /// with its value.
    pub no_references: Vec<(String, String)>,
    /// Every ManagedCertificate its annotation names, in order.
    pub managed_names: Vec<String>,
    /// The addresses its controller has given it: `ip` or `hostname` of its status.
    pub addresses: Vec<String>,
    /// The annotation, if any, by which its controller speaks HTTP/2 to the backends, as for gRPC.
    pub http2: Option<String>,
    /// Codes of rules whose findings on it are waived.
    pub ignore: Vec<String>,
    /// Whether the user chose it for the report.
    pub chosen: bool,
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

/// A Secret that an annotation names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentioned {
    /// The annotation, without its prefix.
    pub annotation: &'static str,
    /// The Secret; its name is as written, and may be none.
    pub secret: ObjectRef,
}

/// One host and the places its certificate may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The host as written.
    pub host: String,
    /// Secrets whose certificates may be served for it; one that covers it is enough.
    pub secrets: Vec<String>,
    /// Secrets whose certificates are served for it only where they name it.
    pub by_name: Vec<String>,
    /// Why a certificate may be served for it that cannot be seen here.
    pub elsewhere: Option<String>,
    /// The annotation that adds the host, where no rule has it.
    pub added_by: Option<String>,
}

impl Demand {
    /// The host name to ask a server for: the host, or for a wildcard one of the names below it.
    #[must_use]
    pub fn probe(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        host.strip_prefix("*.").map_or_else(|| host.clone(), |rest| format!("{OUR_NAME}.{rest}"))
    }

    /// Whether nothing of its own Ingress is meant to serve TLS for the host; another one may, see
    /// [`super::Inventory::coverage`].
    #[must_use]
    pub fn without_tls(&self) -> bool {
        self.secrets.is_empty() && self.elsewhere.is_none()
    }
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
        let class = class(seen);
        let controller = controller(seen, declares);
        let read = as_read(seen, controller);
        let reader = Reader::of(&read, controller);
        let (demands, orphans) = reader.demands();
        let borrows = borrows(seen, told.is_solver, controller);
        let (secret_names, no_names) = secret_names(&read, controller);
        let annotations = &seen.meta.annotations;
        let managed = annotations.get(MANAGED_CERTIFICATES).map(String::as_str);
        let managed = items(managed.unwrap_or_default());
        Self {
            object: seen.object.clone(),
            controller,
            created: seen.meta.created,
            resource_version: seen.meta.resource_version.clone(),
            deletion_timestamp: seen.meta.deletion_timestamp,
            annotations: annotations.clone(),
            owner: told.owner,
            class_name: seen.class_name.clone(),
            default_backend: seen.default_backend.clone(),
            rules: seen.rules.clone(),
            demands,
            orphans,
            borrows,
            unread: borrows.map(str::to_owned).or_else(|| reader.instead()),
            tls: seen.tls.clone(),
            secret_names,
            no_names,
            secret_namespace: controllers::secret_namespace(controller, annotations)
                .map(str::to_owned),
            mentions: mentions(seen, controller),
            no_references: controllers::no_references(controller, annotations),
            managed_names: managed.map(str::to_owned).collect(),
            addresses: addresses(seen),
            http2: http2(annotations),
            ignore: told.ignore,
            chosen: told.chosen,
            is_solver: told.is_solver,
            is_undeclared: class.is_some() && declares.is_none(),
            class,
        }
    }

    /// Whether it is a manifest without a class. Only as it is created does an Ingress get the default
    /// class: one in a cluster that has none stays without
    /// (kubernetes plugin/pkg/admission/network/defaultingressclass).
    pub(super) fn is_classless(&self) -> bool {
        self.object.place.is_some()
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
            chosen: self.chosen,
        }
    }

    /// What it was read from, as far as it is read.
    fn as_seen(&self) -> IngressSeen {
        let meta = MetaSeen {
            annotations: self.annotations.clone(),
            created: self.created,
            resource_version: self.resource_version.clone(),
            deletion_timestamp: self.deletion_timestamp,
            ..MetaSeen::default()
        };
        IngressSeen {
            object: self.object.clone(),
            meta,
            class_name: self.class_name.clone(),
            default_backend: self.default_backend.clone(),
            rules: self.rules.clone(),
            tls: self.tls.clone(),
            addresses: self.addresses.clone(),
        }
    }

    /// The namespace in which the Secrets are that its `tls` names.
    #[must_use]
    pub fn secret_namespace(&self) -> &str {
        self.secret_namespace.as_deref().unwrap_or_else(|| self.object.namespace())
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
        let mut backends = Vec::new();
        for backend in self.default_backend.iter().chain(paths) {
            let Some(named) = backend.service.as_deref().zip(backend.port()) else { continue };
            if !backends.contains(&named) {
                backends.push(named);
            }
        }
        backends
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

    /// The hosts that may be served with the Secret of this name.
    #[must_use]
    pub fn hosts_of(&self, secret: &str) -> Vec<&str> {
        let names = |demand: &&Demand| {
            demand.secrets.iter().chain(&demand.by_name).any(|name| name == secret)
        };
        self.demands.iter().filter(names).map(|demand| demand.host.as_str()).collect()
    }

    /// Whether it has any `tls` entry, whatever that says.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        !self.tls.is_empty()
    }
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

/// What `tls` names: Secrets, and what cannot be one (the API server takes no such name, and it must
/// stand in no request).
fn secret_names(seen: &IngressSeen, controller: Controller) -> (Vec<String>, Vec<String>) {
    let (mut names, mut no_names) = (Vec::new(), Vec::new());
    for name in seen.tls.iter().filter_map(|entry| entry.secret_name.as_ref()) {
        let valid = check_object_name(name).is_ok();
        let into = if valid { &mut names } else { &mut no_names };
        if (!valid || controller.reads_secrets()) && !into.contains(name) {
            into.push(name.clone());
        }
    }
    (names, no_names)
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

/// One Ingress being read as its controller does.
struct Reader<'s> {
    seen: &'s IngressSeen,
    controller: Controller,
    elsewhere: Option<Elsewhere>,
}

impl<'s> Reader<'s> {
    fn of(seen: &'s IngressSeen, controller: Controller) -> Self {
        let annotations = &seen.meta.annotations;
        let by_annotation = certificates_elsewhere(annotations, class(seen).as_deref())
            .map(|(key, names)| Elsewhere::Beside(format!("annotation {key} names {names:?}")));
        let moved = || controllers::elsewhere(controller, annotations, !seen.tls.is_empty());
        Self { seen, controller, elsewhere: by_annotation.or_else(moved) }
    }

    /// Hosts of rules first, then those that annotations add, then those that only `tls` names, as
    /// far as anybody is served for them; and those for which nobody is.
    fn demands(&self) -> (Vec<Demand>, Vec<String>) {
        let mut demands = Hosts::default();
        // What the API server refuses is served nowhere, and must stand in no command.
        for host in self.seen.rule_hosts().filter(|host| refused_hosts::is_judged(host)) {
            demands.take(host, || self.demand(host));
        }
        if !self.seen.tls.is_empty() {
            self.take_added(&mut demands);
        }
        let listed = self.seen.tls.iter().flat_map(|entry| &entry.hosts);
        let listed = listed.filter(|host| refused_hosts::is_judged(host));
        let serves = match self.controller.facts().orphan {
            Orphan::Unknown => true,
            Orphan::Served => self.seen.catch_all(),
            Orphan::Ignored => false,
        };
        if serves {
            listed.for_each(|host| demands.take(host, || self.demand(host)));
            return (demands.0, Vec::new());
        }
        let mut orphans: Vec<String> = Vec::new();
        for host in listed.filter(|host| !demands.answers(host)) {
            if !orphans.iter().any(|known| known.eq_ignore_ascii_case(host)) {
                orphans.push(host.clone());
            }
        }
        (demands.0, orphans)
    }

    /// Hosts that annotations add to an Ingress that has TLS at all.
    fn take_added(&self, demands: &mut Hosts) {
        let annotations = &self.seen.meta.annotations;
        let of_rules: Vec<String> = demands.0.iter().map(|demand| demand.host.clone()).collect();
        let added = controllers::added_hosts(self.controller, annotations, &of_rules);
        if added.is_empty() {
            return;
        }
        let of_rules = demands.0.clone();
        for controllers::Added { host, by } in added {
            let demand = || Demand { added_by: Some(by), ..self.added(&host, &of_rules) };
            demands.take(&host, demand);
        }
    }

    fn demand(&self, host: &str) -> Demand {
        let chosen = choose(host, &self.seen.tls, self.controller);
        let mut demand = Demand { host: host.to_owned(), ..Demand::default() };
        let mut unnamed = false;
        for entry in chosen.entries {
            match &entry.secret_name {
                Some(name) if !demand.secrets.contains(name) => demand.secrets.push(name.clone()),
                Some(_) => {}
                None => unnamed = true,
            }
        }
        let others = chosen.by_name.into_iter().filter_map(|entry| entry.secret_name.clone());
        demand.by_name = others.collect();
        let default = || "its tls entry names no Secret: the controller's default certificate";
        demand.elsewhere = chosen.doubt.or(unnamed.then(default).map(str::to_owned));
        self.moved(demand)
    }

    /// Why another certificate than those of `tls` is served for every host.
    fn instead(&self) -> Option<String> {
        match &self.elsewhere {
            Some(Elsewhere::Instead(why)) => Some(why.clone()),
            Some(Elsewhere::Beside(_) | Elsewhere::WhereNone(_)) | None => None,
        }
    }

    /// What annotations say of where the certificate comes from.
    fn moved(&self, mut demand: Demand) -> Demand {
        match &self.elsewhere {
            Some(Elsewhere::Instead(why)) => {
                demand.secrets.clear();
                demand.by_name.clear();
                demand.elsewhere = Some(why.clone());
            }
            Some(Elsewhere::Beside(why)) => demand.elsewhere = Some(why.clone()),
            Some(Elsewhere::WhereNone(why)) if demand.secrets.is_empty() => {
                demand.elsewhere = Some(why.clone());
            }
            Some(Elsewhere::WhereNone(_)) | None => {}
        }
        demand
    }

    /// A host that an annotation adds. For ingress-nginx it is another name of each server of the
    /// Ingress, and gets the server's certificate where that names it (controller.go:1506-1529);
    /// haproxy-ingress has a certificate only for what `tls` lists.
    fn added(&self, host: &str, of_rules: &[Demand]) -> Demand {
        match self.controller {
            Controller::IngressNginx => {
                let mut demand = Demand { host: host.to_owned(), ..Demand::default() };
                for server in of_rules {
                    for name in server.secrets.iter().chain(&server.by_name) {
                        if !demand.secrets.contains(name) {
                            demand.secrets.push(name.clone());
                        }
                    }
                    demand.elsewhere = demand.elsewhere.or_else(|| server.elsewhere.clone());
                }
                demand
            }
            Controller::HaproxyIngress => {
                let mut demand = self.demand(host);
                if demand.without_tls() {
                    let default = "haproxy-ingress serves its default certificate for it";
                    demand.elsewhere = Some(default.to_owned());
                }
                demand
            }
            _ => self.demand(host),
        }
    }
}

/// Demands, each host once, whatever its case.
#[derive(Default)]
struct Hosts(Vec<Demand>);

impl Hosts {
    fn take(&mut self, host: &str, demand: impl FnOnce() -> Demand) {
        let known = |known: &Demand| known.host.eq_ignore_ascii_case(host);
        if !host.is_empty() && !self.0.iter().any(known) {
            self.0.push(demand());
        }
    }

    /// Whether the host that `tls` lists is one of them, or a wildcard over one.
    fn answers(&self, listed: &str) -> bool {
        listed.is_empty()
            || self.0.iter().any(|known| known.host.eq_ignore_ascii_case(listed))
            || listed.starts_with('*')
                && self.0.iter().any(|known| name::covers(listed, &known.host))
    }
}

/// The `tls` entries whose certificate is served for a host.
#[derive(Default)]
struct Chosen<'t> {
    entries: Vec<&'t TlsEntry>,
    /// Those that are served only where their certificate names the host.
    by_name: Vec<&'t TlsEntry>,
    /// Why it is not known whether any of them is.
    doubt: Option<String>,
}

fn choose<'t>(host: &str, tls: &'t [TlsEntry], controller: Controller) -> Chosen<'t> {
    let lists = |entry: &&TlsEntry| entry.hosts.iter().any(|at| at.eq_ignore_ascii_case(host));
    let only = |entry: Option<&'t TlsEntry>| Chosen {
        entries: entry.into_iter().collect(),
        ..Chosen::default()
    };
    match controller.facts().choice {
        Choice::Nowhere => Chosen::default(),
        Choice::Every => Chosen { entries: tls.iter().collect(), ..Chosen::default() },
        Choice::Guess => Chosen { entries: speaking(host, tls), ..Chosen::default() },
        Choice::FirstThenNames => match tls.iter().find(lists) {
            Some(entry) => only(Some(entry)),
            None => by_name(host, tls),
        },
        Choice::Pool => by_name(host, tls),
        Choice::Sni => {
            let mut named = tls.iter().filter(|entry| entry.secret_name.is_some());
            let wild = |entry: &&TlsEntry| lists_wildcard(entry, host);
            only(named.clone().find(lists).or_else(|| named.find(wild)).or(tls.iter().find(lists)))
        }
        Choice::First => exactly(host, tls, tls.iter().find(lists), controller),
        Choice::Last => exactly(host, tls, tls.iter().rev().find(lists), controller),
    }
}

/// An entry for the very host. One that lists a wildcard over it makes another server, which may or
/// may not answer for it.
fn exactly<'t>(
    host: &str,
    tls: &'t [TlsEntry],
    entry: Option<&'t TlsEntry>,
    controller: Controller,
) -> Chosen<'t> {
    let wild = || tls.iter().any(|entry| lists_wildcard(entry, host));
    let doubt = (entry.is_none() && wild()).then(|| {
        format!("only a wildcard over it is listed, which {} may not go by", controller.name())
    });
    let empty = |entry: &&TlsEntry| entry.hosts.is_empty() && entry.secret_name.is_none();
    // OpenShift takes `tls: [{}]` for every host: route/ingress/ingress.go:840-849.
    let any = (controller == Controller::OpenShift).then(|| tls.iter().find(empty)).flatten();
    Chosen { entries: entry.or(any).into_iter().collect(), doubt, ..Chosen::default() }
}

fn lists_wildcard(entry: &TlsEntry, host: &str) -> bool {
    entry.hosts.iter().any(|listed| name::covers(listed, host))
}

/// The entries that speak of the host, and beside them all others.
fn by_name<'t>(host: &str, tls: &'t [TlsEntry]) -> Chosen<'t> {
    let entries = speaking(host, tls);
    let other = |entry: &&TlsEntry| !entries.iter().any(|known| std::ptr::eq(*known, *entry));
    Chosen { by_name: tls.iter().filter(other).collect(), entries, doubt: None }
}

/// Those that list the host, else those that list a wildcard over it, else those that list none
/// (which stand for every host).
fn speaking<'t>(host: &str, tls: &'t [TlsEntry]) -> Vec<&'t TlsEntry> {
    let those = |test: &dyn Fn(&TlsEntry) -> bool| {
        tls.iter().filter(|entry| test(entry)).collect::<Vec<_>>()
    };
    let exact = those(&|entry| entry.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host)));
    if !exact.is_empty() {
        return exact;
    }
    let wildcard = those(&|entry| lists_wildcard(entry, host));
    if !wildcard.is_empty() {
        return wildcard;
    }
    those(&|entry| entry.hosts.is_empty())
}
