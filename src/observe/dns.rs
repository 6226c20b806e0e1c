//! Observing DNS: where a name leads, and which CAs may issue for it.
//!
//! Knows how a server is asked and when to stop asking one that is silent. An empty answer is an
//! answer; a lookup that fails is handed on as unseen and never as empty. Hosts files and search
//! lists are left out: what clients elsewhere see counts. Refuses to know which names matter.

use super::Take;
use crate::gke::caa::CaaRecord;
use crate::object_ref::ObjectRef;
use crate::observation::Observation;
use crate::observation::dns::{AddressesSeen, IssuersSeen, NameQuestion};
use crate::world::words;
use futures_util::StreamExt as _;
use futures_util::stream;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Names asked at once; each is at most two queries.
const PARALLEL: usize = 16;
/// How long a server may take for one query: what stub resolvers wait before they ask again.
const TRY: Duration = Duration::from_secs(3);
/// Tries after the first one: UDP loses a packet now and then.
const MORE_TRIES: usize = 1;
/// How long a name may take, with its aliases or parents.
const NAME: Duration = Duration::from_secs(10);
/// So many names in a row without any reply, and the server is asked no more.
const SILENT: usize = PARALLEL;
/// The longest chain of CNAME records that is followed; resolvers stop at 8 to 16.
const MAX_ALIASES: usize = 16;
/// So many names are told one by one when they fail for the same reason; more are told as one.
const TOLD_EACH: usize = 3;
/// The port of DNS (RFC 1035 §4.2).
const PORT: u16 = 53;

/// A DNS server as somebody types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// An IP address, or a name for the system to look up.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A text that names no DNS server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST:PORT such as 8.8.8.8:53 or [2001:db8::53]:53, found {0:?}")]
pub struct NoServer(String);

/// Why there is nobody to ask.
#[derive(Debug, thiserror::Error)]
pub enum NoResolver {
    /// The system does not say whom to ask.
    #[error("the system's DNS servers cannot be told: {0}")]
    System(#[source] NetError),
    /// The server's own name leads nowhere.
    #[error("the DNS server {host} cannot be found: {}", words(.why))]
    NotFound {
        /// The name.
        host: String,
        /// What the system said.
        why: io::Error,
    },
    /// The system did not answer for the server's own name within ten seconds.
    #[error("the DNS server {0} cannot be found: the system gave no answer")]
    NoAnswer(String),
    /// No sockets for asking.
    #[error(transparent)]
    Setup(NetError),
}

impl FromStr for Server {
    type Err = NoServer;

    /// Reads `HOST:PORT`, or `HOST` for port 53. An IPv6 address stands in brackets when it has a
    /// port.
    ///
    /// # Errors
    /// [`NoServer`] says what was expected.
    fn from_str(text: &str) -> Result<Self, NoServer> {
        let wrong = || NoServer(text.to_owned());
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self { host: ip.to_string(), port: PORT });
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(wrong)?;
                host.parse::<Ipv6Addr>().map_err(|_| wrong())?;
                (host, port.strip_prefix(':').or((port.is_empty()).then_some("53")))
            }
            None => {
                text.split_once(':').map_or((text, Some("53")), |(host, port)| (host, Some(port)))
            }
        };
        let port = port.and_then(|port| port.parse().ok()).filter(|port| *port > 0);
        let host_like = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(host_like) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port: port.ok_or_else(wrong)? })
    }
}

/// Whom to ask.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    servers: String,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resolver({})", self.servers)
    }
}

impl Resolver {
    /// One that asks this server; none: those of the system.
    ///
    /// # Errors
    /// [`NoResolver`], when the server's name leads nowhere or the system names no server.
    pub async fn new(server: Option<&Server>) -> Result<Self, NoResolver> {
        let servers = if let Some(server) = server {
            addresses_of(server).await?.into_iter().map(name_server).collect()
        } else {
            let (config, _) = read_system_conf().map_err(NoResolver::System)?;
            config.into_parts().2
        };
        let named = servers.iter().map(|server| {
            let port = server.connections.first().map_or(PORT, |connection| connection.port);
            SocketAddr::new(server.ip, port).to_string()
        });
        let named = named.collect::<Vec<_>>().join(", ");
        let config = ResolverConfig::from_name_servers(servers);
        let provider = TokioRuntimeProvider::default();
        let resolver = TokioResolver::builder_with_config(config, provider).with_options(options());
        let inner = resolver.build().map_err(NoResolver::Setup)?;
        Ok(Self { inner, servers: named })
    }

