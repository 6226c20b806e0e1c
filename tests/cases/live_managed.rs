//! ManagedCertificates on a real API server, with a double of Google's controller: made, looked
//! at, waited for, and moved to other domains without an outage.

use crate::support::background::Background;
use crate::support::binary::Certwright;
use crate::support::gke::{self, ManagedCertificates, PRE_SHARED_CERT};
use crate::support::live::Live;
use serde_json::{Value, json};

const A: &str = "a.example";
const B: &str = "b.example";

/// A namespace with an Ingress `web` of class gce that names nothing yet.
fn with_ingress(test: &str) -> Option<Live> {
    let live = Live::new(test)?;
    gke::install(&live);
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "annotations": { "kubernetes.io/ingress.class": "gce" } },
        "spec": { "rules": [{ "host": A, "http": { "paths": paths } }] },
    });
    live.cluster.apply(&live.namespace, &ingress.to_string());
    Some(live)
}

fn create(live: &Live) {
    live.run(&["managed", "create", "web-tls", A, "--ingress", "web"]).expect_code(0);
}

fn prepared(live: &Live, args: &[&str]) -> Certwright {
    live.certwright().args(args).args(&["-n", &live.namespace])
}

/// Lets Google's controllers look again and again, as they do, until the run has ended with this code;
/// all that it said.
fn synced(controller: &mut ManagedCertificates, mut run: Background, code: i32) -> String {
    while !run.has_ended() {
        controller.sync();
    }
    run.end(code)
}

fn annotation(live: &Live, key: &str) -> String {
    let ran = live.kubectl(&["get", "ingress", "web", "-o", "json"]);
    let ingress: Value = serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON");
    ingress["metadata"]["annotations"][key].as_str().unwrap_or_default().to_owned()
}

fn managed_names(live: &Live) -> Vec<String> {
    let ran = live.kubectl(&["get", "managedcertificates", "-o", "name"]);
    let names = String::from_utf8(ran.stdout).expect("names are text");
    names.lines().filter_map(|line| line.split('/').nth(1)).map(str::to_owned).collect()
}

#[test]
fn create_checks_googles_limits_names_it_in_the_ingress_and_writes_nothing_twice() {
    let Some(live) = with_ingress("create_checks_googles_limits") else { return };
    for domain in ["*.a.example", "A.example", "localhost", "a.example."] {
        live.run(&["managed", "create", "web-tls", domain]).expect_code(2);
    }
    assert_eq!(managed_names(&live), Vec::<String>::new());
    live.run(&["managed", "create", "web-tls", A, "--ingress", "gone"]).expect_code(4);
    assert_eq!(managed_names(&live), Vec::<String>::new());
    create(&live);
    assert_eq!(annotation(&live, "networking.gke.io/managed-certificates"), "web-tls");
    let again = live.run(&["managed", "create", "web-tls", A, "--ingress", "web", "-o", "json"]);
    assert_eq!(again.expect_code(0).json()["summary"]["steps"], 0);
    let other = live.run(&["managed", "create", "web-tls", B]).expect_code(4);
    assert!(other.flat_stderr().contains("other domains"), "{}", other.stderr);
}

