//! `certwright verify`: observe Ingresses and what they serve, audit, hand out what to trust, report.

mod trust_out;

use self::trust_out::hand_out;
use crate::audit;
use crate::audit::connections::{Connection, connections};
use crate::audit::policy::Policy;
use crate::audit::served::is_about_served;
use crate::cli::{VerifyArgs, shown};
use crate::converge::gather::{Gathered, Probes, Source, gather};
use crate::exit::Exit;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::observe::files::names_stdin;
use crate::output::Output;
use crate::render::model::{Model, TableOptions};
use crate::render::verify::Verified;
use crate::session::{CommandError, Result, Run, policy, roots, source, waiting};
use std::collections::BTreeSet;

pub(super) async fn run(args: VerifyArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    check_usage(&args)?;
    let policy = policy::read(&args.judge.by, None)?;
    let source = source::source(&args.look, run).await?;
    let gathered = observed((&args, &policy), &source, run, output).await?;
    let inventory = &gathered.inventory;
    source::say_what_was_seen(&source, inventory, output);
    source::named_are_there(inventory)?;
    let from = source::audited(&source);
    let context = run.context(args.judge.at, &policy, args.judge.platform, from);
    let mut report = audit::audit(inventory, &context);
    report.findings.retain(|finding| is_about_served(finding.rule));
    let connections = connections(inventory, context.now);
    if let Some(path) = &args.trust_out {
        hand_out(path, &connections, &source, &gathered, output).await?;
    }
    let trust_file = args.trust_out.as_ref().map(|path| path.display().to_string());
    let namespaces = args.look.all_namespaces || source::several_namespaces(inventory);
    let look = TableOptions {
        no_headers: args.no_headers,
        namespaces,
        all: args.all,
        ..TableOptions::default()
    };
    let looked = source::looked(&source, run);
    let model = Model { inventory, report: &report, looked: &looked, look };
    let mut verified = Verified::of(model);
    if args.clients.is_some() || ingresses(&connections) <= 1 {
        verified.connections = connections;
    }
    verified.shown = args.clients.as_deref().map(shown).unwrap_or_default();
    verified.trust_file = trust_file.as_deref();
    verified.address = args.address;
    (args.output.write)(&verified, &mut output.of(args.output.for_programs))?;
    if verified.answers.is_empty() && verified.without_address.is_empty() {
        output.say("note: no host with TLS was found; look at -n, -A, -l or -f");
    }
    Ok(Exit::of_report(&report, args.judge.fail_on))
}

fn check_usage(args: &VerifyArgs) -> Result<()> {
    source::refuse_names_everywhere(args.look.all_namespaces, &args.ingresses)?;
    if args.wait && args.judge.roots.is_some() {
        return Err(CommandError::usage(
            "--wait looks only at what is served, and asks no --roots",
            "leave one of them out",
        ));
    }
    let stdin = args.look.filename.iter().any(|path| names_stdin(path));
    if args.wait && stdin {
        return Err(CommandError::usage(
            "--wait reads the manifests again and again, and standard input can be read once",
            "write them into a file",
        ));
    }
    Ok(())
}

async fn observed(
    (args, policy): (&VerifyArgs, &Policy),
    source: &Source,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Gathered> {
    let chosen = source::selection(&args.ingresses, &args.look, source, run);
    let selection = Selection { asked_labels: policy.labels.clone(), ..chosen };
    let at = args.address.map_or(ServedAt::Status, ServedAt::Address);
    if args.wait {
        return waiting::until_served(source, &selection, at, None, (run, output)).await;
    }
    let served = Some((at, run.deadlines()));
    let roots = roots::read(args.judge.roots.as_deref(), policy)?;
    let probes = Probes { served, backends: true, roots, ..Probes::default() };
    let busy = output.busy("looking", None);
    let gathered = gather(source, selection, &probes, run.world).await?;
    drop(busy);
    Ok(gathered)
}

fn ingresses(connections: &[Connection<'_>]) -> usize {
    connections.iter().map(|connection| &connection.frontend.object).collect::<BTreeSet<_>>().len()
}
