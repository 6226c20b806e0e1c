//! Google's limits on a ManagedCertificate, checked before anything is sent.
//!
//! Source: the CustomResourceDefinition of gke-managed-certs (maxItems 100, maxLength 63, pattern)
//! and the load balancer's limit of 15 certificates.

/// How many domains one ManagedCertificate may hold.
pub const MAX_DOMAINS: usize = 100;
/// How long a domain of one may be, as a whole.
pub const MAX_DOMAIN: usize = 63;
/// How many certificates, of all kinds, one Ingress may have.
pub const MAX_CERTIFICATES: usize = 15;
/// How many certificates one `tls.crt` may hold, the leaf included (Compute API, SslCertificate).
pub const MAX_CHAIN: usize = 5;

/// Checks the domains of a ManagedCertificate.
///
/// # Errors
/// A sentence for the first domain that Google would refuse, with the way out.
pub fn check_domains(domains: &[String]) -> Result<(), String> {
    if domains.is_empty() {
        return Err("a ManagedCertificate needs at least one domain".to_owned());
    }
    if domains.len() > MAX_DOMAINS {
        return Err(format!(
            "{} domains are too many for one ManagedCertificate: at most {MAX_DOMAINS}",
            domains.len()
        ));
    }
    domains.iter().try_for_each(|domain| check_domain(domain))
}

/// Checks one domain: at most 63 characters in all, lower case, at least two labels, no wildcard,
/// the last label of at least two characters and beginning with a letter.
///
/// # Errors
/// A sentence with what is wrong and the way out.
pub fn check_domain(domain: &str) -> Result<(), String> {
    let refuse =
        |what: &str| Err(format!("{domain:?} cannot be a domain of a ManagedCertificate: {what}"));
    if domain.starts_with('*') {
        return refuse(
            "Google-managed certificates have no wildcards; list the hosts, or bring a certificate of your own",
        );
    }
    if domain.chars().count() > MAX_DOMAIN {
        return refuse("it is longer than 63 characters, Google's limit for the whole name");
    }
    if domain.ends_with('.') {
        return refuse("it ends with a dot");
    }
    let Some((rest, last)) = domain.rsplit_once('.') else {
        return refuse("it needs at least two labels");
    };
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label =
        |label: &str| label.chars().all(inner) && label.starts_with(edge) && label.ends_with(edge);
    if !rest.split('.').all(label) || !label(last) {
        return refuse("its labels may hold only lower-case letters, digits and inner hyphens");
    }
    if last.len() < 2 || !last.starts_with(|c: char| c.is_ascii_lowercase()) {
        return refuse("its last label must have two characters and begin with a letter");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_googles_schema_takes_is_taken_and_the_rest_refused() {
        let (just, over) =
            (format!("{}.example", "a".repeat(55)), format!("{}.example", "a".repeat(56)));
        for (domain, fine) in [
            ("a.example", true),
            ("my-release.milvus.io", true),
            ("milvus.svc", true),
            ("1.example", true),
            (just.as_str(), true),
            (over.as_str(), false),
            ("A.example", false),
            ("*.shop.example", false),
            ("a.example.", false),
            ("localhost", false),
            ("10.0.0.1", false),
            ("a_b.example", false),
            ("a.e", false),
            ("-a.example", false),
            ("a-.example", false),
            ("a..example", false),
            ("", false),
        ] {
            assert_eq!(check_domain(domain).is_ok(), fine, "{domain}");
        }
    }

    #[test]
    fn a_hundred_domains_are_the_most() {
        let domains =
            |count: usize| (0..count).map(|n| format!("h{n}.example")).collect::<Vec<_>>();
        assert!(check_domains(&domains(100)).is_ok());
        assert!(check_domains(&domains(101)).is_err());
        assert!(check_domains(&[]).is_err());
    }
}
