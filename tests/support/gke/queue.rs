//! A controller's queue: names, each once, taken at a pace and with back-off.
//!
//! Knows when the next name may be taken. Refuses to know what is done with it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The first delay after a failure; each further one doubles it, as in every Kubernetes controller.
const FIRST_DELAY: Duration = Duration::from_millis(5);
/// The longest delay: 1,000 s.
const LONGEST_DELAY: Duration = Duration::from_secs(1000);

/// From how many failures on nothing more is expected of a name until something changes.
const STUCK: u32 = 4;

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    free_at: Option<Instant>,
    waiting: BTreeMap<String, Instant>,
    failures: BTreeMap<String, u32>,
}

impl Queue {
    /// Adds it, ready at this instant; one that waits already stays as early as it was.
    pub fn add(&mut self, name: &str, ready: Instant) {
        let at = self.waiting.entry(name.to_owned()).or_insert(ready);
        *at = ready.min(*at);
    }

    /// Adds it behind the delay that its failures have earned it, and counts as another one until it
    /// succeeds: so gke-managed-certs adds what an event names, too.
    pub fn add_limited(&mut self, name: &str, now: Instant) {
        let failures = self.failures.entry(name.to_owned()).or_default();
        let delay = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(*failures));
        *failures = failures.saturating_add(1);
        self.add(name, now + delay.min(LONGEST_DELAY));
    }

    /// The next name, if one is ready and the last one was taken long enough ago.
    pub fn take(&mut self, pace: Duration, now: Instant) -> Option<String> {
        if self.free_at.is_some_and(|at| now < at) {
            return None;
        }
        let ready = self.waiting.iter().filter(|(_, at)| **at <= now);
        let name = ready.min_by_key(|(_, at)| **at).map(|(name, _)| name.clone())?;
        self.waiting.remove(&name);
        self.free_at = Some(now + pace);
        Some(name)
    }

    /// Whether all that waits has failed again and again, and one added now would be taken at once.
    pub fn is_idle(&self, now: Instant) -> bool {
        let is_stuck = |name: &String| self.failures.get(name).is_some_and(|times| *times >= STUCK);
        self.free_at.is_none_or(|at| at <= now) && self.waiting.keys().all(is_stuck)
    }

    /// What was taken is done, or has failed and is tried again.
    pub fn ended(&mut self, name: &str, well: bool, now: Instant) {
        if well {
            self.failures.remove(name);
        } else {
            self.add_limited(name, now);
        }
    }
}
