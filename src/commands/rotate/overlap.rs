//! `rotate --trust`: the new certificate is handed out, soaks, is served, and the old one goes; as far as this
//! run can, from wherever an earlier one has left it.

use super::{request, selection_of};
use crate::cli::{DryRun, RotateArgs};
use crate::cluster::PatchForm;
use crate::cluster::error::Failure;
use crate::converge::drive::{Driven, End, Event, Means, View, drive, look};
use crate::converge::gather::{Gathered, Probes, Source, secrets_named};
use crate::exit::Exit;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::inventory::trust_bundles::TrustBundle;
use crate::object_ref::{OUR_NAME, ObjectRef};
use crate::observation::Observation;
use crate::observe;
use crate::output::Output;
use crate::plan::goal::{Goal as _, Next};
use crate::plan::outcome::Outcome;
use crate::plan::rotation::{KeyPolicy, RotationRequest};
use crate::plan::step::Plan;
use crate::plan::trust::staged::{self, SECRET_TYPE, next_of};
use crate::plan::trust::{Overlap, Part, Progress, Stands, TrustRequest};
use crate::render::model::Looked;
use crate::render::plan::PlanReport;
use crate::render::progress;
use crate::session::record::{Again, Record};
use crate::session::restart::Restarts;
use crate::session::{CommandError, Result, Run, follow_up, policy, report, restart, source};
use time::Duration;
use tokio::time::Instant;

/// How long before its time is up a run stops waiting.
const ENDS_BEFORE: Duration = Duration::seconds(2);

/// How long a run waits for what passes by itself, unless `--timeout` says otherwise.
const PATIENCE: Duration = Duration::minutes(5);

/// Whether a flag says so.
fn is_asked(args: &RotateArgs) -> bool {
    let goes_on = args.go_on || args.soak.is_some() || args.retire_unverified;
    !args.trust.is_empty() || args.status || goes_on
}

/// Whether the Secrets that are named are rotated with overlap: it is asked for, or has begun.
pub(super) async fn is_wanted(args: &RotateArgs, source: &Source, run: Run<'_>) -> Result<bool> {
    if is_asked(args) {
        return Ok(true);
    }
    let Source::Cluster { client, .. } = source else { return Ok(false) };
    let named = request(args, source, run).named;
    let mut begun: Vec<&ObjectRef> = Vec::new();
    for object in named.iter().filter(|object| object.namespace.is_some()) {
        match observe::cluster::named(client, &next_of(object)).await {
            // One whose marks are spoilt is refused there.
            Ok(Observation::Secret(seen)) if seen.secret_type == SECRET_TYPE => begun.push(object),
            Ok(_) => {}
            // Who may not read it, or finds nothing, has begun nothing.
            Err(error) if error.failure == Failure::Forbidden || error.failure.is_absence() => {}
            Err(error) => return Err(error.into()),
        }
    }
    match (begun.first(), begun.len() == named.len()) {
        (None, _) => Ok(false),
        (Some(_), true) => Ok(true),
        (Some(first), false) => Err(CommandError::usage(
            format!(
                "the next certificate of {} is published already, and not of all that are named",
                first.short()
            ),
            "name it alone, and the others in another run",
        )),
    }
}

/// What flags say that has no place beside trust that overlaps.
pub(super) fn check_usage(args: &RotateArgs) -> Result<()> {
    if is_asked(args) { check(args) } else { Ok(()) }
}

const LEAVE_OUT: &str = "leave one of them out";

