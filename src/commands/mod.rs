//! The commands: each reads as a story of five lines: observe, audit, plan, converge, report.
//!
//! Knows which parts to call in which order. Decisions are the audit's and the plan's, IO is at
//! the edges.
#![expect(clippy::disallowed_methods, reason = "--timeout ends the command whatever it waits for")]

mod bootstrap;
mod check;
mod complete;
mod completion;
mod convert;
mod explain;
mod import;
mod inspect;
mod issue;
mod managed;
mod manifests;
mod rollback;
mod rotate;
mod verify;

use crate::cli::{Cli, Command, DryRun, ManagedCommand};
use crate::exit::Exit;
use crate::manifest::STACK;
use crate::output::{Output, Terminal};
use crate::remedy::Target;
use crate::render::progress;
use crate::session::error::CANCELLED;
use crate::session::record::Record;
use crate::session::{self, CommandError, Result, Run};
use crate::world::World;
use tokio::signal::unix::{SignalKind, signal};

/// Carries out the command, within `--timeout`, until Ctrl-C. Says errors on stderr: the command's
/// own through `output`, that it was cut short through `talk`.
///
/// The command has a thread of its own, so that Ctrl-C and the time are minded also while it reads a
/// file or waits for standard input.
pub async fn run(cli: Cli, world: World, output: Output, talk: &mut Output) -> Exit {
    let is_tab = matches!(cli.command, Command::Complete(_));
    let limit = match cli.global.timeout.map(time::Duration::unsigned_abs) {
        _ if is_tab => Some(complete::DEADLINE),
        limit => limit,
    };
    let writes = writes(&cli.command);
    let patience = limit.map(|limit| limit + grace(&cli.command));
    // Before the command begins: from its first request on, Ctrl-C must find us listening.
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        talk.say("error: signals cannot be listened for");
        return Exit::Failed;
    };
    let terminal = Terminal::as_it_is();
    let (mut done, ended) = tokio::sync::oneshot::channel();
    let (thread, let_go) = std::sync::mpsc::channel::<()>();
    let asking = output.asking();
    let record = Record::default();
    let shared = record.clone();
    // Dropping the receiver is how a command that was cut short is let go.
    let begun = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let exit = in_its_own_runtime(cli, world, (output, &shared), done.closed());
        drop(thread);
        let _ = done.send(exit);
    });
    if let Err(error) = begun {
        talk.say(&format!("error: the system lets no thread be started: {error}"));
        return Exit::Failed;
    }
    let ended = tokio::select! {
        ended = within(patience, ended) => match ended {
            Some(Ok(exit)) => Ok(exit),
            Some(Err(_)) => Ok(Exit::Failed),
            None => Err(Exit::TimedOut),
        },
        // Who is asked and does not go on has said no.
        _ = interrupt.recv() => Err(if asking.now() { Exit::Cancelled } else { Exit::Interrupted }),
        _ = terminate.recv() => Err(Exit::Interrupted),
    };
    let cut = match ended {
        Ok(exit) => return exit,
        Err(cut) => cut,
    };
    // The channel is never sent into: it ends with the command's thread, or we go on.
    let _ = let_go.recv_timeout(LET_GO);
    if is_tab {
        return Exit::Done;
    }
    // The command may be left at a question.
    terminal.restore();
    cut_short(cut, (limit, writes), &record, talk);
    cut
}

/// How long a command that was cut short may take to let go of what it began, such as a program
/// that it waits for. At a question it never does.
const LET_GO: std::time::Duration = std::time::Duration::from_millis(200);

/// How long a command that minds the time itself may take to tell how far it is.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);
/// How long a Tab may take beside what it waits for.
const GRACE_OF_TAB: std::time::Duration = std::time::Duration::from_millis(300);
/// What the others are given.
const NONE: std::time::Duration = std::time::Duration::ZERO;

/// What a command is given that waits for the world, and tells at the end of its time how that stands.
const fn grace(command: &Command) -> std::time::Duration {
    match command {
        Command::Rotate(args) if args.waits() => GRACE,
        Command::Rollback(args) if args.restart => GRACE,
        Command::Bootstrap(_) | Command::Managed { .. } | Command::Verify(_) => GRACE,
        Command::Complete(_) => GRACE_OF_TAB,
        _ => NONE,
    }
}

/// Whether the command may write to a cluster or to files.
const fn writes(command: &Command) -> bool {
    match command {
        Command::Issue(_)
        | Command::Import(_)
        | Command::Bootstrap(_)
        | Command::Man(_)
        | Command::Convert(_) => true,
        Command::Rotate(args) => matches!(args.dry_run, DryRun::None),
        Command::Rollback(args) => matches!(args.dry_run, DryRun::None),
        Command::Managed { command } => !matches!(command, ManagedCommand::Status(_)),
        Command::Verify(args) => args.trust_out.is_some(),
        Command::Inspect(args) => args.out.is_some() || args.in_place,
        // What was told is kept.
        Command::Check(args) => args.known.write_baseline || args.notify.notify.is_some(),
        Command::Explain(_)
        | Command::Manifests { .. }
        | Command::Complete(_)
        | Command::Completion(_) => false,
    }
}

