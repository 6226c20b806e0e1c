//! What the world showed: one object, one file, one handshake, or one failure to see, at a time.
//!
//! Knows small types of its own, the same whichever wire form an object came in. Judges nothing,
//! and refuses to know what a certificate is: PEM passes through here as bytes.

pub mod dns;
pub mod handshake;
pub mod ingress;
pub mod programs;
pub mod rights;
pub mod rollout;
pub mod route;
pub mod workload;

use crate::object_ref::{Kind, ObjectRef};
use crate::redact::Redacted;
use dns::{AddressesSeen, IssuersSeen};
use handshake::{Endpoint, HandshakeSeen};
pub use ingress::{IngressSeen, Rule, TlsEntry};
use rights::Denied;
use route::RouteSeen;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use workload::WorkloadSeen;

/// One thing seen, or the failure to see it.
#[derive(Clone, Debug)]
pub enum Observation {
    /// A Secret, whole.
    Secret(SecretSeen),
    /// An Ingress.
    Ingress(IngressSeen),
    /// A Route of OpenShift, with the private key that it may hold.
    Route(RouteSeen),
    /// An object of another kind, as it is written.
    Object(ObjectSeen),
    /// An object that was seen is there no more.
    Gone(ObjectRef),
    /// The cluster has Google's own kinds, and all that may be read of them comes.
    GoogleKinds,
    /// A file of PEM or DER, or standard input, with its bytes.
    PemFile {
        /// The file.
        object: ObjectRef,
        /// What it holds; it may hold a private key.
        bytes: Redacted,
    },
    /// Events about one object: all there are, or one that stands in a file.
    Events {
        /// The object they are about.
        about: ObjectRef,
        /// The events; none when there are none, or when they may not be read.
        events: Vec<EventSeen>,
    },
    /// What controllers warned of, about any Ingress or ManagedCertificate.
    Warnings {
        /// Where it was looked for.
        searched: Scope,
        /// Each warning with the object that it is about; none where they may not be read.
        seen: Vec<(ObjectRef, EventSeen)>,
    },
    /// Objects by which somebody else makes Secrets.
    Makers {
        /// Where they were looked for; none for what stands in a file.
        searched: Option<Scope>,
        /// What was found.
        seen: Vec<MakerSeen>,
        /// Kinds that may not be listed, as people say them.
        unseen: Vec<String>,
    },
    /// Who signs or trusts by certificates of CAs, beside Secrets of certificates and keys.
    Trust {
        /// Where it was looked for; none for what stands in a file.
        searched: Option<Scope>,
        /// What was found.
        seen: TrustSeen,
    },
    /// Which Secrets of a namespace those of others may use, by objects of a kind: Contour for their
    /// Ingresses, or Gateways.
    Delegations {
        /// The kind that says so: [`Kind::TlsCertificateDelegation`] or [`Kind::ReferenceGrant`].
        kind: Kind,
        /// The namespace of the Secrets.
        namespace: String,
        /// What is known of it.
        seen: DelegationsSeen,
    },
    /// Values of an object that is no TLS Secret and may hold certificates.
    Values(ValuesSeen),
    /// An object that hands out certificates to be trusted, and that is to hand out others.
    TrustBundle(TrustBundleSeen),
    /// A Secret that keeps the next certificate and key of another one.
    Staged(SecretSeen),
    /// A Pod, or what makes Pods, and the Secrets it reads.
    Workload(WorkloadSeen),
    /// Every workload of a scope was looked at, as far as they may be listed.
    Workloads {
        /// Where.
        searched: Scope,
        /// What else may name Secrets there and is not read, as people say it.
        others: Vec<String>,
    },
    /// A handshake that was asked for on behalf of an Ingress host.
    Handshake(HandshakeSeen),
    /// A handshake with a place that the user named; its certificates are inspected.
    Inspected(HandshakeSeen),
    /// Where a name leads, as DNS says.
    Addresses(AddressesSeen),
    /// Which CAs may issue for a name, as DNS says.
    Issuers(IssuersSeen),
    /// The object was looked for and is there; its content was not asked for.
    Present(ObjectRef),
    /// The object was looked for and is not there.
    Absent(ObjectRef),
    /// The object could not be seen, so nothing is known of it.
    Unseen {
        /// What was looked for: an object, or a whole list.
        object: ObjectRef,
        /// Why it could not be seen, for people.
        message: String,
    },
    /// The user has no right to see the object, so nothing is known of it.
    Denied {
        /// What was looked for: an object, or a whole list.
        object: ObjectRef,
        /// What was refused, and to whom.
        denied: Denied,
        /// The same for people, in the server's words.
        message: String,
    },
}

