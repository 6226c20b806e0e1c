//! `certwright issue`: plan one certificate (self-signed, by a CA, or only a request), apply, report.

use crate::apply;
use crate::apply::pair::{Materials, RandomKeys};
use crate::audit::Source;
use crate::cli::{DryRun, Global, IssueArgs};
use crate::exit::Exit;
use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan::package::{self, SecretRequest};
use crate::plan::step::{KeyChoice, NewPair, Plan, WriteFiles};
use crate::remedy::CommandLine;
use crate::render::rotation::PlanReport;
use crate::session::{self, CommandError, Result, authority};
use crate::world::World;
use crate::x509::authority::Authority;
use crate::x509::profile::{self, AUTHORITY_LIFETIME, DEFAULT_LIFETIME, Profile, ProfileError};
use crate::x509::request::Request;
use crate::x509::san::San;
use std::fmt;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

pub(super) async fn run(
    args: IssueArgs,
    global: &Global,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    session::refuse_yaml_without_manifest(args.write, args.secret.is_some())?;
    refuse_dry_run_as_domain(&args)?;
    refuse_own_secret(&args)?;
    let (new, materials) = wanted(&args, global, world).await?;
    match &args.secret {
        None => files(&args, new, materials, world, output),
        Some(name) => {
            for note in &new.notes {
                output.say(note);
            }
            let request = secret(&args, name, new.pair, &materials);
            let at = (global, args.write);
            session::package("issue", request, materials, at, world, output).await
        }
    }
}

/// What is to be made, and what is to be said of it.
struct NewCertificate {
    pair: NewPair,
    notes: Vec<String>,
}

