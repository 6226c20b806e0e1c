//! The double of gke-managed-certs: it makes certificates of ManagedCertificates, tells their status,
//! and writes their names on the Ingresses.
//!
//! Knows what Google's was seen to do (see [`super`]). Refuses to know load balancers, and when it is
//! called.

use super::compute::{ApiError, Certificate, Compute, OVER_QUOTA};
use super::events::Teller;
use super::world::World;
use super::{MANAGED_CERTIFICATES, PRE_SHARED_CERT, annotation, class, items, name};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Under which name the double writes.
const MANAGER: &str = "managed-certificate-controller";

/// What the controller remembers of a ManagedCertificate, beyond its deletion.
pub(super) struct Entry {
    /// Google's name of the certificate: `mcrt-<uuid>`.
    pub certificate: String,
    /// Its certificate is to go: Ingresses let go of it.
    pub soft_deleted: bool,
}

/// The entries, by the ManagedCertificate's name.
#[derive(Default)]
pub(super) struct ManagedCerts {
    pub entries: BTreeMap<String, Entry>,
}

/// Whether the controller looks at this Ingress: by its annotation alone.
pub(super) fn is_gke(ingress: &Value) -> bool {
    matches!(class(ingress), "" | "gce")
}

impl ManagedCerts {
    /// Takes on what a ManagedCertificate says of itself, as if it had been this controller that
    /// wrote it.
    pub fn adopt(&mut self, compute: &mut Compute, object: &Value) {
        let status = &object["status"];
        let Some(certificate) = status["certificateName"].as_str() else { return };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = status["domainStatus"].as_array().into_iter().flatten();
        let rows: BTreeMap<String, String> =
            rows.map(|row| (text(&row["domain"]), text(&row["status"]))).collect();
        let domains =
            if rows.is_empty() { domains(object) } else { rows.keys().cloned().collect() };
        let mut held = Certificate::asked_for(domains);
        held.rows = rows;
        held.status = text(&status["certificateStatus"]);
        held.issued = matches!(held.status.as_str(), "Active" | "RenewalFailed");
        held.expires = status["expireTime"].as_str().map(str::to_owned);
        compute.hold(certificate, held);
        let entry = Entry { certificate: certificate.to_owned(), soft_deleted: false };
        self.entries.insert(name(object).to_owned(), entry);
    }

    /// Brings the certificate of this ManagedCertificate about, or away, and tells its status;
    /// whether that came to its end.
    pub fn sync_certificate(&mut self, world: &mut World, managed: &str) -> bool {
        let Some(object) = world.managed.get(managed).cloned() else {
            return self.remove(world, managed);
        };
        let fresh = || Entry { certificate: fresh_name(), soft_deleted: false };
        let entry = self.entries.entry(managed.to_owned()).or_insert_with(fresh);
        have_certificate(world, entry, &object) && {
            write_status(world, &entry.certificate, &object);
            true
        }
    }

    /// The ManagedCertificate is gone. Nothing is told of it, well or not.
    fn remove(&mut self, world: &mut World, managed: &str) -> bool {
        let Some(entry) = self.entries.get_mut(managed) else { return true };
        entry.soft_deleted = true;
        let gone = world.compute.delete(&entry.certificate).is_ok();
        if gone {
            self.entries.remove(managed);
        }
        gone
    }

    /// Writes the names of certificates on an Ingress; whether that came to its end.
    pub fn sync_ingress(&self, world: &mut World, ingress: &str) -> bool {
        let Some(object) = world.ingresses.get(ingress).cloned() else { return true };
        if !is_gke(&object) {
            return true;
        }
        let named = items(annotation(&object, MANAGED_CERTIFICATES));
        if let Some(missing) = named.iter().find(|one| !world.managed.contains_key(*one)) {
            let message = format!("ManagedCertificate {}:{missing} missing", world.api.namespace());
            world.tell(
                Teller::ManagedCertificates,
                &object,
                ("Warning", "MissingCertificate", &message),
            );
            return false;
        }
        let before = annotation(&object, PRE_SHARED_CERT);
        let mut after: BTreeSet<String> = items(before).into_iter().collect();
        for (managed, entry) in &self.entries {
            if entry.soft_deleted {
                after.remove(&entry.certificate);
            } else if named.contains(managed) {
                after.insert(entry.certificate.clone());
            }
        }
        let after = after.into_iter().collect::<Vec<_>>().join(",");
        if after != before {
            let patch = json!({ "metadata": { "annotations": { PRE_SHARED_CERT: after } } });
            world.patch_ingress(ingress, MANAGER, &patch);
        }
        true
    }
}

/// Has Google hold the certificate for the domains of the ManagedCertificate, and no other.
fn have_certificate(world: &mut World, entry: &mut Entry, object: &Value) -> bool {
    let wanted = domains(object);
    if let Some(held) = world.compute.certificate(&entry.certificate) {
        if held.domains == wanted {
            entry.soft_deleted = false;
            return true;
        }
        entry.soft_deleted = true;
        if let Err(error) = world.compute.delete(&entry.certificate) {
            tell(world, object, ("Warning", "BackendError", &error.text()));
            return false;
        }
        let message = format!("Delete SslCertificate {}", entry.certificate);
        tell(world, object, ("Normal", "Delete", &message));
    }
    entry.soft_deleted = false;
    match world.compute.create_managed(&entry.certificate, &wanted) {
        Ok(()) => {
            let message = format!("Create SslCertificate {}", entry.certificate);
            tell(world, object, ("Normal", "Create", &message));
            true
        }
        Err(ApiError::OverQuota { operation }) => {
            let message = format!(
                "operation operation-{operation} DONE. Status: FORBIDDEN (403), errors: (QUOTA_EXCEEDED: {OVER_QUOTA})"
            );
            tell(world, object, ("Warning", "TooManyCertificates", &message));
            false
        }
        Err(error) => {
            tell(world, object, ("Warning", "BackendError", &error.text()));
            false
        }
    }
}

fn tell(world: &mut World, about: &Value, what: (&'static str, &str, &str)) {
    world.tell(Teller::ManagedCertificates, about, what);
}

/// Writes what Google says of the certificate, if it is news.
fn write_status(world: &mut World, certificate: &str, object: &Value) {
    let Some(held) = world.compute.certificate(certificate) else { return };
    let row = |(domain, status): (&String, &String)| json!({ "domain": domain, "status": status });
    let mut status = json!({
        "certificateName": certificate,
        "domainStatus": held.rows.iter().map(row).collect::<Vec<_>>(),
    });
    if !held.status.is_empty() {
        status["certificateStatus"] = held.status.as_str().into();
    }
    if let Some(expires) = &held.expires {
        status["expireTime"] = expires.as_str().into();
    }
    if object["status"] == status {
        return;
    }
    for key in ["certificateStatus", "expireTime"] {
        if status[key].is_null() && !object["status"][key].is_null() {
            status[key] = Value::Null;
        }
    }
    world.patch_managed(name(object), MANAGER, &json!({ "status": status }));
}

fn domains(object: &Value) -> BTreeSet<String> {
    let domains = object["spec"]["domains"].as_array().into_iter().flatten();
    domains.filter_map(Value::as_str).map(str::to_owned).collect()
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
