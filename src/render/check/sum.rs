//! The last lines of a report: where was looked, and how much was found.

use crate::audit::Report;
use crate::audit::baseline::Standing;
use crate::audit::finding::Severity;
use crate::instant;
use crate::object_ref::Kind;
use crate::render::harmless;
use crate::render::layout::{GOOD, count, fitting, style};
use crate::render::model::{HolderRow, Model};
use crate::render::page::Page;
use std::collections::BTreeMap;
use std::io::{self, Write as _};

/// Writes where was looked and the counts.
pub(super) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let report = model.report;
    if !model.looked.place.is_empty() {
        writeln!(out, "looked at {}", harmless::line(&model.looked.place))?;
    }
    let managed = model.managed().len();
    let managed = if managed == 0 {
        String::new()
    } else {
        format!("{}, ", count(managed, "Google-managed certificate"))
    };
    let holders = holders(&model.holders());
    let seen = match model.look.ends_by {
        Some(by) => format!("{holders} with a certificate that ends by {}", instant::show_date(by)),
        None => format!("{holders}, {managed}{}", count(model.hosts().count(), "host")),
    };
    let mut parts = by_severity(report);
    if report.waived() > 0 {
        parts.push(format!("{} waived", report.waived()));
    }
    if report.known() > 0 {
        parts.push(format!("{} known", report.known()));
    }
    let verdict = match (parts.is_empty(), report.complete) {
        (false, _) => parts.join(", "),
        (true, true) => format!("{GOOD}nothing to report{GOOD:#}"),
        (true, false) => {
            let colour = style(Severity::Warning);
            format!("{colour}nothing found{colour:#}")
        }
    };
    let incomplete = if report.complete || model.inventory.problems().is_empty() {
        String::new()
    } else {
        format!("; incomplete: {} could not be read", count(report.problems.len(), "thing"))
    };
    writeln!(out, "{seen}: {verdict}{incomplete}")?;
    let Some(compared) = &report.compared else { return Ok(()) };
    let new = report.findings.iter().filter(|it| it.baseline == Some(Standing::New)).count();
    let (known, fixed) = (report.known(), compared.fixed);
    let file = harmless::line(&compared.file);
    writeln!(out, "compared with {file}: {known} known, {new} new, {fixed} fixed since")
}

/// `40 TLS Secrets, 1 file`: the rows of the table.
fn holders(rows: &[HolderRow<'_>]) -> String {
    let (values, rows): (Vec<&HolderRow<'_>>, _) =
        rows.iter().partition(|row| row.object.key.is_some());
    let of = |kind| rows.iter().filter(|row| row.object.kind == kind).count();
    let all = [
        (Kind::Secret, "TLS Secret"),
        (Kind::Route, "Route"),
        (Kind::File, "file"),
        (Kind::Endpoint, "server"),
    ];
    let some = all.into_iter().map(|(kind, noun)| (of(kind), noun));
    let mut some: Vec<String> =
        some.filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun)).collect();
    if !values.is_empty() {
        some.push(format!("{} with certificates", count(values.len(), "other value")));
    }
    if some.is_empty() { count(0, "TLS Secret") } else { some.join(", ") }
}

/// A line for each severity, as much of it as fits: `errors: expired 400, key-mismatch 12`.
pub(super) fn by_rule(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    for (severity, heads) in
        [(Severity::Error, "errors"), (Severity::Warning, "warnings"), (Severity::Info, "info")]
    {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        let own = model.findings().filter(|it| it.counts && it.severity == severity);
        for finding in own {
            *rules.entry(finding.rule).or_default() += 1;
        }
        let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
        rules.sort_by_key(|(rule, number)| (std::cmp::Reverse(*number), *rule));
        let shown: Vec<String> =
            rules.iter().map(|(rule, number)| format!("{rule} {number}")).collect();
        if !shown.is_empty() {
            let line = format!("{heads}: {}", shown.join(", "));
            writeln!(out, "{}", fitting(&line, out.width()))?;
        }
    }
    Ok(())
}

/// `1 error, 2 warnings, 1 info`, in parts; what there is none of is left out.
pub(in crate::render) fn by_severity(report: &Report) -> Vec<String> {
    let counted =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")]
            .map(|(severity, noun)| (report.count(severity), noun));
    let some = counted.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, noun)| match noun {
        "info" => format!("{number} info"),
        noun => count(number, noun),
    })
    .collect()
}
