//! Requests (PKCS#10, RFC 2986): what somebody else asks to have certified.
//!
//! Knows what of a request is taken: names and the public key, once the request's own signature
//! shows that the asker has the private one. Everything else, CA:TRUE above all, is left to whoever
//! signs, and said.

use super::cert::San;
use super::key::PublicKey;
use super::name::{self, MAX_COMMON_NAME};
use super::pem::{self, Label};
use super::profile::KeyType;
use std::net::IpAddr;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

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
    pub left_out: Vec<String>,
    public: PublicKey,
    spki: Vec<u8>,
}

impl Request {
    /// Reads one request, PEM or DER, and checks that it is signed by its own key.
    ///
    /// # Errors
    /// A sentence, when it is no request, its signature is wrong, its key is weak or of a kind
    /// that is not signed here, or it names nothing.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let is_request = |label: &Label| {
            matches!(label.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST")
        };
        let block = pem::blocks(bytes).into_iter().find(|block| is_request(&block.label));
        let der = match block {
            Some(block) => block.der.map_err(|error| error.to_string())?.expose().to_vec(),
            None if bytes.starts_with(&[0x30]) => bytes.to_vec(),
            None => return Err("there is no PEM block of a certificate request in it".to_owned()),
        };
        let (rest, parsed) = X509CertificationRequest::from_der(&der)
            .map_err(|_| "it is not a certificate request (PKCS#10)".to_owned())?;
        if !rest.is_empty() {
            return Err("bytes stand behind the certificate request".to_owned());
        }
        let info = &parsed.certification_request_info;
        let public = PublicKey::of_certificate(&info.subject_pki);
        // Before its signature: what cannot be verified here is refused with its own reason.
        let Some(key_type) = KeyType::from_name(&public.key_type()) else {
            return Err(format!(
                "its key is of type {}: RSA of 2048, 3072 or 4096 bits, P-256, P-384 and Ed25519 are signed",
                public.key_type()
            ));
        };
        parsed
            .verify_signature()
            .map_err(|_| "its signature is not that of its own key".to_owned())?;
        let (mut names, mut left_out) = (Vec::new(), Vec::new());
        for extension in parsed.requested_extensions().into_iter().flatten() {
            take(extension, &mut names, &mut left_out);
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
                left_out.push(format!("{text:?} in its subject"));
            }
        }
        let spki = info.subject_pki.raw.to_vec();
        Ok(Self { names, common_name, key_type, left_out, public, spki })
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

fn take(extension: &ParsedExtension<'_>, names: &mut Vec<San>, left_out: &mut Vec<String>) {
    match extension {
        ParsedExtension::SubjectAlternativeName(san) => {
            for name in &san.general_names {
                match san_of(name) {
                    Some(name) => names.push(name),
                    None => left_out.push(format!("a name of another form: {name}")),
                }
            }
        }
        ParsedExtension::BasicConstraints(constraints) if constraints.ca => {
            left_out.push("that it be a CA (CA:TRUE)".to_owned());
        }
        // What a server's certificate has anyhow.
        ParsedExtension::BasicConstraints(_)
        | ParsedExtension::KeyUsage(_)
        | ParsedExtension::SubjectKeyIdentifier(_) => {}
        ParsedExtension::ExtendedKeyUsage(usage) if usage.server_auth && usage.other.is_empty() => {
        }
        ParsedExtension::ExtendedKeyUsage(_) => {
            left_out.push("its extended key usage: it becomes serverAuth".to_owned());
        }
        ParsedExtension::UnsupportedExtension { oid } => {
            left_out.push(format!("the extension {oid}"));
        }
        _ => left_out.push("an extension that is not the requester's to choose".to_owned()),
    }
}

fn san_of(name: &GeneralName<'_>) -> Option<San> {
    match name {
        GeneralName::DNSName(text) => Some(San::Dns((*text).to_owned())),
        GeneralName::RFC822Name(text) => Some(San::Email((*text).to_owned())),
        GeneralName::URI(text) => Some(San::Uri((*text).to_owned())),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(San::Ip)
        }
        _ => None,
    }
}
