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
mod tests;
