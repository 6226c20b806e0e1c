//! Rolling back: what was replaced in a Secret goes into it again, and what is there is kept in its stead.
//!
//! Decides by the same questions as a rotation: whose the Secret is, whether certificate and key belong
//! together and are in date, whether the hosts that are served stay covered. Refuses to know key bytes, and
//! how what is kept is read.

use super::package::importable;
use super::previous::{self, Backup, Place, Purpose};
use super::readers;
use super::rotation;
use super::step::{
    CaCrtChange, Exclusion, NewPair, Plan, Reason, ReplacePair, ReplaceReason, Step,
};
use super::trust;
use crate::audit::expiry;
use crate::instant;
use crate::inventory::bundle::Bundle;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::remedy::{Advice, CommandLine, Remedy, word};
use crate::x509::cert::Certificate;
use crate::x509::name::covers;
use crate::x509::san::San;
use time::OffsetDateTime;

/// What is kept for one Secret.
#[derive(Debug)]
pub enum Kept {
    /// There is no Secret with the backup's name.
    Nothing,
    /// There is one, and it is not a backup of this Secret.
    SomebodyElses,
    /// Everything in the backup is what the Secret holds already.
    TheSame,
    /// This.
    Previous(Box<Previous>),
}

/// A certificate and key that were replaced.
#[derive(Debug)]
pub struct Previous {
    /// Certificate and key, judged.
    pub bundle: Bundle,
    /// The backup's resourceVersion.
    pub resource_version: Option<String>,
    /// Where in it they stand.
    pub place: Place,
    /// Whether `ca.crt` was changed with them, and goes back too.
    pub with_ca: bool,
    /// The trust bundles that it was removed from, as the backup says.
    pub retired_from: Option<String>,
    /// When they were replaced, as the backup says.
    pub replaced_at: Option<String>,
}

/// What the user wants put back, and how.
#[derive(Clone, Debug)]
pub struct RollbackRequest {
    /// The Secret.
    pub object: ObjectRef,
    /// Although the certificate has expired, does not fit its key or leaves a host uncovered.
    pub force: bool,
    /// Although somebody else owns the Secret.
    pub override_owner: bool,
}

/// Plans to put back what is kept, or says why not.
#[must_use]
pub fn rollback(
    inventory: &Inventory,
    request: &RollbackRequest,
    kept: &Kept,
    now: OffsetDateTime,
) -> Plan {
    let mut plan = Plan::empty(now);
    match step(inventory, request, kept, now) {
        Ok(step) => {
            plan.notes.extend(readers::unseen(inventory, &[&step.object]));
            plan.steps.push(Step::ReplacePair(step));
        }
        Err(refusal) => plan.refused.push(*refusal),
    }
    plan.settled(inventory)
}

type Refused<T> = Result<T, Box<Exclusion>>;

fn step(
    inventory: &Inventory,
    request: &RollbackRequest,
    kept: &Kept,
    now: OffsetDateTime,
) -> Refused<ReplacePair> {
    let object = &request.object;
    let no = |reason, message: String, remedy: Remedy| {
        Err(Box::new(Exclusion { object: object.clone(), reason, message, remedy }))
    };
    let Some(secret) = inventory.secret_at(object) else {
        let message = "it does not exist".to_owned();
        return no(Reason::NotFound, message, "check the name and the namespace".into());
    };
    let overridden = request.override_owner;
    if let Some(refusal) = rotation::forbidden(inventory, secret, overridden, request.force) {
        return Err(Box::new(refusal));
    }
    let beside = previous::beside(object).short();
    let previous = match previous_of(kept, &beside) {
        Ok(previous) => previous,
        Err((reason, advice)) => return no(reason, advice.message, advice.remedy),
    };
    let Some(leaf) = previous.bundle.leaf() else {
        let message = format!("{beside} holds no certificate that can be read");
        return no(Reason::Unreadable, message, by_hand(object));
    };
    let mut notes = Vec::new();
    let doubts = doubts(inventory, secret, (&previous.bundle, leaf), now);
    for (reason, advice) in doubts.into_iter().chain(retired(previous)) {
        if !request.force {
            return no(reason, advice.message, advice.remedy);
        }
        notes.push(format!("by --force: {}", advice.message));
    }
    Ok(replacing(inventory, secret, (previous, leaf), notes, now))
}

