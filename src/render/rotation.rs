//! Plans and their outcomes, as JSON (`certwright.dev/rotate/v1`, `issue/v1`, `import/v1`) and as
//! text. A plan that is only shown and one that was carried out are the same document.

use super::layout::{GOOD, count, headline, name, sentence, style, write_place, write_remedy};
use super::wire::{WireProblem, WireRef, source};
use super::{harmless, json};
use crate::audit::Source;
use crate::audit::finding::Severity;
use crate::instant;
use crate::inventory::Problem;
use crate::plan::outcome::{Done, Failed, Obstacle, Outcome};
use crate::plan::step::{
    CaCrtChange, CreateObject, Exclusion, FieldChange, KeyChoice, NewPair, PatchObject, Plan,
    Reason, Step,
};
use crate::x509::cert::Certificate;
use crate::x509::profile::Profile;
use crate::x509::san::San;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A plan, what became of it, and how it is shown.
#[derive(Clone, Copy, Debug)]
pub struct PlanReport<'a> {
    /// The command's name.
    pub command: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// What became of its steps; none when it was only shown.
    pub outcomes: Option<&'a [Outcome]>,
    /// Where the facts are from.
    pub source: Source,
    /// What could not be read.
    pub problems: &'a [Problem],
    /// Whether several namespaces are shown.
    pub namespaces: bool,
    /// Whether manifests were only printed: then nothing was replaced anywhere.
    pub printed: bool,
}

impl<'a> PlanReport<'a> {
    /// A plan of `command` for a cluster that is only shown.
    #[must_use]
    pub const fn of(command: &'a str, plan: &'a Plan) -> Self {
        Self {
            command,
            plan,
            outcomes: None,
            source: Source::Cluster,
            problems: &[],
            namespaces: false,
            printed: false,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: String,
    at: String,
    source: &'static str,
    complete: bool,
    #[serde(rename = "dryRun")]
    dry_run: bool,
    summary: Summary,
    steps: Vec<WireStep<'a>>,
    skipped: Vec<WireLeftOut<'a>>,
    refused: Vec<WireLeftOut<'a>>,
    notes: &'a [String],
    problems: Vec<WireProblem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    steps: usize,
    done: usize,
    failed: usize,
    skipped: usize,
    refused: usize,
    not_due: usize,
    over_max: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireStep<'a> {
    action: &'static str,
    #[serde(rename = "ref")]
    object: WireRef,
    reason: Option<&'a str>,
    resource_version: Option<&'a str>,
    before: Option<WireSummary>,
    after: Option<WireSummary>,
    changes: Vec<WireChange<'a>>,
    ca_crt: Option<&'static str>,
    /// The paths of every file of the step; null where it writes none.
    files: Option<Vec<&'a str>>,
    notes: &'a [String],
    result: Option<&'static str>,
    message: Option<&'a str>,
    remedy: Option<String>,
    new_resource_version: Option<&'a str>,
}

/// One field of an object that is not a pair.
#[derive(Serialize)]
struct WireChange<'a> {
    field: &'a str,
    before: &'a str,
    after: &'a str,
}

/// What a pair says, before or after; what is not known before it is made is null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSummary {
    subject: Option<String>,
    issuer: Option<String>,
    names: Vec<String>,
    key_type: String,
    key: Option<&'static str>,
    not_before: Option<String>,
    not_after: Option<String>,
    serial: Option<String>,
    sha256: Option<String>,
}

#[derive(Serialize)]
struct WireLeftOut<'a> {
    #[serde(rename = "ref")]
    object: WireRef,
    reason: &'static str,
    message: &'a str,
    remedy: String,
}

/// Writes the JSON document.
///
/// # Errors
/// What the writer says.
pub fn write_json(account: PlanReport<'_>, out: &mut impl Write) -> io::Result<()> {
    let steps: Vec<WireStep<'_>> = match account.outcomes {
        Some(outcomes) => {
            outcomes.iter().map(|outcome| wire_step(&outcome.step, Some(&outcome.result))).collect()
        }
        None => account.plan.steps.iter().map(|step| wire_step(step, None)).collect(),
    };
    let failed = account
        .outcomes
        .unwrap_or_default()
        .iter()
        .filter(|outcome| outcome.result.is_err())
        .count();
    let exclusion = |list: &'_ [Exclusion]| list.len();
    let document = Document {
        schema: format!("certwright.dev/{}/v1", account.command),
        at: instant::show(account.plan.now),
        source: source(account.source),
        complete: account.problems.is_empty(),
        dry_run: account.outcomes.is_none_or(|outcomes| outcomes.iter().any(tried_only)),
        summary: Summary {
            steps: steps.len(),
            done: account.outcomes.unwrap_or_default().len() - failed,
            failed,
            skipped: exclusion(&account.plan.skipped),
            refused: exclusion(&account.plan.refused),
            not_due: account.plan.not_due,
            over_max: account.plan.over_max,
        },
        steps,
        skipped: account.plan.skipped.iter().map(wire_left_out).collect(),
        refused: account.plan.refused.iter().map(wire_left_out).collect(),
        notes: &account.plan.notes,
        problems: account.problems.iter().map(WireProblem::of).collect(),
    };
    json::write(&document, out)
}

