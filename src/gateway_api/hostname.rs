//! Hostnames of listeners and routes: which of them meet, and which is the more exact.
//!
//! Knows that a wildcard of Gateway API stands for one label or several, where one of a certificate
//! stands for one. Source: kubernetes-sigs/gateway-api apis/v1 `shared_types.go` (Hostname) and
//! `gateway_types.go` (Listener.Hostname), v1.4.

/// The hosts for which both are, where there are any: the more exact of the two.
#[must_use]
pub fn intersection(one: &str, other: &str) -> Option<String> {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    if is_within(&one, &other) { Some(one) } else { is_within(&other, &one).then_some(other) }
}

/// Whether every host that `narrow` stands for is one of `wide`; both in lower case.
#[must_use]
pub fn is_within(narrow: &str, wide: &str) -> bool {
    let below = |parent: &str| narrow.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    narrow == wide || wide.strip_prefix("*.").is_some_and(below)
}

/// How exactly a listener's hostname says a host: none says it least, and a wildcard with more labels
/// more than one with fewer.
#[must_use]
pub fn exactness(hostname: Option<&str>) -> (bool, usize) {
    let labels = hostname.map_or(0, |hostname| hostname.split('.').count());
    (hostname.is_some_and(|hostname| !hostname.starts_with("*.")), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostnames_meet_in_the_more_exact_one_and_a_wildcard_stands_for_several_labels() {
        for (one, other, both) in [
            ("a.example", "a.example", Some("a.example")),
            ("A.example", "a.Example", Some("a.example")),
            ("*.example", "a.example", Some("a.example")),
            ("*.example", "b.a.example", Some("b.a.example")),
            ("*.example", "*.a.example", Some("*.a.example")),
            ("*.example", "*.example", Some("*.example")),
            ("*.example", "example", None),
            ("*.a.example", "a.example", None),
            ("*.a.example", "b.example", None),
            ("*.example", "notexample", None),
            ("a.example", "b.example", None),
        ] {
            assert_eq!(intersection(one, other).as_deref(), both, "{one} {other}");
            assert_eq!(intersection(other, one).as_deref(), both, "{other} {one}");
        }
    }

    #[test]
    fn an_exact_hostname_comes_before_a_wildcard_and_a_longer_wildcard_before_a_shorter() {
        let all = [None, Some("*.example"), Some("*.a.example"), Some("a.example")];
        assert!(all.windows(2).all(|pair| exactness(pair[0]) < exactness(pair[1])));
    }
}
