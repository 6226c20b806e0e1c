//! `certwright rotate`: observe, plan, converge, report; live or in manifests.

mod overlap;
mod reviewed;
mod usage;

use crate::apply::files::NewFile;
use crate::apply::manifests::Rewritten;
use crate::apply::pair::Materials;
use crate::apply::{files, manifests};
use crate::cli::{DryRun, RotateArgs};
use crate::converge::drive::{Event, Means, View, drive, look};
use crate::converge::gather::{Gathered, Probes, Source, secrets_named};
use crate::exit::Exit;
use crate::instant;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::inventory::{Inventory, Problem};
use crate::manifest::Text;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observe::files::STDIN;
use crate::output::Output;
use crate::plan::outcome::Outcome;
use crate::plan::rotation::{Copies, Rotation, RotationRequest, SigningCa, depends_on};
use crate::plan::step::{Plan, ReplacePair, Step};
use crate::render::model::Looked;
use crate::render::plan::{ManifestsWritten, PlanReport, write_failures, write_text};
use crate::session::error::CANCELLED;
use crate::session::record::{Again, Record};
use crate::session::restart::Restarts;
use crate::session::{
    CommandError, Result, Run, authority, ended_backups, follow_up, policy, report, restart,
    source, waiting,
};
use crate::x509::authority::Authority;
use crate::x509::cert::Certificate;
use crate::x509::key_purpose::Usage;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use time::OffsetDateTime;

pub(super) async fn run(
    args: RotateArgs,
    run: Run<'_>,
    record: &Record,
    output: &mut Output,
) -> Result<Exit> {
    usage::check(&args, run.global)?;
    if let Some(path) = &args.plan {
        return Box::pin(reviewed::run(&args, path, run, record, output)).await;
    }
    let run = Run { world: &run.world.at(args.at), ..run };
    let policy = policy::read(&args.by, args.renew_before)?;
    let source = everywhere(source::source(&args.look, run).await?, &args);
    if overlap::is_wanted(&args, &source, run).await? {
        return Box::pin(overlap::run(&args, &source, run, record, output)).await;
    }
    let authority = signing_ca(&args, &source, run).await?;
    let predecessors = predecessors(&args, &source, run).await?;
    let issuer = authority.as_ref().map(|authority| issuer(authority, predecessors));
    let request = RotationRequest { issuer, ..request(&args, &source, run) };
    let probes = Probes { owners: request.override_owner, makers: true, ..Probes::default() };
    let goal = Rotation::new(request, policy.clone());
    let goal = goal.asking_for_readers(run.now());
    let view = View::Chosen {
        source: &source,
        selection: &Selection {
            asked_labels: policy.labels.clone(),
            ..selection(&args, &source, run)
        },
        probes: &probes,
    };
    let materials = Materials { authority, ..Materials::default() };
    let asked = Asked { args: &args, source: &source, view: &view, run };
    if args.plan_out.is_some() {
        return asked.without_cluster(&goal, materials, record, output).await;
    }
    if asks(&args) && !asked.is_confirmed(&goal, output).await? {
        return Ok(Exit::Cancelled);
    }
    if args.dry_run == DryRun::Client || matches!(source, Source::Files { .. }) {
        return asked.without_cluster(&goal, materials, record, output).await;
    }
    Box::pin(asked.on_cluster(goal, materials, record, output)).await
}

/// What was asked for, and where.
#[derive(Clone, Copy)]
struct Asked<'a> {
    args: &'a RotateArgs,
    source: &'a Source,
    view: &'a View<'a>,
    run: Run<'a>,
}

