//! Reports on their way out: data to stdout, what failed to stderr, and the exit that follows.

use super::{Result, new_file};
use crate::cli::WriteArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::plan::outcome::Outcome;
use crate::plan::step::Step;
use crate::render::formats::{Chosen, PLAN_FOR_PEOPLE, WritePlan};
use crate::render::page::Page;
use crate::render::plan::{PlanReport, write_failures, write_json, write_markdown};
use std::io;
use std::path::Path;

/// How the plan of a command that makes objects is shown. A format of manifests alone has been refused
/// by then ([`super::manifest::refuse_yaml_without_manifest`]).
pub(crate) fn format(write: WriteArgs) -> Chosen<WritePlan> {
    let Chosen { name, for_programs, write } = write.output;
    write.plan.map_or(PLAN_FOR_PEOPLE, |write| Chosen { name, for_programs, write })
}

/// Writes a plan and what became of it, and says how the command ends.
pub(crate) fn plan(
    report: &PlanReport<'_>,
    format: Chosen<WritePlan>,
    output: &mut Output,
) -> Result<Exit> {
    write_plan(report, format, output)?;
    Ok(Exit::of_plan(report.plan, report.failed() > 0, report.problems.is_empty()))
}

/// Writes a plan and what became of it, and what failed to stderr.
pub(crate) fn write_plan(
    report: &PlanReport<'_>,
    format: Chosen<WritePlan>,
    output: &mut Output,
) -> io::Result<()> {
    // The reasons stand before the line that counts them.
    output.talk_of(|page| write_failures(report, page))?;
    (format.write)(report, &mut output.of(format.for_programs))
}

/// Writes what became of a plan into a file: Markdown where its name ends so, else JSON.
pub(crate) fn into_file(report: &PlanReport<'_>, path: &Path) -> Result<()> {
    let mut text = Vec::new();
    let mut page = Page::new(&mut text, None);
    let is_markdown = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md"));
    if is_markdown {
        write_markdown(report, &mut page)?;
    } else {
        write_json(report, &mut page)?;
    }
    new_file::write(path, &text, "--report")
}

/// A rotated self-signed certificate is also its own trust anchor.
pub(crate) fn warn_of_pins(outcomes: &[Outcome], output: &mut Output) {
    let replaced = |outcome: &Outcome| match (&outcome.step, &outcome.result) {
        (Step::ReplacePair(_), Ok(done)) => {
            !done.tried_only && done.after.as_ref().is_some_and(|after| after.self_signed)
        }
        _ => false,
    };
    if outcomes.iter().any(replaced) {
        output.say("clients that pinned an old self-signed certificate (tls.crt) need the new one");
    }
}
