//! A namespace of the shared test cluster, and the binary run against it.
//!
//! Knows how a test speaks to the real API server: as a user with kubectl, and as certwright.
//! Refuses to know what any test is about.

use super::binary::{Certwright, Ran};
use super::control_plane::{ControlPlane, own, shared};
use base64::Engine as _;
use certwright::inventory::bundle::Bundle;
use ring::rand::SystemRandom;
use serde_json::Value;
use std::ops::Deref;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

/// The cluster of a test: everybody's, or one of its own, which ends with the last who holds it. (An API
/// server that nobody asks still takes 200 MiB and a part of a processor.)
#[derive(Clone)]
pub enum Cluster {
    /// Everybody's.
    Shared(&'static ControlPlane),
    /// The test's own.
    Own(Arc<ControlPlane>),
}

impl Deref for Cluster {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        match self {
            Self::Shared(cluster) => cluster,
            Self::Own(cluster) => cluster,
        }
    }
}

/// A fresh namespace on the shared cluster.
pub struct Live {
    /// The cluster.
    pub cluster: Cluster,
    /// The namespace's name.
    pub namespace: String,
}

impl Live {
    /// A fresh namespace for the test of this name; none when there can be no cluster here, which
    /// was then said loudly.
    pub fn new(test: &str) -> Option<Self> {
        shared(test).map(|cluster| Self::of(Cluster::Shared(cluster), test))
    }

    /// A cluster of the test's own, for tests that look at all namespaces. It ends with this.
    pub fn alone(test: &str) -> Option<Self> {
        own(test).map(|cluster| Self::of(Cluster::Own(Arc::new(cluster)), test))
    }

    fn of(cluster: Cluster, test: &str) -> Self {
        let namespace = cluster.namespace(test);
        Self { cluster, namespace }
    }

    /// Another namespace of the same cluster.
    pub fn elsewhere(&self, namespace: &str) -> Self {
        Self { cluster: self.cluster.clone(), namespace: namespace.to_owned() }
    }

    /// Runs certwright with these arguments in the namespace.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.certwright().args(args).args(&["-n", &self.namespace]).run()
    }

    /// certwright with the cluster's kubeconfig and nothing else.
    pub fn certwright(&self) -> Certwright {
        Certwright::new().kubeconfig(self.cluster.kubeconfig())
    }

    /// Runs kubectl in the namespace and wants it to succeed.
    pub fn kubectl(&self, args: &[&str]) -> Output {
        let ran = self
            .cluster
            .kubectl()
            .args(["-n", &self.namespace])
            .args(args)
            .output()
            .expect("kubectl starts");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "kubectl {args:?}: {stderr}");
        ran
    }

    /// Creates every manifest of a scenario's `in` folder with `kubectl create`. An IngressClass has no
    /// namespace, and may be there from another test of the scenario.
    pub fn create_scenario(&self, name: &str) {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(name).join("in");
        let mut create = self.cluster.kubectl();
        create.args(["-n", &self.namespace, "create", "-f"]).arg(folder);
        let ran = create.output().expect("kubectl starts");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        let is_there = |line: &str| {
            line.contains("ingressclasses.networking.k8s.io") && line.ends_with("already exists")
        };
        let left: Vec<&str> = stderr
            .lines()
            .filter(|line| !line.is_empty() && !is_there(line) && !line.starts_with("Warning: "))
            .collect();
        assert!(left.is_empty(), "kubectl create of {name}: {left:?}");
    }

    /// The Secret as the API server has it.
    pub fn secret(&self, name: &str) -> Value {
        let ran = self.kubectl(&["get", "secret", name, "-o", "json", "--show-managed-fields"]);
        serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON")
    }

    /// Every Secret's name and resourceVersion.
    pub fn versions(&self) -> Vec<(String, String)> {
        let ran = self.kubectl(&["get", "secrets", "-o", "json"]);
        let list: Value = serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON");
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        items
            .iter()
            .map(|item| {
                (text(&item["metadata"]["name"]), text(&item["metadata"]["resourceVersion"]))
            })
            .collect()
    }
}

/// The bytes of a data key.
pub fn value(secret: &Value, key: &str) -> Vec<u8> {
    let text = secret["data"][key].as_str().unwrap_or_default();
    base64::engine::general_purpose::STANDARD.decode(text).expect("data is base64")
}

/// The certificate and key of a Secret, judged.
pub fn bundle(secret: &Value) -> Bundle {
    let (certificate, key) = (value(secret, "tls.crt"), value(secret, "tls.key"));
    Bundle::of_pair(Some(&certificate), Some(&key), &SystemRandom::new())
}
