//! Names in certificates and the hosts people ask for: validity and matching.
//!
//! Knows RFC 9525 (service identity is in the SAN, never in the CN), RFC 1034 limits and how
//! Ingress hosts with a wildcard want a wildcard SAN. Refuses to know certificates as a whole.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::net::IpAddr;

/// The longest a DNS name may be (RFC 1034 §3.1, without the final dot).
pub const MAX_DNS_NAME: usize = 253;
/// The longest a DNS label may be (RFC 1034 §3.1).
pub const MAX_DNS_LABEL: usize = 63;
/// The longest a common name may be (RFC 5280 appendix A, ub-common-name).
pub const MAX_COMMON_NAME: usize = 64;

/// Why a name cannot be written into a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// As a dNSName.
    #[error("{name:?} cannot be a DNS name in a certificate: {defect}")]
    Dns {
        /// The name, as it was given.
        name: String,
        /// The first thing that is wrong with it.
        defect: DnsDefect,
    },
    /// As an rfc822Name.
    #[error("{address:?} cannot be an e-mail address in a certificate: {defect}")]
    Email {
        /// The address, as it was given.
        address: String,
        /// What is wrong with it.
        defect: EmailDefect,
    },
    /// As a URI.
    #[error("{uri:?} cannot be a URI in a certificate: {defect}")]
    Uri {
        /// The URI, as it was given.
        uri: String,
        /// What is wrong with it.
        defect: UriDefect,
    },
    /// A name of another script, a label of which has no A-label.
    #[error("{0:?} is no internationalised domain name: a label of it has no xn-- form")]
    NoALabel(String),
}

/// What is wrong with a dNSName.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsDefect {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It is not ASCII.
    #[error("it is not ASCII; write internationalised labels in their xn-- form")]
    NotAscii,
    /// It is longer than [`MAX_DNS_NAME`].
    #[error("it is longer than 253 characters")]
    TooLong,
    /// It ends with a dot.
    #[error("it ends with a dot")]
    FinalDot,
    /// It is an address of version 6.
    #[error("it is an address; give it with --ip")]
    Address,
    /// It is a wildcard like `*.com`.
    #[error("a wildcard needs at least two labels behind it")]
    WildcardOfOneLabel,
    /// Two dots stand side by side, or one at the beginning.
    #[error("it has an empty label")]
    EmptyLabel,
    /// It has a label longer than [`MAX_DNS_LABEL`].
    #[error("it has a label of more than 63 characters")]
    LongLabel,
    /// It has a `*` elsewhere.
    #[error("a wildcard can only be the whole left-most label")]
    InnerWildcard,
    /// It has a character that no name has.
    #[error("it has a character that is not a letter, digit, hyphen or underscore")]
    Character,
    /// It has a hyphen where a label begins or ends.
    #[error("it has a label that begins or ends with a hyphen")]
    Hyphen,
    /// It ends in a number, as addresses of version 4 do.
    #[error("its last label is a number; give an address with --ip")]
    NumericEnd,
}

/// What is wrong with an rfc822Name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailDefect {
    /// It has no `@`.
    #[error("it has no @")]
    NoAt,
    /// The part before the `@` is none.
    #[error("the part before the @ is empty or has a character that none may have")]
    LocalPart,
    /// Its host is of another script.
    #[error("its host must be in its xn-- form: {0}")]
    HostNotAscii(String),
    /// The part behind the `@` is none.
    #[error("the part after the @ is not a host name")]
    Host,
}

/// What is wrong with a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriDefect {
    /// It is relative.
    #[error("it has no scheme, such as spiffe://")]
    NoScheme,
    /// It is a scheme alone.
    #[error("there is nothing behind its scheme")]
    Nothing,
    /// It has a character that no URI has.
    #[error("it has a character that must be written as %XX")]
    Character,
}

