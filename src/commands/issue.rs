//! `certwright issue`: plan one pair, apply, report.

use crate::apply::pair::{Materials, RandomKeys};
use crate::apply::{self, cluster::Target};
use crate::audit::Source;
use crate::cli::{DryRun, Global, IssueArgs, WriteFormat};
use crate::converge;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan::package::{self, SecretWish};
use crate::plan::step::{KeyChoice, NewPair, Plan, WriteFiles};
use crate::render::rotation::Account;
use crate::session::{self, CommandError, Result};
use crate::world::World;
use crate::x509::cert::San;
use crate::x509::profile::{self, Profile};
use std::sync::Arc;

pub(super) async fn run(
    args: IssueArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    session::refuse_yaml_without_manifest(args.write, args.secret.is_some())?;
    let pair = NewPair::Make { profile: wanted(&args, world)?, key: KeyChoice::New };
    match &args.secret {
        None => files(&args, pair, world, output),
        Some(name) => secret(&args, name, pair, global, world, output).await,
    }
}

fn wanted(args: &IssueArgs, world: &World) -> Result<Profile> {
    let bad = |message: String| CommandError::usage(message, "see certwright issue --help");
    let dates = profile::dates(world.now, args.lifetime).map_err(bad)?;
    let names =
        args.domains.iter().cloned().map(San::Dns).chain(args.ip.iter().copied().map(San::Ip));
    Profile::server(names.collect(), args.cn.clone(), args.key_type, dates).map_err(bad)
}

fn files(args: &IssueArgs, pair: NewPair, world: &World, output: &mut Output) -> Result<Exit> {
    if args.write.dry_run == DryRun::Server {
        return Err(CommandError::usage(
            "--dry-run=server needs --secret",
            "use --dry-run=client for files",
        ));
    }
    let path = |name: &str| ObjectRef::file(args.out_dir.join(name).display().to_string());
    let step = WriteFiles {
        key: path("tls.key"),
        certificate: path("tls.crt"),
        pair,
        overwrite: args.force,
    };
    let plan = package::files(world.now, step);
    if args.write.dry_run == DryRun::Client {
        return session::report(&account(&plan, Source::Files), args.write.output, output);
    }
    let keys = RandomKeys(world.random.clone());
    let outcomes = apply::files::apply(plan.steps.clone(), &Materials::default(), &keys);
    session::report(
        &Account { outcomes: Some(&outcomes), ..account(&plan, Source::Files) },
        args.write.output,
        output,
    )
}

async fn secret(
    args: &IssueArgs,
    name: &str,
    pair: NewPair,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let wish = |namespace: String| SecretWish {
        object: ObjectRef::secret(namespace, name),
        pair: pair.clone(),
        with_ca_crt: false,
        replace: args.force,
        replace_flag: "--force",
        force: args.force,
        override_owner: args.override_owner,
    };
    let keys = RandomKeys(world.random.clone());
    if args.write.dry_run == DryRun::Client && args.write.output != WriteFormat::Table {
        let nothing = Inventory::new(Selection::default());
        let plan = package::secret(&nothing, &wish(session::namespace_of_files(global)), world.now);
        return session::print_manifest(
            &plan,
            &Materials::default(),
            &keys,
            args.write.output,
            global,
            output,
        );
    }
    let client = session::client(global, world).await?;
    let wish = wish(session::namespace(global, &client));
    let inventory = converge::gather_one(&client, &wish.object, args.override_owner, world).await?;
    let plan = package::secret(&inventory, &wish, world.now);
    if args.write.dry_run == DryRun::Client {
        return session::report(&account(&plan, Source::Cluster), args.write.output, output);
    }
    let target = Target { client, dry_run: args.write.dry_run == DryRun::Server };
    let outcomes = apply::cluster::apply(
        plan.steps.clone(),
        Arc::new(Materials::default()),
        Arc::new(keys),
        target,
        &|| (),
    )
    .await;
    session::report(
        &Account { outcomes: Some(&outcomes), ..account(&plan, Source::Cluster) },
        args.write.output,
        output,
    )
}

fn account(plan: &Plan, source: Source) -> Account<'_> {
    Account { command: "issue", plan, outcomes: None, source, problems: &[], namespaces: false }
}
