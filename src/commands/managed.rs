//! `certwright managed`: ManagedCertificates made, looked at and waited for.

use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, RandomKeys};
use crate::audit::Source;
use crate::cli::{
    DryRun, Global, ManagedCommand, ManagedCreateArgs, ManagedSetDomainsArgs, ManagedStatusArgs,
    ManagedWaitArgs, PlanFormat, WriteFormat,
};
use crate::converge;
use crate::converge::drive::{End, Event, Means, View, drive};
use crate::converge::gather::{gather_events, gather_managed, gather_objects};

use crate::exit::Exit;
use crate::gke::limits;
use crate::object_ref::{Kind, ObjectRef};
use crate::output::Output;
use crate::plan::managed::{self, Awaited, ManagedStatus, SetDomains, WaitForActive};
use crate::plan::step::Plan;
use crate::remedy::Advice;
use crate::render::managed::{write_json, write_table};
use crate::render::rotation::PlanReport;
use crate::session::{self, CommandError, Result};
use crate::world::World;
use std::sync::Arc;

pub(super) async fn run(
    command: ManagedCommand,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    match command {
        ManagedCommand::Create(args) => create(args, global, world, output).await,
        ManagedCommand::Status(args) => status(args, global, world, output).await,
        ManagedCommand::Wait(args) => wait(args, global, world, output).await,
        ManagedCommand::SetDomains(args) => set_domains(args, global, world, output).await,
    }
}

async fn create(
    args: ManagedCreateArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let usage = |message| CommandError::usage(message, "nothing was sent; Google would refuse it");
    limits::check_domains(&args.domains).map_err(usage)?;
    session::refuse_yaml_without_manifest(args.write, true)?;
    let object = |namespace: String| {
        ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str())
    };
    let keys = RandomKeys(world.random.clone());
    if args.write.dry_run == DryRun::Client && args.write.output != WriteFormat::Table {
        let object = object(session::namespace_of_files(global));
        let plan =
            managed::create(&session::nothing_seen(), &object, &args.domains, None, world.now());
        return session::print_manifest(
            &plan,
            &session::no_materials(),
            &keys,
            args.write.output,
            global,
            output,
        );
    }
    let client = session::client(global, world).await?;
    let object = object(session::namespace(global, &client));
    let ingress = args.ingress.as_ref().map(|name| ObjectRef::ingress(object.namespace(), name));
    let looked_at: Vec<ObjectRef> =
        std::iter::once(object.clone()).chain(ingress.clone()).collect();
    let inventory = gather_objects(&client, &looked_at, world).await?;
    let plan = managed::create(&inventory, &object, &args.domains, ingress.as_ref(), world.now());
    let account = PlanReport {
        command: "managed-create",
        plan: &plan,
        outcomes: None,
        source: Source::Cluster,
        problems: &[],
        namespaces: false,
        printed: false,
    };
    if args.write.dry_run == DryRun::Client {
        return session::report(&account, args.write.output, output);
    }
    let target = Target { client, dry_run: args.write.dry_run == DryRun::Server };
    let keys: Arc<dyn KeySource> = Arc::new(keys);
    let outcomes = converge::in_order(plan.steps.clone(), keys, target).await;
    session::report(&PlanReport { outcomes: Some(&outcomes), ..account }, args.write.output, output)
}

async fn status(
    args: ManagedStatusArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    if args.all_namespaces && args.name.is_some() {
        return Err(CommandError::usage(
            "-A cannot be combined with a name",
            "name one namespace with -n",
        ));
    }
    let client = session::client(global, world).await?;
    let namespace = (!args.all_namespaces).then(|| session::namespace(global, &client));
    let mut inventory = gather_managed(&client, namespace.as_deref(), world).await?;
    let is_wanted = |standing: &ManagedStatus<'_>| {
        args.name.as_ref().is_none_or(|name| standing.facts.object.name == *name)
    };
    let mut statuses = managed::statuses(&inventory);
    statuses.retain(is_wanted);
    let about = managed::worth_hearing_about(&statuses);
    gather_events(&client, about, &mut inventory, world).await?;
    let mut statuses = managed::statuses(&inventory);
    statuses.retain(is_wanted);
    if let Some(name) = args.name.as_ref().filter(|_| statuses.is_empty()) {
        return Err(not_there(name, &namespace.unwrap_or_default()));
    }
    match args.output {
        PlanFormat::Json => write_json(&statuses, world.now(), output.document())?,
        PlanFormat::Table => {
            write_table(&statuses, world.now(), args.all_namespaces, output.data())?;
        }
    }
    let well = statuses.iter().all(|standing| standing.managed.is_active());
    Ok(if well { Exit::Done } else { Exit::Findings })
}

