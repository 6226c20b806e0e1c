//! Reports on their way out: data to stdout, what failed to stderr, and the exit that follows.

use super::Result;
use crate::cli::WriteFormat;
use crate::exit::Exit;
use crate::output::Output;
use crate::render::rotation::{self, PlanReport};
use std::io;

/// Writes a plan and what became of it, and says how the command ends.
pub(crate) fn plan(
    report: &PlanReport<'_>,
    format: WriteFormat,
    output: &mut Output,
) -> Result<Exit> {
    write_plan(report, format, output)?;
    let outcomes = report.outcomes.unwrap_or_default();
    Ok(Exit::of_outcomes(report.plan, outcomes, report.problems.is_empty()))
}

/// Writes a plan and what became of it as text or JSON, and what failed to stderr.
pub(crate) fn write_plan(
    report: &PlanReport<'_>,
    format: WriteFormat,
    output: &mut Output,
) -> io::Result<()> {
    let mut failures = Vec::new();
    rotation::write_failures(*report, &mut failures)?;
    match format {
        WriteFormat::Json => rotation::write_json(*report, output.document())?,
        WriteFormat::Table | WriteFormat::Yaml => rotation::write_text(*report, output.data())?,
    }
    output.flush()?;
    output.talk(&failures);
    Ok(())
}
