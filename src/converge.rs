//! Converging: observe until the inventory has no open question, and go on until the plan is done.
//!
//! Knows the order of things. Refuses to decide: rules are the audit's, plans the plan's. A
//! conflict is answered here by looking again and planning again.
#![expect(clippy::disallowed_methods, reason = "waiting is converging: it sleeps between looks")]

use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::{KeySource, Materials};
use crate::audit::policy::Policy;
use crate::cluster::Client;
use crate::cluster::error::{ClusterError, Failure};
use crate::gke::managed::Managed;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Question;
use crate::observe::{self, files};
use crate::plan::bootstrap::{self, Progress};
use crate::plan::managed::{self, Standing};
use crate::plan::outcome::Outcome;
use crate::plan::rotation::{self, FirstSeen, Wish};
use crate::plan::step::{Plan, Step};
use crate::world::World;
use futures_util::StreamExt as _;
use futures_util::stream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often a conflict makes us look again before it is reported.
const LOOKS: usize = 5;

/// Questions asked at once; each is a connection.
const PARALLEL: usize = 8;

/// Where to look.
#[derive(Clone, Debug)]
pub enum Source {
    /// An API server; in this namespace, or (none) in all of them.
    Cluster {
        /// The connection.
        client: Client,
        /// The namespace.
        namespace: Option<String>,
    },
    /// Manifests.
    Files {
        /// Files, folders, `-`.
        paths: Vec<PathBuf>,
        /// The namespace of objects that name none.
        namespace: String,
    },
}

/// What was seen, and the texts that cannot be read again.
#[derive(Debug)]
pub struct Gathered {
    /// The facts.
    pub inventory: Inventory,
    /// Texts of standard input.
    pub kept: files::Kept,
}

/// Why nothing could be gathered.
#[derive(Debug)]
pub enum GatherError {
    /// The API server.
    Cluster(ClusterError),
    /// A path.
    File(files::Unreadable),
}

impl From<ClusterError> for GatherError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}

impl From<files::Unreadable> for GatherError {
    fn from(error: files::Unreadable) -> Self {
        Self::File(error)
    }
}

/// Observes what the selection is about, then whatever the inventory still asks for. With
/// `owners`, it also asks whether the owners of chosen Secrets still exist.
///
/// # Errors
/// [`GatherError`], when the server or a named path cannot be read at all, or when an object that
/// was named is not there.
pub async fn gather(
    source: &Source,
    selection: Selection,
    owners: bool,
    world: &World,
) -> Result<Gathered, GatherError> {
    let mut inventory = Inventory::new(selection);
    let kept = match source {
        Source::Files { paths, namespace } => {
            let kept = files::manifests(paths, namespace, &mut |seen| {
                inventory.absorb(seen, world.random());
            })?;
            return Ok(Gathered { inventory, kept });
        }
        Source::Cluster { client, namespace } => {
            look(client, namespace.as_deref(), &mut inventory, world).await?;
            answer_questions(client, owners, &mut inventory, world).await?;
            files::Kept::new()
        }
    };
    Ok(Gathered { inventory, kept })
}

