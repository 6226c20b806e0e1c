//! Instants as RFC 3339 in UTC, to the second: the one way in which certwright writes times.

use time::UtcOffset;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// `2026-11-21T00:00:00Z`.
#[must_use]
pub fn show(at: OffsetDateTime) -> String {
    let format = format_description!("[year repr:full]-[month]-[day]T[hour]:[minute]:[second]Z");
    let utc = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    utc.format(&format).unwrap_or_else(|_| at.to_string())
}

/// `2026-11-21`.
#[must_use]
pub fn show_date(at: OffsetDateTime) -> String {
    show(at).chars().take_while(|c| *c != 'T').collect()
}

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// It is not RFC 3339.
    #[error("expected an instant such as 2026-11-21T00:00:00Z, found {0:?}")]
    NoInstant(String),
    /// Neither is it a date.
    #[error("expected an instant such as 2026-11-21T00:00:00Z, or a date, found {0:?}")]
    NoInstantOrDate(String),
}

/// Reads RFC 3339, to the second, in UTC.
///
/// # Errors
/// [`InstantError`], which names the expected form.
pub fn parse(text: &str) -> Result<OffsetDateTime, InstantError> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(|at| at.checked_to_offset(UtcOffset::UTC)?.replace_nanosecond(0).ok())
        .ok_or_else(|| InstantError::NoInstant(text.to_owned()))
}

/// The same, or a date alone, which is its first instant.
///
/// # Errors
/// [`InstantError`], which names the expected forms.
pub fn parse_or_date(text: &str) -> Result<OffsetDateTime, InstantError> {
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Ok(date.midnight().assume_utc());
    }
    parse(text).map_err(|_| InstantError::NoInstantOrDate(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_date_is_its_first_instant() {
        for (text, shown) in [
            ("2027-01-01", Some("2027-01-01T00:00:00Z")),
            ("2026-11-21T10:00:00+02:00", Some("2026-11-21T08:00:00Z")),
            ("2027-02-29", None),
            ("2027-1-1", None),
            ("", None),
        ] {
            assert_eq!(parse_or_date(text).ok().map(show).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn an_instant_is_shown_in_utc_to_the_second() {
        for (at, shown) in [
            (datetime!(2026-11-21 00:00 UTC), "2026-11-21T00:00:00Z"),
            (datetime!(2026-11-21 00:00:00.999_999_999 UTC), "2026-11-21T00:00:00Z"),
            (datetime!(2050-01-01 00:30 +02:00), "2049-12-31T22:30:00Z"),
            (datetime!(0001-02-03 04:05:06 UTC), "0001-02-03T04:05:06Z"),
            (datetime!(9999-12-31 23:59:59 UTC), "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(show(at), shown);
            assert_eq!(show_date(at), shown.split('T').next().unwrap_or_default());
        }
    }

    #[test]
    fn an_instant_that_utc_cannot_say_is_shown_where_it_is() {
        let last = OffsetDateTime::new_in_offset(
            date!(9999 - 12 - 31),
            time::macros::time!(23:59:59),
            UtcOffset::from_hms(-12, 0, 0).expect("it is in range"),
        );
        assert!(show(last).starts_with("9999-12-31T"), "{}", show(last));
    }

    #[test]
    fn instants_are_read_with_any_offset_and_without_fractions() {
        for (text, read) in [
            ("2026-11-21T00:00:00Z", Some(datetime!(2026-11-21 00:00 UTC))),
            ("2026-11-21T02:00:00.9+02:00", Some(datetime!(2026-11-21 00:00 UTC))),
            ("0000-01-01T00:00:00Z", Some(datetime!(0000-01-01 00:00 UTC))),
            ("9999-12-31T23:59:59-12:00", None), // in UTC, in the year 10000
            ("2026-11-21", None),
            ("2026-02-30T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            let expected = InstantError::NoInstant(text.to_owned());
            assert_eq!(parse(text), read.ok_or(expected));
        }
    }
}
