//! What every command stands on: from flags to a source and a selection, from a result to output
//! and exit, and the error that ends a command.
//!
//! Knows the command line and the parts that read and show. Refuses to know any single command.

pub(crate) mod authority;
pub(crate) mod record;

use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials, RandomKeys};
use crate::apply::{self, manifests};
use crate::audit;
use crate::cli::{DryRun, Global, SourceArgs, WriteArgs, WriteFormat};
use crate::cluster::error::ClusterError;
use crate::cluster::{self, Client, ConnectOptions};
use crate::converge::drive::{Event, Means, View, drive};
use crate::converge::gather::{GatherError, Gathered, Probes, Source, gather_one};
use crate::converge::waiting::Server;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observe::files::{self, Reading, Unreadable};
use crate::observe::served::Deadlines;
use crate::output::Output;
use crate::plan::package::{self, SecretRequest};
use crate::plan::served::Served;
use crate::plan::step::Plan;
use crate::redact::Redacted;
use crate::remedy::Remedy;
use crate::render::rotation::PlanReport;
use crate::render::{json, rotation, verify, yaml};
use crate::world::World;
use serde_json::Value;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why a command could not be carried out at all.
#[derive(Debug)]
pub struct CommandError {
    /// How the command ends.
    pub exit: Exit,
    /// What happened; empty when there is nothing to say.
    pub message: String,
    /// What to do next.
    pub remedy: Remedy,
}

/// What a command comes to.
pub type Result<T> = std::result::Result<T, CommandError>;

/// Connects to the cluster that the flags name.
pub(crate) async fn client(global: &Global, world: &World) -> Result<Client> {
    let options = options(global);
    Ok(cluster::connect(&options, world).await?)
}

/// Which cluster, as whom, by the flags.
pub(crate) fn options(global: &Global) -> ConnectOptions {
    ConnectOptions {
        kubeconfig: global.kubeconfig.clone(),
        context: global.context.clone(),
        impersonate: global.impersonate.clone(),
        impersonate_groups: global.impersonate_groups.clone(),
        request_timeout: global.request_timeout.unsigned_abs(),
    }
}

/// What is said of the API server while something is waited for.
pub(crate) fn of_server(server: Server<'_>) -> String {
    match server {
        Server::Away(message) => format!("{message}; going on as soon as it answers"),
        Server::Back => "the API server answers again".to_owned(),
    }
}

/// The namespace of the flags, else that of the kubeconfig's context.
pub(crate) fn namespace(global: &Global, client: &Client) -> String {
    global.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned())
}

/// The namespace of objects in files that name none.
pub(crate) fn namespace_of_files(global: &Global) -> String {
    global.namespace.clone().unwrap_or_else(|| "default".to_owned())
}

/// Where the flags say to look.
pub(crate) async fn source(look: &SourceArgs, global: &Global, world: &World) -> Result<Source> {
    if !look.filename.is_empty() {
        return Ok(Source::Files {
            paths: files::given(&look.filename)?,
            reading: Reading { below: look.below(), allow_empty: look.allow_empty },
            namespace: namespace_of_files(global),
        });
    }
    let client = client(global, world).await?;
    let namespace = (!look.all_namespaces).then(|| namespace(global, &client));
    Ok(Source::Cluster { client, namespace })
}

/// With `-v`: where was looked and how much was seen.
pub(crate) fn say_what_was_seen(source: &Source, inventory: &Inventory, output: &mut Output) {
    let place = match source {
        Source::Cluster { client, namespace } => {
            let within = namespace.as_deref().map_or_else(
                || "all namespaces".to_owned(),
                |namespace| format!("namespace {namespace}"),
            );
            format!("{client:?}, {within}")
        }
        Source::Files { paths, .. } => {
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        }
    };
    let (secrets, ingresses) = (inventory.bundles().count(), inventory.ingresses().count());
    output
        .say_verbosely(&format!("looked at {place}: {secrets} TLS Secrets, {ingresses} Ingresses"));
}

/// What to say when there is nothing `of` a kind in what was looked at, and whether that is well: not when the
/// user said where to look, or for what. An empty namespace that only the kubeconfig names is well:
/// a cluster just made has one.
pub(crate) fn nothing_found(
    of: &str,
    source: &Source,
    look: &SourceArgs,
    global: &Global,
) -> (String, bool) {
    let chosen =
        if look.selector.is_some() { "nothing that the selector fits was" } else { "nothing" };
    let place = match source {
        Source::Cluster { client, namespace } => {
            let cluster = match &global.context {
                Some(context) => format!("context {context}"),
                None => format!("server {}", client.server()),
            };
            let within = namespace.as_deref().map_or_else(
                || "any namespace".to_owned(),
                |namespace| format!("namespace {namespace}"),
            );
            format!("{within} ({cluster})")
        }
        Source::Files { paths, .. } => {
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        }
    };
    let was_said = match source {
        Source::Cluster { .. } => global.namespace.is_some() || look.all_namespaces,
        // Where no object is at all, reading has said so of each path.
        Source::Files { .. } => false,
    };
    let is_well = look.allow_empty || !(was_said || look.selector.is_some());
    (format!("{chosen} found in {place}: {of}"), is_well)
}

