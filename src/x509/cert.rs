//! What a certificate says, as facts (RFC 5280), whatever version or oddity it has.
//!
//! Knows how to read DER leniently: X.509 v1, unknown extensions, odd strings and serials are
//! shown, not refused. Refuses to judge: expiry, coverage and trust are asked elsewhere, with a
//! clock. Strings here are raw; whoever prints them makes them harmless.

use super::dates::{self, DateForm};
use super::defect::{self, EncodingDefect};
use super::key::{PointForm, PublicKey, RsaForm};
use super::name_constraints::NameLimits;
use super::signature::{self, Verdict};
use super::signer::{NameDigest, SignatureCheck};
use super::{name, oid, profile};
use ring::digest;
use std::borrow::Cow;
use std::net::IpAddr;
use time::{Duration, OffsetDateTime};
use x509_parser::asn1_rs::Any;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::oid_registry::OID_PKCS1_RSASSAPSS;
use x509_parser::prelude::FromDer as _;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::{
    AlgorithmIdentifier, AttributeTypeAndValue, RelativeDistinguishedName, X509Name,
};

/// Facts of one certificate. About 1 KiB; the DER is not kept.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the whole DER: the fingerprint.
    pub sha256: [u8; 32],
    /// X.509 version as people count it: 1, 2 or 3.
    pub version: u32,
    /// Serial number, lower-case hex in whole bytes and without leading zeros, with `-` before a
    /// negative one, as OpenSSL prints it; empty where there is none.
    pub serial: String,
    /// Subject, `CN=…, O=…` in the encoded order, with RFC 4514's escapes, and its `+` between
    /// attributes that stand side by side.
    pub subject: String,
    /// Issuer, in the same form.
    pub issuer: String,
    /// Subject attributes as (dotted OID, text), in the encoded order.
    pub subject_attributes: Vec<(String, String)>,
    /// The subject, for comparing.
    pub subject_name: NameDigest,
    /// The issuer, for comparing.
    pub issuer_name: NameDigest,
    /// Its signature under the keys of those beside it that bear its issuer's name, as far as
    /// [`super::signer::check`] was asked and ring can tell.
    pub signature_checks: Vec<SignatureCheck>,
    /// Whether subject and issuer are the same bytes.
    pub issuer_is_subject: bool,
    /// Whether it signed itself: subject is issuer and the signature verifies under its own key
    /// (or, where the algorithm is one that nobody here can verify, nothing speaks against it).
    pub self_signed: bool,
    /// First instant of validity, UTC.
    pub not_before: OffsetDateTime,
    /// Last instant of validity, UTC.
    pub not_after: OffsetDateTime,
    /// How the dates are written, which not every client takes.
    pub date_form: DateForm,
    /// Whether there is a subjectAltName extension, readable or not.
    pub has_san: bool,
    /// What the subjectAltName names.
    pub names: Vec<San>,
    /// Whether the subjectAltName, if there is one, could be taken apart.
    pub san_is_readable: bool,
    /// `BasicConstraints` CA:TRUE. X.509 v1 has no such thing and counts as not.
    pub is_ca: bool,
    /// How many CA certificates may stand below it; none when nothing is said.
    pub path_length: Option<u32>,
    /// What the names below a CA must and must not be; none where it is not limited.
    pub name_limits: Option<Box<NameLimits>>,
    /// The bits of keyUsage, bit 0 being digitalSignature; none when the extension is absent.
    pub key_usage: Option<u16>,
    /// Extended key usages as dotted OIDs; none when the extension is absent.
    pub extended_key_usage: Option<Vec<String>>,
    /// Critical extensions, as dotted OIDs, that not every client knows: a client that does not
    /// must refuse the certificate (RFC 5280 §4.2).
    pub unusual_critical: Vec<String>,
    /// The subject key identifier, shortened: see [`short_id`].
    pub subject_key_id: Option<[u8; 8]>,
    /// The key identifier of the issuer, shortened.
    pub authority_key_id: Option<[u8; 8]>,
    /// Where the issuer's certificate can be had (authorityInfoAccess, caIssuers).
    pub issuer_url: Option<Box<str>>,
    /// Whether it carries receipts of public logs (RFC 6962): then a public CA issued it, and
    /// those issue from intermediates only.
    pub publicly_logged: bool,
    /// How its issuer signed it: digest and key, as `SHA-256 with RSA`, or an OID.
    pub signature: Cow<'static, str>,
    /// What in its encoding some readers refuse.
    pub defects: Vec<EncodingDefect>,
    /// How many bytes stand behind the certificate in the same block.
    pub trailing_bytes: usize,
    /// The public key's type and size.
    pub key_type: String,
    /// How the point of an EC key is written, which not every client reads.
    pub point_form: PointForm,
    /// Whether the numbers of an RSA key are as every client takes them.
    pub rsa_form: RsaForm,
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

