//! The inventory: facts about certificates, the hosts that demand one, and how they are linked.
//!
//! Absorbs Observations one at a time and keeps only facts; PEM and key bytes end here. Says what
//! it still has to see as [`Inventory::open_questions`]. Refuses to judge: no clock, no rules.

mod absorb;
mod annotation_policy;
mod beside;
pub mod bundle;
pub mod ca_file;
pub mod delegation;
pub mod demand;
pub mod dns;
mod forget;
pub mod frontend;
mod gateway;
mod halves;
mod issuers;
mod key;
mod link;
pub mod loads;
mod look_up;
pub mod maker;
mod object;
mod own_names;
pub mod owner;
mod pairs;
mod places;
mod problems;
pub mod questions;
mod refused_hosts;
mod refused_ports;
pub mod requests;
mod roots;
mod route;
mod secret;
pub mod selection;
pub mod served;
mod servers;
pub mod service;
mod shared;
mod shelf;
pub mod staged;
pub mod stores;
mod trouble;
pub mod trust_bundles;
pub mod uses;
pub mod values;
mod wanted;

use crate::object_ref::ObjectRef;
use crate::observation::Scope;
use crate::remedy::{Program, Target};
pub use annotation_policy::{AnnotationPolicy, IGNORE, nearest};
use bundle::Bundle;
use demand::IngressFacts;
use dns::DnsFacts;
use key::ObjectKey;
pub use link::{Coverage, SecretState};
pub use object::{Applier, ObjectFacts, Says};
pub use own_names::{ByName, NamedOtherwise};
pub use problems::Problem;
use problems::Problems;
pub use route::RouteFacts;
pub use secret::{Anchor, CaCrt, NEXT_SECRET, PREVIOUS_SECRET, RareFacts, SecretFacts, TLS_SECRET};
use secret::{Content, Told};
use selection::Selection;
use shelf::{OfObject, Shelf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
pub use trouble::Trouble;
use trouble::Troubles;

/// Facts of everything that was seen, and what could not be seen.
#[derive(Debug)]
pub struct Inventory {
    selection: Selection,
    /// Where all this was seen, for commands that are to go there.
    target: Target,
    secrets: Shelf<SecretFacts>,
    ingresses: Shelf<IngressFacts>,
    routes: Shelf<RouteFacts>,
    /// Secret to the frontends that name it: the index behind `users`.
    used_by: BTreeMap<ObjectKey, BTreeSet<ObjectKey>>,
    /// The same for those that name it for other ends than to be served.
    mentioned_by: BTreeMap<ObjectKey, BTreeSet<ObjectKey>>,
    /// IngressClass to the controller it is for (`spec.controller`).
    classes: BTreeMap<String, String>,
    /// The IngressClasses that are marked as the default one.
    default_classes: BTreeSet<String>,
    /// Who serves which host, made when it is first asked for.
    servers: OnceLock<servers::Servers>,
    /// Where keys and certificates stand apart, made when it is first asked for.
    halves: OnceLock<halves::Halves>,
    files: Vec<FileFacts>,
    requests: Vec<requests::RequestFacts>,
    stores: Vec<stores::StoreFacts>,
    pairs: pairs::Pairs,
    issuers: issuers::Issuers,
    shared: shared::Shared,
    /// Of how many Secrets signatures are verified; none: of all.
    most_tried: Option<usize>,
    /// Objects of other kinds.
    objects: Shelf<ObjectFacts>,
    /// What Gateways serve, made when it is first asked for.
    gateways: OnceLock<gateway::Gateways>,
    /// Hosts that have to be covered, whoever serves them.
    wanted: Vec<frontend::Frontend>,
    /// The namespace that was looked in; none for files, and for all of them.
    within: Option<String>,
    /// Whether a cluster has Google's own kinds, and they were listed as far as they may be.
    google_kinds_listed: bool,
    /// Objects that were looked for and are not there.
    absent: BTreeSet<ObjectKey>,
    /// Owners that were looked for and are there.
    present: BTreeSet<ObjectKey>,
    /// What controllers had to say: the last warning that no success came after.
    troubles: BTreeMap<ObjectKey, Troubles>,
    makers: maker::Makers,
    /// Where it was looked for what controllers warn of.
    warnings_seen: BTreeSet<Scope>,
    /// Objects of which all that controllers have to say was asked for.
    heard: BTreeSet<ObjectKey>,
    /// Where it was looked for who trusts or signs by certificates of CAs.
    trust_seen: BTreeSet<Scope>,
    delegations: delegation::Delegations,
    uses: uses::Uses,
    values: values::Values,
    staged: staged::Staged,
    trust_bundles: trust_bundles::TrustBundles,
    /// Objects whose annotations hold a private key, and the annotations' keys.
    keys_in_annotations: BTreeMap<ObjectRef, Vec<String>>,
    dns: DnsFacts,
    /// Which of the selection's label selectors fit the object, where any does.
    labelled: BTreeMap<ObjectKey, Box<[usize]>>,
    /// Which of the roots that were given each bundle reaches.
    reached: roots::Reached,
    problems: Problems,
    served: served::Served,
}

/// Facts of a PEM or DER file.
#[derive(Debug)]
pub struct FileFacts {
    /// Which file.
    pub object: ObjectRef,
    /// What it holds.
    pub bundle: Bundle,
}

impl OfObject for IngressFacts {
    fn object(&self) -> &ObjectRef {
        &self.frontend.object
    }
}

impl Inventory {
    /// An empty inventory that reports what `selection` chooses.
    #[must_use]
    pub fn new(selection: Selection) -> Self {
        Self {
            selection,
            target: Target::default(),
            secrets: Shelf::default(),
            ingresses: Shelf::default(),
            routes: Shelf::default(),
            used_by: BTreeMap::new(),
            mentioned_by: BTreeMap::new(),
            classes: BTreeMap::new(),
            default_classes: BTreeSet::new(),
            servers: OnceLock::new(),
            halves: OnceLock::new(),
            files: Vec::new(),
            requests: Vec::new(),
            stores: Vec::new(),
            pairs: pairs::Pairs::default(),
            issuers: issuers::Issuers::default(),
            shared: shared::Shared::default(),
            most_tried: None,
            objects: Shelf::default(),
            gateways: OnceLock::new(),
            wanted: Vec::new(),
            within: None,
            google_kinds_listed: false,
            absent: BTreeSet::new(),
            present: BTreeSet::new(),
            troubles: BTreeMap::new(),
            makers: maker::Makers::default(),
            warnings_seen: BTreeSet::new(),
            heard: BTreeSet::new(),
            trust_seen: BTreeSet::new(),
            delegations: delegation::Delegations::default(),
            uses: uses::Uses::default(),
            values: values::Values::default(),
            staged: staged::Staged::default(),
            trust_bundles: trust_bundles::TrustBundles::default(),
            keys_in_annotations: BTreeMap::new(),
            dns: DnsFacts::default(),
            labelled: BTreeMap::new(),
            reached: roots::Reached::default(),
            problems: Problems::default(),
            served: served::Served::default(),
        }
    }

    /// The same, that verifies the signatures of this many Secrets' certificates and takes names and key
    /// identifiers at their word in the others; none: of all. For a report on a fleet: a signature takes a
    /// twentieth of a millisecond, which is more than all the rest that a Secret costs.
    #[must_use]
    pub const fn trying_signatures_of(mut self, most: Option<usize>) -> Self {
        self.most_tried = most;
        self
    }

    /// The same for remedies of a program that is called so.
    #[must_use]
    pub fn called(mut self, program: Program) -> Self {
        self.target.program = program;
        self
    }

    /// Says which cluster the facts are from; files have none.
    pub fn seen_at(&mut self, target: &Target) {
        self.target = Target { address: self.target.address.take(), ..target.clone() };
    }

    /// Says that one namespace was looked in (none: all), and objects of others only where it needs them.
    pub fn seen_within(&mut self, namespace: Option<&str>) {
        self.within = namespace.map(str::to_owned);
    }

    /// Where the facts are from, for the commands of remedies.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }
}

/// Inventories for tests of what builds on one.
#[cfg(test)]
pub(crate) mod testing;
