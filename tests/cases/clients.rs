//! The table of clients under a certificate, held against the clients themselves: Go's TLS client,
//! OpenSSL and rustls-webpki judge every pair of the scenarios about certificates.
//!
//! Knows how each is asked. What browsers, Google's load balancer and gRPC's Python package do
//! was measured by hand; the table says so of them, and nothing here.

use crate::support::witness;
use certwright::audit::clients::{self, Client};
use certwright::inventory::bundle::Bundle;
use certwright::x509::cert::{Certificate, San};
use certwright::x509::key::Pairing;
use certwright::x509::name;
use k8s_openapi::api::core::v1::Secret;
use ring::rand::SystemRandom;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

/// The instant every scenario is judged at.
const AT: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

const SCENARIOS: &[&str] = &[
    "usages",
    "weak-crypto",
    "serials",
    "san-malformed",
    "trailing-data",
    "guide",
    "guide-rotated",
    "key-types",
    "key-mismatch",
    "lifetimes",
    "expired",
    "not-yet-valid",
    "to-the-second",
    "no-expiry-date",
    "pem-oddities",
    "cn-only",
    "wildcard",
    "chain",
    "chains",
];

/// Pairs whose issuer no client can find, which `chain-incomplete` tells: the table supposes that
/// the issuer is trusted.
const NO_PATH: &[&str] = &[
    "chains.gap-tls",
    "chains.logged-tls",
    "chains.bare-tls",
    "chains.by-lone-tls",
    // OpenSSL takes the first of two twins and looks no further; which is right depends on the root.
    "chains.crossed-tls",
];

struct Case {
    label: String,
    bundle: Bundle,
    host: String,
    folder: PathBuf,
}

impl Case {
    fn leaf(&self) -> &Certificate {
        self.bundle.leaf().expect("cases have a certificate")
    }

