//! A plan as Markdown, for a change request, and what became of it, for whoever asks later.
//!
//! Refuses to know anything that the JSON of a plan does not: it is made of the same rows.

use super::PlanReport;
use super::json::{WireExclusion, WireStep, WireSummary, rows};
use super::trust;
use crate::instant;
use crate::render::harmless;
use crate::render::page::Page;
use std::io::{self, Write};

/// Writes the page.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(report: &PlanReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let is_done = report.outcomes.is_some() && !report.tried_only();
    let word = if is_done { "report" } else { "plan" };
    writeln!(out, "# certwright {}: {word}\n", report.command)?;
    write_place(report, is_done, out)?;
    let steps = rows(report);
    let trust: Vec<String> = report.trust.iter().flat_map(trust::lines).collect();
    write_list("Trust", &trust, out)?;
    write_summary(&steps, out)?;
    for step in &steps {
        write_step(step, out)?;
    }
    let plan = report.plan;
    write_left_out("Refused", &plan.refused, out)?;
    write_left_out("Skipped", &plan.skipped, out)?;
    write_list("Notes", &plan.notes, out)?;
    let unread =
        report.problems.iter().map(|problem| format!("{}: {}", problem.object, problem.message));
    let unread: Vec<String> = unread.collect();
    write_list("Could not be read", &unread, out)
}

fn write_place(report: &PlanReport<'_>, is_done: bool, out: &mut Page<'_>) -> io::Result<()> {
    if let Some(looked) = report.looked {
        writeln!(out, "- Where: {}", text(&looked.place))?;
        if let Some(server) = &looked.server {
            writeln!(out, "- Server: {}", text(server))?;
        }
        if let Some(user) = &looked.user {
            writeln!(out, "- User: {}", text(user))?;
        }
    }
    writeln!(out, "- Planned: {}", instant::show(report.plan.now))?;
    if let Some(finished) = report.finished.filter(|_| is_done) {
        writeln!(out, "- Finished: {}", instant::show(finished))?;
    }
    writeln!(out)
}

