//! Servers that are down, rude or hostile: each costs at most the deadline and some memory, is told
//! by what it did, and never makes the binary panic.

use crate::support::binary::{BINARY, Certwright, Ran};
use crate::support::tls_server::{
    Behaviour, Pair, TlsServer, answering, hold, manifests, params, self_signed, tls,
};
use crate::support::witness::skip;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use time::macros::datetime;

/// How long one handshake may take in these tests.
const DEADLINE: &str = "1s";
/// A run that took longer has missed its deadline, and not for want of a processor.
const FAR_TOO_LONG: Duration = Duration::from_secs(30);

fn shop() -> Pair {
    self_signed(
        &params("shop.example", &["shop.example"], datetime!(2026-10-01 0:00 UTC)),
        "ec-p256-01.pem",
    )
}

/// What the binary says of a server that does this, as a failure.
fn told(what: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    inspected(what).expect_code(4).flat_stderr()
}

fn inspected(what: impl Fn(TcpStream) + Send + Sync + 'static) -> Ran {
    let server = TlsServer::doing(what);
    let began = Instant::now();
    let args = ["inspect", &server.place(), "--servername", "shop.example"];
    let ran = Certwright::new().args(&args).args(&["--request-timeout", DEADLINE]).run();
    assert!(began.elapsed() < FAR_TOO_LONG, "it took {:?}", began.elapsed());
    ran
}

#[test]
fn each_is_told_by_what_it_did() {
    type Does = Box<dyn Fn(TcpStream) + Send + Sync>;
    let record = |kind: u8, payload: &[u8]| {
        let length = u16::try_from(payload.len()).expect("it fits a record").to_be_bytes();
        [&[kind, 3, 3, length[0], length[1]], payload].concat()
    };
    let fatal = |code: u8| record(21, &[2, code]);
    let http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nClient sent TLS\x1b[31m";
    let empty = record(22, &[]).repeat(60_000);
    let endless = [&[22, 3, 3, 0x40, 0][..], &[0; 0x4000]].concat();
    let cases: Vec<(&str, Does, &str)> = vec![
        ("silence", Box::new(hold), "waiting for the first byte of its answer"),
        ("closing", Box::new(|s| answering(s, b"")), "closed the connection without an answer"),
        ("plain HTTP", Box::new(|s| answering(s, http)), "plain HTTP: HTTP/1.1 400 Bad Request"),
        ("another protocol", Box::new(|s| answering(s, b"SSH-2.0-x\r\n")), "not TLS: SSH-2.0-x"),
        ("garbage", Box::new(|s| answering(s, &[0xff; 9000])), "not TLS: ffffffff"),
        (
            "an alert",
            {
                let alert = fatal(40);
                Box::new(move |s| answering(s, &alert))
            },
            "handshake_failure (40)",
        ),
        (
            "an alert for the name",
            {
                let alert = fatal(112);
                Box::new(move |s| answering(s, &alert))
            },
            "unrecognized_name (112)",
        ),
        (
            "an old version",
            {
                let hello =
                    record(22, &[&[2, 0, 0, 38, 3, 1][..], &[7; 32], &[0, 0, 0x2f, 0]].concat());
                Box::new(move |s| answering(s, &hello))
            },
            "neither TLS 1.2 nor TLS 1.3",
        ),
        (
            "half a record",
            {
                Box::new(|stream: TcpStream| {
                    let mut other = stream.try_clone().expect("a socket has copies");
                    let mut hello = [0; 4096];
                    let _ = other.read(&mut hello);
                    let _ = other.write_all(&[22, 3, 3, 1]);
                    hold(stream);
                })
            },
            "in the middle of the handshake",
        ),
        (
            "records without end",
            Box::new(move |s| {
                let mut stream = s;
                let mut hello = [0; 4096];
                let _ = stream.read(&mut hello);
                while stream.write_all(&endless).is_ok() {}
            }),
            "",
        ),
        ("empty records", Box::new(move |s| answering(s, &empty)), ""),
        (
            "a reset",
            Box::new(|stream| {
                // What is not read when a socket closes makes the system send RST.
                let mut first = [0; 1];
                let _ = (&stream).read(&mut first);
                drop(stream);
            }),
            "",
        ),
    ];
    for (name, does, words) in cases {
        let told = told(does);
        assert!(told.contains(words), "{name}: {told}");
        assert!(!told.contains('\u{1b}'), "{name}: {told}");
    }
}

#[test]
fn a_port_that_nobody_listens_on_is_refused() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        listener.local_addr().expect("it is bound").port()
    };
    let place = format!("127.0.0.1:{port}");
    let ran = Certwright::new().args(&["inspect", &place]).run().expect_code(4);
    assert!(ran.flat_stderr().contains("connection refused, while connecting"), "{}", ran.stderr);
}

