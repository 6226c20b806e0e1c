//! A report on several clusters: each was seen and judged by itself, and they are told one behind the other,
//! or as one document in which every reference says its context.
//!
//! Refuses to judge, and to mix: what is in one cluster says nothing of another.

use super::{json, lines, table};
use crate::render::harmless;
use crate::render::json as document;
use crate::render::model::Model;
use crate::render::page::Page;
use crate::render::yaml;
use serde_json::{Map, Value, json};
use std::io::{self, Write as _};

/// What was seen of one cluster.
#[derive(Debug)]
pub struct ContextReport<'m> {
    /// The kubeconfig's context.
    pub context: &'m str,
    /// Its report, or why there is none.
    pub seen: Result<Model<'m>, &'m str>,
}

/// Writes the report on several clusters.
pub type WriteContexts = fn(&[ContextReport<'_>], &mut Page<'_>) -> io::Result<()>;

/// What writes it in the format of this name, where that can be.
#[must_use]
pub fn writer(format: &str) -> Option<WriteContexts> {
    match format {
        "table" => Some(|all, out| write_apart(all, table::write, out)),
        "wide" => Some(|all, out| write_apart(all, table::write_wide, out)),
        "lines" => Some(|all, out| write_prefixed(all, lines::write, ": ", out)),
        "name" => Some(|all, out| write_prefixed(all, lines::write_names, " ", out)),
        "json" => Some(write_json),
        "yaml" => Some(write_yaml),
        _ => None,
    }
}

/// How one model is written.
type Write = fn(&Model<'_>, &mut Page<'_>) -> io::Result<()>;

fn write_apart(all: &[ContextReport<'_>], write: Write, out: &mut Page<'_>) -> io::Result<()> {
    for (number, one) in all.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        match &one.seen {
            Ok(model) => write(model, out)?,
            Err(why) => {
                writeln!(out, "not read context {}: {}", shown(one.context), harmless::line(why))?;
            }
        }
    }
    Ok(())
}

/// A line each, the context before it.
fn write_prefixed(
    all: &[ContextReport<'_>],
    write: Write,
    behind: &str,
    out: &mut Page<'_>,
) -> io::Result<()> {
    for one in all {
        let Ok(model) = &one.seen else { continue };
        let mut text = Vec::new();
        write(model, &mut Page::unwrapped(&mut text))?;
        for line in String::from_utf8_lossy(&text).lines() {
            writeln!(out, "{}{behind}{line}", shown(one.context))?;
        }
    }
    Ok(())
}

fn shown(context: &str) -> String {
    harmless::line(context).into_owned()
}

fn write_json(all: &[ContextReport<'_>], out: &mut Page<'_>) -> io::Result<()> {
    document::write(&merged(all)?, out)
}

fn write_yaml(all: &[ContextReport<'_>], out: &mut Page<'_>) -> io::Result<()> {
    let text = yaml::text(&lines::shown(merged(all)?)).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// The lists of a document that are put together.
const LISTS: [&str; 7] =
    ["certificates", "hosts", "managed", "findings", "problems", "unreadUsers", "notes"];
/// The counts that are added up.
const COUNTS: [&str; 6] = ["certificates", "hosts", "errors", "warnings", "infos", "waived"];
/// What only a baseline says, and there is none of several clusters.
const OF_A_BASELINE: [&str; 2] = ["known", "fixed"];

/// The documents of all, as one of the same form; `contexts` has what each says of itself.
fn merged(all: &[ContextReport<'_>]) -> io::Result<Value> {
    let mut lists: Map<String, Value> =
        LISTS.iter().map(|list| ((*list).into(), json!([]))).collect();
    let mut counts: Map<String, Value> =
        COUNTS.iter().map(|count| ((*count).into(), json!(0))).collect();
    counts.extend(OF_A_BASELINE.map(|count| (count.to_owned(), Value::Null)));
    let (mut contexts, mut at, mut complete) = (Vec::new(), Value::Null, true);
    for one in all {
        let mut document = match &one.seen {
            Ok(model) => read(model)?,
            Err(why) => unseen(one.context, why),
        };
        complete &= document["complete"] == true;
        at = if at.is_null() { document["at"].take() } else { at };
        for count in COUNTS {
            let sum = |value: &Value| value.as_u64().unwrap_or_default();
            let number = sum(&counts[count]) + sum(&document["summary"][count]);
            counts[count] = number.into();
        }
        for list in LISTS {
            let mut rows = document[list].take();
            say_context(&mut rows, one.context);
            if let (Some(all), Value::Array(rows)) = (lists[list].as_array_mut(), rows) {
                all.extend(rows);
            }
        }
        contexts.push(json!({
            "context": one.context,
            "server": document["server"],
            "user": document["user"],
            "complete": document["complete"],
            "summary": document["summary"],
            "message": one.seen.as_ref().err(),
        }));
    }
    let mut whole = json!({
        "schema": "certwright.dev/check/v1",
        "at": at,
        "source": "cluster",
        "context": null,
        "server": null,
        "user": null,
        "contexts": contexts,
        "complete": complete,
        "summary": counts,
    });
    if let Some(fields) = whole.as_object_mut() {
        fields.extend(lists);
    }
    Ok(whole)
}

fn read(model: &Model<'_>) -> io::Result<Value> {
    let mut text = Vec::new();
    json::write(model, &mut Page::unwrapped(&mut text))?;
    Ok(serde_json::from_slice(&text)?)
}

/// The document of a cluster that could not be looked at: a problem and nothing else.
fn unseen(context: &str, why: &str) -> Value {
    let object = json!({
        "kind": "Context", "namespace": null, "name": context, "key": null, "path": null,
        "document": null, "item": null, "context": null,
    });
    json!({
        "complete": false,
        "problems": [{ "ref": object, "message": why }],
    })
}

/// Every reference says its context.
fn say_context(value: &mut Value, context: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| say_context(item, context)),
        Value::Object(fields) => {
            let is_reference = fields.contains_key("kind") && fields.contains_key("namespace");
            if is_reference && fields.get("context").is_some_and(Value::is_null) {
                fields.insert("context".to_owned(), context.into());
            }
            fields.values_mut().for_each(|field| say_context(field, context));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
