//! The whole guide on real parts: Milvus behind Envoy with PyMilvus as the client, and Traefik as a
//! real ingress controller, on the real API server.

use crate::support::background::Background;
use crate::support::binary::{Certwright, Ran};
use crate::support::gke;
use crate::support::live::Live;
use crate::support::real_parts::envoy::{Envoy, HealthCheck};
use crate::support::real_parts::{ADDRESS, RealParts, isolated, milvus, traefik};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The domain of the guide.
const DOMAIN: &str = "my-release.milvus.io";

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: my-release-milvus}
spec:
  ports:
  - {name: milvus, port: 19530}
  - {name: metrics, port: 9091}
";

/// The test's path in this binary.
macro_rules! path_of {
    ($test:ident) => {
        concat!("cases::real_parts::", stringify!($test))
    };
}

#[test]
fn the_guide_works_on_real_milvus_behind_a_real_load_balancer() {
    let name = path_of!(the_guide_works_on_real_milvus_behind_a_real_load_balancer);
    let Some(parts) = isolated("the guide on real parts", name) else { return };
    let Some(live) = Live::alone("real_milvus") else { return };
    gke::install(&live);
    live.cluster.apply(&live.namespace, SERVICE);
    let folder = TempDir::new().expect("a temp folder can be made");
    let folder = folder.path();

    // Steps 1 to 3: the Helm values and the pods' certificate, as certwright writes them.
    let wish = ["bootstrap", DOMAIN, "--service", "my-release-milvus", "--preset", "milvus"];
    let written = in_folder(&live, folder);
    written.args(&wish).args(&["--backend-cert", "--out-dir", "d"]).run().expect_code(0);
    let values = yaml(&folder.join("d/setup/values.yaml"));
    let user_yaml = values["extraConfigFiles"]["user.yaml"].as_str().expect("user.yaml");
    let pods = folder.join("pods");
    write_pair(&pods, &yaml(&folder.join("d/backend-secret.yaml")));
    let _milvus = milvus::start(&parts, folder, user_yaml, &pods);

    // Steps 4 to 8: the objects, then the load balancer made from them, then its address.
    live.run(&[&wish[..], &["--no-wait"]].concat()).expect_code(0);
    let get = |what: &[&str]| -> Value {
        let ran = live.kubectl(&[&["get", "-o", "json"], what].concat());
        serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON")
    };
    let secret = get(&["secret", "my-release-milvus-tls"]);
    let check = get(&["backendconfig", "my-release-milvus-backendconfig"]);
    let check = &check["spec"]["healthCheck"];
    let health = HealthCheck { port: &check["port"], path: &check["requestPath"] };
    let mut envoy = Envoy::start(&parts, folder, &secret, milvus::PORT, &health);
    gke::give_address(&live, "my-release-milvus", ADDRESS);

    // Step 9: PyMilvus by the very lines that are printed.
    let verify = ["verify", "my-release-milvus", "--trust-out", "tls.crt"];
    let ran = in_folder(&live, folder).args(&verify).run().expect_code(0);
    let connect = printed(&ran, "connections.connect(");
    assert_eq!(uses(&parts, folder, &connect), Ok("found 2\n".to_owned()));
    let client = format!("client = {}", printed(&ran, "MilvusClient("));
    assert_eq!(uses(&parts, folder, &client), Ok("collections ['proof']\n".to_owned()));

    // A rotation is not done when the Secret is written: the load balancer has to follow, and
    // clients that pinned the old certificate need the new one.
    fs::rename(folder.join("tls.crt"), folder.join("old.crt")).expect("it was written");
    live.run(&["rotate", "secret/my-release-milvus-tls"]).expect_code(0);
    in_folder(&live, folder).args(&["verify", "my-release-milvus"]).run().expect_code(1);
    let waits = in_folder(&live, folder).args(&verify).args(&["--wait", "--timeout", "2m"]);
    let mut waits = Background::start(waits);
    waits.wait_for("waiting: 0 of 1 endpoint serves the stored certificate");
    envoy.serve(&get(&["secret", "my-release-milvus-tls"]));
    waits.end(0);
    let pinned = uses(&parts, folder, &connect.replace("tls.crt", "old.crt"));
    assert!(
        pinned.as_ref().is_err_and(|told| told.contains("CERTIFICATE_VERIFY_FAILED")),
        "{pinned:?}"
    );
    assert_eq!(uses(&parts, folder, &connect), Ok("found 2\n".to_owned()));
}

