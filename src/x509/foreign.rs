//! What a file is that people take for a certificate: a request, a list, a store, a key of another
//! trade.
//!
//! Knows how such files begin. Refuses to read them.

use super::pem::{self, Label};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::SubjectPublicKeyInfo;

const REQUEST: &str =
    "a certificate request (PKCS#10), which certwright issue --from-csr or a CA signs";
const REVOKED: &str = "a list of revoked certificates (CRL)";
const PKCS7: &str =
    "PKCS#7, out of which openssl pkcs7 -print_certs (-inform DER for DER) takes the certificates";
const PKCS12: &str =
    "a PKCS#12 store, out of which openssl pkcs12 -nodes takes certificate and key";
const PUBLIC_KEY: &str = "a public key";
const JAVA: &str = "a Java key store, out of which keytool -exportcert -rfc takes the certificate";
const SSH: &str = "a key of SSH";
const PGP: &str = "a block of OpenPGP";

/// PEM labels of what is no certificate and no private key for TLS.
const LABELS: [(&str, &str); 12] = [
    ("CERTIFICATE REQUEST", REQUEST),
    ("NEW CERTIFICATE REQUEST", REQUEST),
    ("X509 CRL", REVOKED),
    ("PKCS7", PKCS7),
    ("PKCS12", PKCS12),
    ("PUBLIC KEY", PUBLIC_KEY),
    ("RSA PUBLIC KEY", PUBLIC_KEY),
    ("DH PARAMETERS", "Diffie-Hellman parameters"),
    ("EC PARAMETERS", "the name of a curve, without a key"),
    ("SSH2 PUBLIC KEY", SSH),
    ("PGP PUBLIC KEY BLOCK", PGP),
    ("PGP PRIVATE KEY BLOCK", PGP),
];

/// What the file is, when it holds nothing that could be a certificate: for people, to be said
/// after "it is". Nothing where that is not known.
#[must_use]
pub fn what(bytes: &[u8]) -> Option<&'static str> {
    let blocks = pem::blocks(bytes);
    let labelled = |(label, what): &(&str, &'static str)| {
        blocks.iter().any(|block| block.label.as_str() == *label).then_some(*what)
    };
    if blocks.iter().any(|block| block.label == Label::Certificate || block.label.is_private_key())
    {
        return None;
    }
    if !blocks.is_empty() {
        return LABELS.iter().find_map(labelled);
    }
    begins(bytes).or_else(|| der(bytes)).or_else(|| bare(bytes))
}

fn begins(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => Some(JAVA),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("text in UTF-16: write it as UTF-8"),
        // SEQUENCE, then a version 3 and a SEQUENCE (RFC 7292 §4).
        [0x30, 0x82, _, _, 2, 1, 3, 0x30, ..] => Some(PKCS12),
        _ if bytes.starts_with(b"ssh-") || bytes.starts_with(b"ecdsa-sha2-") => Some(SSH),
        _ => None,
    }
}

fn der(bytes: &[u8]) -> Option<&'static str> {
    /// id-signedData (RFC 5652 §5.1).
    const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    if bytes.first() != Some(&0x30) {
        return None;
    }
    let begin = &bytes[..bytes.len().min(20)];
    if begin.windows(SIGNED_DATA.len()).any(|at| at == SIGNED_DATA) {
        return Some(PKCS7);
    }
    let reads = |read: bool, what| read.then_some(what);
    reads(X509CertificationRequest::from_der(bytes).is_ok(), REQUEST)
        .or_else(|| reads(CertificateRevocationList::from_der(bytes).is_ok(), REVOKED))
        .or_else(|| reads(SubjectPublicKeyInfo::from_der(bytes).is_ok(), PUBLIC_KEY))
}

/// Base64 of DER, without the lines around it.
fn bare(bytes: &[u8]) -> Option<&'static str> {
    const BARE: &str =
        "base64 without the lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----";
    let text = || bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    // It may be a key: no more of it is decoded than what tells.
    let begin: Vec<u8> = text().copied().take(64).collect();
    let decoded = BASE64_STANDARD.decode(begin).ok()?;
    if !text().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)) {
        return None;
    }
    matches!(decoded.as_slice(), [0x30, 0x81..=0x84, ..]).then_some(BARE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    const CERTIFICATE: &str = include_str!("../../testdata/pki/root-ca.crt.pem");
    const KEY: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const STORE: &[u8] = include_bytes!("../../testdata/pki/keystore-ce27607b.p12");

    fn der(pem: &str) -> Vec<u8> {
        pem::blocks(pem.as_bytes()).remove(0).der.expect("the PEM is good").expose().to_vec()
    }

    #[test]
    fn what_people_take_for_a_certificate_is_called_by_its_name() {
        let key = KeyPair::from_pem(KEY).expect("the key is good");
        let request = CertificateParams::default().serialize_request(&key).expect("it can be made");
        let request = request.pem().expect("it can be encoded");
        let public = key.public_key_pem();
        let bare = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>();
        let utf16: Vec<u8> = "\u{feff}text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, known) in [
            (request.as_bytes(), "a certificate request (PKCS#10)"),
            (&der(&request), "a certificate request (PKCS#10)"),
            (public.as_bytes(), "a public key"),
            (&der(&public), "a public key"),
            (STORE, "a PKCS#12 store"),
            (b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n", "PKCS#7"),
            (b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "a list of revoked"),
            (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0", "PKCS#7"),
            (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "a Java key store"),
            (b"ssh-ed25519 AAAA me@a.example\n", "a key of SSH"),
            (&utf16, "text in UTF-16"),
            (bare.join("\n").as_bytes(), "base64 without the lines"),
        ] {
            let told = what(bytes);
            assert!(told.is_some_and(|told| told.starts_with(known)), "{known}: {told:?}");
        }
    }

    #[test]
    fn certificates_keys_and_the_unknown_are_called_nothing() {
        let both = format!("{KEY}{CERTIFICATE}");
        for bytes in [CERTIFICATE.as_bytes(), KEY.as_bytes(), both.as_bytes(), &der(CERTIFICATE)] {
            assert_eq!(what(bytes), None);
        }
        for bytes in [&b""[..], b"hello", b"0", b"\x30", b"\x30\x80", b"MAA=", b"{}", &[0; 40]] {
            assert_eq!(what(bytes), None, "{bytes:?}");
        }
    }
}
