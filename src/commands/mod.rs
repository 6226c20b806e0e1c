//! The commands: each reads as a story of five lines: observe, audit, plan, converge, report.
//!
//! Knows which parts to call in which order. Decisions are the audit's and the plan's, IO is at
//! the edges.
#![expect(clippy::disallowed_methods, reason = "--timeout ends the command whatever it waits for")]

mod check;
mod import;
mod inspect;
mod issue;
mod rotate;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::output::Output;
use crate::session::Result;
use crate::world::World;

/// Carries out the command, within `--timeout`, until Ctrl-C. Says errors on stderr.
pub async fn run(cli: Cli, world: &World, output: &mut Output) -> Exit {
    let limit = cli.global.timeout.map(time::Duration::unsigned_abs);
    let ended = tokio::select! {
        ended = within(limit, command(cli, world, output)) => Ok(ended),
        _ = tokio::signal::ctrl_c() => Err(Exit::Interrupted),
    };
    let exit = match ended {
        Ok(Some(Ok(exit))) => exit,
        Ok(Some(Err(error))) => {
            if !error.message.is_empty() {
                output.say(&format!("error: {}", error.message));
                output.say(&format!("  → {}", error.remedy));
            }
            error.exit
        }
        Ok(None) => {
            output.say("error: the time of --timeout is over; what was begun on the server is finished there or not begun");
            Exit::TimedOut
        }
        Err(exit) => {
            output.say("interrupted; run the command again to see what is left to do");
            exit
        }
    };
    let _ = output.flush();
    exit
}

async fn command(cli: Cli, world: &World, output: &mut Output) -> Result<Exit> {
    let global = &cli.global;
    match cli.command {
        Command::Issue(args) => issue::run(args, global, world, output).await,
        Command::Import(args) => import::run(args, global, world, output).await,
        Command::Check(args) => check::run(args, global, world, output).await,
        Command::Inspect(args) => inspect::run(args, global, world, output).await,
        Command::Rotate(args) => rotate::run(args, global, world, output).await,
    }
}

async fn within<T>(limit: Option<std::time::Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}
