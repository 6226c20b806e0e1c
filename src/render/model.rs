//! What a report of `check` has to tell, row by row: borrowed, whole, in no format.
//!
//! Knows which objects are reported and what belongs into a row. Refuses to know columns, widths,
//! colours and escapes: a format takes the rows and shows what it has room for.

use crate::audit::Report;
use crate::audit::baseline::Standing;
use crate::audit::expiry::days_left;
use crate::audit::finding::{Finding, Severity};
use crate::audit::policy::Waived;
use crate::audit::status::Status;
use crate::inventory::bundle::Bundle;
use crate::inventory::frontend::{Demand, Frontend};
use crate::inventory::uses::Use;
use crate::inventory::{Coverage, Inventory, Problem};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::rights::Denied;
use crate::plan::managed::{ManagedStatus, statuses};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// A report: what was seen, and what is to be said of it.
#[derive(Clone, Copy, Debug)]
pub struct Model<'i> {
    /// What was seen.
    pub inventory: &'i Inventory,
    /// What the audit says of it.
    pub report: &'i Report,
    /// Where was looked.
    pub looked: &'i Looked,
    /// How a table is wanted.
    pub look: TableOptions,
}

/// Where was looked.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// For people: namespace and cluster, or the files.
    pub place: String,
    /// The kubeconfig's context, where one is used.
    pub context: Option<String>,
    /// The API server's URL.
    pub server: Option<String>,
    /// As whom: `--as`, else the kubeconfig's user.
    pub user: Option<String>,
}

/// How a table is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableOptions {
    /// `--no-headers`.
    pub no_headers: bool,
    /// Whether several namespaces are shown.
    pub namespaces: bool,
    /// `--all`: every row and every finding, waived ones too.
    pub all: bool,
    /// `--sort-by`.
    pub sort_by: SortBy,
    /// `--expires-within`: only what ends by then.
    pub ends_by: Option<OffsetDateTime>,
}

/// By what the rows of a table are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// Worst first, of those what is used, then what ends first.
    #[default]
    Status,
    /// What ends first.
    Expires,
    /// Namespace and name.
    Name,
    /// Who owns it, then what ends first.
    Owner,
}

impl<'i> Model<'i> {
    /// Every object that is reported and holds certificates, or should, in the objects' order.
    fn bundles(&self) -> impl Iterator<Item = (&'i ObjectRef, &'i Bundle)> + use<'i> {
        let Self { inventory, look, .. } = *self;
        let found: Option<BTreeSet<Named<'i>>> = self
            .report
            .is_narrowed
            .then(|| self.report.findings.iter().map(|it| named(&it.object)).collect());
        let values = inventory.values().map(|value| (&value.object, &value.bundle));
        inventory.bundles().chain(values).filter(move |(object, bundle)| {
            inventory.is_reported(object)
                && look.ends_by.is_none_or(|by| bundle.ends_by(by))
                && found.as_ref().is_none_or(|found| found.contains(&named(object)))
        })
    }

    /// Every object that holds certificates, or should, sorted as it is wanted: a row each.
    #[must_use]
    pub fn holders(&self) -> Vec<HolderRow<'i>> {
        let mut all: BTreeMap<Named<'_>, Vec<(&'i Finding, bool)>> = BTreeMap::new();
        let told = self.report.findings.iter().map(|finding| (finding, true));
        for (finding, is_told) in told.chain(self.report.others.iter().map(|it| (it, false))) {
            all.entry(named(&finding.object)).or_default().push((finding, is_told));
        }
        let rows = self.bundles().map(|(object, bundle)| {
            // Each value that holds certificates is a row of its own.
            let is_of_key =
                |finding: &Finding| object.key.is_none() || finding.object.key == object.key;
            let own = all.get(&named(object)).into_iter().flatten().copied();
            let own: Vec<_> = own.filter(|(finding, _)| is_of_key(finding)).collect();
            HolderRow {
                object,
                bundle,
                told: own.iter().filter(|(_, is_told)| *is_told).map(|(it, _)| *it).collect(),
                leaf: match self.inventory.value(object) {
                    Some(value) => value.first_to_end(),
                    None => bundle.leaf(),
                },
                status: Status::of(own.iter().map(|(finding, _)| *finding)),
                is_used: self.inventory.is_in_use(object),
                now: self.report.now,
                inventory: self.inventory,
            }
        });
        let mut rows: Vec<HolderRow<'i>> = rows.collect();
        let ends = |row: &HolderRow<'_>| row.leaf.map(|leaf| leaf.not_after);
        rows.sort_by(|a, b| {
            let by_end = || ends(a).cmp(&ends(b));
            let first = match self.look.sort_by {
                SortBy::Status => {
                    let by_use = || b.is_used.cmp(&a.is_used);
                    b.status.cmp(&a.status).then_with(by_use).then_with(by_end)
                }
                SortBy::Expires => by_end(),
                SortBy::Name => Ordering::Equal,
                SortBy::Owner => a.owner().cmp(&b.owner()).then_with(by_end),
            };
            first.then_with(|| a.object.cmp(b.object))
        });
        rows
    }

    /// Whom a finding about a certificate hurts: who serves it, and for which hosts, and which workloads
    /// read it.
    #[must_use]
    pub fn affected(&self, finding: &FindingRow<'_>) -> Vec<Affected<'i>> {
        if finding.object.kind != Kind::Secret {
            return Vec::new();
        }
        let users = self.inventory.users(finding.object);
        let serving = users.map(|frontend| {
            let hosts = frontend.hosts_of(finding.object);
            Affected { object: &frontend.object, hosts }
        });
        let uses = self.inventory.uses(finding.object).into_iter();
        let reading = uses.map(|one| Affected { object: &one.workload, hosts: Vec::new() });
        serving.chain(reading).collect()
    }

    /// Every certificate of every object that is reported, in the objects' order, each chain as it
    /// stands.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateRow<'i>> + use<'i> {
        let Self { inventory, report, .. } = *self;
        let at = (report.now, inventory);
        self.bundles().flat_map(move |(object, bundle)| certificates_of(object, bundle, at))
    }

    /// Every host of every frontend that is reported, and every one that has to be covered.
    pub fn hosts(&self) -> impl Iterator<Item = HostRow<'i>> + use<'i> {
        let inventory = self.inventory;
        let reported =
            inventory.frontends().filter(move |frontend| inventory.is_reported(&frontend.object));
        let served = reported.flat_map(move |frontend| {
            frontend.demands.iter().map(move |demand| HostRow { frontend, demand, inventory })
        });
        let wanted = inventory.wanted();
        served.chain(wanted.map(move |(frontend, demand)| HostRow { frontend, demand, inventory }))
    }

    /// Every ManagedCertificate, or those of the Ingresses that were chosen.
    #[must_use]
    pub fn managed(&self) -> Vec<ManagedRow<'i>> {
        let inventory = self.inventory;
        let is_chosen = |status: &ManagedStatus<'_>| {
            let mut ingresses = status.ingresses.iter();
            inventory.selection().is_everything()
                || ingresses.any(|(ingress, _)| inventory.is_reported(&ingress.frontend.object))
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

    /// What may not be read and nothing depends on.
    pub fn notes(&self) -> impl Iterator<Item = ProblemRow<'i>> + use<'i> {
        self.report.notes.iter().map(ProblemRow::from)
    }
}

