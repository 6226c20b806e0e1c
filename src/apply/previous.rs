//! The way back on a cluster: what a Secret holds is kept beside it before something else goes into it, and
//! is put back.
//!
//! Knows the requests and their order. Guarantees: wherever they are cut off, the Secret itself is whole,
//! and what was there before stands in the backup whole, if a backup is there at all. Refuses to write a
//! Secret of that name that is not a backup. What the places in it mean is [`plan::previous`]'s.
//!
//! [`plan::previous`]: crate::plan::previous

use super::ahead::Known;
use super::cluster::{Target, current, failed, may_be_done, settled};
use super::pair::{self, ReadyPair};
use crate::cluster::Written;
use crate::cluster::error::{ClusterError, Failure};
use crate::object_ref::{OUR_NAME, ObjectRef};
use crate::plan::outcome::{Done, Failed, FailureReason};
use crate::plan::previous::{self, Backup, HISTORY, Place, RETIRED_FROM};
use crate::plan::step::{CaCrtChange, NewPair, ReplacePair};
use crate::redact::Redacted;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Data = BTreeMap<String, ByteString>;

/// What stands in one of the places of a backup, by its own key there.
#[derive(Default)]
struct Kept(Data);

impl Kept {
    /// What this Secret holds now. Of `ca.crt` that it is as it is, if it is to become another.
    fn of(secret: &Secret, place: Place, with_ca: bool) -> Self {
        let data = secret.data.as_ref();
        let value = |key: &str| data.and_then(|data| data.get(key)).cloned();
        let mut kept = Data::new();
        for key in ["tls.crt", "tls.key"] {
            kept.extend(value(key).map(|value| (place.key(key), value)));
        }
        if with_ca {
            kept.extend(Some(match value("ca.crt") {
                Some(value) => (place.key("ca.crt"), value),
                None => (place.absent("ca.crt"), ByteString::default()),
            }));
        }
        Self(kept)
    }

    /// What stands in one place of a backup, as it stands in another.
    fn moved(backup: &Data, from: Place, to: Place) -> Self {
        let keys = from.keys().into_iter().zip(to.keys());
        Self(keys.filter_map(|(from, to)| Some((to, backup.get(&from)?.clone()))).collect())
    }

    fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.get(key).map(|value| value.0.as_slice())
    }

    /// Whether there is neither a certificate nor a key in it.
    fn is_empty(&self, place: Place) -> bool {
        ["tls.crt", "tls.key"]
            .iter()
            .all(|key| self.get(&place.key(key)).is_none_or(|value| value.trim_ascii().is_empty()))
    }
}

/// Keeps what the Secret holds, before `step` puts something else into it. `secret` is that Secret as it
/// was read just now, in the version of the step.
///
/// # Errors
/// [`Failed`]: then nothing of the Secret itself was written, and it is not to be.
pub(super) async fn keep(
    (step, backup): (&ReplacePair, &Backup),
    secret: &Secret,
    target: &Target,
) -> Result<(), Failed> {
    let now = Kept::of(secret, Place::First, step.ca_crt != CaCrtChange::Keep);
    if now.is_empty(Place::First) {
        return Ok(());
    }
    let object = &backup.object;
    if let Known::There(found) = target.ahead.backup(object) {
        let found = of_this(*found, step, backup)?;
        return with_previous((step, backup), (&found, secret), now, target).await;
    }
    let made = manifest(backup, &step.object, secret, &now);
    let written = target.client.create_secret(object, &made, OUR_NAME, target.dry_run).await;
    match written {
        Err(error) if error.failure == Failure::Conflict => {
            renewed((step, backup), secret, now, target).await
        }
        written => stored(written, object, &now, target).await,
    }
}

/// The backup, new.
fn manifest(backup: &Backup, of: &ObjectRef, secret: &Secret, kept: &Kept) -> Secret {
    let labels = secret.metadata.labels.clone().unwrap_or_default();
    Secret {
        metadata: ObjectMeta {
            name: Some(backup.object.name.clone()),
            namespace: backup.object.namespace.clone(),
            labels: Some(previous::labels(&labels)),
            annotations: Some(backup.annotations(&of.name, None)),
            ..ObjectMeta::default()
        },
        type_: Some(Backup::SECRET_TYPE.to_owned()),
        data: Some(kept.0.clone()),
        ..Secret::default()
    }
}

