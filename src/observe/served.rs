//! Observing what is served: one TLS handshake with one address, for one host name.
//!
//! Knows sockets, deadlines and rustls. Sends the handshake and nothing else, no request; takes
//! whatever certificates the server shows, and trusts none of them. Refuses to judge: also what
//! stopped a handshake is only told.
//!
//! rustls asks its verifier about the chain and about the server's signature; ours says yes to both
//! and keeps the bytes. So X.509 v1, P-521 and whatever else webpki cannot read is seen too, and
//! the signature is verified where the facts are made (`x509::possession`).

use crate::object_ref::ObjectRef;
use crate::observation::handshake::{
    Agreed, Endpoint, FailureKind, HandshakeFailure, HandshakeSeen, Signed, Stage,
};
use crate::observation::{Observation, Question};
use crate::world::words;
use futures_util::StreamExt as _;
use futures_util::stream;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, InvalidMessage,
    PeerIncompatible, ProtocolVersion, SignatureScheme,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Looking a name up, and again one handshake from the first packet of its connection.
    pub each: Duration,
    /// All handshakes that were asked for at once.
    pub all: Duration,
}

/// The longest that one handshake is waited for, whatever a request may take.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);
/// A thousand hosts take seconds; who needs more waits for servers that do not answer.
const ALL_HANDSHAKES: Duration = Duration::from_mins(5);

impl Deadlines {
    /// The usual ones, where a request may take `request_timeout`.
    #[must_use]
    pub fn within(request_timeout: Duration) -> Self {
        Self { each: request_timeout.min(LONGEST_HANDSHAKE), all: ALL_HANDSHAKES }
    }
}

/// Handshakes made at once: each is a socket and about 100 KiB while it lasts.
const PARALLEL: usize = 32;
/// The most that is read of one handshake. rustls takes no message of more than 64 KiB, so four
/// times that is a server that does not come to an end.
const MOST_BYTES: usize = 256 * 1024;
/// Read at once: one TLS record (RFC 8446 §5.2).
const RECORD: usize = 16 * 1024 + 256 + 5;
/// How long the server is given to take our farewell.
const FAREWELL: Duration = Duration::from_millis(500);
/// So much of an answer that is no TLS is shown.
const SHOWN: usize = 40;

/// Answers questions about what is served; other questions are passed over. Each is answered by
/// one Observation for every address that its endpoint has, or by one that says why there is none.
/// Also what could not be asked within the deadline for all is answered: it was not tried.
pub async fn answer(
    questions: &[Question],
    deadlines: Deadlines,
    take: &mut (dyn FnMut(Observation) + Send),
) {
    let mut asked: Vec<(Option<String>, Endpoint)> = Vec::new();
    for question in questions {
        if let Question::Served { host, endpoint } = question {
            asked.push((Some(host.clone()), endpoint.clone()));
        }
    }
    each(asked, deadlines, &mut |seen| take(Observation::Handshake(seen))).await;
}

/// Makes a handshake with a place that the user named, for `host` or, when none is given, for the
/// name of the place itself. What cannot be reached is handed on as unseen.
pub async fn inspected(
    endpoint: &Endpoint,
    host: Option<String>,
    deadlines: Deadlines,
    take: &mut (dyn FnMut(Observation) + Send),
) {
    let own = (endpoint.address.parse::<IpAddr>().is_err()).then(|| endpoint.address.clone());
    let asked = vec![(host.or(own), endpoint.clone())];
    each(asked, deadlines, &mut |seen| {
        if let (Some(failure), true) = (&seen.failure, seen.chain.is_empty()) {
            let at = seen.address.map_or_else(|| endpoint.to_string(), |at| at.to_string());
            let object = ObjectRef::endpoint(at);
            take(Observation::Unseen { object, message: failure.message.clone() });
        } else {
            take(Observation::Inspected(seen));
        }
    })
    .await;
}

