//! Rotation: which pairs are made again, and what the new certificate shall hold.
//!
//! Here is decided what may be touched: owners, immutability, foreign issuers and CAs are refused
//! by name and passed over in a batch. "Due" is the audit's own judgement asked at now + lead.

mod goal;

pub use goal::Rotation;

use super::step::{CaCrtChange, Exclusion, KeyChoice, NewPair, Plan, Reason, ReplacePair, Step};
use crate::audit::expiry;
use crate::audit::halves::{self, Loss};
use crate::audit::issuing::{IssuingCa, issuing_ca};
use crate::audit::policy::Policy;
use crate::audit::remedy;
use crate::duration;
use crate::instant;
use crate::inventory::bundle::KeyState;
use crate::inventory::owner::Owner;
use crate::inventory::{CaCrt, Inventory, SecretFacts, TLS_SECRET};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::dn::Attribute;
use crate::x509::key::Pairing;
use crate::x509::key_kind::{KeyKind, KeyType};
use crate::x509::key_purpose::KeyPurpose;
use crate::x509::name::{address, covers};
use crate::x509::oid;
use crate::x509::profile::{self, MAX_ROTATED_LIFETIME, Profile, ProfileError};
use crate::x509::san::San;
use std::collections::{BTreeMap, BTreeSet};
use time::{Duration, OffsetDateTime};

/// What the user wants rotated, and how.
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
    /// How many pairs one run may replace.
    pub max: usize,
    /// Rotate what somebody else owns, unless the owner is live.
    pub override_owner: bool,
    /// Rotate although other data of the Secret is made from the pair.
    pub force: bool,
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
/// leaf is another one now was replaced by somebody else, and the wish is fulfilled.
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
) -> Plan {
    let planner = Planner { inventory, request, policy, first_seen, now };
    let mut plan = if request.named.is_empty() { planner.batch() } else { planner.named() };
    let replaced: Vec<&ObjectRef> = plan.steps.iter().map(Step::object).collect();
    plan.notes.extend(makers_unseen(inventory, &replaced));
    plan.settled(inventory)
}

/// Why the pair of this Secret may not be changed at all, whatever it is changed to.
#[must_use]
pub fn forbidden(
    inventory: &Inventory,
    secret: &SecretFacts,
    override_owner: bool,
    force: bool,
) -> Option<Exclusion> {
    let no = |reason, message: String, remedy: Remedy| {
        Some(Exclusion { object: secret.object.clone(), reason, message, remedy })
    };
    if let Some(since) = secret.deletion_timestamp {
        return Some(Exclusion::going(&secret.object, since));
    }
    if secret.immutable {
        return no(
            Reason::Immutable,
            "it is immutable: its data cannot change".to_owned(),
            "issue a Secret under a new name and name that in the Ingress".into(),
        );
    }
    if let Some(owner) = &secret.owner
        && let Some((message, remedy)) = owner_forbids(inventory, owner, override_owner)
    {
        return no(Reason::Owned, message, remedy);
    }
    if secret.annotation_policy.rotate == Some(false) && !override_owner {
        return no(
            Reason::OptedOut,
            "its annotation certwright.dev/rotate is \"false\"".to_owned(),
            "remove the annotation, or add --override-owner".into(),
        );
    }
    if let Some(request) =
        secret.annotation_policy.not_understood.first().filter(|_| !override_owner)
    {
        return no(
            Reason::NotUnderstood,
            format!("{request}; until that is fixed it is skipped"),
            "correct it, or add --override-owner".into(),
        );
    }
    if !secret.derived_keys.is_empty() && !force {
        let keys = secret.derived_keys.join(", ");
        return no(
            Reason::DerivedData,
            format!("{keys} in it is made from the certificate and key and would no longer match"),
            "name the Secret and add --force, and make that data anew yourself afterwards".into(),
        );
    }
    if let Some(lost) = secret.beside_the_pair().filter(|_| !force) {
        return no(
            Reason::OtherContent,
            format!("there is more than a certificate and its key in it, and it would be lost: {lost}"),
            "keep a copy of what is needed, name the Secret and add --force: the certificate and its key alone are written"
                .into(),
        );
    }
    None
}

/// What is said where what else stands in the Secret is dropped, because that was forced.
pub(super) fn note_of_loss(secret: &SecretFacts) -> Option<String> {
    secret.beside_the_pair().map(|lost| format!("dropped, by --force: {lost}"))
}

