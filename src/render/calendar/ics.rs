//! The calendar as RFC 5545 has it: two whole days a certificate, that on which it is due and that on which it
//! ends.
//!
//! Knows lines, folding and escapes. A UID stays the same as long as the certificate does, so that a program
//! that reads the file again moves its entries and does not double them.

use super::CalendarReport;
use crate::audit::calendar::Entry;
use crate::render::harmless;
use crate::render::page::Page;
use crate::x509::digest;
use std::io::{self, Write as _};
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// Writes it.
pub(in crate::render) fn write(report: &CalendarReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let mut lines = Lines(out);
    lines.write("BEGIN:VCALENDAR")?;
    lines.write("VERSION:2.0")?;
    lines.write("PRODID:-//certwright//certwright//EN")?;
    lines.write("METHOD:PUBLISH")?;
    for entry in report.entries {
        for day in [Day::Due, Day::End] {
            lines.event(entry, day, report.now)?;
        }
    }
    if report.entries.is_empty() {
        // A calendar has one component at least (RFC 5545 §3.6).
        for line in UTC {
            lines.write(line)?;
        }
    }
    lines.write("END:VCALENDAR")
}

/// A time zone, which shows nothing.
const UTC: [&str; 8] = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// Which of the two days of a certificate.
#[derive(Clone, Copy)]
enum Day {
    Due,
    End,
}

struct Lines<'o, 'p>(&'o mut Page<'p>);

impl Lines<'_, '_> {
    fn event(&mut self, entry: &Entry<'_>, day: Day, now: OffsetDateTime) -> io::Result<()> {
        let object = entry.object.apart();
        let names: Vec<&str> = entry.certificate.dns().collect();
        let of = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        let (at, part, summary) = match day {
            Day::Due => (entry.due, "due", format!("Renew {object}{of}")),
            Day::End => (entry.certificate.not_after, "end", format!("{object} ends{of}")),
        };
        let by = match (entry.owner, entry.is_automatic) {
            (Some(owner), true) => format!("{owner} renews it."),
            (Some(owner), false) => {
                format!("It has to be renewed by hand, where {owner} gets it from.")
            }
            (None, _) => "It has to be renewed by hand.".to_owned(),
        };
        let ends = crate::instant::show(entry.certificate.not_after);
        let sha256 = entry.certificate.fingerprint();
        let more = format!("Ends on {ends}. {by} SHA-256 {sha256}.");
        self.write("BEGIN:VEVENT")?;
        self.write(&format!("UID:{}-{part}@certwright.dev", identity(entry)))?;
        self.write(&format!("DTSTAMP:{}", instant(now)))?;
        self.write(&format!("DTSTART;VALUE=DATE:{}", date(at)))?;
        self.write(&format!("SUMMARY:{}", text(&summary)))?;
        self.write(&format!("DESCRIPTION:{}", text(&more)))?;
        self.write("CATEGORIES:certificates")?;
        self.write("TRANSP:TRANSPARENT")?;
        self.write("END:VEVENT")
    }

    /// A line of at most 75 octets, the rest in lines that begin with a blank (§3.1); no character is cut.
    fn write(&mut self, line: &str) -> io::Result<()> {
        const MOST: usize = 75;
        let mut room = MOST;
        let mut buffer = [0; 4];
        for character in line.chars() {
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            if bytes.len() > room {
                self.0.write_all(b"\r\n ")?;
                room = MOST - 1;
            }
            self.0.write_all(bytes)?;
            room -= bytes.len();
        }
        self.0.write_all(b"\r\n")
    }
}

/// The same for the same certificate in the same place, whatever else changes.
fn identity(entry: &Entry<'_>) -> String {
    let (kind, key) = (entry.object.kind.word(), entry.object.key.as_deref().unwrap_or_default());
    let (namespace, name) = (entry.object.namespace(), &entry.object.name);
    let sha256 = entry.certificate.fingerprint();
    let whole = [kind, namespace, name, key, &sha256].join("\n");
    digest::hex(&digest::sha256(whole.as_bytes())).chars().take(32).collect()
}

/// A text with its escapes (§3.3.11), and nothing in it that moves or hides text.
fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in harmless::line(text).chars() {
        if matches!(character, '\\' | ';' | ',') {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// `20261121T000000Z`; a year that has not four digits is cut to what has.
fn instant(at: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let utc = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    utc.format(&format).unwrap_or_else(|_| "19700101T000000Z".to_owned())
}

/// `20261121`.
fn date(at: OffsetDateTime) -> String {
    instant(at).chars().take(8).collect()
}
