//! Reading a certificate: DER in, facts out.
//!
//! Knows which of the library's refusals are worth a second look, and what to say of the others.

use super::extensions::{Extensions, authority_key_id, subject_key_id};
use super::{Certificate, ONLY_NAME};
use crate::rarely::Rarely;
use crate::x509::algorithm::SignatureAlgorithm;
use crate::x509::digest::{hex, sha256};
use crate::x509::dn::{self, Attribute, NameDigest};
use crate::x509::oid;
use crate::x509::public_key::PublicKey;
use crate::x509::verify::{self, Verdict};
use crate::x509::{dates, defect};
use std::sync::Arc;
use x509_parser::asn1_rs::Any;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer as _;

/// Why a certificate cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is less of it than its lengths say.
    #[error("it is not an X.509 certificate: its DER is cut off")]
    CutOff,
    /// A date that no calendar has.
    #[error("it is not an X.509 certificate: its {field} is no date: {date:?}")]
    Date {
        /// `notBefore` or `notAfter`.
        field: &'static str,
        /// The date, as it is written.
        date: String,
    },
    /// It is something else.
    #[error("it is not an X.509 certificate: its DER has another structure")]
    Structure,
}

impl CertificateError {
    /// nom's error texts are for programmers; three things are worth telling.
    fn of(error: &x509_parser::nom::Err<X509Error>, der: &[u8]) -> Self {
        if error.is_incomplete() || error.to_string().contains("Eof") {
            return Self::CutOff;
        }
        let impossible = dates::impossible(der);
        impossible.map_or(Self::Structure, |(field, date)| Self::Date { field, date })
    }
}

/// How many certificates of one text have their own signature tried: the slowest take half a
/// millisecond each, and thousands fit into a file.
pub(super) const MAX_TRIED: usize = 64;

/// Reads one certificate.
///
/// # Errors
/// [`CertificateError`], which says what is wrong with the DER.
pub fn read(der: &[u8]) -> Result<(Certificate, PublicKey), CertificateError> {
    read_at(0, der)
}

/// The place of a certificate whose signature is not to be tried.
pub const UNTRIED: usize = usize::MAX;

/// Reads the certificate at `place` of a text, from 0. Of those behind the first 64 that bear the
/// name of their issuer, the names and key identifiers tell who signed them, and no signature is
/// tried.
///
/// # Errors
/// [`CertificateError`], which says what is wrong with the DER.
pub fn read_at(place: usize, der: &[u8]) -> Result<(Certificate, PublicKey), CertificateError> {
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
    Err(CertificateError::of(&error, der))
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
    let issuer_is_subject = parsed.subject().as_raw() == parsed.issuer().as_raw();
    let signed_itself = || match signed {
        Some(signed) => is_signed_by_itself(parsed, &public, signed),
        None => names_its_key(parsed),
    };
    let subject_name = NameDigest::of(parsed.subject());
    let said = Extensions::of(parsed);
    let subject: Arc<str> = dn::name_text(parsed.subject()).into();
    let issuer = dn::name_text(parsed.issuer());
    let mut facts = Certificate {
        sha256: sha256(whole),
        version: parsed.version().0.saturating_add(1),
        serial: serial_text(parsed.raw_serial()).into(),
        issuer: if *issuer == *subject { Arc::clone(&subject) } else { issuer.into() },
        attributes: attributes(parsed, &subject).into(),
        subject,
        subject_name,
        issuer_name: if issuer_is_subject { subject_name } else { NameDigest::of(parsed.issuer()) },
        signature_checks: Rarely::default(),
        issuer_is_subject,
        self_signed: issuer_is_subject && signed_itself(),
        not_before: dates::to_the_second(parsed.validity().not_before.to_datetime()),
        not_after: dates::to_the_second(parsed.validity().not_after.to_datetime()),
        date_form: dates::form(whole),
        has_san: said.has_san,
        names: said.names,
        san_is_readable: said.san_is_readable,
        is_ca: parsed.is_ca(),
        path_length: said.path_length,
        name_limits: said.name_limits,
        key_usage: said.key_usage,
        extended_key_usage: said.extended_key_usage.map(Vec::into_boxed_slice),
        unusual_critical: said.unusual_critical.into(),
        subject_key_id: said.subject_key_id,
        authority_key_id: said.authority_key_id,
        issuer_url: said.issuer_url,
        publicly_logged: said.publicly_logged,
        signature: SignatureAlgorithm::of(&parsed.signature_algorithm),
        defects: defect::defects(whole, parsed).into(),
        trailing_bytes: rest.len(),
        key_type: public.key_type(),
        point_form: public.point_form(),
        rsa_form: public.rsa_form(),
        key_id: public.id(),
    };
    facts.shrink();
    (facts, public)
}

/// The attributes of the subject; none where its text tells them.
fn attributes(parsed: &X509Certificate<'_>, subject: &str) -> Vec<Attribute> {
    let attributes = dn::attributes(parsed.subject());
    match (&*attributes, subject.strip_prefix(ONLY_NAME)) {
        ([only], Some(name)) if only.kind == oid::COMMON_NAME && only.text == name => Vec::new(),
        _ => attributes,
    }
}

/// Whether it names no other key than its own as its issuer's.
fn names_its_key(parsed: &X509Certificate<'_>) -> bool {
    let authority = authority_key_id(parsed);
    authority.is_none() || authority == subject_key_id(parsed)
}

/// Where nobody here can check the signature, its word is taken.
fn is_signed_by_itself(parsed: &X509Certificate<'_>, public: &PublicKey, signed: &[u8]) -> bool {
    let (algorithm, bits) = (&parsed.signature_algorithm, &parsed.signature_value.data);
    let verdict = verify::verify_by(algorithm, (public, parsed.public_key()), signed, bits);
    verdict != Verdict::Differs
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