/// The same where there is one already, of an earlier rotation.
///
/// It is read before the Secret itself is read once more: who switched in between has written the backup
/// before that, and then one of the two versions is another.
async fn renewed(
    (step, backup): (&ReplacePair, &Backup),
    secret: &Secret,
    now: Kept,
    target: &Target,
) -> Result<(), Failed> {
    let found = ours(step, backup, target).await?;
    current(step, target).await?;
    with_previous((step, backup), (&found, secret), now, target).await
}

/// Keeps what is replaced now, and what was there before it, where that is not it.
async fn with_previous(
    (step, backup): (&ReplacePair, &Backup),
    (found, secret): (&Secret, &Secret),
    mut now: Kept,
    target: &Target,
) -> Result<(), Failed> {
    let data = found.data.clone().unwrap_or_default();
    let value = |key: &str| data.get(key).map(|value| value.0.as_slice());
    let certificate = now.get("tls.crt").unwrap_or_default();
    if let Some(place) = previous::place_of_previous(value, certificate) {
        now.0.extend(Kept::moved(&data, place, Place::Second).0);
    }
    write((step, backup), (found, secret), &now, target).await
}

/// Puts back what is kept, and keeps what is there in its stead.
///
/// # Errors
/// [`Failed`]; then the Secret is as it was.
pub(super) async fn restore(
    (step, backup): (&ReplacePair, &Backup),
    (version, place): (Option<&String>, Place),
    target: &Target,
) -> Result<Done, Failed> {
    let found = ours(step, backup, target).await?;
    if found.metadata.resource_version.as_ref() != version {
        return Err(changed(&backup.object));
    }
    let secret = current(step, target).await?;
    let back = Kept::moved(&found.data.clone().unwrap_or_default(), place, Place::First);
    let ready = ready(step, &back).ok_or_else(|| changed(&backup.object))?;
    let with_ca = step.ca_crt != CaCrtChange::Keep;
    let replaced = Kept::of(&secret, Place::Second, with_ca);
    let both = Kept(back.0.clone().into_iter().chain(replaced.0).collect());
    write((step, backup), (&found, &secret), &both, target).await?;
    let patch = patch(step, &back);
    let written = target.client.patch_secret(&step.object, &patch, OUR_NAME, target.dry_run).await;
    let done = settled(written, &step.object, ready, target).await?;
    if !target.dry_run {
        let only = Kept::of(&secret, Place::First, with_ca);
        forget_other((step, backup), &only, target).await;
    }
    Ok(done)
}

/// The certificate and key that go back, where they still are the ones that were planned.
fn ready(step: &ReplacePair, back: &Kept) -> Option<ReadyPair> {
    let NewPair::Given(facts) = &step.pair else { return None };
    let certificates = back.get("tls.crt").filter(|pem| pair::holds(pem, &facts.sha256))?;
    Some(ReadyPair {
        certificates: certificates.to_vec(),
        key: Redacted::new(back.get("tls.key").unwrap_or_default().to_vec()),
        ca: None,
        facts: (**facts).clone(),
    })
}

/// One merge patch: certificate and key as they were, `ca.crt` if it was changed with them, and the
/// version they are for.
fn patch(step: &ReplacePair, back: &Kept) -> Value {
    // What was not there goes again.
    let value = |key: &str| back.get(key).map(|value| STANDARD.encode(value));
    let mut data = json!({ "tls.crt": value("tls.crt"), "tls.key": value("tls.key") });
    if step.ca_crt != CaCrtChange::Keep {
        data["ca.crt"] = value("ca.crt").into();
    }
    json!({ "metadata": { "resourceVersion": step.resource_version }, "data": data })
}

/// Of the two that stand in the backup after the switch, the one that is in the Secret goes. Where that
/// fails nothing is lost: which of the two was there before is told by what the Secret holds.
async fn forget_other((step, backup): (&ReplacePair, &Backup), only: &Kept, target: &Target) {
    let Ok(found) = ours(step, backup, target).await else { return };
    let patch = patch_of(&found, only, json!({}));
    let _ = target.client.patch_secret(&backup.object, &patch, OUR_NAME, false).await;
}

/// The Secret of the backup's name, where it is a backup of this one.
async fn ours(step: &ReplacePair, backup: &Backup, target: &Target) -> Result<Secret, Failed> {
    let found: Secret = match target.client.get(&backup.object).await {
        // It was there a moment ago.
        Err(error) if error.failure == Failure::NotFound => return Err(changed(&backup.object)),
        found => found.map_err(|error| not_kept(error, &backup.object))?,
    };
    of_this(found, step, backup)
}

