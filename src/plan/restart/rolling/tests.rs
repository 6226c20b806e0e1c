//! Numbers in, what is waited for out.

use super::*;
use crate::inventory::testing::{absent, rollouts};

fn seen(numbers: &str) -> RolloutSeen {
    let mut seen = RolloutSeen { generation: 2, observed_generation: 2, ..RolloutSeen::default() };
    for word in numbers.split(' ') {
        let (name, number) = word.split_once('=').unwrap_or((word, "1"));
        let number = number.parse().expect("a number");
        match name {
            "observed" => seen.observed_generation = number,
            "wanted" => seen.wanted = number,
            "pods" => seen.pods = number,
            "updated" => seen.updated = number,
            "ready" => seen.ready = number,
            "available" => seen.available = number,
            "partition" => seen.partition = number,
            "paused" => seen.paused = true,
            "gave-up" => seen.gave_up = true,
            _ => panic!("{word}"),
        }
    }
    seen
}

#[test]
fn a_rollout_is_through_when_kubectl_calls_it_so() {
    use Kind::{DaemonSet, Deployment, StatefulSet};
    let unseen = "its controller has not seen the restart yet";
    let paused = "! it was paused before all of its Pods were replaced";
    let gave_up = "! its new Pods did not become available within progressDeadlineSeconds";
    for (kind, numbers, expected) in [
        (Deployment, "observed=1 wanted=3 pods=3 updated=3 available=3", unseen),
        (Deployment, "wanted=3 pods=4 updated=1 available=3", "1 of 3 Pods are new"),
        (Deployment, "wanted=3 pods=4 updated=3 available=3", "1 old Pod is still there"),
        (Deployment, "wanted=3 pods=5 updated=3 available=3", "2 old Pods are still there"),
        (Deployment, "wanted=3 pods=3 updated=3 available=2", "2 of 3 new Pods are available"),
        (Deployment, "wanted=3 pods=3 updated=3 available=3", ""),
        (Deployment, "wanted=0", ""),
        (Deployment, "wanted=3 pods=4 updated=1 available=3 gave-up", gave_up),
        (Deployment, "observed=1 wanted=3 gave-up", unseen),
        (Deployment, "wanted=3 pods=4 updated=1 available=3 paused", paused),
        (Deployment, "observed=1 wanted=3 pods=3 updated=3 paused", paused),
        (Deployment, "wanted=3 pods=3 updated=3 available=3 paused", ""),
        (StatefulSet, "observed=1 wanted=3 ready=3 updated=3", unseen),
        (StatefulSet, "wanted=3 ready=2 updated=1", "2 of 3 Pods are ready"),
        (StatefulSet, "wanted=3 ready=3 updated=1", "1 of 3 Pods are new"),
        (StatefulSet, "wanted=3 ready=3 updated=3", ""),
        (StatefulSet, "wanted=3 ready=3 updated=0 partition=2", "0 of 1 Pods are new"),
        (StatefulSet, "wanted=3 ready=3 updated=1 partition=2", ""),
        (StatefulSet, "wanted=3 ready=3 updated=0 partition=9", ""),
        (DaemonSet, "observed=1 wanted=2 updated=2 available=2", unseen),
        (DaemonSet, "wanted=2 updated=1 available=2", "1 of 2 Pods are new"),
        (DaemonSet, "wanted=2 updated=2 available=1", "1 of 2 new Pods are available"),
        (DaemonSet, "wanted=2 updated=2 available=2", ""),
        (DaemonSet, "wanted=0", ""),
    ] {
        let workload = ObjectRef::namespaced(kind, "shop", "web");
        let told = match state(&workload, &seen(numbers)) {
            State::Through => String::new(),
            State::Rolling(what) => what,
            State::Stuck(advice) => format!("! {}", advice.message),
        };
        let is_it = if expected == gave_up { told.starts_with(expected) } else { told == expected };
        assert!(is_it, "{kind} {numbers}: {told}");
    }
}

#[test]
fn several_are_waited_for_until_only_what_is_stuck_is_left() {
    let named = |name: &str| ObjectRef::namespaced(Kind::Deployment, "shop", name);
    let through = || seen("wanted=1 pods=1 updated=1 available=1");
    let mut goal = RollingOut::new(vec![named("a"), named("b"), named("c"), named("gone")]);
    let rolling = || seen("wanted=1 pods=1 updated=0 available=1");
    let stuck = || seen("wanted=1 pods=2 updated=1 available=1 gave-up");
    let mut next = |looked: Vec<(&str, RolloutSeen)>, gone: &[&str]| {
        let seen = looked.into_iter().map(|(name, seen)| (named(name), seen)).collect();
        let mut inventory = rollouts(seen);
        for name in gone {
            absent(&mut inventory, &named(name));
        }
        match goal.next(&inventory, OffsetDateTime::UNIX_EPOCH) {
            Next::Wait { awaited: Rollouts { done, total, waiting }, .. } => {
                let names = waiting.iter().map(|(workload, _)| workload.name.clone());
                format!("wait {done} of {total}: {}", names.collect::<Vec<_>>().join(" "))
            }
            Next::Hopeless { awaited, advice, .. } => {
                format!("hopeless {}: {} → {}", awaited.done, advice.message, advice.remedy)
            }
            Next::Done { .. } => "done".to_owned(),
            other => format!("{other:?}"),
        }
    };
    let all = vec![("a", rolling()), ("b", stuck()), ("c", rolling())];
    assert_eq!(next(all, &["gone"]), "wait 1 of 4: a b c");
    let all = vec![("a", through()), ("b", stuck()), ("c", rolling())];
    assert_eq!(next(all, &[]), "wait 2 of 4: b c");
    // What is through is not asked for again.
    let told = next(vec![("b", stuck()), ("c", through())], &[]);
    assert!(told.starts_with("hopeless 3: deployment/b: its new Pods did not become"), "{told}");
    assert!(told.ends_with("→ kubectl describe deployment/b -n shop"), "{told}");
    assert_eq!(next(vec![("b", through())], &[]), "done");
}
