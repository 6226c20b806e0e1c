//! The audit: a list of rules over the inventory, at an instant, under a policy.
//!
//! Here a certificate is judged. Reports every violation, never just the first. Refuses to know
//! Kubernetes types, IO and the clock: `now` is an argument.

mod asking;
pub mod backends;
pub mod baseline;
pub mod calendar;
pub mod clients;
pub mod connections;
pub mod expiry;
pub mod finding;
mod gap;
pub mod google_keys;
pub mod halves;
pub mod issuing;
pub mod news;
pub mod pins;
pub mod policy;
pub mod remedy;
mod rules;
pub mod served;
pub mod status;
pub mod strength;
pub mod trust;
pub mod unread;

use crate::gke::annotations::{INGRESS_CLASS, is_gke_class};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{IGNORE, Inventory, Problem, nearest};
use crate::object_ref::ObjectRef;
use baseline::Compared;
use finding::{Finding, Findings, Severity};
use policy::Policy;
use std::collections::BTreeSet;
use time::OffsetDateTime;
use unread::unread;

pub use rules::{RULES, View, of_gke_ingress};

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
    pub check: fn(&View<'_>, &mut Findings),
}

/// What judgements depend on beside the facts.
#[derive(Clone, Copy, Debug)]
pub struct Context<'p> {
    /// The instant that is judged.
    pub now: OffsetDateTime,
    /// Renewal windows and the like.
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
        if !inventory.is_beside_google_kinds(&ingress.frontend.object) {
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
    /// By what it was judged.
    pub policy: Policy,
    /// Every finding that is told, worst first.
    pub findings: Vec<Finding>,
    /// Those that were not chosen ([`Report::choose`]): neither told nor counted.
    pub others: Vec<Finding>,
    /// Whether rules or a severity were chosen: then only what such findings are about is shown.
    pub is_narrowed: bool,
    /// Whether everything could be read.
    pub complete: bool,
    /// What could not be read, and what annotations ask for that is not known.
    pub problems: Vec<Problem>,
    /// What may not be read and nothing that was seen depends on.
    pub notes: Vec<Problem>,
    /// The baseline that it was compared with.
    pub compared: Option<Compared>,
}

/// Asks every rule, marks what is waived, and keeps what the user chose to see.
#[must_use]
pub fn audit(inventory: &Inventory, context: &Context<'_>) -> Report {
    let mut findings = asking::every_rule(&View::new(inventory, context));
    findings.retain(|finding| is_reported(inventory, finding));
    for finding in &mut findings {
        if let Some(instead) = remedy::where_it_comes_from(inventory, &finding.remedy) {
            finding.remedy = instead;
        }
        finding.remedy.settle(&mut finding.message, inventory.target());
    }
    policy::settle(inventory, context, &mut findings);
    findings.sort_by(Finding::order);
    let unread = unread(inventory, context);
    let problems: Vec<Problem> =
        unread.problems.into_iter().cloned().chain(unknown_codes(inventory)).collect();
    Report {
        now: context.now,
        source: context.source,
        policy: context.policy.clone(),
        findings,
        others: Vec::new(),
        is_narrowed: false,
        complete: problems.is_empty(),
        problems,
        notes: unread.optional.into_iter().cloned().collect(),
        compared: None,
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
                let told =
                    format!("annotation {IGNORE} names {code:?}, which is not a rule{meant}");
                Problem::of_policy(object.clone(), told)
            })
        },
    )
}

/// Which findings are told.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Those of these rules; of all when there is none.
    pub rules: Vec<&'static str>,
    /// Those that are at least so bad.
    pub severity: Option<Severity>,
    /// Those about certificates that end by then.
    pub ends_by: Option<OffsetDateTime>,
}

impl Choice {
    /// Whether the finding is chosen; `ending` are the objects with certificates that end in time.
    fn takes(&self, finding: &Finding, ending: Option<&BTreeSet<ObjectRef>>) -> bool {
        let of_rule = self.rules.is_empty() || self.rules.contains(&finding.rule);
        let is_bad = self.severity.is_none_or(|least| finding.severity >= least);
        let object = || ObjectRef { key: None, ..finding.object.clone() };
        of_rule && is_bad && ending.is_none_or(|ending| ending.contains(&object()))
    }
}

impl Report {
    /// Keeps the findings that were chosen; only they are told, counted and decide about the exit code.
    pub fn choose(&mut self, choice: &Choice, inventory: &Inventory) {
        let ending = choice.ends_by.map(|by| {
            let values = inventory.values().map(|value| (&value.object, &value.bundle));
            let all = inventory.bundles().chain(values);
            let ending = all.filter(|(_, bundle)| bundle.ends_by(by));
            let object = |object: &ObjectRef| ObjectRef { key: None, ..object.clone() };
            ending.map(|(it, _)| object(it)).collect::<BTreeSet<ObjectRef>>()
        });
        self.is_narrowed = !choice.rules.is_empty() || choice.severity.is_some();
        let all = std::mem::take(&mut self.findings);
        (self.findings, self.others) =
            all.into_iter().partition(|finding| choice.takes(finding, ending.as_ref()));
    }

    /// The worst severity among findings that count.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let counting = self.findings.iter().filter(|finding| finding.counts());
        counting.map(|finding| finding.severity).max()
    }

    /// How many findings of this severity count.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let of_it = |finding: &&Finding| finding.counts() && finding.severity == severity;
        self.findings.iter().filter(of_it).count()
    }

    /// How many findings are waived.
    #[must_use]
    pub fn waived(&self) -> usize {
        self.findings.iter().filter(|finding| finding.waived).count()
    }

    /// How many findings the baseline knows.
    #[must_use]
    pub fn known(&self) -> usize {
        let is_known = |it: &&Finding| it.baseline == Some(baseline::Standing::Known);
        self.findings.iter().filter(is_known).count()
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
