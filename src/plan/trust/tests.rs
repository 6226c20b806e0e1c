//! What each object that hands out trust becomes, and which of them may not be written: by table.

use super::bundle::{Anchor, Wanted, patch};
use super::targets::find;
use super::*;
use crate::inventory::selection::Selection;
use crate::inventory::testing::trust_bundle as seen;
use crate::object_ref::Kind;
use crate::observation::{MetaSeen, Observation, TrustBundleSeen};
use crate::x509::cert::{self, Certificate};
use crate::x509::digest;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
const KEY: &str = include_str!("../../../testdata/pki/ed25519.pem");

/// A self-signed certificate for this host that ends with a year.
fn der(host: &str, year: i32) -> Vec<u8> {
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("ASCII");
    params.not_before = rcgen::date_time_ymd(year - 2, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 12, 31);
    let key = KeyPair::from_pem(KEY).expect("the key is good");
    params.self_signed(&key).expect("it can be made").der().to_vec()
}

fn facts(der: &[u8]) -> Certificate {
    cert::read(der).expect("it is one").0
}

fn text(ders: &[&[u8]]) -> String {
    ders.iter().map(|der| crate::x509::pem::encode("CERTIFICATE", der).to_string()).collect()
}

#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
fn inventory(seen: TrustBundleSeen) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    inventory.absorb(Observation::TrustBundle(seen), &SystemRandom::new());
    inventory
}

fn config_map() -> ObjectRef {
    ObjectRef::namespaced(Kind::ConfigMap, "shop", "trust")
}

#[test]
fn a_bundle_gets_what_is_wanted_in_the_order_of_bytes_and_loses_what_has_expired() {
    let (old, new) = (der("old.example", 2026), der("new.example", 2027));
    let (other, expired) = (der("other.example", 2030), der("gone.example", 2025));
    let (old_facts, new_facts) = (facts(&old), facts(&new));
    let both = vec![
        Anchor { certificate: &old_facts, der: &old },
        Anchor { certificate: &new_facts, der: &new },
    ];
    let publish = Wanted { with: both.clone(), without: None, now: NOW };
    let retire = Wanted { with: vec![both[1]], without: Some(digest::sha256(&old)), now: NOW };
    let sorted = |ders: &[&[u8]]| {
        let mut ders = ders.to_vec();
        ders.sort_unstable();
        ders.dedup();
        text(&ders)
    };
    for (what, before, wanted, expected) in [
        ("the old one", vec![&old], &publish, Some(sorted(&[&old, &new]))),
        ("nothing", vec![], &publish, Some(sorted(&[&old, &new]))),
        ("another beside", vec![&other, &old], &publish, Some(sorted(&[&old, &new, &other]))),
        ("one that has ended", vec![&expired, &old], &publish, Some(sorted(&[&old, &new]))),
        ("one twice", vec![&old, &old], &publish, Some(sorted(&[&old, &new]))),
        // What is right is not written, in whatever order it stands.
        ("both", vec![&new, &old], &publish, None),
        ("both, the other way", vec![&old, &new], &publish, None),
        ("both and one that has ended", vec![&old, &expired, &new], &publish, None),
        ("both, to be retired", vec![&old, &new], &retire, Some(sorted(&[&new]))),
        ("retired already", vec![&new, &other], &retire, None),
    ] {
        let ders: Vec<&[u8]> = before.iter().map(|der| der.as_slice()).collect();
        let inventory = inventory(seen(
            &config_map(),
            &[("ca.crt", text(&ders)), ("unrelated", "kept".to_owned())],
            MetaSeen { resource_version: Some("7".to_owned()), ..MetaSeen::default() },
        ));
        let found = find(&inventory, &config_map().key("ca.crt"), &[], false).expect(what);
        let patch = patch(found.bundle, &found.values(), wanted);
        let data = patch.as_ref().map(|patch| patch.patch["data"].clone());
        let written = expected.map(|text| serde_json::json!({ "ca.crt": text }));
        assert_eq!(data, written, "{what}");
        assert!(patch.is_none_or(|patch| patch.resource_version.as_deref() == Some("7")));
    }
}