/// Says that the command was cut short, what it had replaced by then, and how to go on.
fn cut_short(
    exit: Exit,
    (limit, writes): (Option<std::time::Duration>, bool),
    record: &Record,
    talk: &mut Output,
) {
    if matches!(exit, Exit::Interrupted | Exit::Cancelled) {
        talk.end_line();
    }
    match exit {
        Exit::Cancelled => talk.say(CANCELLED),
        Exit::TimedOut => {
            let limit = limit.unwrap_or_default();
            let far = if writes {
                "a request that was under way may have been carried out"
            } else {
                "it was still reading, and nothing was written"
            };
            talk.say(&format!("error: timed out after {limit:?} (--timeout): {far}"));
            if !record.is_open() {
                talk.say("  → run it again with a longer --timeout");
            }
        }
        _ if record.is_open() || !writes => talk.say("interrupted"),
        _ => talk.say("interrupted; run the command again to see what is left to do"),
    }
    record.tell(talk);
}

/// What talks to a cluster at length reads the answers on other threads than it judges them on; the
/// rest would pay half a millisecond for threads that have nothing to do.
fn runtime(command: &Command) -> tokio::runtime::Builder {
    match command {
        Command::Issue(_)
        | Command::Convert(_)
        | Command::Inspect(_)
        | Command::Explain(_)
        | Command::Manifests { .. }
        | Command::Completion(_)
        | Command::Complete(_)
        | Command::Man(_) => tokio::runtime::Builder::new_current_thread(),
        Command::Import(_)
        | Command::Check(_)
        | Command::Verify(_)
        | Command::Bootstrap(_)
        | Command::Managed { .. }
        | Command::Rollback(_)
        | Command::Rotate(_) => tokio::runtime::Builder::new_multi_thread(),
    }
}

fn in_its_own_runtime(
    cli: Cli,
    world: World,
    (mut output, record): (Output, &Record),
    cut_short: impl Future<Output = ()>,
) -> Exit {
    match runtime(&cli.command).enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(async {
                tokio::select! {
                    exit = to_its_end(cli, world, output, record) => exit,
                    () = cut_short => Exit::Interrupted,
                }
            });
            // A name that the system is still looking up is waited for by nobody.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            output.say(&format!("error: no threads can be started: {error}"));
            Exit::Failed
        }
    }
}

async fn to_its_end(cli: Cli, world: World, mut output: Output, record: &Record) -> Exit {
    let target = session::target(&cli.global, &world);
    let exit = match Box::pin(command(cli, &world, record, &mut output)).await {
        Ok(exit) => exit,
        // At a password a terminal hands Ctrl-C to whoever asks, who has ended the line.
        Err(error) if error.exit == Exit::Cancelled => {
            output.say(CANCELLED);
            error.exit
        }
        Err(error) => {
            let _ = output.flush();
            let exit = say(error, &target, &mut output);
            if record.has_any() {
                record.tell(&mut output);
            }
            exit
        }
    };
    match output.flush() {
        Ok(()) => exit,
        Err(error) => {
            output.say(&format!("error: the output cannot be written: {error}"));
            Exit::Failed
        }
    }
}

/// What went wrong and what to do, on stderr.
fn say(error: CommandError, target: &Target, output: &mut Output) -> Exit {
    let (mut message, mut remedy) = (error.message, error.remedy);
    remedy.settle(&mut message, target);
    output.say(&format!("error: {message}"));
    output.say(&progress::remedy(&remedy));
    error.exit
}

async fn command(cli: Cli, world: &World, record: &Record, output: &mut Output) -> Result<Exit> {
    let limit = cli.global.timeout.map(time::Duration::unsigned_abs);
    let deadline = limit.map(|limit| tokio::time::Instant::now() + limit);
    let run = Run { global: &cli.global, world, deadline };
    match cli.command {
        Command::Issue(args) => Box::pin(issue::run(args, run, output)).await,
        Command::Import(args) => Box::pin(import::run(args, run, output)).await,
        Command::Convert(args) => convert::run(&args, run, output),
        Command::Check(args) => Box::pin(check::run(args, run, output)).await,
        Command::Verify(args) => verify::run(args, run, output).await,
        Command::Inspect(args) => inspect::run(args, run, output).await,
        Command::Bootstrap(args) => bootstrap::run(args, run, output).await,
        Command::Managed { command } => Box::pin(managed::run(command, run, output)).await,
        Command::Manifests { command } => manifests::run(command, run, output),
        Command::Explain(args) => explain::run(&args, world.program, output),
        Command::Completion(args) => completion::completion(&args, world.program, output),
        Command::Complete(args) => complete::run(&args, world, output).await,
        Command::Man(args) => completion::man(&args, output),
        Command::Rollback(args) => Box::pin(rollback::run(args, run, record, output)).await,
        Command::Rotate(args) => Box::pin(rotate::run(args, run, record, output)).await,
    }
}

async fn within<T>(limit: Option<std::time::Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}