/// Looks at one Secret alone; that it is not there is an answer too.
///
/// # Errors
/// [`GatherError`], when it cannot be told.
pub async fn gather_one(
    client: &Client,
    secret: &ObjectRef,
    owners: bool,
    world: &World,
) -> Result<Inventory, GatherError> {
    let mut inventory = Inventory::new(Selection::default());
    match observe::cluster::named(client, secret).await {
        Ok(seen) => inventory.absorb(seen, world.random()),
        Err(error) if error.failure == Failure::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    answer_questions(client, owners, &mut inventory, world).await?;
    Ok(inventory)
}

async fn look(
    client: &Client,
    namespace: Option<&str>,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), ClusterError> {
    let named = inventory.selection().named.clone();
    let (Some(within), false) = (namespace, named.is_empty()) else {
        let mut seen_any = false;
        let mut take = |seen| {
            seen_any = true;
            inventory.absorb(seen, world.random());
        };
        observe::cluster::list(client, namespace, &mut take).await?;
        return match namespace.filter(|_| !seen_any) {
            Some(namespace) => observe::cluster::namespace_is_there(client, namespace).await,
            None => Ok(()),
        };
    };
    for object in named {
        let object = ObjectRef::namespaced(object.kind, within, object.name);
        let seen = observe::cluster::named(client, &object).await?;
        inventory.absorb(seen, world.random());
    }
    // Who uses a named Secret, and for which hosts, only the Ingresses can tell.
    let mut take = |seen| inventory.absorb(seen, world.random());
    observe::cluster::list_ingresses(client, namespace, &mut take).await?;
    observe::cluster::list_gke(client, namespace, &mut take).await
}

async fn answer_questions(
    client: &Client,
    owners: bool,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), ClusterError> {
    loop {
        let questions = wanted(inventory, owners);
        if questions.is_empty() {
            return Ok(());
        }
        let answers = questions.iter().map(|question| observe::cluster::answer(client, question));
        let mut answers = stream::iter(answers).buffered(PARALLEL);
        while let Some(answer) = answers.next().await {
            let answer = answer?;
            inventory.absorb(answer, world.random());
        }
    }
}

/// With named objects only what they need is asked; the rest of the namespace is nobody's wish.
fn wanted(inventory: &Inventory, owners: bool) -> Vec<Question> {
    let questions = inventory.open_questions(owners);
    let named = !inventory.selection().named.is_empty();
    let needed = |question: &Question| match question {
        Question::Secret(object) => inventory.ingresses().any(|ingress| {
            inventory.is_reported(&ingress.object)
                && ingress.object.namespace() == object.namespace()
                && ingress.secret_names.contains(&object.name)
        }),
        Question::Object(_) | Question::Owner(_) => true,
    };
    questions.into_iter().filter(|question| !named || needed(question)).collect()
}

/// How rotations are carried out.
pub struct Rotation<'a> {
    /// Where to look.
    pub source: &'a Source,
    /// What is chosen.
    pub selection: Selection,
    /// What is wanted.
    pub wish: Wish,
    /// Leads.
    pub policy: Policy,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Called after each step, for progress.
    pub on_done: &'a (dyn Fn() + Sync),
}

impl std::fmt::Debug for Rotation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotation").field("wish", &self.wish).finish_non_exhaustive()
    }
}

impl Rotation<'_> {
    /// Looks and plans, and writes nothing.
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn planned(
        &self,
        first_seen: &FirstSeen,
        world: &World,
    ) -> Result<(Plan, Gathered), GatherError> {
        let gathered =
            gather(self.source, self.selection.clone(), self.wish.override_owner, world).await?;
        let plan =
            rotation::plan(&gathered.inventory, &self.wish, &self.policy, first_seen, world.now);
        Ok((plan, gathered))
    }

    /// Plans and applies; where somebody else was faster, looks again and plans again, for what is
    /// still wanted then.
    ///
    /// # Errors
    /// As [`gather`]. What failed for a single Secret is in its outcome.
    pub async fn converged(
        &mut self,
        target: Target,
        world: &World,
    ) -> Result<(Plan, Vec<Outcome>, Gathered), GatherError> {
        let (plan, gathered) = self.planned(&FirstSeen::new(), world).await?;
        let first_seen = first_seen(&plan);
        let mut outcomes = self.apply(plan.steps.clone(), &target).await;
        let mut later = Plan::empty(world.now);
        for _ in 1..LOOKS {
            let (settled, conflicts) = split_conflicts(outcomes);
            outcomes = settled;
            if conflicts.is_empty() {
                break;
            }
            self.wish.named =
                conflicts.iter().map(|outcome| outcome.step.object().clone()).collect();
            let again = self.look_again(&first_seen, world).await?;
            later.skipped.extend(again.skipped);
            later.refused.extend(again.refused);
            outcomes.extend(self.apply(again.steps, &target).await);
        }
        let plan = Plan {
            skipped: [plan.skipped, later.skipped].concat(),
            refused: [plan.refused, later.refused].concat(),
            ..plan
        };
        Ok((plan, outcomes, gathered))
    }

    /// Only the Secrets that were in conflict, each by its own namespace.
    async fn look_again(&self, first_seen: &FirstSeen, world: &World) -> Result<Plan, GatherError> {
        let Source::Cluster { client, .. } = self.source else { return Ok(Plan::empty(world.now)) };
        let mut all = Plan::empty(world.now);
        for object in &self.wish.named {
            let inventory = gather_one(client, object, self.wish.override_owner, world).await?;
            let wish = Wish { named: vec![object.clone()], ..self.wish.clone() };
            let plan = rotation::plan(&inventory, &wish, &self.policy, first_seen, world.now);
            all.steps.extend(plan.steps);
            all.skipped.extend(plan.skipped);
            all.refused.extend(plan.refused);
        }
        Ok(all)
    }

    async fn apply(&self, steps: Vec<Step>, target: &Target) -> Vec<Outcome> {
        let materials = Arc::new(Materials::default());
        apply::cluster::apply(
            steps,
            materials,
            Arc::clone(&self.keys),
            target.clone(),
            self.on_done,
        )
        .await
    }
}

