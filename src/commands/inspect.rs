//! `certwright inspect`: observe, audit, report, for files, standard input, Secrets by name and TLS
//! servers.

use crate::apply::files::{NewFile, replace, write_set};
use crate::apply::manifests;
use crate::audit::policy::Policy;
use crate::audit::{self, Context, Platform, Source};
use crate::cli::{Global, InspectArgs, InspectFormat};
use crate::converge::gather::look_at_places;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::bundle::{KeyAmong, KeyState};
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observation::Observation;
use crate::observation::handshake::Endpoint;
use crate::observe::{cluster, files, served};
use crate::output::Output;
use crate::plan::outcome::Failed;
use crate::redact::Redacted;
use crate::render::check::{Look, write_table};
use crate::render::inspect::write_text;
use crate::render::inspected::write_json;
use crate::session::{self, CommandError, Result};
use crate::world::World;
use crate::x509::foreign::Foreign;
use crate::x509::key::PrivateKey;
use crate::x509::{chain, name, pem, stray};
use std::io::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

pub(super) async fn run(
    args: InspectArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    check_usage(&args)?;
    let (inventory, source, texts) = observed(&args, global, world).await?;
    something_was_read(&args, &inventory)?;
    if args.fix_chain {
        return fix_chain(&args, (&inventory, &texts), world, output);
    }
    let policy = Policy::default();
    let context = Context {
        now: args.at.unwrap_or_else(|| world.now()),
        policy: &policy,
        platform: Platform::Other,
        source,
    };
    let report = audit::audit(&inventory, &context);
    match args.output {
        InspectFormat::Json => write_json(&inventory, &report, output.document())?,
        InspectFormat::Pem => {
            for text in &texts {
                output.data().write_all(&pem::certificates_only(text.certificates.expose()))?;
            }
        }
        InspectFormat::Wide => {
            let look = Look { wide: true, no_headers: args.no_headers, namespaces: false };
            write_table(&inventory, &report, look, output.data())?;
        }
        InspectFormat::Table => write_text(&inventory, &report, output.data())?,
    }
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

/// Every target, in one inventory.
async fn observed(
    args: &InspectArgs,
    global: &Global,
    world: &World,
) -> Result<(Inventory, Source, Vec<Text>)> {
    let targets: Vec<Target<'_>> = args.targets.iter().map(|text| target(text)).collect();
    let secrets: Vec<KindName> = targets.iter().filter_map(secret_named).collect();
    let selection = Selection { named: secrets.clone(), labels: None };
    let beside_secrets = secrets.len() < args.targets.len();
    let from_elsewhere = beside_secrets || !args.filename.is_empty();
    // A Secret of any type is looked at when it is named.
    let selection = if beside_secrets { Selection::default() } else { selection };
    let mut inventory = Inventory::new(selection);
    let deadlines = session::deadlines(global);
    let mut texts = Vec::new();
    let wanted = args.fix_chain || args.output == InspectFormat::Pem;
    for target in &targets {
        let mut take = |seen: Observation| {
            texts.extend(Text::of(&seen).filter(|_| wanted));
            inventory.absorb(seen, world.random());
        };
        match target {
            Target::Secret(_) => {}
            Target::Server(endpoint) => {
                served::inspected(endpoint, args.servername.clone(), deadlines, &mut take).await;
            }
            Target::Path(path) => {
                files::inspected(path, &session::namespace_of_files(global), &mut take)
                    .map_err(not_readable)?;
            }
        }
    }
    if !args.filename.is_empty() {
        let named = |seen: &Observation| match seen {
            Observation::Secret(secret) => {
                let within = global.namespace.as_deref();
                within.is_none_or(|within| within == secret.object.namespace())
                    && secrets.iter().any(|named| named.name == secret.object.name)
            }
            _ => false,
        };
        let mut take = |seen: Observation| {
            if named(&seen) {
                texts.extend(Text::of(&seen).filter(|_| wanted));
                inventory.absorb(seen, world.random());
            }
        };
        let paths = files::given(&args.filename)?;
        // What is missing is told by name below.
        let reading = files::Reading { below: files::Below::default(), allow_empty: true };
        files::manifests(&paths, reading, &session::namespace_of_files(global), &mut take)?;
        look_at_places(&mut inventory, &session::namespace_of_files(global));
        session::named_are_there(&secrets, &inventory)?;
    } else if !secrets.is_empty() {
        let client = session::client(global, world).await?;
        let namespace = session::namespace(global, &client);
        for secret in secrets {
            let object = ObjectRef::secret(namespace.as_str(), secret.name);
            let seen = cluster::named(&client, &object).await?;
            texts.extend(Text::of(&seen).filter(|_| wanted));
            inventory.absorb(seen, world.random());
        }
    }
    // A server may show the same at each of its addresses.
    texts.dedup_by(|one: &mut Text, other| {
        one.object == other.object && one.certificates.expose() == other.certificates.expose()
    });
    Ok((inventory, if from_elsewhere { Source::Files } else { Source::Cluster }, texts))
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

    fn has_certificates(&self) -> bool {
        !pem::certificates_only(self.certificates.expose()).is_empty()
    }
}

/// The chain of the one target that holds certificates, in order; a key may come from another.
fn fix_chain(
    args: &InspectArgs,
    (inventory, texts): (&Inventory, &[Text]),
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    let holders: Vec<&Text> = texts.iter().filter(|text| text.has_certificates()).collect();
    let [chain] = holders.as_slice() else {
        let places: Vec<String> = holders.iter().map(|text| text.object.to_string()).collect();
        return Err(CommandError::usage(
            format!("--fix-chain is for one chain, and these hold others: {}", places.join(", ")),
            "name one file with certificates (and perhaps its key), one secret/NAME, or one HOST:PORT",
        ));
    };
    let key = texts.iter().find_map(|text| PrivateKey::from_pem(text.key.expose()).ok());
    let fixed = chain::fixed(chain.certificates.expose(), key.as_ref(), world.random())
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
    write_set(folder, &[file], args.force)
        .map_err(|failed| CommandError::failed(failed.message, failed.remedy))?;
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
    let failed = |failed: Failed| CommandError::failed(failed.message, failed.remedy);
    let (path, text) = manifests::with_certificates(secret, pem.as_bytes()).map_err(failed)?;
    replace(Path::new(&path), &text.to_bytes()).map_err(failed)?;
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