/// Why an owner keeps the pair from being changed here, and what to do instead.
fn owner_forbids(
    inventory: &Inventory,
    owner: &Owner,
    override_owner: bool,
) -> Option<(String, Remedy)> {
    let live = owner.live_while.as_ref().filter(|object| !inventory.is_absent(object));
    match (override_owner, live) {
        (true, None) => None,
        (true, Some(object)) => Some((
            format!(
                "{} owns it, and {} is live: it would put its own certificate and key back",
                owner.name,
                object.short()
            ),
            remedy::from_owner(inventory, owner),
        )),
        (false, Some(object)) => Some((
            owner.told(),
            remedy::from_owner(inventory, owner).note(format!(
                "--override-owner rotates it here only once {} is gone",
                object.short()
            )),
        )),
        (false, None) => Some((
            owner.told(),
            remedy::from_owner(inventory, owner)
                .note("--override-owner rotates it here all the same"),
        )),
    }
}

/// Why a Secret that is not there may not be made by hand: somebody else makes it, and the two
/// would be at odds. `overridden` says whether an override was asked for, where one can be: not even
/// then is it made beside cert-manager or External Secrets.
#[must_use]
pub fn made_by_another(
    inventory: &Inventory,
    secret: &ObjectRef,
    overridden: Option<bool>,
) -> Option<Exclusion> {
    let maker = inventory.maker_of(secret)?;
    let lives = maker.owner(secret).live_while.is_some();
    let remedy = maker.remedy(secret);
    let remedy = match overridden.filter(|_| !lives) {
        Some(true) => return None,
        Some(false) => remedy.note("--override-owner goes ahead all the same"),
        None => remedy,
    };
    Some(Exclusion {
        object: secret.clone(),
        reason: Reason::Owned,
        message: format!("it is not there, and {}", maker.told()),
        remedy,
    })
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
    fn named(&self) -> Plan {
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
                [secret] => match self.judge(secret) {
                    Verdict::Rotate(step) => plan.steps.push(Step::ReplacePair(*step)),
                    Verdict::NotDue => plan.not_due += 1,
                    Verdict::No(refusal) => plan.refused.push(*refusal),
                },
                several => plan.refused.push(ambiguous(object, several)),
            }
        }
        plan
    }

    fn batch(&self) -> Plan {
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
        steps.sort_by_key(|step| step.before.as_ref().map(|leaf| leaf.not_after));
        plan.over_max = steps.len().saturating_sub(self.request.max);
        steps.truncate(self.request.max);
        plan.steps = steps.into_iter().map(|step| Step::ReplacePair(*step)).collect();
        plan
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
            let (reason, message, remedy) = left_to_sign(leaf, ca, used);
            return no(reason, &message, remedy);
        }
        if secret.secret_type != TLS_SECRET {
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
        let made = match leaf {
            Some(leaf) => self.renewal(secret, leaf),
            None => self.renewal_by_hosts(secret),
        };
        match made {
            Ok(step) => Verdict::Rotate(Box::new(step)),
            Err((reason, message, remedy)) => {
                let object = secret.object.clone();
                Verdict::No(Box::new(Exclusion { object, reason, message, remedy }))
            }
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
        issuing_ca(self.inventory, &secret.object, leaf)
    }

    fn is_due(&self, secret: &SecretFacts, leaf: &Certificate) -> bool {
        expiry::is_due(leaf, self.now, self.policy.lead(leaf, Some(secret)))
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
            "keep the definition that counts (kubectl apply leaves the last one), take the others \
             out, and try again"
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
                remedy: "ask for the right to read it".into(),
            },
            None if self.unread_file().is_some() => Exclusion {
                object: object.clone(),
                reason: Reason::Unseen,
                message: format!(
                    "it is not among what could be read of {}",
                    self.unread_file().unwrap_or_default()
                ),
                remedy: "fix that file first: the Secret may stand in it".into(),
            },
            None => Exclusion {
                object: object.clone(),
                reason: Reason::NotFound,
                message: "it does not exist".to_owned(),
                remedy: "check the name and the namespace".into(),
            },
        }
    }

    fn renewal(&self, secret: &SecretFacts, leaf: &Certificate) -> Result<ReplacePair, Refusal> {
        let issuer = self.signer(secret, leaf)?;
        let mut notes = Vec::new();
        let key = self.key_choice(secret, leaf)?;
        let key_type = self.key_type(leaf, &key, &mut notes)?;
        let dates = self.dates(leaf, &mut notes)?;
        self.not_due_again(secret, leaf, dates, &mut notes)?;
        let dates = within_issuer(dates, leaf, issuer, &mut notes)?;
        let names = self.names(secret, leaf, &mut notes)?;
        let profile = Profile {
            authority: false,
            subject: subject(leaf, &mut notes),
            names,
            key_type,
            not_before: dates.0,
            not_after: dates.1,
            extended_key_usage: leaf
                .extended_key_usage
                .clone()
                .unwrap_or_else(|| vec![KeyPurpose::ServerAuth]),
        };
        if leaf.is_ca {
            notes.push(
                "CA:TRUE becomes CA:FALSE: a server's certificate is no CA, and this one signed nothing that was seen".to_owned(),
            );
        }
        Ok(self.step(secret, Some(leaf), (profile, key, issuer), notes))
    }

    /// The certificate cannot be read: what it named is unknown, so the user must say it.
    fn renewal_by_hosts(&self, secret: &SecretFacts) -> Result<ReplacePair, Refusal> {
        if secret.holds_a_ca_alone() && self.request.add_hosts.is_empty() {
            return Err((
                Reason::Unreadable,
                "it holds a CA in ca.crt, and neither certificate nor key".to_owned(),
                "nothing in it is to be rotated".into(),
            ));
        }
        if !secret.named_otherwise.is_empty() && self.request.add_hosts.is_empty() {
            return Err(self.named_otherwise(secret));
        }
        let instead = secret.bundle.damaged.first().and_then(|damaged| damaged.instead);
        // What can be got out of it again may be the only copy of another issuer's certificate.
        if let Some(instead) = instead.filter(|it| it.can_be_converted() && !self.request.force) {
            return Err((
                Reason::Unreadable,
                format!(
                    "its certificate is there, in another form, and would be lost: it is {}",
                    instead.what()
                ),
                format!("{}, or add --force to have it replaced", instead.remedy()).into(),
            ));
        }
        if self.request.add_hosts.is_empty() {
            let wanted = self.inventory.uncovered_hosts(secret);
            let mut flags: Vec<String> =
                wanted.iter().map(|host| format!("--add-host {}", remedy::word(host))).collect();
            // What was forced so far would be refused without it.
            flags.extend(self.request.force.then(|| "--force".to_owned()));
            let say_them = "say with --add-host what a new one is for".into();
            let named = || remedy::remade(secret).with(&flags.join(" "));
            return Err((
                Reason::Unreadable,
                format!(
                    "its certificate cannot be read{}, so the names of a new one are not known",
                    instead.map_or_else(String::new, |it| format!(" (it is {})", it.what()))
                ),
                if wanted.is_empty() { say_them } else { named() },
            ));
        }
        let lifetime = self.request.lifetime.unwrap_or(profile::DEFAULT_LIFETIME);
        let dates = profile::dates(self.now, lifetime).map_err(cannot)?;
        let names = self.request.add_hosts.iter().map(|host| name_of(host)).collect();
        let key_type = self.request.key_type.unwrap_or(KeyType::Rsa2048);
        let profile = Profile::server(names, None, key_type, dates).map_err(cannot)?;
        let notes = vec![
            "the old certificate could not be read: names are those of --add-host alone".to_owned(),
        ];
        Ok(self.step(secret, None, (profile, KeyChoice::New, None), notes))
    }

    /// What is there is not lost: a new pair would only hide it.
    fn named_otherwise(&self, secret: &SecretFacts) -> Refusal {
        let keys: Vec<&str> =
            secret.named_otherwise.iter().map(|named| named.key.as_str()).collect();
        let user = self.inventory.users(&secret.object).next();
        let keys = keys.join(" and ");
        (
            Reason::Unreadable,
            if secret.bundle.is_empty() {
                format!(
                    "it has no tls.crt and no tls.key, which alone are read; certificate and key are under {keys}"
                )
            } else {
                format!("it has no tls.crt, which alone is read; its certificate is under {keys}")
            },
            remedy::under_the_keys_that_are_read(secret, user),
        )
    }

    fn step(
        &self,
        secret: &SecretFacts,
        leaf: Option<&Certificate>,
        (profile, key, issuer): (Profile, KeyChoice, Option<&SigningCa>),
        mut notes: Vec<String>,
    ) -> ReplacePair {
        let uncovered: Vec<String> = self
            .inventory
            .uncovered_hosts(secret)
            .into_iter()
            .filter(|host| {
                !profile.names.iter().any(|name| matches!(name, San::Dns(dns) if covers(dns, host)))
            })
            .collect();
        if !uncovered.is_empty() {
            notes.push(format!(
                "Ingress hosts it will not cover: {} (add them with --add-host)",
                uncovered.join(", ")
            ));
        }
        notes.extend(note_of_loss(secret));
        if let Some(owner) = &secret.owner {
            notes.push(format!("{} owns it ({}) and is overridden", owner.name, owner.mark));
        }
        notes.extend(told_beside(self.inventory, secret));
        notes.extend(lost_key(secret).map(str::to_owned));
        let pinned = secret.ca_crt == CaCrt::HoldsLeaf;
        ReplacePair {
            object: secret.object.clone(),
            resource_version: secret.resource_version.clone(),
            reason: self.reason(leaf),
            before: leaf.cloned().map(Box::new),
            pair: NewPair::Make {
                profile,
                key,
                issuer: issuer.map(|issuer| issuer.certificate.clone()),
            },
            ca_crt: if pinned { CaCrtChange::PrependNew } else { CaCrtChange::Keep },
            notes,
        }
    }

    /// A certificate that would be due again as soon as it is made is not made at every run, but when
    /// the old one is about to end.
    fn not_due_again(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
        dates: (OffsetDateTime, OffsetDateTime),
        notes: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let lifetime = dates.1 - self.now;
        let lead = self.policy.lead_of(lifetime, Some(secret));
        if !self.request.due || !expiry::lead_is_too_long(lifetime, lead) {
            return Ok(());
        }
        let what =
            expiry::lead_too_long(lead, dates.1 - dates.0, "the lifetime of a new certificate");
        if !expiry::is_expired(leaf, self.now) && !expiry::is_near(leaf, self.now) {
            return Err(lead_too_long(&what));
        }
        notes.push(format!("{what}: it is replaced only because the old one ends"));
        Ok(())
    }

    /// Who signs the new certificate: itself (none), as the old one, or the CA that is given.
    fn signer(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
    ) -> Result<Option<&SigningCa>, Refusal> {
        let refusal = match self.remakeable(secret, leaf) {
            Ok(()) => return Ok(None),
            Err(refusal) => refusal,
        };
        match &self.request.issuer {
            // A CA that another CA signed is not ours to make again.
            Some(_) if leaf.is_ca => Err(refusal),
            Some(issuer) if chain::is_issuer_of(&issuer.certificate, leaf) => Ok(Some(issuer)),
            Some(issuer) => Err((
                Reason::IssuedByCa,
                format!(
                    "its certificate was issued by {}, and --ca is {}",
                    leaf.issuer, issuer.certificate.subject
                ),
                remedy::import_renewed(&secret.object),
            )),
            None => Err(refusal),
        }
    }

    /// Only what can be made again is rotated: self-signed leaves.
    fn remakeable(&self, secret: &SecretFacts, leaf: &Certificate) -> Result<(), Refusal> {
        if let Some(ca) =
            self.issuing(secret, leaf).filter(|ca| !self.is_said_to_be_leaf(secret, ca))
        {
            return Err(left_to_sign(leaf, ca, self.inventory.is_used(&secret.object)));
        }
        if !leaf.self_signed {
            return Err((
                Reason::IssuedByCa,
                format!("its certificate was issued by {}, not by itself", leaf.issuer),
                remedy::import_renewed(&secret.object),
            ));
        }
        Ok(())
    }

    /// `CN=my-nginx` and CA:TRUE may be either. Who says for which host it is knows that it is a
    /// server's; a batch takes no hosts.
    fn is_said_to_be_leaf(&self, secret: &SecretFacts, ca: &IssuingCa<'_>) -> bool {
        *ca == IssuingCa::Unclear
            && !self.request.add_hosts.is_empty()
            && secret.bundle.pairing == Pairing::Match
    }

    fn reason(&self, leaf: Option<&Certificate>) -> String {
        let Some(leaf) = leaf else { return "named; its certificate cannot be read".to_owned() };
        let not_after = instant::show_date(leaf.not_after);
        let wanted = if self.request.named.is_empty() { "all were asked for" } else { "named" };
        match (self.request.due, expiry::is_expired(leaf, self.now)) {
            (_, true) => format!("expired on {not_after}"),
            (true, false) => format!("due: expires on {not_after}"),
            (false, false) => format!("{wanted}; expires on {not_after}"),
        }
    }

    fn key_choice(&self, secret: &SecretFacts, leaf: &Certificate) -> Result<KeyChoice, Refusal> {
        match (self.request.key_policy, &secret.bundle.key, &secret.bundle.pairing) {
            (KeyPolicy::New, ..) => Ok(KeyChoice::New),
            (KeyPolicy::Same, KeyState::Read { .. }, Pairing::Match) => {
                Ok(KeyChoice::Same { public_id: leaf.key_id })
            }
            (KeyPolicy::Same, ..) => Err((
                Reason::CannotRemake,
                "--key-policy same needs the certificate's own private key, and tls.key is not that; without it a new key is made".to_owned(),
                remedy::rotate(&secret.object),
            )),
        }
    }

    fn key_type(
        &self,
        leaf: &Certificate,
        key: &KeyChoice,
        notes: &mut Vec<String>,
    ) -> Result<KeyType, Refusal> {
        let kept = leaf.key_type.key_type();
        if let KeyChoice::Same { .. } = key {
            return kept.ok_or_else(|| unknown_key_type(leaf));
        }
        let chosen = self.request.key_type.or(kept).or_else(|| next_rsa_size(&leaf.key_type));
        let chosen = chosen.ok_or_else(|| unknown_key_type(leaf))?;
        if chosen.kind() != leaf.key_type {
            notes.push(format!("key type {} becomes {chosen}", leaf.key_type));
        }
        Ok(chosen)
    }

    fn dates(
        &self,
        leaf: &Certificate,
        notes: &mut Vec<String>,
    ) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
        if let Some(lifetime) = self.request.lifetime {
            return profile::dates(self.now, lifetime).map_err(cannot);
        }
        notes.extend(about_lifetime(Duration::seconds(leaf.lifetime_seconds())));
        profile::renewed_dates(self.now, (leaf.not_before, leaf.not_after)).map_err(cannot)
    }

    fn names(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
        notes: &mut Vec<String>,
    ) -> Result<Vec<San>, Refusal> {
        let mut names = leaf.names.clone();
        if let Some(form) = names
            .iter()
            .find_map(|name| if let San::Other(form) = name { Some(*form) } else { None })
        {
            return Err((
                Reason::CannotRemake,
                format!(
                    "its certificate has a name of the form {form}, which cannot be written here"
                ),
                remedy::import(&secret.object),
            ));
        }
        if let Some(cn) = leaf.common_name_host() {
            notes.push(format!("the common name {cn} becomes a SAN"));
            names.push(San::Dns(cn.to_ascii_lowercase()));
        }
        if let Some(address) = leaf.common_name_address() {
            notes.push(format!("the common name {address} becomes a SAN"));
            names.push(San::Ip(address));
        }
        for host in &self.request.add_hosts {
            let name = name_of(host);
            if !names.contains(&name) {
                notes.push(format!("{host} is added"));
                names.push(name);
            }
        }
        if names.is_empty() {
            return Err((
                Reason::CannotRemake,
                format!(
                    "its certificate ({}) has no SAN, and no common name that is a host name",
                    leaf.subject
                ),
                "say with --add-host what it is for".into(),
            ));
        }
        Ok(names)
    }
}

