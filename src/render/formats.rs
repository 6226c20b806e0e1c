//! The output formats: one row each, with what it writes of every kind of document.
//!
//! Knows names, help and writers. Refuses to know what a document says and where the bytes go. A new
//! format is a file below [`super`] and a row here: `-o`, its help and its completion follow, and
//! the tests below walk it with hostile, empty and long documents.

use super::calendar::{CalendarReport, ics, json as calendar_json, table as calendar_table};
use super::check::{
    csv, github, html, json as check_json, junit, lines as check_lines, markdown, prometheus,
    sarif, table as check_table,
};
use super::explain::{self, Explained};
use super::inspect::{Inspected, json as inspect_json, pem, text as inspect_text};
use super::managed::{ManagedReport, json as managed_json, table as managed_table};
use super::manifests;
use super::model::Model;
use super::page::Page;
use super::plan::{PlanReport, json as plan_json, markdown as plan_markdown, write_text};
use super::verify::{Verified, json as verify_json, table as verify_table};
use serde_json::Value;
use std::io;

/// Writes the report of `check`.
pub type WriteCheck = fn(&Model<'_>, &mut Page<'_>) -> io::Result<()>;
/// Writes the calendar of `check --calendar`.
pub type WriteCalendar = fn(&CalendarReport<'_>, &mut Page<'_>) -> io::Result<()>;
/// Writes the report of `inspect`.
pub type WriteInspect = fn(&Inspected<'_>, &mut Page<'_>) -> io::Result<()>;
/// Writes the report of `verify`.
pub type WriteVerify = fn(&Verified<'_>, &mut Page<'_>) -> io::Result<()>;
/// Writes how ManagedCertificates stand.
pub type WriteManaged = fn(&ManagedReport<'_, '_>, &mut Page<'_>) -> io::Result<()>;
/// Writes what rules say of themselves.
pub type WriteExplain = fn(&Explained, &mut Page<'_>) -> io::Result<()>;
/// Writes a plan and what became of it.
pub type WritePlan = fn(&PlanReport<'_>, &mut Page<'_>) -> io::Result<()>;
/// Writes manifests that can be applied.
pub type WriteManifests = fn(&[Value], &mut Page<'_>) -> io::Result<()>;

/// One output format. It is offered by the commands whose kind of document it has a writer for.
#[derive(Debug)]
pub struct Format {
    /// Its name, as `-o` takes it.
    pub name: &'static str,
    /// What it is for, in a line of the long help.
    pub help: &'static str,
    /// Whether programs read it: it is written byte for byte, without a look for styles.
    pub for_programs: bool,
    /// Of `check`.
    pub check: Option<WriteCheck>,
    /// Of `check --calendar`.
    pub calendar: Option<WriteCalendar>,
    /// Of `inspect`.
    pub inspect: Option<WriteInspect>,
    /// Of `verify`.
    pub verify: Option<WriteVerify>,
    /// Of `managed status`.
    pub managed: Option<WriteManaged>,
    /// Of `explain`.
    pub explain: Option<WriteExplain>,
    /// Of every command that writes: its plan.
    pub plan: Option<WritePlan>,
    /// Of every command that makes objects: their manifests (`--dry-run=client`).
    pub manifests: Option<WriteManifests>,
}

/// A format that has a writer for nothing yet.
const NONE: Format = Format {
    name: "",
    help: "",
    for_programs: false,
    check: None,
    calendar: None,
    inspect: None,
    verify: None,
    managed: None,
    explain: None,
    plan: None,
    manifests: None,
};

/// The name of the format for people, which every command has.
pub const TABLE: &str = "table";
/// The name of the format for programs, which every command has.
pub const JSON: &str = "json";
/// The name of the format that is a calendar and nothing else.
pub const ICS: &str = "ics";
/// The name of the format that is made of what the objects hold themselves.
pub const PEM: &str = "pem";

/// Every format, in the order of the help. Several rows may have one name, where its help differs by
/// the document.
pub const FORMATS: &[Format] = &[
    Format {
        name: TABLE,
        help: "For people: as wide as the terminal, and a record a line elsewhere",
        check: Some(check_table::write),
        calendar: Some(calendar_table::write),
        inspect: Some(inspect_text::write),
        ..NONE
    },
    Format {
        name: TABLE,
        help: "For people",
        verify: Some(verify_table::write),
        managed: Some(managed_table::write),
        explain: Some(explain::write_text),
        plan: Some(write_text),
        ..NONE
    },
    Format {
        name: "wide",
        help: "Every certificate of every chain, with all that is known of it",
        check: Some(check_table::write_wide),
        inspect: Some(inspect_text::write_wide),
        ..NONE
    },
    Format {
        name: JSON,
        help: "For programs",
        for_programs: true,
        check: Some(check_json::write),
        calendar: Some(calendar_json::write),
        inspect: Some(inspect_json::write),
        verify: Some(verify_json::write),
        managed: Some(managed_json::write),
        explain: Some(explain::write_json),
        plan: Some(plan_json::write),
        manifests: Some(manifests::write_json),
    },
    Format { name: "lines", help: "One finding a line", check: Some(check_lines::write), ..NONE },
    Format {
        name: "name",
        help: "The objects alone: KIND/NAME, as kubectl takes it; with -A NAMESPACE/KIND/NAME",
        check: Some(check_lines::write_names),
        ..NONE
    },
    Format {
        name: "yaml",
        help: "The document of json, as YAML",
        for_programs: true,
        check: Some(check_lines::write_yaml),
        ..NONE
    },
    Format {
        name: "yaml",
        help: "A manifest; only with `--dry-run=client`",
        manifests: Some(manifests::write_yaml),
        ..NONE
    },
    Format {
        name: "csv",
        help: "For spreadsheets: a record for each certificate and each finding",
        for_programs: true,
        check: Some(csv::write),
        inspect: Some(|inspected, out| csv::write(&inspected.model, out)),
        ..NONE
    },
    Format {
        name: "markdown",
        help: "Tables for a comment on a pull request, or a change request",
        for_programs: true,
        check: Some(markdown::write),
        ..NONE
    },
    Format {
        name: "html",
        help: "A page to look at and to pass on, complete in one file",
        for_programs: true,
        check: Some(html::write),
        ..NONE
    },
    Format {
        name: "sarif",
        help: "SARIF 2.1.0, for code scanning and editors",
        for_programs: true,
        check: Some(sarif::write),
        ..NONE
    },
    Format {
        name: "junit",
        help: "JUnit's XML, for the tests of a pipeline",
        for_programs: true,
        check: Some(junit::write),
        ..NONE
    },
    Format {
        name: "github",
        help: "Workflow commands: GitHub Actions shows them beside the lines",
        for_programs: true,
        check: Some(github::write),
        ..NONE
    },
    Format {
        name: "prometheus",
        help: "Metrics as text, for node_exporter's textfile collector and a Pushgateway",
        for_programs: true,
        check: Some(prometheus::write),
        inspect: Some(|inspected, out| prometheus::write(&inspected.model, out)),
        ..NONE
    },
    Format {
        name: "markdown",
        help: "A page for a repository or a wiki",
        explain: Some(explain::write_markdown),
        ..NONE
    },
    Format {
        name: ICS,
        help: "A calendar of when certificates are due and end (RFC 5545); implies --calendar",
        for_programs: true,
        calendar: Some(ics::write),
        ..NONE
    },
    Format {
        name: "markdown",
        help: "The plan, for a change request",
        plan: Some(plan_markdown::write),
        ..NONE
    },
    Format {
        name: PEM,
        help: "The certificates alone, rewritten",
        inspect: Some(pem::write),
        ..NONE
    },
];

/// A format that was chosen for a kind of document.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<W> {
    /// Its name.
    pub name: &'static str,
    /// As [`Format::for_programs`].
    pub for_programs: bool,
    /// What writes the document.
    pub write: W,
}

/// What `check` has to show: a format has a writer for one of them at least.
#[derive(Clone, Copy, Debug)]
pub struct WriteChecked {
    /// Writes the report.
    pub check: Option<WriteCheck>,
    /// Writes the calendar.
    pub calendar: Option<WriteCalendar>,
}

/// What commands that make objects have to show: a format has a writer for one of them at least.
#[derive(Clone, Copy, Debug)]
pub struct WriteMade {
    /// Writes the plan and what became of it.
    pub plan: Option<WritePlan>,
    /// Writes the manifests, where nothing is written to a cluster.
    pub manifests: Option<WriteManifests>,
}

/// A plan for people, where no format can be chosen.
pub const PLAN_FOR_PEOPLE: Chosen<WritePlan> =
    Chosen { name: TABLE, for_programs: false, write: write_text };

impl Format {
    /// The format for the kind of document that `writer` writes.
    #[must_use]
    pub const fn chosen<W>(&self, writer: W) -> Chosen<W> {
        Chosen { name: self.name, for_programs: self.for_programs, write: writer }
    }

    /// What it writes for `check`.
    #[must_use]
    pub fn checked(&self) -> Option<WriteChecked> {
        let Self { check, calendar, .. } = *self;
        (check.is_some() || calendar.is_some()).then_some(WriteChecked { check, calendar })
    }

    /// What it writes for commands that make objects.
    #[must_use]
    pub fn made(&self) -> Option<WriteMade> {
        let Self { plan, manifests, .. } = *self;
        (plan.is_some() || manifests.is_some()).then_some(WriteMade { plan, manifests })
    }
}

#[cfg(test)]
mod tests;
