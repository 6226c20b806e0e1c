//! Connections: for each host of an Ingress, where a client connects, what it is to trust, and
//! which clients would refuse all the same.
//!
//! Decides from what is stored and what was served. Refuses to know how any client spells it.

use super::trust::{Trust, trust};
use crate::audit::clients::{Client, refusal};
use crate::audit::served::{Answer, Serves, answers, candidates};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretFacts};
use crate::x509::cert::Certificate;
use std::net::SocketAddr;
use time::OffsetDateTime;

/// A program whose settings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// PyMilvus and everything else on gRPC's C core.
    PyMilvus,
    /// curl with OpenSSL.
    Curl,
    /// grpcurl and everything else in Go.
    Grpcurl,
    /// Everything on rustls and webpki.
    Rustls,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PyMilvus, Self::Curl, Self::Grpcurl, Self::Rustls];

    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PyMilvus => "pymilvus",
            Self::Curl => "curl",
            Self::Grpcurl => "grpcurl",
            Self::Rustls => "rustls",
        }
    }

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PyMilvus => "PyMilvus",
            Self::Curl => "curl",
            Self::Grpcurl => "grpcurl and Go",
            Self::Rustls => "rustls",
        }
    }

    /// Whose TLS library it has.
    const fn client(self) -> Client {
        match self {
            Self::PyMilvus => Client::GrpcPython,
            Self::Curl => Client::OpenSsl,
            Self::Grpcurl => Client::Go,
            Self::Rustls => Client::Rustls,
        }
    }
}

/// How clients connect to one host.
#[derive(Debug)]
pub struct Connection<'i> {
    /// The Ingress.
    pub ingress: &'i IngressFacts,
    /// The name to connect by.
    pub host: String,
    /// The address to connect to.
    pub address: SocketAddr,
    /// What to trust.
    pub trust: Trust,
    /// Clients that would refuse, and why.
    pub refusals: Vec<(Tool, String)>,
    /// Whether the server wants a certificate of the client's.
    pub asks_client_certificate: bool,
    /// Whether what is stored, and so is to be trusted, is not what is served (yet).
    pub not_served_yet: bool,
}

/// A connection for each host that was answered for: at an address that serves what is stored where
/// there is one, at an IPv4 address before an IPv6 one.
#[must_use]
pub fn connections(inventory: &Inventory, now: OffsetDateTime) -> Vec<Connection<'_>> {
    let mut best: Vec<(Answer<'_>, SocketAddr)> = Vec::new();
    for answer in answers(inventory) {
        let Some(address) = answer.served.address else { continue };
        let same = |(known, _): &(Answer<'_>, SocketAddr)| {
            std::ptr::eq(known.ingress, answer.ingress) && known.demand.host == answer.demand.host
        };
        match best.iter_mut().find(|known| same(known)) {
            Some(known) if rank(&answer, address) < rank(&known.0, known.1) => {
                *known = (answer, address);
            }
            Some(_) => {}
            None => best.push((answer, address)),
        }
    }
    best.iter().map(|(answer, address)| connection(inventory, answer, *address, now)).collect()
}

fn rank(answer: &Answer<'_>, address: SocketAddr) -> (bool, bool, SocketAddr) {
    (!answer.is_settled(), address.is_ipv6(), address)
}

fn connection<'i>(
    inventory: &'i Inventory,
    answer: &Answer<'i>,
    address: SocketAddr,
    now: OffsetDateTime,
) -> Connection<'i> {
    let host = answer.demand.probe();
    let secret = secret_of(inventory, answer);
    let leaf = secret.and_then(|secret| secret.bundle.leaf()).or_else(|| answer.served.leaf());
    Connection {
        ingress: answer.ingress,
        address,
        trust: match (secret, leaf) {
            (Some(secret), _) => trust(secret),
            (None, Some(leaf)) if leaf.publicly_logged => Trust::Public,
            (None, _) => Trust::Unknown,
        },
        refusals: leaf.map(|leaf| refusals(answer, leaf, &host, now)).unwrap_or_default(),
        asks_client_certificate: answer.served.asks_client_certificate,
        not_served_yet: secret.is_some() && !matches!(answer.serves, Serves::Stored(_)),
        host,
    }
}

/// The Secret that clients shall be served from.
fn secret_of<'i>(inventory: &'i Inventory, answer: &Answer<'i>) -> Option<&'i SecretFacts> {
    match &answer.serves {
        Serves::Stored(secret) | Serves::Older(secret) => Some(secret),
        Serves::Another(secrets) => secrets.first().copied(),
        Serves::Unknown => None,
        Serves::Nothing | Serves::Default(_) => {
            let stored = candidates(inventory, answer.ingress, answer.demand)?;
            stored.first().copied().filter(|_| answer.demand.elsewhere.is_none())
        }
    }
}

/// gRPC ends a connection on which HTTP/2 was not agreed on.
fn refusals(
    answer: &Answer<'_>,
    leaf: &Certificate,
    host: &str,
    now: OffsetDateTime,
) -> Vec<(Tool, String)> {
    let agreed = answer.served.agreed.as_ref();
    let no_h2 = agreed.is_some_and(|agreed| agreed.alpn.as_deref() != Some("h2"));
    let refuses = |tool: Tool| {
        let is_grpc = matches!(tool, Tool::PyMilvus | Tool::Grpcurl);
        let protocol = (is_grpc && no_h2)
            .then(|| "the server does not agree on HTTP/2 (ALPN h2), which gRPC needs".to_owned());
        let why = refusal(tool.client(), leaf, host, now).or(protocol)?;
        Some((tool, why))
    };
    Tool::ALL.into_iter().filter_map(refuses).collect()
}
