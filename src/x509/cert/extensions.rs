//! What a certificate says in its extensions (RFC 5280 §4.2), each walked over once.
//!
//! Knows the extensions that clients go by. One that is there twice counts as the library has it:
//! the first for lists of names, none where it is to say one thing.

use crate::x509::digest::short_id;
use crate::x509::key_purpose::KeyPurpose;
use crate::x509::name_constraints::NameLimits;
use crate::x509::oid::{self, Oid, OidBuf};
use crate::x509::san::San;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{AuthorityInfoAccess, GeneralName, ParsedExtension};

/// The facts of the extensions, named as in [`Certificate`](super::Certificate).
pub(super) struct Extensions {
    pub has_san: bool,
    pub names: Vec<San>,
    pub san_is_readable: bool,
    pub path_length: Option<u32>,
    pub name_limits: Option<Box<NameLimits>>,
    pub key_usage: Option<u16>,
    pub extended_key_usage: Option<Vec<KeyPurpose>>,
    pub unusual_critical: Vec<OidBuf>,
    pub subject_key_id: Option<[u8; 8]>,
    pub authority_key_id: Option<[u8; 8]>,
    pub issuer_url: Option<Box<str>>,
    pub publicly_logged: bool,
}

/// Extensions that every client understands when they are critical.
const USUAL: [Oid<'static>; 5] = [
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
];

impl Extensions {
    pub(super) fn of(parsed: &X509Certificate<'_>) -> Self {
        // The library refuses to choose where one of these is there twice.
        let constraints = parsed.basic_constraints().ok().flatten();
        let usages = parsed.extended_key_usage().ok().flatten();
        let mut said = Self {
            has_san: false,
            names: Vec::new(),
            san_is_readable: true,
            path_length: constraints.and_then(|found| found.value.path_len_constraint),
            name_limits: None,
            key_usage: parsed.key_usage().ok().flatten().map(|usage| usage.value.flags),
            extended_key_usage: usages.map(|usages| KeyPurpose::all_of(usages.value)),
            unusual_critical: Vec::new(),
            subject_key_id: subject_key_id(parsed).map(short_id),
            authority_key_id: authority_key_id(parsed).map(short_id),
            issuer_url: None,
            publicly_logged: false,
        };
        for extension in parsed.extensions() {
            let oid = Oid::of(extension.oid.as_bytes());
            said.has_san |= oid == oid::SUBJECT_ALT_NAME;
            said.publicly_logged |= oid == oid::CERTIFICATE_TIMESTAMPS;
            if extension.critical && !USUAL.contains(&oid) {
                said.unusual_critical.push(oid.into());
            }
            said.take(oid, extension.parsed_extension());
        }
        said
    }

    fn take(&mut self, oid: Oid<'_>, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(san) => {
                self.names.extend(san.general_names.iter().map(San::of));
            }
            _ if oid == oid::SUBJECT_ALT_NAME => self.san_is_readable = false,
            ParsedExtension::NameConstraints(limits) if self.name_limits.is_none() => {
                self.name_limits = Some(Box::new(NameLimits::of(limits)));
            }
            ParsedExtension::AuthorityInfoAccess(access) if self.issuer_url.is_none() => {
                self.issuer_url = issuer_url(access);
            }
            _ => {}
        }
    }
}

fn issuer_url(access: &AuthorityInfoAccess<'_>) -> Option<Box<str>> {
    access.accessdescs.iter().find_map(|access| match access.access_location {
        GeneralName::URI(url) if Oid::of(access.access_method.as_bytes()) == oid::CA_ISSUERS => {
            Some(url.into())
        }
        _ => None,
    })
}

pub(in crate::x509) fn subject_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    })
}

pub(in crate::x509) fn authority_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}
