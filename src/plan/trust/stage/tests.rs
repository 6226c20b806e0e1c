//! Stages by table: what stands in the cluster, and what is next.

use super::*;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

fn hours(number: i64) -> OffsetDateTime {
    NOW + Duration::hours(number)
}

#[test]
fn what_is_next_is_told_by_what_stands_there() {
    let old = Standing {
        holds: Holds::Old,
        is_published: true,
        hands_out_old: true,
        published_at: None,
        switched_at: None,
        soak: Duration::DAY,
        old_ends: NOW + Duration::days(90),
    };
    let new = Standing { holds: Holds::New, old_ends: NOW, ..old };
    for (what, standing, expected) in [
        ("a bundle lacks it", Standing { is_published: false, ..old }, Stage::Publish),
        (
            "a bundle has lost it",
            Standing { is_published: false, published_at: Some(hours(-30)), ..old },
            Stage::Publish,
        ),
        ("all have it", old, Stage::NotePublished),
        (
            "since three hours",
            Standing { published_at: Some(hours(-3)), ..old },
            Stage::Soak(NOW + Duration::hours(21)),
        ),
        ("since a day", Standing { published_at: Some(hours(-24)), ..old }, Stage::Switch),
        ("since tomorrow", Standing { published_at: Some(hours(24)), ..old }, Stage::NotePublished),
        (
            "nothing is to soak",
            Standing { published_at: Some(hours(0)), soak: Duration::ZERO, ..old },
            Stage::Switch,
        ),
        (
            "the old one ends before",
            Standing {
                published_at: Some(hours(-3)),
                old_ends: NOW + Duration::minutes(15),
                ..old
            },
            Stage::Switch,
        ),
        (
            "it was rolled back",
            Standing { published_at: Some(hours(-30)), switched_at: Some(hours(-1)), ..old },
            Stage::Forget,
        ),
        ("it is served", new, Stage::NoteSwitched),
        (
            "it is served, and noted",
            Standing { switched_at: Some(hours(-1)), ..new },
            Stage::Retire,
        ),
        (
            "it is served, and a bundle has lost it",
            Standing { is_published: false, switched_at: Some(hours(-1)), ..new },
            Stage::Publish,
        ),
        (
            "the old one is nowhere",
            Standing { hands_out_old: false, switched_at: Some(hours(-1)), ..new },
            Stage::Finish,
        ),
        ("somebody else was there", Standing { holds: Holds::Another, ..old }, Stage::Elsewhere),
    ] {
        assert_eq!(stage(&standing, NOW), expected, "{what}");
    }
}

#[test]
fn it_soaks_no_longer_than_the_old_one_lives() {
    let at = |soak, left| switches_at(NOW, soak, NOW + left) - NOW;
    for (soak, left, expected) in [
        (Duration::DAY, Duration::days(90), Duration::DAY),
        (Duration::ZERO, Duration::days(90), Duration::ZERO),
        (Duration::DAY, Duration::hours(25), Duration::DAY),
        (Duration::DAY, Duration::hours(24), Duration::hours(23)),
        (Duration::DAY, Duration::hours(1), Duration::minutes(54)),
        (Duration::DAY, Duration::ZERO, Duration::ZERO),
        (Duration::DAY, -Duration::DAY, Duration::ZERO),
        (-Duration::DAY, Duration::DAY, Duration::ZERO),
    ] {
        assert_eq!(at(soak, left), expected, "{soak} of {left}");
    }
}

/// Every pair of lengths: the switch is never before it was handed out, never after the old one's end, and
/// as late as it was asked for where that is before.
#[test]
fn the_switch_lies_between_handing_out_and_the_end() {
    let lengths = [0, 1, 59, 3_599, 3_600, 3_601, 86_399, 86_400, 7 * 86_400, i64::from(u32::MAX)];
    for soak in lengths.map(Duration::seconds) {
        for left in lengths.map(Duration::seconds) {
            let at = switches_at(NOW, soak, NOW + left);
            assert!(at >= NOW && at <= NOW + left, "{soak} of {left}: {at}");
            assert!(at <= NOW + soak, "{soak} of {left}: {at}");
            assert!(soak + SPARE > left || at == NOW + soak, "{soak} of {left}: {at}");
        }
    }
}

#[test]
fn a_ca_is_rolled_before_what_it_signs_is_cut_short() {
    let ends = datetime!(2036-11-21 00:00 UTC);
    let latest = latest_start(ends, Duration::DAY, Duration::days(365));
    assert_eq!(latest, ends - Duration::days(366));
    // Whatever is signed until the switch ends before the CA does.
    assert!(switches_at(latest, Duration::DAY, ends) + Duration::days(365) <= ends);
}