fn check(args: &RotateArgs) -> Result<()> {
    let no = |message: &str, remedy: &str| Err(CommandError::usage(message, remedy));
    if args.secrets.is_empty() {
        return no("--trust, --continue and --status need a named Secret", "name secret/NAME");
    }
    if !args.look.filename.is_empty() {
        return no("--trust cannot be combined with -f: trust overlaps in a cluster", LEAVE_OUT);
    }
    if args.plan.is_some() || args.plan_out.is_some() {
        return no(
            "--trust cannot be combined with a plan file: each of its stages is planned when it is due",
            "use --dry-run=client to see the next stage",
        );
    }
    if args.ca.is_some() {
        return no(
            "--trust cannot be combined with --ca: whoever trusts that CA trusts what it signs",
            "rotate the CA itself with --trust, or leave one of them out",
        );
    }
    if args.key_policy == KeyPolicy::Same {
        return no("--trust cannot be combined with --key-policy same", LEAVE_OUT);
    }
    if args.due {
        return no("--due cannot be combined with a rotation with --trust", LEAVE_OUT);
    }
    Ok(())
}

pub(super) async fn run(
    args: &RotateArgs,
    source: &Source,
    run: Run<'_>,
    record: &Record,
    output: &mut Output,
) -> Result<Exit> {
    check(args)?;
    let mut told = Told::nothing(run);
    for secret in request(args, source, run).named {
        let goal = goal(args, source, secret, run)?;
        let one = One { args, source, run };
        if args.status || args.dry_run == DryRun::Client {
            told.take(Box::pin(one.shown(goal, output)).await?);
            continue;
        }
        if args.dry_run == DryRun::None {
            record.begin(Again::GoesOn);
        }
        let driven = Box::pin(one.driven(goal, record, output)).await?;
        told.take(driven);
    }
    told.plan.notes.dedup();
    let exit = told.report(args, source, run, output)?;
    record.close();
    Ok(exit)
}

/// The goal for one Secret.
fn goal(args: &RotateArgs, source: &Source, secret: ObjectRef, run: Run<'_>) -> Result<Overlap> {
    let namespace = secret.namespace().to_owned();
    let trust = args.trust.iter().map(|word| staged::target(word, &namespace));
    let trust = trust.collect::<std::result::Result<Vec<ObjectRef>, _>>().map_err(|why| {
        CommandError::usage(format!("--trust: {why}"), "name what hands out the certificate")
    })?;
    let rotation =
        RotationRequest { named: vec![secret.clone()], pinned: true, ..request(args, source, run) };
    let patience = run.global.timeout.unwrap_or(PATIENCE);
    let request = TrustRequest {
        rotation,
        secret,
        trust,
        soak: args.soak,
        // What is told of a wait that came to nothing is told within the time.
        until: run.now().saturating_add(patience.saturating_sub(ENDS_BEFORE).max(patience / 2_i32)),
        part: Part::UntilSwitched,
        unverified: args.retire_unverified,
    };
    Ok(Overlap::new(request, policy::read(&args.by, args.renew_before)?))
}

/// One Secret, and where it is looked at.
#[derive(Clone, Copy)]
struct One<'a> {
    args: &'a RotateArgs,
    source: &'a Source,
    run: Run<'a>,
}

/// What became of one Secret.
struct Came {
    plan: Plan,
    outcomes: Vec<Outcome>,
    progress: Option<Progress>,
    end: End,
}

