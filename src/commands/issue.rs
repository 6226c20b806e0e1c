//! `certwright issue`: plan one pair, apply, report.

use crate::apply;
use crate::apply::pair::{Materials, RandomKeys};
use crate::audit::Source;
use crate::cli::{DryRun, Global, IssueArgs};
use crate::exit::Exit;
use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan::package::{self, SecretWish};
use crate::plan::step::{KeyChoice, NewPair, Plan, WriteFiles};
use crate::render::rotation::Account;
use crate::session::{self, CommandError, Result};
use crate::world::World;
use crate::x509::cert::San;
use crate::x509::profile::{self, Profile};

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
        Some(name) => {
            let wish = secret(&args, name, pair);
            let at = (global, args.write);
            session::package("issue", wish, Materials::default(), at, world, output).await
        }
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
        return session::report(&account(&plan), args.write.output, output);
    }
    let keys = RandomKeys(world.random.clone());
    let outcomes = apply::files::apply(plan.steps.clone(), &Materials::default(), &keys);
    session::report(
        &Account { outcomes: Some(&outcomes), ..account(&plan) },
        args.write.output,
        output,
    )
}

/// The wish for a Secret; its namespace is settled where it goes to.
fn secret(args: &IssueArgs, name: &str, pair: NewPair) -> SecretWish {
    SecretWish {
        object: ObjectRef::secret(String::new(), name),
        pair,
        with_ca_crt: false,
        replace: args.force,
        replace_flag: "--force",
        force: args.force,
        override_owner: args.override_owner,
    }
}

fn account(plan: &Plan) -> Account<'_> {
    Account {
        command: "issue",
        plan,
        outcomes: None,
        source: Source::Files,
        problems: &[],
        namespaces: false,
    }
}