impl Asked<'_> {
    /// Shows what `--all` would do, and asks: how many, and where. An answer of no ends in a quiet line.
    async fn is_confirmed(self, goal: &Rotation, output: &mut Output) -> Result<bool> {
        refuse_without_answer(output)?;
        let busy = output.busy("reading", None);
        let gathered = look(goal, self.view, self.run.world).await?;
        drop(busy);
        let mut plan = goal.plan(&gathered.inventory, self.run.now()).map(Step::ReplacePair);
        let number = plan.steps.len();
        if number == 0 {
            return Ok(true);
        }
        restart::planned(&mut plan, &gathered.inventory, self.args.restart, self.run);
        let rotated = Rotated::of(self, &gathered, &plan);
        output.talk_of(|page| write_text(&rotated.planned(), page))?;
        let noun = if number == 1 { "Secret" } else { "Secrets" };
        let place = &rotated.looked.place;
        let restarts = match plan.steps.len().saturating_sub(number) {
            0 => String::new(),
            1 => ", and restart 1 workload,".to_owned(),
            several => format!(", and restart {several} workloads,"),
        };
        let question =
            format!("Replace the certificate and key of {number} {noun}{restarts} in {place}?");
        let is_yes = output.ask(&question);
        if !is_yes {
            output.say(CANCELLED);
        }
        Ok(is_yes)
    }

    /// Only the plan, or the manifests, rewritten.
    async fn without_cluster(
        self,
        goal: &Rotation,
        materials: Materials,
        record: &Record,
        output: &mut Output,
    ) -> Result<Exit> {
        let busy = output.busy("rotating", None);
        let gathered = look(goal, self.view, self.run.world).await?;
        let plan = goal.plan(&gathered.inventory, self.run.now());
        let steps = plan.steps.clone();
        let mut plan = plan.map(Step::ReplacePair);
        follow_up::planned(&mut plan, &gathered.inventory, !self.args.no_nudge, self.run);
        restart::planned(&mut plan, &gathered.inventory, self.args.restart, self.run);
        if let Source::Cluster { client, namespace } = self.source
            && self.args.secrets.is_empty()
            && !self.args.no_backup
        {
            let ended = ended_backups::find(client, namespace.as_deref(), self.run).await;
            plan.notes.extend(ended_backups::planned(&ended));
        }
        drop(busy);
        let rotated = Rotated::of(self, &gathered, &plan);
        if let Some(path) = &self.args.plan_out {
            let exit = rotated.report(None, output)?;
            reviewed::write(&rotated, goal.request(), path, output)?;
            return Ok(exit);
        }
        if self.args.dry_run == DryRun::Client {
            return rotated.report(None, output);
        }
        rotated.rewrite(steps, materials, record, output)
    }

    /// The Secrets of a cluster, or a try of it by its server.
    async fn on_cluster(
        self,
        mut goal: Rotation,
        materials: Materials,
        record: &Record,
        output: &mut Output,
    ) -> Result<Exit> {
        let Self { args, source, view, run } = self;
        let busy = output.busy("rotating", None);
        let dry_run = args.dry_run == DryRun::Server;
        // What is under way when the time is up is told by the record.
        let means = Means {
            materials: Arc::new(materials),
            deadline: None,
            keep_going: args.keep_going,
            ..run.means(dry_run)
        };
        if !dry_run {
            record.begin(again(args));
        }
        let mut tell = |event: Event<'_, _>| {
            busy.advance();
            if let Event::Done(outcome) = event {
                record.note(outcome);
            }
        };
        let driven =
            Box::pin(drive(&mut goal, (view, &means), false, run.world, &mut tell)).await?;
        drop(busy);
        let (mut plan, mut outcomes) = (goal.into_plan(run.now()), driven.outcomes);
        let mut restarted = Vec::new();
        let asked_for_all = args.secrets.is_empty() && !args.no_backup;
        if let Source::Cluster { client, namespace } = source {
            let (written, seen) = ((&mut plan, outcomes.as_slice()), &driven.seen.inventory);
            follow_up::carry_out(written, seen, (client, !args.no_nudge), run).await;
            let restarts = Restarts { client, wanted: args.restart, dry_run, record };
            let written = (&mut plan, &mut outcomes);
            restarted = restart::carry_out(written, seen, restarts, run).await;
            if asked_for_all && !dry_run {
                let mut ended = ended_backups::find(client, namespace.as_deref(), run).await;
                // What this run has kept is kept at least until the next.
                ended.retain(|step| !outcomes.iter().any(|one| keeps_in(one, step.object())));
                plan.notes.extend(ended_backups::delete(ended, client, run).await);
            }
        }
        let rotated =
            Rotated { finished: Some(run.now()), ..Rotated::of(self, &driven.seen, &plan) };
        let exit = rotated.report(Some(&outcomes), output)?;
        record.close();
        report::warn_of_pins(&outcomes, output);
        let seen = &driven.seen.inventory;
        followed(args, (&outcomes, seen, restarted), source, run, (record, output)).await?;
        Ok(exit)
    }
}

