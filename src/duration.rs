//! Durations as people write them, and renewal windows: how long before its end a certificate is due.
//!
//! Knows `90d`, `12h`, `2w`, `1h30m` and shares of a lifetime such as `33%`. Refuses to know the
//! clock: a renewal window is a length, not an instant.

use std::fmt;
use time::Duration;

/// The default renewal window is a third of the lifetime, at most this: what peers renew 90-day
/// certificates by, and long enough for a monthly check to see.
pub const MAX_DEFAULT_WINDOW: Duration = Duration::days(30);

/// How long before notAfter a certificate is due for renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalWindow {
    /// A fixed length.
    Span(Duration),
    /// A share of the certificate's own lifetime, in percent, 1 to 99.
    Share(u8),
}

impl RenewalWindow {
    /// The renewal window for a certificate that lives for `lifetime`.
    #[must_use]
    pub fn of(self, lifetime: Duration) -> Duration {
        match self {
            Self::Span(span) => span,
            Self::Share(percent) => {
                Duration::seconds(lifetime.whole_seconds() / 100 * i64::from(percent))
            }
        }
    }
}

/// The renewal window when nobody says one: a third of the lifetime, at most 30 days.
#[must_use]
pub fn default_window(lifetime: Duration) -> Duration {
    Duration::seconds(lifetime.whole_seconds() / 3).min(MAX_DEFAULT_WINDOW)
}

/// Why a text is no length of time, or no renewal window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It is in none of the forms.
    #[error("expected a length of time such as 90d, 12h, 2w or 1h30m, found {0:?}")]
    NoDuration(String),
    /// It is a number of what?
    #[error("{0} of what? write {0}d for days, {0}h for hours (or 2w, 1h30m)")]
    NoUnit(String),
    /// It has months or years.
    #[error("{0:?} has no fixed length: write it in days, such as 365d")]
    NotFixed(String),
    /// It is nothing, or less.
    #[error("{0:?} is not a positive length of time")]
    NotPositive(String),
    /// It is a share of nothing, or of more than there is.
    #[error("expected a share between 1% and 99%, found {0:?}")]
    NoShare(String),
}

impl std::str::FromStr for RenewalWindow {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let Some(number) = text.strip_suffix('%') else {
            return parse_duration(text).map(Self::Span);
        };
        match number.parse() {
            Ok(percent @ 1..=99) => Ok(Self::Share(percent)),
            _ => Err(DurationError::NoShare(text.to_owned())),
        }
    }
}

impl fmt::Display for RenewalWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(span) => f.write_str(&show(*span)),
            Self::Share(percent) => write!(f, "{percent}%"),
        }
    }
}

/// A positive length of time: weeks, days, hours, minutes and seconds, largest first (`1w2d`,
/// `1h30m`). A day is 24 hours; months and years have no fixed length and are refused.
///
/// # Errors
/// [`DurationError`], which names the expected forms.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let wrong = || DurationError::NoDuration(text.to_owned());
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(DurationError::NotFixed(text.to_owned()));
    }
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let seconds = days
        .checked_mul(86_400)
        .and_then(|sum| sum.checked_add(i64::from(span.get_hours()) * 3_600))
        .and_then(|sum| sum.checked_add(span.get_minutes().checked_mul(60)?))
        .and_then(|sum| sum.checked_add(span.get_seconds()))
        .ok_or_else(wrong)?;
    if seconds <= 0 {
        return Err(DurationError::NotPositive(text.to_owned()));
    }
    Ok(Duration::seconds(seconds))
}

/// A length of time as [`parse_duration`] reads it: whole days where it is at least two of them,
/// else hours and minutes.
#[must_use]
pub fn show(span: Duration) -> String {
    let seconds = span.whole_seconds();
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    match (days, hours, minutes) {
        (2.., _, _) | (1, 0, 0) => format!("{days}d"),
        (_, _, 0) if days * 24 + hours > 0 => format!("{}h", days * 24 + hours),
        (_, _, _) if days * 24 + hours > 0 => format!("{}h{minutes}m", days * 24 + hours),
        (_, _, 1..) => format!("{minutes}m"),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90d", 7_776_000),
            ("12h", 43_200),
            ("2w", 1_209_600),
            ("1h30m", 5_400),
            ("1w1d", 691_200),
            ("45s", 45),
            ("99999d", 8_639_913_600),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn lengths_without_a_fixed_size_and_nonsense_are_refused() {
        for text in
            ["", "90", "d", "-1d", "0d", "1y", "2mo", "1.5.2h", "soon", "9999999999999999d", "٣d"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_of_the_certificates_own_lifetime() {
        let window: RenewalWindow = "25%".parse().expect("a share");
        assert_eq!(window.of(Duration::days(100)), Duration::days(25));
        for text in ["0%", "100%", "%", "-5%", "x%"] {
            assert!(text.parse::<RenewalWindow>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_window_is_a_third_and_at_most_thirty_days() {
        assert_eq!(default_window(Duration::days(9)), Duration::days(3));
        assert_eq!(default_window(Duration::days(90)), Duration::days(30));
        assert_eq!(default_window(Duration::days(825)), Duration::days(30));
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["90d", "12h", "36h", "1h30m", "25m", "1d", "40s"] {
            assert_eq!(
                show(parse_duration(text).expect(text)),
                if text == "36h" { "36h" } else { text }
            );
        }
    }

    #[test]
    fn a_window_reads_as_it_is_shown() {
        for (text, window, of_ninety_days) in [
            ("20d", RenewalWindow::Span(Duration::days(20)), Duration::days(20)),
            ("1h30m", RenewalWindow::Span(Duration::minutes(90)), Duration::minutes(90)),
            ("33%", RenewalWindow::Share(33), Duration::seconds(90 * 86_400 / 100 * 33)),
        ] {
            assert_eq!(text.parse(), Ok(window));
            assert_eq!(window.to_string(), text);
            assert_eq!(window.of(Duration::days(90)), of_ninety_days, "{text}");
        }
    }
}
