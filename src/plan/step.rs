//! Steps: the values that a plan is made of.

use super::previous::Backup;
use super::readers::Reader;
use crate::audit::remedy;
use crate::instant;
use crate::inventory::{Inventory, TLS_SECRET};
use crate::object_ref::ObjectRef;
use crate::remedy::{CommandLine, Remedy, Target, word};
use crate::x509::cert::Certificate;
use crate::x509::digest::PublicKeyId;
use crate::x509::profile::Profile;
use std::fmt;
use time::OffsetDateTime;

/// Everything that is to be done, and everything that was left out, with reasons. Its steps are of
/// those that its target can carry out.
#[derive(Clone, Debug)]
pub struct Plan<S = Step> {
    /// The instant it was made for.
    pub now: OffsetDateTime,
    /// What to write, in order.
    pub steps: Vec<S>,
    /// What a batch passed over.
    pub skipped: Vec<Exclusion>,
    /// What was named and cannot be done.
    pub refused: Vec<Exclusion>,
    /// How many of a batch are not due.
    pub not_due: usize,
    /// How many were due and are over `--max`, left for the next run.
    pub over_max: usize,
    /// What people should know beside the steps.
    pub notes: Vec<String>,
}

impl<S> Plan<S> {
    /// A plan without steps.
    #[must_use]
    pub fn empty(now: OffsetDateTime) -> Self {
        Self {
            now,
            steps: Vec::new(),
            skipped: Vec::new(),
            refused: Vec::new(),
            not_due: 0,
            over_max: 0,
            notes: Vec::new(),
        }
    }

    /// The same with other steps.
    #[must_use]
    pub fn map<T>(self, step: impl FnMut(S) -> T) -> Plan<T> {
        Plan {
            now: self.now,
            steps: self.steps.into_iter().map(step).collect(),
            skipped: self.skipped,
            refused: self.refused,
            not_due: self.not_due,
            over_max: self.over_max,
            notes: self.notes,
        }
    }

    /// The same with every remedy for who deploys what it would change, and for the place that the
    /// facts are from. What makes a plan of an inventory does this once, at its end.
    #[must_use]
    pub fn settled(mut self, inventory: &Inventory) -> Self {
        for exclusion in self.skipped.iter_mut().chain(&mut self.refused) {
            exclusion.remedy = remedy::for_its_owner(inventory, exclusion.remedy.clone());
        }
        self.aimed(inventory.target())
    }

    /// The same with every remedy for the place that the facts are from, and what is to be known
    /// beside a remedy with the reason it is for. What makes a plan does this once, at its end.
    #[must_use]
    pub fn aimed(mut self, target: &Target) -> Self {
        for exclusion in self.skipped.iter_mut().chain(&mut self.refused) {
            exclusion.remedy.settle(&mut exclusion.message, target);
        }
        self
    }
}

/// One thing to write to a cluster.
#[derive(Clone, Debug)]
pub enum Step {
    /// Make a new Secret.
    CreateSecret(CreateSecret),
    /// Change certificate and key in a Secret that is there.
    ReplacePair(ReplacePair),
    /// Make a new object that holds no secrets.
    CreateObject(CreateObject),
    /// Change some fields of an object that is there.
    PatchObject(PatchObject),
    /// Delete an object that nothing names any more. Never a Secret, but what keeps an ended certificate.
    DeleteObject(DeleteObject),
}

impl Step {
    /// The object that is written.
    #[must_use]
    pub fn object(&self) -> &ObjectRef {
        match self {
            Self::CreateSecret(step) => &step.object,
            Self::ReplacePair(step) => &step.object,
            Self::CreateObject(step) => &step.object,
            Self::PatchObject(step) => &step.object,
            Self::DeleteObject(step) => &step.object,
        }
    }

    /// The certificate and key that are written, where they are.
    #[must_use]
    pub fn pair(&self) -> Option<&NewPair> {
        match self {
            Self::CreateSecret(step) => Some(&step.pair),
            Self::ReplacePair(step) => Some(&step.pair),
            Self::CreateObject(_) | Self::PatchObject(_) | Self::DeleteObject(_) => None,
        }
    }

    /// The Secret whose certificate and key it replaces, where it does.
    #[must_use]
    pub const fn replaced(&self) -> Option<&ObjectRef> {
        match self {
            Self::ReplacePair(step) => Some(&step.object),
            Self::CreateSecret(_)
            | Self::CreateObject(_)
            | Self::PatchObject(_)
            | Self::DeleteObject(_) => None,
        }
    }

    /// The action's name in JSON.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::CreateSecret(_) => "create-secret",
            Self::ReplacePair(_) => "replace-pair",
            Self::CreateObject(_) => "create",
            Self::PatchObject(step) if step.restarts() => "restart",
            Self::PatchObject(_) => "patch",
            Self::DeleteObject(_) => "delete",
        }
    }
}

