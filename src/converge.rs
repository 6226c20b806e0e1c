//! Converging: observe until the inventory has no open question, and go on until the goal is reached.
//!
//! Knows the order of things. Refuses to decide: rules are the audit's, plans and goals the plan's. A
//! conflict is answered here by looking again and planning again.

mod backends;
pub mod drive;
pub mod gather;
mod intake;
pub mod pinned;
pub mod waiting;

use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::plan::outcome::Outcome;
use crate::plan::step::Step;
use std::sync::Arc;

/// Carries out steps that need no materials, one after the other.
pub async fn in_order(steps: Vec<Step>, keys: Arc<dyn KeySource>, target: Target) -> Vec<Outcome> {
    apply::cluster::apply_in_order(steps, Arc::new(Materials::default()), keys, target, &mut |_| ())
        .await
}
