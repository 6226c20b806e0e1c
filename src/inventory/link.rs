//! Links: which certificate answers for which host, who uses which Secret.
//!
//! Knows both sides of a reference. Refuses to call anything a fault: that is the audit's.

use super::bundle::Bundle;
use super::delegation::Delegation;
use super::demand::IngressFacts;
use super::frontend::{Demand, Frontend};
use super::key::at;
use super::{Inventory, SecretFacts, loads, route};
use crate::controllers::Controller;
use crate::gke::annotations::SSL_CERT;
use crate::object_ref::{Kind, ObjectRef, check_object_name};
use crate::x509::cert::HostMatch;
use std::collections::BTreeMap;

/// What is known of a Secret that a frontend names.
#[derive(Debug)]
pub enum SecretState<'i> {
    /// It was seen.
    Seen(&'i SecretFacts),
    /// It was looked for and is not there.
    Absent,
    /// It may be there: it could not be read, or is not among the files.
    Unknown,
}

/// How a host that wants a certificate is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// A certificate covers it.
    Covered {
        /// The Secret's certificate.
        by: ObjectRef,
        /// The name in it that does.
        pattern: String,
    },
    /// Certificates are there and none covers it.
    NotCovered {
        /// Each Secret that was looked at, and how its leaf answers.
        looked_at: Vec<(ObjectRef, HostMatch)>,
    },
    /// A Secret is missing or holds no certificate that could be read; that is told there.
    NoCertificate,
    /// A certificate that cannot be seen here may cover it, for this reason.
    Unknown(String),
    /// Nothing serves TLS for it.
    WithoutTls,
}

