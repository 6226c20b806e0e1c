//! The stand-ins for GKE, held to what Google's were seen to do: the limits of the definitions, and
//! what the double of the managed-certificate controller writes.

use crate::support::binary::Certwright;
use crate::support::gke::{ManagedCertificates, PRE_SHARED_CERT, install};
use crate::support::live::Live;
use certwright::gke::limits::{check_domain, check_domains};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

fn gke(test: &str) -> Option<Live> {
    let live = Live::new(test)?;
    install(&live);
    Some(live)
}

fn managed(name: &str, domains: &[&str]) -> Value {
    json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": name },
        "spec": { "domains": domains },
    })
}

fn ingress(name: &str, annotations: &Value) -> Value {
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": name, "annotations": annotations },
        "spec": { "defaultBackend": backend },
    })
}

fn create(live: &Live, manifest: &Value) {
    live.cluster.apply(&live.namespace, &manifest.to_string());
}

fn get(live: &Live, name: &str) -> Value {
    live.cluster.get_json(&live.namespace, name)
}

fn pre_shared(live: &Live, ingress: &str) -> Value {
    get(live, &format!("ingress/{ingress}"))["metadata"]["annotations"][PRE_SHARED_CERT].clone()
}

/// Whether the API server would take a ManagedCertificate with these domains.
fn is_taken(live: &Live, domains: &[&str]) -> bool {
    is_applied(live, &managed("tried", domains))
}

/// Whether `kubectl create` would come to its end with this object.
fn is_applied(live: &Live, object: &Value) -> bool {
    let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
    std::fs::write(file.path(), object.to_string()).expect("a temp file can be written");
    let ran = live
        .cluster
        .kubectl()
        .args(["create", "-n", &live.namespace, "--dry-run=server", "-f"])
        .arg(file.path())
        .output()
        .expect("kubectl starts");
    ran.status.success()
}

/// That a cluster has Google's kinds shows nothing of a namespace.
#[test]
fn a_missing_namespace_is_said_where_googles_kinds_are_too() {
    let Some(live) = gke("a_missing_namespace_where_googles_kinds_are") else { return };
    for args in [&["check"][..], &["rotate", "--due"]] {
        let ran =
            live.certwright().args(args).args(&["-n", "no-such-namespace"]).run().expect_code(4);
        assert!(ran.stderr.contains("no-such-namespace"), "{}", ran.stderr);
    }
}

/// What certwright refuses before it asks is what Google's schema refuses.
#[test]
fn our_limits_are_those_of_the_schema() {
    let Some(live) = gke("our_limits_are_those_of_the_schema") else { return };
    let (just, over) =
        (format!("{}.example", "a".repeat(55)), format!("{}.example", "a".repeat(56)));
    for domain in [
        "my-release.milvus.io",
        "milvus.svc",
        "1.example",
        just.as_str(),
        over.as_str(),
        "A.example",
        "*.shop.example",
        "a.example.",
        "localhost",
        "10.0.0.1",
        "a_b.example",
        "a.e",
        "-a.example",
    ] {
        assert_eq!(is_taken(&live, &[domain]), check_domain(domain).is_ok(), "{domain}");
    }
    let many: Vec<String> = (0..=100).map(|number| format!("h{number}.example")).collect();
    for count in [100, 101] {
        let domains: Vec<&str> = many.iter().take(count).map(String::as_str).collect();
        let owned: Vec<String> = many.iter().take(count).cloned().collect();
        assert_eq!(is_taken(&live, &domains), check_domains(&owned).is_ok(), "{count}");
    }
}

/// An object of one of Google's kinds with this name and these root fields.
fn of_google(api_version: &str, kind: &str, name: &str, fields: &Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": { "name": name },
    });
    for (key, value) in fields.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

