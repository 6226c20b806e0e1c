//! An API server that answers as a test tells it to, request by request, in the clear.
//!
//! Knows HTTP well enough to misbehave: to cut an answer, to reset, to say when to come back.
//! Refuses to know what any test is about, and holds no objects.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tempfile::TempDir;

/// One answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// This status, these header lines, this body.
    Say(u16, &'static str, &'static str),
    /// The connection is closed without a word.
    HangUp,
    /// The connection is reset.
    Reset,
    /// Half of an answer that promised more.
    Cut,
    /// Half of an answer that promised nothing, so that only its JSON is broken.
    CutUnannounced,
}

/// A Secret without anything in it: what a read is answered with in the end.
pub const SECRET: Answer = Answer::Say(
    200,
    "",
    r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"7"}}"#,
);

/// The server. Its threads end with the test process.
pub struct Faults {
    heads: Arc<Mutex<Vec<String>>>,
    port: u16,
    folder: TempDir,
}

impl Faults {
    /// Answers so, one request after the other, and from then on with the Secret.
    pub fn new(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let answers = Arc::new(Mutex::new(answers.iter().cloned().collect::<VecDeque<_>>()));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (next, seen) = (Arc::clone(&answers), Arc::clone(&seen));
                // A client that goes away in the middle is nobody's loss.
                thread::spawn(move || serve(client, &next, &seen));
            }
        });
        let folder = TempDir::new().expect("a temp folder can be made");
        Self { heads, port, folder }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A kubeconfig that leads here, with these fields of the user.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.kubeconfig_with(&format!("server: 'http://{}'", self.address()), user)
    }

    /// A kubeconfig with these fields of the cluster and the user.
    pub fn kubeconfig_with(&self, cluster: &str, user: &str) -> PathBuf {
        let path = self.folder.path().join("config");
        write_kubeconfig(&path, cluster, user);
        path
    }

    /// The heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes a kubeconfig whose one cluster and one user have these fields.
pub fn write_kubeconfig(path: &Path, cluster: &str, user: &str) {
    let text = format!(
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: k, user: u, namespace: shop}}}}], \
          clusters: [{{name: k, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{{user}}}}}]}}"
    );
    std::fs::write(path, text).expect("a kubeconfig can be written");
}

fn serve(
    mut client: TcpStream,
    answers: &Mutex<VecDeque<Answer>>,
    heads: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    // Whoever connects and asks nothing takes no answer away.
    if client.peek(&mut [0])? == 0 {
        return Ok(());
    }
    let next = answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let answer = next.unwrap_or(SECRET);
    let seen = |head| heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
    if matches!(answer, Answer::Reset) {
        // A socket that is closed with something unread in it is reset.
        client.read_exact(&mut [0])?;
        seen(String::new());
        return Ok(());
    }
    seen(request(&client)?);
    match answer {
        Answer::Reset => Ok(()),
        Answer::HangUp => client.shutdown(Shutdown::Both),
        Answer::Cut => client.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"kind\":\"Sec",
        ),
        Answer::CutUnannounced => client
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"kind\":\"Sec"),
        Answer::Say(code, headers, body) => write!(
            client,
            "HTTP/1.1 {code} Said\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    }
}

fn request(client: &TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(head)
}
