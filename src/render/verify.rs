//! The report of `verify`, as JSON (`certwright.dev/verify/v1`) and as a table: a row for each host
//! and address, what is to be said of them, and the settings that work.

use super::check::{Look, write_finding, write_problem};
use super::clients::{self, WireClients};
use super::json;
use super::layout::{Columns, GOOD, count, style};
use super::wire::{WireCertificate, WireFinding, WireProblem, WireRef, source};
use crate::audit::Report;
use crate::audit::finding::Severity;
use crate::audit::served::{Answer, Serves, answers, without_address};
use crate::instant;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::handshake::HandshakeFailure;
use crate::plan::clients::Connection;
use crate::x509::possession::Possession;
use serde::Serialize;
use std::io::{self, Write};

/// What is shown beside the inventory and the report.
#[derive(Debug)]
pub struct Verified<'i> {
    /// The settings to show.
    pub connections: Vec<Connection<'i>>,
    /// Where the certificates to pin were written.
    pub trust_file: Option<&'i str>,
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    at: String,
    source: &'static str,
    complete: bool,
    summary: Summary,
    served: Vec<WireServed>,
    clients: Vec<WireClients>,
    findings: Vec<WireFinding>,
    problems: Vec<WireProblem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    endpoints: usize,
    as_stored: usize,
    without_address: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireServed {
    #[serde(rename = "ref")]
    object: WireRef,
    host: String,
    server_name: String,
    endpoint: String,
    address: Option<String>,
    serves: &'static str,
    secret: Option<WireRef>,
    default_of: Option<&'static str>,
    tls_version: Option<&'static str>,
    alpn: Option<String>,
    cipher: Option<String>,
    key_proven: Option<bool>,
    client_certificate: bool,
    chain: Vec<WireCertificate>,
    failure: Option<WireFailure>,
}

#[derive(Serialize)]
struct WireFailure {
    kind: &'static str,
    stage: &'static str,
    alert: Option<u8>,
    message: String,
}

/// Writes the JSON document.
///
/// # Errors
/// What the writer says.
pub fn write_json(
    inventory: &Inventory,
    report: &Report,
    verified: &Verified<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let answers = answers(inventory);
    let nowhere = without_address(inventory);
    let document = Document {
        schema: "certwright.dev/verify/v1",
        at: instant::show(report.now),
        source: source(report.source),
        complete: report.complete,
        summary: Summary {
            endpoints: answers.len(),
            as_stored: as_stored(&answers),
            without_address: nowhere.len(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            infos: report.count(Severity::Info),
        },
        served: answers.iter().map(|answer| wire_served(answer, report)).collect(),
        clients: verified
            .connections
            .iter()
            .map(|connection| WireClients::of(connection, verified.trust_file))
            .collect(),
        findings: report.findings.iter().map(WireFinding::of).collect(),
        problems: report.problems.iter().map(WireProblem::of).collect(),
    };
    json::write(&document, out)
}

fn as_stored(answers: &[Answer<'_>]) -> usize {
    answers.iter().filter(|answer| matches!(answer.serves, Serves::Stored(_))).count()
}

fn wire_served(answer: &Answer<'_>, report: &Report) -> WireServed {
    let served = answer.served;
    let agreed = served.agreed.as_ref();
    let place = ObjectRef::endpoint(served.place());
    let (secret, default_of) = match &answer.serves {
        Serves::Stored(secret) | Serves::Older(secret) => {
            (Some(WireRef::of(&secret.object.key("tls.crt"))), None)
        }
        Serves::Another(secrets) => {
            (secrets.first().map(|secret| WireRef::of(&secret.object.key("tls.crt"))), None)
        }
        Serves::Default(controller) => (None, Some(*controller)),
        Serves::Nothing | Serves::Unknown => (None, None),
    };
    let chain = served.bundle.certificates.iter().enumerate().map(|(index, certificate)| {
        WireCertificate::of(&place, index, certificate, (None, Vec::new()), report.now)
    });
    WireServed {
        object: WireRef::of(&answer.ingress.object),
        host: answer.demand.host.clone(),
        server_name: answer.demand.probe(),
        endpoint: served.endpoint.to_string(),
        address: served.address.map(|address| address.to_string()),
        serves: answer.serves.as_str(),
        secret,
        default_of,
        tls_version: agreed.map(|agreed| agreed.version),
        alpn: agreed.and_then(|agreed| agreed.alpn.clone()),
        cipher: agreed.map(|agreed| agreed.cipher.clone()),
        key_proven: match served.possession {
            Possession::Proven => Some(true),
            Possession::Disproven => Some(false),
            Possession::Unchecked => None,
        },
        client_certificate: served.asks_client_certificate,
        chain: chain.collect(),
        failure: served.failure.as_ref().map(wire_failure),
    }
}

fn wire_failure(failure: &HandshakeFailure) -> WireFailure {
    WireFailure {
        kind: failure.kind.as_str(),
        stage: failure.stage.as_str(),
        alert: failure.kind.alert(),
        message: failure.message.clone(),
    }
}

/// Writes the report for people.
///
/// # Errors
/// What the writer says.
pub fn write_table(
    inventory: &Inventory,
    report: &Report,
    verified: &Verified<'_>,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let answers = answers(inventory);
    rows(inventory, &answers, look, out)?;
    for finding in &report.findings {
        write_finding(finding, look, out)?;
    }
    for problem in &report.problems {
        write_problem(problem, out)?;
    }
    sum_up(&answers, report, out)?;
    for connection in &verified.connections {
        writeln!(out)?;
        clients::write_text(connection, verified.trust_file, out)?;
    }
    Ok(())
}

fn rows(
    inventory: &Inventory,
    answers: &[Answer<'_>],
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let nowhere = without_address(inventory);
    if answers.is_empty() && nowhere.is_empty() {
        return Ok(());
    }
    let mut heads = if look.namespaces { vec!["NAMESPACE"] } else { Vec::new() };
    heads.extend(["HOST", "ADDRESS", "SERVES", "EXPIRES", "TLS", "ALPN"]);
    let mut columns = Columns::new(&heads, look.no_headers, look.wide);
    let start = |ingress: &ObjectRef| {
        if look.namespaces { vec![ingress.namespace().to_owned()] } else { Vec::new() }
    };
    for answer in answers {
        let mut row = start(&answer.ingress.object);
        row.extend(cells(answer));
        columns.row(row);
    }
    for (ingress, demand) in nowhere {
        let mut row = start(&ingress.object);
        let dash = || "-".to_owned();
        row.extend([demand.host.clone(), dash(), "no address".to_owned(), dash(), dash(), dash()]);
        columns.row(row);
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

fn sum_up(answers: &[Answer<'_>], report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let looked = format!("{} of {} as stored", as_stored(answers), count(answers.len(), "answer"));
    let mut parts: Vec<String> = Vec::new();
    for (severity, noun) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        let number = report.count(severity);
        parts.extend((number > 0).then(|| count(number, noun)));
    }
    let infos = report.count(Severity::Info);
    parts.extend((infos > 0).then(|| format!("{infos} info")));
    let verdict = match (parts.is_empty(), report.complete) {
        (false, _) => parts.join(", "),
        (true, true) => format!("{GOOD}nothing to report{GOOD:#}"),
        (true, false) => {
            let colour = style(Severity::Warning);
            format!("{colour}incomplete{colour:#}")
        }
    };
    writeln!(out, "{looked}: {verdict}")
}
