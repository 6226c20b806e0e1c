//! Plans and their outcomes as text.

use super::{AnyStep, FilesStep, ManifestsWritten, PlanReport, Row, Written, left_out, trust};
use crate::audit::finding::Severity;
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::plan::outcome::{Done, Failed, FailureReason};
use crate::plan::previous::Backup;
use crate::plan::step::{CaCrtChange, FieldChange, FileContents, KeyChoice, NewPair, Step};
use crate::remedy::Remedy;
use crate::render::harmless;
use crate::render::layout::{
    GOOD, count, headline, name, place, sentence, style, write_place, write_remedy,
};
use crate::render::model::ProblemRow;
use crate::render::page::Page;
use crate::render::unread;
use crate::x509::cert::Certificate;
use crate::x509::profile::Profile;
use crate::x509::san::San;
use anstyle::Style;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the report for people: what was done or is to be done, what was passed over, and a line
/// that sums up. What failed is [`write_failures`]'.
///
/// # Errors
/// What the writer says.
pub fn write(report: &PlanReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let rows = report.rows();
    let shown = together(rows.iter().filter(|(_, result)| !matches!(result, Some(Err(_)))));
    let shown = shown.iter();
    let most = if out.width().is_some() { left_out::MOST } else { usize::MAX };
    for ((step, result), copies) in shown.clone().take(most) {
        let done = result.and_then(|result| result.as_ref().ok());
        write_step((*step, *copies), done, report, out)?;
    }
    let more = shown.clone().count().saturating_sub(most);
    if more > 0 {
        writeln!(out, "         and {more} more; in a pipe each is a line")?;
        write_notes(&shown.skip(most).map(|((step, _), _)| *step).collect::<Vec<_>>(), out)?;
    }
    for progress in report.trust {
        trust::write(progress, out)?;
    }
    left_out::write_skipped(report, out)?;
    for note in &report.plan.notes {
        sentence("         ", "note     ", note, out)?;
    }
    let problems: Vec<ProblemRow<'_>> =
        report.problems.iter().copied().map(ProblemRow::from).collect();
    unread::write(&problems, usize::MAX, out)?;
    write_place_of(report, out)?;
    writeln!(out, "{}", sum_up(report))
}

