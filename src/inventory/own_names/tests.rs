//! Pairs under keys of their own names.

use super::*;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::ObjectRef;
use crate::observation::{MetaSeen, Observation, SecretSeen};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use ring::rand::SystemRandom;

const CA: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");
const ONE: &str = include_str!("../../../testdata/pki/ec-p256-02.pem");
const TWO: &str = include_str!("../../../testdata/pki/ec-p256-03.pem");
const LOCKED: &str = include_str!("../../../testdata/pki/encrypted-pkcs8.pem");

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pem(pem).expect("the key is good")
}

fn params(name: &str, is_ca: bool) -> CertificateParams {
    let names = if name.contains('.') { vec![name.to_owned()] } else { Vec::new() };
    let mut params = CertificateParams::new(names).expect("the name is good");
    params.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

/// PEM of a certificate by the CA of this name, for this host.
fn issued(host: &str, ca: &str, with: &str) -> String {
    let issuer = Issuer::new(params(ca, true), key(CA));
    params(host, false).signed_by(&key(with), &issuer).expect("it can be made").pem()
}

fn self_signed(name: &str, with: &str) -> String {
    params(name, true).self_signed(&key(with)).expect("it can be made").pem()
}

/// What is told of a Secret with these values, for these hosts.
fn told(values: &[(&str, &str)], hosts: &[&str]) -> String {
    let value = |text: &str| Redacted::new(text.as_bytes().to_vec());
    let seen = SecretSeen {
        object: ObjectRef::secret("shop", "x"),
        meta: MetaSeen::default(),
        secret_type: "Opaque".to_owned(),
        immutable: false,
        data: values.iter().map(|(key, text)| ((*key).to_owned(), value(text))).collect(),
        not_base64: Vec::new(),
    };
    let mut inventory = Inventory::new(Selection::default());
    inventory.absorb(Observation::Secret(seen), &SystemRandom::new());
    let secret = inventory.secret("shop", "x").expect("it was seen");
    match secret.by_name(hosts) {
        ByName::Pair { certificate, key } => format!("{certificate}+{key}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_certificate_whose_key_is_there_is_chosen_and_never_a_ca() {
    let (ca, leaf) = (self_signed("My CA", CA), issued("one.example", "My CA", ONE));
    let named_ca = self_signed("ca.one.example", CA);
    let of_named = issued("one.example", "ca.one.example", ONE);
    let mine = self_signed("one.example", ONE);
    let other = issued("two.example", "My CA", TWO);
    let (full, both) = (format!("{leaf}{ca}"), format!("{ONE}{leaf}"));
    for (values, hosts, expected) in [
        (
            vec![("ca.key", CA), ("server.crt", &*leaf), ("server.key", ONE), ("ca.crt", &*ca)],
            &[][..],
            "server.crt+server.key",
        ),
        (
            vec![("a-ca.pem", &*ca), ("b.pem", &*leaf), ("a-key.pem", CA), ("b-key.pem", ONE)],
            &[],
            "b.pem+b-key.pem",
        ),
        (
            vec![
                ("a-ca.pem", &*named_ca),
                ("b.pem", &*of_named),
                ("a-key.pem", CA),
                ("b-key.pem", ONE),
            ],
            &[],
            "b.pem+b-key.pem",
        ),
        (
            vec![("bundle.crt", &*ca), ("server.crt", &*leaf), ("server.key", ONE)],
            &[],
            "server.crt+server.key",
        ),
        (vec![("cacert", &*ca), ("cert", &*leaf), ("key", ONE)], &[], "cert+key"),
        (
            vec![
                ("cert.pem", &*leaf),
                ("chain.pem", &*ca),
                ("fullchain.pem", &*full),
                ("privkey.pem", ONE),
            ],
            &[],
            "fullchain.pem+privkey.pem",
        ),
        (
            vec![("a.crt", &*leaf), ("a.key", ONE), ("b.crt", &*other), ("b.key", TWO)],
            &["two.example"],
            "b.crt+b.key",
        ),
        (
            vec![("a.crt", &*leaf), ("a.key", ONE), ("b.crt", &*other), ("b.key", TWO)],
            &["one.example"],
            "a.crt+a.key",
        ),
        (
            vec![("a.crt", &*full), ("a.key", ONE), ("b.crt", &*other), ("b.key", TWO)],
            &["two.example"],
            "b.crt+b.key",
        ),
        (
            vec![("a.crt", &*leaf), ("a.key", ONE), ("b.crt", &*other), ("b.key", TWO)],
            &[],
            "Several([(\"a.crt\", \"a.key\"), (\"b.crt\", \"b.key\")])",
        ),
        // openssl req -x509: CA:TRUE, and a leaf.
        (vec![("server.crt", &*mine), ("server.key", ONE)], &[], "server.crt+server.key"),
        (vec![("haproxy.pem", &*both)], &[], "haproxy.pem+haproxy.pem"),
        (vec![("server.crt", &*leaf), ("tls.key", ONE)], &[], "server.crt+tls.key"),
        (vec![("server.crt", &*leaf), ("tls.key", TWO)], &[], "NoneBelong([\"tls.key\"])"),
        (vec![("pay.crt", &*leaf), ("pay.key", TWO)], &[], "NoneBelong([\"pay.key\"])"),
        (vec![("pay.crt", &*leaf)], &[], "CertificateAlone(\"pay.crt\")"),
        (vec![("pay.key", ONE)], &[], "KeyAlone(\"pay.key\")"),
        (vec![("ca.crt", &*ca), ("ca.key", CA)], &[], "Neither"),
        (
            vec![("ca.crt", &*ca), ("ca.key", CA), ("pay.crt", &*leaf)],
            &[],
            "CertificateAlone(\"pay.crt\")",
        ),
        (
            vec![("pay.crt", &*leaf), ("pay.key", LOCKED)],
            &[],
            "Unreadable { certificate: \"pay.crt\", key: \"pay.key\" }",
        ),
    ] {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        assert_eq!(told(&values, hosts), expected, "{names:?} {hosts:?}");
    }
}

#[test]
fn a_certificate_whose_key_stands_beside_it_is_there_to_be_shown_and_not_to_be_trusted() {
    let mine = self_signed("one.example", ONE);
    let trusted = |values: &[(&str, &str)]| {
        let value = |text: &str| Redacted::new(text.as_bytes().to_vec());
        let data = values.iter().map(|(key, text)| ((*key).to_owned(), value(text))).collect();
        trusted(&data, None, &SystemRandom::new()).len()
    };
    assert_eq!(trusted(&[("ca.pem", &mine)]), 1);
    assert_eq!(trusted(&[("ca.pem", &mine), ("client.key", TWO)]), 1);
    assert_eq!(trusted(&[("server.crt", &mine), ("server.key", ONE)]), 0);
    assert_eq!(trusted(&[("server.crt", &issued("one.example", "My CA", ONE))]), 0);
}
