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

/// Why Google would refuse the domains of a ManagedCertificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainsError {
    /// There are none.
    #[error("a ManagedCertificate needs at least one domain")]
    None,
    /// There are more than [`MAX_DOMAINS`]: so many.
    #[error("{0} domains are too many for one ManagedCertificate: at most {MAX_DOMAINS}")]
    TooMany(usize),
    /// This is the first that would be refused.
    #[error("{domain:?} cannot be a domain of a ManagedCertificate: {defect}")]
    Domain {
        /// The domain, as it was given.
        domain: String,
        /// What is wrong with it.
        defect: DomainDefect,
    },
}

/// What is wrong with a domain of a ManagedCertificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainDefect {
    /// It is a wildcard.
    #[error(
        "Google-managed certificates have no wildcards; list the hosts, or bring a certificate of your own"
    )]
    Wildcard,
    /// It is longer than [`MAX_DOMAIN`].
    #[error("it is longer than 63 characters, Google's limit for the whole name")]
    TooLong,
    /// It ends with a dot.
    #[error("it ends with a dot")]
    FinalDot,
    /// It is a single label.
    #[error("it needs at least two labels")]
    OneLabel,
    /// A label is none.
    #[error("its labels may hold only lower-case letters, digits and inner hyphens")]
    Label,
    /// The last label is no top-level domain.
    #[error("its last label must have two characters and begin with a letter")]
    LastLabel,
}

/// Checks the domains of a ManagedCertificate.
///
/// # Errors
/// [`DomainsError`], for the first that Google would refuse.
pub fn check_domains(domains: &[String]) -> Result<(), DomainsError> {
    if domains.is_empty() {
        return Err(DomainsError::None);
    }
    if domains.len() > MAX_DOMAINS {
        return Err(DomainsError::TooMany(domains.len()));
    }
    domains.iter().try_for_each(|domain| check_domain(domain))
}

/// Checks one domain: at most 63 characters in all, lower case, at least two labels, no wildcard,
/// the last label of at least two characters and beginning with a letter.
///
/// # Errors
/// [`DomainsError::Domain`], with what is wrong.
pub fn check_domain(domain: &str) -> Result<(), DomainsError> {
    let refuse = |defect| Err(DomainsError::Domain { domain: domain.to_owned(), defect });
    if domain.starts_with('*') {
        return refuse(DomainDefect::Wildcard);
    }
    if domain.chars().count() > MAX_DOMAIN {
        return refuse(DomainDefect::TooLong);
    }
    if domain.ends_with('.') {
        return refuse(DomainDefect::FinalDot);
    }
    let Some((rest, last)) = domain.rsplit_once('.') else {
        return refuse(DomainDefect::OneLabel);
    };
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label =
        |label: &str| label.chars().all(inner) && label.starts_with(edge) && label.ends_with(edge);
    if !rest.split('.').all(label) || !label(last) {
        return refuse(DomainDefect::Label);
    }
    if last.len() < 2 || !last.starts_with(|c: char| c.is_ascii_lowercase()) {
        return refuse(DomainDefect::LastLabel);
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