    /// The servers' addresses, for people.
    #[must_use]
    pub fn servers(&self) -> &str {
        &self.servers
    }

    async fn answer(&self, question: &NameQuestion) -> Answer {
        let answer = async {
            match question {
                NameQuestion::Addresses(host) => self.addresses(host).await,
                NameQuestion::Issuers(host) => self.issuers(host).await,
            }
        };
        match tokio::time::timeout(NAME, answer).await {
            Ok(answer) => answer,
            Err(_) => Answer::unknown(question, Failure::silent("no answer")),
        }
    }

    async fn addresses(&self, host: &str) -> Answer {
        let mut seen = AddressesSeen { host: host.to_owned(), ..AddressesSeen::default() };
        let mut next = absolute(host);
        while let Some(at) = next.take() {
            let (v4, v6) =
                tokio::join!(self.ask(&at, RecordType::A), self.ask(&at, RecordType::AAAA));
            let empty = |found: &Result<Found, Failure>| {
                found.as_ref().is_ok_and(|found| found.records.is_empty())
            };
            if !empty(&v4) || !empty(&v6) {
                return led_to(seen, v4, v6);
            }
            seen.no_name = [v4, v6].into_iter().flatten().any(|found| found.no_name);
            // An alias that leads nowhere, or further than the library follows, looks empty too.
            let Some(alias) = self.alias(&at).await else { break };
            let again = shown(&alias);
            let circle = again == host || seen.aliases.contains(&again);
            seen.aliases.push(again);
            if seen.aliases.len() > MAX_ALIASES {
                let failure = Failure::told(format!("more than {MAX_ALIASES} CNAME records"));
                return Answer { seen: Observation::Addresses(seen), failure: Some(failure) };
            }
            next = (!circle).then_some(alias);
        }
        (seen.v4, seen.v6) = (Some(Vec::new()), Some(Vec::new()));
        Answer { seen: Observation::Addresses(seen), failure: None }
    }

    async fn alias(&self, name: &Name) -> Option<Name> {
        let found = self.ask(name, RecordType::CNAME).await.ok()?;
        found.records.iter().find_map(alias_of).cloned()
    }

    /// Climbs from the host to its parents, and stops at the first that has CAA records; the root
    /// is not asked (RFC 8659 §3).
    async fn issuers(&self, host: &str) -> Answer {
        let mut seen = IssuersSeen { host: host.to_owned(), ..IssuersSeen::default() };
        let mut next = absolute(host);
        while let Some(name) = next.take().filter(|name| !name.is_root()) {
            match self.ask(&name, RecordType::CAA).await {
                Ok(found) if !found.records.is_empty() => {
                    seen.at = shown(&found.owner);
                    seen.records = Some(sorted(found.records.iter().filter_map(caa_of)));
                    return Answer { seen: Observation::Issuers(seen), failure: None };
                }
                Ok(_) => next = Some(name.base_name()),
                Err(failure) => {
                    let parent = shown(&name);
                    let failure = if parent == host { failure } else { failure.of_name(&parent) };
                    return Answer { seen: Observation::Issuers(seen), failure: Some(failure) };
                }
            }
        }
        seen.records = Some(Vec::new());
        Answer { seen: Observation::Issuers(seen), failure: None }
    }

    async fn ask(&self, name: &Name, kind: RecordType) -> Result<Found, Failure> {
        match self.inner.lookup(name.clone(), kind).await {
            Ok(lookup) => Ok(Found::of(name, kind, lookup.answers())),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NXDomain => Ok(Found::nothing(name, true)),
                ResponseCode::NoError if none.soa.is_none() && none.ns.is_some() => {
                    Err(Failure::told("it only refers to other servers"))
                }
                ResponseCode::NoError => Ok(Found::nothing(name, false)),
                code => Err(Failure::told(code_name(code))),
            },
            Err(error) => Err(Failure::of(&error)),
        }
    }
}

