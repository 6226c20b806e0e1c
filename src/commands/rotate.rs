//! `certwright rotate`: observe, plan, converge, report; live or in manifests.

use crate::apply::manifests::Rewritten;
use crate::apply::pair::Materials;
use crate::apply::{files, manifests};
use crate::audit::policy::Policy;
use crate::cli::{DryRun, Global, RotateArgs};
use crate::converge::drive::{Event, Means, View, drive, look};
use crate::converge::gather::{Gathered, Probes, Source, secrets_named};
use crate::exit::Exit;
use crate::inventory::Problem;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::files::{STDIN, names_stdin};
use crate::output::Output;
use crate::plan::outcome::Outcome;
use crate::plan::rotation::{KeyPolicy, Rotation, RotationRequest, SigningCa};
use crate::plan::step::{Plan, Step};
use crate::render::formats::JSON;
use crate::render::plan::{PlanReport, write_failures, write_text};
use crate::session::record::{Again, Record};
use crate::session::{CommandError, Result, Run, authority, report, source, waiting};
use crate::x509::authority::Authority;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

pub(super) async fn run(
    args: RotateArgs,
    run: Run<'_>,
    record: &Record,
    output: &mut Output,
) -> Result<Exit> {
    check_usage(&args, run.global)?;
    let run = Run { world: &run.world.at(args.at), ..run };
    let source = source::source(&args.look, run).await?;
    let authority = signing_ca(&args, &source, run).await?;
    let issuer = authority.as_ref().map(|authority| SigningCa {
        certificate: Box::new(authority.certificate().clone()),
        window: authority.window(),
    });
    confirm(&args, output)?;
    let busy = output.busy("rotating", None);
    let request = RotationRequest { issuer, ..request(&args, run.global, &source) };
    let probes = Probes { owners: request.override_owner, makers: true, ..Probes::default() };
    let mut goal = Rotation::new(request, Policy { renew_before: args.renew_before });
    let view = View::Chosen { source: &source, selection: &selection(&args), probes: &probes };
    let materials = Materials { authority, ..Materials::default() };
    if args.dry_run == DryRun::Client || matches!(source, Source::Files { .. }) {
        let gathered = look(&goal, &view, run.world).await?;
        let plan = goal.plan(&gathered.inventory, run.now());
        drop(busy);
        let rotated =
            Rotated { args: &args, source: &source, gathered: &gathered, plan: &plan, run };
        if args.dry_run == DryRun::Client {
            return rotated.report(None, output);
        }
        return rotated.rewrite(materials, record, output);
    }
    let dry_run = args.dry_run == DryRun::Server;
    let means = Means { materials: Arc::new(materials), ..run.means(dry_run) };
    if !dry_run {
        record.begin(again(&args));
    }
    let mut tell = |event: Event<'_, _>| {
        busy.advance();
        if let Event::Done(outcome) = event {
            record.note(outcome);
        }
    };
    let driven = Box::pin(drive(&mut goal, (&view, &means), false, run.world, &mut tell)).await?;
    drop(busy);
    let (plan, outcomes) = (goal.into_plan(run.now()), driven.outcomes);
    let rotated =
        Rotated { args: &args, source: &source, gathered: &driven.seen, plan: &plan, run };
    let exit = rotated.report(Some(&outcomes), output)?;
    record.close();
    warn_of_pins(&outcomes, output);
    if args.verify {
        served(&args, &outcomes, &source, run, output).await?;
    }
    Ok(exit)
}

/// Waits until the new pairs are served, where an Ingress uses them.
async fn served(
    args: &RotateArgs,
    outcomes: &[Outcome],
    source: &Source,
    run: Run<'_>,
    output: &mut Output,
) -> Result<()> {
    let replaced = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let names: Vec<String> = replaced.map(|outcome| outcome.step.object().name.clone()).collect();
    if names.is_empty() {
        return Ok(());
    }
    output.flush()?;
    let at = args.address.map_or(ServedAt::Status, ServedAt::Address);
    waiting::until_served(source, &secrets_named(&names), at, run, output).await?;
    Ok(())
}

