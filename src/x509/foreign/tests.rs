//! What people take for a certificate or a key, called by its name.

use super::*;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE as URL_SAFE};
use rcgen::{CertificateParams, KeyPair};

const CERTIFICATE: &str = include_str!("../../../testdata/pki/root-ca.crt.pem");
const KEY: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");
const STORE: &[u8] = include_bytes!("../../../testdata/pki/keystore-ce27607b.p12");

fn der(pem: &str) -> Vec<u8> {
    pem::blocks(pem.as_bytes()).remove(0).der.expect("the PEM is good").expose().to_vec()
}

#[test]
fn base64_that_a_strict_decoder_refuses_is_told_from_base64_twice() {
    let good = BASE64_STANDARD.encode(format!("{KEY} "));
    let folded: Vec<&str> = good
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).expect("it is ASCII"))
        .collect();
    for (written, told) in [
        (folded.join(" "), "blanks in it"),
        (folded.join("\n \t"), "blanks in it"),
        (good.chars().take(good.len() - 3).collect(), "whose end is missing"),
        (good.trim_end_matches('=').to_owned() + "==", "whose end is missing"),
        (URL_SAFE.encode(format!("{KEY}???>>>???>>>")), "alphabet for URLs"),
    ] {
        let found = Foreign::spoilt_base64(written.as_bytes()).map(Foreign::what);
        assert!(found.as_ref().is_some_and(|what| what.contains(told)), "{written}: {found:?}");
    }
    for other in ["", "no base64 at all", "c29tZXRoaW5nIGVsc2U", KEY] {
        assert_eq!(Foreign::spoilt_base64(other.as_bytes()), None, "{other}");
    }
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
        let told = what(bytes).map(Foreign::what);
        assert!(told.as_ref().is_some_and(|told| told.starts_with(known)), "{known}: {told:?}");
    }
}

#[test]
fn what_stands_in_a_secret_instead_of_a_certificate_is_called_by_its_name() {
    let twice = BASE64_STANDARD.encode(CERTIFICATE);
    let thrice = BASE64_STANDARD.encode(&twice);
    let in_base64 = |bytes: &[u8]| BASE64_STANDARD.encode(bytes).into_bytes();
    let utf16: Vec<u8> = CERTIFICATE.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, known) in [
        (twice.as_bytes(), "base64 of PEM: in a Secret that is base64 twice"),
        (thrice.as_bytes(), "PEM under 2 layers of base64"),
        (&der(CERTIFICATE), "a certificate in DER"),
        (&der(KEY), "a private key in DER"),
        (&in_base64(&der(CERTIFICATE)), "base64 without the lines"),
        (&in_base64(&der(KEY)), "base64 without the lines -----BEGIN PRIVATE KEY-----"),
        (&in_base64(STORE), "base64 of a PKCS#12 store"),
        (KEY.as_bytes(), "a private key"),
        (&utf16, "text in UTF-16"),
        (b"<!DOCTYPE html><title>404</title>", "a web page"),
        (
            b"{\"certificate\":\"-----BEGIN CERTIFICATE-----\\nMAA=\",\"issuing_ca\":\"\"}",
            "a JSON answer of Vault",
        ),
        (b"{\"data\":{}}", "JSON"),
        (b"/etc/ssl/tls.crt", "the path of a file"),
        (b"tls.crt\n", "the path of a file"),
        (b"@cert.pem", "the path of a file"),
        (b"<base64>", "a placeholder"),
        (b"REPLACE_ME", "a placeholder"),
        (b"${TLS_CRT}", "a placeholder"),
        (b"$TLS_CRT", "a placeholder"),
        (b"{{ .Values.tls.crt }}", "a placeholder"),
        (b"your-certificate-here", "a placeholder"),
        (&BASE64_STANDARD.decode("CHANGEME").expect("it is base64 by chance"), "a placeholder"),
        (b"vault:secret/data/tls#crt", "a reference"),
        (b"ENC[AES256_GCM,data:x]", "encrypted text"),
        (b"\x1f\x8b\x08\x00", "a compressed archive"),
        (b"apiVersion: v1\nkind: Secret\n", "a manifest"),
        (
            "\u{2014}BEGIN CERTIFICATE\u{2014}\nMAA=\n\u{2014}END CERTIFICATE\u{2014}".as_bytes(),
            "PEM whose BEGIN or END",
        ),
        (b"----BEGIN CERTIFICATE----\nMAA=\n----END CERTIFICATE----", "PEM whose BEGIN or END"),
        (b"Certificate:\n    Data:\n        Version: 3 (0x2)\n", "the text that openssl"),
    ] {
        let told = instead_of_certificates(bytes);
        let what = told.map(Foreign::what);
        assert!(what.as_ref().is_some_and(|told| told.starts_with(known)), "{known}: {told:?}");
        assert_ne!(told.map(Foreign::remedy).as_deref(), Some(""));
    }
    assert_eq!(
        instead_of_key(CERTIFICATE.as_bytes()).map(Foreign::what).as_deref(),
        Some("a certificate")
    );
    assert_eq!(instead_of_key(KEY.as_bytes()), None);
    assert_eq!(instead_of_certificates(CERTIFICATE.as_bytes()), None);
}

#[test]
fn certificates_keys_and_the_unknown_are_called_nothing() {
    let both = format!("{KEY}{CERTIFICATE}");
    for bytes in [CERTIFICATE.as_bytes(), KEY.as_bytes(), both.as_bytes(), &der(CERTIFICATE)] {
        assert_eq!(what(bytes), None);
    }
    for bytes in [&b""[..], b"hello", b"0", b"\x30", b"\x30\x80", b"MAA=", &[0; 40]] {
        assert_eq!(what(bytes), None, "{bytes:?}");
    }
}