impl Inventory {
    /// What is known of the Secret `name` in `namespace`.
    #[must_use]
    pub fn secret_state(&self, namespace: &str, name: &str) -> SecretState<'_> {
        match self.secret(namespace, name) {
            Some(facts) => SecretState::Seen(facts),
            None if self.absent.contains(at(&(Kind::Secret, namespace, name))) => {
                SecretState::Absent
            }
            None => SecretState::Unknown,
        }
    }

    /// The namespaces in which a Secret of each name was seen.
    #[must_use]
    pub fn namespaces_of_secrets(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut namespaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for secret in self.secrets.objects() {
            namespaces.entry(&secret.name).or_default().push(secret.namespace());
        }
        namespaces
    }

    /// How `demand` of `frontend` is met, be it by another frontend of its class.
    #[must_use]
    pub fn coverage(&self, frontend: &Frontend, demand: &Demand) -> Coverage {
        self.server(frontend, demand).0
    }

    /// How `host` is met by what `demand` of `frontend` names itself, and by what its controller
    /// pools. The host is another than the demand's where a server lends its certificate.
    pub(super) fn own_coverage(
        &self,
        frontend: &Frontend,
        demand: &Demand,
        host: &str,
    ) -> Coverage {
        // What a controller pools it has loaded; what it has not is served to nobody.
        let pools = frontend.controller.pools();
        if pools && let Some((secret, pattern)) = self.pooled(frontend, host) {
            return Coverage::Covered { by: secret.object.key("tls.crt"), pattern };
        }
        let (mut seen, mut further) = (Looked::default(), Looked::default());
        for (looked, named) in [(&mut seen, &demand.secrets), (&mut further, &demand.by_name)] {
            for secret in named {
                // It is as good as none to Contour, which is told of the Ingress.
                match self.delegation(frontend, secret) {
                    Delegation::Permitted => {}
                    Delegation::Refused(_) => continue,
                    Delegation::Unknown(why) => {
                        looked.unknown = Some(why);
                        continue;
                    }
                }
                if route::is_held(secret) {
                    let bundle = self.bundle_of_route(secret);
                    if let Some(covered) = looked.at_route(bundle, secret, host) {
                        return covered;
                    }
                    continue;
                }
                let state = self.state_of(frontend, secret);
                if let Some(why) = self.to_come(secret, &state) {
                    looked.unknown = Some(why);
                    continue;
                }
                let covered = looked.at(frontend, &state, secret, host);
                if let Some(covered) = covered.filter(|_| !pools) {
                    return covered;
                }
            }
        }
        let unknown = demand.elsewhere.clone().or(seen.unknown).or(further.unknown);
        match (unknown, seen.looked_at.is_empty()) {
            (Some(why), _) => Coverage::Unknown(why),
            (None, true) if demand.without_tls() => Coverage::WithoutTls,
            (None, true) => Coverage::NoCertificate,
            (None, false) => Coverage::NotCovered { looked_at: seen.looked_at },
        }
    }

    /// What is known of a Secret as a frontend names it. What is no name names
    /// nothing; Contour and haproxy-ingress take other forms of it where the API server has let them
    /// in (k8s/objectmeta.go:42-85, services/cache.go:559-597).
    fn state_of(&self, frontend: &Frontend, secret: &ObjectRef) -> SecretState<'_> {
        let other_forms = [Controller::Contour, Controller::HaproxyIngress];
        match self.delegation(frontend, secret) {
            Delegation::Permitted => {}
            Delegation::Refused(_) => return SecretState::Absent,
            Delegation::Unknown(_) => return SecretState::Unknown,
        }
        if check_object_name(&secret.name).is_ok() || other_forms.contains(&frontend.controller) {
            self.secret_state(secret.namespace(), &secret.name)
        } else {
            SecretState::Absent
        }
    }

    /// Why a Secret that shows no certificate yet will have one.
    fn to_come(&self, named: &ObjectRef, state: &SecretState<'_>) -> Option<String> {
        match state {
            SecretState::Seen(secret) if secret.is_placeholder() => {
                let name = &named.name;
                let owner = secret.owner.as_ref().map_or("somebody", |owner| &owner.name);
                Some(format!("secret/{name} is a placeholder that {owner} fills"))
            }
            SecretState::Seen(_) => None,
            SecretState::Absent | SecretState::Unknown => {
                let maker = self.maker_of(named)?;
                if matches!(state, SecretState::Absent) && maker.stuck.is_some() {
                    return None;
                }
                Some(format!("secret/{}: {}", named.name, maker.told()))
            }
        }
    }

    /// The Secrets whose certificate may be served for the host; none when one of them could not be
    /// read.
    #[must_use]
    pub fn candidates(&self, frontend: &Frontend, demand: &Demand) -> Option<Vec<&SecretFacts>> {
        let mut found = Vec::new();
        for secret in &demand.secrets {
            // What a Route holds itself is no Secret to compare with.
            if route::is_held(secret) {
                return None;
            }
            match self.state_of(frontend, secret) {
                SecretState::Seen(secret) if secret.bundle.leaf().is_some() => found.push(secret),
                SecretState::Seen(_) | SecretState::Absent => {}
                SecretState::Unknown => return None,
            }
        }
        let covers =
            |secret: &&SecretFacts| matches!(answer(secret, &demand.host), Some(HostMatch::San(_)));
        let by_name = demand.by_name.iter().map(|secret| self.state_of(frontend, secret));
        let by_name = by_name.filter_map(|state| match state {
            SecretState::Seen(secret) => Some(secret),
            SecretState::Absent | SecretState::Unknown => None,
        });
        let pooled = frontend.controller.pools().then(|| self.pooled(frontend, &demand.host));
        let further = by_name.chain(pooled.flatten().map(|(secret, _)| secret));
        for secret in further.filter(covers) {
            if !found.iter().any(|known| std::ptr::eq(*known, secret)) {
                found.push(secret);
            }
        }
        Some(found)
    }

    /// The frontends that name this Secret to be served: an Ingress in its `tls`, a Gateway in a listener.
    pub fn users(&self, secret: &ObjectRef) -> impl Iterator<Item = &Frontend> {
        let ingresses = self.used_by.get(at(secret)).into_iter().flatten();
        let gateways = self.gateways().users(at(secret));
        ingresses.chain(gateways).filter_map(|user| self.frontend_at(user))
    }

    /// Secrets that the Ingress names and that its load balancer, by its own account, does not
    /// serve as they are now; none while it has neither an address nor such an account.
    pub fn unserved_secrets(&self, ingress: &IngressFacts) -> impl Iterator<Item = &SecretFacts> {
        let served = ingress.annotations.get(SSL_CERT).cloned();
        let is_built = served.is_some() || !ingress.frontend.addresses.is_empty();
        let named = is_built.then_some(ingress.frontend.secrets.as_slice());
        let secrets = named.into_iter().flatten().filter_map(|secret| self.secret_at(secret));
        let serves = move |secret: &SecretFacts| {
            let tokens = served.as_deref().unwrap_or_default().split([',', '-']);
            let own = secret.load_balancer_token();
            tokens.map(str::trim).any(|token| token == own)
        };
        secrets.filter(move |secret| !secret.bundle.certificates_missing && !serves(secret))
    }

    /// Whether any frontend names this Secret to be served.
    #[must_use]
    pub fn is_used(&self, secret: &ObjectRef) -> bool {
        self.users(secret).next().is_some()
    }

    /// Whether a frontend names this Secret for its `ca.crt`: to verify clients or backends with.
    #[must_use]
    pub fn is_client_ca(&self, secret: &ObjectRef) -> bool {
        self.mentioners(secret).next().is_some()
    }

    /// The frontends that name this Secret for another end than to be served: to verify clients or
    /// backends with it, or to be known by to backends.
    pub fn mentioners(&self, secret: &ObjectRef) -> impl Iterator<Item = &Frontend> {
        let mentioners = self.mentioned_by.get(at(secret));
        mentioners.into_iter().flatten().filter_map(|one| self.frontend_at(one))
    }

    /// Secrets that frontends name for other ends than to be served, as far as they were seen.
    pub fn mentioned_secrets(&self) -> impl Iterator<Item = &SecretFacts> {
        let mentioned = self.mentioned_by.iter().filter(|(_, by)| !by.is_empty());
        mentioned.filter_map(|(secret, _)| self.secrets.get(secret))
    }

    /// Hosts that frontends want of this Secret and that its leaf does not cover.
    #[must_use]
    pub fn uncovered_hosts(&self, secret: &SecretFacts) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for frontend in self.users(&secret.object) {
            for demand in frontend.demands.iter().filter(|demand| demand.names(&secret.object)) {
                let met = matches!(self.coverage(frontend, demand), Coverage::Covered { .. })
                    || matches!(answer(secret, &demand.host), Some(HostMatch::San(_)));
                if !met && !hosts.contains(&demand.host) {
                    hosts.push(demand.host.clone());
                }
            }
        }
        hosts
    }

    /// Whether a Secret or frontend belongs into the report: it was chosen, or it is linked to one
    /// that was.
    #[must_use]
    pub fn is_reported(&self, object: &ObjectRef) -> bool {
        match object.kind {
            Kind::Secret => {
                let chosen = self.secrets.get(at(object)).is_some_and(|secret| secret.chosen);
                chosen || self.has_values(object) || self.users(object).any(|user| user.chosen)
            }
            kind if kind.serves_hosts() => self.frontend_at(object).is_some_and(|frontend| {
                let mut secrets =
                    frontend.secrets.iter().filter_map(|secret| self.secret_at(secret));
                frontend.chosen || secrets.any(|secret| secret.chosen)
            }),
            _ => true,
        }
    }

    pub(super) fn secret_was_seen(&self, object: &ObjectRef) -> bool {
        self.secrets.contains(at(object))
    }
}

