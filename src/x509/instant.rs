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

/// Reads RFC 3339, to the second, in UTC.
///
/// # Errors
/// A sentence with the expected form.
pub fn parse(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(|at| at.checked_to_offset(UtcOffset::UTC)?.replace_nanosecond(0).ok())
        .ok_or_else(|| format!("expected an instant such as 2026-11-21T00:00:00Z, found {text:?}"))
}

/// The same, or a date alone, which is its first instant.
///
/// # Errors
/// A sentence with the expected forms.
pub fn parse_or_date(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(date) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
        return Ok(date.midnight().assume_utc());
    }
    parse(text).map_err(|_| {
        format!("expected an instant such as 2026-11-21T00:00:00Z, or a date, found {text:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