/// An object that is made, borrowed from its step: what can be printed as a manifest of its own.
#[derive(Clone, Copy, Debug)]
pub enum NewObject<'p> {
    /// A Secret.
    Secret(&'p CreateSecret),
    /// One that holds no secrets.
    Public(&'p CreateObject),
}

impl Plan {
    /// Every object that is made. A plan for a place of which nothing was seen has no other steps.
    pub fn new_objects(&self) -> impl Iterator<Item = NewObject<'_>> {
        self.steps.iter().filter_map(|step| match step {
            Step::CreateSecret(step) => Some(NewObject::Secret(step)),
            Step::CreateObject(step) => Some(NewObject::Public(step)),
            Step::ReplacePair(_) | Step::PatchObject(_) | Step::DeleteObject(_) => None,
        })
    }
}

/// A new `kubernetes.io/tls` Secret.
#[derive(Clone, Debug)]
pub struct CreateSecret {
    /// Which Secret.
    pub object: ObjectRef,
    /// Its certificate and key.
    pub pair: NewPair,
    /// Whether `ca.crt` is written too, from the materials.
    pub with_ca_crt: bool,
    /// What it is kept for, where it is not to be served yet; none for one that is.
    pub next: Option<Box<Next>>,
}

impl CreateSecret {
    /// The type of a Secret that is served.
    pub const SECRET_TYPE: &'static str = TLS_SECRET;
}

/// A Secret that keeps what another one is to hold next.
#[derive(Clone, Debug)]
pub struct Next {
    /// Its annotations, which say for which.
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// A new certificate and key in a Secret that is there: one request, which changes nothing else.
#[derive(Clone, Debug)]
pub struct ReplacePair {
    /// Which Secret.
    pub object: ObjectRef,
    /// The resourceVersion it must still have; none in a file.
    pub resource_version: Option<String>,
    /// Why.
    pub reason: ReplaceReason,
    /// The certificate that is replaced; none when there was none that could be read.
    pub before: Option<Box<Certificate>>,
    /// The new certificate and key.
    pub pair: NewPair,
    /// What becomes of `ca.crt`.
    pub ca_crt: CaCrtChange,
    /// What people should know: what changes beside the dates, hosts still uncovered.
    pub notes: Vec<String>,
    /// The workloads that read the Secret.
    pub readers: Vec<Reader>,
    /// Where what is replaced is kept; none where it is not.
    pub backup: Option<Box<Backup>>,
    /// Other Secrets with the same certificate, which keep it.
    pub copies: Vec<ObjectRef>,
    /// What hands the replaced certificate out to be trusted.
    pub pinned_by: Vec<ObjectRef>,
    /// Whether all steps that replace the same certificate get one new certificate and key.
    pub shares: bool,
}

impl ReplacePair {
    /// Whether what goes in was in it before: a rollback.
    #[must_use]
    pub const fn puts_back(&self) -> bool {
        matches!(self.reason, ReplaceReason::Back(_))
    }
}

/// Why a certificate and key are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceReason {
    /// The certificate has expired.
    Expired(OffsetDateTime),
    /// It expires then, and is within its renewal window.
    Due(OffsetDateTime),
    /// The Secret was named. It expires then.
    Named(OffsetDateTime),
    /// All that can be replaced was asked for. It expires then.
    All(OffsetDateTime),
    /// The Secret was named, and its certificate cannot be read.
    NamedUnreadable,
    /// This flag of the command says so.
    Flag(&'static str),
    /// A rollback: what goes in was replaced then, where that is known.
    Back(Option<OffsetDateTime>),
    /// The new certificate has been in the trust bundles since then.
    Trusted(OffsetDateTime),
}

impl fmt::Display for ReplaceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |not_after: &OffsetDateTime| instant::show_date(*not_after);
        match self {
            Self::Expired(not_after) => write!(f, "expired on {}", on(not_after)),
            Self::Due(not_after) => write!(f, "due: expires on {}", on(not_after)),
            Self::Named(not_after) => write!(f, "named; expires on {}", on(not_after)),
            Self::All(not_after) => write!(f, "requested with --all; expires on {}", on(not_after)),
            Self::NamedUnreadable => f.write_str("named; its certificate cannot be read"),
            Self::Flag(flag) => write!(f, "{flag} was given"),
            Self::Back(Some(at)) => {
                write!(f, "rollback of what was done on {}", instant::show(*at))
            }
            Self::Back(None) => f.write_str("rollback"),
            Self::Trusted(since) => {
                write!(f, "the new certificate has been published since {}", instant::show(*since))
            }
        }
    }
}

