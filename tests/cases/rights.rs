//! What a user may read is read, and what they may not is told in one line.
//!
//! A cluster of its own: rights in all namespaces are looked at.

use crate::support::gke;
use crate::support::kinds;
use crate::support::live::Live;
use serde_json::{Value, json};

const SECRETS_AND_INGRESSES: &str = "--resource=secrets,ingresses.networking.k8s.io";

/// Lets the user read what `resource` names, in these namespaces; in all of them when none is given.
fn permit(live: &Live, user: &str, resource: &str, namespaces: &[&str]) {
    let name = format!("{user}-{}", namespaces.len());
    let user = format!("--user={user}");
    live.kubectl(&["create", "clusterrole", &name, "--verb=get,list", resource]);
    let role = format!("--clusterrole={name}");
    if namespaces.is_empty() {
        live.kubectl(&["create", "clusterrolebinding", &name, &role, &user]);
    }
    for namespace in namespaces {
        let bind = ["create", "rolebinding", &name, &role, &user, "-n", namespace];
        let ran = live.cluster.kubectl().args(bind).output().expect("kubectl starts");
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// A cluster with the guide's Secret and Ingress in each of four namespaces, and their names.
fn four_namespaces(test: &str) -> Option<(Live, Vec<String>)> {
    let first = Live::alone(test)?;
    let mut names = Vec::new();
    for _ in 0..4 {
        let live = first.elsewhere(&first.cluster.namespace(test));
        live.create_scenario("guide");
        names.push(live.namespace);
    }
    Some((first, names))
}

fn check_as(live: &Live, user: &str, code: i32) -> (Value, String) {
    let args = ["check", "-A", "--as", user];
    let report = live.certwright().args(&args).args(&["-o", "json"]).run().expect_code(code).json();
    let ran = live.certwright().args(&args).run().expect_code(code);
    (report, ran.stdout)
}

fn namespaces<'r>(report: &'r Value, rows: &str) -> Vec<&'r str> {
    let rows = report[rows].as_array().expect("a list").iter();
    rows.filter_map(|row| row["ref"]["namespace"].as_str()).collect()
}

/// The lines that tell what could not be read.
fn not_read(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.starts_with("not read")).collect()
}

#[test]
fn with_rights_in_some_namespaces_those_are_judged_and_the_others_named_in_one_line() {
    let Some((live, all)) = four_namespaces("with_rights_in_some_namespaces") else { return };
    let own = [all[0].as_str(), all[2].as_str()];
    permit(&live, "jane", SECRETS_AND_INGRESSES, &own);
    permit(&live, "jane", "--resource=namespaces", &[]);
    let (report, told) = check_as(&live, "jane", 1);
    assert_eq!(namespaces(&report, "certificates"), own);
    assert_eq!(namespaces(&report, "hosts"), own);
    assert_eq!(report["complete"], false);
    assert!(namespaces(&report, "problems").contains(&all[1].as_str()), "{report:#}");
    let lines = not_read(&told);
    assert_eq!(lines.len(), 1, "{told}");
    let start = "not read RBAC: user jane needs list on secrets, ingresses in ";
    assert!(lines[0].starts_with(start) && lines[0].contains(" namespaces ("), "{told}");
}

#[test]
fn a_namespace_with_more_than_is_kept_is_read_whole_beside_the_others() {
    let test = "a_namespace_with_more_than_is_kept";
    let Some((live, all)) = four_namespaces(test) else { return };
    let own = [all[1].as_str(), all[2].as_str(), all[3].as_str()];
    permit(&live, "jane", SECRETS_AND_INGRESSES, &own);
    permit(&live, "jane", "--resource=namespaces", &[]);
    // More than observe keeps of a namespace while another one is handed on.
    let many: Vec<Value> = (0..150)
        .map(|number| {
            let metadata = json!({"name": format!("tls-{number:03}"), "namespace": all[2]});
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata,
                   "type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}})
        })
        .collect();
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": many}).to_string();
    let file = folder.path().join("many.json");
    std::fs::write(&file, list).expect("it can be written");
    let create = ["create", "-f", &file.display().to_string()];
    let made = live.cluster.kubectl().args(create).output().expect("kubectl starts");
    assert!(made.status.success(), "{made:?}");
    let args = ["check", "-A", "--as", "jane", "--all", "-o", "json"];
    let report = live.certwright().args(&args).run().expect_code(1).json();
    assert_eq!(namespaces(&report, "certificates"), own);
    let told = |namespace: &str| {
        let found = namespaces(&report, "findings");
        found.into_iter().filter(|it| *it == namespace).count()
    };
    assert!(told(own[1]) >= 150 && told(own[0]) < 20, "{} {}", told(own[1]), told(own[0]));
}

