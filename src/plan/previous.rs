//! What was there before: the Secret beside another one that keeps the certificate and key which were
//! replaced, for the way back.
//!
//! Knows its name, its marks and which of the two places in it holds what. Refuses to know key bytes: it
//! is handed certificates and data keys, never a private key.
//!
//! It is written before the switch. So that what it held is not lost where the switch then fails, it has
//! two places: what is about to be replaced stands in the first, what stood there before in the second,
//! and **what was there before is whichever of them the Secret itself does not hold**. That is so at every
//! instant, whatever was cut off in the middle.

use crate::instant;
use crate::inventory::PREVIOUS_SECRET;
use crate::object_ref::{OUR_NAME, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::digest;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// What it is kept for: the name of the Secret.
pub const PREVIOUS_OF: &str = "certwright.dev/previous-of";
/// When what stands in its first place was replaced, or was about to be.
pub const REPLACED_AT: &str = "certwright.dev/replaced-at";
/// When that ends: from then on it is of no use, and the next batch deletes it. For people; what is decided
/// is decided by the certificate.
pub const KEPT_UNTIL: &str = "certwright.dev/kept-until";
/// What was replaced when: a line each, `TIME sha256:FINGERPRINT`, the latest first.
pub const HISTORY: &str = "certwright.dev/history";

/// Which trust bundles the certificate in its first place was removed from, since another one is served:
/// clients that trust by them refuse it.
pub const RETIRED_FROM: &str = "certwright.dev/retired-from";

/// How many lines of history are kept.
const MOST_OF_HISTORY: usize = 10;

/// What stands behind the name of the Secret that it is kept for.
const ENDING: &str = "-previous";

/// How long the name of an object may be (RFC 1123 subdomain).
const LONGEST_NAME: usize = 253;

/// Where the certificate and key that are replaced are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The Secret that keeps them.
    pub object: ObjectRef,
    /// When the certificate that is kept ends; none where it cannot be read.
    pub until: Option<OffsetDateTime>,
    /// Its fingerprint, in hex; none where it cannot be read.
    pub sha256: Option<String>,
    /// When the plan was made.
    pub at: OffsetDateTime,
    /// For what.
    pub purpose: Purpose,
}

/// For what a backup is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Another certificate and key go into the Secret.
    Replace,
    /// What is kept goes back into the Secret, and what is there is kept in its stead.
    Restore {
        /// The resourceVersion the backup must still have.
        resource_version: Option<String>,
        /// Which place holds what goes back.
        place: Place,
    },
}

impl Backup {
    /// The type of the Secret. Of another type than those of TLS, backups are in no list of these, and no
    /// controller serves them.
    pub const SECRET_TYPE: &'static str = PREVIOUS_SECRET;

    /// Of what this Secret holds, before something else is put into it.
    #[must_use]
    pub fn of(secret: &ObjectRef, leaf: Option<&Certificate>, at: OffsetDateTime) -> Self {
        Self {
            object: beside(secret),
            until: leaf.map(|leaf| leaf.not_after),
            sha256: leaf.map(Certificate::fingerprint),
            at,
            purpose: Purpose::Replace,
        }
    }

    /// The annotations of the backup, after `history`, which it had before.
    #[must_use]
    pub fn annotations(&self, secret: &str, history: Option<&str>) -> BTreeMap<String, String> {
        let mut all = BTreeMap::from([
            (PREVIOUS_OF.to_owned(), secret.to_owned()),
            (REPLACED_AT.to_owned(), instant::show(self.at)),
            (HISTORY.to_owned(), self.history(history.unwrap_or_default())),
        ]);
        all.extend(self.until.map(|until| (KEPT_UNTIL.to_owned(), instant::show(until))));
        all
    }

    /// The lines of history with this one before them. One that is told already, because the same was
    /// tried before, is told once.
    fn history(&self, before: &str) -> String {
        let Some(sha256) = &self.sha256 else { return before.to_owned() };
        let fingerprint = format!("sha256:{sha256}");
        let mut lines = vec![format!("{} {fingerprint}", instant::show(self.at))];
        let older = before.lines().filter(|line| !line.trim().is_empty());
        let again = |(place, line): &(usize, &str)| *place == 0 && line.ends_with(&fingerprint);
        let older = older.enumerate().filter(|line| !again(line)).map(|(_, line)| line.to_owned());
        lines.extend(older.take(MOST_OF_HISTORY - 1));
        lines.join("\n")
    }
}

