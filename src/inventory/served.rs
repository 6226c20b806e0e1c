//! What is served: handshakes as facts, linked to the Ingress hosts they were made for.
//!
//! Knows which addresses an Ingress has and which name is asked for. Refuses to call anything a
//! fault, and trusts no chain: certificates here are only read.

use super::Inventory;
use super::bundle::Bundle;
use super::demand::{Demand, IngressFacts};
use super::link::Coverage;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::observation::handshake::{Agreed, Endpoint, HandshakeFailure, HandshakeSeen};
use crate::x509::cert::Certificate;
use crate::x509::digest::sha256;
use crate::x509::possession::{self, Possession};
use crate::x509::verify::Scheme;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The port of an Ingress that serves TLS.
pub const HTTPS: u16 = 443;

/// Where an Ingress is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedAt {
    /// At the addresses of its status, on port 443.
    Status,
    /// There, whatever its status says.
    Address(SocketAddr),
}

/// Facts of one handshake.
#[derive(Clone, Debug)]
pub struct ServedFacts {
    /// The name that was sent as SNI.
    pub host: Option<String>,
    /// Where it was to be made: what the status of the Ingress says.
    pub endpoint: Endpoint,
    /// The address that was connected to; none when the endpoint's name has none.
    pub address: Option<SocketAddr>,
    /// The certificates that were shown; many hosts show the same ones.
    pub bundle: Arc<Bundle>,
    /// Whether the server proved that it has the key of the first one.
    pub possession: Possession,
    /// What was agreed on, when the handshake came to its end.
    pub agreed: Option<Agreed>,
    /// What stopped it.
    pub failure: Option<HandshakeFailure>,
    /// Whether the server asked for a certificate of the client's.
    pub asks_client_certificate: bool,
}

impl ServedFacts {
    /// The certificate that is served.
    #[must_use]
    pub fn leaf(&self) -> Option<&Certificate> {
        self.bundle.leaf()
    }

    /// The address that was connected to, or else where that was to be.
    #[must_use]
    pub fn place(&self) -> String {
        self.address.map_or_else(|| self.endpoint.to_string(), |address| address.to_string())
    }
}

/// What is known of what is served for one host of an Ingress.
#[derive(Debug)]
pub enum Handshakes<'i> {
    /// Nobody asked.
    NotAsked,
    /// It was asked for, and the Ingress has no address.
    NoAddress,
    /// These; more than one where a name has several addresses.
    Seen(Vec<&'i ServedFacts>),
}

/// What handshakes the inventory wants and has.
#[derive(Debug, Default)]
pub(super) struct Served {
    at: Option<ServedAt>,
    /// By host and endpoint: hosts that several Ingresses share are asked for once.
    seen: BTreeMap<(String, Endpoint), Vec<ServedFacts>>,
    inspected: Vec<(ObjectRef, ServedFacts)>,
    /// Chains by the digest of all their bytes.
    chains: BTreeMap<[u8; 32], Arc<Bundle>>,
}

impl Inventory {
    /// Says that handshakes are wanted, and where.
    pub fn look_at_served(&mut self, at: ServedAt) {
        self.served.at = Some(at);
        self.target.address = match at {
            ServedAt::Address(address) => Some(address.to_string()),
            ServedAt::Status => None,
        };
    }

    /// Where the Ingress is to be looked for; empty when it has no address, or nobody asked.
    #[must_use]
    pub fn endpoints(&self, ingress: &IngressFacts) -> Vec<Endpoint> {
        match self.served.at {
            None => Vec::new(),
            Some(ServedAt::Address(address)) => vec![address.into()],
            Some(ServedAt::Status) => {
                let endpoint =
                    |address: &String| Endpoint { address: address.clone(), port: HTTPS };
                ingress.addresses.iter().map(endpoint).collect()
            }
        }
    }

