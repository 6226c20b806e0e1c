//! What is served, seen by the binary: real handshakes with servers on loopback.

use crate::support::binary::{Certwright, Ran};
use crate::support::tls_server::{
    Behaviour, Pair, TlsServer, guide, key, manifests, params, pem, self_signed, signed_by,
};
use crate::support::witness::{openssl, say};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use time::macros::datetime;

const HOST: &str = "shop.example";
const NEW: time::OffsetDateTime = datetime!(2026-10-01 0:00 UTC);
const OLD: time::OffsetDateTime = datetime!(2026-03-01 0:00 UTC);
const AT: &str = "2026-11-21T00:00:00Z";

fn h2() -> Behaviour {
    Behaviour { alpn: vec!["h2", "http/1.1"], ..Behaviour::default() }
}

/// A fresh pair each time: ECDSA signatures are never the same twice.
fn shop(from: time::OffsetDateTime) -> Pair {
    self_signed(&params(HOST, &[HOST], from), "ec-p256-01.pem")
}

/// A folder with the manifests of an Ingress for [`HOST`] and its Secret.
fn folder(pair: &Pair) -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    manifests(folder.path(), &[HOST], "web", &pair.secret("web", None));
    folder
}

fn verify(folder: &Path, server: &TlsServer, more: &[&str]) -> Ran {
    Certwright::new()
        .args(&["verify", "--at", AT, "-f", &folder.display().to_string()])
        .args(&["--address", &server.place()])
        .args(more)
        .run()
}

fn rules(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().filter_map(|finding| finding["rule"].as_str()).collect()
}