/// Text without the line breaks of its layout.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn domains_that_were_changed_in_place_are_told_and_put_back_before_anything_else() {
    let Some(live) = with_ingress("domains_that_were_changed_in_place") else { return };
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    controller.set_status("web-tls", "Active", &[(A, "Active")]);
    controller.sync();
    let edit = json!({ "spec": { "domains": [A, B] } }).to_string();
    live.kubectl(&["patch", "managedcertificate", "web-tls", "--type=merge", "-p", &edit]);
    let status = flat(&live.run(&["managed", "status"]).expect_code(1).stdout);
    for words in
        ["b.example is not in the certificate that is served", "managed set-domains web-tls"]
    {
        assert!(status.contains(words), "{words}: {status}");
    }
    let wait = live.run(&["managed", "wait", "web-tls", "--timeout", "60s"]);
    let wait = wait.expect_code(4).flat_stderr();
    assert!(wait.contains("set-domains web-tls a.example b.example"), "{wait}");
    assert_eq!(annotation(&live, "certwright.dev/touched"), "", "HTTPS would go down");
    let check = live.run(&["check", "-o", "json"]).expect_code(1).json();
    let found = check["findings"].as_array().expect("a list").iter();
    let found: Vec<&Value> =
        found.filter(|finding| finding["ref"]["kind"] == "ManagedCertificate").collect();
    assert!(matches!(found[..], [one] if one["rule"] == "managed-edited-in-place"), "{found:?}");
    let change = ["managed", "set-domains", "web-tls", A, B];
    let dry = live.run(&[&change[..], &["--dry-run"]].concat());
    let dry = flat(&dry.expect_code(0).stdout);
    assert!(dry.contains("spec.domains"), "{dry}");
    // What comes first is done; then Google's controller is given time to see it.
    let tried = live.run(&[&change[..], &["--timeout", "3s"]].concat()).expect_code(124);
    assert!(tried.flat_stderr().contains("is given time to see"), "{}", tried.stderr);
    let domains = live.cluster.get_json(&live.namespace, "managedcertificate/web-tls");
    assert_eq!(domains["spec"]["domains"], json!([A]));
    assert_eq!(managed_names(&live).len(), 1, "a change of the Ingress would take HTTPS down");
    live.run(&["managed", "status", "web-tls"]).expect_code(0);
}

#[test]
fn status_tells_each_domain_and_for_what_is_stuck_the_reason_and_the_remedy() {
    let Some(live) = with_ingress("status_tells_each_domain") else { return };
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    for (status, domain, words) in [
        ("Provisioning", "FailedNotVisible", "set the A and AAAA records"),
        ("Provisioning", "FailedCaaChecking", "authoritative DNS"),
        ("Provisioning", "FailedCaaForbidden", "pki.goog"),
        ("Provisioning", "FailedRateLimited", "wait; use fewer"),
        ("Provisioning", "Provisioning", "point the DNS"),
        ("ProvisioningFailed", "Provisioning", "read it again"),
        ("ProvisioningFailedPermanently", "Provisioning", "managed set-domains web-tls a.example"),
        ("RenewalFailed", "Active", "managed set-domains web-tls a.example"),
        ("SomethingNew", "SomethingElse", "Google's documentation"),
        ("", "", "Google's API has told none yet"),
    ] {
        controller.set_status("web-tls", status, &[(A, domain)]);
        controller.sync();
        let report = live.run(&["managed", "status", "-o", "json"]).expect_code(1).json();
        let managed = &report["managed"][0];
        let told = format!("{} {}", managed["reason"], managed["remedy"]);
        assert!(told.contains(words), "{status} {domain}: {told}");
        assert_eq!(managed["active"], false);
        live.run(&["managed", "status", "web-tls"]).expect_code(1);
    }
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "name": "quota" },
        "involvedObject": {
            "kind": "ManagedCertificate",
            "name": "web-tls",
            "namespace": live.namespace,
        },
        "type": "Warning",
        "reason": "TooManyCertificates",
        "message": "quotaExceeded",
        "lastTimestamp": "2126-11-20T23:50:00Z",
    });
    live.cluster.apply(&live.namespace, &event.to_string());
    let warned = live.run(&["managed", "status"]).expect_code(1).stdout;
    assert!(warned.contains("last warning on managedcertificate/web-tls"), "{warned}");
    let report = live.run(&["managed", "status", "-o", "json"]).json();
    let managed = &report["managed"][0];
    assert_eq!(managed["warnings"][0]["message"], "quotaExceeded");
    assert!(managed["created"].as_str().is_some_and(|at| at.starts_with("20")), "{managed}");
    assert_eq!(managed["daysLeft"], Value::Null);
    controller.set_status("web-tls", "Active", &[(A, "Active")]);
    controller.sync();
    let report = live.run(&["managed", "status", "-o", "json"]).expect_code(0).json();
    assert!([89, 90].map(Value::from).contains(&report["managed"][0]["daysLeft"]), "{report}");
    let table = live.run(&["managed", "status"]).expect_code(0).stdout;
    assert!(table.contains(A) && table.contains("Active") && table.contains("web"), "{table}");
    live.run(&["managed", "status", "gone"]).expect_code(4);
}