/// Waits until what was restarted is rolled out, and with `--verify` until the new certificates are served.
async fn followed(
    args: &RotateArgs,
    (outcomes, seen, restarted): (&[Outcome], &Inventory, Vec<ObjectRef>),
    source: &Source,
    run: Run<'_>,
    (record, output): (&Record, &mut Output),
) -> Result<()> {
    if let Source::Cluster { client, .. } = source {
        let done = restart::done(outcomes);
        let restarts = Restarts { client, wanted: true, dry_run: false, record };
        restart::until_rolled_out(restarts, (restarted, seen), &done, (run, output)).await?;
        let written = outcomes.iter().filter(|outcome| args.verify && outcome.result.is_ok());
        let written = written.filter_map(|outcome| outcome.step.replaced());
        let written: Vec<&ObjectRef> = written.collect();
        output.flush()?;
        waiting::until_taken_up(client, (seen, &written), &done, (run, output)).await?;
    }
    served(args, outcomes, source, run, output).await
}

/// The CA that signs, as a plan knows it.
fn issuer(authority: &Authority, predecessors: Vec<Certificate>) -> SigningCa {
    SigningCa {
        certificate: Box::new(authority.certificate().clone()),
        window: authority.window(),
        predecessors,
    }
}

/// With `--verify`, waits until the new certificates are served, where an Ingress uses them.
async fn served(
    args: &RotateArgs,
    outcomes: &[Outcome],
    source: &Source,
    run: Run<'_>,
    output: &mut Output,
) -> Result<()> {
    let replaced = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let replaced = replaced.filter_map(|outcome| outcome.step.replaced());
    let names: Vec<String> = replaced.map(|object| object.name.clone()).collect();
    if !args.verify || names.is_empty() {
        return Ok(());
    }
    output.flush()?;
    let at = args.address.map_or(ServedAt::Status, ServedAt::Address);
    let done = restart::done(outcomes);
    let within = within(args, source, run);
    let chosen = secrets_named(&names, within.as_deref());
    waiting::until_served(source, &chosen, at, Some(&done), (run, output)).await?;
    Ok(())
}

/// Whether `--all` is to be confirmed: where something would be written.
fn asks(args: &RotateArgs) -> bool {
    args.all && !args.yes && args.dry_run == DryRun::None
}

/// Where nobody can be asked, `--yes` is the answer.
fn refuse_without_answer(output: &Output) -> Result<()> {
    if output.can_ask() {
        return Ok(());
    }
    Err(CommandError::usage(
        "--all replaces every certificate and key; it was not confirmed",
        "add --yes",
    ))
}

/// Copies are looked for in all namespaces.
fn everywhere(source: Source, args: &RotateArgs) -> Source {
    match source {
        Source::Cluster { client, .. } if args.copies => {
            Source::Cluster { client, namespace: None }
        }
        source => source,
    }
}

/// These Secrets, wherever they are.
fn selection_of(objects: &[ObjectRef]) -> Selection {
    let named = objects.iter().map(|object| KindName {
        kind: Kind::Secret,
        namespace: object.namespace.clone(),
        name: object.name.clone(),
    });
    Selection { named: named.collect(), ..Selection::default() }
}

/// The namespace of the Secrets that are named, or that a batch is of.
fn within(args: &RotateArgs, source: &Source, run: Run<'_>) -> Option<String> {
    match source {
        Source::Cluster { client, .. } if args.copies && !args.look.all_namespaces => {
            Some(run.namespace(client))
        }
        source => source::namespace_of_names(source, run),
    }
}

