//! Where a command looks and what it reports: the source, the selection, and what to say when
//! nothing was found.

use super::{CommandError, Result, Run};
use crate::audit;
use crate::cli::SourceArgs;
use crate::cluster::Client;
use crate::converge::gather::Source;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observe::files::{self, Reading};
use crate::output::Output;
use crate::render::model::Looked;

/// Where the flags say to look.
pub(crate) async fn source(look: &SourceArgs, run: Run<'_>) -> Result<Source> {
    if !look.filename.is_empty() {
        return Ok(Source::Files {
            paths: files::given(&look.filename)?,
            reading: Reading { below: look.below(), allow_empty: look.allow_empty },
            namespace: run.namespace_of_files(),
        });
    }
    let client = run.client().await?;
    let namespace = (!look.all_namespaces).then(|| run.namespace(&client));
    Ok(Source::Cluster { client, namespace })
}

/// What the flags choose of a source.
pub(crate) fn selection(
    named: &[KindName],
    look: &SourceArgs,
    source: &Source,
    run: Run<'_>,
) -> Selection {
    let within = namespace_of_names(source, run);
    let named = named.iter().map(|named| KindName {
        namespace: named.namespace.clone().or_else(|| within.clone()),
        ..named.clone()
    });
    Selection { named: named.collect(), labels: look.selector.clone(), ..Selection::default() }
}

/// Where what is named without a namespace is. A name alone finds its object among files whatever
/// namespace the manifest says.
pub(crate) fn namespace_of_names(source: &Source, run: Run<'_>) -> Option<String> {
    match source {
        Source::Cluster { namespace, .. } => namespace.clone(),
        Source::Files { .. } => run.global.namespace.clone(),
    }
}

/// `-A` looks everywhere, and a name is of one namespace.
pub(crate) fn refuse_names_everywhere(all_namespaces: bool, names: &[impl Sized]) -> Result<()> {
    if all_namespaces && !names.is_empty() {
        return Err(CommandError::usage(
            "-A cannot be combined with names",
            "leave -A out, and say the namespace with -n or as in NAMESPACE/secret/NAME",
        ));
    }
    Ok(())
}

/// Where the facts of a source are from.
pub(crate) const fn audited(source: &Source) -> audit::Source {
    match source {
        Source::Cluster { .. } => audit::Source::Cluster,
        Source::Files { .. } => audit::Source::Files,
    }
}

/// With `-v`: where was looked and how much was seen.
pub(crate) fn say_what_was_seen(source: &Source, inventory: &Inventory, output: &mut Output) {
    let place = match source {
        Source::Cluster { client, namespace } => {
            format!("{client:?}, {}", within(namespace.as_deref(), "all namespaces"))
        }
        Source::Files { .. } => files_of(source),
    };
    let (secrets, ingresses) = (inventory.bundles().count(), inventory.ingresses().count());
    output
        .say_verbosely(&format!("looked at {place}: {secrets} TLS Secrets, {ingresses} Ingresses"));
    let unread = inventory.unread_users();
    if !unread.is_empty() {
        output.say_verbosely(&format!(
            "secret-unused is not reported: the cluster has kinds that may name a Secret and are not read: {}",
            unread.join(", ")
        ));
    }
}

/// What to say when there is nothing `of` a kind in what was looked at, and whether that is well: not when the
/// user said where to look, or for what. An empty namespace that only the kubeconfig names is well:
/// a cluster just made has one.
pub(crate) fn nothing_found(
    of: &str,
    source: &Source,
    look: &SourceArgs,
    run: Run<'_>,
) -> (String, bool) {
    let chosen =
        if look.selector.is_some() { "nothing that the selector fits was" } else { "nothing" };
    let place = searched(source, run);
    let was_said = match source {
        Source::Cluster { .. } => run.global.namespace.is_some() || look.all_namespaces,
        // Where no object is at all, reading has said so of each path.
        Source::Files { .. } => false,
    };
    let is_well = look.allow_empty || !(was_said || look.selector.is_some());
    (format!("{chosen} found in {place}: {of}"), is_well)
}

/// Where was looked, for the end of a report.
pub(crate) fn looked(source: &Source, run: Run<'_>) -> Looked {
    match source {
        Source::Cluster { client, namespace } => at(client, namespace.as_deref(), run),
        Source::Files { .. } => {
            let place = format!("the files of {}", files_of(source));
            Looked { place, ..Looked::default() }
        }
    }
}

/// A namespace of a cluster (none: all of them).
pub(crate) fn at(client: &Client, namespace: Option<&str>, run: Run<'_>) -> Looked {
    let context = run.global.context.as_deref().or(client.context());
    let server = client.server().trim_end_matches('/');
    let cluster = match context {
        Some(context) => format!("context {context} ({server})"),
        None => server.to_owned(),
    };
    Looked {
        place: format!("{} of {cluster}", within(namespace, "all namespaces")),
        context: context.map(str::to_owned),
        server: Some(server.to_owned()),
        user: run.global.impersonate.clone().or_else(|| client.user().map(str::to_owned)),
    }
}

/// Where nothing was found: namespace and cluster, or the files.
fn searched(source: &Source, run: Run<'_>) -> String {
    let Source::Cluster { client, namespace } = source else { return files_of(source) };
    let cluster = match &run.global.context {
        Some(context) => format!("context {context}"),
        None => format!("server {}", client.server()),
    };
    format!("{} ({cluster})", within(namespace.as_deref(), "any namespace"))
}

/// `namespace shop`, or the words for all of them.
fn within(namespace: Option<&str>, all: &str) -> String {
    namespace.map_or_else(|| all.to_owned(), |namespace| format!("namespace {namespace}"))
}

/// The files as they were named; nothing for a cluster.
fn files_of(source: &Source) -> String {
    let paths = match source {
        Source::Files { paths, .. } => paths.as_slice(),
        Source::Cluster { .. } => &[],
    };
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Among files, an object that was chosen by name and is not there is a failure, as it is in a cluster.
pub(crate) fn named_are_there(inventory: &Inventory) -> Result<()> {
    are_there(&inventory.selection().named, inventory)
}

/// The same of these names.
pub(crate) fn are_there(named: &[KindName], inventory: &Inventory) -> Result<()> {
    let seen = inventory
        .bundles()
        .map(|(object, _)| object)
        .chain(inventory.frontends().map(|frontend| &frontend.object));
    let seen = seen.chain(inventory.values().map(|value| &value.object));
    let seen: Vec<&ObjectRef> = seen.collect();
    let is_seen = |named: &KindName| seen.iter().any(|object| named.names(object));
    let Some(missing) = named.iter().find(|named| !is_seen(named)) else { return Ok(()) };
    let object = missing.object();
    let message = format!("there is no {} among the files read", object.apart());
    let maker = (missing.kind == Kind::Secret).then(|| inventory.maker_of(&object)).flatten();
    Err(match maker {
        Some(maker) => {
            CommandError::failed(format!("{message}: {}", maker.told()), maker.remedy(&object))
        }
        None => CommandError::failed(message, "check the name, and the paths of -f"),
    })
}

/// Whether what was read is of more than one namespace, so that names need theirs.
pub(crate) fn several_namespaces(inventory: &Inventory) -> bool {
    let mut namespaces = inventory.bundles().map(|(object, _)| object.namespace());
    let first = namespaces.next();
    namespaces.any(|namespace| Some(namespace) != first)
}
