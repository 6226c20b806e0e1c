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
mod issuers;
mod key;
mod link;
pub mod loads;
pub mod maker;
mod own_names;
pub mod owner;
mod pairs;
mod places;
mod problems;
pub mod questions;
mod refused_hosts;
mod refused_ports;
pub mod requests;
pub mod selection;
pub mod served;
mod servers;
pub mod service;
mod shelf;
pub mod stores;

use crate::gke::health_check::HealthCheck;
use crate::gke::managed::Managed;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::rights::Denied;
use crate::observation::{Scope, Writing};
use crate::rarely::{Rarely, Usual};
use crate::remedy::{Program, Target};
use crate::x509::cert::Certificate;
use crate::x509::digest;
use crate::x509::key::Pairing;
pub use annotation_policy::{AnnotationPolicy, IGNORE, nearest};
use bundle::Bundle;
use ca_file::CaFile;
use demand::IngressFacts;
use dns::DnsFacts;
use key::{ObjectKey, at};
pub use link::{Coverage, SecretState};
pub use own_names::{ByName, NamedOtherwise};
use owner::Owner;
use problems::Problems;
use selection::Selection;
use service::Service;
use shelf::{OfObject, Shelf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use time::OffsetDateTime;

/// Facts of everything that was seen, and what could not be seen.
#[derive(Debug)]
pub struct Inventory {
    selection: Selection,
    /// Where all this was seen, for commands that are to go there.
    target: Target,
    secrets: Shelf<SecretFacts>,
    ingresses: Shelf<IngressFacts>,
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
    files: Vec<FileFacts>,
    requests: Vec<requests::RequestFacts>,
    stores: Vec<stores::StoreFacts>,
    pairs: pairs::Pairs,
    issuers: issuers::Issuers,
    /// Objects of other kinds.
    objects: Shelf<ObjectFacts>,
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
    /// Objects whose annotations hold a private key, and the annotations' keys.
    keys_in_annotations: BTreeMap<ObjectRef, Vec<String>>,
    dns: DnsFacts,
    problems: Problems,
    served: served::Served,
}

/// What a controller warned of last. It is evidence: what an object shows is the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it calls it: `Sync`, `BackendError`.
    pub reason: String,
    /// Why, without the wrappings of the controller's routines.
    pub cause: String,
    /// The uid of the object that it was said of; none where that is not told.
    pub uid: Option<String>,
    /// When it was said last.
    pub at: Option<OffsetDateTime>,
}

/// The last warning of an object, and the last success, where there was one.
#[derive(Debug, Default)]
struct Troubles {
    warning: Option<Trouble>,
    success: Option<OffsetDateTime>,
}

/// Something that could not be read; the result is incomplete by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What could not be read.
    pub object: ObjectRef,
    /// Why, for people.
    pub message: String,
    /// Whether the object itself was read, and only an annotation of ours on it means nothing.
    pub only_a_policy: bool,
    /// Who has no right to read it, where that is why.
    pub denied: Option<Denied>,
}

impl Problem {
    /// An object that could not be read.
    #[must_use]
    pub const fn new(object: ObjectRef, message: String) -> Self {
        Self { object, message, only_a_policy: false, denied: None }
    }

    /// An annotation of ours that means nothing.
    #[must_use]
    pub const fn of_policy(object: ObjectRef, message: String) -> Self {
        Self { object, message, only_a_policy: true, denied: None }
    }
}