fn selection(args: &RotateArgs, source: &Source, run: Run<'_>) -> Selection {
    if args.secrets.is_empty() {
        return source::selection(&[], &args.look, source, run);
    }
    let within = within(args, source, run);
    secrets_named(&args.secrets, within.as_deref())
}

fn request(args: &RotateArgs, source: &Source, run: Run<'_>) -> RotationRequest {
    let namespace = within(args, source, run);
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
        backup: !args.no_backup,
        pinned: false,
        copies: args.copies.then_some(Copies::Found),
        issuer: None,
    }
}

/// The CA of `--ca`, which may sign now.
async fn signing_ca(args: &RotateArgs, source: &Source, run: Run<'_>) -> Result<Option<Authority>> {
    let Some(ca) = &args.ca else { return Ok(None) };
    let named = (ca.as_str(), args.ca_key.as_deref());
    authority::read(named, Some(source), Usage::Server, run).await.map(Some)
}

/// The CAs that the one of `--ca` follows.
async fn predecessors(
    args: &RotateArgs,
    source: &Source,
    run: Run<'_>,
) -> Result<Vec<Certificate>> {
    let Some(ca) = &args.ca else { return Ok(Vec::new()) };
    authority::predecessors(ca, source, run).await
}

/// A plan of the command, and what it was made from.
struct Rotated<'a> {
    args: &'a RotateArgs,
    source: &'a Source,
    gathered: &'a Gathered,
    plan: &'a Plan,
    /// What could not be read of what a rotation depends on.
    problems: Vec<&'a Problem>,
    looked: Looked,
    /// When all was done; none before.
    finished: Option<OffsetDateTime>,
    run: Run<'a>,
}

impl<'a> Rotated<'a> {
    fn of(asked: Asked<'a>, gathered: &'a Gathered, plan: &'a Plan) -> Self {
        let Asked { args, source, run, .. } = asked;
        let problems = gathered.inventory.problems().iter();
        let problems = problems.filter(|problem| depends_on(problem.object.kind)).collect();
        Self {
            args,
            source,
            gathered,
            plan,
            problems,
            looked: source::looked(source, run),
            finished: None,
            run,
        }
    }

    /// Writes the report, and says how the command ends.
    fn report(&self, outcomes: Option<&[Outcome]>, output: &mut Output) -> Result<Exit> {
        source::say_what_was_seen(self.source, &self.gathered.inventory, output);
        let shown = PlanReport { outcomes, ..self.planned() };
        report::write_plan(&shown, self.args.output, output)?;
        if let (Some(path), Some(_)) = (&self.args.report, outcomes) {
            report::into_file(&shown, path)?;
        }
        Ok(self.exit(outcomes.unwrap_or_default(), output))
    }

