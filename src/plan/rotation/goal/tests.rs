//! Rotating as a goal, by table: what each look leads to when somebody else writes too.

use super::*;
use crate::inventory::testing::{Pair, of_secrets};
use crate::plan::rotation::KeyPolicy;
use rcgen::{CertificateParams, KeyPair};
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
/// Its signatures are the same each time, so a certificate that is made again is the same one.
const KEY: &str = include_str!("../../../../testdata/pki/ed25519.pem");

/// Secrets of namespace `shop`, each with a self-signed certificate that ends with November of a year.
type Seen = &'static [(&'static str, i32)];

fn inventory(seen: Seen) -> Inventory {
    let made = |year: i32| {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("ASCII");
        params.not_before = rcgen::date_time_ymd(year - 2, 12, 1);
        params.not_after = rcgen::date_time_ymd(year, 12, 1);
        let key = KeyPair::from_pem(KEY).expect("the key is good");
        params.self_signed(&key).expect("it can be made").pem()
    };
    let pair = |(name, year): &(&'static str, i32)| Pair {
        name,
        crt: made(*year),
        key: KEY,
        ..Pair::default()
    };
    of_secrets(&seen.iter().map(pair).collect::<Vec<_>>())
}

/// The Secrets that are named; all that is due when none is.
fn rotation(named: &[&str]) -> Rotation {
    let request = RotationRequest {
        named: named.iter().map(|name| ObjectRef::secret("shop", *name)).collect(),
        within: None,
        due: named.is_empty(),
        key_policy: KeyPolicy::New,
        key_type: None,
        lifetime: None,
        add_hosts: Vec::new(),
        max: 10,
        override_owner: false,
        backup: false,
        pinned: false,
        copies: None,
        force: false,
        issuer: None,
    };
    Rotation::new(request, Policy::default())
}

fn names(objects: impl Iterator<Item = ObjectRef>) -> String {
    objects.map(|object| object.name).collect::<Vec<_>>().join("+")
}

/// What each look leads to, and the whole plan at the end. A look is what is seen, and what is in
/// conflict when it is written.
fn told(mut goal: Rotation, looks: &[(Seen, &[&str])]) -> String {
    let mut told = Vec::new();
    for (seen, conflicts) in looks {
        told.push(match goal.next(&inventory(seen), NOW) {
            Next::Act { plan, order: Order::AtOnce, awaited: None } => {
                names(plan.steps.iter().map(|step| step.object().clone()))
            }
            Next::Done { reached: None, plan } if plan.steps.is_empty() => "done".to_owned(),
            other => format!("{other:?}"),
        });
        if !conflicts.is_empty() {
            let objects = conflicts.iter().map(|name| ObjectRef::secret("shop", *name));
            goal.was_in_conflict(objects.collect());
            told.push(format!("again {}", names(goal.only().iter().cloned())));
        }
    }
    let plan = goal.into_plan(NOW);
    let left_out = plan.skipped.iter().chain(&plan.refused);
    let left_out: Vec<String> =
        left_out.map(|one| format!("{} {}", one.object.name, one.reason.code())).collect();
    told.push(format!(
        "all: {}; {}; {} not due",
        names(plan.steps.iter().map(|step| step.object().clone())),
        left_out.join(", "),
        plan.not_due
    ));
    told.join(" | ")
}

#[test]
fn each_chosen_secret_is_replaced_once_whoever_else_writes() {
    let web: Seen = &[("web", 2026)];
    let both: Seen = &[("web", 2026), ("api", 2026)];
    for (what, goal, looks, expected) in [
        (
            "nobody else writes",
            rotation(&["web"]),
            &[(web, &[][..])][..],
            "web | all: web; ; 0 not due",
        ),
        (
            "another field was written meanwhile",
            rotation(&["web"]),
            &[(web, &["web"]), (web, &[])],
            "web | again web | web | all: web; ; 0 not due",
        ),
        (
            "somebody else put another certificate there",
            rotation(&["web"]),
            &[(web, &["web"]), (&[("web", 2028)], &[])],
            "web | again web | done | all: web; web already-replaced; 0 not due",
        ),
        (
            "of two, only one was in conflict",
            rotation(&["web", "api"]),
            &[(both, &["api"]), (both, &[])],
            "web+api | again api | api | all: web+api; ; 0 not due",
        ),
        (
            "it is gone when it is looked at again",
            rotation(&["web"]),
            &[(web, &["web"]), (&[], &[])],
            "web | again web | done | all: web; web not-found; 0 not due",
        ),
        (
            "of a batch only what is due, the most urgent first",
            rotation(&[]),
            &[(&[("later", 2028), ("web", 2026), ("old", 2025)], &[])],
            "old+web | all: old+web; ; 1 not due",
        ),
        (
            "a batch in conflict is named from then on",
            rotation(&[]),
            &[(&[("web", 2026), ("old", 2025)], &["old"]), (both, &[])],
            "old+web | again old | done | all: old+web; old not-found; 0 not due",
        ),
        (
            "nothing is due",
            rotation(&[]),
            &[(&[("later", 2028)], &[])],
            "done | all: ; ; 1 not due",
        ),
    ] {
        assert_eq!(told(goal, looks), expected, "{what}");
    }
}