/// A host or an address as a name in the certificate.
fn name_of(host: &str) -> San {
    address(host).map_or_else(|| San::Dns(host.to_ascii_lowercase()), San::Ip)
}

/// Reason, message, remedy.
type Refusal = (Reason, String, Remedy);

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn cannot(error: ProfileError) -> Refusal {
    (Reason::CannotRemake, error.to_string(), "change the flags and try again".into())
}

/// The dates within those of the CA. Where that makes the new certificate end no later than the old
/// one, it is the CA that must be renewed.
fn within_issuer(
    dates: (OffsetDateTime, OffsetDateTime),
    leaf: &Certificate,
    issuer: Option<&SigningCa>,
    notes: &mut Vec<String>,
) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    let Some(SigningCa { certificate, window }) = issuer else { return Ok(dates) };
    let within = (dates.0.max(window.0), dates.1.min(window.1));
    if within.1 < dates.1 {
        let ends = instant::show(window.1);
        if within.1 <= leaf.not_after {
            return Err((
                Reason::CannotRemake,
                format!(
                    "its CA {} ends on {ends}, and a new certificate would end no later than the old one",
                    certificate.subject
                ),
                "renew the CA first".into(),
            ));
        }
        notes.push(format!("it ends on {ends}, when its CA ends ({})", certificate.subject));
    }
    if within.0 > dates.0 {
        notes
            .push(format!("it is valid only from {}, when its CA begins", instant::show(within.0)));
    }
    Ok(within)
}

