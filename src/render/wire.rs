//! Wire structs that several documents share: references, certificates, findings, problems.
//!
//! Absent values are null, never left out; hex is lower case; times are UTC to the second.

use super::model::{Affected, CertificateRow, FindingRow, ProblemRow};
use crate::audit::Source;
use crate::audit::baseline::Standing;
use crate::gke::managed::Managed;
use crate::instant;
use crate::inventory::uses::Use;
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::san::San;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use std::borrow::Cow;
use std::fmt::Display;
use std::net::IpAddr;

#[derive(Serialize)]
pub(super) struct WireRef<'a> {
    kind: &'static str,
    namespace: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    key: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    document: Option<usize>,
    item: Option<usize>,
    context: Option<&'a str>,
}

impl<'a> WireRef<'a> {
    pub(super) fn of(object: &'a ObjectRef) -> Self {
        let place = object.place.as_deref();
        Self {
            kind: object.kind.as_str(),
            namespace: object.namespace.as_deref().map(Cow::Borrowed),
            name: Some(object.name.as_str()).filter(|name| !name.is_empty()).map(Cow::Borrowed),
            key: object.key.as_deref().map(Cow::Borrowed),
            path: place.map(|place| Cow::Borrowed(place.path.as_str())),
            document: place.filter(|place| place.of_many).map(|place| place.document),
            item: place.and_then(|place| place.item),
            context: None,
        }
    }

    /// The same of an object that nobody else keeps.
    pub(super) fn owned(object: ObjectRef) -> WireRef<'static> {
        let place = object.place;
        WireRef {
            kind: object.kind.as_str(),
            namespace: object.namespace.map(Cow::Owned),
            name: Some(object.name).filter(|name| !name.is_empty()).map(Cow::Owned),
            key: object.key.map(|key| Cow::Owned(key.into())),
            document: place.as_ref().filter(|place| place.of_many).map(|place| place.document),
            item: place.as_ref().and_then(|place| place.item),
            path: place.map(|place| Cow::Owned(place.path)),
            context: None,
        }
    }
}

/// A subject alternative name, in its form.
#[derive(Serialize)]
pub(super) struct WireName {
    form: &'static str,
    value: String,
}

impl WireName {
    pub(super) fn of(name: &San) -> Self {
        let form = match name {
            San::Dns(_) => "dns",
            San::Ip(_) => "ip",
            San::Email(_) => "email",
            San::Uri(_) => "uri",
            San::Other(_) => "other",
        };
        Self { form, value: name.to_string() }
    }
}

/// A ManagedCertificate and its domains.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireManaged<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    status: Option<&'a str>,
    expire_time: Option<String>,
    domains: Vec<WireDomain<'a>>,
}

#[derive(Serialize)]
struct WireDomain<'a> {
    domain: &'a str,
    status: Option<&'a str>,
}

impl<'a> WireManaged<'a> {
    pub(super) fn of(object: &'a ObjectRef, managed: &'a Managed) -> Self {
        let expires = managed.expire_time.as_deref().and_then(|text| instant::parse(text).ok());
        let rows = managed.rows().into_iter();
        Self {
            object: WireRef::of(object),
            status: managed.status.as_deref(),
            expire_time: expires.map(instant::show),
            domains: rows.map(|(domain, status)| WireDomain { domain, status }).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCertificate<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    index: usize,
    subject: &'a str,
    issuer: &'a str,
    serial: &'a str,
    not_before: String,
    not_after: String,
    days_left: i64,
    dns: Vec<&'a str>,
    ip: Vec<IpAddr>,
    key_type: Text<'a>,
    sha256: String,
    self_signed: bool,
    owner: Option<&'a str>,
    /// None where nobody here can know.
    used_by: Option<Vec<UsedBy<'a>>>,
}

#[derive(Serialize)]
pub(super) struct UsedBy<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    /// How a workload reads it; nothing where an Ingress names it.
    how: Vec<&'static str>,
}

impl<'a> UsedBy<'a> {
    pub(super) fn of(object: &'a ObjectRef) -> Self {
        let (kind, namespace) = (object.kind.as_str(), object.namespace());
        Self { kind, namespace, name: &object.name, how: Vec::new() }
    }