/// What was seen of the Secrets that may serve a host.
#[derive(Default)]
struct Looked {
    looked_at: Vec<(ObjectRef, HostMatch)>,
    unknown: Option<String>,
}

impl Looked {
    /// Takes in the certificate that a Route holds itself, and says so when it covers the host.
    fn at_route(
        &mut self,
        bundle: Option<&Bundle>,
        route: &ObjectRef,
        host: &str,
    ) -> Option<Coverage> {
        let bundle = bundle?;
        match bundle.leaf()?.match_host(host) {
            // It would fit, and is served to nobody: that is told of the Route.
            HostMatch::San(_) if !loads::takes(Controller::Router, bundle) => None,
            HostMatch::San(pattern) => Some(Coverage::Covered { by: route.clone(), pattern }),
            other => {
                self.looked_at.push((route.clone(), other));
                None
            }
        }
    }

    /// Takes in one, and says so when it covers the host.
    fn at(
        &mut self,
        frontend: &Frontend,
        state: &SecretState<'_>,
        named: &ObjectRef,
        host: &str,
    ) -> Option<Coverage> {
        match state {
            SecretState::Seen(secret) => match answer(secret, host) {
                // It would fit, and is served to nobody: that is told of the Secret.
                Some(HostMatch::San(_)) if !frontend.loads(secret) => {}
                Some(HostMatch::San(pattern)) => {
                    return Some(Coverage::Covered { by: secret.object.key("tls.crt"), pattern });
                }
                Some(other) => self.looked_at.push((secret.object.clone(), other)),
                None => {}
            },
            SecretState::Absent => {}
            SecretState::Unknown => {
                self.unknown = Some(format!("secret/{} could not be seen", named.name));
            }
        }
        None
    }
}

/// How the leaf of the Secret answers for the host; none when it has no leaf that can be read.
fn answer(secret: &SecretFacts, host: &str) -> Option<HostMatch> {
    secret.bundle.leaf().map(|leaf| leaf.match_host(host))
}

#[cfg(test)]
mod tests;