/// Asks every question and hands on an answer to each: facts, and, where a lookup failed, that it
/// is unseen. A server that stays silent is not asked on; the names that are left then are unseen
/// too.
pub async fn answers(resolver: &Resolver, questions: &[NameQuestion], take: &mut Take<'_>) {
    let mut failures = Failures::default();
    let mut silent_in_a_row = 0;
    let mut answers =
        stream::iter(questions.iter().map(|question| resolver.answer(question))).buffered(PARALLEL);
    let mut left = questions.iter();
    while let Some(question) = left.next() {
        let Some(answer) = answers.next().await else { break };
        let silent = answer.failure.as_ref().filter(|failure| failure.silent).cloned();
        silent_in_a_row = if silent.is_some() { silent_in_a_row + 1 } else { 0 };
        failures.note(question, answer.failure.as_ref());
        take(answer.seen);
        if let Some(silent) = silent.filter(|_| silent_in_a_row >= SILENT) {
            for question in left.by_ref() {
                let answer = Answer::unknown(question, silent.clone());
                failures.note(question, answer.failure.as_ref());
                take(answer.seen);
            }
        }
    }
    failures.tell(resolver, take);
}

/// What is known of a name now, and what kept the rest from being known.
struct Answer {
    seen: Observation,
    failure: Option<Failure>,
}

impl Answer {
    fn unknown(question: &NameQuestion, failure: Failure) -> Self {
        let seen = match question.clone() {
            NameQuestion::Addresses(host) => {
                Observation::Addresses(AddressesSeen { host, ..AddressesSeen::default() })
            }
            NameQuestion::Issuers(host) => {
                Observation::Issuers(IssuersSeen { host, ..IssuersSeen::default() })
            }
        };
        Self { seen, failure: Some(failure) }
    }
}

/// A lookup that had no answer that can be used.
#[derive(Clone, Debug)]
struct Failure {
    reason: String,
    /// Whether nothing at all came back.
    silent: bool,
}

impl Failure {
    fn silent(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), silent: true }
    }

    fn told(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), silent: false }
    }

    fn of(error: &NetError) -> Self {
        match error {
            NetError::Timeout => Self::silent("no answer"),
            NetError::NoConnections => Self::silent("no connection"),
            NetError::Io(error) => Self::silent(words(error)),
            NetError::Dns(DnsError::ResponseCode(code)) => Self::told(code_name(*code)),
            error => Self::told(error.to_string()),
        }
    }

    fn of_name(self, name: &str) -> Self {
        Self { reason: format!("{} for {name}", self.reason), ..self }
    }
}

