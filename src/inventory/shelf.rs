//! A shelf: facts by the object that they are of, which they name themselves.
//!
//! A map would name each object twice, and keep facts of any size inside its nodes, half of which are
//! empty. Here a node holds pointers.

use super::key::{Named, at};
use crate::object_ref::{Kind, ObjectRef};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Facts that say which object they are of; that never changes.
pub(super) trait OfObject {
    fn object(&self) -> &ObjectRef;
}

/// Facts of objects, in the order of kind, namespace and name.
#[derive(Debug)]
pub(super) struct Shelf<T: OfObject>(BTreeSet<Shelved<T>>);

#[derive(Debug)]
struct Shelved<T>(Box<T>);

impl<T: OfObject> Default for Shelf<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T: OfObject> Shelf<T> {
    pub fn get(&self, object: &dyn Named) -> Option<&T> {
        self.0.get(object).map(|shelved| &*shelved.0)
    }

    /// Of how many objects there are facts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn contains(&self, object: &dyn Named) -> bool {
        self.0.contains(object)
    }

    /// In place of what was known of the same object.
    pub fn put(&mut self, facts: T) {
        self.0.replace(Shelved(Box::new(facts)));
    }

    pub fn remove(&mut self, object: &dyn Named) -> Option<T> {
        self.0.take(object).map(|shelved| *shelved.0)
    }

    /// Changes the facts of an object, if there are any; not which object it is.
    pub fn change(&mut self, object: &dyn Named, change: impl FnOnce(&mut T)) {
        if let Some(mut shelved) = self.0.take(object) {
            change(&mut shelved.0);
            self.0.insert(shelved);
        }
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|shelved| &*shelved.0)
    }

    pub fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.values().map(T::object)
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &T> {
        let first = (kind, "", "");
        let from = Bound::Included(at(&first));
        let rest = self.0.range::<dyn Named, _>((from, Bound::Unbounded));
        let of_kind = rest.take_while(move |shelved| shelved.0.object().kind == kind);
        of_kind.map(|shelved| &*shelved.0)
    }
}

impl<T: OfObject> Named for Shelved<T> {
    fn parts(&self) -> (Kind, &str, &str) {
        self.0.object().parts()
    }
}

impl<'n, T: OfObject + 'n> Borrow<dyn Named + 'n> for Shelved<T> {
    fn borrow(&self) -> &(dyn Named + 'n) {
        self
    }
}

impl<T: OfObject> PartialEq for Shelved<T> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl<T: OfObject> Eq for Shelved<T> {}

impl<T: OfObject> PartialOrd for Shelved<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: OfObject> Ord for Shelved<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Facts(ObjectRef, u8);

    impl OfObject for Facts {
        fn object(&self) -> &ObjectRef {
            &self.0
        }
    }

    #[test]
    fn facts_are_found_changed_and_replaced_by_what_names_their_object() {
        let (secret, ingress) = (ObjectRef::secret("shop", "web"), ObjectRef::ingress("a", "web"));
        let mut shelf = Shelf::default();
        for facts in [(&secret, 1), (&ingress, 2), (&ObjectRef::secret("a", "z"), 3), (&secret, 4)]
        {
            shelf.put(Facts(facts.0.clone(), facts.1));
        }
        let numbers = |shelf: &Shelf<Facts>| shelf.values().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(numbers(&shelf), [3, 4, 2]);
        assert_eq!(shelf.of_kind(Kind::Secret).map(|it| it.1).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(shelf.get(&secret), Some(&Facts(secret.clone(), 4)));
        shelf.change(&(Kind::Secret, "a", "z"), |facts| facts.1 = 5);
        shelf.change(&(Kind::Secret, "a", "none"), |facts| facts.1 = 6);
        assert_eq!(numbers(&shelf), [5, 4, 2]);
        assert_eq!(shelf.remove(&ingress), Some(Facts(ingress.clone(), 2)));
        assert!(!shelf.contains(&ingress));
        assert_eq!(shelf.objects().next(), Some(&ObjectRef::secret("a", "z")));
    }
}
