//! Gateway API's kinds on a test cluster, by our own definitions (`testdata/crds/gateway`).
//!
//! A cluster that has them is asked for them in every check, so that they belong on clusters of a
//! test's own. Refuses to know what any test is about.

use super::live::Live;
use std::path::Path;

/// The definitions.
const DEFINITIONS: [&str; 5] = [
    "crd/gateways.gateway.networking.k8s.io",
    "crd/httproutes.gateway.networking.k8s.io",
    "crd/grpcroutes.gateway.networking.k8s.io",
    "crd/tlsroutes.gateway.networking.k8s.io",
    "crd/referencegrants.gateway.networking.k8s.io",
];

/// Installs them, and waits until they are served.
pub fn install(live: &Live) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/crds/gateway");
    live.kubectl(&["apply", "--server-side", "-f", &folder.display().to_string()]);
    let mut wait = vec!["wait", "--for=condition=Established", "--timeout=30s"];
    wait.extend(DEFINITIONS);
    live.kubectl(&wait);
    for (version, last) in
        [("v1", "grpcroutes"), ("v1beta1", "referencegrants"), ("v1alpha2", "tlsroutes")]
    {
        while !is_served(live, version, last) {
            std::thread::yield_now();
        }
    }
}

/// Whether the server tells of the group, and of this resource in it: somewhat after it serves it.
fn is_served(live: &Live, version: &str, resource: &str) -> bool {
    let told = |path: &str, words: &str| {
        let ran = live.cluster.kubectl().args(["get", "--raw", path]).output().expect("it starts");
        String::from_utf8_lossy(&ran.stdout).contains(words)
    };
    let group = "gateway.networking.k8s.io";
    told("/apis", &format!("\"{group}\"")) && told(&format!("/apis/{group}/{version}"), resource)
}