/// Failures by their reason, and what of which host each concerns.
#[derive(Default)]
struct Failures(BTreeMap<String, BTreeMap<String, BTreeSet<&'static str>>>);

impl Failures {
    fn note(&mut self, question: &NameQuestion, failure: Option<&Failure>) {
        let Some(failure) = failure else { return };
        let (host, what) = match question {
            NameQuestion::Addresses(host) => (host, "addresses"),
            NameQuestion::Issuers(host) => (host, "CAA records"),
        };
        let of_reason = self.0.entry(failure.reason.clone()).or_default();
        of_reason.entry(host.clone()).or_default().insert(what);
    }

    /// Each host that failed, or the server, where many failed for one reason.
    fn tell(self, resolver: &Resolver, take: &mut Take<'_>) {
        let servers = &resolver.servers;
        let remedy = "ask another server with --dns-server HOST:PORT";
        for (reason, hosts) in self.0 {
            if hosts.len() > TOLD_EACH {
                let named: Vec<&str> = hosts.keys().take(TOLD_EACH).map(String::as_str).collect();
                let message = format!(
                    "{reason}: {} names could not be looked up ({} and {} more); {remedy}",
                    hosts.len(),
                    named.join(", "),
                    hosts.len() - named.len()
                );
                take(Observation::Unseen { object: ObjectRef::endpoint(servers), message });
                continue;
            }
            for (host, what) in hosts {
                let what = what.into_iter().collect::<Vec<_>>().join(" and ");
                let message =
                    format!("its {what} could not be looked up at {servers}: {reason}; {remedy}");
                take(Observation::Unseen { object: ObjectRef::endpoint(host), message });
            }
        }
    }
}

/// The records of one lookup.
struct Found {
    aliases: Vec<Name>,
    /// The last of the aliases, or the name itself: who has the records.
    owner: Name,
    records: Vec<RData>,
    no_name: bool,
}

impl Found {
    fn nothing(name: &Name, no_name: bool) -> Self {
        Self { aliases: Vec::new(), owner: name.clone(), records: Vec::new(), no_name }
    }

    /// Follows the CNAME records of the answer and takes what their end has, and nothing else.
    fn of(name: &Name, kind: RecordType, answers: &[Record]) -> Self {
        let mut found = Self::nothing(name, false);
        let alias = |owner: &Name| {
            let mut records = answers.iter().filter(|record| record.name == *owner);
            records.find_map(|record| alias_of(&record.data))
        };
        while let Some(next) = alias(&found.owner)
            .filter(|_| kind != RecordType::CNAME && found.aliases.len() < MAX_ALIASES)
        {
            found.aliases.push(next.clone());
            found.owner = next.clone();
        }
        let own = answers
            .iter()
            .filter(|record| record.name == found.owner && record.record_type() == kind);
        found.records = own.map(|record| record.data.clone()).collect();
        found
    }
}

fn led_to(
    mut seen: AddressesSeen,
    v4: Result<Found, Failure>,
    v6: Result<Found, Failure>,
) -> Answer {
    let both = [&v4, &v6].into_iter().flatten();
    let longer = both.max_by_key(|found| found.aliases.len());
    seen.aliases.extend(longer.into_iter().flat_map(|found| &found.aliases).map(shown));
    let failure = v4.as_ref().err().or(v6.as_ref().err()).cloned();
    seen.v4 = v4.ok().map(|found| sorted(found.records.iter().filter_map(v4_of)));
    seen.v6 = v6.ok().map(|found| sorted(found.records.iter().filter_map(v6_of)));
    Answer { seen: Observation::Addresses(seen), failure }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

fn alias_of(data: &RData) -> Option<&Name> {
    match data {
        RData::CNAME(alias) => Some(&alias.0),
        _ => None,
    }
}

fn v4_of(data: &RData) -> Option<Ipv4Addr> {
    match data {
        RData::A(address) => Some(address.0),
        _ => None,
    }
}

fn v6_of(data: &RData) -> Option<Ipv6Addr> {
    match data {
        RData::AAAA(address) => Some(address.0),
        _ => None,
    }
}

fn caa_of(data: &RData) -> Option<CaaRecord> {
    match data {
        RData::CAA(caa) => Some(CaaRecord {
            critical: caa.issuer_critical,
            tag: caa.tag.clone(),
            value: String::from_utf8_lossy(&caa.value).into_owned(),
        }),
        _ => None,
    }
}

/// The name as DNS has it; none when it can be none.
fn absolute(host: &str) -> Option<Name> {
    let mut name = Name::from_ascii(host).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// The name as people have it: lower case, without the last dot.
fn shown(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

/// The short name of a response code, as `dig` has it.
fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => format!("response code {}", u16::from(other)),
    }
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = TRY;
    options.attempts = MORE_TRIES;
    options.use_hosts_file = ResolveHosts::Never;
    // Twice what is asked at once: over TCP one connection carries it all.
    options.max_active_requests = 4 * PARALLEL;
    options
}

fn name_server(at: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    let connections = connections.map(|mut connection| {
        connection.port = at.port();
        connection
    });
    NameServerConfig::new(at.ip(), true, connections.to_vec())
}

/// The server's addresses; the system looks up a name.
async fn addresses_of(server: &Server) -> Result<Vec<SocketAddr>, NoResolver> {
    if let Ok(ip) = server.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, server.port)]);
    }
    let host = server.host.clone();
    let named = tokio::net::lookup_host((server.host.as_str(), server.port));
    match tokio::time::timeout(NAME, named).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(why)) => Err(NoResolver::NotFound { host, why }),
        Err(_) => Err(NoResolver::NoAnswer(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_with_and_without_its_port() {
        for (text, read) in [
            ("8.8.8.8:53", Some(("8.8.8.8", 53))),
            ("127.0.0.1:5353", Some(("127.0.0.1", 5353))),
            ("8.8.8.8", Some(("8.8.8.8", 53))),
            ("[2001:db8::53]:5353", Some(("2001:db8::53", 5353))),
            ("[::1]", Some(("::1", 53))),
            ("::1", Some(("::1", 53))),
            ("dns.example:53", Some(("dns.example", 53))),
            ("ns-1.example", Some(("ns-1.example", 53))),
            ("", None),
            (":53", None),
            ("8.8.8.8:", None),
            ("8.8.8.8:0", None),
            ("8.8.8.8:65536", None),
            ("8.8.8.8:dns", None),
            ("[8.8.8.8]:53", None),
            ("[::1", None),
            ("[::1]53", None),
            ("::1:53:x", None),
            ("a b:53", None),
            ("https://dns.example", None),
        ] {
            let found = text.parse::<Server>().ok();
            let found = found.as_ref().map(|server| (server.host.as_str(), server.port));
            assert_eq!(found, read, "{text}");
        }
    }
}
