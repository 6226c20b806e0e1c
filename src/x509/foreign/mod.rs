//! What stands where a certificate or a private key should: a request, a list, a store, a key of
//! another trade, base64 once too often, a placeholder, a web page.
//!
//! Knows how such things begin, and the way out of each. Refuses to read them.

#[cfg(test)]
mod tests;
mod text;
mod thing;

use super::cert;
use super::pem::{self, Block, Label};
use super::pkcs12;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use text::text;
use thing::Thing;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

/// What stands where certificates or a private key were expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    thing: Thing,
    /// Layers of base64 around it.
    layers: u8,
}

/// PEM labels of what is no certificate and no private key for TLS.
const LABELS: [(&str, Thing); 16] = [
    ("CERTIFICATE REQUEST", Thing::Request),
    ("NEW CERTIFICATE REQUEST", Thing::Request),
    ("X509 CRL", Thing::Revoked),
    ("PKCS7", Thing::Pkcs7),
    ("CMS", Thing::Pkcs7),
    ("PKCS12", Thing::Pkcs12),
    ("PUBLIC KEY", Thing::PublicKey),
    ("RSA PUBLIC KEY", Thing::PublicKey),
    ("DH PARAMETERS", Thing::DhParameters),
    ("X9.42 DH PARAMETERS", Thing::DhParameters),
    ("DSA PARAMETERS", Thing::DsaParameters),
    ("EC PARAMETERS", Thing::EcParameters),
    ("SSH2 PUBLIC KEY", Thing::Ssh),
    ("PGP PUBLIC KEY BLOCK", Thing::Pgp),
    ("PGP PRIVATE KEY BLOCK", Thing::Pgp),
    ("PGP MESSAGE", Thing::Pgp),
];

impl Foreign {
    /// A private key as ssh-keygen writes it.
    pub const OPEN_SSH: Self = Self { thing: Thing::Ssh, layers: 0 };

    /// What it is, for people, to be said after "it is".
    #[must_use]
    pub fn what(self) -> String {
        let what = self.thing.what();
        match (self.layers, self.thing) {
            (0, _) => what.to_owned(),
            (1, Thing::Pem | Thing::CertificatePem | Thing::KeyPem) => {
                format!("base64 of {what}: in a Secret that is base64 twice")
            }
            (1, Thing::CertificateDer) => "base64 without the lines -----BEGIN CERTIFICATE----- \
                                           and -----END CERTIFICATE----- (a certificate in DER)"
                .to_owned(),
            (1, Thing::KeyDer) => "base64 without the lines -----BEGIN PRIVATE KEY----- and \
                                   -----END PRIVATE KEY----- (a private key in DER)"
                .to_owned(),
            (1, _) => format!("base64 of {what}"),
            (layers, _) => format!("{what} under {layers} layers of base64 more than it should be"),
        }
    }

    /// What to do about it: an order, for people.
    #[must_use]
    pub fn remedy(self) -> String {
        let remedy = self.thing.remedy();
        match (self.layers, self.thing) {
            (0, _) => remedy.to_owned(),
            (1, Thing::CertificateDer | Thing::KeyDer) => {
                "put the BEGIN and END lines around it, each on a line of its own".to_owned()
            }
            (1, Thing::Pem) => "decode it once more with base64 -d".to_owned(),
            (layers, Thing::Pem) => format!("decode it {layers} times more with base64 -d"),
            (1, _) => format!("decode it with base64 -d, then {remedy}"),
            (layers, _) => format!("decode it {layers} times with base64 -d, then {remedy}"),
        }
    }

    /// PEM in the place of its base64, as under `data` of a manifest; none where it is no PEM.
    #[must_use]
    pub fn not_encoded(text: &[u8]) -> Option<Self> {
        let is_pem = pem::blocks(text).iter().any(|block| block.der.is_ok());
        is_pem.then_some(Self { thing: Thing::NotEncoded, layers: 0 })
    }