async fn each(
    asked: Vec<(Option<String>, Endpoint)>,
    deadlines: Deadlines,
    take: &mut (dyn FnMut(HandshakeSeen) + Send),
) {
    let mut left: BTreeSet<(Option<String>, Endpoint, Option<SocketAddr>)> =
        asked.iter().map(|(host, endpoint)| (host.clone(), endpoint.clone(), None)).collect();
    let work = async {
        let addresses = addresses(&asked, deadlines.each).await;
        let silent = Silent::default();
        let mut shaking = Vec::new();
        for (host, endpoint) in &asked {
            left.remove(&(host.clone(), endpoint.clone(), None));
            match addresses.get(endpoint) {
                Some(Ok(found)) => {
                    for address in found {
                        left.insert((host.clone(), endpoint.clone(), Some(*address)));
                        shaking.push((host.clone(), endpoint.clone(), *address));
                    }
                }
                Some(Err(failure)) => {
                    take(failed(host.as_deref(), endpoint, None, failure.clone()));
                }
                None => {}
            }
        }
        let shaking = shaking
            .into_iter()
            .map(|(host, endpoint, address)| one(host, endpoint, address, deadlines.each, &silent));
        let mut shaking = stream::iter(shaking).buffer_unordered(PARALLEL);
        while let Some(seen) = shaking.next().await {
            left.remove(&(seen.host.clone(), seen.endpoint.clone(), seen.address));
            take(seen);
        }
    };
    if timeout(deadlines.all, work).await.is_ok() {
        return;
    }
    for (host, endpoint, address) in left {
        let message = format!(
            "it was not tried: all handshakes together took longer than {} s",
            deadlines.all.as_secs()
        );
        let failure =
            HandshakeFailure { stage: Stage::Resolving, kind: FailureKind::NotTried, message };
        take(failed(host.as_deref(), &endpoint, address, failure));
    }
}

/// The addresses of every endpoint, sorted; each name is looked up once.
async fn addresses(
    asked: &[(Option<String>, Endpoint)],
    limit: Duration,
) -> BTreeMap<Endpoint, Result<Vec<SocketAddr>, HandshakeFailure>> {
    let endpoints: BTreeSet<&Endpoint> = asked.iter().map(|(_, endpoint)| endpoint).collect();
    let resolving = endpoints
        .into_iter()
        .map(|endpoint| async move { (endpoint.clone(), resolved(endpoint, limit).await) });
    stream::iter(resolving).buffer_unordered(PARALLEL).collect().await
}

async fn resolved(
    endpoint: &Endpoint,
    limit: Duration,
) -> Result<Vec<SocketAddr>, HandshakeFailure> {
    if let Ok(address) = endpoint.address.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, endpoint.port)]);
    }
    let name = (endpoint.address.as_str(), endpoint.port);
    let fail = |kind, message| HandshakeFailure { stage: Stage::Resolving, kind, message };
    let nothing = |why: &str| {
        fail(FailureKind::NoAddress, format!("the name {} has no address: {why}", endpoint.address))
    };
    match timeout(limit, tokio::net::lookup_host(name)).await {
        Ok(Ok(found)) => {
            let found: BTreeSet<SocketAddr> = found.collect();
            if found.is_empty() {
                return Err(nothing("the system's resolver knows none"));
            }
            Ok(found.into_iter().collect())
        }
        Ok(Err(error)) => Err(nothing(&words(&error))),
        Err(_) => Err(fail(
            FailureKind::Timeout,
            format!("looking up {} took longer than {} s", endpoint.address, seconds(limit)),
        )),
    }
}

/// Addresses to which no connection could be made in time: hosts by the hundred may lie behind one,
/// and each would wait as long again.
#[derive(Default)]
struct Silent(Mutex<BTreeMap<SocketAddr, HandshakeFailure>>);

impl Silent {
    fn known(&self, address: SocketAddr) -> Option<HandshakeFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&address).cloned()
    }

    fn record(&self, address: SocketAddr, failure: &HandshakeFailure) {
        if (failure.stage, failure.kind) == (Stage::Connecting, FailureKind::Timeout) {
            let mut silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            silent.insert(address, failure.clone());
        }
    }
}

async fn one(
    host: Option<String>,
    endpoint: Endpoint,
    address: SocketAddr,
    limit: Duration,
    silent: &Silent,
) -> HandshakeSeen {
    if let Some(failure) = silent.known(address) {
        return failed(host.as_deref(), &endpoint, Some(address), failure);
    }
    let mut attempt = match Attempt::new(host.as_deref(), address.ip()) {
        Ok(attempt) => attempt,
        Err(failure) => return failed(host.as_deref(), &endpoint, Some(address), failure),
    };
    let ended = timeout(limit, attempt.run(address)).await;
    let failure = match ended {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(_) => Some(attempt.fail(
            FailureKind::Timeout,
            format!(
                "nothing more came within {} s, while {}",
                seconds(limit),
                attempt.stage.doing()
            ),
        )),
    };
    if let Some(failure) = &failure {
        silent.record(address, failure);
    }
    attempt.seen(host, endpoint, address, failure)
}

