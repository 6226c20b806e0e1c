//! Restarting what keeps the old certificate, once Secrets are written, and waiting until that is rolled out.
//!
//! Knows that a restart that fails takes nothing from what was written: it is told, with the command that does
//! it. Refuses to decide who is restarted: that is the plan's.
#![expect(
    clippy::disallowed_methods,
    reason = "an API server that is away is waited for as long as a request"
)]

use super::record::Record;
use super::waiting::changes;
use super::{CommandError, Result, Run};
use crate::cluster::Client;
use crate::cluster::error::Failure;
use crate::converge::drive::{Driven, End, Means, View, drive};
use crate::converge::gather::GatherError;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan::outcome::{Done, Failed, FailureReason, Outcome};
use crate::plan::restart::rolling::{RollingOut, Rollouts};
use crate::plan::restart::{self, Restarting, rollout_command};
use crate::plan::step::{Exclusion, PatchObject, Plan, Step};
use crate::remedy::{Advice, Remedy};
use crate::render::progress;
use std::convert::Infallible;
use tokio::time::Instant;

/// Where workloads are restarted, and whether the server only tries it.
#[derive(Clone, Copy)]
pub(crate) struct Restarts<'a> {
    /// The cluster.
    pub(crate) client: &'a Client,
    /// Whether anybody wants it.
    pub(crate) wanted: bool,
    /// See [`Means::dry_run`].
    pub(crate) dry_run: bool,
    /// What is told where the command is cut short.
    pub(crate) record: &'a Record,
}

/// Puts what is to be restarted behind the steps of a plan, where that is wanted.
pub(crate) fn planned(plan: &mut Plan, seen: &Inventory, wanted: bool, run: Run<'_>) {
    if !wanted {
        return;
    }
    let steps = std::mem::take(&mut plan.steps);
    let secrets: Vec<&ObjectRef> = steps.iter().filter_map(Step::replaced).collect();
    let mut restarts = Plan::empty(plan.now);
    restart::planned(&mut restarts, seen, &secrets, run.now());
    let steps_of = restarts.steps.iter().map(Step::object);
    let told = steps_of.chain(restarts.skipped.iter().map(|left| &left.object));
    let told: Vec<ObjectRef> = told.cloned().collect();
    if told.is_empty() && !secrets.is_empty() {
        plan.notes.extend(nothing_to_restart(seen, &secrets));
    }
    plan.steps = steps.into_iter().map(|step| told_once(step, &told)).collect();
    plan.steps.extend(restarts.steps);
    plan.skipped.extend(restarts.skipped);
}

/// Restarts what keeps the certificates that these outcomes have replaced, each workload once, and adds what
/// became of it. What was restarted, and is to be waited for.
pub(crate) async fn carry_out(
    (plan, outcomes): (&mut Plan, &mut Vec<Outcome>),
    seen: &Inventory,
    restarts: Restarts<'_>,
    run: Run<'_>,
) -> Vec<ObjectRef> {
    if !restarts.wanted {
        return Vec::new();
    }
    let is_done = |outcome: &&Outcome| outcome.result.is_ok();
    let written = outcomes.iter().filter(is_done).filter_map(|outcome| outcome.step.replaced());
    let written: Vec<&ObjectRef> = written.collect();
    let all = restart::of_secrets(seen, &written);
    if all.is_empty() && !written.is_empty() {
        plan.notes.extend(nothing_to_restart(seen, &written));
    }
    carry_out_these(all, (plan, outcomes), seen, restarts, run).await
}

/// The same of these workloads, each with why.
pub(crate) async fn carry_out_these(
    all: Vec<(ObjectRef, Vec<String>)>,
    (plan, outcomes): (&mut Plan, &mut Vec<Outcome>),
    seen: &Inventory,
    restarts: Restarts<'_>,
    run: Run<'_>,
) -> Vec<ObjectRef> {
    let mut restarted = Vec::new();
    let mut done = Vec::new();
    for (number, (workload, why)) in all.iter().cloned().enumerate() {
        let rest = all.iter().skip(number).map(|(workload, _)| workload.clone());
        leave(restarts, "restart", &rest.collect::<Vec<_>>(), seen);
        let became = match restart::left(&workload) {
            Some(left) => Became::Left(vec![left]),
            None => Box::pin(one(&workload, why, restarts, run)).await,
        };
        match became {
            Became::Restarted(outcome) => {
                restarted.push(workload);
                done.push(*outcome);
            }
            Became::Left(left) => plan.skipped.extend(left),
            Became::Failed(step, failed) => {
                let failed = told_with_command(failed, &workload, seen);
                done.push(Outcome { step: Step::PatchObject(*step), result: Err(failed) });
            }
        }
    }
    restarts.record.leave(Vec::new());
    let told: Vec<ObjectRef> = all.into_iter().map(|(workload, _)| workload).collect();
    let mine = std::mem::take(outcomes).into_iter();
    *outcomes = mine.map(|one| Outcome { step: told_once(one.step, &told), ..one }).collect();
    outcomes.extend(done);
    if restarts.dry_run { Vec::new() } else { restarted }
}

