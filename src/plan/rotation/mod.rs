//! Rotation: which certificates are made again, and what the new certificate shall hold.
//!
//! Here is decided what may be touched: owners, immutability, foreign issuers and CAs are refused
//! by name and passed over in a batch. "Due" is the audit's own judgement asked at now + renewal
//! window.

mod dates;
mod exclusions;
mod forbidden;
mod goal;
mod renewal;
mod told;

pub use forbidden::{forbidden, made_by_another};
pub use goal::Rotation;
pub use told::{makers_unseen, told_beside};

pub(in crate::plan) use exclusions::would_lose;
pub(in crate::plan) use forbidden::note_of_loss;

use self::exclusions::{already_replaced, ambiguous, children_unseen, left_to_sign};
use super::pinned;
use super::readers;
use super::step::{Exclusion, Plan, Reason, ReplacePair};
use super::trust;
use crate::audit::expiry;
use crate::audit::halves::{self, Loss};
use crate::audit::issuing::{IssuingCa, issuing_ca};
use crate::audit::policy::Policy;
use crate::audit::remedy;
use crate::inventory::{Inventory, SecretFacts, TLS_SECRET};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::key_kind::KeyType;
use std::collections::{BTreeMap, BTreeSet};
use time::{Duration, OffsetDateTime};

/// Whether a rotation can turn out otherwise by what objects of the kind say: what Google's load
/// balancer is made from, and whose controller serves an Ingress, does not change which certificates are
/// made again, and neither does who reads them.
#[must_use]
pub const fn depends_on(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::ManagedCertificate
            | Kind::BackendConfig
            | Kind::FrontendConfig
            | Kind::Service
            | Kind::IngressClass
    ) && !kind.is_workload()
}

/// What the user wants rotated, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that the user sets apart")]
#[derive(Clone, Debug)]
pub struct RotationRequest {
    /// Secrets by name; empty in a batch. One without a namespace may be in any.
    pub named: Vec<ObjectRef>,
    /// The namespace a batch is limited to; none for all that were seen.
    pub within: Option<String>,
    /// Only what is due.
    pub due: bool,
    /// Whether a new key is made or the old one kept.
    pub key_policy: KeyPolicy,
    /// The key type of new keys; none keeps the old one's.
    pub key_type: Option<KeyType>,
    /// The lifetime of new certificates; none keeps the old one's.
    pub lifetime: Option<Duration>,
    /// Hosts to add to the names.
    pub add_hosts: Vec<String>,
    /// How many certificates one run may replace.
    pub max: usize,
    /// Rotate what somebody else owns, unless the owner is live.
    pub override_owner: bool,
    /// Rotate although other data of the Secret is made from the pair.
    pub force: bool,
    /// Whether what is replaced in a cluster is kept beside it: see [`super::previous`].
    pub backup: bool,
    /// Whether those who trust by the certificate are told of the new one: that they do makes no CA of what
    /// names hosts.
    pub pinned: bool,
    /// Whether every copy of a replaced certificate gets the same new one; none: each Secret its own.
    pub copies: Option<Copies>,
    /// The CA whose leaves can be made again; none: only self-signed ones.
    pub issuer: Option<SigningCa>,
}

/// A CA that is at hand, as far as a plan needs to know.
#[derive(Clone, Debug)]
pub struct SigningCa {
    /// Its certificate.
    pub certificate: Box<Certificate>,
    /// From when to when it and everything above it is valid.
    pub window: (OffsetDateTime, OffsetDateTime),
    /// The CAs that it follows: what they signed is its to make again.
    pub predecessors: Vec<Certificate>,
}

impl SigningCa {
    /// The CA that signed this certificate: itself, or one that it follows.
    fn issuer_of(&self, leaf: &Certificate) -> Option<&Certificate> {
        let mut all = std::iter::once(&*self.certificate).chain(&self.predecessors);
        all.find(|ca| chain::is_issuer_of(ca, leaf))
    }
}

/// `--copies`: which Secrets get the one new certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// Those that are named, and whatever else holds the same.
    Found,
    /// Those that are named: the copies are among them.
    Named,
}

