//! Flaws: what in a certificate's encoding some readers pass over and others refuse.
//!
//! Knows how DER and RFC 5280 want it, and the few places where Go's and OpenSSL's readers were seen
//! to differ. Refuses to know who refuses what: the table of clients does.

use super::oid::{self, Oid};
use super::uri;
use std::collections::BTreeSet;
use x509_parser::asn1_rs::{Any, Class};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// One thing that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EncodingDefect {
    /// A version above 3.
    UnknownVersion,
    /// Extensions in a certificate of version 1 or 2, which have none.
    ExtensionsTooEarly,
    /// A serial number without a byte, or with one more than it needs.
    Serial,
    /// Two signature algorithms: what is signed names another than the signature.
    TwoAlgorithms,
    /// A date in the local time of somewhere, or a `UTCTime` without seconds.
    LooseDate,
    /// A date with fractions, without a time zone, or a `GeneralizedTime` without seconds.
    OddDate,
    /// A name whose text has a type that RFC 5280 does not know, or characters its type has not.
    OddText,
    /// A name in a `VisibleString`, which RFC 5280 does not know either.
    VisibleText,
    /// A name whose text cannot be decoded.
    BrokenText,
    /// This extension twice; one that no reader asks for is called another.
    DoubledExtension(&'static str),
    /// This extension cannot be taken apart.
    BrokenExtension(&'static str),
    /// Whether an extension is critical is said by a byte that is neither 0x00 nor 0xff.
    OddBoolean,
    /// A dNSName, rfc822Name or URI with bytes beyond ASCII.
    NameBeyondAscii,
    /// A URI that Go cannot parse.
    BadUri,
    /// A subject alternative name of no known form.
    StrangeName,
    /// A subject alternative name that is none of its form.
    BrokenName,
    /// An RSA key whose algorithm lacks the NULL that RFC 3279 §2.3.1 asks for.
    RsaWithoutNull,
}

/// Every flaw of a certificate, each once.
#[must_use]
pub fn defects(der: &[u8], parsed: &X509Certificate<'_>) -> Vec<EncodingDefect> {
    let mut found = BTreeSet::new();
    let has_extensions = !parsed.extensions().is_empty();
    match parsed.version().0 {
        0 | 1 if has_extensions => drop(found.insert(EncodingDefect::ExtensionsTooEarly)),
        0..=2 => {}
        _ => drop(found.insert(EncodingDefect::UnknownVersion)),
    }
    let padded = matches!(parsed.raw_serial(), [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]);
    found.extend(padded.then_some(EncodingDefect::Serial));
    found.extend(is_signed_by_another(der).then_some(EncodingDefect::TwoAlgorithms));
    found.extend(dates(der));
    found.extend([parsed.issuer(), parsed.subject()].into_iter().flat_map(texts));
    extensions(parsed, &mut found);
    found.extend(has_odd_boolean(der).then_some(EncodingDefect::OddBoolean));
    found.extend(lacks_null(parsed).then_some(EncodingDefect::RsaWithoutNull));
    found.into_iter().collect()
}

/// The values inside a constructed one, each with its own bytes.
fn parts(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], Any<'_>)> {
    std::iter::from_fn(move || {
        let (rest, value) = Any::from_der(bytes).ok()?;
        let whole = bytes.get(..bytes.len() - rest.len())?;
        bytes = rest;
        Some((whole, value))
    })
}

/// The parts of a certificate: what is signed, the algorithm, the signature.
fn outer(der: &[u8]) -> impl Iterator<Item = (&[u8], Any<'_>)> {
    let whole = Any::from_der(der).map(|(_, whole)| whole.data);
    parts(whole.unwrap_or_default())
}

/// What is signed, from the serial number on.
fn inner(der: &[u8]) -> impl Iterator<Item = (&[u8], Any<'_>)> {
    let signed = outer(der).next().map(|(_, signed)| signed.data);
    let is_version = |(_, value): &(&[u8], Any<'_>)| value.tag().0 == 0;
    parts(signed.unwrap_or_default()).skip_while(is_version)
}

fn is_signed_by_another(der: &[u8]) -> bool {
    let algorithm = |(bytes, _)| bytes;
    inner(der).nth(1).map(algorithm) != outer(der).nth(1).map(algorithm)
}

fn dates(der: &[u8]) -> impl Iterator<Item = EncodingDefect> {
    let validity = inner(der).nth(3).map(|(_, validity)| validity.data);
    let dates = parts(validity.unwrap_or_default());
    dates.filter_map(|(_, date)| of_date(date.tag().0, date.data))
}

fn of_date(tag: u32, text: &[u8]) -> Option<EncodingDefect> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zone = text.get(digits..).unwrap_or_default();
    let is_offset = matches!(zone, [b'+' | b'-', rest @ ..] if is_offset(rest));
    match (tag, digits, zone) {
        (0x17, 12, b"Z") | (0x18, 14, b"Z") => None,
        (0x17, 10, b"Z") => Some(EncodingDefect::LooseDate),
        (0x17, 10 | 12, _) | (0x18, 14, _) if is_offset => Some(EncodingDefect::LooseDate),
        _ => Some(EncodingDefect::OddDate),
    }
}

/// Hours and minutes that are not nought.
fn is_offset(text: &[u8]) -> bool {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u16>().ok());
    text.len() == 4 && number.is_some_and(|number| (1..2400).contains(&number) && number % 100 < 60)
}

