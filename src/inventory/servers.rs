//! Servers: what several frontends, or all of them, make together for one host.
//!
//! Knows which frontends of a class name a host, which of them gives it its certificate, and which
//! certificates a controller that pools them has for a name. Made once for all that was absorbed, so
//! that no host is looked for among all others.

use super::bundle::KeyState;
use super::frontend::{Demand, Frontend};
use super::key::ObjectKey;
use super::link::{Coverage, SecretState};
use super::{Inventory, SecretFacts};
use crate::controllers::{Controller, Order, Tie};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::HostMatch;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A class, and a host or a name in lower case.
type At = (String, String);

/// Who serves which host.
#[derive(Debug, Default)]
pub(super) struct Servers {
    /// What frontends make of the host together.
    of_hosts: BTreeMap<At, Server>,
    /// Secrets in the pool of a class, by a name of their certificate.
    pool: BTreeMap<At, Vec<ObjectKey>>,
}

/// What the frontends of a class that name a host make of it.
#[derive(Debug, Default)]
struct Server {
    /// Those that say anything of its certificate.
    speaking: Vec<ObjectKey>,
    /// Those that decide on it when they are the oldest, and when each was made.
    deciding: Vec<(Option<OffsetDateTime>, ObjectKey)>,
}

impl Server {
    /// The frontend that decides; none where that cannot be told, since it is not known when they were
    /// made, or two were made at once and what comes first then is not seen.
    fn first(&self, tie: Tie) -> Option<&ObjectKey> {
        let (oldest, _) = self.deciding.first()?;
        oldest.as_ref()?;
        // Keys are sorted too.
        let mut equals = self.deciding.iter().take_while(|(made, _)| made == oldest);
        let (_, smallest) = equals.next()?;
        match (equals.last(), tie) {
            (None, _) | (Some(_), Tie::Smaller) => Some(smallest),
            (Some((_, largest)), Tie::Larger) => Some(largest),
            (Some(_), Tie::Unseen) => None,
        }
    }
}

impl Servers {
    fn of(inventory: &Inventory) -> Self {
        let mut servers = Self::default();
        for frontend in inventory.frontends() {
            let (key, class) = (ObjectKey::of(&frontend.object), class(frontend));
            for demand in frontend.demands.iter().filter(|demand| demand.added_by.is_none()) {
                let at = (class.clone(), demand.host.to_ascii_lowercase());
                servers.take(at, &key, frontend, demand);
            }
            if frontend.controller.pools() {
                servers.pour(inventory, frontend, &class);
            }
        }
        for server in servers.of_hosts.values_mut() {
            // None sorts first: an age that is not known leaves all of them open.
            server.deciding.sort();
        }
        servers
    }

    fn take(&mut self, at: At, key: &ObjectKey, frontend: &Frontend, demand: &Demand) {
        if frontend.borrows.is_some() {
            return;
        }
        let speaks = !demand.without_tls() || !demand.by_name.is_empty();
        let decides = decides(frontend, demand);
        if speaks || decides {
            let server = self.of_hosts.entry(at).or_default();
            server.speaking.extend(speaks.then(|| key.clone()));
            server.deciding.extend(decides.then(|| (frontend.created, key.clone())));
        }
    }

    fn pour(&mut self, inventory: &Inventory, frontend: &Frontend, class: &str) {
        for secret in inventory.loaded(frontend) {
            let Some(leaf) = secret.bundle.leaf() else { continue };
            for name in leaf.names.iter().map(|name| name.to_string().to_ascii_lowercase()) {
                let known = self.pool.entry((class.to_owned(), name)).or_default();
                let secret = ObjectKey::of(&secret.object);
                if !known.contains(&secret) {
                    known.push(secret);
                }
            }
        }
    }
}

fn class(frontend: &Frontend) -> String {
    frontend.class.clone().unwrap_or_default()
}

/// The wildcard that stands for the host, if one can.
fn wildcard(host: &str) -> Option<String> {
    let (first, parent) = host.split_once('.')?;
    (first != "*").then(|| format!("*.{parent}"))
}