    /// What is wrong with base64 of PEM that a decoder which keeps to RFC 4648 §4 has refused; none
    /// where it is something else.
    #[must_use]
    pub fn spoilt_base64(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        // It may be a key: no buffer of it grows and leaves a copy behind.
        let mut bare = Zeroizing::new(Vec::with_capacity(text.len()));
        bare.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
        while bare.last() == Some(&b'=') {
            bare.pop();
        }
        // No number of whole bytes ends in one character; it is the first of a group that was cut.
        let groups = if bare.len() % 4 == 1 { bare.len() - 1 } else { bare.len() };
        bare.truncate(groups);
        let mut inside = Zeroizing::new(vec![0; bare.len()]);
        let plain = LENIENT.decode_slice(bare.as_slice(), &mut inside).ok();
        let is_plain = plain.is_some();
        let length =
            plain.or_else(|| LENIENT_FOR_URLS.decode_slice(bare.as_slice(), &mut inside).ok())?;
        inside.truncate(length);
        if !inside.windows(BEGIN.len()).any(|at| at == BEGIN) {
            return None;
        }
        let thing = if !is_plain {
            Thing::UrlBase64
        } else if text.iter().any(|byte| b" \t".contains(byte)) {
            Thing::SpacedBase64
        } else {
            Thing::CutBase64
        };
        Some(Self { thing, layers: 0 })
    }

    /// Whether what was meant can be got out of it.
    #[must_use]
    pub const fn can_be_converted(self) -> bool {
        matches!(
            self.thing,
            Thing::Pem
                | Thing::NotEncoded
                | Thing::CertificateDer
                | Thing::KeyDer
                | Thing::Pkcs7
                | Thing::Pkcs12
                | Thing::JavaStore
                | Thing::Utf16
                | Thing::Archive
                | Thing::Json
                | Thing::VaultAnswer
                | Thing::DamagedMarks
        )
    }

    /// Whether a private key may be in it, in whatever form.
    #[must_use]
    pub const fn may_hold_a_key(self) -> bool {
        self.can_be_converted() && !matches!(self.thing, Thing::CertificateDer | Thing::Pkcs7)
            || self.is_for_others()
            || matches!(
                self.thing,
                Thing::SpacedBase64
                    | Thing::CutBase64
                    | Thing::UrlBase64
                    | Thing::Manifest
                    | Thing::Encrypted
            )
    }

    /// Whether it is a key for something else than TLS.
    #[must_use]
    pub const fn is_for_others(self) -> bool {
        matches!(self.thing, Thing::Ssh | Thing::Pgp)
    }

    /// Whether it is encrypted text, which who applies it decrypts.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        matches!(self.thing, Thing::Encrypted)
    }

    /// Whether it is a private key, in whatever form.
    #[must_use]
    pub const fn is_private_key(self) -> bool {
        matches!(self.thing, Thing::KeyPem | Thing::KeyDer)
    }

    /// Whether it is a certificate, in whatever form.
    #[must_use]
    pub const fn is_certificate(self) -> bool {
        matches!(self.thing, Thing::CertificatePem | Thing::CertificateDer)
    }
}

/// What the file is, when it holds nothing that could be a certificate or a private key. Nothing
/// where that is not known.
#[must_use]
pub fn what(bytes: &[u8]) -> Option<Foreign> {
    let blocks = pem::blocks(bytes);
    let ours = |block: &Block| block.label == Label::Certificate || block.label.is_private_key();
    if blocks.iter().any(ours) {
        return None;
    }
    let thing = thing(bytes, &blocks, MAX_LAYERS)?;
    let own = thing.layers == 0 && matches!(thing.thing, Thing::CertificateDer | Thing::KeyDer);
    (!own).then_some(thing)
}

/// What stands where certificates were expected and none could be read.
#[must_use]
pub fn instead_of_certificates(bytes: &[u8]) -> Option<Foreign> {
    let blocks = pem::blocks(bytes);
    if blocks.iter().any(|block| block.label == Label::Certificate) {
        return None;
    }
    if blocks.iter().any(|block| block.label.is_private_key()) {
        return Some(Foreign { thing: Thing::KeyPem, layers: 0 });
    }
    thing(bytes, &blocks, MAX_LAYERS)
}

/// What stands where a private key was expected and there is none.
#[must_use]
pub fn instead_of_key(bytes: &[u8]) -> Option<Foreign> {
    let blocks = pem::blocks(bytes);
    if blocks.iter().any(|block| block.label.is_private_key()) {
        return None;
    }
    if blocks.iter().any(|block| block.label == Label::Certificate) {
        return Some(Foreign { thing: Thing::CertificatePem, layers: 0 });
    }
    thing(bytes, &blocks, MAX_LAYERS)
}