#[test]
fn what_is_stored_and_served_is_said_with_the_settings_that_work() {
    let pair = shop(NEW);
    let server = TlsServer::serving(pair.clone(), h2());
    let folder = folder(&pair);
    let ran = verify(folder.path(), &server, &[]).expect_code(0);
    let (ip, port) = (server.address.ip(), server.address.port());
    let expected = format!(
        "\
SERVES  HOST          ADDRESS          EXPIRES     TLS  ALPN
stored  shop.example  {ip}:{port}  2027-10-01  1.3  h2

clients of shop.example at {ip}:{port}
  trust: the self-signed certificate itself, in tls.crt; write it with --trust-out tls.crt
  curl --resolve shop.example:{port}:{ip} --cacert tls.crt https://shop.example:{port}/
  openssl s_client -connect {ip}:{port} -servername shop.example -verify_hostname shop.example -CAfile tls.crt -verify_return_error -brief </dev/null

looked at the files of {folder}, connecting to {ip}:{port}
1 of 1 endpoint serves the stored certificate: nothing to report
",
        folder = folder.path().display()
    );
    assert_eq!(even(&ran.stdout), even(&expected), "{}", ran.stdout);
    let table = ran.stdout.lines().take(2);
    assert!(table.into_iter().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
}

fn even(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A folder with an Ingress that sends [`HOST`] to this port, and its Secret.
fn folder_of_port(pair: &Pair, port: &Value) -> TempDir {
    let folder = folder(pair);
    let path = folder.path().join("ingress.json");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let mut ingress: Value = serde_json::from_str(&text).expect("it is JSON");
    let backend = "/spec/rules/0/http/paths/0/backend/service/port";
    *ingress.pointer_mut(backend).expect("it is there") = port.clone();
    std::fs::write(&path, ingress.to_string()).expect("it can be written");
    folder
}

#[test]
fn clients_of_grpc_are_named_where_the_backend_is_grpc_or_where_they_are_asked_for() {
    let pair = shop(NEW);
    let http = Behaviour { alpn: vec!["http/1.1"], ..Behaviour::default() };
    let plain = TlsServer::serving(pair.clone(), http);
    let grpc = TlsServer::serving(pair.clone(), h2());
    let port = |number: u16| serde_json::json!({ "number": number });
    let named = |name: &str| serde_json::json!({ "name": name });
    let milvus = "MilvusClient(uri=\"https://";
    for (what, server, port, more, shown, hidden) in [
        (
            "a web backend",
            &plain,
            port(80),
            &[][..],
            &["curl ", "openssl "][..],
            &["grpc", "ilvus"][..],
        ),
        ("Milvus", &grpc, port(19530), &[], &["curl ", "grpcurl -", milvus, "is 19530"], &[]),
        ("gRPC", &grpc, named("grpc-api"), &[], &["grpcurl -", "is named grpc-api"], &["ilvus"]),
        (
            "Milvus without HTTP/2",
            &plain,
            named("milvus"),
            &[],
            &["refused by grpcurl, PyMilvus: the server does not agree on HTTP/2"],
            &["MilvusClient("],
        ),
        (
            "asked for",
            &plain,
            port(80),
            &["--clients", "curl,pymilvus"],
            &["curl ", "refused by PyMilvus: "],
            &["openssl", "grpcurl"],
        ),
        ("all", &grpc, port(80), &["--clients=all"], &["grpcurl -", milvus, "openssl "], &[]),
        ("as fits", &grpc, port(80), &["--clients"], &["curl "], &["grpc", "ilvus"]),
    ] {
        let folder = folder_of_port(&pair, &port);
        let ran = verify(folder.path(), server, more).expect_code(0);
        for words in shown {
            assert!(ran.stdout.contains(words), "{what}: {words}\n{}", ran.stdout);
        }
        for words in hidden {
            assert!(!ran.stdout.contains(words), "{what}: {words}\n{}", ran.stdout);
        }
        // Programs get all that they got.
        let report = verify(folder.path(), server, &["-o", "json"]).expect_code(0).json();
        let clients = &report["clients"][0];
        assert_eq!(clients["pymilvus"].is_null(), std::ptr::eq(server, &raw const plain), "{what}");
        assert_eq!(clients["grpc"].is_null(), port["number"] == 80, "{what}");
        assert!(clients["curl"].is_string() && clients["openssl"].is_string(), "{what}");
    }
    let folder = folder(&pair);
    let refused = verify(folder.path(), &plain, &["--clients=wget"]).expect_code(2);
    assert!(refused.flat_stderr().contains("curl, openssl, grpc, pymilvus"), "{}", refused.stderr);
}

#[test]
fn nothing_that_listens_is_told_without_clients_of_another_kind_of_backend() {
    let folder = folder(&shop(NEW));
    let path = folder.path().display().to_string();
    let args = ["verify", "--at", AT, "-f", &path, "--address", "127.0.0.1:1"];
    let ran = Certwright::new().args(&args).run().expect_code(1);
    let told = even(&ran.stdout);
    for words in [
        "refused shop.example 127.0.0.1:1 - - -",
        "served-unreachable",
        "check that 127.0.0.1:1 reaches the ingress controller",
        "0 of 1 endpoint serves the stored certificate: 1 warning",
    ] {
        assert!(told.contains(words), "{words}:\n{}", ran.stdout);
    }
    assert!(!told.contains("ilvus") && !told.contains("grpc"), "{}", ran.stdout);
}

/// Many hosts, of which some are not answered as they should be, and nobody who listens.
#[test]
fn five_hundred_hosts_are_a_line_each_in_a_pipe() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let hosts: Vec<String> = (0..500).map(|number| format!("h{number}.shop.example")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let pair = self_signed(&params(HOST, &["*.shop.example"], NEW), "ec-p256-01.pem");
    manifests(folder.path(), &hosts, "web", &pair.secret("web", None));
    let path = folder.path().display().to_string();
    let args = ["verify", "--at", AT, "-f", &path, "--address", "127.0.0.1:1"];
    let ran = Certwright::new().args(&args).run().expect_code(1);
    let rows = ran.stdout.lines().filter(|line| line.starts_with("refused "));
    assert_eq!(rows.count(), 500);
    let told = ran.stdout.lines().filter(|line| line.contains("served-unreachable"));
    assert!(told.count() <= 2, "what is found is told by rule");
}

#[test]
fn nothing_is_sent_but_the_handshake_and_a_farewell() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let behaviour = Behaviour { version: Some(version), ..h2() };
        let pair = shop(NEW);
        let server = TlsServer::serving(pair.clone(), behaviour);
        Certwright::new().args(&["inspect", &server.place()]).run().expect_code(0);
        let folder = folder(&pair);
        verify(folder.path(), &server, &[]).expect_code(0);
        // The server's thread may still be at it when the client has ended.
        while server.heard.lock().expect("no thread panics").len() < 2 {
            std::thread::yield_now();
        }
        let heard = server.heard.lock().expect("no thread panics").clone();
        assert_eq!(heard, vec![(Vec::new(), true); 2], "no data, and close_notify");
    }
}