/// How a domain is bootstrapped.
pub struct Bootstrap<'a> {
    /// The cluster.
    pub client: &'a Client,
    /// What is wanted.
    pub wish: bootstrap::Wish,
    /// Where keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Whether the server shall only try.
    pub dry_run: bool,
    /// Whether to wait for the address and for Active.
    pub wait: bool,
    /// Told of each step and of each change while waiting.
    pub tell: &'a mut (dyn FnMut(Told<'_>) + Send),
}

impl std::fmt::Debug for Bootstrap<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bootstrap").field("wish", &self.wish).finish_non_exhaustive()
    }
}

/// What is told while a bootstrap goes on.
#[derive(Debug)]
pub enum Told<'a> {
    /// A step is about to be carried out.
    Step(&'a Step),
    /// Something changed in what is waited for.
    Progress(&'a Progress),
}

/// How a bootstrap ended.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The last plan: its refusals and notes.
    pub plan: Plan,
    /// What became of every step.
    pub outcomes: Vec<Outcome>,
    /// How far it has come.
    pub progress: Progress,
}

/// Between looks while waiting: an address takes minutes, and a look is two or three reads.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Bootstrap<'_> {
    /// Looks and plans, and writes nothing.
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn planned(&mut self, world: &World) -> Result<(Plan, Inventory), GatherError> {
        let inventory = gather_wanted(self.client, &self.wish, world).await?;
        Ok((bootstrap::plan(&inventory, &self.wish, world.now, false), inventory))
    }

    /// Plans and applies until nothing is left, then waits for the address and for Active.
    ///
    /// # Errors
    /// As [`gather`].
    pub async fn converged(&mut self, world: &World) -> Result<Bootstrapped, GatherError> {
        let mut outcomes = Vec::new();
        observe::cluster::namespace_is_there(self.client, &self.wish.namespace).await?;
        for look in 1..=LOOKS {
            let (plan, inventory) = self.planned(world).await?;
            let progress = Progress::of(&inventory, &self.wish);
            if plan.steps.is_empty() || !plan.refused.is_empty() {
                return self.waited(Bootstrapped { plan, outcomes, progress }, world).await;
            }
            let target = Target { client: self.client.clone(), dry_run: self.dry_run };
            let tell = &mut self.tell;
            let done = apply::cluster::apply_in_order(
                plan.steps.clone(),
                Arc::new(Materials::default()),
                Arc::clone(&self.keys),
                target,
                &mut |step| tell(Told::Step(step)),
            )
            .await;
            let (mut done, conflicts) = split_conflicts(done);
            let failed = done.iter().any(|outcome| outcome.result.is_err());
            outcomes.append(&mut done);
            // A conflict is looked at again, and told when it outlasts every look.
            if failed || self.dry_run || (look == LOOKS && !conflicts.is_empty()) {
                outcomes.extend(conflicts);
                return Ok(Bootstrapped { plan, outcomes, progress });
            }
        }
        let (plan, inventory) = self.planned(world).await?;
        let progress = Progress::of(&inventory, &self.wish);
        let plan = bootstrap::put_back(plan);
        self.waited(Bootstrapped { plan, outcomes, progress }, world).await
    }

    /// Waits until nothing is left to wait for, or something cannot heal by itself.
    async fn waited(
        &mut self,
        mut end: Bootstrapped,
        world: &World,
    ) -> Result<Bootstrapped, GatherError> {
        let mut pause = FIRST_PAUSE;
        let mut told = None;
        while self.wait && end.plan.refused.is_empty() {
            if told.as_ref() != Some(&end.progress) {
                (self.tell)(Told::Progress(&end.progress));
                told = Some(end.progress.clone());
                pause = FIRST_PAUSE;
            }
            let hopeless =
                end.progress.managed.as_ref().and_then(Managed::permanent_failure).is_some();
            if end.progress.is_done() || hopeless {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let inventory = gather_wanted(self.client, &self.wish, world).await?;
            end.progress = Progress::of(&inventory, &self.wish);
        }
        Ok(end)
    }
}

