//! A shelf: facts by the object that they are of, which they name themselves.
//!
//! A map would name each object twice. Here a table of numbers finds the facts, by a digest of what
//! names their object: most questions to an inventory begin with one look-up, and many thousand are
//! asked. Who goes through all of them gets them in the order of kind, namespace and name, which is made
//! when it is first asked for.

use super::key::Named;
use crate::object_ref::{Kind, ObjectRef};
use hashbrown::HashTable;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

/// Facts that say which object they are of; that never changes.
pub(super) trait OfObject {
    fn object(&self) -> &ObjectRef;
}

/// Facts of objects, in the order of kind, namespace and name.
pub(super) struct Shelf<T: OfObject> {
    facts: Vec<Box<T>>,
    /// Positions in `facts`.
    table: HashTable<u32>,
    /// Of each shelf its own, so that nobody can choose names that meet.
    digests: RandomState,
    /// Positions in `facts`, sorted by object.
    order: OnceLock<Vec<u32>>,
    /// The order as it was when an object came or went: nearly sorted.
    before: Vec<u32>,
}

impl<T: OfObject> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            facts: Vec::new(),
            table: HashTable::new(),
            digests: RandomState::new(),
            order: OnceLock::new(),
            before: Vec::new(),
        }
    }
}

impl<T: OfObject> Shelf<T> {
    pub fn get(&self, object: &dyn Named) -> Option<&T> {
        self.facts.get(self.find(object)?).map(|facts| &**facts)
    }

    /// Of how many objects there are facts.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn contains(&self, object: &dyn Named) -> bool {
        self.find(object).is_some()
    }

    /// In place of what was known of the same object.
    pub fn put(&mut self, facts: T) {
        if let Some(known) = self.find(facts.object()).and_then(|at| self.facts.get_mut(at)) {
            **known = facts;
            return;
        }
        let digest = digest(&self.digests, facts.object());
        let position = position(self.facts.len());
        self.facts.push(Box::new(facts));
        let (all, digests) = (&self.facts, &self.digests);
        let anew =
            |at: &u32| all.get(index(*at)).map_or(0, |it| self::digest(digests, it.object()));
        self.table.insert_unique(digest, position, anew);
        self.reorder(|order| order.push(position));
    }

    pub fn remove(&mut self, object: &dyn Named) -> Option<T> {
        let found = self.find(object)?;
        self.unlist(object, position(found));
        // The last one takes the place that becomes free.
        let last = position(self.facts.len() - 1);
        if let Some(moved) = self.facts.last().filter(|_| last != position(found)) {
            let digest = digest(&self.digests, moved.object());
            if let Some(entry) = self.table.find_mut(digest, |at| *at == last) {
                *entry = position(found);
            }
        }
        self.reorder(|order| {
            order.retain(|at| *at != position(found));
            order.iter_mut().filter(|at| **at == last).for_each(|at| *at = position(found));
        });
        Some(*self.facts.swap_remove(found))
    }

    /// Changes the facts of an object, if there are any; not which object it is.
    pub fn change(&mut self, object: &dyn Named, change: impl FnOnce(&mut T)) {
        if let Some(facts) = self.find(object).and_then(|at| self.facts.get_mut(at)) {
            change(facts);
        }
    }

    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.order().iter().filter_map(|at| self.facts.get(index(*at))).map(|facts| &**facts)
    }

    pub fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.values().map(T::object)
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &T> {
        let kind_of = |at: &u32| self.facts.get(index(*at)).map(|facts| facts.object().kind);
        let order = self.order();
        let first = order.partition_point(|at| kind_of(at) < Some(kind));
        let rest = order.iter().skip(first).filter_map(|at| self.facts.get(index(*at)));
        rest.map(|facts| &**facts).take_while(move |facts| facts.object().kind == kind)
    }

    fn find(&self, object: &dyn Named) -> Option<usize> {
        let is_it = |at: &u32| {
            self.facts.get(index(*at)).is_some_and(|it| it.object().parts() == object.parts())
        };
        self.table.find(digest(&self.digests, object), is_it).map(|at| index(*at))
    }

    fn unlist(&mut self, object: &dyn Named, position: u32) {
        let digest = digest(&self.digests, object);
        if let Ok(entry) = self.table.find_entry(digest, |at| *at == position) {
            entry.remove();
        }
    }

    fn order(&self) -> &[u32] {
        self.order.get_or_init(|| {
            let mut order = self.before.clone();
            // Fast where most of it is in order.
            order.sort_by(|one, other| self.parts(*one).cmp(&self.parts(*other)));
            order
        })
    }

    fn parts(&self, at: u32) -> Option<(Kind, &str, &str)> {
        self.facts.get(index(at)).map(|facts| facts.object().parts())
    }

    /// Changes which objects are in the order; where they belong is found when it is asked for.
    fn reorder(&mut self, change: impl FnOnce(&mut Vec<u32>)) {
        self.before = self.order.take().unwrap_or_else(|| std::mem::take(&mut self.before));
        change(&mut self.before);
    }
}

impl<T: OfObject + fmt::Debug> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

fn digest(digests: &RandomState, object: &(impl Named + ?Sized)) -> u64 {
    digests.hash_one(object.parts())
}

fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// No cluster has four billion objects; etcd ends at some millions.
fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::key::at;

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

    #[test]
    fn facts_stand_in_order_whatever_came_and_went() {
        let object =
            |number: usize| ObjectRef::secret(format!("n-{}", number % 7), format!("{number}"));
        let (mut shelf, mut known) = (Shelf::default(), std::collections::BTreeMap::new());
        for step in 0..2_000_usize {
            let number = step * 7_919 % 301;
            let object = object(number);
            if step % 3 == 2 {
                assert_eq!(shelf.remove(&object).is_some(), known.remove(&object).is_some());
            } else {
                let facts = u8::try_from(step % 256).expect("it is small");
                shelf.put(Facts(object.clone(), facts));
                known.insert(object, facts);
            }
            if step % 50 == 0 {
                let on_shelf: Vec<_> = shelf.values().map(|it| (it.0.clone(), it.1)).collect();
                assert_eq!(on_shelf, known.clone().into_iter().collect::<Vec<_>>());
            }
        }
        assert_eq!(shelf.len(), known.len());
        assert!(known.keys().all(|object| shelf.contains(at(object))));
    }
}