/// Objects of Google's kinds, well written and not.
fn of_google_all() -> Vec<Value> {
    let mut all = Vec::new();
    let many: Vec<String> = (0..=100).map(|number| format!("h{number}.example")).collect();
    for spec in [
        json!({ "domains": ["a.example"] }),
        json!({ "domains": ["a.example", "a.example"] }),
        json!({ "domains": "a.example" }),
        json!({ "domains": ["a.example", 5] }),
        json!({ "domains": [["a.example"]] }),
        json!({ "domains": ["A.example"] }),
        json!({ "domains": ["*.a.example"] }),
        json!({ "domains": ["a.example."] }),
        json!({ "domains": ["käse.example"] }),
        json!({ "domains": ["xn--kse-qla.example"] }),
        json!({ "domains": ["https://a.example"] }),
        json!({ "domains": [" a.example"] }),
        json!({ "domains": ["a.example/"] }),
        json!({ "domains": ["10.0.0.1"] }),
        json!({ "domains": [""] }),
        json!({ "domains": many }),
        json!({ "domains": &many[1..] }),
        json!({ "domains": ["a.example"], "ingress": "web" }),
        json!({ "domain": ["a.example"] }),
        json!({ "Domains": ["a.example"] }),
        json!(["a.example"]),
        json!("a.example"),
    ] {
        all.push(of_google(
            "networking.gke.io/v1",
            "ManagedCertificate",
            "web",
            &json!({ "spec": spec }),
        ));
    }
    let fine = json!({ "spec": { "domains": ["a.example"] } });
    for version in ["v1", "v1beta1", "v1beta2", "v2"] {
        let version = format!("networking.gke.io/{version}");
        all.push(of_google(&version, "ManagedCertificate", "web", &fine));
    }
    for name in ["web.yaml", "Web", "web_tls", "-web", "web-", "a..b", "1", "wéb"] {
        all.push(of_google("networking.gke.io/v1", "ManagedCertificate", name, &fine));
    }
    let astray = json!({ "domains": ["b.example"], "spec": { "domains": ["a.example"] } });
    all.push(of_google("networking.gke.io/v1", "ManagedCertificate", "web", &astray));
    for spec in [
        json!({}),
        json!({ "timeoutSec": 40 }),
        json!({ "timeoutSec": "40" }),
        json!({ "timeoutSec": 40.5 }),
        json!({ "timeoutsec": 40 }),
        json!({ "healthCheck": { "type": "HTTP2", "port": 80, "requestPath": "/" } }),
        json!({ "healthCheck": { "port": "80" } }),
        json!({ "healthCheck": { "protocol": "HTTP2" } }),
        json!({ "healthCheck": [] }),
        json!({ "requestPath": "/" }),
        json!({ "cdn": { "enabled": true, "cacheMode": "CACHE_ALL_STATIC" } }),
        json!({ "cdn": {} }),
        json!({ "cdn": { "enabled": "yes" } }),
        json!({ "iap": { "enabled": true, "oauthclientCredentials": { "secretName": "o" } } }),
        json!({ "iap": { "enabled": true, "oauthclientCredentials": {} } }),
        json!({ "securityPolicy": "block" }),
        json!({ "securityPolicy": { "name": "block" } }),
        json!({ "securityPolicy": {} }),
        json!({ "logging": { "enable": true, "sampleRate": 0.5 } }),
        json!({ "logging": { "enable": true, "sampleRate": 1 } }),
        json!({ "logging": { "sampleRate": "1" } }),
        json!({ "sessionAffinity": { "affinityType": "CLIENT_IP" } }),
        json!({ "sessionAffinity": "CLIENT_IP" }),
        json!({ "customRequestHeaders": { "headers": ["X: y"] } }),
        json!({ "customRequestHeaders": ["X: y"] }),
        json!({ "connectionDraining": { "drainingTimeoutSec": 60 } }),
        json!({ "connectionDraining": { "drainingTimeoutSec": true } }),
    ] {
        all.push(of_google(
            "cloud.google.com/v1",
            "BackendConfig",
            "web",
            &json!({ "spec": spec }),
        ));
    }
    for spec in [
        json!({ "redirectToHttps": { "enabled": true, "responseCodeName": "FOUND" } }),
        json!({ "redirectToHttps": { "enabled": "true" } }),
        json!({ "redirectToHttps": { "responseCodeName": "FOUND" } }),
        json!({ "redirectToHttps": true }),
        json!({ "redirectToHTTPS": { "enabled": true } }),
        json!({ "sslPolicy": null }),
        json!({ "sslPolicy": "modern" }),
        json!({ "sslPolicy": { "name": "modern" } }),
    ] {
        let fields = json!({ "spec": spec });
        all.push(of_google("networking.gke.io/v1beta1", "FrontendConfig", "web", &fields));
    }
    all.push(of_google("networking.gke.io/v1", "FrontendConfig", "web", &json!({ "spec": {} })));
    all
}

