//! Somebody who undoes what we write, again and again: we stop, say so, and do not write on.

use super::{BACKEND_CONFIG, SERVICE, bootstrap, bootstrapping, milvus, object, versions};
use crate::support::background::Background;
use crate::support::live::Live;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the plan is carried out before we give in.
const WRITES: usize = 5;

/// While `during` runs, takes the annotation off the Service as often as it is there; returns how
/// often it was.
fn while_somebody_undoes(live: &Live, annotation: &str, during: impl FnOnce()) -> usize {
    let (over, undone) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let service = object(live, &format!("Service/{SERVICE}"));
                if service["metadata"]["annotations"][annotation].is_string() {
                    let patch = json!({ "metadata": { "annotations": { annotation: null } } });
                    let patch = ["--type=merge", "-p", &patch.to_string()];
                    live.kubectl(&[&["patch", "service", SERVICE], &patch[..]].concat());
                    undone.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        // A test that fails must end the other too.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(during));
        over.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    undone.into_inner()
}

#[test]
fn what_somebody_undoes_again_and_again_is_refused_in_the_end() {
    let Some(live) = milvus("what_somebody_undoes") else { return };
    let undone = while_somebody_undoes(&live, "cloud.google.com/neg", || {
        let ended = Background::start(bootstrapping(&live, &["-v"])).end(4);
        let written = ended.matches(&format!("patch service/{SERVICE}")).count();
        assert_eq!(written, WRITES, "{ended}");
        assert!(ended.contains("another writer keeps reverting it"), "{ended}");
        assert!(ended.contains("--show-managed-fields"), "{ended}");
    });
    assert!(undone >= WRITES, "{undone}");
}

/// An admission policy is faster than any look: nothing is ever as it was sent.
#[test]
fn what_the_server_itself_changes_is_refused_without_waiting_too() {
    let Some(live) = Live::alone("what_the_server_itself_changes") else { return };
    crate::support::gke::install(&live);
    super::create(&live, &super::chart_service());
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": { "name": "short-timeouts" },
        "spec": {
            "matchConstraints": { "resourceRules": [{
                "apiGroups": ["cloud.google.com"],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["backendconfigs"],
            }] },
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [{
                "patchType": "JSONPatch",
                "jsonPatch": { "expression":
                    "[JSONPatch{op: \"add\", path: \"/spec/timeoutSec\", value: 30}]" },
            }],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": { "name": "short-timeouts" },
        "spec": { "policyName": "short-timeouts" },
    });
    let config = json!({
        "apiVersion": "cloud.google.com/v1",
        "kind": "BackendConfig",
        "metadata": { "name": BACKEND_CONFIG },
        "spec": { "timeoutSec": 1 },
    });
    super::create(&live, &config);
    for manifest in [&policy, &binding] {
        live.cluster.apply(&live.namespace, &manifest.to_string());
    }
    // The server takes a moment to go by it; until it has found the kind, it refuses every write.
    let stored = || object(&live, &format!("BackendConfig/{BACKEND_CONFIG}"))["spec"].clone();
    let deadline = Instant::now() + Duration::from_mins(2);
    for timeout in 2.. {
        let patch = json!({ "spec": { "timeoutSec": timeout } }).to_string();
        let mut kubectl = live.cluster.kubectl();
        kubectl.args(["-n", &live.namespace, "patch", "backendconfig", BACKEND_CONFIG]);
        let ran = kubectl.args(["--type=merge", "-p", &patch]).output().expect("kubectl starts");
        if ran.status.success() && stored()["timeoutSec"] == 30 {
            break;
        }
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(Instant::now() < deadline, "the policy does not come into force: {told}");
    }
    let ran = bootstrap(&live, &["--no-wait", "--timeout", "60s"]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(said.contains(&format!("backendconfig/{BACKEND_CONFIG}")), "{said}");
    assert!(said.contains("another writer keeps reverting it"), "{said}");
    let before = versions(&live);
    bootstrap(&live, &["--no-wait", "--timeout", "60s"]).expect_code(4);
    let after = versions(&live);
    let other = |versions: &std::collections::BTreeMap<String, serde_json::Value>| {
        let others = versions.iter().filter(|(name, _)| !name.starts_with("BackendConfig/"));
        others.map(|(name, version)| (name.clone(), version.clone())).collect::<Vec<_>>()
    };
    assert_eq!(other(&after), other(&before), "nothing else is written by a fight");
}
