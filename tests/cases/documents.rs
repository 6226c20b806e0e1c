//! The pages of documentation that speak of a cluster, run beside a real API server.
//!
//! Each test has a cluster of its own: the pages look at all namespaces, and change what is there.

use crate::support::gke::{self, Google, Options};
use crate::support::live::Live;
use crate::support::pages::{Page, Place};
use crate::support::tls_server::{Behaviour, Pair, TlsServer};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde_json::{Value, json};
use std::path::Path;
use time::{Duration, OffsetDateTime, Time};

/// The server that pages speak of.
const SERVER: &str = "127.0.0.1:8443";

/// A Secret that somebody made by hand: of these names, from so many days ago until in so many, each
/// counted from the beginning of today, so that a page says the same at any hour.
fn secret(namespace: &str, name: &str, names: &[&str], (since, until): (i64, i64)) -> Value {
    let today = OffsetDateTime::now_utc().replace_time(Time::MIDNIGHT);
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.not_before = today - Duration::days(since);
    params.not_after = today + Duration::days(until + 1) - Duration::seconds(1);
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = params.self_signed(&key).expect("a certificate can be made");
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": { "name": name, "namespace": namespace },
        "stringData": { "tls.crt": certificate.pem(), "tls.key": key.serialize_pem() },
    })
}

/// An Ingress of class nginx for these hosts, with the Secret for all of them.
fn ingress(namespace: &str, name: &str, hosts: &[&str], secret: &str) -> Value {
    let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    let rule = |host: &&str| json!({ "host": host, "http": { "paths": paths } });
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{ "hosts": hosts, "secretName": secret }],
            "rules": hosts.iter().map(rule).collect::<Vec<_>>(),
        },
    })
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

/// A Deployment that mounts the Secret.
fn deployment(namespace: &str, name: &str, secret: &str) -> Value {
    let labels = json!({ "app": name });
    let volume = json!({ "name": "tls", "secret": { "secretName": secret } });
    let container = json!({ "name": name, "image": name });
    let template = json!({
        "metadata": { "labels": labels },
        "spec": { "containers": [container], "volumes": [volume] },
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "selector": { "matchLabels": labels }, "template": template },
    })
}

/// What the pages find: three teams' namespaces, with something wrong in two of them.
fn fleet() -> Vec<Value> {
    let mut cert_manager = secret("blog", "grafana-tls", &["grafana.blog.example"], (40, 49));
    cert_manager["metadata"]["annotations"] =
        json!({ "cert-manager.io/certificate-name": "grafana" });
    let shop = "shop.example.com";
    vec![
        namespace("shop"),
        namespace("payments"),
        namespace("blog"),
        secret("shop", "shop-tls", &[shop], (78, 12)),
        ingress("shop", "shop", &[shop], "shop-tls"),
        secret("shop", "admin-tls", &["admin.shop.example.com"], (400, -36)),
        ingress("shop", "admin", &["admin.shop.example.com"], "admin-tls"),
        secret("payments", "pay-tls", &["pay.example.com"], (10, 300)),
        ingress("payments", "pay", &["pay.example.com", "api.pay.example.com"], "pay-tls"),
        secret("blog", "blog-tls", &["blog.example.com"], (10, 200)),
        ingress("blog", "blog", &["blog.example.com"], "blog-tls"),
        cert_manager,
        deployment("blog", "grafana", "grafana-tls"),
    ]
}

fn create(live: &Live, objects: &[Value]) {
    let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    std::fs::write(file.path(), list.to_string()).expect("it can be written");
    let mut kubectl = live.cluster.kubectl();
    let ran = kubectl.args(["create", "-f"]).arg(file.path()).output().expect("kubectl starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Each page with a cluster of its own, since it changes what is there.
#[test]
fn pages_about_a_cluster_say_what_is_printed() {
    let pages = Page::beside("cluster");
    assert!(pages.len() > 3);
    for page in pages {
        let Some(live) = Live::alone("pages_about_a_cluster") else { return };
        create(&live, &fleet());
        let blog = live.cluster.get_json("blog", "secret/blog-tls");
        let server = TlsServer::serving(Pair::of_secret(&blog), Behaviour::default());
        let folder = tempfile::TempDir::new().expect("a temp folder can be made");
        let manifests = folder.path().join("manifests");
        std::fs::create_dir(&manifests).expect("a folder can be made");
        for (name, object) in [
            ("secret.json", secret("shop", "shop-tls", &["shop.example.com"], (78, 12))),
            ("ingress.json", ingress("shop", "shop", &["shop.example.com"], "shop-tls")),
        ] {
            std::fs::write(manifests.join(name), object.to_string()).expect("it can be written");
        }
        let stands_for = vec![
            (SERVER, server.place()),
            ("https://10.0.0.1:6443", live.cluster.server().to_owned()),
        ];
        run(&page, &live, folder.path(), stands_for);
    }
}

#[test]
fn pages_about_gke_say_what_is_printed() {
    let pages = Page::beside("gke");
    assert!(pages.len() > 1);
    for page in pages {
        let Some(live) = Live::alone("pages_about_gke") else { return };
        gke::install(&live);
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "my-release-milvus", "namespace": "default" },
            "spec": { "ports": [{ "name": "milvus", "port": 19530 }, { "name": "metrics", "port": 9091 }] },
        });
        create(&live, &[service]);
        let here = live.elsewhere("default");
        let _google = Google::start(&here, Options::hurried());
        let folder = tempfile::TempDir::new().expect("a temp folder can be made");
        run(&page, &live, folder.path(), Vec::new());
    }
}

/// Runs the page with the cluster's kubeconfig where kubectl looks for one, as context `prod`.
fn run(page: &Page, live: &Live, folder: &Path, stands_for: Vec<(&str, String)>) {
    let kubeconfig = std::fs::read_to_string(live.cluster.kubeconfig()).expect("it is there");
    let named = kubeconfig.replace("current-context: admin", "current-context: prod");
    let named = named.replacen("contexts:\n- name: admin", "contexts:\n- name: prod", 1);
    assert_eq!(named.matches("prod").count(), 2, "{kubeconfig}");
    let home = folder.join(".kube");
    std::fs::create_dir(&home).expect("a folder can be made");
    std::fs::write(home.join("config"), named).expect("it can be written");
    // The kubectl of the tests, which need not be in PATH.
    let own = folder.join(".bin");
    std::fs::create_dir(&own).expect("a folder can be made");
    let kubectl = live.cluster.kubectl();
    std::os::unix::fs::symlink(kubectl.get_program(), own.join("kubectl")).expect("it is linked");
    page.run(&Place { folder, stands_for });
}
