//! Links: which certificate answers for which host, who uses which Secret.
//!
//! Knows both sides of a reference. Refuses to call anything a fault: that is the audit's.

use super::demand::{Demand, IngressFacts};
use super::{Inventory, ObjectFacts, SecretFacts, key_of, marker};
use crate::gke::annotations::SSL_CERT;
use crate::object_ref::ObjectRef;
use crate::x509::cert::HostMatch;

/// What is known of a Secret that an Ingress names.
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
            None if self.is_absent(&ObjectRef::secret(namespace, name)) => SecretState::Absent,
            None => SecretState::Unknown,
        }
    }

    /// How `demand` of `ingress` is met.
    #[must_use]
    pub fn coverage(&self, ingress: &IngressFacts, demand: &Demand) -> Coverage {
        if demand.without_tls() {
            return Coverage::WithoutTls;
        }
        let namespace = ingress.object.namespace();
        let mut looked_at = Vec::new();
        let mut unknown = demand.elsewhere.clone();
        for name in &demand.secrets {
            match self.secret_state(namespace, name) {
                SecretState::Seen(secret) if secret.is_placeholder() => {
                    let owner = secret.owner.as_ref().map_or("somebody", |owner| &owner.name);
                    unknown = Some(format!("secret/{name} is a placeholder that {owner} fills"));
                }
                SecretState::Seen(secret) => match answer(secret, &demand.host) {
                    Some(HostMatch::San(pattern)) => {
                        return Coverage::Covered { by: secret.object.key("tls.crt"), pattern };
                    }
                    Some(other) => looked_at.push((secret.object.clone(), other)),
                    None => {}
                },
                SecretState::Absent | SecretState::Unknown
                    if self.maker_of(&ObjectRef::secret(namespace, name)).is_some() =>
                {
                    let maker = self.maker_of(&ObjectRef::secret(namespace, name));
                    unknown = maker.map(|maker| format!("secret/{name}: {}", maker.told()));
                }
                SecretState::Absent => {}
                SecretState::Unknown => unknown = Some(format!("secret/{name} could not be seen")),
            }
        }
        match (unknown, looked_at.is_empty()) {
            (Some(why), _) => Coverage::Unknown(why),
            (None, true) => Coverage::NoCertificate,
            (None, false) => Coverage::NotCovered { looked_at },
        }
    }

    /// The Ingresses whose `tls` names this Secret.
    pub fn users(&self, secret: &ObjectRef) -> impl Iterator<Item = &IngressFacts> {
        let users = self.used_by.get(&key_of(secret));
        users.into_iter().flatten().filter_map(|ingress| self.ingresses.get(ingress))
    }

    /// Secrets that the Ingress names and that its load balancer, by its own account, does not
    /// serve as they are now; none when there is no such account yet.
    pub fn unserved_secrets(&self, ingress: &ObjectFacts) -> impl Iterator<Item = &SecretFacts> {
        let served = ingress.annotations.get(SSL_CERT).cloned();
        let namespace = ingress.object.namespace().to_owned();
        let named = self.ingress(&namespace, &ingress.object.name);
        let names = named.filter(|_| served.is_some()).map(|named| named.secret_names.as_slice());
        let secrets = names.into_iter().flatten();
        let secrets = secrets.filter_map(move |name| self.secret(&namespace, name));
        let serves = move |secret: &SecretFacts| {
            let tokens = served.as_deref().unwrap_or_default().split([',', '-']);
            tokens.map(str::trim).any(|token| token == secret.load_balancer_token)
        };
        secrets.filter(move |secret| !secret.bundle.certificates_missing && !serves(secret))
    }

    /// Whether any Ingress names this Secret.
    #[must_use]
    pub fn is_used(&self, secret: &ObjectRef) -> bool {
        self.users(secret).next().is_some()
    }

    /// Whether an Ingress names this Secret as the CA of its clients.
    #[must_use]
    pub fn is_client_ca(&self, secret: &ObjectRef) -> bool {
        let key = key_of(secret);
        self.ingresses.values().any(|ingress| ingress.client_cas.contains(&key))
    }

    /// Hosts that Ingresses want of this Secret and that its leaf does not cover.
    #[must_use]
    pub fn uncovered_hosts(&self, secret: &SecretFacts) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for ingress in self.users(&secret.object) {
            for demand in
                ingress.demands.iter().filter(|demand| demand.secrets.contains(&secret.object.name))
            {
                let met = matches!(self.coverage(ingress, demand), Coverage::Covered { .. });
                if !met && !hosts.contains(&demand.host) {
                    hosts.push(demand.host.clone());
                }
            }
        }
        hosts
    }

    /// Whether a Secret or Ingress belongs into the report: it was chosen, or it is linked to one
    /// that was.
    #[must_use]
    pub fn is_reported(&self, object: &ObjectRef) -> bool {
        use crate::object_ref::Kind;
        match object.kind {
            Kind::Secret => {
                let chosen = self.secrets.get(&key_of(object)).is_some_and(|secret| secret.chosen);
                chosen || self.users(object).any(|ingress| ingress.chosen)
            }
            Kind::Ingress => self.ingresses.get(&key_of(object)).is_some_and(|ingress| {
                let namespace = ingress.object.namespace();
                let secrets =
                    ingress.secret_names.iter().filter_map(|name| self.secret(namespace, name));
                ingress.chosen || secrets.into_iter().any(|secret| secret.chosen)
            }),
            _ => true,
        }
    }

    pub(super) fn secret_was_seen(&self, object: &ObjectRef) -> bool {
        marker(object).0 == crate::object_ref::Kind::Secret
            && self.secrets.contains_key(&key_of(object))
    }
}

/// How the leaf of the Secret answers for the host; none when it has no leaf that can be read.
fn answer(secret: &SecretFacts, host: &str) -> Option<HostMatch> {
    secret.bundle.leaf().map(|leaf| leaf.match_host(host))
}
