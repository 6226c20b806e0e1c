//! Writing to an API server: one request a Secret, with the resourceVersion that was seen.
//!
//! Knows the patch and what may come back. A conflict is reported, never tried again here.

use super::ahead::Ahead;
use super::pair::{self, KeySource, Materials, ReadyPair};
use super::previous;
use super::staged;
use crate::cluster::error::{ClusterError, Failure};
use crate::cluster::{Client, PatchForm, Written};
use crate::object_ref::{OUR_NAME, ObjectRef};
use crate::plan::outcome::{Done, Failed, FailureReason, Outcome};
use crate::plan::previous::Purpose;
use crate::plan::step::{
    CaCrtChange, CreateObject, CreateSecret, KeyChoice, NewPair, ReplacePair, Step,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use futures_util::stream;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Requests under way at once: kube speaks HTTP/1.1, so each is a connection.
const PARALLEL: usize = 8;

/// Where steps are carried out, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// The cluster.
    pub client: Client,
    /// Whether the server shall only try (`--dry-run=server`).
    pub dry_run: bool,
    /// Whether steps that stand for themselves go on where what was stored is not what was sent.
    pub keep_going: bool,
    /// What was read before the steps begin.
    pub ahead: Arc<Ahead>,
}

impl Target {
    /// A cluster to write to, in which a batch stops where it finds that it is not believed.
    #[must_use]
    pub fn new(client: Client, dry_run: bool) -> Self {
        Self { client, dry_run, keep_going: false, ahead: Arc::default() }
    }
}

