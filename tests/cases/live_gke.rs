//! The stand-ins for GKE, held to what Google's were seen to do: the limits of the definitions, and
//! what the double of the managed-certificate controller writes.

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
    let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
    let manifest = managed("tried", domains).to_string();
    std::fs::write(file.path(), manifest).expect("a temp file can be written");
    let ran = live
        .cluster
        .kubectl()
        .args(["create", "-n", &live.namespace, "--dry-run=server", "-f"])
        .arg(file.path())
        .output()
        .expect("kubectl starts");
    ran.status.success()
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
