//! Reading `spec.rules` and `spec.tls` of one Ingress as its controller does.
//!
//! Knows which entries a controller takes for a host. Refuses to know what their Secrets hold.

use super::{Demand, class};
use crate::controllers::{self, Choice, Controller, Elsewhere, Orphan};
use crate::gke::annotations::certificates_elsewhere;
use crate::inventory::refused_hosts;
use crate::object_ref::{ObjectRef, check_object_name};
use crate::observation::ingress::{IngressSeen, TlsEntry};
use crate::x509::name;

/// One Ingress being read as its controller does.
pub(super) struct Reader<'s> {
    seen: &'s IngressSeen,
    controller: Controller,
    /// The namespace of the Secrets that `tls` names.
    namespace: &'s str,
    elsewhere: Option<Elsewhere>,
}

impl<'s> Reader<'s> {
    /// Of `seen`, whose Secrets are in its own namespace unless another one is given.
    pub(super) fn of(
        seen: &'s IngressSeen,
        controller: Controller,
        namespace: Option<&'s str>,
    ) -> Self {
        let annotations = &seen.meta.annotations;
        let by_annotation = certificates_elsewhere(annotations, class(seen).as_deref())
            .map(|(key, names)| Elsewhere::Beside(format!("annotation {key} names {names:?}")));
        let moved = || controllers::elsewhere(controller, annotations, !seen.tls.is_empty());
        let namespace = namespace.unwrap_or_else(|| seen.object.namespace());
        Self { seen, controller, namespace, elsewhere: by_annotation.or_else(moved) }
    }

    /// Hosts of rules first, then those that annotations add, then those that only `tls` names, as
    /// far as anybody is served for them; and those for which nobody is.
    pub(super) fn demands(&self) -> (Vec<Demand>, Vec<String>) {
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
                Some(name) => add(&mut demand.secrets, self.secret(name)),
                None => unnamed = true,
            }
        }
        let others = chosen.by_name.into_iter().filter_map(|entry| entry.secret_name.as_ref());
        demand.by_name = others.map(|name| self.secret(name)).collect();
        let default = || "its tls entry names no Secret: the controller's default certificate";
        demand.elsewhere = chosen.doubt.or(unnamed.then(default).map(str::to_owned));
        self.moved(demand)
    }

    /// What `tls` names: Secrets, and what cannot be one (the API server takes no such name, and it
    /// must stand in no request).
    pub(super) fn secrets(&self) -> (Vec<ObjectRef>, Vec<String>) {
        let (mut secrets, mut no_names) = (Vec::new(), Vec::new());
        for name in self.seen.tls.iter().filter_map(|entry| entry.secret_name.as_ref()) {
            if check_object_name(name).is_err() {
                add(&mut no_names, name.clone());
            } else if self.controller.reads_secrets() {
                add(&mut secrets, self.secret(name));
            }
        }
        secrets.shrink_to_fit();
        (secrets, no_names)
    }

    fn secret(&self, name: &str) -> ObjectRef {
        ObjectRef::secret(self.namespace, name)
    }

    /// Why another certificate than those of `tls` is served for every host.
    pub(super) fn instead(&self) -> Option<String> {
        match &self.elsewhere {
            Some(Elsewhere::Instead(why)) => Some(why.clone()),
            Some(Elsewhere::Beside(_) | Elsewhere::WhereNone(_)) | None => None,
        }
    }

    /// What annotations say of where the certificate comes from.
    fn moved(&self, mut demand: Demand) -> Demand {
        // A list that grew by one has room for four references, for as long as the host is kept.
        demand.secrets.shrink_to_fit();
        demand.by_name.shrink_to_fit();
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
                    for secret in server.secrets.iter().chain(&server.by_name) {
                        add(&mut demand.secrets, secret.clone());
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

/// Adds what is not among them yet.
fn add<T: PartialEq>(known: &mut Vec<T>, one: T) {
    if !known.contains(&one) {
        known.push(one);
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