/// That no workload keeps a certificate of these Secrets, where that is known.
fn nothing_to_restart(seen: &Inventory, secrets: &[&ObjectRef]) -> Option<String> {
    let told = "no workload keeps the old certificate, so that none is restarted";
    (!restart::is_unknown(seen, secrets)).then(|| told.to_owned())
}

/// Has it told how the rest of these is restarted, or waited for, where the command is cut short.
fn leave(restarts: Restarts<'_>, verb: &str, rest: &[ObjectRef], seen: &Inventory) {
    if restarts.dry_run {
        return;
    }
    let first = match verb {
        "restart" => {
            "these keep the old certificate until they are restarted, if they were not by then:"
        }
        _ => "the rollout goes on by itself; to go on waiting for it:",
    };
    let command = |workload| Remedy::from(rollout_command(verb, workload)).aimed(seen.target());
    let commands = rest.iter().map(|workload| format!("  {}", command(workload)));
    restarts.record.leave(std::iter::once(first.to_owned()).chain(commands).collect());
}

/// How a command ends that was to restart what keeps the certificates of this plan's Secrets: who does is not
/// known where workloads could not be listed.
pub(crate) fn exit(exit: Exit, (plan, seen): (&Plan, &Inventory), wanted: bool) -> Exit {
    let secrets: Vec<&ObjectRef> = plan.steps.iter().filter_map(Step::replaced).collect();
    let is_unknown = wanted && restart::is_unknown(seen, &secrets);
    if exit == Exit::Done && is_unknown { Exit::Incomplete } else { exit }
}

/// What became of one workload.
enum Became {
    Restarted(Box<Outcome>),
    Left(Vec<Exclusion>),
    Failed(Box<PatchObject>, Failed),
}

/// Restarts one workload. An API server that is away is waited for as long as for one request.
async fn one(
    workload: &ObjectRef,
    why: Vec<String>,
    Restarts { client, dry_run, .. }: Restarts<'_>,
    run: Run<'_>,
) -> Became {
    let mut goal = Restarting::new(workload.clone(), why, run.now());
    let limit = Instant::now() + run.global.request_timeout.unsigned_abs();
    let deadline = Some(run.deadline.map_or(limit, |deadline| deadline.min(limit)));
    let means = Means { deadline, ..run.means(dry_run) };
    let view = View::Asked(client);
    let driven = Box::pin(drive(&mut goal, (&view, &means), true, run.world, &mut |_| ())).await;
    let step = goal.into_step();
    let unknown = || Box::new(restart::unseen(workload));
    match driven {
        Err(error) => {
            let is_forbidden = matches!(&error, GatherError::Cluster(error) if error.failure == Failure::Forbidden);
            let reason =
                if is_forbidden { FailureReason::Forbidden } else { FailureReason::Refused };
            let CommandError { message, remedy, .. } = error.into();
            Became::Failed(unknown(), Failed::of(reason, message, remedy))
        }
        Ok(driven) => became(driven, step, unknown),
    }
}

fn became(
    mut driven: Driven<Infallible>,
    step: Option<PatchObject>,
    unknown: impl Fn() -> Box<PatchObject>,
) -> Became {
    match (driven.outcomes.pop(), step) {
        (Some(Outcome { step: Step::PatchObject(step), result: Err(failed) }), _) => {
            Became::Failed(Box::new(step), failed)
        }
        (Some(outcome), _) => Became::Restarted(Box::new(outcome)),
        (None, _) if driven.end == End::Refused => Became::Left(driven.plan.refused),
        // Its answer never came, and at the next look it was done.
        (None, Some(step)) if driven.end == End::Done => {
            let done = Done { after: None, resource_version: None, tried_only: false };
            let step = Step::PatchObject(step);
            Became::Restarted(Box::new(Outcome { step, result: Ok(done) }))
        }
        (None, None) if driven.end == End::Done => Became::Left(Vec::new()),
        (None, step) => {
            let message = "the API server did not answer";
            let failed = Failed::of(FailureReason::Away, message, "try again");
            Became::Failed(step.map_or_else(unknown, Box::new), failed)
        }
    }
}