/// Answers every health check.
fn healthy() -> u16 {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 1024]);
            let _ = client
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    port
}

/// A file by which a client trusts becomes another one at once, as `kubectl` and the kubelet write it.
fn hand_out(live: &Live, file: &Path) {
    let map = live.kubectl(&["get", "configmap", "web", "-o", "json"]).stdout;
    let map: Value = serde_json::from_slice(&map).expect("kubectl prints JSON");
    let next = file.with_extension("next");
    fs::write(&next, map["data"]["ca.crt"].as_str().expect("text")).expect("it can be written");
    fs::rename(next, file).expect("it can be renamed");
}

#[test]
fn no_client_loses_a_handshake_while_a_certificate_is_rolled() {
    let name = path_of!(no_client_loses_a_handshake_while_a_certificate_is_rolled);
    let Some(parts) = isolated("no client loses a handshake", name) else { return };
    let Some(live) = Live::alone("real_roll") else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let folder = folder.path();
    live.run(&["issue", "web.example.com", "--key-type=p256", "--secret", "web"]).expect_code(0);
    let first = folder.join("first.crt");
    fs::write(&first, crate::support::live::value(&live.secret("web"), "tls.crt")).expect("a file");
    live.kubectl(&[
        "create",
        "configmap",
        "web",
        &format!("--from-file=ca.crt={}", first.display()),
    ]);
    live.kubectl(&["create", "ingress", "web", "--rule=web.example.com/*=web:80,tls=web"]);
    gke::give_address(&live, "web", ADDRESS);
    let port = healthy();
    let (number, path) = (Value::from(port), Value::from("/"));
    let health = HealthCheck { port: &number, path: &path };
    let mut envoy = Envoy::start(&parts, folder, &live.secret("web"), port, &health);

    // One that has the old certificate alone and fetches what is handed out once, while it soaks; and one
    // that has whatever is handed out.
    let (pinned, bundle) = (folder.join("pinned.crt"), folder.join("bundle.crt"));
    fs::copy(&first, &pinned).expect("it can be copied");
    fs::copy(&first, &bundle).expect("it can be copied");
    let script = crate::support::real_parts::here("tests/support/real_parts/handshakes.py");
    let mut python = parts.python();
    python.arg(script).args([ADDRESS, "web.example.com"]).args([&pinned, &bundle]);
    let clients = crate::support::real_parts::Part::start(&mut python, folder.join("clients.log"));

    live.run(&["rotate", "secret/web", "--trust", "configmap/web"]).expect_code(0);
    hand_out(&live, &bundle);
    hand_out(&live, &pinned);
    let before = live.secret("web");
    let switch = ["rotate", "secret/web", "--soak=0", "--timeout=2m", "-n", &live.namespace];
    let mut switch = Background::start(live.certwright().args(&switch));
    switch.wait_for("still serves the old one");
    let after = live.secret("web");
    assert_ne!(before["data"]["tls.crt"], after["data"]["tls.crt"]);
    envoy.serve(&after);
    switch.end(0);
    hand_out(&live, &bundle);
    // The old one is handed out no more, and what is served goes on being trusted.
    let only = fs::read_to_string(&bundle).expect("it was written");
    assert_eq!(only.matches("BEGIN").count(), 1);
    live.run(&["verify", "web", "--wait", "--timeout=30s"]).expect_code(0);
    let told = clients.close();
    assert!(!told.contains("failed:"), "{told}");
    assert_eq!(told.matches("served: ").count(), 2, "{told}");
    let made: usize =
        told.lines().find_map(|line| line.strip_prefix("made: ")?.parse().ok()).unwrap_or_default();
    assert!(made > 50, "{told}");
}

/// Traefik's own installation brings the class.
const WEB: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: traefik}
spec: {controller: traefik.io/ingress-controller}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.77.0.1]}]
";

