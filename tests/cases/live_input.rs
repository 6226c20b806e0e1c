//! Bad input and missing rights on a real API server: a clear error, the documented exit code, and
//! nothing lost.

use crate::support::binary::Certwright;
use crate::support::gke;
use crate::support::live::Live;
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn rules(report: &Value) -> Vec<&str> {
    report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .collect()
}

#[test]
fn a_forbidden_list_is_a_problem_and_an_incomplete_result() {
    let Some(live) = Live::new("a_forbidden_list") else { return };
    let ran = live.run(&["check", "--as", "nobody", "-o", "json"]).expect_code(3);
    let report = ran.json();
    assert_eq!(report["complete"], false);
    let problems = report["problems"].as_array().expect("a list");
    // On a cluster with GKE's kinds those may not be listed either.
    let kinds: Vec<&Value> = problems.iter().map(|problem| &problem["ref"]["kind"]).collect();
    assert!(kinds.contains(&&json!("Ingress")), "{report:#}");
    assert_eq!(problems[0]["ref"]["kind"], "Secret");
    assert_eq!(problems[0]["ref"]["namespace"], live.namespace.as_str());
    assert_eq!(problems[0]["ref"]["name"], Value::Null);
    let message = problems[0]["message"].as_str().expect("a message");
    assert!(message.contains("list secrets in namespace"), "{message}");
}

#[test]
fn a_forbidden_named_object_is_a_failure_that_names_it() {
    let Some(live) = Live::new("a_forbidden_named_object") else { return };
    for args in [["check", "secret/web"], ["rotate", "secret/web"], ["inspect", "secret/web"]] {
        let ran = live.run(&[args[0], args[1], "--as", "nobody"]).expect_code(4);
        let said = ran.flat_stderr();
        assert!(
            said.contains(&format!("cannot get secret/web in namespace {}", live.namespace)),
            "{said}"
        );
        assert!(said.contains("RBAC: needs get on secrets"), "{said}");
    }
}

#[test]
fn a_secret_that_may_not_be_read_leaves_its_hosts_unknown_and_not_absent() {
    let Some(live) = Live::new("a_secret_that_may_not_be_read") else { return };
    live.create_scenario("guide");
    live.kubectl(&[
        "create",
        "role",
        "ingresses",
        "--verb=list",
        "--resource=ingresses.networking.k8s.io",
    ]);
    live.kubectl(&["create", "rolebinding", "ingresses", "--role=ingresses", "--user=half"]);
    let report = live.run(&["check", "--as", "half", "-o", "json"]).expect_code(3).json();
    assert_eq!(report["hosts"][0]["covered"], "unknown");
    assert_eq!(rules(&report), Vec::<&str>::new());
}

#[test]
fn a_missing_namespace_is_said_and_not_called_clean() {
    let Some(live) = Live::new("a_missing_namespace") else { return };
    for args in [&["check"][..], &["rotate", "--due"], &["issue", "a.example", "--secret", "a"]] {
        let ran =
            live.certwright().args(args).args(&["-n", "no-such-namespace"]).run().expect_code(4);
        assert!(ran.stderr.contains("no-such-namespace"), "{}", ran.stderr);
    }
}

#[test]
fn a_named_object_that_is_not_there_is_a_failure() {
    let Some(live) = Live::new("a_named_object_that_is_not_there") else { return };
    for args in [
        ["check", "secret/gone"],
        ["check", "ingress/gone"],
        ["rotate", "secret/gone"],
        ["inspect", "secret/gone"],
    ] {
        let ran = live.run(&args).expect_code(4);
        assert!(ran.stderr.contains("gone"), "{}", ran.stderr);
    }
}

#[test]
fn an_opaque_secret_that_an_ingress_names_is_found_by_an_open_question() {
    let Some(live) = Live::new("an_opaque_secret") else { return };
    live.create_scenario("secret-wrong-type");
    let report = live.run(&["check", "-o", "json"]).json();
    assert!(rules(&report).contains(&"secret-wrong-type"), "{report:#}");
    assert_eq!(report["complete"], true);
}

#[test]
fn a_missing_secret_is_an_error_live() {
    let Some(live) = Live::new("a_missing_secret") else { return };
    let ingress = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/scenarios/guide/in/ingress.yaml");
    live.kubectl(&["create", "-f", ingress]);
    let report = live.run(&["check", "-o", "json"]).expect_code(1).json();
    assert_eq!(rules(&report), ["secret-missing"]);
    assert_eq!(report["findings"][0]["severity"], "error");
    assert_eq!(report["hosts"][0]["covered"], "no");
}