    fn of_workload(one: &'a Use) -> Self {
        let how = one.how.iter().map(|how| how.as_str());
        Self { how: how.collect(), ..Self::of(&one.workload) }
    }
}

impl<'a> WireCertificate<'a> {
    /// A certificate of the report.
    pub(super) fn of(row: &CertificateRow<'a>) -> Self {
        let users = row.users().into_iter().map(|user| UsedBy::of(&user.object));
        let uses = row.uses().into_iter().map(UsedBy::of_workload);
        Self {
            owner: row.owner(),
            used_by: has_known_users(row.object.kind).then(|| users.chain(uses).collect()),
            ..Self::at(WireRef::owned(row.at()), row.index, row.certificate, row.days_left())
        }
    }

    /// A certificate that stands somewhere, and that nobody owns.
    pub(super) fn at(
        object: WireRef<'a>,
        index: usize,
        certificate: &'a Certificate,
        days_left: i64,
    ) -> Self {
        Self {
            object,
            index,
            subject: &certificate.subject,
            issuer: &certificate.issuer,
            serial: &certificate.serial,
            not_before: instant::show(certificate.not_before),
            not_after: instant::show(certificate.not_after),
            days_left,
            dns: certificate.dns().collect(),
            ip: certificate.ip().collect(),
            key_type: Text(&certificate.key_type),
            sha256: certificate.fingerprint(),
            self_signed: certificate.self_signed,
            owner: None,
            used_by: Some(Vec::new()),
        }
    }
}

/// Whether it was looked who uses objects of the kind; of a ConfigMap or webhook nobody asks.
const fn has_known_users(kind: Kind) -> bool {
    matches!(kind, Kind::Secret | Kind::File | Kind::Endpoint)
}

/// Text as a value shows itself.
pub(super) struct Text<'a>(pub(super) &'a dyn Display);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

#[derive(Serialize)]
pub(super) struct WireFinding<'a> {
    rule: &'static str,
    severity: &'static str,
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    related: Vec<WireRef<'a>>,
    message: &'a str,
    evidence: Evidence<'a>,
    remedy: Text<'a>,
    waived: bool,
    waiver: Option<WireWaiver<'a>>,
    /// `known` or `new`; none without a baseline, and where it is waived.
    baseline: Option<&'static str>,
    fingerprint: String,
    affected: Vec<WireAffected<'a>>,
}

/// By which waiver of a policy a finding is accepted.
#[derive(Serialize)]
struct WireWaiver<'a> {
    reason: &'a str,
    until: String,
}

/// Who serves or reads the certificate that a finding is about, and for which hosts.
#[derive(Serialize)]
struct WireAffected<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    hosts: Vec<&'a str>,
}

impl<'a> WireFinding<'a> {
    pub(super) fn of(row: FindingRow<'a>, affected: Vec<Affected<'a>>) -> Self {
        let affected = affected
            .into_iter()
            .map(|one| WireAffected { object: WireRef::of(one.object), hosts: one.hosts });
        Self {
            affected: affected.collect(),
            rule: row.rule,
            severity: row.severity.as_str(),
            object: WireRef::of(row.object),
            related: row.related.iter().map(WireRef::of).collect(),
            message: row.message,
            evidence: Evidence(row.evidence),
            remedy: Text(row.remedy),
            waived: row.waived,
            waiver: row
                .waiver
                .map(|it| WireWaiver { reason: &it.reason, until: it.until.to_string() }),
            baseline: row.baseline.map(Standing::as_str),
            fingerprint: row.fingerprint(),
        }
    }
}

/// What a finding goes by, as an object of texts.
pub(super) struct Evidence<'a>(pub(super) &'a [(&'static str, String)]);

impl Serialize for Evidence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct WireProblem<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    message: &'a str,
}

impl<'a> WireProblem<'a> {
    pub(super) fn of(row: ProblemRow<'a>) -> Self {
        Self { object: WireRef::of(row.object), message: row.message }
    }
}

/// `cluster` or `files`.
pub(super) const fn source(source: Source) -> &'static str {
    match source {
        Source::Cluster => "cluster",
        Source::Files => "files",
    }
}

impl Display for WireRef<'_> {
    /// `shop/secret/web`, as objects are named everywhere.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}/{}", self.kind.to_ascii_lowercase(), self.name.as_deref().unwrap_or_default())
    }
}
