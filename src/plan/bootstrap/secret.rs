//! Whether a Secret that is there can be built upon.

use crate::audit::expiry;
use crate::audit::google_keys::google_takes;
use crate::audit::remedy;
use crate::instant;
use crate::inventory::SecretFacts;
use crate::inventory::bundle::KeyState;
use crate::remedy::Advice;
use crate::x509::cert::HostMatch;
use crate::x509::key::Pairing;
use time::OffsetDateTime;

/// Why a Secret does not serve the domains now, and what to do.
pub(super) fn secret_problem(
    facts: &SecretFacts,
    domains: &[String],
    gce: bool,
    now: OffsetDateTime,
) -> Option<Advice> {
    let own = facts.bundle.leaf().is_none_or(|leaf| leaf.self_signed);
    let remedy =
        if own { remedy::rotate(&facts.object) } else { remedy::import_renewed(&facts.object) };
    match &facts.bundle.key {
        KeyState::Read { .. } => {}
        KeyState::Missing | KeyState::NotExpected => {
            return Some(Advice::new("it holds no private key", remedy));
        }
        KeyState::Unreadable(why) => {
            return Some(Advice::new(format!("its private key cannot be read: {why}"), remedy));
        }
        KeyState::Encrypted => {
            return Some(Advice::new("its private key is encrypted", remedy));
        }
    }
    let Some(leaf) = facts.bundle.leaf() else {
        return Some(Advice::new("it holds no certificate that can be read", remedy));
    };
    if facts.bundle.pairing == Pairing::Differs {
        return Some(Advice::new("its key is not its certificate's", remedy));
    }
    if expiry::is_expired(leaf, now) {
        return Some(Advice::new(
            format!("its certificate expired on {}", instant::show(leaf.not_after)),
            remedy,
        ));
    }
    if gce && !google_takes(&leaf.key_type) {
        let message = format!(
            "its key is of type {}, which Google's load balancers do not take",
            leaf.key_type
        );
        let remedy = if own { remedy.with("--key-type rsa-2048") } else { remedy };
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
    let remedy = if own { remedy.with(&flags.join(" ")) } else { remedy };
    Some(Advice::new(format!("its certificate does not cover {}", missing.join(", ")), remedy))
}
