//! Requests that are read and made.

use super::*;
use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    SanType,
};

/// A request of the test PKI's P-256 key, PEM.
fn made(params: &CertificateParams) -> String {
    let key = include_str!("../../../testdata/pki/ec-p256-01.pem");
    let key = KeyPair::from_pem(key).expect("the key is good");
    params.serialize_request(&key).expect("it can be made").pem().expect("it can be encoded")
}

fn read(params: &CertificateParams) -> Result<Request, RequestError> {
    Request::read(made(params).as_bytes())
}

fn named(name: &str) -> CertificateParams {
    let mut params = nameless();
    params.subject_alt_names = vec![SanType::DnsName(name.try_into().expect("it is ASCII"))];
    params
}

fn nameless() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
}

fn texts(request: &Request) -> Vec<String> {
    request.names.iter().map(San::to_string).collect()
}

#[test]
fn names_of_every_form_are_taken_in_their_order() {
    let ia5 = |text: &str| text.try_into().expect("it is ASCII");
    let mut wish = nameless();
    wish.subject_alt_names = vec![
        SanType::DnsName(ia5("*.shop.example")),
        SanType::Rfc822Name(ia5("ops@a.example")),
        SanType::URI(ia5("spiffe://a.example/web")),
        SanType::IpAddress([10, 0, 0, 1].into()),
        SanType::IpAddress("2001:db8::1".parse().expect("an address")),
        SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], "me".into())),
    ];
    let request = read(&wish).expect("it can be read");
    let names =
        ["*.shop.example", "ops@a.example", "spiffe://a.example/web", "10.0.0.1", "2001:db8::1"];
    assert_eq!(texts(&request), names);
    let ignored = request.ignored(Usage::Server);
    assert_eq!(ignored, ["a name of another form: otherName 1.3.6.1.4.1.311.20.2.3"]);
    assert_eq!((request.key_type, request.common_name(Usage::Server)), (KeyType::P256, None));
}

#[test]
fn a_common_name_is_the_name_when_no_other_is_asked_for_and_it_is_a_host() {
    for (common_name, names, kept) in [
        ("A.example", &["a.example"][..], Some("A.example")),
        ("*.a.example", &["*.a.example"], Some("*.a.example")),
        ("my server", &[], None),
        ("", &[], None),
    ] {
        let mut wish = nameless();
        wish.distinguished_name.push(DnType::CommonName, common_name);
        let request = read(&wish).expect("it can be read");
        assert_eq!(texts(&request), names, "{common_name:?}");
        assert_eq!(request.common_name(Usage::Server), kept, "{common_name:?}");
    }
}

#[test]
fn a_subject_is_left_out_but_for_a_common_name_that_is_one_of_the_names() {
    let mut wish = named("a.example");
    wish.distinguished_name.push(DnType::CommonName, "A.EXAMPLE");
    wish.distinguished_name.push(DnType::OrganizationName, "Bank \u{202e}of Example");
    let request = read(&wish).expect("it can be read");
    assert_eq!(request.common_name(Usage::Server), Some("A.EXAMPLE"));
    assert_eq!(request.ignored(Usage::Server), ["O=Bank \u{202e}of Example"]);
    let mut wish = named("a.example");
    wish.distinguished_name.push(DnType::CommonName, "b.example");
    let request = read(&wish).expect("it can be read");
    assert_eq!(request.common_name(Usage::Server), None);
    assert_eq!(texts(&request), ["a.example"]);
    assert_eq!(request.ignored(Usage::Server), ["CN=b.example"]);
}

#[test]
fn a_client_is_known_by_its_common_name_whatever_that_is() {
    let mut wish = nameless();
    wish.distinguished_name.push(DnType::CommonName, "Device 17");
    wish.distinguished_name.push(DnType::OrganizationName, "Plant 7");
    let request = read(&wish).expect("it can be read");
    for (usage, common_name, ignored) in [
        (Usage::Server, None, &["CN=Device 17", "O=Plant 7"][..]),
        (Usage::Client, Some("Device 17"), &["O=Plant 7"]),
        (Usage::Both, Some("Device 17"), &["O=Plant 7"]),
    ] {
        assert_eq!(request.common_name(usage), common_name, "{usage:?}");
        assert_eq!(request.ignored(usage), ignored, "{usage:?}");
    }
}