/// `--key-policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPolicy {
    /// A fresh key each time.
    New,
    /// The key that is there.
    Same,
}

/// The fingerprints of leaves when they were first seen, by namespace and name: a Secret whose
/// leaf is another one now was replaced by somebody else, and the request is fulfilled.
pub type FirstSeen = BTreeMap<(String, String), Option<[u8; 32]>>;

/// Plans the rotation. Named Secrets that cannot be rotated are refused; in a batch they are
/// passed over and counted.
#[must_use]
pub fn plan(
    inventory: &Inventory,
    request: &RotationRequest,
    policy: &Policy,
    first_seen: &FirstSeen,
    now: OffsetDateTime,
) -> Plan<ReplacePair> {
    let planner = Planner { inventory, request, policy, first_seen, now };
    let mut plan = if request.named.is_empty() { planner.batch() } else { planner.named() };
    // Who trusts by them is told of by whoever informs those.
    if !request.pinned {
        pinned::find(inventory, &mut plan.steps, &[]);
    }
    let replaced: Vec<&ObjectRef> = plan.steps.iter().map(|step| &step.object).collect();
    plan.notes.extend(makers_unseen(inventory, &replaced));
    plan.notes.extend(readers::unseen(inventory, &replaced));
    plan.settled(inventory)
}

/// What is to be done about one Secret.
enum Verdict {
    Rotate(Box<ReplacePair>),
    NotDue,
    No(Box<Exclusion>),
}

struct Planner<'a> {
    inventory: &'a Inventory,
    request: &'a RotationRequest,
    policy: &'a Policy,
    first_seen: &'a FirstSeen,
    now: OffsetDateTime,
}