/// How a block is called that is no certificate and no private key.
#[must_use]
pub fn of_label(label: &str) -> Option<&'static str> {
    let found = LABELS.iter().find(|(known, _)| *known == label);
    found.map(|(_, thing)| thing.what())
}

/// How many layers of base64 are looked under.
const MAX_LAYERS: u8 = 3;

fn thing(bytes: &[u8], blocks: &[Block], layers: u8) -> Option<Foreign> {
    let plain = |thing| Foreign { thing, layers: 0 };
    if !blocks.is_empty() {
        let labelled = |(label, thing): &(&str, Thing)| {
            blocks.iter().any(|block| block.label.as_str() == *label).then_some(*thing)
        };
        return LABELS.iter().find_map(labelled).map(plain);
    }
    let known = begins(bytes).or_else(|| der(bytes)).or_else(|| text(bytes));
    known.map(plain).or_else(|| under_base64(bytes, layers))
}

fn begins(bytes: &[u8]) -> Option<Thing> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => Some(Thing::JavaStore),
        // Without a byte order mark, every other byte of a BEGIN line is nought.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'-', 0, b'-', ..] | [b'-', 0, b'-', 0, ..] => {
            Some(Thing::Utf16)
        }
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => Some(Thing::Archive),
        store if pkcs12::is_store(store) => Some(Thing::Pkcs12),
        _ => None,
    }
}

fn der(bytes: &[u8]) -> Option<Thing> {
    /// id-signedData (RFC 5652 §5.1).
    const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    if bytes.first() != Some(&0x30) {
        return None;
    }
    let begin = &bytes[..bytes.len().min(20)];
    if begin.windows(SIGNED_DATA.len()).any(|at| at == SIGNED_DATA) {
        return Some(Thing::Pkcs7);
    }
    let reads = |read: bool, what| read.then_some(what);
    let is_key = || pem::label_of_der(bytes).is_some_and(|label| label.ends_with("PRIVATE KEY"));
    reads(X509CertificationRequest::from_der(bytes).is_ok(), Thing::Request)
        .or_else(|| reads(CertificateRevocationList::from_der(bytes).is_ok(), Thing::Revoked))
        .or_else(|| reads(SubjectPublicKeyInfo::from_der(bytes).is_ok(), Thing::PublicKey))
        .or_else(|| reads(cert::read(bytes).is_ok(), Thing::CertificateDer))
        .or_else(|| reads(is_key(), Thing::KeyDer))
}

/// How every PEM block begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// Base64 as people write it: with or without `=`, line breaks and blanks anywhere.
const LENIENT: GeneralPurpose = lenient(&alphabet::STANDARD);
const LENIENT_FOR_URLS: GeneralPurpose = lenient(&alphabet::URL_SAFE);

const fn lenient(alphabet: &alphabet::Alphabet) -> GeneralPurpose {
    GeneralPurpose::new(
        alphabet,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    )
}

/// What is in it, where it is all base64.
fn under_base64(bytes: &[u8], layers: u8) -> Option<Foreign> {
    let left = layers.checked_sub(1)?;
    let written = |byte: &u8| !byte.is_ascii_whitespace() && !b"\"'\\".contains(byte);
    let count = bytes.iter().filter(|byte| written(byte)).count();
    // It may be a key: no buffer of it grows and leaves a copy behind.
    let mut body = Zeroizing::new(Vec::<u8>::with_capacity(count));
    body.extend(bytes.iter().filter(|byte| written(byte)));
    if count < 32 || !body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    {
        return None;
    }
    let mut inside = Zeroizing::new(vec![0; count]);
    let length = LENIENT.decode_slice(body.as_slice(), &mut inside).ok()?;
    inside.truncate(length);
    let blocks = pem::blocks(&inside);
    let ours = |block: &Block| block.label == Label::Certificate || block.label.is_private_key();
    let found = if blocks.iter().any(ours) {
        Foreign { thing: Thing::Pem, layers: 0 }
    } else {
        thing(&inside, &blocks, left)?
    };
    let told = !matches!(found.thing, Thing::Path | Thing::Placeholder | Thing::Reference);
    told.then_some(Foreign { layers: found.layers + 1, ..found })
}
