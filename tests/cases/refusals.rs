//! `check` knows what `inspect` knows: whatever certificate an Ingress serves, each client of which
//! the table says that it refuses it is covered by a finding. And it knows what `managed status`
//! knows: whatever keeps a ManagedCertificate from being well is a finding about it.
//!
//! Knows where odd certificates are to be had: the cases of `clients.rs`, `testdata/hostile`, the
//! public vectors. Refuses to judge a certificate itself.

use super::clients::{self, AT};
use super::{hostile, public_vectors};
use certwright::audit::clients::{Client, problems};
use certwright::audit::finding::Severity;
use certwright::audit::policy::Policy;
use certwright::audit::{Context, Platform, Source, audit};
use certwright::inventory::Inventory;
use certwright::inventory::bundle::Bundle;
use certwright::inventory::selection::Selection;
use certwright::object_ref::{Kind, ObjectRef};
use certwright::observation::{
    IngressSeen, MetaSeen, ObjectSeen, Observation, Rule, SecretSeen, TlsEntry,
};
use certwright::redact::Redacted;
use certwright::x509::pem;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tempfile::TempDir;

/// Rules whose findings are for information, and cover a refusal all the same.
const FOR_INFORMATION: &[(&str, &str)] =
    &[("lifetime-too-long", "Apple's clients alone refuse, and say so on their own devices")];

/// A Secret with this pair, named by an Ingress of this class and host.
fn served(certificate: &[u8], key: &[u8], class: &str, host: &str) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    let data = [("tls.crt", certificate), ("tls.key", key)];
    let data = data.into_iter().filter(|(_, value)| !value.is_empty());
    let secret = SecretSeen {
        object: ObjectRef::secret("shop", "odd-tls"),
        meta: MetaSeen::default(),
        secret_type: "kubernetes.io/tls".to_owned(),
        immutable: false,
        data: data.map(|(name, value)| (name.to_owned(), Redacted::new(value.to_vec()))).collect(),
        not_base64: Vec::new(),
    };
    let entry = TlsEntry { hosts: vec![host.to_owned()], secret_name: Some("odd-tls".to_owned()) };
    let ingress = IngressSeen {
        default_backend: None,
        object: ObjectRef::ingress("shop", "odd"),
        meta: MetaSeen::default(),
        class_name: Some(class.to_owned()),
        rules: vec![Rule::of_host(host)],
        tls: vec![entry],
        addresses: Vec::new(),
    };
    inventory.absorb(Observation::Secret(secret), &SystemRandom::new());
    inventory.absorb(Observation::Ingress(ingress), &SystemRandom::new());
    inventory
}

/// What is not as it should be: refusals that nothing covers, and what is said twice.
fn complaints(label: &str, certificate: &[u8], key: &[u8], host: &str) -> (usize, Vec<String>) {
    let inventory = served(certificate, key, "nginx", host);
    let policy = Policy::default();
    let context =
        Context { now: AT, policy: &policy, platform: Platform::Other, source: Source::Cluster };
    let report = audit(&inventory, &context);
    let secret = inventory.secret("shop", "odd-tls").expect("it was absorbed");
    let told: BTreeMap<&str, Severity> =
        report.findings.iter().map(|finding| (finding.rule, finding.severity)).collect();
    let ours = report.findings.iter().find(|finding| finding.rule == "client-refuses");
    let mut complaints = Vec::new();
    let mut refused: BTreeSet<Client> = BTreeSet::new();
    for problem in problems(&secret.bundle, AT) {
        let clients = problem.who.iter().filter(|client| **client != Client::GkeLoadBalancer);
        let clients: Vec<Client> = clients.copied().collect();
        if clients.is_empty() {
            continue;
        }
        refused.extend(clients);
        let counts = |rule: &&&str| {
            let informs = FOR_INFORMATION.iter().any(|(known, _)| *known == **rule);
            told.get(**rule).is_some_and(|severity| *severity > Severity::Info || informs)
        };
        let elsewhere = problem.told_by.iter().find(counts);
        let by_us = ours.is_some_and(|finding| finding.message.contains(&problem.why));
        match (elsewhere, by_us) {
            (None, false) => complaints.push(format!("{label}: not told: {}", problem.why)),
            (Some(rule), true) => {
                complaints.push(format!("{label}: told by {rule} too: {}", problem.why));
            }
            (Some(_), false) | (None, true) => {}
        }
    }
    (refused.len(), complaints)
}

/// Tries them all, and expects that many to be refused by somebody.
fn try_all(all: impl Iterator<Item = (String, Vec<u8>, Vec<u8>, String)>, refused_at_least: usize) {
    let (mut refused, mut wrong) = (0, Vec::new());
    for (label, certificate, key, host) in all {
        let (clients, complaints) = complaints(&label, &certificate, &key, &host);
        refused += usize::from(clients > 0);
        wrong.extend(complaints);
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused >= refused_at_least, "only {refused} are refused by anybody");
}