    /// What is served for one host of the Ingress.
    #[must_use]
    pub fn handshakes(&self, ingress: &IngressFacts, demand: &Demand) -> Handshakes<'_> {
        if self.served.at.is_none() || !self.serves_tls(ingress, demand) {
            return Handshakes::NotAsked;
        }
        let endpoints = self.endpoints(ingress);
        if endpoints.is_empty() {
            return Handshakes::NoAddress;
        }
        let host = demand.probe();
        let seen = endpoints.into_iter().filter_map(|at| self.served.seen.get(&(host.clone(), at)));
        Handshakes::Seen(seen.flatten().collect())
    }

    /// Whether this Ingress is the one by which TLS is served for the host.
    fn serves_tls(&self, ingress: &IngressFacts, demand: &Demand) -> bool {
        let (coverage, by_other) = self.server(ingress, demand);
        by_other.is_none() && ingress.borrows.is_none() && coverage != Coverage::WithoutTls
    }

    /// Handshakes with places that the user named, for inspection.
    pub fn inspected(&self) -> impl Iterator<Item = (&ObjectRef, &ServedFacts)> {
        self.served.inspected.iter().map(|(object, served)| (object, served))
    }

    /// Hosts of reported Ingresses for which no handshake was made yet.
    pub(super) fn unseen_served(&self) -> Vec<Question> {
        let mut asked = std::collections::BTreeSet::new();
        for ingress in self.ingresses().filter(|ingress| self.is_reported(&ingress.object)) {
            let endpoints = self.endpoints(ingress);
            let here = |demand: &&Demand| self.serves_tls(ingress, demand);
            for demand in ingress.demands.iter().filter(here) {
                let host = demand.probe();
                asked.extend(endpoints.iter().map(|endpoint| (host.clone(), endpoint.clone())));
            }
        }
        asked
            .into_iter()
            .filter(|key| !self.served.seen.contains_key(key))
            .map(|(host, endpoint)| Question::Served { host, endpoint })
            .collect()
    }

    pub(super) fn absorb_handshake(&mut self, seen: HandshakeSeen) {
        let key = (seen.host.clone().unwrap_or_default(), seen.endpoint.clone());
        let facts = self.served_facts(seen);
        let known = self.served.seen.entry(key).or_default();
        known.retain(|known| known.address != facts.address);
        known.push(facts);
    }

    pub(super) fn absorb_inspected(&mut self, seen: HandshakeSeen) {
        let place = seen.address.map(|address| address.to_string());
        let named = seen.endpoint.to_string();
        let name = match place {
            Some(place) if place != named => format!("{named} ({place})"),
            _ => named,
        };
        let facts = self.served_facts(seen);
        self.served.inspected.push((ObjectRef::endpoint(name), facts));
    }

    fn served_facts(&mut self, seen: HandshakeSeen) -> ServedFacts {
        let possession = match (&seen.signed, seen.chain.first()) {
            (Some(signed), Some(leaf)) => {
                let check =
                    |scheme| possession::check(leaf, scheme, &signed.message, &signed.signature);
                Scheme::of_tls(signed.scheme).map_or(Possession::Unchecked, check)
            }
            _ => Possession::Unchecked,
        };
        let digest = sha256(&seen.chain.concat());
        let chain = self.served.chains.entry(digest);
        let bundle = chain.or_insert_with(|| Arc::new(Bundle::of_chain(&seen.chain)));
        ServedFacts {
            host: seen.host,
            endpoint: seen.endpoint,
            address: seen.address,
            bundle: Arc::clone(bundle),
            possession,
            agreed: seen.agreed,
            failure: seen.failure,
            asks_client_certificate: seen.asks_client_certificate,
        }
    }
}

/// A small world for tests of what is served: one Ingress, its Secret, and what its addresses did.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
pub(crate) mod testing {
    use super::ServedAt;
    use crate::inventory::Inventory;
    use crate::inventory::selection::Selection;
    use crate::object_ref::{Kind, ObjectRef};
    use crate::observation::handshake::{
        Agreed, Endpoint, FailureKind, HandshakeFailure, HandshakeSeen, Stage,
    };
    use crate::observation::{
        IngressSeen, MetaSeen, ObjectSeen, Observation, Rule, SecretSeen, TlsEntry,
    };
    use crate::redact::Redacted;
    use crate::x509::pem;
    use ring::rand::SystemRandom;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

    /// The host of its Ingress.
    pub(crate) const HOST: &str = "a.example";

    /// What one address did.
    #[derive(Clone)]
    pub(crate) enum Did {
        Served(Vec<Vec<u8>>, Option<&'static str>),
        Failed(FailureKind),
    }

    pub(crate) fn serves_one(der: Vec<u8>) -> Did {
        Did::Served(vec![der], Some("h2"))
    }

    /// A world of one Ingress for [`HOST`].
    pub(crate) struct World {
        pub(crate) stored: Option<Vec<Vec<u8>>>,
        pub(crate) ca_crt: Vec<Vec<u8>>,
        pub(crate) annotations: Vec<(&'static str, &'static str)>,
        pub(crate) did: Vec<Did>,
        pub(crate) managed: Option<&'static str>,
        pub(crate) addresses: bool,
    }

    impl World {
        pub(crate) fn of(stored: Vec<u8>, did: Vec<Did>) -> Self {
            Self {
                stored: Some(vec![stored]),
                ca_crt: Vec::new(),
                annotations: Vec::new(),
                did,
                managed: None,
                addresses: true,
            }
        }