/// What there is to go back to, or why there is nothing.
fn previous_of<'k>(kept: &'k Kept, beside: &str) -> Result<&'k Previous, (Reason, Advice)> {
    const FROM_FILES: &str = "import --replace puts a certificate and key from files into it";
    match kept {
        Kept::Previous(previous) => Ok(previous),
        Kept::Nothing => {
            let message = format!("there is nothing to roll back to: {beside} does not exist");
            let remedy = format!(
                "what was replaced with --no-backup is gone, and backups that have expired are deleted; {FROM_FILES}"
            );
            Err((Reason::NotFound, Advice::new(message, remedy)))
        }
        Kept::SomebodyElses => {
            let message =
                format!("{beside} exists and is not a backup of it: it is somebody else's");
            Err((Reason::Mismatch, Advice::new(message, FROM_FILES)))
        }
        Kept::TheSame => {
            let message = format!("it already holds what {beside} keeps");
            Err((Reason::AlreadyReplaced, Advice::new(message, "nothing is left to do")))
        }
    }
}

/// What speaks against it, unless it is forced.
fn doubts(
    inventory: &Inventory,
    secret: &SecretFacts,
    (bundle, leaf): (&Bundle, &Certificate),
    now: OffsetDateTime,
) -> Vec<(Reason, Advice)> {
    let mut doubts = Vec::new();
    if let Err(Advice { message, .. }) = importable(bundle, now) {
        let message = format!("the old certificate cannot be served: {message}");
        let remedy = "rotate makes a new certificate; to put the old one back anyway, add --force";
        let expired = expiry::is_expired(leaf, now);
        let reason = if expired { Reason::CannotRemake } else { Reason::Mismatch };
        doubts.push((reason, Advice::new(message, remedy)));
    }
    let lost = left_uncovered(inventory, secret, leaf);
    if !lost.is_empty() {
        let message = format!(
            "the old certificate does not cover {}, which the present one does",
            lost.join(", ")
        );
        doubts.push((Reason::Mismatch, Advice::new(message, "to put it back anyway, add --force")));
    }
    doubts
}

/// That those who trust by bundles refuse it, from which it was removed.
fn retired(previous: &Previous) -> Option<(Reason, Advice)> {
    let from = previous.retired_from.as_deref()?.replace(',', ", ");
    let message = format!(
        "the old certificate was removed from {from}: clients that trust by that would refuse it"
    );
    let remedy = "put it back there first, and add --force";
    Some((Reason::Mismatch, Advice::new(message, remedy)))
}

/// Hosts that frontends serve by this Secret, that are covered now and would not be any more.
fn left_uncovered(inventory: &Inventory, secret: &SecretFacts, leaf: &Certificate) -> Vec<String> {
    let by = |leaf: &Certificate, host: &str| {
        leaf.names.iter().any(|name| matches!(name, San::Dns(dns) if covers(dns, host)))
    };
    let now = secret.bundle.leaf();
    let mut hosts: Vec<String> = Vec::new();
    for frontend in inventory.users(&secret.object) {
        for demand in frontend.demands.iter().filter(|demand| demand.names(&secret.object)) {
            let host = &demand.host;
            let is_lost = now.is_some_and(|now| by(now, host)) && !by(leaf, host);
            if is_lost && !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
    }
    hosts
}

fn replacing(
    inventory: &Inventory,
    secret: &SecretFacts,
    (previous, leaf): (&Previous, &Certificate),
    mut notes: Vec<String>,
    now: OffsetDateTime,
) -> ReplacePair {
    let current = secret.bundle.leaf();
    notes.extend(rotation::told_beside(inventory, secret));
    notes.extend(trust::after_rollback(inventory, &secret.object, leaf));
    if let Some(owner) = &secret.owner {
        notes.push(format!("{} owns it ({}) and is overridden", owner.name, owner.mark));
    }
    let readers = readers::readers(inventory, &secret.object);
    notes.extend(readers::told(&readers));
    let purpose = Purpose::Restore {
        resource_version: previous.resource_version.clone(),
        place: previous.place,
    };
    ReplacePair {
        object: secret.object.clone(),
        resource_version: secret.resource_version.clone(),
        reason: ReplaceReason::Back(
            previous.replaced_at.as_deref().and_then(|at| instant::parse(at).ok()),
        ),
        before: current.cloned().map(Box::new),
        pair: NewPair::Given(Box::new(leaf.clone())),
        ca_crt: if previous.with_ca { CaCrtChange::Restored } else { CaCrtChange::Keep },
        notes,
        readers,
        backup: Some(Box::new(Backup { purpose, ..Backup::of(&secret.object, current, now) })),
        copies: Vec::new(),
        pinned_by: Vec::new(),
        shares: false,
    }
}

/// How people look at what is kept.
fn by_hand(object: &ObjectRef) -> Remedy {
    let beside = previous::beside(object);
    CommandLine::on_cluster(format!(
        "kubectl get {} -n {} -o yaml",
        word(&beside.short()),
        word(beside.namespace())
    ))
    .into()
}