/// What certwright finds in a file is what kubectl and the API server refuse, and the other way
/// round.
#[test]
fn objects_of_googles_kinds_are_refused_in_files_as_by_the_api_server() {
    let Some(live) = gke("objects_of_googles_kinds_are_refused") else { return };
    let (mut differ, mut refused, mut all) = (Vec::new(), 0, 0);
    for object in of_google_all() {
        let folder = tempfile::TempDir::new().expect("a temp folder can be made");
        std::fs::write(folder.path().join("object.json"), object.to_string()).expect("written");
        let ran = Certwright::new().folder(folder.path());
        let ran = ran.args(&["check", "-f", "object.json", "-o", "json", "--platform", "gke"]);
        let report = ran.run().json();
        let findings = report["findings"].as_array().expect("a list").iter();
        let found: Vec<String> = findings
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| finding["message"].to_string())
            .collect();
        let taken = is_applied(&live, &object);
        (refused, all) = (refused + usize::from(!taken), all + 1);
        if taken != found.is_empty() {
            differ.push(format!("{object}: the API server takes it: {taken}; {found:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(refused >= 40 && all - refused >= 15, "{refused} of {all} are refused");
}

#[test]
fn unknown_fields_of_a_backend_config_are_dropped() {
    let Some(live) = gke("unknown_fields_of_a_backend_config") else { return };
    let config = json!({
        "apiVersion": "cloud.google.com/v1",
        "kind": "BackendConfig",
        "metadata": { "name": "web" },
        "spec": { "healthCheck": { "protocol": "HTTP2", "port": 80 } },
    });
    let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
    std::fs::write(file.path(), config.to_string()).expect("a temp file can be written");
    let path = file.path().display().to_string();
    live.kubectl(&["create", "--validate=false", "-f", &path]);
    let spec = &get(&live, "backendconfig/web")["spec"];
    assert_eq!(spec, &json!({ "healthCheck": { "port": 80 } }));
}

#[test]
fn the_double_writes_status_as_the_controller_does() {
    let Some(live) = gke("the_double_writes_status") else { return };
    create(&live, &managed("web", &["b.example", "a.example"]));
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    let first = get(&live, "managedcertificate/web");
    let rows = json!([
        { "domain": "a.example", "status": "Provisioning" },
        { "domain": "b.example", "status": "Provisioning" },
    ]);
    assert_eq!(first["status"]["domainStatus"], rows);
    assert_eq!(first["status"]["certificateStatus"], "Provisioning");
    assert_eq!(first["status"]["expireTime"], Value::Null);
    assert_eq!(first["metadata"]["generation"], 2, "there is no status subresource");

    controller.set_status("web", "Active", &[("b.example", "Active"), ("a.example", "Active")]);
    controller.sync();
    let status = get(&live, "managedcertificate/web")["status"].clone();
    let expires = status["expireTime"].as_str().expect("a date");
    assert!(expires.ends_with(".000-07:00"), "{expires}");
    OffsetDateTime::parse(expires, &Rfc3339).expect("an RFC 3339 date");

    controller.set_status("web", "", &[("a.example", "Active"), ("b.example", "Active")]);
    controller.sync();
    let unknown = get(&live, "managedcertificate/web");
    assert_eq!(unknown["status"].get("certificateStatus"), None, "absent, not empty");
    controller.sync();
    assert_eq!(get(&live, "managedcertificate/web"), unknown, "a pass without news writes nothing");
}

#[test]
fn the_double_only_adds_names_until_a_certificate_is_deleted() {
    let Some(live) = gke("the_double_only_adds_names") else { return };
    let named = |names: &str| json!({ "networking.gke.io/managed-certificates": names });
    for name in ["one", "two"] {
        create(&live, &managed(name, &["a.example"]));
    }
    let mut theirs = named("one, two");
    theirs[PRE_SHARED_CERT] = "theirs".into();
    create(&live, &ingress("web", &theirs));
    create(&live, &ingress("dangling", &named("one,absent")));
    let mut nginx = named("one");
    nginx["kubernetes.io/ingress.class"] = "nginx".into();
    create(&live, &ingress("nginx", &nginx));

    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    let (one, two) = (
        controller.certificate_name("one").to_owned(),
        controller.certificate_name("two").to_owned(),
    );
    let list = |names: &[&str]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        Value::from(names.join(","))
    };
    assert_eq!(pre_shared(&live, "web"), list(&[&one, &two, "theirs"]));
    assert_eq!(pre_shared(&live, "dangling"), Value::Null, "one missing name stops it all");
    assert_eq!(pre_shared(&live, "nginx"), Value::Null);

    // Deleted while it is named: nothing moves, and made again it is the same certificate.
    live.kubectl(&["delete", "managedcertificate", "one"]);
    controller.sync();
    assert_eq!(pre_shared(&live, "web"), list(&[&one, &two, "theirs"]));
    create(&live, &managed("one", &["a.example"]));
    controller.sync();
    assert_eq!(get(&live, "managedcertificate/one")["status"]["certificateName"], one.as_str());

    let rename = "networking.gke.io/managed-certificates=two";
    live.kubectl(&["annotate", "ingress", "web", "--overwrite", rename]);
    controller.sync();
    assert_eq!(
        pre_shared(&live, "web"),
        list(&[&one, &two, "theirs"]),
        "dropping its name is not enough"
    );
    live.kubectl(&["delete", "managedcertificate", "one"]);
    controller.sync();
    assert_eq!(pre_shared(&live, "web"), list(&[&two, "theirs"]));
    create(&live, &managed("one", &["a.example"]));
    controller.sync();
    assert_ne!(controller.certificate_name("one"), one, "now it is a new one");
}
