//! What is kept of a Secret: its certificates and key as facts, who owns it, what people ask of it.
//!
//! Refuses to know how it is read and what of it is judged.

use super::annotation_policy::AnnotationPolicy;
use super::bundle::Bundle;
use super::ca_file::CaFile;
use super::own_names::NamedOtherwise;
use super::owner::{self, Owner};
use super::shelf::OfObject;
use crate::object_ref::ObjectRef;
use crate::observation::Writing;
use crate::rarely::{Rarely, Usual};
use crate::x509::digest;
use std::sync::Arc;
use time::OffsetDateTime;

/// The type of Secret that certificates and keys are kept in.
pub const TLS_SECRET: &str = "kubernetes.io/tls";

/// The type of Secret that keeps a certificate and key which were replaced, for the way back. It is judged
/// nowhere.
pub const PREVIOUS_SECRET: &str = "certwright.dev/previous";

/// The type of Secret that keeps the certificate and key which another one is to hold next, until everybody
/// trusts them. It is judged nowhere.
pub const NEXT_SECRET: &str = "certwright.dev/next";

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
    pub(super) tls_crt_digest: [u8; 8],
    /// What `ca.crt` holds in relation to the pair.
    pub ca_crt: CaCrt,
    /// What stands in `ca.crt`, when anything does.
    pub ca_file: Option<Box<CaFile>>,
    /// Who else writes the pair: by marks on the Secret, or because an object makes it.
    pub owner: Option<Box<Owner>>,
    /// Whether client-side `kubectl apply` made certificate and key what they are, and will again.
    pub applied: bool,
    /// Whether anything stands in it that could be a certificate or a key.
    pub(super) content: Content,
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
    pub(super) other_type: Option<Box<str>>,
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
    pub(super) told: Told,
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
pub(super) enum Told {
    /// By marks on the Secret; so is that it has none.
    #[default]
    Marks,
    /// By an object that makes it, in place of the owner by marks, if there is one.
    Maker(Option<Box<Owner>>),
}

impl Told {
    /// The owner by marks, where an object overrules it.
    pub(super) fn marked(self) -> Option<Box<Owner>> {
        match self {
            Self::Marks => None,
            Self::Maker(marked) => marked,
        }
    }
}

/// What stands in `tls.crt` and `tls.key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
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

    /// Whether it keeps what was replaced in another one.
    #[must_use]
    pub fn is_previous(&self) -> bool {
        self.secret_type() == PREVIOUS_SECRET
    }

    /// Whether it keeps what another one is to hold next.
    #[must_use]
    pub fn is_next(&self) -> bool {
        self.secret_type() == NEXT_SECRET
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
    /// Its first second.
    pub not_before: OffsetDateTime,
    /// Its last second.
    pub not_after: OffsetDateTime,
    /// Whether the leaf beside it can be trusted by it.
    pub serves_leaf: bool,
}

impl OfObject for SecretFacts {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}
