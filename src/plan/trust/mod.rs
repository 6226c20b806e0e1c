//! Rotation with trust that overlaps: the new certificate is handed out beside the old one to everybody who is
//! to trust it, then it is served, and the old one is handed out until nothing needs it any more.
//!
//! For self-signed certificates that clients pin, and for a private CA. Everything is decided from what stands
//! in the cluster, so that any run goes on where another one stopped, was killed, or was overtaken: what is
//! next is [`stage::stage`]'s. The new certificate and key wait in a Secret beside ([`staged`]). Refuses to know
//! key bytes.

mod authority;
pub mod bundle;
mod marking;
mod needs;
mod prepare;
mod progress;
mod seen;
pub mod stage;
pub mod staged;
mod switch;
mod targets;
mod told;

pub use needs::Need;
pub use progress::{HandsOut, Progress, Stands};
pub use told::{advice, after_rollback, go_on, under_way};

use self::bundle::Wanted;
use self::marking::{forgotten, published, renewed, retired, switched};
use self::seen::{Seen, new_anchor, old_anchor, progress, standing};
use self::stage::{Holds, Stage, stage};
use self::staged::next_of;
use self::targets::Found;
use self::told::{begin_again, everywhere_is_unseen, not_handed_out, put_back};
use super::goal::{Goal, Next, Order};
use super::previous::beside;
use super::rotation::RotationRequest;
use super::step::{DeleteObject, DeleteReason, Exclusion, Plan, Reason, Step};
use crate::audit::issuing::issuing_ca;
use crate::audit::policy::Policy;
use crate::instant;
use crate::inventory::staged::StagedFacts;
use crate::inventory::trust_bundles::TrustBundle;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::observation::{Question, Scope};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use crate::x509::key::Pairing;
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime};

/// What the user wants, of one Secret.
#[derive(Clone, Debug)]
pub struct TrustRequest {
    /// How certificates are made and what may be touched; names the Secret alone.
    pub rotation: RotationRequest,
    /// The Secret.
    pub secret: ObjectRef,
    /// What hands out trust, in place of what an earlier run has noted; empty: as that has noted.
    pub trust: Vec<ObjectRef>,
    /// How long the new certificate is handed out before it is served; none: as an earlier run has noted.
    pub soak: Option<Duration>,
    /// Up to when this run waits.
    pub until: OffsetDateTime,
    /// How far this run goes.
    pub part: Part,
    /// Whether what cannot be asked keeps the old certificate no longer.
    pub unverified: bool,
}

/// How far a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Until the new certificate is in the Secret: nothing served is looked at for that.
    UntilSwitched,
    /// To the end.
    Whole,
}

/// The rotation of one Secret, as a goal.
#[derive(Debug)]
pub struct Overlap {
    request: TrustRequest,
    policy: Policy,
    /// How far it was at the last look.
    progress: Option<Progress>,
    /// Secrets of other types than TLS that hold certificates and their keys.
    elsewhere: Vec<TrustBundle>,
}

type Refused<T> = Result<T, Box<Exclusion>>;

impl Overlap {
    /// This request, under this policy.
    #[must_use]
    pub const fn new(request: TrustRequest, policy: Policy) -> Self {
        Self { request, policy, progress: None, elsewhere: Vec::new() }
    }

    /// How far it was at the last look; none before the first.
    #[must_use]
    pub const fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// What is asked for.
    #[must_use]
    pub const fn request(&self) -> &TrustRequest {
        &self.request
    }

    /// The same goal, which knows these Secrets of other types than TLS that hold certificates and their keys: to
    /// see them means to download whatever is in Secrets, so that it is done once, not at every look.
    #[must_use]
    pub fn beside(self, elsewhere: Vec<TrustBundle>) -> Self {
        Self { elsewhere, ..self }
    }

    /// Whether a rotation with overlap has begun, whoever began it.
    #[must_use]
    pub fn has_begun(&self, seen: &Inventory) -> bool {
        seen.staged_at(&next_of(&self.request.secret)).is_some()
    }

    /// The same goal, going as far as this.
    #[must_use]
    pub fn up_to(self, part: Part) -> Self {
        Self { request: TrustRequest { part, ..self.request }, ..self }
    }

    fn refuse<T>(&self, reason: Reason, message: String, remedy: Remedy) -> Refused<T> {
        let object = self.request.secret.clone();
        Err(Box::new(Exclusion { object, reason, message, remedy }))
    }

