//! The API server's clock, as its answers tell it, beside our own.
//!
//! Knows how far the two are apart. Refuses to know which of them is wrong, and what follows.

use super::retry;
use crate::world::World;
use http::HeaderMap;
use http::header::DATE;
use std::sync::atomic::{AtomicI64, Ordering};
use time::Duration;

/// How far the two may be apart before a certificate is dated by one of them: as far as certificates are
/// dated back.
const MOST: Duration = Duration::minutes(5);

/// How far the server's clock was ahead of ours in an answer, in seconds; [`i64::MIN`] before the first.
#[derive(Debug)]
pub(super) struct ServerClock(AtomicI64);

impl Default for ServerClock {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl ServerClock {
    /// Takes down what an answer says. Of several the one that is nearest to ours counts: an answer may
    /// have been kept by what stands between, or have come late.
    pub(super) fn read(&self, headers: &HeaderMap, world: &World) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(retry::date);
        let Some(date) = date else { return };
        let ahead = (date.assume_utc() - world.now()).whole_seconds();
        let known = self.0.load(Ordering::Relaxed);
        if known == i64::MIN || ahead.abs() < known.abs() {
            self.0.store(ahead, Ordering::Relaxed);
        }
    }

    /// By how much the server's clock is ahead of ours (negative: behind), where that is too much.
    pub(super) fn apart(&self) -> Option<Duration> {
        let known = Some(self.0.load(Ordering::Relaxed)).filter(|known| *known != i64::MIN)?;
        Some(Duration::seconds(known)).filter(|apart| apart.abs() > MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Clock;
    use time::macros::datetime;

    #[test]
    fn the_answer_nearest_to_our_clock_counts_and_five_minutes_are_let_pass() {
        let mut world = World::real();
        world.clock = Clock::Frozen(datetime!(2026-11-30 12:00 UTC));
        for (dates, expected) in [
            (&[][..], None),
            (&["no date"], None),
            (&["Mon, 30 Nov 2026 12:05:00 GMT"], None),
            (&["Mon, 30 Nov 2026 12:05:01 GMT"], Some(301)),
            (&["Mon, 30 Nov 2026 11:55:00 GMT"], None),
            (&["Mon, 30 Nov 2026 11:00:00 GMT"], Some(-3600)),
            (&["Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 30 Nov 2026 12:00:01 GMT"], None),
            (&["Mon, 30 Nov 2026 11:59:59 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"], None),
        ] {
            let clock = ServerClock::default();
            for date in dates {
                let headers = HeaderMap::from_iter([(DATE, date.parse().expect("a header"))]);
                clock.read(&headers, &world);
            }
            assert_eq!(clock.apart().map(Duration::whole_seconds), expected, "{dates:?}");
        }
    }
}
