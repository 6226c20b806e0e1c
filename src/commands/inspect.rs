//! `certwright inspect`: observe, audit, report, for files, standard input, Secrets by name and TLS
//! servers.

mod fix_chain;
mod nothing_read;
mod over_input;

use self::fix_chain::{Text, fix_chain};
use self::nothing_read::something_was_read;
use crate::audit::policy::Policy;
use crate::audit::{self, Platform, Source};
use crate::cli::InspectArgs;
use crate::cli::targets::{self, Wanted};
use crate::converge::gather::look_at_places;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{KindName, ObjectRef};
use crate::observation::handshake::Endpoint;
use crate::observation::{Observation, SecretSeen};
use crate::observe::{cluster, files, served};
use crate::output::Output;
use crate::redact::Redacted;
use crate::render::formats::PEM;
use crate::render::inspect::Inspected;
use crate::render::model::{Looked, Model, TableOptions};
use crate::session::store::Passwords;
use crate::session::{CommandError, Result, Run, policy, roots, source};
use crate::x509::{name, pkcs12};
use std::path::{Path, PathBuf};

pub(super) async fn run(args: InspectArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    check_usage(&args)?;
    let policy = policy::read(&args.by, None)?;
    let Observed { inventory, source, texts, locked, .. } =
        observed((&args, &policy), run, output).await?;
    something_was_read(&args, &inventory, locked)?;
    if args.fix_chain {
        return fix_chain(&args, (&inventory, &texts), run, output);
    }
    let context = run.context(args.at, &policy, Platform::Other, source);
    let report = audit::audit(&inventory, &context);
    let look = TableOptions { no_headers: args.no_headers, ..TableOptions::default() };
    let looked = Looked::default();
    let certificates: Vec<Vec<u8>> = texts.iter().map(Text::certificates_only).collect();
    let inspected = Inspected {
        model: Model { inventory: &inventory, report: &report, looked: &looked, look },
        certificates: &certificates,
    };
    (args.output.write)(&inspected, &mut output.of(args.output.for_programs))?;
    Ok(Exit::of_report(&report, args.fail_on))
}

fn check_usage(args: &InspectArgs) -> Result<()> {
    let is_secret = |target: &Target| matches!(target, Target::Secret(_));
    if !args.filename.is_empty() && !targets(&args.targets).iter().any(is_secret) {
        return Err(CommandError::usage(
            "-f says where secret/NAME is read from, and none is named",
            "name secret/NAME, or leave -f out: inspect takes paths by themselves",
        ));
    }
    Ok(())
}

/// What a target names.
enum Target {
    /// In its namespace, or in that of `-n`.
    Secret(KindName),
    Server(Endpoint),
    Path(PathBuf),
}

/// What the words name. A path with the form of a Secret's name is meant as the file when it is written
/// with `./`; one with the form of `HOST:PORT` also when there is such a file.
fn targets(words: &[String]) -> Vec<Target> {
    let is_there = |text: &str| files::is_there(Path::new(text));
    let target = |target| match target {
        Wanted::Secret(named) => Target::Secret(named),
        Wanted::Other(text) => match endpoint(&text) {
            Some(endpoint) if !is_there(&text) => Target::Server(endpoint),
            _ => Target::Path(PathBuf::from(text)),
        },
    };
    targets::inspected(words, is_there).into_iter().map(target).collect()
}

/// A server's place; its name may be in its own script, and a URL is taken for its server.
fn endpoint(text: &str) -> Option<Endpoint> {
    let (text, port) = match text.strip_prefix("https://") {
        Some(rest) => (rest.split(['/', '?', '#']).next().unwrap_or_default(), ":443"),
        None => (text, ""),
    };
    let of = |text: &str| match text.rsplit_once(':') {
        Some((host, port)) if !host.is_ascii() => {
            format!("{}:{port}", name::to_ascii(host).ok()?).parse().ok()
        }
        _ => text.parse().ok(),
    };
    of(text).or_else(|| of(&format!("{text}{port}")))
}

/// What the targets hold.
struct Observed {
    inventory: Inventory,
    source: Source,
    /// What the objects hold themselves, where it is `wanted`.
    texts: Vec<Text>,
    wanted: bool,
    /// PKCS#12 stores that are to be opened.
    stores: Vec<(ObjectRef, Redacted)>,
    /// Why stores were not opened.
    locked: Vec<CommandError>,
}

/// Every target, in one inventory.
async fn observed(
    (args, policy): (&InspectArgs, &Policy),
    run: Run<'_>,
    output: &mut Output,
) -> Result<Observed> {
    let targets = targets(&args.targets);
    let secrets = secrets_named(&targets, run)?;
    let beside_secrets = secrets.len() < targets.len();
    let from_elsewhere = beside_secrets || !args.filename.is_empty();
    // A Secret of any type is looked at when it is named.
    let named = secrets.iter().filter(|_| !beside_secrets).cloned();
    let asked_labels = policy.labels.clone();
    let selection = Selection { named: named.collect(), asked_labels, ..Selection::default() };
    let roots = roots::read(args.roots.as_deref(), policy)?;
    let mut observed = Observed {
        inventory: run.nothing_seen(selection).trusting_roots(roots),
        source: if from_elsewhere { Source::Files } else { Source::Cluster },
        texts: Vec::new(),
        wanted: args.fix_chain || args.output.name == PEM,
        stores: Vec::new(),
        locked: Vec::new(),
    };
    for target in &targets {
        observed.look_at(target, args, run).await?;
    }
    observed.open_stores(args, run, output)?;
    if !args.filename.is_empty() {
        observed.look_among(&args.filename, &secrets, run)?;
    } else if !secrets.is_empty() {
        observed.ask_for(secrets, run).await?;
    }
    // A server may show the same at each of its addresses.
    observed.texts.dedup_by(|one, other| {
        one.object == other.object && one.certificates.expose() == other.certificates.expose()
    });
    Ok(observed)
}

