//! `certwright __complete`: what may stand where Tab was pressed.
//!
//! Whatever goes wrong, nothing is said: somebody is typing, and a shell shows what it is told. No
//! one is asked for anything either, and within [`DEADLINE`] it is over.

use crate::cli::complete::{Names, NamesOf, Reach, asked};
use crate::cli::{Cli, CompleteArgs};
use crate::cluster::{self, ConnectOptions};
use crate::exit::Exit;
use crate::object_ref::check_object_name;
use crate::output::Output;
use crate::render::completion;
use crate::session::Result;
use crate::world::World;
use clap::CommandFactory as _;
use std::path::PathBuf;
use std::time::Duration;

/// Longer than that nobody waits for a Tab.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

pub(super) async fn run(args: &CompleteArgs, world: &World, output: &mut Output) -> Result<Exit> {
    let words: Vec<String> =
        args.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command = Cli::command();
    command.build();
    let mut asked = asked(&command, &words);
    if let Some(names) = &asked.names {
        let looked_up = tokio::time::timeout(DEADLINE, look_up(names, &asked.reach, world)).await;
        asked.words.extend(names.candidates(&looked_up.unwrap_or_default()));
    }
    completion::answer(&asked.words, asked.paths, output.document())?;
    Ok(Exit::Done)
}

/// The names, each with a few words about it; none where they cannot be got.
async fn look_up(names: &Names, reach: &Reach, world: &World) -> Vec<(String, Option<String>)> {
    let options = ConnectOptions {
        kubeconfig: reach.kubeconfig.as_ref().map(PathBuf::from),
        context: reach.context.clone(),
        impersonate: reach.impersonate.clone(),
        impersonate_groups: reach.impersonate_groups.clone(),
        request_timeout: DEADLINE,
        unasked: true,
    };
    // The terminal is the shell's: a plugin that wants to ask is none for us.
    let world = World { terminal: false, ..world.clone() };
    if names.of == NamesOf::Contexts {
        return cluster::contexts(&options, &world).unwrap_or_default();
    }
    let mut found = of_cluster(names, reach, &options, &world).await.unwrap_or_default();
    found.retain(|name| check_object_name(name).is_ok());
    found.sort();
    found.into_iter().map(|name| (name, None)).collect()
}

async fn of_cluster(
    names: &Names,
    reach: &Reach,
    options: &ConnectOptions,
    world: &World,
) -> std::result::Result<Vec<String>, cluster::error::ClusterError> {
    let client = cluster::connect(options, world).await?;
    match &names.of {
        NamesOf::Contexts => Ok(Vec::new()),
        NamesOf::Namespaces => client.namespaces().await,
        NamesOf::Objects(kind, _) if !kind.has_namespace() => client.names(*kind, None).await,
        NamesOf::Objects(kind, namespace) => {
            let namespace = namespace.as_deref().or(reach.namespace.as_deref());
            client.names(*kind, Some(namespace.unwrap_or(client.default_namespace()))).await
        }
    }
}
