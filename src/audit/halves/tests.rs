//! Keys without their certificates and certificates without their keys.

use super::*;
use crate::inventory::testing::{Pair, of_secrets};
use crate::x509::pem;
use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

const ONE: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");
const TWO: &str = include_str!("../../../testdata/pki/ec-p256-02.pem");
const THREE: &str = include_str!("../../../testdata/pki/ec-p256-03.pem");

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pem(pem).expect("the key is good")
}

/// A self-signed certificate of this key: of a host, or else a CA's.
fn made(host: Option<&str>, with: &str) -> String {
    params(host).self_signed(&key(with)).expect("it can be made").pem()
}

fn params(host: Option<&str>) -> CertificateParams {
    let names: Vec<String> = host.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the name is good");
    params.distinguished_name.push(DnType::CommonName, host.unwrap_or("My CA"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn pair<'p>(name: &'p str, crt: &str, key: &'p str) -> Pair<'p> {
    Pair { name, crt: crt.to_owned(), key, ..Pair::default() }
}

fn half(text: &str) -> String {
    text.chars().take(text.len() / 2).collect()
}

/// What would be lost of the Secret `x`.
fn lost(pairs: &[Pair<'_>]) -> String {
    let inventory = of_secrets(pairs);
    let secret = inventory.secret("shop", "x").expect("it was seen");
    match loss(&inventory, &secret.object, &secret.bundle) {
        None => "nothing".to_owned(),
        Some(Loss::KeyOfUnread(_)) => "KeyOfUnread".to_owned(),
        Some(Loss::InOtherForm(it)) => format!("what is in {}", it.what()),
        Some(Loss::KeyOf(other)) => format!("the key of {}", other.name),
        Some(other) => format!("{other:?}"),
    }
}

#[test]
fn a_key_is_lost_unless_its_certificate_can_be_made_again_or_has_it_elsewhere() {
    let (web, api, ca) =
        (made(Some("web.example"), ONE), made(Some("api.example"), TWO), made(None, THREE));
    let mut plain = params(Some("web.example"));
    plain.is_ca = IsCa::NoCa;
    let plain = plain.self_signed(&key(ONE)).expect("it can be made").pem();
    let issuer = Issuer::new(params(None), key(THREE));
    let leaf = params(Some("leaf.example")).signed_by(&key(TWO), &issuer);
    let leaf = leaf.expect("it can be made").pem();
    let encrypted = pem::encode("ENCRYPTED PRIVATE KEY", b"0\0").to_string();
    let cut = half(TWO);
    let twice = base64::engine::general_purpose::STANDARD.encode(TWO);
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n";
    for (pairs, expected) in [
        (vec![pair("x", &web, ONE)], "nothing"),
        (vec![pair("x", &web, "")], "nothing"),
        (vec![pair("x", &web, "prose")], "nothing"),
        (vec![pair("x", &web, "<!doctype html>")], "nothing"),
        (vec![pair("x", &web, &web)], "nothing"),
        (
            vec![pair("x", &web, &twice)],
            "what is in base64 of PEM: in a Secret that is base64 twice",
        ),
        (vec![pair("x", &web, "{\"private_key\": \"x\"}")], "what is in JSON"),
        (vec![pair("x", &web, ssh)], "what is in a key of SSH"),
        // The certificate may be a placeholder, and that of the key still to come.
        (vec![pair("x", &web, TWO)], "KeyOfUnknown"),
        (vec![pair("x", &plain, TWO)], "KeyOfUnknown"),
        (vec![pair("x", &plain, TWO), pair("y", &api, TWO)], "nothing"),
        (vec![pair("x", &ca, THREE)], "nothing"),
        (vec![pair("x", &ca, TWO)], "KeyBesideCa"),
        (vec![pair("x", &leaf, ONE)], "nothing"),
        (vec![pair("x", &format!("{web}{api}"), TWO)], "KeyOfLater(1)"),
        (vec![pair("x", &web, TWO), pair("y", &api, "")], "the key of y"),
        (vec![pair("y", &leaf, ""), pair("x", &web, TWO)], "the key of y"),
        // CA:TRUE may be more than habit.
        (vec![pair("x", &web, TWO), pair("y", &api, TWO)], "KeyOfUnknown"),
        // Both are wrong, and one run might replace both.
        (vec![pair("x", &web, TWO), pair("y", &api, ""), pair("z", &web, TWO)], "the key of y"),
        (vec![pair("x", "", TWO), pair("y", &api, "")], "the key of y"),
        (vec![pair("x", "", TWO)], "KeyAlone"),
        (vec![pair("x", "", TWO), pair("y", &api, TWO)], "nothing"),
        // What cannot be read may be that key's certificate.
        (vec![pair("x", "prose", TWO)], "KeyOfUnread"),
        (vec![pair("x", &half(&web), TWO)], "KeyOfUnread"),
        (vec![pair("x", "prose", TWO), pair("y", &api, TWO)], "nothing"),
        (vec![pair("x", "prose", TWO), pair("y", &api, "")], "the key of y"),
        (vec![pair("x", "prose", &cut)], "KeyOfUnread"),
        (vec![pair("x", "prose", &encrypted)], "KeyOfUnread"),
        (vec![pair("x", "", &encrypted)], "KeyAlone"),
        (vec![pair("x", "prose", "prose")], "nothing"),
        (vec![pair("x", "prose", "")], "nothing"),
    ] {
        let names: Vec<&str> = pairs.iter().map(|pair| pair.name).collect();
        assert_eq!(lost(&pairs), expected, "{names:?}");
    }
}

#[test]
fn the_private_key_of_a_certificate_is_found_where_it_is() {
    let web = made(Some("web.example"), ONE);
    let inventory = of_secrets(&[pair("x", &web, TWO), pair("y", "", ONE)]);
    let secret = inventory.secret("shop", "x").expect("it was seen");
    let holder = own_key_elsewhere(&inventory, &secret.object, &secret.bundle);
    assert_eq!(holder.map(|holder| holder.name.as_str()), Some("y"));
}
