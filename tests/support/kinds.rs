//! Kinds of Gateway API and of OpenShift on a test cluster, by our own definitions
//! (`testdata/crds/gateway` and `testdata/crds/openshift`).
//!
//! A cluster that has them is asked for them in every check, so that they belong on clusters of a
//! test's own. Refuses to know what any test is about.

use super::live::Live;
use std::path::Path;

/// Resources of one version of a group.
type Served = (&'static str, &'static [&'static str]);

/// Gateway API's kinds, each in the version in which it comes last.
const GATEWAY_API: [Served; 3] = [
    ("gateway.networking.k8s.io/v1", &["gateways", "httproutes", "grpcroutes"]),
    ("gateway.networking.k8s.io/v1beta1", &["referencegrants"]),
    ("gateway.networking.k8s.io/v1alpha2", &["tlsroutes"]),
];

const OPENSHIFT: [Served; 1] = [("route.openshift.io/v1", &["routes"])];

/// Installs the kinds of Gateway API, and waits until they are served.
pub fn gateway_api(live: &Live) {
    install(live, "gateway", &GATEWAY_API);
}

/// Installs Routes of OpenShift, and waits until they are served.
pub fn openshift(live: &Live) {
    install(live, "openshift", &OPENSHIFT);
}

fn install(live: &Live, folder: &str, kinds: &[Served]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/crds").join(folder);
    live.kubectl(&["apply", "--server-side", "-f", &folder.display().to_string()]);
    for (version, resources) in kinds {
        while !resources.iter().all(|resource| is_served(live, version, resource)) {
            std::thread::yield_now();
        }
    }
}

/// Whether the server serves the resource and tells of it and its group: that comes somewhat later.
fn is_served(live: &Live, version: &str, resource: &str) -> bool {
    let told = |path: &str| {
        let ran = live.cluster.kubectl().args(["get", "--raw", path]).output().expect("it starts");
        ran.status.success().then(|| String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let says = |path: &str, word: &str| {
        told(path).is_some_and(|text| text.contains(&format!("\"{word}\"")))
    };
    let (group, _) = version.split_once('/').unwrap_or((version, ""));
    says("/apis", group)
        && says(&format!("/apis/{version}"), resource)
        && told(&format!("/apis/{version}/{resource}")).is_some()
}