#[test]
fn where_namespaces_may_not_be_listed_that_of_the_context_is_judged() {
    let Some((live, all)) = four_namespaces("where_namespaces_may_not_be_listed") else { return };
    permit(&live, "joe", SECRETS_AND_INGRESSES, &["default"]);
    let created = ["create", "-n", "default", "-f", "testdata/scenarios/guide/in"];
    let ran = live.cluster.kubectl().args(created).output().expect("kubectl starts");
    assert!(ran.status.success(), "{ran:?}");
    let (report, told) = check_as(&live, "joe", 1);
    assert_eq!(namespaces(&report, "certificates"), ["default"], "and none of {all:?}");
    let lines = not_read(&told);
    let line = "not read RBAC: user joe needs list on secrets, ingresses in all namespaces (or choose \
                one with -n)";
    assert_eq!(lines, [line], "{told}");
}

#[test]
fn without_a_right_to_secrets_one_line_tells_so_of_all_that_ingresses_name() {
    let Some((live, all)) = four_namespaces("without_a_right_to_secrets") else { return };
    permit(&live, "ing", "--resource=ingresses.networking.k8s.io", &[]);
    let (report, told) = check_as(&live, "ing", 3);
    assert_eq!(namespaces(&report, "hosts").len(), all.len());
    let hosts = report["hosts"].as_array().expect("a list");
    assert!(hosts.iter().all(|host| host["covered"] == "unknown"), "{report:#}");
    let lines = not_read(&told);
    assert_eq!(lines.len(), 1, "{told}");
    for part in ["list on secrets in all namespaces", "get on secrets (", " and 1 more)"] {
        assert!(lines[0].contains(part), "{part}: {told}");
    }
}

#[test]
fn kinds_that_no_ingress_depends_on_are_a_note_and_the_report_is_complete() {
    let Some((live, all)) = four_namespaces("kinds_that_no_ingress_depends_on") else { return };
    gke::install(&live);
    permit(&live, "nginx", SECRETS_AND_INGRESSES, &[]);
    let (report, told) = check_as(&live, "nginx", 1);
    assert_eq!(namespaces(&report, "certificates").len(), all.len());
    assert_eq!((&report["complete"], &report["problems"]), (&json!(true), &json!([])));
    assert_eq!(report["notes"].as_array().map(Vec::len), Some(4), "{report:#}");
    let notes: Vec<&str> = told.lines().filter(|line| line.starts_with("note")).collect();
    assert_eq!(notes.len(), 1, "{told}");
    assert!(notes[0].contains("managedcertificates, backendconfigs, frontendconfigs, services"));
    assert_eq!(not_read(&told), Vec::<&str>::new());
    // An Ingress of Google's depends on them.
    let class = "kubernetes.io/ingress.class=gce";
    let annotate = ["annotate", "ingress", "--all", class, "-n", all[0].as_str()];
    let ran = live.cluster.kubectl().args(annotate).output().expect("kubectl starts");
    assert!(ran.status.success(), "{ran:?}");
    let (report, told) = check_as(&live, "nginx", 1);
    assert_eq!(report["complete"], false);
    assert_eq!(not_read(&told).len(), 1, "{told}");
}

#[test]
fn a_kind_that_the_cluster_does_not_have_is_not_missed_for_want_of_rights() {
    let Some((live, _)) = four_namespaces("a_kind_that_the_cluster_does_not") else { return };
    gke::install(&live);
    permit(&live, "nginx", SECRETS_AND_INGRESSES, &[]);
    live.kubectl(&["delete", "crd", "backendconfigs.cloud.google.com"]);
    let groups = || live.kubectl(&["get", "--raw", "/apis"]).stdout;
    let is_known = || String::from_utf8_lossy(&groups()).contains("cloud.google.com");
    assert!((0..1000).any(|_| !is_known()), "the group goes with its last kind");
    let (report, told) = check_as(&live, "nginx", 1);
    assert_eq!(report["notes"].as_array().map(Vec::len), Some(3), "{report:#}");
    assert!(!told.contains("backendconfigs"), "{told}");
}

#[test]
fn gateways_that_may_not_be_listed_make_the_report_incomplete() {
    let Some((live, _)) = four_namespaces("gateways_that_may_not_be_listed") else { return };
    kinds::gateway_api(&live);
    permit(&live, "ann", SECRETS_AND_INGRESSES, &[]);
    let (report, told) = check_as(&live, "ann", 1);
    assert_eq!(report["complete"], false);
    let line = "not read RBAC: user ann needs list on gateways, httproutes, grpcroutes, tlsroutes in all \
                namespaces (or choose one with -n)";
    assert_eq!(not_read(&told), [line], "{told}");
}

#[test]
fn a_rotation_is_told_what_it_may_not_do_and_nothing_that_it_does_not_depend_on() {
    let Some((live, all)) = four_namespaces("a_rotation_is_told_what_it_may_not") else { return };
    gke::install(&live);
    permit(&live, "reader", SECRETS_AND_INGRESSES, &[]);
    let secret = ["rotate", "secret/my-release-milvus-tls", "--as", "reader", "-n", &all[0]];
    let ran = live.certwright().args(&secret).run().expect_code(4);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("RBAC: needs create on secrets in namespace "), "{said}");
    assert!(!said.contains("managedcertificates") && !said.contains("services"), "{said}");
}