/// The certificates of one object, as they stand.
fn certificates_of<'i>(
    object: &'i ObjectRef,
    bundle: &'i Bundle,
    (now, inventory): (OffsetDateTime, &'i Inventory),
) -> impl Iterator<Item = CertificateRow<'i>> + use<'i> {
    let leaf = bundle.leaf_position();
    bundle.certificates.iter().enumerate().map(move |(index, certificate)| CertificateRow {
        object,
        index,
        is_leaf: index == leaf,
        certificate,
        now,
        inventory,
    })
}

/// An object, wherever it was read.
type Named<'o> = (Kind, &'o str, &'o str);

fn named(object: &ObjectRef) -> Named<'_> {
    (object.kind, object.namespace(), &object.name)
}

/// Who serves or reads a certificate, and for which hosts.
#[derive(Clone, Debug)]
pub struct Affected<'i> {
    /// Who serves it, or a workload that reads it.
    pub object: &'i ObjectRef,
    /// The hosts; none for a workload.
    pub hosts: Vec<&'i str>,
}

/// An object that holds a certificate and key, or should.
#[derive(Clone, Debug)]
pub struct HolderRow<'i> {
    /// The Secret, file or server.
    pub object: &'i ObjectRef,
    /// The certificate that is served, or of other values the one that ends first; none where none can be
    /// read.
    pub leaf: Option<&'i Certificate>,
    /// How it stands.
    pub status: Status,
    /// Whether anybody serves it: what hurts somebody comes before what hurts nobody.
    pub is_used: bool,
    bundle: &'i Bundle,
    told: Vec<&'i Finding>,
    now: OffsetDateTime,
    inventory: &'i Inventory,
}

