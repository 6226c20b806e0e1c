//! Certificates of every age and oddity, read: made by rcgen, patched by hand, and found.

use super::read::MAX_TRIED;
use super::*;
use crate::x509::algorithm::Digest;
use crate::x509::digest::sha256;
use crate::x509::oid::Oid;
use crate::x509::pem;
use crate::x509::san::OtherSan;
use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString, UniversalString};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, KeyPair, OtherNameValue, SanType, SerialNumber,
};
use time::macros::datetime;

const GUIDE: &str = include_str!("../../../testdata/pki/guide.crt.pem");
const ROOT: &str = include_str!("../../../testdata/pki/root-ca.crt.pem");
const INTERMEDIATE: &str = include_str!("../../../testdata/pki/intermediate-ca.crt.pem");

fn from_pem(text: &str) -> Certificate {
    let der = pem::blocks(text.as_bytes()).remove(0).der.expect("the PEM is good");
    read(der.expose()).expect("the certificate is good").0
}

/// The DER of a certificate that `change` makes of a plain one, by rcgen, with an Ed25519 key.
fn made(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let key = KeyPair::from_pem(include_str!("../../../testdata/pki/ed25519.pem"));
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.not_before = datetime!(2026-01-01 00:00 UTC);
    params.not_after = datetime!(2027-01-01 00:00 UTC);
    change(&mut params);
    let made = params.self_signed(&key.expect("the key is good"));
    made.expect("it can be made").der().to_vec()
}

fn facts(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    read(&made(change)).expect("it can be read").0
}

/// `der` with every `old` changed to `new`, of the same length.
fn patched(mut der: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let starts: Vec<usize> = (0..der.len()).filter(|at| der[*at..].starts_with(old)).collect();
    assert!(!starts.is_empty() && old.len() == new.len(), "{old:?} is to be changed");
    for start in starts {
        der[start..start + new.len()].copy_from_slice(new);
    }
    der
}

fn ia5(text: &str) -> Ia5String {
    Ia5String::try_from(text).expect("ASCII")
}

fn named(names: &[&str]) -> Certificate {
    facts(|params| {
        params.subject_alt_names = names.iter().map(|name| SanType::DnsName(ia5(name))).collect();
    })
}

#[test]
fn a_certificate_of_the_first_version_with_a_common_name_alone_is_read_in_full() {
    let guide = from_pem(GUIDE);
    assert_eq!(guide.version, 1);
    assert_eq!(&*guide.subject, "CN=my-release.milvus.io");
    assert_eq!(guide.issuer, guide.subject);
    assert_eq!((guide.issuer_is_subject, guide.self_signed, guide.is_ca), (true, true, false));
    assert_eq!((guide.has_san, guide.names.as_slice()), (false, [].as_slice()));
    assert_eq!(guide.extended_key_usage, None);
    assert_eq!(guide.key_type, KeyKind::rsa(2048));
    assert_eq!(guide.not_before, datetime!(2026-03-02 09:30 UTC));
    assert_eq!(guide.lifetime_seconds(), 99_999 * 86_400);
    assert_eq!(guide.common_name_host(), Some("my-release.milvus.io"));
    // As `openssl x509 -serial -fingerprint -sha256` says it.
    assert_eq!(&*guide.serial, "50ec24369db0067130e15a8695e03777954e5e94");
    assert_eq!(
        guide.fingerprint(),
        "926dadba724da96647988cebe90bb2e0a3ff49c991886dc24beab4f8606a69ae"
    );
}

#[test]
fn a_ca_and_what_it_signed_are_told_from_the_self_signed_leaf() {
    let (root, intermediate) = (from_pem(ROOT), from_pem(INTERMEDIATE));
    assert_eq!((root.is_ca, root.issuer_is_subject, root.self_signed), (true, true, true));
    assert_eq!((intermediate.is_ca, intermediate.self_signed), (true, false));
    assert_eq!(intermediate.issuer, root.subject);
    assert!(!intermediate.issuer_is_subject);
}

#[test]
fn a_signature_that_does_not_verify_means_that_it_did_not_sign_itself() {
    let mut der = made(|_| ());
    assert!(read(&der).expect("it can be read").0.self_signed);
    *der.last_mut().expect("it is not empty") ^= 1;
    let forged = read(&der).expect("it can be read").0;
    assert_eq!((forged.issuer_is_subject, forged.self_signed), (true, false));
    // Behind very many others nobody tries the signature; the names tell.
    let at = |place| read_at(place, &der).expect("it can be read").0.self_signed;
    assert_eq!([0, MAX_TRIED - 1, MAX_TRIED].map(at), [false, false, true]);
}

