//! The calendar for people: a line for each certificate, the week first, and below them how many fall due in
//! each week and how many end.

use super::{CalendarReport, Counts};
use crate::audit::calendar::{Entry, When};
use crate::instant;
use crate::render::harmless;
use crate::render::layout::{Columns, count, name, some};
use crate::render::page::Page;
use std::io::{self, Write as _};

/// How many hosts of a certificate are shown.
const MOST_NAMES: usize = 2;

/// Writes it.
pub(in crate::render) fn write(report: &CalendarReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let heads = vec!["WEEK", "DUE", "ENDS", "CERTIFICATE", "NAMES", "RENEWED BY"];
    let mut table = Columns::new(heads, report.no_headers).spare(&["NAMES"]);
    for entry in report.entries {
        let week = entry.when(report.now).name();
        table.row(std::iter::once(week).chain(cells(entry, report.namespaces)));
    }
    if !report.entries.is_empty() {
        table.write(out)?;
        writeln!(out)?;
        for (when, counts) in report.counts() {
            writeln!(out, "{}", heading(when, counts))?;
        }
    }
    if !report.looked.place.is_empty() {
        writeln!(out, "looked at {}", harmless::line(&report.looked.place))?;
    }
    let by_hand = report.entries.iter().filter(|entry| !entry.is_automatic).count();
    let all = count(report.entries.len(), "certificate");
    let incomplete = if report.complete { "" } else { "; incomplete: something could not be read" };
    writeln!(out, "{all}, {by_hand} of them renewed by hand{incomplete}")
}

/// `2026-W49  30 Nov to 6 Dec: 3 due, 1 ends`.
fn heading(when: When, counts: Counts) -> String {
    let days = when.days().map_or_else(String::new, |(first, last)| format!("  {first} to {last}"));
    let Counts { due, ends } = counts;
    let due = match (when, due) {
        (When::Week { .. } | When::Overdue, due) if due > 0 => Some(format!("{due} due")),
        (_, due) => (due > 0).then(|| due.to_string()),
    };
    let ends = (ends > 0).then(|| format!("{ends} {}", if ends == 1 { "ends" } else { "end" }));
    let parts: Vec<String> = due.into_iter().chain(ends).collect();
    format!("{}{days}: {}", when.name(), parts.join(", "))
}

fn cells(entry: &Entry<'_>, namespaces: bool) -> [String; 5] {
    let names: Vec<String> = entry.certificate.dns().map(str::to_owned).collect();
    let owner = match (entry.owner, entry.is_automatic) {
        (None, _) => String::new(),
        (Some(owner), true) => owner.to_owned(),
        (Some(owner), false) => format!("{owner} (by hand)"),
    };
    let key = entry.object.key.as_ref().map_or_else(String::new, |key| format!(":{key}"));
    [
        instant::show_date(entry.due),
        instant::show_date(entry.certificate.not_after),
        name(entry.object, namespaces) + &key,
        some(&names, MOST_NAMES),
        owner,
    ]
}
