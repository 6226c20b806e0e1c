//! The table of hosts for which no certificate of the table above is served: none covers them, or nobody
//! can tell. And of those that the user asked for.

use crate::audit::finding::Severity;
use crate::inventory::Coverage;
use crate::inventory::frontend::Demand;
use crate::object_ref::{Kind, ObjectRef};
use crate::render::layout::{Columns, some, status_of, style};
use crate::render::model::{HostRow, Model};
use crate::render::page::Page;
use crate::x509::cert::HostMatch;
use anstyle::Style;
use std::io::{self, Write as _};

/// Writes at most so many of them; tells whether there was any.
pub(super) fn write(model: &Model<'_>, most: usize, out: &mut Page<'_>) -> io::Result<bool> {
    if model.look.ends_by.is_some() || model.report.is_narrowed {
        return Ok(false);
    }
    let mut rows: Vec<(u8, &'static str, String, HostRow<'_>)> = Vec::new();
    for row in model.hosts() {
        let (rank, word, why) = match row.coverage() {
            // Who covers what was asked for is the answer.
            Coverage::Covered { by, .. } if is_wanted(&row) => (4, "COVERED", covered_by(&by)),
            Coverage::Covered { .. } => continue,
            Coverage::NotCovered { .. } if is_wanted(&row) => {
                (0, "NOT COVERED", "no certificate that was seen names it".to_owned())
            }
            Coverage::NotCovered { looked_at } => (0, "NOT COVERED", not_in(&looked_at)),
            Coverage::NoCertificate => (1, "NO CERTIFICATE", of_secrets(row.demand)),
            Coverage::WithoutTls => (2, "NO TLS", without_tls(row.frontend.object.kind).to_owned()),
            Coverage::Unknown(why) => (3, "UNKNOWN", why),
        };
        rows.push((rank, word, why, row));
    }
    if rows.is_empty() {
        return Ok(false);
    }
    rows.sort_by_key(|(rank, ..)| *rank);
    let mut heads = vec!["STATUS"];
    heads.extend(model.look.namespaces.then_some("NAMESPACE"));
    // Where there are Ingresses alone, their kind is said once.
    let mut served = rows.iter().map(|(.., row)| row).filter(|row| !is_wanted(row));
    let alone = served.all(|row| row.frontend.object.kind == Kind::Ingress);
    heads.extend(["HOST", if alone { "INGRESS" } else { "SERVED BY" }, "WHY"]);
    let mut columns = Columns::new(heads, model.look.no_headers).spare(&["WHY"]);
    for (rank, word, why, row) in rows.iter().take(most) {
        let object = &row.frontend.object;
        let mut cells = vec![status_of(word, out.width())];
        cells.extend(model.look.namespaces.then(|| object.namespace().to_owned()));
        let name = match object.kind {
            Kind::Endpoint => String::new(),
            _ if alone => object.name.clone(),
            _ => object.short(),
        };
        cells.extend([row.demand.host.clone(), name, why.clone()]);
        let colour = if *rank < 2 { style(Severity::Error) } else { Style::new() };
        columns.styled_row(colour, cells);
    }
    columns.write(out)?;
    let more = rows.len().saturating_sub(most);
    if more > 0 {
        writeln!(out, "and {more} more hosts; --all shows them")?;
    }
    Ok(true)
}

/// Whether it is one of which the user says that it has to be covered.
fn is_wanted(row: &HostRow<'_>) -> bool {
    row.frontend.object.kind == Kind::Endpoint
}

fn covered_by(by: &ObjectRef) -> String {
    let place = by.namespace.as_ref().map_or_else(String::new, |it| format!(" in namespace {it}"));
    format!("by {}{place}", by.short())
}

fn without_tls(kind: Kind) -> &'static str {
    match kind {
        Kind::Route => "it has no spec.tls",
        _ => "no tls entry names it",
    }
}

/// `not a name of secret/web-tls`.
fn not_in(looked_at: &[(ObjectRef, HostMatch)]) -> String {
    let names: Vec<String> = looked_at.iter().map(|(secret, _)| secret.short()).collect();
    format!("not a name of {}", some(&names, 2))
}

/// Which Secrets it is that have none.
fn of_secrets(demand: &Demand) -> String {
    let names: Vec<String> = demand.secrets.iter().map(ObjectRef::short).collect();
    if names.is_empty() { String::new() } else { format!("see {}", some(&names, 2)) }
}
