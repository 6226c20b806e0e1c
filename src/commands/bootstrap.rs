//! `certwright bootstrap`: observe what exists, plan, converge, report; or write manifests.

use crate::apply::files::{NewFile, write_set};
use crate::apply::manifests;
use crate::apply::pair::Materials;
use crate::cli::{BootstrapArgs, DryRun};
use crate::converge::drive::{Driven, End, Event, View, drive, look};
use crate::exit::Exit;
use crate::gke::limits;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::cluster::namespace_is_there;
use crate::output::Output;
use crate::plan::bootstrap::{
    self, Awaited, Bootstrap, BootstrapRequest, Certificate, Class, backend_name, backend_secret,
    file_name,
};
use crate::plan::step::{Plan, Step};
use crate::remedy::CommandLine;
use crate::render::formats::{Chosen, PLAN_FOR_PEOPLE, WriteManifests};
use crate::render::plan::PlanReport;
use crate::render::{progress, yaml};
use crate::session::{CommandError, Result, Run, manifest, report, waiting};
use crate::x509::profile::{self, Profile, ProfileError};
use crate::x509::san::San;
use serde_json::Value;
use std::path::Path;
use zeroize::Zeroizing;

/// The name of its report.
const COMMAND: &str = "bootstrap";

pub(super) async fn run(args: BootstrapArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    manifest::refuse_yaml_without_manifest(args.write, true)?;
    if args.google_managed {
        let usage = |message| {
            CommandError::usage(message, "leave --google-managed out to bring your own certificate")
        };
        limits::check_domains(&args.domains).map_err(usage)?;
    }
    check_usage(&args)?;
    let folder = args.out_dir.as_deref().map(Offline::Folder);
    let offline = folder.or_else(|| manifest::wanted(args.write).map(Offline::Printed));
    if let Some(offline) = offline {
        return without_cluster(&args, &offline, run, output);
    }
    let client = run.client().await?;
    let request = request(&args, run.namespace(&client), run)?;
    let mut goal = Bootstrap { request };
    let view = View::Asked(&client);
    if args.write.dry_run == DryRun::Client {
        let seen = look(&goal, &view, run.world).await?;
        let plan = bootstrap::plan(&seen.inventory, &goal.request, run.now(), false);
        return report::plan(&PlanReport::of(COMMAND, &plan), report::format(args.write), output);
    }
    namespace_is_there(&client, &goal.request.namespace).await?;
    let means = run.means(args.write.dry_run == DryRun::Server);
    let patient = !args.no_wait && args.write.dry_run == DryRun::None;
    let mut tell = |event: Event<'_, Awaited>| say(&event, &args.domains, output);
    let driven = Box::pin(drive(&mut goal, (&view, &means), patient, run.world, &mut tell)).await?;
    told(&driven, &args, output)
}

/// What no cluster has to be asked about.
fn check_usage(args: &BootstrapArgs) -> Result<()> {
    let gce = args.ingress_class == "gce";
    if args.google_managed && !gce {
        return Err(CommandError::usage(
            format!(
                "Ingress class {:?} serves no ManagedCertificates; GKE's own load balancer does",
                args.ingress_class
            ),
            "leave out --ingress-class, or --google-managed",
        ));
    }
    if args.no_secret && args.out_dir.is_none() && manifest::wanted(args.write).is_none() {
        return Err(CommandError::usage(
            "--no-secret leaves the Secret out of manifests, and none are written",
            "name a Secret that is there with --tls-secret",
        ));
    }
    if args.out_dir.is_some() && args.write.dry_run != DryRun::None {
        return Err(CommandError::usage(
            "--out-dir touches no cluster; there is nothing to try",
            "leave out --dry-run",
        ));
    }
    if gce && !bootstrap::gce_takes(&args.key_type.kind()) {
        return Err(CommandError::usage(
            format!("Google's load balancers do not take keys of type {}", args.key_type),
            "choose --key-type rsa-2048 or p256",
        ));
    }
    Ok(())
}

