//! Expiry: the one judgement about dates, shared by the rules and by the plan.
//!
//! "Needs rotation" is "would be expired" asked at `now + window`; both use the functions here.

use super::finding::Severity;
use crate::duration;
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

/// Whether the certificate is due: expired when asked `window` ahead.
#[must_use]
pub fn is_due(certificate: &Certificate, now: OffsetDateTime, window: Duration) -> bool {
    is_expired(
        certificate,
        now.checked_add(window)
            .unwrap_or(OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT)),
    )
}

/// Whether the end is so near that it is an error: within seven days or a tenth of the lifetime,
/// whichever is shorter.
#[must_use]
pub fn is_near(certificate: &Certificate, now: OffsetDateTime) -> bool {
    let tenth = Duration::seconds(certificate.lifetime().whole_seconds() / 10);
    is_due(certificate, now, NEAR.min(tenth))
}

/// How bad the end of a certificate is at `now`; none where it is not due, `window` ahead. On what
/// nobody uses it is never more than a warning. As time passes it only rises.
#[must_use]
pub fn severity(
    certificate: &Certificate,
    now: OffsetDateTime,
    window: Duration,
    used: bool,
) -> Option<Severity> {
    severity_of((certificate.not_after, certificate.lifetime()), now, window, used)
}

/// The same of what ends at `not_after` and lives for `lifetime`.
#[must_use]
pub fn severity_of(
    (not_after, lifetime): (OffsetDateTime, Duration),
    now: OffsetDateTime,
    window: Duration,
    used: bool,
) -> Option<Severity> {
    let is_due = |window| now.checked_add(window).is_none_or(|at| not_after < at);
    let tenth = Duration::seconds(lifetime.whole_seconds() / 10);
    let at_the_end = is_due(Duration::ZERO) || is_due(NEAR.min(tenth));
    if at_the_end && used {
        return Some(Severity::Error);
    }
    (at_the_end || is_due(window)).then_some(Severity::Warning)
}

/// Whether a renewal window leaves nothing of a lifetime, or so little that a certificate would be
/// due again at the next run: a day, the usual interval of runs, or a tenth of a lifetime of less
/// than ten days. An hour at least, by which public CAs date back, but of what lives for hours no
/// more than a third.
#[must_use]
pub fn window_is_too_long(lifetime: Duration, window: Duration) -> bool {
    let share = |parts: i64| Duration::seconds(lifetime.whole_seconds() / parts);
    let hour = Duration::HOUR.min(share(3));
    let least = share(10).max(hour).min(Duration::DAY);
    lifetime.saturating_sub(window) <= least
}

/// The sentence for that. `of`: whose lifetime it is.
#[must_use]
pub fn window_too_long(window: Duration, lifetime: Duration, of: &str) -> String {
    let (window_text, lifetime_text) = (duration::show(window), duration::show(lifetime));
    if window >= lifetime {
        return format!(
            "the renewal window of {window_text} is not shorter than {of} ({lifetime_text})"
        );
    }
    format!("the renewal window of {window_text} leaves next to nothing of {of} ({lifetime_text})")
}

/// The renewal window by which people are warned: all of it, or its last third where somebody
/// really renews the Secret, so that a healthy renewal never flaps.
#[must_use]
pub fn warning_window(secret: Option<&SecretFacts>, window: Duration) -> Duration {
    let renewed = secret.is_some_and(|secret| match &secret.owner {
        Some(owner) => owner.renews(),
        None => secret.rare.annotation_policy.rotate == Some(true),
    });
    if renewed { Duration::seconds(window.whole_seconds() / 3) } else { window }
}

