//! All that a request asks for (PKCS#10, RFC 2986), whether or not it will be given.
//!
//! Knows its subject, names, key, usages and attributes, and whether its own key signed it. Refuses
//! to know what of it is taken.

use super::RequestError;
use crate::x509::algorithm::SignatureAlgorithm;
use crate::x509::dn;
use crate::x509::key_kind::KeyKind;
use crate::x509::key_purpose::KeyPurpose;
use crate::x509::oid::{self, Oid, OidBuf};
use crate::x509::public_key::PublicKey;
use crate::x509::san::San;
use crate::x509::verify::{self, Verdict};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::{ParsedCriAttribute, X509CriAttribute};
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer as _;

/// What a request says. Its texts are from outside.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its subject, as certificates' subjects are shown.
    pub subject: String,
    /// The attributes of the subject, in their order.
    pub subject_attributes: Vec<SubjectAttribute>,
    /// The names asked for, of forms that can be signed; unchecked but for their form.
    pub names: Vec<San>,
    /// The names of other forms, for people.
    pub foreign_names: Vec<String>,
    /// Type and size of its key.
    pub key_type: KeyKind,
    /// How it is signed.
    pub signature: SignatureAlgorithm,
    /// Whether it is its own key that signed it: the proof that the asker has the private one.
    pub possession: Verdict,
    /// Whether it asks for a CA.
    pub is_ca: bool,
    /// The key usages asked for, in the order of RFC 5280; none where it leaves them open.
    pub key_usage: Option<Vec<&'static str>>,
    /// The extended key usages asked for; none where it leaves them open.
    pub extended_key_usage: Option<Vec<KeyPurpose>>,
    /// Other extensions that it asks for.
    pub extensions: Vec<AskedExtension>,
    /// Whether a password to revoke the certificate by stands in it (RFC 2985 §5.4.1). It is never
    /// shown: some CAs take it for a secret.
    pub has_challenge_password: bool,
    /// Its attributes beside extensions and that password.
    pub attributes: Vec<OidBuf>,
    pub(super) public: PublicKey,
    pub(super) spki: Vec<u8>,
}

/// One attribute of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectAttribute {
    /// As subjects are shown: `O=Plant 7`.
    pub shown: String,
    /// Its value, where it is a common name that is text.
    pub common_name: Option<String>,
}

/// An extension that is the issuer's to decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedExtension {
    /// Which.
    pub oid: OidBuf,
    /// Whether it is one that is known and cannot be read.
    pub is_broken: bool,
}

/// The bits of keyUsage (RFC 5280 §4.2.1.3), from the first.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

impl Asked {
    /// Reads one request, DER.
    ///
    /// # Errors
    /// [`RequestError`], when it is none.
    pub fn read(der: &[u8]) -> Result<Self, RequestError> {
        let (rest, parsed) =
            X509CertificationRequest::from_der(der).map_err(|_| RequestError::Structure)?;
        if !rest.is_empty() {
            return Err(RequestError::TrailingBytes);
        }
        let info = &parsed.certification_request_info;
        let public = PublicKey::of_certificate(&info.subject_pki);
        let mut asked = Self {
            subject: dn::name_text(&info.subject),
            subject_attributes: info.subject.iter_attributes().map(subject_attribute).collect(),
            names: Vec::new(),
            foreign_names: Vec::new(),
            key_type: public.key_type(),
            signature: SignatureAlgorithm::of(&parsed.signature_algorithm),
            possession: possession(&parsed),
            is_ca: false,
            key_usage: None,
            extended_key_usage: None,
            extensions: Vec::new(),
            has_challenge_password: false,
            attributes: Vec::new(),
            public,
            spki: info.subject_pki.raw.to_vec(),
        };
        for attribute in info.iter_attributes() {
            asked.take_attribute(attribute);
        }
        Ok(asked)
    }

    /// The common names of its subject.
    pub fn common_names(&self) -> impl Iterator<Item = &str> {
        self.subject_attributes.iter().filter_map(|one| one.common_name.as_deref())
    }

    /// Its public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn take_attribute(&mut self, attribute: &X509CriAttribute<'_>) {
        match attribute.parsed_attribute() {
            ParsedCriAttribute::ExtensionRequest(request) => {
                for extension in &request.extensions {
                    self.take_extension(extension);
                }
            }
            ParsedCriAttribute::ChallengePassword(_) => self.has_challenge_password = true,
            ParsedCriAttribute::UnsupportedAttribute => {
                self.attributes.push(Oid::of(attribute.oid.as_bytes()).into());
            }
        }
    }

    fn take_extension(&mut self, extension: &X509Extension<'_>) {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(san) => {
                for name in &san.general_names {
                    match San::of(name) {
                        San::Other(_) => self.foreign_names.push(foreign(name)),
                        name => self.names.push(name),
                    }
                }
            }
            ParsedExtension::BasicConstraints(constraints) => self.is_ca |= constraints.ca,
            ParsedExtension::KeyUsage(usage) => {
                let bits = KEY_USAGES.iter().enumerate();
                let set = bits.filter(|(bit, _)| usage.flags >> bit & 1 == 1);
                self.key_usage = Some(set.map(|(_, name)| *name).collect());
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.extended_key_usage = Some(KeyPurpose::all_of(usage));
            }
            // Every certificate has one of its own making.
            ParsedExtension::SubjectKeyIdentifier(_) => {}
            parsed => {
                let oid = Oid::of(extension.oid.as_bytes()).into();
                let is_broken = matches!(parsed, ParsedExtension::ParseError { .. });
                self.extensions.push(AskedExtension { oid, is_broken });
            }
        }
    }
}

fn subject_attribute(attribute: &x509_parser::x509::AttributeTypeAndValue<'_>) -> SubjectAttribute {
    let is_common_name = Oid::of(attribute.attr_type().as_bytes()) == oid::COMMON_NAME;
    let text = attribute.as_str().ok().filter(|_| is_common_name);
    SubjectAttribute { shown: dn::shown(attribute), common_name: text.map(str::to_owned) }
}

fn possession(parsed: &X509CertificationRequest<'_>) -> Verdict {
    let info = &parsed.certification_request_info;
    let (algorithm, bits) = (&parsed.signature_algorithm, &parsed.signature_value.data);
    verify::verify(algorithm, &info.subject_pki, info.raw, bits)
}

/// A name of a form that is not signed here. x509-parser writes object identifiers wrongly.
fn foreign(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::OtherName(kind, _) => format!("otherName {}", Oid::of(kind.as_bytes())),
        GeneralName::RegisteredID(id) => format!("registeredID {}", Oid::of(id.as_bytes())),
        other => other.to_string(),
    }
}
