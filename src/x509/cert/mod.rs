//! What a certificate says, as facts (RFC 5280), whatever version or oddity it has.
//!
//! Knows how to read DER leniently: X.509 v1, unknown extensions, odd strings and serials are
//! shown, not refused. Refuses to judge: expiry, coverage, strength and trust are asked elsewhere,
//! with a clock. Strings here are raw; whoever prints them makes them harmless.

mod extensions;
mod read;
#[cfg(test)]
mod tests;

use super::algorithm::SignatureAlgorithm;
use super::dates::DateForm;
use super::defect::EncodingDefect;
use super::digest::{PublicKeyId, hex};
use super::dn::{Attribute, NameDigest};
use super::key_kind::KeyKind;
use super::key_purpose::KeyPurpose;
use super::name_constraints::NameLimits;
use super::oid::{self, OidBuf};
use super::public_key::{PointForm, RsaForm};
use super::san::San;
use super::{name, profile};
use crate::rarely::Rarely;
pub(super) use extensions::{authority_key_id, subject_key_id};
pub use read::{CertificateError, UNTRIED, read, read_at};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// Facts of one certificate. About half a KiB; the DER is not kept.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the whole DER: the fingerprint.
    pub sha256: [u8; 32],
    /// X.509 version as people count it: 1, 2 or 3.
    pub version: u32,
    /// Serial number, lower-case hex in whole bytes and without leading zeros, with `-` before a
    /// negative one, as OpenSSL prints it; empty where there is none.
    pub serial: Box<str>,
    /// Subject, `CN=…, O=…` in the encoded order, with RFC 4514's escapes, and its `+` between
    /// attributes that stand side by side.
    pub subject: Arc<str>,
    /// Issuer, in the same form; the same text is kept once.
    pub issuer: Arc<str>,
    /// Subject attributes, in the encoded order; none where the subject is a common name alone, whose
    /// text tells it.
    pub(crate) attributes: Rarely<Vec<Attribute>>,
    /// The subject, for comparing.
    pub subject_name: NameDigest,
    /// The issuer, for comparing.
    pub issuer_name: NameDigest,
    /// Its signature under the keys of those beside it that bear its issuer's name, as far as
    /// [`super::signer::check`] was asked and ring can tell.
    pub signature_checks: Rarely<Vec<SignatureCheck>>,
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
    /// Extended key usages; none when the extension is absent.
    pub extended_key_usage: Option<Box<[KeyPurpose]>>,
    /// Critical extensions that not every client knows: a client that does not must refuse the
    /// certificate (RFC 5280 §4.2).
    pub unusual_critical: Rarely<Vec<OidBuf>>,
    /// The subject key identifier, shortened: see [`short_id`](super::digest::short_id).
    pub subject_key_id: Option<[u8; 8]>,
    /// The key identifier of the issuer, shortened.
    pub authority_key_id: Option<[u8; 8]>,
    /// Where the issuer's certificate can be had (authorityInfoAccess, caIssuers).
    pub issuer_url: Option<Box<str>>,
    /// Whether it carries receipts of public logs (RFC 6962): then a public CA issued it, and
    /// those issue from intermediates only.
    pub publicly_logged: bool,
    /// How its issuer signed it.
    pub signature: SignatureAlgorithm,
    /// What in its encoding some readers refuse.
    pub defects: Rarely<Vec<EncodingDefect>>,
    /// How many bytes stand behind the certificate in the same block.
    pub trailing_bytes: usize,
    /// The public key's type and size.
    pub key_type: KeyKind,
    /// How the point of an EC key is written, which not every client reads.
    pub point_form: PointForm,
    /// Whether the numbers of an RSA key are as every client takes them.
    pub rsa_form: RsaForm,
    /// A short digest of the public key, to be compared with a private key's by eye.
    pub key_id: PublicKeyId,
}

/// What came of trying a certificate's signature under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureCheck {
    /// The key, as [`Certificate::key_id`] has it.
    pub key_id: PublicKeyId,
    /// Whether that key made the signature.
    pub fits: bool,
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

/// How a subject begins that is a common name, or has one first.
const ONLY_NAME: &str = "CN=";

/// keyCertSign, bit 5 of keyUsage.
const KEY_CERT_SIGN: u16 = 1 << 5;

impl Certificate {
    /// Lets go of room that nothing stands in: facts are kept for as long as anybody asks, by the
    /// ten thousand, and a list of one is made with room for four.
    fn shrink(&mut self) {
        self.names.shrink_to_fit();
    }

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

    /// The attributes of the subject, in the encoded order.
    #[must_use]
    pub fn subject_attributes(&self) -> Cow<'_, [Attribute]> {
        match self.only_common_name() {
            Some(name) => vec![Attribute::new(oid::COMMON_NAME, name)].into(),
            None => self.attributes.as_slice().into(),
        }
    }

    /// The common name where the subject has nothing else, and no escapes.
    fn only_common_name(&self) -> Option<&str> {
        if self.attributes.is_empty() { self.subject.strip_prefix(ONLY_NAME) } else { None }
    }

    /// The common names of the subject, raw.
    pub fn common_names(&self) -> impl Iterator<Item = &str> {
        let names = self.attributes.iter().filter(|one| one.kind == oid::COMMON_NAME);
        self.only_common_name().into_iter().chain(names.map(|one| one.text.as_str()))
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
}
