//! How far a rotation is that overlaps trust, as people and other programs are told it.

use super::needs::Need;
use crate::object_ref::ObjectRef;
use crate::x509::cert::Certificate;
use time::OffsetDateTime;

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The Secret.
    pub secret: ObjectRef,
    /// Whether it holds a CA that signs others.
    pub is_authority: bool,
    /// Where it stands.
    pub stands: Stands,
    /// What hands out trust, and which of the two it hands out.
    pub trust: Vec<HandsOut>,
    /// The old certificate; none once nothing tells of it.
    pub old: Option<Box<Certificate>>,
    /// The new one; none before it is made, and when all is over.
    pub new: Option<Box<Certificate>>,
    /// Since when the new one is handed out everywhere.
    pub published_at: Option<OffsetDateTime>,
    /// When it is switched to, where that is known.
    pub switches_at: Option<OffsetDateTime>,
    /// Since when the Secret holds it.
    pub switched_at: Option<OffsetDateTime>,
    /// What the old one is still handed out for.
    pub needs: Vec<Need>,
    /// The Secrets that hold the new one, or its copies: whoever serves by them is asked.
    pub holders: Vec<ObjectRef>,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// Nothing has begun.
    NotBegun,
    /// The new certificate is being handed out beside the old one.
    Publishing,
    /// It is handed out everywhere, and waits until everybody has it.
    Soaking,
    /// It is to go into the Secret.
    Switching,
    /// It is in the Secret, and the old one is still handed out.
    Retiring,
    /// Nothing is left to do.
    Done,
}

impl Stands {
    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotBegun => "not-begun",
            Self::Publishing => "publish",
            Self::Soaking => "soak",
            Self::Switching => "switch",
            Self::Retiring => "retire",
            Self::Done => "done",
        }
    }
}

/// One object that hands out trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandsOut {
    /// The object, with the key where it has keys.
    pub object: ObjectRef,
    /// Whether it hands out the old certificate.
    pub old: bool,
    /// Whether it hands out the new one.
    pub new: bool,
}