#[test]
fn a_served_chain_is_shown_as_a_file_is() {
    let server = TlsServer::serving(guide(), Behaviour::default());
    let place = server.place();
    let args = ["inspect", &place, "--servername", "my-release.milvus.io", "--at", AT];
    let ran = Certwright::new().args(&args).run().expect_code(0);
    for words in [
        "X.509 v1",
        "CN=my-release.milvus.io",
        "with the server, proved by its signature",
        "TLS 1.3, no ALPN, TLS_AES_256_GCM_SHA384",
        "served-name-mismatch",
        "cn-only",
    ] {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    let report = Certwright::new().args(&args).args(&["-o", "json"]).run().expect_code(0).json();
    assert_eq!(report["certificates"][0]["ref"]["kind"], "Endpoint");
    assert_eq!(report["certificates"][0]["ref"]["name"], place.as_str());
    assert_eq!(rules(&report), ["served-name-mismatch", "cn-only", "lifetime-too-long"]);
    let bundle = &report["bundles"][0];
    assert_eq!(bundle["certificates"][0]["version"], 1);
    assert_eq!(bundle["certificates"][0]["commonNames"][0], "my-release.milvus.io");
    assert_eq!(bundle["privateKey"]["state"], "proven");
    assert_eq!(bundle["privateKey"]["matches"], true);
    assert_eq!(bundle["handshake"]["serverName"], "my-release.milvus.io");
    assert_eq!(bundle["handshake"]["address"], place.as_str());
    assert_eq!(bundle["handshake"]["version"], "1.3");
}

#[test]
fn a_served_chain_is_written_as_pem_and_put_in_order() {
    let server = TlsServer::serving(guide(), Behaviour::default());
    let place = server.place();
    let written = |more: &[&str]| {
        Certwright::new().args(&["inspect", &place]).args(more).run().expect_code(0).stdout
    };
    assert_eq!(written(&["-o", "pem"]), guide().pem());
    assert_eq!(written(&["--fix-chain"]), guide().pem());
}

#[test]
fn without_a_name_the_address_is_what_a_certificate_must_name() {
    let server = TlsServer::serving(shop(NEW), h2());
    let place = server.place();
    for target in [place.clone(), format!("https://{place}/x")] {
        let report = Certwright::new().args(&["inspect", &target, "-o", "json"]).run().json();
        assert!(rules(&report).contains(&"served-name-mismatch"), "{target}");
        let ip = server.address.ip().to_string();
        assert_eq!(report["findings"][0]["evidence"]["host"], ip.as_str());
        assert_eq!(report["bundles"][0]["handshake"]["serverName"], Value::Null);
    }
    let named = self_signed(&params(HOST, &["127.0.0.1"], NEW), "ec-p256-01.pem");
    let server = TlsServer::serving(named, h2());
    let report = Certwright::new().args(&["inspect", &server.place(), "-o", "json"]).run().json();
    assert!(!rules(&report).contains(&"served-name-mismatch"));
}

#[test]
fn what_a_server_shows_is_mended_on_the_server() {
    let mut ca = params("Shop CA", &[], OLD);
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = self_signed(&ca, "ec-p384.pem").chain;
    let leaf = signed_by(&params(HOST, &[HOST], OLD), "ec-p256-01.pem", (&ca, "ec-p384.pem"));
    let other = self_signed(&params("Other", &[], OLD), "ec-p256-02.pem").chain;
    let of = |chain: Vec<Vec<Vec<u8>>>| Pair { chain: chain.concat(), key: leaf.key.clone() };
    for (pair, rule) in [
        (of(vec![leaf.chain.clone(), root.clone()]), "chain-superfluous"),
        (of(vec![leaf.chain.clone(), leaf.chain.clone()]), "chain-superfluous"),
        (of(vec![leaf.chain.clone(), other, root]), "chain-out-of-order"),
        (guide(), "cn-only"),
        (leaf, "expires-soon"),
    ] {
        let server = TlsServer::serving(pair, h2());
        let place = server.place();
        let args = ["inspect", &place, "--servername", HOST, "--at", "2027-02-20T00:00:00Z"];
        let report = Certwright::new().args(&args).args(&["-o", "json"]).run().json();
        assert!(rules(&report).contains(&rule), "{rule}: {:?}", rules(&report));
        for finding in report["findings"].as_array().expect("a list") {
            let remedy = finding["remedy"].as_str().expect("a sentence");
            let commands = ["certwright import", "certwright rotate", &place];
            assert!(!commands.iter().any(|word| remedy.contains(word)), "{finding:#}");
        }
    }
}

#[test]
fn a_target_that_is_no_server_is_told_how_servers_are_written() {
    for (target, told) in [
        ("foo:bar", "name a server as HOST:PORT"),
        ("127.0.0.1:99999", "name a server as HOST:PORT"),
        ("nowhere.pem", "check the path"),
        ("münchen.invalid:443", "xn--mnchen-3ya.invalid has no address"),
    ] {
        let ran = Certwright::new().args(&["inspect", target]).run().expect_code(4);
        assert!(ran.flat_stderr().contains(told), "{target}: {}", ran.stderr);
    }
    let ran = Certwright::new().args(&["inspect", "a:1", "--servername", "127.0.0.1"]).run();
    assert!(ran.expect_code(2).stderr.contains("leave --servername out"));
}

#[test]
fn a_file_of_that_name_wins_over_a_server() {
    let folder = TempDir::new().expect("a temp folder can be made");
    std::fs::write(folder.path().join("localhost:1"), guide().pem()).expect("it can be written");
    let inspect =
        |target: &str| Certwright::new().folder(folder.path()).args(&["inspect", target]).run();
    assert!(inspect("localhost:1").expect_code(0).stdout.contains("CN=my-release.milvus.io"));
    let refused = inspect("localhost:2").expect_code(4);
    assert!(refused.flat_stderr().contains("connection refused"), "{}", refused.stderr);
}

#[test]
fn an_ipv6_server_is_asked_by_its_brackets() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        say("SKIPPED: an_ipv6_server_is_asked_by_its_brackets: there is no ::1 here");
        return;
    };
    let port = listener.local_addr().expect("it is bound").port();
    let pair = shop(NEW);
    let serve = move |stream| {
        let mut stream = stream;
        let _ = crate::support::tls_server::tls(&pair, &h2()).complete_io(&mut stream);
        crate::support::tls_server::hold(stream);
    };
    let _server = TlsServer::on(listener, serve);
    let place = format!("[::1]:{port}");
    let ran = Certwright::new().args(&["inspect", &place, "--servername", HOST]).run();
    let ran = ran.expect_code(0);
    assert!(ran.stdout.starts_with(&place), "{}", ran.stdout);
}

