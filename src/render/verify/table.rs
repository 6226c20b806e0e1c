//! The report of `verify` as a table: a row for each host and address, what is to be said of them, and
//! the settings that work.

use super::Verified;
use crate::audit::finding::Severity;
use crate::audit::served::{Answer, Serves};
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::render::check::table::{by_severity, write_finding, write_problem};
use crate::render::clients;
use crate::render::layout::{Columns, GOOD, count, style};
use std::io::{self, Write};

/// Writes the report for people.
pub(in crate::render) fn write(verified: &Verified<'_>, out: &mut dyn Write) -> io::Result<()> {
    rows(verified, out)?;
    for finding in verified.findings() {
        write_finding(&finding, verified.look.namespaces, out)?;
    }
    for problem in verified.problems() {
        write_problem(&problem, out)?;
    }
    sum_up(verified, out)?;
    for connection in &verified.connections {
        writeln!(out)?;
        clients::write_text(connection, verified.trust_file, out)?;
    }
    Ok(())
}

fn rows(verified: &Verified<'_>, out: &mut dyn Write) -> io::Result<()> {
    if verified.answers.is_empty() && verified.without_address.is_empty() {
        return Ok(());
    }
    let look = verified.look;
    let mut heads = if look.namespaces { vec!["NAMESPACE"] } else { Vec::new() };
    heads.extend(["HOST", "ADDRESS", "SERVES", "EXPIRES", "TLS", "ALPN"]);
    let mut columns = Columns::new(&heads, look.no_headers, false);
    let mut row = |ingress: &ObjectRef, cells: [String; 6]| {
        let namespace = look.namespaces.then(|| ingress.namespace().to_owned());
        columns.row(namespace.into_iter().chain(cells));
    };
    for answer in &verified.answers {
        row(&answer.ingress.object, cells(answer));
    }
    for (ingress, demand) in &verified.without_address {
        let dash = || "-".to_owned();
        let none = "no address".to_owned();
        row(&ingress.object, [demand.host.clone(), dash(), none, dash(), dash(), dash()]);
    }
    columns.write(if look.namespaces { 2 } else { 1 }, out)?;
    writeln!(out)
}

fn cells(answer: &Answer<'_>) -> [String; 6] {
    let served = answer.served;
    let dash = || "-".to_owned();
    let serves = match (&answer.serves, &served.failure) {
        (Serves::Nothing, Some(failure)) => failure.kind.as_str().to_owned(),
        (serves, _) => serves.as_str().to_owned(),
    };
    let agreed = served.agreed.as_ref();
    [
        answer.demand.host.clone(),
        served.place(),
        serves,
        served.leaf().map_or_else(dash, |leaf| instant::show_date(leaf.not_after)),
        agreed.map_or_else(dash, |agreed| agreed.version.to_owned()),
        agreed.and_then(|agreed| agreed.alpn.clone()).unwrap_or_else(dash),
    ]
}

fn sum_up(verified: &Verified<'_>, out: &mut dyn Write) -> io::Result<()> {
    let answers = count(verified.answers.len(), "answer");
    let looked = format!("{} of {answers} as stored", verified.as_stored());
    let parts = by_severity(verified.report);
    let verdict = match (parts.is_empty(), verified.report.complete) {
        (false, _) => parts.join(", "),
        (true, true) => format!("{GOOD}nothing to report{GOOD:#}"),
        (true, false) => {
            let colour = style(Severity::Warning);
            format!("{colour}incomplete{colour:#}")
        }
    };
    writeln!(out, "{looked}: {verdict}")
}
