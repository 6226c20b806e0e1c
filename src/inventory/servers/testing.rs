//! Inventories for tests, written as lines: a Secret or an Ingress each.

use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::ObjectRef;
use crate::observation::{IngressSeen, MetaSeen, Observation, Rule, SecretSeen, TlsEntry};
use crate::redact::Redacted;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use std::collections::BTreeMap;
use time::macros::datetime;

/// A Secret `NAME` of namespace `shop` for each line `NAME: HOST…`, and an Ingress for each
/// `NAME CLASS AGE RULE,RULE = HOST,HOST>SECRET ; … | KEY=VALUE`, where AGE is in days, or `-`.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
pub(crate) fn inventory(lines: &[&str]) -> Inventory {
    let random = SystemRandom::new();
    let mut inventory = Inventory::new(Selection::default());
    for line in lines {
        let seen = match line.split_once(": ") {
            Some((name, hosts)) => Observation::Secret(secret(name, hosts)),
            None => Observation::Ingress(ingress(line)),
        };
        inventory.absorb(seen, &random);
    }
    inventory
}

/// A TLS Secret whose certificate signs itself and names these hosts.
pub(crate) fn secret(name: &str, hosts: &str) -> SecretSeen {
    let key = KeyPair::from_pem(include_str!("../../../testdata/pki/ed25519.pem"));
    let hosts: Vec<String> = hosts.split(' ').map(str::to_owned).collect();
    let params = CertificateParams::new(hosts).expect("names that a SAN can hold");
    let made = params.self_signed(&key.expect("the key is good")).expect("it can be made");
    let key = include_bytes!("../../../testdata/pki/ed25519.pem").to_vec();
    SecretSeen {
        object: ObjectRef::secret("shop", name),
        meta: MetaSeen::default(),
        secret_type: "kubernetes.io/tls".to_owned(),
        immutable: false,
        data: BTreeMap::from([
            ("tls.crt".to_owned(), Redacted::new(made.pem().into_bytes())),
            ("tls.key".to_owned(), Redacted::new(key)),
        ]),
        not_base64: Vec::new(),
    }
}

/// An Ingress of such a line.
pub(crate) fn ingress(line: &str) -> IngressSeen {
    let (line, annotations) = line.split_once(" | ").unwrap_or((line, ""));
    let (head, tls) = line.split_once(" = ").unwrap_or((line, ""));
    let words: Vec<&str> = head.split(' ').collect();
    let list = |text: &str| {
        text.split(',').filter(|host| !host.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let entries = tls.split(" ; ").filter(|entry| !entry.is_empty()).map(|entry| {
        let (hosts, secret) = entry.split_once('>').expect("HOSTS>SECRET");
        let secret_name = Some(secret.to_owned()).filter(|name| !name.is_empty());
        TlsEntry { hosts: list(hosts), secret_name }
    });
    let annotation = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    };
    let age = words[2].parse::<i64>().ok();
    let now = datetime!(2026-11-20 00:00 UTC);
    IngressSeen {
        object: ObjectRef::ingress("shop", words[0]),
        meta: MetaSeen {
            annotations: annotations.split(' ').filter_map(annotation).collect(),
            created: age.map(|days| now - time::Duration::days(days)),
            ..MetaSeen::default()
        },
        class_name: Some(words[1].to_owned()).filter(|class| class != "-"),
        rules: list(words[3]).into_iter().map(Rule::of_host).collect(),
        default_backend: None,
        tls: entries.collect(),
        addresses: Vec::new(),
    }
}