/// Facts of one Secret. No bytes of it are kept.
#[derive(Debug)]
pub struct SecretFacts {
    /// Which Secret.
    pub object: ObjectRef,
    /// Its resourceVersion when it was seen; none in a file.
    pub resource_version: Option<String>,
    /// `immutable: true`: its data cannot change.
    pub immutable: bool,
    /// What `tls.crt` and `tls.key` hold.
    pub bundle: Bundle,
    /// The first bytes of SHA-256 over the exact bytes of `tls.crt`.
    tls_crt_digest: [u8; 8],
    /// What `ca.crt` holds in relation to the pair.
    pub ca_crt: CaCrt,
    /// What stands in `ca.crt`, when anything does.
    pub ca_file: Option<Box<CaFile>>,
    /// Who else writes the pair: by marks on the Secret, or because an object makes it.
    pub owner: Option<Box<Owner>>,
    /// Whether client-side `kubectl apply` made certificate and key what they are, and will again.
    pub applied: bool,
    /// Whether anything stands in it that could be a certificate or a key.
    content: Content,
    /// What few Secrets have.
    pub rare: Rarely<RareFacts>,
    /// Whether the user chose it for the report.
    pub chosen: bool,
    /// How it is written, in a file.
    pub writing: Writing,
}

/// Facts of a Secret that most have not.
#[derive(Debug, Default, PartialEq)]
pub struct RareFacts {
    /// Since when it is being deleted: what is written to it goes with it.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// `type`, where it is another than [`TLS_SECRET`].
    other_type: Option<Box<str>>,
    /// Where there is neither `tls.crt` nor `tls.key`: the data keys that hold what belongs there.
    pub named_otherwise: Vec<NamedOtherwise>,
    /// The data key of another name that holds the leaf's private key, where there is none in
    /// `tls.key`.
    pub key_under: Option<String>,
    /// Other data keys that hold a copy of certificate and key or are made from it.
    pub derived_keys: Vec<String>,
    /// Which of `tls.crt` and `tls.key` its data has not at all, not even empty.
    pub missing_keys: Vec<&'static str>,
    /// How the owner is told.
    told: Told,
    /// Who copies it to other places, and the mark that tells it.
    pub copied_by: Option<(&'static str, String)>,
    /// What people ask for by annotation.
    pub annotation_policy: AnnotationPolicy,
}

impl Usual for RareFacts {
    const USUAL: &'static Self = &Self {
        deletion_timestamp: None,
        other_type: None,
        named_otherwise: Vec::new(),
        key_under: None,
        derived_keys: Vec::new(),
        missing_keys: Vec::new(),
        told: Told::Marks,
        copied_by: None,
        annotation_policy: AnnotationPolicy::USUAL,
    };
}

/// How the owner of a Secret is told.
#[derive(Debug, Default, PartialEq)]
enum Told {
    /// By marks on the Secret; so is that it has none.
    #[default]
    Marks,
    /// By an object that makes it, in place of the owner by marks, if there is one.
    Maker(Option<Box<Owner>>),
}

impl Told {
    /// The owner by marks, where an object overrules it.
    fn marked(self) -> Option<Box<Owner>> {
        match self {
            Self::Marks => None,
            Self::Maker(marked) => marked,
        }
    }
}

/// What stands in `tls.crt` and `tls.key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Nothing, or a word in its place.
    Blank,
    /// In a manifest, a place that a tool fills in when it is applied.
    Template,
    /// Something that could be a certificate or a key.
    Something,
}

impl SecretFacts {
    /// `type`.
    #[must_use]
    pub fn secret_type(&self) -> &str {
        self.rare.other_type.as_deref().unwrap_or(TLS_SECRET)
    }

    /// The first 16 hex digits of SHA-256 over the exact bytes of `tls.crt`: a token in the name
    /// that GKE's load balancer gives the certificate.
    #[must_use]
    pub fn load_balancer_token(&self) -> String {
        digest::hex(&self.tls_crt_digest)
    }

    /// Whether it only hands out a CA: its type demands the two keys of a pair, and they are empty.
    #[must_use]
    pub fn holds_a_ca_alone(&self) -> bool {
        self.bundle.is_empty() && self.ca_file.is_some() && self.rare.named_otherwise.is_empty()
    }

