//! `certwright check`: observe, audit, report.

mod contexts;
mod seeing;

use self::seeing::{Seen, observed, tell};
use crate::audit;
use crate::audit::policy::Policy;
use crate::audit::{Choice, Context, Report, calendar};
use crate::cli::CheckArgs;
use crate::exit::{Exit, FailOn};
use crate::inventory::Inventory;
use crate::object_ref::Kind;
use crate::output::Output;
use crate::render::calendar::CalendarReport;
use crate::render::check::is_cut_in_a_pipe;
use crate::render::formats::{TABLE, WriteCalendar, WriteCheck, WriteChecked};
use crate::render::model::{Looked, Model, TableOptions};
use crate::session::notify::{About, Notifier};
use crate::session::{CommandError, Result, Run, baseline, policy, source};
use time::OffsetDateTime;

pub(super) async fn run(args: CheckArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let write = writer(&args)?;
    check_usage(&args)?;
    let asked = Asked {
        hosts: seeing::hosts(&args)?,
        policy: policy::read(&args.judge.by, args.renew_before)?,
        args: &args,
    };
    let notifier = Notifier::of(&args.notify, run)?;
    if !args.contexts.is_empty() {
        return contexts::run_each(&asked, notifier.as_ref(), run, output).await;
    }
    let busy = output.busy("reading", None);
    let seen = observed(&asked, run).await?;
    drop(busy);
    tell(&seen, output);
    let judged = judged(&asked, seen, (run, output))?;
    show(&judged, write, &args, output)?;
    judged.say_nothing_found(output);
    baseline::tell_what_is_fixed(&args.known, &judged.report, (run, output));
    if let Some(notifier) = &notifier {
        notify(notifier, &args, (&[(None, &judged)], true), run, output).await?;
    }
    // A calendar shows no findings, and a baseline accepts them.
    let shows_findings = matches!(write, Write::Report(_)) && !args.known.write_baseline;
    let fail_on = if shows_findings { args.judge.fail_on } else { FailOn::Never };
    Ok(Exit::of_report(&judged.report, fail_on))
}

/// What the flags and their files ask for.
struct Asked<'a> {
    args: &'a CheckArgs,
    /// Of `--host` and `--hosts-from`.
    hosts: Vec<String>,
    policy: Policy,
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
    if args.contexts.is_empty() {
        return Ok(());
    }
    let alone = [("--calendar", args.show.calendar), ("--baseline", args.known.baseline.is_some())];
    match alone.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(CommandError::usage(
            format!("{flag} cannot be combined with --contexts"),
            "run it once for each context, with --context",
        )),
        None => Ok(()),
    }
}

fn show(judged: &Judged, write: Write, args: &CheckArgs, output: &mut Output) -> Result<()> {
    let model = judged.model();
    let mut page = output.of(args.output.for_programs);
    match write {
        Write::Report(write) => write(&model, &mut page)?,
        Write::Calendar(write) => {
            let Judged { inventory, look, .. } = judged;
            let entries = calendar::entries(inventory, &judged.context(args), look.ends_by);
            write(&CalendarReport::of(&model, &entries), &mut page)?;
        }
    }
    let is_table_in_a_pipe = args.output.name == TABLE && page.width().is_none();
    if is_table_in_a_pipe && is_cut_in_a_pipe(&model) && matches!(write, Write::Report(_)) {
        output.say("note: rows are left out; --all shows every one");
    }
    Ok(())
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
    /// By what it was judged.
    fn context(&self, args: &CheckArgs) -> Context<'_> {
        let Report { now, source, policy, .. } = &self.report;
        Context { now: *now, policy, platform: args.judge.platform, source: *source }
    }

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
fn judged(asked: &Asked<'_>, seen: Seen, (run, output): (Run<'_>, &mut Output)) -> Result<Judged> {
    let Asked { args, hosts, policy } = asked;
    let Seen { source, mut inventory, .. } = seen;
    inventory.want(hosts.clone());
    let from = source::audited(&source);
    let context = run.context(args.judge.at, policy, args.judge.platform, from);
    let mut report = audit::audit(&inventory, &context);
    let nothing = (inventory.is_empty() && report.complete)
        .then(|| source::nothing_found("no TLS Secret, no Ingress", &source, &args.look, run));
    report.complete &= nothing.as_ref().is_none_or(|(_, is_well)| *is_well);
    baseline::compare(&args.known, &mut report, &inventory, output)?;
    let look = look(args, &inventory, context.now);
    report.choose(&choice(args, look.ends_by), &inventory);
    let looked = source::looked(&source, run);
    Ok(Judged { inventory, report, look, looked, nothing })
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