/// How many certificates of one text have their own signature tried: the slowest take half a
/// millisecond each, and thousands fit into a file.
const MAX_TRIED: usize = 64;

/// Reads one certificate.
///
/// # Errors
/// A sentence that says what is wrong with the DER.
pub fn read(der: &[u8]) -> Result<(Certificate, PublicKey), String> {
    read_at(0, der)
}

/// Reads the certificate at `place` of a text, from 0. Of those behind the first 64 that bear the
/// name of their issuer, the names and key identifiers tell who signed them, and no signature is
/// tried.
///
/// # Errors
/// A sentence that says what is wrong with the DER.
pub fn read_at(place: usize, der: &[u8]) -> Result<(Certificate, PublicKey), String> {
    let tried = place < MAX_TRIED;
    let error = match X509Certificate::from_der(der) {
        Ok((rest, parsed)) => {
            let signed = parsed.tbs_certificate.as_ref();
            return Ok(facts(&parsed, (der, rest), tried.then_some(signed)));
        }
        Err(error) => error,
    };
    // It may have a date that the library does not read and others do.
    if let Some((plain, signed)) = dates::rewritten(der)
        && let Ok((_, parsed)) = X509Certificate::from_der(&plain)
        && let Ok((rest, _)) = Any::from_der(der)
    {
        return Ok(facts(&parsed, (der, rest), tried.then_some(signed)));
    }
    Err(format!("it is not an X.509 certificate: {}", plain_parse_error(&error, der)))
}