    /// The certificates of `ca.crt`.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        self.ca_file.as_ref().map_or(&[], |file| &file.anchors)
    }

    /// Whether what stands in it only keeps the place of what its owner has yet to write: a copy
    /// that is not made, or a Secret that an object beside it makes.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        let copy = |owner: &Owner| owner.role == owner::Role::Copies;
        let filled =
            matches!(self.rare.told, Told::Maker(_)) || self.owner.as_deref().is_some_and(copy);
        self.is_template() || (self.content == Content::Blank && filled)
    }

    /// Whether its manifest only holds places that its owner fills in.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.content == Content::Template
    }
}

/// An object of another kind: what of it a request is compared with.
#[derive(Debug)]
pub struct ObjectFacts {
    /// Which object.
    pub object: ObjectRef,
    /// Its resourceVersion when it was seen.
    pub resource_version: Option<String>,
    /// When it was made; none in a file that somebody wrote.
    pub created: Option<OffsetDateTime>,
    /// Since when it is being deleted: what is written to it goes with it.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// Its uid; none in a file that somebody wrote.
    pub uid: Option<String>,
    /// When anybody wrote its `spec` last, as far as its managedFields tell.
    pub spec_written: Option<OffsetDateTime>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Who else writes it, by the marks of Helm and its like.
    pub owner: Option<Box<Owner>>,
    /// Who else applies its `spec`, and has a list in it as it was before at the next apply: the field
    /// manager of a server-side apply, or `kubectl apply` on the client's side.
    pub applied_by: Option<Applier>,
    /// Codes of rules whose findings on it are waived.
    pub ignore: Vec<String>,
    /// What stands beside `metadata`, `spec` and `status` in a file; else null.
    pub head: serde_json::Value,
    /// What it says, for judging it.
    pub says: Says,
    /// `spec`, as written, for comparing the whole of it with what is wanted or with its schema; null
    /// for a Service.
    pub spec: serde_json::Value,
}

/// Who applies a manifest of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applier {
    /// A server-side apply by this field manager: it conflicts with other writers, and overrules them.
    Server(String),
    /// `kubectl apply`, which puts back what its manifest says.
    Kubectl,
}

/// What an object says, read once.
#[derive(Debug)]
pub enum Says {
    /// A Service.
    Service(Service),
    /// A BackendConfig: its health check, where it has one.
    BackendConfig(Option<HealthCheck>),
    /// A ManagedCertificate.
    ManagedCertificate(Managed),
    /// A kind that is only compared as a whole.
    Other,
}

impl ObjectFacts {
    /// What a ManagedCertificate says; of any other kind nothing.
    #[must_use]
    pub fn managed(&self) -> &Managed {
        const NOTHING: &Managed = &Managed::NOTHING;
        match &self.says {
            Says::ManagedCertificate(managed) => managed,
            Says::Service(_) | Says::BackendConfig(_) | Says::Other => NOTHING,
        }
    }

    /// What a Service says; of any other kind nothing.
    #[must_use]
    pub fn service(&self) -> &Service {
        const NOTHING: &Service = &Service::NOTHING;
        match &self.says {
            Says::Service(service) => service,
            Says::ManagedCertificate(_) | Says::BackendConfig(_) | Says::Other => NOTHING,
        }
    }

    /// The health check of a BackendConfig, where it has one.
    #[must_use]
    pub fn health_check(&self) -> Option<&HealthCheck> {
        match &self.says {
            Says::BackendConfig(check) => check.as_ref(),
            Says::Service(_) | Says::ManagedCertificate(_) | Says::Other => None,
        }
    }
}

/// What `ca.crt` of a Secret holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaCrt {
    /// There is none, or it has nothing to do with the leaf.
    #[default]
    Unrelated,
    /// It holds the very leaf of `tls.crt`: clients pin the self-signed certificate by it.
    HoldsLeaf,
}

/// One certificate of a `ca.crt`: what tells whether a client should trust by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// SHA-256 of the whole DER.
    pub sha256: [u8; 32],
    /// Its subject, as [`crate::x509::cert::Certificate::subject`] has it.
    pub subject: Arc<str>,
    /// Whether it signed itself.
    pub self_signed: bool,
    /// Its last second.
    pub not_after: OffsetDateTime,
    /// Whether the leaf beside it can be trusted by it.
    pub serves_leaf: bool,
}

