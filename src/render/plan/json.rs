//! `certwright.dev/rotate/v1`, `issue/v1`, `import/v1` and the like: one form for every plan.

use super::ending::WireEnding;
use super::trust::WireTrust;
use super::{AnyStep, PlanReport, Row, Written};
use crate::instant;
use crate::plan::outcome::{Done, Failed, FailureReason};
use crate::plan::previous::Backup;
use crate::plan::readers::Reader;
use crate::plan::step::{CaCrtChange, Exclusion, FieldChange, KeyChoice, NewPair, Plan, Step};
use crate::render::json;
use crate::render::model::ProblemRow;
use crate::render::page::Page;
use crate::render::wire::{WireProblem, WireRef, source};
use crate::x509::cert::Certificate;
use crate::x509::profile::Profile;
use serde::Serialize;
use std::io;

/// Writes the document.
pub(crate) fn write(report: &PlanReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let plan = report.plan;
    let document = Document {
        schema: format!("certwright.dev/{}/v1", report.command),
        at: instant::show(plan.now),
        finished_at: report.finished.map(instant::show),
        source: source(report.source),
        context: report.looked.and_then(|looked| looked.context.as_deref()),
        server: report.looked.and_then(|looked| looked.server.as_deref()),
        user: report.looked.and_then(|looked| looked.user.as_deref()),
        complete: report.problems.is_empty(),
        dry_run: report.outcomes.is_none() || report.tried_only(),
        summary: Summary::of(report),
        steps: rows(report),
        skipped: plan.skipped.iter().map(WireExclusion::of).collect(),
        refused: plan.refused.iter().map(WireExclusion::of).collect(),
        notes: &plan.notes,
        problems: report
            .problems
            .iter()
            .copied()
            .map(ProblemRow::from)
            .map(WireProblem::of)
            .collect(),
        trust: (!report.trust.is_empty()).then(|| report.trust.iter().map(WireTrust::of).collect()),
        ending: report.ending.map(WireEnding::of),
    };
    json::write(&document, out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: String,
    at: String,
    #[serde(rename = "finishedAt")]
    finished_at: Option<String>,
    source: &'static str,
    context: Option<&'a str>,
    server: Option<&'a str>,
    user: Option<&'a str>,
    complete: bool,
    #[serde(rename = "dryRun")]
    dry_run: bool,
    summary: Summary,
    steps: Vec<WireStep<'a>>,
    skipped: Vec<WireExclusion<'a>>,
    refused: Vec<WireExclusion<'a>>,
    notes: &'a [String],
    problems: Vec<WireProblem<'a>>,
    /// Of a rotation that overlaps trust; the others have no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<Vec<WireTrust<'a>>>,
    /// Of commands that work towards a goal; the others have no such keys.
    #[serde(flatten)]
    ending: Option<WireEnding<'a>>,
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
pub(super) struct WireStep<'a> {
    pub(super) action: &'static str,
    #[serde(rename = "ref")]
    pub(super) object: WireRef<'a>,
    pub(super) reason: Option<String>,
    pub(super) resource_version: Option<&'a str>,
    pub(super) before: Option<WireSummary>,
    pub(super) after: Option<WireSummary>,
    pub(super) changes: Vec<WireChange<'a>>,
    pub(super) ca_crt: Option<&'static str>,
    /// The paths of every file of the step; null where it writes none.
    pub(super) files: Option<Vec<&'a str>>,
    pub(super) notes: &'a [String],
    /// The workloads that read the Secret whose certificate and key are replaced.
    pub(super) readers: Vec<WireReader<'a>>,
    /// Where what is replaced is kept; null where it is not.
    pub(super) backup: Option<WireBackup<'a>>,
    /// Other Secrets with the same certificate, which keep it.
    pub(super) copies: Vec<WireRef<'a>>,
    /// What hands the old certificate out to be trusted.
    pub(super) pinned_by: Vec<WireRef<'a>>,
    pub(super) result: Option<&'static str>,
    pub(super) message: Option<&'a str>,
    pub(super) remedy: Option<String>,
    pub(super) new_resource_version: Option<&'a str>,
}

/// The Secret that keeps what is replaced, and when that ends.
#[derive(Serialize)]
pub(super) struct WireBackup<'a> {
    #[serde(rename = "ref")]
    pub(super) object: WireRef<'a>,
    pub(super) until: Option<String>,
}

