//! Gathering: observe until the inventory has no open question.
//!
//! Knows in which order things are looked at. Refuses to judge what was seen.

use super::backends;
use super::intake::Intake;
use crate::apply::manifests;
use crate::cluster::Client;
use crate::cluster::error::{ClusterError, Failure};
use crate::inventory::Inventory;
use crate::inventory::questions::Asked;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observation::{Observation, Question, Scope};
use crate::observe::reach::Reach;
use crate::observe::served::Deadlines;
use crate::observe::{self, dns, files, gateways, routes};
use crate::world::World;
use crate::x509::roots::Roots;
use futures_util::StreamExt as _;
use futures_util::stream;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is looked at beside the objects that were chosen and the Secrets they name.
#[expect(clippy::struct_excessive_bools, reason = "each is something to look at of its own")]
#[derive(Clone, Debug, Default)]
pub struct Probes {
    /// Whether the owners of chosen Secrets still exist.
    pub owners: bool,
    /// Who makes Secrets that are not there, or that are named.
    pub makers: bool,
    /// What controllers say of Ingresses whose load balancer does not serve what is stored.
    pub events: bool,
    /// Which workloads read Secrets that no frontend names.
    pub workloads: bool,
    /// Whom to ask where hosts lead; none: nobody is asked.
    pub dns: Option<dns::Resolver>,
    /// The Services that Ingresses send to: what they are for may be told by them alone.
    pub backends: bool,
    /// Those of them on which it depends who refuses a certificate.
    pub grpc: bool,
    /// What is served for Ingress hosts: where, and how long that may take.
    pub served: Option<(ServedAt, Deadlines)>,
    /// Of how many Secrets signatures are verified: see [`Inventory::trying_signatures_of`].
    pub signatures: Option<usize>,
    /// By which certificates what is seen is to be trusted: see [`Inventory::trusting_roots`].
    pub roots: Option<Arc<Roots>>,
}

impl Probes {
    fn asked(&self) -> Asked {
        Asked {
            owners: self.owners,
            makers: self.makers,
            events: self.events,
            workloads: self.workloads,
            served: self.served.is_some(),
        }
    }
}

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
        /// Files, folders, `-`, as [`files::given`] made them.
        paths: Vec<PathBuf>,
        /// How they are read.
        reading: files::Reading,
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

/// Observes what the selection is about, then whatever the inventory still asks for, of the kinds
/// that `probes` names.
///
/// # Errors
/// [`GatherError`], when the server or a named path cannot be read at all, or when an object that
/// was named is not there.
pub async fn gather(
    source: &Source,
    selection: Selection,
    probes: &Probes,
    world: &World,
) -> Result<Gathered, GatherError> {
    let mut inventory = Inventory::new(selection)
        .called(world.program)
        .trying_signatures_of(probes.signatures)
        .trusting_roots(probes.roots.clone());
    let kept = match source {
        Source::Files { paths, reading, namespace } => {
            let mut intake = Intake::new(&mut inventory, world);
            let kept = files::manifests(paths, *reading, namespace, &mut |seen| intake.take(seen));
            intake.finish();
            let kept = kept?;
            look_at_places(&mut inventory, namespace);
            kept
        }
        Source::Cluster { client, namespace } => {
            inventory.seen_at(client.target());
            inventory.seen_within(namespace.as_deref());
            let missing = look(client, namespace.as_deref(), probes, &mut inventory, world).await?;
            look_at_values(client, namespace.as_deref(), &mut inventory, world).await?;
            answer_questions(client, probes, &mut inventory, world).await?;
            backends::look(client, namespace.as_deref(), probes, &mut inventory, world).await?;
            if let Some((secret, error)) = missing {
                return Err(told_by_its_maker(&inventory, &secret, error).into());
            }
            files::Kept::new()
        }
    };
    ask_dns(probes, &mut inventory, world).await;
    look_at_served(probes, &mut inventory, world).await;
    Ok(Gathered { inventory, kept })
}

