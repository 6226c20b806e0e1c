//! Stages of a rotation that overlaps trust: which one is next, from what stands in the cluster.
//!
//! publish → soak → switch → retire. The new certificate is handed out beside the old one before anything
//! serves it, and the old one is handed out until nothing serves it any more: at every instant whoever trusts
//! by what is handed out trusts what is served. Which stage it is, is told by certificates; the marks add two
//! instants, and without them it is waited anew, never less.
//!
//! Refuses to know objects and bytes.

use time::{Duration, OffsetDateTime};

/// Which certificate the Secret holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The one that is to be replaced.
    Old,
    /// The next one.
    New,
    /// Neither: somebody else has replaced it.
    Another,
}

/// What stands in the cluster, as far as a stage depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// What the Secret holds.
    pub holds: Holds,
    /// Whether everything that hands out trust hands out what it must: the new certificate, and the old one
    /// as long as that is served.
    pub is_published: bool,
    /// Whether anything still hands out the old one.
    pub hands_out_old: bool,
    /// Since when the new one is handed out everywhere.
    pub published_at: Option<OffsetDateTime>,
    /// Since when the new one is served.
    pub switched_at: Option<OffsetDateTime>,
    /// How long it is to be handed out before it is served.
    pub soak: Duration,
    /// The last second of the old one.
    pub old_ends: OffsetDateTime,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Hand the new certificate out beside the old one.
    Publish,
    /// Note that it is handed out everywhere: from now on it soaks.
    NotePublished,
    /// The old one is served again after a switch: what was noted is forgotten, and it soaks anew.
    Forget,
    /// Wait until then.
    Soak(OffsetDateTime),
    /// Put it into the Secret.
    Switch,
    /// Note that it is there.
    NoteSwitched,
    /// Hand the old one out no more, once nothing needs it.
    Retire,
    /// Nothing is left but what kept the new one.
    Finish,
    /// Somebody else has replaced the old one.
    Elsewhere,
}

/// What is next.
#[must_use]
pub fn stage(standing: &Standing, now: OffsetDateTime) -> Stage {
    match (standing.holds, standing.is_published) {
        (Holds::Another, _) => Stage::Elsewhere,
        (Holds::Old, _) if standing.switched_at.is_some() => Stage::Forget,
        (Holds::Old | Holds::New, false) => Stage::Publish,
        (Holds::Old, true) => match standing.published_at {
            // A clock that ran ahead when it was noted makes nothing wait for ever.
            Some(at) if at <= now => {
                let then = switches_at(at, standing.soak, standing.old_ends);
                if now < then { Stage::Soak(then) } else { Stage::Switch }
            }
            _ => Stage::NotePublished,
        },
        (Holds::New, true) if standing.switched_at.is_none() => Stage::NoteSwitched,
        (Holds::New, true) if standing.hands_out_old => Stage::Retire,
        (Holds::New, true) => Stage::Finish,
    }
}

/// How long before its end an old certificate is no longer waited for, at most.
const SPARE: Duration = Duration::hours(1);

/// When a certificate that is handed out since `published_at` is switched to: after `soak`, but before the old
/// one ends, or everybody would be locked out for the sake of those who have not yet fetched the new one. A
/// tenth of what was left of the old one, an hour at most, is kept for the switch itself.
#[must_use]
pub fn switches_at(
    published_at: OffsetDateTime,
    soak: Duration,
    old_ends: OffsetDateTime,
) -> OffsetDateTime {
    let left = (old_ends - published_at).max(Duration::ZERO);
    let spare: Duration = (left / 10_i32).min(SPARE);
    published_at.saturating_add(soak.max(Duration::ZERO).min(left - spare))
}

/// How long a file in a volume may take to follow its Secret (kubelet: its sync period of one minute and the
/// life of its cache, kubernetes.io/docs/concepts/configuration/secret, "Mounted Secrets are updated
/// automatically").
const VOLUMES_FOLLOW: Duration = Duration::minutes(2);

/// When the old certificate may go, where workloads have it as files: those must have followed. Who waited for
/// nothing before waits for nothing here.
#[must_use]
pub fn files_follow_by(switched_at: OffsetDateTime, soak: Duration) -> OffsetDateTime {
    switched_at.saturating_add(soak.max(Duration::ZERO).min(VOLUMES_FOLLOW))
}

/// When a CA must be rolled at the latest, so that nothing that it signs is cut short by its end: what it
/// signs until the switch lives as long as the longest that was seen.
#[must_use]
pub fn latest_start(ca_ends: OffsetDateTime, soak: Duration, longest: Duration) -> OffsetDateTime {
    ca_ends.saturating_sub(soak.max(Duration::ZERO)).saturating_sub(longest.max(Duration::ZERO))
}

#[cfg(test)]
mod tests;
