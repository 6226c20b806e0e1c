//! `certwright bootstrap`: observe what exists, plan, converge, report; or write manifests.

mod offline;

use crate::audit::google_keys::google_takes;
use crate::cli::{BootstrapArgs, DryRun};
use crate::cluster::Client;
use crate::converge::drive::{Driven, Event, View, drive, look};
use crate::converge::gather::gather_class;
use crate::exit::Exit;
use crate::gke::limits;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observe::cluster::namespace_is_there;
use crate::output::Output;
use crate::plan::bootstrap::{
    self, Awaited, Bootstrap, BootstrapRequest, Certificate, ChosenClass, Class, Http,
};
use crate::plan::outcome::Outcome;
use crate::plan::step::{Plan, Step};
use crate::remedy::CommandLine;
use crate::render::plan::PlanReport;
use crate::render::plan::ending::Ending;
use crate::render::progress;
use crate::session::{CommandError, Result, Run, ending, manifest, report, source, waiting};
use crate::x509::profile::{self, Profile, ProfileError};
use crate::x509::san::San;
use offline::Offline;

/// The name of its report.
const COMMAND: &str = "bootstrap";

pub(super) async fn run(args: BootstrapArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    manifest::refuse_yaml_without_manifest(args.write, true)?;
    check_usage(&args)?;
    if let Some(class) = &args.ingress_class {
        check_class(&args, &Class::of(class))?;
    }
    let folder = args.out_dir.as_deref().map(Offline::Folder);
    let offline = folder.or_else(|| manifest::wanted(args.write).map(Offline::Printed));
    if let Some(offline) = offline {
        return offline::run(&args, &offline, run, output).await;
    }
    let client = run.client().await?;
    let namespace = run.namespace(&client);
    let looked = source::at(&client, Some(&namespace), run);
    let class = class(&args, &client, &namespace, run).await?;
    let request = request(&args, namespace, class, run)?;
    let patient = !args.no_wait && args.write.dry_run == DryRun::None;
    let mut goal = Bootstrap::new(request, patient, !args.no_nudge);
    let view = View::Asked(&client);
    if args.write.dry_run == DryRun::Client {
        let seen = look(&goal, &view, run.world).await?;
        let plan = bootstrap::plan(&seen.inventory, &goal.request, run.now(), false);
        let planned = PlanReport { looked: Some(&looked), ..PlanReport::of(COMMAND, &plan) };
        return report::plan(&planned, report::format(args.write), output);
    }
    namespace_is_there(&client, &goal.request.namespace).await?;
    let means = run.means(args.write.dry_run == DryRun::Server);
    let mut told = Vec::new();
    let mut tell = |event: Event<'_, Awaited>| say(&event, &args.domains, &mut told, output);
    let driven = Box::pin(drive(&mut goal, (&view, &means), patient, run.world, &mut tell)).await?;
    let ending = ended(&driven, &goal.request.domains, run);
    let driven = Driven { plan: without_told_notes(driven.plan, &driven.outcomes), ..driven };
    let format = report::format(args.write);
    ending::tell(COMMAND, &driven, &ending, format, (&looked, run, output))
}

/// What no cluster has to be asked about, nor a class.
fn check_usage(args: &BootstrapArgs) -> Result<()> {
    if args.google_managed {
        limits::check_domains(&args.domains).map_err(|why| {
            let remedy = "leave --google-managed out to bring your own certificate";
            CommandError::usage(why.to_string(), remedy)
        })?;
    }
    if args.no_secret && args.out_dir.is_none() && manifest::wanted(args.write).is_none() {
        return Err(CommandError::usage(
            "--no-secret leaves the Secret out of manifests, and none are written",
            "name a Secret that is there with --tls-secret",
        ));
    }
    if args.add && manifest::wanted(args.write).is_some() {
        return Err(CommandError::usage(
            "--add changes an Ingress that exists, and has no manifest of its own to print",
            "leave -o out to see what would change",
        ));
    }
    if args.out_dir.is_some() && args.write.dry_run != DryRun::None {
        return Err(CommandError::usage(
            "--out-dir touches no cluster; there is nothing to try",
            "leave out --dry-run",
        ));
    }
    Ok(())
}

/// What goes with this class.
fn check_class(args: &BootstrapArgs, class: &Class) -> Result<()> {
    if args.google_managed && *class != Class::Gce {
        return Err(CommandError::usage(
            format!(
                "Ingress class {:?} serves no ManagedCertificates; GKE's external load balancer does, class gce",
                class.name()
            ),
            "leave out --ingress-class, or --google-managed",
        ));
    }
    if *class == Class::Internal && args.http == Some(Http::Redirect) {
        return Err(CommandError::usage(
            "an internal load balancer of GKE's cannot redirect port 80",
            "choose --http off, or --http allow with --static-ip",
        ));
    }
    if class.is_gke() && !google_takes(&args.key_type.kind()) {
        return Err(CommandError::usage(
            format!("Google's load balancers do not take keys of type {}", args.key_type),
            "choose --key-type rsa-2048 or p256",
        ));
    }
    Ok(())
}

/// The class that the flags say; none where the cluster has to tell.
fn said(args: &BootstrapArgs) -> Option<ChosenClass> {
    let named = args.ingress_class.as_deref().map(ChosenClass::named);
    // Nobody else serves them.
    named.or_else(|| args.google_managed.then(|| ChosenClass::gce("--google-managed")))
}

