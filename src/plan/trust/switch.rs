//! The switch: the staged certificate and key go into the Secret, and into its copies.
//!
//! Refuses to know when.

use super::progress::Progress;
use super::seen::Seen;
use super::{Overlap, Refused};
use crate::inventory::{CaCrt, Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::plan::ca_crt::beside_the_old;
use crate::plan::goal::Next;
use crate::plan::pinned;
use crate::plan::previous::Backup;
use crate::plan::readers;
use crate::plan::rotation::{self, RotationRequest};
use crate::plan::step::{CaCrtChange, Exclusion, NewPair, Plan, ReplacePair, ReplaceReason, Step};
use time::OffsetDateTime;

impl Overlap {
    /// Puts the new certificate and key into the Secret, and with `--copies` into every copy.
    pub(super) fn switch(
        &mut self,
        seen: &Inventory,
        it: &Seen<'_>,
        (plan, progress): (Plan, Progress),
        now: OffsetDateTime,
    ) -> Refused<Next<Progress>> {
        self.in_date(it, now)?;
        let mut steps = vec![self.replacing(seen, (it.secret, it), now)?];
        steps.extend(self.copies(seen, it, now).0);
        let informed: Vec<&ObjectRef> = it.found.iter().map(|found| &found.object).collect();
        pinned::find(seen, &mut steps, &informed);
        let steps = steps.into_iter().map(Step::ReplacePair).collect();
        Ok(self.act(plan, steps, progress))
    }

    /// The copies that still hold the old one and may be replaced, and why others may not.
    pub(super) fn copies(
        &self,
        seen: &Inventory,
        it: &Seen<'_>,
        now: OffsetDateTime,
    ) -> (Vec<ReplacePair>, Vec<Exclusion>) {
        if self.request.rotation.copies.is_none() {
            return (Vec::new(), Vec::new());
        }
        let holds_old = |other: &&SecretFacts| {
            let leaf = other.bundle.leaf().map(|leaf| leaf.sha256);
            leaf == Some(it.marks.replaces) && !other.object.same_object(&it.secret.object)
        };
        let (mut steps, mut refused) = (Vec::new(), Vec::new());
        for copy in seen.tls_secrets().filter(holds_old) {
            match self.replacing(seen, (copy, it), now) {
                Ok(step) => steps.push(step),
                Err(no) => refused.push(*no),
            }
        }
        (steps, refused)
    }

    fn replacing(
        &self,
        seen: &Inventory,
        (secret, it): (&SecretFacts, &Seen<'_>),
        now: OffsetDateTime,
    ) -> Refused<ReplacePair> {
        let RotationRequest { override_owner, force, backup, .. } = self.request.rotation;
        if let Some(exclusion) = rotation::forbidden(seen, secret, override_owner, force) {
            return Err(Box::new(exclusion));
        }
        let pair = NewPair::Staged {
            secret: it.staged.object.clone(),
            certificate: Box::new(it.new.clone()),
        };
        let leaf = secret.bundle.leaf();
        let readers = readers::readers(seen, &secret.object);
        let mut notes = rotation::told_beside(seen, secret);
        notes.extend(readers::told(&readers));
        let has_new = secret.anchors().iter().any(|anchor| anchor.sha256 == it.new.sha256);
        let pinned = secret.ca_crt == CaCrt::HoldsLeaf && !has_new;
        Ok(ReplacePair {
            object: secret.object.clone(),
            resource_version: secret.resource_version.clone(),
            reason: ReplaceReason::Trusted(it.marks.published_at.unwrap_or(now)),
            before: leaf.cloned().map(Box::new),
            ca_crt: if pinned { beside_the_old(secret, &pair) } else { CaCrtChange::Keep },
            pair,
            notes,
            readers,
            backup: backup.then(|| Box::new(Backup::of(&secret.object, leaf, now))),
            copies: Vec::new(),
            pinned_by: Vec::new(),
            shares: self.request.rotation.copies.is_some(),
        })
    }
}
