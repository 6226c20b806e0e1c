//! The report of `check` as a table: certificates, findings, problems, and a line that sums up.

use crate::audit::Report;
use crate::audit::finding::Severity;
use crate::instant;
use crate::object_ref::Kind;
use crate::render::harmless;
use crate::render::layout::{
    Columns, GOOD, count, name, sentence, serial, some, style, write_place, write_remedy,
};
use crate::render::model::{CertificateRow, FindingRow, Model, ProblemRow};
use crate::x509::cert::Certificate;
use std::io::{self, Write};

/// Writes the report in 80 columns: leaves alone, and two names of each.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_as(model, false, out)
}

/// Writes the report with every certificate and all that is known of it, as wide as it gets.
pub(in crate::render) fn write_wide(model: &Model<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_as(model, true, out)
}

fn write_as(model: &Model<'_>, wide: bool, out: &mut dyn Write) -> io::Result<()> {
    certificates(model, wide, out)?;
    for finding in model.findings() {
        write_finding(&finding, model.look.namespaces, out)?;
    }
    for problem in model.problems() {
        write_problem(&problem, out)?;
    }
    sum_up(model, out)
}

fn certificates(model: &Model<'_>, wide: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<CertificateRow<'_>> =
        model.certificates().filter(|row| wide || row.is_leaf).collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by(|a, b| {
        let key = |row: &CertificateRow<'_>| (row.certificate.not_after, row.index);
        let ((a_end, a_index), (b_end, b_index)) = (key(a), key(b));
        a_end.cmp(&b_end).then_with(|| a.object.cmp(b.object)).then(a_index.cmp(&b_index))
    });
    let look = model.look;
    let mut heads = if look.namespaces { vec!["NAMESPACE"] } else { Vec::new() };
    heads.extend([holder(&rows), "NAMES", "KEY", "EXPIRES", "DAYS"]);
    if wide {
        heads.extend(["#", "ISSUER", "SERIAL", "SHA256", "OWNER", "USED BY"]);
    }
    let mut columns = Columns::new(&heads, look.no_headers, wide);
    for row in &rows {
        columns.row(cells(row, look.namespaces, wide));
    }
    columns.write(if look.namespaces { 2 } else { 1 }, out)?;
    writeln!(out)
}

/// What all of them are in.
fn holder(rows: &[CertificateRow<'_>]) -> &'static str {
    let all = |kind| rows.iter().all(|row| row.object.kind == kind);
    if all(Kind::File) {
        "FILE"
    } else if all(Kind::Endpoint) {
        "SERVER"
    } else {
        "SECRET"
    }
}

fn cells(row: &CertificateRow<'_>, namespaces: bool, wide: bool) -> Vec<String> {
    let certificate = row.certificate;
    let mut cells = if namespaces { vec![row.object.namespace().to_owned()] } else { Vec::new() };
    cells.extend([
        row.object.name.clone(),
        names(certificate, if wide { usize::MAX } else { 2 }),
        certificate.key_type.to_string(),
        instant::show_date(certificate.not_after),
        row.days_left().to_string(),
    ]);
    if wide {
        let users: Vec<String> =
            row.users().into_iter().map(|ingress| ingress.object.short()).collect();
        let issuer =
            if certificate.self_signed { "itself".to_owned() } else { certificate.issuer.clone() };
        cells.extend([
            row.index.to_string(),
            issuer,
            serial(&certificate.serial),
            certificate.fingerprint(),
            row.owner().unwrap_or_default().to_owned(),
            users.join(", "),
        ]);
    }
    cells
}

/// The names a certificate answers to, or its subject in brackets when it has none.
fn names(certificate: &Certificate, most: usize) -> String {
    let names: Vec<String> = certificate.names.iter().map(ToString::to_string).collect();
    if names.is_empty() { format!("({})", certificate.subject) } else { some(&names, most) }
}

/// One finding, with its place and what to do.
pub(in crate::render) fn write_finding(
    finding: &FindingRow<'_>,
    namespaces: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = style(finding.severity);
    let waived = if finding.waived { "  (waived by annotation)" } else { "" };
    let object = name(finding.object, namespaces);
    writeln!(
        out,
        "{style}{:<8}{style:#} {}  {object}{waived}",
        finding.severity.as_str(),
        finding.rule,
    )?;
    write_place(finding.object, out)?;
    sentence("         ", "         ", finding.message, out)?;
    write_remedy(finding.remedy, out)
}

/// One thing that could not be read.
pub(in crate::render) fn write_problem(
    problem: &ProblemRow<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = style(Severity::Warning);
    writeln!(
        out,
        "{style}{:<8}{style:#} {}",
        "problem",
        harmless::line(&problem.object.to_string())
    )?;
    sentence("         ", "         ", problem.message, out)
}

fn sum_up(model: &Model<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = model.report;
    let seen = format!(
        "{}, {}",
        count(model.certificates().count(), "certificate"),
        count(model.hosts().count(), "host"),
    );
    let mut parts = by_severity(report);
    let waived = report.findings.iter().filter(|finding| finding.waived).count();
    if waived > 0 {
        parts.push(format!("{waived} waived"));
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
    writeln!(out, "{seen}: {verdict}{incomplete}")
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
