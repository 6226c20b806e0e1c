//! Requests (PKCS#10, RFC 2986): what somebody else asks to have certified.
//!
//! Knows what of a request is taken: names, the public key, once the request's own signature shows
//! that the asker has the private one, and of the usages what the signer agreed to. Everything else,
//! CA:TRUE above all, is left to whoever signs, and said.

mod asked;

pub use asked::{Asked, AskedExtension, SubjectAttribute};

use super::algorithm::SignatureAlgorithm;
use super::key_kind::{KeyKind, KeyType};
use super::key_purpose::{KeyPurpose, Usage};
use super::name::{self, MAX_COMMON_NAME};
use super::pem::{self, Block, Label, PemError};
use super::public_key::PublicKey;
use super::san::San;
use super::verify::Verdict;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

/// What the certificate of a TLS server or client has anyhow (RFC 5280 §4.2.1.3).
const USUAL_KEY_USAGE: [&str; 3] = ["digitalSignature", "keyEncipherment", "keyAgreement"];

/// What is taken of a request.
#[derive(Clone, Debug)]
pub struct Request {
    /// All that it asks for.
    pub asked: Asked,
    /// The names asked for, of forms that can be signed; a common name that is a host where there
    /// are no others.
    pub names: Vec<San>,
    /// The type of its key.
    pub key_type: KeyType,
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
    #[error("bytes follow the certificate request")]
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
        Self::of(Asked::read(&only_one(bytes)?)?)
    }

    /// What is taken of a request that was read.
    ///
    /// # Errors
    /// [`RequestError`], when its signature is wrong, or its key is weak or of a kind that is not
    /// signed here.
    pub fn of(asked: Asked) -> Result<Self, RequestError> {
        // Before its signature: what cannot be verified here is refused with its own reason.
        let Some(key_type) = asked.key_type.key_type() else {
            return Err(RequestError::KeyKind(asked.key_type));
        };
        match &asked.possession {
            Verdict::Verifies => {}
            Verdict::Differs => return Err(RequestError::WrongSignature),
            Verdict::Unchecked(algorithm) => {
                return Err(RequestError::Unchecked(algorithm.clone()));
            }
        }
        let mut names = asked.names.clone();
        if names.is_empty()
            && let Some(host) = asked.common_names().next().filter(|text| name::is_host_name(text))
        {
            names.push(San::Dns(host.to_ascii_lowercase()));
        }
        Ok(Self { asked, names, key_type })
    }

    /// The common name that is taken: of a server's, one that is among the names; of a client's any,
    /// for it is what clients are known by.
    #[must_use]
    pub fn common_name(&self, usage: Usage) -> Option<&str> {
        let is_named =
            |text: &str| self.names.iter().any(|name| name.to_string().eq_ignore_ascii_case(text));
        let first = self.asked.common_names().next().filter(|text| !text.is_empty());
        first.filter(|text| match usage {
            Usage::Server => text.len() <= MAX_COMMON_NAME && is_named(text),
            Usage::Client | Usage::Both => true,
        })
    }

    /// What it asks for and does not get in a certificate for this usage, for people. May hold
    /// strings from outside.
    #[must_use]
    pub fn ignored(&self, usage: Usage) -> Vec<String> {
        let asked = &self.asked;
        let mut taken = self.common_name(usage);
        let mut ignored = Vec::new();
        for attribute in &asked.subject_attributes {
            match (&attribute.common_name, taken) {
                (Some(name), Some(common_name)) if name == common_name => taken = None,
                _ => ignored.push(attribute.shown.clone()),
            }
        }
        let foreign = asked.foreign_names.iter();
        ignored.extend(foreign.map(|name| format!("a name of another form: {name}")));
        if asked.is_ca {
            ignored.push("that it be a CA (CA:TRUE)".to_owned());
        }
        let unusual = asked.key_usage.iter().flatten();
        let unusual: Vec<&str> =
            unusual.filter(|usage| !USUAL_KEY_USAGE.contains(usage)).copied().collect();
        if !unusual.is_empty() {
            ignored.push(format!("the key usage {}", unusual.join(", ")));
        }
        let purposes = asked.extended_key_usage.iter().flatten();
        ignored.extend(
            purposes
                .filter(|purpose| !usage.purposes().contains(purpose))
                .map(|purpose| self.ignored_purpose(purpose)),
        );
        for extension in &asked.extensions {
            let broken = if extension.is_broken { ", which cannot be read" } else { "" };
            ignored.push(format!("the extension {}{broken}", extension.oid));
        }
        ignored
    }

    /// A usage that is not taken, and how it would be.
    fn ignored_purpose(&self, purpose: &KeyPurpose) -> String {
        let name = purpose.name();
        match (purpose, self.usage_asked_for()) {
            (KeyPurpose::ServerAuth | KeyPurpose::ClientAuth, Some(usage)) => {
                format!("the extended key usage {name}, which --usage {} takes", usage.as_str())
            }
            _ => format!("the extended key usage {name}"),
        }
    }

    /// The usage that would take all it asks for of either end of TLS; none where it does not say.
    #[must_use]
    pub fn usage_asked_for(&self) -> Option<Usage> {
        Usage::taking(self.asked.extended_key_usage.as_deref()?)
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.asked.public
    }

    /// The `SubjectPublicKeyInfo`, DER.
    #[must_use]
    pub fn public_key_info(&self) -> &[u8] {
        &self.asked.spki
    }
}

/// The requests of a text or DER.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Each one's DER, or why there is none.
    pub blocks: Vec<Result<Vec<u8>, RequestError>>,
    /// Whether there is nothing else that could be a certificate or a private key.
    pub alone: bool,
}

/// Every request that stands in the bytes of a file, unread.
#[must_use]
pub fn all_in(bytes: &[u8]) -> Found {
    let blocks = pem::blocks(bytes);
    if blocks.is_empty() {
        // Other DER begins so too; only what reads as a request is one.
        let is_request =
            bytes.first() == Some(&0x30) && X509CertificationRequest::from_der(bytes).is_ok();
        let blocks = if is_request { vec![Ok(bytes.to_vec())] } else { Vec::new() };
        return Found { alone: is_request, blocks };
    }
    let ours = |block: &Block| block.label == Label::Certificate || block.label.is_private_key();
    let alone = !blocks.iter().any(ours);
    let requests = blocks.into_iter().filter(|block| block.label.is_request());
    let der = |block: Block| Ok(block.der?.expose().to_vec());
    Found { blocks: requests.map(der).collect(), alone }
}

/// The one request of a text, or the bytes themselves: DER.
fn only_one(bytes: &[u8]) -> Result<Vec<u8>, RequestError> {
    let mut requests = pem::blocks(bytes);
    requests.retain(|block| block.label.is_request());
    if requests.len() > 1 {
        return Err(RequestError::Several(requests.len()));
    }
    match requests.pop() {
        Some(block) => Ok(block.der?.expose().to_vec()),
        None if bytes.starts_with(&[0x30]) => Ok(bytes.to_vec()),
        None => Err(RequestError::NoBlock),
    }
}

#[cfg(test)]
mod tests;
