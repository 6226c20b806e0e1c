//! A real DNS server on the loopback interface: Knot DNS, with zones of the test's own.
//!
//! Knows how it is started and that it ends with the test, however that ends. Refuses to know what
//! any zone is about.

use super::witness;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// How often a start is tried: a port that was free a moment ago may be taken by the time it is
/// listened on.
const TRIES: u32 = 5;
/// Where Debian puts it, which is not in everybody's `PATH`.
const PLACES: [&str; 2] = ["knotd", "/usr/sbin/knotd"];
/// What every zone begins with. Nobody remembers an answer for long.
const HEAD: &str = "$TTL 60\n@ SOA ns hostmaster 1 3600 900 604800 60\n@ NS ns\nns A 127.0.0.1\n";
/// The server, until standard input closes: when the test lets go of it, or has ended somehow.
const KEEP: &str = "exec 3<&0 </dev/null\n\"$0\" -c \"$1\" 2>&1 &\nexec >/dev/null\nread -r line <&3\nkill $! && wait $!";

/// A running server.
pub struct NameServer {
    keeper: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl NameServer {
    /// Serves these zones, each a name and its records without SOA and NS; a zone without any
    /// record cannot be loaded, and the server answers SERVFAIL for it, as it answers REFUSED for
    /// all others. None, loudly, where there is no Knot DNS.
    pub fn start(test: &str, zones: &[(&str, &str)]) -> Option<Self> {
        let there = |program: &&str| witness::succeeds(Command::new(program).arg("--version"));
        let Some(knotd) = PLACES.into_iter().find(there) else {
            witness::skip(test, "needs knotd (Debian: apt-get install knot)");
            return None;
        };
        let mut told = String::new();
        for _ in 0..TRIES {
            match Self::try_start(knotd, zones) {
                Ok(server) => return Some(server),
                Err(story) => told = story,
            }
        }
        panic!("{test}: knotd does not start:\n{told}");
    }

    /// Waits until it serves; else what it said before it ended.
    fn try_start(knotd: &str, zones: &[(&str, &str)]) -> Result<Self, String> {
        let (mut server, stdout) = Self::spawn(knotd, zones);
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let mut story = String::new();
        for line in lines.by_ref() {
            story.push_str(&line);
            story.push('\n');
            if line.contains("server started") {
                // It must not have to wait for a reader.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
        }
        server.let_go();
        Err(story)
    }

    fn spawn(knotd: &str, zones: &[(&str, &str)]) -> (Self, ChildStdout) {
        let folder = TempDir::new().expect("a temp folder can be made");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let config = folder.path().join("knot.conf");
        fs::write(&config, configuration(folder.path(), address, zones)).expect("it is written");
        for (name, records) in zones.iter().filter(|(_, records)| !records.is_empty()) {
            let file = folder.path().join(format!("{name}.zone"));
            fs::write(file, format!("{HEAD}{records}\n")).expect("a zone file can be written");
        }
        let mut keeper = Command::new("sh")
            .args(["-c", KEEP, knotd])
            .arg(&config)
            // What ends this process's group must not end the keeper before the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let stdout = keeper.stdout.take().expect("stdout is a pipe");
        (Self { keeper, address, _folder: folder }, stdout)
    }

    fn let_go(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }

    /// Where it listens, as `--dns-server` wants it.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// A port that is free for UDP and TCP alike, of five digits: goldens write another in its place.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = tcp.local_addr().expect("it has an address");
        if address.port() >= 10_000 && UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}

fn configuration(folder: &Path, address: SocketAddr, zones: &[(&str, &str)]) -> String {
    let folder = folder.display();
    let (ip, port) = (address.ip(), address.port());
    let mut listed = String::new();
    for (name, _) in zones {
        let _ = writeln!(listed, "  - domain: {name}.\n    file: {name}.zone");
    }
    format!(
        "server:
    rundir: \"{folder}\"
    listen: {ip}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: \"{folder}\"
log:
  - target: stdout
    any: info
template:
  - id: default
    storage: \"{folder}\"
    journal-content: none
    zonefile-sync: -1
    semantic-checks: off
zone:
{listed}"
    )
}
