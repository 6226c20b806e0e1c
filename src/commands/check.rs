//! `certwright check`: observe, audit, report.

mod contexts;

use crate::audit;
use crate::audit::policy::Policy;
use crate::audit::{Choice, Report};
use crate::cli::{CheckArgs, domain};
use crate::converge::gather::{Probes, Source, gather};
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::dns::Resolver;
use crate::observe::files::{self, names_stdin};
use crate::output::Output;
use crate::render::check::is_cut_in_a_pipe;
use crate::render::formats::TABLE;
use crate::render::model::{Looked, Model, TableOptions};
use crate::render::progress;
use crate::session::notify::{About, Notifier};
use crate::session::{CommandError, Result, Run, source};
use time::OffsetDateTime;

pub(super) async fn run(args: CheckArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    source::refuse_names_everywhere(args.look.all_namespaces, &args.objects)?;
    let hosts = hosts(&args)?;
    let map = args.objects.iter().find(|object| object.kind == Kind::ConfigMap);
    if let Some(map) = map.filter(|_| args.beside.key.is_none()) {
        return Err(CommandError::usage(
            format!("configmap/{} needs --key: which of its keys hold certificates?", map.name),
            "add --key REGEX, such as --key ca",
        ));
    }
    let notifier = Notifier::of(&args.notify, run)?;
    if !args.contexts.is_empty() {
        return contexts::run_each((&args, &hosts), notifier.as_ref(), run, output).await;
    }
    let busy = output.busy("reading", None);
    let seen = observed(&args, run).await?;
    drop(busy);
    tell(&seen, output);
    let judged = judged((&args, &hosts), seen, run);
    let model = judged.model();
    let mut page = output.of(args.output.for_programs);
    (args.output.write)(&model, &mut page)?;
    let is_table_in_a_pipe = args.output.name == TABLE && page.width().is_none();
    if is_table_in_a_pipe && is_cut_in_a_pipe(&model) {
        output.say("note: rows are left out; --all shows every one");
    }
    judged.say_nothing_found(output);
    if let Some(notifier) = &notifier {
        notify(notifier, &args, (&[(None, &judged)], true), run, output).await?;
    }
    Ok(Exit::of_report(&judged.report, args.judge.fail_on))
}

/// Tells the webhook what is new in what was found, which was told here before.
async fn notify(
    notifier: &Notifier,
    args: &CheckArgs,
    (each, is_whole): (&[(Option<&str>, &Judged)], bool),
    run: Run<'_>,
    output: &mut Output,
) -> Result<()> {
    output.flush()?;
    let places: Vec<&str> = each.iter().map(|(_, judged)| judged.looked.place.as_str()).collect();
    let about = About {
        reports: each.iter().map(|(context, judged)| (*context, &judged.report)).collect(),
        is_complete: is_whole && each.iter().all(|(_, judged)| judged.report.complete),
        place: places.join("; "),
        fail_on: args.judge.fail_on,
    };
    let (new, gone) = notifier.tell(&args.notify, &about, run).await?;
    let place = notifier.shown();
    output.say_verbosely(&format!("told {place} of {new} new findings and {gone} that are gone"));
    Ok(())
}

/// What was seen of one source.
struct Seen {
    source: Source,
    inventory: Inventory,
    /// Which DNS servers were asked.
    asked: Option<String>,
}

/// What was seen of one source, and what the audit says of it.
struct Judged {
    inventory: Inventory,
    report: Report,
    look: TableOptions,
    looked: Looked,
    /// What to say where nothing was found, and whether that is well.
    nothing: Option<(String, bool)>,
}

impl Judged {
    fn model(&self) -> Model<'_> {
        let Self { inventory, report, looked, look, .. } = self;
        Model { inventory, report, looked, look: *look }
    }

    fn say_nothing_found(&self, output: &mut Output) {
        let Some((words, is_well)) = &self.nothing else { return };
        output.say(words);
        if !is_well {
            output.say("  → look at -n, -A, -l or -f; --allow-empty if that is as it should be");
        }
    }
}

/// Judges what was seen.
fn judged((args, hosts): (&CheckArgs, &[String]), seen: Seen, run: Run<'_>) -> Judged {
    let Seen { source, mut inventory, .. } = seen;
    inventory.want(hosts.to_vec());
    let policy = Policy { renew_before: args.renew_before };
    let from = source::audited(&source);
    let context = run.context(args.judge.at, &policy, args.judge.platform, from);
    let mut report = audit::audit(&inventory, &context);
    let look = look(args, &inventory, context.now);
    report.choose(&choice(args, look.ends_by), &inventory);
    let nothing = (inventory.is_empty() && report.complete)
        .then(|| source::nothing_found("no TLS Secret, no Ingress", &source, &args.look, run));
    report.complete &= nothing.as_ref().is_none_or(|(_, is_well)| *is_well);
    let looked = source::looked(&source, run);
    Judged { inventory, report, look, looked, nothing }
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

/// What the flags say to look at, and what was seen of it.
async fn observed(args: &CheckArgs, run: Run<'_>) -> Result<Seen> {
    let source = source::source(&args.look, run).await?;
    let (keys, ca_bundles) = (args.beside.key.clone(), args.beside.ca_bundles);
    let chosen = source::selection(&args.objects, &args.look, &source, run);
    let selection = Selection { keys, ca_bundles, ..chosen };
    let served = args.served.then(|| (ServedAt::Status, run.deadlines()));
    let dns = resolver(args).await?;
    let backends = args.served;
    let wanted = Probes { events: true, makers: true, workloads: true, ..Probes::default() };
    let signatures = Some(SIGNATURES);
    let probes = Probes { dns, served, backends, grpc: true, signatures, ..wanted };
    let inventory = gather(&source, selection, &probes, run.world).await?.inventory;
    keys_are_there(args, &inventory)?;
    source::named_are_there(&inventory)?;
    let asked = probes.dns.as_ref().map(|resolver| resolver.servers().to_string());
    Ok(Seen { source, inventory, asked })
}

/// With `-v`, what was seen.
fn tell(seen: &Seen, output: &mut Output) {
    source::say_what_was_seen(&seen.source, &seen.inventory, output);
    let Some(asked) = &seen.asked else { return };
    output.say_verbosely(&format!("asked DNS at {asked}"));
    if let Some(note) = progress::without_address(&seen.inventory) {
        output.say(&note);
    }
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
