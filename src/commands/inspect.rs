//! `certwright inspect`: observe, audit, report, for files, standard input, Secrets by name and TLS
//! servers.

use crate::audit::policy::Policy;
use crate::audit::{self, Context, Platform, Source};
use crate::cli::{Global, InspectArgs, ReportFormat};
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::bundle::KeyState;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observation::handshake::Endpoint;
use crate::observe::{cluster, files, served};
use crate::output::Output;
use crate::render::check::{Look, write_json, write_table};
use crate::render::inspect::write_text;
use crate::session::{self, CommandError, Result};
use crate::world::World;
use std::path::Path;

pub(super) async fn run(
    args: InspectArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let (inventory, source) = observed(&args, global, world).await?;
    something_was_read(&args, &inventory)?;
    let policy = Policy::default();
    let context = Context {
        now: args.at.unwrap_or(world.now),
        policy: &policy,
        platform: Platform::Other,
        source,
    };
    let report = audit::audit(&inventory, &context);
    match args.output {
        ReportFormat::Json => write_json("inspect", &inventory, &report, output.data())?,
        ReportFormat::Wide => {
            let look = Look { wide: true, no_headers: args.no_headers, namespaces: false };
            write_table(&inventory, &report, look, output.data())?;
        }
        ReportFormat::Table => write_text(&inventory, &report, output.data())?,
    }
    Ok(Exit::of_report(&report, args.fail_on.into()))
}

/// What a target names.
enum Target<'t> {
    Secret(KindName),
    Server(Endpoint),
    Path(&'t Path),
}

/// A path with the form of a Secret's name is meant as the file when it is written with `./`; one
/// with the form of `HOST:PORT` also when there is such a file.
fn target(text: &str) -> Target<'_> {
    if let Some(secret) = text.parse::<KindName>().ok().filter(|named| named.kind == Kind::Secret) {
        return Target::Secret(secret);
    }
    match text.parse() {
        Ok(endpoint) if !files::is_there(Path::new(text)) => Target::Server(endpoint),
        _ => Target::Path(Path::new(text)),
    }
}

/// Every target, in one inventory.
async fn observed(
    args: &InspectArgs,
    global: &Global,
    world: &World,
) -> Result<(Inventory, Source)> {
    let targets: Vec<Target<'_>> = args.targets.iter().map(|text| target(text)).collect();
    let secrets: Vec<KindName> = targets.iter().filter_map(secret_named).collect();
    let selection = Selection { named: secrets.clone(), labels: None };
    let from_elsewhere = secrets.len() < args.targets.len();
    let selection = if from_elsewhere { Selection::default() } else { selection };
    let mut inventory = Inventory::new(selection);
    let deadlines = session::deadlines(global);
    for target in &targets {
        let mut take = |seen| inventory.absorb(seen, world.random());
        match target {
            Target::Secret(_) => {}
            Target::Server(endpoint) => {
                served::inspected(endpoint, args.servername.clone(), deadlines, &mut take).await;
            }
            Target::Path(path) => {
                files::inspected(path, &session::namespace_of_files(global), &mut take)?;
            }
        }
    }
    if !secrets.is_empty() {
        let client = session::client(global, world).await?;
        let namespace = session::namespace(global, &client);
        for secret in secrets {
            let object = ObjectRef::secret(namespace.as_str(), secret.name);
            inventory.absorb(cluster::named(&client, &object).await?, world.random());
        }
    }
    Ok((inventory, if from_elsewhere { Source::Files } else { Source::Cluster }))
}

fn secret_named(target: &Target<'_>) -> Option<KindName> {
    match target {
        Target::Secret(named) => Some(named.clone()),
        Target::Server(_) | Target::Path(_) => None,
    }
}

/// A target in which nothing at all could be read is bad input.
fn something_was_read(args: &InspectArgs, inventory: &Inventory) -> Result<()> {
    let read = inventory.bundles().any(|(_, bundle)| {
        !bundle.certificates.is_empty() || matches!(bundle.key, KeyState::Read { .. })
    });
    if read {
        return Ok(());
    }
    let reasons: Vec<String> = inventory
        .bundles()
        .flat_map(|(object, bundle)| {
            let damaged =
                bundle.damaged.iter().map(move |damaged| format!("{object}: {}", damaged.message));
            let missing = bundle.certificates_missing.then(|| format!("{object}: it is empty"));
            let key = match &bundle.key {
                KeyState::Unreadable(reason) => Some(format!("{object}: {reason}")),
                KeyState::NotExpected | KeyState::Missing | KeyState::Read { .. } => None,
            };
            damaged.chain(missing).chain(key)
        })
        .chain(
            inventory
                .problems()
                .iter()
                .map(|problem| format!("{}: {}", problem.object, problem.message)),
        )
        .collect();
    let why =
        if reasons.is_empty() { "there is nothing to read".to_owned() } else { reasons.join("; ") };
    Err(CommandError::failed(
        format!("no certificate could be read from {}: {why}", args.targets.join(", ")),
        "expected PEM or DER certificates, manifests with TLS Secrets, or a TLS server",
    ))
}