/// Copies that get one new certificate are one row, with the number of the others.
fn together<'r, 'a: 'r>(rows: impl Iterator<Item = &'r Row<'a>>) -> Vec<(Row<'a>, usize)> {
    let mut all: Vec<(Row<'a>, usize)> = Vec::new();
    let mut known: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    for row in rows {
        let shared = match row.0 {
            AnyStep::Cluster(Step::ReplacePair(step)) => {
                step.before.as_ref().filter(|_| step.shares).map(|before| before.sha256)
            }
            _ => None,
        };
        if let Some((_, copies)) = shared.and_then(|one| all.get_mut(*known.get(&one)?)) {
            *copies += 1;
            continue;
        }
        known.extend(shared.map(|shared| (shared, all.len())));
        all.push((*row, 0));
    }
    all
}

/// Where the steps are carried out, and as whom: whoever signs a plan off signs that too.
fn write_place_of(report: &PlanReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let Some(looked) = report.looked.filter(|looked| looked.server.is_some()) else {
        return Ok(());
    };
    let user = looked.user.as_ref().map_or_else(String::new, |user| format!(", as user {user}"));
    writeln!(out, "in {}{}", harmless::line(&looked.place), harmless::line(&user))
}

/// Writes what could not be done, each with its reason and the way out: the talk of a command,
/// not its data.
///
/// # Errors
/// What the writer says.
pub fn write_failures(report: &PlanReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let red = style(Severity::Error);
    for refused in &report.plan.refused {
        left_out::write_exclusion((red, "refused"), refused, report.namespaces, out)?;
    }
    for (failed, steps) in alike(report) {
        let word = if failed.reason == FailureReason::Conflict { "conflict" } else { "failed" };
        let mut about = objects(steps[0], report.namespaces);
        if steps.len() > 1 {
            about = format!("{about} and {} more", steps.len() - 1);
        }
        let told = [failed.message.clone()];
        write_record((red, word), &about, (steps[0].object(), &told), out)?;
        write_remedy(&failed.remedy, out)?;
    }
    Ok(())
}

/// What failed, each reason once with the steps that it stopped: a right that is missing stops a whole
/// batch.
fn alike<'a>(report: &PlanReport<'a>) -> Vec<(&'a Failed, Vec<AnyStep<'a>>)> {
    let mut all: Vec<(&Failed, Vec<AnyStep<'_>>)> = Vec::new();
    for (step, result) in report.rows() {
        let Some(Err(failed)) = result else { continue };
        match all.iter_mut().find(|(known, _)| *known == failed) {
            Some((_, steps)) => steps.push(step),
            None => all.push((failed, vec![step])),
        }
    }
    all
}

/// Writes what is to be known of steps that have no record of their own, each once.
fn write_notes(steps: &[AnyStep<'_>], out: &mut Page<'_>) -> io::Result<()> {
    let mut notes: BTreeMap<String, usize> = BTreeMap::new();
    for step in steps {
        for note in remarks(*step) {
            *notes.entry(note).or_default() += 1;
        }
    }
    for (note, number) in notes {
        let note = format!("of {number} of them: {note}");
        sentence("           ", "         ", harmless::line(&note).as_ref(), out)?;
    }
    Ok(())
}

fn write_step(
    (step, copies): (AnyStep<'_>, usize),
    done: Option<&Done>,
    report: &PlanReport<'_>,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let (done_word, plan_word) = words(step);
    let (style, word) = match done {
        Some(done) if done.tried_only => (GOOD, "tried"),
        Some(_) if report.written == ManifestsWritten::Printed => (GOOD, "printed"),
        Some(_) if report.written == ManifestsWritten::Elsewhere => (GOOD, "rewritten"),
        Some(_) => (GOOD, done_word),
        None => (style(Severity::Info), plan_word),
    };
    let mut about = objects(step, report.namespaces);
    if copies > 0 {
        let noun = if copies == 1 { "copy" } else { "copies" };
        about = format!("{about} and {copies} {noun}");
    }
    write_record((style, word), &about, (step.object(), &changes(step, done)), out)?;
    write_restarts(step, out)
}

/// What starts those again that keep the old certificate, each command on a line of its own.
fn write_restarts(step: AnyStep<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let AnyStep::Cluster(Step::ReplacePair(step)) = step else { return Ok(()) };
    let mut told: Vec<&Remedy> = Vec::new();
    for remedy in step.readers.iter().filter_map(|reader| reader.remedy.as_ref()) {
        if !told.contains(&remedy) {
            told.push(remedy);
            write_remedy(remedy, out)?;
        }
    }
    Ok(())
}

/// One thing that was or is to be done, or was left out: what, where it stands, and what is to be said of
/// it, on lines of its own where there is a width.
pub(super) fn write_record(
    head: (Style, &str),
    about: &str,
    (object, told): (&ObjectRef, &[String]),
    out: &mut Page<'_>,
) -> io::Result<()> {
    if out.width().is_none() {
        let place = place(object);
        let place = if place.is_empty() { place } else { format!("  [{place}]") };
        let told: Vec<_> = told.iter().map(|line| harmless::line(line)).collect();
        let gap = if told.is_empty() { "" } else { "  " };
        let (style, word) = head;
        let told = told.join("  ");
        return writeln!(out, "{style}{word:<8}{style:#} {about}{gap}{told}{place}");
    }
    headline(head, about, out)?;
    write_place(object, out)?;
    told.iter().try_for_each(|line| sentence("           ", "         ", line, out))
}

/// What a step is called when it is done, and before.
fn words(step: AnyStep<'_>) -> (&'static str, &'static str) {
    match step {
        AnyStep::Cluster(Step::ReplacePair(step)) if step.puts_back() => ("restored", "restore"),
        AnyStep::Cluster(Step::ReplacePair(_)) => ("replaced", "replace"),
        AnyStep::Cluster(Step::CreateSecret(_) | Step::CreateObject(_)) => ("created", "create"),
        AnyStep::Cluster(Step::PatchObject(step)) if step.restarts() => ("restarted", "restart"),
        AnyStep::Cluster(Step::PatchObject(_)) => ("changed", "change"),
        AnyStep::Cluster(Step::DeleteObject(_)) => ("deleted", "delete"),
        AnyStep::Files(_) | AnyStep::Converted(_) => ("written", "write"),
    }
}

fn objects(step: AnyStep<'_>, namespaces: bool) -> String {
    let Some(files) = step.files() else { return name(step.object(), namespaces) };
    let names: Vec<_> = files.iter().map(|file| harmless::line(&file.name)).collect();
    match names.split_last() {
        Some((last, [])) => last.clone().into_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What changes, and why: a line each.
fn changes(step: AnyStep<'_>, done: Option<&Done>) -> Vec<String> {
    let mut lines = Vec::new();
    match step {
        AnyStep::Cluster(Step::DeleteObject(step)) => {
            return vec![format!("why: {}", step.reason)];
        }
        AnyStep::Cluster(Step::ReplacePair(step)) => {
            lines.push(format!("why: {}", step.reason));
            let before = step.before.as_deref().map(identified);
            lines.extend(before.map(|before| format!("before: {before}")));
        }
        AnyStep::Cluster(_) | AnyStep::Files(_) | AnyStep::Converted(_) => {}
    }
    lines.extend(after(step, done).map(|after| format!("after: {after}")));
    if let AnyStep::Cluster(Step::PatchObject(step)) = step {
        lines.extend(step.changes.iter().map(change));
    }
    lines.extend(remarks(step));
    lines
}

/// What is to be known of a step before it is carried out.
fn remarks(step: AnyStep<'_>) -> Vec<String> {
    let backup = match step {
        AnyStep::Cluster(Step::ReplacePair(step)) => step.backup.as_deref().map(kept),
        _ => None,
    };
    let (ca_crt, notes) = match step {
        AnyStep::Cluster(Step::CreateObject(step)) => (None, step.notes.as_slice()),
        AnyStep::Cluster(Step::PatchObject(step)) => (None, step.notes.as_slice()),
        AnyStep::Cluster(Step::ReplacePair(step)) => (ca_crt(&step.ca_crt), step.notes.as_slice()),
        AnyStep::Cluster(Step::CreateSecret(_) | Step::DeleteObject(_))
        | AnyStep::Files(_)
        | AnyStep::Converted(_) => return Vec::new(),
    };
    let notes = notes.iter().map(|note| format!("note: {note}"));
    ca_crt.map(str::to_owned).into_iter().chain(backup).chain(notes).collect()
}

/// Where what is replaced is kept, and how long it is of use.
fn kept(backup: &Backup) -> String {
    let until = backup
        .until
        .map_or_else(String::new, |until| format!(", which ends on {}", instant::show_date(until)));
    format!("backup: the old certificate and key in {}{until}", backup.object.short())
}

fn change(change: &FieldChange) -> String {
    let FieldChange { field, before, after } = change;
    let before = if before.is_empty() { "(unset)" } else { before };
    let after = if after == FieldChange::REMOVED { "(removed)" } else { after };
    format!("{field}: {before} → {after}")
}

/// The certificate that is there now, or the one that is to be.
fn after(step: AnyStep<'_>, done: Option<&Done>) -> Option<String> {
    // Where another one stood before, the two are told apart.
    let replaces = matches!(step, AnyStep::Cluster(Step::ReplacePair(_)));
    let shown = if replaces { identified } else { certificate_text };
    if let Some(after) = done.and_then(|done| done.after.as_deref()) {
        return Some(shown(after));
    }
    Some(match step.written()? {
        Written::Pair(NewPair::Given(certificate) | NewPair::Staged { certificate, .. }) => {
            shown(certificate)
        }
        Written::Certificate(certificate) => shown(certificate),
        Written::Pair(NewPair::Make { profile, key, issuer }) => {
            profile_text(profile, key, issuer.as_deref())
        }
        Written::Request(profile) => {
            format!("a request for {}; {}, new key", shown_names(&profile.names), profile.key_type)
        }
    })
}

fn ca_crt(change: &CaCrtChange) -> Option<&'static str> {
    match change {
        CaCrtChange::Keep => None,
        CaCrtChange::PrependNew { .. } => {
            Some("ca.crt: the new certificate beside the old one, for clients that trust either")
        }
        CaCrtChange::PrependRoot { .. } => {
            Some("ca.crt: the new CA beside the old one, for clients that trust either")
        }
        CaCrtChange::Given => Some("ca.crt: the given one"),
        CaCrtChange::Restored => Some("ca.crt: as it was before"),
    }
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

/// The same, with what tells it from another one of the same names: whoever signs a replacement off compares
/// that with what is served.
fn identified(certificate: &Certificate) -> String {
    format!("{}; sha256 {}", certificate_text(certificate), certificate.fingerprint())
}

fn profile_text(profile: &Profile, key: &KeyChoice, issuer: Option<&Certificate>) -> String {
    let names = match profile.subject.first() {
        Some(name) if profile.authority => format!("CA {}", name.text),
        Some(name) if profile.names.is_empty() => format!("no SAN (CN={})", name.text),
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

/// `2 replaced, 1 failed, 3 skipped (2 owned, 1 immutable), 4 not due`.
fn sum_up(report: &PlanReport<'_>) -> String {
    let plan = report.plan;
    let failed = report.failed();
    let restarted = restarted(report);
    let done = report.results().len() - failed - restarted;
    let mut parts = Vec::new();
    match report.outcomes {
        None => parts.push(format!("{} to carry out", count(report.rows().len(), "step"))),
        Some(_) if report.tried_only() => {
            parts.push(format!("{} tried by the server, nothing written", done + restarted));
        }
        Some(_) if done + failed + restarted + plan.refused.len() == 0 => {
            parts.push("nothing to do".to_owned());
        }
        Some(_) if done == 0 => {}
        Some(_) if report.written == ManifestsWritten::Printed => {
            parts.push(format!("{done} printed, no file changed"));
        }
        Some(_) => parts.push(format!("{done} {}", done_word(report))),
    }
    let mut add = |number: usize, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    add(if report.tried_only() { 0 } else { restarted }, "restarted");
    add(failed, "failed");
    add(plan.refused.len(), "refused");
    add(
        plan.skipped.len(),
        &format!("skipped ({})", left_out::reasons(&plan.skipped.iter().collect::<Vec<_>>())),
    );
    add(plan.not_due, "not due");
    add(plan.over_max, "deferred (over --max)");
    parts.join(", ")
}

/// How many workloads were restarted.
fn restarted(report: &PlanReport<'_>) -> usize {
    let is_it = |(step, result): &Row<'_>| {
        let restarts = matches!(step, AnyStep::Cluster(Step::PatchObject(step)) if step.restarts());
        restarts && matches!(result, Some(Ok(_)))
    };
    report.rows().iter().filter(|row| is_it(row)).count()
}

fn done_word(report: &PlanReport<'_>) -> &'static str {
    if let Some(files) = report.files {
        let FilesStep::Write(made) = files.step else { return "done" };
        return match (&made.contents, &made.key) {
            (FileContents::Request(_), _) => "request written",
            (_, None) => "certificate written",
            (_, Some(_)) => "certificate and key written",
        };
    }
    let steps = &report.plan.steps;
    let of_objects = |step: &Step| matches!(step, Step::CreateObject(_) | Step::PatchObject(_));
    match steps.first() {
        Some(Step::CreateSecret(_)) if !steps.iter().any(of_objects) => "created",
        Some(Step::ReplacePair(step)) if step.puts_back() => "restored",
        Some(Step::ReplacePair(_)) if report.written == ManifestsWritten::Elsewhere => "rewritten",
        Some(Step::ReplacePair(_)) if !steps.iter().any(of_objects) => "replaced",
        // The plan after the last step is empty; what was done was not one kind of thing.
        Some(_) | None => "done",
    }
}