/// Whether `pattern`, a dNSName of a SAN, covers `host`, a host name somebody connects to or an
/// Ingress host, which may itself be a wildcard and is then covered only by the same wildcard.
///
/// A wildcard stands for exactly one whole left-most label and needs two labels behind it
/// (RFC 9525 §6.3; `*.com` covers nothing, as browsers and webpki have it).
///
/// A host in its own script is compared by its A-labels, which is what stands in certificates.
#[must_use]
pub fn covers(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = match to_ascii(host) {
        Ok(ascii) if !host.is_ascii() => ascii,
        _ => host.to_ascii_lowercase(),
    };
    if !can_be_asked_for(&host) || host.parse::<IpAddr>().is_ok() {
        return false;
    }
    match pattern.strip_prefix("*.") {
        None => pattern == host && !pattern.contains('*'),
        Some(parent) if !parent.contains('.') || parent.contains('*') => false,
        Some(_) if host.starts_with("*.") => pattern == host,
        Some(parent) => {
            host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
        }
    }
}

/// Whether anybody can ask for such a host, or for all of such a wildcard.
fn can_be_asked_for(host: &str) -> bool {
    let rest = host.strip_prefix("*.").unwrap_or(host);
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    rest.split('.').all(|label| !label.is_empty() && label.chars().all(fine))
}

/// Checks a DNS name that is about to be signed as a dNSName: limits, labels, and a wildcard only
/// as the whole left-most label with two labels behind it. Underscores are let through: they are
/// in use, though no host name has one.
///
/// # Errors
/// [`NameError::Dns`], with the first thing that is wrong with it.
pub fn check_dns_name(name: &str) -> Result<(), NameError> {
    let defect = dns_defect(name);
    defect.map_or(Ok(()), |defect| Err(NameError::Dns { name: name.to_owned(), defect }))
}

fn dns_defect(name: &str) -> Option<DnsDefect> {
    if name.is_empty() {
        return Some(DnsDefect::Empty);
    }
    if !name.is_ascii() {
        return Some(DnsDefect::NotAscii);
    }
    if name.len() > MAX_DNS_NAME {
        return Some(DnsDefect::TooLong);
    }
    if name.ends_with('.') {
        return Some(DnsDefect::FinalDot);
    }
    if name.contains(':') && address(name).is_some() {
        return Some(DnsDefect::Address);
    }
    let rest = name.strip_prefix("*.").unwrap_or(name);
    if rest.len() < name.len() && !rest.contains('.') {
        return Some(DnsDefect::WildcardOfOneLabel);
    }
    if let Some(defect) = rest.split('.').find_map(label_defect) {
        return Some(defect);
    }
    let last = rest.rsplit('.').next().unwrap_or_default();
    last.chars().all(|c| c.is_ascii_digit()).then_some(DnsDefect::NumericEnd)
}

fn label_defect(label: &str) -> Option<DnsDefect> {
    if label.is_empty() {
        Some(DnsDefect::EmptyLabel)
    } else if label.len() > MAX_DNS_LABEL {
        Some(DnsDefect::LongLabel)
    } else if label.contains('*') {
        Some(DnsDefect::InnerWildcard)
    } else if !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        Some(DnsDefect::Character)
    } else if label.starts_with('-') || label.ends_with('-') {
        Some(DnsDefect::Hyphen)
    } else {
        None
    }
}

/// The name with every label of another script as its A-label (UTS #46 as browsers process it,
/// non-transitional, with the hyphen rules of IDNA 2008), so that it can stand in a certificate. A
/// name that is ASCII already comes back as it is, but for A-labels that decode to nothing.
///
/// # Errors
/// [`NameError::NoALabel`].
pub fn to_ascii(name: &str) -> Result<String, NameError> {
    let (wildcard, rest) = match name.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", name),
    };
    if rest.is_ascii() && !has_a_label(rest) {
        return Ok(name.to_owned());
    }
    let ascii = Uts46::new().to_ascii(
        rest.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::CheckFirstLast,
        DnsLength::Ignore,
    );
    match ascii {
        Ok(ascii) => Ok(format!("{wildcard}{ascii}")),
        Err(_) => Err(NameError::NoALabel(name.to_owned())),
    }
}

/// The name as people read it: an A-label name with its own script behind it, every other one as
/// it is. May hold any character that a domain may hold.
#[must_use]
pub fn shown(name: &str) -> String {
    let unicode = name.is_ascii() && has_a_label(name);
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let wildcard = if rest.len() < name.len() { "*." } else { "" };
    let decoded = unicode.then(|| {
        Uts46::new().to_unicode(rest.as_bytes(), AsciiDenyList::EMPTY, Hyphens::CheckFirstLast)
    });
    match decoded {
        Some((text, Ok(()))) if text != rest => format!("{name} ({wildcard}{text})"),
        _ => name.to_owned(),
    }
}

