//! Reports on their way out: data to stdout, what failed to stderr, and the exit that follows.

use super::Result;
use crate::cli::WriteArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::render::formats::{Chosen, PLAN_FOR_PEOPLE, WritePlan};
use crate::render::plan::{PlanReport, write_failures};
use std::io;

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
