//! Converging: observe until the inventory has no open question, and go on until the plan is done.
//!
//! Knows the order of things. Refuses to decide: rules are the audit's, plans the plan's. A
//! conflict is answered here by looking again and planning again.

pub mod bootstrap;
pub mod gather;
pub mod managed;
pub mod rotation;
pub mod served;
pub mod waiting;

use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::plan::outcome::{Failed, Obstacle, Outcome};
use crate::plan::step::Step;
use std::sync::Arc;

/// How often a conflict makes us look again before it is reported.
const LOOKS: usize = 5;

/// Carries out steps that need no materials, one after the other.
pub async fn in_order(steps: Vec<Step>, keys: Arc<dyn KeySource>, target: Target) -> Vec<Outcome> {
    apply::cluster::apply_in_order(steps, Arc::new(Materials::default()), keys, target, &mut |_| ())
        .await
}

/// Those that somebody else's change kept from being done come second.
fn split_conflicts(outcomes: Vec<Outcome>) -> (Vec<Outcome>, Vec<Outcome>) {
    outcomes.into_iter().partition(|outcome| stopped_by(outcome, Obstacle::Conflict).is_none())
}

/// The failure of a step that this kept from being done.
fn stopped_by(outcome: &Outcome, obstacle: Obstacle) -> Option<&Failed> {
    outcome.result.as_ref().err().filter(|failed| failed.obstacle == obstacle)
}