/// Carries out the steps, several at once, and says what became of each, in their order.
/// `on_done` is told of each as soon as it is over, in whatever order they end.
pub async fn apply(
    steps: Vec<Step>,
    materials: Arc<Materials>,
    keys: Arc<dyn KeySource>,
    target: Target,
    on_done: &mut (dyn FnMut(&Outcome) + Send),
) -> Vec<Outcome> {
    let stopped = Arc::new(AtomicBool::new(false));
    let work = steps.into_iter().enumerate().map(|(place, step)| {
        let (materials, keys, target) = (Arc::clone(&materials), Arc::clone(&keys), target.clone());
        let stopped = Arc::clone(&stopped);
        async move {
            if stopped.load(Ordering::Relaxed) {
                return (place, Outcome { step, result: Err(not_begun()) });
            }
            let result = one(&step, materials, keys, &target).await;
            let stored = |failed: &Failed| failed.reason == FailureReason::StoredOtherwise;
            if result.as_ref().is_err_and(stored) && !target.keep_going {
                stopped.store(true, Ordering::Relaxed);
            }
            (place, Outcome { step, result })
        }
    });
    let mut work = stream::iter(work).buffer_unordered(PARALLEL);
    let mut outcomes = Vec::new();
    while let Some((place, outcome)) = work.next().await {
        on_done(&outcome);
        outcomes.push((place, outcome));
    }
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Why a step was left where another one was not stored as it was sent: what befell that one befalls all.
fn not_begun() -> Failed {
    Failed::of(
        FailureReason::NotBegun,
        "it was not begun: what was stored for another one is not what was sent",
        "look at that one first, or add --keep-going",
    )
}

/// Carries out the steps one after the other, and no further than the first that fails: what
/// comes later builds on what comes before. `on_step` is called with each step before it is done.
pub async fn apply_in_order(
    steps: Vec<Step>,
    materials: Arc<Materials>,
    keys: Arc<dyn KeySource>,
    target: Target,
    on_step: &mut (dyn FnMut(&Step) + Send),
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for step in steps {
        on_step(&step);
        let result = one(&step, Arc::clone(&materials), Arc::clone(&keys), &target).await;
        let failed = result.is_err();
        outcomes.push(Outcome { step, result });
        if failed {
            break;
        }
    }
    outcomes
}

async fn one(
    step: &Step,
    materials: Arc<Materials>,
    keys: Arc<dyn KeySource>,
    target: &Target,
) -> Result<Done, Failed> {
    if step.pair().is_some()
        && let Some(ahead) = target.client.clocks_apart()
    {
        return Err(clocks_apart(ahead));
    }
    match step {
        Step::CreateSecret(step) => create(step, materials, keys, target).await,
        Step::ReplacePair(step) => replace(step, materials, keys, target).await,
        Step::CreateObject(step) => {
            let client = &target.client;
            let written =
                client.apply_object(&step.object, &step.manifest, OUR_NAME, target.dry_run).await;
            let version = match written {
                Err(error) if may_be_done(&error) && !target.dry_run => {
                    created_after_all(step, target).await.ok_or(error).map_err(failed)?
                }
                written => written.map_err(failed)?,
            };
            Ok(object_written(version, target))
        }
        Step::PatchObject(step) => {
            let mut patch = step.patch.clone();
            if let Some(version) = &step.resource_version {
                patch["metadata"]["resourceVersion"] = version.as_str().into();
            }
            let client = &target.client;
            let form = if step.strategic { PatchForm::Strategic } else { PatchForm::Merge };
            let written =
                client.patch_object((&step.object, form), &patch, OUR_NAME, target.dry_run).await;
            let version = match written {
                Err(error) if may_be_done(&error) && !target.dry_run => {
                    // The version is what the object had before, and is none of what is changed.
                    let held = held_after_all(&step.object, &step.patch, target).await;
                    held.ok_or(error).map_err(failed)?
                }
                written => written.map_err(failed)?,
            };
            Ok(object_written(version, target))
        }
        Step::DeleteObject(step) => {
            let version = step.resource_version.clone();
            let deleted = target.client.delete_object(&step.object, version, target.dry_run).await;
            deleted.map(|()| object_written(None, target)).map_err(failed)
        }
    }
}

/// Which of the two clocks is wrong cannot be told from here.
fn clocks_apart(ahead: time::Duration) -> Failed {
    let way = if ahead.is_positive() { "ahead of" } else { "behind" };
    let minutes = ahead.abs().whole_minutes();
    Failed::of(
        FailureReason::Clock,
        format!(
            "the API server's clock is {minutes} minutes {way} that of this machine, so the certificate's dates would be wrong for one of them; nothing was written"
        ),
        "set the clock that is wrong (date -u shows this machine's), and run it again",
    )
}

/// After an answer that never came: the version of the object, where it is there and holds what was
/// sent. Somebody else's of the same name, with something else in it, is not what was made.
async fn created_after_all(step: &CreateObject, target: &Target) -> Option<Option<String>> {
    let sent = ["spec", "metadata"].iter();
    let sent = sent.filter_map(|part| Some(((*part).to_owned(), step.manifest.get(part)?.clone())));
    let sent = serde_json::Value::Object(sent.collect());
    held_after_all(&step.object, &sent, target).await
}

/// The same of any object, and of all that was sent to it.
async fn held_after_all(
    object: &ObjectRef,
    sent: &serde_json::Value,
    target: &Target,
) -> Option<Option<String>> {
    let found = target.client.get_object(object).await.ok()?;
    let version = found.pointer("/metadata/resourceVersion").and_then(serde_json::Value::as_str);
    has(&found, sent).then(|| version.map(str::to_owned))
}

/// Whether everything of `sent` stands in `found`, which may have more: what a server fills in. What
/// is sent as null is to be gone (RFC 7386 §2).
fn has(found: &serde_json::Value, sent: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Null, Object};
    match (found, sent) {
        (Object(found), Object(sent)) => sent.iter().all(|(key, sent)| match found.get(key) {
            Some(found) => has(found, sent),
            // Nothing is left of an object whose every member was to go.
            None => is_nothing(sent),
        }),
        (Array(found), Array(sent)) => {
            found.len() == sent.len()
                && found.iter().zip(sent).all(|(found, sent)| has(found, sent))
        }
        (Null, sent) => is_nothing(sent),
        (found, sent) => found == sent,
    }
}

