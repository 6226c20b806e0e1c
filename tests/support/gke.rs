//! What GKE adds to a cluster, for tests without one: its kinds, and what its controllers write.
//!
//! [`install`] puts Google's definitions of them on a test cluster, with their real limits
//! (`testdata/crds`). [`ManagedCertificates`] is a TEST DOUBLE of the managed-certificate controller:
//! it writes what Google's was seen to write, and only when a test tells it to; nothing is ever
//! issued. [`give_address`] stands for the load balancer. Refuses to know what any test is about.
//!
//! Where it is like Google's (gke-managed-certs of 2023-07, run against a real API server):
//! - status is a merge patch on the main object, there being no status subresource; an unknown
//!   `certificateStatus` is an absent key; `domainStatus` is sorted; `expireTime` has milliseconds
//!   and a numeric offset, and is absent until the certificate is issued;
//! - an Ingress counts when its class annotation is absent, empty or `gce`; `ingressClassName` is
//!   never looked at;
//! - `ingress.gcp.kubernetes.io/pre-shared-cert` is sorted, and merged with the names of others;
//!   names are only added: dropping one from `networking.gke.io/managed-certificates` changes
//!   nothing, only the deletion of the ManagedCertificate does;
//! - one missing ManagedCertificate leaves the whole Ingress as it is;
//! - one that is deleted while an Ingress names it, and made again, comes back with the same `mcrt-`
//!   name and the same status.
//!
//! Where it is not: there are no events, no back-off and no `ConfigMap`, and editing the domains
//! changes nothing until the test says so.

use super::live::Live;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use time::macros::{format_description, offset};
use time::{Duration, OffsetDateTime};

/// What `testdata/crds` defines.
const DEFINITIONS: [&str; 3] = [
    "crd/managedcertificates.networking.gke.io",
    "crd/backendconfigs.cloud.google.com",
    "crd/frontendconfigs.networking.gke.io",
];
/// Where the controller writes the load balancer's names of certificates.
pub const PRE_SHARED_CERT: &str = "ingress.gcp.kubernetes.io/pre-shared-cert";
/// Where an Ingress names its ManagedCertificates.
const MANAGED_CERTIFICATES: &str = "networking.gke.io/managed-certificates";
/// The class of an Ingress.
const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
/// Under which name the double writes.
const MANAGER: &str = "--field-manager=managed-certificate-controller";

/// Installs GKE's kinds on the cluster, once, and waits until they are served. Tests may ask for it
/// as often as they like.
pub fn install(live: &Live) {
    static INSTALLED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if installed.contains(live.cluster.server()) {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/crds");
    live.kubectl(&["apply", "--server-side", "-f", &folder.display().to_string()]);
    let mut wait = vec!["wait", "--for=condition=Established", "--timeout=30s"];
    wait.extend(DEFINITIONS);
    live.kubectl(&wait);
    installed.insert(live.cluster.server().to_owned());
}

/// Gives the Ingress this address, as the load balancer's controller does when it is built.
pub fn give_address(live: &Live, ingress: &str, ip: &str) {
    give_addresses(live, ingress, &json!([{ "ip": ip }]));
}

/// The same, with these rows of `status.loadBalancer.ingress`.
pub fn give_addresses(live: &Live, ingress: &str, rows: &Value) {
    let status = json!({ "status": { "loadBalancer": { "ingress": rows } } });
    let patch = status.to_string();
    live.kubectl(&[
        "patch",
        "ingress",
        ingress,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ]);
}

/// The test double of the managed-certificate controller, for one namespace.
pub struct ManagedCertificates<'live> {
    live: &'live Live,
    certificates: BTreeMap<String, Certificate>,
}

/// A certificate as the load balancer has it.
struct Certificate {
    /// `mcrt-<uuid>`.
    name: String,
    /// Empty when it is not known.
    status: String,
    /// Sorted by domain.
    domains: BTreeMap<String, String>,
    expires: Option<String>,
    /// Its ManagedCertificate is gone, and an Ingress may still have it.
    soft_deleted: bool,
}

impl<'live> ManagedCertificates<'live> {
    /// A controller that has not looked yet.
    pub fn new(live: &'live Live) -> Self {
        Self { live, certificates: BTreeMap::new() }
    }

