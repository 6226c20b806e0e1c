//! `-o csv` (RFC 4180): a record for each certificate, each finding and each thing that could not be
//! read, in one table with the same columns.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, and run it: text that
//! begins so gets an apostrophe in front.

use crate::instant;
use crate::object_ref::ObjectRef;
use crate::render::harmless;
use crate::render::model::{CertificateRow, FindingRow, HolderRow, ManagedRow, Model, ProblemRow};
use crate::render::page::Page;
use std::borrow::Cow;
use std::io::{self, Write as _};

/// The columns, in order: they are only added, behind the others.
const COLUMNS: [&str; 27] = [
    "record",
    "status",
    "severity",
    "rule",
    "waived",
    "kind",
    "namespace",
    "name",
    "key",
    "index",
    "names",
    "subject",
    "issuer",
    "serial",
    "notBefore",
    "notAfter",
    "daysLeft",
    "keyType",
    "selfSigned",
    "sha256",
    "usedBy",
    "owner",
    "findings",
    "message",
    "remedy",
    "file",
    "line",
];

/// Writes the table.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    if !model.look.no_headers {
        write!(out, "{}\r\n", COLUMNS.join(","))?;
    }
    for holder in model.holders() {
        write_holder(&holder, out)?;
    }
    for row in model.managed() {
        managed(&row).write(out)?;
    }
    for row in model.findings() {
        let affected = model.affected(&row);
        let users = affected.iter().map(|one| one.object.short());
        Record { users: joined(users), ..finding(&row) }.write(out)?;
    }
    for row in model.problems() {
        problem("problem", &row).write(out)?;
    }
    model.notes().try_for_each(|row| problem("note", &row).write(out))
}

/// A record for each certificate, or one that says that there is none.
fn write_holder(holder: &HolderRow<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let codes = holder.findings().filter(|finding| finding.counts).map(|finding| finding.rule);
    let users = holder.users().into_iter().map(|user| user.object.short());
    let workloads = holder.uses().into_iter().map(|one| one.workload.short());
    let shared = Record {
        status: holder.status.as_str(),
        users: joined(users.chain(workloads)),
        owner: holder.owner().unwrap_or_default(),
        findings: joined(codes.map(str::to_owned)),
        ..Record::of("certificate", holder.object)
    };
    let mut any = false;
    for row in holder.certificates() {
        any = true;
        certificate(&row, shared.clone()).write(out)?;
    }
    if any { Ok(()) } else { shared.write(out) }
}

fn certificate<'r>(row: &CertificateRow<'r>, shared: Record<'r>) -> Record<'r> {
    let certificate = row.certificate;
    Record {
        index: row.index.to_string(),
        names: joined(certificate.names.iter().map(ToString::to_string)),
        subject: &certificate.subject,
        issuer: &certificate.issuer,
        serial: &certificate.serial,
        not_before: instant::show(certificate.not_before),
        not_after: instant::show(certificate.not_after),
        days_left: row.days_left().to_string(),
        key_type: certificate.key_type.to_string(),
        self_signed: if certificate.self_signed { "true" } else { "false" },
        sha256: certificate.fingerprint(),
        ..shared
    }
}

fn managed<'r>(ManagedRow(status): &'r ManagedRow<'_>) -> Record<'r> {
    let ingresses = status.ingresses.iter();
    Record {
        status: status.managed.status.as_deref().unwrap_or_default(),
        names: status.managed.domains.join(" "),
        not_after: status.expires().map(instant::show).unwrap_or_default(),
        users: joined(ingresses.map(|(ingress, _)| ingress.frontend.object.short())),
        ..Record::of("managed", &status.facts.object)
    }
}

fn finding<'r>(row: &FindingRow<'r>) -> Record<'r> {
    Record {
        severity: row.severity.as_str(),
        rule: row.rule,
        waived: if row.waived { "true" } else { "false" },
        message: row.message,
        remedy: row.remedy.to_string(),
        ..Record::of("finding", row.object)
    }
}

fn problem<'r>(record: &'static str, row: &ProblemRow<'r>) -> Record<'r> {
    Record { message: row.message, ..Record::of(record, row.object) }
}

/// Several in one cell: none of the names has a blank in it but hostile ones.
fn joined(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join(" ")
}

/// One record: a cell a column.
#[derive(Clone, Debug, Default)]
struct Record<'r> {
    sort: &'static str,
    status: &'r str,
    severity: &'static str,
    rule: &'static str,
    waived: &'static str,
    object: Option<&'r ObjectRef>,
    index: String,
    names: String,
    subject: &'r str,
    issuer: &'r str,
    serial: &'r str,
    not_before: String,
    not_after: String,
    days_left: String,
    key_type: String,
    self_signed: &'static str,
    sha256: String,
    users: String,
    owner: &'r str,
    findings: String,
    message: &'r str,
    remedy: String,
}

impl<'r> Record<'r> {
    fn of(sort: &'static str, object: &'r ObjectRef) -> Self {
        Self { sort, object: Some(object), ..Self::default() }
    }

    fn write(&self, out: &mut Page<'_>) -> io::Result<()> {
        let object = self.object;
        let place = object.and_then(|object| object.place.as_deref());
        let of_object = |text: &dyn Fn(&'r ObjectRef) -> &'r str| object.map_or("", text);
        let line = place.map(|place| place.line.to_string()).unwrap_or_default();
        let cells: [&str; COLUMNS.len()] = [
            self.sort,
            self.status,
            self.severity,
            self.rule,
            self.waived,
            of_object(&|object| object.kind.as_str()),
            of_object(&ObjectRef::namespace),
            of_object(&|object| &object.name),
            of_object(&|object| object.key.as_deref().unwrap_or_default()),
            &self.index,
            &self.names,
            self.subject,
            self.issuer,
            self.serial,
            &self.not_before,
            &self.not_after,
            // A number of ours: its minus begins no formula.
            "",
            &self.key_type,
            self.self_signed,
            &self.sha256,
            &self.users,
            self.owner,
            &self.findings,
            self.message,
            &self.remedy,
            place.map_or("", |place| &place.path),
            &line,
        ];
        for (at, cell) in cells.into_iter().enumerate() {
            let between = if at == 0 { "" } else { "," };
            if at == DAYS_LEFT {
                write!(out, "{between}{}", self.days_left)?;
            } else {
                write!(out, "{between}{}", escaped(cell))?;
            }
        }
        out.write_all(b"\r\n")
    }
}

/// The column of days.
const DAYS_LEFT: usize = 16;

/// A cell, harmless, and in quotes where it has what ends a cell.
fn escaped(text: &str) -> Cow<'_, str> {
    const BEGINS_FORMULA: [char; 10] =
        ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let shown = harmless::line(text);
    let is_formula = text.starts_with(BEGINS_FORMULA);
    let is_quoted = shown.contains(['"', ',']) || shown.trim() != &*shown;
    if !is_formula && !is_quoted {
        return shown;
    }
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", shown.replace('"', "\"\"")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (text, cell) in [
            ("web", "web"),
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            (" a", "\" a\""),
            ("a\r\nb", "a\\r\\nb"),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\\t=1\""),
            ("\r=1", "\"'\\r=1\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\""),
            ("*.shop.example", "*.shop.example"),
        ] {
            assert_eq!(escaped(text), cell, "{text:?}");
        }
    }

    #[test]
    fn the_column_of_days_is_where_it_is_written() {
        assert_eq!(COLUMNS.get(DAYS_LEFT), Some(&"daysLeft"));
    }
}
