//! Killed in the middle and run again: it comes to the same as a run that nobody disturbed.

use super::{bootstrap, bootstrapping, milvus, objects, versions, written};
use crate::support::background::Background;
use crate::support::live::Live;
use serde_json::Value;
use std::collections::BTreeMap;

/// What people would call the result.
fn result(live: &Live) -> BTreeMap<String, Value> {
    objects(live).into_iter().map(|(name, object)| (name, written(&object))).collect()
}

/// Kills it when it has begun its `n`th step; false when it has fewer.
fn killed_at_step(live: &Live, flags: &[&str], n: usize) -> bool {
    let mut run = Background::start(bootstrapping(live, flags).args(&["-v"]));
    let mut steps = 0;
    while let Some(line) = run.line() {
        steps += usize::from(line.starts_with("create") || line.starts_with("patch"));
        if steps == n {
            return true;
        }
    }
    false
}

fn killed_at_every_step(test: &str, flags: &[&str]) {
    let Some(undisturbed) = milvus(test) else { return };
    bootstrap(&undisturbed, flags).expect_code(0);
    let expected = result(&undisturbed);
    for n in 1.. {
        let Some(live) = milvus(&format!("{test}_{n}")) else { return };
        if !killed_at_step(&live, flags, n) {
            assert_eq!(n, expected.len() + 1, "every object is a step");
            break;
        }
        bootstrap(&live, flags).expect_code(0);
        assert_eq!(result(&live), expected, "killed at step {n}");
        let before = versions(&live);
        bootstrap(&live, flags).expect_code(0);
        assert_eq!(versions(&live), before, "killed at step {n}: a second run must write nothing");
    }
}

#[test]
fn way_a_killed_at_any_step_converges_when_run_again() {
    killed_at_every_step("way_a_killed_at_any_step", &["--no-wait"]);
}

#[test]
fn way_b_killed_at_any_step_converges_when_run_again() {
    killed_at_every_step("way_b_killed", &["--google-managed", "--http", "redirect", "--no-wait"]);
}
