//! The calendar of `check --calendar`, a format a file.

pub(super) mod ics;
pub(super) mod json;
pub(super) mod table;
#[cfg(test)]
mod tests;

use super::model::{Looked, Model};
use crate::audit::Source;
use crate::audit::calendar::{Entry, When};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A calendar on its way out.
#[derive(Clone, Copy, Debug)]
pub struct CalendarReport<'r> {
    /// When what is due, in the order of a calendar.
    pub entries: &'r [Entry<'r>],
    /// The instant it is of.
    pub now: OffsetDateTime,
    /// Where the certificates are from.
    pub source: Source,
    /// Whether everything could be read.
    pub complete: bool,
    /// Where was looked.
    pub looked: &'r Looked,
    /// Whether several namespaces are shown.
    pub namespaces: bool,
    /// `--no-headers`.
    pub no_headers: bool,
}

/// What one week has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    due: usize,
    ends: usize,
}

impl<'r> CalendarReport<'r> {
    /// These entries, of a report that says where they are from.
    #[must_use]
    pub const fn of(model: &Model<'r>, entries: &'r [Entry<'r>]) -> Self {
        Self {
            entries,
            now: model.report.now,
            source: model.report.source,
            complete: model.report.complete,
            looked: model.looked,
            namespaces: model.look.namespaces,
            no_headers: model.look.no_headers,
        }
    }

    /// How many fall due and how many end, by when, in the order of a calendar. What falls due in a week
    /// often ends in a later one.
    fn counts(&self) -> BTreeMap<When, Counts> {
        let mut counts: BTreeMap<When, Counts> = BTreeMap::new();
        for entry in self.entries {
            counts.entry(entry.when(self.now)).or_default().due += 1;
            if entry.certificate.not_after >= self.now {
                counts.entry(When::week_of(entry.certificate.not_after)).or_default().ends += 1;
            }
        }
        counts
    }

    /// The entries that are filed under one thing.
    fn under(&self, when: When) -> impl Iterator<Item = &'r Entry<'r>> + use<'r> {
        let now = self.now;
        self.entries.iter().filter(move |entry| entry.when(now) == when)
    }
}