/// The bytes of a file that a flag names.
pub(crate) fn read_file(path: &Path) -> Result<Redacted> {
    let unusable = |why: String| {
        let message = format!("cannot use {}: {why}", path.display());
        CommandError::failed(message, "name another file")
    };
    files::read_bytes(path).map(Redacted::from).map_err(unusable)
}

/// What the flags choose.
pub(crate) fn selection(named: Vec<KindName>, look: &SourceArgs) -> Selection {
    Selection { named, labels: look.selector.clone() }
}

/// Among files, an object that was named and is not there is a failure, as it is in a cluster.
pub(crate) fn named_are_there(named: &[KindName], inventory: &Inventory) -> Result<()> {
    let seen = inventory
        .bundles()
        .map(|(object, _)| object)
        .chain(inventory.ingresses().map(|ingress| &ingress.object));
    let seen: Vec<&ObjectRef> = seen.collect();
    for named in named {
        if !seen.iter().any(|object| object.kind == named.kind && object.name == named.name) {
            let any = ObjectRef { namespace: None, ..ObjectRef::secret("", named.name.as_str()) };
            let maker = Some(any).filter(|_| named.kind == Kind::Secret);
            let maker = maker.as_ref().and_then(|any| Some((any, inventory.maker_of(any)?)));
            let message =
                format!("there is no {}/{} among the files read", named.kind.word(), named.name);
            if let Some((any, maker)) = maker {
                let message = format!("{message}: {}", maker.told());
                return Err(CommandError::failed(message, maker.remedy(any)));
            }
            return Err(CommandError::failed(message, "check the name, and the paths of -f"));
        }
    }
    Ok(())
}

/// Whether what was read is of more than one namespace, so that names need theirs.
pub(crate) fn several_namespaces(inventory: &Inventory) -> bool {
    let mut namespaces = inventory.bundles().map(|(object, _)| object.namespace());
    let first = namespaces.next();
    namespaces.any(|namespace| Some(namespace) != first)
}

/// How long handshakes may take under these flags.
pub(crate) fn deadlines(global: &Global) -> Deadlines {
    Deadlines::within(global.request_timeout.unsigned_abs())
}

/// Looks until every address of every chosen Ingress serves what is stored, and tells on stderr how
/// far that is.
pub(crate) async fn until_served(
    source: &Source,
    selection: &Selection,
    at: ServedAt,
    (global, world): (&Global, &World),
    output: &mut Output,
) -> Result<Gathered> {
    let probes = Probes { served: Some((at, deadlines(global))), ..Probes::default() };
    let view = View::Chosen { source, selection, probes: &probes };
    let busy = output.busy("waiting until it is served", None);
    let mut told = String::new();
    let mut tell = |event: Event<'_, _>| {
        let line = match event {
            Event::Awaited(progress) => verify::progress(progress),
            Event::Server(server) => of_server(server),
            Event::Step(_) | Event::Done(_) => return,
        };
        if line != told {
            output.say(&line);
            told = line;
        }
    };
    let means = Means::new(Arc::new(RandomKeys(world.random.clone())), false);
    let driven = Box::pin(drive(&mut Served, (&view, &means), true, world, &mut tell)).await?;
    output.say("every address serves what is stored");
    drop(busy);
    Ok(driven.seen)
}

/// Where the facts of a source are from.
pub(crate) const fn audited(source: &Source) -> audit::Source {
    match source {
        Source::Cluster { .. } => audit::Source::Cluster,
        Source::Files { .. } => audit::Source::Files,
    }
}

/// An inventory in which nothing was seen: for manifests that are only printed.
pub(crate) fn nothing_seen() -> Inventory {
    Inventory::new(Selection::default())
}

/// No bytes beside the plan.
pub(crate) fn no_materials() -> Materials {
    Materials::default()
}

/// `-o yaml` is for manifests, which only a client-side dry run of a Secret is.
pub(crate) fn refuse_yaml_without_manifest(write: WriteArgs, secret: bool) -> Result<()> {
    if write.output == WriteFormat::Yaml && (write.dry_run != DryRun::Client || !secret) {
        let remedy = "add --dry-run=client (and --secret NAME), or use -o json for a report";
        return Err(CommandError::usage(
            "-o yaml prints a manifest instead of writing one",
            remedy,
        ));
    }
    Ok(())
}

