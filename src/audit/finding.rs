//! Findings: what a rule says of an object, with its evidence.

use super::Rule;
use crate::inventory::frontend::Frontend;
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::digest;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;
use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Will break, or breaks some clients.
    Warning,
    /// Broken.
    Error,
}

impl Severity {
    /// As JSON and tables spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One violation of one rule by one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The object it is about.
    pub object: ObjectRef,
    /// Objects on the other side of the mismatch.
    pub related: Vec<ObjectRef>,
    /// What is wrong, in one sentence without the object's name. May hold strings from outside.
    pub message: String,
    /// Both sides of the mismatch and the instant, as (name, value).
    pub evidence: Vec<(&'static str, String)>,
    /// What to do about it.
    pub remedy: Remedy,
    /// Whether an annotation on the object says to ignore it.
    pub waived: bool,
}

/// Evidence that says what a finding is about, beside its object. All else moves with the days, or with what
/// does not make it another finding.
const ABOUT: [&str; 15] = [
    "annotation",
    "domain",
    "field",
    "host",
    "hosts",
    "listener",
    "missing",
    "names",
    "namespace",
    "port",
    "preSharedCert",
    "secret",
    "secretName",
    "service",
    "waivedRule",
];

impl Finding {
    /// Adds one piece of evidence.
    #[must_use]
    pub fn evidence(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.evidence.push((name, value.to_string()));
        self
    }

    /// Adds an object on the other side.
    #[must_use]
    pub fn related(mut self, object: ObjectRef) -> Self {
        self.related.push(object);
        self
    }

    /// Adds objects on the other side.
    #[must_use]
    pub fn related_to(mut self, objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        self.related.extend(objects);
        self
    }

    /// Adds the frontends that are served by what it is about.
    #[must_use]
    #[expect(single_use_lifetimes, reason = "an anonymous one is not stable there")]
    pub fn used_by<'i>(self, frontends: impl IntoIterator<Item = &'i Frontend>) -> Self {
        self.related_to(frontends.into_iter().map(|frontend| frontend.object.clone()))
    }

    /// Sets another severity than the rule's own.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Sets a remedy that names the object, in place of the rule's general one.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// What tells it from every other finding, from run to run: a digest, 32 hex digits, of its rule, its
    /// object and what it is about. Never of its place in a file, of days, dates, severity or words.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let ObjectRef { kind, namespace, name, key, place: _ } = &self.object;
        let namespace = namespace.as_deref().unwrap_or_default();
        let key = key.as_deref().unwrap_or_default();
        let mut parts = vec![self.rule, kind.as_str(), namespace, name, key];
        let about = self.evidence.iter().filter(|(about, _)| ABOUT.contains(about));
        let mut about: Vec<(&str, Vec<&str>)> =
            about.map(|(about, value)| (*about, sorted(value))).collect();
        about.sort_unstable();
        for (about, values) in about.iter().filter(|(_, values)| !values.is_empty()) {
            parts.push(about);
            parts.extend(values);
        }
        // What stands behind a length cannot pass for two.
        let whole = parts.iter().map(|part| format!("{} {part}\n", part.len()));
        let digest = digest::sha256(whole.collect::<String>().as_bytes());
        digest::hex(&digest).chars().take(32).collect()
    }

    /// Worst first, then by object and rule: the order of every report.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| (Reverse(finding.severity), finding.rule);
        let ((severity, rule), (other_severity, other_rule)) = (key(self), key(other));
        severity
            .cmp(&other_severity)
            .then_with(|| self.object.cmp(&other.object))
            .then_with(|| rule.cmp(other_rule))
            .then_with(|| self.message.cmp(&other.message))
    }
}

/// The parts of a list, in an order that is not the list's.
fn sorted(list: &str) -> Vec<&str> {
    let mut parts: Vec<&str> =
        list.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    parts
}

impl Rule {
    /// A finding of this rule on `object`.
    #[must_use]
    pub fn on(&self, object: &ObjectRef, message: impl Into<String>) -> Finding {
        Finding {
            rule: self.code,
            severity: self.severity,
            object: object.clone(),
            related: Vec::new(),
            message: message.into(),
            evidence: Vec::new(),
            remedy: self.remedy.into(),
            waived: false,
        }
    }
}

/// Where rules put what they find.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Takes one finding.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Takes several.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.0.extend(findings);
    }

    /// What was found up to now, for a rule that is silent where another one spoke.
    #[must_use]
    pub fn told(&self) -> Told {
        let about = self.0.iter().flat_map(|finding| {
            let objects = std::iter::once(&finding.object).chain(&finding.related);
            objects.map(|object| Told::entry(finding.rule, object))
        });
        Told(about.collect())
    }

    /// Makes what this rule found on the object at least so bad.
    pub fn raise(&mut self, rule: &str, object: &ObjectRef, floor: Severity) {
        let about =
            |finding: &&mut Finding| finding.rule == rule && finding.object.same_object(object);
        for finding in self.0.iter_mut().filter(about) {
            finding.severity = finding.severity.max(floor);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

/// Which rules have spoken of which objects, whatever key or place they spoke of.
#[derive(Debug)]
pub struct Told(BTreeSet<(&'static str, Kind, String, String)>);

impl Told {
    /// Whether a finding of this rule is about the object, or has it on the other side.
    #[must_use]
    pub fn of(&self, rule: &'static str, object: &ObjectRef) -> bool {
        self.0.contains(&Self::entry(rule, object))
    }

    fn entry(rule: &'static str, object: &ObjectRef) -> (&'static str, Kind, String, String) {
        (rule, object.kind, object.namespace().to_owned(), object.name.clone())
    }
}
