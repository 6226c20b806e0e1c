//! What a certificate is to hold, and what of a wish is refused.

use super::*;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

fn server(names: &[&str]) -> Result<Profile, ProfileError> {
    let names = names.iter().map(|text| San::Dns((*text).to_owned())).collect();
    Profile::server(names, None, KeyType::P256, dates(NOW, Duration::days(365))?)
}

#[test]
fn a_certificate_is_backdated_five_minutes_and_lives_from_now() {
    let profile = server(&["a.example"]).expect("the name is good");
    assert_eq!(profile.not_before, datetime!(2026-11-20 23:55 UTC));
    assert_eq!(profile.not_after, datetime!(2027-11-21 00:00 UTC));
}

#[test]
fn names_are_lower_case_and_without_doubles() {
    let profile = server(&["A.example", "a.example", "b.example"]).expect("the names are good");
    assert_eq!(profile.name_texts().collect::<Vec<_>>(), ["a.example", "b.example"]);
}

#[test]
fn the_common_name_is_the_first_name_that_fits_64_bytes() {
    let long = format!("{}.example", "a".repeat(60));
    let profile = server(&[&long, "b.example"]).expect("the names are good");
    assert_eq!(profile.subject, [Attribute::new(oid::COMMON_NAME, "b.example")]);
    assert_eq!(server(&[&long]).expect("the name is good").subject, []);
}

#[test]
fn a_renewed_certificate_lives_as_long_as_before_and_never_grows() {
    let mut window = dates(NOW, Duration::days(365)).expect("in range");
    let first = window;
    for _ in 0..3 {
        window = renewed_dates(NOW, window).expect("in range");
    }
    assert_eq!(window, first);
}

#[test]
fn a_lifetime_stays_as_it_is_however_often_it_is_rotated() {
    let seconds = |text: &str| crate::duration::parse_duration(text).expect(text);
    for asked in
        ["1m", "90s", "10m", "15m", "55m", "1h", "90m", "6h", "24h", "36h30m", "30d", "825d"]
    {
        let first = dates(NOW, seconds(asked)).expect("in range");
        let mut window = first;
        for turn in 1..=100 {
            window = renewed_dates(NOW + Duration::hours(turn), window).expect("in range");
        }
        let lives = window.1 - window.0;
        let longest = MAX_ROTATED_LIFETIME;
        assert_eq!(lives, (first.1 - first.0).min(longest), "{asked} by certwright");
    }
    // By others, with what they date back: it settles at the first rotation, at the same lifetime
    // from end to end or, of whole days and of seconds, from the instant it is made.
    for (window, lives) in [
        ("1d", "1d5m"),
        ("365d", "365d5m"),
        ("720h30s", "720h30s"),
        ("2159h59m59s", "2159h59m59s"),
        ("12h", "12h"),
        ("15m30s", "15m30s"),
        ("6m", "6m"),
        ("5m30s", "5m30s"),
        ("5m", "10m"),
        ("30s", "5m30s"),
        ("1s", "5m1s"),
    ] {
        let mut dates = (NOW, NOW + seconds(window));
        for _ in 0..100 {
            dates = renewed_dates(NOW, dates).expect("in range");
            assert_eq!(dates.1 - dates.0, seconds(lives), "{window} by others");
            assert!(dates.1 > NOW, "{window}: it is valid when it is made");
        }
    }
}

#[test]
fn a_lifetime_over_825_days_becomes_825_days_from_end_to_end() {
    let guide = (NOW, NOW + Duration::days(99_999));
    let (not_before, not_after) = renewed_dates(NOW, guide).expect("in range");
    assert_eq!(not_after - not_before, Duration::days(825));
}

#[test]
fn lifetimes_that_no_certificate_can_say_are_refused() {
    for lifetime in [Duration::ZERO, Duration::days(-1), Duration::MAX, Duration::days(4_000_000)] {
        assert!(dates(NOW, lifetime).is_err(), "{lifetime}");
    }
}

#[test]
fn a_common_name_looks_like_what_it_is() {
    let make = |name: &str| {
        let dates = dates(NOW, Duration::DAY)?;
        Profile::authority(name.to_owned(), KeyType::P256, dates).map(|_| ())
    };
    for good in ["Shop CA", "Käse ☕ 商店", "متجر", "می\u{200c}خواهم"] {
        assert_eq!(make(good), Ok(()));
    }
    for (bad, why) in [
        ("", "is empty"),
        (" Shop", "begins or ends with a blank"),
        ("Shop\u{a0}", "begins or ends with a blank"),
        ("a\u{202e}b", "has a character that nobody sees"),
        ("a\u{200b}b", "has a character that nobody sees"),
        ("\u{feff}a", "has a character that nobody sees"),
        ("a\u{1b}[31m", "has a control character"),
    ] {
        let told = make(bad).expect_err(why).to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_certificate_without_a_name_is_refused() {
    assert!(server(&[]).is_err());
}
