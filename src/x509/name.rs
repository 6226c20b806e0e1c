//! Names in certificates and the hosts people ask for: validity and matching.
//!
//! Knows RFC 9525 (service identity is in the SAN, never in the CN), RFC 1034 limits and how
//! Ingress hosts with a wildcard want a wildcard SAN. Refuses to know certificates as a whole.

use std::net::IpAddr;

/// The longest a DNS name may be (RFC 1034 §3.1, without the final dot).
pub const MAX_DNS_NAME: usize = 253;
/// The longest a DNS label may be (RFC 1034 §3.1).
pub const MAX_DNS_LABEL: usize = 63;
/// The longest a common name may be (RFC 5280 appendix A, ub-common-name).
pub const MAX_COMMON_NAME: usize = 64;

/// Whether `pattern`, a dNSName of a SAN, covers `host`, a host name somebody connects to or an
/// Ingress host, which may itself be a wildcard and is then covered only by the same wildcard.
///
/// A wildcard stands for exactly one whole left-most label and needs two labels behind it
/// (RFC 9525 §6.3; `*.com` covers nothing, as browsers and webpki have it).
#[must_use]
pub fn covers(pattern: &str, host: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.is_empty() || pattern.is_empty() || host.parse::<IpAddr>().is_ok() {
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

/// Checks a DNS name that is about to be signed as a dNSName: limits, labels, and a wildcard only
/// as the whole left-most label with two labels behind it. Underscores are let through: they are
/// in use, though no host name has one.
///
/// # Errors
/// A sentence that names the name and the first thing that is wrong with it.
pub fn check_dns_name(name: &str) -> Result<(), String> {
    let refuse =
        |what: &str| Err(format!("{name:?} cannot be a DNS name in a certificate: {what}"));
    if name.is_empty() {
        return refuse("it is empty");
    }
    if !name.is_ascii() {
        return refuse("it is not ASCII; write internationalised labels in their xn-- form");
    }
    if name.len() > MAX_DNS_NAME {
        return refuse("it is longer than 253 characters");
    }
    if name.ends_with('.') {
        return refuse("it ends with a dot");
    }
    let rest = name.strip_prefix("*.").unwrap_or(name);
    if rest.len() < name.len() && !rest.contains('.') {
        return refuse("a wildcard needs at least two labels behind it");
    }
    for label in rest.split('.') {
        if label.is_empty() {
            return refuse("it has an empty label");
        }
        if label.len() > MAX_DNS_LABEL {
            return refuse("it has a label of more than 63 characters");
        }
        if label.contains('*') {
            return refuse("a wildcard can only be the whole left-most label");
        }
        if !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            return refuse("it has a character that is not a letter, digit or hyphen");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return refuse("it has a label that begins or ends with a hyphen");
        }
    }
    let last = rest.rsplit('.').next().unwrap_or_default();
    if last.chars().all(|c| c.is_ascii_digit()) {
        return refuse("its last label is a number; give an address with --ip");
    }
    Ok(())
}

/// Whether a common name is one that a SAN could hold: the way out for CN-only certificates.
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    check_dns_name(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_hosts_as_rfc_9525_says() {
        for (pattern, host, covered) in [
            ("a.example", "a.example", true),
            ("A.Example", "a.eXample", true),
            ("a.example", "a.example.", true),
            ("a.example.", "a.example", false),
            ("a.example", "b.example", false),
            ("*.shop.example", "a.shop.example", true),
            ("*.shop.example", "a.b.shop.example", false),
            ("*.shop.example", "shop.example", false),
            ("*.shop.example", ".shop.example", false),
            ("*.shop.example", "*.shop.example", true),
            ("a.shop.example", "*.shop.example", false),
            ("*.example", "a.example", false),
            ("*", "example", false),
            ("a*.shop.example", "ab.shop.example", false),
            ("*.*.example", "a.b.example", false),
            ("10.0.0.1", "10.0.0.1", false),
            ("", "", false),
        ] {
            assert_eq!(covers(pattern, host), covered, "{pattern} over {host}");
        }
    }

    #[test]
    fn names_that_clients_would_choke_on_are_refused_before_signing() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = format!("{}example", "abcdefg.".repeat(31));
        for name in [
            "",
            "a b",
            "a..b",
            "a.",
            ".a",
            "-a.example",
            "a-.example",
            "*",
            "*.example",
            "a.*.example",
            "a*.b.example",
            "*.*.example",
            "10.0.0.1",
            "münchen.example",
            "a/b",
            &long_label,
            &long_name,
        ] {
            assert!(check_dns_name(name).is_err(), "{name}");
        }
        for name in [
            "a",
            "a.example",
            "*.shop.example",
            "x_y.example",
            "xn--mnchen-3ya.example",
            "1.example",
        ] {
            assert_eq!(check_dns_name(name), Ok(()), "{name}");
        }
    }
}