/// The facts of a certificate that begins `der` and ends where `rest` begins. `signed` are its
/// bytes that the signature is over, when that is to be tried.
fn facts(
    parsed: &X509Certificate<'_>,
    (der, rest): (&[u8], &[u8]),
    signed: Option<&[u8]>,
) -> (Certificate, PublicKey) {
    let whole = der.get(..der.len().saturating_sub(rest.len())).unwrap_or_default();
    let public = PublicKey::of_certificate(parsed.public_key());
    let facts = Certificate {
        sha256: sha256(whole),
        version: parsed.version().0.saturating_add(1),
        serial: serial_text(parsed.raw_serial()),
        subject: name_text(parsed.subject()),
        issuer: name_text(parsed.issuer()),
        subject_attributes: attributes(parsed.subject()),
        subject_name: NameDigest::of(parsed.subject()),
        issuer_name: NameDigest::of(parsed.issuer()),
        signature_checks: Vec::new(),
        issuer_is_subject: same_name(parsed),
        self_signed: same_name(parsed)
            && signed
                .map_or_else(|| names_its_key(parsed), |signed| signed_by_itself(parsed, signed)),
        not_before: dates::to_the_second(parsed.validity().not_before.to_datetime()),
        not_after: dates::to_the_second(parsed.validity().not_after.to_datetime()),
        date_form: dates::form(whole),
        has_san: has_san(parsed),
        names: names(parsed),
        san_is_readable: san_is_readable(parsed),
        is_ca: parsed.is_ca(),
        path_length: parsed
            .basic_constraints()
            .ok()
            .flatten()
            .and_then(|constraints| constraints.value.path_len_constraint),
        name_limits: name_limits(parsed),
        key_usage: parsed.key_usage().ok().flatten().map(|usage| usage.value.flags),
        extended_key_usage: extended_key_usage(parsed),
        unusual_critical: unusual_critical(parsed),
        subject_key_id: subject_key_id(parsed).map(short_id),
        authority_key_id: authority_key_id(parsed).map(short_id),
        issuer_url: issuer_url(parsed),
        publicly_logged: is_publicly_logged(parsed),
        signature: signature_text(&parsed.signature_algorithm),
        defects: defect::defects(whole, parsed),
        trailing_bytes: rest.len(),
        key_type: public.key_type(),
        point_form: public.point_form(),
        rsa_form: public.rsa_form(),
        key_id: public.id(),
    };
    (facts, public)
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

    /// The common name where it is an address and there is no SAN: a server's, which no client finds
    /// there (RFC 9525 §6.3 compares iPAddresses alone).
    #[must_use]
    pub fn common_name_address(&self) -> Option<IpAddr> {
        let mut names = self.common_names().filter(|_| !self.has_san);
        names.find_map(|name| name.trim().parse().ok())
    }

    /// Whether it is meant for hosts, by its SAN or by a common name with a dot in it: also a
    /// CA:TRUE one is a leaf then, as `openssl req -x509` makes them.
    #[must_use]
    pub fn is_for_hosts(&self) -> bool {
        let named = self.names.iter().any(|name| matches!(name, San::Dns(_) | San::Ip(_)));
        named || self.common_name_host().is_some_and(|name| name.contains('.'))
    }

    /// How it answers for `host` (RFC 9525: by the SAN; the common name is no answer but a hint).
    /// An address, in any spelling, is compared with iPAddresses by its bytes, and with nothing else.
    #[must_use]
    pub fn match_host(&self, host: &str) -> HostMatch {
        if let Some(address) = name::address(host) {
            return match self.ip().find(|ip| *ip == address) {
                Some(ip) => HostMatch::San(ip.to_string()),
                None => HostMatch::None,
            };
        }
        if let Some(pattern) = self.dns().find(|pattern| name::covers(pattern, host)) {
            return HostMatch::San(pattern.to_owned());
        }
        match self.common_name_host() {
            Some(cn) if name::covers(cn, host) => HostMatch::CommonNameOnly(cn.to_owned()),
            _ => HostMatch::None,
        }
    }

    /// Seconds from notBefore to notAfter, the time it was dated back included; never negative.
    #[must_use]
    pub fn lifetime_seconds(&self) -> i64 {
        (self.not_after.unix_timestamp() - self.not_before.unix_timestamp()).max(0)
    }

    /// How long it lives from the instant it was made, as far as can be told: see
    /// [`profile::lifetime`].
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        profile::lifetime(Duration::seconds(self.lifetime_seconds()))
    }

    /// The fingerprint as lower-case hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&self.sha256)
    }

    /// Whether the key may sign certificates, as far as keyUsage says (RFC 5280 §4.2.1.3): bit 5,
    /// and anything where there is no such extension.
    #[must_use]
    pub fn may_sign_certificates(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & KEY_CERT_SIGN != 0)
    }

    /// Whether it states that it signs certificates: CA:TRUE, and a keyUsage with keyCertSign, which
    /// `openssl req -x509` does not write.
    #[must_use]
    pub fn states_cert_sign(&self) -> bool {
        self.is_ca && self.key_usage.is_some() && self.may_sign_certificates()
    }

    /// Whether the key of `issuer` made its signature; none where that was not tried
    /// ([`super::signer::check`]) or cannot be told.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> Option<bool> {
        let check = self.signature_checks.iter().find(|check| check.key_id == issuer.key_id);
        check.map(|check| check.fits)
    }

    /// The digest of its signature, when that is one for which certificates have been forged.
    #[must_use]
    pub fn weak_digest(&self) -> Option<&'static str> {
        WEAK_DIGESTS.into_iter().find(|digest| self.signature.starts_with(digest))
    }

    /// Why its key is too weak for today's clients, when it is: RSA below 2048 bits (CA/Browser
    /// Forum since 2014), DSA, curves below 224 bits.
    #[must_use]
    pub fn weak_key(&self) -> Option<&'static str> {
        match self.key_type.as_str() {
            "dsa" => Some("no client takes DSA keys any more"),
            "p192" => Some("the curve has fewer than 224 bits"),
            other => match other
                .strip_prefix("rsa-")
                .map(|size| size.trim_start_matches("pss-").parse::<u32>())
            {
                Some(Ok(bits)) if bits < 2048 => Some("RSA keys need at least 2048 bits"),
                _ => None,
            },
        }
    }
}

/// keyCertSign, bit 5 of keyUsage.
const KEY_CERT_SIGN: u16 = 1 << 5;
/// Digests that collide at will.
const WEAK_DIGESTS: [&str; 4] = ["MD2", "MD4", "MD5", "SHA-1"];

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

