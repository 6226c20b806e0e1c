//! Forgetting: an inventory to which objects came, changed and went says what one says that has only
//! seen what is left.
//!
//! Takes the objects of every scenario as a cluster would show them, in whatever order the dice say.

use super::scenarios;
use crate::support::dice::Dice;
use certwright::audit::policy::Policy;
use certwright::audit::{Context, Platform, Source, audit};
use certwright::inventory::Inventory;
use certwright::inventory::questions::Asked;
use certwright::inventory::selection::Selection;
use certwright::object_ref::{Kind, ObjectRef};
use certwright::observation::{DelegationsSeen, Observation, Scope};
use certwright::observe::files::{self, Reading};
use ring::rand::SystemRandom;
use std::collections::BTreeMap;
use std::path::Path;
use time::OffsetDateTime;
use time::macros::datetime;

const AT: OffsetDateTime = datetime!(2026-11-21 00:00:00 UTC);

/// Runs of each scenario, and what happens in each to one object on average.
const RUNS: usize = 3;
const CHANGES: usize = 4;

/// What a scenario shows, each object once, as a cluster would.
fn shown(folder: &Path) -> Vec<(ObjectRef, Observation)> {
    let mut all: BTreeMap<ObjectRef, Observation> = BTreeMap::new();
    let mut take = |seen: Observation| {
        if let Some((object, seen)) = without_place(seen) {
            all.entry(object).or_insert(seen);
        }
    };
    let paths = [folder.join("in")];
    files::manifests(&paths, Reading::default(), "default", &mut take).expect("it can be read");
    all.into_iter().collect()
}

/// What was read in a file as a cluster would show it, and of what; none for what only files show.
fn without_place(mut seen: Observation) -> Option<(ObjectRef, Observation)> {
    let object = match &mut seen {
        Observation::Secret(secret) => &mut secret.object,
        Observation::Ingress(ingress) => &mut ingress.object,
        Observation::Route(route) => &mut route.object,
        Observation::Object(object) => &mut object.object,
        Observation::Workload(workload) => &mut workload.object,
        Observation::Values(values) => &mut values.object,
        Observation::Makers { seen, .. } => &mut seen.first_mut()?.object,
        Observation::Delegations { seen: DelegationsSeen::One(permits), .. } => {
            &mut permits.first_mut()?.by
        }
        Observation::Trust { seen, .. } => {
            let signing = seen.signing.iter_mut().map(|(by, _)| by);
            let handed_out = seen.handed_out.iter_mut().map(|(by, _)| by);
            let trusting = seen.trusting.iter_mut().map(|(by, ..)| by);
            signing.chain(handed_out).chain(trusting).next()?
        }
        _ => return None,
    };
    if object.kind == Kind::File {
        return None;
    }
    object.place = None;
    Some((object.clone(), seen))
}

/// The same under the name of another: what an object of its kind may become.
fn renamed(seen: &Observation, to: &ObjectRef) -> Option<Observation> {
    let mut seen = seen.clone();
    let object = match &mut seen {
        Observation::Secret(secret) => &mut secret.object,
        Observation::Ingress(ingress) => &mut ingress.object,
        Observation::Route(route) => &mut route.object,
        Observation::Object(object) => &mut object.object,
        Observation::Workload(workload) => &mut workload.object,
        _ => return None,
    };
    if object.kind != to.kind {
        return None;
    }
    *object = to.clone();
    Some(seen)
}

#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
fn take(inventory: &mut Inventory, seen: Observation) {
    inventory.absorb(seen, &SystemRandom::new());
}

/// All that an inventory says, in one order.
fn said(inventory: &Inventory) -> Vec<String> {
    let policy = Policy::default();
    let context =
        Context { now: AT, policy: &policy, platform: Platform::Auto, source: Source::Cluster };
    let report = audit(inventory, &context);
    let asked = Asked { owners: true, makers: true, events: true, workloads: true, served: false };
    let questions = inventory.open_questions(asked);
    let findings = report.findings.into_iter().map(|mut finding| {
        finding.related.sort();
        format!("{finding:?}")
    });
    let mut said: Vec<String> = findings.collect();
    said.extend(report.problems.iter().map(|one| format!("{one:?}")));
    said.extend(questions.iter().map(|one| format!("{one:?}")));
    said.sort();
    said
}

/// That all workloads were looked at, so that Secrets that none reads are told.
fn workloads_listed() -> Observation {
    Observation::Workloads { searched: Scope::Everywhere, others: Vec::new() }
}

/// One run: what an inventory says to which all this happened, and what one says that came last.
fn both(all: &[(ObjectRef, Observation)], dice: &mut Dice) -> (Vec<String>, Vec<String>) {
    let mut lived = Inventory::new(Selection::default());
    take(&mut lived, Observation::GoogleKinds);
    take(&mut lived, workloads_listed());
    let mut left: BTreeMap<&ObjectRef, Observation> = BTreeMap::new();
    for _ in 0..all.len() * CHANGES {
        let (object, own) = &all[dice.below(all.len())];
        let other = renamed(&all[dice.below(all.len())].1, object);
        match (dice.below(3), other) {
            (0, _) => {
                take(&mut lived, Observation::Gone(object.clone()));
                left.remove(object);
            }
            (1, Some(other)) => {
                take(&mut lived, other.clone());
                left.insert(object, other);
            }
            _ => {
                take(&mut lived, own.clone());
                left.insert(object, own.clone());
            }
        }
    }
    let mut fresh = Inventory::new(Selection::default());
    take(&mut fresh, Observation::GoogleKinds);
    take(&mut fresh, workloads_listed());
    for seen in left.into_values() {
        take(&mut fresh, seen);
    }
    (said(&lived), said(&fresh))
}

#[test]
fn what_is_gone_leaves_no_trace() {
    let mut dice = Dice::new("what_is_gone_leaves_no_trace");
    let mut objects = 0;
    for folder in scenarios::scenarios() {
        let all = shown(&folder);
        for run in 0..RUNS {
            let (lived, fresh) = both(&all, &mut dice);
            objects += all.len();
            let only = |these: &[String], others: &[String]| {
                these.iter().filter(|one| !others.contains(one)).cloned().collect::<Vec<_>>()
            };
            let (more, less) = (only(&lived, &fresh), only(&fresh, &lived));
            assert!(
                more.is_empty() && less.is_empty(),
                "{}, run {run}: it remembers\n{}\nand lacks\n{}",
                folder.display(),
                more.join("\n"),
                less.join("\n")
            );
        }
    }
    assert!(objects > 800, "only {objects} objects came and went");
}
