//! URIs as Go reads them: `crypto/x509` refuses a certificate with one that `net/url` cannot parse.
//!
//! Knows the rules of Go's `url.Parse` that a certificate may break. Refuses to know schemes.

/// Whether Go parses the URI of a subjectAltName; `bytes` are ASCII.
pub(super) fn is_read_by_go(bytes: &[u8]) -> bool {
    if bytes.iter().any(u8::is_ascii_control) {
        return false;
    }
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let (whole, fragment) = text.split_once('#').unwrap_or((&text, ""));
    let Some((scheme, rest)) = scheme(whole) else { return false };
    let path = rest.split('?').next().unwrap_or_default();
    if !is_escaped_well(fragment) {
        return false;
    }
    if !path.starts_with('/') {
        let first = path.split('/').next().unwrap_or_default();
        return !scheme.is_empty() || (!first.contains(':') && is_escaped_well(path));
    }
    let authority = path.strip_prefix("//");
    let authority = authority.filter(|rest| !scheme.is_empty() || !rest.starts_with('/'));
    let Some(authority) = authority else { return is_escaped_well(path) };
    let (authority, behind) =
        authority.split_once('/').map_or((authority, ""), |(before, behind)| (before, behind));
    is_escaped_well(behind) && is_authority(authority)
}

/// The scheme, which may be absent, and what follows; none where it cannot be one.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    match end.map(|end| text.split_at(end)) {
        Some(("", rest)) if rest.starts_with(':') => None,
        Some((scheme, rest)) if starts_well && rest.starts_with(':') => {
            Some((scheme, rest.strip_prefix(':').unwrap_or_default()))
        }
        _ => Some(("", text)),
    }
}

/// Every percent sign is followed by two hexadecimal digits.
fn is_escaped_well(text: &str) -> bool {
    text.split('%').skip(1).all(|part| {
        let mut digits = part.chars();
        digits.next().is_some_and(|c| c.is_ascii_hexdigit())
            && digits.next().is_some_and(|c| c.is_ascii_hexdigit())
    })
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let of_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    user.chars().all(of_user) && is_escaped_well(user) && is_host(host)
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.rsplit_once(']') else { return false };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("", port)
        }
        None => text.rfind(':').map_or((text, ""), |colon| text.split_at(colon)),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let is_port = port.is_empty() || port.starts_with(':');
    let of_host = |c: char| c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"".contains(c);
    is_port
        && digits.chars().all(|c| c.is_ascii_digit())
        && host.chars().all(of_host)
        && (text.is_empty() || text.split('.').all(|label| !label.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_as_go_reads_them() {
        // What `url.Parse` of Go 1.24 and the check of domains behind it said.
        for (uri, fine) in [
            ("spiffe://cluster.local/ns/a/sa/b", true),
            ("http://a.example:80/x%20y?z=%zz", true),
            ("http://[::1]:80/", true),
            ("http://user:word@a.example", true),
            ("urn:uuid:1-2-3", true),
            ("foo", true),
            ("/foo:bar", true),
            ("", true),
            ("http://[::1", false),
            ("%zz://", false),
            ("x:\u{1b}]0;t\u{7}", false),
            ("http://a b/", false),
            ("http://a.example/%zz", false),
            ("http://a..b/", false),
            ("http://a.example./", false),
            ("http://a.example:http/", false),
            ("http://a%41.example/", false),
            ("a b:c", false),
            (":a", false),
            ("http://a.example/#%g", false),
        ] {
            assert_eq!(is_read_by_go(uri.as_bytes()), fine, "{uri:?}");
        }
    }
}
