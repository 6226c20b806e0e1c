//! `certwright managed`: ManagedCertificates made, looked at and waited for.

use crate::apply::cluster::Target;
use crate::apply::pair::Materials;
use crate::cli::{
    DryRun, ManagedCommand, ManagedCreateArgs, ManagedSetDomainsArgs, ManagedStatusArgs,
    ManagedWaitArgs,
};
use crate::converge;
use crate::converge::drive::{Driven, End, Event, View, drive, look};
use crate::converge::gather::{gather_events, gather_managed, gather_objects};
use crate::exit::Exit;
use crate::gke::limits;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::output::Output;
use crate::plan::goal::{Goal as _, Next};
use crate::plan::managed::{self, Awaited, ManagedStatus, SetDomains, ToCome, WaitForActive};
use crate::plan::step::Plan;
use crate::remedy::Advice;
use crate::render::managed::ManagedReport;
use crate::render::plan::PlanReport;
use crate::render::plan::ending::{Ended, Ending};
use crate::render::progress;
use crate::session::{CommandError, Result, Run, ending, manifest, report, source, waiting};
use std::sync::Arc;

pub(super) async fn run(
    command: ManagedCommand,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    match command {
        ManagedCommand::Create(args) => create(args, run, output).await,
        ManagedCommand::Status(args) => status(args, run, output).await,
        ManagedCommand::Wait(args) => Box::pin(wait(args, run, output)).await,
        ManagedCommand::SetDomains(args) => Box::pin(set_domains(args, run, output)).await,
    }
}

async fn create(args: ManagedCreateArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let usage = |why: limits::DomainsError| {
        CommandError::usage(why.to_string(), "nothing was sent; Google would refuse it")
    };
    limits::check_domains(&args.domains).map_err(usage)?;
    manifest::refuse_yaml_without_manifest(args.write, true)?;
    let object = |namespace: String| {
        ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str())
    };
    if let Some(format) = manifest::wanted(args.write) {
        let object = object(run.namespace_of_files());
        let nothing_seen = run.nothing_seen(Selection::default());
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
    let looked = source::at(&client, object.namespace.as_deref(), run);
    let planned = PlanReport { looked: Some(&looked), ..PlanReport::of("managed-create", &plan) };
    if args.write.dry_run == DryRun::Client {
        return report::plan(&planned, report::format(args.write), output);
    }
    let target = Target::new(client, args.write.dry_run == DryRun::Server);
    let outcomes = converge::in_order(plan.steps.clone(), Arc::new(run.keys()), target).await;
    report::plan(
        &PlanReport { outcomes: Some(&outcomes), ..planned },
        report::format(args.write),
        output,
    )
}

async fn status(args: ManagedStatusArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let run = Run { world: &run.world.at(args.at), ..run };
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
    let mut missing = managed::missing(&inventory);
    missing.retain(|it| args.name.as_ref().is_none_or(|name| it.object.name == *name));
    let nothing = statuses.is_empty() && missing.is_empty();
    if let Some(name) = args.name.as_ref().filter(|_| nothing) {
        return Err(not_there(name, &namespace.unwrap_or_default()));
    }
    let standing = ManagedReport {
        statuses: &statuses,
        missing: &missing,
        now: run.now(),
        namespaces: args.all_namespaces,
    };
    (args.output.write)(&standing, &mut output.of(args.output.for_programs))?;
    let is_well = |status: &ManagedStatus<'_>| {
        status.managed.is_active() && status.managed.edited().is_none()
    };
    let well = missing.is_empty() && statuses.iter().all(is_well);
    Ok(if well { Exit::Done } else { Exit::Findings })
}

