//! How ManagedCertificates stand, as a table: a row a certificate and below it a row a domain; then, for
//! each that is not well, why and what to do.

use super::{ManagedReport, trouble};
use crate::audit::finding::Severity;
use crate::instant;
use crate::plan::managed::ManagedStatus;
use crate::remedy::Advice;
use crate::render::layout::{Columns, name, sentence, style, write_remedy};
use crate::render::page::Page;
use std::io::{self, Write};
use time::OffsetDateTime;

/// Writes the table.
pub(in crate::render) fn write(
    standing: &ManagedReport<'_, '_>,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let ManagedReport { statuses, missing, now, namespaces } = *standing;
    if statuses.is_empty() && missing.is_empty() {
        return writeln!(out, "no ManagedCertificates");
    }
    let heads = vec!["NAME", "STATUS", "EXPIRES", "AGE", "INGRESSES"];
    let mut columns = Columns::new(heads, false).spare(&["AGE", "INGRESSES"]);
    let mut within = None;
    for status in statuses {
        let namespace = status.facts.object.namespace();
        if namespaces && within.replace(namespace) != Some(namespace) {
            columns.row([format!("{namespace}/")]);
        }
        columns.row(own_row(status));
        for (domain, told) in status.managed.rows() {
            columns.row(domain_row(status, domain, told, now));
        }
    }
    if !statuses.is_empty() {
        columns.write(out)?;
    }
    for status in statuses {
        if let Some(Advice { message: reason, remedy }) = trouble(status) {
            let severity =
                if status.hopeless().is_some() { Severity::Error } else { Severity::Warning };
            let colour = style(severity);
            writeln!(
                out,
                "{colour}{:<8}{colour:#} {}",
                severity.as_str(),
                name(&status.facts.object, namespaces)
            )?;
            sentence("         ", "         ", &reason, out)?;
            write_remedy(&remedy, out)?;
            for (object, trouble) in &status.troubles {
                let at =
                    trouble.at.map_or_else(String::new, |at| format!(", {}", instant::show(at)));
                let told = format!("last warning on {}{at}: {}", object.short(), trouble.cause);
                sentence("         ", "         ", &told, out)?;
            }
        }
    }
    for missing in missing {
        let Advice { message, remedy } = super::missing(missing);
        let colour = style(Severity::Error);
        writeln!(out, "{colour}error   {colour:#} {}", name(&missing.object, namespaces))?;
        sentence("         ", "         ", &message, out)?;
        write_remedy(&remedy, out)?;
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
    status: Option<&str>,
    now: OffsetDateTime,
) -> [String; 5] {
    let none = || "-".to_owned();
    let ingresses: Vec<&str> = standing
        .ingresses
        .iter()
        .map(|(ingress, _)| ingress.frontend.object.name.as_str())
        .collect();
    [
        format!("  {domain}"),
        status.map_or_else(none, str::to_owned),
        standing.expires().map_or_else(none, instant::show_date),
        age(standing, now),
        if ingresses.is_empty() { none() } else { ingresses.join(", ") },
    ]
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
        write(
            &ManagedReport { statuses: &statuses(&inventory), missing: &[], now, namespaces },
            &mut Page::new(&mut out, Some(80)),
        )
        .expect("a Vec takes all");
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
