//! `certwright rollback`: read what is kept, plan, apply, report.

use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::Materials;
use crate::cli::{DryRun, RollbackArgs};
use crate::cluster::Client;
use crate::cluster::error::Failure;
use crate::converge::gather::{Probes, ask_for_readers, gather_one};
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::bundle::Bundle;
use crate::object_ref::ObjectRef;
use crate::observation::{Observation, SecretSeen};
use crate::observe;
use crate::output::Output;
use crate::plan::previous::{self, Place, REPLACED_AT, RETIRED_FROM};
use crate::plan::rollback::{Kept, Previous, RollbackRequest, rollback};
use crate::plan::step::Plan;
use crate::plan::trust::staged::next_of;
use crate::redact::Redacted;
use crate::render::plan::{PlanReport, write_text};
use crate::session::error::CANCELLED;
use crate::session::record::Record;
use crate::session::restart::Restarts;
use crate::session::{CommandError, Result, Run, follow_up, report, restart, source};
use std::sync::Arc;

pub(super) async fn run(
    args: RollbackArgs,
    run: Run<'_>,
    record: &Record,
    output: &mut Output,
) -> Result<Exit> {
    let client = run.client().await?;
    let namespace = run.namespace(&client);
    let looked = source::at(&client, Some(&namespace), run);
    let mut all = Planned { plan: Plan::empty(run.now()), seen: Vec::new() };
    let busy = output.busy("reading", None);
    for name in names(&args) {
        all.add(&client, ObjectRef::secret(namespace.as_str(), name), &args, run).await?;
    }
    drop(busy);
    let planned = PlanReport { looked: Some(&looked), ..PlanReport::of("rollback", &all.plan) };
    if args.dry_run == DryRun::Client {
        all.tell_what_follows(&args, run);
        let planned = PlanReport { looked: Some(&looked), ..PlanReport::of("rollback", &all.plan) };
        return report::plan(&planned, args.output, output);
    }
    if asks(&args, &all.plan) && !is_confirmed(&planned, output)? {
        return Ok(Exit::Cancelled);
    }
    let target = Target::new(client.clone(), args.dry_run == DryRun::Server);
    let (steps, keys) = (all.plan.steps.clone(), Arc::new(run.keys()));
    let materials = Arc::new(Materials::default());
    let mut outcomes = apply::cluster::apply(steps, materials, keys, target, &mut |_| ()).await;
    let (mut restarted, dry_run) = (Vec::new(), args.dry_run == DryRun::Server);
    for seen in &all.seen {
        let written = (&mut all.plan, outcomes.as_slice());
        follow_up::carry_out(written, seen, (&client, !args.no_nudge), run).await;
    }
    if let Some(seen) = all.seen.last() {
        let restarts = Restarts { client: &client, wanted: args.restart, dry_run, record };
        let written = (&mut all.plan, &mut outcomes);
        restarted = restart::carry_out(written, seen, restarts, run).await;
    }
    let told = PlanReport {
        outcomes: Some(&outcomes),
        looked: Some(&looked),
        ..PlanReport::of("rollback", &all.plan)
    };
    let exit = report::plan(&told, args.output, output)?;
    let seen = all.seen.last();
    let exit = seen.map_or(exit, |seen| restart::exit(exit, (&all.plan, seen), args.restart));
    report::warn_of_pins(&outcomes, output);
    let done = restart::done(&outcomes);
    if let Some(seen) = all.seen.last() {
        let restarts = Restarts { client: &client, wanted: args.restart, dry_run, record };
        restart::until_rolled_out(restarts, (restarted, seen), &done, (run, output)).await?;
    }
    Ok(exit)
}