fn texts<'a>(name: &'a X509Name<'_>) -> impl Iterator<Item = EncodingDefect> + use<'a> {
    name.iter_attributes().filter_map(of_text)
}

fn of_text(attribute: &AttributeTypeAndValue<'_>) -> Option<EncodingDefect> {
    let value = attribute.attr_value();
    let bytes = value.data;
    let all = |fits: fn(u8) -> bool| bytes.iter().copied().all(fits);
    let units = |size: usize| {
        let whole = bytes.len().is_multiple_of(size);
        let number =
            |unit: &[u8]| unit.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        whole && bytes.chunks(size).all(|unit| char::from_u32(number(unit)).is_some())
    };
    match value.tag().0 {
        // UTF8String and BMPString.
        12 => std::str::from_utf8(bytes).is_err().then_some(EncodingDefect::BrokenText),
        30 => (!units(2)).then_some(EncodingDefect::BrokenText),
        // NumericString, PrintableString and IA5String.
        18 => {
            (!all(|byte| byte.is_ascii_digit() || byte == b' ')).then_some(EncodingDefect::OddText)
        }
        19 => (!all(is_printable)).then_some(EncodingDefect::OddText),
        22 => (!bytes.is_ascii()).then_some(EncodingDefect::OddText),
        // TeletexString may hold anything.
        20 => None,
        26 => Some(EncodingDefect::VisibleText),
        // UniversalString.
        28 if units(4) => Some(EncodingDefect::OddText),
        // BOOLEAN, INTEGER, OBJECT IDENTIFIER and GeneralString.
        28 | 1 | 2 | 6 | 27 => Some(EncodingDefect::BrokenText),
        _ => Some(EncodingDefect::OddText),
    }
}

/// The characters of a `PrintableString`, with the two that CAs write all the same.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

/// Extensions that Go or OpenSSL take apart whenever they read a certificate.
const READ: [(Oid<'static>, &str); 10] = [
    (oid::SUBJECT_KEY_ID, "subjectKeyIdentifier"),
    (oid::KEY_USAGE, "keyUsage"),
    (oid::SUBJECT_ALT_NAME, "subjectAltName"),
    (oid::BASIC_CONSTRAINTS, "basicConstraints"),
    (oid::NAME_CONSTRAINTS, "nameConstraints"),
    (oid::CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints"),
    (oid::CERTIFICATE_POLICIES, "certificatePolicies"),
    (oid::AUTHORITY_KEY_ID, "authorityKeyIdentifier"),
    (oid::EXTENDED_KEY_USAGE, "extKeyUsage"),
    (oid::AUTHORITY_INFO_ACCESS, "authorityInfoAccess"),
];

fn extensions(parsed: &X509Certificate<'_>, found: &mut BTreeSet<EncodingDefect>) {
    let mut seen = BTreeSet::new();
    for extension in parsed.extensions() {
        let oid = Oid::of(extension.oid.as_bytes());
        let known = READ.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name);
        if let ParsedExtension::ParseError { .. } = extension.parsed_extension() {
            found.extend(known.map(EncodingDefect::BrokenExtension));
        }
        if oid == oid::SUBJECT_ALT_NAME {
            let names = Any::from_der(extension.value).map(|(_, names)| names.data);
            let names = parts(names.unwrap_or_default());
            found.extend(names.filter_map(|(_, name)| of_name(&name)));
        }
        if !seen.insert(oid) {
            found.insert(EncodingDefect::DoubledExtension(known.unwrap_or("another")));
        }
    }
}

/// Readers of DER as lenient as ours take any byte for true.
fn has_odd_boolean(der: &[u8]) -> bool {
    let Some((_, tagged)) =
        inner(der).find(|(_, value)| value.tag().0 == 3 && value.class() == Class::ContextSpecific)
    else {
        return false;
    };
    let extensions = Any::from_der(tagged.data).map(|(_, listed)| listed.data);
    parts(extensions.unwrap_or_default()).any(|(_, extension)| {
        let flag = parts(extension.data).nth(1).filter(|(_, flag)| flag.tag().0 == 1);
        flag.is_some_and(|(_, flag)| !matches!(flag.data, [0x00 | 0xff]))
    })
}

/// The forms are those of RFC 5280 §4.2.1.6, by their tags.
fn of_name(name: &Any<'_>) -> Option<EncodingDefect> {
    let holds_values = name.header.is_constructed();
    match (name.tag().0, holds_values) {
        (1 | 2 | 6, false) if !name.data.is_ascii() => Some(EncodingDefect::NameBeyondAscii),
        (6, false) => (!uri::is_read_by_go(name.data)).then_some(EncodingDefect::BadUri),
        (1 | 2 | 7, false) | (3 | 4, true) => None,
        (8, false) => {
            let ends = name.data.last().is_some_and(|last| *last < 0x80);
            (!ends).then_some(EncodingDefect::BrokenName)
        }
        // otherName has a type and a value.
        (0, true) => (parts(name.data).count() != 2).then_some(EncodingDefect::BrokenName),
        (5, true) => name.data.is_empty().then_some(EncodingDefect::BrokenName),
        _ => Some(EncodingDefect::StrangeName),
    }
}

fn lacks_null(parsed: &X509Certificate<'_>) -> bool {
    let algorithm = &parsed.public_key().algorithm;
    let is_rsa = Oid::of(algorithm.algorithm.as_bytes()) == oid::RSA;
    is_rsa && algorithm.parameters.as_ref().is_none_or(|any| any.tag().0 != 5)
}