#[test]
fn a_usage_that_is_not_taken_is_told_with_the_flag_that_takes_it() {
    use ExtendedKeyUsagePurpose::{ClientAuth, CodeSigning, ServerAuth};
    let takes = |name: &str, usage: &str| {
        format!("the extended key usage {name}, which --usage {usage} takes")
    };
    for (asked, usage, ignored) in [
        (vec![], Usage::Client, vec![]),
        (vec![ServerAuth], Usage::Server, vec![]),
        (vec![ServerAuth, ClientAuth], Usage::Both, vec![]),
        (vec![ServerAuth, ClientAuth], Usage::Server, vec![takes("clientAuth", "both")]),
        (vec![ServerAuth, ClientAuth], Usage::Client, vec![takes("serverAuth", "both")]),
        (vec![ClientAuth], Usage::Server, vec![takes("clientAuth", "client")]),
        (
            vec![ClientAuth, CodeSigning],
            Usage::Client,
            vec!["the extended key usage codeSigning".to_owned()],
        ),
    ] {
        let mut wish = named("a.example");
        wish.extended_key_usages = asked;
        let request = read(&wish).expect("it can be read");
        assert_eq!(request.ignored(usage), ignored, "{:?} for {usage:?}", wish.extended_key_usages);
    }
}

#[test]
fn what_only_an_issuer_may_decide_is_left_out_and_said() {
    // CA:TRUE; id-pe-tlsfeature; authorityKeyIdentifier; certificatePolicies.
    let extension =
        |oid: &[u64], content: &[u8]| CustomExtension::from_oid_content(oid, content.to_vec());
    let mut wish = named("a.example");
    wish.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    wish.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    wish.custom_extensions = vec![
        extension(&[2, 5, 29, 19], &[0x30, 3, 1, 1, 0xff]),
        extension(&[1, 3, 6, 1, 5, 5, 7, 1, 24], &[0x30, 3, 2, 1, 5]),
        extension(&[2, 5, 29, 35], &[0x30, 0]),
    ];
    let request = read(&wish).expect("it can be read");
    assert_eq!(texts(&request), ["a.example"]);
    let mut ignored = request.ignored(Usage::Server);
    ignored.sort();
    assert_eq!(
        ignored,
        [
            "that it be a CA (CA:TRUE)",
            "the extended key usage clientAuth, which --usage both takes",
            "the extension 1.3.6.1.5.5.7.1.24",
            "the extension 2.5.29.35",
            "the key usage keyCertSign",
        ]
    );
    wish.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    wish.custom_extensions = vec![extension(&[2, 5, 29, 19], &[0x30, 0])];
    wish.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let request = read(&wish).expect("it can be read");
    assert_eq!(request.ignored(Usage::Server), [] as [&str; 0]);
}

#[test]
fn a_request_is_read_as_pem_of_either_label_and_as_der() {
    let pem = made(&named("a.example"));
    let der = pem::blocks(pem.as_bytes()).remove(0).der.expect("it was just encoded");
    let old = pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
    let behind = format!("{}\n{pem}", include_str!("../../../testdata/pki/root-ca.crt.pem"));
    for bytes in [pem.as_bytes(), old.as_bytes(), behind.as_bytes(), der.expose()] {
        let request = Request::read(bytes).expect("it can be read");
        assert_eq!(texts(&request), ["a.example"]);
        let key = include_bytes!("../../../testdata/pki/ec-p256-01.pem");
        let key = super::super::key::PrivateKey::from_pem(key).expect("the key is good");
        assert_eq!(Some(request.public_key().id()), key.public_id());
        assert!(request.public_key_info().starts_with(&[0x30]));
    }
}

#[test]
fn what_is_no_sound_request_is_refused_with_the_reason() {
    let pem = made(&named("a.example"));
    let der = pem::blocks(pem.as_bytes()).remove(0).der.expect("it was just encoded");
    let mut forged = der.expose().to_vec();
    let at = forged.windows(9).position(|part| part == b"a.example").expect("it is in it");
    forged[at] = b'b';
    let longer = [der.expose(), &[0][..]].concat();
    let certificate = include_bytes!("../../../testdata/pki/root-ca.crt.pem");
    let garbage = "-----BEGIN CERTIFICATE REQUEST-----\n!!!\n-----END CERTIFICATE REQUEST-----\n";
    for (bytes, why) in [
        (&forged[..], "its signature is not that of its own key"),
        (&longer, "bytes follow the certificate request"),
        (b"\x30\x00", "it is not a certificate request (PKCS#10)"),
        (b"", "there is no PEM block of a certificate request in it"),
        (
            pem.repeat(2).as_bytes(),
            "there are 2 certificate requests in it, and one is signed at a time",
        ),
        (certificate, "there is no PEM block of a certificate request in it"),
    ] {
        assert_eq!(Request::read(bytes).expect_err(why).to_string(), why);
    }
    assert!(Request::read(garbage.as_bytes()).is_err());
}
