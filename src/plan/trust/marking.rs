//! Steps that write the marks of the Secret which keeps the next certificate.
//!
//! Refuses to know what the marks lead to.

use super::seen::Seen;
use super::staged::{PUBLISHED_AT, TRUST, listed};
use crate::instant;
use crate::inventory::Inventory;
use crate::plan::previous::{RETIRED_FROM, beside};
use crate::plan::step::{FieldChange, PatchObject, Step};
use time::OffsetDateTime;

/// Notes an instant in the marks.
pub(super) fn noted(it: &Seen<'_>, key: &str, now: OffsetDateTime) -> Step {
    marked(it, key, it.staged.annotations.get(key), Some(&instant::show(now)))
}

/// Takes away since when it was handed out, and notes what is to hand it out.
pub(super) fn forgotten(it: &Seen<'_>, trust: &str) -> Step {
    let before = it.staged.annotations.get(PUBLISHED_AT);
    let mut step = marked(it, PUBLISHED_AT, before, None);
    if let Step::PatchObject(patch) = &mut step
        && it.staged.annotations.get(TRUST).is_none_or(|noted| noted != trust)
    {
        let noted = it.staged.annotations.get(TRUST).cloned().unwrap_or_default();
        patch.patch["metadata"]["annotations"][TRUST] = trust.into();
        patch.changes.push(FieldChange::annotation(TRUST, noted, trust));
    }
    step
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

fn marked(it: &Seen<'_>, key: &str, before: Option<&String>, after: Option<&str>) -> Step {
    let shown = after.unwrap_or(FieldChange::REMOVED);
    let change = FieldChange::annotation(key, before.cloned().unwrap_or_default(), shown);
    Step::PatchObject(PatchObject {
        object: it.staged.object.clone(),
        resource_version: it.staged.resource_version.clone(),
        patch: serde_json::json!({ "metadata": { "annotations": { key: after } } }),
        strategic: false,
        changes: vec![change],
        notes: Vec::new(),
    })
}
