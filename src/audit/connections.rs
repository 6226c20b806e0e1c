//! Connections: for each host that is served, where a client connects, what it is to trust, and
//! which clients would refuse all the same.
//!
//! Decides from what is stored and what was served. Refuses to know how any client spells it.

use super::trust::{Trust, trust};
use crate::audit::backends::{Grpc, grpc};
use crate::audit::clients::{Client, refusal};
use crate::audit::served::{Answer, Serves, answers, candidates};
use crate::inventory::frontend::Frontend;
use crate::inventory::{Inventory, SecretFacts};
use crate::x509::cert::Certificate;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use time::OffsetDateTime;

/// A program whose settings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// curl with OpenSSL.
    Curl,
    /// `openssl s_client`, and everything else on OpenSSL.
    OpenSsl,
    /// Everything on Go's crypto/tls.
    Go,
    /// Everything on rustls and webpki.
    Rustls,
    /// grpcurl, for gRPC.
    Grpcurl,
    /// PyMilvus and everything else on gRPC's C core.
    PyMilvus,
}

impl Tool {
    /// All of them, those that everybody has first.
    pub const ALL: [Self; 6] =
        [Self::Curl, Self::OpenSsl, Self::Go, Self::Rustls, Self::Grpcurl, Self::PyMilvus];

    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::OpenSsl => "openssl",
            Self::Go => "go",
            Self::Rustls => "rustls",
            Self::Grpcurl => "grpcurl",
            Self::PyMilvus => "pymilvus",
        }
    }

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::OpenSsl => "openssl",
            Self::Go => "Go",
            Self::Rustls => "rustls",
            Self::Grpcurl => "grpcurl",
            Self::PyMilvus => "PyMilvus",
        }
    }

    /// Whether it speaks gRPC, so that it is of no use to any other backend.
    #[must_use]
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpcurl | Self::PyMilvus)
    }

    /// Whose TLS library it has.
    const fn client(self) -> Client {
        match self {
            Self::Curl | Self::OpenSsl => Client::OpenSsl,
            Self::Go | Self::Grpcurl => Client::Go,
            Self::Rustls => Client::Rustls,
            Self::PyMilvus => Client::GrpcPython,
        }
    }
}

/// Whose settings are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Of every client that the backend is for.
    #[default]
    Fitting,
    /// Of these, whatever the backend is.
    These(Vec<Tool>),
}

impl Shown {
    /// The clients whose settings are shown for this connection.
    #[must_use]
    pub fn of(&self, connection: &Connection<'_>) -> Vec<Tool> {
        let fits = |tool: &Tool| match (self, &connection.grpc) {
            (Self::These(tools), _) => tools.contains(tool),
            (Self::Fitting, Some(grpc)) => *tool != Tool::PyMilvus || grpc.is_milvus,
            (Self::Fitting, None) => !tool.is_grpc(),
        };
        Tool::ALL.into_iter().filter(fits).collect()
    }
}

/// How clients connect to one host.
#[derive(Debug)]
pub struct Connection<'i> {
    /// What serves it.
    pub frontend: &'i Frontend,
    /// The name to connect by.
    pub host: String,
    /// The address to connect to.
    pub address: SocketAddr,
    /// What to trust.
    pub trust: Trust,
    /// Whether its backend is gRPC; none where nothing tells.
    pub grpc: Option<Grpc>,
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
    let mut places = BTreeMap::new();
    for answer in answers(inventory) {
        let Some(address) = answer.served.address else { continue };
        let host = (std::ptr::from_ref(answer.frontend), answer.demand.host.as_str());
        let place = *places.entry(host).or_insert(best.len());
        match best.get_mut(place) {
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
        frontend: answer.frontend,
        address,
        grpc: grpc(inventory, answer.frontend, &answer.demand.host),
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
            let stored = candidates(inventory, answer.frontend, answer.demand)?;
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
        let protocol = (tool.is_grpc() && no_h2)
            .then(|| "the server does not agree on HTTP/2 (ALPN h2), which gRPC needs".to_owned());
        let why = refusal(tool.client(), leaf, host, now).or(protocol)?;
        Some((tool, why))
    };
    Tool::ALL.into_iter().filter_map(refuses).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::served::testing::{Did, World, of_year, serves_one};
    use crate::observation::handshake::FailureKind;
    use time::macros::datetime;

    fn told(world: &World) -> String {
        let inventory = world.inventory();
        let line = |one: &Connection<'_>| {
            let trust = match &one.trust {
                Trust::Public => "trusts public CAs",
                Trust::Pin(_) => "pins",
                Trust::Unknown => "trusts nobody knows whom",
            };
            let later = if one.not_served_yet { ", not served yet" } else { "" };
            let refuse: Vec<&str> = one.refusals.iter().map(|(tool, _)| tool.as_str()).collect();
            format!("{} at {} {trust}{later} [{}]", one.host, one.address, refuse.join(" "))
        };
        let all = connections(&inventory, datetime!(2026-11-21 00:00 UTC));
        all.iter().map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    // The key is Ed25519, which the BoringSSL of PyMilvus does not take.
    fn clients_are_sent_where_the_stored_certificate_is_served() {
        let stored = || of_year(2026);
        let refused = "curl openssl go rustls grpcurl pymilvus";
        for (what, world, expected) in [
            (
                "at its only address",
                World::of(stored(), vec![serves_one(stored())]),
                "a.example at 192.0.2.1:443 pins [pymilvus]".to_owned(),
            ),
            (
                "at the second of two addresses",
                World::of(stored(), vec![serves_one(of_year(2025)), serves_one(stored())]),
                "a.example at 192.0.2.2:443 pins [pymilvus]".to_owned(),
            ),
            (
                "nowhere yet",
                World::of(stored(), vec![Did::Failed(FailureKind::Refused)]),
                "a.example at 192.0.2.1:443 pins, not served yet [pymilvus]".to_owned(),
            ),
            (
                "without the protocol that gRPC needs",
                World::of(stored(), vec![Did::Served(vec![stored()], Some("http/1.1"))]),
                "a.example at 192.0.2.1:443 pins [grpcurl pymilvus]".to_owned(),
            ),
            (
                "when it has expired",
                World::of(of_year(2020), vec![serves_one(of_year(2020))]),
                format!("a.example at 192.0.2.1:443 pins [{refused}]"),
            ),
            (
                "nothing is stored",
                World { stored: None, ..World::of(stored(), vec![serves_one(stored())]) },
                "a.example at 192.0.2.1:443 trusts nobody knows whom [pymilvus]".to_owned(),
            ),
            ("no address is known", World::of(stored(), Vec::new()), String::new()),
        ] {
            assert_eq!(told(&world), expected, "{what}");
        }
    }
}