    /// What the table says of this client: why it refuses, or nothing.
    fn table(&self, client: Client) -> Option<String> {
        let verdicts = clients::verdicts(&self.bundle, AT);
        let verdict = verdicts.into_iter().find(|verdict| verdict.client == client);
        let reasons = verdict.map(|verdict| verdict.reasons).unwrap_or_default();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// Every pair of the scenarios that has a certificate for hosts, each in a folder of its own.
fn cases(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for scenario in SCENARIOS {
        let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(scenario);
        for name in ["secret.yaml", "secrets.yaml"] {
            let Ok(text) = fs::read_to_string(input.join("in").join(name)) else { continue };
            for document in text.split("---\n") {
                let secret: Secret = serde_saphyr::from_str(document).expect("it is a Secret");
                cases.extend(case(root, scenario, secret));
            }
        }
    }
    assert!(cases.len() > 60, "only {} pairs were found", cases.len());
    cases
}

fn case(root: &Path, scenario: &str, secret: Secret) -> Option<Case> {
    let label = format!("{scenario}.{}", secret.metadata.name.unwrap_or_default());
    let data = secret.data.unwrap_or_default();
    let value = |key: &str| data.get(key).map(|value| value.0.as_slice());
    let bundle = Bundle::of_pair(value("tls.crt"), value("tls.key"), &SystemRandom::new());
    if clients::verdicts(&bundle, AT).is_empty() || NO_PATH.contains(&label.as_str()) {
        return None;
    }
    let folder = root.join(&label);
    fs::create_dir(&folder).expect("it can be made");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("it can be written");
    };
    let leaf = bundle.leaf()?;
    let anchor = if leaf.self_signed { value("tls.crt")? } else { ROOT.as_bytes() };
    let host = host_of(leaf);
    write("tls.crt", value("tls.crt")?);
    write("tls.key", value("tls.key")?);
    write("root.pem", anchor);
    write("host", host.as_bytes());
    Some(Case { label, bundle, host, folder })
}

const ROOT: &str = include_str!("../../testdata/pki/root-ca.crt.pem");

/// A host the certificate is for: one that its SAN names, else its common name, else some host.
fn host_of(leaf: &Certificate) -> String {
    let alive = leaf.names.iter().find_map(|name| match name {
        San::Dns(text) if name::dead_dns_name(text).is_none() => Some(text.replacen('*', "www", 1)),
        San::Ip(address) => Some(address.to_string()),
        _ => None,
    });
    let common_name = || leaf.common_names().find(|text| name::is_host_name(text));
    alive.or_else(|| common_name().map(str::to_owned)).unwrap_or("some.host.example".to_owned())
}

/// Compares the table with what the client itself said, for every case it was asked about.
fn compare(client: Client, cases: &[Case], told: &BTreeMap<String, Option<String>>) {
    let differs = |case: &&Case| {
        told.get(&case.label).is_some_and(|told| told.is_some() != case.table(client).is_some())
    };
    let differing: Vec<String> = cases
        .iter()
        .filter(differs)
        .map(|case| {
            format!(
                "{} for {}: the table says {:?}, {} says {:?}",
                case.label,
                case.host,
                case.table(client),
                client.as_str(),
                told[&case.label]
            )
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    let refused = told.values().filter(|told| told.is_some()).count();
    assert!(refused >= 10 && told.len() - refused >= 20, "{refused} of {} refused", told.len());
}

#[test]
fn the_table_says_of_go_what_go_does() {
    let test = "the_table_says_of_go_what_go_does";
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = cases(folder.path());
    let Some(told) = witness::go_clients(test, folder.path(), AT.unix_timestamp()) else { return };
    assert_eq!(told.len(), cases.len(), "every case is judged");
    compare(Client::Go, &cases, &told);
}

#[test]
fn the_table_says_of_openssl_what_openssl_does() {
    let test = "the_table_says_of_openssl_what_openssl_does";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = cases(folder.path());
    let at = AT.unix_timestamp().to_string();
    let mut told = BTreeMap::new();
    for case in &cases {
        // `openssl verify` sees neither the key nor what else would keep a server from starting.
        let unseen = case.leaf().trailing_bytes > 0 || !case.bundle.damaged.is_empty();
        if case.bundle.pairing == Pairing::Differs || unseen {
            continue;
        }
        let path = |name: &str| case.folder.join(name).display().to_string();
        let by = if case.host.parse::<std::net::IpAddr>().is_ok() {
            "-verify_ip"
        } else {
            "-verify_hostname"
        };
        // Level 2 is what the library's users get on Debian and Ubuntu.
        let verify = ["verify", "-auth_level", "2", "-purpose", "sslserver", "-attime", &at];
        let files = ["-CAfile", &path("root.pem"), "-untrusted", &path("tls.crt")];
        let about = [by, &case.host, &path("tls.crt")];
        let answer = openssl.ask(&[&verify[..], &files[..], &about[..]].concat());
        told.insert(case.label.clone(), answer.err());
    }
    compare(Client::OpenSsl, &cases, &told);
}

#[test]
fn the_table_says_of_rustls_what_webpki_does() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = cases(folder.path());
    let mut told = BTreeMap::new();
    for case in cases.iter().filter(|case| case.bundle.pairing != Pairing::Differs) {
        told.insert(case.label.clone(), webpki_refuses(case).err());
    }
    compare(Client::Rustls, &cases, &told);
}

fn webpki_refuses(case: &Case) -> Result<(), String> {
    let wrong = |error: webpki::Error| format!("{error:?}");
    let read = |name: &str| -> Result<Vec<CertificateDer<'static>>, String> {
        let text = fs::read(case.folder.join(name)).expect("it was written");
        CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    };
    let (chain, roots) = (read("tls.crt")?, read("root.pem")?);
    let (Some(_), Some(_)) = (chain.first(), roots.first()) else {
        return Err("there is no certificate in it".to_owned());
    };
    let anchor = webpki::anchor_from_trusted_cert(&roots[0]).map_err(wrong)?;
    let leaf = webpki::EndEntityCert::try_from(&chain[0]).map_err(wrong)?;
    let at = u64::try_from(AT.unix_timestamp()).unwrap_or_default();
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        &chain[1..],
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(at)),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    )
    .map_err(wrong)?;
    let host = ServerName::try_from(case.host.as_str()).map_err(|error| error.to_string())?;
    leaf.verify_is_valid_for_subject_name(&host).map_err(wrong)
}
