//! The report of `check` for people: certificates, hosts without one, findings, what could not be read,
//! and where was looked.
//!
//! However much there is to tell, it fits on a screen: what is left out is counted, and `--all` shows it.

use super::findings::Shown;
use super::{groups, holders, hosts, sum};
use crate::render::model::{FindingRow, Model, ProblemRow};
use crate::render::page::Page;
use crate::render::unread;
use std::io::{self, Write as _};

/// How many rows of certificates are shown, and how many findings one by one.
pub(in crate::render) const MOST: usize = 20;
/// How many lines are left to the hosts, beside their heads.
const MOST_HOSTS: usize = 5;
/// How many lines the findings have when they are grouped: with everything else, sixty in all.
const MOST_LINES: usize = 22;

/// How many rows are shown in a pipe, where they are searched and not read: all of most clusters.
const MOST_IN_A_PIPE: usize = 1_000;

/// Writes the report: a row for each Secret, the worst first.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let is_whole = is_whole(model, out.width());
    if holders::write(model, if is_whole { usize::MAX } else { MOST }, out)? {
        writeln!(out)?;
    }
    rest(model, if is_whole { usize::MAX } else { MOST_HOSTS }, out)
}

/// Whether the tables show every row.
fn is_whole(model: &Model<'_>, width: Option<usize>) -> bool {
    model.look.all || (width.is_none() && rows(model) <= MOST_IN_A_PIPE)
}

fn rows(model: &Model<'_>) -> usize {
    model.holders().len() + model.hosts().count()
}

/// Whether rows are left out in a pipe: whoever looks for one with grep is to know.
#[must_use]
pub fn is_cut_in_a_pipe(model: &Model<'_>) -> bool {
    !is_whole(model, None)
}

/// Writes the report with every certificate and all that is known of it.
pub(in crate::render) fn write_wide(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    if holders::write_wide(model, out)? {
        writeln!(out)?;
    }
    rest(model, usize::MAX, out)
}

fn rest(model: &Model<'_>, most_hosts: usize, out: &mut Page<'_>) -> io::Result<()> {
    if hosts::write(model, most_hosts, out)? {
        writeln!(out)?;
    }
    findings(model, (MOST, true), out)?;
    sum::write(model, out)
}

/// Writes what was found, one by one or by rule where that is more than `most`, and what could not be
/// read. `by_rule` is whether `--rule` can choose among them.
pub(in crate::render) fn findings(
    model: &Model<'_>,
    (most, by_rule): (usize, bool),
    out: &mut Page<'_>,
) -> io::Result<()> {
    let told: Vec<FindingRow<'_>> =
        model.findings().filter(|finding| model.look.all || finding.counts).collect();
    let grouped = told.len() > most && !model.look.all;
    if grouped {
        groups::write(model, &told, (MOST_LINES, by_rule), out)?;
    } else {
        let mut shown = Shown::default();
        for finding in &told {
            shown.write(finding, &model.affected(finding), model.look.namespaces, out)?;
        }
    }
    let problems: Vec<ProblemRow<'_>> = model.problems().collect();
    unread::write(&problems, if model.look.all { usize::MAX } else { MOST }, out)?;
    unread::write_notes(&model.notes().collect::<Vec<_>>(), out)?;
    if grouped {
        sum::by_rule(model, out)?;
    }
    Ok(())
}
