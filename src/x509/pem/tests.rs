//! PEM as people write it, with who else reads it: rustls is asked each time.

use super::*;

/// Text in, one line a block out: label, line, and the DER in hex or the error.
fn check(text: &str) -> String {
    let show = |block: Block| match block.der {
        Ok(der) => format!("{:?} {} {:x?}", block.label, block.line, der.expose()),
        Err(error) => format!("{:?} {error}", block.label),
    };
    blocks(text.as_bytes()).into_iter().map(show).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_plain_block_is_read() {
    assert_eq!(
        check("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        "Certificate 1 [30, 0]"
    );
}

#[test]
fn crlf_a_byte_order_mark_indentation_and_text_around_do_not_hide_a_block() {
    let text = "\u{feff}subject=x\r\n  -----BEGIN CERTIFICATE-----\r\n  MAA=  \r\n  -----END CERTIFICATE-----";
    assert_eq!(check(text), "Certificate 2 [30, 0]");
}

#[test]
fn what_other_readers_pass_over_is_told() {
    let begin = "-----BEGIN CERTIFICATE-----";
    let end = "-----END CERTIFICATE-----";
    for (text, quirk) in [
        (format!("{begin}\nMAA=\n{end}\n"), None),
        (format!("{begin}\r\n  MAA=  \r\n{end}\r\n"), None),
        (format!("text\n{begin}\nMAA=\n{end}"), None),
        (format!("\u{feff}{begin}\nMAA=\n{end}\n"), Some(PemQuirk::ByteOrderMark)),
        (format!("\u{feff}text\n{begin}\nMAA=\n{end}\n"), None),
        (format!("  {begin}\nMAA=\n{end}\n"), Some(PemQuirk::Misplaced)),
        (format!("{begin}\nMAA=\n  {end}\n"), Some(PemQuirk::Misplaced)),
        (format!("{begin}\rMAA=\r{end}\r"), Some(PemQuirk::BareCr)),
        (format!("text\n{begin}\rMAA=\r{end}\r"), Some(PemQuirk::BareCr)),
        (format!("{begin}\n\rMAA=\n\r{end}\n\r"), Some(PemQuirk::BareCr)),
        (format!("{begin}\nMAA=\n-----END X509 CERTIFICATE-----"), Some(PemQuirk::OtherEnd)),
        (format!("{begin}\nMAA=\n-----END PRIVATE KEY-----"), Some(PemQuirk::OtherEnd)),
        (format!("{begin}\nMAA\n{end}"), Some(PemQuirk::NoPadding)),
        (format!("{begin}\nMA\n\nA\n{end}"), Some(PemQuirk::NoPadding)),
        (format!("{begin}\n\nMAA=\n{end}"), None),
        (format!("{begin}\nMA\n\nA=\n{end}"), Some(PemQuirk::BlankLines)),
        (format!("{begin}\nMA\n  \nA=\n{end}"), Some(PemQuirk::BlankLines)),
        (format!("{begin}\nMAA=\n\n{end}"), Some(PemQuirk::BlankLines)),
        (format!("{begin}\nComment: x\n\nMAA=\n{end}"), Some(PemQuirk::Headers)),
        (format!("{begin}\nComment: x\nMAA=\n{end}"), Some(PemQuirk::Headers)),
        (format!("{begin}\x0c\nMAA=\n{end}"), Some(PemQuirk::StrangeBlanks)),
        (format!("{begin}\nMAA=\u{a0}\n{end}"), Some(PemQuirk::StrangeBlanks)),
        (format!("{begin}\r\r\nMAA=\r\r\n{end}\r\r\n"), Some(PemQuirk::StrangeEnds)),
        (format!("{begin}\nMAA= \t\n{end}\n"), None),
        (format!("{begin}\n\u{feff}MAA=\n{end}"), Some(PemQuirk::InnerMark)),
        (format!("\u{feff}{begin}\n\u{feff}MAA=\n{end}"), Some(PemQuirk::InnerMark)),
        (format!("{begin}\nMAA=\n\u{feff}{end}"), Some(PemQuirk::InnerMark)),
        (format!("{begin} \nMAA=\n{end} \t\n"), None),
        (format!("{begin}\t \nMAA=\n{end}\n"), Some(PemQuirk::TrailingTab)),
        (format!("{begin}\nMAA=\x0c\n{end}\n"), Some(PemQuirk::StrangeEnds)),
        (format!("{begin}\nMAA=\n{end}\x0c\n"), Some(PemQuirk::StrangeEnds)),
        (format!("{begin} MAA= {end}"), Some(PemQuirk::OneLine)),
        (format!("{begin} M AA= {end}\n"), Some(PemQuirk::OneLine)),
        (format!("{begin}MAA=\n{end}"), Some(PemQuirk::OneLine)),
        (format!("{begin}\nMAA={end}"), Some(PemQuirk::OneLine)),
        (format!("{begin}\\nMAA=\\n{end}\\n"), Some(PemQuirk::Escaped)),
        (format!("'{begin}\nMAA=\n{end}'"), Some(PemQuirk::Quoted)),
        (
            "-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n-----END TRUSTED CERTIFICATE-----"
                .to_owned(),
            Some(PemQuirk::OldLabel),
        ),
    ] {
        let block = blocks(text.as_bytes()).remove(0);
        assert_eq!((block.quirk, block.der.is_ok()), (quirk, true), "{text:?}");
        // rustls is asked; what OpenSSL and Go do was measured.
        let read = rustls::first_certificate(text.as_bytes());
        let seen = read.as_deref() == Some(&[0x30, 0]);
        let said = quirk.is_some_and(|quirk| quirk.unseen_by().contains("rustls"));
        assert_ne!(seen, said, "{text:?}: rustls says {read:?}");
    }
}

#[test]
fn blocks_without_a_line_break_between_them_are_read_and_told() {
    let one = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
    let key = "-----BEGIN PRIVATE KEY-----\nMAE=\n-----END PRIVATE KEY-----";
    let read = |text: &str| {
        let all = blocks(text.as_bytes());
        all.iter().map(|block| (block.der.is_ok(), block.quirk)).collect::<Vec<_>>()
    };
    let glued = (true, Some(PemQuirk::Glued));
    assert_eq!(read(&format!("{one}{one}\n{one}")), [glued, glued, (true, None)]);
    assert_eq!(read(&format!("{one}{one}{one}")), [glued, glued, glued]);
    assert_eq!(read(&format!("{key}{one}")), [glued, glued]);
    assert_eq!(certificates_only(format!("{one}{one}").as_bytes()).len(), 2 * (one.len() + 1));
}

#[test]
fn keys_and_certificates_in_der_are_told_apart_by_how_they_begin() {
    let long = |inside: &[u8]| [&[0x30, 0x82, 1, 0], inside].concat();
    for (der, label) in [
        (long(&[0x30, 0x82, 1, 0, 0xa0, 3, 2, 1, 2]), Some("CERTIFICATE")),
        (long(&[0x30, 0x82, 1, 0, 2, 1, 7, 0x30]), Some("CERTIFICATE")),
        (long(&[2, 1, 0, 0x30, 13]), Some("PRIVATE KEY")),
        (vec![0x30, 0x2e, 2, 1, 0, 0x30, 5], Some("PRIVATE KEY")),
        (vec![0x30, 0x51, 2, 1, 1, 0x30, 5], Some("PRIVATE KEY")),
        (long(&[2, 1, 0, 2, 0x82]), Some("RSA PRIVATE KEY")),
        (vec![0x30, 0x77, 2, 1, 1, 4, 0x20], Some("EC PRIVATE KEY")),
        (long(&[0x30, 4, 6, 2, 0x2a, 1, 4, 9]), Some("ENCRYPTED PRIVATE KEY")),
        (vec![0x30, 9, 0x30, 4, 6, 2, 0x2a, 1, 3, 1, 0], None),
        (b"0.5 is no DER".to_vec(), None),
        (b"-----BEGIN".to_vec(), None),
        (vec![0x30], None),
    ] {
        assert_eq!(label_of_der(&der), label, "{der:x?}");
    }
}

#[test]
fn what_stands_behind_a_certificate_is_not_written() {
    let long = [&[0x30, 0x81, 0x80][..], &[5; 0x80]].concat();
    for (der, first) in [
        (&[0x30, 0, 1, 2][..], &[0x30, 0][..]),
        (&[long.as_slice(), &[0x30, 1, 0]].concat(), &long),
        (&long, &long),
        (&[0x30, 0x82, 0xff, 0xff, 1], &[0x30, 0x82, 0xff, 0xff, 1]),
        (&[5, 0, 1], &[5, 0, 1]),
        (&[0x30], &[0x30]),
    ] {
        let label = "TRUSTED CERTIFICATE";
        let written = certificates_only(encode(label, der).as_bytes());
        let expected = encode("CERTIFICATE", first);
        assert_eq!(written, expected.as_bytes(), "{der:x?}");
    }
}

#[test]
fn older_labels_are_certificates_too() {
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let text = format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----");
        assert_eq!(check(&text), "Certificate 1 [30, 0]", "{label}");
    }
}

#[test]
fn a_bad_block_is_reported_and_the_good_ones_still_count() {
    let good = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let bad = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    assert_eq!(
        check(&format!("{good}{bad}{good}-----BEGIN CERTIFICATE-----\nMAA=")),
        "Certificate 1 [30, 0]; Certificate the block that begins in line 4 is not base64; \
         Certificate 7 [30, 0]; \
         Certificate the block that begins in line 10 has no END line: it is cut off"
    );
}

#[test]
fn both_kinds_of_encrypted_key_are_named() {
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----";
    assert_eq!(check(old), "Pkcs1Key the block that begins in line 1 is encrypted with a password");
    let new = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----";
    assert_eq!(check(new), "EncryptedKey 1 [30, 0]");
}

#[test]
fn what_is_encoded_reads_back() {
    let der: Vec<u8> = (0..=255).collect();
    let pem = encode("CERTIFICATE", &der);
    assert!(pem.lines().all(|line| line.len() <= 64));
    let read = blocks(pem.as_bytes());
    assert_eq!(read[0].der.as_ref().map(Redacted::expose), Ok(der.as_slice()));
}

#[test]
fn a_combined_file_is_taken_apart() {
    let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let key = "-----BEGIN PRIVATE KEY-----\nMAE=\n-----END PRIVATE KEY-----\n";
    let both = format!("\u{feff}subject=x\n{key}{certificate}{certificate}");
    assert_eq!(certificates_only(both.as_bytes()), [certificate, certificate].concat().as_bytes());
    assert_eq!(key_only(both.as_bytes()).expect("there is a key").expose(), key.as_bytes());
}

#[test]
fn text_without_a_block_and_an_empty_block_give_nothing() {
    assert_eq!(check("no pem here\n"), "");
    assert_eq!(
        check("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"),
        "Certificate the block that begins in line 1 is not base64"
    );
}