/// A certificate with a key that neither rustls nor rcgen can sign with, served by OpenSSL.
struct OpenSslServer {
    child: Child,
    place: String,
}

impl OpenSslServer {
    fn serving(folder: &Path, key_name: &str, more: &[&str]) -> Self {
        std::fs::write(folder.join("own.key"), key(key_name)).expect("it can be written");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-new", "-key", "own.key", "-out", "own.crt", "-days", "30"])
            .args(["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"])
            .current_dir(folder)
            .output()
            .expect("openssl starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-cert", "own.crt", "-key", "own.key"])
            .args(["-cipher", "ALL:@SECLEVEL=0"])
            .args(more)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        let accept = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, place: accept.expect("openssl says where it listens") }
    }
}

impl Drop for OpenSslServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn keys_and_versions_that_clients_refuse_are_seen_all_the_same() {
    if openssl("keys_and_versions_that_clients_refuse").is_none() {
        return;
    }
    let folder = TempDir::new().expect("a temp folder can be made");
    for (key_name, more, words) in [
        ("ec-p521.pem", &["-tls1_3"][..], &["p521", "not proved"][..]),
        ("ed25519.pem", &[], &["ed25519", "proved by its signature"]),
        ("ec-p384.pem", &["-tls1_2"], &["p384", "proved by its signature", "TLS 1.2"]),
        ("rsa-1024.pem", &["-tls1_2"], &["rsa-1024", "TLS 1.2"]),
        ("rsa-3072.pem", &["-alpn", "http/1.1"], &["rsa-3072", "proved", "http/1.1"]),
        ("rsa-2048-01.pem", &["-Verify", "1"], &["asks for a certificate of the client's"]),
    ] {
        let server = OpenSslServer::serving(folder.path(), key_name, more);
        let ran = Certwright::new().args(&["inspect", &server.place, "--servername", HOST]).run();
        let ran = ran.expect_code(0);
        for words in words {
            assert!(ran.stdout.contains(words), "{key_name}: {words}\n{}", ran.stdout);
        }
    }
}

#[test]
fn a_server_of_old_versions_alone_is_told_by_its_alert() {
    if openssl("a_server_of_old_versions_alone").is_none() {
        return;
    }
    let folder = TempDir::new().expect("a temp folder can be made");
    let server = OpenSslServer::serving(folder.path(), "rsa-2048-01.pem", &["-tls1_1"]);
    let ran = Certwright::new().args(&["inspect", &server.place]).run().expect_code(4);
    assert!(ran.flat_stderr().contains("protocol_version (70)"), "{}", ran.stderr);
}

