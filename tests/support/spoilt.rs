//! A line to a real API server that spoils chosen requests, or the answers to them.
//!
//! Behind it stands `kubectl proxy`. It asks for pages of two objects where five hundred are wanted, so
//! that few objects make many pages, and those are the server's own bytes, protobuf among them. Knows one
//! request a connection. Refuses to know what any test is about.

use super::faults::write_kubeconfig;
use super::rude::request;
use super::tls_server::{Behaviour, TlsServer, guide, tls};
use rustls::StreamOwned;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It is answered with this status, these header lines and this body.
    Said(u16, &'static str, &'static [u8]),
    /// The connection is closed.
    HangUp,
    /// The connection is reset.
    Reset,
    /// Nothing comes until the client goes away.
    Stalled,
    /// Half of the answer comes, and then nothing.
    StalledBody,
    /// The answer comes a byte at a time.
    Trickled,
    /// Half of the answer comes, of a length that was announced.
    Cut,
    /// Half of the answer comes, in chunks of which the last is not there.
    CutInChunks,
    /// Half of the answer, as if that were all of it.
    Halved,
    /// Of a protobuf answer what stands before the list, as if that were all of it.
    Headless,
    /// The answer that came to the first such request, whatever page is asked for.
    SamePage,
    /// The first two such answers by turns.
    TwoPages,
    /// The answer, with another `Date`.
    Dated(&'static str),
}

/// Which requests are spoilt, and how.
#[derive(Clone, Copy, Debug)]
pub struct Spoil {
    /// Those with all these parts in their head, or all of the next.
    pub at: &'static [&'static [&'static str]],
    /// How many of those go by before.
    pub after: usize,
    /// How many are spoilt.
    pub times: usize,
    /// Whether the server gets them all the same, and does what they say.
    pub arrives: bool,
    /// How.
    pub fault: Fault,
}

/// The head of an answer in JSON.
pub const JSON: &str = "Content-Type: application/json\r\n";
const CONFLICT: &[u8] = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the object has been modified","reason":"Conflict","code":409}"#;

/// What may befall a request: how, and whether the server gets it all the same.
pub const FAULTS: [(Fault, bool); 9] = [
    (Fault::HangUp, false),
    (Fault::HangUp, true),
    (Fault::Reset, false),
    (Fault::Cut, true),
    (Fault::StalledBody, true),
    (Fault::Said(500, "", b"trouble"), false),
    (Fault::Said(500, "", b"trouble"), true),
    (Fault::Said(503, "", b""), true),
    (Fault::Said(409, JSON, CONFLICT), false),
];

/// The line.
pub struct Spoilt {
    /// A kubeconfig that leads along it.
    pub kubeconfig: PathBuf,
    line: Arc<Line>,
    struck: Receiver<()>,
    _folder: TempDir,
}

struct Line {
    port: u16,
    spoil: Spoil,
    state: Mutex<State>,
    strikes: Sender<()>,
}

#[derive(Default)]
struct State {
    /// The first lines of all requests.
    asked: Vec<String>,
    matched: usize,
    kept: Vec<Vec<u8>>,
    then: Option<Box<dyn FnOnce() + Send>>,
}

impl Spoilt {
    /// In the clear, to a `kubectl proxy` that listens on this port.
    pub fn before(port: u16, spoil: Spoil) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it has an address").to_string();
        let made = Self::new(port, spoil);
        let line = Arc::clone(&made.line);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let line = Arc::clone(&line);
                // A client that goes away in the middle is nobody's loss.
                thread::spawn(move || line.serve(client));
            }
        });
        write_kubeconfig(&made.kubeconfig, &format!("server: 'http://{address}'"), "");
        made
    }

    /// The same behind TLS, for a user with these fields; credentials are sent along no other line.
    pub fn behind_tls(port: u16, spoil: Spoil, user: &str) -> (Self, TlsServer) {
        let made = Self::new(port, spoil);
        let line = Arc::clone(&made.line);
        let server = TlsServer::doing(move |client| {
            let session = tls(&guide(), &Behaviour::default());
            let _ = line.converse(&mut StreamOwned::new(session, client));
        });
        let cluster =
            format!("server: 'https://{}', insecure-skip-tls-verify: true", server.place());
        write_kubeconfig(&made.kubeconfig, &cluster, user);
        (made, server)
    }

    /// Does this before the first spoilt request is answered.
    pub fn at_first_strike(&self, what: impl FnOnce() + Send + 'static) {
        self.line.state().then = Some(Box::new(what));
    }

    fn new(port: u16, spoil: Spoil) -> Self {
        let (strikes, struck) = channel();
        let line = Arc::new(Line { port, spoil, state: Mutex::default(), strikes });
        let folder = TempDir::new().expect("a temp folder can be made");
        Self { kubeconfig: folder.path().join("config"), line, struck, _folder: folder }
    }

    /// The first lines of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.line.state().asked.clone()
    }

    /// How many requests were spoilt.
    pub fn strikes(&self) -> usize {
        let spoil = self.line.spoil;
        self.line.state().matched.saturating_sub(spoil.after).min(spoil.times)
    }

    /// Waits until a request is spoilt.
    #[track_caller]
    pub fn wait_for_strike(&self) {
        self.struck.recv_timeout(Duration::from_mins(1)).expect("a request is spoilt");
    }
}

