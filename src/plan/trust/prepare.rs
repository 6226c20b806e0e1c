//! The beginning: whether the certificate may be replaced, what the new one holds, and what hands it out.
//!
//! Refuses to write anything before it is known that all of it can be written.

use super::progress::{Progress, Stands};
use super::seen::hands_out;
use super::staged::{self, Marks, next_of};
use super::told::{about_authority, not_handed_out, put_back, unlike};
use super::{Overlap, Refused, authority, is_authority};
use crate::audit::issuing::issuing_ca;
use crate::duration;
use crate::inventory::{CaCrt, Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::plan::goal::Next;
use crate::plan::rotation::{self, FirstSeen, RotationRequest};
use crate::plan::step::{self, CreateSecret, KeyChoice, NewPair, Plan, Reason, ReplacePair, Step};
use crate::x509::cert::Certificate;
use time::OffsetDateTime;

impl Overlap {
    /// Makes the new certificate, once it is known that it can be handed out everywhere.
    pub(super) fn prepare(
        &mut self,
        seen: &Inventory,
        secret: &SecretFacts,
        now: OffsetDateTime,
    ) -> Refused<Next<Progress>> {
        let old = self.replaceable(seen, secret)?;
        let trust = self.trust(secret, old, None);
        if trust.is_empty() {
            return self.refuse(
                Reason::Mismatch,
                "no trust bundle is known for it".to_owned(),
                "name it with --trust configmap/NAME, or rotate without --trust".into(),
            );
        }
        let (pair, notes) = self.new_pair(seen, secret, now)?;
        let found = self.find(seen, &trust, &[old.sha256])?;
        let marks = Marks {
            replaces: old.sha256,
            trust: found.iter().map(|found| found.object.clone()).collect(),
            soak: self.request.soak.unwrap_or(staged::SOAKS),
            published_at: None,
            switched_at: None,
        };
        let create = CreateSecret {
            object: next_of(&secret.object),
            pair,
            with_ca_crt: false,
            next: Some(Box::new(step::Next {
                annotations: staged::annotations(&secret.object, &marks),
            })),
        };
        let progress = Progress {
            secret: secret.object.clone(),
            is_authority: is_authority(seen, secret),
            stands: Stands::NotBegun,
            trust: hands_out(&found, &old.sha256, None),
            old: Some(Box::new(old.clone())),
            new: None,
            published_at: None,
            switches_at: None,
            switched_at: None,
            needs: Vec::new(),
            holders: Vec::new(),
        };
        let mut plan = Plan::empty(now);
        plan.notes.push(stages(&marks, found.len()));
        plan.notes.extend(notes);
        plan.notes.extend(unlike(&found, &old.sha256));
        plan.notes.extend(put_back(&found));
        plan.notes.extend(not_handed_out(seen, old, &found));
        Ok(self.act(plan, vec![Step::CreateSecret(create)], progress))
    }

    /// The certificate that is to be replaced, where it may be.
    fn replaceable<'i>(
        &self,
        seen: &Inventory,
        secret: &'i SecretFacts,
    ) -> Refused<&'i Certificate> {
        let RotationRequest { override_owner, force, .. } = self.request.rotation;
        if let Some(exclusion) = rotation::forbidden(seen, secret, override_owner, force) {
            return Err(Box::new(exclusion));
        }
        let Some(leaf) = secret.bundle.leaf() else {
            let message = "its certificate cannot be read, so nobody trusts it".to_owned();
            return self.refuse(Reason::Unreadable, message, "rotate it without --trust".into());
        };
        if !leaf.self_signed && issuing_ca(seen, &secret.object, leaf).is_none() {
            return self.refuse(
                Reason::IssuedByCa,
                format!("clients trust it by its CA ({}), which stays the same", leaf.issuer),
                "rotate it without --trust; --trust is for the CA, or for a self-signed certificate".into(),
            );
        }
        Ok(leaf)
    }

    /// What is made: another self-signed certificate like the old one, or the CA that follows it.
    fn new_pair(
        &self,
        seen: &Inventory,
        secret: &SecretFacts,
        now: OffsetDateTime,
    ) -> Refused<(NewPair, Vec<String>)> {
        let rotation = &self.request.rotation;
        if let Some(leaf) = secret.bundle.leaf().filter(|_| is_authority(seen, secret)) {
            let made = authority::profile(leaf, (rotation.key_type, rotation.lifetime), now);
            return match made {
                Ok(profile) => {
                    let pair = NewPair::Make { profile, key: KeyChoice::New, issuer: None };
                    Ok((
                        pair,
                        about_authority(seen, leaf, self.request.soak.unwrap_or(staged::SOAKS)),
                    ))
                }
                Err((reason, advice)) => self.refuse(reason, advice.message, advice.remedy),
            };
        }
        let plan = rotation::plan(seen, rotation, &self.policy, &FirstSeen::new(), now);
        let refused = plan.refused.into_iter().chain(plan.skipped).next();
        match (plan.steps.into_iter().next(), refused) {
            (Some(ReplacePair { pair, notes, .. }), _) => Ok((pair, notes)),
            (None, Some(refused)) => Err(Box::new(refused)),
            (None, None) => {
                let message = "no certificate can be made that is like it".to_owned();
                self.refuse(Reason::CannotRemake, message, "rotate it without --trust".into())
            }
        }
    }

    /// Everything that hands out trust: what is named, what an earlier run has noted, and its own `ca.crt`.
    pub(super) fn trust(
        &self,
        secret: &SecretFacts,
        old: &Certificate,
        noted: Option<&Marks>,
    ) -> Vec<ObjectRef> {
        let own = secret.object.key("ca.crt");
        let holds_own = secret.ca_crt == CaCrt::HoldsLeaf
            || secret.anchors().iter().any(|anchor| anchor.sha256 == old.sha256);
        let own = holds_own.then_some(own);
        // What is named now is all that there is: one that is gone for good can be left out.
        let named = &self.request.trust;
        let noted = noted.map(|marks| marks.trust.clone()).filter(|_| named.is_empty());
        let mut all: Vec<ObjectRef> = Vec::new();
        for object in noted.into_iter().flatten().chain(named.iter().cloned()).chain(own) {
            let is_known = |known: &ObjectRef| {
                known.same_object(&object) && (object.key.is_none() || known.key == object.key)
            };
            if !all.iter().any(is_known) {
                all.push(object);
            }
        }
        all
    }
}

/// What follows once the new certificate is made.
fn stages(marks: &Marks, objects: usize) -> String {
    let noun = if objects == 1 { "object" } else { "objects" };
    format!(
        "then it is published beside the old one in {objects} {noun}, and served after {}; the old one stays trusted until nothing needs it",
        duration::show(marks.soak)
    )
}