/// Objects, or the files they stand in, that show certificates to be those of CAs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustSeen {
    /// Issuers of cert-manager, and the name of the Secret that each signs with; one without a
    /// namespace looks for it in whichever it is told.
    pub signing: Vec<(ObjectRef, String)>,
    /// What hands out certificates to be trusted, and their PEM: a `ConfigMap`, the `caBundle` of a
    /// webhook, any other field.
    pub handed_out: Vec<(ObjectRef, Vec<u8>)>,
    /// What names a Secret to verify others with: its namespace, none where it may be any, and its name.
    pub trusting: Vec<(ObjectRef, Option<String>, String)>,
}

/// What was seen of each `TLSCertificateDelegation`, or each `ReferenceGrant`, of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DelegationsSeen {
    /// One of them, in a file, with what it permits.
    One(Vec<Permit>),
    /// All of them.
    All(Vec<Permit>),
    /// They may not be read.
    Unread,
    /// The cluster has no such kind.
    NoSuchKind,
}

/// One item of `spec.delegations` of a `TLSCertificateDelegation`, or of `spec.to` of a `ReferenceGrant`.
/// Source: projectcontour/contour apis/projectcontour/v1/tlscertificatedelegation.go @31c4bb38, and
/// [`crate::gateway_api`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    /// The object that says so.
    pub by: ObjectRef,
    /// The Secret's name, in which a `*` stands for itself; none for all of the namespace.
    pub secret: Option<String>,
    /// The namespaces that may use it; `*` alone for any.
    pub namespaces: Vec<String>,
}

/// Where objects are looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In this namespace.
    Namespace(String),
    /// In all of them.
    Everywhere,
}

impl Observation {
    /// How many bytes its values hold, as far as they may be many.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Secret(secret) => secret.data.values().map(|value| value.expose().len()).sum(),
            _ => 0,
        }
    }
}

impl Scope {
    /// The namespace; none for all of them.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(name) => Some(name),
            Self::Everywhere => None,
        }
    }
}

/// Something the inventory has not been shown yet; whoever observes answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// This Secret, which an Ingress names and the list of TLS Secrets did not have.
    Secret(ObjectRef),
    /// This object, of any kind.
    Object(ObjectRef),
    /// Every object of this kind there.
    Every(Kind, Scope),
    /// Whether this owner still exists.
    Owner(ObjectRef),
    /// What controllers have to say of this object.
    Events(ObjectRef),
    /// What controllers warn of there, about Ingresses and ManagedCertificates.
    Warnings(Scope),
    /// What makes Secrets there.
    Makers(Scope),
    /// Who signs or trusts there by certificates of CAs.
    Trust(Scope),
    /// Which Secrets of this namespace those of others may use, by objects of this kind.
    Delegations(Kind, String),
    /// Which workloads there read which Secrets.
    Workloads(Scope),
    /// What this object hands out to be trusted.
    TrustBundle(ObjectRef),
    /// Which Secrets there keep the next certificate and key of others.
    Staged(Scope),
    /// This Secret, for the next certificate and key of another one that it keeps.
    StagedAt(ObjectRef),
    /// Every TLS Secret there, whatever was chosen.
    TlsSecrets(Scope),
    /// What is served for this host there.
    Served {
        /// The name to send as SNI.
        host: String,
        /// Where.
        endpoint: Endpoint,
    },
}

/// An object by which somebody else makes Secrets, before they are there and again later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakerSeen {
    /// The object that says so.
    pub object: ObjectRef,
    /// Who acts upon it: `cert-manager`.
    pub by: &'static str,
    /// Where in the object it is said: `spec.secretName`, an annotation.
    pub told_by: String,
    /// The Secrets.
    pub makes: Vec<Made>,
    /// Why it makes none of them, as what asks for them is written.
    pub stuck: Option<Stuck>,
}

/// Why a maker does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// What is wrong: a clause.
    pub why: &'static str,
    /// What to do about it: an order.
    pub remedy: &'static str,
}

/// A Secret that somebody makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its namespace; none when it may be any.
    pub namespace: Option<String>,
    /// The namespace in which the Secret of this name is the original of what is made.
    pub not_in: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether kustomize may put its hash behind the name.
    pub hashed: bool,
}

/// What a controller had to say of an object. Only evidence: events are rate-limited and vanish
/// after an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSeen {
    /// The uid of the object that it is about; none where it does not say.
    pub uid: Option<String>,
    /// `type: Warning`.
    pub warning: bool,
    /// `reason`, such as `Sync`.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// When it was said last.
    pub last: Option<OffsetDateTime>,
}