#[test]
fn a_signature_by_a_key_that_ring_does_not_read_speaks_against_nothing() {
    let p256 = KeyPair::from_pem(include_str!("../../../testdata/pki/ec-p256-01.pem"));
    let made = CertificateParams::default().self_signed(&p256.expect("the key is good"));
    let der = made.expect("it can be made").der().to_vec();
    assert_eq!(read(&der).expect("it can be read").0.point_form, PointForm::Plain);
    // The same point in hybrid form, which says the parity of the second coordinate again.
    let at = der.windows(4).position(|part| part == [3, 0x42, 0, 4]).expect("it has a point");
    let mut hybrid = der;
    hybrid[at + 3] = 6 + (hybrid[at + 67] & 1);
    let facts = read(&hybrid).expect("it can be read").0;
    assert_eq!((facts.point_form, facts.self_signed), (PointForm::Odd, true));
}

#[test]
fn hosts_are_matched_by_the_san_and_the_common_name_is_a_hint_where_there_is_none() {
    let with_san = named(&["a.example", "*.shop.example"]);
    let guide = from_pem(GUIDE);
    let cn_beside_san = facts(|params| {
        params.distinguished_name.push(DnType::CommonName, "cn.example");
        params.subject_alt_names = vec![SanType::DnsName(ia5("san.example"))];
    });
    let person = facts(|params| params.distinguished_name.push(DnType::CommonName, "A Person"));
    let address = facts(|params| {
        params.subject_alt_names =
            vec![SanType::IpAddress("10.0.0.1".parse().expect("an address"))];
        params.distinguished_name.push(DnType::CommonName, "10.0.0.1");
    });
    let address_6 = facts(|params| {
        params.subject_alt_names =
            vec![SanType::IpAddress("2001:db8::1".parse().expect("an address"))];
    });
    let address_as_dns = named(&["10.0.0.1"]);
    let guide_address =
        facts(|params| params.distinguished_name.push(DnType::CommonName, "10.0.0.1"));
    let san = |name: &str| HostMatch::San(name.to_owned());
    for (certificate, host, expected) in [
        (&with_san, "a.example", san("a.example")),
        (&with_san, "A.EXAMPLE.", san("a.example")),
        (&with_san, "x.shop.example", san("*.shop.example")),
        (&with_san, "*.shop.example", san("*.shop.example")),
        (&with_san, "shop.example", HostMatch::None),
        (&with_san, "x.y.shop.example", HostMatch::None),
        (&with_san, "", HostMatch::None),
        (
            &guide,
            "my-release.milvus.io",
            HostMatch::CommonNameOnly("my-release.milvus.io".to_owned()),
        ),
        (&guide, "milvus.io", HostMatch::None),
        (&cn_beside_san, "san.example", san("san.example")),
        (&cn_beside_san, "cn.example", HostMatch::None),
        (&person, "person", HostMatch::None),
        (&address, "10.0.0.1", san("10.0.0.1")),
        (&address, "10.0.0.2", HostMatch::None),
        (&address_6, "2001:DB8:0:0::1", san("2001:db8::1")),
        (&address_6, "[2001:db8::1]", san("2001:db8::1")),
        (&address_6, "::ffff:32.1.13.184", HostMatch::None),
        (&address_as_dns, "10.0.0.1", HostMatch::None),
        (&guide_address, "10.0.0.1", HostMatch::None),
    ] {
        assert_eq!(certificate.match_host(host), expected, "{host}");
    }
}

#[test]
fn names_of_every_form_are_listed_in_their_order() {
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let certificate = facts(|params| {
        params.subject_alt_names = vec![
            SanType::IpAddress(address("2001:db8::1")),
            SanType::DnsName(ia5("b.example")),
            SanType::Rfc822Name(ia5("ops@a.example")),
            SanType::URI(ia5("spiffe://a.example/web")),
            SanType::OtherName((
                vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3],
                OtherNameValue::Utf8String("me@a.example".to_owned()),
            )),
            SanType::DnsName(ia5("a.example")),
            SanType::IpAddress(address("10.0.0.1")),
        ];
    });
    assert_eq!(
        certificate.names,
        [
            San::Ip(address("2001:db8::1")),
            San::Dns("b.example".to_owned()),
            San::Email("ops@a.example".to_owned()),
            San::Uri("spiffe://a.example/web".to_owned()),
            San::Other(OtherSan::OtherName),
            San::Dns("a.example".to_owned()),
            San::Ip(address("10.0.0.1")),
        ]
    );
    assert_eq!(certificate.dns().collect::<Vec<_>>(), ["b.example", "a.example"]);
    assert_eq!(certificate.ip().collect::<Vec<_>>(), [address("2001:db8::1"), address("10.0.0.1")]);
}