#[test]
fn wait_goes_on_through_what_heals_and_ends_with_active_for_its_own_domains() {
    let Some(live) = with_ingress("wait_goes_on_through_what_heals") else { return };
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    // Active, but for other domains, as it is for minutes after an edit.
    controller.set_status("web-tls", "Active", &[(B, "Active")]);
    controller.sync();
    let mut run = Background::start(prepared(&live, &["managed", "wait", "web-tls"]));
    run.wait_for("b.example Active");
    for (status, domain) in [
        ("Provisioning", "FailedRateLimited"),
        ("ProvisioningFailed", "Provisioning"),
        ("Provisioning", "FailedNotVisible"),
        ("Provisioning", "FailedCaaChecking"),
        ("", "Provisioning"),
        ("RenewalFailed", "Active"),
        ("SomethingNew", "SomethingElse"),
        ("Provisioning", "Provisioning"),
        ("Provisioning", "Active"),
    ] {
        controller.set_status("web-tls", status, &[(A, domain)]);
        controller.sync();
        let shown = if status.is_empty() { "no status yet" } else { status };
        run.wait_for(&format!("web-tls: {shown}, attached: {A} {domain}"));
    }
    controller.set_status("web-tls", "Active", &[(A, "Active")]);
    controller.sync();
    run.end(0);
}

#[test]
fn wait_ends_early_on_what_cannot_heal_by_itself() {
    let Some(live) = with_ingress("wait_ends_early") else { return };
    live.run(&["managed", "create", "lonely", A]).expect_code(0);
    let ran = live.run(&["managed", "wait", "lonely"]).expect_code(4);
    assert!(ran.flat_stderr().contains("no Ingress names it"), "{}", ran.stderr);
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    controller.set_status("web-tls", "ProvisioningFailedPermanently", &[(A, "Provisioning")]);
    controller.sync();
    live.run(&["managed", "wait", "web-tls"]).expect_code(4);
    live.run(&["managed", "wait", "gone"]).expect_code(4);
    // Whoever has just mended the CAA records waits for Google to try again.
    controller.set_status("web-tls", "Provisioning", &[(A, "FailedCaaForbidden")]);
    controller.sync();
    let ran = live.run(&["managed", "wait", "web-tls", "--timeout", "2s"]).expect_code(124);
    for words in ["FailedCaaForbidden", "add CAA records for pki.goog", "to continue:"] {
        assert!(ran.flat_stderr().contains(words), "{words}: {}", ran.stderr);
    }
    let json = ["managed", "wait", "web-tls", "--timeout", "1s", "-o", "json"];
    let json = live.run(&json).expect_code(124).json();
    assert_eq!(json["ended"], "timed-out");
    assert_eq!(json["managed"]["domains"][0]["status"], "FailedCaaForbidden");
    controller.set_status("web-tls", "Provisioning", &[(A, "Provisioning")]);
    controller.sync();
    let mut run = Background::start(prepared(&live, &["managed", "wait", "web-tls"]));
    run.wait_for("Provisioning");
    controller.set_status("web-tls", "Provisioning", &[(A, "FailedCaaForbidden")]);
    controller.sync();
    run.end(4);
}

#[test]
fn a_right_that_is_missing_is_named_with_verb_resource_and_namespace() {
    let Some(live) = with_ingress("a_right_that_is_missing_for_managed") else { return };
    create(&live);
    let denied = |args: &[&str], right: &str| {
        let said = live.run(&[args, &["--as", "nobody"]].concat()).expect_code(4).flat_stderr();
        let right = format!("RBAC: needs {right} in namespace {}", live.namespace);
        assert!(said.contains(&right), "{args:?}: {said}");
    };
    denied(&["managed", "status"], "list on managedcertificates");
    denied(&["managed", "wait", "web-tls"], "list on managedcertificates");
    denied(&["managed", "set-domains", "web-tls", B], "list on managedcertificates");
    denied(&["managed", "create", "other", B], "get on managedcertificates");
    let resource = "--resource=managedcertificates.networking.gke.io,ingresses.networking.k8s.io";
    live.kubectl(&["create", "role", "reader", "--verb=get,list", resource]);
    live.kubectl(&["create", "rolebinding", "reader", "--role=reader", "--user=nobody"]);
    live.run(&["managed", "status", "--as", "nobody"]).expect_code(1);
    denied(&["managed", "create", "other", B], "create and patch on managedcertificates");
    denied(&["managed", "set-domains", "web-tls", B], "create and patch on managedcertificates");
}