/// A line each.
fn write_summary(steps: &[WireStep<'_>], out: &mut Page<'_>) -> io::Result<()> {
    if steps.is_empty() {
        return writeln!(out, "Nothing is to be done.");
    }
    writeln!(out, "| object | why | ends now | ends then | result |\n|---|---|---|---|---|")?;
    for step in steps {
        let ends = |summary: &Option<WireSummary>| {
            let ends = summary.as_ref().and_then(|summary| summary.not_after.clone());
            ends.unwrap_or_else(|| "-".to_owned())
        };
        let why = step.reason.as_deref().unwrap_or("-");
        let result = step.result.unwrap_or("planned");
        let (before, after) = (ends(&step.before), ends(&step.after));
        writeln!(out, "| {} | {} | {before} | {after} | {result} |", text(&name(step)), text(why))?;
    }
    Ok(())
}

fn write_step(step: &WireStep<'_>, out: &mut Page<'_>) -> io::Result<()> {
    writeln!(out, "\n## {}\n", text(&name(step)))?;
    if let Some(reason) = &step.reason {
        writeln!(out, "- Why: {}", text(reason))?;
    }
    if let Some(version) = step.resource_version {
        writeln!(out, "- resourceVersion: {}", text(version))?;
    }
    if let Some(ca_crt) = step.ca_crt {
        writeln!(out, "- ca.crt: {ca_crt}")?;
    }
    if let Some(backup) = &step.backup {
        let until = backup
            .until
            .as_deref()
            .map_or_else(String::new, |until| format!(", which ends {until}"));
        writeln!(
            out,
            "- Backup: the old certificate and key in {}{until}",
            text(&backup.object.to_string())
        )?;
    }
    if let (Some(result), message) = (step.result, step.message) {
        let message = message.map_or_else(String::new, |message| format!(": {}", text(message)));
        writeln!(out, "- Result: {result}{message}")?;
    }
    for change in &step.changes {
        let before = if change.before.is_empty() { "(unset)" } else { change.before };
        let [field, before, after] = [change.field, before, change.after].map(text);
        writeln!(out, "- Change: {field}: {before} → {after}")?;
    }
    write_difference(step, out)?;
    if !step.readers.is_empty() {
        writeln!(out, "\n| who reads it | how | sees the new one |\n|---|---|---|")?;
        for reader in &step.readers {
            let how = reader.how.join(", ");
            writeln!(out, "| {} | {how} | {} |", text(&reader.object.to_string()), reader.sees)?;
        }
    }
    write_points(step.notes, out)
}

/// What changes, as a diff: a line of the old certificate, a line of the new one.
fn write_difference(step: &WireStep<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let (before, after) = (step.before.as_ref(), step.after.as_ref());
    if before.is_none() && after.is_none() {
        return Ok(());
    }
    let (before, after) = (lines(before, ""), lines(after, "known once it is made"));
    writeln!(out, "\n```diff")?;
    for (label, (old, new)) in LABELS.iter().zip(before.iter().zip(&after)) {
        if old == new {
            if !old.is_empty() {
                writeln!(out, "  {label}: {}", code(old))?;
            }
            continue;
        }
        for (sign, value) in [('-', old), ('+', new)] {
            if !value.is_empty() {
                writeln!(out, "{sign} {label}: {}", code(value))?;
            }
        }
    }
    writeln!(out, "```")
}

const LABELS: [&str; 8] =
    ["names", "key type", "key", "issuer", "valid from", "valid until", "serial", "sha256"];

fn lines(summary: Option<&WireSummary>, unknown: &str) -> [String; 8] {
    let Some(it) = summary else { return Default::default() };
    let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| unknown.to_owned());
    [
        it.names.join(", "),
        it.key_type.clone(),
        it.key.unwrap_or_default().to_owned(),
        it.issuer.clone().unwrap_or_else(|| {
            if unknown.is_empty() { String::new() } else { "itself".to_owned() }
        }),
        or_unknown(&it.not_before),
        or_unknown(&it.not_after),
        or_unknown(&it.serial),
        or_unknown(&it.sha256),
    ]
}

fn write_left_out(
    heading: &str,
    all: &[crate::plan::step::Exclusion],
    out: &mut Page<'_>,
) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {heading}\n\n| object | why | what to do |\n|---|---|---|")?;
    for one in all.iter().map(WireExclusion::of) {
        let (object, remedy) = (one.object.to_string(), one.remedy.as_str());
        writeln!(out, "| {} | {} | {} |", text(&object), text(one.message), text(remedy))?;
    }
    Ok(())
}

fn write_list(
    heading: &str,
    points: impl IntoIterator<Item: AsRef<str>>,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let mut points = points.into_iter().peekable();
    if points.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "\n## {heading}")?;
    write_points(points, out)
}

fn write_points(points: impl IntoIterator<Item: AsRef<str>>, out: &mut Page<'_>) -> io::Result<()> {
    let mut points = points.into_iter().peekable();
    if points.peek().is_some() {
        writeln!(out)?;
    }
    points.try_for_each(|point| writeln!(out, "- {}", text(point.as_ref())))
}

fn name(step: &WireStep<'_>) -> String {
    step.object.to_string()
}

/// Text as it stands in Markdown, in a table too: none of it makes a heading, a link, HTML or a cell.
fn text(text: &str) -> String {
    let line = harmless::line(text);
    let mut written = String::with_capacity(line.len());
    for character in line.chars() {
        if "\\`*_[]<>|#~&!".contains(character) {
            written.push('\\');
        }
        written.push(character);
    }
    written
}

/// Text inside a block of code: what would end the block is broken up.
fn code(text: &str) -> String {
    harmless::line(text).replace("```", "` ` `")
}