#[test]
fn a_real_ingress_controller_serves_what_is_bootstrapped_and_rotated() {
    let name = path_of!(a_real_ingress_controller_serves_what_is_bootstrapped_and_rotated);
    let Some(parts) = isolated("a real ingress controller", name) else { return };
    let Some(live) = Live::alone("real_traefik") else { return };
    live.cluster.apply(&live.namespace, WEB);
    let folder = TempDir::new().expect("a temp folder can be made");
    let folder = folder.path();
    let _traefik = traefik::start(&parts, folder, live.cluster.kubeconfig());

    let wish = ["bootstrap", "web.example.com", "--service", "web", "--ingress-class", "traefik"];
    live.run(&[&wish[..], &["--timeout", "2m"]].concat()).expect_code(0);
    let as_stored = ["verify", "web", "--wait", "--timeout", "1m"];
    live.run(&as_stored).expect_code(0);

    // It returns when the new certificate is what is served.
    live.run(&["rotate", "secret/web-tls", "--verify", "--timeout", "1m"]).expect_code(0);
    live.run(&["verify", "web"]).expect_code(0);

    // A host that the certificate lacks, and a Secret that is gone, are both answered with the
    // certificate that Traefik makes for itself.
    let other = r#"[{"op": "add", "path": "/spec/tls/0/hosts/-", "value": "other.example.com"},
        {"op": "add", "path": "/spec/rules/-", "value": {"host": "other.example.com", "http":
        {"paths": [{"path": "/", "pathType": "Prefix", "backend":
        {"service": {"name": "web", "port": {"number": 80}}}}]}}}]"#;
    live.kubectl(&["patch", "ingress", "web", "--type=json", "-p", other]);
    let served = served_rules(&live.run(&["verify", "web", "-o", "json"]).expect_code(1));
    assert_eq!(served, [("other.example.com".to_owned(), "served-default-certificate".to_owned())]);
    live.kubectl(&["delete", "secret", "web-tls"]);
    let gone = live.run(&["verify", "web", "--wait", "--timeout", "3s"]);
    gone.expect_code(124);
    let served = served_rules(&live.run(&["verify", "web", "-o", "json"]).expect_code(1));
    let default = |host: &str| (host.to_owned(), "served-default-certificate".to_owned());
    assert_eq!(served, [default("other.example.com"), default("web.example.com")]);
}

/// Host and rule of every finding about what is served, sorted.
fn served_rules(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings are there").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut rules: Vec<_> =
        findings.map(|found| (text(&found["evidence"]["host"]), text(&found["rule"]))).collect();
    rules.retain(|(_, rule)| rule.starts_with("served-"));
    rules.sort();
    rules
}

/// certwright, run in this folder and the test's namespace.
fn in_folder(live: &Live, folder: &Path) -> Certwright {
    live.certwright().folder(folder).args(&["-n", &live.namespace])
}

fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("certwright wrote the file");
    serde_saphyr::from_str(&text).expect("certwright writes YAML")
}

fn write_pair(folder: &Path, secret: &Value) {
    use base64::Engine as _;
    fs::create_dir_all(folder).expect("a folder can be made");
    for name in ["tls.crt", "tls.key"] {
        let value = secret["data"][name].as_str().expect("the Secret has the pair");
        let bytes = base64::engine::general_purpose::STANDARD.decode(value).expect("base64");
        fs::write(folder.join(name), bytes).expect("the pair can be written");
    }
}

/// The line that begins with this call.
#[track_caller]
fn printed(ran: &Ran, call: &str) -> String {
    let line = ran.stdout.lines().map(str::trim).find(|line| line.starts_with(call));
    line.unwrap_or_else(|| panic!("no {call} in:\n{}", ran.stdout)).to_owned()
}

/// What PyMilvus comes to with these lines.
fn uses(parts: &RealParts, folder: &Path, lines: &str) -> Result<String, String> {
    fs::write(folder.join("connect.py"), lines).map_err(|error| error.to_string())?;
    parts.run_python("use_milvus.py", folder, &["connect.py"])
}
