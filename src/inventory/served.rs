//! What is served: handshakes as facts, linked to the Ingress hosts they were made for.
//!
//! Knows which addresses an Ingress has and which name is asked for. Refuses to call anything a
//! fault, and trusts no chain: certificates here are only read.

use super::Inventory;
use super::bundle::Bundle;
use super::frontend::{Demand, Frontend};
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

/// The port of an Ingress that serves TLS; a Gateway's listener says its own.
pub const HTTPS: u16 = 443;

/// Where an Ingress is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedAt {
    /// At the addresses of its status, on port 443 or that of its listener.
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

    /// Where the host of the frontend is to be looked for; empty when that has no address, or nobody
    /// asked.
    #[must_use]
    pub fn endpoints(&self, frontend: &Frontend, demand: &Demand) -> Vec<Endpoint> {
        match self.served.at {
            None => Vec::new(),
            Some(ServedAt::Address(address)) => vec![address.into()],
            Some(ServedAt::Status) => {
                let of_listener = demand.listener.as_ref().and_then(|listener| listener.port);
                let port = of_listener.unwrap_or(HTTPS);
                let endpoint = |address: &String| Endpoint { address: address.clone(), port };
                frontend.addresses.iter().map(endpoint).collect()
            }
        }
    }

    /// What is served for one host of the frontend.
    #[must_use]
    pub fn handshakes(&self, frontend: &Frontend, demand: &Demand) -> Handshakes<'_> {
        if self.served.at.is_none() || !self.serves_tls(frontend, demand) {
            return Handshakes::NotAsked;
        }
        let endpoints = self.endpoints(frontend, demand);
        if endpoints.is_empty() {
            return Handshakes::NoAddress;
        }
        let host = demand.probe();
        let seen = endpoints.into_iter().filter_map(|at| self.served.seen.get(&(host.clone(), at)));
        Handshakes::Seen(seen.flatten().collect())
    }

    /// Whether this frontend is the one by which TLS is served for the host.
    fn serves_tls(&self, frontend: &Frontend, demand: &Demand) -> bool {
        let (coverage, by_other) = self.server(frontend, demand);
        by_other.is_none() && frontend.borrows.is_none() && coverage != Coverage::WithoutTls
    }

    /// Handshakes with places that the user named, for inspection.
    pub fn inspected(&self) -> impl Iterator<Item = (&ObjectRef, &ServedFacts)> {
        self.served.inspected.iter().map(|(object, served)| (object, served))
    }

    /// Hosts of reported frontends for which no handshake was made yet.
    pub(super) fn unseen_served(&self) -> Vec<Question> {
        let mut asked = std::collections::BTreeSet::new();
        for frontend in self.frontends().filter(|frontend| self.is_reported(&frontend.object)) {
            let here = |demand: &&Demand| self.serves_tls(frontend, demand);
            for demand in frontend.demands.iter().filter(here) {
                let host = demand.probe();
                let endpoints = self.endpoints(frontend, demand).into_iter();
                asked.extend(endpoints.map(|endpoint| (host.clone(), endpoint)));
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
        let chain = seen.chain.clone();
        let facts = self.served_facts(seen);
        let object = ObjectRef::endpoint(name);
        if facts.bundle.damaged.is_empty() {
            self.note_root(&object, &facts.bundle, &chain);
        }
        self.served.inspected.push((object, facts));
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

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
