//! What was seen of a rotation that has begun, and what follows of how far it is.
//!
//! Refuses to decide what is done next.

use super::bundle::Anchor;
use super::is_authority;
use super::progress::{HandsOut, Progress, Stands};
use super::stage::{Holds, Stage, Standing, switches_at};
use super::staged::Marks;
use super::targets::Found;
use crate::inventory::staged::StagedFacts;
use crate::inventory::trust_bundles::TrustBundle;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::x509::cert::Certificate;
use time::OffsetDateTime;

/// What was seen of it, once the new certificate is there.
pub(super) struct Seen<'i> {
    pub secret: &'i SecretFacts,
    /// Its certificates as they are written.
    pub own: Option<&'i TrustBundle>,
    pub staged: &'i StagedFacts,
    pub marks: Marks,
    pub new: &'i Certificate,
    pub found: Vec<Found<'i>>,
}

pub(super) fn standing(it: &Seen<'_>, now: OffsetDateTime) -> Standing {
    let leaf = it.secret.bundle.leaf();
    let sum = leaf.map(|leaf| leaf.sha256);
    let holds = match sum {
        Some(sum) if sum == it.marks.replaces => Holds::Old,
        Some(sum) if sum == it.new.sha256 => Holds::New,
        _ => Holds::Another,
    };
    let old_ends = match holds {
        Holds::Old => leaf.map_or(now, |leaf| leaf.not_after),
        Holds::New | Holds::Another => now,
    };
    let wants_old = holds == Holds::Old && old_ends >= now;
    let has_new = it.found.iter().all(|found| found.all_hold(&it.new.sha256));
    let has_old = it.found.iter().all(|found| found.all_hold(&it.marks.replaces));
    Standing {
        holds,
        is_published: has_new && (has_old || !wants_old),
        hands_out_old: it.found.iter().any(|found| found.any_holds(&it.marks.replaces)),
        published_at: it.marks.published_at,
        switched_at: it.marks.switched_at,
        soak: it.marks.soak,
        old_ends,
    }
}

pub(super) fn progress(
    seen: &Inventory,
    it: &Seen<'_>,
    standing: &Standing,
    next: Stage,
) -> Progress {
    let published_at = it.marks.published_at.filter(|_| standing.is_published);
    Progress {
        secret: it.secret.object.clone(),
        is_authority: is_authority(seen, it.secret),
        stands: match next {
            Stage::Publish | Stage::NotePublished | Stage::Forget => Stands::Publishing,
            Stage::Soak(_) => Stands::Soaking,
            Stage::Switch => Stands::Switching,
            Stage::NoteSwitched | Stage::Retire | Stage::Finish | Stage::Elsewhere => {
                Stands::Retiring
            }
        },
        trust: hands_out(&it.found, &it.marks.replaces, Some(&it.new.sha256)),
        old: old_of(it).cloned().map(Box::new),
        new: Some(Box::new(it.new.clone())),
        published_at,
        switches_at: match (standing.holds, published_at) {
            (Holds::Old, Some(at)) => Some(switches_at(at, standing.soak, standing.old_ends)),
            _ => None,
        },
        switched_at: it.marks.switched_at,
        needs: Vec::new(),
        holders: holders(seen, it),
    }
}

/// The Secret itself, and every other that was seen to hold the new certificate.
fn holders(seen: &Inventory, it: &Seen<'_>) -> Vec<ObjectRef> {
    let holds = |secret: &&SecretFacts| {
        !secret.is_next() && secret.bundle.leaf().is_some_and(|leaf| leaf.sha256 == it.new.sha256)
    };
    let others = seen.every_secret().filter(holds).map(|secret| secret.object.clone());
    let own = it.secret.object.clone();
    let others = others.filter(|other| !other.same_object(&it.secret.object));
    std::iter::once(own).chain(others).collect()
}

/// The old certificate: in the Secret, or where it is still handed out.
fn old_of<'a>(it: &'a Seen<'_>) -> Option<&'a Certificate> {
    let is_old = |certificate: &&Certificate| certificate.sha256 == it.marks.replaces;
    it.secret.bundle.leaf().filter(is_old).or_else(|| old_anchor(it).map(|old| old.certificate))
}

/// The same as it is written: in the Secret, or where it is still handed out.
pub(super) fn old_anchor<'a>(it: &'a Seen<'_>) -> Option<Anchor<'a>> {
    let own = it.own.into_iter().flat_map(|bundle| &bundle.values);
    let handed_out = it.found.iter().flat_map(Found::values);
    let mut all = own.chain(handed_out).flat_map(|value| &value.certificates);
    let (certificate, der) = all.find(|(one, _)| one.sha256 == it.marks.replaces)?;
    Some(Anchor { certificate, der })
}

pub(super) fn new_anchor<'a>(it: &'a Seen<'_>) -> Option<Anchor<'a>> {
    (!it.staged.der.is_empty()).then_some(Anchor { certificate: it.new, der: &it.staged.der })
}

pub(super) fn hands_out(
    found: &[Found<'_>],
    old: &[u8; 32],
    new: Option<&[u8; 32]>,
) -> Vec<HandsOut> {
    let row = |found: &Found<'_>| HandsOut {
        object: found.object.clone(),
        old: found.any_holds(old),
        new: new.is_some_and(|new| found.all_hold(new)),
    };
    found.iter().map(row).collect()
}