/// What becomes of `ca.crt` when the certificate and key change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaCrtChange {
    /// It stays byte for byte.
    Keep,
    /// The new certificate is put before what is there, so that clients who trust the old one
    /// and clients who trust the new one both find it.
    PrependNew {
        /// SHA-256 of the certificates that do not stay behind it.
        without: Vec<[u8; 32]>,
    },
    /// The same with the root above the new certificate, where another CA signs it than before.
    PrependRoot {
        /// SHA-256 of the certificates that do not stay behind it.
        without: Vec<[u8; 32]>,
    },
    /// It becomes what the materials hold.
    Given,
    /// It becomes what it was, or goes again where there was none.
    Restored,
}

/// A key and a certificate in two files, and what goes with them: what is written where no cluster and
/// no manifest is.
#[derive(Clone, Debug)]
pub struct WriteFiles {
    /// The private key's file; none where the key is a requester's.
    pub key: Option<ObjectRef>,
    /// The file of the certificate and its chain, or of the request.
    pub certificate: ObjectRef,
    /// The file of the root that signed it.
    pub ca: Option<ObjectRef>,
    /// The file of a PKCS#12 with all of them.
    pub keystore: Option<ObjectRef>,
    /// What is made.
    pub contents: FileContents,
    /// Whether files that are there may be replaced.
    pub overwrite: bool,
}

/// What files are made of.
#[derive(Clone, Debug)]
pub enum FileContents {
    /// A certificate and its key.
    Pair(NewPair),
    /// A key and a request for a certificate of this profile; somebody else signs it.
    Request(Profile),
}

/// Certificates and perhaps their key, written once more in another form.
#[derive(Clone, Debug)]
pub struct ConvertFiles {
    /// The private key's file, where it has one of its own.
    pub key: Option<ObjectRef>,
    /// The file of the first certificate; of a key, where nothing else is there.
    pub main: ObjectRef,
    /// Files of the other certificates.
    pub more: Vec<ObjectRef>,
    /// The first certificate, where there is one.
    pub leaf: Option<Box<Certificate>>,
}

impl ConvertFiles {
    /// Every file, the key first.
    pub fn all(&self) -> impl Iterator<Item = &ObjectRef> {
        self.key.iter().chain([&self.main]).chain(&self.more)
    }
}

impl WriteFiles {
    /// Every file, the key first.
    pub fn all(&self) -> impl Iterator<Item = &ObjectRef> {
        let pair = self.key.iter().chain([&self.certificate]);
        pair.chain(&self.ca).chain(&self.keystore)
    }
}

/// A new object without secrets.
#[derive(Clone, Debug)]
pub struct CreateObject {
    /// Which object.
    pub object: ObjectRef,
    /// The whole object, `apiVersion` and `kind` included.
    pub manifest: serde_json::Value,
    /// Why each part is as it is, for people.
    pub notes: Vec<String>,
}

/// A merge patch (RFC 7386) that touches only what it names.
#[derive(Clone, Debug)]
pub struct PatchObject {
    /// Which object.
    pub object: ObjectRef,
    /// The resourceVersion it must still have.
    pub resource_version: Option<String>,
    /// The patch, without the resourceVersion.
    pub patch: serde_json::Value,
    /// Whether entries of its lists are told by their names and the others stay (a strategic merge patch,
    /// which Kubernetes' own kinds alone take); else a list takes the place of the one that is there.
    pub strategic: bool,
    /// What changes.
    pub changes: Vec<FieldChange>,
    /// Why, for people.
    pub notes: Vec<String>,
}

impl PatchObject {
    /// Whether it restarts the Pods of a workload.
    #[must_use]
    pub fn restarts(&self) -> bool {
        self.object.kind.is_workload()
    }
}

/// One field that changes, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, as `spec.type` or `annotation NAME`.
    pub field: String,
    /// Its value; empty where there is none.
    pub before: String,
    /// Its new value, or `nothing`.
    pub after: String,
}

impl FieldChange {
    /// What stands in `after` where the field is taken away.
    pub const REMOVED: &'static str = "nothing";

    /// This field from one value to another.
    pub fn new(
        field: impl Into<String>,
        before: impl Into<String>,
        after: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), before: before.into(), after: after.into() }
    }

    /// The same of an annotation.
    pub fn annotation(key: &str, before: impl Into<String>, after: impl Into<String>) -> Self {
        Self::new(format!("annotation {key}"), before, after)
    }
}

/// An object that goes, if it still is what it was when it was looked at.
#[derive(Clone, Debug)]
pub struct DeleteObject {
    /// Which object; of Secrets only backups of ours.
    pub object: ObjectRef,
    /// The resourceVersion it must still have.
    pub resource_version: Option<String>,
    /// Why.
    pub reason: DeleteReason,
}

/// Why an object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteReason {
    /// What it keeps for a way back has ended: a Secret of ours.
    Ended,
    /// A ManagedCertificate in whose place another one serves, and which no Ingress names.
    Succeeded,
    /// The Secret that it was kept for holds it, and nothing needs the old one any more.
    Switched,
}