#[test]
fn a_name_that_has_no_address_is_told() {
    let ran = Certwright::new().args(&["inspect", "no-such-host.invalid:443"]).run().expect_code(4);
    assert!(ran.flat_stderr().contains("has no address"), "{}", ran.stderr);
}

/// Sends only the first `count` bytes of what a good server would, and then nothing more.
fn stalling(pair: &Pair, count: usize, behaviour: &Behaviour, mut stream: TcpStream) {
    let mut server = tls(pair, behaviour);
    let mut left = count;
    while server.is_handshaking() && left > 0 {
        while server.wants_write() && left > 0 {
            let mut bytes = Vec::new();
            server.write_tls(&mut bytes).expect("it is memory");
            bytes.truncate(left);
            left -= bytes.len();
            if stream.write_all(&bytes).is_err() {
                return;
            }
        }
        if left == 0 || server.read_tls(&mut stream).is_err() {
            break;
        }
        if server.process_new_packets().is_err() {
            return;
        }
    }
    hold(stream);
}

/// In the middle of every TLS message, 1.2 and 1.3. Once the server has shown its certificate, that
/// is shown too.
#[test]
fn a_stall_anywhere_ends_with_the_deadline() {
    let pair = shop();
    let mut running = Vec::new();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for count in [1, 3, 50, 100, 130, 300, 500, 560] {
            let (pair, behaviour) =
                (pair.clone(), Behaviour { version: Some(version), ..Behaviour::default() });
            running.push(std::thread::spawn(move || {
                inspected(move |stream| stalling(&pair, count, &behaviour, stream))
            }));
        }
    }
    for run in running {
        let ran = run.join().expect("it ends as it should");
        let told = format!("{}{}", ran.stdout, ran.stderr);
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("nothing more came within 1 s"), "{told}");
        assert!(matches!(ran.code, 0 | 4), "{told}");
    }
}

/// The peak of its memory, KiB, once it came to a second server.
fn peak_after(first: &TlsServer) -> u64 {
    let (arrived, here) = channel();
    let (go, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let second = TlsServer::doing(move |stream| {
        let _ = arrived.send(());
        let _ = wait.lock().expect("no thread panics").recv();
        drop(stream);
    });
    let mut child = Command::new(BINARY)
        .env_clear()
        .args(["inspect", &first.place(), &second.place(), "--servername", "shop.example"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    here.recv_timeout(FAR_TOO_LONG).expect("it comes to the second server");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    drop(go);
    let _ = child.wait();
    let status = status.expect("the system tells of a process");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok()).expect("it is a number")
}

#[test]
fn a_chain_of_a_mebibyte_and_ten_thousand_names_cost_little() {
    if !std::path::Path::new("/proc/self/status").exists() {
        skip("a_chain_of_a_mebibyte", "this system tells no peak of memory");
        return;
    }
    let names: Vec<String> = (0..10_000).map(|n| format!("h{n}.shop.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let many =
        self_signed(&params("many", &names, datetime!(2026-10-01 0:00 UTC)), "ec-p256-01.pem");
    let one = shop();
    let long = Pair { chain: vec![one.chain[0].clone(); 4000], ..one.clone() };
    assert!(long.chain.concat().len() > 1024 * 1024 && many.chain[0].len() > 150_000);
    // What a handshake takes is asked of a good server, so that only the difference counts.
    let good = TlsServer::serving(one, Behaviour::default());
    let usual = peak_after(&good);
    for (name, pair) in [("a chain of a MiB", long), ("10,000 names", many)] {
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let behaviour = Behaviour { version: Some(version), ..Behaviour::default() };
            let server = TlsServer::serving(pair.clone(), behaviour);
            let ran = Certwright::new().args(&["inspect", &server.place()]).run().expect_code(4);
            assert!(ran.flat_stderr().contains("more than 64 KiB"), "{name}: {}", ran.stderr);
            let peak = peak_after(&server);
            assert!(peak < usual + 32 * 1024, "{name}: {peak} KiB, a good server {usual} KiB");
        }
    }
}

/// As many hosts as one load balancer serves, and behind them a server that has one pair for all.
#[test]
fn a_thousand_hosts_are_verified_in_one_run() {
    let hosts: Vec<String> = (0..1000).map(|n| format!("h{n}.shop.example")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let pair = self_signed(
        &params("shop.example", &["*.shop.example"], datetime!(2026-10-01 0:00 UTC)),
        "ec-p256-01.pem",
    );
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    manifests(folder.path(), &hosts, "web", &pair.secret("web", None));
    let server = TlsServer::serving(pair, Behaviour { alpn: vec!["h2"], ..Behaviour::default() });
    let path = folder.path().display().to_string();
    let args = ["verify", "-f", &path, "--address", &server.place(), "-o", "json"];
    let at = ["--at", "2026-11-21T00:00:00Z"];
    let report = Certwright::new().args(&args).args(&at).run().expect_code(0).json();
    assert_eq!(report["summary"]["endpoints"], 1000);
    assert_eq!(report["summary"]["asStored"], 1000);
}
