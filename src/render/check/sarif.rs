//! `-o sarif`: SARIF 2.1.0, for code scanning and for editors.
//!
//! Source: OASIS, Static Analysis Results Interchange Format 2.1.0. What is in manifests has a file and
//! a line; what is in a cluster has a logical location alone.

mod fingerprint;
mod location;

use self::fingerprint::Fingerprints;
use self::location::{WireLocation, related};
use super::findings::told;
use crate::audit::baseline::Standing;
use crate::audit::finding::Severity;
use crate::audit::{RULES, Rule};
use crate::instant;
use crate::render::harmless;
use crate::render::json::{self, Rows};
use crate::render::model::{FindingRow, Model, ProblemRow};
use crate::render::page::Page;
use crate::render::wire::{Evidence, Text, WireRef, source};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// The schema as OASIS published it with the errata.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the document.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let places: BTreeMap<&str, usize> =
        RULES.iter().enumerate().map(|(at, rule)| (rule.code, at)).collect();
    let results = || {
        let mut fingerprints = Fingerprints::default();
        let places = &places;
        model.findings().map(move |row| result(model, row, places, fingerprints.of(&row)))
    };
    let unread = || {
        let problems = model.problems().map(|row| (row, "error"));
        problems.chain(model.notes().map(|row| (row, "note")))
    };
    let run = Run {
        tool: Tool { driver: Driver::itself() },
        invocations: [Invocation {
            execution_successful: model.report.complete,
            tool_execution_notifications: Rows(|| unread().map(notification)),
        }],
        column_kind: "unicodeCodePoints",
        results: Rows(results),
        properties: RunProperties {
            judged_at: instant::show(model.report.now),
            source: source(model.report.source),
            context: model.looked.context.as_deref(),
            server: model.looked.server.as_deref(),
        },
    };
    json::write_rows(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, out)
}

#[derive(Serialize)]
struct Log<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [R; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a, N, R> {
    tool: Tool,
    invocations: [Invocation<N>; 1],
    column_kind: &'static str,
    results: R,
    properties: RunProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<N> {
    execution_successful: bool,
    tool_execution_notifications: N,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunProperties<'a> {
    judged_at: String,
    source: &'static str,
    context: Option<&'a str>,
    server: Option<&'a str>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

impl Driver {
    /// With every rule, whether it found something or not: so that a rule's place is the same in every run.
    fn itself() -> Self {
        Self {
            name: "certwright",
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: RULES.iter().copied().map(Descriptor::of).collect(),
        }
    }
}

/// A rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

impl Descriptor {
    fn of(rule: &'static Rule) -> Self {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (explain, remedy) = (flat(rule.explain), flat(rule.remedy));
        // Its first sentence, without its full stop.
        let first = explain.split_once(". ").map_or(explain.trim_end_matches('.'), |(it, _)| it);
        Self {
            id: rule.code,
            short_description: Message::of(first.to_owned()),
            help: Message::of(format!("{explain}\n\nWhat to do: {remedy}")),
            full_description: Message::of(explain),
            default_configuration: Configuration { level: level(rule.severity) },
        }
    }
}

#[derive(Serialize)]
struct Message {
    text: String,
}

impl Message {
    const fn of(text: String) -> Self {
        Self { text }
    }

    /// Of text from outside: viewers make a link of `[text](target)` in a message (§3.11.6), but for
    /// brackets behind a backslash.
    fn harmless(text: &str) -> Self {
        let shown = harmless::line(text);
        if !shown.contains("](") {
            return Self { text: shown.into_owned() };
        }
        Self { text: shown.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultRow<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [WireLocation; 1],
    related_locations: Vec<WireLocation>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    suppressions: Vec<Suppression>,
    /// Beside a baseline alone (§3.27.24).
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    properties: Properties<'a>,
}

/// That an annotation on the object accepts it, or the policy. None at all says that nothing does
/// (§3.27.23).
#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: &'static str,
}

fn waived(row: &FindingRow<'_>) -> Suppression {
    let (kind, justification) = match row.waiver {
        Some(_) => ("external", "waived by the policy"),
        None => ("inSource", "waived by an annotation on the object"),
    };
    Suppression { kind, status: "accepted", justification }
}

/// What SARIF has no place for.
#[derive(Serialize)]
struct Properties<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    message: &'a str,
    evidence: Evidence<'a>,
    remedy: Text<'a>,
}

fn result<'a>(
    model: &Model<'_>,
    row: FindingRow<'a>,
    places: &BTreeMap<&str, usize>,
    fingerprint: String,
) -> ResultRow<'a> {
    let message = told(&row, &model.affected(&row));
    ResultRow {
        rule_id: row.rule,
        rule_index: places.get(row.rule).copied(),
        level: level(row.severity),
        message: Message::harmless(&format!("{}: {message}", row.object.short())),
        locations: [WireLocation::of(row.object)],
        related_locations: related(row.object, row.related),
        partial_fingerprints: BTreeMap::from([("certwright/v1", fingerprint)]),
        suppressions: if row.waived { vec![waived(&row)] } else { Vec::new() },
        baseline_state: row.baseline.map(|standing| match standing {
            Standing::Known => "unchanged",
            Standing::New => "new",
        }),
        properties: Properties {
            object: WireRef::of(row.object),
            message: row.message,
            evidence: Evidence(row.evidence),
            remedy: Text(row.remedy),
        },
    }
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    locations: [WireLocation; 1],
}

fn notification((row, level): (ProblemRow<'_>, &'static str)) -> Notification {
    let message = format!("{}: {}", row.object, row.message);
    Notification {
        level,
        message: Message::harmless(&message),
        locations: [WireLocation::of(row.object)],
    }
}

/// As SARIF calls it (§3.27.10).
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
