//! `certwright check`: observe, audit, report.

use crate::audit::policy::Policy;
use crate::audit::{self, Context};
use crate::cli::{CheckArgs, Global, ReportFormat};
use crate::converge::gather::{Probes, gather};
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::served::ServedAt;
use crate::observe::dns::Resolver;
use crate::output::Output;
use crate::render::check::{Look, write_json, write_table};
use crate::session::{self, CommandError, Result};
use crate::world::World;

pub(super) async fn run(
    args: CheckArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    if args.look.all_namespaces && !args.objects.is_empty() {
        return Err(CommandError::usage(
            "-A cannot be combined with names",
            "name one namespace with -n",
        ));
    }
    let source = session::source(&args.look, global, world).await?;
    let selection = session::selection(args.objects.clone(), &args.look);
    let served = args.served.then(|| (ServedAt::Status, session::deadlines(global)));
    let dns = resolver(&args).await?;
    let probes = Probes { events: true, makers: true, dns, served, ..Probes::default() };
    let busy = output.busy("reading", None);
    let gathered = gather(&source, selection, &probes, world).await?;
    drop(busy);
    session::say_what_was_seen(&source, &gathered.inventory, output);
    session::named_are_there(&args.objects, &gathered.inventory)?;
    if let Some(resolver) = &probes.dns {
        output.say_verbosely(&format!("asked DNS at {}", resolver.servers()));
        say_what_has_no_address(&gathered.inventory, output);
    }
    let policy = Policy { renew_before: args.renew_before };
    let context = Context {
        now: args.judge.at.unwrap_or_else(|| world.now()),
        policy: &policy,
        platform: args.judge.platform,
        source: session::audited(&source),
    };
    let mut report = audit::audit(&gathered.inventory, &context);
    let nothing = (gathered.inventory.is_empty() && report.complete)
        .then(|| session::nothing_found("no TLS Secret, no Ingress", &source, &args.look, global));
    report.complete &= nothing.as_ref().is_none_or(|(_, is_well)| *is_well);
    let look = Look {
        wide: args.output == ReportFormat::Wide,
        no_headers: args.no_headers,
        namespaces: args.look.all_namespaces || session::several_namespaces(&gathered.inventory),
    };
    match args.output {
        ReportFormat::Json => write_json(&gathered.inventory, &report, output.document())?,
        ReportFormat::Table | ReportFormat::Wide => {
            write_table(&gathered.inventory, &report, look, output.data())?;
        }
    }
    if let Some((words, is_well)) = nothing {
        output.say(&words);
        if !is_well {
            output.say("  → look at -n, -A, -l or -f; --allow-empty if that is as it should be");
        }
    }
    Ok(Exit::of_report(&report, args.judge.fail_on))
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

/// Without an address there is nothing to compare DNS with; silence would look like all is well.
fn say_what_has_no_address(inventory: &Inventory, output: &mut Output) {
    let without: Vec<String> = inventory
        .ingresses()
        .filter(|ingress| inventory.is_reported(&ingress.object) && ingress.addresses.is_empty())
        .map(|ingress| ingress.object.short())
        .collect();
    if let [first, others @ ..] = without.as_slice() {
        let more =
            if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        output.say(&format!("note: no address yet, so nothing to compare DNS with: {first}{more}"));
    }
}