async fn wait(args: ManagedWaitArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let client = run.client().await?;
    let namespace = run.namespace(&client);
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str());
    let looked = source::at(&client, object.namespace.as_deref(), run);
    let mut goal = WaitForActive::new(object, !args.no_nudge);
    let mut tell = waiting::changes(output, progress::of_managed);
    let means = run.means(false);
    let driven =
        Box::pin(drive(&mut goal, (&View::Asked(&client), &means), true, run.world, &mut tell))
            .await?;
    drop(tell);
    if args.output.for_programs {
        let ending = waited(&driven, run);
        let place = (&looked, run, output);
        return ending::tell("managed-wait", &driven, &ending, args.output, place);
    }
    match &driven.end {
        End::Done | End::Stopped => Ok(Exit::Done),
        End::Refused => refused(driven.plan),
        End::Hopeless(_) | End::TimedOut => {
            Ok(ending::end(&waited(&driven, run), Exit::Done, run, output))
        }
    }
}

/// How a wait for one certificate has ended.
fn waited(driven: &Driven<Awaited>, run: Run<'_>) -> Ending {
    let mut ending = ending::of(driven, run);
    if let Some(awaited) = &driven.awaited {
        let object = &awaited.object.short();
        if ending.word != Ended::Done {
            ending.waiting = Some(progress::of_status(awaited));
        }
        ending.advice = match ending.advice.take() {
            Some(Advice { message, remedy }) => Some(Advice::new(
                format!("{object} cannot become Active by itself: {message}"),
                remedy,
            )),
            None => awaited.advice.clone(),
        };
    }
    Ending { managed: driven.awaited.clone(), ..ending }
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
    let usage = |why: limits::DomainsError| {
        CommandError::usage(why.to_string(), "nothing was sent; Google would refuse it")
    };
    limits::check_domains(&args.domains).map_err(usage)?;
    let client = run.client().await?;
    let namespace = run.namespace(&client);
    let name = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str());
    let mut goal = SetDomains::new(name, args.domains, !args.no_nudge);
    let view = View::Asked(&client);
    if args.dry_run {
        let seen = look(&goal, &view, run.world).await?;
        let plan = first_move(goal.next(&seen.inventory, run.now()));
        let looked = source::at(&client, Some(goal.target().namespace()), run);
        let planned = PlanReport { looked: Some(&looked), ..PlanReport::of(SET_DOMAINS, &plan) };
        return report::plan(&planned, args.output, output);
    }
    let mut tell = |event: Event<'_, ToCome>| match event {
        Event::Awaited(awaited) => output.say(&progress::of_set_domains(awaited)),
        Event::Server(server) => output.say(&waiting::of_server(server)),
        Event::Step(_) | Event::Done(_) => {}
    };
    let means = run.means(false);
    let driven = Box::pin(drive(&mut goal, (&view, &means), true, run.world, &mut tell)).await?;
    let ending = changed(&driven, run);
    let looked = source::at(&client, Some(goal.target().namespace()), run);
    let place = (&looked, run, &mut *output);
    let exit = ending::tell(SET_DOMAINS, &driven, &ending, args.output, place)?;
    if exit == Exit::Done && driven.end == End::Done {
        output.say(&format!("{} holds the domains", goal.target().short()));
    }
    Ok(exit)
}

/// The name of its report.
const SET_DOMAINS: &str = "managed-set-domains";

/// What would be done first, and what would be waited for.
fn first_move(next: Next<ToCome>) -> Plan {
    match next {
        Next::Act { plan, .. } | Next::Done { plan, .. } | Next::Refused(plan) => plan,
        Next::Wait { awaited, mut plan } | Next::Hopeless { awaited, mut plan, .. } => {
            plan.steps.clear();
            plan.notes.push(format!("waiting: {}", awaited.what));
            plan
        }
    }
}

/// How a change of domains has ended.
fn changed(driven: &Driven<ToCome>, run: Run<'_>) -> Ending {
    let ending = ending::of(driven, run);
    let Some(awaited) = driven.awaited.as_ref().filter(|_| driven.end != End::Done) else {
        return ending;
    };
    let cause = awaited.target.as_ref().and_then(|target| target.advice.clone());
    Ending {
        waiting: Some(awaited.what.clone()),
        managed: awaited.target.clone(),
        advice: ending.advice.clone().or(cause),
        ..ending
    }
}

fn not_there(name: &str, namespace: &str) -> CommandError {
    CommandError::failed(
        format!("there is no managedcertificate/{name} in namespace {namespace}"),
        "check the name and the namespace; managed create makes one",
    )
}
