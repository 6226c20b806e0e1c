//! Waiting for a rollout: what is said meanwhile, and how it ends when it comes to no end.

use super::{Controllers, PATIENCE, Pods, by_env, hand_made, make, one_of_each, restarted_at};
use crate::support::background::Background;
use crate::support::live::Live;
use serde_json::json;

fn with_a_deployment(test: &str) -> Option<(Live, Controllers)> {
    let live = Live::new(test)?;
    hand_made(&live, "a");
    make(&live, "Deployment", "web", &by_env(&["a"]), &json!({}));
    let controllers = Controllers::start(&live);
    Some((live, controllers))
}

fn rotating(live: &Live, more: &[&str]) -> Background {
    let args = [&["rotate", "--restart", "-n", &live.namespace], more].concat();
    Background::start(live.certwright().args(&args))
}

#[test]
fn a_rollout_that_takes_too_long_ends_in_the_commands_that_go_on_waiting() {
    let Some(live) = Live::new("a_rollout_that_takes_too_long") else { return };
    one_of_each(&live);
    let controllers = Controllers::start(&live);
    controllers.let_pods(Pods::Unseen);
    let ran = live.run(&["rotate", "secret/a", "--restart", "--timeout=10s"]).expect_code(124);
    let said = ran.flat_stderr();
    let status = |object: &str| format!("kubectl rollout status {object} -n {}", live.namespace);
    let commands = ["deployment/web", "statefulset/store", "daemonset/agent"].map(status);
    for words in [
        "deployment/web: its controller has not seen the restart yet (0 of 3 rolled out)",
        "timed out after 10s",
        "the Secret was replaced",
        commands.join(" && ").as_str(),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(ran.stdout.contains("1 replaced, 3 restarted"), "{}", ran.stdout);
    assert_ne!(restarted_at(&live, "deployment/web"), "");
}

#[test]
fn each_change_is_a_line_and_the_end_is_waited_for() {
    let Some((live, controllers)) = with_a_deployment("each_change_is_a_line") else { return };
    controllers.let_pods(Pods::Unseen);
    let mut run = rotating(&live, &["secret/a", "--timeout", PATIENCE]);
    run.wait_for("waiting: deployment/web: its controller has not seen the restart yet");
    controllers.let_pods(Pods::Hang);
    run.wait_for("waiting: deployment/web: 0 of 2 Pods are new");
    controllers.let_pods(Pods::ComeUp);
    run.wait_for("deployment/web is rolled out");
    run.end(0);
}

#[test]
fn a_deployment_that_gave_up_is_told_with_what_is_true_of_it() {
    let Some((live, controllers)) = with_a_deployment("a_deployment_that_gave_up") else { return };
    controllers.let_pods(Pods::GaveUp);
    let ran = live.run(&["rotate", "secret/a", "--restart", "--timeout", PATIENCE]).expect_code(4);
    let said = ran.flat_stderr();
    for words in [
        "deployment/web: its new Pods did not become available within progressDeadlineSeconds",
        "kubectl rollout undo takes back the restart, and not the new certificate",
        "the Secret was replaced",
        &format!("kubectl describe deployment/web -n {}", live.namespace),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_deployment_that_is_paused_in_the_middle_is_told_how_it_goes_on() {
    let Some((live, controllers)) = with_a_deployment("a_deployment_that_is_paused") else {
        return;
    };
    controllers.let_pods(Pods::Hang);
    let mut run = rotating(&live, &["secret/a", "--timeout", PATIENCE]);
    run.wait_for("0 of 2 Pods are new");
    live.kubectl(&["rollout", "pause", "deployment/web"]);
    let said = run.end(4);
    let resume = format!("kubectl rollout resume deployment/web -n {}", live.namespace);
    assert!(said.contains("it was paused before all of its Pods were replaced"), "{said}");
    assert!(said.contains(&resume), "{said}");
}

#[test]
fn a_deployment_that_is_deleted_meanwhile_is_waited_for_no_longer() {
    let Some((live, controllers)) = with_a_deployment("a_deployment_that_is_deleted") else {
        return;
    };
    controllers.let_pods(Pods::Hang);
    let mut run = rotating(&live, &["secret/a", "--timeout", PATIENCE]);
    run.wait_for("0 of 2 Pods are new");
    live.kubectl(&["delete", "deployment", "web"]);
    run.end(0);
}

#[test]
fn who_is_interrupted_while_it_rolls_out_is_told_how_to_go_on_waiting() {
    let Some((live, controllers)) = with_a_deployment("who_is_interrupted_while") else { return };
    controllers.let_pods(Pods::Hang);
    let mut run = rotating(&live, &["secret/a"]);
    run.wait_for("0 of 2 Pods are new");
    run.signal("INT");
    let said = run.end(130);
    let status = format!("kubectl rollout status deployment/web -n {}", live.namespace);
    assert!(said.contains("interrupted the rollout goes on by itself; to go on"), "{said}");
    assert!(said.contains(&status), "{said}");
}
