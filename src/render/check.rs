//! The report of `check` and `inspect`, as JSON (`certwright.dev/check/v1`) and as a table.

use super::layout::{Columns, GOOD, count, name, sentence, some, style, write_place, write_remedy};
use super::wire::{UsedBy, WireCertificate, WireFinding, WireProblem, WireRef, source};
use super::{harmless, json};
use crate::audit::Report;
use crate::audit::expiry::days_left;
use crate::audit::finding::{Finding, Severity};
use crate::instant;
use crate::inventory::demand::{Demand, IngressFacts};
use crate::inventory::{Coverage, Inventory, Problem};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::managed::statuses;
use crate::x509::cert::Certificate;
use serde::Serialize;
use std::io::{self, Write};

/// How a table is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// `-o wide`.
    pub wide: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// Whether several namespaces are shown.
    pub namespaces: bool,
}

#[derive(Serialize)]
pub(super) struct Document {
    schema: String,
    at: String,
    source: &'static str,
    complete: bool,
    summary: Summary,
    certificates: Vec<WireCertificate>,
    hosts: Vec<WireHost>,
    managed: Vec<WireManaged>,
    findings: Vec<WireFinding>,
    problems: Vec<WireProblem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireManaged {
    #[serde(rename = "ref")]
    object: WireRef,
    status: Option<String>,
    expire_time: Option<String>,
    domains: Vec<WireDomain>,
    ingresses: Vec<String>,
}

#[derive(Serialize)]
struct WireDomain {
    domain: String,
    status: Option<String>,
}

#[derive(Serialize)]
struct Summary {
    certificates: usize,
    hosts: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

#[derive(Serialize)]
struct WireHost {
    #[serde(rename = "ref")]
    object: WireRef,
    host: String,
    covered: &'static str,
    by: Option<WireRef>,
    #[serde(rename = "match")]
    pattern: Option<String>,
}

/// Writes the JSON document.
///
/// # Errors
/// What the writer says.
pub fn write_json(inventory: &Inventory, report: &Report, out: &mut impl Write) -> io::Result<()> {
    json::write(&document("check", inventory, report), out)
}

/// The document of `command`, to which another may add.
pub(super) fn document(command: &str, inventory: &Inventory, report: &Report) -> Document {
    let certificates: Vec<WireCertificate> = reported_certificates(inventory)
        .map(|shown| {
            WireCertificate::of(
                &shown.at(),
                shown.index,
                shown.certificate,
                shown.links(inventory),
                report.now,
            )
        })
        .collect();
    let hosts: Vec<WireHost> = reported_hosts(inventory)
        .map(|(ingress, demand)| wire_host(inventory, ingress, demand))
        .collect();
    Document {
        schema: format!("certwright.dev/{command}/v1"),
        at: instant::show(report.now),
        source: source(report.source),
        complete: report.complete,
        summary: Summary {
            certificates: certificates.len(),
            hosts: hosts.len(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            infos: report.count(Severity::Info),
        },
        certificates,
        hosts,
        managed: managed(inventory),
        findings: report.findings.iter().map(WireFinding::of).collect(),
        problems: report.problems.iter().map(WireProblem::of).collect(),
    }
}

/// Writes the report for people: certificates, findings, problems, and a line that sums up.
///
/// # Errors
/// What the writer says.
pub fn write_table(
    inventory: &Inventory,
    report: &Report,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    certificates_table(inventory, report, look, out)?;
    for finding in &report.findings {
        write_finding(finding, look, out)?;
    }
    for problem in &report.problems {
        write_problem(problem, out)?;
    }
    sum_up(inventory, report, out)
}

fn managed(inventory: &Inventory) -> Vec<WireManaged> {
    let statuses = statuses(inventory);
    statuses
        .iter()
        .filter(|standing| {
            inventory.selection().is_everything()
                || standing
                    .ingresses
                    .iter()
                    .any(|(ingress, _)| inventory.is_reported(&ingress.object))
        })
        .map(|standing| WireManaged {
            object: WireRef::of(&standing.facts.object),
            status: standing.managed.status.clone(),
            expire_time: standing.expires().map(instant::show),
            domains: standing
                .rows()
                .into_iter()
                .map(|(domain, status)| WireDomain { domain, status })
                .collect(),
            ingresses: standing
                .ingresses
                .iter()
                .map(|(ingress, _)| ingress.object.name.clone())
                .collect(),
        })
        .collect()
}

/// One certificate and where it stands.
struct Shown<'i> {
    object: &'i ObjectRef,
    index: usize,
    is_leaf: bool,
    certificate: &'i Certificate,
}

impl Shown<'_> {
    fn at(&self) -> ObjectRef {
        if self.object.kind == Kind::Secret {
            self.object.key("tls.crt")
        } else {
            self.object.clone()
        }
    }

