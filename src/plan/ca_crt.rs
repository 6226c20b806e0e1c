//! `ca.crt` beside a certificate that is replaced: which certificates stay in it.
//!
//! Decides by fingerprints and dates. Refuses to know bytes: who applies the plan finds them.

use super::step::{CaCrtChange, NewPair};
use crate::inventory::SecretFacts;

/// The new certificate before what is there. Of what is there, certificates that had expired when the
/// new one begins are left out, or `ca.crt` would grow for ever and hold what some clients refuse to
/// load; the one that is replaced stays.
pub(super) fn beside_the_old(secret: &SecretFacts, pair: &NewPair) -> CaCrtChange {
    CaCrtChange::PrependNew { without: had_expired(secret, pair) }
}

/// The same with the root above the new certificate, where another CA signs it than the old one.
pub(super) fn root_beside_the_old(secret: &SecretFacts, pair: &NewPair) -> CaCrtChange {
    CaCrtChange::PrependRoot { without: had_expired(secret, pair) }
}

/// The certificates of `ca.crt` that are to go.
fn had_expired(secret: &SecretFacts, pair: &NewPair) -> Vec<[u8; 32]> {
    let begins = match pair {
        NewPair::Make { profile, .. } => profile.not_before,
        NewPair::Given(leaf) | NewPair::Staged { certificate: leaf, .. } => leaf.not_before,
    };
    let replaced = secret.bundle.leaf().map(|leaf| leaf.sha256);
    let had_expired = secret
        .anchors()
        .iter()
        .filter(|anchor| anchor.not_after < begins && Some(anchor.sha256) != replaced);
    had_expired.map(|anchor| anchor.sha256).collect()
}
