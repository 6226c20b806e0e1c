//! The calendar: when certificates are due and when they end, by weeks.
//!
//! Goes by the same renewal windows as `expires-soon`. Refuses to judge what else is wrong with a certificate,
//! and to know what Google renews: ManagedCertificates are not in it.

use super::Context;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use std::cmp::Reverse;
use time::{Date, Duration, OffsetDateTime, Weekday};

/// A certificate, when it is due, and who renews it.
#[derive(Clone, Debug)]
pub struct Entry<'i> {
    /// Where it stands: the Secret, file or value.
    pub object: &'i ObjectRef,
    /// What it says.
    pub certificate: &'i Certificate,
    /// When it is due: its end less its renewal window.
    pub due: OffsetDateTime,
    /// Its renewal window.
    pub window: Duration,
    /// Who owns it, or, where it is opted in to it, certwright; none: whoever made it by hand.
    pub owner: Option<&'i str>,
    /// Whether that owner renews it without anybody's doing.
    pub is_automatic: bool,
    /// Whether anybody is hurt by its end, as far as can be told.
    pub is_used: bool,
}

/// What an entry is filed under, in the order of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// It has ended.
    Ended,
    /// It is due already.
    Overdue,
    /// It falls due in this week of ISO 8601.
    Week {
        /// The year that the week belongs to.
        year: i32,
        /// Its number, from 1.
        week: u8,
    },
}

impl When {
    /// The week of an instant, in UTC.
    #[must_use]
    pub fn week_of(at: OffsetDateTime) -> Self {
        let (year, week, _) = at.date().to_iso_week_date();
        Self::Week { year, week }
    }

    /// `ended`, `due` or `2026-W49`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Ended => "ended".to_owned(),
            Self::Overdue => "due".to_owned(),
            Self::Week { year, week } => format!("{year}-W{week:02}"),
        }
    }

    /// The first and the last day of a week; none of what is no week, or lies where no date is.
    #[must_use]
    pub fn days(self) -> Option<(Date, Date)> {
        let Self::Week { year, week } = self else { return None };
        let day = |weekday| Date::from_iso_week_date(year, week, weekday).ok();
        Some((day(Weekday::Monday)?, day(Weekday::Sunday)?))
    }
}

impl Entry<'_> {
    /// What it is filed under at this instant.
    #[must_use]
    pub fn when(&self, now: OffsetDateTime) -> When {
        if self.certificate.not_after < now {
            When::Ended
        } else if self.due <= now {
            When::Overdue
        } else {
            When::week_of(self.due)
        }
    }
}

/// Every certificate that is served or read, or would be, and is reported: of a chain the leaf. By week, in
/// each first what is used, then what nobody renews, then what ends first. `by`: only what is due by then.
#[must_use]
pub fn entries<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
    by: Option<OffsetDateTime>,
) -> Vec<Entry<'i>> {
    let leaves = inventory.bundles().filter_map(|(object, bundle)| Some((object, bundle.leaf()?)));
    let values = inventory.values().flat_map(|value| {
        let counting = value.counting();
        counting.map(move |(_, certificate)| (&value.object, certificate))
    });
    let all = leaves.chain(values).filter(|(object, _)| inventory.is_reported(object));
    let entries = all.map(|(object, certificate)| entry(inventory, context, object, certificate));
    let mut entries: Vec<Entry<'i>> =
        entries.filter(|entry| by.is_none_or(|by| entry.due <= by)).collect();
    entries.sort_by_cached_key(|entry| {
        let urgent = (Reverse(entry.is_used), entry.is_automatic);
        (entry.when(context.now), urgent, entry.certificate.not_after, entry.object)
    });
    entries
}

fn entry<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
    object: &'i ObjectRef,
    certificate: &'i Certificate,
) -> Entry<'i> {
    let secret = (object.kind == Kind::Secret).then(|| inventory.secret_at(object)).flatten();
    let window = context.policy.window(inventory, (certificate, object), secret);
    let (owner, is_automatic) = renewer(secret);
    // A certificate may end before any date that a window goes back to.
    let due = certificate.not_after.checked_sub(window).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let is_used = object.kind != Kind::Secret
        || inventory.is_in_use(object)
        || inventory.is_list_unseen(Kind::Ingress, object.namespace());
    Entry { object, certificate, due, window, owner, is_automatic, is_used }
}

