//! TLS servers on loopback, good and bad, each until it is dropped.
//!
//! Knows how to serve any certificate with any key, and to do anything else with a connection.
//! Refuses to know what any test is about.

use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair};
use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls::{ServerConnection, SupportedProtocolVersion};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;

/// A certificate chain and its leaf's key.
#[derive(Clone)]
pub struct Pair {
    pub chain: Vec<Vec<u8>>,
    /// PEM.
    pub key: String,
}

impl Pair {
    /// The PEM of its certificates.
    pub fn pem(&self) -> String {
        self.chain.iter().map(|der| pem(der)).collect()
    }

    /// The pair of a Secret, as JSON has it.
    pub fn of_secret(secret: &serde_json::Value) -> Self {
        let value = |key: &str| {
            let text = secret["data"][key].as_str().expect("the Secret holds it");
            let engine = &base64::engine::general_purpose::STANDARD;
            let bytes = base64::Engine::decode(engine, text).expect("it is base64");
            String::from_utf8(bytes).expect("it is PEM")
        };
        let blocks = certwright::x509::pem::blocks(value("tls.crt").as_bytes());
        let ders = blocks.into_iter().map(|block| block.der.expect("the PEM is good"));
        Self { chain: ders.map(|der| der.expose().to_vec()).collect(), key: value("tls.key") }
    }

    /// A manifest of a TLS Secret with it; `ca` is PEM.
    pub fn secret(&self, name: &str, ca: Option<&str>) -> String {
        let mut data = serde_json::json!({"tls.crt": self.pem(), "tls.key": self.key});
        if let Some(ca) = ca {
            data["ca.crt"] = ca.into();
        }
        serde_json::json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": name}, "stringData": data,
        })
        .to_string()
    }
}

pub fn pem(der: &[u8]) -> String {
    certwright::x509::pem::encode("CERTIFICATE", der).to_string()
}

/// A key of `testdata/pki`.
pub fn key(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pki").join(name);
    std::fs::read_to_string(path).expect("the key is there")
}

/// Parameters of a certificate for these names, from `from` for a year.
pub fn params(cn: &str, names: &[&str], from: OffsetDateTime) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are good");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, cn);
    params.not_before = from;
    params.not_after = from + time::Duration::days(365);
    params
}

/// A self-signed pair with a key of `testdata/pki`.
pub fn self_signed(params: &CertificateParams, key_name: &str) -> Pair {
    let text = key(key_name);
    let certificate =
        params.self_signed(&KeyPair::from_pem(&text).expect("the key is good")).expect("it signs");
    Pair { chain: vec![certificate.der().to_vec()], key: text }
}

/// A pair that the CA of `ca` signs: the leaf alone.
pub fn signed_by(
    params: &CertificateParams,
    key_name: &str,
    ca: (&CertificateParams, &str),
) -> Pair {
    let text = key(key_name);
    let own = KeyPair::from_pem(&text).expect("the key is good");
    let ca_key = KeyPair::from_pem(&key(ca.1)).expect("the key is good");
    let issuer = Issuer::from_params(ca.0, ca_key);
    let certificate = params.signed_by(&own, &issuer).expect("it signs");
    Pair { chain: vec![certificate.der().to_vec()], key: text }
}

/// The guide's pair: X.509 v1, a common name alone.
pub fn guide() -> Pair {
    let certificate =
        CertificateDer::from_pem_slice(key("guide.crt.pem").as_bytes()).expect("the PEM is good");
    Pair { chain: vec![certificate.to_vec()], key: key("guide.key.pem") }
}

/// How a good server behaves.
#[derive(Clone, Default)]
pub struct Behaviour {
    pub alpn: Vec<&'static str>,
    /// None: 1.2 and 1.3.
    pub version: Option<&'static SupportedProtocolVersion>,
    /// The only name it has a certificate for; none: any.
    pub only_for: Option<&'static str>,
}

/// Of each handshake that came to its end: the data behind it, and whether `close_notify` came.
pub type Heard = Arc<Mutex<Vec<(Vec<u8>, bool)>>>;

/// A server, and what it heard.
pub struct TlsServer {
    pub address: SocketAddr,
    stopped: Arc<AtomicBool>,
    /// What clients sent behind the handshake: application data, and whether they said farewell.
    pub heard: Heard,
    pair: Arc<Mutex<Pair>>,
}