    fn decide(&mut self, seen: &Inventory, now: OffsetDateTime) -> Refused<Next<Progress>> {
        let Some(secret) = seen.secret_at(&self.request.secret) else {
            let message = "it does not exist".to_owned();
            return self.refuse(
                Reason::NotFound,
                message,
                "check the name and the namespace".into(),
            );
        };
        let staged = seen.staged_at(&next_of(&secret.object));
        match staged {
            None => self.prepare(seen, secret, now),
            Some(staged) => {
                let seen_of_it = self.seen(seen, secret, staged)?;
                self.go_on(seen, &seen_of_it, now)
            }
        }
    }

    fn find<'i>(
        &self,
        seen: &'i Inventory,
        trust: &[ObjectRef],
        fingerprints: &[[u8; 32]],
    ) -> Refused<Vec<Found<'i>>> {
        let overridden = self.request.rotation.override_owner;
        let mut all: Vec<Found<'i>> = Vec::new();
        for one in trust {
            let found = targets::find(seen, one, fingerprints, overridden)?;
            // One may be named with its key and without it.
            if !all.iter().any(|known| known.object == found.object) {
                all.push(found);
            }
        }
        Ok(all)
    }

    /// What was seen of a rotation that has begun.
    fn seen<'i>(
        &self,
        seen: &'i Inventory,
        secret: &'i SecretFacts,
        staged: &'i StagedFacts,
    ) -> Refused<Seen<'i>> {
        let name = staged.object.short();
        let Some(mut marks) = staged::marks(staged, &secret.object) else {
            return self.refuse(
                Reason::Mismatch,
                format!("{name} is where its next certificate is kept, and is somebody else's"),
                format!("look at {name}: it is not used; without it another certificate is made")
                    .into(),
            );
        };
        let whole = staged.bundle.pairing == Pairing::Match && !staged.der.is_empty();
        let Some(new) = staged.bundle.leaf().filter(|_| whole) else {
            return self.refuse(
                Reason::Unreadable,
                format!("{name} does not hold a certificate and its key any more"),
                begin_again(&name),
            );
        };
        let old = secret.bundle.leaf();
        let replaced = old.filter(|old| old.sha256 == marks.replaces);
        marks.trust = match replaced.or(old) {
            Some(old) => self.trust(secret, old, Some(&marks)),
            None => marks.trust,
        };
        marks.soak = self.request.soak.unwrap_or(marks.soak);
        let found = self.find(seen, &marks.trust, &[marks.replaces, new.sha256])?;
        marks.trust = found.iter().map(|found| found.object.clone()).collect();
        if found.is_empty() {
            let remedy = "name them with --trust configmap/NAME".into();
            let message = format!("{name} does not say which trust bundles it is published in");
            return self.refuse(Reason::Mismatch, message, remedy);
        }
        let own = seen.trust_bundle(&secret.object);
        Ok(Seen { secret, own, staged, marks, new, found })
    }

    fn go_on(
        &mut self,
        seen: &Inventory,
        it: &Seen<'_>,
        now: OffsetDateTime,
    ) -> Refused<Next<Progress>> {
        let standing = standing(it, now);
        let next = stage(&standing, now);
        let progress = progress(seen, it, &standing, next);
        let plan = Plan::empty(now);
        if let Some(step) = renewed(it).filter(|_| next != Stage::Elsewhere) {
            return Ok(self.act(plan, vec![step], progress));
        }
        match next {
            Stage::Elsewhere => self.refuse(
                Reason::AlreadyReplaced,
                format!(
                    "another writer replaced its certificate while {} was waiting to",
                    it.staged.object.short()
                ),
                begin_again(&it.staged.object.short()),
            ),
            Stage::Publish => self.publish(seen, it, (plan, progress), now),
            Stage::Forget => Ok(self.act(plan, vec![forgotten(it)], progress)),
            Stage::NotePublished => Ok(self.act(plan, vec![published(it, now)], progress)),
            Stage::Soak(until) if until <= self.request.until => Ok(self.wait(plan, progress)),
            Stage::Soak(_) => Ok(self.stop(plan, progress)),
            Stage::Switch => self.switch(seen, it, (plan, progress), now),
            Stage::NoteSwitched => Ok(self.act(plan, vec![switched(it, now)], progress)),
            Stage::Retire | Stage::Finish if self.request.part == Part::UntilSwitched => {
                Ok(self.stop(plan, progress))
            }
            Stage::Retire => Ok(self.retire(seen, it, (plan, progress), now)),
            Stage::Finish => {
                let gone = Step::DeleteObject(DeleteObject {
                    object: it.staged.object.clone(),
                    resource_version: it.staged.resource_version.clone(),
                    reason: DeleteReason::Switched,
                });
                Ok(self.act(plan, vec![gone], progress))
            }
        }
    }

    /// Hands the new certificate out, and the old one as long as that is served.
    fn publish(
        &mut self,
        seen: &Inventory,
        it: &Seen<'_>,
        (mut plan, progress): (Plan, Progress),
        now: OffsetDateTime,
    ) -> Refused<Next<Progress>> {
        self.in_date(it, now)?;
        let with = old_anchor(it).into_iter().chain(new_anchor(it)).collect();
        let wanted = Wanted { with, without: None, now };
        let mut steps: Vec<Step> = Vec::new();
        // What soaked may have been taken away meanwhile: then it is handed out anew, and soaks anew.
        if it.marks.published_at.is_some() && standing(it, now).holds == Holds::Old {
            steps.push(forgotten(it));
        }
        steps.extend(patches(it, &wanted));
        plan.notes.extend(put_back(&it.found));
        let old = it.secret.bundle.leaf();
        plan.notes.extend(old.into_iter().filter_map(|old| not_handed_out(seen, old, &it.found)));
        Ok(self.act(plan, steps, progress))
    }

    /// Takes the old certificate away, once nothing needs it.
    fn retire(
        &mut self,
        seen: &Inventory,
        it: &Seen<'_>,
        (plan, mut progress): (Plan, Progress),
        now: OffsetDateTime,
    ) -> Next<Progress> {
        let (copies, refused) = self.copies(seen, it, now);
        if !copies.is_empty() {
            let copies = copies.into_iter().map(Step::ReplacePair).collect();
            return self.act(plan, copies, progress);
        }
        let switched = needs::Switched {
            secret: &it.secret.object,
            marks: &it.marks,
            old: progress.old.as_deref(),
            new: it.new,
            refused: &refused,
            elsewhere: &self.elsewhere,
            found: &it.found,
            unverified: self.request.unverified,
        };
        progress.needs = needs::needs(seen, switched, now);
        if progress.needs.is_empty() {
            let with = new_anchor(it).into_iter().collect();
            let wanted = Wanted { with, without: Some(it.marks.replaces), now };
            let steps = retired(seen, it).into_iter().chain(patches(it, &wanted));
            return self.act(plan, steps.collect(), progress);
        }
        if progress.needs.iter().all(|need| need.passes) && now < self.request.until {
            return self.wait(plan, progress);
        }
        self.stop(plan, progress)
    }

    /// What is handed out or served must be good for a while.
    fn in_date(&self, it: &Seen<'_>, now: OffsetDateTime) -> Refused<()> {
        let name = it.staged.object.short();
        let old = it.secret.bundle.leaf().filter(|old| old.sha256 == it.marks.replaces);
        let names = old.map(|old| old.names.as_slice()).unwrap_or_default();
        let lost = names.iter().find(|name| !it.new.names.contains(name));
        if let Some(lost) = lost.filter(|_| !it.new.is_ca) {
            let message = format!(
                "the certificate in {name} is not for {lost}, and the one that is served is"
            );
            return self.refuse(Reason::Mismatch, message, begin_again(&name));
        }
        if it.new.not_after > now {
            return Ok(());
        }
        self.refuse(
            Reason::CannotRemake,
            format!("the certificate in {name} ended on {}", instant::show(it.new.not_after)),
            begin_again(&name),
        )
    }

    fn act(&mut self, plan: Plan, steps: Vec<Step>, progress: Progress) -> Next<Progress> {
        self.progress = Some(progress);
        let plan = Plan { steps, ..plan };
        Next::Act { plan, order: Order::OneByOne, awaited: None }
    }

    fn wait(&mut self, plan: Plan, progress: Progress) -> Next<Progress> {
        self.progress = Some(progress.clone());
        Next::Wait { awaited: progress, plan }
    }

    /// This run ends here, whatever is left for another one.
    fn stop(&mut self, plan: Plan, progress: Progress) -> Next<Progress> {
        self.progress = Some(progress);
        Next::Done { reached: None, plan }
    }
}