fn failed(
    host: Option<&str>,
    endpoint: &Endpoint,
    address: Option<SocketAddr>,
    failure: HandshakeFailure,
) -> HandshakeSeen {
    HandshakeSeen {
        host: host.map(str::to_owned),
        endpoint: endpoint.clone(),
        address,
        chain: Vec::new(),
        signed: None,
        agreed: None,
        failure: Some(failure),
        asks_client_certificate: false,
    }
}

/// `10`, or `0.5`.
fn seconds(limit: Duration) -> f64 {
    limit.as_secs_f64()
}

/// One handshake under way.
struct Attempt {
    tls: ClientConnection,
    shown: Arc<Shown>,
    stage: Stage,
    read: usize,
    first: Vec<u8>,
}

impl Attempt {
    /// One that will ask for `host`, or for nothing where there is none.
    fn new(host: Option<&str>, address: IpAddr) -> Result<Self, HandshakeFailure> {
        let fail = |message: String| HandshakeFailure {
            stage: Stage::Resolving,
            kind: FailureKind::NoAddress,
            message,
        };
        // An address is never sent as SNI (RFC 6066 §3), so it stands for "no name".
        let name = match host {
            None => ServerName::IpAddress(address.into()),
            Some(host) => ServerName::try_from(host.to_owned())
                .map_err(|_| fail(format!("{host:?} cannot be sent as a server name")))?,
        };
        let shown = Arc::new(Shown::default());
        let config = config(&shown)
            .map_err(|error| fail(format!("no handshake can be made here: {error}")))?;
        let tls = ClientConnection::new(Arc::new(config), name)
            .map_err(|error| fail(format!("no handshake can be made here: {error}")))?;
        Ok(Self { tls, shown, stage: Stage::Connecting, read: 0, first: Vec::new() })
    }

    fn fail(&self, kind: FailureKind, message: String) -> HandshakeFailure {
        HandshakeFailure { stage: self.stage, kind, message }
    }

    async fn run(&mut self, address: SocketAddr) -> Result<(), HandshakeFailure> {
        let connected = TcpStream::connect(address).await;
        let mut stream = connected.map_err(|error| self.broken(&error))?;
        self.stage = Stage::Hello;
        let shaken = self.shake(&mut stream).await;
        if shaken.is_ok() {
            self.tls.send_close_notify();
        }
        // Our close_notify, or the alert that says what was wrong. Whether it arrives is no matter.
        let _ = timeout(FAREWELL, async {
            let _ = self.flush(&mut stream).await;
            let _ = stream.shutdown().await;
        })
        .await;
        shaken
    }

    async fn shake(&mut self, stream: &mut TcpStream) -> Result<(), HandshakeFailure> {
        let mut buffer = vec![0; RECORD];
        loop {
            self.flush(stream).await.map_err(|error| self.broken(&error))?;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            let count = stream.read(&mut buffer).await.map_err(|error| self.broken(&error))?;
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
                return Err(self.closed());
            };
            self.stage = Stage::Handshake;
            self.read += count;
            let room = SHOWN.saturating_sub(self.first.len());
            self.first.extend(bytes.iter().take(room));
            self.take(bytes)?;
            if self.read > MOST_BYTES {
                let message = format!("it sent more than {} KiB", MOST_BYTES / 1024);
                return Err(self.fail(FailureKind::TooLarge, message));
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), HandshakeFailure> {
        while !bytes.is_empty() {
            self.tls.read_tls(&mut bytes).map_err(|error| self.broken(&error))?;
            self.tls.process_new_packets().map_err(|error| self.refused(&error))?;
        }
        Ok(())
    }

    async fn flush(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        while self.tls.wants_write() {
            let mut bytes = Vec::new();
            self.tls.write_tls(&mut bytes)?;
            stream.write_all(&bytes).await?;
        }
        stream.flush().await
    }

    fn closed(&self) -> HandshakeFailure {
        let message = format!(
            "the server closed the connection without an answer, while {}",
            self.stage.doing()
        );
        self.fail(FailureKind::Closed, message)
    }

    /// What the system says of the connection.
    fn broken(&self, error: &io::Error) -> HandshakeFailure {
        let kind = match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => FailureKind::Reset,
            io::ErrorKind::TimedOut => FailureKind::Timeout,
            _ if self.stage == Stage::Connecting => FailureKind::Refused,
            _ => FailureKind::Protocol,
        };
        self.fail(kind, format!("{}, while {}", words(error), self.stage.doing()))
    }