impl<'a> WireBackup<'a> {
    fn of(backup: &'a Backup) -> Self {
        Self { object: WireRef::of(&backup.object), until: backup.until.map(instant::show) }
    }
}

/// A workload that reads a Secret, and when it sees another certificate in it.
#[derive(Serialize)]
pub(super) struct WireReader<'a> {
    #[serde(rename = "ref")]
    pub(super) object: WireRef<'a>,
    pub(super) how: Vec<&'static str>,
    pub(super) sees: &'static str,
    pub(super) remedy: Option<String>,
}

impl<'a> WireReader<'a> {
    fn of(reader: &'a Reader) -> Self {
        Self {
            object: WireRef::of(&reader.workload),
            how: reader.how.iter().map(|how| how.as_str()).collect(),
            sees: reader.sees.as_str(),
            remedy: reader.remedy.as_ref().map(ToString::to_string),
        }
    }
}

/// One field of an object that is no certificate.
#[derive(Serialize)]
pub(super) struct WireChange<'a> {
    pub(super) field: &'a str,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
}

/// What a certificate says, before or after; what is not known before it is made is null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireSummary {
    pub(super) subject: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) names: Vec<String>,
    pub(super) key_type: String,
    pub(super) key: Option<&'static str>,
    pub(super) not_before: Option<String>,
    pub(super) not_after: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) sha256: Option<String>,
}

#[derive(Serialize)]
pub(super) struct WireExclusion<'a> {
    #[serde(rename = "ref")]
    pub(super) object: WireRef<'a>,
    pub(super) reason: &'static str,
    pub(super) message: &'a str,
    pub(super) remedy: String,
}

impl Summary {
    fn of(report: &PlanReport<'_>) -> Self {
        let Plan { skipped, refused, not_due, over_max, .. } = report.plan;
        let (carried_out, failed) = (report.results().len(), report.failed());
        Self {
            steps: report.rows().len(),
            done: carried_out - failed,
            failed,
            skipped: skipped.len(),
            refused: refused.len(),
            not_due: *not_due,
            over_max: *over_max,
        }
    }
}

/// Every step, as it is written.
pub(super) fn rows<'a>(report: &PlanReport<'a>) -> Vec<WireStep<'a>> {
    report.rows().into_iter().map(wire_step).collect()
}

