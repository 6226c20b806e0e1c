//! Reading ahead: what many steps would each read by itself, read in two lists before the first of them.
//!
//! Guarantees the order that a backup is read before the Secret it is for, as each step does by itself: who
//! switched in between has written the backup first. What is not there as it was planned is read again by the
//! step. Refuses to know which steps are worth it.

use crate::cluster::{Client, Which};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::previous::{Backup, Purpose};
use crate::plan::step::{CreateSecret, Step};
use k8s_openapi::api::core::v1::Secret;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A Secret by its namespace and name.
type Name = (String, String);
type Secrets = Mutex<BTreeMap<Name, Secret>>;

/// What was read ahead.
#[derive(Default)]
pub struct Ahead {
    /// The namespaces of which all backups are known.
    whole: BTreeSet<String>,
    backups: Secrets,
    secrets: Secrets,
}

/// What is known of a backup.
pub(super) enum Known {
    /// Nothing.
    Unread,
    /// It was not there.
    Absent,
    /// This stood there.
    There(Box<Secret>),
}

impl std::fmt::Debug for Ahead {
    /// Without what it holds: there are private keys among it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead").field("whole", &self.whole).finish_non_exhaustive()
    }
}

impl Ahead {
    /// Reads what the steps of these namespaces need. Where that may not be listed they read it themselves.
    pub async fn of(client: &Client, steps: &[Step], namespaces: &BTreeSet<String>) -> Self {
        let mut ahead = Self::default();
        let replaced: Vec<_> = steps.iter().filter_map(kept).collect();
        for namespace in namespaces {
            let own = replaced.iter().filter(|(secret, _)| secret.namespace() == namespace);
            let (secrets, backups): (BTreeSet<&str>, BTreeSet<&str>) =
                own.map(|(secret, backup)| (secret.name.as_str(), backup.name.as_str())).unzip();
            let backups = listed(client, namespace, Backup::SECRET_TYPE, &backups).await;
            let secrets = listed(client, namespace, CreateSecret::SECRET_TYPE, &secrets).await;
            if let (Some(backups), Some(secrets)) = (backups, secrets) {
                ahead.whole.insert(namespace.clone());
                lock(&ahead.backups).extend(backups);
                lock(&ahead.secrets).extend(secrets);
            }
        }
        ahead
    }

    /// The Secret in this version, where it was read; it is given once.
    pub(super) fn secret(&self, object: &ObjectRef, version: Option<&String>) -> Option<Secret> {
        let found = lock(&self.secrets).remove(&name(object))?;
        (version.is_some() && found.metadata.resource_version.as_ref() == version).then_some(found)
    }

    /// What is known of a backup; it is given once.
    pub(super) fn backup(&self, object: &ObjectRef) -> Known {
        if !self.whole.contains(object.namespace()) {
            return Known::Unread;
        }
        let found = lock(&self.backups).remove(&name(object));
        found.map_or(Known::Absent, |found| Known::There(Box::new(found)))
    }
}

fn lock(secrets: &Secrets) -> std::sync::MutexGuard<'_, BTreeMap<Name, Secret>> {
    secrets.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(object: &ObjectRef) -> Name {
    (object.namespace().to_owned(), object.name.clone())
}

/// The Secret that a step replaces, and the one that keeps what is replaced.
fn kept(step: &Step) -> Option<(&ObjectRef, &ObjectRef)> {
    let Step::ReplacePair(step) = step else { return None };
    let backup = step.backup.as_ref().filter(|backup| backup.purpose == Purpose::Replace)?;
    Some((&step.object, &backup.object))
}

/// Those of these names; none where they may not be listed.
async fn listed(
    client: &Client,
    namespace: &str,
    secret_type: &str,
    names: &BTreeSet<&str>,
) -> Option<BTreeMap<Name, Secret>> {
    let mut found = BTreeMap::new();
    let mut take = |secret: Secret| {
        let own = secret.metadata.name.clone().filter(|name| names.contains(name.as_str()));
        found.extend(own.map(|name| ((namespace.to_owned(), name), secret)));
    };
    let selector = format!("type={secret_type}");
    client.each(Kind::Secret, Some(namespace), Which::by(&selector), &mut take).await.ok()?;
    Some(found)
}
