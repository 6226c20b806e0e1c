//! `certwright.dev/check/v1`: written row by row, without a copy of the report.

use crate::audit::finding::Severity;
use crate::instant;
use crate::inventory::Coverage;
use crate::render::json::{self, Rows};
use crate::render::model::{HostRow, ManagedRow, Model};
use crate::render::page::Page;
use crate::render::wire::{
    WireCertificate, WireFinding, WireManaged, WireProblem, WireRef, source,
};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};
use std::io;

/// Writes the document.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    json::write_rows(&Document { schema: "certwright.dev/check/v1", model }, out)
}

/// The document, to which another may add.
pub(in crate::render) struct Document<'m, 'i> {
    pub(in crate::render) schema: &'static str,
    pub(in crate::render) model: &'m Model<'i>,
}

impl Serialize for Document<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let model = self.model;
        let mut fields = serializer.serialize_struct("Document", 15)?;
        fields.serialize_field("schema", self.schema)?;
        fields.serialize_field("at", &instant::show(model.report.now))?;
        fields.serialize_field("source", source(model.report.source))?;
        fields.serialize_field("context", &model.looked.context)?;
        fields.serialize_field("server", &model.looked.server)?;
        fields.serialize_field("user", &model.looked.user)?;
        fields.serialize_field("complete", &model.report.complete)?;
        fields.serialize_field("summary", &Summary::of(model))?;
        let certificates = || model.certificates().map(|row| WireCertificate::of(&row));
        fields.serialize_field("certificates", &Rows(certificates))?;
        fields.serialize_field("hosts", &Rows(|| model.hosts().map(WireHost::of)))?;
        let managed = model.managed();
        fields.serialize_field("managed", &Rows(|| managed.iter().map(WireManagedRow::of)))?;
        let finding = |row| WireFinding::of(row, model.affected(&row));
        fields.serialize_field("findings", &Rows(|| model.findings().map(finding)))?;
        fields.serialize_field("problems", &Rows(|| model.problems().map(WireProblem::of)))?;
        fields.serialize_field("unreadUsers", &model.inventory.unread_users())?;
        fields.serialize_field("notes", &Rows(|| model.notes().map(WireProblem::of)))?;
        fields.end()
    }
}

#[derive(Serialize)]
struct Summary {
    certificates: usize,
    hosts: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
    waived: usize,
    /// None without a baseline.
    known: Option<usize>,
    /// The same.
    fixed: Option<usize>,
}

impl Summary {
    fn of(model: &Model<'_>) -> Self {
        Self {
            certificates: model.certificates().count(),
            hosts: model.hosts().count(),
            errors: model.report.count(Severity::Error),
            warnings: model.report.count(Severity::Warning),
            infos: model.report.count(Severity::Info),
            waived: model.report.waived(),
            known: model.report.compared.as_ref().map(|_| model.report.known()),
            fixed: model.report.compared.as_ref().map(|compared| compared.fixed),
        }
    }
}

#[derive(Serialize)]
struct WireHost<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    host: &'a str,
    covered: &'static str,
    by: Option<WireRef<'static>>,
    #[serde(rename = "match")]
    pattern: Option<String>,
}

impl<'a> WireHost<'a> {
    fn of(row: HostRow<'a>) -> Self {
        let (covered, by, pattern) = match row.coverage() {
            Coverage::Covered { by, pattern } => ("yes", Some(WireRef::owned(by)), Some(pattern)),
            Coverage::NotCovered { .. } | Coverage::NoCertificate | Coverage::WithoutTls => {
                ("no", None, None)
            }
            Coverage::Unknown(_) => ("unknown", None, None),
        };
        Self {
            object: WireRef::of(&row.frontend.object),
            host: &row.demand.host,
            covered,
            by,
            pattern,
        }
    }
}

#[derive(Serialize)]
struct WireManagedRow<'a> {
    #[serde(flatten)]
    managed: WireManaged<'a>,
    ingresses: Vec<&'a str>,
}

impl<'a> WireManagedRow<'a> {
    fn of(ManagedRow(status): &'a ManagedRow<'_>) -> Self {
        let ingresses = status.ingresses.iter();
        Self {
            managed: WireManaged::of(&status.facts.object, status.managed),
            ingresses: ingresses.map(|(it, _)| it.frontend.object.name.as_str()).collect(),
        }
    }
}