impl fmt::Display for DeleteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended => "the certificate that it keeps has ended",
            Self::Succeeded => "another certificate serves, and no Ingress names this one",
            Self::Switched => "the Secret that it was kept for holds what it keeps",
        })
    }
}

/// Where a certificate and key come from.
#[derive(Clone, Debug)]
pub enum NewPair {
    /// A certificate is made.
    Make {
        /// What it shall hold.
        profile: Profile,
        /// Which key it is for.
        key: KeyChoice,
        /// The CA that signs it, which travels beside the plan; none when it signs itself.
        issuer: Option<Box<Certificate>>,
    },
    /// It travels beside the plan; this is what its certificate says.
    Given(Box<Certificate>),
    /// It is kept in a Secret of this name until everybody trusts it.
    Staged {
        /// The Secret that keeps it.
        secret: ObjectRef,
        /// What its certificate says.
        certificate: Box<Certificate>,
    },
}

impl NewPair {
    /// The certificate, where it is there already.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Given(certificate) | Self::Staged { certificate, .. } => Some(certificate),
            Self::Make { .. } => None,
        }
    }
}

/// Which key a certificate is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// A fresh one.
    New,
    /// The one that is there, told by the digest of its public half.
    Same {
        /// See [`crate::x509::public_key::PublicKey::id`].
        public_id: PublicKeyId,
    },
    /// That of a request, whose private half stays with the requester.
    Requested {
        /// See [`crate::x509::public_key::PublicKey::id`].
        public_id: PublicKeyId,
    },
}

/// Something that is not done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// What.
    pub object: ObjectRef,
    /// Why, as a code for counting.
    pub reason: Reason,
    /// Why, for people, with the evidence.
    pub message: String,
    /// What to do instead.
    pub remedy: Remedy,
}

impl Exclusion {
    /// An object that is being deleted: what is written to it goes with it.
    #[must_use]
    pub fn terminating(object: &ObjectRef, since: OffsetDateTime) -> Self {
        Self {
            object: object.clone(),
            reason: Reason::BeingDeleted,
            message: format!(
                "it has been terminating since {}; its finalizers say what it is waiting for",
                instant::show(since)
            ),
            remedy: CommandLine::on_cluster(format!(
                "kubectl wait --for=delete {} -n {}",
                word(&object.short()),
                word(object.namespace())
            ))
            .into(),
        }
    }
}

/// Why something is not done. Closed, so that it can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Somebody else writes it.
    Owned,
    /// An annotation says not to.
    OptedOut,
    /// An annotation of ours is there and means nothing.
    NotUnderstood,
    /// Another CA issued it.
    IssuedByCa,
    /// It is a CA itself.
    CaCertificate,
    /// Its private key is another certificate's, and is to be had nowhere else.
    KeyOfAnother,
    /// `immutable: true`.
    Immutable,
    /// It is not of type `kubernetes.io/tls`.
    WrongType,
    /// Other data of the Secret is made from certificate and key.
    DerivedData,
    /// What else stands in `tls.crt` or `tls.key` would be lost.
    OtherContent,
    /// Its certificate cannot be read, so its names are not known.
    Unreadable,
    /// Its renewal window is as long as its lifetime.
    WindowTooLong,
    /// It holds something that cannot be made again here.
    CannotRemake,
    /// It was replaced by somebody else in the meantime.
    AlreadyReplaced,
    /// It does not exist.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// It could not be read.
    Unseen,
    /// There are several of that name.
    Ambiguous,
    /// What is there is not what was asked for.
    Mismatch,
    /// It is being deleted, and waits for its finalizers.
    BeingDeleted,
    /// The next certificate is handed out already, and another one would be trusted by nobody.
    Staged,
    /// Its rollouts are paused.
    Paused,
    /// Nothing but a person can replace its Pods, or whoever made it.
    ByHand,
}

impl Reason {
    /// The code in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::OptedOut => "opted-out",
            Self::NotUnderstood => "not-understood",
            Self::IssuedByCa => "issued-by-ca",
            Self::CaCertificate => "ca-certificate",
            Self::KeyOfAnother => "key-of-another",
            Self::Immutable => "immutable",
            Self::WrongType => "wrong-type",
            Self::DerivedData => "derived-data",
            Self::OtherContent => "other-content",
            Self::Unreadable => "unreadable",
            Self::WindowTooLong => "lead-too-long",
            Self::CannotRemake => "cannot-remake",
            Self::AlreadyReplaced => "already-replaced",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::Unseen => "unseen",
            Self::Ambiguous => "ambiguous",
            Self::Mismatch => "mismatch",
            Self::BeingDeleted => "being-deleted",
            Self::Staged => "staged",
            Self::Paused => "paused",
            Self::ByHand => "by-hand",
        }
    }
}
