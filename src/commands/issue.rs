//! `certwright issue`: plan one certificate (self-signed, by a CA, or only a request), apply, report.

use crate::apply;
use crate::apply::overlap::overlap;
use crate::apply::pair::Materials;
use crate::audit::Source;
use crate::cli::{DryRun, Global, IssueArgs};
use crate::exit::Exit;
use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan;
use crate::plan::package::{NO_ROOT, SecretRequest};
use crate::plan::signing;
use crate::plan::step::{FileContents, KeyChoice, NewPair, Plan, WriteFiles};
use crate::remedy::CommandLine;
use crate::render::plan::{FilesReport, FilesStep, PlanReport};
use crate::session::new_password::new_password;
use crate::session::package::package;
use crate::session::{CommandError, Result, Run, authority, manifest, read_file, report};
use crate::x509::authority::Authority;
use crate::x509::profile::{self, AUTHORITY_LIFETIME, DEFAULT_LIFETIME, Profile, ProfileError};
use crate::x509::request::Request;
use crate::x509::san::San;
use std::fmt;
use std::path::Path;

pub(super) async fn run(args: IssueArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    manifest::refuse_yaml_without_manifest(args.write, args.secret.is_some())?;
    refuse_dry_run_as_domain(&args)?;
    refuse_own_secret(&args, run.global)?;
    if args.csr {
        let contents = FileContents::Request(profile_of(&args, run)?);
        return files(&args, (contents, Vec::new()), Materials::default(), run, output);
    }
    let (new, materials) = wanted(&args, run).await?;
    match &args.secret {
        None => {
            let contents = FileContents::Pair(new.pair);
            files(&args, (contents, new.notes), materials, run, output)
        }
        Some(name) => {
            for note in &new.notes {
                output.say(note);
            }
            let request = secret(&args, name, new.pair, &materials);
            Box::pin(package("issue", request, materials, (args.write, true), run, output)).await
        }
    }
}

/// What is to be made, and what is to be said of it.
struct NewCertificate {
    pair: NewPair,
    notes: Vec<String>,
}

async fn wanted(args: &IssueArgs, run: Run<'_>) -> Result<(NewCertificate, Materials)> {
    let mut materials = Materials::default();
    let mut notes = Vec::new();
    let usage = args.usage.unwrap_or_default();
    let (mut profile, key) = match &args.from_csr {
        Some(path) => {
            let (profile, request) = requested(args, path, run)?;
            notes.extend(signing::notes(&request, usage));
            let public_id = request.public_key().id();
            materials.request = Some(request);
            (profile, KeyChoice::Requested { public_id })
        }
        None => (profile_of(args, run)?, KeyChoice::New),
    };
    let mut issuer = None;
    if let Some(ca) = &args.ca {
        let named = (ca.as_str(), args.ca_key.as_deref());
        let ca = authority::read(named, None, usage, run).await?;
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
            notes.push(NO_ROOT.to_owned());
        }
        materials.authority = Some(ca);
    }
    Ok((NewCertificate { pair: NewPair::Make { profile, key, issuer }, notes }, materials))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn bad(error: ProfileError) -> CommandError {
    CommandError::usage(error.to_string(), CommandLine::local("certwright issue --help"))
}

fn profile_of(args: &IssueArgs, run: Run<'_>) -> Result<Profile> {
    let usual = if args.make_ca { AUTHORITY_LIFETIME } else { DEFAULT_LIFETIME };
    let dates = profile::dates(run.now(), args.lifetime.unwrap_or(usual)).map_err(bad)?;
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
    let usage = args.usage.unwrap_or_default();
    Profile::leaf(names.collect(), args.cn.clone(), args.key_type, dates, usage).map_err(bad)
}