/// A key identifier, which may be as long as its CA likes, in eight bytes: it is only compared.
#[must_use]
pub fn short_id(identifier: &[u8]) -> [u8; 8] {
    let sum = sha256(identifier);
    let mut short = [0; 8];
    short.copy_from_slice(sum.first_chunk::<8>().unwrap_or(&[0; 8]));
    short
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    sum
}

/// nom's error texts are for programmers; three things are worth telling.
fn plain_parse_error(error: &x509_parser::nom::Err<X509Error>, der: &[u8]) -> String {
    if error.is_incomplete() || error.to_string().contains("Eof") {
        "its DER is cut off".to_owned()
    } else if let Some((field, date)) = dates::impossible(der) {
        format!("its {field} is no date: {date:?}")
    } else {
        "its DER has another structure".to_owned()
    }
}

fn san_is_readable(parsed: &X509Certificate<'_>) -> bool {
    let san = x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
    parsed.extensions().iter().filter(|extension| extension.oid == san).all(|extension| {
        matches!(extension.parsed_extension(), ParsedExtension::SubjectAlternativeName(_))
    })
}

/// Extensions that every client understands when they are critical: keyUsage, subjectAltName,
/// basicConstraints, nameConstraints, extKeyUsage.
const USUAL: [&str; 5] = ["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.37"];

fn unusual_critical(parsed: &X509Certificate<'_>) -> Vec<String> {
    let critical = parsed.extensions().iter().filter(|extension| extension.critical);
    critical
        .map(|extension| oid::dotted(extension.oid.as_bytes()))
        .filter(|oid| !USUAL.contains(&oid.as_str()))
        .collect()
}

pub(super) fn subject_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    })
}

pub(super) fn authority_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}

fn issuer_url(parsed: &X509Certificate<'_>) -> Option<Box<str>> {
    parsed.extensions().iter().find_map(|extension| {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else {
            return None;
        };
        access.accessdescs.iter().find_map(|access| match access.access_location {
            GeneralName::URI(url) if oid::dotted(access.access_method.as_bytes()) == CA_ISSUERS => {
                Some(url.into())
            }
            _ => None,
        })
    })
}

/// id-ad-caIssuers (RFC 5280 §4.2.2.1).
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
/// The list of signed certificate timestamps (RFC 6962 §3.3).
const TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";

fn is_publicly_logged(parsed: &X509Certificate<'_>) -> bool {
    parsed.extensions().iter().any(|extension| oid::dotted(extension.oid.as_bytes()) == TIMESTAMPS)
}

