//! What a report of `check` has to tell, row by row: borrowed, whole, in no format.
//!
//! Knows which objects are reported and what belongs into a row. Refuses to know columns, widths,
//! colours and escapes: a format takes the rows and shows what it has room for.

use crate::audit::Report;
use crate::audit::expiry::days_left;
use crate::audit::finding::{Finding, Severity};
use crate::inventory::demand::{Demand, IngressFacts};
use crate::inventory::{Coverage, Inventory, Problem};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::managed::{ManagedStatus, statuses};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use time::OffsetDateTime;

/// A report: what was seen, and what is to be said of it.
#[derive(Clone, Copy, Debug)]
pub struct Model<'i> {
    /// What was seen.
    pub inventory: &'i Inventory,
    /// What the audit says of it.
    pub report: &'i Report,
    /// How a table is wanted.
    pub look: Look,
}

/// How a table is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// `--no-headers`.
    pub no_headers: bool,
    /// Whether several namespaces are shown.
    pub namespaces: bool,
}

impl<'i> Model<'i> {
    /// Every certificate of every object that is reported, in the objects' order, each chain as it
    /// stands.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateRow<'i>> + use<'i> {
        let Self { inventory, report, .. } = *self;
        let reported = inventory.bundles().filter(move |(object, _)| inventory.is_reported(object));
        reported.flat_map(move |(object, bundle)| {
            let leaf = bundle.leaf_position();
            let certificates = bundle.certificates.iter().enumerate();
            certificates.map(move |(index, certificate)| CertificateRow {
                object,
                index,
                is_leaf: index == leaf,
                certificate,
                now: report.now,
                inventory,
            })
        })
    }

    /// Every host of every Ingress that is reported.
    pub fn hosts(&self) -> impl Iterator<Item = HostRow<'i>> + use<'i> {
        let inventory = self.inventory;
        let reported =
            inventory.ingresses().filter(move |ingress| inventory.is_reported(&ingress.object));
        reported.flat_map(move |ingress| {
            ingress.demands.iter().map(move |demand| HostRow { ingress, demand, inventory })
        })
    }

    /// Every ManagedCertificate, or those of the Ingresses that were chosen.
    #[must_use]
    pub fn managed(&self) -> Vec<ManagedRow<'i>> {
        let inventory = self.inventory;
        let is_chosen = |status: &ManagedStatus<'_>| {
            let mut ingresses = status.ingresses.iter();
            inventory.selection().is_everything()
                || ingresses.any(|(ingress, _)| inventory.is_reported(&ingress.object))
        };
        statuses(inventory).into_iter().filter(is_chosen).map(ManagedRow).collect()
    }

    /// Every finding, worst first, waived ones too.
    pub fn findings(&self) -> impl Iterator<Item = FindingRow<'i>> + use<'i> {
        self.report.findings.iter().map(FindingRow::from)
    }

    /// Everything that could not be read.
    pub fn problems(&self) -> impl Iterator<Item = ProblemRow<'i>> + use<'i> {
        self.report.problems.iter().map(ProblemRow::from)
    }
}

/// One certificate and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct CertificateRow<'i> {
    /// The Secret, file or server that holds it.
    pub object: &'i ObjectRef,
    /// Its position there, from 0.
    pub index: usize,
    /// Whether it is the one that is served.
    pub is_leaf: bool,
    /// What it says.
    pub certificate: &'i Certificate,
    now: OffsetDateTime,
    inventory: &'i Inventory,
}

impl<'i> CertificateRow<'i> {
    /// The place in the object, where it has keys.
    #[must_use]
    pub fn at(&self) -> ObjectRef {
        if self.is_of_secret() { self.object.key("tls.crt") } else { self.object.clone() }
    }

    /// Whole days until it ends, negative when it has ended.
    #[must_use]
    pub fn days_left(&self) -> i64 {
        days_left(self.certificate, self.now)
    }

    /// Who owns the Secret, as people call it.
    #[must_use]
    pub fn owner(&self) -> Option<&'i str> {
        let secret = self.inventory.secret(self.object.namespace(), &self.object.name);
        Some(secret.filter(|_| self.is_of_secret())?.owner.as_ref()?.name.as_str())
    }

    /// The Ingresses that name the Secret, each once: to serve its certificate, or by annotation.
    #[must_use]
    pub fn users(&self) -> Vec<&'i IngressFacts> {
        if !self.is_of_secret() {
            return Vec::new();
        }
        let mut users: Vec<&IngressFacts> = self.inventory.users(self.object).collect();
        let serving = users.len();
        let others = self.inventory.mentioners(self.object);
        for other in others {
            if !users.iter().take(serving).any(|user| *user == other) {
                users.push(other);
            }
        }
        users
    }

    fn is_of_secret(&self) -> bool {
        self.object.kind == Kind::Secret
    }
}

/// One host that an Ingress serves.
#[derive(Clone, Copy, Debug)]
pub struct HostRow<'i> {
    /// The Ingress.
    pub ingress: &'i IngressFacts,
    /// The host, and what may be served for it.
    pub demand: &'i Demand,
    inventory: &'i Inventory,
}

impl HostRow<'_> {
    /// Whether a certificate covers it, and which.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.inventory.coverage(self.ingress, self.demand)
    }
}

/// One ManagedCertificate and how it stands.
#[derive(Debug)]
pub struct ManagedRow<'i>(pub ManagedStatus<'i>);

/// One finding.
#[derive(Clone, Copy, Debug)]
pub struct FindingRow<'i> {
    /// The rule's code; with the object it tells the finding from every other one, from run to run.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The object it is about.
    pub object: &'i ObjectRef,
    /// Objects on the other side of the mismatch.
    pub related: &'i [ObjectRef],
    /// What is wrong, without the object's name.
    pub message: &'i str,
    /// Both sides of the mismatch, as (name, value).
    pub evidence: &'i [(&'static str, String)],
    /// What to do about it.
    pub remedy: &'i Remedy,
    /// Whether an annotation on the object says to ignore it.
    pub waived: bool,
}

impl<'i> From<&'i Finding> for FindingRow<'i> {
    fn from(finding: &'i Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            object: &finding.object,
            related: &finding.related,
            message: &finding.message,
            evidence: &finding.evidence,
            remedy: &finding.remedy,
            waived: finding.waived,
        }
    }
}

/// One thing that could not be read.
#[derive(Clone, Copy, Debug)]
pub struct ProblemRow<'i> {
    /// What.
    pub object: &'i ObjectRef,
    /// Why.
    pub message: &'i str,
}

impl<'i> From<&'i Problem> for ProblemRow<'i> {
    fn from(problem: &'i Problem) -> Self {
        Self { object: &problem.object, message: &problem.message }
    }
}