    /// What rustls says of the answer.
    fn refused(&self, error: &rustls::Error) -> HandshakeFailure {
        use rustls::Error;
        let (kind, message) = match error {
            Error::AlertReceived(alert) => {
                let code = u8::from(*alert);
                let kind = if *alert == AlertDescription::ProtocolVersion {
                    FailureKind::Version
                } else {
                    FailureKind::Alert(code)
                };
                (kind, format!("the server sent the alert {} ({code})", alert_name(code)))
            }
            Error::InvalidMessage(
                InvalidMessage::HandshakePayloadTooLarge
                | InvalidMessage::CertificatePayloadTooLarge
                | InvalidMessage::MessageTooLarge,
            ) => (FailureKind::TooLarge, "it sent a message of more than 64 KiB".to_owned()),
            _ if self.first.starts_with(b"HTTP/") => (
                FailureKind::PlainHttp,
                format!("it answers in plain HTTP: {}", self.shown_bytes()),
            ),
            // Content types of TLS records are 20 to 24 (RFC 8446 §5.1, RFC 6520).
            _ if !matches!(self.first.first(), Some(20..=24)) => {
                (FailureKind::NotTls, format!("its answer is not TLS: {}", self.shown_bytes()))
            }
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => (FailureKind::Version, "it offers neither TLS 1.2 nor TLS 1.3".to_owned()),
            other => (FailureKind::Protocol, format!("the handshake cannot be completed: {other}")),
        };
        self.fail(kind, message)
    }

    /// The begin of what is no TLS, as text where it is text.
    fn shown_bytes(&self) -> String {
        let line =
            self.first.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        if !line.is_empty() && line.iter().all(|byte| (0x20..0x7f).contains(byte)) {
            return String::from_utf8_lossy(line).into_owned();
        }
        self.first.iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn seen(
        self,
        host: Option<String>,
        endpoint: Endpoint,
        address: SocketAddr,
        failure: Option<HandshakeFailure>,
    ) -> HandshakeSeen {
        let agreed = failure.is_none().then(|| self.agreed()).flatten();
        let (chain, signed, asks_client_certificate) = self.shown.taken();
        HandshakeSeen {
            host,
            endpoint,
            address: Some(address),
            chain,
            signed,
            agreed,
            failure,
            asks_client_certificate,
        }
    }

    fn agreed(&self) -> Option<Agreed> {
        let version = match self.tls.protocol_version()? {
            ProtocolVersion::TLSv1_3 => "1.3",
            ProtocolVersion::TLSv1_2 => "1.2",
            _ => return None,
        };
        let alpn = self.tls.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        let suite = self.tls.negotiated_cipher_suite()?.suite();
        let cipher = suite.as_str().unwrap_or_default().replace("TLS13_", "TLS_");
        Some(Agreed { version, alpn, cipher })
    }
}

/// Offers TLS 1.2 and 1.3, h2 before http/1.1, and every signature scheme there is; keeps nothing
/// for another handshake.
fn config(shown: &Arc<Shown>) -> Result<ClientConfig, rustls::Error> {
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(shown) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::clone(shown) as Arc<dyn ResolvesClientCert>);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// What the server shows of itself, taken down as rustls asks what we think of it.
#[derive(Debug, Default)]
struct Shown(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    chain: Vec<Vec<u8>>,
    signed: Option<Signed>,
    asks_client_certificate: bool,
}

impl Shown {
    fn note(&self, what: impl FnOnce(&mut Taken)) {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn taken(&self) -> (Vec<Vec<u8>>, Option<Signed>, bool) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Taken { chain, signed, asks_client_certificate } = std::mem::take(&mut *taken);
        (chain, signed, asks_client_certificate)
    }

    fn note_signature(&self, message: &[u8], signed: &DigitallySignedStruct) {
        let signed = Signed {
            scheme: u16::from(signed.scheme),
            message: message.to_vec(),
            signature: signed.signature().to_vec(),
        };
        self.note(|taken| taken.signed = Some(signed));
    }
}

impl ServerCertVerifier for Shown {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        let chain = chain.map(|certificate| certificate.as_ref().to_vec()).collect();
        self.note(|taken| taken.chain = chain);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        _: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.note_signature(message, signed);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        _: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.note_signature(message, signed);
        Ok(HandshakeSignatureValid::assertion())
    }

    /// Every scheme a server's key may want, those first that most clients offer.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED448,
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
        ]
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.note(|taken| taken.asks_client_certificate = true);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The alert as the standard spells it (RFC 8446 §6, RFC 5246 §7.2).
fn alert_name(code: u8) -> &'static str {
    match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "of an unknown number",
    }
}
