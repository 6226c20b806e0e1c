//! Refused hosts: what the API server does not take for a host of an Ingress.
//!
//! Knows the rule and the ways in which people break it. Refuses to judge hosts that it takes.
//! Source: k8s.io/kubernetes pkg/apis/networking/validation (`validateIngressRules`,
//! `validateIngressTLS`): an RFC 1123 subdomain in lower case, or one behind `*.`; a rule's host is
//! no address either.

use crate::object_ref::check_object_name;
use crate::observation::IngressSeen;
use std::net::IpAddr;

/// Why the API server refuses the host of a rule, or of a tls entry, for people; none where it takes
/// it. An empty host is a rule for all of them.
pub(super) fn why_refused(host: &str) -> Option<&'static str> {
    if host.is_empty() {
        return None;
    }
    let bare = host.strip_prefix("*.").unwrap_or(host);
    if host.parse::<IpAddr>().is_ok() {
        return Some("it is an IP address, and a host is a DNS name");
    }
    if check_object_name(bare).is_ok() {
        return None;
    }
    Some(if host.contains("://") {
        "leave out the scheme, and what follows the host"
    } else if host.contains('/') {
        "leave out the path, which belongs in paths"
    } else if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        "leave out the port"
    } else if host == "*" {
        "for every host, leave host out; a wildcard needs a domain after it, as in *.example.com"
    } else if host.contains('*') {
        "a wildcard can only be the whole first label, as in *.example.com"
    } else if host.ends_with('.') {
        "leave out the dot at the end"
    } else if !host.is_ascii() {
        "write internationalised names in their xn-- form"
    } else if host.chars().any(|c| c.is_ascii_uppercase()) {
        "write it in lower case"
    } else {
        "a host consists of lower-case letters, digits, '-' and '.', and each label begins and ends \
         with a letter or digit"
    })
}

/// Whether the host is one but for how its letters are written: it is judged all the same.
pub(super) fn is_judged(host: &str) -> bool {
    let of_letters = |c: char| !c.is_ascii() || c.is_ascii_uppercase();
    let plain: String = host.chars().map(|c| if of_letters(c) { 'a' } else { c }).collect();
    why_refused(&plain).is_none()
}

/// What is to be said of each host that is refused, with where it stands.
pub(super) fn told(seen: &IngressSeen) -> Vec<String> {
    let rules = seen.rule_hosts().map(|host| ("a rule's host", host));
    let tls = seen.tls.iter().flat_map(|entry| &entry.hosts);
    // Most often a tls entry repeats what a rule has.
    let tls = tls
        .filter(|host| !seen.rule_hosts().any(|of_rule| of_rule == *host))
        .map(|host| ("a tls host", host));
    let refused = rules.chain(tls).filter_map(|(where_, host)| {
        let why = why_refused(host)?;
        Some(format!("{where_} is {host:?}, which the API server refuses: {why}"))
    });
    refused.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_taken_as_the_api_server_takes_them() {
        for host in ["", "a.example", "*.a.example", "a", "*.local", "xn--bcher-kva.example", "1.2"]
        {
            assert_eq!(why_refused(host), None, "{host}");
            assert!(is_judged(host), "{host}");
        }
        for (host, hint) in [
            ("https://a.example", "scheme"),
            ("a.example/shop", "path"),
            ("a.example:443", "port"),
            ("*", "leave host out"),
            ("a.*.example", "first label"),
            ("*a.example", "first label"),
            ("*.*.example", "first label"),
            ("10.0.0.1", "IP address"),
            ("2001:db8::1", "IP address"),
            ("a.example.", "dot"),
            ("a_b.example", "consists of"),
            ("-a.example", "consists of"),
            ("a..example", "consists of"),
            ("a example", "consists of"),
        ] {
            assert!(why_refused(host).is_some_and(|why| why.contains(hint)), "{host}");
            assert!(!is_judged(host), "{host}");
        }
        for (host, hint) in [("A.example", "lower case"), ("b\u{fc}cher.example", "xn--")] {
            assert!(why_refused(host).is_some_and(|why| why.contains(hint)), "{host}");
            assert!(is_judged(host), "{host}");
        }
    }
}