impl One<'_> {
    fn probes(self, served: bool) -> Probes {
        let at = self.args.address.map_or(ServedAt::Status, ServedAt::Address);
        Probes {
            owners: self.args.override_owner,
            makers: true,
            served: served.then(|| (at, self.run.deadlines())),
            ..Probes::default()
        }
    }

    /// What is looked at: the Secret and who serves it; of a CA, whatever may have what it signed.
    fn selection(goal: &Overlap) -> Selection {
        let secret = &goal.request().secret;
        let progress = goal.progress().filter(|it| it.stands == Stands::Retiring);
        match progress {
            Some(progress) if progress.is_authority => Selection::default(),
            Some(progress) => selection_of(&progress.holders),
            None => secrets_named(std::slice::from_ref(&secret.name), secret.namespace.as_deref()),
        }
    }

    /// Where that is: copies, and what a CA has signed, may be anywhere.
    fn source(self, goal: &Overlap, served: bool) -> Source {
        let own = goal.request().secret.namespace.as_deref();
        let elsewhere = |it: &ObjectRef| it.namespace.as_deref() != own;
        let spreads = |it: &Progress| it.is_authority || it.holders.iter().any(elsewhere);
        match self.source {
            Source::Cluster { client, .. } if served && goal.progress().is_some_and(spreads) => {
                Source::Cluster { client: client.clone(), namespace: None }
            }
            source => source.clone(),
        }
    }

    /// What comes next, without doing it.
    async fn shown(self, goal: Overlap, output: &mut Output) -> Result<Came> {
        let busy = output.busy("reading", None);
        let (mut goal, mut next, mut seen) = self.look(goal.up_to(Part::Whole), false).await?;
        if goal.progress().is_some_and(|it| it.stands == Stands::Retiring) {
            goal = self.with_pairs_elsewhere(goal).await?;
            (goal, next, seen) = self.look(goal, true).await?;
        }
        drop(busy);
        let progress = goal.progress().cloned();
        let only_told = self.args.status || self.args.trust.is_empty();
        if only_told && !goal.has_begun(&seen.inventory) {
            let plan = self.nothing_begun(&goal);
            return Ok(Came { plan, outcomes: Vec::new(), progress: None, end: End::Done });
        }
        let plan = match next {
            Next::Done { plan, .. }
            | Next::Act { plan, .. }
            | Next::Wait { plan, .. }
            | Next::Hopeless { plan, .. }
            | Next::Refused(plan) => plan,
        };
        Ok(Came { plan, outcomes: Vec::new(), progress, end: End::Done })
    }

    /// The goal, with what a server may load that is no TLS Secret.
    async fn with_pairs_elsewhere(self, goal: Overlap) -> Result<Overlap> {
        let Source::Cluster { client, .. } = self.source else { return Ok(goal) };
        let namespace = goal.request().secret.namespace();
        let pairs = observe::cluster::pairs_elsewhere(client, namespace).await?;
        Ok(goal.beside(pairs.iter().map(TrustBundle::of).collect()))
    }

    /// Has the server try to write every bundle, before anything is made that is to stand there.
    async fn can_be_written(self, goal: &Overlap) -> Result<()> {
        let Source::Cluster { client, .. } = self.source else { return Ok(()) };
        let nothing = serde_json::json!({ "metadata": {} });
        for one in goal.progress().map(|it| it.trust.as_slice()).unwrap_or_default() {
            let object = ObjectRef { key: None, ..one.object.clone() };
            let patch = (&object, PatchForm::Merge);
            client.patch_object(patch, &nothing, OUR_NAME, true).await?;
        }
        Ok(())
    }

    /// That there is nothing to go on with.
    fn nothing_begun(self, goal: &Overlap) -> Plan {
        let mut plan = Plan::empty(self.run.now());
        let secret = goal.request().secret.short();
        plan.notes.push(format!("no rotation of {secret} with --trust is under way"));
        plan
    }

    async fn look(
        self,
        mut goal: Overlap,
        served: bool,
    ) -> Result<(Overlap, Next<Progress>, Gathered)> {
        let (selection, probes) = (Self::selection(&goal), self.probes(served));
        let source = self.source(&goal, served);
        let view = View::Chosen { source: &source, selection: &selection, probes: &probes };
        let seen = look(&goal, &view, self.run.world).await?;
        let next = goal.next(&seen.inventory, self.run.now());
        Ok((goal, next, seen))
    }

    /// As far as this run can.
    async fn driven(self, mut goal: Overlap, record: &Record, output: &mut Output) -> Result<Came> {
        let patience = self.run.global.timeout.unwrap_or(PATIENCE).unsigned_abs();
        let deadline = self.run.deadline.unwrap_or_else(|| Instant::now() + patience);
        let means = Means {
            deadline: Some(deadline),
            ..self.run.means(self.args.dry_run == DryRun::Server)
        };
        let (known, _, seen) = Box::pin(self.look(goal, false)).await?;
        goal = known;
        if !goal.has_begun(&seen.inventory) {
            if self.args.trust.is_empty() {
                let plan = self.nothing_begun(&goal);
                return Ok(Came { plan, outcomes: Vec::new(), progress: None, end: End::Done });
            }
            self.can_be_written(&goal).await?;
        }
        let (goal, first) = self.part(goal, (&means, false), record, output).await?;
        let retires = goal.progress().is_some_and(|it| it.stands == Stands::Retiring);
        let first = Box::pin(self.followed(&goal, first, means.dry_run)).await;
        let first = self.restarted(first, means.dry_run, (record, output)).await?;
        if first.end != End::Done || !retires || means.dry_run {
            return Ok(came(&goal, first));
        }
        let mut outcomes = first.outcomes;
        let mut notes = first.plan.notes;
        let goal = self.with_pairs_elsewhere(goal.up_to(Part::Whole)).await?;
        let (mut goal, mut second) = self.part(goal, (&means, true), record, output).await?;
        let kept = keepers(&goal);
        if self.args.restart && !kept.is_empty() && second.end == End::Done {
            outcomes.append(&mut second.outcomes);
            second = self.restart_these(kept, second, (record, output)).await?;
            outcomes.append(&mut second.outcomes);
            (goal, second) = self.part(goal, (&means, true), record, output).await?;
        }
        let mut came = came(&goal, second);
        outcomes.append(&mut came.outcomes);
        notes.append(&mut came.plan.notes);
        came.plan.notes = notes;
        let waits = goal.progress().is_some_and(|it| it.needs.iter().any(|need| need.passes));
        let end = if waits && came.end == End::Done { End::TimedOut } else { came.end };
        Ok(Came { outcomes, end, ..came })
    }

    /// Wakes GKE's load balancers once the new certificate is in the Secret; where an earlier run was cut off
    /// before it did, too.
    async fn followed(
        self,
        goal: &Overlap,
        mut driven: Driven<Progress>,
        dry_run: bool,
    ) -> Driven<Progress> {
        let Source::Cluster { client, .. } = self.source else { return driven };
        let retires = goal.progress().is_some_and(|it| it.stands == Stands::Retiring);
        if dry_run || !retires {
            return driven;
        }
        let seen = &driven.seen.inventory;
        let secrets = [&goal.request().secret];
        let nudge = (client, !self.args.no_nudge);
        follow_up::touch_behind(&mut driven.plan, seen, &secrets, nudge, self.run).await;
        driven
    }

    /// Restarts these workloads, and waits for that.
    async fn restart_these(
        self,
        workloads: Vec<(ObjectRef, ObjectRef)>,
        mut driven: Driven<Progress>,
        (record, output): (&Record, &mut Output),
    ) -> Result<Driven<Progress>> {
        let Source::Cluster { client, .. } = self.source else { return Ok(driven) };
        let restarts = Restarts { client, wanted: true, dry_run: false, record };
        let why = |secret: &ObjectRef| vec![format!("it keeps {} as it was", secret.short())];
        let all = workloads.iter().map(|(workload, of)| (workload.clone(), why(of))).collect();
        let seen = &driven.seen.inventory;
        let written = (&mut driven.plan, &mut driven.outcomes);
        let restarted = restart::carry_out_these(all, written, seen, restarts, self.run).await;
        let talk = (self.run, output);
        restart::until_rolled_out(restarts, (restarted, seen), "the Secret was replaced", talk)
            .await?;
        Ok(driven)
    }

    /// Restarts what keeps the old certificate, once the new one is in the Secret, and waits for that.
    async fn restarted(
        self,
        mut driven: Driven<Progress>,
        dry_run: bool,
        (record, output): (&Record, &mut Output),
    ) -> Result<Driven<Progress>> {
        let Source::Cluster { client, .. } = self.source else { return Ok(driven) };
        let wanted = self.args.restart;
        let restarts = Restarts { client, wanted, dry_run, record };
        let seen = &driven.seen.inventory;
        let written = (&mut driven.plan, &mut driven.outcomes);
        let restarted = restart::carry_out(written, seen, restarts, self.run).await;
        let done = "the Secret was replaced";
        let talk = (self.run, output);
        restart::until_rolled_out(restarts, (restarted, seen), done, talk).await?;
        Ok(driven)
    }

    async fn part(
        self,
        mut goal: Overlap,
        (means, served): (&Means, bool),
        record: &Record,
        output: &mut Output,
    ) -> Result<(Overlap, Driven<Progress>)> {
        let (selection, probes) = (Self::selection(&goal), self.probes(served));
        let source = self.source(&goal, served);
        let view = View::Chosen { source: &source, selection: &selection, probes: &probes };
        let busy = output.busy("rotating", None);
        let mut said = String::new();
        let mut tell = |event: Event<'_, Progress>| {
            busy.advance();
            match event {
                Event::Awaited(awaited) => {
                    let line = progress::of_overlap(awaited);
                    if line != said {
                        output.say(&line);
                        said = line;
                    }
                }
                Event::Done(_) | Event::Step(_) | Event::Server(_) => {}
            }
        };
        let driven =
            Box::pin(drive(&mut goal, (&view, means), true, self.run.world, &mut tell)).await?;
        let replaces = |outcome: &&Outcome| outcome.step.replaced().is_some();
        driven.outcomes.iter().filter(replaces).for_each(|outcome| record.note(outcome));
        Ok((goal, driven))
    }
}