#[test]
fn what_a_client_refuses_is_a_finding_of_the_secret_that_is_served() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = clients::cases(folder.path());
    let read = |case: &clients::Case, name: &str| {
        fs::read(case.folder.join(name)).expect("it was written")
    };
    let all = cases.iter().map(|case| {
        (case.label.clone(), read(case, "tls.crt"), read(case, "tls.key"), case.host.clone())
    });
    try_all(all, 80);
}

#[test]
fn what_a_client_refuses_of_a_hostile_file_is_a_finding() {
    try_all(of_files(hostile::files().into_values()), 10);
}

#[test]
fn what_a_client_refuses_of_a_public_test_file_is_a_finding() {
    let test = "what_a_client_refuses_of_a_public_test_file_is_a_finding";
    let Some(folder) = public_vectors::vectors(test) else { return };
    try_all(of_files(public_vectors::files(&folder).into_iter()), 200);
}

/// The certificates of these files as they would stand in a Secret, without their keys.
fn of_files(
    files: impl Iterator<Item = std::path::PathBuf>,
) -> impl Iterator<Item = (String, Vec<u8>, Vec<u8>, String)> {
    files.filter_map(|path| {
        let text = pem::of_file(&fs::read(&path).ok()?).expose().to_vec();
        let bundle = Bundle::of_pair(Some(&text), None, &SystemRandom::new());
        let host = clients::host_of(bundle.leaf()?);
        Some((path.display().to_string(), text, Vec::new(), host))
    })
}

/// How a ManagedCertificate stands: its status, that of its domain, which domain that is, and the
/// class of the Ingress that names it, by annotation and by field; none names it without any.
type ManagedStatus<'s> = (&'s str, &'s str, &'s str, Option<(&'s str, &'s str)>);

fn every_standing() -> Vec<ManagedStatus<'static>> {
    let mut all = Vec::new();
    for status in [
        "",
        "Provisioning",
        "Active",
        "ProvisioningFailed",
        "ProvisioningFailedPermanently",
        "RenewalFailed",
        "New",
    ] {
        for of_domain in [
            "Provisioning",
            "Active",
            "FailedNotVisible",
            "FailedCaaChecking",
            "FailedCaaForbidden",
            "FailedRateLimited",
            "New",
        ] {
            for domain in ["a.example", "old.example", ""] {
                for class in [
                    None,
                    Some(("gce", "")),
                    Some(("", "")),
                    Some(("nginx", "")),
                    Some(("", "nginx")),
                    Some(("gce-internal", "")),
                ] {
                    all.push((status, of_domain, domain, class));
                }
            }
        }
    }
    all
}

fn with_managed(standing: ManagedStatus<'_>) -> Inventory {
    let (status, of_domain, domain, class) = standing;
    let mut written = json!({ "certificateName": "mcrt-1" });
    if !status.is_empty() {
        written["certificateStatus"] = status.into();
    }
    if !domain.is_empty() {
        written["domainStatus"] = json!([{ "domain": domain, "status": of_domain }]);
    }
    let mut inventory = Inventory::new(Selection::default());
    let meta = MetaSeen { created: Some(AT - time::Duration::days(3)), ..MetaSeen::default() };
    let managed = ObjectSeen {
        object: ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web"),
        meta,
        head: Value::Null,
        spec: json!({ "domains": ["a.example"] }),
        status: written,
    };
    inventory.absorb(Observation::Object(managed), &SystemRandom::new());
    let Some((annotated, named)) = class else { return inventory };
    let annotations = [
        ("networking.gke.io/managed-certificates", "web"),
        ("kubernetes.io/ingress.class", annotated),
    ];
    let annotations = annotations.into_iter().filter(|(_, value)| !value.is_empty());
    let meta = MetaSeen {
        annotations: annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        ..MetaSeen::default()
    };
    let class_name = (!named.is_empty()).then(|| named.to_owned());
    let object = ObjectRef::ingress("shop", "web");
    let seen = IngressSeen {
        default_backend: None,
        object,
        meta,
        class_name,
        rules: vec![Rule::of_host("a.example")],
        tls: Vec::new(),
        addresses: Vec::new(),
    };
    inventory.absorb(Observation::Ingress(seen), &SystemRandom::new());
    inventory.absorb(Observation::GoogleKinds, &SystemRandom::new());
    inventory
}

#[test]
fn whatever_managed_status_tells_is_a_finding_about_the_certificate() {
    let policy = Policy::default();
    let context =
        Context { now: AT, policy: &policy, platform: Platform::Auto, source: Source::Cluster };
    let mut well = 0;
    for standing in every_standing() {
        let inventory = with_managed(standing);
        let statuses = certwright::plan::managed::statuses(&inventory);
        let told = statuses[0].hopeless().is_some() || !statuses[0].managed.is_active();
        let report = audit(&inventory, &context);
        let managed = &statuses[0].facts.object;
        let found: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.object == *managed || finding.related.contains(managed))
            .filter(|finding| finding.severity > Severity::Info)
            .map(|finding| finding.rule)
            .collect();
        assert!(!told || !found.is_empty(), "{standing:?}");
        well += usize::from(!told);
    }
    assert!(well >= 2, "nothing is ever well");
}
