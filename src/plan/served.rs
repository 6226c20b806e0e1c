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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::served::testing::{Did, World, of_year, serves_one};
    use crate::observation::handshake::FailureKind;
    use time::macros::datetime;

    #[test]
    fn it_is_waited_until_every_address_serves_what_is_stored() {
        let stored = || of_year(2026);
        let world = |did| World::of(stored(), did);
        for (what, world, expected) in [
            ("as stored", world(vec![serves_one(stored())]), "done"),
            (
                "an older one at the second address",
                world(vec![serves_one(stored()), serves_one(of_year(2025))]),
                "1 of 2: a.example at 192.0.2.2:443 still serves the old certificate",
            ),
            (
                "no answer",
                world(vec![Did::Failed(FailureKind::Refused), serves_one(stored())]),
                "1 of 2: a.example at 192.0.2.1:443: it went wrong",
            ),
            (
                "no address yet",
                World { addresses: false, ..world(Vec::new()) },
                "0 of 1: ingress/web has no address yet",
            ),
            (
                "where nothing is stored, another's certificate of the name does",
                World { stored: None, ..world(vec![serves_one(of_year(2025))]) },
                "done",
            ),
        ] {
            let told = match Served.next(&world.inventory(), datetime!(2026-11-21 00:00 UTC)) {
                Next::Done { reached: None, plan } if plan.steps.is_empty() => "done".to_owned(),
                Next::Wait { awaited: Progress { settled, total, first, .. }, .. } => {
                    format!("{settled} of {total}: {}", first.unwrap_or_default())
                }
                other => format!("{other:?}"),
            };
            assert_eq!(told, expected, "{what}");
        }
    }
}
