//! What is made of handshakes, by table.

use super::*;
use crate::audit::policy::Policy;
use crate::audit::{self, Context, Platform, RULES, Source};
use crate::inventory::served::testing::{Did, HOST, World, serves_one};
use crate::observation::handshake::FailureKind;
use crate::x509::pem;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};
use time::OffsetDateTime;
use time::macros::datetime;

/// A self-signed certificate, DER.
fn made(cn: &str, names: &[&str], from: OffsetDateTime, until: OffsetDateTime) -> Vec<u8> {
    let key = KeyPair::from_pem(include_str!("../../../testdata/pki/ed25519.pem"));
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, cn);
    params.not_before = from;
    params.not_after = until;
    let san = |name: &&str| SanType::DnsName((*name).try_into().expect("ASCII"));
    params.subject_alt_names = names.iter().map(san).collect();
    let made = params.self_signed(&key.expect("the key is good"));
    made.expect("it can be made").der().to_vec()
}

fn of_year(year: i32) -> Vec<u8> {
    let at = |year| {
        OffsetDateTime::new_utc(
            time::Date::from_calendar_date(year, time::Month::January, 1).expect("a date"),
            time::Time::MIDNIGHT,
        )
    };
    made(HOST, &[HOST], at(year), at(year + 2))
}

fn traefik() -> Vec<u8> {
    let names = ["0a.1b.traefik.default"];
    made(
        "TRAEFIK DEFAULT CERT",
        &names,
        datetime!(2026-01-01 0:00 UTC),
        datetime!(2027-01-01 0:00 UTC),
    )
}

fn nginx() -> Vec<u8> {
    let name = "Kubernetes Ingress Controller Fake Certificate";
    made(name, &["ingress.local"], datetime!(2026-01-01 0:00 UTC), datetime!(2027-01-01 0:00 UTC))
}

/// What the served rules say, one `code severity: message` a line, and whether it is settled.
fn check(world: &World) -> (Vec<String>, bool) {
    let inventory = world.inventory();
    let policy = Policy::default();
    let context = Context {
        now: datetime!(2026-11-21 0:00 UTC),
        policy: &policy,
        platform: Platform::Other,
        source: Source::Cluster,
    };
    let report = audit::audit(&inventory, &context);
    let served = report.findings.iter().filter(|found| found.rule.starts_with("served-"));
    let line = |found: &audit::finding::Finding| {
        format!("{} {}: {}", found.rule, found.severity, found.message)
    };
    (served.map(line).collect(), Progress::of(&inventory).is_done())
}

const GRPC: (&str, &str) = ("nginx.ingress.kubernetes.io/backend-protocol", "GRPC");
const MANAGED: (&str, &str) = ("networking.gke.io/managed-certificates", "m");