/// The name of the Secret that keeps what was replaced in this one. A name that would be too long is
/// shortened, and told from others by the beginning of its SHA-256.
#[must_use]
pub fn beside(secret: &ObjectRef) -> ObjectRef {
    ObjectRef { name: name_beside(&secret.name), ..secret.clone() }
}

/// The same of its name alone.
#[must_use]
pub fn name_beside(name: &str) -> String {
    with_ending(name, ENDING)
}

/// The name of an object beside the one of this name.
pub(super) fn with_ending(name: &str, ending: &str) -> String {
    if name.len() + ending.len() <= LONGEST_NAME {
        format!("{name}{ending}")
    } else {
        let sum = digest::hex(&digest::sha256(name.as_bytes()));
        let sum: String = sum.chars().take(10).collect();
        let room = LONGEST_NAME - ending.len() - sum.len() - 1;
        let kept: String = name.chars().take(room).collect();
        format!("{}-{sum}{ending}", kept.trim_end_matches(['.', '-']))
    }
}

/// Whether everything that is kept has ended. What cannot be read has no end.
#[must_use]
pub fn is_over(leaves: &[Option<&Certificate>], now: OffsetDateTime) -> bool {
    let ended = |leaf: Option<&Certificate>| leaf.is_some_and(|leaf| leaf.not_after < now);
    !leaves.is_empty() && leaves.iter().copied().all(ended)
}

/// One of the two places for a certificate and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `tls.crt`, `tls.key`, perhaps `ca.crt`.
    First,
    /// The same behind `older.`.
    Second,
}

impl Place {
    /// The data key in which what belongs under `key` of the Secret stands here.
    #[must_use]
    pub fn key(self, key: &str) -> String {
        match self {
            Self::First => key.to_owned(),
            Self::Second => format!("older.{key}"),
        }
    }

    /// The data key that tells that `key` was not there, and is to go again.
    #[must_use]
    pub fn absent(self, key: &str) -> String {
        format!("{}.absent", self.key(key))
    }

    /// Every data key that may stand here.
    #[must_use]
    pub fn keys(self) -> [String; 4] {
        [self.key("tls.crt"), self.key("tls.key"), self.key("ca.crt"), self.absent("ca.crt")]
    }
}

/// Which place holds what was there before: the first with another certificate than the Secret holds now.
/// `value` is what stands under a data key of the backup; of the Secret its `tls.crt` is wanted.
pub fn place_of_previous<'d>(
    value: impl Fn(&str) -> Option<&'d [u8]>,
    now: &[u8],
) -> Option<Place> {
    let differs = |place: &Place| {
        let certificate = value(&place.key("tls.crt"));
        let key = value(&place.key("tls.key"));
        match certificate {
            Some(certificate) => certificate != now,
            // A key that waited for its certificate is worth keeping too.
            None => key.is_some(),
        }
    };
    [Place::First, Place::Second].into_iter().find(differs)
}

/// Whether a Secret is one of these, kept for `secret`: its type and marks say so.
#[must_use]
pub fn is_of(
    secret: &str,
    secret_type: Option<&str>,
    labels: Option<&BTreeMap<String, String>>,
    annotations: Option<&BTreeMap<String, String>>,
) -> bool {
    let says = |map: Option<&BTreeMap<String, String>>, key: &str, value: &str| {
        map.and_then(|map| map.get(key)).is_some_and(|found| found == value)
    };
    secret_type == Some(PREVIOUS_SECRET)
        && says(labels, MANAGED_BY, OUR_NAME)
        && says(annotations, PREVIOUS_OF, secret)
}

/// The label that tells what certwright created.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Of the recommended labels (kubernetes.io/docs/concepts/overview/working-with-objects/common-labels),
/// those that only describe. `instance` is what Argo CD tracks objects by, and prunes them.
const RECOMMENDED: [&str; 4] = ["name", "component", "part-of", "version"];

/// The labels of a backup: those of the Secret that people set, so that both are found alike, and whose
/// it is. What carries a tool's prefix stays away: it would make the tool take the backup for its own.
#[must_use]
pub fn labels(of_secret: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_peoples = |key: &str| match key.split_once('/') {
        None => true,
        Some(("app.kubernetes.io", name)) => RECOMMENDED.contains(&name),
        Some(_) => false,
    };
    let kept = of_secret.iter().filter(|(key, _)| is_peoples(key));
    let mut labels: BTreeMap<_, _> =
        kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    labels.insert(MANAGED_BY.to_owned(), OUR_NAME.to_owned());
    labels
}

#[cfg(test)]
mod tests;
