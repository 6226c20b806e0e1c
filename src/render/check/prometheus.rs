//! `-o prometheus`: the text exposition format, for the textfile collector of `node_exporter` and for a
//! Pushgateway.
//!
//! The certificates' series are those of x509-certificate-exporter, so that its dashboards and alerts
//! work; times are absolute, for nobody knows when a file is scraped. Source:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

mod labels;

use self::labels::Labels;
use crate::audit::RULES;
use crate::audit::finding::Severity;
use crate::audit::served::{self, Serves};
use crate::inventory::Coverage;
use crate::object_ref::{Kind, ObjectRef};
use crate::render::model::{CertificateRow, Model};
use crate::render::page::Page;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

/// One metric: its name, and what it says.
struct Metric(&'static str, &'static str);

const NOT_AFTER: Metric = Metric(
    "x509_cert_not_after",
    "When the certificate ends, in seconds since 1970. Those of x509-certificate-exporter.",
);
const NOT_BEFORE: Metric = Metric(
    "x509_cert_not_before",
    "From when on the certificate is valid, in seconds since 1970. Those of x509-certificate-exporter.",
);
const ROTATION_DUE: Metric = Metric(
    "certwright_rotation_due_timestamp_seconds",
    "When the certificate that is served enters its renewal window, in seconds since 1970.",
);
const COVERED: Metric = Metric(
    "certwright_ingress_host_covered",
    "Whether a certificate covers the host: 1 or 0. No series where nobody here can know.",
);
const SERVED: Metric = Metric(
    "certwright_served_matches_stored",
    "Whether the server at the endpoint serves the certificate that is stored for the host: 1 or 0.",
);
const MANAGED: Metric = Metric(
    "certwright_managed_domain_status",
    "1 for the status of each domain of each ManagedCertificate.",
);
const FINDINGS: Metric = Metric(
    "certwright_findings",
    "How many findings there are that are not waived, by rule and severity.",
);
const WAIVED: Metric =
    Metric("certwright_findings_waived", "How many findings are waived, by rule and severity.");
const UNREAD: Metric = Metric("certwright_check_problems", "How many things could not be read.");
const CERTIFICATES: Metric =
    Metric("certwright_check_certificates", "How many certificates were looked at.");
const COMPLETE: Metric =
    Metric("certwright_check_complete", "Whether everything could be read: 1 or 0.");
const TIMESTAMP: Metric = Metric(
    "certwright_check_timestamp_seconds",
    "The instant that was judged, in seconds since 1970: with alerts on its age a check that has stopped is seen.",
);

impl Metric {
    fn begin(&self, out: &mut Page<'_>) -> io::Result<()> {
        let Self(name, help) = self;
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
    }

    /// One series. A value is a whole number: a time to the second, a count, or a yes and no.
    fn series(&self, labels: &Labels, value: i64, out: &mut Page<'_>) -> io::Result<()> {
        writeln!(out, "{}{labels} {value}", self.0)
    }

    /// A metric of one series.
    fn only(&self, value: usize, out: &mut Page<'_>) -> io::Result<()> {
        self.begin(out)?;
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.series(&Labels::default(), value, out)
    }
}

/// Writes all metrics, each with its series together, as the format wants it.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    certificates(model, &NOT_AFTER, |row| row.certificate.not_after.unix_timestamp(), out)?;
    certificates(model, &NOT_BEFORE, |row| row.certificate.not_before.unix_timestamp(), out)?;
    rotation_due(model, out)?;
    covered(model, out)?;
    served_as_stored(model, out)?;
    managed(model, out)?;
    findings(model, out)?;
    UNREAD.only(model.problems().count(), out)?;
    CERTIFICATES.only(model.certificates().count(), out)?;
    COMPLETE.only(usize::from(model.report.complete), out)?;
    TIMESTAMP.begin(out)?;
    TIMESTAMP.series(&Labels::default(), model.report.now.unix_timestamp(), out)
}

