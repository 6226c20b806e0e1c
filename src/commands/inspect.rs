//! `certwright inspect`: observe, audit, report, for files, standard input and Secrets by name.

use crate::audit::policy::Policy;
use crate::audit::{self, Context, Platform, Source};
use crate::cli::{Global, InspectArgs, ReportFormat};
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::bundle::KeyState;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observe::{cluster, files};
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

/// Every target, in one inventory. A path with the form of a Secret's name is meant as the file
/// when it is written with `./`.
async fn observed(
    args: &InspectArgs,
    global: &Global,
    world: &World,
) -> Result<(Inventory, Source)> {
    let secrets: Vec<KindName> =
        args.targets.iter().filter_map(|target| secret_named(target)).collect();
    let selection = Selection { named: secrets.clone(), labels: None };
    let from_files = secrets.len() < args.targets.len();
    let selection = if from_files { Selection::default() } else { selection };
    let mut inventory = Inventory::new(selection);
    for target in args.targets.iter().filter(|target| secret_named(target).is_none()) {
        let namespace = session::namespace_of_files(global);
        files::inspected(Path::new(target), &namespace, &mut |seen| {
            inventory.absorb(seen, world.random());
        })?;
    }
    if !secrets.is_empty() {
        let client = session::client(global, world).await?;
        let namespace = session::namespace(global, &client);
        for secret in secrets {
            let object = ObjectRef::secret(namespace.as_str(), secret.name);
            inventory.absorb(cluster::named(&client, &object).await?, world.random());
        }
    }
    Ok((inventory, if from_files { Source::Files } else { Source::Cluster }))
}

fn secret_named(target: &str) -> Option<KindName> {
    target.parse::<KindName>().ok().filter(|named| named.kind == Kind::Secret)
}

/// A target in which nothing at all could be read is bad input.
fn something_was_read(args: &InspectArgs, inventory: &Inventory) -> Result<()> {
    let read = inventory.bundles().any(|(_, bundle)| {
        !bundle.certificates.is_empty()
            || matches!(bundle.key, KeyState::Read { .. } | KeyState::Encrypted)
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
                KeyState::NotExpected
                | KeyState::Missing
                | KeyState::Encrypted
                | KeyState::Read { .. } => None,
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
        "expected PEM or DER certificates, or manifests with TLS Secrets",
    ))
}
