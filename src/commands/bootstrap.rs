//! `certwright bootstrap`: observe what exists, plan, converge, report; or write manifests.

use crate::apply::files::{self, NewFile};
use crate::apply::manifests;
use crate::apply::pair::{Materials, RandomKeys};
use crate::audit::Source;
use crate::cli::{BootstrapArgs, DryRun, Global, WriteFormat};
use crate::converge::drive::{Driven, End, Event, Means, View, drive, look};
use crate::exit::Exit;
use crate::gke::limits;
use crate::gke::managed::{Managed, certificate_meaning, domain_meaning};
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::cluster::namespace_is_there;
use crate::output::Output;
use crate::plan::bootstrap::{
    self, Awaited, Bootstrap, BootstrapRequest, Certificate, Class, Progress,
};
use crate::plan::step::{CreateSecret, KeyChoice, NewPair, Plan, Step};
use crate::remedy::CommandLine;
use crate::render::rotation::PlanReport;
use crate::render::yaml;
use crate::session::{self, CommandError, Result};
use crate::world::World;
use crate::x509::profile::{self, Profile, ProfileError};
use crate::x509::san::San;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

pub(super) async fn run(
    args: BootstrapArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    session::refuse_yaml_without_manifest(args.write, true)?;
    if args.google_managed {
        let usage = |message| {
            CommandError::usage(message, "leave --google-managed out to bring your own certificate")
        };
        limits::check_domains(&args.domains).map_err(usage)?;
    }
    check_usage(&args)?;
    let prints = args.write.dry_run == DryRun::Client && args.write.output != WriteFormat::Table;
    if prints || args.out_dir.is_some() {
        return offline(&args, global, world, output);
    }
    let client = session::client(global, world).await?;
    let request = request(&args, session::namespace(global, &client), world)?;
    let mut goal = Bootstrap { request };
    let view = View::Asked(&client);
    if args.write.dry_run == DryRun::Client {
        let seen = look(&goal, &view, world).await?;
        let plan = bootstrap::plan(&seen.inventory, &goal.request, world.now(), false);
        return session::report(&account(&plan), args.write.output, output);
    }
    namespace_is_there(&client, &goal.request.namespace).await?;
    let keys = Arc::new(RandomKeys(world.random.clone()));
    let means = Means::new(keys, args.write.dry_run == DryRun::Server);
    let patient = !args.no_wait && args.write.dry_run == DryRun::None;
    let mut tell = |event: Event<'_, Awaited>| say(&event, &args, output);
    let driven = drive(&mut goal, (&view, &means), patient, world, &mut tell).await?;
    report(&driven, &args, output)
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
    let prints = args.write.dry_run == DryRun::Client && args.write.output != WriteFormat::Table;
    if args.no_secret && args.out_dir.is_none() && !prints {
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

fn request(args: &BootstrapArgs, namespace: String, world: &World) -> Result<BootstrapRequest> {
    let (service, port) = args.service.clone();
    let name = args.name.clone().unwrap_or_else(|| service.clone());
    Ok(BootstrapRequest {
        namespace,
        domains: without_doubles(&args.domains),
        certificate: certificate(args, &name, world)?,
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

fn certificate(args: &BootstrapArgs, name: &str, world: &World) -> Result<Certificate> {
    let default = format!("{name}-tls");
    if args.google_managed {
        return Ok(Certificate::Managed(default));
    }
    if let Some(secret) = &args.tls_secret {
        return Ok(Certificate::Existing(secret.clone()));
    }
    let bad = |error: ProfileError| {
        CommandError::usage(error.to_string(), CommandLine::local("certwright bootstrap --help"))
    };
    let dates = profile::dates(world.now(), args.lifetime).map_err(bad)?;
    let names = args.domains.iter().cloned().map(San::Dns).collect();
    let profile = Profile::server(names, None, args.key_type, dates).map_err(bad)?;
    Ok(Certificate::Make { secret: default, profile })
}

/// Manifests instead of writes: printed, or into a folder with Helm values and commands.
fn offline(
    args: &BootstrapArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let request = request(args, session::namespace_of_files(global), world)?;
    let mut plan =
        bootstrap::plan(&Inventory::new(Selection::default()), &request, world.now(), true);
    if !plan.refused.is_empty() {
        return session::report(&account(&plan), WriteFormat::Table, output);
    }
    if args.no_secret {
        plan.steps.retain(|step| step.object().kind != Kind::Secret);
    }
    let keys = RandomKeys(world.random.clone());
    match &args.out_dir {
        None => session::print_manifest(
            &plan,
            &Materials::default(),
            &keys,
            args.write.output,
            global,
            output,
        ),
        Some(folder) => into_folder(folder, args, &request, plan, world, output),
    }
}

fn into_folder(
    folder: &Path,
    args: &BootstrapArgs,
    request: &BootstrapRequest,
    mut plan: Plan,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let backend = args.backend_cert.then(|| format!("{}-backend-tls", request.name));
    if let Some(secret) = backend.as_deref().filter(|_| !args.no_secret) {
        plan.steps.push(Step::CreateSecret(backend_secret(request, secret, args, world)?));
    }
    let mut made: Vec<NewFile> = Vec::new();
    let mut failed = None;
    let keys = RandomKeys(world.random.clone());
    let outcomes = manifests::into_sink(
        plan.steps.clone(),
        &Materials::default(),
        &keys,
        &mut |object, manifest, private| match manifest_text(&manifest) {
            Ok(text) => {
                made.push(NewFile { name: file_name(object, backend.as_deref()), text, private });
            }
            Err(error) => failed = Some(error),
        },
    );
    if let Some(error) = failed {
        return Err(error);
    }
    let manifests: Vec<String> = made.iter().map(|file| file.name.clone()).collect();
    let names: Vec<&str> = manifests.iter().map(String::as_str).collect();
    let public = |name: &str, text| NewFile { name: name.to_owned(), text, private: false };
    made.push(public(
        "values.yaml",
        manifest_text(&bootstrap::helm_values(request, backend.as_deref()))?,
    ));
    made.push(public("commands.sh", Zeroizing::new(bootstrap::commands(request, &names))));
    files::write_set(folder, &made, args.force)
        .map_err(|failed| CommandError::failed(failed.message, failed.remedy))?;
    for file in &made {
        output.say(&format!("wrote {}", folder.join(&file.name).display()));
    }
    if let Some(failed) = outcomes.into_iter().find_map(|outcome| outcome.result.err()) {
        return Err(CommandError::failed(failed.message, failed.remedy));
    }
    session::report(&account(&plan), args.write.output, output)
}

/// A certificate for the pods: the load balancer takes any, so it is self-signed, and long.
fn backend_secret(
    request: &BootstrapRequest,
    secret: &str,
    args: &BootstrapArgs,
    world: &World,
) -> Result<CreateSecret> {
    let bad = |error: ProfileError| {
        CommandError::usage(error.to_string(), CommandLine::local("certwright bootstrap --help"))
    };
    let BootstrapRequest { service, namespace, .. } = request;
    let names = [
        service.clone(),
        format!("{service}.{namespace}"),
        format!("{service}.{namespace}.svc"),
        format!("{service}.{namespace}.svc.cluster.local"),
        "localhost".to_owned(),
    ];
    let dates = profile::dates(world.now(), args.lifetime).map_err(bad)?;
    let profile =
        Profile::server(names.map(San::Dns).to_vec(), None, args.key_type, dates).map_err(bad)?;
    Ok(CreateSecret {
        object: ObjectRef::secret(namespace.as_str(), secret),
        pair: NewPair::Make { profile, key: KeyChoice::New, issuer: None },
        with_ca_crt: false,
    })
}

fn file_name(object: &ObjectRef, backend: Option<&str>) -> String {
    let name = match object.kind {
        Kind::Secret if Some(object.name.as_str()) == backend => "backend-secret",
        Kind::ManagedCertificate => "managed-certificate",
        Kind::BackendConfig => "backend-config",
        Kind::FrontendConfig => "frontend-config",
        other => other.word(),
    };
    format!("{name}.yaml")
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
fn say(event: &Event<'_, Awaited>, args: &BootstrapArgs, output: &mut Output) {
    match event {
        Event::Step(step) => output.say(&format!("{} {}", step.action(), step.object())),
        Event::Done(_) => {}
        Event::Awaited(Awaited::Progress(progress)) => {
            for line in progress_lines(progress, args) {
                output.say(&line);
            }
        }
        Event::Awaited(Awaited::Going(going)) => {
            for object in going {
                output.say(&format!("waiting: {}: {}", object.object, object.message));
                output.say(&format!("  → {}", object.remedy));
            }
        }
        Event::Server(server) => output.say(&session::of_server(*server)),
    }
}

fn progress_lines(progress: &Progress, args: &BootstrapArgs) -> Vec<String> {
    let mut lines = Vec::new();
    match &progress.address {
        None => {
            lines.push(
                "waiting for the Ingress's address; a new load balancer takes minutes".to_owned(),
            );
            let trouble = progress.trouble.iter();
            lines.extend(trouble.map(|cause| format!("  its controller's last warning: {cause}")));
        }
        Some(address) => {
            let kind = match address.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => "A",
                Ok(std::net::IpAddr::V6(_)) => "AAAA",
                Err(_) => "CNAME",
            };
            for domain in &args.domains {
                lines.push(format!(
                    "the address is {address}; DNS record: {domain}. {kind} {address}"
                ));
            }
        }
    }
    lines.extend(progress.managed.iter().flat_map(managed_lines));
    lines
}

fn managed_lines(managed: &Managed) -> Vec<String> {
    let status = managed.status.as_deref().unwrap_or_default();
    let shown = if status.is_empty() { "no status yet" } else { status };
    let mut lines =
        vec![format!("ManagedCertificate: {shown}: {}", certificate_meaning(status).meaning)];
    for (domain, status) in managed.domain_status.iter().filter(|(_, status)| status != "Active") {
        let meaning = domain_meaning(status);
        lines.push(format!("  {domain}: {status}: {} → {}", meaning.meaning, meaning.remedy));
    }
    lines
}

fn report(driven: &Driven, args: &BootstrapArgs, output: &mut Output) -> Result<Exit> {
    let account = PlanReport { outcomes: Some(&driven.outcomes), ..account(&driven.plan) };
    let exit = session::report(&account, args.write.output, output)?;
    match &driven.end {
        End::Hopeless(advice) if exit == Exit::Done => {
            output.say(&format!("error: {}", advice.message));
            output.say(&format!("  → {}", advice.remedy));
            Ok(Exit::Failed)
        }
        End::Hopeless(_) | End::Done | End::Refused | End::Stopped => Ok(exit),
    }
}

fn account(plan: &Plan) -> PlanReport<'_> {
    PlanReport {
        command: "bootstrap",
        plan,
        outcomes: None,
        source: Source::Cluster,
        problems: &[],
        namespaces: false,
        printed: false,
    }
}
