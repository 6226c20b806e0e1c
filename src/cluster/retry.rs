//! Which request is tried again, when, and when no more.
//!
//! Pure: it is told what went wrong and answers with a pause. A write is repeated only when the
//! server said that it was too busy to look at it (429); after any other failure it may have taken
//! effect. A read is repeated after whatever may pass. Source: client-go `rest/with_retry.go`.

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use std::time::Duration;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// How often a request is tried again by itself.
const AGAIN: u32 = 3;
/// How often when the server says when to come back, as client-go does.
const AGAIN_AS_TOLD: u32 = 10;
/// The first pause; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(200);

/// What went wrong with a request, as far as trying again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// 429: the server did not look at it.
    TooMany,
    /// 5xx: the server failed, whatever came of it.
    Server,
    /// The connection broke, or the answer did in the middle.
    Broken,
}

/// How patient one request is: counts its tries and what was waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    is_write: bool,
    left: Duration,
    tried_again: u32,
    pause: Duration,
}

impl Patience {
    /// Of a request whose pauses may take `limit` altogether.
    pub(super) const fn new(is_write: bool, limit: Duration) -> Self {
        Self { is_write, left: limit, tried_again: 0, pause: PAUSE }
    }

    /// How long to wait before the next try; `None` when there is none. `told` is what the server
    /// said of when to come back; nobody waits for longer than is left.
    pub(super) fn after(&mut self, trouble: Trouble, told: Option<Duration>) -> Option<Duration> {
        let most = if told.is_some() { AGAIN_AS_TOLD } else { AGAIN };
        let may = trouble == Trouble::TooMany || !self.is_write;
        if !may || self.tried_again >= most || self.left.is_zero() {
            return None;
        }
        // Told to come back at once, everybody would.
        let pause = told.unwrap_or(self.pause).max(PAUSE).min(self.left);
        self.tried_again += 1;
        self.pause = self.pause.saturating_mul(2);
        self.left -= pause;
        Some(pause)
    }
}

/// What `Retry-After` says: seconds, or a date, which counts from the answer's own `Date`, so that
/// our clock has no part in it (RFC 9110 §10.2.3).
pub(super) fn told(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let (then, now) = (date(text)?, date(headers.get(DATE)?.to_str().ok()?)?);
    Some(Duration::try_from(then - now).unwrap_or_default())
}

/// A date as HTTP writes it today (RFC 9110 §5.6.7, IMF-fixdate).
pub(super) fn date(text: &str) -> Option<PrimitiveDateTime> {
    let imf = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    PrimitiveDateTime::parse(text.trim(), &imf).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(is_write: bool, trouble: Trouble, told: Option<u64>) -> Vec<u128> {
        let mut patience = Patience::new(is_write, Duration::from_secs(30));
        std::iter::from_fn(|| patience.after(trouble, told.map(Duration::from_secs)))
            .map(|pause| pause.as_millis())
            .collect()
    }

    #[test]
    fn a_write_is_repeated_only_when_the_server_did_not_look_at_it() {
        for (is_write, trouble, told, expected) in [
            (true, Trouble::TooMany, None, vec![200, 400, 800]),
            (true, Trouble::TooMany, Some(1), vec![1000; 10]),
            (true, Trouble::TooMany, Some(0), vec![200; 10]),
            (true, Trouble::TooMany, Some(20), vec![20_000, 10_000]),
            (true, Trouble::TooMany, Some(u64::MAX), vec![30_000]),
            (true, Trouble::Server, Some(1), vec![]),
            (true, Trouble::Broken, None, vec![]),
            (false, Trouble::TooMany, Some(1), vec![1000; 10]),
            (false, Trouble::Server, None, vec![200, 400, 800]),
            (false, Trouble::Broken, None, vec![200, 400, 800]),
            (false, Trouble::Server, Some(20), vec![20_000, 10_000]),
        ] {
            assert_eq!(
                pauses(is_write, trouble, told),
                expected,
                "{is_write} {trouble:?} {told:?}"
            );
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_own_clock() {
        let of = |retry_after: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry_after.parse().expect("a header"));
            if let Some(date) = date {
                headers.insert(DATE, date.parse().expect("a header"));
            }
            told(&headers).map(|told| told.as_secs())
        };
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (text, date, expected) in [
            ("7", None, Some(7)),
            (" 7 ", now, Some(7)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", now, Some(3)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", now, Some(0)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", None, None),
            ("-1", now, None),
            ("soon", now, None),
            ("99999999999999999999999", now, None),
        ] {
            assert_eq!(of(text, date), expected, "{text}");
        }
        assert_eq!(told(&HeaderMap::new()), None);
    }
}