        pub(crate) fn inventory(&self) -> Inventory {
            let random = SystemRandom::new();
            let mut inventory = Inventory::new(Selection::default());
            let pems = |ders: &[Vec<u8>]| {
                let pems = ders.iter().map(|der| pem::encode("CERTIFICATE", der).to_string());
                Redacted::new(pems.collect::<String>().into_bytes())
            };
            if let Some(chain) = &self.stored {
                let key = include_bytes!("../../testdata/pki/ed25519.pem").to_vec();
                let data = [
                    ("tls.crt".to_owned(), pems(chain)),
                    ("tls.key".to_owned(), Redacted::new(key)),
                    ("ca.crt".to_owned(), pems(&self.ca_crt)),
                ];
                let seen = SecretSeen {
                    object: ObjectRef::secret("shop", "web"),
                    meta: MetaSeen::default(),
                    secret_type: "kubernetes.io/tls".to_owned(),
                    immutable: false,
                    data: data.into(),
                    not_base64: Vec::new(),
                };
                inventory.absorb(Observation::Secret(seen), &random);
            } else {
                let absent = Observation::Absent(ObjectRef::secret("shop", "web"));
                inventory.absorb(absent, &random);
            }
            let meta = || MetaSeen { annotations: self.annotations(), ..MetaSeen::default() };
            let ingress = ObjectRef::ingress("shop", "web");
            let addresses = (0..self.did.len()).map(|index| address(index).ip().to_string());
            let tls =
                TlsEntry { hosts: vec![HOST.to_owned()], secret_name: Some("web".to_owned()) };
            let seen = IngressSeen {
                default_backend: None,
                object: ingress.clone(),
                meta: meta(),
                class_name: None,
                rules: vec![Rule::of_host(HOST)],
                tls: if self.managed.is_some() { Vec::new() } else { vec![tls] },
                addresses: if self.addresses { addresses.collect() } else { Vec::new() },
            };
            inventory.absorb(Observation::Ingress(seen), &random);
            if let Some(status) = self.managed {
                let object = |object, meta, spec, status| {
                    Observation::Object(ObjectSeen {
                        object,
                        meta,
                        head: serde_json::Value::Null,
                        spec,
                        status,
                    })
                };
                inventory.absorb(object(ingress, meta(), json!({}), json!({})), &random);
                let managed = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "m");
                let (spec, status) =
                    (json!({"domains": [HOST]}), json!({"certificateStatus": status}));
                inventory.absorb(object(managed, MetaSeen::default(), spec, status), &random);
            }
            inventory.look_at_served(ServedAt::Status);
            for (index, did) in self.did.iter().enumerate() {
                inventory.absorb(Observation::Handshake(handshake(index, did)), &random);
            }
            inventory
        }

        fn annotations(&self) -> BTreeMap<String, String> {
            let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            self.annotations.iter().map(own).collect()
        }
    }

    fn address(index: usize) -> SocketAddr {
        let index = u8::try_from(index + 1).expect("few");
        SocketAddr::from(([192, 0, 2, index], 443))
    }

    fn handshake(index: usize, did: &Did) -> HandshakeSeen {
        let address = address(index);
        let mut seen = HandshakeSeen {
            host: Some(HOST.to_owned()),
            endpoint: Endpoint::from(address),
            address: Some(address),
            chain: Vec::new(),
            signed: None,
            agreed: None,
            failure: None,
            asks_client_certificate: false,
        };
        match did {
            Did::Served(chain, alpn) => {
                seen.chain.clone_from(chain);
                seen.agreed = Some(Agreed {
                    version: "1.3",
                    alpn: alpn.map(str::to_owned),
                    cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
                });
            }
            Did::Failed(kind) => {
                seen.failure = Some(HandshakeFailure {
                    stage: Stage::Handshake,
                    kind: *kind,
                    message: "it went wrong".to_owned(),
                });
            }
        }
        seen
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
mod tests {
    use super::testing::{World, serves_one};
    use super::*;
    use crate::observation::{IngressSeen, MetaSeen, Observation, Rule, TlsEntry};
    use ring::rand::SystemRandom;

    #[test]
    fn a_wildcard_host_is_asked_for_by_a_name_below_it() {
        let pem = include_bytes!("../../testdata/pki/root-ca.crt.pem");
        let der = crate::x509::pem::blocks(pem).remove(0).der.expect("the PEM is good");
        let der = der.expose().to_vec();
        let mut inventory = World::of(der.clone(), vec![serves_one(der)]).inventory();
        let seen = IngressSeen {
            default_backend: None,
            object: ObjectRef::ingress("shop", "wild"),
            meta: MetaSeen::default(),
            class_name: None,
            rules: vec![Rule::of_host("*.Shop.example")],
            tls: vec![TlsEntry {
                hosts: vec!["*.Shop.example".to_owned()],
                secret_name: Some("web".to_owned()),
            }],
            addresses: vec!["192.0.2.9".to_owned(), "lb.example".to_owned()],
        };
        inventory.absorb(Observation::Ingress(seen), &SystemRandom::new());
        let asked = crate::inventory::questions::Asked { served: true, ..Default::default() };
        let questions = format!("{:?}", inventory.open_questions(asked));
        assert!(questions.contains("certwright.shop.example"), "{questions}");
        assert!(questions.contains("192.0.2.9") && questions.contains("lb.example"), "{questions}");
        assert!(!questions.contains(r#""a.example""#), "that was answered: {questions}");
    }
}
