//! Plans and their outcomes as text.

use super::PlanReport;
use crate::audit::finding::Severity;
use crate::instant;
use crate::plan::outcome::{Done, Obstacle};
use crate::plan::step::{
    CaCrtChange, CreateObject, Exclusion, FieldChange, KeyChoice, NewPair, PatchObject, Plan,
    Reason, Step,
};
use crate::render::harmless;
use crate::render::layout::{
    GOOD, count, headline, name, sentence, style, write_place, write_remedy,
};
use crate::x509::cert::Certificate;
use crate::x509::profile::Profile;
use crate::x509::san::San;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the report for people: what was done or is to be done, what was passed over, and a line
/// that sums up. What failed is [`write_failures`]'.
///
/// # Errors
/// What the writer says.
pub fn write(report: &PlanReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    match report.outcomes {
        Some(outcomes) => {
            for outcome in outcomes {
                if let Ok(done) = &outcome.result {
                    write_step(&outcome.step, Some(done), report, out)?;
                }
            }
        }
        None => {
            for step in &report.plan.steps {
                write_step(step, None, report, out)?;
            }
        }
    }
    write_skipped(report, out)?;
    for note in &report.plan.notes {
        sentence("         ", "note     ", note, out)?;
    }
    let warning = style(Severity::Warning);
    for problem in report.problems {
        writeln!(
            out,
            "{warning}problem{warning:#}  {}",
            harmless::line(&problem.object.to_string())
        )?;
        sentence("         ", "         ", &problem.message, out)?;
    }
    writeln!(out, "{}", sum_up(report))
}

/// Writes what could not be done, each with its reason and the way out: the talk of a command,
/// not its data.
///
/// # Errors
/// What the writer says.
pub fn write_failures(report: &PlanReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let red = style(Severity::Error);
    for refused in &report.plan.refused {
        writeln!(out, "{red}refused{red:#}  {}", name(&refused.object, report.namespaces))?;
        write_place(&refused.object, out)?;
        sentence("         ", "         ", &refused.message, out)?;
        write_remedy(&refused.remedy, out)?;
    }
    for outcome in report.results() {
        let Err(failed) = &outcome.result else { continue };
        let word = if failed.obstacle == Obstacle::Conflict { "conflict" } else { "failed" };
        headline((red, word), &objects(&outcome.step, report.namespaces), out)?;
        write_place(outcome.step.object(), out)?;
        sentence("         ", "         ", &failed.message, out)?;
        write_remedy(&failed.remedy, out)?;
    }
    Ok(())
}

fn write_step(
    step: &Step,
    done: Option<&Done>,
    report: &PlanReport<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (style, word) = match (done, step) {
        (Some(done), _) if done.tried_only => (GOOD, "tried"),
        (Some(_), _) if report.printed => (GOOD, "printed"),
        (Some(_), Step::ReplacePair(_)) => (GOOD, "replaced"),
        (Some(_), Step::CreateSecret(_) | Step::CreateObject(_)) => (GOOD, "created"),
        (Some(_), Step::PatchObject(_)) => (GOOD, "changed"),
        (Some(_), Step::DeleteObject(_)) => (GOOD, "deleted"),
        (Some(_), Step::WriteFiles(_)) => (GOOD, "written"),
        (None, Step::ReplacePair(_)) => (style(Severity::Info), "replace"),
        (None, Step::CreateSecret(_) | Step::CreateObject(_)) => (style(Severity::Info), "create"),
        (None, Step::PatchObject(_)) => (style(Severity::Info), "change"),
        (None, Step::DeleteObject(_)) => (style(Severity::Info), "delete"),
        (None, Step::WriteFiles(_)) => (style(Severity::Info), "write"),
    };
    headline((style, word), &objects(step, report.namespaces), out)?;
    write_place(step.object(), out)?;
    write_change(step, done, out)
}

fn objects(step: &Step, namespaces: bool) -> String {
    match step {
        Step::WriteFiles(files) => {
            let names: Vec<_> = files.all().map(|file| harmless::line(&file.name)).collect();
            match names.split_last() {
                Some((last, [])) => last.clone().into_owned(),
                Some((last, others)) => format!("{} and {last}", others.join(", ")),
                None => String::new(),
            }
        }
        Step::CreateSecret(_)
        | Step::ReplacePair(_)
        | Step::CreateObject(_)
        | Step::PatchObject(_)
        | Step::DeleteObject(_) => name(step.object(), namespaces),
    }
}

