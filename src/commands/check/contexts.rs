//! `check --contexts`: several clusters in one run, each looked at and judged by itself.
//!
//! A cluster that cannot be reached is told beside the others, which are judged all the same. Refuses to know
//! what is found: there is one inventory a cluster, and nothing of one is seen from another.

use super::seeing::{Seen, observed, tell};
use super::{Asked, Judged, judged, notify};
use crate::cli::CheckArgs;
use crate::cli::Global;
use crate::cluster::{self, ConnectOptions};
use crate::exit::Exit;
use crate::output::Output;
use crate::render::check::contexts::{ContextReport, writer};
use crate::session::notify::Notifier;
use crate::session::{CommandError, Result, Run};
use futures_util::{StreamExt as _, stream};

/// Clusters looked at at once: each is several connections, and may run an auth plugin.
const PARALLEL: usize = 4;

/// The contexts that `--contexts` names, each once; `all` are those of the kubeconfig.
pub(super) fn named(args: &CheckArgs, run: Run<'_>) -> Result<Vec<String>> {
    let options =
        ConnectOptions { kubeconfig: run.global.kubeconfig.clone(), ..ConnectOptions::default() };
    let known = cluster::contexts(&options, run.world)?;
    let known: Vec<String> = known.into_iter().map(|(name, _)| name).collect();
    let mut named: Vec<String> = Vec::new();
    for word in &args.contexts {
        let some = if word == "all" { known.clone() } else { vec![word.clone()] };
        for name in some.into_iter().filter(|name| !named.contains(name)).collect::<Vec<_>>() {
            if !known.contains(&name) {
                return Err(CommandError::usage(
                    format!("--contexts: the kubeconfig has no context {name:?}"),
                    "kubectl config get-contexts lists them",
                ));
            }
            named.push(name);
        }
    }
    if named.is_empty() {
        let message = "--contexts: the kubeconfig has no contexts";
        return Err(CommandError::usage(message, "name one with --kubeconfig or KUBECONFIG"));
    }
    Ok(named)
}

/// Looks at each, judges each, and tells of all.
pub(super) async fn run_each(
    asked: &Asked<'_>,
    notifier: Option<&Notifier>,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let args = asked.args;
    let Some(write) = writer(args.output.name) else {
        return Err(CommandError::usage(
            format!("-o {} cannot be combined with --contexts", args.output.name),
            "choose -o table, wide, lines, name, json or yaml",
        ));
    };
    let globals: Vec<Global> = named(args, run)?
        .into_iter()
        .map(|context| Global { context: Some(context), ..run.global.clone() })
        .collect();
    let busy = output.busy("reading", Some(globals.len()));
    let seen: Vec<Result<Seen>> = stream::iter(&globals)
        .map(|global| observed(asked, Run { global, ..run }))
        .buffered(PARALLEL)
        .inspect(|_| busy.advance())
        .collect()
        .await;
    drop(busy);
    let each = globals.iter().zip(seen).map(|(global, seen)| {
        let run = Run { global, ..run };
        let context = global.context.as_deref().unwrap_or_default();
        let judged = seen.and_then(|seen| {
            tell(&seen, output);
            judged(asked, seen, (run, output))
        });
        (context, judged.map_err(|error| error.message))
    });
    let each: Vec<(&str, std::result::Result<Judged, String>)> = each.collect();
    let reports: Vec<ContextReport<'_>> = each
        .iter()
        .map(|(context, judged)| ContextReport {
            context,
            seen: judged.as_ref().map(Judged::model).map_err(String::as_str),
        })
        .collect();
    write(&reports, &mut output.of(args.output.for_programs))?;
    let exit = told(args, &each, output);
    if let Some(notifier) = notifier {
        let seen = each
            .iter()
            .filter_map(|(context, judged)| Some((Some(*context), judged.as_ref().ok()?)));
        let seen: Vec<(Option<&str>, &Judged)> = seen.collect();
        // Of a cluster that could not be looked at, nothing is gone.
        let is_whole = seen.len() == each.len();
        notify(notifier, args, (&seen, is_whole), run, output).await?;
    }
    Ok(exit)
}

/// Says what each lacks, and how all of it ends: findings win, and what could not be read makes the rest
/// incomplete.
fn told(
    args: &CheckArgs,
    each: &[(&str, std::result::Result<Judged, String>)],
    output: &mut Output,
) -> Exit {
    let mut exits = Vec::new();
    for (context, judged) in each {
        match judged {
            Ok(judged) => {
                judged.say_nothing_found(output);
                exits.push(Exit::of_report(&judged.report, args.judge.fail_on));
            }
            Err(why) => {
                output.say(&format!("error: context {context}: {why}"));
                exits.push(Exit::Incomplete);
            }
        }
    }
    if each.iter().all(|(_, judged)| judged.is_err()) {
        return Exit::Failed;
    }
    let has = |exit: Exit| exits.contains(&exit);
    match (has(Exit::Findings), has(Exit::Incomplete)) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    }
}
