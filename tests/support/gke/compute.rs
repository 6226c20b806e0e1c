//! What Google's Compute API holds: certificates, load balancers, reserved addresses, a quota.
//!
//! Knows what the API refuses and how it says so, and tells a [`Record`] of every change. Refuses to
//! know of Kubernetes: it is asked by the two controllers, as the real one is. Nothing is issued; a
//! certificate is what a test, or [`Compute::set_auto`], says of it.

use super::record::Record;
use certwright::inventory::bundle::Bundle;
use certwright::x509::key::Pairing;
use ring::rand::SystemRandom;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::macros::{format_description, offset};

/// The most certificates that an HTTPS proxy takes.
const MOST_ON_A_PROXY: usize = 15;
/// How Google's project is called here.
const PROJECT: &str = "projects/test-project/global";

/// How Google says that the quota of certificates is used up. It does both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The call is taken, and its operation ends with `QUOTA_EXCEEDED`.
    Operation,
    /// The call is refused with HTTP status 403, reason `quotaExceeded`.
    Forbidden,
}

/// Why the API did not do it.
pub(super) enum ApiError {
    /// An operation that ended with `QUOTA_EXCEEDED`.
    OverQuota { operation: u64 },
    /// An HTTP status with the API's message and its reason.
    Http { status: u16, message: String, reason: &'static str },
}

impl ApiError {
    /// As ingress-gce prints it, and gke-managed-certs what is no operation's end.
    pub fn text(&self) -> String {
        match self {
            Self::OverQuota { .. } => {
                format!("googleapi: Error 403: QUOTA_EXCEEDED - {OVER_QUOTA}")
            }
            Self::Http { status, message, reason } => {
                format!("googleapi: Error {status}: {message}, {reason}")
            }
        }
    }

    fn http(status: u16, message: String, reason: &'static str) -> Self {
        Self::Http { status, message, reason }
    }

    fn not_found(certificate: &str) -> Self {
        let message =
            format!("The resource '{PROJECT}/sslCertificates/{certificate}' was not found");
        Self::http(404, message, "notFound")
    }
}

/// What Google says of the quota.
pub(super) const OVER_QUOTA: &str = "Quota 'SSL_CERTIFICATES' exceeded.  Limit: 10.0 globally.";

/// A certificate as Google has it.
pub(super) struct Certificate {
    /// The names it was asked for, or has when a user brought it.
    pub domains: BTreeSet<String>,
    /// As Kubernetes spells it; empty when it is not known.
    pub status: String,
    /// The status of each domain.
    pub rows: BTreeMap<String, String>,
    /// When it expires, as Google writes it; none until it is issued.
    pub expires: Option<String>,
    /// Whether there has ever been one to serve.
    pub issued: bool,
    /// Google gets and renews it.
    pub managed: bool,
    /// Since when it is where Google can be asked for it.
    reachable_since: Option<Instant>,
}

impl Certificate {
    /// One that Google is to get: nothing is known of its domains yet.
    pub fn asked_for(domains: BTreeSet<String>) -> Self {
        let row = |domain: &String| (domain.clone(), "Provisioning".to_owned());
        Self {
            rows: domains.iter().map(row).collect(),
            domains,
            status: "Provisioning".to_owned(),
            expires: None,
            issued: false,
            managed: true,
            reachable_since: None,
        }
    }
}

/// The load balancer of one Ingress.
#[derive(Default)]
pub(super) struct Frontend {
    /// Google's name of the HTTPS proxy, as errors tell it.
    pub proxy: String,
    /// Certificates on it; none when there is no proxy.
    pub certificates: Vec<String>,
    /// The address on port 80, if that has a rule.
    pub http: Option<String>,
    /// The address on port 443.
    pub https: Option<String>,
}

/// See the module.
pub(super) struct Compute {
    certificates: BTreeMap<String, Certificate>,
    frontends: BTreeMap<String, Frontend>,
    /// Reserved addresses by name.
    pub reserved: BTreeMap<String, String>,
    /// What a certificate takes to become Active by itself; none when it never does.
    pub auto: Option<Duration>,
    /// With how many certificates it is full, and how that is said.
    pub quota: Option<(usize, Refusal)>,
    operations: u64,
    addresses: u8,
    pub record: Record,
}

impl Compute {
    pub fn new() -> Self {
        Self {
            certificates: BTreeMap::new(),
            frontends: BTreeMap::new(),
            reserved: BTreeMap::new(),
            auto: None,
            quota: None,
            operations: 0,
            addresses: 0,
            record: Record::new(),
        }
    }

