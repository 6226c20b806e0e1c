//! A proxy in front of a real API server that answers rudely when a test tells it to: too busy, in
//! trouble, expired, or by hanging up.
//!
//! Behind it stands `kubectl proxy`, so that requests come in the clear and reach the server as its
//! admin. Knows one request a connection. Refuses to know what any test is about.

use super::control_plane::ControlPlane;
use super::live::Live;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// By the API server.
    Polite,
    /// By this status code, with a `Status` as an API server writes it.
    Status(u16),
    /// What is read by the API server, what is written by this status code.
    StatusToWrites(u16),
    /// Not at all: the connection is closed.
    HangUp,
    /// By the API server, but for writes to the object of this name: those are never answered, and
    /// nothing comes of them.
    StallWritesTo(&'static str),
}

/// The proxy. Dropping it ends `kubectl proxy`; its own thread ends with the test process.
pub struct Rude {
    manners: Arc<Mutex<Manners>>,
    stalled: Receiver<()>,
    kubeconfig: PathBuf,
    _behind: KubectlProxy,
    _folder: TempDir,
}

/// A `kubectl proxy` to a cluster, until it is dropped.
pub struct KubectlProxy {
    /// Where it listens on loopback.
    pub port: u16,
    child: Child,
}

impl KubectlProxy {
    /// Starts it, and waits until it listens.
    pub fn to(cluster: &ControlPlane) -> Self {
        let mut child = cluster
            .kubectl()
            .args(["proxy", "--port=0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("kubectl starts");
        let mut told = String::new();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        BufReader::new(stdout).read_line(&mut told).expect("kubectl proxy says where it listens");
        let port = told.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("kubectl proxy says {told:?}"));
        Self { port, child }
    }
}

impl KubectlProxy {
    /// What the API server has at this path.
    pub fn get(&self, path: &str) -> Value {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        write!(server, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        server.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

impl Drop for KubectlProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rude {
    /// A polite proxy in front of this cluster.
    pub fn before(live: &Live) -> Self {
        let behind = KubectlProxy::to(&live.cluster);
        let port = behind.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let own = listener.local_addr().expect("it has an address").port();
        let manners = Arc::new(Mutex::new(Manners::Polite));
        let asked = Arc::clone(&manners);
        let (stalls, stalled) = channel();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (asked, stalls) = (Arc::clone(&asked), stalls.clone());
                // A client that goes away in the middle is nobody's loss.
                thread::spawn(move || serve(client, port, &asked, &stalls));
            }
        });
        let folder = TempDir::new().expect("a temp folder can be made");
        let kubeconfig = folder.path().join("config");
        let text = format!(
            "{{apiVersion: v1, kind: Config, current-context: c, \
              clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{own}'}}}}], \
              users: [{{name: c, user: {{}}}}], \
              contexts: [{{name: c, context: {{cluster: c, user: c}}}}]}}"
        );
        std::fs::write(&kubeconfig, text).expect("a kubeconfig can be written");
        Self { manners, stalled, kubeconfig, _behind: behind, _folder: folder }
    }

    /// How requests are answered from now on.
    pub fn behave(&self, manners: Manners) {
        *self.manners.lock().unwrap_or_else(PoisonError::into_inner) = manners;
    }

    /// Waits until a write is left without an answer.
    #[track_caller]
    pub fn wait_for_stall(&self) {
        self.stalled.recv_timeout(Duration::from_mins(1)).expect("a write is stalled");
    }

    /// A kubeconfig that leads through the proxy.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

fn serve(
    mut client: TcpStream,
    port: u16,
    manners: &Mutex<Manners>,
    stalls: &Sender<()>,
) -> std::io::Result<()> {
    let (head, body) = request(&client)?;
    let manners = *manners.lock().unwrap_or_else(PoisonError::into_inner);
    let writes = !head.starts_with("GET ");
    let goes_to = |name: &str| {
        let path = head.split(' ').nth(1).and_then(|path| path.split('?').next());
        path.is_some_and(|path| path.ends_with(&format!("/{name}")))
    };
    match manners {
        Manners::HangUp => Ok(()),
        Manners::StallWritesTo(name) if writes && goes_to(name) => {
            let _ = stalls.send(());
            // Until the client gives up.
            client.read_to_end(&mut Vec::new()).map(drop)
        }
        Manners::Status(code) => client.write_all(rude(code).as_bytes()),
        Manners::StatusToWrites(code) if writes => client.write_all(rude(code).as_bytes()),
        Manners::StatusToWrites(_) | Manners::StallWritesTo(_) | Manners::Polite => {
            let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            server.write_all(head.as_bytes())?;
            server.write_all(&body)?;
            std::io::copy(&mut server, &mut client).map(drop)
        }
    }
}

/// The head of a request, told to be the last of its connection, and its body.
pub fn request(client: impl Read) -> std::io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let field = line.to_ascii_lowercase();
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        if line == "\r\n" {
            break;
        }
        if !field.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

fn rude(code: u16) -> String {
    let reason = match code {
        410 => "Expired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "InternalError",
    };
    let body = format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\
          \"message\":\"the server is rude\",\"reason\":\"{reason}\",\"code\":{code}}}"
    );
    format!(
        "HTTP/1.1 {code} {reason}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
