//! Places: where in files Secrets stand, and what is in the way of rewriting them there.
//!
//! Knows that a Secret may be defined twice, and that `-n` moves those that name no namespace.
//! Refuses to know how a file is read and written.

use super::key::at;
use super::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use std::collections::{BTreeMap, BTreeSet};

/// Namespace and name, as remedies go by them.
fn key_of(object: &ObjectRef) -> (String, String) {
    (object.namespace().to_owned(), object.name.clone())
}

impl Inventory {
    /// Says that all files are read, and in which namespace an object was taken to be that says none:
    /// whether a command on them must say the namespace is known now.
    pub fn files_read(&mut self, namespace: &str) {
        let mut names = BTreeSet::new();
        let again = self.secrets.objects().any(|object| !names.insert(&*object.name));
        self.target.namespaces = namespace != "default" || again;
        let stuck: Vec<_> = self.defined_twice().chain(self.taken_for_another()).collect();
        self.target.files.stuck.extend(stuck);
    }

    /// The Secrets that cannot be rewritten before it is known which of their definitions counts.
    fn defined_twice(&self) -> impl Iterator<Item = ((String, String), String)> {
        let unseen = self.problems().iter().filter(|problem| !problem.only_a_policy);
        let others = unseen.filter(|problem| problem.object.kind == Kind::Secret);
        let known = others.filter_map(|problem| self.secrets.get(at(&problem.object)));
        known.filter(|secret| secret.object.place.is_some()).map(|secret| {
            let name = secret.object.short();
            let sentence = format!(
                "{name} is defined more than once among these files: keep the definition that counts \
                 (kubectl apply leaves the last one), remove the others, and look again"
            );
            (key_of(&secret.object), sentence)
        })
    }

    /// The Secrets whose namespace cannot be said on the command line, for one of the same name without
    /// a namespace would be taken to be in it, too.
    fn taken_for_another(&self) -> impl Iterator<Item = ((String, String), String)> {
        let loose = self.secrets.values().filter(|secret| secret.writing.without_namespace);
        let loose: BTreeMap<&str, &SecretFacts> =
            loose.map(|secret| (secret.object.name.as_str(), secret)).collect();
        self.secrets.values().filter_map(move |secret| {
            let loose = loose.get(secret.object.name.as_str())?;
            if secret.object.place.is_none() || secret.object.same_object(&loose.object) {
                return None;
            }
            let (name, namespace) = (&secret.object.name, secret.object.namespace());
            let path = loose.object.place.as_ref().map_or("", |place| &place.path);
            let sentence = format!(
                "write its namespace into the other secret/{name}, which says none in {path}: with \
                 -n {namespace} it would be taken to be in {namespace} too"
            );
            Some((key_of(&secret.object), sentence))
        })
    }

    /// The Secrets of files that share values with others by YAML's aliases, perhaps.
    pub fn with_aliases(&self) -> impl Iterator<Item = &ObjectRef> {
        self.secrets
            .values()
            .filter(|secret| secret.writing.has_aliases)
            .map(|secret| &secret.object)
    }

    /// Says that a Secret cannot be rewritten where it stands, and what to do first.
    pub fn cannot_be_rewritten(&mut self, secret: &ObjectRef, sentence: String) {
        self.target.files.stuck.insert(key_of(secret), sentence);
    }

    /// Says that a file was read through a symbolic link, and which it is.
    pub fn is_link(&mut self, path: &str, file: String) {
        self.target.files.links.insert(path.to_owned(), file);
    }

    /// The files that Secrets were read from.
    pub fn files_of_secrets(&self) -> BTreeSet<&str> {
        let places = self.secrets.values().filter_map(|secret| secret.object.place.as_ref());
        places.map(|place| place.path.as_str()).collect()
    }
}