    fn links(&self, inventory: &Inventory) -> (Option<String>, Vec<UsedBy>) {
        if self.object.kind != Kind::Secret {
            return (None, Vec::new());
        }
        let secret = inventory.secret(self.object.namespace(), &self.object.name);
        let owner = secret.and_then(|secret| secret.owner.as_ref()).map(|owner| owner.name.clone());
        (owner, users(inventory, self.object).map(|ingress| UsedBy::of(&ingress.object)).collect())
    }
}

/// The Ingresses that name the Secret, each once: to serve its certificate, or by annotation.
fn users<'i>(
    inventory: &'i Inventory,
    secret: &'i ObjectRef,
) -> impl Iterator<Item = &'i IngressFacts> {
    let serving: Vec<&IngressFacts> = inventory.users(secret).collect();
    let others = inventory.mentioners(secret).filter({
        let serving = serving.clone();
        move |other| !serving.contains(other)
    });
    serving.into_iter().chain(others)
}

fn reported_certificates(inventory: &Inventory) -> impl Iterator<Item = Shown<'_>> {
    inventory.bundles().filter(|(object, _)| inventory.is_reported(object)).flat_map(
        |(object, bundle)| {
            let certificates = bundle.certificates.iter().enumerate();
            let leaf = bundle.leaf_position();
            certificates.map(move |(index, certificate)| Shown {
                object,
                index,
                is_leaf: index == leaf,
                certificate,
            })
        },
    )
}

fn reported_hosts(inventory: &Inventory) -> impl Iterator<Item = (&IngressFacts, &Demand)> {
    inventory
        .ingresses()
        .filter(|ingress| inventory.is_reported(&ingress.object))
        .flat_map(|ingress| ingress.demands.iter().map(move |demand| (ingress, demand)))
}

fn wire_host(inventory: &Inventory, ingress: &IngressFacts, demand: &Demand) -> WireHost {
    let (covered, by, pattern) = match inventory.coverage(ingress, demand) {
        Coverage::Covered { by, pattern } => ("yes", Some(WireRef::of(&by)), Some(pattern)),
        Coverage::NotCovered { .. } | Coverage::NoCertificate | Coverage::WithoutTls => {
            ("no", None, None)
        }
        Coverage::Unknown(_) => ("unknown", None, None),
    };
    WireHost {
        object: WireRef::of(&ingress.object),
        host: demand.host.clone(),
        covered,
        by,
        pattern,
    }
}

fn certificates_table(
    inventory: &Inventory,
    report: &Report,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut shown: Vec<Shown<'_>> =
        reported_certificates(inventory).filter(|shown| look.wide || shown.is_leaf).collect();
    if shown.is_empty() {
        return Ok(());
    }
    shown.sort_by_key(|shown| (shown.certificate.not_after, shown.object.clone(), shown.index));
    let kinds = |wanted: &[Kind]| shown.iter().all(|shown| wanted.contains(&shown.object.kind));
    let holder = if kinds(&[Kind::File]) {
        "FILE"
    } else if kinds(&[Kind::Endpoint]) {
        "SERVER"
    } else {
        "SECRET"
    };
    let mut heads = if look.namespaces { vec!["NAMESPACE"] } else { Vec::new() };
    heads.extend([holder, "NAMES", "KEY", "EXPIRES", "DAYS"]);
    if look.wide {
        heads.extend(["#", "ISSUER", "SERIAL", "SHA256", "OWNER", "USED BY"]);
    }
    let mut columns = Columns::new(&heads, look.no_headers, look.wide);
    for shown in &shown {
        columns.row(certificate_row(inventory, report, shown, look));
    }
    columns.write(if look.namespaces { 2 } else { 1 }, out)?;
    writeln!(out)
}