/// What becomes of the new pair, and of the old key, when it has been written: who copies it, who
/// puts the old one back, and where the old key can still be read.
#[must_use]
pub fn told_beside(inventory: &Inventory, secret: &SecretFacts) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((who, mark)) = &secret.copied_by {
        notes.push(format!("{who} copies it to other namespaces ({mark}): the copies follow"));
    }
    if secret.applied && secret.object.place.is_none() {
        notes.push(
            "it was made by kubectl apply: the next apply of its file brings the old certificate \
             and key back, unless they are rotated in the file: certwright rotate -f FILE --in-place"
                .to_owned(),
        );
    }
    let annotations = inventory.keys_in_annotations();
    for (_, keys) in annotations.filter(|(object, _)| object.same_object(&secret.object)) {
        for key in keys {
            notes.push(format!("the old private key stays readable in the annotation {key}"));
        }
    }
    notes
}

/// That nobody can tell whether something makes these Secrets, what could not be read, and what that
/// means; none where all was read, or where each tells its owner itself.
#[must_use]
pub fn makers_unseen(inventory: &Inventory, secrets: &[&ObjectRef]) -> Option<String> {
    let unowned = secrets.iter().filter(|object| {
        let seen = inventory.secret(object.namespace(), &object.name);
        seen.is_none_or(|secret| secret.owner.is_none())
    });
    let namespaces: BTreeSet<&str> = unowned.map(|object| object.namespace()).collect();
    let unseen: BTreeSet<&str> = namespaces
        .into_iter()
        .flat_map(|namespace| inventory.unseen_makers(namespace))
        .map(String::as_str)
        .collect();
    let unseen: Vec<&str> = unseen.into_iter().collect();
    (!unseen.is_empty()).then(|| {
        format!(
            "could not read {}: whether one of them makes a Secret that is replaced is not known, \
             and what makes one puts its own certificate and key back",
            unseen.join(", ")
        )
    })
}

