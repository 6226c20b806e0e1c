//! What is new since somebody was told last, and what is gone.
//!
//! Knows findings by their fingerprints alone, so that a certificate which has a day less left is no news.
//! Refuses to know who is told, and where it is kept what they know.

use super::Report;
use super::finding::{Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// What was told: by its fingerprint, which rule of which object.
pub type Known = BTreeMap<String, String>;

/// A finding that nobody was told of.
#[derive(Clone, Copy, Debug)]
pub struct New<'r> {
    /// The kubeconfig's context, where several were looked at.
    pub context: Option<&'r str>,
    /// The finding.
    pub finding: &'r Finding,
}

impl New<'_> {
    /// By what it is known from run to run.
    #[must_use]
    pub fn key(&self) -> String {
        key(self.context, self.finding)
    }

    /// Which rule of which object.
    #[must_use]
    pub fn about(&self) -> String {
        let context = self.context.map_or_else(String::new, |context| format!("{context} "));
        format!("{} {context}{}", self.finding.rule, self.finding.object)
    }
}

/// What is to be told.
#[derive(Debug)]
pub struct News<'r> {
    /// The findings that are new, worst first.
    pub new: Vec<New<'r>>,
    /// What was told and is not found any more.
    pub resolved: Known,
}

/// What of these reports, each with its context where there are several, is not known; of findings that are at
/// least so bad. What is waived or known to a baseline is not told, and what was told and is so now is gone. Where anything could
/// not be read, nothing is gone: it may only be out of sight.
#[must_use]
pub fn news<'r>(
    reports: &[(Option<&'r str>, &'r Report)],
    least: Severity,
    is_complete: bool,
    known: &Known,
) -> News<'r> {
    let found = |all: bool| {
        reports.iter().flat_map(move |(context, report)| {
            let others = report.others.iter().filter(move |_| all);
            let findings = report.findings.iter().chain(others).filter(|it| it.counts());
            findings.map(|finding| New { context: *context, finding })
        })
    };
    let mut seen = BTreeSet::new();
    let is_bad = |one: &New<'_>| one.finding.severity >= least;
    let mut new: Vec<New<'_>> = found(false)
        .filter(is_bad)
        .filter(|one| !known.contains_key(&one.key()) && seen.insert(one.key()))
        .collect();
    new.sort_by_key(|one| std::cmp::Reverse(one.finding.severity));
    let mut resolved = Known::new();
    if is_complete {
        let there: BTreeSet<String> = found(true).map(|one| one.key()).collect();
        let gone = known.iter().filter(|(key, _)| !there.contains(*key));
        resolved.extend(gone.map(|(key, about)| (key.clone(), about.clone())));
    }
    News { new, resolved }
}

fn key(context: Option<&str>, finding: &Finding) -> String {
    let own = finding.fingerprint();
    context.map_or_else(|| own.clone(), |context| format!("{own}@{context}"))
}