/// What is taken of a request, checked as if it had been typed.
fn requested(args: &IssueArgs, path: &Path, run: Run<'_>) -> Result<(Profile, Request)> {
    let unusable = |why: &dyn fmt::Display| {
        CommandError::failed(
            format!("{} cannot be signed: {why}", path.display()),
            "have the requester make another one, as issue --csr does",
        )
    };
    let bytes = read_file(path)?;
    let request = Request::read(bytes.expose()).map_err(|why| unusable(&why))?;
    let lifetime = args.lifetime.unwrap_or(DEFAULT_LIFETIME);
    let dates = profile::dates(run.now(), lifetime).map_err(bad)?;
    let usage = args.usage.unwrap_or_default();
    let (names, cn) = (request.names.clone(), request.common_name(usage).map(str::to_owned));
    let profile =
        Profile::leaf(names, cn, request.key_type, dates, usage).map_err(|why| unusable(&why))?;
    Ok((profile, request))
}

fn files(
    args: &IssueArgs,
    (contents, notes): (FileContents, Vec<String>),
    mut materials: Materials,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    if args.write.dry_run == DryRun::Server {
        return Err(CommandError::usage(
            "--dry-run=server needs --secret",
            "use --dry-run=client for files",
        ));
    }
    let step = step(args, contents, &materials);
    let root = materials.authority.as_ref().and_then(Authority::root_pem).map(str::as_bytes);
    if let Some(failed) = overlap(&step, root, &inputs(args)) {
        return Err(CommandError::usage(failed.message, failed.remedy));
    }
    let dry_run = args.write.dry_run == DryRun::Client;
    let obstacle = apply::files::in_the_way(&step, root).filter(|_| dry_run);
    let writes = obstacle.is_none();
    let plan = match obstacle {
        Some((file, failed)) => plan::package::file_in_the_way(run.now(), file, failed),
        None => Plan::empty(run.now()),
    };
    let plan = Plan { notes, ..plan };
    let files = FilesReport { step: FilesStep::Write(&step), result: None };
    let planned = PlanReport {
        source: Source::Files,
        files: writes.then_some(files),
        ..PlanReport::of("issue", &plan)
    };
    if dry_run {
        return report::plan(&planned, report::format(args.write), output);
    }
    if args.p12.is_some() {
        let file = args.p12_password_file.as_deref();
        materials.password = Some(new_password("--p12", file, output)?);
    }
    let plan = said_before_signing(args, plan.clone(), output);
    let written = apply::files::write(&step, &materials, &run.keys());
    let files = FilesReport { result: Some(&written), ..files };
    report::plan(
        &PlanReport { outcomes: Some(&[]), files: Some(files), plan: &plan, ..planned },
        report::format(args.write),
        output,
    )
}

/// What a request does not get, told to people before it is signed; it stays in what programs read.
fn said_before_signing(args: &IssueArgs, mut plan: Plan, output: &mut Output) -> Plan {
    if args.from_csr.is_some() && !args.write.output.for_programs {
        for note in plan.notes.drain(..) {
            output.say(&format!("note: {note}"));
        }
    }
    plan
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
fn refuse_own_secret(args: &IssueArgs, global: &Global) -> Result<()> {
    // Which namespace is meant by none only the kubeconfig knows.
    let is_here = |namespace: &Option<String>| {
        namespace.is_none() || global.namespace.is_none() || *namespace == global.namespace
    };
    let ca = args.ca.as_deref().and_then(authority::secret_named);
    match (&args.secret, ca) {
        (Some(secret), Some(ca)) if *secret == ca.name && is_here(&ca.namespace) => {
            Err(CommandError::usage(
                format!("--secret {secret} is the Secret of the CA, and its key would be lost"),
                "choose another name with --secret, or say another namespace with -n",
            ))
        }
        _ => Ok(()),
    }
}

/// The files that the command reads, each with its flag.
fn inputs(args: &IssueArgs) -> Vec<(&'static str, &Path)> {
    let ca = args.ca.as_deref().filter(|ca| authority::secret_named(ca).is_none()).map(Path::new);
    let inputs = [
        ("--ca", ca),
        ("--ca-key", args.ca_key.as_deref()),
        ("--from-csr", args.from_csr.as_deref()),
        ("--p12-password-file", args.p12_password_file.as_deref()),
    ];
    inputs.into_iter().filter_map(|(flag, path)| Some((flag, path?))).collect()
}

fn step(args: &IssueArgs, contents: FileContents, materials: &Materials) -> WriteFiles {
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
        contents,
        overwrite: args.force,
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
        backup: !args.no_backup,
    }
}