impl TlsServer {
    /// One that serves this pair.
    pub fn serving(pair: Pair, behaviour: Behaviour) -> Self {
        let pair = Arc::new(Mutex::new(pair));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (served, hears) = (Arc::clone(&pair), Arc::clone(&heard));
        let mut server = Self::doing(move |stream| {
            let pair = served.lock().expect("no test panics with it").clone();
            let told = serve(stream, &pair, &behaviour);
            hears.lock().expect("no test panics with it").extend(told);
        });
        server.heard = heard;
        server.pair = pair;
        server
    }

    /// One that does this with every connection.
    pub fn doing(what: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        Self::on(listener, what)
    }

    /// One on a listener of the test's own.
    pub fn on(listener: TcpListener, what: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().expect("it is bound");
        let stopped = Arc::new(AtomicBool::new(false));
        let (ends, what) = (Arc::clone(&stopped), Arc::new(what));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let what = Arc::clone(&what);
                std::thread::spawn(move || what(stream));
            }
        });
        let pair = Arc::new(Mutex::new(Pair { chain: Vec::new(), key: String::new() }));
        Self { address, stopped, heard: Arc::default(), pair }
    }

    /// Serves another pair from now on.
    pub fn now_serving(&self, pair: Pair) {
        *self.pair.lock().expect("no test panics with it") = pair;
    }

    pub fn place(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// Serves the pair for any name, or for one, whatever rustls thinks of it.
#[derive(Debug)]
struct Whatever {
    key: Arc<CertifiedKey>,
    only_for: Option<&'static str>,
}

impl ResolvesServerCert for Whatever {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let wanted = self.only_for.is_none_or(|name| hello.server_name() == Some(name));
        wanted.then(|| Arc::clone(&self.key))
    }
}

/// The server's side of TLS with this pair.
pub fn tls(pair: &Pair, behaviour: &Behaviour) -> ServerConnection {
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("the key is good");
    let key = any_supported_type(&key).expect("ring signs with it");
    let chain = pair.chain.iter().cloned().map(CertificateDer::from).collect();
    let resolver =
        Whatever { key: Arc::new(CertifiedKey::new(chain, key)), only_for: behaviour.only_for };
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = match behaviour.version {
        Some(version) => builder.with_protocol_versions(&[version]),
        None => builder.with_safe_default_protocol_versions(),
    };
    let mut config = builder
        .expect("ring has both versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = behaviour.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    ServerConnection::new(Arc::new(config)).expect("the configuration is good")
}

/// Serves one connection; what came behind the handshake, if it came so far.
fn serve(mut stream: TcpStream, pair: &Pair, behaviour: &Behaviour) -> Option<(Vec<u8>, bool)> {
    let mut tls = tls(pair, behaviour);
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).expect("it is a limit");
    tls.complete_io(&mut stream).ok().filter(|_| !tls.is_handshaking())?;
    let mut data = Vec::new();
    let read = tls.reader().read_to_end(&mut data);
    let closed = match read {
        Ok(_) => true,
        Err(_) => loop {
            if tls.read_tls(&mut stream).ok()? == 0 {
                break false;
            }
            let state = tls.process_new_packets().ok()?;
            let _ = tls.reader().read_to_end(&mut data);
            if state.peer_has_closed() {
                break true;
            }
        },
    };
    Some((data, closed))
}

/// Reads a `ClientHello` away, and then does no more than `answer` says.
pub fn answering(mut stream: TcpStream, answer: &[u8]) {
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello);
    let _ = stream.write_all(answer);
}

/// Waits until the client goes away.
pub fn hold(mut stream: TcpStream) {
    let mut rest = [0; 4096];
    while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
}

/// Manifests of an Ingress for these hosts whose TLS is in `secret`, and of the Secret.
pub fn manifests(folder: &Path, hosts: &[&str], secret: &str, pair: &str) -> PathBuf {
    let rules: Vec<_> = hosts
        .iter()
        .map(|host| {
            serde_json::json!({"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix",
            "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}})
        })
        .collect();
    let ingress = serde_json::json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"tls": [{"hosts": hosts, "secretName": secret}], "rules": rules},
    });
    std::fs::write(folder.join("ingress.json"), ingress.to_string()).expect("it can be written");
    std::fs::write(folder.join("secret.json"), pair).expect("it can be written");
    folder.to_owned()
}