impl<'i> HolderRow<'i> {
    /// Its certificates, as they stand; none where none can be read.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateRow<'i>> + use<'i> {
        certificates_of(self.object, self.bundle, (self.now, self.inventory))
    }

    /// What is found of it, worst first, waived ones too.
    pub fn findings(&self) -> impl Iterator<Item = FindingRow<'i>> {
        self.told.iter().copied().map(FindingRow::from)
    }

    /// Whole days until it ends, as findings count them: none of the last one, negative when it has
    /// ended.
    #[must_use]
    pub fn whole_days(&self) -> Option<i64> {
        self.leaf.map(|leaf| (leaf.not_after - self.now).whole_days())
    }

    /// See [`CertificateRow::owner`].
    #[must_use]
    pub fn owner(&self) -> Option<&'i str> {
        owner(self.inventory, self.object)
    }

    /// See [`CertificateRow::users`].
    #[must_use]
    pub fn users(&self) -> Vec<&'i Frontend> {
        users(self.inventory, self.object)
    }

    /// See [`CertificateRow::uses`].
    #[must_use]
    pub fn uses(&self) -> Vec<&'i Use> {
        uses(self.inventory, self.object)
    }
}

/// Whether frontends serve what objects of the kind hold: a Route serves its own.
const fn holds_for_frontends(kind: Kind) -> bool {
    matches!(kind, Kind::Secret | Kind::Route)
}

fn owner<'i>(inventory: &'i Inventory, object: &ObjectRef) -> Option<&'i str> {
    let secret = inventory.secret(object.namespace(), &object.name);
    Some(secret.filter(|_| object.kind == Kind::Secret)?.owner.as_ref()?.name.as_str())
}

fn uses<'i>(inventory: &'i Inventory, object: &ObjectRef) -> Vec<&'i Use> {
    if object.kind == Kind::Secret { inventory.uses(object) } else { Vec::new() }
}

fn users<'i>(inventory: &'i Inventory, object: &ObjectRef) -> Vec<&'i Frontend> {
    if !holds_for_frontends(object.kind) {
        return Vec::new();
    }
    let mut users: Vec<&Frontend> = inventory.users(object).collect();
    let serving: BTreeSet<*const Frontend> =
        users.iter().copied().map(std::ptr::from_ref).collect();
    let others = inventory.mentioners(object);
    users.extend(others.filter(|other| !serving.contains(&std::ptr::from_ref(*other))));
    users
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

    /// Whole days until it ends, or since it has ended, as people count them.
    #[must_use]
    pub fn whole_days(&self) -> i64 {
        (self.certificate.not_after - self.now).whole_days()
    }

    /// Whole days until it ends, rounded down: negative as soon as it has ended.
    #[must_use]
    pub fn days_left(&self) -> i64 {
        days_left(self.certificate, self.now)
    }

    /// Who owns the Secret, as people call it.
    #[must_use]
    pub fn owner(&self) -> Option<&'i str> {
        owner(self.inventory, self.object)
    }

    /// The frontends that name the Secret, each once: to serve its certificate, or for another end.
    #[must_use]
    pub fn users(&self) -> Vec<&'i Frontend> {
        users(self.inventory, self.object)
    }

    /// The workloads that read the Secret, each once.
    #[must_use]
    pub fn uses(&self) -> Vec<&'i Use> {
        uses(self.inventory, self.object)
    }

    fn is_of_secret(&self) -> bool {
        self.object.kind == Kind::Secret && self.object.key.is_none()
    }
}

/// One host that a frontend serves.
#[derive(Clone, Copy, Debug)]
pub struct HostRow<'i> {
    /// What serves it.
    pub frontend: &'i Frontend,
    /// The host, and what may be served for it.
    pub demand: &'i Demand,
    inventory: &'i Inventory,
}

impl HostRow<'_> {
    /// Whether a certificate covers it, and which.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.inventory.coverage(self.frontend, self.demand)
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
    /// Whether it is accepted: by an annotation on the object, or by a waiver of the policy.
    pub waived: bool,
    /// The waiver of the policy, where it is that.
    pub waiver: Option<&'i Waived>,
    /// Whether a baseline knows it; none without one.
    pub baseline: Option<Standing>,
    /// Whether it is told by default, counted and decides how a command ends.
    pub counts: bool,
    finding: &'i Finding,
}

impl FindingRow<'_> {
    /// Why it does not count, in a word; none where it does.
    #[must_use]
    pub fn passed_over(&self) -> Option<&'static str> {
        match self.counts {
            true => None,
            false if self.waived => Some("waived"),
            false => Some("known"),
        }
    }

    /// See [`Finding::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.finding.fingerprint()
    }
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
            waiver: finding.waiver.as_deref(),
            baseline: finding.baseline,
            counts: finding.counts(),
            finding,
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
    /// Whether it was read, and only an annotation on it means nothing.
    pub only_a_policy: bool,
    /// Who has no right to it, where that is why.
    pub denied: Option<&'i Denied>,
}

impl<'i> From<&'i Problem> for ProblemRow<'i> {
    fn from(problem: &'i Problem) -> Self {
        Self {
            object: &problem.object,
            message: &problem.message,
            only_a_policy: problem.only_a_policy,
            denied: problem.denied.as_ref(),
        }
    }
}