    /// One pass: takes on new ManagedCertificates, writes every status, then the Ingresses.
    pub fn sync(&mut self) {
        let listed = self.live.kubectl(&["get", "managedcertificates,ingresses", "-o", "json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
        let of_kind = |kind: &str| -> Vec<Value> {
            let items = listed["items"].as_array().into_iter().flatten();
            items.filter(|item| item["kind"] == kind).cloned().collect()
        };
        let managed = of_kind("ManagedCertificate");
        let there: BTreeSet<&str> = managed.iter().map(name).collect();
        for (name, certificate) in &mut self.certificates {
            certificate.soft_deleted = !there.contains(name.as_str());
        }
        for object in &managed {
            self.write_status(object);
        }
        let mut held = BTreeSet::new();
        for ingress in of_kind("Ingress") {
            held.extend(self.write_ingress(&ingress, &there));
        }
        self.certificates
            .retain(|_, certificate| !certificate.soft_deleted || held.contains(&certificate.name));
    }

    /// What the load balancer will say of this certificate from the next pass on: its status and
    /// that of its domains.
    pub fn set_status(&mut self, name: &str, status: &str, domains: &[(&str, &str)]) {
        let certificate = self.certificates.get_mut(name).expect("a pass has seen it");
        status.clone_into(&mut certificate.status);
        certificate.domains = domains
            .iter()
            .map(|&(domain, status)| (domain.to_owned(), status.to_owned()))
            .collect();
        if status == "Active" && certificate.expires.is_none() {
            certificate.expires = Some(in_ninety_days());
        }
    }

    /// The load balancer's name of this certificate: `mcrt-<uuid>`.
    pub fn certificate_name(&self, name: &str) -> &str {
        &self.certificates.get(name).expect("a pass has seen it").name
    }

    fn write_status(&mut self, object: &Value) {
        let certificate = self.certificates.entry(name(object).to_owned()).or_insert_with(|| {
            let domains = object["spec"]["domains"].as_array().into_iter().flatten();
            let provisioning =
                |domain: &Value| Some((domain.as_str()?.to_owned(), "Provisioning".to_owned()));
            Certificate {
                name: fresh_name(),
                status: "Provisioning".to_owned(),
                domains: domains.filter_map(provisioning).collect(),
                expires: None,
                soft_deleted: false,
            }
        });
        let rows = certificate.domains.iter();
        let mut status = json!({
            "certificateName": certificate.name,
            "domainStatus": rows
                .map(|(domain, status)| json!({ "domain": domain, "status": status }))
                .collect::<Vec<_>>(),
        });
        if !certificate.status.is_empty() {
            status["certificateStatus"] = certificate.status.as_str().into();
        }
        if let Some(expires) = &certificate.expires {
            status["expireTime"] = expires.as_str().into();
        }
        if object["status"] == status {
            return;
        }
        if status["certificateStatus"].is_null() {
            status["certificateStatus"] = Value::Null;
        }
        let patch = json!({ "status": status }).to_string();
        self.patch("managedcertificate", name(object), &patch);
    }

    /// Writes the names of certificates on an Ingress; returns those it has afterwards.
    fn write_ingress(&self, ingress: &Value, there: &BTreeSet<&str>) -> Vec<String> {
        let annotation =
            |key: &str| ingress["metadata"]["annotations"][key].as_str().unwrap_or_default();
        let items = |list: &str| -> BTreeSet<String> {
            list.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let before = annotation(PRE_SHARED_CERT);
        let named = items(annotation(MANAGED_CERTIFICATES));
        let ours = matches!(annotation(INGRESS_CLASS), "" | "gce");
        if !ours || named.iter().any(|name| !there.contains(name.as_str())) {
            return items(before).into_iter().collect();
        }
        let mut after = items(before);
        after.extend(named.iter().map(|name| self.certificate_name(name).to_owned()));
        for gone in self.certificates.values().filter(|certificate| certificate.soft_deleted) {
            after.remove(&gone.name);
        }
        let after: Vec<String> = after.into_iter().collect();
        let value = after.join(",");
        if value != before {
            let patch = json!({ "metadata": { "annotations": { PRE_SHARED_CERT: value } } });
            self.patch("ingress", name(ingress), &patch.to_string());
        }
        after
    }

    fn patch(&self, kind: &str, name: &str, patch: &str) {
        self.live.kubectl(&["patch", kind, name, "--type=merge", MANAGER, "-p", patch]);
    }
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// `mcrt-` and a version 4 UUID.
fn fresh_name() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
    let number = u128::from_be_bytes(bytes);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "mcrt-{}-{}-4{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

/// As Google writes it: `2026-08-30T17:34:11.000-07:00`.
fn in_ninety_days() -> String {
    let shape = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].000[offset_hour sign:mandatory]:[offset_minute]"
    );
    let expires = OffsetDateTime::now_utc() + Duration::days(90);
    expires.to_offset(offset!(-7)).format(shape).expect("a date can be shown")
}
