//! ManagedCertificates: what their status says, what it means, and what can be done about it.
//!
//! Knows every value the controller of gke-managed-certs writes, and that it may write others.
//! Refuses to know what an Ingress or DNS has to do with it.

use serde_json::Value;
use std::collections::BTreeSet;

/// A ManagedCertificate, as far as it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managed {
    /// `spec.domains`.
    pub domains: Vec<String>,
    /// `status.certificateName`: the load balancer's name for it, `mcrt-…`.
    pub certificate_name: Option<String>,
    /// `status.certificateStatus`; none when absent or empty, which is the same.
    pub status: Option<String>,
    /// `status.domainStatus` as (domain, status).
    pub domain_status: Vec<(String, String)>,
    /// `status.expireTime`, as written: RFC 3339 with an offset.
    pub expire_time: Option<String>,
}

/// What a status comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What it means, for people.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Whether it cannot heal by itself.
    pub permanent: bool,
}

impl Managed {
    /// Reads `spec` and `status`; what is not there is left out.
    #[must_use]
    pub fn of(spec: &Value, status: &Value) -> Self {
        let text = |value: &Value, key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let list = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let row =
            |row: Value| Some((text(&row, "domain")?, text(&row, "status").unwrap_or_default()));
        Self {
            domains: list(spec, "domains")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            certificate_name: text(status, "certificateName"),
            status: text(status, "certificateStatus"),
            domain_status: list(status, "domainStatus").into_iter().filter_map(row).collect(),
            expire_time: text(status, "expireTime"),
        }
    }

    /// Whether it serves the domains it is meant to: Active, for exactly the domains of the spec.
    /// After an edit the status says Active of the old domains for minutes.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let wanted: BTreeSet<&str> = self.domains.iter().map(String::as_str).collect();
        let told: BTreeSet<&str> =
            self.domain_status.iter().map(|(domain, _)| domain.as_str()).collect();
        self.status.as_deref() == Some("Active") && wanted == told
    }

    /// The first status, of the certificate or of a domain, that cannot heal by itself.
    #[must_use]
    pub fn permanent_failure(&self) -> Option<(String, Meaning)> {
        let certificate =
            self.status.iter().map(|status| (status.clone(), certificate_meaning(status)));
        let domains = self
            .domain_status
            .iter()
            .map(|(domain, status)| (format!("{domain}: {status}"), domain_meaning(status)));
        certificate.chain(domains).find(|(_, meaning)| meaning.permanent)
    }
}

const fn meaning(meaning: &'static str, remedy: &'static str, permanent: bool) -> Meaning {
    Meaning { meaning, remedy, permanent }
}

/// What `certificateStatus` means; unknown values are said to be unknown.
#[must_use]
pub fn certificate_meaning(status: &str) -> Meaning {
    match status {
        "" => meaning(
            "the controller has not looked at it yet",
            "wait; name it in an Ingress of class gce",
            false,
        ),
        "Provisioning" => meaning(
            "it is being issued; the domains tell what is waited for",
            "point the DNS of every domain to the Ingress address and wait up to an hour",
            false,
        ),
        "Active" => {
            meaning("it is issued; serving everywhere may take 30 minutes more", "nothing", false)
        }
        "ProvisioningFailed" => meaning(
            "issuing failed for now and is tried again; it can flash although all is well",
            "look at the domains and read it again in a minute",
            false,
        ),
        "ProvisioningFailedPermanently" => meaning(
            "issuing failed and is not tried again",
            "take its name out of the Ingress, delete it, wait until its mcrt- name is gone, and make it under a new name",
            true,
        ),
        "RenewalFailed" => meaning(
            "renewing failed; the old certificate is served until it expires",
            "mend the DNS, make a new ManagedCertificate beside it, and let this one go when that is Active",
            true,
        ),
        _ => meaning("a status that certwright does not know", "see Google's documentation", false),
    }
}

/// What a domain's status means.
#[must_use]
pub fn domain_meaning(status: &str) -> Meaning {
    match status {
        "Provisioning" => meaning("in progress", "wait", false),
        "Active" => meaning("authorised", "nothing", false),
        "FailedNotVisible" => meaning(
            "its DNS does not lead to this load balancer, or the load balancer has no port 443 with it yet",
            "let A and AAAA of the domain hold the Ingress address and nothing else",
            false,
        ),
        "FailedCaaChecking" => meaning(
            "its CAA records could not be looked up",
            "mend the domain's authoritative DNS servers",
            false,
        ),
        "FailedCaaForbidden" => meaning(
            "its CAA records exclude Google's CAs",
            "add CAA records for pki.goog and letsencrypt.org, or remove them",
            true,
        ),
        "FailedRateLimited" => meaning(
            "the CA's limit for the registered domain is reached",
            "wait; use fewer certificates with more domains",
            false,
        ),
        _ => meaning("a status that certwright does not know", "see Google's documentation", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn managed(domains: &[&str], status: &str, told: &[(&str, &str)]) -> Managed {
        let told: Vec<Value> = told
            .iter()
            .map(|(domain, status)| json!({"domain": domain, "status": status}))
            .collect();
        Managed::of(
            &json!({"domains": domains}),
            &json!({"certificateStatus": status, "domainStatus": told}),
        )
    }

    #[test]
    fn active_counts_only_for_the_domains_of_the_spec() {
        assert!(managed(&["a.example"], "Active", &[("a.example", "Active")]).is_active());
        assert!(!managed(&["b.example"], "Active", &[("a.example", "Active")]).is_active());
        assert!(
            !managed(&["a.example", "b.example"], "Active", &[("a.example", "Active")]).is_active()
        );
        assert!(!managed(&["a.example"], "Provisioning", &[("a.example", "Active")]).is_active());
    }

    #[test]
    fn an_absent_status_an_empty_one_and_none_at_all_are_the_same() {
        let empty = managed(&["a.example"], "", &[]);
        assert_eq!(empty.status, None);
        assert_eq!(empty, Managed::of(&json!({"domains": ["a.example"]}), &Value::Null));
    }

    #[test]
    fn only_what_cannot_heal_is_permanent() {
        for (status, domain, permanent) in [
            ("Provisioning", "FailedNotVisible", false),
            ("Provisioning", "FailedCaaChecking", false),
            ("Provisioning", "FailedCaaForbidden", true),
            ("Provisioning", "FailedRateLimited", false),
            ("ProvisioningFailed", "Provisioning", false),
            ("ProvisioningFailedPermanently", "Provisioning", true),
            ("RenewalFailed", "Active", true),
            ("SomethingNew", "SomethingElse", false),
        ] {
            let found =
                managed(&["a.example"], status, &[("a.example", domain)]).permanent_failure();
            assert_eq!(found.is_some(), permanent, "{status} {domain}");
        }
    }
}
