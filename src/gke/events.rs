//! Events of GKE's Ingress controller: which of its words tell why a sync failed.
//!
//! Every failed sync is wrapped in the names of the routines it went through, and says of the load
//! balancer that it "does not exist" also when it exists and serves. Only what stands behind is the
//! cause. Source: ingress-gce, as run against a real API server.

use super::annotations::{
    ALLOW_HTTP, FRONTEND_CONFIG, MANAGED_CERTIFICATES, PRE_SHARED_CERT, REGIONAL_STATIC_IP,
};

/// The wrappings, outermost first; case differs between versions.
const WRAPPINGS: [&str; 6] = [
    "Error syncing to GCP: ",
    "Error during sync: ",
    "Translation failed: ",
    "error running load balancer syncing routine: ",
    "error running backend syncing routine: ",
    "error initializing translator env: ",
];

/// What a warning says behind its wrappings: `secrets "x" not found`.
#[must_use]
pub fn cause(message: &str) -> &str {
    let mut rest = message.trim();
    while let Some(inner) = WRAPPINGS.iter().find_map(|wrapping| behind(rest, wrapping)) {
        rest = inner;
    }
    let named = behind(rest, "loadbalancer ").and_then(|named| named.split_once(' '));
    named.and_then(|(_, said)| behind(said, "does not exist: ")).unwrap_or(rest)
}

fn behind<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..))?
}

/// Whether an event that is no warning shows a sync that came to its end. `Scheduled for sync`
/// does not, and neither does a URL map, which is written before the certificates. Of a
/// ManagedCertificate: that its certificate was made.
#[must_use]
pub fn shows_success(reason: &str, message: &str) -> bool {
    match reason {
        "IPChanged" | "Create" => true,
        "Sync" => message.contains("certs updated"),
        _ => false,
    }
}

/// Causes that are known, whatever words Google's API puts around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The project has as many SSL certificates as it may have: as an operation that failed, or as a
    /// call that was refused with 403.
    Quota,
    /// The load balancer is told of a certificate that Google has not, by this name.
    CertificateGone(String),
    /// The Ingress names a static IP address that is not reserved.
    NoSuchAddress(String),
    /// Port 80 cannot be redirected on a load balancer with names of the first scheme.
    RedirectOnV1Names,
    /// An internal load balancer serves HTTP and HTTPS on one address only if that is reserved.
    BothPortsInternal,
    /// Port 80 is off, and there is no certificate yet for port 443: it passes when there is.
    NothingToServe,
    /// The Ingress names a ManagedCertificate that does not exist.
    NoSuchManagedCertificate(String),
}

impl Known {
    /// What it means, for people: a clause.
    #[must_use]
    pub fn meaning(&self) -> String {
        match self {
            Self::Quota => "the project's quota of SSL certificates is used up".to_owned(),
            Self::CertificateGone(name) => format!(
                "its load balancer refers to the certificate {name}, which does not exist at Google, and cannot be changed until that name is gone"
            ),
            Self::NoSuchAddress(name) => format!("the static IP address {name} is not reserved"),
            Self::RedirectOnV1Names => {
                "port 80 cannot be redirected on a load balancer whose parts have names of the first scheme, and nothing else of it can be changed meanwhile".to_owned()
            }
            Self::BothPortsInternal => {
                "an internal load balancer serves HTTP and HTTPS together only on a reserved address"
                    .to_owned()
            }
            Self::NothingToServe => {
                "port 80 is off, and there is no certificate for port 443 yet".to_owned()
            }
            Self::NoSuchManagedCertificate(name) => {
                format!("managedcertificate/{name}, which it names, does not exist")
            }
        }
    }

    /// What to do about it: a sentence.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Quota => {
                "raise the project's quota of SSL certificates, or delete ManagedCertificates and TLS Secrets of Ingresses that are not needed".to_owned()
            }
            Self::CertificateGone(name) => {
                format!("remove {name} from the annotation {PRE_SHARED_CERT}")
            }
            Self::NoSuchAddress(name) => format!(
                "reserve it (gcloud compute addresses create {name} --global), or name one that is reserved"
            ),
            Self::RedirectOnV1Names => format!(
                "remove the annotation {FRONTEND_CONFIG}, or redirect port 80 on a new Ingress with another name"
            ),
            Self::BothPortsInternal => format!(
                "turn port 80 off by the annotation {ALLOW_HTTP}: \"false\", or name a reserved address by {REGIONAL_STATIC_IP}"
            ),
            Self::NothingToServe => {
                "wait for the certificate; it passes when the load balancer has one".to_owned()
            }
            Self::NoSuchManagedCertificate(name) => format!(
                "create managedcertificate/{name}, or remove its name from the annotation {MANAGED_CERTIFICATES}"
            ),
        }
    }

    /// Whether it passes by itself when the rest is done.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self, Self::NothingToServe)
    }
}