#[test]
fn of_webhooks_those_alone_are_patched_that_hold_the_old_one() {
    let (old, new) = (der("old.example", 2026), der("new.example", 2027));
    let (old_facts, new_facts) = (facts(&old), facts(&new));
    let hook = ObjectRef {
        namespace: None,
        ..ObjectRef::namespaced(Kind::ValidatingWebhookConfiguration, "", "hook")
    };
    let other = text(&[&der("other.example", 2030)]);
    let values = [
        ("webhooks[0].clientConfig.caBundle", other),
        ("webhooks[2].clientConfig.caBundle", text(&[&old])),
    ];
    let entries = ["a.x", "b.x", "c.x"].map(str::to_owned).to_vec();
    let inventory =
        inventory(TrustBundleSeen { entries, ..seen(&hook, &values, MetaSeen::default()) });
    let found = find(&inventory, &hook, &[digest::sha256(&old)], false).expect("it is good");
    let with = vec![
        Anchor { certificate: &old_facts, der: &old },
        Anchor { certificate: &new_facts, der: &new },
    ];
    let wanted = Wanted { with, without: None, now: NOW };
    let patch = patch(found.bundle, &found.values(), &wanted).expect("it is to be patched");
    assert!(patch.strategic);
    let hooks = patch.patch["webhooks"].as_array().expect("a list");
    let told: Vec<_> =
        hooks.iter().map(|it| (it["name"].as_str(), it.get("clientConfig").is_some())).collect();
    assert_eq!(told, [(Some("a.x"), false), (Some("b.x"), false), (Some("c.x"), true)]);
}

#[test]
fn what_would_be_undone_or_lost_is_refused() {
    let old = der("old.example", 2026);
    let one = || vec![("ca.crt", text(&[&old]))];
    let marked = |key: &str| MetaSeen {
        annotations: [(key.to_owned(), "x/y".to_owned())].into(),
        ..MetaSeen::default()
    };
    let labelled = |key: &str, value: &str| MetaSeen {
        labels: [(key.to_owned(), value.to_owned())].into(),
        ..MetaSeen::default()
    };
    let plain = MetaSeen::default;
    let private =
        format!("{}-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", text(&[&old]));
    for (what, values, meta, immutable, expected) in [
        ("good", one(), plain(), false, "ca.crt"),
        ("empty", vec![], plain(), false, "ca.crt"),
        ("one key of another name", vec![("root.pem", text(&[&old]))], plain(), false, "root.pem"),
        (
            "two, one with the old one",
            vec![("a.pem", text(&[&der("x.example", 2030)])), ("b.pem", text(&[&old]))],
            plain(),
            false,
            "b.pem",
        ),
        (
            "two with it",
            vec![("a.pem", text(&[&old])), ("b.pem", text(&[&old]))],
            plain(),
            false,
            "ambiguous: several of its keys hold certificates: a.pem, b.pem",
        ),
        ("immutable", one(), plain(), true, "immutable: it is immutable"),
        (
            "injected",
            one(),
            marked("cert-manager.io/inject-ca-from"),
            false,
            "owned: cert-manager's cainjector fills it in",
        ),
        (
            "a bundle of trust-manager",
            one(),
            labelled("trust.cert-manager.io/bundle", "b"),
            false,
            "owned: trust-manager fills it in",
        ),
        (
            "of Helm",
            one(),
            MetaSeen {
                annotations: [("meta.helm.sh/release-name".to_owned(), "shop".to_owned())].into(),
                ..labelled("app.kubernetes.io/managed-by", "Helm")
            },
            false,
            "owned: Helm release shop owns it",
        ),
        (
            "broken",
            vec![(
                "ca.crt",
                "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n".to_owned(),
            )],
            plain(),
            false,
            "other-content: ca.crt in it cannot be written again",
        ),
        (
            "with a key",
            vec![("ca.crt", private)],
            plain(),
            false,
            "other-content: ca.crt in it cannot be written again: a private key stands in it",
        ),
    ] {
        let inventory =
            inventory(TrustBundleSeen { immutable, ..seen(&config_map(), &values, meta) });
        let told = match find(&inventory, &config_map(), &[digest::sha256(&old)], false) {
            Ok(found) => found.object.key.map(String::from).unwrap_or_default(),
            Err(no) => format!("{}: {}", no.reason.code(), no.message),
        };
        assert!(told.starts_with(expected), "{what}: {told}");
    }
}

#[test]
fn a_ca_that_follows_is_called_otherwise() {
    for (old, expected) in [
        ("Corp CA", "Corp CA 2026-11-21"),
        ("Corp CA 2016-11-21", "Corp CA 2026-11-21"),
        ("Corp CA 2026-11-21", "Corp CA 2026-11-21b"),
        ("Corp CA 2026-11-20b", "Corp CA 2026-11-21"),
        (&"x".repeat(64), &format!("{} 2026-11-21", "x".repeat(53))),
    ] {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("ASCII");
        params.distinguished_name.push(rcgen::DnType::CommonName, old);
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "Corp");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::from_pem(KEY).expect("the key is good");
        let old = facts(params.self_signed(&key).expect("it can be made").der());
        let profile = authority::profile(&old, (None, None), NOW).expect("it can be made");
        let named: Vec<&str> = profile.subject.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(named, ["Corp", expected]);
        assert!(profile.authority);
    }
}
