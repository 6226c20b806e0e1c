//! The report of `verify` as a table: a row for each host and address, what is to be said of them, and
//! the settings that work.
//!
//! What fails comes first. On a terminal many hosts that get the same answer at one address are one row;
//! elsewhere each is a line of its own, to be searched.

use super::Verified;
use crate::audit::finding::Severity;
use crate::audit::served::{Answer, Serves};
use crate::instant;
use crate::inventory::frontend::{Demand, Frontend};
use crate::render::check::sum::by_severity;
use crate::render::check::table::{MOST, findings};
use crate::render::clients;
use crate::render::harmless;
use crate::render::layout::{Columns, GOOD, some, status_of, style};
use crate::render::page::Page;
use crate::render::progress::served_of;
use anstyle::Style;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How many findings are told one by one: the rows tell of each host already.
const MOST_FINDINGS: usize = 5;

/// How many hosts of a row are named on so wide a terminal; elsewhere all.
const fn named(width: Option<usize>) -> usize {
    match width {
        None => usize::MAX,
        Some(0..100) => 1,
        Some(100..140) => 2,
        Some(_) => 3,
    }
}

/// Writes the report for people.
pub(in crate::render) fn write(verified: &Verified<'_>, out: &mut Page<'_>) -> io::Result<()> {
    write_rows(verified, out)?;
    findings(&verified.model, (MOST_FINDINGS, false), out)?;
    let report = verified.model.report;
    let is_told = !report.findings.is_empty() || !report.problems.is_empty();
    if is_told && !verified.connections.is_empty() {
        writeln!(out)?;
    }
    for connection in &verified.connections {
        clients::write_text(connection, (&verified.shown, verified.trust_file), out)?;
        writeln!(out)?;
    }
    sum_up(verified, out)
}

/// One row: hosts with the same answer at one address.
struct Row<'v> {
    style: Style,
    serves: String,
    place: String,
    hosts: Vec<(&'v Frontend, &'v str)>,
    ends: Vec<String>,
    version: String,
    alpn: String,
}

impl<'v> Row<'v> {
    fn of(answer: &'v Answer<'_>) -> Self {
        let served = answer.served;
        let serves = match (&answer.serves, &served.failure) {
            (Serves::Nothing, Some(failure)) => failure.kind.as_str(),
            (serves, _) => serves.as_str(),
        };
        let style = match answer.serves {
            _ if !answer.is_settled() => style(Severity::Error),
            Serves::Stored(_) => GOOD,
            _ => Style::new(),
        };
        let agreed = served.agreed.as_ref();
        Self {
            style,
            serves: serves.to_owned(),
            place: served.place(),
            hosts: vec![(answer.frontend, &answer.demand.host)],
            ends: served
                .leaf()
                .map(|leaf| instant::show_date(leaf.not_after))
                .into_iter()
                .collect(),
            version: agreed.map_or_else(dash, |agreed| agreed.version.to_owned()),
            alpn: agreed.and_then(|agreed| agreed.alpn.clone()).unwrap_or_else(dash),
        }
    }

    fn without_address(frontend: &'v Frontend, demand: &'v Demand) -> Self {
        Self {
            style: style(Severity::Warning),
            serves: "no address".to_owned(),
            place: dash(),
            hosts: vec![(frontend, &demand.host)],
            ends: Vec::new(),
            version: dash(),
            alpn: dash(),
        }
    }

    /// What hosts of one row have in common.
    fn answer(&self) -> [String; 4] {
        let Self { serves, place, version, alpn, .. } = self;
        [serves, place, version, alpn].map(String::clone)
    }

    fn cells(&self, namespaces: bool, width: Option<usize>) -> Vec<String> {
        let most = named(width);
        let mut cells = vec![status_of(&self.serves, width)];
        if namespaces {
            let mut all: Vec<&str> =
                self.hosts.iter().map(|(frontend, _)| frontend.object.namespace()).collect();
            all.sort_unstable();
            all.dedup();
            cells.push(match all.as_slice() {
                [one] => (*one).to_owned(),
                many => format!("{} namespaces", many.len()),
            });
        }
        let hosts: Vec<String> = self.hosts.iter().map(|(_, host)| (*host).to_owned()).collect();
        cells.push(match hosts.as_slice() {
            [one] => one.clone(),
            many => format!("{} hosts: {}", many.len(), some(many, most)),
        });
        let (first, last) = (self.ends.iter().min(), self.ends.iter().max());
        let ends = match first.zip(last) {
            None => dash(),
            Some((first, last)) if first == last => first.clone(),
            Some((first, _)) => format!("from {first}"),
        };
        cells.extend([self.place.clone(), ends, self.version.clone(), self.alpn.clone()]);
        cells
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// Writes the rows: what fails first, then what has no address, then what is well.
fn write_rows(verified: &Verified<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let Verified { model, answers, without_address, .. } = verified;
    if answers.is_empty() && without_address.is_empty() {
        return Ok(());
    }
    let (well, failing): (Vec<&Answer<'_>>, Vec<&Answer<'_>>) =
        answers.iter().partition(|answer| answer.is_settled());
    let nowhere =
        without_address.iter().map(|(frontend, demand)| Row::without_address(frontend, demand));
    let failing = failing.into_iter().map(Row::of);
    let mut rows: Vec<Row<'_>> =
        failing.chain(nowhere).chain(well.into_iter().map(Row::of)).collect();
    let is_short = model.look.all || out.width().is_none() || rows.len() <= MOST;
    if !is_short {
        rows = grouped(rows);
    }
    let mut heads = vec!["SERVES"];
    heads.extend(model.look.namespaces.then_some("NAMESPACE"));
    heads.extend(["HOST", "ADDRESS", "EXPIRES", "TLS", "ALPN"]);
    let mut columns = Columns::new(heads, model.look.no_headers).spare(&["ALPN", "TLS", "EXPIRES"]);
    let most = if is_short { usize::MAX } else { MOST };
    for row in rows.iter().take(most) {
        columns.styled_row(row.style, row.cells(model.look.namespaces, out.width()));
    }
    columns.write(out)?;
    let more: usize = rows.iter().skip(most).map(|row| row.hosts.len()).sum();
    if more > 0 {
        writeln!(out, "and {more} more hosts")?;
    }
    if !is_short {
        writeln!(out, "--all shows each host in a row of its own")?;
    }
    writeln!(out)
}

/// Hosts with the same answer in one row, in the order of the first of each.
fn grouped(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut groups: Vec<Row<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for row in rows {
        let place = *places.entry(row.answer()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => {
                group.hosts.extend(row.hosts);
                group.ends.extend(row.ends);
            }
            None => groups.push(row),
        }
    }
    groups
}

/// Where was looked, and how much of it is well.
fn sum_up(verified: &Verified<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let report = verified.model.report;
    let place = &verified.model.looked.place;
    let at =
        verified.address.map_or_else(String::new, |address| format!(", connecting to {address}"));
    if !place.is_empty() {
        writeln!(out, "looked at {}{at}", harmless::line(place))?;
    }
    let looked = served_of(verified.as_stored(), verified.answers.len());
    let parts = by_severity(report);
    let verdict = match (parts.is_empty(), report.complete) {
        (false, _) => parts.join(", "),
        (true, true) => format!("{GOOD}nothing to report{GOOD:#}"),
        (true, false) => {
            let colour = style(Severity::Warning);
            format!("{colour}incomplete{colour:#}")
        }
    };
    writeln!(out, "{looked}: {verdict}")
}