/// Looks at what is in the way of rewriting the files that were read, for the commands of remedies.
/// `namespace` is where objects are that name none.
pub fn look_at_places(inventory: &mut Inventory, namespace: &str) {
    let paths: Vec<String> = inventory.files_of_secrets().into_iter().map(str::to_owned).collect();
    for path in paths {
        if let Some(file) = files::led_to(Path::new(&path)) {
            inventory.is_link(&path, file);
        }
    }
    let suspects: Vec<ObjectRef> = inventory.with_aliases().cloned().collect();
    for secret in suspects {
        if let Err(why) = manifests::can_be_rewritten(&secret) {
            inventory.cannot_be_rewritten(&secret, why.to_string());
        }
    }
    inventory.files_read(namespace);
}

/// Looks at one Secret alone; that it is not there is an answer too.
///
/// # Errors
/// [`GatherError`], when it cannot be told.
pub async fn gather_one(
    client: &Client,
    secret: &ObjectRef,
    probes: &Probes,
    world: &World,
) -> Result<Inventory, GatherError> {
    gather_only(client, std::slice::from_ref(secret), probes, world).await
}

/// Looks at these Secrets alone, wherever they are; that one is not there is an answer too.
///
/// # Errors
/// [`GatherError`], when it cannot be told.
pub(super) async fn gather_only(
    client: &Client,
    secrets: &[ObjectRef],
    probes: &Probes,
    world: &World,
) -> Result<Inventory, GatherError> {
    let mut inventory = nothing_yet(client);
    for secret in secrets {
        match observe::cluster::named(client, secret).await {
            Ok(seen) => inventory.absorb(seen, world.random()),
            Err(error) if error.failure == Failure::NotFound => {
                inventory.absorb(Observation::Absent(secret.clone()), world.random());
            }
            Err(error) => return Err(error.into()),
        }
        inventory.asks_for(secret);
    }
    if probes.makers {
        // The annotation of an Ingress may have it made.
        let namespaces: BTreeSet<_> = secrets.iter().map(|one| one.namespace.as_deref()).collect();
        let mut take = |seen| inventory.absorb(seen, world.random());
        for namespace in namespaces {
            observe::cluster::list_ingresses(&Reach::new(client, namespace), &mut take).await?;
        }
    }
    answer_questions(client, probes, &mut inventory, world).await?;
    Ok(inventory)
}

fn nothing_yet(client: &Client) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    inventory.seen_at(client.target());
    inventory
}

/// A named Secret that is not there, with what the server said.
type Missing = (ObjectRef, ClusterError);

/// What the user is told of a Secret that is not there and that somebody makes.
fn told_by_its_maker(
    inventory: &Inventory,
    secret: &ObjectRef,
    error: ClusterError,
) -> ClusterError {
    match inventory.maker_of(secret) {
        Some(maker) => ClusterError {
            message: format!("{secret} is not there yet: {}", maker.told()),
            remedy: maker.remedy(secret).aimed(inventory.target()).to_string(),
            ..error
        },
        None => error,
    }
}

/// Lists what was chosen, or reads what was named; hands back the first named Secret that is not
/// there, for who makes it may be known.
async fn look(
    client: &Client,
    namespace: Option<&str>,
    probes: &Probes,
    inventory: &mut Inventory,
    world: &World,
) -> Result<Option<Missing>, ClusterError> {
    let named = inventory.selection().named.clone();
    let (Some(within), false) = (namespace, named.is_empty()) else {
        let mut seen_any = false;
        let mut intake = Intake::new(inventory, world);
        let mut take = |seen: Observation| {
            seen_any |= is_in_a_namespace(&seen);
            intake.take(seen);
        };
        let listed = observe::cluster::list(client, namespace, &mut take).await;
        intake.finish();
        listed?;
        if let Some(namespace) = namespace.filter(|_| !seen_any) {
            observe::cluster::namespace_is_there(client, namespace).await?;
        }
        return Ok(None);
    };
    let mut missing = None;
    for object in named {
        let object = ObjectRef::namespaced(object.kind, within, object.name);
        match observe::cluster::named(client, &object).await {
            Ok(seen) => inventory.absorb(seen, world.random()),
            Err(error) if can_be_made(&object, &error, probes) => {
                inventory.absorb(Observation::Absent(object.clone()), world.random());
                missing.get_or_insert((object.clone(), error));
            }
            Err(error) => return Err(error),
        }
        if object.kind == Kind::Secret {
            inventory.asks_for(&object);
        }
    }
    if probes.makers && inventory.has_possible_cas() {
        let mut take = |seen| inventory.absorb(seen, world.random());
        observe::cluster::list_beside(client, within, &mut take).await?;
    }
    // Who uses a named Secret, and for which hosts, only the Ingresses can tell.
    let mut take = |seen| inventory.absorb(seen, world.random());
    let reach = Reach::new(client, namespace);
    observe::cluster::list_ingresses(&reach, &mut take).await?;
    observe::cluster::list_gke(&reach, &mut take).await?;
    gateways::list(&reach, &mut take).await?;
    routes::list(&reach, &mut take).await?;
    Ok(missing)
}

