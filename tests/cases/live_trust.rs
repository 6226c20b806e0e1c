//! Trust that overlaps, on a real API server: a self-signed certificate and a private CA are rolled without
//! anybody being locked out, by one command or several, whoever stops in the middle.

mod cut;
mod harm;
mod stages;

use crate::support::live::{Live, bundle, value};
use certwright::x509::cert::Certificate;
use certwright::x509::{cert, pem};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// A self-signed certificate in a Secret, and a ConfigMap by which clients trust it.
fn pinned(live: &Live, name: &str) {
    live.run(&["issue", "web.example", "--key-type=p256", "--secret", name]).expect_code(0);
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let file = folder.path().join("ca.crt");
    fs::write(&file, value(&live.secret(name), "tls.crt")).expect("the folder can be written");
    let from = format!("--from-file=ca.crt={}", file.display());
    live.kubectl(&["create", "configmap", name, &from]);
}

/// The fingerprints of the certificates in a PEM text.
fn sums(text: &[u8]) -> BTreeSet<String> {
    let ders = pem::blocks(text).into_iter().filter_map(|block| block.der.ok());
    ders.map(|der| cert::read(der.expose()).expect("a certificate").0.fingerprint()).collect()
}

/// What a ConfigMap hands out.
fn handed_out(live: &Live, name: &str) -> BTreeSet<String> {
    let ran = live.kubectl(&["get", "configmap", name, "-o", "json"]);
    let map: Value = serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON");
    sums(map["data"]["ca.crt"].as_str().unwrap_or_default().as_bytes())
}

/// The fingerprint of what a Secret holds.
fn holds(live: &Live, name: &str) -> String {
    bundle(&live.secret(name)).leaf().map(Certificate::fingerprint).unwrap_or_default()
}

/// Whether the namespace has a Secret of this name.
fn is_there(live: &Live, name: &str) -> bool {
    live.versions().iter().any(|(known, _)| known == name)
}
