//! Converging: observe until the inventory has no open question, and go on until the plan is done.
//!
//! Knows the order of things. Refuses to decide: rules are the audit's, plans the plan's. A
//! conflict is answered here by looking again and planning again.

pub mod bootstrap;
pub mod gather;
pub mod managed;
pub mod rotation;
pub mod served;

use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::plan::outcome::Outcome;
use crate::plan::step::Step;
use std::sync::Arc;
use std::time::Duration;

/// How often a conflict makes us look again before it is reported.
const LOOKS: usize = 5;

/// Between looks while waiting: an address takes minutes, and a look is two or three reads.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Carries out steps that need no materials, one after the other.
pub async fn in_order(steps: Vec<Step>, keys: Arc<dyn KeySource>, target: Target) -> Vec<Outcome> {
    apply::cluster::apply_in_order(steps, Arc::new(Materials::default()), keys, target, &mut |_| ())
        .await
}

fn split_conflicts(outcomes: Vec<Outcome>) -> (Vec<Outcome>, Vec<Outcome>) {
    outcomes
        .into_iter()
        .partition(|outcome| !matches!(&outcome.result, Err(failed) if failed.conflict))
}