/// Looks at what flags ask for beside TLS Secrets: the values of Opaque Secrets where nothing is named, and
/// what the API server calls.
async fn look_at_values(
    client: &Client,
    namespace: Option<&str>,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), ClusterError> {
    let selection = inventory.selection();
    let (keys, bundles) = (selection.keys.is_some(), selection.ca_bundles);
    let in_a_list = keys && selection.named.is_empty();
    let mut take = |seen| inventory.absorb(seen, world.random());
    if in_a_list {
        observe::cert_values::list_opaque(client, namespace, &mut take).await?;
    }
    if bundles {
        observe::cert_values::list_ca_bundles(client, &mut take).await?;
    }
    Ok(())
}

/// Whether it shows that the namespace is there: IngressClasses and the kinds that a cluster knows are
/// everybody's.
fn is_in_a_namespace(seen: &Observation) -> bool {
    match seen {
        Observation::GoogleKinds => false,
        Observation::Object(seen) => seen.object.kind != Kind::IngressClass,
        _ => true,
    }
}

fn can_be_made(object: &ObjectRef, error: &ClusterError, probes: &Probes) -> bool {
    probes.makers && object.kind == Kind::Secret && error.failure == Failure::NotFound
}

async fn answer_questions(
    client: &Client,
    probes: &Probes,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), ClusterError> {
    loop {
        let questions = wanted(inventory, &Probes { served: None, ..probes.clone() });
        if questions.is_empty() {
            return Ok(());
        }
        let answers = questions.iter().map(|question| observe::cluster::answer(client, question));
        let mut answers = stream::iter(answers).buffered(PARALLEL);
        while let Some(answer) = answers.next().await {
            for seen in answer? {
                inventory.absorb(seen, world.random());
            }
        }
    }
}

/// The handshakes, when they are wanted, last: for which hosts the objects tell, and who serves
/// nothing has nothing to be asked.
async fn look_at_served(probes: &Probes, inventory: &mut Inventory, world: &World) {
    let Some((at, deadlines)) = probes.served else { return };
    inventory.look_at_served(at);
    let questions = wanted(inventory, probes);
    observe::served::answer(&questions, deadlines, &mut |seen| {
        inventory.absorb(seen, world.random());
    })
    .await;
}

/// Asks for every name that is open, once, whatever becomes of it; answers open no others.
async fn ask_dns(probes: &Probes, inventory: &mut Inventory, world: &World) {
    let Some(resolver) = &probes.dns else { return };
    let open = inventory.open_names();
    dns::answers(resolver, &open, &mut |seen| inventory.absorb(seen, world.random())).await;
}

/// With named objects only what they need is asked; the rest of the namespace is not asked for.
fn wanted(inventory: &Inventory, probes: &Probes) -> Vec<Question> {
    let questions = inventory.open_questions(probes.asked());
    let named = !inventory.selection().named.is_empty();
    let needed = |question: &Question| match question {
        Question::Secret(object) => inventory.frontends().any(|frontend| {
            let mentioned = frontend.mentions.iter().map(|mentioned| &mentioned.secret);
            inventory.is_reported(&frontend.object)
                && frontend.secrets.iter().chain(mentioned).any(|named| named.same_object(object))
        }),
        // A Gateway of another namespace is not what was named.
        Question::Object(object) => object.kind != Kind::Gateway,
        Question::Every(..)
        | Question::Owner(_)
        | Question::Events(_)
        | Question::Warnings(_)
        | Question::Makers(_)
        | Question::Trust(_)
        | Question::Delegations(..)
        | Question::Workloads(_)
        | Question::TrustBundle(_)
        | Question::Staged(_)
        | Question::StagedAt(_)
        | Question::TlsSecrets(_)
        | Question::Served { .. } => true,
    };
    questions.into_iter().filter(|question| !named || needed(question)).collect()
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
    let mut inventory = nothing_yet(client);
    let kinds = [Kind::ManagedCertificate, Kind::Ingress];
    observe::cluster::objects(client, &kinds, namespace, &mut |seen| {
        inventory.absorb(seen, world.random());
    })
    .await?;
    inventory.absorb(Observation::GoogleKinds, world.random());
    Ok(inventory)
}