/// An issuing CA is not rotated, by name neither: what it signed would lose its issuer.
fn left_to_sign(leaf: &Certificate, ca: IssuingCa<'_>, used: bool) -> Refusal {
    (
        Reason::CaCertificate,
        format!(
            "it is a CA certificate ({}; {ca}): what it signed would lose its issuer",
            leaf.subject
        ),
        ca.remedy(used).into(),
    )
}

/// What is said of a private key that goes with nobody knowing whose it is.
fn lost_key(secret: &SecretFacts) -> Option<&'static str> {
    let is_key = matches!(secret.bundle.key, KeyState::Read { .. });
    if is_key && secret.bundle.leaf().is_none() {
        return Some("the private key goes too, and of which certificate it is cannot be told");
    }
    (is_key && halves::is_lone(&secret.bundle))
        .then_some("the private key goes too, though it is not the one of this certificate")
}

/// The private key that is there is worth more than what would take its place.
pub(super) fn would_lose(secret: &SecretFacts, loss: Loss<'_>) -> Exclusion {
    Exclusion {
        object: secret.object.clone(),
        reason: match loss {
            Loss::KeyOfUnread(_) => Reason::Unreadable,
            Loss::KeyOfLater(_)
            | Loss::KeyBesideCa
            | Loss::KeyOf(_)
            | Loss::KeyOfUnknown
            | Loss::KeyAlone
            | Loss::InOtherForm(_) => Reason::KeyOfAnother,
        },
        message: format!("{}: it would be lost", loss.message()),
        remedy: loss.remedy(&secret.object).into(),
    }
}