/// Whether a merge patch of this leaves nothing behind.
fn is_nothing(sent: &serde_json::Value) -> bool {
    match sent {
        serde_json::Value::Null => true,
        serde_json::Value::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

fn object_written(resource_version: Option<String>, target: &Target) -> Done {
    Done { after: None, resource_version, tried_only: target.dry_run }
}

async fn create(
    step: &CreateSecret,
    materials: Arc<Materials>,
    keys: Arc<dyn KeySource>,
    target: &Target,
) -> Result<Done, Failed> {
    let ready = made((step.pair.clone(), None), materials, None, keys).await?;
    if let Some(next) = step.next.as_deref() {
        return Box::pin(staged::create((step, next), ready, target)).await;
    }
    let ca = ready.ca.clone().filter(|_| step.with_ca_crt);
    let secret = super::manifests::secret(&step.object, &ready, ca);
    let written = target.client.apply_secret(&step.object, &secret, OUR_NAME, target.dry_run).await;
    settled(written, &step.object, ready, target).await
}

async fn replace(
    step: &ReplacePair,
    materials: Arc<Materials>,
    keys: Arc<dyn KeySource>,
    target: &Target,
) -> Result<Done, Failed> {
    if let Some(backup) = step.backup.as_deref()
        && let Purpose::Restore { resource_version, place } = &backup.purpose
    {
        let kept = (resource_version.as_ref(), *place);
        return Box::pin(previous::restore((step, backup), kept, target)).await;
    }
    let current = if needs_current(step) { Some(current(step, target).await?) } else { None };
    let data = current.as_ref().and_then(|secret| secret.data.as_ref());
    let value = |key: &str| data.and_then(|data| data.get(key)).map(|value| value.0.clone());
    let shared = step.before.as_ref().filter(|_| step.shares).map(|before| before.sha256);
    let new = (step.pair.clone(), shared);
    let ready = match &step.pair {
        NewPair::Staged { secret, certificate } => {
            Box::pin(staged::taken((secret, certificate), target)).await?
        }
        NewPair::Make { .. } | NewPair::Given(_) => {
            made(new, materials, value("tls.key"), keys).await?
        }
    };
    let current_ca = value("ca.crt").unwrap_or_default();
    let ca = pair::ca_crt_after(&step.ca_crt, &ready, &current_ca);
    if let Some((backup, secret)) = step.backup.as_deref().zip(current.as_ref()) {
        Box::pin(previous::keep((step, backup), secret, target)).await?;
    }
    let patch = patch(step, &ready, ca.as_deref());
    let written = target.client.patch_secret(&step.object, &patch, OUR_NAME, target.dry_run).await;
    settled(written, &step.object, ready, target).await
}

/// Whether the step needs bytes that are in the Secret now.
fn needs_current(step: &ReplacePair) -> bool {
    let keeps_key = matches!(&step.pair, NewPair::Make { key: KeyChoice::Same { .. }, .. });
    let adds_to_ca =
        matches!(step.ca_crt, CaCrtChange::PrependNew { .. } | CaCrtChange::PrependRoot { .. });
    keeps_key || adds_to_ca || step.backup.is_some()
}

/// The Secret, if it still is the version that was planned for.
pub(super) async fn current(step: &ReplacePair, target: &Target) -> Result<Secret, Failed> {
    if let Some(secret) = target.ahead.secret(&step.object, step.resource_version.as_ref()) {
        return Ok(secret);
    }
    let secret: Secret = target.client.get(&step.object).await.map_err(failed)?;
    if secret.metadata.resource_version != step.resource_version {
        let message = format!(
            "{} has changed since it was looked at: expected resourceVersion {}, found {}",
            step.object,
            step.resource_version.as_deref().unwrap_or("none"),
            secret.metadata.resource_version.as_deref().unwrap_or("none"),
        );
        return Err(Failed::of(FailureReason::Conflict, message, "look at it and try again"));
    }
    Ok(secret)
}

/// Makes certificate and key on a thread of its own: an RSA key takes tens of milliseconds of CPU. For
/// copies of one certificate, told by its fingerprint, both are made once.
async fn made(
    (new, shared): (NewPair, Option<[u8; 32]>),
    materials: Arc<Materials>,
    current_key: Option<Vec<u8>>,
    keys: Arc<dyn KeySource>,
) -> Result<ReadyPair, Failed> {
    let current_key = current_key.map(crate::redact::Redacted::new);
    let making = move || {
        let current_key = current_key.as_ref().map(crate::redact::Redacted::expose);
        let make = || pair::ready(&new, &materials, current_key, keys.as_ref());
        match shared {
            Some(replaced) => materials.shared.once(replaced, make),
            None => make(),
        }
    };
    match tokio::task::spawn_blocking(making).await {
        Ok(ready) => Ok(ready?),
        Err(_) => {
            Err(Failed::of(FailureReason::NotMade, "making the key was interrupted", "try again"))
        }
    }
}

/// One merge patch: key, certificate, perhaps `ca.crt`, and the version they are for.
fn patch(step: &ReplacePair, ready: &ReadyPair, ca: Option<&[u8]>) -> serde_json::Value {
    let mut data = json!({
        "tls.crt": STANDARD.encode(&ready.certificates),
        "tls.key": STANDARD.encode(ready.key.expose()),
    });
    if let (Some(ca), Some(data)) = (ca, data.as_object_mut()) {
        data.insert("ca.crt".to_owned(), STANDARD.encode(ca).into());
    }
    match &step.resource_version {
        Some(version) => json!({ "metadata": { "resourceVersion": version }, "data": data }),
        None => json!({ "data": data }),
    }
}

/// Whether the write may have been carried out all the same: its answer never came, or is what a server
/// or something in front of it says in trouble (500 too, which here is refused).
pub(super) const fn may_be_done(error: &ClusterError) -> bool {
    error.failure.may_pass() || matches!(error.failure, Failure::Refused)
}

/// What the write came to. After an answer that never came, the Secret itself tells whether the
/// write was carried out.
pub(super) async fn settled(
    written: Result<Written, ClusterError>,
    object: &ObjectRef,
    ready: ReadyPair,
    target: &Target,
) -> Result<Done, Failed> {
    let stored = match written {
        Ok(written) => written.stored,
        Err(mut error) if may_be_done(&error) => {
            let read_again: Result<Secret, _> = target.client.get(object).await;
            match read_again {
                Ok(secret) if holds(&secret, &ready) => secret,
                Ok(_) => return Err(failed(error)),
                Err(_) => {
                    error.message.push_str(
                        "; whether it was carried out is not known: afterwards the Secret could not be read",
                    );
                    return Err(failed(error));
                }
            }
        }
        Err(error) => return Err(failed(error)),
    };
    if !holds(&stored, &ready) {
        return Err(Failed::of(
            FailureReason::StoredOtherwise,
            format!(
                "{object} was written, but what is stored is not what was sent: an admission webhook changed it"
            ),
            "look at the Secret, and at the cluster's mutating webhooks",
        ));
    }
    Ok(Done {
        after: Some(Box::new(ready.facts)),
        resource_version: stored.metadata.resource_version,
        tried_only: target.dry_run,
    })
}

fn holds(secret: &Secret, ready: &ReadyPair) -> bool {
    let stored = |key: &str| {
        secret.data.as_ref().and_then(|data| data.get(key)).map(|value| value.0.as_slice())
    };
    stored("tls.crt") == Some(&ready.certificates) && stored("tls.key") == Some(ready.key.expose())
}

pub(super) fn failed(error: ClusterError) -> Failed {
    let reason = match error.failure {
        Failure::Conflict => FailureReason::Conflict,
        Failure::Unauthorized => FailureReason::Unauthorized,
        Failure::Forbidden => FailureReason::Forbidden,
        failure if failure.is_absence() => FailureReason::NotFound,
        failure if failure.may_pass() => FailureReason::Away,
        _ => FailureReason::Refused,
    };
    Failed::of(reason, error.message, error.remedy)
}