#[expect(clippy::too_many_lines, reason = "a table")]
/// Each case: its name, the world, the begin of each finding, whether waiting would end.
fn cases() -> Vec<(&'static str, World, Vec<&'static str>, bool)> {
    let root = made("Root", &[], datetime!(2020-01-01 0:00 UTC), datetime!(2040-01-01 0:00 UTC));
    let world = World::of;
    let stored = || of_year(2026);
    let without_tls_version = |did| World { annotations: vec![GRPC], ..world(stored(), vec![did]) };
    let managed = |status, did| World {
        managed: Some(status),
        annotations: vec![MANAGED],
        ..world(stored(), vec![did])
    };
    vec![
        ("as stored", world(stored(), vec![serves_one(stored())]), vec![], true),
        (
            "an older one",
            world(stored(), vec![serves_one(of_year(2025)), serves_one(stored())]),
            vec![
                "served-differs error: 192.0.2.1:443 (1 of 2 addresses) serves an older certificate for the same names",
            ],
            false,
        ),
        (
            "the one before, as ca.crt still has it",
            World {
                ca_crt: vec![made(
                    "x",
                    &["x.example"],
                    datetime!(2026-01-01 0:00 UTC),
                    datetime!(2028-01-01 0:00 UTC),
                )],
                ..world(
                    stored(),
                    vec![serves_one(made(
                        "x",
                        &["x.example"],
                        datetime!(2026-01-01 0:00 UTC),
                        datetime!(2028-01-01 0:00 UTC),
                    ))],
                )
            },
            vec![
                "served-differs error: 192.0.2.1:443 serves an older certificate",
                "served-name-mismatch error: 192.0.2.1:443 serves a certificate that does not name a.example: it names x.example",
            ],
            false,
        ),
        (
            "another, of another name, expired",
            world(
                stored(),
                vec![serves_one(made(
                    "b",
                    &["b.example"],
                    datetime!(2020-01-01 0:00 UTC),
                    datetime!(2021-01-01 0:00 UTC),
                ))],
            ),
            vec![
                "served-differs error: 192.0.2.1:443 serves another certificate",
                "served-expired error: 192.0.2.1:443 serves a certificate for a.example that expired on 2021-01-01",
                "served-name-mismatch error",
            ],
            false,
        ),
        (
            "Traefik's default",
            world(stored(), vec![serves_one(traefik())]),
            vec![
                "served-default-certificate error: 192.0.2.1:443 serves Traefik's default certificate for a.example: what is stored is right",
            ],
            false,
        ),
        (
            "ingress-nginx's fake, for want of the Secret",
            World { stored: None, ..world(stored(), vec![serves_one(nginx())]) },
            vec![
                "served-default-certificate error: 192.0.2.1:443 serves ingress-nginx's default certificate for a.example: secret/web does not exist",
            ],
            false,
        ),
        (
            "the leaf without its intermediate, but a root is no loss",
            World {
                stored: Some(vec![
                    stored(),
                    pem::blocks(include_bytes!("../../../testdata/pki/intermediate-ca.crt.pem"))
                        .remove(0)
                        .der
                        .expect("good")
                        .expose()
                        .to_vec(),
                    root,
                ]),
                ..world(stored(), vec![serves_one(stored())])
            },
            vec![
                "served-differs warning: 192.0.2.1:443 serves the certificate of secret/web for a.example without 1 of its chain",
            ],
            true,
        ),
        (
            "refused at one of two",
            world(stored(), vec![serves_one(stored()), Did::Failed(FailureKind::Refused)]),
            vec![
                "served-unreachable warning: no TLS for a.example at 192.0.2.2:443: it went wrong",
            ],
            false,
        ),
        (
            "no address",
            World { addresses: false, ..world(stored(), vec![]) },
            vec!["served-unreachable warning: it has no address yet"],
            false,
        ),
        (
            "an alert while Google issues",
            managed("Provisioning", Did::Failed(FailureKind::Alert(40))),
            vec![
                "served-unreachable info: a.example has no certificate at 192.0.2.1:443 yet: its ManagedCertificate m is Provisioning",
            ],
            false,
        ),
        (
            "a timeout while Google issues is still a timeout",
            managed("Provisioning", Did::Failed(FailureKind::Timeout)),
            vec!["served-unreachable warning: no TLS"],
            false,
        ),
        ("Google's, which names the host", managed("Active", serves_one(stored())), vec![], true),
        (
            "Google's frontends disagree",
            World {
                did: vec![serves_one(of_year(2025)), serves_one(stored())],
                ..managed("Active", Did::Failed(FailureKind::Reset))
            },
            vec!["served-differs warning: its addresses disagree about a.example"],
            true,
        ),
        (
            "gRPC behind a front without h2",
            without_tls_version(Did::Served(vec![stored()], Some("http/1.1"))),
            vec!["served-no-h2 warning: 192.0.2.1:443 chooses http/1.1 for a.example and not h2"],
            true,
        ),
        ("gRPC behind a front with h2", without_tls_version(serves_one(stored())), vec![], true),
        ("no gRPC, no h2", world(stored(), vec![Did::Served(vec![stored()], None)]), vec![], true),
    ]
}

#[test]
fn what_is_served_is_told_beside_what_is_stored() {
    for (name, world, expected, settled) in cases() {
        let (found, is_settled) = check(&world);
        assert_eq!(found.len(), expected.len(), "{name}: {found:#?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(found.starts_with(expected), "{name}: {found}\nexpected {expected}");
        }
        assert_eq!(is_settled, settled, "{name}");
    }
}

/// Handshakes are in no scenario folder: here every rule about them fires and stays silent.
#[test]
fn every_served_rule_fires_in_some_case_and_is_silent_in_another() {
    let reports: Vec<Vec<String>> = cases().iter().map(|(_, world, ..)| check(world).0).collect();
    for rule in RULES.iter().filter(|rule| rule.code.starts_with("served-")) {
        let fires = |report: &&Vec<String>| {
            report.iter().any(|found| found.split(' ').next() == Some(rule.code))
        };
        let firing = reports.iter().filter(fires).count();
        assert!(firing > 0 && firing < reports.len(), "{} fires in {firing}", rule.code);
    }
}
