//! A plan in a file: written, and carried out if it still is the plan.

use super::{Asked, Rotated, again, issuer, predecessors, selection_of, signing_ca};
use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::Materials;
use crate::cli::{DryRun, RotateArgs};
use crate::converge::drive::{View, look};
use crate::converge::gather::{Gathered, Probes, Source};
use crate::exit::Exit;
use crate::object_ref::ObjectRef;
use crate::observe::files;
use crate::output::Output;
use crate::plan::rotation::{Rotation, RotationRequest};
use crate::plan::step::{NewPair, Plan, Step};
use crate::render::plan::{Moved, NotAPlan, PlanFile};
use crate::session::record::Record;
use crate::session::restart::Restarts;
use crate::session::{CommandError, Result, Run, follow_up, new_file, policy, report, restart};
use crate::world::Clock;
use std::path::Path;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// From when on a plan is told to be old.
const OLD: Duration = Duration::days(7);

/// Writes the plan of this report.
pub(super) fn write(
    rotated: &Rotated<'_>,
    request: &RotationRequest,
    path: &Path,
    output: &mut Output,
) -> Result<()> {
    let mut text = Vec::new();
    let restart = rotated.args.restart;
    PlanFile::of(&rotated.planned(), request, restart).write(&mut text)?;
    new_file::write(path, &text, "--plan-out")?;
    let steps = rotated.plan.steps.len();
    let noun = if steps == 1 { "step" } else { "steps" };
    output.say(&format!(
        "the plan of {steps} {noun} is in {}; nothing was written to the cluster: rotate --plan carries it out",
        path.display()
    ));
    Ok(())
}

/// Carries out the plan of this file, if it is the plan of the world as it is now.
pub(super) async fn run(
    args: &RotateArgs,
    path: &Path,
    run: Run<'_>,
    record: &Record,
    output: &mut Output,
) -> Result<Exit> {
    let file = read(path)?;
    let at = file.at().map_err(|why| not_a_plan(path, &why))?;
    let request = file.request().map_err(|why| not_a_plan(path, &why))?;
    refuse_other_restart(args, &file, path)?;
    let source = source(&file, &request, path, run).await?;
    let authority = signing_ca(args, &source, run).await?;
    let predecessors = predecessors(args, &source, run).await?;
    let issuer = authority.as_ref().map(|authority| issuer(authority, predecessors));
    let request = RotationRequest { issuer, ..request };
    // It is planned as of then, so that the dates are those that were looked at.
    let then = crate::world::World { clock: Clock::Frozen(at), ..run.world.clone() };
    let as_of = Run { world: &then, ..run };
    let probes = Probes { owners: request.override_owner, makers: true, ..Probes::default() };
    let chosen = selection_of(&request.named);
    let view = View::Chosen { source: &source, selection: &chosen, probes: &probes };
    let goal = Rotation::new(request, policy::read(&args.by, args.renew_before)?);
    let goal = goal.asking_for_readers(at);
    let asked = Asked { args, source: &source, view: &view, run: as_of };
    let busy = output.busy("rotating", None);
    let gathered = look(&goal, &view, &then).await?;
    drop(busy);
    let mut plan = goal.plan(&gathered.inventory, at).map(Step::ReplacePair);
    restart::planned(&mut plan, &gathered.inventory, file.restarts(), as_of);
    let moved = file.moved(&Rotated::of(asked, &gathered, &plan).planned());
    refuse_moved(path, &moved, output)?;
    refuse_too_late(path, &plan, run.now())?;
    let age = run.now() - at;
    if age > OLD {
        output.say(&format!("note: the plan is {} days old", age.whole_days()));
    }
    kept_from_now(&mut plan, run.now());
    if args.dry_run == DryRun::Client {
        return Rotated::of(asked, &gathered, &plan).report(None, output);
    }
    let materials = Materials { authority, ..Materials::default() };
    let planned = (&gathered, plan, file.restarts());
    carry_out(asked, planned, materials, run, (record, output)).await
}

