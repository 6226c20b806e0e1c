//! Requests (PKCS#10, RFC 2986): what somebody else asks to have certified.
//!
//! Knows what of a request is taken: names and the public key, once the request's own signature
//! shows that the asker has the private one. Everything else, CA:TRUE above all, is left to whoever
//! signs, and said.

use super::algorithm::SignatureAlgorithm;
use super::key_kind::{KeyKind, KeyType};
use super::name::{self, MAX_COMMON_NAME};
use super::oid::Oid;
use super::pem::{self, Label, PemError};
use super::public_key::PublicKey;
use super::san::San;
use super::verify::{self, Verdict};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

/// digitalSignature, keyEncipherment and keyAgreement, as bits 0, 2 and 4 (RFC 5280 §4.2.1.3).
const SERVER_KEY_USAGE: u16 = 0b1_0101;

/// What is taken of a request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The names asked for, of forms that can be signed; unchecked but for their form.
    pub names: Vec<San>,
    /// The common name, when it is one of the names.
    pub common_name: Option<String>,
    /// The type of its key.
    pub key_type: KeyType,
    /// What was asked for and is not taken, for people. May hold strings from outside.
    pub not_taken: Vec<String>,
    public: PublicKey,
    spki: Vec<u8>,
}

/// Why a request cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is no block of one, and no DER.
    #[error("there is no PEM block of a certificate request in it")]
    NoBlock,
    /// There are as many blocks.
    #[error("there are {0} certificate requests in it, and one is signed at a time")]
    Several(usize),
    /// The PEM around it is broken.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The DER is none.
    #[error("it is not a certificate request (PKCS#10)")]
    Structure,
    /// More DER follows it.
    #[error("bytes stand behind the certificate request")]
    TrailingBytes,
    /// Its key is of another kind than those that are signed.
    #[error(
        "its key is of type {0}: RSA of 2048, 3072 or 4096 bits, P-256, P-384 and Ed25519 are signed"
    )]
    KeyKind(KeyKind),
    /// Its signature is another key's.
    #[error("its signature is not that of its own key")]
    WrongSignature,
    /// Nobody here can check its signature.
    #[error(
        "it is signed with {0}, which cannot be checked here; make it again with {again}",
        again = checkable(.0)
    )]
    Unchecked(SignatureAlgorithm),
}

/// What a request is to be signed over. Most tools salt PSS as long as they can; ring wants the
/// digest's length.
fn checkable(algorithm: &SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::RsaPss(_) => {
            "SHA-256 and a salt as long as that (rsa_pss_saltlen:digest), or without PSS"
        }
        _ => "SHA-256",
    }
}