impl Observed {
    fn take(&mut self, seen: Observation, run: Run<'_>) {
        if let Observation::PemFile { object, bytes } = &seen
            && pkcs12::is_store(bytes.expose())
        {
            self.stores.push((object.clone(), bytes.clone()));
            return;
        }
        self.texts.extend(Text::of(&seen).filter(|_| self.wanted));
        self.inventory.absorb(seen, run.world.random());
    }

    /// Opens what is under a password; who is named is asked for theirs, what lies in a folder is not.
    fn open_stores(&mut self, args: &InspectArgs, run: Run<'_>, output: &mut Output) -> Result<()> {
        let from_stdin = args.targets.iter().any(|target| target == files::STDIN);
        let passwords = Passwords::new(args.password_file.as_deref(), from_stdin)?;
        for (object, bytes) in std::mem::take(&mut self.stores) {
            let is_named = args.targets.contains(&object.name);
            let ask = if is_named { &passwords } else { &passwords.silent() };
            match ask.open(&object.name, &bytes, output) {
                Ok(store) => {
                    self.texts.extend(Text::of_store(&object, &store, run).filter(|_| self.wanted));
                    self.inventory.absorb_store(object, &store, run.world.random());
                }
                Err(locked) if locked.exit == Exit::Cancelled => {
                    return Err(locked.told_of(&object.name));
                }
                Err(locked) => {
                    let message = format!("it {}", locked.why);
                    self.locked.push(locked.told_of(&object.name));
                    self.inventory
                        .absorb(Observation::Unseen { object, message }, run.world.random());
                }
            }
        }
        Ok(())
    }

    /// What a path or a server shows; Secrets are looked for all at once.
    async fn look_at(&mut self, target: &Target, args: &InspectArgs, run: Run<'_>) -> Result<()> {
        let mut take = |seen| self.take(seen, run);
        match target {
            Target::Secret(_) => {}
            Target::Server(endpoint) => {
                let name = args.servername.clone();
                served::inspected(endpoint, name, run.deadlines(), &mut take).await;
            }
            Target::Path(path) => {
                files::inspected(path, &run.namespace_of_files(), &mut take)
                    .map_err(not_readable)?;
            }
        }
        Ok(())
    }

    /// The Secrets among the manifests of `-f`.
    fn look_among(
        &mut self,
        filename: &[PathBuf],
        secrets: &[KindName],
        run: Run<'_>,
    ) -> Result<()> {
        let is_named = |seen: &Observation| match seen {
            Observation::Secret(SecretSeen { object, .. }) => {
                secrets.iter().any(|named| named.names(object))
            }
            _ => false,
        };
        let namespace = run.namespace_of_files();
        let mut take = |seen: Observation| {
            if is_named(&seen) {
                self.take(seen, run);
            }
        };
        // What is missing is told by name below.
        let reading = files::Reading { below: files::Below::default(), allow_empty: true };
        files::manifests(&files::given(filename)?, reading, &namespace, &mut take)?;
        look_at_places(&mut self.inventory, &namespace);
        source::are_there(secrets, &self.inventory)
    }

    /// The Secrets of a cluster.
    async fn ask_for(&mut self, secrets: Vec<KindName>, run: Run<'_>) -> Result<()> {
        let client = run.client().await?;
        for secret in secrets {
            let namespace = secret.namespace.unwrap_or_else(|| run.namespace(&client));
            let object = ObjectRef::secret(namespace, secret.name);
            self.take(cluster::named(&client, &object).await?, run);
        }
        Ok(())
    }
}

/// What is no file is told how it may have been meant.
fn not_readable(unreadable: files::Unreadable) -> CommandError {
    let meant = if unreadable.is_absent() { targets::meant(&unreadable.path) } else { None };
    let mut error = CommandError::from(unreadable);
    if let Some(meant) = meant {
        error.remedy = meant.into();
    }
    error
}

/// The Secrets among the targets. Two namespaces, one of them by `-n`, are one too many.
fn secrets_named(targets: &[Target], run: Run<'_>) -> Result<Vec<KindName>> {
    let said = run.global.namespace.as_deref();
    let named = targets.iter().filter_map(|target| match target {
        Target::Secret(named) => {
            let namespace = named.namespace.as_deref().or(said).map(str::to_owned);
            Some(KindName { namespace, ..named.clone() })
        }
        Target::Server(_) | Target::Path(_) => None,
    });
    let named: Vec<KindName> = named.collect();
    let is_other = |namespace: &&str| said.is_some_and(|said| said != *namespace);
    let other = named.iter().filter_map(|named| named.namespace.as_deref()).find(is_other);
    other.map_or(Ok(named.clone()), |other| {
        let said = said.unwrap_or_default();
        let message = format!("-n {said} and {other}/secret/NAME are two namespaces");
        Err(CommandError::usage(message, "leave -n out"))
    })
}
