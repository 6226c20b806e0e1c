//! Served as it is stored, as a goal.

use super::goal::{Goal, Next, SURE_AFTER};
use super::step::Plan;
use crate::audit::served::Progress;
use crate::inventory::Inventory;
use crate::observation::Question;
use time::OffsetDateTime;

/// Every address of every chosen Ingress serves what is stored.
#[derive(Debug)]
pub struct Served;

impl Goal for Served {
    type Awaited = Progress;

    /// What is chosen is looked at with all that it leads to; there is nothing beside it.
    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        Vec::new()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Progress> {
        let progress = Progress::of(seen);
        let plan = Plan::empty(now);
        if progress.is_done() {
            return Next::Done { reached: None, plan };
        }
        Next::Wait { awaited: progress, plan }
    }

    /// Behind one address there are many servers, which do not change in the same instant.
    fn looks_until_done(&self) -> usize {
        SURE_AFTER
    }
}