#[test]
fn a_malformed_san_is_there_though_it_names_nothing() {
    for (content, names) in [
        // A sequence of one iPAddress of five bytes.
        (
            b"\x30\x07\x87\x05\x01\x02\x03\x04\x05".as_slice(),
            vec![San::Other(OtherSan::MalformedIp)],
        ),
        (b"\x30\x00", vec![]),
        (b"\x05\x00", vec![]),
    ] {
        let certificate = facts(|params| {
            params.distinguished_name.push(DnType::CommonName, "cn.example");
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], content.to_vec())];
        });
        assert_eq!((certificate.has_san, &certificate.names), (true, &names), "{content:x?}");
        assert_eq!(certificate.san_is_readable, content != b"\x05\x00", "{content:x?}");
        assert_eq!(certificate.common_name_host(), None, "a SAN rules the common name out");
    }
}

#[test]
fn a_subject_of_any_kind_of_string_is_shown_as_text() {
    for (value, shown) in [
        (DnValue::Utf8String("Käse ☕".to_owned()), "CN=Käse ☕"),
        (DnValue::PrintableString(PrintableString::try_from("plain").expect("it is")), "CN=plain"),
        (DnValue::Ia5String(ia5("a@b")), "CN=a@b"),
        (DnValue::TeletexString(TeletexString::try_from("old").expect("it is")), "CN=old"),
        (DnValue::BmpString(BmpString::try_from("Käse").expect("it is")), "CN=Käse"),
        (
            DnValue::UniversalString(UniversalString::try_from("Käse ☕").expect("it is")),
            "CN=Käse ☕",
        ),
    ] {
        let certificate = facts(|params| params.distinguished_name.push(DnType::CommonName, value));
        assert_eq!((&*certificate.subject, &*certificate.issuer), (shown, shown));
    }
}

#[test]
fn a_subject_that_is_odd_is_shown_and_not_refused() {
    let plain = || made(|params| params.distinguished_name.push(DnType::CommonName, "abc"));
    for (what, new, shown) in [
        ("bytes that are no UTF-8 are Latin-1", b"\x0c\x03\xe4bc", "CN=äbc"),
        ("an OCTET STRING is not text", b"\x04\x03abc", "CN=#616263"),
        ("control characters are left to whoever prints", b"\x0c\x03a\x1bc", "CN=a\u{1b}c"),
    ] {
        let der = patched(plain(), b"\x0c\x03abc", new);
        assert_eq!(&*read(&der).expect(what).0.subject, shown, "{what}");
    }
}