/// A failure with the command that does it by hand, whatever it was.
fn told_with_command(failed: Failed, workload: &ObjectRef, seen: &Inventory) -> Failed {
    let why = match failed.reason {
        FailureReason::Forbidden => format!("{}; {}", failed.message, failed.remedy),
        _ => failed.message,
    };
    let message = format!("{why}; the Secret is written, and its Pods keep the old certificate");
    let remedy = Remedy::from(rollout_command("restart", workload)).aimed(seen.target());
    Failed { message, remedy, ..failed }
}

/// The step without the commands that restart these: what is to be done about them is told of each itself.
fn told_once(mut step: Step, told: &[ObjectRef]) -> Step {
    if let Step::ReplacePair(step) = &mut step {
        for reader in &mut step.readers {
            if told.iter().any(|workload| workload.same_object(&reader.workload)) {
                reader.remedy = None;
            }
        }
    }
    step
}

/// Waits until all Pods of these workloads are replaced, and tells on stderr how far that is. `done` is what the
/// command has done before, for when the time is up.
pub(crate) async fn until_rolled_out(
    restarts: Restarts<'_>,
    (workloads, seen): (Vec<ObjectRef>, &Inventory),
    done: &str,
    (run, output): (Run<'_>, &mut Output),
) -> Result<()> {
    let number = workloads.len();
    let Some(first) = workloads.first().map(ObjectRef::short) else { return Ok(()) };
    output.flush()?;
    let busy = output.busy("waiting for the rollout", None);
    let (means, view) = (run.means(false), View::Asked(restarts.client));
    leave(restarts, "status", &workloads, seen);
    let mut tell = changes(output, progress::of_rollouts);
    let mut goal = RollingOut::new(workloads);
    let driven = Box::pin(drive(&mut goal, (&view, &means), true, run.world, &mut tell)).await;
    restarts.record.leave(Vec::new());
    let driven = driven?;
    drop(tell);
    drop(busy);
    match &driven.end {
        End::Done => {
            output.say(&match number {
                1 => format!("{first} is rolled out"),
                number => format!("all {number} restarted workloads are rolled out"),
            });
            Ok(())
        }
        End::Hopeless(Advice { message, remedy }) => {
            Err(CommandError::failed(format!("{message}; {done}"), remedy.clone()))
        }
        _ => Err(not_through(&driven, done, run)),
    }
}

/// That the time was up, who is not through, and the command that goes on waiting.
fn not_through(driven: &Driven<Rollouts>, done: &str, run: Run<'_>) -> CommandError {
    let limit = run.global.timeout.map(time::Duration::unsigned_abs).unwrap_or_default();
    let awaited = driven.awaited.as_ref();
    let waiting = awaited.map_or_else(
        || "the API server did not answer in that time".to_owned(),
        progress::not_rolled_out,
    );
    let pending = awaited.map(|awaited| awaited.waiting.as_slice()).unwrap_or_default();
    let commands = pending.iter().map(|(workload, _)| rollout_command("status", workload));
    let remedy = match commands.reduce(crate::remedy::CommandLine::and) {
        Some(command) => Remedy::from(command).aimed(driven.seen.inventory.target()),
        None => "look at the workloads with kubectl rollout status".into(),
    };
    let message = format!("timed out after {limit:?}: {waiting}; {done}");
    CommandError { exit: Exit::TimedOut, message, remedy }
}

/// What a command has done, for what is told of a wait that comes to no good end.
pub(crate) fn done(outcomes: &[Outcome]) -> String {
    let replaced = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let steps: Vec<&Step> = replaced.map(|outcome| &outcome.step).collect();
    let puts_back = |step: &&Step| matches!(step, Step::ReplacePair(step) if step.puts_back());
    let verb = if steps.iter().any(puts_back) { "restored" } else { "replaced" };
    match steps.iter().filter(|step| step.replaced().is_some()).count() {
        1 => format!("the Secret was {verb}"),
        several => format!("{several} Secrets were {verb}"),
    }
}
