//! `certwright check`: observe, audit, report.

use crate::audit;
use crate::audit::policy::Policy;
use crate::cli::CheckArgs;
use crate::converge::gather::{Gathered, Probes, Source, gather};
use crate::exit::Exit;
use crate::inventory::served::ServedAt;
use crate::observe::dns::Resolver;
use crate::output::Output;
use crate::render::model::{Look, Model};
use crate::render::progress;
use crate::session::{CommandError, Result, Run, source};

pub(super) async fn run(args: CheckArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    source::refuse_names_everywhere(args.look.all_namespaces, &args.objects)?;
    let source = source::source(&args.look, run).await?;
    let gathered = observed(&args, &source, run, output).await?;
    let inventory = &gathered.inventory;
    let policy = Policy { renew_before: args.renew_before };
    let from = source::audited(&source);
    let context = run.context(args.judge.at, &policy, args.judge.platform, from);
    let mut report = audit::audit(inventory, &context);
    let nothing = (inventory.is_empty() && report.complete)
        .then(|| source::nothing_found("no TLS Secret, no Ingress", &source, &args.look, run));
    report.complete &= nothing.as_ref().is_none_or(|(_, is_well)| *is_well);
    let namespaces = args.look.all_namespaces || source::several_namespaces(inventory);
    let look = Look { no_headers: args.no_headers, namespaces };
    let model = Model { inventory, report: &report, look };
    (args.output.write)(&model, output.of(args.output.for_programs))?;
    if let Some((words, is_well)) = nothing {
        output.say(&words);
        if !is_well {
            output.say("  → look at -n, -A, -l or -f; --allow-empty if that is as it should be");
        }
    }
    Ok(Exit::of_report(&report, args.judge.fail_on))
}

/// What the flags say to look at, and what was seen of it, told with `-v`.
async fn observed(
    args: &CheckArgs,
    source: &Source,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Gathered> {
    let selection = source::selection(args.objects.clone(), &args.look);
    let served = args.served.then(|| (ServedAt::Status, run.deadlines()));
    let dns = resolver(args).await?;
    let probes = Probes { events: true, makers: true, dns, served, ..Probes::default() };
    let busy = output.busy("reading", None);
    let gathered = gather(source, selection, &probes, run.world).await?;
    drop(busy);
    source::say_what_was_seen(source, &gathered.inventory, output);
    source::named_are_there(&args.objects, &gathered.inventory)?;
    if let Some(resolver) = &probes.dns {
        output.say_verbosely(&format!("asked DNS at {}", resolver.servers()));
        if let Some(note) = progress::without_address(&gathered.inventory) {
            output.say(&note);
        }
    }
    Ok(gathered)
}

/// Whom `--dns` and `--dns-server` say to ask.
async fn resolver(args: &CheckArgs) -> Result<Option<Resolver>> {
    if !args.dns && args.dns_server.is_none() {
        return Ok(None);
    }
    let resolver = Resolver::new(args.dns_server.as_ref()).await;
    resolver.map(Some).map_err(|message| {
        CommandError::failed(message, "name a DNS server by its address: --dns-server HOST:PORT")
    })
}
