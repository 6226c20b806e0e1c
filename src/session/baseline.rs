//! The baseline of a command: read, compared with a report, and written.
//!
//! Refuses to know what makes a finding a known one: [`crate::audit::baseline`] does.

use super::{CommandError, Result, Run, read_file};
use crate::apply::files::write_own;
use crate::audit::Report;
use crate::audit::baseline::Baseline;
use crate::cli::BaselineArgs;
use crate::inventory::Inventory;
use crate::observe::files::is_there;
use crate::output::Output;
use std::path::Path;

/// Compares the report with the baseline of the flags, where they name one, and writes that with
/// `--write-baseline`.
pub(crate) fn compare(
    known: &BaselineArgs,
    report: &mut Report,
    inventory: &Inventory,
    output: &mut Output,
) -> Result<()> {
    let Some(path) = &known.baseline else { return Ok(()) };
    let file = path.display().to_string();
    let before = read(path, known.write_baseline)?;
    before.compare(file.clone(), report, inventory);
    if !known.write_baseline {
        return Ok(());
    }
    if !report.complete && !known.force {
        return Err(CommandError::failed(
            format!(
                "{file} was not written: something could not be read or was not there, and would be new later"
            ),
            "look at what is said of it, or add --force",
        ));
    }
    let now = Baseline::of(report);
    let text =
        now.text().map_err(|error| CommandError::failed(error.to_string(), "run it again"))?;
    write_own(path, text.as_bytes())?;
    let number = now.len();
    let noun = if number == 1 { "finding" } else { "findings" };
    output.say(&format!("{file} was written: {number} {noun}"));
    Ok(())
}

/// Says that something of the baseline is fixed, and the command that writes it again.
pub(crate) fn tell_what_is_fixed(
    known: &BaselineArgs,
    report: &Report,
    (run, output): (Run<'_>, &mut Output),
) {
    let fixed = report.compared.as_ref().map_or(0, |compared| compared.fixed);
    if fixed == 0 || known.write_baseline {
        return;
    }
    let what =
        if fixed == 1 { "finding of the baseline is" } else { "findings of the baseline are" };
    output.say(&format!("{fixed} {what} fixed; write it again with --write-baseline"));
    if let Some(command) = run.again() {
        output.say(&format!("  {command} --write-baseline"));
    }
}

/// The file's baseline; an empty one where it is about to be made.
fn read(path: &Path, is_to_be_written: bool) -> Result<Baseline> {
    if is_to_be_written && !is_there(path) {
        return Ok(Baseline::default());
    }
    let file = path.display();
    if !is_there(path) {
        return Err(CommandError::failed(
            format!("there is no baseline {file}"),
            "add --write-baseline to write one of what is found now",
        ));
    }
    let bytes = read_file(path)?;
    let text = String::from_utf8_lossy(bytes.expose()).into_owned();
    Baseline::read(&text).map_err(|why| {
        let remedy = "name a file that --write-baseline wrote, or one that is not there yet";
        CommandError::failed(format!("cannot use {file}: {why}"), remedy)
    })
}
