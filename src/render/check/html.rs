//! `-o html`: one page, complete in itself: a timeline of what ends when, and every row, filtered and
//! sorted by a script of ours.
//!
//! The page asks for nothing: no address of another host stands in it, and its policy lets no script run
//! but the one that it comes with. What came from outside is data in it, never markup: the script shows
//! it as text.

use super::findings::hurt;
use super::markup::escaped;
use super::{place, sum};
use crate::audit::status::Status;
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::render::harmless;
use crate::render::json::{self, Rows};
use crate::render::model::{FindingRow, HolderRow, ManagedRow, Model, ProblemRow};
use crate::render::page::Page;
use crate::x509::digest::sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::Serializer;
use std::io::{self, Write as _};

const STYLE: &str = include_str!("html/page.css");
const BODY: &str = include_str!("html/body.html");
const SCRIPT: &str = include_str!("html/page.js");

/// Writes the page.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let at = instant::show(model.report.now);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        source(SCRIPT),
        source(STYLE)
    );
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
    writeln!(out, "<title>Certificates, {at}</title>\n<style>{STYLE}</style>\n</head>\n<body>")?;
    writeln!(
        out,
        "<header>\n<h1>Certificates</h1>\n<p id=\"summary\">{}</p>",
        summary(model, &at)
    )?;
    write!(out, "{BODY}<script type=\"application/json\" id=\"data\">")?;
    json::write_embedded(&data(model), out)?;
    writeln!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>")
}

/// How a policy names a script or style: by what is in it.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(sha256(text.as_bytes())))
}

fn summary(model: &Model<'_>, at: &str) -> String {
    let parts = sum::by_severity(model.report);
    let verdict = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let place = model.looked.place.as_str();
    let place = if place.is_empty() { String::new() } else { format!(", looked at {place}") };
    let incomplete = if model.report.complete { "" } else { "; not everything could be read" };
    escaped(&format!("{verdict}{incomplete}{place}, judged as of {at}"))
}

fn data<'m>(model: &'m Model<'_>) -> impl Serialize + 'm {
    let certificates = || {
        let holders = model.holders().into_iter().map(|row| Row::of_holder(&row));
        holders.chain(model.managed().into_iter().map(Row::of_managed)).collect::<Vec<_>>()
    };
    let unread = || {
        let problems = model.problems().map(|row| Unread::of(row, true));
        problems.chain(model.notes().map(|row| Unread::of(row, false)))
    };
    Data {
        at: instant::show(model.report.now),
        complete: model.report.complete,
        certificates: Rows(move || certificates().into_iter()),
        findings: Rows(move || model.findings().map(move |row| FoundRow::of(model, row))),
        unread: Rows(unread),
    }
}

#[derive(Serialize)]
struct Data<C, F, U> {
    at: String,
    complete: bool,
    certificates: C,
    findings: F,
    unread: U,
}

/// Text as it may be shown.
struct Shown(String);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&harmless::line(&self.0))
    }
}

/// What holds a certificate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    status: Shown,
    severity: &'static str,
    namespace: Shown,
    object: Shown,
    names: Vec<Shown>,
    begins: Option<String>,
    ends: Option<String>,
    days: Option<i64>,
    used_by: Vec<Shown>,
    owner: Shown,
    key_type: Shown,
    issuer: Shown,
}

impl Row {
    fn of_holder(row: &HolderRow<'_>) -> Self {
        let leaf = row.leaf;
        let users = row.users().into_iter().map(|user| user.object.short());
        let uses = row.uses().into_iter().map(|one| one.workload.short());
        let names = leaf.into_iter().flat_map(|leaf| &leaf.names);
        Self {
            status: Shown(row.status.as_str().to_owned()),
            severity: severity(row.status),
            namespace: Shown(row.object.namespace().to_owned()),
            object: named(row.object),
            names: names.map(|name| Shown(name.to_string())).collect(),
            begins: leaf.map(|leaf| instant::show_date(leaf.not_before)),
            ends: leaf.map(|leaf| instant::show_date(leaf.not_after)),
            days: row.whole_days(),
            used_by: users.chain(uses).map(Shown).collect(),
            owner: Shown(row.owner().unwrap_or_default().to_owned()),
            key_type: Shown(leaf.map(|leaf| leaf.key_type.to_string()).unwrap_or_default()),
            issuer: Shown(leaf.map(|leaf| leaf.issuer.to_string()).unwrap_or_default()),
        }
    }

    /// Google renews these: its rules say what is wrong with one, and its own word stands here.
    fn of_managed(ManagedRow(row): ManagedRow<'_>) -> Self {
        let ingresses = row.ingresses.iter();
        let users = ingresses.map(|(it, _)| Shown(it.frontend.object.short()));
        Self {
            status: Shown(row.managed.status.clone().unwrap_or_default()),
            severity: "ok",
            namespace: Shown(row.facts.object.namespace().to_owned()),
            object: named(&row.facts.object),
            names: row.managed.domains.iter().cloned().map(Shown).collect(),
            begins: None,
            ends: row.expires().map(instant::show_date),
            days: None,
            used_by: users.collect(),
            owner: Shown("Google".to_owned()),
            key_type: Shown(String::new()),
            issuer: Shown(String::new()),
        }
    }
}

/// What a row is filtered by.
fn severity(status: Status) -> &'static str {
    status.severity().map_or("ok", |severity| severity.as_str())
}

/// One finding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundRow {
    severity: &'static str,
    rule: &'static str,
    namespace: Shown,
    object: Shown,
    place: Shown,
    message: Shown,
    affected: Shown,
    remedy: Shown,
    is_command: bool,
    waived: bool,
}

impl FoundRow {
    fn of(model: &Model<'_>, row: FindingRow<'_>) -> Self {
        let place = place::of(row.object);
        let place = place.map(|place| format!("{}:{}", place.path, place.line));
        Self {
            severity: row.severity.as_str(),
            rule: row.rule,
            namespace: Shown(row.object.namespace().to_owned()),
            object: named(row.object),
            place: Shown(place.unwrap_or_default()),
            message: Shown(row.message.to_owned()),
            affected: Shown(hurt(&model.affected(&row))),
            remedy: Shown(row.remedy.to_string()),
            is_command: row.remedy.is_command(),
            waived: row.waived,
        }
    }
}

/// One thing that could not be read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unread {
    namespace: Shown,
    object: Shown,
    message: Shown,
    matters: bool,
}

impl Unread {
    fn of(row: ProblemRow<'_>, matters: bool) -> Self {
        let object = if row.object.name.is_empty() {
            Shown(row.object.kind.plural().to_owned())
        } else {
            named(row.object)
        };
        Self {
            namespace: Shown(row.object.namespace().to_owned()),
            object,
            message: Shown(row.message.to_owned()),
            matters,
        }
    }
}

fn named(object: &ObjectRef) -> Shown {
    let key = object.key.as_deref().map(|key| format!(":{key}")).unwrap_or_default();
    Shown(format!("{}{key}", object.short()))
}
