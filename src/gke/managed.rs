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
    /// Whether there is a `status` at all that says anything.
    pub has_status: bool,
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
    /// One that says nothing.
    pub const NOTHING: Self = Self {
        domains: Vec::new(),
        certificate_name: None,
        status: None,
        domain_status: Vec::new(),
        expire_time: None,
        has_status: false,
    };

    /// Whether all of these domains are in the spec, which may list more.
    #[must_use]
    pub fn lists(&self, domains: &[String]) -> bool {
        domains.iter().all(|domain| self.domains.contains(domain))
    }

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
            has_status: match status {
                Value::Null => false,
                Value::Object(fields) => !fields.is_empty(),
                _ => true,
            },
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

    /// Each domain of the spec with its status; and those the status tells of that the spec has
    /// not, as it does for minutes after an edit.
    #[must_use]
    pub fn rows(&self) -> Vec<(&str, Option<&str>)> {
        let told = &self.domain_status;
        let status = |domain: &str| {
            told.iter().find(|(there, _)| there == domain).map(|(_, status)| status.as_str())
        };
        let wanted = self.domains.iter().map(|domain| (domain.as_str(), status(domain)));
        let stale = told.iter().filter(|(domain, _)| !self.domains.contains(domain));
        let stale = stale.map(|(domain, status)| (domain.as_str(), Some(status.as_str())));
        wanted.chain(stale).collect()
    }

    /// The domains that the status tells of, each once, in order.
    #[must_use]
    pub fn told_domains(&self) -> Vec<&str> {
        let told: BTreeSet<&str> =
            self.domain_status.iter().map(|(domain, _)| domain.as_str()).collect();
        told.into_iter().collect()
    }

    /// How its domains were changed after it was issued; none when they were not, as far as the
    /// status tells. As long as it tells of the old ones, those are served.
    #[must_use]
    pub fn edited(&self) -> Option<Edit> {
        let is_issued = matches!(self.status.as_deref(), Some("Active" | "RenewalFailed"));
        if !is_issued || self.domain_status.is_empty() {
            return None;
        }
        let told = self.told_domains();
        let added = self.domains.iter().filter(|domain| !told.contains(&domain.as_str()));
        let wanted = |domain: &str| self.domains.iter().any(|there| there == domain);
        let dropped = told.iter().filter(|domain| !wanted(domain));
        let edit = Edit {
            added: added.cloned().collect(),
            dropped: dropped.map(|domain| (*domain).to_owned()).collect(),
        };
        (!edit.added.is_empty() || !edit.dropped.is_empty()).then_some(edit)
    }

    /// Whether Google has given it up: issuing is not tried again, or its renewal failed. Another
    /// certificate for the same domains can take its place.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("ProvisioningFailedPermanently" | "RenewalFailed"))
    }

    /// The first domain that needs more than time, with its status.
    #[must_use]
    pub fn needs_help(&self) -> Option<(&str, &str)> {
        let needs_help =
            |(_, status): &(&str, &str)| !matches!(*status, "Active" | "Provisioning" | "");
        let domains = self.domain_status.iter();
        domains.map(|(domain, status)| (domain.as_str(), status.as_str())).find(needs_help)
    }

    /// What is waited for while it is not Active and nothing is known that cannot heal, and what
    /// to do: the first domain that needs more than time, else the certificate.
    #[must_use]
    pub fn awaited(&self) -> (String, &'static str) {
        if let Some((domain, status)) = self.needs_help() {
            let meaning = domain_meaning(status);
            return (format!("{domain}: {status}: {}", meaning.meaning), meaning.remedy);
        }
        let status = self.status.as_deref().unwrap_or_default();
        if status.is_empty() && self.certificate_name.is_some() {
            return (
                "no status: Google's API has told none yet, or one that the controller does not know"
                    .to_owned(),
                "wait ten minutes for its next look, then see what gcloud compute ssl-certificates list says",
            );
        }
        let meaning = certificate_meaning(status);
        let shown = if status.is_empty() { "no status" } else { status };
        (format!("{shown}: {}", meaning.meaning), meaning.remedy)
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

/// What was changed of the domains of a certificate that is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Domains of the spec that are not in the certificate.
    pub added: Vec<String>,
    /// Domains of the certificate that the spec has no more.
    pub dropped: Vec<String>,
}

impl Edit {
    /// What it comes to, in one sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        let is_are = |names: &[String]| if names.len() == 1 { "is" } else { "are" };
        let added = (!self.added.is_empty()).then(|| {
            let names = self.added.join(", ");
            format!("{names} {} not in the certificate that is served", is_are(&self.added))
        });
        let dropped = (!self.dropped.is_empty()).then(|| {
            let names = self.dropped.join(", ");
            format!("{names} {} in it still", is_are(&self.dropped))
        });
        let changes: Vec<String> = added.into_iter().chain(dropped).collect();
        format!(
            "spec.domains was changed after it was issued: {}; HTTPS goes down when Google's controller applies that",
            changes.join(", and ")
        )
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
            "it is being issued; the domains show what it is waiting for",
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
            "fix the DNS of its domains first",
            true,
        ),
        "RenewalFailed" => meaning(
            "renewing failed; the old certificate is served until it expires",
            "fix the DNS of its domains first",
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
            "its DNS does not point to this load balancer, or the load balancer has no port 443 with it yet",
            "set the A and AAAA records of the domain to the Ingress address and nothing else",
            false,
        ),
        "FailedCaaChecking" => meaning(
            "its CAA records could not be looked up",
            "fix the domain's authoritative DNS servers",
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
    fn a_change_after_it_was_issued_is_told_by_the_domains_of_its_status() {
        let both = [("a.example", "Active"), ("b.example", "Active")];
        for (domains, status, told, edited) in [
            (&["a.example", "b.example"][..], "Active", &both[..], None),
            (&["b.example", "a.example"], "Active", &both, None),
            (&["a.example", "b.example", "c.example"], "Active", &both, Some((1, 0))),
            (&["a.example"], "Active", &both, Some((0, 1))),
            (&["c.example"], "RenewalFailed", &both, Some((1, 2))),
            (&["a.example", "a.example"], "Active", &both[..1], None),
            // While it is being issued Google's controller begins anew, and nothing is lost.
            (&["c.example"], "Provisioning", &both, None),
            (&["c.example"], "", &both, None),
            (&["c.example"], "Active", &[], None),
        ] {
            let edit = managed(domains, status, told).edited();
            let counted = edit.map(|edit| (edit.added.len(), edit.dropped.len()));
            assert_eq!(counted, edited, "{domains:?} {status}");
        }
    }

    #[test]
    fn an_absent_status_an_empty_one_and_none_at_all_are_the_same() {
        let empty = managed(&["a.example"], "", &[]);
        assert_eq!(empty.status, None);
        let none = Managed::of(&json!({"domains": ["a.example"]}), &Value::Null);
        assert!(empty.has_status && !none.has_status, "but that somebody wrote one is known");
        assert_eq!(Managed { has_status: false, ..empty }, none);
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
