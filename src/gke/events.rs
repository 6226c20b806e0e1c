//! Events of GKE's Ingress controller: which of its words tell why a sync failed.
//!
//! Every failed sync is wrapped in the names of the routines it went through, and says of the load
//! balancer that it "does not exist" also when it exists and serves. Only what stands behind is the
//! cause. Source: ingress-gce, as run against a real API server.

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
/// does not, and neither does a URL map, which is written before the certificates.
#[must_use]
pub fn shows_success(reason: &str, message: &str) -> bool {
    reason == "IPChanged" || (reason == "Sync" && message.contains("certs updated"))
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
    fn a_sync_that_was_only_begun_is_no_success() {
        assert!(shows_success("Sync", "TargetProxy \"k8s2-ts-a\" certs updated"));
        assert!(shows_success("IPChanged", "IP is now 203.0.113.9"));
        assert!(!shows_success("Sync", "Scheduled for sync"));
        assert!(!shows_success("Sync", "UrlMap \"k8s2-um-a\" updated"));
    }
}
