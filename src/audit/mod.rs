//! The audit: a list of rules over the inventory, at an instant, under a policy.
//!
//! Here a certificate is judged. Reports every violation, never just the first. Refuses to know
//! Kubernetes types, IO and the clock: `now` is an argument.

pub mod clients;
pub mod expiry;
pub mod finding;
mod gap;
pub mod halves;
pub mod issuing;
pub mod policy;
pub mod remedy;
mod rules;
pub mod served;
pub mod strength;

use crate::gke::annotations::{INGRESS_CLASS, is_gke_class};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{IGNORE, Inventory, Problem, nearest};
use crate::object_ref::Kind;
use finding::{Finding, Findings, Severity};
use policy::Policy;
use time::OffsetDateTime;

pub use rules::RULES;

/// One rule: what it is called, how bad it is, what to do about it, and how it is found.
#[derive(Debug)]
pub struct Rule {
    /// The code, in JSON and in `certwright.dev/ignore`. Codes are only added, never renamed.
    pub code: &'static str,
    /// How bad a finding is unless the rule says otherwise of one.
    pub severity: Severity,
    /// What to do about it, for people.
    pub remedy: &'static str,
    /// Why it matters: the standard or the incident behind it.
    pub explain: &'static str,
    /// Looks through the inventory.
    pub check: fn(&Inventory, &Context<'_>, &mut Findings),
}

/// What judgements depend on beside the facts.
#[derive(Clone, Copy, Debug)]
pub struct Context<'p> {
    /// The instant that is judged.
    pub now: OffsetDateTime,
    /// Leads and the like.
    pub policy: &'p Policy,
    /// Whether GKE's load balancer serves an Ingress that names no class.
    pub platform: Platform,
    /// Where the facts are from; a file set may be less than the cluster has.
    pub source: Source,
}

/// Where observations come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A live API server: what is not there is missing.
    Cluster,
    /// Files: what is not there may be elsewhere.
    Files,
}

/// Whose controller serves an Ingress that names no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// GKE's, when anything of GKE's own kinds was seen.
    Auto,
    /// GKE's.
    Gke,
    /// Another one.
    Other,
}

impl Context<'_> {
    /// Whether an Ingress of this class is GKE's: by the annotation, which alone it goes by, or by
    /// naming no class at all on that platform.
    #[must_use]
    pub fn is_gke(&self, inventory: &Inventory, ingress: &IngressFacts) -> bool {
        if !inventory.is_beside_google_kinds(ingress) {
            return false;
        }
        let annotated =
            ingress.annotations.get(INGRESS_CLASS).map(String::as_str).unwrap_or_default();
        match (annotated, &ingress.class_name) {
            ("", None) => match self.platform {
                Platform::Gke => true,
                Platform::Other => false,
                Platform::Auto => inventory.has_gke_objects(),
            },
            (class, _) => is_gke_class(Some(class)),
        }
    }
}

/// What the audit found.
#[derive(Debug)]
pub struct Report {
    /// The instant that was judged.
    pub now: OffsetDateTime,
    /// Where the facts are from.
    pub source: Source,
    /// Every finding, worst first.
    pub findings: Vec<Finding>,
    /// Whether everything could be read.
    pub complete: bool,
    /// What could not be read, and what annotations ask for that is not known.
    pub problems: Vec<Problem>,
}

/// Asks every rule, marks what is waived, and keeps what the user chose to see.
#[must_use]
pub fn audit(inventory: &Inventory, context: &Context<'_>) -> Report {
    let mut found = Findings::default();
    for rule in RULES {
        (rule.check)(inventory, context, &mut found);
    }
    let mut findings = found.into_vec();
    findings.retain(|finding| is_reported(inventory, finding));
    for finding in &mut findings {
        if let Some(instead) = remedy::where_it_comes_from(inventory, &finding.remedy) {
            finding.remedy = instead;
        }
        finding.remedy.settle(&mut finding.message, inventory.target());
        finding.waived = is_waived(inventory, finding);
    }
    findings.sort_by(Finding::order);
    let problems: Vec<Problem> =
        inventory.problems().iter().cloned().chain(unknown_codes(inventory)).collect();
    Report {
        now: context.now,
        source: context.source,
        findings,
        complete: problems.is_empty(),
        problems,
    }
}

/// Codes that somebody wants ignored and that no rule has: the finding they meant is told on.
fn unknown_codes(inventory: &Inventory) -> impl Iterator<Item = Problem> {
    inventory.ignoring().filter(|(object, _)| inventory.is_reported(object)).flat_map(
        |(object, codes)| {
            codes.iter().filter(|code| rule(code).is_none()).map(|code| {
                let meant = nearest(code, RULES.iter().map(|rule| rule.code));
                let meant =
                    meant.map_or_else(String::new, |code| format!(": did you mean {code}?"));
                Problem {
                    object: object.clone(),
                    message: format!("annotation {IGNORE} names {code:?}, which is no rule{meant}"),
                    only_a_policy: true,
                }
            })
        },
    )
}

impl Report {
    /// The worst severity among findings that are not waived.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().filter(|finding| !finding.waived).map(|finding| finding.severity).max()
    }

    /// How many findings of this severity are not waived.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| !finding.waived && finding.severity == severity)
            .count()
    }
}

/// The rule with this code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

fn is_reported(inventory: &Inventory, finding: &Finding) -> bool {
    let mut about = std::iter::once(&finding.object).chain(&finding.related);
    inventory.selection().is_everything() || about.any(|object| inventory.is_reported(object))
}

fn is_waived(inventory: &Inventory, finding: &Finding) -> bool {
    let object = &finding.object;
    let (namespace, name) = (object.namespace(), object.name.as_str());
    let ignored = match object.kind {
        Kind::Secret => {
            inventory.secret(namespace, name).map(|secret| &secret.annotation_policy.ignore)
        }
        Kind::Ingress => inventory.ingress(namespace, name).map(|ingress| &ingress.ignore),
        Kind::Service | Kind::BackendConfig | Kind::FrontendConfig | Kind::ManagedCertificate => {
            inventory.object(object).map(|facts| &facts.ignore)
        }
        _ => None,
    };
    ignored.is_some_and(|codes| codes.iter().any(|code| code == finding.rule))
}
