//! When the new certificate begins and ends: as long as the old one lived, within what clients take and
//! its CA allows, and not due again at once.

use super::exclusions::Refusal;
use super::{Planner, SigningCa};
use crate::audit::expiry;
use crate::duration;
use crate::instant;
use crate::inventory::SecretFacts;
use crate::plan::step::Reason;
use crate::x509::cert::Certificate;
use crate::x509::profile::{self, MAX_ROTATED_LIFETIME};
use time::{Duration, OffsetDateTime};

impl Planner<'_> {
    pub(super) fn dates(
        &self,
        leaf: &Certificate,
        notes: &mut Vec<String>,
    ) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
        if let Some(lifetime) = self.request.lifetime {
            return profile::dates(self.now, lifetime).map_err(Refusal::from);
        }
        notes.extend(about_lifetime(Duration::seconds(leaf.lifetime_seconds())));
        profile::renewed_dates(self.now, (leaf.not_before, leaf.not_after)).map_err(Refusal::from)
    }

    /// A certificate that would be due again as soon as it is made is not made at every run, but when
    /// the old one is about to end.
    pub(super) fn not_due_again(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
        dates: (OffsetDateTime, OffsetDateTime),
        notes: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        let lifetime = dates.1 - self.now;
        let issuer = Some(&*leaf.issuer);
        let of = (lifetime, issuer);
        let window = self.policy.window_of(self.inventory, of, &secret.object, Some(secret));
        if !self.request.due || !expiry::window_is_too_long(lifetime, window) {
            return Ok(());
        }
        let what =
            expiry::window_too_long(window, dates.1 - dates.0, "the lifetime of a new certificate");
        if !expiry::is_expired(leaf, self.now) && !expiry::is_near(leaf, self.now) {
            return Err(window_too_long(&what));
        }
        notes.push(format!("{what}: it is replaced only because the old one ends"));
        Ok(())
    }
}

/// The dates within those of the CA. Where that makes the new certificate end no later than the old
/// one, it is the CA that must be renewed.
pub(super) fn within_issuer(
    dates: (OffsetDateTime, OffsetDateTime),
    leaf: &Certificate,
    issuer: Option<&SigningCa>,
    notes: &mut Vec<String>,
) -> Result<(OffsetDateTime, OffsetDateTime), Refusal> {
    let Some(SigningCa { certificate, window, .. }) = issuer else { return Ok(dates) };
    let within = (dates.0.max(window.0), dates.1.min(window.1));
    if within.1 < dates.1 {
        let ends = instant::show(window.1);
        if within.1 <= leaf.not_after {
            return Err(ca_ends_too_soon(&certificate.subject, &ends));
        }
        notes.push(format!("it ends on {ends}, when its CA ends ({})", certificate.subject));
    }
    if within.0 > dates.0 {
        notes
            .push(format!("it is valid only from {}, when its CA begins", instant::show(within.0)));
    }
    Ok(within)
}

fn ca_ends_too_soon(ca: &str, ends: &str) -> Refusal {
    let message = format!(
        "its CA {ca} ends on {ends}, and a new certificate would end no later than the old one"
    );
    Refusal::new(Reason::CannotRemake, message, "renew the CA first".into())
}

/// What is said where the new lifetime is not the old one, or can hardly be called the same.
fn about_lifetime(old: Duration) -> Option<String> {
    let backdate = duration::show(profile::BACKDATE);
    let longest = duration::show(MAX_ROTATED_LIFETIME);
    if old > MAX_ROTATED_LIFETIME.saturating_add(profile::BACKDATE) {
        let old = duration::show(old);
        return Some(format!(
            "lifetime {old} becomes {longest}, the longest that all clients take"
        ));
    }
    if old > MAX_ROTATED_LIFETIME {
        return Some(format!(
            "it ends {backdate} earlier, so that it lives for {longest} in all, the longest that all clients take"
        ));
    }
    let kept = profile::lifetime(old);
    // Of a longer one it is next to nothing.
    (kept < Duration::HOUR * 8).then(|| {
        let lives = if kept.is_positive() { kept } else { Duration::MINUTE };
        format!(
            "it is valid for {} from now on, and dated back by {backdate}",
            duration::show(lives)
        )
    })
}

fn window_too_long(what: &str) -> Refusal {
    Refusal::new(
        Reason::WindowTooLong,
        format!("{what}: it would be due at every run"),
        "choose a shorter renewal window: --renew-before, or the annotation certwright.dev/renew-before"
            .into(),
    )
}