/// How an object is written in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writing {
    /// Whether it names no namespace itself.
    pub without_namespace: bool,
    /// Whether its document has aliases of YAML: what it says may be said of another too.
    pub has_aliases: bool,
}

/// The metadata that certwright looks at.
#[derive(Clone, Debug, Default)]
pub struct MetaSeen {
    /// `metadata.uid`; none in a file that somebody wrote.
    pub uid: Option<String>,
    /// `metadata.resourceVersion`; none in a file.
    pub resource_version: Option<String>,
    /// `metadata.creationTimestamp`; none in a file that somebody wrote.
    pub created: Option<OffsetDateTime>,
    /// `metadata.deletionTimestamp`: since when it is being deleted and only its finalizers are
    /// waited for.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`, without those that hold a private key and without that of
    /// `kubectl apply`.
    pub annotations: BTreeMap<String, String>,
    /// The annotations that hold a private key: their keys.
    pub keys_in_annotations: Vec<String>,
    /// What the annotation of client-side `kubectl apply` says that it applied last: keys of `data`
    /// and `stringData`.
    pub applied_data: Vec<String>,
    /// `metadata.ownerReferences` as (kind, name).
    pub owner_references: Vec<(String, String)>,
    /// `metadata.finalizers`.
    pub finalizers: Vec<String>,
    /// Who manages data keys, from `metadata.managedFields`.
    pub field_managers: Vec<FieldManager>,
    /// When anybody wrote the object last, but for its status, from `metadata.managedFields`.
    pub written: Option<OffsetDateTime>,
    /// When anybody wrote `spec` last, from `metadata.managedFields`; none where they do not tell.
    pub spec_written: Option<OffsetDateTime>,
    /// How it is written, in a file.
    pub writing: Writing,
}

/// One entry of `metadata.managedFields` that manages keys of `data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldManager {
    /// The manager's name, such as `kubectl-create` or `argocd-controller`.
    pub manager: String,
    /// Whether the operation was `Apply` (the manager will want the value back) or `Update`.
    pub applies: bool,
    /// The keys of `data` it manages, such as `tls.crt`.
    pub data_keys: Vec<String>,
}

/// An object whose meaning is not read here.
#[derive(Clone, Debug)]
pub struct ObjectSeen {
    /// Which object.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: MetaSeen,
    /// What stands beside `metadata`, `spec` and `status`, `apiVersion` among it; null for what a
    /// server has already taken.
    pub head: serde_json::Value,
    /// `spec`, as written.
    pub spec: serde_json::Value,
    /// `status`, as written.
    pub status: serde_json::Value,
}

/// A Secret as it was seen.
#[derive(Clone, Debug)]
pub struct SecretSeen {
    /// Which Secret.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: MetaSeen,
    /// `type`, such as `kubernetes.io/tls`; `Opaque` when the object says none.
    pub secret_type: String,
    /// `immutable: true`.
    pub immutable: bool,
    /// Every value of `data`, decoded, with `stringData` laid over it.
    pub data: BTreeMap<String, Redacted>,
    /// Values of `data` that are no base64, also where `stringData` has the key too; only a file can
    /// have such.
    pub not_base64: Vec<NotBase64>,
}

/// Values of a Secret or ConfigMap that may be certificates, or the `caBundle`s of what the API server
/// calls.
#[derive(Clone, Debug)]
pub struct ValuesSeen {
    /// Which object.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: MetaSeen,
    /// Each with its key, or the way to it (`webhooks[0].clientConfig.caBundle`), decoded.
    pub values: Vec<(String, Redacted)>,
}

/// An object that hands out certificates to be trusted.
#[derive(Clone, Debug)]
pub struct TrustBundleSeen {
    /// What it holds. Of a Secret no private key is among the values.
    pub values: ValuesSeen,
    /// `immutable: true`.
    pub immutable: bool,
    /// Whether `kubectl apply` made it, and makes it again of its manifest.
    pub applied: bool,
    /// Keys that are not among the values: of a Secret where a private key stands, of a ConfigMap those of
    /// `binaryData`.
    pub withheld: Vec<String>,
    /// What tells apart the entries of a list that has a value each, in their order: names of webhooks.
    pub entries: Vec<String>,
}

/// A value of a Secret's `data` that is no base64: the API server refuses the whole Secret.
#[derive(Clone, Debug)]
pub struct NotBase64 {
    /// The key in `data`.
    pub key: String,
    /// The value, as it is written.
    pub text: Redacted,
    /// Where it stands, for people: `line 7: data[tls.crt]`.
    pub place: String,
}