/// A series for each certificate. Of one that stands in a chain twice there is one: two series of the
/// same labels are refused by whoever reads them.
fn certificates(
    model: &Model<'_>,
    metric: &Metric,
    value: impl Fn(&CertificateRow<'_>) -> i64,
    out: &mut Page<'_>,
) -> io::Result<()> {
    metric.begin(out)?;
    let mut told: BTreeSet<Labels> = BTreeSet::new();
    for row in model.certificates() {
        let labels = Labels::of_certificate(&row);
        if !told.contains(&labels) {
            metric.series(&labels, value(&row), out)?;
            told.insert(labels);
        }
    }
    Ok(())
}

/// Of Secrets alone: what else holds certificates is renewed by nobody here.
fn rotation_due(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    ROTATION_DUE.begin(out)?;
    let (inventory, policy) = (model.inventory, &model.report.policy);
    let is_of_tls = |object: &ObjectRef| object.kind == Kind::Secret && object.key.is_none();
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for row in model.certificates().filter(|row| row.is_leaf && is_of_tls(row.object)) {
        let (namespace, name) = (row.object.namespace(), row.object.name.as_str());
        let (at, secret) = ((row.certificate, row.object), inventory.secret(namespace, name));
        let window = policy.window(inventory, at, secret);
        let due = row.certificate.not_after.unix_timestamp() - window.whole_seconds();
        if told.insert((namespace, name)) {
            let labels = Labels::default().and("secret_namespace", namespace);
            ROTATION_DUE.series(&labels.and("secret_name", name), due, out)?;
        }
    }
    Ok(())
}

fn covered(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    COVERED.begin(out)?;
    let mut told: BTreeSet<Labels> = BTreeSet::new();
    for row in model.hosts() {
        let covered = match row.coverage() {
            Coverage::Covered { .. } => 1,
            Coverage::NotCovered { .. } | Coverage::NoCertificate | Coverage::WithoutTls => 0,
            Coverage::Unknown(_) => continue,
        };
        let labels = of_frontend(&row.frontend.object).and("host", &row.demand.host);
        if !told.contains(&labels) {
            COVERED.series(&labels, covered, out)?;
            told.insert(labels);
        }
    }
    Ok(())
}

fn served_as_stored(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    SERVED.begin(out)?;
    let mut told: BTreeMap<Labels, i64> = BTreeMap::new();
    for answer in served::answers(model.inventory) {
        let labels = of_frontend(&answer.frontend.object).and("host", &answer.demand.host);
        let labels = labels.and("endpoint", &answer.served.place());
        let matches = i64::from(matches!(answer.serves, Serves::Stored(_)));
        let told = told.entry(labels).or_insert(matches);
        *told = matches.min(*told);
    }
    told.iter().try_for_each(|(labels, matches)| SERVED.series(labels, *matches, out))
}

fn of_frontend(object: &ObjectRef) -> Labels {
    let labels = Labels::default().and("kind", object.kind.as_str());
    labels.and("namespace", object.namespace()).and("name", &object.name)
}

fn managed(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    MANAGED.begin(out)?;
    let rows = model.managed();
    let mut told: BTreeSet<Labels> = BTreeSet::new();
    for status in rows.iter().map(|row| &row.0) {
        let object = &status.facts.object;
        for (domain, status) in status.managed.rows() {
            let labels = Labels::default().and("namespace", object.namespace());
            let labels = labels.and("name", &object.name).and("domain", domain);
            told.insert(labels.and("status", status.unwrap_or("Unknown")));
        }
    }
    told.iter().try_for_each(|labels| MANAGED.series(labels, 1, out))
}

/// Every rule has its series, with none found too: an alert on a count that is not there would sleep.
fn findings(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let mut counts: BTreeMap<(&str, Severity), (i64, i64)> = BTreeMap::new();
    for rule in RULES {
        counts.entry((rule.code, rule.severity)).or_default();
    }
    for finding in model.findings() {
        let (told, waived) = counts.entry((finding.rule, finding.severity)).or_default();
        *if finding.waived { waived } else { told } += 1;
    }
    let labels = |(rule, severity): &(&str, Severity)| {
        Labels::default().and("rule", rule).and("severity", severity.as_str())
    };
    FINDINGS.begin(out)?;
    for (of, (told, _)) in &counts {
        FINDINGS.series(&labels(of), *told, out)?;
    }
    WAIVED.begin(out)?;
    for (of, (_, waived)) in counts.iter().filter(|(_, (_, waived))| *waived > 0) {
        WAIVED.series(&labels(of), *waived, out)?;
    }
    Ok(())
}