fn tried_only(outcome: &Outcome) -> bool {
    outcome.result.as_ref().is_ok_and(|done| done.tried_only)
}

fn wire_step<'a>(step: &'a Step, result: Option<&'a Result<Done, Failed>>) -> WireStep<'a> {
    let done = result.and_then(|result| result.as_ref().ok());
    let failed = result.and_then(|result| result.as_ref().err());
    let (reason, resource_version, before, ca_crt, notes) = match step {
        Step::ReplacePair(step) => (
            Some(step.reason.as_str()),
            step.resource_version.as_deref(),
            step.before.as_deref().map(summary_of),
            match step.ca_crt {
                CaCrtChange::Keep => None,
                CaCrtChange::PrependNew => Some("new and old"),
                CaCrtChange::Given => Some("given"),
            },
            step.notes.as_slice(),
        ),
        Step::CreateSecret(step) => {
            (None, None, None, step.with_ca_crt.then_some("given"), &[] as &[String])
        }
        Step::WriteFiles(_) => (None, None, None, None, &[] as &[String]),
        Step::CreateObject(step) => (None, None, None, None, step.notes.as_slice()),
        Step::PatchObject(step) => {
            (None, step.resource_version.as_deref(), None, None, step.notes.as_slice())
        }
        Step::DeleteObject(step) => (
            Some(step.reason.as_str()),
            step.resource_version.as_deref(),
            None,
            None,
            &[] as &[String],
        ),
    };
    WireStep {
        action: step.action(),
        object: WireRef::of(step.object()),
        reason,
        resource_version,
        before,
        after: match done.and_then(|done| done.after.as_deref()) {
            Some(after) => Some(summary_of(after)),
            None => step.pair().map(planned),
        },
        changes: changes(step),
        ca_crt,
        files: match step {
            Step::WriteFiles(files) => Some(files.all().map(|file| file.name.as_str()).collect()),
            Step::CreateSecret(_)
            | Step::ReplacePair(_)
            | Step::CreateObject(_)
            | Step::PatchObject(_)
            | Step::DeleteObject(_) => None,
        },
        notes,
        result: result.map(|result| match result {
            Ok(done) if done.tried_only => "tried",
            Ok(_) => "done",
            Err(failed) if failed.obstacle == Obstacle::Conflict => "conflict",
            Err(_) => "failed",
        }),
        message: failed.map(|failed| failed.message.as_str()),
        remedy: failed.map(|failed| failed.remedy.to_string()),
        new_resource_version: done.and_then(|done| done.resource_version.as_deref()),
    }
}

fn changes(step: &Step) -> Vec<WireChange<'_>> {
    let Step::PatchObject(step) = step else { return Vec::new() };
    let changes = step.changes.iter();
    changes
        .map(|FieldChange { field, before, after }| WireChange { field, before, after })
        .collect()
}

fn summary_of(certificate: &Certificate) -> WireSummary {
    WireSummary {
        subject: Some(certificate.subject.clone()),
        issuer: Some(certificate.issuer.clone()),
        names: certificate.names.iter().map(ToString::to_string).collect(),
        key_type: certificate.key_type.to_string(),
        key: None,
        not_before: Some(instant::show(certificate.not_before)),
        not_after: Some(instant::show(certificate.not_after)),
        serial: Some(certificate.serial.clone()),
        sha256: Some(certificate.fingerprint()),
    }
}

fn planned(pair: &NewPair) -> WireSummary {
    match pair {
        NewPair::Given(certificate) => summary_of(certificate),
        NewPair::Make { profile, key, issuer } => WireSummary {
            issuer: issuer.as_ref().map(|issuer| issuer.subject.clone()),
            not_before: Some(instant::show(profile.not_before)),
            not_after: Some(instant::show(profile.not_after)),
            ..planned_key(
                profile,
                match key {
                    KeyChoice::New => "new",
                    KeyChoice::Same { .. } => "same",
                    KeyChoice::Requested { .. } => "requested",
                },
            )
        },
        // Its dates are for whoever signs it to say.
        NewPair::Request { profile } => planned_key(profile, "new"),
    }
}

