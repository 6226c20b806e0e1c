//! What a certificate says, as facts (RFC 5280), whatever version or oddity it has.
//!
//! Knows how to read DER leniently: X.509 v1, unknown extensions, odd strings and serials are
//! shown, not refused. Refuses to judge: expiry, coverage and trust are asked elsewhere, with a
//! clock. Strings here are raw; whoever prints them makes them harmless.

use super::key::PublicKey;
use super::name;
use ring::digest;
use std::net::IpAddr;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Facts of one certificate. About 1 KiB; the DER is not kept.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the whole DER: the fingerprint.
    pub sha256: [u8; 32],
    /// X.509 version as people count it: 1, 2 or 3.
    pub version: u32,
    /// Serial number, lower-case hex of its bytes as encoded.
    pub serial: String,
    /// Subject, `CN=…, O=…` in the encoded order.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Subject attributes as (dotted OID, text), in the encoded order.
    pub subject_attributes: Vec<(String, String)>,
    /// Whether subject and issuer are the same bytes.
    pub issuer_is_subject: bool,
    /// Whether it signed itself: subject is issuer and the signature verifies under its own key
    /// (or, where the algorithm is one that nobody here can verify, nothing speaks against it).
    pub self_signed: bool,
    /// First instant of validity, UTC.
    pub not_before: OffsetDateTime,
    /// Last instant of validity, UTC.
    pub not_after: OffsetDateTime,
    /// Whether there is a subjectAltName extension, readable or not.
    pub has_san: bool,
    /// What the subjectAltName names.
    pub names: Vec<San>,
    /// `BasicConstraints` CA:TRUE. X.509 v1 has no such thing and counts as not.
    pub is_ca: bool,
    /// Extended key usages as dotted OIDs; none when the extension is absent.
    pub extended_key_usage: Option<Vec<String>>,
    /// The public key's type and size.
    pub key_type: String,
    /// A short digest of the public key, to be compared with a private key's by eye.
    pub key_id: String,
}

/// One subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum San {
    /// dNSName.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// Any other form (`otherName`, `directoryName`…), which certwright shows and cannot write.
    Other(&'static str),
}

/// How a certificate answers for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostMatch {
    /// This dNSName of the SAN covers it.
    San(String),
    /// No SAN at all, and this common name equals or covers it: `PyMilvus`, Python before 3.12 and
    /// old OpenSSL accept that; Go, browsers and rustls do not.
    CommonNameOnly(String),
    /// Nothing in it covers the host.
    None,
}

/// Reads one certificate.
///
/// # Errors
/// A sentence that says what is wrong with the DER.
pub fn read(der: &[u8]) -> Result<(Certificate, PublicKey), String> {
    let (_, parsed) = X509Certificate::from_der(der).map_err(|error| {
        format!("it is not an X.509 certificate ({})", plain_parse_error(&error.to_string()))
    })?;
    let public = PublicKey::of_certificate(parsed.public_key());
    let facts = Certificate {
        sha256: sha256(parsed.as_raw()),
        version: parsed.version().0.saturating_add(1),
        serial: hex(parsed.raw_serial()),
        subject: name_text(parsed.subject()),
        issuer: name_text(parsed.issuer()),
        subject_attributes: attributes(parsed.subject()),
        issuer_is_subject: same_name(&parsed),
        self_signed: same_name(&parsed) && signed_by_itself(&parsed),
        not_before: parsed.validity().not_before.to_datetime(),
        not_after: parsed.validity().not_after.to_datetime(),
        has_san: has_san(&parsed),
        names: names(&parsed),
        is_ca: parsed.is_ca(),
        extended_key_usage: extended_key_usage(&parsed),
        key_type: public.key_type(),
        key_id: public.id(),
    };
    Ok((facts, public))
}

impl Certificate {
    /// The dNSNames.
    pub fn dns(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| match name {
            San::Dns(text) => Some(text.as_str()),
            San::Ip(_) | San::Email(_) | San::Uri(_) | San::Other(_) => None,
        })
    }

    /// The iPAddresses.
    pub fn ip(&self) -> impl Iterator<Item = IpAddr> {
        self.names.iter().filter_map(|name| match name {
            San::Ip(address) => Some(*address),
            San::Dns(_) | San::Email(_) | San::Uri(_) | San::Other(_) => None,
        })
    }

    /// The common names of the subject, raw.
    pub fn common_names(&self) -> impl Iterator<Item = &str> {
        let is_cn = |(oid, _): &&(String, String)| oid == OID_COMMON_NAME;
        self.subject_attributes.iter().filter(is_cn).map(|(_, text)| text.as_str())
    }

    /// The common name that clients of old took for a host name, when there is no SAN.
    #[must_use]
    pub fn common_name_host(&self) -> Option<&str> {
        if self.has_san {
            return None;
        }
        self.common_names().find(|text| name::is_host_name(text))
    }

    /// How it answers for `host` (RFC 9525: by the SAN; the common name is no answer but a hint).
    #[must_use]
    pub fn match_host(&self, host: &str) -> HostMatch {
        if let Some(pattern) = self.dns().find(|pattern| name::covers(pattern, host)) {
            return HostMatch::San(pattern.to_owned());
        }
        match self.common_name_host() {
            Some(cn) if name::covers(cn, host) => HostMatch::CommonNameOnly(cn.to_owned()),
            _ => HostMatch::None,
        }
    }

    /// Seconds from notBefore to notAfter; never negative.
    #[must_use]
    pub fn lifetime_seconds(&self) -> i64 {
        (self.not_after.unix_timestamp() - self.not_before.unix_timestamp()).max(0)
    }

    /// The fingerprint as lower-case hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&self.sha256)
    }
}

