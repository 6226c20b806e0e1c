//! Uses: which workloads read which Secrets, and how.
//!
//! Knows every use that was seen, and where it was looked for them. Refuses to know what a workload is
//! beside that, and what it makes of another certificate.

use super::Inventory;
use super::key::{ObjectKey, at};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Scope;
use crate::observation::rollout::RolloutSeen;
use crate::observation::workload::{How, WorkloadSeen};
use std::collections::{BTreeMap, BTreeSet};

/// One workload that reads a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The workload.
    pub workload: ObjectRef,
    /// Every way in which it reads it.
    pub how: BTreeSet<How>,
    /// The program of it that mounts the Secret and reads it once, when it starts.
    pub once: Option<&'static str>,
}

/// Who reads what.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Secret to the workloads that read it.
    of: BTreeMap<ObjectKey, Vec<Use>>,
    /// Workload to the Secrets that it reads, so that it is forgotten.
    by: BTreeMap<ObjectKey, Vec<ObjectKey>>,
    /// How workloads of a cluster replace their Pods, as far as they do.
    rollouts: BTreeMap<ObjectKey, Box<RolloutSeen>>,
    /// Where all of them were looked for.
    searched: BTreeSet<Scope>,
    /// What else may name Secrets and is not read, as people say it.
    others: BTreeSet<String>,
}

impl Uses {
    /// Takes in a workload, in place of what was known of it. In files it may be defined twice; then it
    /// is taken to read what either says.
    pub fn take(&mut self, seen: WorkloadSeen) {
        if seen.object.place.is_none() {
            self.forget(&seen.object);
            let key = ObjectKey::of(&seen.object);
            self.rollouts.extend(seen.rollout.map(|rollout| (key, rollout)));
        }
        let read = self.by.entry(ObjectKey::of(&seen.object)).or_default();
        for (secret, how) in seen.reads {
            let key = ObjectKey::of(&secret);
            let uses = self.of.entry(key.clone()).or_default();
            let of_it = |known: &Use| known.workload.same_object(&seen.object);
            if !uses.iter().any(of_it) {
                let workload = seen.object.clone();
                uses.push(Use { workload, how: BTreeSet::new(), once: None });
            }
            let program = seen.once.iter().find(|(mounted, _)| mounted.same_object(&secret));
            if let Some(known) = uses.iter_mut().find(|known| of_it(known)) {
                known.how.insert(how);
                known.once = known.once.or(program.map(|(_, program)| *program));
            }
            if !read.contains(&key) {
                read.push(key);
            }
        }
    }

    /// Takes in that all workloads there were looked at.
    pub fn searched(&mut self, scope: Scope, others: Vec<String>) {
        self.searched.insert(scope);
        self.others.extend(others);
    }

    /// Forgets a workload that is gone.
    pub fn forget(&mut self, workload: &ObjectRef) {
        self.rollouts.remove(at(workload));
        for secret in self.by.remove(at(workload)).into_iter().flatten() {
            if let Some(uses) = self.of.get_mut(&secret) {
                uses.retain(|one| !one.workload.same_object(workload));
            }
        }
    }
}

impl Inventory {
    /// The workloads that read this Secret, in the order of their kinds and names.
    #[must_use]
    pub fn uses(&self, secret: &ObjectRef) -> Vec<&Use> {
        let mut uses: Vec<&Use> = self.uses.of.get(at(secret)).into_iter().flatten().collect();
        uses.sort_by(|a, b| a.workload.cmp(&b.workload));
        uses
    }

    /// How the workload replaces its Pods, as it was seen last in a cluster; none of a kind that does not.
    #[must_use]
    pub fn rollout(&self, workload: &ObjectRef) -> Option<&RolloutSeen> {
        self.uses.rollouts.get(at(workload)).map(Box::as_ref)
    }

    /// Whether anybody was seen who is hurt when this Secret holds nothing of use: a frontend that serves
    /// it or verifies by it, or a workload.
    #[must_use]
    pub fn is_in_use(&self, secret: &ObjectRef) -> bool {
        self.is_used(secret)
            || self.is_client_ca(secret)
            || self.uses.of.get(at(secret)).is_some_and(|uses| !uses.is_empty())
    }

    /// Whether a workload that was seen is in this namespace.
    #[must_use]
    pub fn has_workloads(&self, namespace: &str) -> bool {
        self.uses.by.keys().any(|workload| &*workload.namespace == namespace)
    }

    /// Whether all workloads of this namespace were looked for; not whether all could be read.
    #[must_use]
    pub fn workloads_were_searched(&self, namespace: &str) -> bool {
        self.uses.searched.contains(&Scope::Everywhere)
            || self.uses.searched.contains(&Scope::Namespace(namespace.to_owned()))
    }

    /// The kinds of workloads that could not be listed in this namespace.
    pub fn unseen_workload_kinds(&self, namespace: &str) -> BTreeSet<Kind> {
        let lists = self.problems().iter().map(|problem| &problem.object).filter(|object| {
            let covers = object.namespace.as_deref().is_none_or(|within| within == namespace);
            object.kind.is_workload() && object.name.is_empty() && covers
        });
        lists.map(|list| list.kind).collect()
    }

    /// What may name Secrets beside Ingresses and workloads, and is not read, as people say it.
    #[must_use]
    pub fn unread_users(&self) -> Vec<&str> {
        self.uses.others.iter().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(workload: &ObjectRef, reads: &[(&str, How)]) -> WorkloadSeen {
        let reads = reads.iter().map(|(name, how)| (ObjectRef::secret("shop", *name), *how));
        WorkloadSeen {
            object: workload.clone(),
            reads: reads.collect(),
            once: Vec::new(),
            rollout: None,
        }
    }

    /// Who reads the Secret, and how.
    fn told(uses: &Uses, name: &str) -> String {
        let uses = uses.of.get(at(&ObjectRef::secret("shop", name))).into_iter().flatten();
        let word = |one: &Use| {
            let how: Vec<&str> = one.how.iter().map(|how| how.as_str()).collect();
            format!("{}:{}", one.workload.short(), how.join("+"))
        };
        uses.map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_workload_that_changes_or_goes_reads_what_it_says_last() {
        let web = ObjectRef::namespaced(Kind::Deployment, "shop", "web");
        let job = ObjectRef::namespaced(Kind::Job, "shop", "web");
        let mut uses = Uses::default();
        uses.take(seen(&web, &[("a", How::Volume), ("a", How::Env), ("b", How::Env)]));
        uses.take(seen(&job, &[("a", How::Env)]));
        assert_eq!(told(&uses, "a"), "deployment/web:volume+env job/web:env");
        uses.take(seen(&web, &[("b", How::SubPath)]));
        assert_eq!(
            (&*told(&uses, "a"), &*told(&uses, "b")),
            ("job/web:env", "deployment/web:subPath")
        );
        uses.forget(&job);
        uses.forget(&job);
        assert_eq!((&*told(&uses, "a"), &*told(&uses, "b")), ("", "deployment/web:subPath"));
    }
}