/// Asked for only where the load balancer is behind; they are evidence, so that whoever may not read
/// them gets the finding without.
#[test]
fn the_last_warning_about_an_ingress_tells_why_its_load_balancer_is_behind() {
    let Some(live) = Live::new("the_last_warning_about_an_ingress") else { return };
    gke::install(&live);
    live.create_scenario("gke-certificates");
    let event = |name: &str, about: &str, message: &str, minute: u8| {
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": name },
            "involvedObject": {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "name": about,
                "namespace": live.namespace,
            },
            "type": "Warning",
            "reason": "Sync",
            "message": format!("Error syncing to GCP: error running load balancer syncing routine: loadbalancer x does not exist: {message}"),
            "lastTimestamp": format!("2026-11-20T23:{minute}:00Z"),
        });
        live.cluster.apply(&live.namespace, &event.to_string());
    };
    event("later", "rotated", "quotaExceeded", 50);
    event("earlier", "rotated", "something before", 40);
    event("elsewhere", "up-to-date", "of another", 55);
    let stale = |user: &[&str]| {
        let report = live.run(&[&["check", "-o", "json"], user].concat()).json();
        let findings = report["findings"].as_array().expect("a list").clone();
        let stale =
            findings.into_iter().find(|finding| finding["rule"] == "gke-load-balancer-stale");
        (report["complete"].clone(), stale.expect("it is found"))
    };
    let (complete, finding) = stale(&[]);
    assert_eq!(complete, true);
    assert_eq!(finding["evidence"]["lastWarning"], "quotaExceeded");
    assert_eq!(finding["evidence"]["lastWarningAt"], "2026-11-20T23:50:00Z");

    let kinds = "--resource=secrets,services,ingresses.networking.k8s.io,managedcertificates.networking.gke.io,backendconfigs.cloud.google.com,frontendconfigs.networking.gke.io";
    live.kubectl(&["create", "role", "all-but-events", "--verb=get,list", kinds]);
    let bind = ["create", "rolebinding", "x", "--role=all-but-events", "--user=deaf"];
    live.kubectl(&bind);
    let (complete, finding) = stale(&["--as", "deaf"]);
    assert_eq!(complete, true);
    assert_eq!(finding["evidence"]["lastWarning"], Value::Null);
    let remedy = finding["remedy"].as_str().expect("a remedy");
    assert!(remedy.starts_with("kubectl annotate ") && remedy.ends_with(" --as=deaf"), "{remedy}");
    let message = finding["message"].as_str().expect("a message");
    assert!(message.ends_with("; if it persists, the Ingress's events say why"), "{message}");
}

#[test]
fn a_label_selector_chooses_what_is_reported_and_references_are_followed() {
    let Some(live) = Live::new("a_label_selector") else { return };
    live.create_scenario("guide");
    live.run(&["issue", "b.example", "--key-type", "p256", "--secret", "unrelated"]).expect_code(0);
    live.kubectl(&["label", "ingress", "my-release-milvus", "app=milvus"]);
    let report = live.run(&["check", "-l", "app=milvus", "-o", "json"]).expect_code(1).json();
    assert_eq!(rules(&report), ["host-not-covered", "cn-only", "lifetime-too-long"]);
    assert_eq!(report["summary"]["certificates"], 1);
    // What fits nothing is not clean: it may be a slip of the pen.
    let report = live.run(&["check", "-l", "app=none", "-o", "json"]).expect_code(3).json();
    assert_eq!(report["summary"]["certificates"], 0);
}

#[test]
fn issue_and_import_write_secrets_that_kubectl_reads_and_refuse_what_is_there() {
    let Some(live) = Live::new("issue_and_import_write_secrets") else { return };
    live.run(&["issue", "a.example", "--key-type", "p256", "--secret", "made"]).expect_code(0);
    let made = live.secret("made");
    assert_eq!(made["type"], "kubernetes.io/tls");
    assert_eq!(made["metadata"]["labels"], json!({"app.kubernetes.io/managed-by": "certwright"}));
    let managers = &made["metadata"]["managedFields"];
    assert_eq!(
        (&managers[0]["manager"], &managers[0]["operation"]),
        (&json!("certwright"), &json!("Apply"))
    );
    let before = live.versions();
    let ran =
        live.run(&["issue", "a.example", "--key-type", "p256", "--secret", "made"]).expect_code(4);
    assert!(ran.stderr.contains("exists already"), "{}", ran.stderr);
    assert_eq!(live.versions(), before);
    live.run(&["issue", "b.example", "--key-type", "p256", "--secret", "made", "--force"])
        .expect_code(0);
    assert_ne!(live.versions(), before);

    let files =
        Certwright::new().args(&["issue", "c.example", "--key-type", "p256"]).run().expect_code(0);
    let path = |name: &str| files.folder().join(name).display().to_string();
    let import = ["import", "brought", "--cert", &path("tls.crt"), "--key", &path("tls.key")];
    live.run(&import).expect_code(0);
    live.kubectl(&["label", "secret", "brought", "team=shop"]);
    live.run(&import).expect_code(4);
    live.run(&[&import[..], &["--replace"]].concat()).expect_code(0);
    assert_eq!(live.secret("brought")["metadata"]["labels"]["team"], "shop");
}