/// Waiting for a ManagedCertificate.
pub struct ManagedWait<'a> {
    /// The cluster.
    pub client: &'a Client,
    /// Which certificate.
    pub object: ObjectRef,
    /// Whether to touch the Ingress now and then, to wake Google's controllers.
    pub nudge: bool,
    /// For the touch, which is a step like any other.
    pub keys: Arc<dyn KeySource>,
    /// Told of every look.
    pub tell: &'a mut (dyn FnMut(&Standing<'_>) + Send),
}

impl std::fmt::Debug for ManagedWait<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ManagedWait({})", self.object)
    }
}

/// How waiting for a ManagedCertificate ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is Active for exactly its domains.
    Active,
    /// It is not there.
    Gone,
    /// It cannot become Active unless somebody acts.
    Hopeless {
        /// Why.
        message: String,
        /// What to do.
        remedy: String,
    },
}

/// How many looks in a row must show the same hopeless state: Google's statuses flash.
const SURE_AFTER: usize = 3;
/// Looks between two touches of the Ingress: at the longest pause, a touch in five minutes.
const LOOKS_A_NUDGE: usize = 30;

impl ManagedWait<'_> {
    /// Looks until it is Active or hopeless. A look that fails for want of a connection is tried
    /// again: a control plane that is being upgraded comes back.
    ///
    /// # Errors
    /// As [`gather`], for a first look that fails and for what no later look can mend.
    pub async fn waited(&mut self, world: &World) -> Result<Waited, GatherError> {
        let (mut pause, mut looks, mut hopeless_looks) = (FIRST_PAUSE, 0, 0);
        loop {
            let inventory =
                match gather_managed(self.client, self.object.namespace.as_deref(), world).await {
                    Err(GatherError::Cluster(error)) if looks > 0 && error.failure.may_pass() => {
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        continue;
                    }
                    inventory => inventory?,
                };
            let Some(facts) = inventory.object(&self.object) else { return Ok(Waited::Gone) };
            let standing = managed::standing(&inventory, facts);
            (self.tell)(&standing);
            if standing.managed.is_active() {
                return Ok(Waited::Active);
            }
            hopeless_looks = if standing.hopeless().is_some() { hopeless_looks + 1 } else { 0 };
            if let Some((message, remedy)) =
                standing.hopeless().filter(|_| hopeless_looks >= SURE_AFTER)
            {
                return Ok(Waited::Hopeless { message, remedy });
            }
            if self.nudge && looks % LOOKS_A_NUDGE == 0 {
                self.touch(&standing, world).await;
            }
            looks += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Touches every Ingress that names it. That a touch fails is no matter: it is only a nudge.
    async fn touch(&mut self, standing: &Standing<'_>, world: &World) {
        let at = crate::x509::instant::show(world.now);
        let touches = standing
            .ingresses
            .iter()
            .map(|(ingress, _)| Step::PatchObject(managed::nudge(ingress, &at)));
        let target = Target { client: self.client.clone(), dry_run: false };
        let _ = in_order(touches.collect(), Arc::clone(&self.keys), target).await;
    }
}

/// How a change of domains ended.
#[derive(Debug)]
pub struct Changed {
    /// The certificate that holds the domains now.
    pub target: ObjectRef,
    /// The last plan: its refusals.
    pub plan: Plan,
    /// What became of every step.
    pub outcomes: Vec<Outcome>,
    /// Why it could not be brought to an end: message and remedy. The old certificate serves on.
    pub stuck: Option<(String, String)>,
}

/// Changes the domains of a ManagedCertificate without an outage; cut short, another run goes on
/// from what the cluster shows.
///
/// # Errors
/// As [`gather`].
pub async fn change_domains(
    client: &Client,
    (name, domains): (&ObjectRef, &[String]),
    keys: Arc<dyn KeySource>,
    world: &World,
    tell: &mut (dyn FnMut(&str) + Send),
) -> Result<Changed, GatherError> {
    let (mut outcomes, mut pause, mut told, mut hopeless_looks) =
        (Vec::new(), FIRST_PAUSE, String::new(), 0);
    loop {
        let inventory = gather_managed(client, name.namespace.as_deref(), world).await?;
        let change = managed::set_domains(&inventory, name, domains, world.now);
        let target = change.target.clone();
        let standing = inventory.object(&target).map(|facts| managed::standing(&inventory, facts));
        let stuck = standing.and_then(|standing| standing.managed.permanent_failure());
        hopeless_looks = if stuck.is_some() { hopeless_looks + 1 } else { 0 };
        let stuck = stuck.map(|(status, meaning)| {
            (format!("{status}: {}", meaning.meaning), meaning.remedy.to_owned())
        });
        let end = change.waiting.is_none()
            || !change.plan.refused.is_empty()
            || hopeless_looks >= SURE_AFTER;
        if end {
            return Ok(Changed {
                target,
                plan: change.plan,
                outcomes,
                stuck: stuck.filter(|_| hopeless_looks > 0),
            });
        }
        let waiting = change.waiting.unwrap_or_default();
        if waiting != told {
            tell(&waiting);
            told = waiting;
            pause = FIRST_PAUSE;
        }
        let acted = !change.plan.steps.is_empty();
        let done = in_order(
            change.plan.steps.clone(),
            Arc::clone(&keys),
            Target { client: client.clone(), dry_run: false },
        )
        .await;
        let (done, conflicts) = split_conflicts(done);
        let failed = done.iter().any(|outcome| outcome.result.is_err());
        outcomes.extend(done);
        if failed {
            return Ok(Changed { target, plan: change.plan, outcomes, stuck: None });
        }
        // Whoever is in conflict with us gets time to end.
        if !acted || !conflicts.is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Carries out steps that need no materials, one after the other.
pub async fn in_order(steps: Vec<Step>, keys: Arc<dyn KeySource>, target: Target) -> Vec<Outcome> {
    apply::cluster::apply_in_order(steps, Arc::new(Materials::default()), keys, target, &mut |_| ())
        .await
}

/// Every ManagedCertificate and Ingress of the namespace (none: of all).
///
/// # Errors
/// [`GatherError`], also when the cluster knows no ManagedCertificates.
pub async fn gather_managed(
    client: &Client,
    namespace: Option<&str>,
    world: &World,
) -> Result<Inventory, GatherError> {
    let mut inventory = Inventory::new(Selection::default());
    let kinds = [Kind::ManagedCertificate, Kind::Ingress];
    observe::cluster::objects(client, &kinds, namespace, &mut |seen| {
        inventory.absorb(seen, world.random());
    })
    .await?;
    Ok(inventory)
}

/// These objects, each seen or absent for sure.
///
/// # Errors
/// As [`gather`].
pub async fn gather_objects(
    client: &Client,
    objects: &[ObjectRef],
    world: &World,
) -> Result<Inventory, GatherError> {
    let questions: Vec<Question> = objects.iter().cloned().map(Question::Object).collect();
    gather_sure(client, &questions, world).await
}

/// The objects and the Secret that a bootstrap builds on.
async fn gather_wanted(
    client: &Client,
    wish: &bootstrap::Wish,
    world: &World,
) -> Result<Inventory, GatherError> {
    let objects = bootstrap::objects(wish).into_iter().map(Question::Object);
    let questions: Vec<Question> =
        objects.chain(bootstrap::secret(wish).map(Question::Secret)).collect();
    gather_sure(client, &questions, world).await
}

async fn gather_sure(
    client: &Client,
    questions: &[Question],
    world: &World,
) -> Result<Inventory, GatherError> {
    let mut inventory = Inventory::new(Selection::default());
    let answers = questions.iter().map(|question| observe::cluster::sure(client, question));
    let mut answers = stream::iter(answers).buffered(PARALLEL);
    while let Some(answer) = answers.next().await {
        inventory.absorb(answer?, world.random());
    }
    Ok(inventory)
}

fn first_seen(plan: &Plan) -> FirstSeen {
    let replaced = plan.steps.iter().filter_map(|step| match step {
        Step::ReplacePair(step) => Some(step),
        Step::CreateSecret(_)
        | Step::WriteFiles(_)
        | Step::CreateObject(_)
        | Step::PatchObject(_)
        | Step::DeleteObject(_) => None,
    });
    replaced
        .map(|step| {
            let key = (step.object.namespace().to_owned(), step.object.name.clone());
            (key, step.before.as_ref().map(|leaf| leaf.sha256))
        })
        .collect()
}

fn split_conflicts(outcomes: Vec<Outcome>) -> (Vec<Outcome>, Vec<Outcome>) {
    outcomes
        .into_iter()
        .partition(|outcome| !matches!(&outcome.result, Err(failed) if failed.conflict))
}

/// What is chosen when Secrets are named: those, and only those.
#[must_use]
pub fn secrets_named(names: &[String]) -> Selection {
    let named = names
        .iter()
        .map(|name| crate::object_ref::KindName { kind: Kind::Secret, name: name.clone() });
    Selection { named: named.collect(), labels: None }
}
