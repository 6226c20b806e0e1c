//! Distinguished names: subjects and issuers as text, as attributes, and as what is compared.
//!
//! Knows ASN.1 strings of every age, RFC 4514's escapes, and that Go and webpki compare the bytes
//! of names and OpenSSL what they say (RFC 5280 §7.1). Refuses to know whose name it is.

use super::digest::{hex, short_id};
use super::oid::{Oid, OidBuf};
use std::borrow::Cow;
use std::fmt::Write as _;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// One attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its type.
    pub kind: OidBuf,
    /// Its value, raw.
    pub text: String,
}

impl Attribute {
    /// An attribute of this type.
    #[must_use]
    pub fn new(kind: Oid<'_>, text: impl Into<String>) -> Self {
        Self { kind: kind.into(), text: text.into() }
    }
}

/// The attributes of a name, in the encoded order.
pub(super) fn attributes(name: &X509Name<'_>) -> Vec<Attribute> {
    name.iter_attributes()
        .map(|one| Attribute::new(Oid::of(one.attr_type().as_bytes()), attribute_text(one)))
        .collect()
}

/// A name, shortened to what is compared of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameDigest {
    /// Of its bytes: what Go, webpki and RFC 8446 servers go by.
    pub exact: [u8; 8],
    /// Of what it says, whatever the string types, case and spaces: what OpenSSL goes by.
    pub folded: [u8; 8],
}

impl NameDigest {
    /// Of a parsed name.
    #[must_use]
    pub fn of(name: &X509Name<'_>) -> Self {
        Self { exact: short_id(name.as_raw()), folded: short_id(&folded(name)) }
    }

    /// Whether some client takes the two for one name.
    #[must_use]
    pub fn reads_as(&self, other: &Self) -> bool {
        self.exact == other.exact || self.folded == other.folded
    }
}

/// The name with its values as text, trimmed, in lower case and with single spaces; which
/// attributes stand in one RDN stays visible.
fn folded(name: &X509Name<'_>) -> Vec<u8> {
    let mut whole = Vec::with_capacity(name.as_raw().len() + 64);
    for part in name.iter() {
        whole.push(b'+');
        for attribute in part.iter() {
            let text = attribute_text(attribute);
            whole.extend_from_slice(attribute.attr_type().as_bytes());
            whole.push(b'=');
            // The length stands before the words, so that no value can pass for two.
            let length = whole.len();
            whole.extend_from_slice(&[0; size_of::<usize>()]);
            let begin = whole.len();
            for word in text.split_ascii_whitespace() {
                if whole.len() > begin {
                    whole.push(b' ');
                }
                whole.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
            }
            let written = whole.len() - begin;
            whole[length..begin].copy_from_slice(&written.to_be_bytes());
        }
    }
    whole
}

/// `CN=…, O=…` in the encoded order, with RFC 4514's escapes, and its `+` between attributes that
/// stand side by side.
pub(super) fn name_text(name: &X509Name<'_>) -> String {
    let mut written = String::new();
    for (at, rdn) in name.iter_rdn().enumerate() {
        written.push_str(if at > 0 { ", " } else { "" });
        for (beside, attribute) in rdn.iter().enumerate() {
            written.push_str(if beside > 0 { "+" } else { "" });
            write_attribute(attribute, &mut written);
        }
    }
    written
}

/// One attribute as it stands in [`name_text`]: `O=Plant 7`.
pub(super) fn shown(attribute: &AttributeTypeAndValue<'_>) -> String {
    let mut written = String::new();
    write_attribute(attribute, &mut written);
    written
}

fn write_attribute(attribute: &AttributeTypeAndValue<'_>, written: &mut String) {
    let _ = match oid2abbrev(attribute.attr_type(), oid_registry()) {
        Ok(label) => write!(written, "{label}="),
        Err(_) => write!(written, "{}=", Oid::of(attribute.attr_type().as_bytes())),
    };
    escape(attribute, written);
}

/// The value as RFC 4514 §2.4 writes it, so that no value can pass for another attribute. Control
/// characters are left to whoever prints.
fn escape(attribute: &AttributeTypeAndValue<'_>, written: &mut String) {
    let text = attribute_text(attribute);
    if attribute.as_str().is_err() && text.starts_with('#') {
        written.push_str(&text);
        return;
    }
    let last = text.chars().count().saturating_sub(1);
    for (at, c) in text.chars().enumerate() {
        let is_edge = (at == 0 && matches!(c, ' ' | '#')) || (at == last && c == ' ');
        if is_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
}

/// The value as text: ASN.1 strings of every age; bytes that are no text as `#hex` (RFC 4514 §2.4).
pub(super) fn attribute_text<'n>(attribute: &'n AttributeTypeAndValue<'_>) -> Cow<'n, str> {
    let value = attribute.attr_value();
    if let Ok(text) = attribute.as_str() {
        return text.into();
    }
    Cow::Owned(match value.tag().0 {
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
    })
}

fn decode_units(units: impl Iterator<Item = u32>) -> String {
    units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