fn wire_step((step, result): Row<'_>) -> WireStep<'_> {
    let done = result.and_then(|result| result.as_ref().ok());
    let failed = result.and_then(|result| result.as_ref().err());
    let after = match done.and_then(|done| done.after.as_deref()) {
        Some(after) => Some(summary_of(after)),
        None => step.written().map(planned),
    };
    WireStep {
        after,
        result: result.map(word_of),
        message: failed.map(|failed| failed.message.as_str()),
        remedy: failed.map(|failed| failed.remedy.to_string()),
        new_resource_version: done.and_then(|done| done.resource_version.as_deref()),
        ..wire_planned(step)
    }
}

/// What the step says before it is carried out.
fn wire_planned(step: AnyStep<'_>) -> WireStep<'_> {
    let wire = WireStep {
        action: match step {
            AnyStep::Cluster(step) => step.action(),
            AnyStep::Files(_) | AnyStep::Converted(_) => "write-files",
        },
        object: WireRef::of(step.object()),
        reason: None,
        resource_version: None,
        before: None,
        after: None,
        changes: Vec::new(),
        ca_crt: None,
        files: None,
        notes: &[],
        readers: Vec::new(),
        backup: None,
        copies: Vec::new(),
        pinned_by: Vec::new(),
        result: None,
        message: None,
        remedy: None,
        new_resource_version: None,
    };
    match step {
        AnyStep::Cluster(step) => wire_of_object(step, wire),
        AnyStep::Files(_) | AnyStep::Converted(_) => {
            let files = step.files().map(|files| files.iter().map(|it| it.name.as_str()).collect());
            WireStep { files, ..wire }
        }
    }
}

fn wire_of_object<'a>(step: &'a Step, wire: WireStep<'a>) -> WireStep<'a> {
    match step {
        Step::ReplacePair(step) => WireStep {
            reason: Some(step.reason.to_string()),
            resource_version: step.resource_version.as_deref(),
            before: step.before.as_deref().map(summary_of),
            ca_crt: match &step.ca_crt {
                CaCrtChange::Keep => None,
                CaCrtChange::PrependNew { .. } | CaCrtChange::PrependRoot { .. } => {
                    Some("new and old")
                }
                CaCrtChange::Given => Some("given"),
                CaCrtChange::Restored => Some("restored"),
            },
            notes: &step.notes,
            readers: step.readers.iter().map(WireReader::of).collect(),
            backup: step.backup.as_deref().map(WireBackup::of),
            copies: step.copies.iter().map(WireRef::of).collect(),
            pinned_by: step.pinned_by.iter().map(WireRef::of).collect(),
            ..wire
        },
        Step::CreateSecret(step) => {
            WireStep { ca_crt: step.with_ca_crt.then_some("given"), ..wire }
        }
        Step::CreateObject(step) => WireStep { notes: &step.notes, ..wire },
        Step::PatchObject(step) => WireStep {
            reason: step
                .restarts()
                .then(|| "keeps the old certificate until it is restarted".into()),
            resource_version: step.resource_version.as_deref(),
            changes: step.changes.iter().map(wire_change).collect(),
            notes: &step.notes,
            ..wire
        },
        Step::DeleteObject(step) => WireStep {
            reason: Some(step.reason.to_string()),
            resource_version: step.resource_version.as_deref(),
            ..wire
        },
    }
}

fn word_of(result: &Result<Done, Failed>) -> &'static str {
    match result {
        Ok(done) if done.tried_only => "tried",
        Ok(_) => "done",
        Err(failed) if failed.reason == FailureReason::Conflict => "conflict",
        Err(_) => "failed",
    }
}

fn wire_change(FieldChange { field, before, after }: &FieldChange) -> WireChange<'_> {
    WireChange { field, before, after }
}

pub(super) fn summary_of(certificate: &Certificate) -> WireSummary {
    WireSummary {
        subject: Some(certificate.subject.to_string()),
        issuer: Some(certificate.issuer.to_string()),
        names: certificate.names.iter().map(ToString::to_string).collect(),
        key_type: certificate.key_type.to_string(),
        key: None,
        not_before: Some(instant::show(certificate.not_before)),
        not_after: Some(instant::show(certificate.not_after)),
        serial: Some(certificate.serial.to_string()),
        sha256: Some(certificate.fingerprint()),
    }
}

fn planned(written: Written<'_>) -> WireSummary {
    match written {
        Written::Pair(NewPair::Given(certificate) | NewPair::Staged { certificate, .. }) => {
            summary_of(certificate)
        }
        Written::Certificate(certificate) => summary_of(certificate),
        Written::Pair(NewPair::Make { profile, key, issuer }) => WireSummary {
            issuer: issuer.as_ref().map(|issuer| issuer.subject.to_string()),
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
        Written::Request(profile) => planned_key(profile, "new"),
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

impl<'a> WireExclusion<'a> {
    pub(super) fn of(exclusion: &'a Exclusion) -> Self {
        Self {
            object: WireRef::of(&exclusion.object),
            reason: exclusion.reason.code(),
            message: &exclusion.message,
            remedy: exclusion.remedy.to_string(),
        }
    }
}