/// Facts of a PEM or DER file.
#[derive(Debug)]
pub struct FileFacts {
    /// Which file.
    pub object: ObjectRef,
    /// What it holds.
    pub bundle: Bundle,
}

impl OfObject for SecretFacts {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}

impl OfObject for IngressFacts {
    fn object(&self) -> &ObjectRef {
        &self.frontend.object
    }
}

impl OfObject for ObjectFacts {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}

/// The type of Secret that certificates and keys are kept in.
pub const TLS_SECRET: &str = "kubernetes.io/tls";

impl Inventory {
    /// An empty inventory that reports what `selection` chooses.
    #[must_use]
    pub fn new(selection: Selection) -> Self {
        Self {
            selection,
            target: Target::default(),
            secrets: Shelf::default(),
            ingresses: Shelf::default(),
            used_by: BTreeMap::new(),
            mentioned_by: BTreeMap::new(),
            classes: BTreeMap::new(),
            default_classes: BTreeSet::new(),
            servers: OnceLock::new(),
            files: Vec::new(),
            requests: Vec::new(),
            stores: Vec::new(),
            pairs: pairs::Pairs::default(),
            issuers: issuers::Issuers::default(),
            objects: Shelf::default(),
            google_kinds_listed: false,
            absent: BTreeSet::new(),
            present: BTreeSet::new(),
            troubles: BTreeMap::new(),
            makers: maker::Makers::default(),
            warnings_seen: BTreeSet::new(),
            heard: BTreeSet::new(),
            trust_seen: BTreeSet::new(),
            delegations: delegation::Delegations::default(),
            keys_in_annotations: BTreeMap::new(),
            dns: DnsFacts::default(),
            problems: Problems::default(),
            served: served::Served::default(),
        }
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

    /// Where the facts are from, for the commands of remedies.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Secrets that are about TLS: of that type, named by an Ingress, or chosen by name.
    pub fn tls_secrets(&self) -> impl Iterator<Item = &SecretFacts> {
        self.secrets.values().filter(|secret| {
            secret.secret_type() == TLS_SECRET
                || self.selection.names(&secret.object)
                || self.is_used(&secret.object)
        })
    }

    /// The Secret with this name, if it was seen.
    #[must_use]
    pub fn secret(&self, namespace: &str, name: &str) -> Option<&SecretFacts> {
        self.secrets.get(at(&(Kind::Secret, namespace, name)))
    }

    /// This Secret, if it was seen.
    #[must_use]
    pub fn secret_at(&self, secret: &ObjectRef) -> Option<&SecretFacts> {
        self.secrets.get(at(secret))
    }

    /// The Secrets that `object` names: one, or, when it says no namespace, those of that name in
    /// every namespace.
    pub fn secrets_named(&self, object: &ObjectRef) -> impl Iterator<Item = &SecretFacts> {
        let fits = |secret: &&SecretFacts| {
            secret.object.name == object.name
                && (object.namespace.is_none() || secret.object.namespace == object.namespace)
        };
        self.secrets.values().filter(fits)
    }

    /// The object with this name, if it was asked for and seen.
    #[must_use]
    pub fn object(&self, object: &ObjectRef) -> Option<&ObjectFacts> {
        self.objects.get(at(object))
    }

    /// Who deploys the object and puts back what is changed on the cluster.
    #[must_use]
    pub fn deployer(&self, object: &ObjectRef) -> Option<&Owner> {
        let known = self.object(object).and_then(|facts| facts.owner.as_deref());
        known.or_else(|| self.ingress_at(object)?.owner.as_deref())
    }

    /// What a controller warned of last about the object, unless it has succeeded since or spoke of an
    /// earlier object of that name.
    #[must_use]
    pub fn trouble(&self, object: &ObjectRef) -> Option<&Trouble> {
        let troubles = self.troubles.get(at(object))?;
        let ingress = self.ingress_at(object).map(|facts| &facts.uid);
        let uid = ingress.or_else(|| Some(&self.object(object)?.uid)).and_then(Option::as_ref);
        let warning = troubles.warning.as_ref().filter(|it| it.at >= troubles.success);
        warning.filter(|it| it.uid.is_none() || uid.is_none() || it.uid.as_ref() == uid)
    }

    /// Whether anything of GKE's own kinds was seen.
    #[must_use]
    pub fn has_gke_objects(&self) -> bool {
        let gke = [Kind::ManagedCertificate, Kind::BackendConfig, Kind::FrontendConfig];
        self.objects.objects().any(|object| gke.contains(&object.kind))
    }

    /// Every object of this kind that was seen as it is written.
    pub fn objects_of(&self, kind: Kind) -> impl Iterator<Item = &ObjectFacts> {
        self.objects.of_kind(kind)
    }

    /// The Ingress with this name, if it was seen.
    #[must_use]
    pub fn ingress(&self, namespace: &str, name: &str) -> Option<&IngressFacts> {
        self.ingresses.get(at(&(Kind::Ingress, namespace, name)))
    }

    /// The Ingress, if it was seen; none for an object of another kind.
    #[must_use]
    pub fn ingress_at(&self, object: &ObjectRef) -> Option<&IngressFacts> {
        self.ingresses.get(at(object))
    }

    /// Since when an object that is no Secret is being deleted, where it was seen and is.
    #[must_use]
    pub fn deletion_timestamp(&self, object: &ObjectRef) -> Option<OffsetDateTime> {
        let ingress = self.ingress_at(object).map(|facts| facts.deletion_timestamp);
        ingress.or_else(|| Some(self.object(object)?.deletion_timestamp))?
    }

    /// Whether Google's own kinds were looked for where the object is: what is not seen of them is not
    /// there. A cluster that does not know them has no controller of Google's.
    #[must_use]
    pub fn is_beside_google_kinds(&self, object: &ObjectRef) -> bool {
        self.google_kinds_listed || object.place.is_some()
    }

    /// Every Ingress that was seen.
    pub fn ingresses(&self) -> impl Iterator<Item = &IngressFacts> {
        self.ingresses.values()
    }

    /// The IngressClasses of the cluster by name, and whether each is marked as the default one.
    #[must_use]
    pub fn ingress_classes(&self) -> Vec<(&str, bool)> {
        let named = self.classes.keys().chain(&self.default_classes);
        let names: BTreeSet<&str> = named.map(String::as_str).collect();
        names.into_iter().map(|name| (name, self.default_classes.contains(name))).collect()
    }

    /// Every PEM file that was seen.
    pub fn files(&self) -> impl Iterator<Item = &FileFacts> {
        self.files.iter()
    }

    /// The file with the certificate of the private key that stands alone in this one, and whether
    /// that is sure; never [`Pairing::Differs`].
    #[must_use]
    pub fn certificate_of(&self, key: &ObjectRef) -> Option<(&ObjectRef, &Pairing)> {
        self.pairs.certificate_of(key)
    }

    /// The file with the private key, alone in it, of the certificate in this one, and whether that
    /// is sure; never [`Pairing::Differs`].
    #[must_use]
    pub fn key_of(&self, certificate: &ObjectRef) -> Option<(&ObjectRef, &Pairing)> {
        self.pairs.key_of(certificate)
    }

    /// Where a certificate is that this self-signed one signed, of all that were seen.
    #[must_use]
    pub fn signed_by(&self, issuer: &Certificate) -> Option<&ObjectRef> {
        self.issuers.signed_by(issuer)
    }

    /// The Secret whose `ca.crt` hands out this certificate, which is in `object`, beside another
    /// certificate or none.
    #[must_use]
    pub fn handed_out_by(
        &self,
        object: &ObjectRef,
        certificate: &Certificate,
    ) -> Option<&ObjectRef> {
        self.issuers.handed_out_by(object, certificate)
    }

    /// The cert-manager Issuer or ClusterIssuer that signs with this Secret.
    #[must_use]
    pub fn issuer_with(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        self.issuers.issuer_with(secret)
    }

    /// The object that verifies others with this Secret, or the file that it stands in.
    #[must_use]
    pub fn trusting(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        self.issuers.trusting(secret)
    }

    /// Every bundle with the object that holds it: TLS Secrets, then files, then inspected places.
    pub fn bundles(&self) -> impl Iterator<Item = (&ObjectRef, &Bundle)> {
        let secrets = self.tls_secrets().map(|secret| (&secret.object, &secret.bundle));
        let files = self.files().map(|file| (&file.object, &file.bundle));
        let places = self.inspected().map(|(object, served)| (object, &*served.bundle));
        secrets.chain(files).chain(places)
    }

    /// Whether there is nothing to report on: no certificate and no host that was chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let certificate = self.bundles().any(|(object, _)| self.is_reported(object));
        let ingress = self.frontends().any(|frontend| self.is_reported(&frontend.object));
        let other = self.selection.is_everything() && self.has_gke_objects();
        !certificate && !ingress && !other
    }