impl Goal for Overlap {
    type Awaited = Progress;

    fn questions(&self, seen: &Inventory) -> Vec<Question> {
        let secret = &self.request.secret;
        let namespace = secret.namespace().to_owned();
        let mut open = vec![Question::StagedAt(next_of(secret))];
        let mut trust = self.request.trust.clone();
        let facts = seen.secret_at(secret);
        // Its own certificate is handed out as it is written there.
        trust.push(secret.clone());
        let staged = seen.staged_at(&next_of(secret));
        let marks = staged.and_then(|staged| staged::marks(staged, secret));
        trust.extend(marks.iter().flat_map(|marks| marks.trust.iter().cloned()));
        if staged.is_none() {
            // Who else hands it out is to be known before anything is written.
            open.push(Question::Trust(Scope::Namespace(namespace.clone())));
            open.push(Question::Trust(Scope::Everywhere));
        }
        let mut known = BTreeSet::new();
        for object in trust {
            let object = ObjectRef { key: None, ..object };
            if known.insert(object.clone()) {
                open.push(Question::TrustBundle(object));
            }
        }
        let mut within = BTreeSet::from([namespace.clone()]);
        let new = staged.and_then(|staged| staged.bundle.leaf());
        within.extend(new.into_iter().flat_map(|new| namespaces_with(seen, new)));
        let unsearched = within.into_iter().filter(|it| !seen.workloads_were_searched(it));
        open.extend(unsearched.map(|it| Question::Workloads(Scope::Namespace(it))));
        let is_switched = staged.is_some_and(|staged| {
            facts.and_then(|facts| facts.bundle.leaf()).map(|leaf| leaf.sha256)
                == staged.bundle.leaf().map(|leaf| leaf.sha256)
        });
        if is_switched {
            open.push(Question::Secret(beside(secret)));
        }
        // Everything that is stored is looked at once the old one could go, and before a switch for copies.
        let has_copies = self.request.rotation.copies.is_some();
        let could_go = is_switched
            && marks.as_ref().is_some_and(|marks| {
                let hands_out = |bundle: &TrustBundle| {
                    bundle.values.iter().any(|value| value.holds(&marks.replaces))
                };
                let mut bundles = known.iter().filter_map(|object| seen.trust_bundle(object));
                marks.switched_at.is_some() && bundles.any(hands_out)
            });
        if has_copies || could_go {
            open.extend(where_stored(seen, &namespace, &known));
        }
        open
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Progress> {
        // The last step has taken away what told of it.
        if self.is_over(seen) {
            self.progress = self.progress.take().map(|it| Progress {
                stands: Stands::Done,
                needs: Vec::new(),
                ..it
            });
            return Next::Done { reached: None, plan: Plan::empty(now) };
        }
        match self.decide(seen, now) {
            Ok(next) => next,
            Err(refused) => {
                let mut plan = Plan::empty(now);
                plan.refused.push(*refused);
                Next::Refused(plan.settled(seen))
            }
        }
    }
}

impl Overlap {
    /// Whether what was begun is over: the Secret holds the new certificate, and nothing keeps it beside.
    fn is_over(&self, seen: &Inventory) -> bool {
        let new = self.progress.as_ref().and_then(|it| it.new.as_ref()).map(|new| new.sha256);
        let holds = seen.secret_at(&self.request.secret).and_then(|it| it.bundle.leaf());
        new.is_some()
            && holds.map(|leaf| leaf.sha256) == new
            && seen.staged_at(&next_of(&self.request.secret)).is_none()
    }
}

/// The namespaces of the Secrets that hold this certificate, or one that it signed.
fn namespaces_with<'i>(
    seen: &'i Inventory,
    new: &'i Certificate,
) -> impl Iterator<Item = String> + 'i {
    let holds = |secret: &SecretFacts| {
        let leaf = secret.bundle.leaf();
        let is_it = leaf.is_some_and(|leaf| leaf.sha256 == new.sha256);
        is_it || (new.is_ca && needs::signed_by(new, secret))
    };
    let secrets = seen.every_secret().filter(move |secret| holds(secret));
    secrets.map(|secret| secret.object.namespace().to_owned())
}

