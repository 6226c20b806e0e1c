//! `certwright inspect`: observe, audit, report, for files, standard input, Secrets by name and TLS
//! servers.

use crate::apply::files::{NewFile, replace, write_set};
use crate::apply::manifests;
use crate::audit::policy::Policy;
use crate::audit::{self, Platform, Source};
use crate::cli::InspectArgs;
use crate::converge::gather::look_at_places;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::bundle::{KeyAmong, KeyState};
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observation::handshake::Endpoint;
use crate::observation::{Observation, SecretSeen};
use crate::observe::{cluster, files, served};
use crate::output::Output;
use crate::redact::Redacted;
use crate::render::formats::PEM;
use crate::render::inspect::Inspected;
use crate::render::model::{Look, Model};
use crate::session::{CommandError, Result, Run, source};
use crate::x509::foreign::Foreign;
use crate::x509::key::PrivateKey;
use crate::x509::{chain, name, pem, stray};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(super) async fn run(args: InspectArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    check_usage(&args)?;
    let Observed { inventory, source, texts, .. } = observed(&args, run).await?;
    something_was_read(&args, &inventory)?;
    if args.fix_chain {
        return fix_chain(&args, (&inventory, &texts), run, output);
    }
    let policy = Policy::default();
    let context = run.context(args.at, &policy, Platform::Other, source);
    let report = audit::audit(&inventory, &context);
    let look = Look { no_headers: args.no_headers, namespaces: false };
    let certificates: Vec<Vec<u8>> = texts.iter().map(Text::certificates_only).collect();
    let inspected = Inspected {
        model: Model { inventory: &inventory, report: &report, look },
        certificates: &certificates,
    };
    (args.output.write)(&inspected, output.of(args.output.for_programs))?;
    Ok(Exit::of_report(&report, args.fail_on))
}

fn check_usage(args: &InspectArgs) -> Result<()> {
    let is_secret = |text: &String| matches!(target(text), Target::Secret(_));
    if !args.filename.is_empty() && !args.targets.iter().any(is_secret) {
        return Err(CommandError::usage(
            "-f says where secret/NAME is read from, and none is named",
            "name secret/NAME, or leave -f out: inspect takes paths by themselves",
        ));
    }
    Ok(())
}

/// What a target names.
enum Target<'t> {
    Secret(KindName),
    Server(Endpoint),
    Path(&'t Path),
}

/// A path with the form of a Secret's name is meant as the file when it is written with `./`; one
/// with the form of `HOST:PORT` also when there is such a file.
fn target(text: &str) -> Target<'_> {
    if let Some(secret) = text.parse::<KindName>().ok().filter(|named| named.kind == Kind::Secret) {
        return Target::Secret(secret);
    }
    match endpoint(text) {
        Some(endpoint) if !files::is_there(Path::new(text)) => Target::Server(endpoint),
        _ => Target::Path(Path::new(text)),
    }
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
}

