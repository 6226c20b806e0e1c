//! What both doubles stand in: the namespace as it was last seen, Google's API, and the Events.
//!
//! Knows what changed since the last look, and whose change it was. Refuses to know what follows.

use super::super::live::Live;
use super::api::{Api, Kind};
use super::compute::Compute;
use super::events::{Recorder, Teller};
use super::name;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
pub(super) struct World {
    pub api: Api,
    pub compute: Compute,
    events: Recorder,
    /// ManagedCertificates by name.
    pub managed: BTreeMap<String, Value>,
    /// Ingresses by name.
    pub ingresses: BTreeMap<String, Value>,
    /// What a look or an own write last saw of each ManagedCertificate: its `resourceVersion`.
    managed_seen: BTreeMap<String, String>,
    /// What a look last saw of each Ingress.
    ingresses_seen: BTreeMap<String, String>,
}

/// Names of what was made, changed or deleted.
pub(super) struct Changes {
    /// By somebody else than the double.
    pub managed: BTreeSet<String>,
    /// By whomever: one controller's writing wakes the other, and itself.
    pub ingresses: BTreeSet<String>,
}

impl World {
    pub fn new(live: &Live) -> Self {
        Self {
            api: Api::new(live),
            compute: Compute::new(),
            events: Recorder::default(),
            managed: BTreeMap::new(),
            ingresses: BTreeMap::new(),
            managed_seen: BTreeMap::new(),
            ingresses_seen: BTreeMap::new(),
        }
    }

    /// Reads the namespace.
    pub fn look(&mut self) -> Changes {
        let by_name = |list: Vec<Value>| -> BTreeMap<String, Value> {
            list.into_iter().map(|object| (name(&object).to_owned(), object)).collect()
        };
        self.managed = by_name(self.api.list(Kind::Managed));
        self.ingresses = by_name(self.api.list(Kind::Ingress));
        Changes {
            managed: news(&self.managed, &mut self.managed_seen),
            ingresses: news(&self.ingresses, &mut self.ingresses_seen),
        }
    }

    /// Patches an Ingress, or its `/status`, and takes the answer for what is there; none when it is
    /// gone.
    pub fn patch_ingress(&mut self, place: &str, manager: &str, patch: &Value) -> Option<Value> {
        let object = self.api.patch(Kind::Ingress, place, manager, patch)?;
        self.ingresses.insert(name(&object).to_owned(), object.clone());
        Some(object)
    }

    /// Patches a ManagedCertificate. That is no event, unless somebody else changed it meanwhile.
    pub fn patch_managed(&mut self, managed: &str, manager: &str, patch: &Value) {
        let Some(after) = self.api.patch(Kind::Managed, managed, manager, patch) else { return };
        let theirs = |object: &Value| {
            let metadata = &object["metadata"];
            let of = ["labels", "annotations", "deletionTimestamp", "finalizers", "uid"];
            (object["spec"].clone(), of.map(|key| metadata[key].clone()))
        };
        if self.managed.get(managed).map(theirs) == Some(theirs(&after)) {
            self.managed_seen.insert(managed.to_owned(), version(&after));
        }
        self.managed.insert(managed.to_owned(), after);
    }

    /// Has it told in an Event: type, reason and message.
    pub fn tell(&mut self, teller: Teller, about: &Value, what: (&'static str, &str, &str)) {
        self.events.tell(&self.api, teller, about, what);
    }
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

/// Names of what is not as it was seen, which is then forgotten.
fn news(now: &BTreeMap<String, Value>, seen: &mut BTreeMap<String, String>) -> BTreeSet<String> {
    let versions: BTreeMap<String, String> =
        now.iter().map(|(name, object)| (name.clone(), version(object))).collect();
    let changed = versions.iter().filter(|(name, version)| seen.get(*name) != Some(*version));
    let mut news: BTreeSet<String> = changed.map(|(name, _)| name.clone()).collect();
    news.extend(seen.keys().filter(|name| !versions.contains_key(*name)).cloned());
    *seen = versions;
    news
}
