//! `certwright managed`: ManagedCertificates made, looked at and waited for.

use crate::apply::cluster::Target;
use crate::apply::pair::Materials;
use crate::cli::{
    DryRun, ManagedCommand, ManagedCreateArgs, ManagedSetDomainsArgs, ManagedStatusArgs,
    ManagedWaitArgs,
};
use crate::converge;
use crate::converge::drive::{End, Event, View, drive};
use crate::converge::gather::{gather_events, gather_managed, gather_objects};
use crate::exit::Exit;
use crate::gke::limits;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::output::Output;
use crate::plan::managed::{self, ManagedStatus, SetDomains, WaitForActive};
use crate::plan::step::Plan;
use crate::remedy::Advice;
use crate::render::formats::PLAN_FOR_PEOPLE;
use crate::render::managed::Standing;
use crate::render::plan::PlanReport;
use crate::render::progress;
use crate::session::{CommandError, Result, Run, manifest, report, waiting};
use std::sync::Arc;

pub(super) async fn run(
    command: ManagedCommand,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    match command {
        ManagedCommand::Create(args) => create(args, run, output).await,
        ManagedCommand::Status(args) => status(args, run, output).await,
        ManagedCommand::Wait(args) => wait(args, run, output).await,
        ManagedCommand::SetDomains(args) => set_domains(args, run, output).await,
    }
}

async fn create(args: ManagedCreateArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let usage = |message| CommandError::usage(message, "nothing was sent; Google would refuse it");
    limits::check_domains(&args.domains).map_err(usage)?;
    manifest::refuse_yaml_without_manifest(args.write, true)?;
    let object = |namespace: String| {
        ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str())
    };
    if let Some(format) = manifest::wanted(args.write) {
        let object = object(run.namespace_of_files());
        let nothing_seen = Inventory::new(Selection::default());
        let plan = managed::create(&nothing_seen, &object, &args.domains, None, run.now());
        return manifest::print(&plan, &Materials::default(), format, run, output);
    }
    let client = run.client().await?;
    let object = object(run.namespace(&client));
    let ingress = args.ingress.as_ref().map(|name| ObjectRef::ingress(object.namespace(), name));
    let looked_at: Vec<ObjectRef> =
        std::iter::once(object.clone()).chain(ingress.clone()).collect();
    let inventory = gather_objects(&client, &looked_at, run.world).await?;
    let plan = managed::create(&inventory, &object, &args.domains, ingress.as_ref(), run.now());
    let planned = PlanReport::of("managed-create", &plan);
    if args.write.dry_run == DryRun::Client {
        return report::plan(&planned, report::format(args.write), output);
    }
    let target = Target { client, dry_run: args.write.dry_run == DryRun::Server };
    let outcomes = converge::in_order(plan.steps.clone(), Arc::new(run.keys()), target).await;
    report::plan(
        &PlanReport { outcomes: Some(&outcomes), ..planned },
        report::format(args.write),
        output,
    )
}

async fn status(args: ManagedStatusArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    if args.all_namespaces && args.name.is_some() {
        return Err(CommandError::usage(
            "-A cannot be combined with a name",
            "name one namespace with -n",
        ));
    }
    let client = run.client().await?;
    let namespace = (!args.all_namespaces).then(|| run.namespace(&client));
    let mut inventory = gather_managed(&client, namespace.as_deref(), run.world).await?;
    let is_wanted = |standing: &ManagedStatus<'_>| {
        args.name.as_ref().is_none_or(|name| standing.facts.object.name == *name)
    };
    let mut statuses = managed::statuses(&inventory);
    statuses.retain(is_wanted);
    let about = managed::worth_hearing_about(&statuses);
    gather_events(&client, about, &mut inventory, run.world).await?;
    let mut statuses = managed::statuses(&inventory);
    statuses.retain(is_wanted);
    if let Some(name) = args.name.as_ref().filter(|_| statuses.is_empty()) {
        return Err(not_there(name, &namespace.unwrap_or_default()));
    }
    let standing =
        Standing { statuses: &statuses, now: run.now(), namespaces: args.all_namespaces };
    (args.output.write)(&standing, output.of(args.output.for_programs))?;
    let well = statuses.iter().all(|standing| standing.managed.is_active());
    Ok(if well { Exit::Done } else { Exit::Findings })
}

async fn wait(args: ManagedWaitArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let client = run.client().await?;
    let namespace = run.namespace(&client);
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str());
    let mut goal = WaitForActive::new(object, args.nudge);
    let mut tell = waiting::changes(output, progress::of_managed);
    let means = run.means(false);
    let driven =
        drive(&mut goal, (&View::Asked(&client), &means), true, run.world, &mut tell).await?;
    match driven.end {
        End::Done | End::Stopped => Ok(Exit::Done),
        End::Refused => refused(driven.plan),
        End::Hopeless(Advice { message, remedy }) => {
            let message = format!(
                "managedcertificate/{} cannot become Active by itself: {message}",
                args.name
            );
            Err(CommandError::failed(message, remedy))
        }
    }
}

/// What keeps the goal from being reached, as the error of the command.
fn refused(plan: Plan) -> Result<Exit> {
    match plan.refused.into_iter().next() {
        Some(first) => Err(CommandError::failed(first.message, first.remedy)),
        None => Ok(Exit::Failed),
    }
}

async fn set_domains(
    args: ManagedSetDomainsArgs,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let usage = |message| CommandError::usage(message, "nothing was sent; Google would refuse it");
    limits::check_domains(&args.domains).map_err(usage)?;
    let client = run.client().await?;
    let namespace = run.namespace(&client);
    let name = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str());
    let planned = |plan| PlanReport::of("managed-set-domains", plan);
    if args.dry_run {
        let inventory = gather_managed(&client, name.namespace.as_deref(), run.world).await?;
        let mut change = managed::set_domains(&inventory, &name, &args.domains, run.now());
        if change.plan.steps.is_empty() {
            change.plan.notes.extend(change.waiting.map(|awaited| format!("waiting: {awaited}")));
        }
        return report::plan(&planned(&change.plan), PLAN_FOR_PEOPLE, output);
    }
    let mut tell = |event: Event<'_, String>| match event {
        Event::Awaited(awaited) => output.say(awaited),
        Event::Server(server) => output.say(&waiting::of_server(server)),
        Event::Step(_) | Event::Done(_) => {}
    };
    let mut goal = SetDomains::new(name.clone(), args.domains.clone());
    let means = run.means(false);
    let driven =
        drive(&mut goal, (&View::Asked(&client), &means), true, run.world, &mut tell).await?;
    let shown = PlanReport { outcomes: Some(&driven.outcomes), ..planned(&driven.plan) };
    let exit = report::plan(&shown, PLAN_FOR_PEOPLE, output)?;
    if let End::Hopeless(advice) = driven.end {
        return Err(advice.into());
    }
    if exit == Exit::Done {
        output.say(&format!("{} holds the domains", goal.target().short()));
    }
    Ok(exit)
}

fn not_there(name: &str, namespace: &str) -> CommandError {
    CommandError::failed(
        format!("there is no managedcertificate/{name} in namespace {namespace}"),
        "check the name and the namespace; managed create makes one",
    )
}
