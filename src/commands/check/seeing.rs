//! What `check` looks at: the flags, the files that they name, and what is seen.

use super::Asked;
use crate::cli::{CheckArgs, domain};
use crate::converge::gather::{Probes, Source, gather};
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::dns::Resolver;
use crate::observe::files::{self, names_stdin};
use crate::output::Output;
use crate::render::progress;
use crate::session::{CommandError, Result, Run, roots, source};

/// What was seen of one source.
pub(super) struct Seen {
    pub source: Source,
    pub inventory: Inventory,
    /// Which DNS servers were asked.
    asked: Option<String>,
}

/// The hosts that `--host` and `--hosts-from` name.
pub(super) fn hosts(args: &CheckArgs) -> Result<Vec<String>> {
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

/// Of how many Secrets the signatures are verified: a larger fleet is told as fast as it is read.
const SIGNATURES: usize = 1_000;

/// What the flags say to look at, and what was seen of it.
pub(super) async fn observed(asked: &Asked<'_>, run: Run<'_>) -> Result<Seen> {
    let Asked { args, policy, .. } = asked;
    let source = source::source(&args.look, run).await?;
    let (keys, ca_bundles) = (args.beside.key.clone(), args.beside.ca_bundles);
    let chosen = source::selection(&args.objects, &args.look, &source, run);
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
    let inventory = gather(&source, selection, &probes, run.world).await?.inventory;
    keys_are_there(args, &inventory)?;
    source::named_are_there(&inventory)?;
    let asked = probes.dns.as_ref().map(|resolver| resolver.servers().to_string());
    Ok(Seen { source, inventory, asked })
}

/// With `-v`, what was seen.
pub(super) fn tell(seen: &Seen, output: &mut Output) {
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