#[test]
fn a_wait_touches_the_certificate_once_its_status_may_be_news_and_nothing_without_being_asked() {
    const TOUCHED: &str = "certwright.dev/touched";
    let Some(live) = with_ingress("a_wait_touches_the_certificate") else { return };
    create(&live);
    ManagedCertificates::new(&live).sync();
    let touched = || {
        let managed = live.cluster.get_json(&live.namespace, "managedcertificate/web-tls");
        managed["metadata"]["annotations"][TOUCHED].clone()
    };
    let wait = ["managed", "wait", "web-tls", "--timeout", "2s"];
    live.run(&[&wait[..], &["--no-nudge"]].concat()).expect_code(124);
    assert!(touched().is_null());
    live.run(&wait).expect_code(124);
    assert!(touched().is_string());
    assert_eq!(annotation(&live, TOUCHED), "", "its load balancer serves it");
    assert_eq!(annotation(&live, "networking.gke.io/managed-certificates"), "web-tls");
}

#[test]
fn a_cluster_without_googles_kinds_says_so() {
    let Some(live) = Live::alone("a_cluster_without_googles_kinds") else { return };
    for args in
        [&["managed", "status"][..], &["managed", "wait", "x"], &["managed", "create", "x", A]]
    {
        let ran = live.run(args).expect_code(4);
        let said = ran.flat_stderr();
        assert!(said.contains("has no kind ManagedCertificate"), "{}", ran.stderr);
        assert!(said.contains("issue or bootstrap"), "{}", ran.stderr);
        assert!(!said.contains("--ingress-class"), "{}", ran.stderr);
    }
}

/// At every instant the Ingress carries a certificate that serves, and a run that is cut short at
/// any state goes on from there.
#[test]
fn set_domains_moves_to_a_second_certificate_and_the_load_balancer_is_never_without_one() {
    let Some(live) = with_ingress("set_domains_moves") else { return };
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    controller.set_status("web-tls", "Active", &[(A, "Active")]);
    controller.sync();
    let old = controller.certificate_name("web-tls").to_owned();
    let change = ["managed", "set-domains", "web-tls", A, B];
    live.run(&[&change[..], &["--dry-run"]].concat()).expect_code(0);
    assert_eq!(managed_names(&live), ["web-tls"]);

    // Cut short at once, and again while it waits.
    live.run(&[&change[..], &["--timeout", "2s"]].concat()).expect_code(124);
    controller.sync();
    let second =
        managed_names(&live).into_iter().find(|name| name != "web-tls").expect("there are two");
    assert!(annotation(&live, PRE_SHARED_CERT).contains(&old));
    live.run(&[&change[..], &["--timeout", "2s"]].concat()).expect_code(124);
    assert_eq!(managed_names(&live).len(), 2, "a second run makes no third certificate");

    let mut run = Background::start(prepared(&live, &change));
    run.wait_for("is not Active");
    assert!(annotation(&live, PRE_SHARED_CERT).contains(&old), "the old one serves on");
    controller.set_status(&second, "Active", &[(A, "Active"), (B, "Active")]);
    let ended = synced(&mut controller, run, 0);
    assert!(ended.contains(&format!("managedcertificate/{second} holds the domains")), "{ended}");
    assert_eq!(managed_names(&live), std::slice::from_ref(&second));
    assert_eq!(annotation(&live, "networking.gke.io/managed-certificates"), second);
    assert_eq!(annotation(&live, PRE_SHARED_CERT), controller.certificate_name(&second));

    // The same wish again finds it done, by the first name.
    live.run(&change).expect_code(0);
    assert_eq!(managed_names(&live), [second]);
}