/// Carries out the plan, and tells what became of it.
async fn carry_out(
    asked: Asked<'_>,
    (gathered, mut plan, restart): (&Gathered, Plan, bool),
    materials: Materials,
    run: Run<'_>,
    (record, output): (&Record, &mut Output),
) -> Result<Exit> {
    let Asked { args, source, .. } = asked;
    let Source::Cluster { client, .. } = source else { return Ok(Exit::Usage) };
    let dry_run = args.dry_run == DryRun::Server;
    let target = Target { keep_going: args.keep_going, ..Target::new(client.clone(), dry_run) };
    if !dry_run {
        record.begin(again(args));
    }
    // What is restarted is looked at once the Secrets are written.
    plan.steps.retain(|step| step.replaced().is_some());
    let (steps, keys) = (plan.steps.clone(), Arc::new(run.keys()));
    let mut note = |outcome: &_| record.note(outcome);
    let mut outcomes =
        apply::cluster::apply(steps, Arc::new(materials), keys, target, &mut note).await;
    let written = (&mut plan, outcomes.as_slice());
    let seen = &gathered.inventory;
    follow_up::carry_out(written, seen, (client, !args.no_nudge), run).await;
    let restarts = Restarts { client, wanted: restart, dry_run, record };
    let restarted = restart::carry_out((&mut plan, &mut outcomes), seen, restarts, run).await;
    let rotated = Rotated { finished: Some(run.now()), ..Rotated::of(asked, gathered, &plan) };
    let exit = rotated.report(Some(&outcomes), output)?;
    record.close();
    report::warn_of_pins(&outcomes, output);
    super::followed(args, (&outcomes, seen, restarted), source, run, (record, output)).await?;
    Ok(exit)
}

fn read(path: &Path) -> Result<PlanFile> {
    let bytes = files::read_document(path).map_err(|why| {
        let message = format!("cannot use {}: {why}", path.display());
        CommandError::failed(message, "name a file that rotate --plan-out has written")
    })?;
    PlanFile::read(&bytes).map_err(|why| not_a_plan(path, &why))
}

/// Whoever has reviewed the plan has not seen a restart that is not in it.
fn refuse_other_restart(args: &RotateArgs, file: &PlanFile, path: &Path) -> Result<()> {
    if args.restart && !file.restarts() {
        return Err(CommandError::usage(
            format!("--restart is not in the plan of {}", path.display()),
            "make another plan with --plan-out and --restart, or leave --restart out",
        ));
    }
    Ok(())
}

fn not_a_plan(path: &Path, why: &NotAPlan) -> CommandError {
    CommandError::failed(
        format!("cannot carry out {}: {why}", path.display()),
        "make a new plan with rotate --plan-out",
    )
}

/// The cluster, which must be the one of the plan.
async fn source(
    file: &PlanFile,
    request: &RotationRequest,
    path: &Path,
    run: Run<'_>,
) -> Result<Source> {
    let client = run.client().await?;
    let here = client.server().trim_end_matches('/');
    if file.server() != Some(here) {
        let there = file.server().unwrap_or("files");
        return Err(CommandError::failed(
            format!("cannot carry out {}: it is for {there}, and this is {here}", path.display()),
            "choose the cluster of the plan with --context",
        ));
    }
    let namespaces = request.named.iter().map(ObjectRef::namespace);
    let only = namespaces.clone().next().filter(|first| namespaces.clone().all(|it| it == *first));
    let namespace = only.map(str::to_owned);
    Ok(Source::Cluster { client, namespace })
}

fn refuse_moved(path: &Path, moved: &[Moved], output: &mut Output) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    for Moved { object, what } in moved {
        output.say(&format!("moved    {object}: {what}"));
    }
    Err(CommandError::failed(
        format!(
            "cannot carry out {}: something has changed since it was made; nothing was written",
            path.display()
        ),
        "make a new plan with rotate --plan-out, and review it",
    ))
}

/// A certificate that is dated as it was planned must have most of its time before it.
fn refuse_too_late(path: &Path, plan: &Plan, now: OffsetDateTime) -> Result<()> {
    let late = plan.steps.iter().find(|step| match step.pair() {
        Some(NewPair::Make { profile, .. }) => {
            profile.not_after - now < (profile.not_after - profile.not_before) / 2
        }
        Some(NewPair::Given(_) | NewPair::Staged { .. }) | None => false,
    });
    let Some(step) = late else { return Ok(()) };
    Err(CommandError::failed(
        format!(
            "cannot carry out {}: it is so old that half of the lifetime of the certificate for {} is over",
            path.display(),
            step.object().apart()
        ),
        "make a new plan with rotate --plan-out",
    ))
}

/// What is replaced is replaced now, whenever that was planned.
fn kept_from_now(plan: &mut Plan, now: OffsetDateTime) {
    for step in &mut plan.steps {
        if let Step::ReplacePair(step) = step
            && let Some(backup) = &mut step.backup
        {
            backup.at = now;
        }
    }
}