/// What is said where the new lifetime is not the old one, or can hardly be called the same.
fn about_lifetime(old: Duration) -> Option<String> {
    let backdate = duration::show(profile::BACKDATE);
    let hour = Duration::HOUR;
    if old > MAX_ROTATED_LIFETIME.saturating_add(profile::BACKDATE) {
        return Some(format!(
            "lifetime {} becomes {}, the longest that all clients take",
            duration::show(old),
            duration::show(MAX_ROTATED_LIFETIME)
        ));
    }
    if old > MAX_ROTATED_LIFETIME {
        let longest = duration::show(MAX_ROTATED_LIFETIME);
        return Some(format!(
            "it ends {backdate} earlier, so that it lives for {longest} in all, the longest that all clients take"
        ));
    }
    let kept = profile::lifetime(old);
    // Of a longer one it is next to nothing.
    (kept < hour * 8).then(|| {
        let lives = if kept.is_positive() { kept } else { Duration::MINUTE };
        format!(
            "it is valid for {} from now on, and dated back by {backdate}",
            duration::show(lives)
        )
    })
}

fn lead_too_long(what: &str) -> Refusal {
    (
        Reason::LeadTooLong,
        format!("{what}: it would be due at every run"),
        "choose a shorter renewal window: --renew-before, or the annotation certwright.dev/renew-before"
            .into(),
    )
}

