//! Problems: what could not be seen, in the order in which it was told, found by the object.

use super::key::{ObjectKey, at};
use crate::object_ref::ObjectRef;
use crate::observation::rights::Denied;
use std::collections::BTreeMap;

/// Something that could not be read; the result is incomplete by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What could not be read.
    pub object: ObjectRef,
    /// Why, for people.
    pub message: String,
    /// Whether the object itself was read, and only an annotation of ours on it means nothing.
    pub only_a_policy: bool,
    /// Who has no right to read it, where that is why.
    pub denied: Option<Denied>,
}

impl Problem {
    /// An object that could not be read.
    #[must_use]
    pub const fn new(object: ObjectRef, message: String) -> Self {
        Self { object, message, only_a_policy: false, denied: None }
    }

    /// An annotation of ours that means nothing.
    #[must_use]
    pub const fn of_policy(object: ObjectRef, message: String) -> Self {
        Self { object, message, only_a_policy: true, denied: None }
    }
}

/// Every problem once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    told: Vec<Problem>,
    /// Where those of an object stand among them.
    of: BTreeMap<ObjectKey, Vec<usize>>,
}

impl Problems {
    /// All of them, in the order in which they were told.
    pub fn all(&self) -> &[Problem] {
        &self.told
    }

    /// Those of one object, whatever place it was read at.
    pub fn of(&self, object: &ObjectRef) -> impl Iterator<Item = &Problem> {
        let places = self.of.get(at(object)).into_iter().flatten();
        places.filter_map(|place| self.told.get(*place))
    }

    /// Takes in one that was not told yet.
    pub fn tell(&mut self, problem: Problem) {
        if self.of(&problem.object).any(|known| *known == problem) {
            return;
        }
        self.of.entry(ObjectKey::of(&problem.object)).or_default().push(self.told.len());
        self.told.push(problem);
    }

    /// Forgets those of an object that is gone, or was seen anew.
    pub fn forget(&mut self, object: &ObjectRef) {
        if self.of.remove(at(object)).is_none() {
            return;
        }
        let left = std::mem::take(self).told.into_iter();
        for problem in left.filter(|problem| !problem.object.same_object(object)) {
            self.tell(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(name: &str, message: &str) -> Problem {
        let object = ObjectRef::secret("shop", name);
        Problem::new(object, message.to_owned())
    }

    #[test]
    fn problems_are_told_once_in_order_and_forgotten_with_their_object() {
        let mut problems = Problems::default();
        for (name, message) in [("b", "1"), ("a", "2"), ("b", "1"), ("b", "3"), ("c", "4")] {
            problems.tell(problem(name, message));
        }
        let messages = |problems: &Problems| {
            problems.all().iter().map(|one| one.message.clone()).collect::<String>()
        };
        assert_eq!(messages(&problems), "1234");
        assert_eq!(problems.of(&ObjectRef::secret("shop", "b")).count(), 2);
        problems.forget(&ObjectRef::secret("shop", "b"));
        problems.forget(&ObjectRef::secret("shop", "z"));
        assert_eq!(messages(&problems), "24");
        assert_eq!(problems.of(&ObjectRef::secret("shop", "b")).count(), 0);
        assert_eq!(problems.of(&ObjectRef::secret("shop", "c")).count(), 1);
        problems.tell(problem("b", "5"));
        assert_eq!(messages(&problems), "245");
    }
}