#[test]
fn a_printed_manifest_can_be_applied() {
    let Some(live) = Live::new("a_printed_manifest_can_be_applied") else { return };
    for format in ["yaml", "json"] {
        let args = [
            "issue",
            "a.example",
            "--key-type",
            "p256",
            "--secret",
            format,
            "--dry-run=client",
            "-o",
            format,
        ];
        let manifest = live.run(&args).expect_code(0);
        live.cluster.apply(&live.namespace, &manifest.stdout);
        live.run(&["check", &format!("secret/{format}")]).expect_code(0);
    }
}

#[test]
fn an_unreadable_kubeconfig_is_named_and_none_of_it_is_shown() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let path = folder.path().join("config");
    fs::write(&path, "users:\n- name: a\n  user: {token: s3cr3t-t0k3n\n")
        .expect("a file can be written");
    let ran = Certwright::new().kubeconfig(&path).args(&["check"]).run().expect_code(4);
    assert!(ran.stderr.contains(&path.display().to_string()), "{}", ran.stderr);
    assert!(!ran.stderr.contains("s3cr3t"), "{}", ran.stderr);
    let missing =
        Certwright::new().args(&["check", "--kubeconfig", "nowhere"]).run().expect_code(4);
    assert!(missing.stderr.contains("nowhere"), "{}", missing.stderr);
    let none = Certwright::new().args(&["check"]).run().expect_code(4);
    assert!(none.stderr.contains("there is no kubeconfig"), "{}", none.stderr);
}

fn kubeconfig_for(port: u16, folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("config");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, \
          clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{port}', insecure-skip-tls-verify: true}}}}], \
          users: [{{name: c, user: {{token: x}}}}], \
          contexts: [{{name: c, context: {{cluster: c, user: c}}}}]}}"
    );
    fs::write(&path, text).expect("a kubeconfig can be written");
    path
}

#[test]
fn a_server_that_refuses_connections_is_named_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let folder = TempDir::new().expect("a temp folder can be made");
    let ran = Certwright::new()
        .kubeconfig(&kubeconfig_for(port, folder.path()))
        .args(&["check"])
        .run()
        .expect_code(4);
    assert!(ran.stderr.contains(&format!("https://127.0.0.1:{port}")), "{}", ran.stderr);
}

#[test]
fn a_server_that_never_answers_is_given_up_after_ten_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("an address").port();
    let folder = TempDir::new().expect("a temp folder can be made");
    let begun = Instant::now();
    let ran = Certwright::new()
        .kubeconfig(&kubeconfig_for(port, folder.path()))
        .args(&["check"])
        .run()
        .expect_code(4);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(ran.stderr.contains("cannot reach the API server"), "{}", ran.stderr);
    let limited = Certwright::new()
        .kubeconfig(&kubeconfig_for(port, folder.path()))
        .args(&["check", "--timeout", "1s"])
        .run()
        .expect_code(124);
    assert!(limited.stderr.contains("--timeout"), "{}", limited.stderr);
    drop(listener);
}

#[test]
fn ctrl_c_ends_a_command_that_waits_with_130() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("an address").port();
    let folder = TempDir::new().expect("a temp folder can be made");
    let config = kubeconfig_for(port, folder.path());
    let (mut command, _home) =
        Certwright::new().kubeconfig(&config).args(&["check"]).into_command();
    let mut child = command.spawn().expect("the binary starts");
    // It has connected, so it waits for an answer by now, and its signal handler is set.
    let _connection = listener.accept().expect("it connects");
    let killed =
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(killed.success());
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(130));
}

/// Nothing but a Service's port tells that a backend is gRPC, whose Python package takes no Ed25519.
#[test]
fn a_backend_is_taken_for_grpc_in_a_cluster_as_among_files() {
    let Some(live) = Live::alone("a_backend_is_taken_for_grpc") else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let issue = "issue a.example --key-type ed25519 --secret web --dry-run=client -o yaml";
    let words: Vec<&str> = issue.split(' ').collect();
    let secret = live.run(&words).expect_code(0).stdout;
    let backend = "{service: {name: api, port: {number: 80}}}";
    let ingress = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec:\n  \
         tls: [{{hosts: [a.example], secretName: web}}]\n  rules: [{{host: a.example, http: {{paths: \
         [{{path: /, pathType: Prefix, backend: {backend}}}]}}}}]\n"
    );
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{name: grpc, port: 80}]}\n";
    let all = folder.path().join("all.yaml");
    let path = all.display().to_string();
    fs::write(&all, format!("{secret}---\n{ingress}---\n{service}")).expect("it can be written");
    live.kubectl(&["apply", "-f", &path]);
    let told = |more: &[&str]| {
        let check = ["check", "--rule", "client-refuses", "--fail-on", "never", "-o", "json"];
        let report = live.run(&[&check[..], more].concat()).expect_code(0).json();
        report["findings"][0]["evidence"]["refusedBy"].as_str().unwrap_or_default().to_owned()
    };
    let in_files = told(&["-f", &path]);
    assert!(in_files.contains("gRPC Python"), "{in_files}");
    assert_eq!(told(&[]), in_files);
}