/// The workloads that are to be restarted, each with the Secret for which.
fn keepers(goal: &Overlap) -> Vec<(ObjectRef, ObjectRef)> {
    let needs = goal.progress().map(|progress| progress.needs.as_slice()).unwrap_or_default();
    needs.iter().filter_map(|need| need.keeper.clone()).collect()
}

fn came(goal: &Overlap, driven: Driven<Progress>) -> Came {
    Came {
        plan: driven.plan,
        outcomes: driven.outcomes,
        progress: goal.progress().cloned(),
        end: driven.end,
    }
}

/// What became of all of them.
struct Told {
    plan: Plan,
    outcomes: Vec<Outcome>,
    progress: Vec<Progress>,
    timed_out: bool,
}

impl Told {
    fn nothing(run: Run<'_>) -> Self {
        Self {
            plan: Plan::empty(run.now()),
            outcomes: Vec::new(),
            progress: Vec::new(),
            timed_out: false,
        }
    }

    fn take(&mut self, came: Came) {
        self.plan.steps.extend(came.plan.steps);
        self.plan.refused.extend(came.plan.refused);
        self.plan.skipped.extend(came.plan.skipped);
        self.plan.notes.extend(came.plan.notes);
        self.outcomes.extend(came.outcomes);
        self.progress.extend(came.progress);
        self.timed_out |= came.end == End::TimedOut;
    }

    fn report(
        &self,
        args: &RotateArgs,
        source: &Source,
        run: Run<'_>,
        output: &mut Output,
    ) -> Result<Exit> {
        let looked: Looked = source::looked(source, run);
        let is_shown = args.status || args.dry_run == DryRun::Client;
        let told = PlanReport {
            outcomes: (!is_shown).then_some(self.outcomes.as_slice()),
            looked: Some(&looked),
            finished: (!is_shown).then(|| run.now()),
            trust: &self.progress,
            ..PlanReport::of("rotate", &self.plan)
        };
        let exit = report::plan(&told, args.output, output)?;
        if let (Some(path), false) = (&args.report, is_shown) {
            report::into_file(&told, path)?;
        }
        if !self.timed_out {
            return Ok(exit);
        }
        let limit = run.global.timeout.unwrap_or(PATIENCE).unsigned_abs();
        output.say(&format!("error: timed out after {limit:?}: what is left to do is told above"));
        if let Some(again) = run.again() {
            output.say("to continue:");
            output.say(&format!("  {again}"));
        }
        Ok(Exit::TimedOut)
    }
}