/// The signature algorithm in words; an unknown one by its OID.
pub(super) fn signature_text(algorithm: &AlgorithmIdentifier<'_>) -> Cow<'static, str> {
    let oid = oid::dotted(algorithm.algorithm.as_bytes());
    let known = SIGNATURES.iter().find(|(known, _)| *known == oid);
    match known {
        Some((_, text)) => Cow::Borrowed(text),
        None if algorithm.algorithm == OID_PKCS1_RSASSAPSS => {
            let digest = match SignatureAlgorithm::try_from(algorithm) {
                Ok(SignatureAlgorithm::RSASSA_PSS(pss)) => {
                    oid::dotted(pss.hash_algorithm_oid().as_bytes())
                }
                _ => String::new(),
            };
            let digest = DIGESTS.iter().find(|(known, _)| *known == digest);
            format!("{} with RSA-PSS", digest.map_or("another digest", |(_, text)| text)).into()
        }
        None => oid.into(),
    }
}

const SIGNATURES: [(&str, &str); 18] = [
    ("1.2.840.113549.1.1.2", "MD2 with RSA"),
    ("1.2.840.113549.1.1.3", "MD4 with RSA"),
    ("1.2.840.113549.1.1.4", "MD5 with RSA"),
    ("1.2.840.113549.1.1.5", "SHA-1 with RSA"),
    ("1.3.14.3.2.29", "SHA-1 with RSA"),
    ("1.2.840.113549.1.1.14", "SHA-224 with RSA"),
    ("1.2.840.113549.1.1.11", "SHA-256 with RSA"),
    ("1.2.840.113549.1.1.12", "SHA-384 with RSA"),
    ("1.2.840.113549.1.1.13", "SHA-512 with RSA"),
    ("1.2.840.10040.4.3", "SHA-1 with DSA"),
    ("2.16.840.1.101.3.4.3.2", "SHA-256 with DSA"),
    ("1.2.840.10045.4.1", "SHA-1 with ECDSA"),
    ("1.2.840.10045.4.3.1", "SHA-224 with ECDSA"),
    ("1.2.840.10045.4.3.2", "SHA-256 with ECDSA"),
    ("1.2.840.10045.4.3.3", "SHA-384 with ECDSA"),
    ("1.2.840.10045.4.3.4", "SHA-512 with ECDSA"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

const DIGESTS: [(&str, &str); 4] = [
    ("1.3.14.3.2.26", "SHA-1"),
    ("2.16.840.1.101.3.4.2.1", "SHA-256"),
    ("2.16.840.1.101.3.4.2.2", "SHA-384"),
    ("2.16.840.1.101.3.4.2.3", "SHA-512"),
];

fn same_name(parsed: &X509Certificate<'_>) -> bool {
    parsed.subject().as_raw() == parsed.issuer().as_raw()
}

/// Whether it names no other key than its own as its issuer's.
fn names_its_key(parsed: &X509Certificate<'_>) -> bool {
    let authority = authority_key_id(parsed);
    authority.is_none() || authority == subject_key_id(parsed)
}

/// Where nobody here can check the signature, its word is taken.
fn signed_by_itself(parsed: &X509Certificate<'_>, signed: &[u8]) -> bool {
    let (algorithm, bits) = (&parsed.signature_algorithm, &parsed.signature_value.data);
    signature::verify(algorithm, parsed.public_key(), signed, bits) != Verdict::Differs
}

fn name_limits(parsed: &X509Certificate<'_>) -> Option<Box<NameLimits>> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::NameConstraints(limits) => Some(Box::new(NameLimits::of(limits))),
        _ => None,
    })
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
    Some(known.chain(usage.other.iter().map(|other| oid::dotted(other.as_bytes()))).collect())
}

/// id-kp-serverAuth (RFC 5280 §4.2.1.12).
pub const OID_SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// id-kp-clientAuth.
pub const OID_CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

pub(super) fn attributes(name: &X509Name<'_>) -> Vec<(String, String)> {
    name.iter_attributes()
        .map(|attribute| (oid::dotted(attribute.attr_type().as_bytes()), attribute_text(attribute)))
        .collect()
}

/// An INTEGER in hex: zeros that only say that it is positive are left out, and so are bytes that
/// only say that it is negative.
fn serial_text(bytes: &[u8]) -> String {
    let Some(first) = bytes.first() else { return String::new() };
    let is_negative = first & 0x80 != 0;
    let mut number = bytes.to_vec();
    if is_negative {
        // Two's complement: all bits the other way round, and one more.
        let mut carry = true;
        for byte in number.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
        // What is carried out of the first byte: the number was 80 00 … 00, and stays that.
    }
    let zeros = number.iter().take_while(|byte| **byte == 0).count().min(number.len() - 1);
    format!("{}{}", if is_negative { "-" } else { "" }, hex(&number[zeros..]))
}

pub(super) fn name_text(name: &X509Name<'_>) -> String {
    let registry = oid_registry();
    let one = |attribute: &AttributeTypeAndValue<'_>| {
        let label = oid2abbrev(attribute.attr_type(), registry)
            .map_or_else(|_| oid::dotted(attribute.attr_type().as_bytes()), str::to_owned);
        format!("{label}={}", escaped(attribute))
    };
    let rdn =
        |rdn: &RelativeDistinguishedName<'_>| rdn.iter().map(one).collect::<Vec<_>>().join("+");
    name.iter_rdn().map(rdn).collect::<Vec<_>>().join(", ")
}