impl Inventory {
    /// How `demand` of `frontend` is met, and by which other frontend of its class, where the two make
    /// one server and it is not by this one.
    #[must_use]
    pub fn server<'i>(
        &'i self,
        frontend: &'i Frontend,
        demand: &Demand,
    ) -> (Coverage, Option<&'i Frontend>) {
        if frontend.object.kind == Kind::Endpoint {
            return (self.covered_by_any(&demand.host), None);
        }
        let own = || self.own_coverage(frontend, demand, &demand.host);
        if !frontend.controller.shares_hosts() && frontend.borrows.is_none() {
            return (own(), None);
        }
        let host = demand.host.to_ascii_lowercase();
        let met = self.by_the_class(frontend, demand, &host, own);
        let without = matches!(met.0, Coverage::WithoutTls);
        if without && frontend.controller == Controller::IngressNginx {
            // At the handshake a server of the wildcard lends its certificate to a host without one:
            // rootfs/etc/nginx/lua/certificate.lua:48-71.
            let wild = wildcard(&host).map(|wild| self.others(frontend, &wild, &host));
            if let Some(lent) = wild.and_then(best).filter(|(met, _)| is_good(met)) {
                return (lent.0, Some(lent.1));
            }
        }
        met
    }

    fn by_the_class<'i>(
        &'i self,
        frontend: &'i Frontend,
        demand: &Demand,
        host: &str,
        own: impl Fn() -> Coverage,
    ) -> (Coverage, Option<&'i Frontend>) {
        if let Some(why) = frontend.borrows {
            return match best(self.others(frontend, host, host)) {
                Some((coverage, other)) => (coverage, Some(other)),
                None => (Coverage::Unknown(why.to_owned()), None),
            };
        }
        let own = own();
        let others = || self.others(frontend, host, host);
        let own_is_without = matches!(own, Coverage::WithoutTls);
        let open = match frontend.controller.facts().order {
            Order::Oldest(tie) => match self.oldest(frontend, host, tie) {
                Some(first) if !first.is(frontend) => {
                    let demand = first.demand(host);
                    let met = demand.map(|demand| self.own_coverage(first, demand, &demand.host));
                    return (met.unwrap_or(own), Some(first));
                }
                Some(_) => false,
                // Files do not tell; the other may be the one that decides.
                None if matches!(own, Coverage::Covered { .. }) => {
                    let bad = others().into_iter().find(|(met, _)| is_bad(met));
                    return match bad {
                        Some((_, other)) => (Coverage::Unknown(other_decides(other)), Some(other)),
                        None => (own, None),
                    };
                }
                None => own_is_without || demand.added_by.is_some(),
            },
            // Which one serves changes: it is covered only where all cover it.
            Order::Random if matches!(own, Coverage::Covered { .. }) => {
                let bad = others().into_iter().find(|(met, _)| is_bad(met));
                return bad.map_or((own, None), |(met, other)| (met, Some(other)));
            }
            Order::Random | Order::Unknown => own_is_without,
            Order::Alone => false,
        };
        match open.then(|| best(others())).flatten() {
            Some((coverage, other)) => (coverage, Some(other)),
            None => (own, None),
        }
    }

    /// Other frontends of the class that have an opinion of their own about the certificate of the
    /// host.
    pub fn beside<'i>(
        &'i self,
        frontend: &Frontend,
        demand: &Demand,
    ) -> impl Iterator<Item = &'i Frontend> {
        let host = demand.host.to_ascii_lowercase();
        self.others(frontend, &host, &host).into_iter().map(|(_, other)| other)
    }

    /// How other frontends of the class that name `server` in a rule, and have an opinion of their
    /// own about its certificate, meet `host`.
    fn others<'i>(
        &'i self,
        frontend: &Frontend,
        server: &str,
        host: &str,
    ) -> Vec<(Coverage, &'i Frontend)> {
        let at = (class(frontend), server.to_owned());
        let speaking = self.servers().of_hosts.get(&at).map_or(&[][..], |found| &found.speaking);
        let others = speaking.iter().filter_map(|key| self.frontend_at(key));
        others
            .filter(|other| !other.is(frontend))
            .filter_map(|other| {
                let met = self.own_coverage(other, other.demand(server)?, host);
                (met != Coverage::WithoutTls).then_some((met, other))
            })
            .collect()
    }

    /// The frontend that decides on the certificate of the host, if that can be told.
    fn oldest<'i>(&'i self, frontend: &Frontend, host: &str, tie: Tie) -> Option<&'i Frontend> {
        let at = (class(frontend), host.to_owned());
        self.frontend_at(self.servers().of_hosts.get(&at)?.first(tie)?)
    }

    /// The Secrets of the frontend that a controller which pools them has loaded. Traefik stops at the
    /// first that is missing or incomplete: provider/kubernetes/ingress/kubernetes.go:836-847.
    pub(super) fn loaded<'i>(
        &'i self,
        frontend: &'i Frontend,
    ) -> impl Iterator<Item = &'i SecretFacts> {
        let stops = frontend.controller == Controller::Traefik;
        let states = frontend.secrets.iter();
        let states = states.map(|it| self.secret_state(it.namespace(), &it.name));
        let going = states.take_while(move |state| !stops || !stops_traefik(state));
        going.filter_map(|state| match state {
            SecretState::Seen(secret) => frontend.loads(secret).then_some(secret),
            SecretState::Absent | SecretState::Unknown => None,
        })
    }

    /// The Secret at which Traefik stops reading `tls` of the frontend, and the one behind it that would
    /// cover the host; none where that is not why it is not covered.
    #[must_use]
    pub fn stopped_at<'i>(
        &'i self,
        frontend: &'i Frontend,
        host: &str,
    ) -> Option<(&'i ObjectRef, &'i SecretFacts)> {
        if frontend.controller != Controller::Traefik {
            return None;
        }
        let state = |it: &'i ObjectRef| self.secret_state(it.namespace(), &it.name);
        let mut named = frontend.secrets.iter();
        let stop = named.find(|secret| stops_traefik(&state(secret)))?;
        let covers = |secret: &SecretFacts| {
            let leaf = secret.bundle.leaf().filter(|_| frontend.loads(secret));
            leaf.is_some_and(|leaf| matches!(leaf.match_host(host), HostMatch::San(_)))
        };
        let behind = named.find_map(|secret| match state(secret) {
            SecretState::Seen(secret) => covers(secret).then_some(secret),
            SecretState::Absent | SecretState::Unknown => None,
        })?;
        Some((stop, behind))
    }

    /// A Secret in the pool of the frontend's controller whose certificate covers the host.
    pub(super) fn pooled(&self, frontend: &Frontend, host: &str) -> Option<(&SecretFacts, String)> {
        let host = host.to_ascii_lowercase();
        let names = [Some(host.clone()), wildcard(&host)];
        let held = names
            .into_iter()
            .flatten()
            .filter_map(|name| self.servers().pool.get(&(class(frontend), name)));
        let secrets = held.flatten().filter_map(|key| self.secrets.get(key));
        secrets.into_iter().find_map(|secret| match secret.bundle.leaf()?.match_host(&host) {
            HostMatch::San(pattern) => Some((secret, pattern)),
            _ => None,
        })
    }

    fn servers(&self) -> &Servers {
        self.servers.get_or_init(|| Servers::of(self))
    }
}

