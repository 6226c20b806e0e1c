//! `certwright check`: observe, audit, report.

use crate::audit;
use crate::audit::policy::Policy;
use crate::audit::{Choice, calendar};
use crate::cli::{CheckArgs, domain};
use crate::converge::gather::{Gathered, Probes, Source, gather};
use crate::exit::{Exit, FailOn};
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::dns::Resolver;
use crate::observe::files::{self, names_stdin};
use crate::output::Output;
use crate::render::calendar::CalendarReport;
use crate::render::check::is_cut_in_a_pipe;
use crate::render::formats::{TABLE, WriteCalendar, WriteCheck, WriteChecked};
use crate::render::model::{Model, TableOptions};
use crate::render::progress;
use crate::session::{CommandError, Result, Run, baseline, policy, roots, source};
use time::OffsetDateTime;

pub(super) async fn run(args: CheckArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let write = writer(&args)?;
    check_usage(&args)?;
    let hosts = hosts(&args)?;
    let policy = policy::read(&args.judge.by, args.renew_before)?;
    let source = source::source(&args.look, run).await?;
    let mut gathered = observed((&args, &policy), &source, run, output).await?;
    gathered.inventory.want(hosts);
    let inventory = &gathered.inventory;
    let from = source::audited(&source);
    let context = run.context(args.judge.at, &policy, args.judge.platform, from);
    let mut report = audit::audit(inventory, &context);
    let nothing = (inventory.is_empty() && report.complete)
        .then(|| source::nothing_found("no TLS Secret, no Ingress", &source, &args.look, run));
    report.complete &= nothing.as_ref().is_none_or(|(_, is_well)| *is_well);
    baseline::compare(&args.known, &mut report, inventory, output)?;
    let look = look(&args, inventory, context.now);
    report.choose(&choice(&args, look.ends_by), inventory);
    let looked = source::looked(&source, run);
    let model = Model { inventory, report: &report, looked: &looked, look };
    let mut page = output.of(args.output.for_programs);
    match write {
        Write::Report(write) => write(&model, &mut page)?,
        Write::Calendar(write) => {
            let entries = calendar::entries(inventory, &context, look.ends_by);
            write(&CalendarReport::of(&model, &entries), &mut page)?;
        }
    }
    let is_table_in_a_pipe = args.output.name == TABLE && page.width().is_none();
    if is_table_in_a_pipe && is_cut_in_a_pipe(&model) && matches!(write, Write::Report(_)) {
        output.say("note: rows are left out; --all shows every one");
    }
    if let Some((words, is_well)) = nothing {
        output.say(&words);
        if !is_well {
            output.say("  → look at -n, -A, -l or -f; --allow-empty if that is as it should be");
        }
    }
    baseline::tell_what_is_fixed(&args.known, &report, (run, output));
    // A calendar shows no findings, and a baseline accepts them.
    let shows_findings = matches!(write, Write::Report(_)) && !args.known.write_baseline;
    let fail_on = if shows_findings { args.judge.fail_on } else { FailOn::Never };
    Ok(Exit::of_report(&report, fail_on))
}

/// What is shown, and by what.
#[derive(Clone, Copy)]
enum Write {
    Report(WriteCheck),
    Calendar(WriteCalendar),
}

/// What writes what the flags ask for: of `-o ics` there is nothing but a calendar.
fn writer(args: &CheckArgs) -> Result<Write> {
    let WriteChecked { check, calendar } = args.output.write;
    match (args.show.calendar, check, calendar) {
        (false, Some(write), _) => Ok(Write::Report(write)),
        (_, _, Some(write)) => Ok(Write::Calendar(write)),
        (_, _, None) => Err(CommandError::usage(
            format!("-o {} shows no calendar", args.output.name),
            "choose table, json or ics",
        )),
    }
}

fn check_usage(args: &CheckArgs) -> Result<()> {
    source::refuse_names_everywhere(args.look.all_namespaces, &args.objects)?;
    let map = args.objects.iter().find(|object| object.kind == Kind::ConfigMap);
    if let Some(map) = map.filter(|_| args.beside.key.is_none()) {
        return Err(CommandError::usage(
            format!("configmap/{} needs --key: which of its keys hold certificates?", map.name),
            "add --key REGEX, such as --key ca",
        ));
    }
    Ok(())
}