fn certificate_row(
    inventory: &Inventory,
    report: &Report,
    shown: &Shown<'_>,
    look: Look,
) -> Vec<String> {
    let certificate = shown.certificate;
    let mut row =
        if look.namespaces { vec![shown.object.namespace().to_owned()] } else { Vec::new() };
    row.extend([
        shown.object.name.clone(),
        names(certificate, if look.wide { usize::MAX } else { 2 }),
        certificate.key_type.to_string(),
        instant::show_date(certificate.not_after),
        days_left(certificate, report.now).to_string(),
    ]);
    if look.wide {
        let secret = inventory.secret(shown.object.namespace(), &shown.object.name);
        let owner = secret.and_then(|secret| secret.owner.as_ref()).map(|owner| owner.name.clone());
        let users: Vec<String> =
            users(inventory, shown.object).map(|ingress| ingress.object.short()).collect();
        let issuer =
            if certificate.self_signed { "itself".to_owned() } else { certificate.issuer.clone() };
        row.extend([
            shown.index.to_string(),
            issuer,
            super::layout::serial(&certificate.serial),
            certificate.fingerprint(),
            owner.unwrap_or_default(),
            users.join(", "),
        ]);
    }
    row
}

/// The names a certificate answers to, or its subject in brackets when it has none.
fn names(certificate: &Certificate, most: usize) -> String {
    let names: Vec<String> = certificate.names.iter().map(ToString::to_string).collect();
    if names.is_empty() { format!("({})", certificate.subject) } else { some(&names, most) }
}

pub(super) fn write_finding(finding: &Finding, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let style = style(finding.severity);
    let waived = if finding.waived { "  (waived by annotation)" } else { "" };
    let object = name(&finding.object, look.namespaces);
    writeln!(
        out,
        "{style}{:<8}{style:#} {}  {object}{waived}",
        finding.severity.as_str(),
        finding.rule,
    )?;
    write_place(&finding.object, out)?;
    sentence("         ", "         ", &finding.message, out)?;
    write_remedy(&finding.remedy, out)
}

pub(super) fn write_problem(problem: &Problem, out: &mut dyn Write) -> io::Result<()> {
    let style = style(Severity::Warning);
    writeln!(
        out,
        "{style}{:<8}{style:#} {}",
        "problem",
        harmless::line(&problem.object.to_string())
    )?;
    sentence("         ", "         ", &problem.message, out)
}

fn sum_up(inventory: &Inventory, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let seen = format!(
        "{}, {}",
        count(reported_certificates(inventory).count(), "certificate"),
        count(reported_hosts(inventory).count(), "host"),
    );
    let mut parts: Vec<String> = [
        (report.count(Severity::Error), "error"),
        (report.count(Severity::Warning), "warning"),
        (report.count(Severity::Info), "info"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(
        |(number, noun)| {
            if noun == "info" { format!("{number} info") } else { count(number, noun) }
        },
    )
    .collect();
    let waived = report.findings.iter().filter(|finding| finding.waived).count();
    if waived > 0 {
        parts.push(format!("{waived} waived"));
    }
    let verdict = if parts.is_empty() {
        let colour = if report.complete { GOOD } else { style(Severity::Warning) };
        format!(
            "{colour}{}{colour:#}",
            if report.complete { "nothing to report" } else { "nothing found" }
        )
    } else {
        parts.join(", ")
    };
    let incomplete = if report.complete || inventory.problems().is_empty() {
        String::new()
    } else {
        format!("; incomplete: {} could not be read", count(report.problems.len(), "thing"))
    };
    writeln!(out, "{seen}: {verdict}{incomplete}")
}
