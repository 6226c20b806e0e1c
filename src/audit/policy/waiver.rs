//! Waivers: findings that are accepted, each with a reason and the last day it is.
//!
//! Knows which findings a waiver covers, and says of each that is past its day or covers nothing. A waiver
//! never ends in silence: what it covered is told again, and so is the waiver.

use super::selector::{Pattern, Selector, Subject};
use super::{Policy, Rating};
use crate::audit::Context;
use crate::audit::finding::Finding;
use crate::audit::rules::{waiver_expired, waiver_unused};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, KindName, ObjectRef};
use std::collections::BTreeMap;
use std::fmt;
use time::{Date, OffsetDateTime};

/// Findings that are accepted until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Of this rule.
    pub rule: &'static str,
    /// About this object; none: about any.
    pub object: Option<KindName>,
    /// About this host; none: about any, or none.
    pub(super) host: Option<Pattern>,
    pub(super) of: Selector,
    /// Why. From outside.
    pub reason: String,
    /// The last day, in UTC.
    pub until: Date,
    /// The line of the policy file it stands in.
    pub line: usize,
}

/// By which waiver a finding is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Why. From outside.
    pub reason: String,
    /// The last day, in UTC.
    pub until: Date,
}

impl Waiver {
    fn is_past(&self, now: OffsetDateTime) -> bool {
        // A date that has no next one is refused when it is read.
        self.until.next_day().is_some_and(|next| next.midnight().assume_utc() <= now)
    }

    fn covers(&self, inventory: &Inventory, finding: &Finding) -> bool {
        self.rule == finding.rule
            && self.object.as_ref().is_none_or(|object| object.names(&finding.object))
            && self.host.as_ref().is_none_or(|host| is_about(inventory, finding, host))
            && (self.of.is_everything() || self.of.fits(&Subject::of(inventory, &finding.object)))
    }
}

impl fmt::Display for Waiver {
    /// `of expired for secret/web in namespace shop, in line 7 ("reason")`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {}", self.rule)?;
        if let Some(object) = &self.object {
            write!(f, " for {}", object.object().apart())?;
        }
        if let Some(host) = &self.host {
            write!(f, " for {}", host.0)?;
        }
        write!(f, ", in line {} ({:?})", self.line, self.reason)
    }
}

/// Whether a finding is about a host: its evidence names it, or the certificate that it is about does.
fn is_about(inventory: &Inventory, finding: &Finding, host: &Pattern) -> bool {
    const HOSTS: [&str; 4] = ["host", "hosts", "domain", "domains"];
    let told = finding.evidence.iter().filter(|(name, _)| HOSTS.contains(name));
    let mut told = told.flat_map(|(_, value)| value.split(',').map(str::trim));
    if told.any(|it| host.fits(it)) {
        return true;
    }
    let is_secret = finding.object.kind == Kind::Secret;
    let secret = is_secret.then(|| inventory.secret_at(&finding.object)).flatten();
    let leaf = secret.and_then(|secret| secret.bundle.leaf());
    leaf.is_some_and(|leaf| leaf.dns().any(|name| host.fits(name)))
}

/// Gives findings the severities of the policy, drops those that are turned off, marks those that are
/// accepted, and adds what is to be said of waivers.
pub(in crate::audit) fn settle(
    inventory: &Inventory,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) {
    let policy = context.policy;
    rate(policy, inventory, findings);
    let mut of_rule: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, waiver) in policy.waivers.iter().enumerate() {
        of_rule.entry(waiver.rule).or_default().push(at);
    }
    // What a waiver covers, or would if it had not ended.
    let mut covered: Vec<Vec<usize>> = vec![Vec::new(); policy.waivers.len()];
    for (place, finding) in findings.iter_mut().enumerate() {
        let annotated = |code: &String| code == finding.rule;
        let annotations =
            if policy.ignore_annotations { &[][..] } else { inventory.ignored(&finding.object) };
        finding.waived = annotations.iter().any(annotated);
        for at in of_rule.get(finding.rule).into_iter().flatten() {
            let waiver = &policy.waivers[*at];
            if waiver.covers(inventory, finding) {
                covered[*at].push(place);
                if !waiver.is_past(context.now) && finding.waiver.is_none() {
                    finding.waived = true;
                    let (reason, until) = (waiver.reason.clone(), waiver.until);
                    finding.waiver = Some(Box::new(Waived { reason, until }));
                }
            }
        }
    }
    let mut told = told(inventory, context, findings, &covered);
    rate(policy, inventory, &mut told);
    findings.append(&mut told);
}

fn rate(policy: &Policy, inventory: &Inventory, findings: &mut Vec<Finding>) {
    if policy.severities.is_empty() {
        return;
    }
    findings.retain_mut(|finding| match policy.severity(inventory, finding) {
        None => true,
        Some(Rating::Off) => false,
        Some(Rating::As(severity)) => {
            finding.severity = severity;
            true
        }
    });
}

/// What is to be said of waivers themselves.
fn told(
    inventory: &Inventory,
    context: &Context<'_>,
    findings: &[Finding],
    covered: &[Vec<usize>],
) -> Vec<Finding> {
    let policy = context.policy;
    let Some(file) = policy.file.as_deref().map(ObjectRef::file) else { return Vec::new() };
    let all = inventory.selection().is_everything();
    let told = policy.waivers.iter().zip(covered).filter_map(|(waiver, covered)| {
        let open: Vec<&Finding> =
            covered.iter().map(|at| &findings[*at]).filter(|it| !it.waived).collect();
        if waiver.is_past(context.now) {
            // Where only some objects were asked for, the waivers of others are not.
            return (all || !open.is_empty())
                .then(|| waiver_expired::of(&file, waiver, (context.now, &open)));
        }
        let was_looked_for = all && is_looked_for(inventory, waiver);
        (covered.is_empty() && was_looked_for).then(|| waiver_unused::of(&file, waiver))
    });
    told.collect()
}

/// Whether a finding that the waiver covers would have been found: its namespace was looked at, and what
/// its rule is about.
fn is_looked_for(inventory: &Inventory, waiver: &Waiver) -> bool {
    let namespace = waiver.object.as_ref().and_then(|object| object.namespace.as_deref());
    let within = inventory.within();
    let is_within = within.is_none() || (waiver.of.is_everything() && namespace == within);
    is_within && !crate::audit::finding::NEEDS_A_PROBE.iter().any(|it| waiver.rule.starts_with(it))
}