fn planned_key(profile: &Profile, key: &'static str) -> WireSummary {
    WireSummary {
        subject: None,
        issuer: None,
        names: profile.name_texts().collect(),
        key_type: profile.key_type.to_string(),
        key: Some(key),
        not_before: None,
        not_after: None,
        serial: None,
        sha256: None,
    }
}

fn wire_left_out(exclusion: &Exclusion) -> WireLeftOut<'_> {
    WireLeftOut {
        object: WireRef::of(&exclusion.object),
        reason: exclusion.reason.code(),
        message: &exclusion.message,
        remedy: exclusion.remedy.to_string(),
    }
}

/// Writes the account for people: what was done or is to be done, what was passed over, and a line
/// that sums up. What failed is [`write_failures`]'.
///
/// # Errors
/// What the writer says.
pub fn write_text(account: PlanReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    match account.outcomes {
        Some(outcomes) => {
            for outcome in outcomes {
                if let Ok(done) = &outcome.result {
                    write_step(&outcome.step, Some(done), account, out)?;
                }
            }
        }
        None => {
            for step in &account.plan.steps {
                write_step(step, None, account, out)?;
            }
        }
    }
    write_skipped(account, out)?;
    for note in &account.plan.notes {
        sentence("         ", "note     ", note, out)?;
    }
    let warning = style(Severity::Warning);
    for problem in account.problems {
        writeln!(
            out,
            "{warning}problem{warning:#}  {}",
            harmless::line(&problem.object.to_string())
        )?;
        sentence("         ", "         ", &problem.message, out)?;
    }
    writeln!(out, "{}", sum_up(account))
}

/// Writes what could not be done, each with its reason and the way out: the talk of a command,
/// not its data.
///
/// # Errors
/// What the writer says.
pub fn write_failures(account: PlanReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let red = style(Severity::Error);
    for refused in &account.plan.refused {
        writeln!(out, "{red}refused{red:#}  {}", name(&refused.object, account.namespaces))?;
        write_place(&refused.object, out)?;
        sentence("         ", "         ", &refused.message, out)?;
        write_remedy(&refused.remedy, out)?;
    }
    for outcome in account.outcomes.unwrap_or_default() {
        let Err(failed) = &outcome.result else { continue };
        let word = if failed.obstacle == Obstacle::Conflict { "conflict" } else { "failed" };
        headline((red, word), &objects(&outcome.step, account.namespaces), out)?;
        write_place(outcome.step.object(), out)?;
        sentence("         ", "         ", &failed.message, out)?;
        write_remedy(&failed.remedy, out)?;
    }
    Ok(())
}

fn write_step(
    step: &Step,
    done: Option<&Done>,
    account: PlanReport<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (style, word) = match (done, step) {
        (Some(done), _) if done.tried_only => (GOOD, "tried"),
        (Some(_), _) if account.printed => (GOOD, "printed"),
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
    headline((style, word), &objects(step, account.namespaces), out)?;
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

fn write_skipped(account: PlanReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let style = style(Severity::Warning);
    for skipped in &account.plan.skipped {
        writeln!(out, "{style}skipped{style:#}  {}", name(&skipped.object, account.namespaces))?;
        write_place(&skipped.object, out)?;
        sentence("         ", "         ", &skipped.message, out)?;
        write_remedy(&skipped.remedy, out)?;
    }
    Ok(())
}

/// `2 replaced, 1 failed, 3 skipped (2 owned, 1 immutable), 4 not due`.
fn sum_up(account: PlanReport<'_>) -> String {
    let plan = account.plan;
    let outcomes = account.outcomes.unwrap_or_default();
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let done = outcomes.len() - failed;
    let tried = outcomes.iter().any(tried_only);
    let mut parts = Vec::new();
    match account.outcomes {
        None => parts.push(format!("{} to carry out", count(plan.steps.len(), "step"))),
        Some(_) if tried => parts.push(format!("{done} tried by the server, nothing written")),
        Some(_) if done + failed + plan.refused.len() == 0 => {
            parts.push("nothing to do".to_owned());
        }
        Some(_) if done == 0 => {}
        Some(_) if account.printed => parts.push(format!("{done} printed, no file changed")),
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
