//! Whether a Secret that is there can be built upon.

use crate::audit::expiry;
use crate::audit::remedy;
use crate::instant;
use crate::inventory::SecretFacts;
use crate::inventory::bundle::KeyState;
use crate::remedy::Advice;
use crate::x509::cert::HostMatch;
use crate::x509::key::Pairing;
use crate::x509::key_kind::{Curve, KeyKind};
use time::OffsetDateTime;

/// Why a Secret does not serve the domains now, and what to do.
pub(super) fn secret_problem(
    facts: &SecretFacts,
    domains: &[String],
    gce: bool,
    now: OffsetDateTime,
) -> Option<Advice> {
    let own = facts.bundle.leaf().is_none_or(|leaf| leaf.self_signed);
    let mend =
        if own { remedy::rotate(&facts.object) } else { remedy::import_renewed(&facts.object) };
    match &facts.bundle.key {
        KeyState::Read { .. } => {}
        KeyState::Missing | KeyState::NotExpected => {
            return Some(Advice::new("it holds no private key", mend));
        }
        KeyState::Unreadable(why) => {
            return Some(Advice::new(format!("its private key cannot be read: {why}"), mend));
        }
        KeyState::Encrypted => {
            return Some(Advice::new("its private key is under a password", mend));
        }
    }
    let Some(leaf) = facts.bundle.leaf() else {
        return Some(Advice::new("it holds no certificate that can be read", mend));
    };
    if facts.bundle.pairing == Pairing::Differs {
        return Some(Advice::new("its key is not its certificate's", mend));
    }
    if expiry::is_expired(leaf, now) {
        return Some(Advice::new(
            format!("its certificate expired on {}", instant::show(leaf.not_after)),
            mend,
        ));
    }
    if gce && !gce_takes(&leaf.key_type) {
        let message = format!(
            "its key is of type {}, which Google's load balancers do not take",
            leaf.key_type
        );
        let remedy = if own { mend.with("--key-type rsa-2048") } else { mend };
        return Some(Advice::new(message, remedy));
    }
    let covered = |domain: &&String| matches!(leaf.match_host(domain), HostMatch::San(_));
    let missing: Vec<&str> =
        domains.iter().filter(|domain| !covered(domain)).map(String::as_str).collect();
    if missing.is_empty() {
        return None;
    }
    let flags: Vec<String> =
        missing.iter().map(|domain| format!("--add-host {}", remedy::word(domain))).collect();
    let remedy = if own { mend.with(&flags.join(" ")) } else { mend };
    Some(Advice::new(format!("its certificate does not cover {}", missing.join(", ")), remedy))
}

/// Whether Google's global load balancers take a key of this type: RSA from 2048 bits, ECDSA on
/// P-256 and P-384. (What they promise is RSA-2048 and P-256.)
#[must_use]
pub const fn gce_takes(kind: &KeyKind) -> bool {
    matches!(
        kind,
        KeyKind::Rsa { bits: 2048..=4096, pss: false } | KeyKind::Ec(Curve::P256 | Curve::P384)
    )
}