    pub fn certificate(&self, name: &str) -> Option<&Certificate> {
        self.certificates.get(name)
    }

    /// Changes a certificate that is there.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Certificate)) {
        let certificate = self.certificates.get_mut(name).expect("Google has it");
        change(certificate);
        if certificate.status == "Active" {
            certificate.issued = true;
            certificate.expires.get_or_insert_with(in_ninety_days);
        }
        self.note();
    }

    /// Has a certificate be there without anybody asking.
    pub fn hold(&mut self, name: &str, certificate: Certificate) {
        self.certificates.insert(name.to_owned(), certificate);
        self.note();
    }

    /// Makes one that Google is to get.
    pub fn create_managed(
        &mut self,
        name: &str,
        domains: &BTreeSet<String>,
    ) -> Result<(), ApiError> {
        self.within_quota()?;
        self.hold(name, Certificate::asked_for(domains.clone()));
        Ok(())
    }

    /// Takes one that a user brings, as the API does: it looks at the PEM and whether the key fits.
    pub fn upload(&mut self, name: &str, certificate: &[u8], key: &[u8]) -> Result<(), ApiError> {
        let bad = |message: &str, reason| Err(ApiError::http(400, message.to_owned(), reason));
        let bundle = Bundle::of_pair(Some(certificate), Some(key), &SystemRandom::new());
        let Some(leaf) = bundle.leaf() else {
            return bad(
                "The SSL certificate could not be parsed.",
                "sslCertificateCouldNotParseCert",
            );
        };
        if bundle.pairing == Pairing::Differs {
            return bad(
                "The SSL key does not match the SSL certificate.",
                "sslCertificateKeyMismatch",
            );
        }
        self.within_quota()?;
        let domains: BTreeSet<String> = leaf.dns().map(str::to_owned).collect();
        let mut taken = Certificate::asked_for(domains);
        (taken.managed, taken.issued) = (false, true);
        "Active".clone_into(&mut taken.status);
        self.hold(name, taken);
        Ok(())
    }

    /// Deletes one that no proxy has; one that is not there is as good as deleted.
    pub fn delete(&mut self, name: &str) -> Result<(), ApiError> {
        let mut frontends = self.frontends.values();
        if let Some(user) = frontends.find(|one| one.certificates.iter().any(|it| it == name)) {
            let message = format!(
                "The ssl_certificate resource '{PROJECT}/sslCertificates/{name}' is already being used by '{PROJECT}/targetHttpsProxies/{}'",
                user.proxy
            );
            return Err(ApiError::http(400, message, "resourceInUseByAnotherResource"));
        }
        self.certificates.remove(name);
        self.note();
        Ok(())
    }

    /// Names of the certificates that begin so.
    pub fn named(&self, prefix: &str) -> Vec<String> {
        self.certificates.keys().filter(|name| name.starts_with(prefix)).cloned().collect()
    }

    pub fn frontend(&mut self, ingress: &str) -> &mut Frontend {
        self.frontends.entry(ingress.to_owned()).or_default()
    }