#[test]
fn no_value_of_a_subject_can_pass_for_another_attribute() {
    for (value, shown) in [
        ("a, O=b", r"CN=a\, O=b"),
        ("a+b", r"CN=a\+b"),
        (r#"a"b\c"#, r#"CN=a\"b\\c"#),
        ("#abc", r"CN=\#abc"),
        (" a ", r"CN=\ a\ "),
        (" ", r"CN=\ "),
        ("a<b>;", r"CN=a\<b\>\;"),
        ("a=b", "CN=a=b"),
    ] {
        let certificate = facts(|params| params.distinguished_name.push(DnType::CommonName, value));
        assert_eq!(&*certificate.subject, shown);
        assert_eq!(certificate.common_names().collect::<Vec<_>>(), [value]);
    }
    // Two attributes in one SET: the two SETs of one attribute each, joined by hand.
    let der = made(|params| {
        params.distinguished_name.push(DnType::CommonName, "ab");
        params.distinguished_name.push(DnType::OrganizationName, "cd");
    });
    let two = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02ab\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x0c\x02cd";
    let one =
        b"\x31\x18\x30\x09\x06\x03\x55\x04\x03\x0c\x02ab\x30\x0b\x06\x03\x55\x04\x0a\x0c\x04cdef";
    let der = patched(der, two, one);
    assert_eq!(&*read(&der).expect("it can be read").0.subject, "CN=ab+O=cdef");
}

#[test]
fn attributes_stand_in_their_order_and_unknown_ones_by_their_number() {
    let certificate = facts(|params| {
        let name = &mut params.distinguished_name;
        name.push(DnType::OrganizationName, "Shop");
        name.push(DnType::CustomDnType(vec![1, 2, 3, 4]), "x");
        name.push(DnType::CommonName, "a.example");
    });
    assert_eq!(&*certificate.subject, "O=Shop, 1.2.3.4=x, CN=a.example");
    assert_eq!(certificate.common_names().collect::<Vec<_>>(), ["a.example"]);
    let second = &certificate.subject_attributes()[1];
    assert_eq!((second.kind.to_string().as_str(), second.text.as_str()), ("1.2.3.4", "x"));
}

#[test]
fn a_serial_number_is_shown_as_the_number_it_is_however_odd() {
    let number = |serial: &[u8]| {
        let length = u8::try_from(serial.len()).expect("it is short");
        [&[0x02, length], serial].concat()
    };
    // As `openssl x509 -serial` and Go's big.Int say them.
    for (serial, shown) in [
        (&[0x01][..], "01"),
        (&[0x00], "00"),
        (&[0x00, 0x00], "00"),
        (&[0x00, 0x80], "80"),
        (&[0x00, 0x00, 0x0a, 0xbc], "0abc"),
        (&[0xff], "-01"),
        (&[0xff, 0x01], "-ff"),
        (&[0xff, 0x00, 0x01], "-ffff"),
        (&[0x80], "-80"),
        (&[0xff, 0xff, 0xfe], "-02"),
        (&[0x80, 0x00], "-8000"),
        (&[0x7f; 20], "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f"),
        (&[0x11; 25], "11111111111111111111111111111111111111111111111111"),
    ] {
        let mark = vec![0x5a; serial.len()];
        let der = made(|params| params.serial_number = Some(SerialNumber::from_slice(&mark)));
        let der = patched(der, &number(&mark), &number(serial));
        assert_eq!(&*read(&der).expect("it can be read").0.serial, shown, "{serial:x?}");
    }
}

#[test]
fn usages_are_listed_by_number_and_none_is_not_an_empty_list() {
    assert_eq!(named(&["a.example"]).extended_key_usage, None);
    let certificate = facts(|params| {
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 2]),
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::Any,
        ];
    });
    assert_eq!(
        *certificate.extended_key_usage.expect("there are some"),
        [
            KeyPurpose::Any,
            KeyPurpose::ClientAuth,
            KeyPurpose::Other(Oid::of(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2]).into()),
        ]
    );
}

#[test]
fn a_certificate_that_ends_before_it_begins_has_no_lifetime() {
    let certificate = facts(|params| params.not_after = datetime!(2025-01-01 00:00 UTC));
    assert_eq!(certificate.lifetime_seconds(), 0);
    assert_eq!(certificate.not_after, datetime!(2025-01-01 00:00 UTC));
}

#[test]
fn what_stands_behind_a_certificate_is_not_part_of_it() {
    let der = made(|_| ());
    let longer = [der.as_slice(), b"more"].concat();
    let (facts, _) = read(&longer).expect("it can be read");
    assert_eq!((facts.sha256, facts.trailing_bytes), (sha256(&der), 4));
    assert_eq!(read(&der).expect("it can be read").0.trailing_bytes, 0);
}

#[test]
fn dates_of_every_notation_are_read_as_instants_and_impossible_ones_are_quoted() {
    let dated = |new: &[u8]| {
        let der = made(|params| {
            params.not_after = datetime!(2031-01-01 00:00 UTC);
            // So long that the outer lengths take two bytes.
            params.distinguished_name.push(DnType::OrganizationName, "o".repeat(200));
        });
        let old = b"\x17\x0d310101000000Z";
        let start = der.windows(old.len()).position(|part| part == old).expect("notAfter");
        // Every length around it grows by as much; none of them crosses a border.
        let grown = new.len() - old.len();
        let mut longer = [&der[..start], new, &der[start + old.len()..]].concat();
        let validity = start - 15 - 1;
        longer[validity] += u8::try_from(grown).expect("it is short");
        for length in [2, 6] {
            let value = u16::from_be_bytes([longer[length], longer[length + 1]]);
            let [high, low] = (value + u16::try_from(grown).expect("it is short")).to_be_bytes();
            (longer[length], longer[length + 1]) = (high, low);
        }
        read(&longer).map(|(facts, _)| facts.not_after).map_err(|error| error.to_string())
    };
    for (written, instant) in [
        (&b"\x17\x11300101000000+0200"[..], datetime!(2029-12-31 22:00 UTC)),
        (b"\x18\x0f20300101000000Z", datetime!(2030-01-01 00:00 UTC)),
        (b"\x18\x1120300101000000.5Z", datetime!(2030-01-01 00:00 UTC)),
        (b"\x18\x1920300101000000.123456789Z", datetime!(2030-01-01 00:00 UTC)),
        (b"\x18\x1120300101000000,5Z", datetime!(2030-01-01 00:00 UTC)),
        (b"\x18\x1320300101000000+0200", datetime!(2029-12-31 22:00 UTC)),
        (b"\x18\x1520300101000000.5-0500", datetime!(2030-01-01 05:00 UTC)),
        (b"\x18\x0f99991231235959Z", datetime!(9999-12-31 23:59:59 UTC)),
    ] {
        assert_eq!(dated(written), Ok(instant), "{written:x?}");
    }
    let told = "it is not an X.509 certificate: its notAfter is no date: \"20300230000000Z\"";
    assert_eq!(dated(b"\x18\x0f20300230000000Z").expect_err("no such day"), told);
}