/// Every target, in one inventory.
async fn observed(args: &InspectArgs, run: Run<'_>) -> Result<Observed> {
    let targets: Vec<Target<'_>> = args.targets.iter().map(|text| target(text)).collect();
    let secrets: Vec<KindName> = targets.iter().filter_map(secret_named).collect();
    let beside_secrets = secrets.len() < targets.len();
    let from_elsewhere = beside_secrets || !args.filename.is_empty();
    // A Secret of any type is looked at when it is named.
    let named = if beside_secrets { Vec::new() } else { secrets.clone() };
    let mut observed = Observed {
        inventory: Inventory::new(Selection { named, labels: None }),
        source: if from_elsewhere { Source::Files } else { Source::Cluster },
        texts: Vec::new(),
        wanted: args.fix_chain || args.output.name == PEM,
    };
    for target in &targets {
        observed.look_at(target, args, run).await?;
    }
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
        self.texts.extend(Text::of(&seen).filter(|_| self.wanted));
        self.inventory.absorb(seen, run.world.random());
    }

    /// What a path or a server shows; Secrets are looked for all at once.
    async fn look_at(
        &mut self,
        target: &Target<'_>,
        args: &InspectArgs,
        run: Run<'_>,
    ) -> Result<()> {
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
        let within = run.global.namespace.as_deref();
        let is_named = |seen: &Observation| match seen {
            Observation::Secret(SecretSeen { object, .. }) => {
                within.is_none_or(|within| within == object.namespace())
                    && secrets.iter().any(|named| named.name == object.name)
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
        source::named_are_there(secrets, &self.inventory)
    }

    /// The Secrets of a cluster.
    async fn ask_for(&mut self, secrets: Vec<KindName>, run: Run<'_>) -> Result<()> {
        let client = run.client().await?;
        let namespace = run.namespace(&client);
        for secret in secrets {
            let object = ObjectRef::secret(namespace.as_str(), secret.name);
            self.take(cluster::named(&client, &object).await?, run);
        }
        Ok(())
    }
}

/// What looks like a server and is none is told how servers are written.
fn not_readable(unreadable: files::Unreadable) -> CommandError {
    let server = unreadable.path.contains(':');
    let mut error = CommandError::from(unreadable);
    if server {
        error.remedy =
            "check the path, or name a server as HOST:PORT such as shop.example:443".into();
    }
    error
}

fn secret_named(target: &Target<'_>) -> Option<KindName> {
    match target {
        Target::Secret(named) => Some(named.clone()),
        Target::Server(_) | Target::Path(_) => None,
    }
}

/// What one object holds, for output that is made of the bytes themselves.
struct Text {
    object: ObjectRef,
    /// Certificates, PEM, perhaps with other things around.
    certificates: Redacted,
    /// Whatever may hold a private key.
    key: Redacted,
}

impl Text {
    fn of(seen: &Observation) -> Option<Self> {
        let (object, certificates, key) = match seen {
            Observation::PemFile { object, bytes } => {
                let text = pem::of_file(bytes.expose());
                (object, text.clone(), text)
            }
            Observation::Secret(secret) => {
                let value = |key: &str| secret.data.get(key).cloned().unwrap_or_default();
                (&secret.object, value("tls.crt"), value("tls.key"))
            }
            Observation::Inspected(seen) => {
                let pem = |der: &Vec<u8>| pem::encode("CERTIFICATE", der).to_string();
                let chain: String = seen.chain.iter().map(pem).collect();
                return Some(Self {
                    object: ObjectRef::endpoint(seen.endpoint.to_string()),
                    certificates: Redacted::from(Zeroizing::new(chain.into_bytes())),
                    key: Redacted::default(),
                });
            }
            _ => return None,
        };
        let key = PrivateKey::from_pem(key.expose()).map(|_| key).unwrap_or_default();
        Some(Self { object: object.clone(), certificates, key })
    }

    /// Whether nothing but certificates belongs there: a file may hold a key with them.
    fn is_of_secret(&self) -> bool {
        self.object.kind == Kind::Secret
    }

    fn certificates_only(&self) -> Vec<u8> {
        pem::certificates_only(self.certificates.expose())
    }
}

/// The chain of the one target that holds certificates, in order; a key may come from another.
fn fix_chain(
    args: &InspectArgs,
    (inventory, texts): (&Inventory, &[Text]),
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let holders: Vec<&Text> =
        texts.iter().filter(|text| !text.certificates_only().is_empty()).collect();
    let [chain] = holders.as_slice() else {
        let places: Vec<String> = holders.iter().map(|text| text.object.to_string()).collect();
        return Err(CommandError::usage(
            format!("--fix-chain is for one chain, and these hold others: {}", places.join(", ")),
            "name one file with certificates (and perhaps its key), one secret/NAME, or one HOST:PORT",
        ));
    };
    let key = texts.iter().find_map(|text| PrivateKey::from_pem(text.key.expose()).ok());
    let fixed = chain::fixed(chain.certificates.expose(), key.as_ref(), run.world.random())
        .map_err(|why| CommandError::failed(format!("{}: {why}", chain.object), FIX_CHAIN))?;
    if args.in_place && !args.force {
        refuse_loss(inventory, &chain.object)?;
    }
    let strays = stray::among_certificates(&pem::blocks(chain.certificates.expose()));
    let exclusion = (!strays.is_empty()).then(|| format!("left out: {}", stray::listed(&strays)));
    for note in fixed.notes.iter().chain(exclusion.iter().filter(|_| chain.is_of_secret())) {
        output.say(note);
    }
    if args.in_place {
        return into_manifest(&chain.object, &fixed.pem, output);
    }
    let Some(path) = &args.out else {
        output.data().write_all(fixed.pem.as_bytes())?;
        return Ok(Exit::Done);
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let file = NewFile { name, text: Zeroizing::new(fixed.pem), private: false };
    write_set(folder, &[file], args.force)?;
    Ok(Exit::Done)
}

/// What else stands in `tls.crt` would be gone from the file.
fn refuse_loss(inventory: &Inventory, object: &ObjectRef) -> Result<()> {
    let Some(secret) = inventory.secret(object.namespace(), &object.name) else { return Ok(()) };
    let Some(lost) = secret.beside_the_chain() else { return Ok(()) };
    let remedy = match secret.bundle.key_among {
        KeyAmong::Own => {
            "move the private key into tls.key first: it is the certificate's own, and the only one"
        }
        KeyAmong::None | KeyAmong::Copy | KeyAmong::Other => {
            "move what is needed to where it belongs (a private key into tls.key, another \
             certificate into a Secret of its own), then add --force, which drops the rest"
        }
    };
    Err(CommandError::failed(
        format!("{object}: there is more than one chain in it, and it would be lost: {lost}"),
        remedy,
    ))
}

/// Writes the chain where it stood, and nothing else.
fn into_manifest(secret: &ObjectRef, pem: &str, output: &mut Output) -> Result<Exit> {
    let (path, text) = manifests::with_certificates(secret, pem.as_bytes())?;
    replace(Path::new(&path), &text.to_bytes())?;
    output.say(&format!("written: tls.crt of {secret}"));
    Ok(Exit::Done)
}

const FIX_CHAIN: &str = "name a file with the certificate and its intermediates, and its own key";

/// How many reasons are told: a file may hold a hundred thousand broken blocks.
const REASONS: usize = 3;

/// A target in which nothing at all could be read is bad input.
fn something_was_read(args: &InspectArgs, inventory: &Inventory) -> Result<()> {
    let read = inventory.bundles().any(|(_, bundle)| {
        !bundle.certificates.is_empty()
            || matches!(bundle.key, KeyState::Read { .. } | KeyState::Encrypted)
    });
    if read {
        return Ok(());
    }
    let why = why_nothing(inventory)
        .unwrap_or_else(|| format!("there is nothing to read in {}", args.targets.join(", ")));
    let mut instead = inventory.bundles().filter_map(|(_, bundle)| bundle.damaged.first()?.instead);
    // Of several things each would want a way out of its own.
    let remedy = instead.next().filter(|_| instead.next().is_none()).map(Foreign::remedy);
    let expected = "expected PEM or DER certificates, manifests with TLS Secrets, or a TLS server";
    Err(CommandError::failed(
        format!("no certificate could be read: {why}"),
        remedy.unwrap_or_else(|| expected.to_owned()),
    ))
}

/// The first reasons why nothing could be read, each with its object.
fn why_nothing(inventory: &Inventory) -> Option<String> {
    let mut reasons = inventory
        .bundles()
        .flat_map(|(object, bundle)| {
            let damaged =
                bundle.damaged.iter().map(move |damaged| format!("{object}: {}", damaged.message));
            let is_empty = bundle.certificates_missing
                && matches!(bundle.key, KeyState::NotExpected | KeyState::Missing);
            let missing = is_empty.then(|| format!("{object}: it is empty"));
            let key = match &bundle.key {
                KeyState::Unreadable(reason) => Some(format!("{object}: {reason}")),
                KeyState::NotExpected
                | KeyState::Missing
                | KeyState::Encrypted
                | KeyState::Read { .. } => None,
            };
            damaged.chain(missing).chain(key)
        })
        .chain(
            inventory
                .problems()
                .iter()
                .map(|problem| format!("{}: {}", problem.object, problem.message)),
        );
    let mut told: Vec<String> = reasons.by_ref().take(REASONS).collect();
    let more = reasons.count();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    (!told.is_empty()).then(|| told.join("; "))
}