fn unknown_key_type(leaf: &Certificate) -> Refusal {
    (
        Reason::CannotRemake,
        format!("keys of type {} cannot be made or used for signing here", leaf.key_type),
        "choose another type with --key-type, and --key-policy new".into(),
    )
}

/// RSA sizes that are not made here go up to the next one that is; below 2048 nothing is safe.
fn next_rsa_size(kind: &KeyKind) -> Option<KeyType> {
    Some(match kind.plain_rsa_bits()? {
        0..=2048 => KeyType::Rsa2048,
        2049..=3072 => KeyType::Rsa3072,
        _ => KeyType::Rsa4096,
    })
}

/// The subject as it was. A name that repeats an attribute type keeps the first of each.
fn subject(leaf: &Certificate, notes: &mut Vec<String>) -> Vec<Attribute> {
    let mut kept: Vec<Attribute> = Vec::new();
    for attribute in &leaf.subject_attributes {
        let Attribute { kind, text } = attribute;
        if kept.iter().any(|known| known.kind == *kind) {
            notes.push(format!("the subject repeats attribute {kind}; {text:?} is left out"));
        } else if *kind == oid::COMMON_NAME
            && text.chars().count() > crate::x509::name::MAX_COMMON_NAME
        {
            notes.push(format!(
                "the common name {text:?} is longer than 64 characters and is left out"
            ));
        } else {
            kept.push(attribute.clone());
        }
    }
    kept
}

/// Files may hold Secrets of one name in several namespaces.
fn ambiguous(object: &ObjectRef, several: &[&SecretFacts]) -> Exclusion {
    let namespaces: Vec<&str> = several.iter().map(|secret| secret.object.namespace()).collect();
    // `-n` would say it of the one that names none, too.
    let is_loose = several.iter().any(|secret| secret.writing.without_namespace);
    let remedy = if is_loose {
        "write its namespace into the one that names none, then say which with -n"
    } else {
        "say which with -n"
    };
    Exclusion {
        object: object.clone(),
        reason: Reason::Ambiguous,
        message: format!("there is one in each of the namespaces {}", namespaces.join(", ")),
        remedy: remedy.into(),
    }
}

fn already_replaced(secret: &SecretFacts) -> Exclusion {
    let now = secret.bundle.leaf().map_or_else(
        || "no certificate".to_owned(),
        |leaf| {
            format!(
                "a certificate valid from {} (sha256 {})",
                instant::show(leaf.not_before),
                leaf.fingerprint().get(..16).unwrap_or_default()
            )
        },
    );
    Exclusion {
        object: secret.object.clone(),
        reason: Reason::AlreadyReplaced,
        message: format!(
            "another writer replaced its certificate and key in the meantime: it holds {now}"
        ),
        remedy: "nothing is left to do".into(),
    }
}
