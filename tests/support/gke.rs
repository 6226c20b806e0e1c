//! What GKE adds to a cluster, for tests without one: its kinds, and what its controllers write.
//!
//! [`install`] puts Google's definitions of them on a test cluster, with their real limits
//! (`testdata/crds`). The rest is a TEST DOUBLE of gke-managed-certs and of ingress-gce, and of the
//! Compute API that both speak to: it writes what Google's were seen to write, and nothing is ever
//! issued. [`ManagedCertificates`] acts when a test tells it to, [`Google`] by itself, at Google's
//! paces or faster ones, and keeps a [`Record`]. Refuses to know what any test is about.
//!
//! Where it is like Google's. "Seen": on Google's own controllers (gke-managed-certs of 2023-07,
//! ingress-gce of 2026-08) at a real API server with the Compute API played; "read": in their code.
//!
//! ManagedCertificates ([`managed_certs`]):
//! - status is a merge patch on the main object, there being no status subresource; an unknown
//!   `certificateStatus` is an absent key; `domainStatus` is sorted; `expireTime` has milliseconds and
//!   a numeric offset, and is absent until the certificate is issued (seen);
//! - Google's status is read when somebody changes the ManagedCertificate, and at the resync; an
//!   Ingress's event never reads it (seen: Google said Active after 4 s, the Ingress was touched, and
//!   90 s later the ManagedCertificate still said Provisioning; touched itself, it said Active in 0.8 s);
//! - one object a second is taken from each of four queues, and one that fails comes back after 5 ms,
//!   doubled each time, which its next event waits for, too (read; seen as 41, 82 and 164 s);
//! - so a ManagedCertificate that is made within a second of another's event may be synced after the
//!   Ingress that names it: the Ingress is left without its name, and without an error, until its next
//!   event (seen in 12 of 12 changes of domains that came 1–2 s after another event, in 0 of 11 others);
//! - an Ingress counts when its class annotation is absent, empty or `gce`; `ingressClassName` is never
//!   looked at (seen), so that [`PRE_SHARED_CERT`] is written where no load balancer comes;
//! - that annotation is sorted, and merged with the names of others; names are only added: dropping one
//!   from `networking.gke.io/managed-certificates` changes nothing, only the deletion of the
//!   ManagedCertificate does (seen);
//! - one missing ManagedCertificate leaves the whole Ingress as it is, with a `MissingCertificate` (seen);
//! - deleted, its entry is `SoftDeleted` until Google has let the certificate go, and an Ingress that is
//!   synced meanwhile loses the name. On no proxy it goes at once, the moment passes before the Ingress
//!   is synced, and the name stays for good: it dangles (seen in 6 of 7 tries, and in one of 22
//!   changes of domains that were taken back within 3 s);
//! - deleted while an Ingress names it, and made again, it comes back with the same name and status (seen);
//! - other domains in place: `SoftDeleted` at once, `BackendError` "in use" with back-off; at the Ingress's
//!   next event or resync its annotation loses the name, empty if it was the only one, and the rule for
//!   port 443 and its proxy go; then the certificate is made again under the same name. The old domains
//!   put back before that restore the entry, after the back-off (seen: after 20 s);
//! - `status` goes on to say the old domains until then (seen);
//! - the quota refuses in two ways: an operation that ends with `QUOTA_EXCEEDED` makes
//!   `TooManyCertificates`, HTTP status 403 only a `BackendError` with `quotaExceeded` (seen). Either way the
//!   entry has a name, and the Ingress gets it (seen).
//!
//! Load balancers ([`load_balancer`]):
//! - ingress-gce owns an Ingress with the class annotation `gce` or `gce-internal`, or with neither that
//!   nor `ingressClassName` (seen); its finalizer says for good how things are named (read);
//! - it syncs on the Ingress's event and in its period; Secrets are not watched (seen: 409 s untouched, 1.3 s
//!   touched);
//! - pre-shared names come first, then Secrets in order, in [`SSL_CERT`]; an uploaded name holds the first 16
//!   hexadecimal digits of the SHA-256 of `tls.crt`; the proxy compares them as a set; the same certificate
//!   in two Secrets is one; another key alone changes nothing (seen);
//! - a name `mcrt-…` that Google does not have freezes the whole load balancer: 404 at every sync (seen); so
//!   does a sixteenth certificate, a missing Secret, one without a key, or an entry without `secretName` (seen);
//!   a certificate or key that Google refuses, or the quota, leaves what was there, and a new Ingress
//!   without an address (seen);
//! - redirects are refused on V1 names, and for gce-internal, and the latter with both ports and no reserved
//!   address, which is a `WillNotConfigureFrontend` (seen);
//! - a reserved address that is not there is told, and there is none (seen); another one moves the load
//!   balancer (seen);
//! - every cause is told behind `loadbalancer … does not exist:`, also when it exists; those about Secrets
//!   are not (seen).
//!
//! Events ([`events`]): those that say the same are counted; an object has 25, then one in five minutes; in
//! ingress-gce apart for warnings, in gke-managed-certs together (seen).
//!
//! Where it is not: it knows one namespace; there is no `ConfigMap`, no backend and no health, unless a test
//! breaks the backends; statuses that Google's do not have are written as they are; a user's own
//! pre-shared names are taken to be there; what is there when it begins it takes for its own work. A
//! pass of [`ManagedCertificates`] knows no queues, and its own writing is no event of a
//! ManagedCertificate, which on Google's costs one more read.

mod api;
mod compute;
mod engine;
mod events;
mod load_balancer;
mod managed_certs;
mod names;
mod queue;
mod record;
mod running;
mod stepwise;
mod world;

pub use compute::Refusal;
pub use engine::Engine;
pub use load_balancer::{HTTPS_FORWARDING_RULE, SSL_CERT};
pub use running::{Google, Options};
pub use stepwise::ManagedCertificates;

use super::live::Live;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What `testdata/crds` defines.
const DEFINITIONS: [&str; 3] = [
    "crd/managedcertificates.networking.gke.io",
    "crd/backendconfigs.cloud.google.com",
    "crd/frontendconfigs.networking.gke.io",
];
/// Where the controller writes the load balancer's names of certificates.
pub const PRE_SHARED_CERT: &str = "ingress.gcp.kubernetes.io/pre-shared-cert";
/// Where an Ingress names its ManagedCertificates.
pub const MANAGED_CERTIFICATES: &str = "networking.gke.io/managed-certificates";
/// The class of an Ingress.
const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";

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

/// Gives the Ingress this address, as the load balancer's controller does when it is built. A pass of
/// the double keeps it.
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

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The annotation's value; empty without it.
fn annotation<'object>(object: &'object Value, key: &str) -> &'object str {
    object["metadata"]["annotations"][key].as_str().unwrap_or_default()
}

/// The class annotation, which alone counts for Google's controllers.
fn class(ingress: &Value) -> &str {
    annotation(ingress, INGRESS_CLASS)
}

/// The items of a comma-separated list.
fn items(list: &str) -> Vec<String> {
    let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}