impl Line {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        if matches!(self.spoil.fault, Fault::Reset) {
            let head = peeked(&client)?;
            if self.strikes(&head) {
                // A socket that is closed with something unread in it is reset.
                client.read_exact(&mut [0])?;
                return Ok(());
            }
            let (head, body) = request(&client)?;
            return client.write_all(&self.passed_on(&head, &body)?.whole());
        }
        self.converse(&mut client)?;
        // Closed with a word: a client that reads to the end of a stream must not see a reset.
        client.shutdown(Shutdown::Write)?;
        client.read_to_end(&mut Vec::new()).map(drop)
    }

    /// One request and what becomes of it.
    fn converse(&self, client: &mut (impl Read + Write)) -> std::io::Result<()> {
        let (head, body) = request(&mut *client)?;
        let strikes = self.strikes(&head);
        let arrives = !strikes || self.spoil.arrives || self.spoil.fault.is_of_the_answer();
        let answer = if arrives { Some(self.passed_on(&head, &body)?) } else { None };
        if !strikes {
            return client.write_all(&answer.unwrap_or_default().whole());
        }
        let then = self.state().then.take();
        if let Some(then) = then {
            then();
        }
        // Nobody need wait for it.
        let _ = self.strikes.send(());
        self.spoil_answer(answer.unwrap_or_default(), client)
    }

    /// Whether this request is one of those that are spoilt; it is counted.
    fn strikes(&self, head: &str) -> bool {
        let mut state = self.state();
        state.asked.push(head.lines().next().unwrap_or_default().to_owned());
        let is_meant = |parts: &&[&str]| parts.iter().all(|part| head.contains(part));
        if !self.spoil.at.iter().any(is_meant) {
            return false;
        }
        let number = state.matched;
        state.matched += 1;
        (self.spoil.after..self.spoil.after.saturating_add(self.spoil.times)).contains(&number)
    }

    /// What the server answers.
    fn passed_on(&self, head: &str, body: &[u8]) -> std::io::Result<Answer> {
        // In HTTP/1.0 an answer ends with its connection, and is not cut into chunks.
        let head =
            head.replacen(" HTTP/1.1\r\n", " HTTP/1.0\r\n", 1).replace("limit=500", "limit=2");
        let is_ours = |line: &&str| !line.to_ascii_lowercase().starts_with("authorization:");
        let lines: Vec<&str> = head.split("\r\n").filter(is_ours).collect();
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        server.write_all(lines.join("\r\n").as_bytes())?;
        server.write_all(body)?;
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes)?;
        Ok(Answer::read(&bytes))
    }

    fn spoil_answer(
        &self,
        mut answer: Answer,
        client: &mut (impl Read + Write),
    ) -> std::io::Result<()> {
        let half = answer.body.len() / 2;
        match self.spoil.fault {
            Fault::HangUp | Fault::Reset => Ok(()),
            Fault::Stalled => until_it_goes_away(client),
            Fault::Said(code, fields, body) => {
                write!(
                    client,
                    "HTTP/1.1 {code} Said\r\n{fields}Connection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                )?;
                client.write_all(body)
            }
            Fault::StalledBody => {
                client.write_all(&answer.cut(half))?;
                client.flush()?;
                until_it_goes_away(client)
            }
            Fault::Trickled => {
                answer.whole().iter().try_for_each(|byte| client.write_all(&[*byte]))
            }
            Fault::Cut => client.write_all(&answer.cut(half)),
            Fault::CutInChunks => {
                write!(client, "{}Transfer-Encoding: chunked\r\n\r\n{half:x}\r\n", answer.head)?;
                client.write_all(&answer.body[..half])?;
                client.write_all(b"\r\n")
            }
            Fault::Halved => {
                answer.body.truncate(half);
                client.write_all(&answer.whole())
            }
            Fault::Headless => {
                let list = if answer.body.starts_with(b"k8s\0") {
                    6 + usize::from(answer.body[5])
                } else {
                    0
                };
                answer.body.truncate(list);
                client.write_all(&answer.whole())
            }
            Fault::Dated(date) => {
                let lines = answer.head.split_inclusive("\r\n");
                let is_date = |line: &&str| line.to_ascii_lowercase().starts_with("date:");
                let rest: String = lines.filter(|line| !is_date(line)).collect();
                answer.head = format!("{rest}Date: {date}\r\n");
                client.write_all(&answer.whole())
            }
            Fault::SamePage => client.write_all(&self.again(1, &answer)),
            Fault::TwoPages => client.write_all(&self.again(2, &answer)),
        }
    }

    /// Of the first answers, the one whose turn it is.
    fn again(&self, most: usize, answer: &Answer) -> Vec<u8> {
        let mut state = self.state();
        if state.kept.len() < most {
            state.kept.push(answer.whole());
        }
        let turn = (state.matched - self.spoil.after - 1) % most;
        state.kept[turn].clone()
    }
}