/// What stands behind a cause, where that is known.
#[must_use]
pub fn known(cause: &str) -> Option<Known> {
    let has = |words: &str| cause.contains(words);
    if has("QUOTA_EXCEEDED") || has("quotaExceeded") || has("Quota 'SSL") {
        return Some(Known::Quota);
    }
    if has("was not found") || has("notFound") {
        let named = cause.split_once("sslCertificates/").map(|(_, rest)| word(rest));
        return named.filter(|name| !name.is_empty()).map(Known::CertificateGone);
    }
    if let Some((_, rest)) = cause.split_once("the given static IP name ") {
        return Some(Known::NoSuchAddress(word(rest)));
    }
    if has("HTTPS Redirects with the V1") {
        return Some(Known::RedirectOnV1Names);
    }
    if has("gce-internal Ingress class must be configured with a static-ip") {
        return Some(Known::BothPortsInternal);
    }
    if has("both HTTP and HTTPS are disabled") {
        return Some(Known::NothingToServe);
    }
    let missing = cause.strip_prefix("ManagedCertificate ")?.strip_suffix(" missing")?;
    let name = missing.rsplit(':').next().unwrap_or(missing);
    Some(Known::NoSuchManagedCertificate(name.to_owned()))
}

/// The name at the beginning of a text.
fn word(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.chars().take_while(|c| is_part(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_stands_behind_the_wrappings() {
        for (message, expected) in [
            (
                "Error syncing to GCP: error running load balancer syncing routine: loadbalancer a1-shop-web-b2 does not exist: Cert creation failures - k8s2-cr-a1-b2-0123456789abcdef Error:googleapi: Error 400",
                "Cert creation failures - k8s2-cr-a1-b2-0123456789abcdef Error:googleapi: Error 400",
            ),
            (
                "Error syncing to GCP: error initializing translator env: secrets \"web-tls\" not found",
                "secrets \"web-tls\" not found",
            ),
            ("Error during sync: Error running load balancer syncing routine: quota", "quota"),
            (
                "Translation failed: invalid ingress spec: could not find port \"80\"",
                "invalid ingress spec: could not find port \"80\"",
            ),
            ("loadbalancer a does not exist", "loadbalancer a does not exist"),
            ("something else", "something else"),
            ("", ""),
        ] {
            assert_eq!(cause(message), expected);
        }
    }

    #[test]
    fn a_known_cause_is_found_in_whatever_words_stand_around_it() {
        for (cause, expected) in [
            (
                "Cert creation failures - k8s2-cr-a1 Error:googleapi: Error 403: Quota 'SSL_CERTIFICATES' exceeded. Limit: 10.0 globally., quotaExceeded",
                Some(Known::Quota),
            ),
            ("operation operation-1 failed: {[QUOTA_EXCEEDED: quota]}", Some(Known::Quota)),
            (
                "googleapi: Error 404: The resource 'projects/p/global/sslCertificates/mcrt-6a1b' was not found, notFound",
                Some(Known::CertificateGone("mcrt-6a1b".to_owned())),
            ),
            ("googleapi: Error 404: The resource 'global/urlMaps/x' was not found", None),
            (
                "the given static IP name nope doesn't translate to an existing static IP.",
                Some(Known::NoSuchAddress("nope".to_owned())),
            ),
            (
                "error: cannot enable HTTPS Redirects with the V1 Ingress naming scheme.  Please recreate your ingress",
                Some(Known::RedirectOnV1Names),
            ),
            (
                "gce-internal Ingress class must be configured with a static-ip to use both HTTP and HTTPS",
                Some(Known::BothPortsInternal),
            ),
            (
                "invalid configuration: both HTTP and HTTPS are disabled (x)",
                Some(Known::NothingToServe),
            ),
            (
                "ManagedCertificate shop:web missing",
                Some(Known::NoSuchManagedCertificate("web".to_owned())),
            ),
            ("secrets \"web-tls\" not found", None),
            ("", None),
        ] {
            assert_eq!(known(cause), expected, "{cause}");
        }
    }

    #[test]
    fn a_sync_that_was_only_begun_is_no_success() {
        assert!(shows_success("Sync", "TargetProxy \"k8s2-ts-a\" certs updated"));
        assert!(shows_success("IPChanged", "IP is now 203.0.113.9"));
        assert!(shows_success("Create", "Create SslCertificate mcrt-1"));
        assert!(!shows_success("Sync", "Scheduled for sync"));
        assert!(!shows_success("Sync", "UrlMap \"k8s2-um-a\" updated"));
    }
}