fn has_a_label(name: &str) -> bool {
    name.split('.').any(|label| {
        label
            .as_bytes()
            .first_chunk()
            .is_some_and(|start: &[u8; 4]| start.eq_ignore_ascii_case(b"xn--"))
    })
}

/// The address that `host` is, in any spelling of IPv4 or IPv6, with or without brackets.
#[must_use]
pub fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// Checks an address of a mailbox that is about to be signed as an rfc822Name: a local part, one
/// `@`, and a host, all ASCII (RFC 5280 §4.2.1.6; other scripts would need another form, RFC 9598).
///
/// # Errors
/// [`NameError::Email`].
pub fn check_email(text: &str) -> Result<(), NameError> {
    let refuse = |defect| Err(NameError::Email { address: text.to_owned(), defect });
    let Some((local, host)) = text.rsplit_once('@') else { return refuse(EmailDefect::NoAt) };
    let fine = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || !local.chars().all(fine) {
        return refuse(EmailDefect::LocalPart);
    }
    match check_dns_name(host) {
        Ok(()) if !host.starts_with("*.") => Ok(()),
        _ => match to_ascii(host) {
            Ok(ascii) if !host.is_ascii() && check_dns_name(&ascii).is_ok() => {
                refuse(EmailDefect::HostNotAscii(format!("{local}@{ascii}")))
            }
            _ => refuse(EmailDefect::Host),
        },
    }
}

/// Checks a URI that is about to be signed: absolute, ASCII, without blanks (RFC 5280 §4.2.1.6).
///
/// # Errors
/// [`NameError::Uri`].
pub fn check_uri(text: &str) -> Result<(), NameError> {
    let refuse = |defect| Err(NameError::Uri { uri: text.to_owned(), defect });
    let Some((scheme, rest)) = text.split_once(':') else {
        return refuse(UriDefect::NoScheme);
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(letters) {
        return refuse(UriDefect::NoScheme);
    }
    if rest.is_empty() || rest == "//" {
        return refuse(UriDefect::Nothing);
    }
    if !text.chars().all(|c| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c)) {
        return refuse(UriDefect::Character);
    }
    Ok(())
}

/// Why a dNSName that stands in a certificate covers no host for any client, or for none but Go;
/// none when it can.
#[must_use]
pub fn dead_dns_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.parse::<IpAddr>().is_ok() {
        Some("it is an address, and addresses count as iPAddress only")
    } else if name.ends_with('.') {
        Some("it ends with a dot")
    } else if !name.is_ascii() {
        Some("it is not ASCII; its xn-- form belongs there")
    } else if name.chars().any(|c| c.is_ascii_whitespace() || c.is_ascii_control()) {
        Some("it has a blank or a control character")
    } else if name.contains("://") {
        Some("it is a URL, not a host")
    } else if name.contains(':') {
        Some("it has a port")
    } else if !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.*".contains(c)) {
        Some("it has a character that no host name has")
    } else if name.contains('*') && !is_plain_wildcard(name) {
        Some("its wildcard is not the whole left-most label, and that alone")
    } else if is_wildcard_of_one_label(name) {
        Some("its wildcard has only one label after it")
    } else if name.split('.').any(str::is_empty) {
        Some("it has an empty label")
    } else {
        None
    }
}

/// Whether it is a wildcard like `*.com`, which Go alone lets cover hosts: OpenSSL, rustls and
/// browsers want two labels behind it.
#[must_use]
pub fn is_wildcard_of_one_label(name: &str) -> bool {
    name.strip_prefix("*.").is_some_and(|rest| !rest.is_empty() && !rest.contains(['.', '*']))
}

fn is_plain_wildcard(name: &str) -> bool {
    name.strip_prefix("*.").is_some_and(|rest| !rest.is_empty() && !rest.contains('*'))
}

/// Whether a common name is one that a SAN could hold: the way out for CN-only certificates.
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    check_dns_name(text).is_ok()
}

#[cfg(test)]
mod tests;
