//! The image without a container runtime: the static binary in an empty root that nobody may write to, as
//! uid 65532, with what the kubelet mounts and nothing else.

use crate::support::binary::run;
use crate::support::live::Live;
use crate::support::name_server::NameServer;
use crate::support::real_parts::isolation::alone_in_namespaces;
use crate::support::witness;
use serde_json::Value;
use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// As .ci/run builds it: in a debug profile, since linking a release once more takes minutes; and by glibc where
/// the standard library for musl could not be had.
const STATIC: [&str; 2] = [
    "target/x86_64-unknown-linux-musl/debug/certwright",
    "target/x86_64-unknown-linux-gnu/debug/certwright",
];

/// By what name a Pod may know the API server; it is in the certificate that the server makes for itself.
const SERVER: &str = "kubernetes.default.svc";

fn static_binary(test: &str) -> Option<PathBuf> {
    let built = STATIC.map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    if let Some(path) = built.into_iter().find(|path| path.is_file()) {
        return Some(path);
    }
    witness::skip(test, "needs cargo build --locked --target x86_64-unknown-linux-musl");
    None
}

/// The root of the container, which is a mount of its own that can only be read.
struct Root(TempDir);

impl Root {
    fn new(binary: &Path, live: &Live, token: &str) -> Self {
        let folder = TempDir::new().expect("a temp folder can be made");
        let root = folder.path();
        let (_, _, _, authority) = live.cluster.address();
        let authority = fs::read(authority).expect("the CA is there");
        let account = "var/run/secrets/kubernetes.io/serviceaccount";
        for (name, bytes) in [
            ("certwright".to_owned(), fs::read(binary).expect("it can be read")),
            ("etc/resolv.conf".to_owned(), b"nameserver 127.0.0.1\noptions attempts:1\n".to_vec()),
            (format!("{account}/ca.crt"), authority),
            (format!("{account}/token"), token.as_bytes().to_vec()),
            (format!("{account}/namespace"), b"certwright".to_vec()),
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder can be made");
            fs::write(path, bytes).expect("it can be written");
        }
        for path in [root.to_owned(), root.join("certwright")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        let path = root.display();
        let script = format!("mount --bind {path} {path} && mount -o remount,ro,bind {path}");
        assert!(witness::succeeds(Command::new("sh").args(["-c", &script])), "{script}");
        Self(folder)
    }

    fn run(&self, live: &Live, args: &[&str]) -> Output {
        let (_, port, ..) = live.cluster.address();
        let mut chroot = Command::new("chroot");
        chroot.arg("--userspec=65532:65532").arg(self.0.path()).arg("/certwright").args(args);
        chroot.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        chroot.env("KUBERNETES_SERVICE_HOST", SERVER).env("KUBERNETES_SERVICE_PORT", port);
        chroot.output().expect("chroot starts")
    }

    /// The same; its JSON.
    fn json(&self, live: &Live, args: &[&str]) -> Value {
        let ran = self.run(live, args);
        let said = String::from_utf8_lossy(&ran.stderr);
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// Hands what is asked at port 53, where a container asks, on to the server.
fn at_port_53(server: &NameServer) {
    let to = server.address();
    let socket = UdpSocket::bind("127.0.0.1:53").expect("the port is free in here");
    std::thread::spawn(move || {
        let mut question = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut question) {
            let asked = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
            let mut answer = [0; 1500];
            let answered = asked
                .send_to(&question[..length], &to)
                .and_then(|_| asked.recv_from(&mut answer))
                .and_then(|(length, _)| socket.send_to(&answer[..length], from));
            drop(answered);
        }
    });
}

#[test]
fn the_binary_of_the_image_runs_as_nobody_in_an_empty_root() {
    let test = "the_binary_of_the_image_runs_as_nobody";
    let Some(binary) = static_binary(test) else { return };
    let name = "cases::image::the_binary_of_the_image_runs_as_nobody_in_an_empty_root";
    if !alone_in_namespaces(test, name) {
        return;
    }
    let zones = [("svc", "kubernetes.default A 127.0.0.1"), ("milvus.io", "my-release A 10.9.8.7")];
    let Some(server) = NameServer::start(test, &zones) else { return };
    at_port_53(&server);
    let Some(live) = Live::alone(test) else { return };
    live.create_scenario("guide");
    live.kubectl(&["create", "namespace", "certwright"]);
    let rbac = ["manifests", "rbac", "-n", "certwright", "-A", "--for", "rotate"];
    live.cluster.apply("certwright", &run(&rbac).expect_code(0).stdout);
    let token = live.kubectl(&["create", "token", "certwright", "-n", "certwright"]).stdout;
    let root = Root::new(&binary, &live, &String::from_utf8_lossy(&token));

    // The API server by a name that DNS knows, TLS by the mounted CA, the mounted token.
    let report = root.json(&live, &["check", "-A", "--dns", "-o", "json"]);
    assert_eq!(report["complete"], true, "{report:#}");
    assert_eq!(report["certificates"].as_array().map(Vec::len), Some(1), "{report:#}");
    // Keys are made, and nothing is written but to the cluster.
    let secret = ["rotate", "secret/my-release-milvus-tls", "-n", &live.namespace];
    let ran = root.run(&live, &[&secret[..], &["--key-type", "p256"]].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let report = root.json(&live, &["check", "-A", "-o", "json"]);
    assert_eq!(report["certificates"][0]["keyType"], "p256", "{report:#}");
    // Without its token it is nobody, and says so.
    let ran = root.run(&live, &["check", "-A", "--kubeconfig", "/nowhere"]);
    assert_eq!(ran.status.code(), Some(4));
    let ran = root.run(&live, &["issue", "a.example", "--key-type", "p256"]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(4) && said.contains("ead-only file system"), "{said}");
}

#[test]
fn the_dockerfile_copies_the_binary_into_nothing_and_runs_it_as_nobody() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile");
    let text = fs::read_to_string(path).expect("it is there");
    let (_, last) = text.rsplit_once("\nFROM ").expect("it has a stage");
    let lines: Vec<&str> = last.lines().collect();
    assert_eq!(lines.first(), Some(&"scratch"));
    let user = format!("USER {0}:{0}", certwright::render::deploy::cronjob::USER);
    assert!(lines.contains(&user.as_str()), "{last}");
    assert!(!lines.iter().any(|line| line.starts_with("RUN")), "{last}");
}