/// Whether the frontend decides on the certificate of a host that others of its class name too, when
/// it is the oldest of those that do.
fn decides(frontend: &Frontend, demand: &Demand) -> bool {
    match frontend.controller {
        // Any tls entry is enough, also one for other hosts: controller.go:1448-1456.
        Controller::IngressNginx => frontend.has_tls,
        // The host is wholly its: internal/k8s/configuration.go:1666-1681.
        Controller::NginxInc => true,
        _ => !demand.without_tls(),
    }
}

/// Whether Traefik reads no further entry behind this Secret: it is not there, or `tls.crt` or `tls.key`
/// is empty (provider/kubernetes/ingress/kubernetes.go:836-892). One that somebody fills is not for
/// long.
fn stops_traefik(state: &SecretState<'_>) -> bool {
    match state {
        SecretState::Absent => true,
        SecretState::Seen(secret) if secret.is_placeholder() => false,
        SecretState::Seen(secret) => {
            secret.bundle.certificates_missing || secret.bundle.key == KeyState::Missing
        }
        SecretState::Unknown => false,
    }
}

fn is_bad(met: &Coverage) -> bool {
    matches!(met, Coverage::NotCovered { .. })
}

/// Why it is not known how a host is met that this other frontend names too.
fn other_decides(other: &Frontend) -> String {
    format!(
        "{} has another certificate for it, and decides where it is the older one",
        other.object.apart()
    )
}

fn is_good(met: &Coverage) -> bool {
    matches!(met, Coverage::Covered { .. } | Coverage::Unknown(_))
}

/// The best of them: which one serves is not known, and nobody shall be alarmed for nothing.
fn best(met: Vec<(Coverage, &Frontend)>) -> Option<(Coverage, &Frontend)> {
    met.into_iter().min_by_key(|(coverage, _)| match coverage {
        Coverage::Covered { .. } => 0,
        Coverage::Unknown(_) => 1,
        Coverage::NotCovered { .. } | Coverage::NoCertificate => 2,
        Coverage::WithoutTls => 3,
    })
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
mod tests;
