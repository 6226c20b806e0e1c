//! Which root each bundle reaches, where roots were given: noted as it is absorbed, for the certificates
//! themselves are not kept.
//!
//! Refuses to know where roots come from, and what follows for one that reaches none.

use super::bundle::Bundle;
use super::key::{ObjectKey, at};
use super::{Inventory, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::roots::Roots;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was given, and what of it was reached.
#[derive(Debug, Default)]
pub(super) struct Reached {
    roots: Option<Arc<Roots>>,
    /// The root that a bundle reaches; none where it reaches none.
    by_object: BTreeMap<ObjectKey, Option<Arc<Certificate>>>,
}

impl Inventory {
    /// The same, that notes of everything it absorbs which of these roots it reaches.
    #[must_use]
    pub fn trusting_roots(mut self, roots: Option<Arc<Roots>>) -> Self {
        self.reached.roots = roots;
        self
    }

    /// What the roots are called that were given.
    #[must_use]
    pub fn roots(&self) -> Option<&str> {
        self.reached.roots.as_ref().map(|roots| roots.name.as_str())
    }

    /// The root that the leaf in this object leads up to; none inside where it leads to none, none at all
    /// where no roots were given or it has no certificate.
    #[must_use]
    pub fn root_of(&self, object: &ObjectRef) -> Option<Option<&Certificate>> {
        Some(self.reached.by_object.get(at(object))?.as_deref())
    }

    /// Notes the root that a bundle reaches; `ders` are its certificates themselves, in the order of the
    /// facts.
    pub(super) fn note_root(&mut self, object: &ObjectRef, bundle: &Bundle, ders: &[Vec<u8>]) {
        let Some(roots) = &self.reached.roots else { return };
        if bundle.leaf().is_none() {
            self.reached.by_object.remove(at(object));
            return;
        }
        let root = roots.reached(&bundle.certificates, ders, bundle.leaf_position());
        self.reached.by_object.insert(ObjectKey::of(object), root);
    }

    /// Forgets what was noted of an object.
    pub(super) fn forget_root(&mut self, object: &ObjectRef) {
        self.reached.by_object.remove(at(object));
    }
}