/// The same, of what was found under its name.
fn of_this(found: Secret, step: &ReplacePair, backup: &Backup) -> Result<Secret, Failed> {
    let (labels, annotations) = (&found.metadata.labels, &found.metadata.annotations);
    let kind = found.type_.as_deref();
    let is_ours = previous::is_of(&step.object.name, kind, labels.as_ref(), annotations.as_ref());
    if is_ours {
        return Ok(found);
    }
    Err(Failed::of(
        FailureReason::AlreadyExists,
        format!(
            "{} exists and is not a backup of {}: it is somebody else's, and is not overwritten",
            backup.object,
            step.object.short()
        ),
        "rename that Secret, or add --no-backup",
    ))
}

/// Writes what is to stand in a backup that is there, and nothing where it stands there already.
async fn write(
    (step, backup): (&ReplacePair, &Backup),
    (found, secret): (&Secret, &Secret),
    wanted: &Kept,
    target: &Target,
) -> Result<(), Failed> {
    if holds(found, wanted) {
        return Ok(());
    }
    let history = found.metadata.annotations.as_ref().and_then(|all| all.get(HISTORY));
    let labels = secret.metadata.labels.clone().unwrap_or_default();
    let mut annotations = json!(backup.annotations(&step.object.name, history.map(String::as_str)));
    // That was said of the certificate that it kept.
    annotations[RETIRED_FROM] = Value::Null;
    let metadata = json!({
        "annotations": annotations,
        "labels": previous::labels(&labels),
    });
    let patch = patch_of(found, wanted, metadata);
    let object = &backup.object;
    let written = target.client.patch_secret(object, &patch, OUR_NAME, target.dry_run).await;
    stored(written, object, wanted, target).await
}

/// A merge patch after which this and nothing else stands in the backup, if it still is what was read.
fn patch_of(found: &Secret, wanted: &Kept, mut metadata: Value) -> Value {
    metadata["resourceVersion"] = found.metadata.resource_version.clone().into();
    let mut data = serde_json::Map::new();
    for key in found.data.iter().flatten().map(|(key, _)| key) {
        data.insert(key.clone(), Value::Null);
    }
    for (key, value) in &wanted.0 {
        data.insert(key.clone(), STANDARD.encode(&value.0).into());
    }
    json!({ "metadata": metadata, "data": data })
}

/// Whether exactly this stands in it.
fn holds(secret: &Secret, wanted: &Kept) -> bool {
    secret.data.as_ref().is_some_and(|data| *data == wanted.0)
}

/// Whether the backup stands there now; after an answer that never came, it tells itself.
async fn stored(
    written: Result<Written, ClusterError>,
    object: &ObjectRef,
    wanted: &Kept,
    target: &Target,
) -> Result<(), Failed> {
    let stored = match written {
        Ok(written) => written.stored,
        Err(error) if may_be_done(&error) && !target.dry_run => {
            let found: Result<Secret, _> = target.client.get(object).await;
            found
                .ok()
                .filter(|found| holds(found, wanted))
                .ok_or_else(|| not_kept(error, object))?
        }
        Err(error) => return Err(not_kept(error, object)),
    };
    if holds(&stored, wanted) {
        return Ok(());
    }
    Err(Failed::of(
        FailureReason::StoredOtherwise,
        format!(
            "{object} was written, but what is stored is not what was sent: an admission webhook changed it; nothing was replaced"
        ),
        "look at the cluster's mutating webhooks, or add --no-backup",
    ))
}

fn changed(object: &ObjectRef) -> Failed {
    let message = format!("{object} has changed since it was looked at");
    Failed::of(FailureReason::Conflict, message, "look at it and try again")
}

/// Why what is replaced cannot be kept. A right that is missing is told without the object's name: it is
/// the same of every other one.
fn not_kept(error: ClusterError, object: &ObjectRef) -> Failed {
    let Some(denied) = error.denied.as_deref().filter(|_| error.failure == Failure::Forbidden)
    else {
        let Failed { reason, message, remedy } = failed(error);
        // A quota, a webhook or a size that is too large stays what it is at another try.
        let stays = matches!(reason, FailureReason::Forbidden | FailureReason::Refused);
        let without = if stays { "; --no-backup does without one" } else { "" };
        let message =
            format!("no backup could be made, so nothing was replaced: {message}{without}");
        return Failed { reason, message, remedy };
    };
    Failed::of(
        FailureReason::Forbidden,
        format!(
            "no backup could be made, so nothing was replaced: user {} may not {} secrets there",
            denied.user, denied.verb
        ),
        format!(
            "RBAC: needs {} on secrets in namespace {}; --no-backup does without, and nothing can be rolled back",
            denied.verb,
            object.namespace()
        ),
    )
}
