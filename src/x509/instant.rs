//! Instants as RFC 3339 in UTC, to the second: the one way in which certwright writes times.

use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

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
