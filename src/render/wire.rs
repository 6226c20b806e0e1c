//! Wire structs that several documents share: references, certificates, findings, problems.
//!
//! Absent values are null, never left out; hex is lower case; times are UTC to the second.

use crate::audit::Source;
use crate::audit::expiry::days_left;
use crate::audit::finding::Finding;
use crate::instant;
use crate::inventory::Problem;
use crate::object_ref::ObjectRef;
use crate::x509::cert::Certificate;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use time::OffsetDateTime;

#[derive(Serialize)]
pub(super) struct WireRef {
    kind: &'static str,
    namespace: Option<String>,
    name: Option<String>,
    key: Option<String>,
    path: Option<String>,
    document: Option<usize>,
    item: Option<usize>,
    context: Option<String>,
}

impl WireRef {
    pub(super) fn of(object: &ObjectRef) -> Self {
        let place = object.place.as_ref();
        Self {
            kind: object.kind.as_str(),
            namespace: object.namespace.clone(),
            name: Some(object.name.clone()).filter(|name| !name.is_empty()),
            key: object.key.clone(),
            path: place.map(|place| place.path.clone()),
            document: place.filter(|place| place.of_many).map(|place| place.document),
            item: place.and_then(|place| place.item),
            context: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireCertificate {
    #[serde(rename = "ref")]
    object: WireRef,
    index: usize,
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
    days_left: i64,
    dns: Vec<String>,
    ip: Vec<String>,
    key_type: String,
    sha256: String,
    self_signed: bool,
    owner: Option<String>,
    used_by: Vec<UsedBy>,
}

#[derive(Serialize)]
pub(super) struct UsedBy {
    kind: &'static str,
    namespace: String,
    name: String,
}

impl UsedBy {
    pub(super) fn of(object: &ObjectRef) -> Self {
        Self {
            kind: object.kind.as_str(),
            namespace: object.namespace().to_owned(),
            name: object.name.clone(),
        }
    }
}

impl WireCertificate {
    pub(super) fn of(
        object: &ObjectRef,
        index: usize,
        certificate: &Certificate,
        (owner, used_by): (Option<String>, Vec<UsedBy>),
        now: OffsetDateTime,
    ) -> Self {
        Self {
            object: WireRef::of(object),
            index,
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            serial: certificate.serial.clone(),
            not_before: instant::show(certificate.not_before),
            not_after: instant::show(certificate.not_after),
            days_left: days_left(certificate, now),
            dns: certificate.dns().map(str::to_owned).collect(),
            ip: certificate.ip().map(|address| address.to_string()).collect(),
            key_type: certificate.key_type.to_string(),
            sha256: certificate.fingerprint(),
            self_signed: certificate.self_signed,
            owner,
            used_by,
        }
    }
}

#[derive(Serialize)]
pub(super) struct WireFinding {
    rule: &'static str,
    severity: &'static str,
    #[serde(rename = "ref")]
    object: WireRef,
    related: Vec<WireRef>,
    message: String,
    evidence: Evidence,
    remedy: String,
    waived: bool,
}

impl WireFinding {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity.as_str(),
            object: WireRef::of(&finding.object),
            related: finding.related.iter().map(WireRef::of).collect(),
            message: finding.message.clone(),
            evidence: Evidence(finding.evidence.clone()),
            remedy: finding.remedy.to_string(),
            waived: finding.waived,
        }
    }
}

struct Evidence(Vec<(&'static str, String)>);

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct WireProblem {
    #[serde(rename = "ref")]
    object: WireRef,
    message: String,
}

impl WireProblem {
    pub(super) fn of(problem: &Problem) -> Self {
        Self { object: WireRef::of(&problem.object), message: problem.message.clone() }
    }
}

/// `cluster` or `files`.
pub(super) const fn source(source: Source) -> &'static str {
    match source {
        Source::Cluster => "cluster",
        Source::Files => "files",
    }
}