/// The hosts that `--host` and `--hosts-from` name.
fn hosts(args: &CheckArgs) -> Result<Vec<String>> {
    let mut hosts = args.host.clone();
    let Some(path) = &args.hosts_from else { return Ok(hosts) };
    if names_stdin(path) && args.look.filename.iter().any(|path| names_stdin(path)) {
        return Err(CommandError::usage(
            "-f and --hosts-from both name standard input, which can be read once",
            "write one of them into a file",
        ));
    }
    let place = path.display();
    let listed = files::listed(path).map_err(|why| {
        CommandError::failed(
            format!("cannot read {place}: {why}"),
            "name a file with one host a line",
        )
    })?;
    for (line, word) in listed {
        let host = domain(&word).map_err(|why| {
            CommandError::failed(format!("{place}, line {line}: {why}"), "write one host a line")
        })?;
        hosts.push(host);
    }
    Ok(hosts)
}

/// How the flags want the report.
fn look(args: &CheckArgs, inventory: &Inventory, now: OffsetDateTime) -> TableOptions {
    let show = &args.show;
    TableOptions {
        no_headers: args.no_headers,
        namespaces: args.look.all_namespaces || source::several_namespaces(inventory),
        all: show.all,
        sort_by: show.sort_by,
        ends_by: show.expires_within.and_then(|span| now.checked_add(span)),
    }
}

/// Which findings the flags choose.
fn choice(args: &CheckArgs, ends_by: Option<OffsetDateTime>) -> Choice {
    Choice { rules: args.show.rule.clone(), severity: args.show.severity, ends_by }
}

/// Of how many Secrets the signatures are verified: a larger fleet is told as fast as it is read.
const SIGNATURES: usize = 1_000;

/// What the flags say to look at, and what was seen of it, told with `-v`.
async fn observed(
    (args, policy): (&CheckArgs, &Policy),
    source: &Source,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Gathered> {
    let (keys, ca_bundles) = (args.beside.key.clone(), args.beside.ca_bundles);
    let chosen = source::selection(&args.objects, &args.look, source, run);
    let asked_labels = policy.labels.clone();
    let selection = Selection { keys, ca_bundles, asked_labels, ..chosen };
    let served = args.served.then(|| (ServedAt::Status, run.deadlines()));
    let dns = resolver(args).await?;
    let backends = args.served;
    let wanted = Probes { events: true, makers: true, workloads: true, ..Probes::default() };
    let roots = roots::read(args.judge.roots.as_deref(), policy)?;
    // Whoever asks for trust wants signatures, and not names.
    let signatures = roots.is_none().then_some(SIGNATURES);
    let probes = Probes { dns, served, backends, grpc: true, signatures, roots, ..wanted };
    let busy = output.busy("reading", None);
    let gathered = gather(source, selection, &probes, run.world).await?;
    drop(busy);
    source::say_what_was_seen(source, &gathered.inventory, output);
    keys_are_there(args, &gathered.inventory)?;
    source::named_are_there(&gathered.inventory)?;
    if let Some(resolver) = &probes.dns {
        output.say_verbosely(&format!("asked DNS at {}", resolver.servers()));
        if let Some(note) = progress::without_address(&gathered.inventory) {
            output.say(&note);
        }
    }
    Ok(gathered)
}

/// What is named for the sake of some keys has one that fits and holds certificates.
fn keys_are_there(args: &CheckArgs, inventory: &Inventory) -> Result<()> {
    let Some(pattern) = &args.beside.key else { return Ok(()) };
    for named in args.objects.iter().filter(|named| named.kind != Kind::Ingress) {
        let is_named = |object: &ObjectRef| object.kind == named.kind && object.name == named.name;
        let mut read = inventory.values().map(|value| &value.object);
        let mut secrets = inventory.tls_secrets().map(|secret| &secret.object);
        if !read.any(is_named) && !secrets.any(is_named) {
            let (kind, name) = (named.kind.word(), &named.name);
            return Err(CommandError::failed(
                format!("no key of {kind}/{name} that fits {pattern} holds a certificate"),
                "look at its keys, and at the regular expression",
            ));
        }
    }
    Ok(())
}

/// Whom `--dns` and `--dns-server` say to ask.
async fn resolver(args: &CheckArgs) -> Result<Option<Resolver>> {
    if !args.dns && args.dns_server.is_none() {
        return Ok(None);
    }
    let resolver = Resolver::new(args.dns_server.as_ref()).await;
    resolver.map(Some).map_err(|why| {
        CommandError::failed(
            why.to_string(),
            "name a DNS server by its address: --dns-server HOST:PORT",
        )
    })
}