#[test]
fn a_certificate_with_an_odd_date_is_the_certificate_that_it_is() {
    let der = made(|params| params.not_after = datetime!(2100-01-01 00:00 UTC));
    assert_eq!((&der[..2], der[3]), (&[0x30, 0x81][..], 0x30), "its lengths are short");
    // The body with a longer date, signed as it stands then: seven bytes of algorithm and three
    // of header stand before the signature.
    let (body, tail) = der[3..].split_at(der.len() - 3 - 74);
    let mut body = body.to_vec();
    let date = body.windows(2).position(|part| part == [0x18, 15]).expect("notAfter");
    body.splice(date..date + 17, b"\x18\x1921000101000000.123456789Z".iter().copied());
    for length in [1, date - 16] {
        body[length] += 10;
    }
    let key = KeyPair::from_pem(include_str!("../../../testdata/pki/ed25519.pem"));
    let key = key.expect("the key is good").serialize_der();
    let key = ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key);
    let signature = key.expect("the key is good").sign(&body);
    let content = [&body, &tail[..10], signature.as_ref()].concat();
    let length = u8::try_from(content.len()).expect("it is short");
    let whole = [&[0x30, 0x81, length][..], &content].concat();
    let (facts, _) = read(&[whole.as_slice(), b"!"].concat()).expect("it can be read");
    assert_eq!(facts.not_after, datetime!(2100-01-01 00:00 UTC));
    assert_eq!((facts.date_form, facts.self_signed), (DateForm::Fraction, true));
    assert_eq!((facts.sha256, facts.trailing_bytes), (sha256(&whole), 1));
    assert_eq!(read(&der).expect("it can be read").0.date_form, DateForm::Plain);
}

#[test]
fn who_issued_it_and_how_is_told() {
    let (root, intermediate) = (from_pem(ROOT), from_pem(INTERMEDIATE));
    assert_eq!(intermediate.authority_key_id, root.subject_key_id);
    assert!(root.subject_key_id.is_some());
    assert_eq!((root.may_sign_certificates(), root.path_length), (true, None));
    assert_eq!(root.signature, SignatureAlgorithm::Rsa(Digest::Sha256));
    let plain = named(&["a.example"]);
    assert_eq!((&plain.signature, plain.key_usage), (&SignatureAlgorithm::Ed25519, None));
    assert!(plain.may_sign_certificates(), "nothing speaks against it");
    assert_eq!((plain.issuer_url, plain.publicly_logged), (None, false));
    let constrained = facts(|params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(3));
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    });
    assert_eq!((constrained.is_ca, constrained.path_length), (true, Some(3)));
    assert!(!constrained.may_sign_certificates());
}

#[test]
fn what_only_some_clients_understand_is_told() {
    let critical = |oid: &[u64], content: &[u8]| {
        let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
        extension.set_criticality(true);
        extension
    };
    let facts = facts(|params| {
        params.custom_extensions = vec![
            critical(&[1, 2, 3, 4], b"\x05\x00"),
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], vec![5, 0]),
            CustomExtension::from_oid_content(
                &[1, 3, 6, 1, 5, 5, 7, 1, 1],
                b"\x30\x17\x30\x15\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x09http://ca"
                    .to_vec(),
            ),
        ];
    });
    assert_eq!(*facts.unusual_critical, [Oid::of(&[0x2a, 3, 4])]);
    assert!(facts.publicly_logged);
    assert_eq!(facts.issuer_url.as_deref(), Some("http://ca"));
}

#[test]
fn what_is_no_certificate_is_refused_in_one_short_sentence() {
    let der = made(|_| ());
    for bytes in [&b""[..], b"\x30\x00", b"not DER", &der[..der.len() - 1], &der[4..]] {
        let error = read(bytes).expect_err("it is not a certificate").to_string();
        assert!(error.starts_with("it is not an X.509 certificate: "), "{error}");
        assert!(error.len() < 120 && !error.contains('\n'), "{error}");
    }
}
