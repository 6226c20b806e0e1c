//! `managed status`, as JSON (`certwright.dev/managed-status/v1`) and as a table: a row a domain,
//! and under each certificate that is not well, why and what to do.

use super::json;
use super::layout::{Columns, name, sentence, style};
use super::wire::{UsedBy, WireRef};
use crate::audit::finding::Severity;
use crate::gke::managed::{certificate_meaning, domain_meaning};
use crate::plan::managed::Standing;
use crate::x509::instant;
use serde::Serialize;
use std::io::{self, Write};
use time::OffsetDateTime;

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    at: String,
    managed: Vec<WireManaged>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireManaged {
    #[serde(rename = "ref")]
    object: WireRef,
    status: Option<String>,
    certificate_name: Option<String>,
    expire_time: Option<String>,
    domains: Vec<WireDomain>,
    ingresses: Vec<UsedBy>,
    active: bool,
    reason: Option<String>,
    remedy: Option<String>,
}

#[derive(Serialize)]
struct WireDomain {
    domain: String,
    status: Option<String>,
    meaning: Option<&'static str>,
    remedy: Option<&'static str>,
}

/// Writes the JSON document.
///
/// # Errors
/// What the writer says.
pub fn write_json(
    standings: &[Standing<'_>],
    now: OffsetDateTime,
    out: &mut impl Write,
) -> io::Result<()> {
    let managed = standings.iter().map(wire).collect();
    json::write(
        &Document { schema: "certwright.dev/managed-status/v1", at: instant::show(now), managed },
        out,
    )
}

fn wire(standing: &Standing<'_>) -> WireManaged {
    let trouble = trouble(standing);
    WireManaged {
        object: WireRef::of(&standing.facts.object),
        status: standing.managed.status.clone(),
        certificate_name: standing.managed.certificate_name.clone(),
        expire_time: standing.expires().map(instant::show),
        domains: standing
            .rows()
            .into_iter()
            .map(|(domain, status)| {
                let meaning = status.as_deref().map(domain_meaning);
                WireDomain {
                    domain,
                    meaning: meaning.map(|meaning| meaning.meaning),
                    remedy: meaning.map(|meaning| meaning.remedy),
                    status,
                }
            })
            .collect(),
        ingresses: standing
            .ingresses
            .iter()
            .map(|(ingress, _)| UsedBy::of(&ingress.object))
            .collect(),
        active: standing.managed.is_active(),
        reason: trouble.as_ref().map(|(reason, _)| reason.clone()),
        remedy: trouble.map(|(_, remedy)| remedy),
    }
}

/// Writes the table.
///
/// # Errors
/// What the writer says.
pub fn write_table(
    standings: &[Standing<'_>],
    now: OffsetDateTime,
    namespaces: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if standings.is_empty() {
        return writeln!(out, "no ManagedCertificates");
    }
    let mut heads = if namespaces { vec!["NAMESPACE"] } else { Vec::new() };
    heads.extend(["NAME", "DOMAIN", "STATUS", "EXPIRES", "DAYS", "INGRESSES"]);
    let mut columns = Columns::new(&heads, false, false);
    for standing in standings {
        for (domain, status) in standing.rows() {
            columns.row(row(standing, domain, status, now, namespaces));
        }
    }
    columns.write(if namespaces { 3 } else { 2 }, out)?;
    for standing in standings {
        if let Some((reason, remedy)) = trouble(standing) {
            let severity =
                if standing.hopeless().is_some() { Severity::Error } else { Severity::Warning };
            let colour = style(severity);
            writeln!(
                out,
                "{colour}{:<8}{colour:#} {}",
                severity.as_str(),
                name(&standing.facts.object, namespaces)
            )?;
            sentence("         ", "         ", &reason, out)?;
            sentence("           ", "         → ", &remedy, out)?;
        }
    }
    Ok(())
}

fn row(
    standing: &Standing<'_>,
    domain: String,
    status: Option<String>,
    now: OffsetDateTime,
    namespaces: bool,
) -> Vec<String> {
    let object = &standing.facts.object;
    let mut row = if namespaces { vec![object.namespace().to_owned()] } else { Vec::new() };
    let expires = standing.expires();
    let days = expires
        .map(|at| (at.unix_timestamp() - now.unix_timestamp()).div_euclid(86_400).to_string());
    let ingresses: Vec<String> =
        standing.ingresses.iter().map(|(ingress, _)| ingress.object.name.clone()).collect();
    row.extend([
        object.name.clone(),
        domain,
        status.or_else(|| standing.managed.status.clone()).unwrap_or_else(|| "-".to_owned()),
        expires.map_or_else(|| "-".to_owned(), instant::show_date),
        days.unwrap_or_else(|| "-".to_owned()),
        if ingresses.is_empty() { "-".to_owned() } else { ingresses.join(",") },
    ]);
    row
}

/// Why it is not well, and what to do: what cannot heal first, then the first domain that waits.
fn trouble(standing: &Standing<'_>) -> Option<(String, String)> {
    if standing.managed.is_active() {
        return None;
    }
    if let Some(hopeless) = standing.hopeless() {
        return Some(hopeless);
    }
    let waiting = standing.managed.domain_status.iter().find(|(_, status)| status != "Active");
    if let Some((domain, status)) =
        waiting.filter(|(_, status)| !matches!(status.as_str(), "Provisioning" | ""))
    {
        let meaning = domain_meaning(status);
        return Some((
            format!("{domain}: {status}: {}", meaning.meaning),
            meaning.remedy.to_owned(),
        ));
    }
    let status = standing.managed.status.as_deref().unwrap_or_default();
    let meaning = certificate_meaning(status);
    let shown = if status.is_empty() { "no status" } else { status };
    Some((format!("{shown}: {}", meaning.meaning), meaning.remedy.to_owned()))
}