impl Fault {
    const fn is_of_the_answer(self) -> bool {
        !matches!(self, Self::Said(..) | Self::HangUp | Self::Reset | Self::Stalled)
    }
}

/// An answer of the server.
#[derive(Default)]
struct Answer {
    /// The status line and what tells what the body is.
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default().replacen("HTTP/1.0", "HTTP/1.1", 1);
        let kept = ["content-type:", "retry-after:", "date:"];
        let is_kept =
            |line: &&str| kept.iter().any(|name| line.to_ascii_lowercase().starts_with(name));
        let fields: String = lines.filter(is_kept).flat_map(|line| [line, "\r\n"]).collect();
        let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
        Self { head: format!("{status}\r\n{fields}Connection: close\r\n"), body }
    }

    fn whole(&self) -> Vec<u8> {
        self.cut(self.body.len())
    }

    /// The first bytes of the body, behind the length of all of it.
    fn cut(&self, length: usize) -> Vec<u8> {
        let head = format!("{}Content-Length: {}\r\n\r\n", self.head, self.body.len());
        [head.as_bytes(), &self.body[..length]].concat()
    }
}

fn until_it_goes_away(client: &mut impl Read) -> std::io::Result<()> {
    client.read_to_end(&mut Vec::new()).map(drop)
}

/// The head of a request, left where it is.
fn peeked(client: &TcpStream) -> std::io::Result<String> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let length = client.peek(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes[..length]);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            return Ok(head.to_owned());
        }
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        thread::yield_now();
    }
}