    /// Puts these certificates on the HTTPS proxy of the Ingress; whether that changed it. They are
    /// compared as a set. A user's own name, which is not `mcrt-…`, is taken to be there.
    pub fn set_proxy(
        &mut self,
        ingress: &str,
        proxy: &str,
        names: &[String],
    ) -> Result<bool, ApiError> {
        let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<String>>();
        let frontend = self.frontend(ingress);
        proxy.clone_into(&mut frontend.proxy);
        if sorted(&frontend.certificates) == sorted(names) {
            return Ok(false);
        }
        if names.len() > MOST_ON_A_PROXY {
            let message = format!("Too many SSL certificates: the maximum is {MOST_ON_A_PROXY}.");
            return Err(ApiError::http(400, message, "invalid"));
        }
        let is_missing = |name: &&String| {
            let theirs = !name.starts_with("mcrt-") && !name.starts_with("k8s");
            !theirs && !self.certificates.contains_key(*name)
        };
        if let Some(missing) = names.iter().find(is_missing) {
            return Err(ApiError::not_found(missing));
        }
        names.clone_into(&mut self.frontend(ingress).certificates);
        self.note();
        Ok(true)
    }

    /// Takes the load balancer's HTTPS rule and proxy away; whether there was one.
    pub fn delete_https(&mut self, ingress: &str) -> bool {
        let frontend = self.frontend(ingress);
        let was = !frontend.certificates.is_empty() || frontend.https.is_some();
        frontend.certificates.clear();
        frontend.https = None;
        self.note();
        was
    }

    /// An address that nobody has: from TEST-NET-3, or from a private range.
    pub fn fresh_address(&mut self, internal: bool) -> String {
        self.addresses = self.addresses.wrapping_add(1);
        let range = if internal { "10.128.0" } else { "203.0.113" };
        format!("{range}.{}", self.addresses.saturating_add(100))
    }

    /// Time passes: what has been on a proxy with a rule for port 443 long enough is issued, unless
    /// something is wrong with it.
    pub fn tick(&mut self, now: Instant) {
        let Some(auto) = self.auto else { return };
        let reachable = |frontend: &&Frontend| frontend.https.is_some();
        let on: BTreeSet<String> = self
            .frontends
            .values()
            .filter(reachable)
            .flat_map(|frontend| frontend.certificates.iter().cloned())
            .collect();
        let mut ready = Vec::new();
        for (name, certificate) in &mut self.certificates {
            let waits = certificate.status == "Provisioning"
                && certificate.rows.values().all(|status| status == "Provisioning");
            if !waits || !on.contains(name) {
                certificate.reachable_since = None;
            } else if now - *certificate.reachable_since.get_or_insert(now) >= auto {
                ready.push(name.clone());
            }
        }
        for name in ready {
            self.change(&name, |certificate| {
                "Active".clone_into(&mut certificate.status);
                let rows = certificate.rows.values_mut();
                rows.for_each(|status| "Active".clone_into(status));
            });
        }
    }

    /// Tells the record what there is now.
    pub fn note(&mut self) {
        let statuses =
            self.certificates.iter().map(|(name, one)| (name.as_str(), one.status.as_str()));
        self.record.note_statuses(&statuses.collect());
        for (ingress, frontend) in &self.frontends {
            let names = if frontend.https.is_some() { &frontend.certificates[..] } else { &[] };
            let issued = names.iter().filter_map(|name| self.certificates.get(name));
            let issued = issued.filter(|certificate| certificate.issued);
            let covers = issued.flat_map(|certificate| certificate.domains.iter().cloned());
            self.record.note_served(ingress, names.to_vec(), covers.collect());
        }
    }

    fn within_quota(&mut self) -> Result<(), ApiError> {
        self.operations += 1;
        match self.quota {
            Some((most, how)) if self.certificates.len() >= most => Err(match how {
                Refusal::Operation => ApiError::OverQuota { operation: self.operations },
                Refusal::Forbidden => ApiError::http(403, OVER_QUOTA.to_owned(), "quotaExceeded"),
            }),
            _ => Ok(()),
        }
    }
}

/// As Google writes it: `2026-08-30T17:34:11.000-07:00`.
fn in_ninety_days() -> String {
    let shape = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].000[offset_hour sign:mandatory]:[offset_minute]"
    );
    let expires = OffsetDateTime::now_utc() + time::Duration::days(90);
    expires.to_offset(offset!(-7)).format(shape).expect("a date can be shown")
}