    fn planned(&self) -> PlanReport<'_> {
        PlanReport {
            source: source::audited(self.source),
            problems: &self.problems,
            looked: Some(&self.looked),
            finished: self.finished,
            namespaces: self.args.look.all_namespaces || self.args.copies,
            written: match &self.args.out {
                Some(_) => ManifestsWritten::Elsewhere,
                None => ManifestsWritten::InPlace,
            },
            ..PlanReport::of("rotate", self.plan)
        }
    }

    /// Offline: the manifests, rewritten, into their files or to stdout.
    fn rewrite(
        &self,
        steps: Vec<ReplacePair>,
        materials: Materials,
        record: &Record,
        output: &mut Output,
    ) -> Result<Exit> {
        let materials = Materials { texts: self.gathered.kept.clone(), ..materials };
        let (rewritten, outcomes) = manifests::rewrite(steps, &materials, &self.run.keys());
        if self.args.in_place {
            return self.rewrite_files(&rewritten, outcomes, record, output);
        }
        if let Some(folder) = &self.args.out {
            return self.write_below(folder, &rewritten, &outcomes, output);
        }
        print(rewritten, materials.texts, output)?;
        let outcomes = outcomes.as_slice();
        let shown = PlanReport {
            outcomes: Some(outcomes),
            written: ManifestsWritten::Printed,
            ..self.planned()
        };
        output.talk_of(|page| {
            write_failures(&shown, page)?;
            write_text(&shown, page)
        })?;
        let from_files = self.args.look.filename.iter().any(|path| path.as_os_str() != STDIN);
        if from_files && outcomes.iter().any(|outcome| outcome.result.is_ok()) {
            output.say("the files are not changed: --in-place writes what was printed into them");
        }
        report::warn_of_pins(outcomes, output);
        Ok(self.exit(outcomes, output))
    }

    /// Each rewritten text in a file of its own below another folder; those that were read stay.
    fn write_below(
        &self,
        folder: &Path,
        rewritten: &Rewritten,
        outcomes: &[Outcome],
        output: &mut Output,
    ) -> Result<Exit> {
        let file = |(path, text): (&String, &Text)| {
            let name = if path == STDIN { files::below("") } else { files::below(path) };
            NewFile { name, bytes: text.to_bytes(), private: true }
        };
        let new: Vec<NewFile> = rewritten.iter().map(file).collect();
        files::write_set(folder, &new, (false, "--out"))
            .map_err(|failed| CommandError::failed(failed.message, failed.remedy))?;
        let exit = self.report(Some(outcomes), output)?;
        if !new.is_empty() {
            let place = folder.display();
            output.say(&format!(
                "what was rewritten is in {place}; the files that were read are as they were"
            ));
        }
        report::warn_of_pins(outcomes, output);
        Ok(exit)
    }

    /// Each file replaced by its rewritten text.
    fn rewrite_files(
        &self,
        rewritten: &Rewritten,
        mut outcomes: Vec<Outcome>,
        record: &Record,
        output: &mut Output,
    ) -> Result<Exit> {
        if let Some(folder) = self.args.backup_dir.as_ref().filter(|_| !rewritten.is_empty()) {
            let paths: Vec<&str> = rewritten.keys().map(String::as_str).collect();
            let at = instant::show(self.run.now()).replace(':', "");
            let kept = files::keep_copies(folder, &paths, &at)
                .map_err(|failed| CommandError::failed(failed.message, failed.remedy))?;
            output.say(&format!("the files as they were are kept in {}", kept.display()));
        }
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
        say_which_files(&outcomes, output);
        report::warn_of_pins(&outcomes, output);
        Ok(exit)
    }

    /// How the command ends: what could not be read beside the named Secrets takes nothing from them.
    fn exit(&self, outcomes: &[Outcome], output: &mut Output) -> Exit {
        let (args, inventory) = (self.args, &self.gathered.inventory);
        let beside = |problem: &Problem| match problem.object.kind {
            // What serves hosts tells which are wanted beside, and in a batch also whose a Secret is.
            kind if kind.is_of_frontends() || kind == Kind::File => !args.secrets.is_empty(),
            // How another Secret of the same file wants to be treated is nothing to the named ones.
            Kind::Secret if problem.only_a_policy => {
                !args.secrets.is_empty() && !inventory.is_reported(&problem.object)
            }
            _ => false,
        };
        let mut complete = self.problems.iter().copied().all(beside);
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
        let failed = outcomes.iter().any(|outcome| outcome.result.is_err());
        let exit = Exit::of_plan(self.plan, failed, complete);
        restart::exit(exit, (self.plan, inventory), args.restart)
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

/// Whether a step keeps what it replaced in this Secret.
fn keeps_in(outcome: &Outcome, object: &ObjectRef) -> bool {
    let Step::ReplacePair(step) = &outcome.step else { return false };
    step.backup.as_ref().is_some_and(|backup| backup.object.same_object(object))
}

/// Says which files hold what was replaced.
fn say_which_files(outcomes: &[Outcome], output: &mut Output) {
    let done = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    let places = done.filter_map(|outcome| outcome.step.object().place.as_ref());
    let paths: BTreeSet<&str> = places.map(|place| place.path.as_str()).collect();
    match (paths.first(), paths.len()) {
        (Some(path), 1) => output.say(&format!("{path} was rewritten")),
        (Some(_), number) => output.say(&format!("{number} files were rewritten")),
        (None, _) => {}
    }
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
