//! Keys: an object by its kind, namespace and name, looked up without making a key first.
//!
//! A look-up stands in the middle of most questions to the inventory: none of them copies two names
//! to ask.

use crate::object_ref::{Kind, ObjectRef};
use std::borrow::Borrow;
use std::cmp::Ordering;

/// Which object, wherever it was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectKey {
    // In this order they are compared, as those of `Named` are.
    pub(super) kind: Kind,
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
}

impl ObjectKey {
    pub(super) fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }

    pub(super) fn of(object: &ObjectRef) -> Self {
        Self::new(object.kind, object.namespace(), &object.name)
    }
}

/// What names an object: a key, a reference, or the three parts.
pub(super) trait Named {
    fn parts(&self) -> (Kind, &str, &str);
}

impl Named for ObjectKey {
    fn parts(&self) -> (Kind, &str, &str) {
        (self.kind, &self.namespace, &self.name)
    }
}

impl Named for ObjectRef {
    fn parts(&self) -> (Kind, &str, &str) {
        (self.kind, self.namespace(), &self.name)
    }
}

impl Named for (Kind, &str, &str) {
    fn parts(&self) -> (Kind, &str, &str) {
        *self
    }
}

// A map asks by what its keys lend: by whatever names an object.
impl<'n> Borrow<dyn Named + 'n> for ObjectKey {
    fn borrow(&self) -> &(dyn Named + 'n) {
        self
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Named + '_ {}

impl PartialOrd for dyn Named + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn Named + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

/// The object, for a look-up.
pub(super) fn at(named: &impl Named) -> &dyn Named {
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn objects_are_found_by_whatever_names_them_and_stand_in_one_order() {
        let objects = [
            ObjectRef::ingress("a", "z"),
            ObjectRef::secret("b", "a"),
            ObjectRef::secret("a", "b"),
            ObjectRef::secret("a", "a"),
            ObjectRef::all(Kind::Secret, None),
        ];
        let map: BTreeMap<ObjectKey, usize> = objects.iter().map(ObjectKey::of).zip(0..).collect();
        for (index, object) in objects.iter().enumerate() {
            assert_eq!(map.get(at(object)), Some(&index));
            assert_eq!(map.get(at(&ObjectKey::of(object))), Some(&index));
            let parts = (object.kind, object.namespace(), object.name.as_str());
            assert_eq!(map.get(at(&parts)), Some(&index));
        }
        assert_eq!(map.get(at(&(Kind::Secret, "z", "z"))), None);
        assert_eq!(map.into_values().collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
    }
}
