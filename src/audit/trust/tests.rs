//! What clients are to pin, by table of what a Secret holds.

use super::*;
use crate::inventory::served::testing::World;
use crate::x509::digest;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

const ROOT: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");
const INTERMEDIATE: &str = include_str!("../../../testdata/pki/ec-p256-02.pem");
const OTHER: &str = include_str!("../../../testdata/pki/ec-p256-03.pem");
const LEAF: &str = include_str!("../../../testdata/pki/ed25519.pem");

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pem(pem).expect("the key is good")
}

fn params(name: &str) -> CertificateParams {
    let is_host = name.contains('.');
    let names = if is_host { vec![name.to_owned()] } else { Vec::new() };
    let mut params = CertificateParams::new(names).expect("ASCII");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = if is_host { IsCa::NoCa } else { IsCa::Ca(BasicConstraints::Unconstrained) };
    params
}

fn self_signed(name: &str, with: &str) -> Vec<u8> {
    params(name).self_signed(&key(with)).expect("it can be made").der().to_vec()
}

/// A certificate of this name and key, signed by the CA of that name and key.
fn signed(name: &str, with: &str, (ca, ca_key): (&str, &str)) -> Vec<u8> {
    let issuer = Issuer::new(params(ca), key(ca_key));
    params(name).signed_by(&key(with), &issuer).expect("it can be made").der().to_vec()
}

#[test]
fn the_top_of_what_is_stored_is_pinned() {
    let own = self_signed("a.example", LEAF);
    let (root, renewed) = (self_signed("Root", ROOT), self_signed("Root", OTHER));
    let stranger = self_signed("Stranger", OTHER);
    let intermediate = signed("Middle", INTERMEDIATE, ("Root", ROOT));
    let leaf = signed("a.example", LEAF, ("Root", ROOT));
    let below = signed("a.example", LEAF, ("Middle", INTERMEDIATE));
    let known = [
        (&own, "own"),
        (&root, "root"),
        (&renewed, "renewed root"),
        (&stranger, "stranger"),
        (&intermediate, "intermediate"),
        (&leaf, "leaf"),
        (&below, "leaf below"),
    ];
    let name = |pinned: &[u8; 32]| {
        let found = known.iter().find(|(der, _)| digest::sha256(der) == *pinned);
        found.map_or("unknown", |(_, name)| *name)
    };
    for (stored, ca_crt, expected) in [
        (vec![&own], vec![], "own: the self-signed certificate itself"),
        (vec![&own], vec![&root], "own: the self-signed certificate itself"),
        (vec![&leaf], vec![&root], "root: the CA CN=Root, from ca.crt"),
        (vec![&leaf], vec![&root, &renewed], "root, renewed root: the CA CN=Root, from ca.crt"),
        (vec![&below, &intermediate], vec![&root], "root: the CA CN=Root, from ca.crt"),
        (vec![&below], vec![&intermediate], "intermediate: the CA CN=Middle, from ca.crt"),
        (
            vec![&below, &intermediate],
            vec![],
            "intermediate: the CA CN=Middle, the last of the chain",
        ),
        (
            vec![&leaf],
            vec![&stranger],
            "leaf: the certificate itself, since its issuer CN=Root is not in the Secret; Go and rustls want that issuer's",
        ),
        (vec![], vec![&root], "unknown"),
    ] {
        let copied = |ders: &[&Vec<u8>]| ders.iter().map(|der| (*der).clone()).collect::<Vec<_>>();
        let world = World {
            stored: Some(copied(&stored)),
            ca_crt: copied(&ca_crt),
            ..World::of(Vec::new(), Vec::new())
        };
        let inventory = world.inventory();
        let told = match trust(inventory.secret("shop", "web").expect("it was seen")) {
            Trust::Public => "public".to_owned(),
            Trust::Unknown => "unknown".to_owned(),
            Trust::Pin(pin) => {
                let pinned: Vec<&str> = pin.certificates.iter().map(name).collect();
                format!("{}: {}", pinned.join(", "), pin.what)
            }
        };
        assert_eq!(told, expected);
    }
}
