//! Chains that no CA would issue, signed all the same: a leaf, its intermediate and a root, of
//! which a test changes what it likes.
//!
//! Knows a few keys and how they sign. Refuses to know what clients make of the result.
#![expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]

use super::der::{self, ECDSA_SHA256, Parts, extension, name, oid, sequence, tlv};
use certwright::x509::key::PrivateKey;
use certwright::x509::{digest, pem};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

/// The host of every leaf.
pub const HOST: &str = "leaf.example";

/// Keys, PEM: of the leaf, of the intermediate, of the root, then others.
pub const KEYS: [&str; 5] = [
    include_str!("../../testdata/pki/ec-p256-01.pem"),
    include_str!("../../testdata/pki/ec-p256-02.pem"),
    include_str!("../../testdata/pki/ec-p256-03.pem"),
    include_str!("../../testdata/pki/rsa-1024.pem"),
    include_str!("../../testdata/pki/ed25519.pem"),
];
/// The place of an RSA key of 1024 bits.
pub const RSA_1024: usize = 3;
/// The place of an Ed25519 key.
pub const ED25519: usize = 4;

/// One certificate to be.
pub struct Forged {
    /// Everything that is signed, but the algorithm.
    pub parts: Parts,
    /// The algorithm inside.
    pub inner: Vec<u8>,
    /// The algorithm outside.
    pub outer: Vec<u8>,
    /// Which of [`KEYS`] signs.
    pub signer: usize,
}

impl Forged {
    /// A leaf for [`HOST`], issued by `Inter`, with these extensions besides its names.
    pub fn leaf(extensions: &[Vec<u8>]) -> Self {
        let names = extension(SAN, false, &sequence(&[&dns(HOST.as_bytes())]));
        Self::new("leaf.example", 0, "Inter", 1, &[&[names], extensions].concat())
    }

    /// A leaf for [`HOST`], issued by `Inter`, with these names.
    pub fn named(names: &[Vec<u8>]) -> Self {
        let names = extension(SAN, false, &sequence(&[&names.concat()]));
        Self::new("leaf.example", 0, "Inter", 1, &[names])
    }

    /// An intermediate, issued by `Root`.
    pub fn inter(extensions: &[Vec<u8>]) -> Self {
        Self::new("Inter", 1, "Root", 2, extensions)
    }

    /// Any certificate, by the places of its keys in [`KEYS`].
    pub fn new(
        subject: &str,
        key: usize,
        issuer: &str,
        signer: usize,
        extensions: &[Vec<u8>],
    ) -> Self {
        let algorithm = match signer {
            RSA_1024 => sequence(&[&oid("1.2.840.113549.1.1.11"), &tlv(5, &[])]),
            ED25519 => sequence(&[&oid(OID_ED25519)]),
            _ => sequence(&[&oid(ECDSA_SHA256)]),
        };
        let parts = Parts {
            version: Some(2),
            serial: vec![0x11, u8::try_from(subject.len()).expect("it is short"), 0x33],
            issuer: called(0x0c, issuer.as_bytes()),
            dates: dates(b"\x17\x0d260101000000Z", b"\x17\x0d270601000000Z"),
            subject: called(0x0c, subject.as_bytes()),
            key: public_key(key),
            extensions: extensions.concat(),
        };
        Self { parts, inner: algorithm.clone(), outer: algorithm, signer }
    }

    /// Changed like this.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The certificate, signed.
    pub fn der(&self) -> Vec<u8> {
        let to_be_signed = der::to_be_signed(&self.parts, &self.inner);
        let signature = signature(self.signer, &to_be_signed);
        sequence(&[&to_be_signed, &self.outer, &tlv(3, &[&[0], &signature])])
    }

    /// The same as PEM.
    pub fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der()).to_string()
    }
}

/// The root that clients trust.
pub fn root() -> Forged {
    Forged::new("Root", 2, "Root", 2, &[ca(None), key_usage(0x06)])
}

/// subjectAltName.
pub const SAN: &str = "2.5.29.17";

/// A dNSName.
pub fn dns(name: &[u8]) -> Vec<u8> {
    tlv(0x82, &[name])
}

/// A common name with a value of this tag.
pub fn called(tag: u8, value: &[u8]) -> Vec<u8> {
    name(&[("2.5.4.3", tlv(tag, &[value]))])
}

/// notBefore and notAfter.
pub fn dates(from: &[u8], to: &[u8]) -> Vec<u8> {
    [from, to].concat()
}

/// basicConstraints of a CA, with a path length.
pub fn ca(path_length: Option<u8>) -> Vec<u8> {
    let length = path_length.map(|length| tlv(2, &[&[length]])).unwrap_or_default();
    extension("2.5.29.19", true, &sequence(&[&tlv(1, &[&[0xff]]), &length]))
}

/// keyUsage of one byte.
pub fn key_usage(bits: u8) -> Vec<u8> {
    let unused = u8::try_from(bits.trailing_zeros().min(7)).expect("at most 7");
    extension("2.5.29.15", true, &tlv(3, &[&[unused, bits]]))
}

/// extKeyUsage of these OIDs.
pub fn extended(usages: &[&str]) -> Vec<u8> {
    let usages: Vec<u8> = usages.iter().flat_map(|usage| oid(usage)).collect();
    extension("2.5.29.37", false, &sequence(&[&usages]))
}

const OID_ED25519: &str = "1.3.101.112";

fn key(place: usize) -> PrivateKey {
    PrivateKey::from_pem(KEYS[place].as_bytes()).expect("the key is good")
}

fn p256(place: usize) -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let made = EcdsaKeyPair::from_pkcs8(algorithm, key(place).pkcs8().expose(), &random);
    made.expect("it is of P-256")
}

fn ed25519() -> Ed25519KeyPair {
    let made = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key(ED25519).pkcs8().expose());
    made.expect("it is of Ed25519")
}

/// ring makes nothing with so small a key.
fn rsa_1024() -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_der(key(RSA_1024).pkcs8().expose()).expect("it is of RSA")
}

fn signature(signer: usize, message: &[u8]) -> Vec<u8> {
    match signer {
        RSA_1024 => {
            let digest = tlv(4, &[&digest::sha256(message)]);
            let algorithm = sequence(&[&oid("2.16.840.1.101.3.4.2.1"), &tlv(5, &[])]);
            let info = sequence(&[&algorithm, &digest]);
            rsa_1024().sign(Pkcs1v15Sign::new_unprefixed(), &info).expect("RSA signs it")
        }
        ED25519 => ed25519().sign(message).as_ref().to_vec(),
        place => {
            let made = p256(place).sign(&SystemRandom::new(), message);
            made.expect("P-256 signs anything").as_ref().to_vec()
        }
    }
}

/// `SubjectPublicKeyInfo` of one of [`KEYS`].
pub fn public_key(place: usize) -> Vec<u8> {
    let (algorithm, bits) = match place {
        RSA_1024 => {
            let bits = rsa_1024().to_public_key().to_pkcs1_der().expect("it is good");
            let algorithm = sequence(&[&oid("1.2.840.113549.1.1.1"), &tlv(5, &[])]);
            (algorithm, bits.as_bytes().to_vec())
        }
        ED25519 => (sequence(&[&oid(OID_ED25519)]), ed25519().public_key().as_ref().to_vec()),
        place => (
            sequence(&[&oid("1.2.840.10045.2.1"), &oid("1.2.840.10045.3.1.7")]),
            p256(place).public_key().as_ref().to_vec(),
        ),
    };
    sequence(&[&algorithm, &tlv(3, &[&[0], &bits])])
}
