//! Steps that write the marks of the Secret which keeps the next certificate.
//!
//! Refuses to know what the marks lead to.

use super::seen::Seen;
use super::staged::{PUBLISHED, PUBLISHED_AT, SOAK, SWITCHED_AT, TRUST, listed};
use crate::instant;
use crate::inventory::Inventory;
use crate::plan::previous::{RETIRED_FROM, beside};
use crate::plan::step::{FieldChange, PatchObject, Step};
use time::OffsetDateTime;

/// Notes that every bundle has the new certificate, since now.
pub(super) fn published(it: &Seen<'_>, now: OffsetDateTime) -> Step {
    let sum = it.new.fingerprint();
    marked(it, &[(PUBLISHED, Some(sum)), (PUBLISHED_AT, Some(instant::show(now)))])
}

/// Notes that the Secret holds it, since now.
pub(super) fn switched(it: &Seen<'_>, now: OffsetDateTime) -> Step {
    marked(it, &[(SWITCHED_AT, Some(instant::show(now)))])
}

/// Takes away both instants.
pub(super) fn forgotten(it: &Seen<'_>) -> Step {
    marked(it, &[(PUBLISHED_AT, None), (SWITCHED_AT, None)])
}

/// Notes what is asked for now, where that is something else than was noted: later runs go by it.
pub(super) fn renewed(it: &Seen<'_>) -> Option<Step> {
    let wanted =
        [(TRUST, listed(&it.marks.trust)), (SOAK, it.marks.soak.whole_seconds().to_string())];
    let differs =
        |(key, value): &(&'static str, String)| it.staged.annotations.get(*key) != Some(value);
    let changed = wanted.into_iter().filter(differs).map(|(key, value)| (key, Some(value)));
    let changed: Vec<(&str, Option<String>)> = changed.collect();
    (!changed.is_empty()).then(|| marked(it, &changed))
}

/// Notes on the backup from what the certificate that it keeps is removed, so that a rollback does not lock out
/// whoever trusts by that. There is none where nobody wanted one.
pub(super) fn retired(seen: &Inventory, it: &Seen<'_>) -> Option<Step> {
    let backup = seen.secret_at(&beside(&it.secret.object)).filter(|kept| kept.is_previous())?;
    backup.bundle.leaf().filter(|leaf| leaf.sha256 == it.marks.replaces)?;
    let from = listed(&it.marks.trust);
    Some(Step::PatchObject(PatchObject {
        object: backup.object.clone(),
        resource_version: backup.resource_version.clone(),
        patch: serde_json::json!({ "metadata": { "annotations": { RETIRED_FROM: from } } }),
        strategic: false,
        changes: vec![FieldChange::annotation(RETIRED_FROM, "", from)],
        notes: Vec::new(),
    }))
}

fn marked(it: &Seen<'_>, marks: &[(&str, Option<String>)]) -> Step {
    let mut patch = serde_json::json!({ "metadata": { "annotations": {} } });
    let mut changes = Vec::new();
    for (key, after) in marks {
        let before = it.staged.annotations.get(*key).cloned().unwrap_or_default();
        let shown = after.as_deref().unwrap_or(FieldChange::REMOVED);
        changes.push(FieldChange::annotation(key, before, shown));
        patch["metadata"]["annotations"][*key] = after.clone().into();
    }
    Step::PatchObject(PatchObject {
        object: it.staged.object.clone(),
        resource_version: it.staged.resource_version.clone(),
        patch,
        strategic: false,
        changes,
        notes: Vec::new(),
    })
}
