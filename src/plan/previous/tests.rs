//! Which name a backup has, which of its places is what was there before, and what it tells.

use super::*;
use crate::object_ref::check_object_name;
use time::macros::datetime;

fn backup(sha256: &str, at: OffsetDateTime) -> Backup {
    Backup {
        object: ObjectRef::secret("shop", "web-previous"),
        until: Some(datetime!(2027-01-31 00:00 UTC)),
        sha256: Some(sha256.to_owned()),
        at,
        purpose: Purpose::Replace,
    }
}

#[test]
fn the_name_of_a_backup_is_one_that_the_api_server_takes_however_long_the_secrets_is() {
    let short = |name: &str| beside(&ObjectRef::secret("shop", name)).name;
    assert_eq!(short("web"), "web-previous");
    let mut names = Vec::new();
    for length in [243, 244, 245, 252, 253] {
        // Where it is cut off there may be a dot, behind which a name must not go on with a dash.
        let dotted: String = "a.".chars().cycle().take(length - 1).collect();
        for name in ["a".repeat(length), format!("{dotted}b")] {
            let name = short(&name);
            assert!(name.len() <= LONGEST_NAME && name.ends_with(ENDING), "{length}: {name}");
            assert!(check_object_name(&name).is_ok(), "{length}: {name}");
            names.push(name);
        }
    }
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "no two share a backup");
}

#[test]
fn what_was_there_before_is_the_place_that_the_secret_does_not_hold() {
    for (first, second, now, expected) in [
        // As a rotation leaves it.
        (Some("a"), None, "b", Some(Place::First)),
        // Cut off before the switch of a first rotation: nothing was before.
        (Some("a"), None, "a", None),
        // Cut off before the switch of a second one: what was before stays to be had.
        (Some("b"), Some("a"), "b", Some(Place::Second)),
        (Some("b"), Some("a"), "c", Some(Place::First)),
        // A rollback, before the switch and after it.
        (Some("a"), Some("b"), "b", Some(Place::First)),
        (Some("a"), Some("b"), "a", Some(Place::Second)),
        (None, None, "a", None),
    ] {
        let value = |key: &str| match key {
            "tls.crt" => first.map(str::as_bytes),
            "older.tls.crt" => second.map(str::as_bytes),
            _ => None,
        };
        let found = place_of_previous(value, now.as_bytes());
        assert_eq!(found, expected, "{first:?} {second:?} {now}");
    }
}

#[test]
fn a_key_that_waited_alone_is_found_too() {
    let value = |key: &str| (key == "tls.key").then_some(&b"key"[..]);
    assert_eq!(place_of_previous(value, b"a"), Some(Place::First));
}

#[test]
fn history_is_bounded_and_tells_the_same_try_once() {
    let first = datetime!(2026-11-30 10:00 UTC);
    let mut told = String::new();
    for number in 0..30 {
        let at = first + time::Duration::hours(number);
        let one = backup(&format!("{number:064x}"), at);
        told = one.annotations("web", Some(&told)).remove(HISTORY).expect("there is one");
        // The same once more, as after a run that was cut off.
        told = one.annotations("web", Some(&told)).remove(HISTORY).expect("there is one");
    }
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), MOST_OF_HISTORY);
    assert_eq!(lines[0], format!("2026-12-01T15:00:00Z sha256:{:064x}", 29));
    assert_eq!(lines[9], format!("2026-12-01T06:00:00Z sha256:{:064x}", 20));
}

#[test]
fn labels_of_people_are_kept_and_those_of_tools_are_not() {
    let of = |keys: &[&str]| -> BTreeMap<String, String> {
        keys.iter().map(|key| ((*key).to_owned(), "x".to_owned())).collect()
    };
    let kept = labels(&of(&[
        "team",
        "app",
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/managed-by",
        "argocd.argoproj.io/secret-type",
        "kustomize.toolkit.fluxcd.io/name",
        "helm.sh/chart",
    ]));
    let keys: Vec<&str> = kept.keys().map(String::as_str).collect();
    assert_eq!(keys, ["app", "app.kubernetes.io/managed-by", "app.kubernetes.io/name", "team"]);
    assert_eq!(kept[MANAGED_BY], OUR_NAME);
}

#[test]
fn only_what_bears_all_the_marks_is_a_backup_of_this_secret() {
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let (ours, of_web) = (map(MANAGED_BY, OUR_NAME), map(PREVIOUS_OF, "web"));
    let (helms, of_other) = (map(MANAGED_BY, "Helm"), map(PREVIOUS_OF, "other"));
    let is = |kind, labels, annotations| is_of("web", kind, labels, annotations);
    assert!(is(Some(PREVIOUS_SECRET), Some(&ours), Some(&of_web)));
    assert!(!is(Some("Opaque"), Some(&ours), Some(&of_web)));
    assert!(!is(Some(PREVIOUS_SECRET), Some(&helms), Some(&of_web)));
    assert!(!is(Some(PREVIOUS_SECRET), Some(&ours), Some(&of_other)));
    assert!(!is(Some(PREVIOUS_SECRET), None, None));
}