#[test]
fn set_domains_lets_the_old_certificate_serve_on_when_the_new_one_cannot_become_active() {
    let Some(live) = with_ingress("set_domains_lets_the_old_serve") else { return };
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    controller.set_status("web-tls", "Active", &[(A, "Active")]);
    controller.sync();
    let mut run = Background::start(prepared(&live, &["managed", "set-domains", "web-tls", B]));
    run.wait_for("is not Active");
    controller.sync();
    let second =
        managed_names(&live).into_iter().find(|name| name != "web-tls").expect("there are two");
    run.wait_for("is being named in the Ingress");
    controller.set_status(&second, "Provisioning", &[(B, "FailedCaaForbidden")]);
    let ended = synced(&mut controller, run, 4);
    assert!(ended.contains("managedcertificate/web-tls is still served"), "{ended}");
    assert!(annotation(&live, PRE_SHARED_CERT).contains(controller.certificate_name("web-tls")));
    live.run(&["managed", "set-domains", "gone", B]).expect_code(4);
}

#[test]
fn a_bootstrap_goes_by_the_certificate_that_took_over_from_its_own() {
    let Some(live) = Live::new("a_bootstrap_goes_by_what_took_over") else { return };
    gke::install(&live);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" },
        "spec": { "ports": [{ "name": "http", "port": 80 }] },
    });
    live.cluster.apply(&live.namespace, &service.to_string());
    let bootstrap = ["bootstrap", A, "--service", "web", "--google-managed", "--no-wait"];
    live.run(&bootstrap).expect_code(0);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    controller.set_status("web-tls", "Active", &[(A, "Active")]);
    controller.sync();
    let mut run = Background::start(prepared(&live, &["managed", "set-domains", "web-tls", A, B]));
    run.wait_for("is not Active");
    controller.sync();
    let second =
        managed_names(&live).into_iter().find(|name| name != "web-tls").expect("there are two");
    controller.set_status(&second, "Active", &[(A, "Active"), (B, "Active")]);
    synced(&mut controller, run, 0);
    let again = live.run(&[&bootstrap[..], &["-o", "json"]].concat()).expect_code(0).json();
    assert_eq!(again["summary"]["steps"], 0, "{again}");
    assert_eq!(managed_names(&live), [second]);
}

/// Google's controller has no finalizer; whoever has one must not make us delete without end.
#[test]
fn set_domains_waits_for_what_is_being_deleted_and_writes_nothing_to_it() {
    let Some(live) = with_ingress("set_domains_waits_for_what_goes") else { return };
    create(&live);
    let mut controller = ManagedCertificates::new(&live);
    controller.sync();
    let finalizers = |object: &str, value: &Value| {
        let patch = json!({ "metadata": { "finalizers": value } }).to_string();
        live.kubectl(&["patch", object, "--type=merge", "-p", &patch]);
    };
    let held = json!(["example.com/held"]);
    let mut run = Background::start(prepared(&live, &["managed", "set-domains", "web-tls", B]));
    run.wait_for("is not Active");
    controller.sync();
    let second =
        managed_names(&live).into_iter().find(|name| name != "web-tls").expect("there are two");
    finalizers("managedcertificate/web-tls", &held);
    controller.set_status(&second, "Active", &[(B, "Active")]);
    controller.sync();
    run.wait_for("is being named in the Ingress");
    let is_terminating = || {
        let object = live.cluster.get_json(&live.namespace, "managedcertificate/web-tls");
        object["metadata"]["deletionTimestamp"].is_string()
    };
    let version = || annotation(&live, "networking.gke.io/managed-certificates");
    while !is_terminating() {
        controller.sync();
    }
    let before = version();
    finalizers("managedcertificate/web-tls", &Value::Null);
    synced(&mut controller, run, 0);
    assert_eq!(version(), before);
    assert_eq!(managed_names(&live), [second]);

    // The Ingress goes, and nothing of it is written.
    finalizers("ingress/web", &held);
    live.kubectl(&["delete", "ingress", "web", "--wait=false"]);
    let change = ["managed", "set-domains", "web-tls", A];
    let tried = live.run(&[&change[..], &["--dry-run"]].concat()).expect_code(0);
    assert!(tried.stdout.contains("ingress/web has been terminating since"), "{}", tried.stdout);
    let mut run = Background::start(prepared(&live, &change));
    run.wait_for("ingress/web has been terminating since");
    finalizers("ingress/web", &Value::Null);
    let ended = run.end(4);
    assert!(ended.contains("no Ingress of class gce names it"), "{ended}");
    assert_eq!(managed_names(&live).len(), 1, "nothing was made");
}