async fn wanted(
    args: &IssueArgs,
    global: &Global,
    world: &World,
) -> Result<(NewCertificate, Materials)> {
    let mut materials = Materials::default();
    let mut notes = Vec::new();
    let (mut profile, key) = match &args.from_csr {
        Some(path) => {
            let (profile, request) = requested(args, path, world)?;
            notes.extend(request.not_taken.iter().map(|what| format!("not taken: {what}")));
            let public_id = request.public_key().id();
            materials.request = Some(request);
            (profile, KeyChoice::Requested { public_id })
        }
        None => (profile_of(args, world)?, KeyChoice::New),
    };
    if args.csr {
        return Ok((NewCertificate { pair: NewPair::Request { profile }, notes }, materials));
    }
    let mut issuer = None;
    if let Some(ca) = &args.ca {
        let named = (ca.as_str(), args.ca_key.as_deref());
        let ca = authority::read(named, None, global, world).await?;
        let (within, note) = ca.within(profile);
        notes.extend(note);
        profile = within;
        ca.allows(&profile).map_err(|why| {
            CommandError::failed(
                format!(
                    "{name} cannot sign this: {why}",
                    name = args.ca.as_deref().unwrap_or("--ca")
                ),
                "name a CA whose constraints allow it",
            )
        })?;
        issuer = Some(Box::new(ca.certificate().clone()));
        if ca.root_pem().is_none() {
            notes.push(
                "no root stands in --ca, so no ca.crt is written: clients need the root".to_owned(),
            );
        }
        materials.authority = Some(ca);
    }
    Ok((NewCertificate { pair: NewPair::Make { profile, key, issuer }, notes }, materials))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn bad(error: ProfileError) -> CommandError {
    CommandError::usage(error.to_string(), CommandLine::local("certwright issue --help"))
}

fn profile_of(args: &IssueArgs, world: &World) -> Result<Profile> {
    let usual = if args.make_ca { AUTHORITY_LIFETIME } else { DEFAULT_LIFETIME };
    let dates = profile::dates(world.now(), args.lifetime.unwrap_or(usual)).map_err(bad)?;
    if args.make_ca {
        let name = args.cn.clone().unwrap_or_default();
        return Profile::authority(name, args.key_type, dates).map_err(bad);
    }
    let names = args
        .domains
        .iter()
        .cloned()
        .map(San::Dns)
        .chain(args.ip.iter().copied().map(San::Ip))
        .chain(args.email.iter().cloned().map(San::Email))
        .chain(args.uri.iter().cloned().map(San::Uri));
    Profile::server(names.collect(), args.cn.clone(), args.key_type, dates).map_err(bad)
}

/// What is taken of a request, checked as if it had been typed.
fn requested(args: &IssueArgs, path: &Path, world: &World) -> Result<(Profile, Request)> {
    let unusable = |why: &dyn fmt::Display| {
        CommandError::failed(
            format!("{} cannot be signed: {why}", path.display()),
            "have the requester make another one, as issue --csr does",
        )
    };
    let bytes = session::read_file(path)?;
    let request = Request::read(bytes.expose()).map_err(|why| unusable(&why))?;
    let lifetime = args.lifetime.unwrap_or(DEFAULT_LIFETIME);
    let dates = profile::dates(world.now(), lifetime).map_err(bad)?;
    let (names, cn) = (request.names.clone(), request.common_name.clone());
    let profile =
        Profile::server(names, cn, request.key_type, dates).map_err(|why| unusable(&why))?;
    Ok((profile, request))
}

fn files(
    args: &IssueArgs,
    new: NewCertificate,
    mut materials: Materials,
    world: &World,
    output: &mut Output,
) -> Result<Exit> {
    if args.write.dry_run == DryRun::Server {
        return Err(CommandError::usage(
            "--dry-run=server needs --secret",
            "use --dry-run=client for files",
        ));
    }
    let step = step(args, new.pair, &materials);
    let root = materials.authority.as_ref().and_then(Authority::root_pem).map(str::as_bytes);
    refuse_overlaps(args, &step, root)?;
    let dry_run = args.write.dry_run == DryRun::Client;
    let obstacle = apply::files::in_the_way(&step, root).filter(|_| dry_run);
    let plan = match obstacle {
        Some((file, failed)) => package::file_in_the_way(world.now(), file, failed),
        None => package::files(world.now(), step),
    };
    let plan = Plan { notes: new.notes, ..plan };
    if dry_run {
        return session::report(&account(&plan), args.write.output, output);
    }
    if args.p12.is_some() {
        materials.password = Some(password(args, output)?);
    }
    let keys = RandomKeys(world.random.clone());
    let outcomes = apply::files::apply(plan.steps.clone(), &materials, &keys);
    session::report(
        &PlanReport { outcomes: Some(&outcomes), ..account(&plan) },
        args.write.output,
        output,
    )
}

/// `--dry-run client`, with a blank, asks for a certificate of the host "client".
fn refuse_dry_run_as_domain(args: &IssueArgs) -> Result<()> {
    let how = |domain: &&String| ["none", "client", "server"].contains(&domain.as_str());
    match args.domains.iter().find(how) {
        Some(domain) if args.write.dry_run != DryRun::None => Err(CommandError::usage(
            format!("{domain:?} stands where a domain is expected"),
            format!("to say how to try, write --dry-run={domain}"),
        )),
        _ => Ok(()),
    }
}

/// A leaf that takes the place of its own CA leaves nobody who could sign the next one.
fn refuse_own_secret(args: &IssueArgs) -> Result<()> {
    let ca = args.ca.as_deref().and_then(authority::secret_named);
    match (&args.secret, ca) {
        (Some(secret), Some(ca)) if *secret == ca => Err(CommandError::usage(
            format!("--secret {secret} is the Secret of the CA, and its key would be lost"),
            "choose another name with --secret",
        )),
        _ => Ok(()),
    }
}

/// Whether a file that is to be written is one that is read, or is to be written twice: what is in
/// it would be lost, be it the CA's only key.
fn refuse_overlaps(args: &IssueArgs, step: &WriteFiles, root: Option<&[u8]>) -> Result<()> {
    let ca = args.ca.as_deref().filter(|ca| authority::secret_named(ca).is_none()).map(Path::new);
    let inputs: Vec<(&str, &Path)> = [
        ("--ca", ca),
        ("--ca-key", args.ca_key.as_deref()),
        ("--from-csr", args.from_csr.as_deref()),
        ("--p12-password-file", args.p12_password_file.as_deref()),
    ]
    .into_iter()
    .filter_map(|(flag, path)| path.map(|path| (flag, path)))
    .collect();
    // A root that stands there already is not written again.
    let is_new = |ca: &&ObjectRef| {
        !root.is_some_and(|root| apply::files::is_already(Path::new(&ca.name), root))
    };
    let pair = step.key.iter().chain([&step.certificate]).chain(step.ca.iter().filter(is_new));
    let outputs = pair.map(|file| (file, "--out-dir"));
    let outputs = outputs.chain(step.keystore.iter().map(|file| (file, "--p12")));
    let mut seen: Vec<&Path> = Vec::new();
    for (file, flag) in outputs {
        let path = Path::new(&file.name);
        let remedy = format!("choose another {flag}");
        if let Some((input, _)) =
            inputs.iter().find(|(_, input)| apply::files::is_same_file(input, path))
        {
            let message = format!("{} would be overwritten, and {input} reads it", path.display());
            return Err(CommandError::usage(message, remedy));
        }
        if seen.iter().any(|other| apply::files::is_same_file(other, path)) {
            let message = format!("{} would be written twice", path.display());
            return Err(CommandError::usage(message, remedy));
        }
        seen.push(path);
    }
    Ok(())
}

fn step(args: &IssueArgs, pair: NewPair, materials: &Materials) -> WriteFiles {
    let path = |name: &str| ObjectRef::file(args.out_dir.join(name).display().to_string());
    let (key, certificate) = match (args.make_ca, args.csr) {
        (true, _) => ("ca.key", "ca.crt"),
        (_, true) => ("tls.key", "tls.csr"),
        (false, false) => ("tls.key", "tls.crt"),
    };
    let root = materials.authority.as_ref().and_then(Authority::root_pem);
    WriteFiles {
        key: args.from_csr.is_none().then(|| path(key)),
        certificate: path(certificate),
        ca: root.map(|_| path("ca.crt")),
        keystore: args.p12.as_ref().map(|file| ObjectRef::file(file.display().to_string())),
        pair,
        overwrite: args.force,
    }
}

/// The password of the PKCS#12: from its file, else asked for twice.
fn password(args: &IssueArgs, output: &mut Output) -> Result<Zeroizing<String>> {
    let no = |message: &str| CommandError::usage(message, "name a file with --p12-password-file");
    let bad = |message: &str| match &args.p12_password_file {
        Some(path) => CommandError::usage(
            message,
            format!("write another password into the first line of {}", path.display()),
        ),
        None => CommandError::usage(message, "choose another password"),
    };
    let password = match &args.p12_password_file {
        Some(path) => {
            let bytes = session::read_file(path)?;
            let text = std::str::from_utf8(bytes.expose());
            let text = text.map_err(|_| bad("the password of --p12 is not UTF-8 text"))?;
            Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
        }
        None if !output.can_ask() => return Err(no("--p12 needs a password")),
        None => {
            let mut ask =
                |question| output.ask_password(question).map_err(|error| unanswered(&error));
            let first = ask("password for the PKCS#12 file")?;
            if *first != *ask("the same once more")? {
                return Err(bad("the two passwords differ"));
            }
            first
        }
    };
    if password.is_empty() {
        return Err(bad("the password of --p12 is empty"));
    }
    if !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(bad(
            "the password of --p12 has a character that is not ASCII, and Java opens no such file",
        ));
    }
    Ok(password)
}

/// Why a question was not answered. Ctrl-C at it is no error.
fn unanswered(error: &io::Error) -> CommandError {
    match error.kind() {
        io::ErrorKind::Interrupted => {
            CommandError { exit: Exit::Interrupted, message: String::new(), remedy: "".into() }
        }
        _ => CommandError::failed(
            format!("the password cannot be asked for: {error}"),
            "name a file with --p12-password-file",
        ),
    }
}

/// The wish for a Secret; its namespace is settled where it goes to.
fn secret(args: &IssueArgs, name: &str, pair: NewPair, materials: &Materials) -> SecretRequest {
    SecretRequest {
        object: ObjectRef::secret(String::new(), name),
        pair,
        with_ca_crt: materials.authority.as_ref().is_some_and(|ca| ca.root_pem().is_some()),
        replace: args.force,
        replace_flag: "--force",
        force: args.force,
        override_owner: args.override_owner,
    }
}

fn account(plan: &Plan) -> PlanReport<'_> {
    PlanReport {
        command: "issue",
        plan,
        outcomes: None,
        source: Source::Files,
        problems: &[],
        namespaces: false,
        printed: false,
    }
}