impl Request {
    /// Reads one request, PEM or DER, and checks that it is signed by its own key.
    ///
    /// # Errors
    /// [`RequestError`], when it is no request, its signature is wrong, or its key is weak or of a
    /// kind that is not signed here.
    pub fn read(bytes: &[u8]) -> Result<Self, RequestError> {
        let der = only_one(bytes)?;
        let (rest, parsed) =
            X509CertificationRequest::from_der(&der).map_err(|_| RequestError::Structure)?;
        if !rest.is_empty() {
            return Err(RequestError::TrailingBytes);
        }
        let info = &parsed.certification_request_info;
        let public = PublicKey::of_certificate(&info.subject_pki);
        // Before its signature: what cannot be verified here is refused with its own reason.
        let Some(key_type) = public.key_type().key_type() else {
            return Err(RequestError::KeyKind(public.key_type()));
        };
        is_signed_by_its_own_key(&parsed)?;
        let (mut names, mut not_taken) = (Vec::new(), Vec::new());
        for extension in parsed.requested_extensions().into_iter().flatten() {
            take(extension, &mut names, &mut not_taken);
        }
        let common_name = info.subject.iter_common_name().find_map(|cn| cn.as_str().ok());
        if names.is_empty()
            && let Some(host) = common_name.filter(|text| name::is_host_name(text))
        {
            names.push(San::Dns(host.to_ascii_lowercase()));
        }
        let is_named = |text: &&str| {
            let named = |name: &San| name.to_string().eq_ignore_ascii_case(text);
            text.len() <= MAX_COMMON_NAME && names.iter().any(named)
        };
        let common_name = common_name.filter(is_named).map(str::to_owned);
        for attribute in info.subject.iter_attributes() {
            let taken = common_name.as_deref() == attribute.as_str().ok();
            if !taken {
                let text = attribute.as_str().unwrap_or("a value that is no text");
                not_taken.push(format!("{text:?} in its subject"));
            }
        }
        let spki = info.subject_pki.raw.to_vec();
        Ok(Self { names, common_name, key_type, not_taken, public, spki })
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The `SubjectPublicKeyInfo`, DER.
    #[must_use]
    pub fn public_key_info(&self) -> &[u8] {
        &self.spki
    }
}

/// The one request of a text, or the bytes themselves: DER.
fn only_one(bytes: &[u8]) -> Result<Vec<u8>, RequestError> {
    let is_request =
        |label: &Label| matches!(label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST");
    let mut requests = pem::blocks(bytes);
    requests.retain(|block| is_request(&block.label));
    if requests.len() > 1 {
        return Err(RequestError::Several(requests.len()));
    }
    match requests.pop() {
        Some(block) => Ok(block.der?.expose().to_vec()),
        None if bytes.starts_with(&[0x30]) => Ok(bytes.to_vec()),
        None => Err(RequestError::NoBlock),
    }
}

fn is_signed_by_its_own_key(parsed: &X509CertificationRequest<'_>) -> Result<(), RequestError> {
    let info = &parsed.certification_request_info;
    let (algorithm, bits) = (&parsed.signature_algorithm, &parsed.signature_value.data);
    match verify::verify(algorithm, &info.subject_pki, info.raw, bits) {
        Verdict::Verifies => Ok(()),
        Verdict::Differs => Err(RequestError::WrongSignature),
        Verdict::Unchecked(algorithm) => Err(RequestError::Unchecked(algorithm)),
    }
}

fn take(extension: &ParsedExtension<'_>, names: &mut Vec<San>, not_taken: &mut Vec<String>) {
    match extension {
        ParsedExtension::SubjectAlternativeName(san) => {
            for name in &san.general_names {
                match San::of(name) {
                    San::Other(_) => {
                        not_taken.push(format!("a name of another form: {}", foreign(name)));
                    }
                    name => names.push(name),
                }
            }
        }
        ParsedExtension::BasicConstraints(constraints) if constraints.ca => {
            not_taken.push("that it be a CA (CA:TRUE)".to_owned());
        }
        // What a server's certificate has anyhow.
        ParsedExtension::BasicConstraints(_) | ParsedExtension::SubjectKeyIdentifier(_) => {}
        ParsedExtension::KeyUsage(usage) if usage.flags & !SERVER_KEY_USAGE == 0 => {}
        ParsedExtension::KeyUsage(_) => {
            not_taken.push("its key usage: it becomes that of a server".to_owned());
        }
        ParsedExtension::ExtendedKeyUsage(usage) if *usage == server_alone() => {}
        ParsedExtension::ExtendedKeyUsage(_) => {
            not_taken.push("its extended key usage: it becomes serverAuth".to_owned());
        }
        ParsedExtension::UnsupportedExtension { oid } => {
            not_taken.push(format!("the extension {}", Oid::of(oid.as_bytes())));
        }
        _ => not_taken.push("an extension that is not the requester's to choose".to_owned()),
    }
}

/// serverAuth, and nothing else.
fn server_alone<'e>() -> ExtendedKeyUsage<'e> {
    ExtendedKeyUsage {
        any: false,
        server_auth: true,
        client_auth: false,
        code_signing: false,
        email_protection: false,
        time_stamping: false,
        ocsp_signing: false,
        other: Vec::new(),
    }
}

/// A name of a form that is not signed here. x509-parser writes object identifiers wrongly.
fn foreign(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::OtherName(kind, _) => format!("otherName {}", Oid::of(kind.as_bytes())),
        GeneralName::RegisteredID(id) => format!("registeredID {}", Oid::of(id.as_bytes())),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, KeyPair,
        KeyUsagePurpose, SanType,
    };

    /// A request of the test PKI's P-256 key, PEM.
    fn made(params: &CertificateParams) -> String {
        let key = include_str!("../../testdata/pki/ec-p256-01.pem");
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
        let names = [
            "*.shop.example",
            "ops@a.example",
            "spiffe://a.example/web",
            "10.0.0.1",
            "2001:db8::1",
        ];
        assert_eq!(texts(&request), names);
        assert_eq!(request.not_taken.len(), 1, "{:?}", request.not_taken);
        assert!(request.not_taken[0].starts_with("a name of another form: "));
        assert_eq!((request.key_type, request.common_name), (KeyType::P256, None));
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
            assert_eq!(request.common_name.as_deref(), kept, "{common_name:?}");
        }
    }

    #[test]
    fn a_subject_is_left_out_but_for_a_common_name_that_is_one_of_the_names() {
        let mut wish = named("a.example");
        wish.distinguished_name.push(DnType::CommonName, "A.EXAMPLE");
        wish.distinguished_name.push(DnType::OrganizationName, "Bank \u{202e}of Example");
        let request = read(&wish).expect("it can be read");
        assert_eq!(request.common_name.as_deref(), Some("A.EXAMPLE"));
        assert_eq!(request.not_taken, [r#""Bank \u{202e}of Example" in its subject"#]);
        let mut wish = named("a.example");
        wish.distinguished_name.push(DnType::CommonName, "b.example");
        let request = read(&wish).expect("it can be read");
        assert_eq!(request.common_name, None);
        assert_eq!(texts(&request), ["a.example"]);
        assert_eq!(request.not_taken, [r#""b.example" in its subject"#]);
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
        let mut not_taken = request.not_taken;
        not_taken.sort();
        assert_eq!(
            not_taken,
            [
                "an extension that is not the requester's to choose",
                "its extended key usage: it becomes serverAuth",
                "its key usage: it becomes that of a server",
                "that it be a CA (CA:TRUE)",
                "the extension 1.3.6.1.5.5.7.1.24",
            ]
        );
        wish.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        wish.custom_extensions = vec![extension(&[2, 5, 29, 19], &[0x30, 0])];
        wish.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        assert_eq!(read(&wish).expect("it can be read").not_taken, [] as [&str; 0]);
    }

    #[test]
    fn a_request_is_read_as_pem_of_either_label_and_as_der() {
        let pem = made(&named("a.example"));
        let der = pem::blocks(pem.as_bytes()).remove(0).der.expect("it was just encoded");
        let old = pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
        let behind = format!("{}\n{pem}", include_str!("../../testdata/pki/root-ca.crt.pem"));
        for bytes in [pem.as_bytes(), old.as_bytes(), behind.as_bytes(), der.expose()] {
            let request = Request::read(bytes).expect("it can be read");
            assert_eq!(texts(&request), ["a.example"]);
            let key = include_bytes!("../../testdata/pki/ec-p256-01.pem");
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
        let certificate = include_bytes!("../../testdata/pki/root-ca.crt.pem");
        let garbage =
            "-----BEGIN CERTIFICATE REQUEST-----\n!!!\n-----END CERTIFICATE REQUEST-----\n";
        for (bytes, why) in [
            (&forged[..], "its signature is not that of its own key"),
            (&longer, "bytes stand behind the certificate request"),
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
}
