//! `certwright.dev/managed-status/v1`.

use super::{ManagedReport, trouble};
use crate::gke::managed::domain_meaning;
use crate::instant;
use crate::plan::managed::{ManagedStatus, Missing};
use crate::render::json::{self, Rows};
use crate::render::page::Page;
use crate::render::wire::{UsedBy, WireRef};
use serde::Serialize;
use std::io;
use time::OffsetDateTime;

/// Writes the document.
pub(in crate::render) fn write(
    standing: &ManagedReport<'_, '_>,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let ManagedReport { statuses, missing, now, .. } = *standing;
    let document = Document {
        schema: "certwright.dev/managed-status/v1",
        at: instant::show(now),
        managed: Rows(|| statuses.iter().map(move |status| wire(status, now))),
        missing: missing.iter().map(wire_missing).collect(),
    };
    json::write_rows(&document, out)
}

#[derive(Serialize)]
struct Document<'a, M> {
    schema: &'static str,
    at: String,
    managed: M,
    missing: Vec<WireMissing<'a>>,
}

/// What Ingresses name and is not there.
#[derive(Serialize)]
struct WireMissing<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    ingresses: Vec<UsedBy<'a>>,
    reason: String,
    remedy: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireManaged<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    status: Option<&'a str>,
    certificate_name: Option<&'a str>,
    created: Option<String>,
    expire_time: Option<String>,
    days_left: Option<i64>,
    domains: Vec<WireDomain<'a>>,
    ingresses: Vec<UsedBy<'a>>,
    /// The Ingresses whose load balancers serve it, by their own account.
    served_by: Vec<UsedBy<'a>>,
    active: bool,
    reason: Option<String>,
    remedy: Option<String>,
    warnings: Vec<WireWarning<'a>>,
}

/// What a controller warned of last.
#[derive(Serialize)]
struct WireWarning<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    at: Option<String>,
    message: &'a str,
}

#[derive(Serialize)]
struct WireDomain<'a> {
    domain: &'a str,
    status: Option<&'a str>,
    meaning: Option<&'static str>,
    remedy: Option<&'static str>,
}

fn wire<'a>(status: &'a ManagedStatus<'_>, now: OffsetDateTime) -> WireManaged<'a> {
    let advice = trouble(status);
    let warnings = status.troubles.iter().map(|(object, trouble)| WireWarning {
        object: WireRef::of(object),
        at: trouble.at.map(instant::show),
        message: &trouble.cause,
    });
    WireManaged {
        object: WireRef::of(&status.facts.object),
        status: status.managed.status.as_deref(),
        certificate_name: status.managed.certificate_name.as_deref(),
        created: status.facts.created.map(instant::show),
        expire_time: status.expires().map(instant::show),
        days_left: status.expires().map(|at| days(at, now)),
        domains: status
            .managed
            .rows()
            .into_iter()
            .map(|(domain, status)| {
                let meaning = status.map(domain_meaning);
                WireDomain {
                    domain,
                    meaning: meaning.map(|meaning| meaning.meaning),
                    remedy: meaning.map(|meaning| meaning.remedy),
                    status,
                }
            })
            .collect(),
        ingresses: status
            .ingresses
            .iter()
            .map(|(ingress, _)| UsedBy::of(&ingress.frontend.object))
            .collect(),
        served_by: status.served_by().map(|ingress| UsedBy::of(&ingress.frontend.object)).collect(),
        active: status.managed.is_active(),
        reason: advice.as_ref().map(|advice| advice.message.clone()),
        remedy: advice.map(|advice| advice.remedy.to_string()),
        warnings: warnings.collect(),
    }
}

fn wire_missing<'a>(missing: &'a Missing<'_>) -> WireMissing<'a> {
    let advice = super::missing(missing);
    WireMissing {
        object: WireRef::of(&missing.object),
        ingresses: missing.ingresses.iter().map(|it| UsedBy::of(&it.frontend.object)).collect(),
        reason: advice.message,
        remedy: advice.remedy.to_string(),
    }
}

/// Whole days until then, negative when it is over.
fn days(at: OffsetDateTime, now: OffsetDateTime) -> i64 {
    (at.unix_timestamp() - now.unix_timestamp()).div_euclid(86_400)
}