/// These objects, each seen or known to be absent.
///
/// # Errors
/// As [`gather`].
pub async fn gather_objects(
    client: &Client,
    objects: &[ObjectRef],
    world: &World,
) -> Result<Inventory, GatherError> {
    let questions = |_: &Inventory| objects.iter().cloned().map(Question::Object).collect();
    gather_asked(client, questions, world).await
}

/// What tells of which class an Ingress is, or shall be: itself, the cluster's IngressClasses, and whether
/// Google's own kinds are there.
///
/// # Errors
/// As [`gather`].
pub async fn gather_class(
    client: &Client,
    ingress: &ObjectRef,
    world: &World,
) -> Result<Inventory, GatherError> {
    let mut inventory = nothing_yet(client);
    let mut take = |seen| inventory.absorb(seen, world.random());
    observe::cluster::google_kinds(client).await?.map(&mut take);
    observe::cluster::classes(client, &mut take).await?;
    let question = Question::Object(ingress.clone());
    answer_required(client, &[question], &mut inventory, world).await?;
    Ok(inventory)
}

/// The answers to these questions, and to those that they give rise to, none of them left open.
pub(super) async fn gather_asked(
    client: &Client,
    questions: impl Fn(&Inventory) -> Vec<Question>,
    world: &World,
) -> Result<Inventory, GatherError> {
    let mut inventory = nothing_yet(client);
    let mut asked: Vec<Question> = Vec::new();
    loop {
        let mut open = questions(&inventory);
        open.retain(|question| !asked.contains(question));
        if open.is_empty() {
            return Ok(inventory);
        }
        answer_required(client, &open, &mut inventory, world).await?;
        asked.extend(open);
    }
}

/// Absorbs the answers to these questions, none of them left open.
async fn answer_required(
    client: &Client,
    questions: &[Question],
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), GatherError> {
    let answers =
        questions.iter().map(|question| observe::cluster::read_required(client, question));
    let mut answers = stream::iter(answers).buffered(PARALLEL);
    while let Some(answer) = answers.next().await {
        for seen in answer? {
            inventory.absorb(seen, world.random());
        }
    }
    Ok(())
}

/// What controllers have to say of these objects, absorbed into what was seen of them.
///
/// # Errors
/// As [`gather`]; not when events may not be read.
pub async fn gather_events(
    client: &Client,
    about: impl IntoIterator<Item = ObjectRef>,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), GatherError> {
    let questions: Vec<Question> = about.into_iter().map(Question::Events).collect();
    ask(client, &questions, inventory, world).await
}

/// Asks which workloads of a namespace read which Secrets.
///
/// # Errors
/// [`GatherError`], when the server cannot be asked at all.
pub async fn ask_for_readers(
    client: &Client,
    namespace: &str,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), GatherError> {
    let question = Question::Workloads(Scope::Namespace(namespace.to_owned()));
    ask(client, &[question], inventory, world).await
}

/// What is answered to these questions, absorbed into what was seen.
///
/// # Errors
/// As [`gather`]; not for what may not be read.
pub(super) async fn ask(
    client: &Client,
    questions: &[Question],
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), GatherError> {
    let answers = questions.iter().map(|question| observe::cluster::answer(client, question));
    let mut answers = stream::iter(answers).buffered(PARALLEL);
    while let Some(answer) = answers.next().await {
        for seen in answer? {
            inventory.absorb(seen, world.random());
        }
    }
    Ok(())
}

/// What is chosen when Secrets are named: those, and only those. Without a namespace, those of any.
#[must_use]
pub fn secrets_named(names: &[String], namespace: Option<&str>) -> Selection {
    let named = names.iter().map(|name| KindName {
        kind: Kind::Secret,
        namespace: namespace.map(str::to_owned),
        name: name.clone(),
    });
    Selection { named: named.collect(), ..Selection::default() }
}