async fn wait(
    args: ManagedWaitArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let client = session::client(global, world).await?;
    let namespace = session::namespace(global, &client);
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str());
    let mut goal = WaitForActive::new(object, args.nudge);
    let mut told = String::new();
    let mut tell = |event: Event<'_, Awaited>| {
        let line = match event {
            Event::Awaited(awaited) => progress(awaited),
            Event::Server(server) => session::of_server(server),
            Event::Step(_) | Event::Done(_) => return,
        };
        if line != told {
            output.say(&line);
            told = line;
        }
    };
    let means = Means::new(Arc::new(RandomKeys(world.random.clone())), false);
    let driven = drive(&mut goal, (&View::Asked(&client), &means), true, world, &mut tell).await?;
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
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let usage = |message| CommandError::usage(message, "nothing was sent; Google would refuse it");
    limits::check_domains(&args.domains).map_err(usage)?;
    let client = session::client(global, world).await?;
    let namespace = session::namespace(global, &client);
    let name = ObjectRef::namespaced(Kind::ManagedCertificate, namespace, args.name.as_str());
    let account = |plan| PlanReport {
        command: "managed-set-domains",
        plan,
        outcomes: None,
        source: Source::Cluster,
        problems: &[],
        namespaces: false,
        printed: false,
    };
    if args.dry_run {
        let inventory = gather_managed(&client, name.namespace.as_deref(), world).await?;
        let mut change = managed::set_domains(&inventory, &name, &args.domains, world.now());
        if change.plan.steps.is_empty() {
            change.plan.notes.extend(change.waiting.map(|awaited| format!("waiting: {awaited}")));
        }
        return session::report(&account(&change.plan), WriteFormat::Table, output);
    }
    let mut tell = |event: Event<'_, String>| match event {
        Event::Awaited(awaited) => output.say(awaited),
        Event::Server(server) => output.say(&session::of_server(server)),
        Event::Step(_) | Event::Done(_) => {}
    };
    let mut goal = SetDomains::new(name.clone(), args.domains.clone());
    let means = Means::new(Arc::new(RandomKeys(world.random.clone())), false);
    let driven = drive(&mut goal, (&View::Asked(&client), &means), true, world, &mut tell).await?;
    let shown = PlanReport { outcomes: Some(&driven.outcomes), ..account(&driven.plan) };
    let exit = session::report(&shown, WriteFormat::Table, output)?;
    if let End::Hopeless(Advice { message, remedy }) = driven.end {
        return Err(CommandError::failed(message, remedy));
    }
    if exit == Exit::Done {
        output.say(&format!("{} holds the domains", goal.target().short()));
    }
    Ok(exit)
}

/// One line: the certificate's status and each domain's.
fn progress(awaited: &Awaited) -> String {
    let managed = &awaited.managed;
    let domains: Vec<String> =
        managed.domain_status.iter().map(|(domain, status)| format!("{domain} {status}")).collect();
    let status = managed.status.as_deref().unwrap_or("no status yet");
    let attached =
        if awaited.attached { "attached" } else { "not attached to a load balancer yet" };
    format!("{}: {status}, {attached}: {}", awaited.object.short(), domains.join(", "))
}

fn not_there(name: &str, namespace: &str) -> CommandError {
    CommandError::failed(
        format!("there is no managedcertificate/{name} in namespace {namespace}"),
        "check the name and the namespace; managed create makes one",
    )
}
