//! What people are told of a rotation that overlaps trust: why another one leaves a Secret alone, who else trusts
//! by the old certificate, and how a run is gone on with.

use super::progress::{Progress, Stands};
use super::stage;
use super::staged::{self, next_of};
use super::targets::Found;
use crate::audit::remedy::{in_namespace, word};
use crate::instant;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{Exclusion, Reason};
use crate::remedy::{Advice, CommandLine, Remedy};
use crate::x509::cert::Certificate;
use crate::x509::chain;
use time::Duration;

/// Why a plain rotation leaves a Secret alone whose next certificate is handed out already.
#[must_use]
pub fn under_way(inventory: &Inventory, secret: &SecretFacts) -> Option<Exclusion> {
    let staged = inventory.staged_at(&next_of(&secret.object))?;
    let marks = staged::marks(staged, &secret.object)?;
    let since = marks
        .published_at
        .map_or_else(String::new, |at| format!(", published since {}", instant::show(at)));
    let message = format!(
        "its next certificate is kept in {}{since}; another one would be trusted by nobody",
        staged.object.short()
    );
    Some(Exclusion {
        object: secret.object.clone(),
        reason: Reason::Staged,
        message,
        remedy: go_on(&secret.object).into(),
    })
}

/// What becomes of a rotation that is under way when the Secret is rolled back to this certificate.
#[must_use]
pub fn after_rollback(
    inventory: &Inventory,
    secret: &ObjectRef,
    restored: &Certificate,
) -> Option<String> {
    let staged = inventory.staged_at(&next_of(secret))?;
    let marks = staged::marks(staged, secret)?;
    let name = staged.object.short();
    let is_new = staged.bundle.leaf().is_some_and(|new| new.sha256 == restored.sha256);
    let next = if is_new {
        "its next run goes on from there".to_owned()
    } else if marks.replaces == restored.sha256 {
        format!(
            "its next run hands the new certificate out for the whole soak again, and then switches to it; delete {name} to call it off"
        )
    } else {
        format!(
            "its next run stops, for it was begun of another certificate; delete {name} to call it off"
        )
    };
    Some(format!("a rotation with --trust is under way ({name}): {next}"))
}

/// The command that goes on with it.
#[must_use]
pub fn go_on(secret: &ObjectRef) -> CommandLine {
    CommandLine::on_cluster(format!(
        "certwright rotate {}{} --continue",
        word(&secret.short()),
        in_namespace(secret)
    ))
}

/// What is advised of a run that stopped before the end.
#[must_use]
pub fn advice(progress: &Progress) -> Option<Advice> {
    let remedy = || Remedy::from(go_on(&progress.secret));
    match (progress.stands, progress.switches_at) {
        (Stands::Soaking, Some(at)) => Some(Advice::new(
            format!(
                "the new certificate is published; the next run after {} switches to it",
                instant::show(at)
            ),
            remedy(),
        )),
        (Stands::Retiring, _) => Some(Advice::new(
            "the next run that finds nothing that needs the old one removes it",
            remedy(),
        )),
        _ => None,
    }
}

/// What is to be known before a CA is rolled.
pub(super) fn about_authority(seen: &Inventory, ca: &Certificate, soak: Duration) -> Vec<String> {
    let signed = seen.every_secret().filter_map(|secret| secret.bundle.leaf());
    let signed = signed.filter(|leaf| chain::is_issuer_of(ca, leaf));
    let longest = signed.map(|leaf| leaf.not_after - leaf.not_before).max();
    let mut notes = vec![
        "the old CA signs until the new one is published everywhere; then what it signed is made again with --ca".to_owned(),
    ];
    notes.extend(longest.map(|longest| {
        let latest = stage::latest_start(ca.not_after, soak, longest);
        format!(
            "a CA that ends on {} is to be rolled by {}, so that nothing it signs is cut short",
            instant::show_date(ca.not_after),
            instant::show_date(latest)
        )
    }));
    notes
}

/// What is to be known of bundles that are not as one would think: without the old certificate, or with words
/// between the certificates.
pub(super) fn unlike(found: &[Found<'_>], old: &[u8; 32]) -> Vec<String> {
    let named = |found: &Found<'_>| staged::shown(&found.object);
    let without = found.iter().filter(|found| !found.any_holds(old)).map(|found| {
        format!(
            "{} does not hold the old certificate: is it the bundle that is meant? both are put there",
            named(found)
        )
    });
    let has_comments = |found: &&Found<'_>| found.values().iter().any(|value| value.has_comments);
    let comments = found.iter().filter(has_comments).map(|found| {
        format!("the words between the certificates of {} are not kept", named(found))
    });
    without.chain(comments).collect()
}

/// What `kubectl apply` has made, and whose manifest takes out what is put in here.
pub(super) fn put_back(found: &[Found<'_>]) -> Option<String> {
    let applied = found.iter().filter(|found| found.bundle.applied);
    let names: Vec<String> = applied.map(|found| staged::shown(&found.object)).collect();
    let (made, manifest) =
        if names.len() == 1 { ("was", "its manifest") } else { ("were", "their manifests") };
    (!names.is_empty()).then(|| {
        format!(
            "{} {made} made by kubectl apply, which puts back what stands in {manifest}: both certificates belong there until this is over",
            names.join(", ")
        )
    })
}

/// What else is seen to hand out the old certificate, and will not hand out the new one.
pub(super) fn not_handed_out(
    seen: &Inventory,
    old: &Certificate,
    found: &[Found<'_>],
) -> Option<String> {
    let is_named = |holder: &ObjectRef| found.iter().any(|found| found.object.same_object(holder));
    let others = seen.holders_of(&old.sha256).filter(|holder| !is_named(holder));
    let names: Vec<String> = others.take(5).map(staged::shown).collect();
    (!names.is_empty()).then(|| {
        format!(
            "also with the old certificate, and not named with --trust: {}; whoever trusts by that will refuse the new one",
            names.join(", ")
        )
    })
}

pub(super) fn everywhere_is_unseen(seen: &Inventory) -> bool {
    let all = ObjectRef::all(Kind::Secret, None);
    seen.problems().iter().any(|problem| problem.object.same_object(&all))
}

pub(super) fn begin_again(name: &str) -> Remedy {
    format!("delete {name} and begin again: the Secret that is served is not changed by that")
        .into()
}