/// The class that the flags say, or else what the cluster shows.
async fn class(
    args: &BootstrapArgs,
    client: &Client,
    namespace: &str,
    run: Run<'_>,
) -> Result<ChosenClass> {
    if let Some(said) = said(args) {
        return Ok(said);
    }
    let ingress = ObjectRef::ingress(namespace, name(args));
    let seen = gather_class(client, &ingress, run.world).await?;
    let chosen = chosen(&seen, &ingress, args)?;
    check_class(args, &chosen.class)?;
    Ok(chosen)
}

/// The class by what was seen of the cluster.
fn chosen(seen: &Inventory, ingress: &ObjectRef, args: &BootstrapArgs) -> Result<ChosenClass> {
    ChosenClass::of(seen, ingress, args.platform).map_err(|why| {
        CommandError::usage(why.to_string(), "name the one that is to serve: --ingress-class NAME")
    })
}

/// The Ingress's name.
fn name(args: &BootstrapArgs) -> String {
    args.name.clone().unwrap_or_else(|| args.service.0.clone())
}

fn request(
    args: &BootstrapArgs,
    namespace: String,
    ChosenClass { class, why }: ChosenClass,
    run: Run<'_>,
) -> Result<BootstrapRequest> {
    let (service, port) = args.service.clone();
    let name = name(args);
    let domains = without_doubles(&args.domains);
    // Of an Ingress with several Services each has its own.
    let beside = if args.add { &service } else { &name };
    Ok(BootstrapRequest {
        namespace,
        covers: domains.clone(),
        domains,
        add: args.add,
        certificate: certificate(args, &name, run)?,
        backend_config: args
            .backend_config
            .clone()
            .unwrap_or_else(|| format!("{beside}-backendconfig")),
        backend_config_given: args.backend_config.is_some(),
        frontend_config: name.clone(),
        health_check: args.health_check.clone().unwrap_or_else(|| args.preset.health_check()),
        static_ip: args.static_ip.clone(),
        http: http(args, &class),
        class,
        class_why: why,
        cluster_ip: args.cluster_ip,
        name,
        service,
        port,
        preset: args.preset,
    })
}

/// What becomes of port 80: on an internal load balancer it is off unless there is an address of its own,
/// for else nothing is served at all. That of an Ingress to which is added stays as it is.
fn http(args: &BootstrapArgs, class: &Class) -> Option<Http> {
    let off = *class == Class::Internal && args.static_ip.is_none() && !args.add;
    args.http.or(off.then_some(Http::Off))
}

fn without_doubles(domains: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for domain in domains {
        if !kept.contains(domain) {
            kept.push(domain.clone());
        }
    }
    kept
}

fn certificate(args: &BootstrapArgs, name: &str, run: Run<'_>) -> Result<Certificate> {
    let default = format!("{name}-tls");
    if args.google_managed {
        return Ok(Certificate::Managed(default));
    }
    if let Some(secret) = &args.tls_secret {
        return Ok(Certificate::Existing(secret.clone()));
    }
    let dates = profile::dates(run.now(), args.lifetime).map_err(bad)?;
    let names = args.domains.iter().cloned().map(San::Dns).collect();
    let profile = Profile::server(names, None, args.key_type, dates).map_err(bad)?;
    Ok(Certificate::Make { secret: default, profile })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn bad(error: ProfileError) -> CommandError {
    CommandError::usage(error.to_string(), CommandLine::local("certwright bootstrap --help"))
}

/// Progress, on stderr, a line a change, and with `-v` a line a step; what was among the lines told last is not told
/// again.
fn say(
    event: &Event<'_, Awaited>,
    domains: &[String],
    told: &mut Vec<String>,
    output: &mut Output,
) {
    match event {
        // The report tells of each step, at the end.
        Event::Step(step) => {
            output.say_verbosely(&format!("{} {}", step.action(), step.object()));
        }
        Event::Done(_) => {}
        Event::Awaited(awaited) => {
            let lines = progress::of_bootstrap(awaited, domains);
            for line in lines.iter().filter(|line| !told.contains(line)) {
                output.say(line);
            }
            *told = lines;
        }
        Event::Server(server) => output.say(&waiting::of_server(*server)),
    }
}

/// How it ended: the address, what DNS needs, the ManagedCertificate, and what was waited for.
fn ended(driven: &Driven<Awaited>, domains: &[String], run: Run<'_>) -> Ending {
    let ending = ending::of(driven, run);
    let awaited = driven.awaited.as_ref();
    let waiting = awaited.and_then(progress::awaited_of_bootstrap);
    let mut ending = Ending { waiting, domains: domains.to_vec(), ..ending };
    if let Some(Awaited::Progress(progress)) = awaited {
        ending.address.clone_from(&progress.address);
        ending.managed.clone_from(&progress.managed);
        let told = progress.managed.as_ref().and_then(|managed| managed.advice.clone());
        ending.advice = ending.advice.or_else(|| progress.trouble.clone()).or(told);
    }
    ending
}

/// The plan without notes that stand beside a step that was carried out.
fn without_told_notes(mut plan: Plan, outcomes: &[Outcome]) -> Plan {
    let told = outcomes.iter().flat_map(|outcome| match &outcome.step {
        Step::PatchObject(step) => step.notes.as_slice(),
        _ => &[],
    });
    let told: Vec<&String> = told.collect();
    plan.notes.retain(|note| !told.iter().any(|told| note.ends_with(told.as_str())));
    plan
}
