//! A private key, as PEM or as DER under each label: it is read or refused, and pairs with a
//! stranger's public key never.
#![no_main]

use certwright_fuzz::x509::key::{Pairing, PrivateKey};
use certwright_fuzz::x509::key_kind::Curve;
use certwright_fuzz::x509::public_key::PublicKey;
use certwright_fuzz::x509::pem;
use libfuzzer_sys::fuzz_target;
use ring::rand::SystemRandom;

fuzz_target!(|bytes: &[u8]| {
    ask(bytes);
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        ask(pem::encode(label, bytes).as_bytes());
    }
});

fn ask(pem: &[u8]) {
    let Ok(key) = PrivateKey::from_pem(pem) else { return };
    let _ = (key.public_id(), key.key_type(), key.to_pem(), format!("{key:?}"));
    let nobodys = [
        PublicKey::Rsa { modulus: vec![0xb5; 256], exponent: vec![3], pss: false },
        PublicKey::Ec { curve: Some(Curve::P256), point: vec![4; 65] },
        PublicKey::Ed25519(vec![7; 32]),
    ];
    for public in nobodys {
        assert_ne!(key.pairs_with(&public, &SystemRandom::new()), Pairing::Match);
    }
}
