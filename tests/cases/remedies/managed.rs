//! Remedies of the rules about ManagedCertificates. Where they wait for DNS and for Google, both are
//! played here: nothing is ever issued.

use super::Act::{Annotate, Do, Run, RunWithGoogle};
use super::Place::{Cluster, Files};
use super::{Case, Scene, case, try_all};
use crate::support::gke::ManagedCertificates;
use crate::support::live::Live;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) const CASES: &[Case] = &[
    case("managed-missing", "gke-managed-hosts", "names-one-too-many", Cluster, Run),
    case("managed-missing", "gke-managed-hosts", "names-one-too-many", Cluster, Run)
        .first(list_its_host_elsewhere),
    case("managed-missing", "gke-managed-names", "file", Files, Annotate),
    case("managed-missing", "gke-managed-names", "no-comma", Cluster, Run),
    case("managed-missing", "gke-managed-names", "renamed", Cluster, Run),
    case("managed-edited-in-place", "gke-managed-status", "edited", Cluster, RunWithGoogle),
    case(
        "managed-not-active",
        "gke-managed-status",
        "provisioning",
        Cluster,
        Do { words: "certwright.dev/touched", by: google_is_content },
    ),
    case("managed-host-not-listed", "gke-managed-hosts", "forgot-one", Cluster, RunWithGoogle)
        .first(let_every_name_be_there),
    case(
        "managed-domain-invalid",
        "gke-refused",
        "upper-case",
        Files,
        Do { words: "write shop.milvus.example in its place", by: lower_case },
    ),
    case("managed-failed", "gke-managed-status", "failed-for-good", Cluster, RunWithGoogle),
    case(
        "managed-failed",
        "gke-managed-status",
        "failed-for-now",
        Cluster,
        Do { words: "read it again in a minute", by: google_is_content },
    ),
    case("managed-failed", "gke-managed-status", "renewal-failed", Cluster, RunWithGoogle),
    case(
        "managed-domain-failed",
        "gke-managed-status",
        "not-visible",
        Cluster,
        Do {
            words: "set the A and AAAA records of the domain to the Ingress address and nothing else; the Ingress address is 203.0.113.20",
            by: google_is_content,
        },
    ),
    case(
        "managed-domain-failed",
        "gke-managed-status",
        "caa",
        Cluster,
        Do {
            words: "add CAA records for pki.goog and letsencrypt.org, or remove them",
            by: google_is_content,
        },
    ),
    case(
        "managed-renewal-overdue",
        "gke-managed-status",
        "overdue",
        Cluster,
        Do {
            words: "set the A and AAAA records of every domain to the Ingress address and nothing else",
            by: google_is_content,
        },
    ),
    case(
        "managed-unattached",
        "gke-managed-hosts",
        "nobodys",
        Cluster,
        Do { words: "or delete it when it is not needed", by: delete_nobodys },
    ),
    case("managed-unattached", "gke-managed-hosts", "nobodys", Cluster, Run)
        .first(leave_one_ingress),
    case("managed-orphaned", "gke-managed-orphaned", "restored", Cluster, Run),
    case("managed-orphaned", "gke-managed-orphaned", "left-behind", Cluster, Run),
    case("managed-orphaned", "gke-managed-orphaned", "restored", Files, Annotate),
    case("managed-orphaned", "gke-managed-orphaned", "left-behind", Files, Annotate),
    case(
        "managed-not-reconciled",
        "gke-managed-status",
        "never-looked-at",
        Cluster,
        Do {
            words: "turn on the cluster's add-on HttpLoadBalancing",
            by: |scene, _| ManagedCertificates::new(scene.live()).sync(),
        },
    ),
];

/// Names of the ManagedCertificates, with their domains.
fn certificates(live: &Live) -> Vec<(String, Vec<String>)> {
    let listed = live.kubectl(&["get", "managedcertificates", "-o", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
    let items = listed["items"].as_array().cloned().unwrap_or_default();
    let one = |item: &Value| {
        let domains = item["spec"]["domains"].as_array().into_iter().flatten();
        let domains = domains.filter_map(Value::as_str).map(str::to_owned);
        Some((item["metadata"]["name"].as_str()?.to_owned(), domains.collect()))
    };
    items.iter().filter_map(one).collect()
}

/// Runs it while the controller looks again and again and finds everything in order.
pub(super) fn while_google_looks(live: &Live, run: impl FnOnce()) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut controller = ManagedCertificates::new(live);
            while !over.load(Ordering::Relaxed) {
                let there = certificates(live);
                controller.sync();
                // The pass has seen what was there before it and is there behind it.
                let still = certificates(live);
                for (name, domains) in there.iter().filter(|one| still.contains(one)) {
                    let rows: Vec<(&str, &str)> =
                        domains.iter().map(|domain| (domain.as_str(), "Active")).collect();
                    controller.set_status(name, "Active", &rows);
                }
            }
            // What went last is seen to be gone.
            controller.sync();
        });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        over.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// The DNS is mended: the certificate of the finding is issued, and renewed.
fn google_is_content(scene: &Scene, finding: &Value) {
    let name = finding["ref"]["name"].as_str().expect("a name");
    let found = certificates(scene.live()).into_iter().find(|(other, _)| other == name);
    let (_, domains) = found.expect("it is there");
    let rows: Vec<Value> =
        domains.iter().map(|domain| json!({ "domain": domain, "status": "Active" })).collect();
    let status = json!({
        "certificateStatus": "Active",
        "domainStatus": rows,
        "expireTime": "2027-02-15T00:00:00.000-08:00",
    });
    let patch = json!({ "status": status }).to_string();
    scene.live().kubectl(&["patch", "managedcertificate", name, "--type=merge", "-p", &patch]);
}

/// Then nothing needs the missing one.
fn list_its_host_elsewhere(scene: &Scene) {
    let domains = ["all-listed.milvus.example", "shop.milvus.example", "not-at-all.milvus.example"];
    let patch = json!({ "spec": { "domains": domains } }).to_string();
    scene.live().kubectl(&["patch", "managedcertificate", "milvus", "--type=merge", "-p", &patch]);
}

/// A name that is nowhere keeps Google from attaching anything to its Ingress, for which set-domains
/// would wait; that is a finding with a remedy of its own.
fn let_every_name_be_there(scene: &Scene) {
    scene.live().kubectl(&["delete", "ingress", "names-one-too-many"]);
}

fn delete_nobodys(scene: &Scene, _: &Value) {
    scene.live().kubectl(&["delete", "managedcertificate", "nobodys"]);
}

fn leave_one_ingress(scene: &Scene) {
    let live = scene.live();
    let all = live.kubectl(&["get", "ingresses", "-o", "name"]);
    let all = String::from_utf8(all.stdout).expect("names are text");
    let others: Vec<&str> = all.lines().filter(|name| !name.ends_with("/forgot-one")).collect();
    live.kubectl(&[&["delete"], &others[..]].concat());
}

fn lower_case(scene: &Scene, _: &Value) {
    scene.edit("ManagedCertificate", "upper-case", |managed| {
        for domain in managed["spec"]["domains"].as_array_mut().into_iter().flatten() {
            let lower = domain.as_str().unwrap_or_default().to_lowercase();
            *domain = lower.trim_start_matches("*.").into();
        }
    });
}

#[test]
fn the_remedies_of_rules_about_managed_certificates_mend_what_they_are_for() {
    try_all(CASES);
}