#[test]
fn an_older_certificate_another_key_and_an_alert_are_told_with_their_evidence() {
    let pair = shop(NEW);
    let folder = folder(&pair);
    let older = TlsServer::serving(shop(OLD), h2());
    let report = verify(folder.path(), &older, &["-o", "json"]).expect_code(1).json();
    assert_eq!(rules(&report), ["served-differs"]);
    assert_eq!(report["served"][0]["serves"], "older");
    assert_eq!(report["clients"][0]["notServedYet"], true);
    let evidence = &report["findings"][0]["evidence"];
    assert_eq!(evidence["served"], report["served"][0]["chain"][0]["sha256"]);
    assert_ne!(evidence["served"], evidence["stored"]);

    let wrong_key = Pair { key: key("ec-p256-02.pem"), ..pair.clone() };
    let stolen = TlsServer::serving(wrong_key, h2());
    let report = verify(folder.path(), &stolen, &["-o", "json"]).expect_code(1).json();
    assert_eq!(rules(&report), ["served-differs"]);
    assert_eq!(report["served"][0]["keyProven"], false);
    assert_eq!(report["served"][0]["serves"], "stored");

    let elsewhere = Behaviour { only_for: Some("other.example"), ..h2() };
    let unknown = TlsServer::serving(pair, elsewhere);
    let report = verify(folder.path(), &unknown, &["-o", "json"]).expect_code(1).json();
    assert_eq!(rules(&report), ["served-unreachable"]);
    assert_eq!(report["served"][0]["failure"]["kind"], "alert", "{report:#}");
    assert!(report["served"][0]["failure"]["alert"].is_u64(), "{report:#}");
}

#[test]
fn check_looks_at_what_is_served_only_when_asked_to() {
    let folder = folder(&shop(NEW));
    let path = folder.path().display().to_string();
    let check = |more: &[&str]| {
        let args = ["check", "-f", &path, "--at", AT, "-o", "json"];
        Certwright::new().args(&args).args(more).run().expect_code(0).json()
    };
    assert_eq!(rules(&check(&[])), Vec::<&str>::new());
    // Among files no Ingress has an address.
    let report = check(&["--served"]);
    assert_eq!(rules(&report), ["served-unreachable"]);
    assert_eq!(report["findings"][0]["severity"], "info");
}

#[test]
fn trust_out_writes_exactly_what_a_client_should_pin() {
    let own = shop(NEW);
    let mut ca = params("Shop CA", &[], OLD);
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = self_signed(&ca, "ec-p384.pem");
    let leaf = signed_by(&params(HOST, &[HOST], NEW), "ec-p256-01.pem", (&ca, "ec-p384.pem"));
    let with_root =
        Pair { chain: [leaf.chain.clone(), root.chain.clone()].concat(), ..leaf.clone() };
    for (name, pair, ca_crt, expected) in [
        ("self-signed", &own, None, &own.chain),
        ("the root from ca.crt", &leaf, Some(root.pem() + &shop(OLD).pem()), &root.chain),
        ("the top of the chain", &with_root, None, &root.chain),
        ("a leaf whose issuer nobody has", &leaf, None, &leaf.chain),
    ] {
        let folder = TempDir::new().expect("a temp folder can be made");
        let secret = pair.secret("web", ca_crt.as_deref());
        manifests(folder.path(), &[HOST], "web", &secret);
        let server = TlsServer::serving(pair.clone(), h2());
        let out = folder.path().join("pin.pem");
        let run = || verify(folder.path(), &server, &["--trust-out", &out.display().to_string()]);
        run().expect_code(0);
        let written = std::fs::read_to_string(&out).expect("it was written");
        assert_eq!(written, pem(&expected[0]), "{name}");
        // Once more over a file of certificates; never over anything else.
        run().expect_code(0);
        std::fs::write(&out, &pair.key).expect("it can be written");
        let refused = run().expect_code(4);
        assert!(
            refused.stderr.contains("is not a file of certificates"),
            "{name}: {}",
            refused.stderr
        );
        assert_eq!(std::fs::read_to_string(&out).expect("it is there"), pair.key, "{name}");
    }
}

