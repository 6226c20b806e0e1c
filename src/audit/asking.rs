//! Asking every rule: by two threads, each of which takes the next rule that nobody has asked yet.
//!
//! Knows that rules know nothing of each other, but for the last ones, and that what they find is told
//! in their order. Refuses to know what any of them looks at.

use super::Rule;
use super::finding::{Finding, Findings};
use super::rules::{LISTENING, RULES, View};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What each rule found, with its place among the rules.
type Found = Vec<(usize, Vec<Finding>)>;

/// All that the rules find, in the order of the rules.
pub(super) fn every_rule(view: &View<'_>) -> Vec<Finding> {
    let (rules, listening) = RULES.split_at(RULES.len().saturating_sub(LISTENING));
    let mut found = by_two(view, rules);
    found.sort_unstable_by_key(|(place, _)| *place);
    let mut findings = Findings::default();
    findings.extend(found.into_iter().flat_map(|(_, findings)| findings));
    for rule in listening {
        (rule.check)(view, &mut findings);
    }
    findings.into_vec()
}

/// Asks these rules. Where the system starts no thread, one asks them all.
fn by_two(view: &View<'_>, rules: &[&Rule]) -> Found {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let other = thread::Builder::new().spawn_scoped(scope, || ask(view, rules, &next));
        let mut found = ask(view, rules, &next);
        if let Ok(other) = other {
            // A panic there is a panic here.
            found.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        found
    })
}

fn ask(view: &View<'_>, rules: &[&Rule], next: &AtomicUsize) -> Found {
    let mut found = Vec::new();
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(rule) = rules.get(place) else { return found };
        let mut findings = Findings::default();
        (rule.check)(view, &mut findings);
        found.push((place, findings.into_vec()));
    }
}
