//! `ca.crt` beside a certificate that is replaced: which certificates stay in it.
//!
//! Decides by fingerprints and dates. Refuses to know bytes: who applies the plan finds them.

use super::step::{CaCrtChange, NewPair};
use crate::inventory::SecretFacts;

/// The new certificate before what is there. Of what is there, certificates that had expired when the
/// new one begins are left out, or `ca.crt` would grow for ever and hold what some clients refuse to
/// load; the one that is replaced stays.
pub(super) fn beside_the_old(secret: &SecretFacts, pair: &NewPair) -> CaCrtChange {
    let begins = match pair {
        NewPair::Make { profile, .. } => profile.not_before,
        NewPair::Given(leaf) => leaf.not_before,
    };
    let replaced = secret.bundle.leaf().map(|leaf| leaf.sha256);
    let had_expired = secret
        .anchors()
        .iter()
        .filter(|anchor| anchor.not_after < begins && Some(anchor.sha256) != replaced);
    CaCrtChange::PrependNew { without: had_expired.map(|anchor| anchor.sha256).collect() }
}
