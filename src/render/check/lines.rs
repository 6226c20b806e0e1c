//! Short forms of the report for pipes: a finding a line, names alone, and the document as YAML.

use super::findings::told;
use super::json;
use crate::object_ref::ObjectRef;
use crate::render::harmless;
use crate::render::layout::name;
use crate::render::model::{FindingRow, Model};
use crate::render::page::Page;
use crate::render::yaml;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Write as _};

/// `-o lines`: one finding a line, first the file and the line on which its document begins, as compilers
/// write them.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    for finding in told_of(model) {
        let place = finding.object.place.as_ref();
        let place = place.map_or_else(String::new, |place| {
            format!("{}:{}: ", harmless::line(&place.path), place.line)
        });
        let (severity, rule) = (finding.severity.as_str(), finding.rule);
        let object = name(finding.object, model.look.namespaces);
        let message = told(&finding, &model.affected(&finding));
        writeln!(out, "{place}{severity}: {rule}: {object}: {}", harmless::line(&message))?;
    }
    Ok(())
}

/// `-o name`: `KIND/NAME` of every object that something is found of, once; with `--expires-within` of
/// every Secret that ends by then.
pub(in crate::render) fn write_names(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let ending: Vec<&ObjectRef> = match model.look.ends_by {
        Some(_) => model.holders().into_iter().map(|row| row.object).collect(),
        None => Vec::new(),
    };
    let found: Vec<FindingRow<'_>> = told_of(model).collect();
    let mut shown = BTreeSet::new();
    for object in ending.into_iter().chain(found.iter().map(|finding| finding.object)) {
        let name = name(&ObjectRef { key: None, ..object.clone() }, model.look.namespaces);
        if shown.insert(name.clone()) {
            writeln!(out, "{name}")?;
        }
    }
    Ok(())
}

/// `-o yaml`: the document of `-o json`. YAML writes most characters as they are, so those that move,
/// hide or forge text are shown as their codes.
pub(in crate::render) fn write_yaml(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let mut text = Vec::new();
    json::write(model, &mut Page::unwrapped(&mut text))?;
    let document = shown(serde_json::from_slice(&text)?);
    let text = yaml::text(&document).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// Every string of it made harmless, keys too.
pub(super) fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => harmless::line(&text).into(),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(key, value)| (harmless::line(&key).into_owned(), shown(value))).collect()
        }
        other => other,
    }
}

/// The findings that are told: waived and known ones only with `--all`.
fn told_of<'i>(model: &Model<'i>) -> impl Iterator<Item = FindingRow<'i>> {
    let all = model.look.all;
    model.findings().filter(move |finding| all || finding.counts)
}