/// Where Secrets may hold the old certificate: everywhere, or where that may not be listed, where this Secret
/// and what hands out its trust are.
fn where_stored(seen: &Inventory, namespace: &str, trust: &BTreeSet<ObjectRef>) -> Vec<Question> {
    let mut open = vec![Question::TlsSecrets(Scope::Everywhere)];
    if everywhere_is_unseen(seen) {
        let of_trust = trust.iter().filter_map(|object| object.namespace.clone());
        let within: BTreeSet<String> = of_trust.chain([namespace.to_owned()]).collect();
        open.extend(within.into_iter().map(|it| Question::TlsSecrets(Scope::Namespace(it))));
    }
    open
}

/// Whether the Secret holds a CA that signs others.
fn is_authority(seen: &Inventory, secret: &SecretFacts) -> bool {
    let leaf = secret.bundle.leaf();
    let ca = leaf.filter(|leaf| leaf.is_ca).and_then(|leaf| {
        let ca = issuing_ca(seen, &secret.object, leaf)?;
        Some((leaf, ca))
    });
    ca.is_some_and(|(leaf, ca)| !(leaf.is_for_hosts() && ca.may_be_pinned()))
}

fn patches(it: &Seen<'_>, wanted: &Wanted<'_>) -> Vec<Step> {
    let patch = |found: &Found<'_>| bundle::patch(found.bundle, &found.values(), wanted);
    it.found.iter().filter_map(patch).map(Step::PatchObject).collect()
}

#[cfg(test)]
mod tests;