    /// What could not be seen.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.problems.all()
    }

    /// Whether the object itself could not be seen, for a reason that was told.
    #[must_use]
    pub fn is_unseen(&self, object: &ObjectRef) -> bool {
        self.problems.of(object).any(|problem| !problem.only_a_policy)
    }

    /// Whether objects of the kind could not be listed in the namespace, or not to the end.
    #[must_use]
    pub fn is_list_unseen(&self, kind: Kind, namespace: &str) -> bool {
        let lists = [Some(namespace), None].map(|within| ObjectRef::all(kind, within));
        lists.iter().any(|list| self.is_unseen(list))
    }

    /// Whether this owner was looked for and is not there any more.
    #[must_use]
    pub fn is_absent(&self, object: &ObjectRef) -> bool {
        self.absent.contains(at(object))
    }

    /// Objects whose annotations hold a private key, each with those annotations.
    pub fn keys_in_annotations(&self) -> impl Iterator<Item = (&ObjectRef, &[String])> {
        self.keys_in_annotations.iter().map(|(object, keys)| (object, keys.as_slice()))
    }

    /// Each object with the codes of the rules that it wants ignored, where there are any.
    pub fn ignoring(&self) -> impl Iterator<Item = (&ObjectRef, &[String])> {
        let secrets = self
            .secrets
            .values()
            .map(|secret| (&secret.object, &secret.rare.annotation_policy.ignore));
        let ingresses = self.ingresses.values();
        let ingresses = ingresses.map(|ingress| (&ingress.frontend.object, &ingress.ignore));
        // An Ingress is among the other objects too.
        let others = self.objects.values().filter(|facts| facts.object.kind != Kind::Ingress);
        let others = others.map(|facts| (&facts.object, &facts.ignore));
        let all = secrets.chain(ingresses).chain(others);
        all.filter(|(_, codes)| !codes.is_empty()).map(|(object, codes)| (object, codes.as_slice()))
    }

    /// The codes of the rules that this object wants ignored.
    #[must_use]
    pub fn ignored(&self, object: &ObjectRef) -> &[String] {
        let codes = match object.kind {
            Kind::Secret => {
                self.secret_at(object).map(|secret| &secret.rare.annotation_policy.ignore)
            }
            Kind::Ingress => self.ingress_at(object).map(|ingress| &ingress.ignore),
            _ => self.object(object).map(|facts| &facts.ignore),
        };
        codes.map_or(&[], Vec::as_slice)
    }

    /// What the user chose to have reported.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        &self.selection
    }
}

/// Inventories for tests of what builds on one.
#[cfg(test)]
pub(crate) mod testing;
