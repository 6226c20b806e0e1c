//! `certwright.dev/calendar/v1`.

use super::CalendarReport;
use crate::audit::calendar::{Entry, When};
use crate::instant;
use crate::render::json;
use crate::render::page::Page;
use crate::render::wire::{WireRef, source};
use serde::Serialize;
use std::io;

/// Writes the document.
pub(in crate::render) fn write(report: &CalendarReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let weeks = report.counts().into_iter().map(|(when, counts)| {
        let entries = report.under(when).map(WireEntry::of).collect();
        let (first, last) = when.days().unzip();
        WireWeek {
            week: when.name(),
            from: first.map(|day| day.to_string()),
            to: last.map(|day| day.to_string()),
            due: counts.due,
            ends: counts.ends,
            certificates: entries,
        }
    });
    let document = Document {
        schema: "certwright.dev/calendar/v1",
        at: instant::show(report.now),
        source: source(report.source),
        context: report.looked.context.as_deref(),
        server: report.looked.server.as_deref(),
        complete: report.complete,
        summary: Summary {
            certificates: report.entries.len(),
            ended: report.under(When::Ended).count(),
            due: report.under(When::Overdue).count(),
            by_hand: report.entries.iter().filter(|entry| !entry.is_automatic).count(),
        },
        weeks: weeks.collect(),
    };
    json::write(&document, out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    at: String,
    source: &'static str,
    context: Option<&'a str>,
    server: Option<&'a str>,
    complete: bool,
    summary: Summary,
    weeks: Vec<WireWeek<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    certificates: usize,
    ended: usize,
    due: usize,
    by_hand: usize,
}

/// `ended`, `due`, or a week with its days; what ends in a week may fall due in an earlier one.
#[derive(Serialize)]
struct WireWeek<'a> {
    week: String,
    from: Option<String>,
    to: Option<String>,
    due: usize,
    ends: usize,
    certificates: Vec<WireEntry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    due: String,
    not_after: String,
    renew_before_days: i64,
    dns: Vec<&'a str>,
    subject: &'a str,
    issuer: &'a str,
    sha256: String,
    owner: Option<&'a str>,
    automatic: bool,
    used: bool,
}

impl<'a> WireEntry<'a> {
    fn of(entry: &'a Entry<'a>) -> Self {
        Self {
            object: WireRef::of(entry.object),
            due: instant::show(entry.due),
            not_after: instant::show(entry.certificate.not_after),
            renew_before_days: entry.window.whole_days(),
            dns: entry.certificate.dns().collect(),
            subject: &entry.certificate.subject,
            issuer: &entry.certificate.issuer,
            sha256: entry.certificate.fingerprint(),
            owner: entry.owner,
            automatic: entry.is_automatic,
            used: entry.is_used,
        }
    }
}