/// The value as RFC 4514 §2.4 writes it, so that no value can pass for another attribute. Control
/// characters are left to whoever prints.
fn escaped(attribute: &AttributeTypeAndValue<'_>) -> String {
    let text = attribute_text(attribute);
    if attribute.as_str().is_err() && text.starts_with('#') {
        return text;
    }
    let last = text.chars().count().saturating_sub(1);
    let mut written = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        let is_edge = (at == 0 && matches!(c, ' ' | '#')) || (at == last && c == ' ');
        if is_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

/// The value as text: ASN.1 strings of every age; bytes that are no text as `#hex` (RFC 4514 §2.4).
pub(super) fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
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

#[cfg(test)]
mod tests {
    use super::super::pem;
    use super::*;
    use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString, UniversalString};
    use rcgen::{
        CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
        ExtendedKeyUsagePurpose, KeyPair, OtherNameValue, SanType, SerialNumber,
    };
    use time::macros::datetime;

    const GUIDE: &str = include_str!("../../testdata/pki/guide.crt.pem");
    const ROOT: &str = include_str!("../../testdata/pki/root-ca.crt.pem");
    const INTERMEDIATE: &str = include_str!("../../testdata/pki/intermediate-ca.crt.pem");

    fn from_pem(text: &str) -> Certificate {
        let der = pem::blocks(text.as_bytes()).remove(0).der.expect("the PEM is good");
        read(der.expose()).expect("the certificate is good").0
    }

    /// The DER of a certificate that `change` makes of a plain one, by rcgen, with an Ed25519 key.
    fn made(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let key = KeyPair::from_pem(include_str!("../../testdata/pki/ed25519.pem"));
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
            params.subject_alt_names =
                names.iter().map(|name| SanType::DnsName(ia5(name))).collect();
        })
    }

    #[test]
    fn a_certificate_of_the_first_version_with_a_common_name_alone_is_read_in_full() {
        let guide = from_pem(GUIDE);
        assert_eq!(guide.version, 1);
        assert_eq!(guide.subject, "CN=my-release.milvus.io");
        assert_eq!(guide.issuer, guide.subject);
        assert_eq!((guide.issuer_is_subject, guide.self_signed, guide.is_ca), (true, true, false));
        assert_eq!((guide.has_san, guide.names.as_slice()), (false, [].as_slice()));
        assert_eq!(guide.extended_key_usage, None);
        assert_eq!(guide.key_type, "rsa-2048");
        assert_eq!(guide.not_before, datetime!(2026-03-02 09:30 UTC));
        assert_eq!(guide.lifetime_seconds(), 99_999 * 86_400);
        assert_eq!(guide.common_name_host(), Some("my-release.milvus.io"));
        // As `openssl x509 -serial -fingerprint -sha256` says it.
        assert_eq!(guide.serial, "50ec24369db0067130e15a8695e03777954e5e94");
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
    fn small_rsa_keys_are_weak_whatever_they_are_for() {
        let plain = named(&["a.example"]);
        for (key_type, is_weak) in [
            ("rsa-2048", false),
            ("rsa-2047", true),
            ("rsa-pss-2048", false),
            ("rsa-pss-1024", true),
            ("dsa", true),
            ("p192", true),
            ("p256", false),
        ] {
            let certificate = Certificate { key_type: key_type.to_owned(), ..plain.clone() };
            assert_eq!(certificate.weak_key().is_some(), is_weak, "{key_type}");
        }
    }

    #[test]
    fn a_signature_by_a_key_that_ring_does_not_read_speaks_against_nothing() {
        let p256 = KeyPair::from_pem(include_str!("../../testdata/pki/ec-p256-01.pem"));
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
                San::Other("otherName"),
                San::Dns("a.example".to_owned()),
                San::Ip(address("10.0.0.1")),
            ]
        );
        assert_eq!(certificate.dns().collect::<Vec<_>>(), ["b.example", "a.example"]);
        assert_eq!(
            certificate.ip().collect::<Vec<_>>(),
            [address("2001:db8::1"), address("10.0.0.1")]
        );
    }

    #[test]
    fn a_malformed_san_is_there_though_it_names_nothing() {
        for (content, names) in [
            // A sequence of one iPAddress of five bytes.
            (
                b"\x30\x07\x87\x05\x01\x02\x03\x04\x05".as_slice(),
                vec![San::Other("malformed iPAddress")],
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
            (
                DnValue::PrintableString(PrintableString::try_from("plain").expect("it is")),
                "CN=plain",
            ),
            (DnValue::Ia5String(ia5("a@b")), "CN=a@b"),
            (DnValue::TeletexString(TeletexString::try_from("old").expect("it is")), "CN=old"),
            (DnValue::BmpString(BmpString::try_from("Käse").expect("it is")), "CN=Käse"),
            (
                DnValue::UniversalString(UniversalString::try_from("Käse ☕").expect("it is")),
                "CN=Käse ☕",
            ),
        ] {
            let certificate =
                facts(|params| params.distinguished_name.push(DnType::CommonName, value));
            assert_eq!((&*certificate.subject, &*certificate.issuer), (shown, shown));
        }
    }

    #[test]
    fn a_subject_that_is_odd_is_shown_and_not_refused() {
        let plain = || made(|params| params.distinguished_name.push(DnType::CommonName, "abc"));
        for (what, new, shown) in [
            ("bytes that are no UTF-8 are Latin-1", b"\x0c\x03\xe4bc", "CN=äbc"),
            ("an OCTET STRING is no text", b"\x04\x03abc", "CN=#616263"),
            ("control characters are left to whoever prints", b"\x0c\x03a\x1bc", "CN=a\u{1b}c"),
        ] {
            let der = patched(plain(), b"\x0c\x03abc", new);
            assert_eq!(read(&der).expect(what).0.subject, shown, "{what}");
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
            let certificate =
                facts(|params| params.distinguished_name.push(DnType::CommonName, value));
            assert_eq!(certificate.subject, shown);
            assert_eq!(certificate.common_names().collect::<Vec<_>>(), [value]);
        }
        // Two attributes in one SET: the two SETs of one attribute each, joined by hand.
        let der = made(|params| {
            params.distinguished_name.push(DnType::CommonName, "ab");
            params.distinguished_name.push(DnType::OrganizationName, "cd");
        });
        let two = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02ab\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x0c\x02cd";
        let one = b"\x31\x18\x30\x09\x06\x03\x55\x04\x03\x0c\x02ab\x30\x0b\x06\x03\x55\x04\x0a\x0c\x04cdef";
        let der = patched(der, two, one);
        assert_eq!(read(&der).expect("it can be read").0.subject, "CN=ab+O=cdef");
    }

    #[test]
    fn attributes_stand_in_their_order_and_unknown_ones_by_their_number() {
        let certificate = facts(|params| {
            let name = &mut params.distinguished_name;
            name.push(DnType::OrganizationName, "Shop");
            name.push(DnType::CustomDnType(vec![1, 2, 3, 4]), "x");
            name.push(DnType::CommonName, "a.example");
        });
        assert_eq!(certificate.subject, "O=Shop, 1.2.3.4=x, CN=a.example");
        assert_eq!(certificate.common_names().collect::<Vec<_>>(), ["a.example"]);
        assert_eq!(certificate.subject_attributes[1], ("1.2.3.4".to_owned(), "x".to_owned()));
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
            assert_eq!(read(&der).expect("it can be read").0.serial, shown, "{serial:x?}");
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
            certificate.extended_key_usage.expect("there are some"),
            ["2.5.29.37.0", OID_CLIENT_AUTH, "1.3.6.1.4.1.311.20.2.2"]
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
                let [high, low] =
                    (value + u16::try_from(grown).expect("it is short")).to_be_bytes();
                (longer[length], longer[length + 1]) = (high, low);
            }
            read(&longer).map(|(facts, _)| facts.not_after)
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
        let key = KeyPair::from_pem(include_str!("../../testdata/pki/ed25519.pem"));
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
        assert_eq!((&*root.signature, root.weak_digest()), ("SHA-256 with RSA", None));
        let plain = named(&["a.example"]);
        assert_eq!((&*plain.signature, plain.key_usage), ("Ed25519", None));
        assert!(plain.may_sign_certificates(), "nothing speaks against it");
        assert_eq!((plain.issuer_url, plain.publicly_logged), (None, false));
        let constrained = facts(|params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(3));
            params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        });
        assert_eq!((constrained.is_ca, constrained.path_length), (true, Some(3)));
        assert!(!constrained.may_sign_certificates());
        let weak = Certificate { signature: "SHA-1 with RSA".into(), ..root };
        assert_eq!(weak.weak_digest(), Some("SHA-1"));
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
        assert_eq!(facts.unusual_critical, ["1.2.3.4"]);
        assert!(facts.publicly_logged);
        assert_eq!(facts.issuer_url.as_deref(), Some("http://ca"));
    }

    #[test]
    fn what_is_no_certificate_is_refused_in_one_short_sentence() {
        let der = made(|_| ());
        for bytes in [&b""[..], b"\x30\x00", b"not DER", &der[..der.len() - 1], &der[4..]] {
            let error = read(bytes).expect_err("it is no certificate");
            assert!(error.starts_with("it is not an X.509 certificate: "), "{error}");
            assert!(error.len() < 120 && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn hex_is_lower_case_without_colons() {
        assert_eq!(hex(&[0x00, 0x0a, 0xff]), "000aff");
        assert_eq!(hex(&[]), "");
    }
}
