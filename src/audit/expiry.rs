//! Expiry: the one judgement about dates, shared by the rules and by the plan.
//!
//! "Needs rotation" is "would be expired" asked at `now + lead`; both use the functions here.

use crate::inventory::SecretFacts;
use crate::x509::cert::Certificate;
use time::{Duration, OffsetDateTime};

/// A certificate this close to its end is an error, not a warning, when its lifetime is long.
pub const NEAR: Duration = Duration::days(7);

/// Whether the certificate is past its notAfter at `at`. The last second still counts as valid
/// (RFC 5280 §4.1.2.5: the period includes notAfter).
#[must_use]
pub fn is_expired(certificate: &Certificate, at: OffsetDateTime) -> bool {
    certificate.not_after < at
}

/// Whether the certificate is due: expired when asked `lead` ahead.
#[must_use]
pub fn is_due(certificate: &Certificate, now: OffsetDateTime, lead: Duration) -> bool {
    is_expired(
        certificate,
        now.checked_add(lead)
            .unwrap_or(OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT)),
    )
}

/// Whether the end is so near that it is an error: within seven days or a tenth of the lifetime,
/// whichever is shorter.
#[must_use]
pub fn is_near(certificate: &Certificate, now: OffsetDateTime) -> bool {
    let tenth = Duration::seconds(certificate.lifetime_seconds() / 10);
    is_due(certificate, now, NEAR.min(tenth))
}

/// A lead as long as the lifetime makes a certificate due from its first second, for ever.
#[must_use]
pub fn lead_is_too_long(certificate: &Certificate, lead: Duration) -> bool {
    lead.whole_seconds() >= certificate.lifetime_seconds()
}

/// The lead by which people are warned: all of it, or its last third where an automation is to
/// renew the Secret, so that a healthy renewal never flaps.
#[must_use]
pub fn warning_lead(secret: Option<&SecretFacts>, lead: Duration) -> Duration {
    let automated =
        secret.is_some_and(|secret| secret.owner.is_some() || secret.wishes.rotate == Some(true));
    if automated { Duration::seconds(lead.whole_seconds() / 3) } else { lead }
}

/// floor((notAfter − at) / 86400 s), as JSON's `daysLeft` has it.
#[must_use]
pub fn days_left(certificate: &Certificate, at: OffsetDateTime) -> i64 {
    (certificate.not_after.unix_timestamp() - at.unix_timestamp()).div_euclid(86_400)
}
