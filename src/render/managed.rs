//! `managed status`, as JSON (`certwright.dev/managed-status/v1`) and as a table: a row a
//! certificate and below it a row a domain; then, for each that is not well, why and what to do.

use super::json;
use super::layout::{Columns, name, sentence, style, write_remedy};
use super::wire::{UsedBy, WireRef};
use crate::audit::finding::Severity;
use crate::gke::managed::domain_meaning;
use crate::instant;
use crate::plan::managed::ManagedStatus;
use crate::remedy::Advice;
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
    created: Option<String>,
    expire_time: Option<String>,
    days_left: Option<i64>,
    domains: Vec<WireDomain>,
    ingresses: Vec<UsedBy>,
    active: bool,
    reason: Option<String>,
    remedy: Option<String>,
    warnings: Vec<WireWarning>,
}

/// What a controller warned of last.
#[derive(Serialize)]
struct WireWarning {
    #[serde(rename = "ref")]
    object: WireRef,
    at: Option<String>,
    message: String,
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
    statuses: &[ManagedStatus<'_>],
    now: OffsetDateTime,
    out: &mut impl Write,
) -> io::Result<()> {
    let managed = statuses.iter().map(|standing| wire(standing, now)).collect();
    json::write(
        &Document { schema: "certwright.dev/managed-status/v1", at: instant::show(now), managed },
        out,
    )
}

fn wire(standing: &ManagedStatus<'_>, now: OffsetDateTime) -> WireManaged {
    let trouble = trouble(standing);
    let warnings = standing.troubles.iter().map(|(object, trouble)| WireWarning {
        object: WireRef::of(object),
        at: trouble.at.map(instant::show),
        message: trouble.cause.clone(),
    });
    WireManaged {
        object: WireRef::of(&standing.facts.object),
        status: standing.managed.status.clone(),
        certificate_name: standing.managed.certificate_name.clone(),
        created: standing.facts.created.map(instant::show),
        expire_time: standing.expires().map(instant::show),
        days_left: standing.expires().map(|at| days(at, now)),
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
        reason: trouble.as_ref().map(|advice| advice.message.clone()),
        remedy: trouble.map(|advice| advice.remedy.to_string()),
        warnings: warnings.collect(),
    }
}

/// Writes the table.
///
/// # Errors
/// What the writer says.
pub fn write_table(
    statuses: &[ManagedStatus<'_>],
    now: OffsetDateTime,
    namespaces: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if statuses.is_empty() {
        return writeln!(out, "no ManagedCertificates");
    }
    let heads = ["NAME", "STATUS", "EXPIRES", "AGE", "INGRESSES"];
    let mut columns = Columns::new(&heads, false, false);
    let mut within = None;
    for standing in statuses {
        let namespace = standing.facts.object.namespace();
        if namespaces && within.replace(namespace) != Some(namespace) {
            columns.row([format!("{namespace}/")]);
        }
        columns.row(own_row(standing));
        for (domain, status) in standing.rows() {
            columns.row(domain_row(standing, &domain, status, now));
        }
    }
    columns.write(2, out)?;
    for standing in statuses {
        if let Some(Advice { message: reason, remedy }) = trouble(standing) {
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
            write_remedy(&remedy, out)?;
            for (object, trouble) in &standing.troubles {
                let at =
                    trouble.at.map_or_else(String::new, |at| format!(", {}", instant::show(at)));
                let told = format!("last warning on {}{at}: {}", object.short(), trouble.cause);
                sentence("         ", "         ", &told, out)?;
            }
        }
    }
    Ok(())
}

/// The certificate itself, above its domains.
fn own_row(standing: &ManagedStatus<'_>) -> [String; 2] {
    let status = standing.managed.status.clone();
    [standing.facts.object.name.clone(), status.unwrap_or_else(|| "-".to_owned())]
}

fn domain_row(
    standing: &ManagedStatus<'_>,
    domain: &str,
    status: Option<String>,
    now: OffsetDateTime,
) -> [String; 5] {
    let none = || "-".to_owned();
    let ingresses: Vec<&str> =
        standing.ingresses.iter().map(|(ingress, _)| ingress.object.name.as_str()).collect();
    [
        format!("  {domain}"),
        status.unwrap_or_else(none),
        standing.expires().map_or_else(none, instant::show_date),
        age(standing, now),
        if ingresses.is_empty() { none() } else { ingresses.join(", ") },
    ]
}

/// Whole days until then, negative when it is over.
fn days(at: OffsetDateTime, now: OffsetDateTime) -> i64 {
    (at.unix_timestamp() - now.unix_timestamp()).div_euclid(86_400)
}

/// How long it has been there, in its largest unit, as kubectl shows it.
fn age(standing: &ManagedStatus<'_>, now: OffsetDateTime) -> String {
    let Some(created) = standing.facts.created else { return "-".to_owned() };
    let seconds = (now.unix_timestamp() - created.unix_timestamp()).max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Why it is not well, and what to do: what cannot heal first, then the first domain that waits.
fn trouble(standing: &ManagedStatus<'_>) -> Option<Advice> {
    if standing.managed.is_active() {
        return None;
    }
    if let Some(hopeless) = standing.hopeless() {
        return Some(hopeless);
    }
    let (reason, remedy) = standing.managed.awaited();
    Some(Advice::new(reason, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::testing::{Given, of_objects};
    use crate::object_ref::{Kind, ObjectRef};
    use crate::plan::managed::statuses;
    use serde_json::json;
    use time::macros::datetime;

    /// The table of two certificates with names as long as people's are.
    fn table(namespaces: bool) -> String {
        let active = json!({
            "certificateName": "mcrt-1", "certificateStatus": "Active",
            "expireTime": "2027-02-19T00:00:00.000-07:00",
            "domainStatus": [{ "domain": "my-release.milvus.io", "status": "Active" }],
        });
        let stuck = json!({
            "certificateName": "mcrt-2", "certificateStatus": "Provisioning",
            "domainStatus": [{ "domain": "other-release.milvus.io", "status": "FailedNotVisible" }],
        });
        let managed = |name: &str, domain: &str, status| -> Given<'static> {
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, "vector-search", name);
            (object, &[], json!({ "domains": [domain] }), status)
        };
        let names = "my-release-milvus-tls,other-release-milvus-tls";
        let annotations = [(crate::gke::annotations::MANAGED_CERTIFICATES, names)];
        let ingress = ObjectRef::ingress("vector-search", "my-release-milvus");
        let inventory = of_objects(vec![
            managed("my-release-milvus-tls", "my-release.milvus.io", active),
            managed("other-release-milvus-tls", "other-release.milvus.io", stuck),
            (ingress, &annotations, json!({}), serde_json::Value::Null),
        ]);
        let mut out = Vec::new();
        let now = datetime!(2026-11-21 00:00:00 UTC);
        write_table(&statuses(&inventory), now, namespaces, &mut out).expect("a Vec takes all");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn the_table_has_a_row_a_domain_and_fits_a_terminal() {
        for namespaces in [false, true] {
            let table = table(namespaces);
            for word in ["my-release.milvus.io", "2027-02-19", "9d", "AGE", "FailedNotVisible", "→"]
            {
                assert!(table.contains(word), "{word}:\n{table}");
            }
            let widest = table.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "{widest:?}:\n{table}");
        }
    }
}
