//! Forgetting: what is gone leaves no trace, as if it had never been seen.
//!
//! Knows every place in which something of an object is kept. Where another object was read by it,
//! that one is read anew.

use super::Inventory;
use super::key::{ObjectKey, at};
use crate::object_ref::{Kind, ObjectRef};

impl Inventory {
    /// Forgets an object that a cluster has no more. Files are read once, and not forgotten.
    pub(super) fn forget(&mut self, object: &ObjectRef) {
        let key = ObjectKey::of(object);
        self.problems.forget(object);
        self.keys_in_annotations.remove(object);
        self.labelled.remove(&key);
        self.forget_root(object);
        self.troubles.remove(&key);
        self.heard.remove(&key);
        self.present.remove(&key);
        self.absent.remove(&key);
        self.issuers.forget_all_of(object);
        self.delegations.forget(object);
        self.uses.forget(object);
        self.values.forget(object);
        self.staged.forget(object);
        self.trust_bundles.forget(object);
        self.forget_maker(object);
        match object.kind {
            Kind::Secret => {
                self.secrets.remove(&key);
            }
            Kind::Ingress => self.forget_ingress(&key),
            Kind::Route => self.forget_route(&key),
            Kind::IngressClass => self.forget_class(&object.name),
            _ => {}
        }
        self.objects.remove(&key);
    }

    /// Whether it was seen as an object, and not only named by others.
    pub(super) fn knows(&self, object: &ObjectRef) -> bool {
        let object = at(object);
        self.secrets.contains(object)
            || self.ingresses.contains(object)
            || self.routes.contains(object)
            || self.objects.contains(object)
    }

    /// What is kept of an object that is seen anew, and that its new facts do not replace.
    pub(super) fn heal(&mut self, object: &ObjectRef) {
        if object.place.is_none() {
            self.problems.forget(object);
        }
        self.absent.remove(at(object));
    }

    /// Reads the Ingresses of an IngressClass anew, now that nobody says whose it is.
    pub(super) fn forget_class(&mut self, name: &str) {
        let declared = self.classes.remove(name).is_some();
        let of_class = |class: Option<&String>| class.is_some_and(|class| class == name);
        let those = self.ingresses.values().filter(|facts| of_class(facts.frontend.class.as_ref()));
        let anew: Vec<_> =
            those.filter(|_| declared).map(super::demand::IngressFacts::undeclared).collect();
        for facts in anew {
            self.keep_ingress(facts);
        }
        if self.default_classes.remove(name) {
            self.default_anew();
        }
    }
}
