//! Steps: the values that a plan is made of.

use crate::audit::remedy;
use crate::instant;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::remedy::{CommandLine, Remedy, Target, word};
use crate::x509::cert::Certificate;
use crate::x509::digest::PublicKeyId;
use crate::x509::profile::Profile;
use time::OffsetDateTime;

/// Everything that is to be done, and everything that was left out, with reasons.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The instant it was made for.
    pub now: OffsetDateTime,
    /// What to write, in order.
    pub steps: Vec<Step>,
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

impl Plan {
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

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Step {
    /// Make a new Secret.
    CreateSecret(CreateSecret),
    /// Change the pair in a Secret that is there.
    ReplacePair(ReplacePair),
    /// Write a key and a certificate into two files.
    WriteFiles(Box<WriteFiles>),
    /// Make a new object that holds no secrets.
    CreateObject(CreateObject),
    /// Change some fields of an object that is there.
    PatchObject(PatchObject),
    /// Delete an object that nothing names any more. Never a Secret.
    DeleteObject(DeleteObject),
}

impl Step {
    /// The object or file that is written.
    #[must_use]
    pub fn object(&self) -> &ObjectRef {
        match self {
            Self::CreateSecret(step) => &step.object,
            Self::ReplacePair(step) => &step.object,
            Self::WriteFiles(step) => &step.certificate,
            Self::CreateObject(step) => &step.object,
            Self::PatchObject(step) => &step.object,
            Self::DeleteObject(step) => &step.object,
        }
    }

    /// The pair that is written, where one is.
    #[must_use]
    pub fn pair(&self) -> Option<&NewPair> {
        match self {
            Self::CreateSecret(step) => Some(&step.pair),
            Self::ReplacePair(step) => Some(&step.pair),
            Self::WriteFiles(step) => Some(&step.pair),
            Self::CreateObject(_) | Self::PatchObject(_) | Self::DeleteObject(_) => None,
        }
    }

    /// The action's name in JSON.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::CreateSecret(_) => "create-secret",
            Self::ReplacePair(_) => "replace-pair",
            Self::WriteFiles(_) => "write-files",
            Self::CreateObject(_) => "create",
            Self::PatchObject(_) => "patch",
            Self::DeleteObject(_) => "delete",
        }
    }
}

/// A new `kubernetes.io/tls` Secret.
#[derive(Clone, Debug)]
pub struct CreateSecret {
    /// Which Secret.
    pub object: ObjectRef,
    /// Its pair.
    pub pair: NewPair,
    /// Whether `ca.crt` is written too, from the materials.
    pub with_ca_crt: bool,
}

/// A new pair in a Secret that is there: one request, which changes nothing else.
#[derive(Clone, Debug)]
pub struct ReplacePair {
    /// Which Secret.
    pub object: ObjectRef,
    /// The resourceVersion it must still have; none in a file.
    pub resource_version: Option<String>,
    /// Why, for people.
    pub reason: String,
    /// The certificate that is replaced; none when there was none that could be read.
    pub before: Option<Box<Certificate>>,
    /// The new pair.
    pub pair: NewPair,
    /// What becomes of `ca.crt`.
    pub ca_crt: CaCrtChange,
    /// What people should know: what changes beside the dates, hosts still uncovered.
    pub notes: Vec<String>,
}

/// What becomes of `ca.crt` when the pair changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaCrtChange {
    /// It stays byte for byte.
    Keep,
    /// The new certificate is put before what is there, so that clients who trust the old one
    /// and clients who trust the new one both find it.
    PrependNew,
    /// It becomes what the materials hold.
    Given,
}

/// A key and a certificate in two files, and what goes with them.
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
    /// The pair.
    pub pair: NewPair,
    /// Whether files that are there may be replaced.
    pub overwrite: bool,
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
    /// What changes.
    pub changes: Vec<FieldChange>,
    /// Why, for people.
    pub notes: Vec<String>,
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
    /// Which object; never a Secret.
    pub object: ObjectRef,
    /// The resourceVersion it must still have.
    pub resource_version: Option<String>,
    /// Why, for people.
    pub reason: String,
}

/// Where a pair comes from.
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
    /// A key and a request for a certificate are made; somebody else signs it.
    Request {
        /// What is asked for.
        profile: Profile,
    },
    /// It travels beside the plan; this is what its certificate says.
    Given(Box<Certificate>),
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
    pub fn going(object: &ObjectRef, since: OffsetDateTime) -> Self {
        Self {
            object: object.clone(),
            reason: Reason::BeingDeleted,
            message: format!(
                "it is being deleted since {}; its finalizers name who has not let it go yet",
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
    /// Other data of the Secret is made from the pair.
    DerivedData,
    /// What else stands in `tls.crt` or `tls.key` would be lost.
    OtherContent,
    /// Its certificate cannot be read, so its names are not known.
    Unreadable,
    /// Its lead is as long as its lifetime.
    LeadTooLong,
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
            Self::LeadTooLong => "lead-too-long",
            Self::CannotRemake => "cannot-remake",
            Self::AlreadyReplaced => "already-replaced",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::Unseen => "unseen",
            Self::Ambiguous => "ambiguous",
            Self::Mismatch => "mismatch",
            Self::BeingDeleted => "being-deleted",
        }
    }
}