fn check_usage(args: &RotateArgs, global: &Global) -> Result<()> {
    let no = |message: &str, remedy: &str| Err(CommandError::usage(message, remedy));
    if args.secrets.is_empty() && !args.due && !args.all {
        return no("nothing to rotate was named", "name secret/NAME, or say --due or --all");
    }
    if args.all && global.namespace.is_none() && args.look.selector.is_none() {
        return no("--all needs -n or -l", "say which namespace, or which labels");
    }
    if !args.secrets.is_empty() && args.look.all_namespaces {
        return no("-A cannot be combined with names", "name one namespace with -n");
    }
    if args.at.is_some() && args.look.filename.is_empty() && args.dry_run != DryRun::Client {
        return no("--at cannot be combined with a live write", "add --dry-run=client");
    }
    if args.dry_run == DryRun::Server && !args.look.filename.is_empty() {
        return no("--dry-run=server cannot be combined with -f", "use --dry-run=client");
    }
    if args.in_place && args.look.filename.iter().any(|path| names_stdin(path)) {
        return no(
            "--in-place cannot rewrite standard input",
            "leave --in-place out, and the result is printed",
        );
    }
    let prints = !args.look.filename.is_empty() && !args.in_place && args.dry_run == DryRun::None;
    if prints && args.output.name == JSON {
        return no(
            "-o json cannot be combined with manifests on stdout",
            "add --in-place or --dry-run=client",
        );
    }
    if !args.add_host.is_empty() && args.secrets.is_empty() {
        return no("--add-host needs a named Secret", "name secret/NAME");
    }
    if args.key_policy == KeyPolicy::Same && args.key_type.is_some() {
        return no("--key-type cannot be combined with --key-policy same", "leave one of them out");
    }
    Ok(())
}

/// `--all` asks first, where something would be written.
fn confirm(args: &RotateArgs, output: &mut Output) -> Result<()> {
    const QUESTION: &str =
        "replace the certificate and key of every self-signed TLS Secret that was chosen?";
    let is_asked = args.all && !args.yes && args.dry_run == DryRun::None;
    if !is_asked || (output.can_ask() && output.ask(QUESTION)) {
        return Ok(());
    }
    Err(CommandError::usage(
        "--all replaces every certificate and key; it was not confirmed",
        "add --yes",
    ))
}

fn selection(args: &RotateArgs) -> Selection {
    if args.secrets.is_empty() {
        return source::selection(Vec::new(), &args.look);
    }
    secrets_named(&args.secrets)
}

fn request(args: &RotateArgs, global: &Global, source: &Source) -> RotationRequest {
    // A name alone finds its Secret among files whatever namespace the manifest says.
    let namespace = match source {
        Source::Cluster { namespace, .. } => namespace.clone(),
        Source::Files { .. } => global.namespace.clone(),
    };
    let mut names = args.secrets.clone();
    names.sort();
    names.dedup();
    let named = |name: &String| ObjectRef {
        namespace: namespace.clone(),
        ..ObjectRef::secret(String::new(), name.as_str())
    };
    RotationRequest {
        named: names.iter().map(named).collect(),
        within: namespace.clone(),
        due: args.due,
        key_policy: args.key_policy,
        key_type: args.key_type,
        lifetime: args.lifetime,
        add_hosts: args.add_host.clone(),
        max: args.max,
        override_owner: args.override_owner,
        force: args.force,
        issuer: None,
    }
}

/// The CA of `--ca`, which may sign now.
async fn signing_ca(args: &RotateArgs, source: &Source, run: Run<'_>) -> Result<Option<Authority>> {
    let Some(ca) = &args.ca else { return Ok(None) };
    let named = (ca.as_str(), args.ca_key.as_deref());
    authority::read(named, Some(source), run).await.map(Some)
}

/// A plan of the command, and what it was made from.
#[derive(Clone, Copy)]
struct Rotated<'a> {
    args: &'a RotateArgs,
    source: &'a Source,
    gathered: &'a Gathered,
    plan: &'a Plan,
    run: Run<'a>,
}