impl Planner<'_> {
    fn named(&self) -> Plan<ReplacePair> {
        let mut plan = Plan::empty(self.now);
        for object in &self.request.named {
            let found: Vec<&SecretFacts> = self.inventory.secrets_named(object).collect();
            match found.as_slice() {
                [] => plan.refused.push(self.not_there(object)),
                [secret] if self.is_defined_twice(secret) => {
                    plan.refused.push(self.defined_twice(secret));
                }
                [secret] if self.was_replaced(secret) => {
                    plan.skipped.push(already_replaced(secret));
                }
                [secret] => {
                    self.judge_into(&mut plan, secret);
                    if self.request.copies == Some(Copies::Found) {
                        self.judge_copies(&mut plan, secret);
                    }
                }
                several => plan.refused.push(ambiguous(object, several)),
            }
        }
        plan
    }

    fn judge_into(&self, plan: &mut Plan<ReplacePair>, secret: &SecretFacts) {
        match self.judge(secret) {
            Verdict::Rotate(step) => plan.steps.push(*step),
            Verdict::NotDue => plan.not_due += 1,
            Verdict::No(refusal) => plan.refused.push(*refusal),
        }
    }

    /// The copies of a Secret that is replaced: what cannot be done about one is no reason to leave the
    /// others.
    fn judge_copies(&self, plan: &mut Plan<ReplacePair>, secret: &SecretFacts) {
        if !plan.steps.iter().any(|step| step.object == secret.object) {
            return;
        }
        for copy in pinned::copies_of(self.inventory, secret) {
            if plan.steps.iter().any(|step| step.object == copy.object) {
                continue;
            }
            match self.judge(copy) {
                Verdict::Rotate(step) => plan.steps.push(*step),
                Verdict::NotDue => plan.not_due += 1,
                Verdict::No(refusal) => plan.skipped.push(*refusal),
            }
        }
    }

    fn batch(&self) -> Plan<ReplacePair> {
        let mut plan = Plan::empty(self.now);
        let mut steps: Vec<Box<ReplacePair>> = Vec::new();
        let within = |secret: &&SecretFacts| {
            let namespace = self.request.within.as_deref();
            secret.chosen
                && namespace.is_none_or(|namespace| secret.object.namespace() == namespace)
        };
        for secret in self.inventory.tls_secrets().filter(within) {
            match self.judge_in_batch(secret) {
                Verdict::Rotate(step) => steps.push(step),
                Verdict::NotDue => plan.not_due += 1,
                Verdict::No(exclusion) => plan.skipped.push(*exclusion),
            }
        }
        // The most urgent first, so that what --max leaves is what can wait.
        let shares = self.request.copies.is_some();
        steps.sort_by_key(|step| {
            let leaf = step.before.as_ref();
            leaf.map(|leaf| (leaf.not_after, shares.then_some(leaf.sha256)))
        });
        let most = self.most(&steps);
        plan.over_max = steps.len().saturating_sub(most);
        steps.truncate(most);
        plan.steps = steps.into_iter().map(|step| *step).collect();
        if self.request.copies == Some(Copies::Found) {
            let chosen: Vec<ObjectRef> =
                plan.steps.iter().map(|step| step.object.clone()).collect();
            for secret in chosen.iter().filter_map(|object| self.inventory.secret_at(object)) {
                self.judge_copies(&mut plan, secret);
            }
        }
        plan
    }

    /// How many steps `--max` allows: copies of one certificate, which end at one instant and so stand
    /// together, are one.
    fn most(&self, steps: &[Box<ReplacePair>]) -> usize {
        if self.request.copies.is_none() {
            return self.request.max;
        }
        let mut known: BTreeSet<[u8; 32]> = BTreeSet::new();
        let mut is_within = |step: &ReplacePair| match &step.before {
            Some(before) => {
                known.insert(before.sha256);
                known.len() <= self.request.max
            }
            None => known.len() < self.request.max,
        };
        steps.iter().take_while(|step| is_within(step)).count()
    }

    fn judge_in_batch(&self, secret: &SecretFacts) -> Verdict {
        let leaf = secret.bundle.leaf();
        if self.request.due && leaf.is_some_and(|leaf| !self.is_due(secret, leaf)) {
            return Verdict::NotDue;
        }
        if self.is_defined_twice(secret) {
            return Verdict::No(Box::new(self.defined_twice(secret)));
        }
        if self.was_replaced(secret) {
            return Verdict::No(Box::new(already_replaced(secret)));
        }
        if let Some(under_way) = trust::under_way(self.inventory, secret) {
            return Verdict::No(Box::new(under_way));
        }
        let no = |reason, message: &str, remedy: Remedy| {
            Verdict::No(Box::new(Exclusion {
                object: secret.object.clone(),
                reason,
                message: message.to_owned(),
                remedy,
            }))
        };
        let lost = halves::loss(self.inventory, &secret.object, &secret.bundle).is_some();
        let ca = leaf.filter(|_| !lost).and_then(|leaf| Some((leaf, self.issuing(secret, leaf)?)));
        if let Some((leaf, ca)) = ca {
            let used = self.inventory.is_used(&secret.object);
            return Verdict::No(Box::new(left_to_sign(leaf, ca, used).of(secret)));
        }
        if secret.secret_type() != TLS_SECRET {
            let (overridden, force) = (self.request.override_owner, self.request.force);
            if let Some(refusal) = forbidden(self.inventory, secret, overridden, force) {
                return Verdict::No(Box::new(refusal));
            }
            let message = "it is not of type kubernetes.io/tls, and a batch leaves others alone";
            // By name it would be judged like every other one, and perhaps be refused for that.
            let by_name = match self.judge(secret) {
                Verdict::No(refusal) => refusal.remedy,
                Verdict::Rotate(_) | Verdict::NotDue => remedy::remade(secret),
            };
            return no(Reason::WrongType, message, by_name);
        }
        self.judge(secret)
    }

    fn judge(&self, secret: &SecretFacts) -> Verdict {
        if let Some(refusal) =
            forbidden(self.inventory, secret, self.request.override_owner, self.request.force)
        {
            return Verdict::No(Box::new(refusal));
        }
        let leaf = secret.bundle.leaf();
        // What holds nothing yet cannot be near its end.
        let nothing_due = self.request.due && secret.is_placeholder();
        if nothing_due || (self.request.due && leaf.is_some_and(|leaf| !self.is_due(secret, leaf)))
        {
            return Verdict::NotDue;
        }
        if let Some(loss) = self.loss(secret) {
            return Verdict::No(Box::new(would_lose(secret, loss)));
        }
        if let Some(refusal) = children_unseen(self.inventory, secret) {
            return Verdict::No(Box::new(refusal.of(secret)));
        }
        let made = match leaf {
            Some(leaf) => self.renewal(secret, leaf),
            None => self.renewal_by_hosts(secret),
        };
        match made {
            Ok(step) => Verdict::Rotate(Box::new(step)),
            Err(refusal) => Verdict::No(Box::new(refusal.of(secret))),
        }
    }

    /// What would be lost of it. Only who names it can know what a key is worth that goes with nothing.
    fn loss(&self, secret: &SecretFacts) -> Option<Loss<'_>> {
        let forced = self.request.force && !self.request.named.is_empty();
        let loss = halves::loss(self.inventory, &secret.object, &secret.bundle);
        let by_ca = || {
            self.request.issuer.is_some()
                && halves::is_only_copy(self.inventory, &secret.object, &secret.bundle)
        };
        let loss = loss.or_else(|| by_ca().then_some(Loss::KeyOfUnknown));
        loss.filter(|loss| !(forced && loss.is_a_guess()))
    }

    fn issuing(&self, secret: &SecretFacts, leaf: &Certificate) -> Option<IssuingCa<'_>> {
        let ca = issuing_ca(self.inventory, &secret.object, leaf);
        let is_pinned = self.request.pinned && leaf.is_for_hosts();
        ca.filter(|ca| !(is_pinned && ca.may_be_pinned()))
    }

    fn is_due(&self, secret: &SecretFacts, leaf: &Certificate) -> bool {
        let at = (leaf, &secret.object);
        expiry::is_due(leaf, self.now, self.policy.window(self.inventory, at, Some(secret)))
    }

    fn was_replaced(&self, secret: &SecretFacts) -> bool {
        let key = (secret.object.namespace().to_owned(), secret.object.name.clone());
        let now = secret.bundle.leaf().map(|leaf| leaf.sha256);
        self.first_seen.get(&key).is_some_and(|then| *then != now)
    }

    fn is_defined_twice(&self, secret: &SecretFacts) -> bool {
        secret.object.place.is_some() && self.inventory.is_unseen(&secret.object)
    }

    /// Which of its definitions is meant cannot be known.
    fn defined_twice(&self, secret: &SecretFacts) -> Exclusion {
        let path = |object: &ObjectRef| object.place.as_ref().map(|place| place.path.clone());
        let here = path(&secret.object);
        let mut others = self.inventory.problems().iter().map(|problem| &problem.object);
        let is_same_file =
            others.any(|other| other.same_object(&secret.object) && path(other) == here);
        let remedy = if is_same_file {
            "keep the definition that counts (kubectl apply leaves the last one), remove the others, and try again"
        } else {
            "name with -f only the file that is meant"
        };
        Exclusion {
            object: secret.object.clone(),
            reason: Reason::Ambiguous,
            message: "it is defined more than once among the files read".to_owned(),
            remedy: remedy.into(),
        }
    }

    /// The first file that could not be read, or not all of it.
    fn unread_file(&self) -> Option<&str> {
        let files = self.inventory.problems().iter().map(|problem| &problem.object);
        files.into_iter().find(|object| object.kind == Kind::File).map(|file| file.name.as_str())
    }

    fn not_there(&self, object: &ObjectRef) -> Exclusion {
        if let Some(made) = made_by_another(self.inventory, object, None) {
            return made;
        }
        let unseen =
            self.inventory.problems().iter().find(|problem| problem.object.same_object(object));
        match unseen {
            Some(problem) => Exclusion {
                object: object.clone(),
                reason: Reason::Unseen,
                message: problem.message.clone(),
                remedy: "RBAC: needs get on secrets".into(),
            },
            None if self.unread_file().is_some() => Exclusion {
                object: object.clone(),
                reason: Reason::Unseen,
                message: format!(
                    "it is not among what could be read of {}",
                    self.unread_file().unwrap_or_default()
                ),
                remedy: "fix that file first: the Secret may be in it".into(),
            },
            None => Exclusion {
                object: object.clone(),
                reason: Reason::NotFound,
                message: "it does not exist".to_owned(),
                remedy: "check the name and the namespace".into(),
            },
        }
    }
}
