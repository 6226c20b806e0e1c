//! What GKE's load balancer says of itself: annotations and finalizers that only its controller
//! writes, after a sync that came to its end.
//!
//! Evidence of what is served, never of what was asked for: the names of certificates in
//! `pre-shared-cert` are written by the controller of ManagedCertificates, before the load balancer has
//! looked at them. Source: ingress-gce `pkg/annotations` and `pkg/utils/common`, as run against a real
//! API server.

use super::annotations::{SSL_CERT, items};
use std::collections::BTreeMap;

/// The forwarding rule of port 443; absent or empty while nothing listens there.
pub const HTTPS_FORWARDING_RULE: &str = "ingress.kubernetes.io/https-forwarding-rule";

/// The finalizer of a load balancer whose parts have names of the first scheme.
const FINALIZER_V1: &str = "networking.gke.io/ingress-finalizer";
/// The finalizer of one whose parts have names of the second scheme.
const FINALIZER_V2: &str = "networking.gke.io/ingress-finalizer-V2";

/// Google's names of the certificates that are on the load balancer.
#[must_use]
pub fn certificates(annotations: &BTreeMap<String, String>) -> Vec<&str> {
    let names = annotations.get(SSL_CERT).map(String::as_str).unwrap_or_default();
    items(names).collect()
}

/// Whether the load balancer serves the certificate of this name.
#[must_use]
pub fn serves(annotations: &BTreeMap<String, String>, certificate: &str) -> bool {
    listens(annotations) && certificates(annotations).contains(&certificate)
}

/// Whether the load balancer serves what a Secret with this token holds: each name that it gives a
/// certificate of a Secret holds the first 16 hex digits of the SHA-256 of `tls.crt`.
#[must_use]
pub fn serves_token(annotations: &BTreeMap<String, String>, token: &str) -> bool {
    let parts = certificates(annotations).into_iter().flat_map(|name| name.split('-'));
    listens(annotations) && parts.into_iter().any(|part| part == token)
}

/// Whether anything listens on port 443.
#[must_use]
pub fn listens(annotations: &BTreeMap<String, String>) -> bool {
    annotations.get(HTTPS_FORWARDING_RULE).is_some_and(|rule| !rule.trim().is_empty())
}

/// Whether the parts of the load balancer have names of the first scheme, for which port 80 cannot be
/// redirected; with neither finalizer the controller has not begun.
#[must_use]
pub fn has_v1_names(finalizers: &[String]) -> bool {
    let has = |wanted: &str| finalizers.iter().any(|finalizer| finalizer == wanted);
    has(FINALIZER_V1) && !has(FINALIZER_V2)
}

/// Whether it is a finalizer of GKE's controller: it has taken the Ingress on.
#[must_use]
pub fn is_finalizer(finalizer: &str) -> bool {
    finalizer == FINALIZER_V1 || finalizer == FINALIZER_V2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_read_from_what_the_load_balancer_writes_once_it_listens() {
        let token = "0123456789abcdef";
        for (ssl_cert, rule, managed, secret) in [
            ("mcrt-1, k8s2-cr-a1-b2-0123456789abcdef", "k8s2-fs-a1", true, true),
            ("mcrt-1,k8s-ssl-b2-0123456789abcdef--uid", "k8s2-fs-a1", true, true),
            ("mcrt-10,k8s2-cr-a1-b2-0123456789abcdef0", "k8s2-fs-a1", false, false),
            ("mcrt-1,k8s2-cr-a1-b2-0123456789abcdef", "", false, false),
            ("", "k8s2-fs-a1", false, false),
        ] {
            let annotations = BTreeMap::from([
                (SSL_CERT.to_owned(), ssl_cert.to_owned()),
                (HTTPS_FORWARDING_RULE.to_owned(), rule.to_owned()),
            ]);
            let found = (serves(&annotations, "mcrt-1"), serves_token(&annotations, token));
            assert_eq!(found, (managed, secret), "{ssl_cert} {rule}");
        }
        assert!(!serves(&BTreeMap::new(), "mcrt-1"));
    }

    #[test]
    fn the_finalizer_tells_how_its_parts_are_named() {
        for (finalizers, v1) in [
            (&["networking.gke.io/ingress-finalizer"][..], true),
            (&["networking.gke.io/ingress-finalizer-V2"], false),
            (&["other"], false),
            (&[], false),
        ] {
            let finalizers: Vec<String> = finalizers.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(has_v1_names(&finalizers), v1, "{finalizers:?}");
        }
    }
}