impl Rotated<'_> {
    /// Writes the report, and says how the command ends.
    fn report(self, outcomes: Option<&[Outcome]>, output: &mut Output) -> Result<Exit> {
        source::say_what_was_seen(self.source, &self.gathered.inventory, output);
        let shown = PlanReport { outcomes, ..self.planned() };
        report::write_plan(&shown, self.args.output, output)?;
        Ok(self.exit(outcomes.unwrap_or_default(), output))
    }

    fn planned(&self) -> PlanReport<'_> {
        PlanReport {
            source: source::audited(self.source),
            problems: self.gathered.inventory.problems(),
            namespaces: self.args.look.all_namespaces,
            ..PlanReport::of("rotate", self.plan)
        }
    }

    /// Offline: the manifests, rewritten, into their files or to stdout.
    fn rewrite(self, materials: Materials, record: &Record, output: &mut Output) -> Result<Exit> {
        let materials = Materials { texts: self.gathered.kept.clone(), ..materials };
        let steps = self.plan.steps.clone();
        let (rewritten, outcomes) = manifests::rewrite(steps, &materials, &self.run.keys());
        if self.args.in_place {
            return self.into_files(&rewritten, outcomes, record, output);
        }
        print(rewritten, materials.texts, output)?;
        let mut talk = Vec::new();
        let outcomes = outcomes.as_slice();
        let shown = PlanReport { outcomes: Some(outcomes), printed: true, ..self.planned() };
        write_text(&shown, &mut talk)?;
        write_failures(&shown, &mut talk)?;
        output.flush()?;
        output.talk(&talk);
        let from_files = self.args.look.filename.iter().any(|path| path.as_os_str() != STDIN);
        if from_files && outcomes.iter().any(|outcome| outcome.result.is_ok()) {
            output.say("the files are not changed: --in-place writes what was printed into them");
        }
        warn_of_pins(outcomes, output);
        Ok(self.exit(outcomes, output))
    }

    /// Each file replaced by its rewritten text.
    fn into_files(
        self,
        rewritten: &Rewritten,
        mut outcomes: Vec<Outcome>,
        record: &Record,
        output: &mut Output,
    ) -> Result<Exit> {
        record.begin(again(self.args));
        for (path, text) in rewritten {
            let written = files::replace(Path::new(path), &text.to_bytes());
            for outcome in of_file(&mut outcomes, path) {
                match &written {
                    Ok(()) => record.note(outcome),
                    Err(failed) => outcome.result = Err(failed.clone()),
                }
            }
        }
        let exit = self.report(Some(&outcomes), output)?;
        record.close();
        warn_of_pins(&outcomes, output);
        Ok(exit)
    }

    /// How the command ends: what could not be read beside the named Secrets takes nothing from them.
    fn exit(self, outcomes: &[Outcome], output: &mut Output) -> Exit {
        let (args, inventory) = (self.args, &self.gathered.inventory);
        let beside = |problem: &Problem| match problem.object.kind {
            // Ingresses tell which hosts are wanted beside, and in a batch also whose a Secret is.
            Kind::Ingress | Kind::File => !args.secrets.is_empty(),
            // How another Secret of the same file wants to be treated is nothing to the named ones.
            Kind::Secret if problem.only_a_policy => {
                !args.secrets.is_empty() && !inventory.is_reported(&problem.object)
            }
            _ => false,
        };
        let mut complete = inventory.problems().iter().all(beside);
        let looked_at = |(object, _): (&ObjectRef, _)| inventory.is_reported(object);
        // Manifests without a Secret are well; where no manifest is at all, reading has said so.
        let in_a_cluster = matches!(self.source, Source::Cluster { .. });
        let was_asked = in_a_cluster || args.look.selector.is_some();
        let is_batch = args.secrets.is_empty() && complete && was_asked;
        if is_batch && !inventory.bundles().any(looked_at) {
            let (words, _) =
                source::nothing_found("no TLS Secret", self.source, &args.look, self.run);
            output.say(&words);
            complete = args.look.allow_empty;
        }
        Exit::of_outcomes(self.plan, outcomes, complete)
    }
}

/// Prints the manifests. What came in on standard input goes out again, changed or not: it may be a
/// filter.
fn print(mut rewritten: Rewritten, kept: Rewritten, output: &mut Output) -> Result<()> {
    for (path, text) in kept {
        rewritten.entry(path).or_insert(text);
    }
    let mut first = true;
    for text in rewritten.values() {
        let bytes = text.to_utf8();
        let separator = if first || bytes.starts_with(b"---") { "" } else { "---\n" };
        output.data().write_all(separator.as_bytes())?;
        output.data().write_all(&bytes)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            writeln!(output.data())?;
        }
        first = false;
    }
    Ok(())
}

/// What was prepared for this file: it is done once the file is written, and not otherwise.
fn of_file<'a>(outcomes: &'a mut [Outcome], path: &str) -> impl Iterator<Item = &'a mut Outcome> {
    outcomes.iter_mut().filter(move |outcome| {
        let place = outcome.step.object().place.as_ref();
        outcome.result.is_ok() && place.is_some_and(|place| place.path == path)
    })
}

/// What the same command line does once more.
fn again(args: &RotateArgs) -> Again {
    if args.due { Again::GoesOn } else { Again::Repeats }
}

/// A rotated self-signed certificate is also its own trust anchor.
fn warn_of_pins(outcomes: &[Outcome], output: &mut Output) {
    let replaced = |outcome: &Outcome| match (&outcome.step, &outcome.result) {
        (Step::ReplacePair(_), Ok(done)) => {
            !done.tried_only && done.after.as_ref().is_some_and(|after| after.self_signed)
        }
        _ => false,
    };
    if outcomes.iter().any(replaced) {
        output.say("clients that pinned an old self-signed certificate (tls.crt) need the new one");
    }
}