/// Who renews what stands in a Secret, and whether without anybody's doing.
fn renewer(secret: Option<&SecretFacts>) -> (Option<&str>, bool) {
    let Some(secret) = secret else { return (None, false) };
    match &secret.owner {
        Some(owner) => (Some(owner.name.as_str()), owner.renews()),
        None if secret.rare.annotation_policy.rotate == Some(true) => (Some("certwright"), true),
        None => (None, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::policy::{Policy, read};
    use crate::audit::{Platform, Source};
    use crate::inventory::testing::{Pair, of_secrets};
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

    fn ending(days: i64) -> String {
        let key = rcgen::KeyPair::from_pem(KEY).expect("the key is good");
        let mut params =
            rcgen::CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        params.not_before = NOW - Duration::days(300);
        params.not_after = NOW + Duration::days(days);
        params.self_signed(&key).expect("it can be made").pem()
    }

    const KEY: &str = include_str!("../../testdata/pki/ec-p256-01.pem");

    /// Each entry as `week name due owner`, of those due by then.
    fn told(policy: &Policy, by: Option<OffsetDateTime>) -> Vec<String> {
        let pair = |name, days, served, annotations| Pair {
            name,
            crt: ending(days),
            key: KEY,
            served,
            annotations,
        };
        let manager = &[("cert-manager.io/certificate-name", "x")][..];
        let inventory = of_secrets(&[
            pair("gone", -1, None, &[]),
            pair("idle", 40, None, &[]),
            pair("hand", 41, Some("a.example"), &[]),
            pair("auto", 40, Some("a.example"), manager),
            pair("opted", 39, Some("a.example"), &[("certwright.dev/rotate", "true")]),
            pair("late", 20, None, &[("meta.helm.sh/release-name", "shop")]),
            pair("far", 130, None, &[]),
        ]);
        let (platform, source) = (Platform::Other, Source::Cluster);
        let context = Context { now: NOW, policy, platform, source };
        let line = |entry: &Entry<'_>| {
            let owner = entry.owner.unwrap_or("-");
            let by = if entry.is_automatic { "+" } else { "" };
            format!(
                "{} {} {} {owner}{by}",
                entry.when(NOW).name(),
                entry.object.name,
                entry.due.date()
            )
        };
        entries(&inventory, &context, by).iter().map(line).collect()
    }

    #[test]
    fn what_ended_comes_first_then_what_is_due_then_weeks_with_what_somebody_must_do_first() {
        assert_eq!(
            told(&Policy::default(), None),
            [
                "ended gone 2026-10-21 -",
                "due late 2026-11-11 Helm release shop",
                "2026-W49 hand 2026-12-02 -",
                "2026-W49 opted 2026-11-30 certwright+",
                "2026-W49 auto 2026-12-01 cert-manager+",
                "2026-W49 idle 2026-12-01 -",
                "2027-W09 far 2027-03-01 -",
            ]
        );
    }

    #[test]
    fn windows_of_the_policy_move_the_day_and_a_limit_leaves_the_rest_out() {
        let policy = read("renewBefore: [{window: 10d, for: {owners: none}}]", "p").expect("good");
        let due = told(&policy, None);
        assert!(due.iter().any(|it| it.contains("hand 2026-12-22")), "{due:?}");
        assert_eq!(told(&Policy::default(), Some(NOW)).len(), 2);
    }

    #[test]
    fn weeks_are_those_of_iso_8601_and_their_days_monday_to_sunday() {
        for (day, name, days) in [
            (
                date!(2026 - 12 - 31),
                "2026-W53",
                Some((date!(2026 - 12 - 28), date!(2027 - 01 - 03))),
            ),
            (
                date!(2027 - 01 - 03),
                "2026-W53",
                Some((date!(2026 - 12 - 28), date!(2027 - 01 - 03))),
            ),
            (
                date!(2027 - 01 - 04),
                "2027-W01",
                Some((date!(2027 - 01 - 04), date!(2027 - 01 - 10))),
            ),
            (
                date!(2025 - 12 - 29),
                "2026-W01",
                Some((date!(2025 - 12 - 29), date!(2026 - 01 - 04))),
            ),
            (date!(9999 - 12 - 31), "9999-W52", None),
        ] {
            let when = When::week_of(day.midnight().assume_utc());
            assert_eq!(when.name(), name);
            assert_eq!(when.days(), days, "{day}");
        }
    }
}
