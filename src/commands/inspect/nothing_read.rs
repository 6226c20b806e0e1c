//! What `inspect` says when nothing at all could be read: the first reasons, and the way out.

use crate::cli::InspectArgs;
use crate::inventory::Inventory;
use crate::inventory::bundle::KeyState;
use crate::session::{CommandError, Result};
use crate::x509::foreign::Foreign;

/// How many reasons are told: a file may hold a hundred thousand broken blocks.
const REASONS: usize = 3;

/// A target in which nothing at all could be read is bad input.
pub(super) fn something_was_read(
    args: &InspectArgs,
    inventory: &Inventory,
    mut locked: Vec<CommandError>,
) -> Result<()> {
    let read = inventory.bundles().any(|(_, bundle)| {
        !bundle.certificates.is_empty()
            || matches!(bundle.key, KeyState::Read { .. } | KeyState::Encrypted)
    });
    if read || inventory.requests().next().is_some() {
        return Ok(());
    }
    if locked.len() == 1
        && inventory.bundles().next().is_none()
        && inventory.problems().len() == 1
        && let Some(error) = locked.pop()
    {
        return Err(error);
    }
    let why = why_nothing(inventory)
        .unwrap_or_else(|| format!("there is nothing to read in {}", args.targets.join(", ")));
    let mut instead = inventory.bundles().filter_map(|(_, bundle)| bundle.damaged.first()?.instead);
    // Of several things each would want a way out of its own.
    let remedy = instead.next().filter(|_| instead.next().is_none()).map(Foreign::remedy);
    let expected =
        "expected PEM or DER certificates or requests, manifests with TLS Secrets, or a TLS server";
    Err(CommandError::failed(
        format!("no certificate could be read: {why}"),
        remedy.unwrap_or_else(|| expected.to_owned()),
    ))
}

/// The first reasons why nothing could be read, each with its object.
fn why_nothing(inventory: &Inventory) -> Option<String> {
    let mut reasons = inventory
        .bundles()
        .flat_map(|(object, bundle)| {
            let damaged =
                bundle.damaged.iter().map(move |damaged| format!("{object}: {}", damaged.message));
            let is_empty = bundle.certificates_missing
                && matches!(bundle.key, KeyState::NotExpected | KeyState::Missing);
            let missing = is_empty.then(|| format!("{object}: it is empty"));
            let key = match &bundle.key {
                KeyState::Unreadable(reason) => Some(format!("{object}: {reason}")),
                KeyState::NotExpected
                | KeyState::Missing
                | KeyState::Encrypted
                | KeyState::Read { .. } => None,
            };
            damaged.chain(missing).chain(key)
        })
        .chain(
            inventory
                .problems()
                .iter()
                .map(|problem| format!("{}: {}", problem.object, problem.message)),
        );
    let mut told: Vec<String> = reasons.by_ref().take(REASONS).collect();
    let more = reasons.count();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    (!told.is_empty()).then(|| told.join("; "))
}
