//! What was seen of the load balancers, instant by instant, for tests to judge afterwards.
//!
//! Knows which certificates stood on each HTTPS proxy, for which domains, and what was said of each
//! certificate. Refuses to judge.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What the load balancer of one Ingress served from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Since the double began.
    pub at: Duration,
    /// The Ingress.
    pub ingress: String,
    /// Google's names of the certificates on the HTTPS proxy, in order; none without a proxy, or
    /// without a forwarding rule for port 443.
    pub certificates: Vec<String>,
    /// Domains of those among them that were issued.
    pub covers: BTreeSet<String>,
}

/// What Google said of a certificate from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Since the double began.
    pub at: Duration,
    /// Google's name of it.
    pub certificate: String,
    /// As Kubernetes spells it; none when the certificate is gone.
    pub status: Option<String>,
}

/// Everything that was seen, in order.
#[derive(Clone, Debug)]
pub struct Record {
    began: Instant,
    /// Every change of what a load balancer serves.
    pub served: Vec<Served>,
    /// Every status of every certificate.
    pub told: Vec<Told>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), served: Vec::new(), told: Vec::new() }
    }

    /// How long ago the double began.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// When the load balancer of the Ingress first served an issued certificate for the domain.
    pub fn served_since(&self, ingress: &str, domain: &str) -> Option<Duration> {
        self.of(ingress).find(|served| served.covers.contains(domain)).map(|served| served.at)
    }

    /// When this certificate came on the load balancer of the Ingress, first.
    pub fn attached_at(&self, ingress: &str, certificate: &str) -> Option<Duration> {
        let has = |served: &&Served| served.certificates.iter().any(|name| name == certificate);
        self.of(ingress).find(has).map(|served| served.at)
    }

    /// When Google first said `Active` of this certificate.
    pub fn active_at(&self, certificate: &str) -> Option<Duration> {
        let is = |told: &&Told| told.certificate == certificate && told.status() == "Active";
        self.told.iter().find(is).map(|told| told.at)
    }

    /// Every time, after it was served for the first time, in which the load balancer of the Ingress
    /// had no issued certificate for the domain: from when, and until when if it ended.
    pub fn gaps(&self, ingress: &str, domain: &str) -> Vec<(Duration, Option<Duration>)> {
        let mut gaps: Vec<(Duration, Option<Duration>)> = Vec::new();
        let mut covered = false;
        for served in self.of(ingress) {
            let covers = served.covers.contains(domain);
            if covered && !covers {
                gaps.push((served.at, None));
            } else if let Some((_, end)) = gaps.last_mut()
                && covers
                && end.is_none()
            {
                *end = Some(served.at);
            }
            covered = covers;
        }
        gaps
    }

    fn of(&self, ingress: &str) -> impl Iterator<Item = &Served> {
        self.served.iter().filter(move |served| served.ingress == ingress)
    }

    /// Notes what an Ingress's load balancer serves now, if that is news.
    pub(super) fn note_served(
        &mut self,
        ingress: &str,
        certificates: Vec<String>,
        covers: BTreeSet<String>,
    ) {
        let now = Served { at: self.now(), ingress: ingress.to_owned(), certificates, covers };
        let same =
            |last: &Served| last.certificates == now.certificates && last.covers == now.covers;
        let is_news = match self.of(ingress).last() {
            Some(last) => !same(last),
            None => !now.certificates.is_empty(),
        };
        if is_news {
            self.served.push(now);
        }
    }

    /// Notes what is said of every certificate now, where that is news.
    pub(super) fn note_statuses(&mut self, now: &BTreeMap<&str, &str>) {
        let mut last: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for told in &self.told {
            last.insert(&told.certificate, told.status.as_deref());
        }
        let at = self.now();
        let told = |certificate: &str, status: Option<&str>| Told {
            at,
            certificate: certificate.to_owned(),
            status: status.map(str::to_owned),
        };
        let gone =
            last.iter().filter(|(name, status)| status.is_some() && !now.contains_key(**name));
        let mut news: Vec<Told> = gone.map(|(name, _)| told(name, None)).collect();
        let changed = now.iter().filter(|(name, status)| last.get(**name) != Some(&Some(**status)));
        news.extend(changed.map(|(name, status)| told(name, Some(status))));
        self.told.append(&mut news);
    }
}

impl Told {
    fn status(&self) -> &str {
        self.status.as_deref().unwrap_or_default()
    }
}