/// floor((notAfter − at) / 86400 s), as JSON's `daysLeft` has it.
#[must_use]
pub fn days_left(certificate: &Certificate, at: OffsetDateTime) -> i64 {
    (certificate.not_after.unix_timestamp() - at.unix_timestamp()).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::policy::Policy;
    use crate::audit::{Context, Platform, Source, audit};
    use crate::inventory::testing::{Pair, of_secrets};
    use crate::x509::profile;
    use time::macros::datetime;

    const MADE: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

    #[test]
    fn a_lead_that_leaves_next_to_nothing_is_too_long_whatever_others_date_back() {
        let length = |text: &str| duration::parse_duration(text).expect(text);
        for (lives, window, too_long) in [
            ("720h30s", "30d", true),
            ("720h5m", "30d", true),
            ("721h", "30d", true),
            ("2159h59m59s", "90d", true),
            ("31d", "30d", true),
            ("32d", "30d", false),
            ("90d", "89d", true),
            ("90d", "30d", false),
            ("24h5m", "22h", true),
            ("24h5m", "8h", false),
            ("3h", "2h", true),
            ("3h", "1h", false),
            ("1h5m", "50m", true),
            ("1h5m", "20m", false),
            ("15m", "9m", true),
            ("15m", "3m", false),
        ] {
            let lifetime = profile::lifetime(length(lives));
            assert_eq!(
                window_is_too_long(lifetime, length(window)),
                too_long,
                "{window} of {lives}"
            );
        }
    }

    #[test]
    fn a_default_window_is_never_too_long() {
        for seconds in (1..100_000).chain((1..5_000).map(|hours| hours * 3_600)) {
            let lifetime = profile::lifetime(Duration::seconds(seconds));
            let window = duration::default_window(lifetime);
            assert!(
                !window_is_too_long(lifetime, window) || lifetime < Duration::minutes(1),
                "{seconds}"
            );
        }
    }

    /// A self-signed certificate that lives for so long from [`MADE`].
    fn made(lifetime: Duration) -> String {
        let key = include_str!("../../testdata/pki/ec-p256-01.pem");
        let key = rcgen::KeyPair::from_pem(key).expect("the key is good");
        let names = vec!["a.example".to_owned()];
        let mut params = rcgen::CertificateParams::new(names).expect("the name is good");
        params.not_before = MADE - profile::BACKDATE;
        params.not_after = MADE + lifetime;
        params.self_signed(&key).expect("it can be made").pem()
    }

    /// As time passes, from before it is due to after its end.
    fn severities(pair: &Pair<'_>, lifetime: Duration, policy: &Policy) -> Vec<Option<Severity>> {
        let inventory = of_secrets(std::slice::from_ref(pair));
        let about_its_end = |code: &str| matches!(code, "expires-soon" | "expired");
        let at = |step: i32| {
            let now = MADE + lifetime * step / 40;
            let (platform, source) = (Platform::Other, Source::Cluster);
            let report = audit(&inventory, &Context { now, policy, platform, source });
            let mut own = report.findings.iter().filter(|found| about_its_end(found.rule));
            let severity = own.next().map(|found| found.severity);
            assert!(own.next().is_none(), "it is told once");
            severity
        };
        (0..=50).map(at).collect()
    }

    #[test]
    fn a_severity_never_falls_as_time_passes() {
        let owners: [&[(&str, &str)]; 4] = [
            &[],
            &[("cert-manager.io/certificate-name", "x")],
            &[("meta.helm.sh/release-name", "x")],
            &[("certwright.dev/rotate", "true")],
        ];
        let windows =
            [None, Some("1%"), Some("50%"), Some("99%"), Some("1h"), Some("30d"), Some("999d")];
        for days in [1, 9, 30, 90, 365, 3_650] {
            let lifetime = Duration::days(days);
            let crt = made(lifetime);
            for (served, annotations) in
                [None, Some("a.example")].into_iter().flat_map(|s| owners.map(|o| (s, o)))
            {
                let pair =
                    Pair { name: "x", crt: crt.clone(), served, annotations, ..Pair::default() };
                for window in windows {
                    let renew_before = window.map(|text| text.parse().expect("a window"));
                    let told = severities(&pair, lifetime, &Policy::of_flags(renew_before));
                    let what = format!("{days}d {served:?} {annotations:?} {window:?}: {told:?}");
                    assert!(told.is_sorted(), "{what}");
                    let last = if served.is_some() { Severity::Error } else { Severity::Warning };
                    assert_eq!(told.last(), Some(&Some(last)), "{what}");
                }
            }
        }
    }
}