/// Puts a pair into one Secret: printed as a manifest, planned, tried by the server, or written.
/// The namespace of the wish is settled here.
pub(crate) async fn package(
    command: &'static str,
    mut request: SecretRequest,
    materials: Materials,
    (global, write): (&Global, WriteArgs),
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let keys = RandomKeys(world.random.clone());
    if write.dry_run == DryRun::Client && write.output != WriteFormat::Table {
        request.object.namespace = Some(namespace_of_files(global));
        let plan = package::secret(&nothing_seen(), &request, world.now());
        return print_manifest(&plan, &materials, &keys, write.output, global, output);
    }
    let client = client(global, world).await?;
    request.object.namespace = Some(namespace(global, &client));
    let probes = Probes { owners: request.override_owner, makers: true, ..Probes::default() };
    let inventory = gather_one(&client, &request.object, &probes, world).await?;
    let plan = package::secret(&inventory, &request, world.now());
    let account = PlanReport {
        command,
        plan: &plan,
        outcomes: None,
        source: audit::Source::Cluster,
        problems: &[],
        namespaces: false,
        printed: false,
    };
    if write.dry_run == DryRun::Client {
        return report(&account, write.output, output);
    }
    let target = Target { client, dry_run: write.dry_run == DryRun::Server };
    let steps = plan.steps.clone();
    let materials = Arc::new(materials);
    let outcomes =
        apply::cluster::apply(steps, materials, Arc::new(keys), target, &mut |_| ()).await;
    report(&PlanReport { outcomes: Some(&outcomes), ..account }, write.output, output)
}

/// Prints what the plan would create, as manifests that can be applied.
pub(crate) fn print_manifest(
    plan: &Plan,
    materials: &Materials,
    keys: &dyn KeySource,
    format: WriteFormat,
    global: &Global,
    output: &mut Output,
) -> Result<Exit> {
    let mut printed = Vec::new();
    let steps = plan.steps.clone();
    let outcomes = manifests::into_sink(steps, materials, keys, &mut |_, manifest, _| {
        printed.push(manifest);
    });
    let many = printed.len() > 1;
    for mut manifest in printed {
        // A manifest says a namespace only when the user did; else it goes where it is applied.
        if let (None, Some(metadata)) = (&global.namespace, manifest["metadata"].as_object_mut()) {
            metadata.remove("namespace");
        }
        if many && format == WriteFormat::Yaml {
            writeln!(output.data(), "---")?;
        }
        write_manifest(&manifest, format == WriteFormat::Json, output)?;
    }
    for outcome in &outcomes {
        if let Err(failed) = &outcome.result {
            return Err(CommandError::failed(failed.message.clone(), failed.remedy.clone()));
        }
    }
    Ok(Exit::of_outcomes(plan, &outcomes, true))
}

/// Writes the account and says how the command ends.
pub(crate) fn report(
    account: &PlanReport<'_>,
    format: WriteFormat,
    output: &mut Output,
) -> Result<Exit> {
    write_account(account, format, output)?;
    Ok(Exit::of_outcomes(
        account.plan,
        account.outcomes.unwrap_or_default(),
        account.problems.is_empty(),
    ))
}

/// Writes the account as text or JSON, and what failed to stderr.
pub(crate) fn write_account(
    account: &PlanReport<'_>,
    format: WriteFormat,
    output: &mut Output,
) -> io::Result<()> {
    let mut failures = Vec::new();
    rotation::write_failures(*account, &mut failures)?;
    match format {
        WriteFormat::Json => rotation::write_json(*account, output.document())?,
        WriteFormat::Table | WriteFormat::Yaml => rotation::write_text(*account, output.data())?,
    }
    output.flush()?;
    output.talk(&failures);
    Ok(())
}

/// Writes a manifest as YAML or JSON.
pub(crate) fn write_manifest(
    manifest: &Value,
    as_json: bool,
    output: &mut Output,
) -> io::Result<()> {
    if as_json {
        return json::write_manifest(manifest, output.document());
    }
    let text = Zeroizing::new(yaml::text(manifest).map_err(io::Error::other)?);
    output.data().write_all(text.as_bytes())
}

impl CommandError {
    /// The command line is wrong.
    pub(crate) fn usage(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), remedy: remedy.into() }
    }

    /// It could not be done.
    pub(crate) fn failed(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), remedy: remedy.into() }
    }
}

impl From<ClusterError> for CommandError {
    fn from(error: ClusterError) -> Self {
        Self::failed(error.message, error.remedy)
    }
}

impl From<Unreadable> for CommandError {
    fn from(error: Unreadable) -> Self {
        Self::failed(error.to_string(), "check the path")
    }
}

impl From<GatherError> for CommandError {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Cluster(error) => error.into(),
            GatherError::File(error) => error.into(),
        }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::failed(format!("the output cannot be written: {error}"), "check where it goes")
    }
}