/// id-at-commonName.
pub const OID_COMMON_NAME: &str = "2.5.4.3";

/// Lower-case hex without colons.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    sum
}

/// nom's error texts repeat themselves; the first clause is what a person can use.
fn plain_parse_error(text: &str) -> String {
    text.trim_start_matches("Parsing Error: ").split('\n').next().unwrap_or_default().to_owned()
}

fn same_name(parsed: &X509Certificate<'_>) -> bool {
    parsed.subject().as_raw() == parsed.issuer().as_raw()
}

fn signed_by_itself(parsed: &X509Certificate<'_>) -> bool {
    match parsed.verify_signature(None) {
        Ok(()) => true,
        Err(error) => error != X509Error::SignatureVerificationError || unverifiable_here(parsed),
    }
}

/// ring says "does not verify" also of keys it will not work with; such a key proves nothing.
fn unverifiable_here(parsed: &X509Certificate<'_>) -> bool {
    match PublicKey::of_certificate(parsed.public_key()) {
        PublicKey::Rsa { modulus, .. } => !(128..=1024).contains(&modulus.len()),
        PublicKey::Ec { .. } | PublicKey::Ed25519(_) => false,
        PublicKey::Other(_) => true,
    }
}

fn has_san(parsed: &X509Certificate<'_>) -> bool {
    let san = x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
    parsed.extensions().iter().any(|extension| extension.oid == san)
}

fn names(parsed: &X509Certificate<'_>) -> Vec<San> {
    let mut names = Vec::new();
    for extension in parsed.extensions() {
        if let ParsedExtension::SubjectAlternativeName(san) = extension.parsed_extension() {
            names.extend(san.general_names.iter().map(san_of));
        }
    }
    names
}

fn san_of(name: &GeneralName<'_>) -> San {
    match name {
        GeneralName::DNSName(text) => San::Dns((*text).to_owned()),
        GeneralName::RFC822Name(text) => San::Email((*text).to_owned()),
        GeneralName::URI(text) => San::Uri((*text).to_owned()),
        GeneralName::IPAddress(bytes) => {
            match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
                (Ok(v4), _) => San::Ip(IpAddr::from(v4)),
                (_, Ok(v6)) => San::Ip(IpAddr::from(v6)),
                _ => San::Other("malformed iPAddress"),
            }
        }
        GeneralName::DirectoryName(_) => San::Other("directoryName"),
        GeneralName::RegisteredID(_) => San::Other("registeredID"),
        GeneralName::OtherName(..) => San::Other("otherName"),
        GeneralName::X400Address(_) => San::Other("x400Address"),
        GeneralName::EDIPartyName(_) => San::Other("ediPartyName"),
        GeneralName::Invalid(..) => San::Other("malformed name"),
    }
}

fn extended_key_usage(parsed: &X509Certificate<'_>) -> Option<Vec<String>> {
    let usage = parsed.extended_key_usage().ok().flatten()?.value;
    let known = [
        (usage.any, "2.5.29.37.0"),
        (usage.server_auth, OID_SERVER_AUTH),
        (usage.client_auth, OID_CLIENT_AUTH),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let known = known.iter().filter(|(set, _)| *set).map(|(_, oid)| (*oid).to_owned());
    Some(known.chain(usage.other.iter().map(ToString::to_string)).collect())
}

/// id-kp-serverAuth (RFC 5280 §4.2.1.12).
pub const OID_SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// id-kp-clientAuth.
pub const OID_CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

fn attributes(name: &X509Name<'_>) -> Vec<(String, String)> {
    name.iter_attributes()
        .map(|attribute| (attribute.attr_type().to_id_string(), attribute_text(attribute)))
        .collect()
}

fn name_text(name: &X509Name<'_>) -> String {
    let registry = oid_registry();
    let one = |attribute: &AttributeTypeAndValue<'_>| {
        let label = oid2abbrev(attribute.attr_type(), registry)
            .map_or_else(|_| attribute.attr_type().to_id_string(), str::to_owned);
        format!("{label}={}", attribute_text(attribute))
    };
    name.iter_attributes().map(one).collect::<Vec<_>>().join(", ")
}

/// The value as text: ASN.1 strings of every age; bytes that are no text as `#hex` (RFC 4514 §2.4).
fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let value = attribute.attr_value();
    if let Ok(text) = attribute.as_str() {
        return text.to_owned();
    }
    match value.tag().0 {
        // BMPString: UCS-2, big-endian.
        30 => decode_units(
            value.data.chunks_exact(2).map(|c| u32::from(u16::from_be_bytes([c[0], c[1]]))),
        ),
        // UniversalString: UCS-4, big-endian.
        28 => decode_units(
            value.data.chunks_exact(4).map(|c| u32::from_be_bytes([c[0], c[1], c[2], c[3]])),
        ),
        // TeletexString and strings that lie about being UTF-8: shown as Latin-1, as OpenSSL does.
        12 | 19 | 20 | 22 => decode_units(value.data.iter().map(|byte| u32::from(*byte))),
        _ => format!("#{}", hex(value.data)),
    }
}

fn decode_units(units: impl Iterator<Item = u32>) -> String {
    units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