#[test]
fn trust_out_holds_what_every_host_of_an_ingress_needs_and_says_which_is_whose() {
    let (first, second) = (shop(NEW), shop(OLD));
    let folder = TempDir::new().expect("a temp folder can be made");
    manifests(folder.path(), &["a.example", "b.example", "c.example"], "web", "{}");
    let ingress = folder.path().join("ingress.json");
    let text = std::fs::read_to_string(&ingress).expect("it is there");
    let entry = |hosts: &[&str], secret| serde_json::json!({"hosts": hosts, "secretName": secret});
    let mut manifest: Value = serde_json::from_str(&text).expect("it is JSON");
    let (one, copy) = (entry(&["a.example"], "one"), entry(&["c.example"], "copy"));
    manifest["spec"]["tls"] = serde_json::json!([one, entry(&["b.example"], "two"), copy]);
    std::fs::write(&ingress, manifest.to_string()).expect("it can be written");
    for (name, pair) in [("one", &first), ("two", &second), ("copy", &first)] {
        let secret = pair.secret(name, None);
        std::fs::write(folder.path().join(format!("{name}.json")), secret)
            .expect("it can be written");
    }
    std::fs::remove_file(folder.path().join("secret.json")).expect("it is there");
    let server = TlsServer::serving(first.clone(), h2());
    let out = folder.path().join("pin.pem");
    let path = out.display().to_string();
    let args = ["web", "--fail-on", "never", "--trust-out", &path];
    let ran = verify(folder.path(), &server, &args).expect_code(0);
    let written = std::fs::read_to_string(&out).expect("it was written");
    assert_eq!(written, first.pem() + &second.pem(), "each once");
    let what = "the self-signed certificate itself";
    for line in [
        format!("wrote {path}, which clients of all these hosts may pin:"),
        format!("  for a.example: {what} (secret/one)"),
        format!("  for b.example: {what} (secret/two)"),
        format!("  for c.example: {what} (secret/copy)"),
    ] {
        assert!(ran.stderr.lines().any(|told| told == line), "{line}: {}", ran.stderr);
    }
    // What clients of one Ingress trust is none of the others' business.
    let other = text.replace("\"name\":\"web\"},\"spec\"", "\"name\":\"api\"},\"spec\"");
    let other = other.replace("\"secretName\":\"web\"", "\"secretName\":\"two\"");
    std::fs::write(folder.path().join("other.json"), other).expect("it can be written");
    std::fs::remove_file(&out).expect("it is there");
    let refused = verify(folder.path(), &server, &args[1..]).expect_code(4);
    assert!(
        refused.flat_stderr().contains("name one of those that serve them"),
        "{}",
        refused.stderr
    );
    assert!(!out.exists());
}

#[test]
fn waiting_ends_when_the_server_takes_the_new_pair_up() {
    use crate::support::background::Background;
    let server = TlsServer::serving(shop(OLD), h2());
    let pair = shop(NEW);
    let folder = folder(&pair);
    let path = folder.path().display().to_string();
    let place = server.place();
    let args = ["verify", "-f", &path, "--at", AT, "--address", &place, "--wait"];
    let mut waiting = Background::start(Certwright::new().args(&args));
    waiting.wait_for("waiting: 0 of 1 endpoint serves the stored certificate");
    server.now_serving(pair);
    waiting.wait_for("every address serves what is stored");
    waiting.end(0);
    // What is served already is not waited for.
    Certwright::new().args(&args).run().expect_code(0);
}

#[test]
fn waiting_for_what_does_not_come_ends_with_the_time() {
    let server = TlsServer::serving(shop(OLD), h2());
    let folder = folder(&shop(NEW));
    let ran = verify(folder.path(), &server, &["--wait", "--timeout", "1s"]).expect_code(124);
    assert!(
        ran.stderr.contains("shop.example at ")
            && ran.stderr.contains(" still serves the old certificate"),
        "{}",
        ran.stderr
    );
}

#[test]
fn no_output_of_verify_holds_a_part_of_the_key() {
    let pair = shop(NEW);
    let server = TlsServer::serving(pair.clone(), h2());
    let folder = folder(&pair);
    let middle = pair.key.lines().nth(1).and_then(|line| line.get(20..44)).expect("a line of key");
    for more in [&["-o", "json", "-v"][..], &["-v", "--clients"]] {
        let ran = verify(folder.path(), &server, more).expect_code(0);
        for output in [&ran.stdout, &ran.stderr] {
            assert!(!output.contains(middle) && !output.contains("PRIVATE"), "{output}");
        }
    }
}
