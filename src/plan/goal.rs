//! Goals: what a loop works towards, and what comes next on the way.
//!
//! Pure: from what was seen and the time comes the next move, so that every move is shown by a table
//! of facts. Looking, writing, pausing, conflicts, a server that is away and deadlines are
//! `converge::drive`'s.

use super::step::{Exclusion, Plan, Reason};
use crate::audit::remedy;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use crate::remedy::{Advice, Target};
use time::OffsetDateTime;

/// How many looks in a row must show the same before it is believed, where things flash: Google's
/// statuses do, and so may the objects of an API server that has just been started.
pub const SURE_AFTER: usize = 3;

/// What a loop works towards.
pub trait Goal {
    /// What is waited for, as whoever tells of it needs it. It is told again when it differs.
    type Awaited: Clone + PartialEq + Send;

    /// What must be seen to say what is next, given what has been seen since this look began. Asked
    /// until nothing new is among them.
    fn questions(&self, seen: &Inventory) -> Vec<Question>;

    /// What comes next.
    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Self::Awaited>;

    /// The only objects that are still to be looked at, for a goal over many; empty: all of them.
    fn only(&self) -> &[ObjectRef] {
        &[]
    }

    /// Somebody else changed these objects while they were written to: look at them again.
    fn was_in_conflict(&mut self, _objects: Vec<ObjectRef>) {}

    /// How many looks in a row must show [`Next::Done`] after one that did not. More than one where
    /// many servers stand behind one address, which do not change in the same instant.
    fn looks_until_done(&self) -> usize {
        1
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Next<A> {
    /// Nothing is left to do.
    Done {
        /// What was waited for, as it is now that it has come about.
        reached: Option<A>,
        /// What was left out, and what is to be known.
        plan: Plan,
    },
    /// This is to be written now.
    Act {
        /// The steps, and what was left out.
        plan: Plan,
        /// In which order the steps are carried out.
        order: Order,
        /// What is waited for by it, when it does not end there.
        awaited: Option<A>,
    },
    /// Somebody else has to do something first.
    Wait {
        /// What.
        awaited: A,
        /// What is to be known meanwhile. Its steps may hasten it: whether they are carried out makes
        /// no difference to the goal.
        plan: Plan,
    },
    /// It cannot come about unless somebody acts.
    Hopeless {
        /// How far it is.
        awaited: A,
        /// Why, and what to do.
        advice: Advice,
        /// What is to be known beside it; without steps.
        plan: Plan,
    },
    /// It is not done, for the reasons in the plan.
    Refused(Plan),
}

/// How the steps of a plan are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after the other, no further than the first that fails: later ones build on earlier ones.
    /// Then it is looked again.
    OneByOne,
    /// Several at once: each stands for itself. It is looked again only at what was in conflict.
    AtOnce,
}

/// What is still to be done after it was done again and again is refused: another writer keeps
/// reverting it, and writing on would be a fight.
#[must_use]
pub fn reverted(mut plan: Plan, target: &Target) -> Plan {
    for step in std::mem::take(&mut plan.steps) {
        plan.refused.push(Exclusion {
            object: step.object().clone(),
            reason: Reason::Mismatch,
            message: "it was written, and another writer keeps reverting it".to_owned(),
            remedy: remedy::show_managers(step.object())
                .note("its managedFields tell who: it is to be changed there"),
        });
    }
    plan.aimed(target)
}