fn request(args: &BootstrapArgs, namespace: String, run: Run<'_>) -> Result<BootstrapRequest> {
    let (service, port) = args.service.clone();
    let name = args.name.clone().unwrap_or_else(|| service.clone());
    Ok(BootstrapRequest {
        namespace,
        domains: without_doubles(&args.domains),
        certificate: certificate(args, &name, run)?,
        backend_config: args
            .backend_config
            .clone()
            .unwrap_or_else(|| format!("{name}-backendconfig")),
        health_check: args.health_check.clone().unwrap_or_else(|| args.preset.health_check()),
        static_ip: args.static_ip.clone(),
        http: args.http,
        class: match args.ingress_class.as_str() {
            "gce" => Class::Gce,
            other => Class::Other(other.to_owned()),
        },
        cluster_ip: args.cluster_ip,
        name,
        service,
        port,
        preset: args.preset,
    })
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

/// Where manifests go instead of a cluster.
enum Offline<'a> {
    /// To stdout.
    Printed(Chosen<WriteManifests>),
    /// Into a folder, with Helm values and commands.
    Folder(&'a Path),
}

/// Manifests instead of writes.
fn without_cluster(
    args: &BootstrapArgs,
    offline: &Offline<'_>,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let request = request(args, run.namespace_of_files(), run)?;
    let nothing_seen = Inventory::new(Selection::default());
    let mut plan = bootstrap::plan(&nothing_seen, &request, run.now(), true);
    if !plan.refused.is_empty() {
        return report::plan(&PlanReport::of(COMMAND, &plan), PLAN_FOR_PEOPLE, output);
    }
    if args.no_secret {
        plan.steps.retain(|step| step.object().kind != Kind::Secret);
    }
    match offline {
        Offline::Printed(format) => {
            manifest::print(&plan, &Materials::default(), *format, run, output)
        }
        Offline::Folder(folder) => into_folder(folder, args, &request, plan, run, output),
    }
}

/// The manifests of the plan, Helm values and commands, each a file of the folder.
fn into_folder(
    folder: &Path,
    args: &BootstrapArgs,
    request: &BootstrapRequest,
    mut plan: Plan,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let backend = args.backend_cert.then(|| backend_name(request));
    let backend = backend.as_deref();
    if let Some(secret) = backend.filter(|_| !args.no_secret) {
        let key = (args.key_type, args.lifetime);
        let step = backend_secret(request, secret, key, run.now()).map_err(bad)?;
        plan.steps.push(Step::CreateSecret(step));
    }
    let mut made = Vec::new();
    let mut sink = |object: &ObjectRef, manifest: Value, private| {
        let name = file_name(object, backend);
        made.push(manifest_text(&manifest).map(|text| NewFile { name, text, private }));
    };
    let steps = plan.steps.clone();
    let outcomes = manifests::into_sink(steps, &Materials::default(), &run.keys(), &mut sink);
    let mut made = made.into_iter().collect::<Result<Vec<NewFile>>>()?;
    let manifests: Vec<String> = made.iter().map(|file| file.name.clone()).collect();
    let names: Vec<&str> = manifests.iter().map(String::as_str).collect();
    let public = |name: &str, text| NewFile { name: name.to_owned(), text, private: false };
    let values = bootstrap::helm_values(request, backend);
    made.push(public("values.yaml", manifest_text(&values)?));
    made.push(public("commands.sh", Zeroizing::new(bootstrap::commands(request, &names))));
    write_set(folder, &made, args.force)?;
    for file in &made {
        output.say(&format!("wrote {}", folder.join(&file.name).display()));
    }
    if let Some(failed) = outcomes.into_iter().find_map(|outcome| outcome.result.err()) {
        return Err(failed.into());
    }
    report::plan(&PlanReport::of(COMMAND, &plan), report::format(args.write), output)
}

fn manifest_text(value: &Value) -> Result<Zeroizing<String>> {
    yaml::text(value).map(Zeroizing::new).map_err(|error| {
        CommandError::failed(
            format!("a manifest cannot be written as YAML: {error}"),
            "use -o json",
        )
    })
}

/// Progress, on stderr, a line a step and a line a change.
fn say(event: &Event<'_, Awaited>, domains: &[String], output: &mut Output) {
    match event {
        Event::Step(step) => output.say(&format!("{} {}", step.action(), step.object())),
        Event::Done(_) => {}
        Event::Awaited(awaited) => {
            for line in progress::of_bootstrap(awaited, domains) {
                output.say(&line);
            }
        }
        Event::Server(server) => output.say(&waiting::of_server(*server)),
    }
}

fn told(driven: &Driven, args: &BootstrapArgs, output: &mut Output) -> Result<Exit> {
    let planned = PlanReport::of(COMMAND, &driven.plan);
    let done = PlanReport { outcomes: Some(&driven.outcomes), ..planned };
    let exit = report::plan(&done, report::format(args.write), output)?;
    match &driven.end {
        End::Hopeless(advice) if exit == Exit::Done => {
            output.say(&format!("error: {}", advice.message));
            output.say(&format!("  → {}", advice.remedy));
            Ok(Exit::Failed)
        }
        End::Hopeless(_) | End::Done | End::Refused | End::Stopped => Ok(exit),
    }
}