/// Each once, in the order of their names.
fn names(args: &RollbackArgs) -> Vec<&str> {
    let mut names: Vec<&str> = args.secrets.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What is to be put back, and what was seen for it.
struct Planned {
    plan: Plan,
    seen: Vec<Inventory>,
}

impl Planned {
    /// Looks at the Secret and at what is kept for it.
    async fn add(
        &mut self,
        client: &Client,
        object: ObjectRef,
        args: &RollbackArgs,
        run: Run<'_>,
    ) -> Result<()> {
        let probes = Probes { owners: args.override_owner, makers: true, ..Probes::default() };
        let mut seen = gather_one(client, &object, &probes, run.world).await?;
        let kept = kept(client, &object, run).await?;
        // For a note, so that it stops nothing where it may not be read.
        if let Ok(Some(staged)) = read(client, &next_of(&object)).await {
            seen.absorb(Observation::Staged(staged), run.world.random());
        }
        ask_for_readers(client, object.namespace(), &mut seen, run.world).await?;
        let RollbackArgs { force, override_owner, .. } = *args;
        let request = RollbackRequest { object, force, override_owner };
        let Plan { steps, refused, notes, .. } = rollback(&seen, &request, &kept, run.now());
        self.plan.steps.extend(steps);
        self.plan.refused.extend(refused);
        self.plan.notes.extend(notes);
        self.seen.push(seen);
        Ok(())
    }

    fn tell_what_follows(&mut self, args: &RollbackArgs, run: Run<'_>) {
        for seen in &self.seen {
            follow_up::planned(&mut self.plan, seen, !args.no_nudge, run);
        }
        if let Some(seen) = self.seen.last() {
            restart::planned(&mut self.plan, seen, args.restart, run);
        }
    }
}

/// Several at once are shown and asked about; to name one is consent, as for a rotation.
fn asks(args: &RollbackArgs, plan: &Plan) -> bool {
    plan.steps.len() > 1 && !args.yes && args.dry_run == DryRun::None
}

fn is_confirmed(planned: &PlanReport<'_>, output: &mut Output) -> Result<bool> {
    if !output.can_ask() {
        return Err(CommandError::usage(
            "several Secrets are named, and it was not confirmed",
            "add --yes",
        ));
    }
    output.talk_of(|page| write_text(planned, page))?;
    let place = planned.looked.map(|looked| looked.place.as_str()).unwrap_or_default();
    let number = planned.plan.steps.len();
    let question = format!("Put back what {number} Secrets held before in {place}?");
    let is_yes = output.ask(&question);
    if !is_yes {
        output.say(CANCELLED);
    }
    Ok(is_yes)
}

/// What is kept for the Secret. It is read before the Secret is read again, as a rotation writes it first.
async fn kept(client: &Client, object: &ObjectRef, run: Run<'_>) -> Result<Kept> {
    let Some(backup) = read(client, &previous::beside(object)).await? else {
        return Ok(Kept::Nothing);
    };
    let Some(secret) = read(client, object).await? else { return Ok(Kept::Nothing) };
    let meta = &backup.meta;
    let kind = Some(backup.secret_type.as_str());
    if !previous::is_of(&object.name, kind, Some(&meta.labels), Some(&meta.annotations)) {
        return Ok(Kept::SomebodyElses);
    }
    let value = |key: &str| backup.data.get(key).map(Redacted::expose);
    let now = secret.data.get("tls.crt").map(Redacted::expose).unwrap_or_default();
    let Some(place) = previous::place_of_previous(value, now) else { return Ok(Kept::TheSame) };
    let (certificate, key) = (value(&place.key("tls.crt")), value(&place.key("tls.key")));
    Ok(Kept::Previous(Box::new(Previous {
        bundle: Bundle::of_pair(certificate, key, &run.world.random),
        with_ca: has_ca(&backup, place),
        // It is said of what stands in the first place.
        retired_from: (place == Place::First)
            .then(|| meta.annotations.get(RETIRED_FROM).cloned())
            .flatten(),
        replaced_at: meta.annotations.get(REPLACED_AT).cloned(),
        resource_version: backup.meta.resource_version.clone(),
        place,
    })))
}

fn has_ca(backup: &SecretSeen, place: Place) -> bool {
    let has = |key: &str| backup.data.contains_key(key);
    has(&place.key("ca.crt")) || has(&place.absent("ca.crt"))
}

/// The Secret; none where there is none.
async fn read(client: &Client, object: &ObjectRef) -> Result<Option<SecretSeen>> {
    match observe::cluster::named(client, object).await {
        Ok(Observation::Secret(seen)) => Ok(Some(seen)),
        Ok(_) => Ok(None),
        Err(error) if error.failure == Failure::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
