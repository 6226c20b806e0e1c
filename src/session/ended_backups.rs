//! Backups that are of no use any more: what they keep has ended. A batch deletes them.
//!
//! Knows that this takes nothing from what was rotated: what fails is said. What has ended is
//! `plan::previous`'s to say, by the certificates.

use super::Run;
use crate::apply::cluster::Target;
use crate::cluster::Client;
use crate::converge;
use crate::inventory::bundle::Bundle;
use crate::observation::SecretSeen;
use crate::observe;
use crate::plan::outcome::FailureReason;
use crate::plan::previous::{self, PREVIOUS_OF, Place};
use crate::plan::step::{DeleteObject, DeleteReason, Step};
use crate::redact::Redacted;
use std::sync::Arc;

/// The backups of a namespace (none: of all) that have ended. Where they may not be listed there are none.
pub(crate) async fn find(client: &Client, namespace: Option<&str>, run: Run<'_>) -> Vec<Step> {
    let mut ended = Vec::new();
    let mut take = |seen: SecretSeen| ended.extend(has_ended(&seen, run));
    if observe::cluster::list_previous(client, namespace, &mut take).await.is_err() {
        return Vec::new();
    }
    ended
}

/// What is said of them before they are deleted.
pub(crate) fn planned(steps: &[Step]) -> Vec<String> {
    let told =
        |step: &Step| format!("{} is deleted: what it keeps has ended", step.object().short());
    steps.iter().map(told).collect()
}

/// Deletes them, and says which are gone. What may not be deleted is told in one line.
pub(crate) async fn delete(steps: Vec<Step>, client: &Client, run: Run<'_>) -> Vec<String> {
    let target = Target::new(client.clone(), false);
    let mut notes = Vec::new();
    let mut forbidden = 0_usize;
    for step in steps {
        let outcomes = converge::in_order(vec![step], Arc::new(run.keys()), target.clone()).await;
        for outcome in outcomes {
            let name = outcome.step.object().short();
            match outcome.result {
                Ok(_) => notes.push(format!("{name} was deleted: what it kept has ended")),
                Err(failed) if failed.reason == FailureReason::Forbidden => forbidden += 1,
                // Somebody has written it, and the next batch looks again.
                Err(failed) if failed.reason == FailureReason::Conflict => {}
                Err(failed) => {
                    notes.push(format!("{name} has ended and stays: {}", failed.message));
                }
            }
        }
    }
    if forbidden > 0 {
        let noun = if forbidden == 1 { "backup" } else { "backups" };
        notes.push(format!(
            "{forbidden} {noun} whose certificate has ended stay: RBAC: needs delete on secrets"
        ));
    }
    notes
}

fn has_ended(seen: &SecretSeen, run: Run<'_>) -> Option<Step> {
    let of = seen.meta.annotations.get(PREVIOUS_OF)?;
    let (labels, annotations) = (&seen.meta.labels, &seen.meta.annotations);
    let kind = Some(seen.secret_type.as_str());
    let is_ours = previous::is_of(of, kind, Some(labels), Some(annotations))
        && previous::name_beside(of) == seen.object.name;
    let value = |key: String| seen.data.get(&key).map(Redacted::expose);
    let kept = [Place::First, Place::Second].map(|place| {
        let (certificate, key) = (value(place.key("tls.crt")), value(place.key("tls.key")));
        (certificate.is_some() || key.is_some())
            .then(|| Bundle::of_pair(certificate, key, &run.world.random))
    });
    let leaves: Vec<_> = kept.iter().flatten().map(Bundle::leaf).collect();
    let over = previous::is_over(&leaves, run.now());
    (is_ours && over).then(|| {
        Step::DeleteObject(DeleteObject {
            object: seen.object.clone(),
            resource_version: seen.meta.resource_version.clone(),
            reason: DeleteReason::Ended,
        })
    })
}