fn write_change(step: &Step, done: Option<&Done>, out: &mut dyn Write) -> io::Result<()> {
    let line = |text: &str, out: &mut dyn Write| sentence("           ", "         ", text, out);
    if let Step::DeleteObject(step) = step {
        return line(&format!("why:    {}", step.reason), out);
    }
    if let Step::ReplacePair(step) = step {
        line(&format!("why:    {}", step.reason), out)?;
        if let Some(before) = &step.before {
            line(&format!("before: {}", certificate_text(before)), out)?;
        }
    }
    let after = match (done.and_then(|done| done.after.as_deref()), step.pair()) {
        (Some(after), _) => Some(certificate_text(after)),
        (None, Some(NewPair::Given(certificate))) => Some(certificate_text(certificate)),
        (None, Some(NewPair::Make { profile, key, issuer })) => {
            Some(profile_text(profile, key, issuer.as_deref()))
        }
        (_, Some(NewPair::Request { profile })) => Some(format!(
            "a request for {}; {}, new key",
            shown_names(&profile.names),
            profile.key_type
        )),
        (None, None) => None,
    };
    if let Some(after) = after {
        line(&format!("after:  {after}"), out)?;
    }
    if let Step::CreateObject(CreateObject { notes, .. })
    | Step::PatchObject(PatchObject { notes, .. }) = step
    {
        if let Step::PatchObject(step) = step {
            for FieldChange { field, before, after } in &step.changes {
                let before = if before.is_empty() { "nothing" } else { before };
                line(&format!("{field}: {before} becomes {after}"), out)?;
            }
        }
        for note in notes {
            line(&format!("note:   {note}"), out)?;
        }
    }
    let Step::ReplacePair(step) = step else { return Ok(()) };
    match step.ca_crt {
        CaCrtChange::Keep => {}
        CaCrtChange::PrependNew => line(
            "ca.crt: the new certificate beside the old one, for clients that trust either",
            out,
        )?,
        CaCrtChange::Given => line("ca.crt: the given one", out)?,
    }
    for note in &step.notes {
        line(&format!("note:   {note}"), out)?;
    }
    Ok(())
}

fn certificate_text(certificate: &Certificate) -> String {
    let names = match certificate.names.as_slice() {
        [] if certificate.is_ca => format!("CA {}", certificate.subject),
        [] => format!("no SAN ({})", certificate.subject),
        names => shown_names(names),
    };
    let by = if certificate.self_signed {
        String::new()
    } else {
        format!("; by {}", certificate.issuer)
    };
    format!(
        "{names}; {}; until {}{by}",
        certificate.key_type,
        instant::show_date(certificate.not_after)
    )
}

fn profile_text(profile: &Profile, key: &KeyChoice, issuer: Option<&Certificate>) -> String {
    let names = match profile.subject.first() {
        Some(name) if profile.authority => format!("CA {}", name.text),
        _ => shown_names(&profile.names),
    };
    let key = match key {
        KeyChoice::New => "new key",
        KeyChoice::Same { .. } => "same key",
        KeyChoice::Requested { .. } => "the requester's key",
    };
    let by = issuer.map_or_else(String::new, |issuer| format!("; by {}", issuer.subject));
    format!(
        "{names}; {}, {key}; until {}{by}",
        profile.key_type,
        instant::show_date(profile.not_after)
    )
}

/// Names as people read them, those of another script in both.
fn shown_names(names: &[San]) -> String {
    names.iter().map(San::shown).collect::<Vec<_>>().join(", ")
}

fn write_skipped(report: &PlanReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let style = style(Severity::Warning);
    for skipped in &report.plan.skipped {
        writeln!(out, "{style}skipped{style:#}  {}", name(&skipped.object, report.namespaces))?;
        write_place(&skipped.object, out)?;
        sentence("         ", "         ", &skipped.message, out)?;
        write_remedy(&skipped.remedy, out)?;
    }
    Ok(())
}

/// `2 replaced, 1 failed, 3 skipped (2 owned, 1 immutable), 4 not due`.
fn sum_up(report: &PlanReport<'_>) -> String {
    let plan = report.plan;
    let failed = report.failed();
    let done = report.results().len() - failed;
    let mut parts = Vec::new();
    match report.outcomes {
        None => parts.push(format!("{} to carry out", count(plan.steps.len(), "step"))),
        Some(_) if report.tried_only() => {
            parts.push(format!("{done} tried by the server, nothing written"));
        }
        Some(_) if done + failed + plan.refused.len() == 0 => {
            parts.push("nothing to do".to_owned());
        }
        Some(_) if done == 0 => {}
        Some(_) if report.printed => parts.push(format!("{done} printed, no file changed")),
        Some(_) => parts.push(format!("{done} {}", done_word(plan))),
    }
    let mut add = |number: usize, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    add(failed, "failed");
    add(plan.refused.len(), "refused");
    add(plan.skipped.len(), &format!("skipped ({})", reasons(&plan.skipped)));
    add(plan.not_due, "not due");
    add(plan.over_max, "over --max, left for the next run");
    parts.join(", ")
}

fn done_word(plan: &Plan) -> &'static str {
    match plan.steps.first() {
        Some(_)
            if plan
                .steps
                .iter()
                .any(|step| matches!(step, Step::CreateObject(_) | Step::PatchObject(_))) =>
        {
            "done"
        }
        Some(Step::CreateSecret(_)) => "created",
        Some(Step::WriteFiles(step)) => match (&step.pair, &step.key) {
            (NewPair::Request { .. }, _) => "request written",
            (_, None) => "certificate written",
            (_, Some(_)) => "certificate and key written",
        },
        Some(Step::ReplacePair(_)) => "replaced",
        // The plan after the last step is empty; what was done was not one kind of thing.
        Some(_) | None => "done",
    }
}

fn reasons(exclusion: &[Exclusion]) -> String {
    let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
    for one in exclusion {
        *counts.entry(one.reason).or_default() += 1;
    }
    counts
        .iter()
        .map(|(reason, number)| format!("{number} {}", reason.code()))
        .collect::<Vec<_>>()
        .join(", ")
}
