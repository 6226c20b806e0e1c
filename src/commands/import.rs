//! `certwright import`: read a pair, judge it, plan one Secret, apply, report.

use crate::apply::pair::{GivenPair, Materials};
use crate::audit::policy::Policy;
use crate::audit::{self, Platform, Source};
use crate::cli::ImportArgs;
use crate::exit::Exit;
use crate::inventory::bundle::Bundle;
use crate::inventory::ca_file::CaFile;
use crate::inventory::selection::Selection;
use crate::object_ref::ObjectRef;
use crate::observation::Observation;
use crate::output::Output;
use crate::plan;
use crate::plan::package::SecretRequest;
use crate::plan::step::NewPair;
use crate::redact::Redacted;
use crate::remedy::Advice;
use crate::session::package::package;
use crate::session::store::Passwords;
use crate::session::{CommandError, Result, Run, manifest, read_file};
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::foreign::Foreign;
use crate::x509::key::PrivateKey;
use crate::x509::pem;
use crate::x509::pkcs12::{self, Store};
use std::path::Path;

pub(super) async fn run(args: ImportArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    manifest::refuse_yaml_without_manifest(args.write, true)?;
    let (pair, materials) = read_pair(&args, run, output)?;
    say_findings(&args, &materials, run, output);
    let request = SecretRequest {
        object: ObjectRef::secret(String::new(), args.name.as_str()),
        pair,
        with_ca_crt: args.ca_cert.is_some(),
        replace: args.replace,
        replace_flag: "--replace",
        force: args.force,
        override_owner: args.override_owner,
        backup: !args.no_backup,
    };
    Box::pin(package("import", request, materials, (args.write, !args.no_nudge), run, output)).await
}

/// The pair from its files, checked: it is a pair, in order, in date.
fn read_pair(args: &ImportArgs, run: Run<'_>, output: &mut Output) -> Result<(NewPair, Materials)> {
    let Files { certificates, key, key_file } = read_files(args, run, output)?;
    let bundle =
        Bundle::of_pair(Some(certificates.expose()), Some(key.expose()), &run.world.random);
    let leaf = plan::package::importable(&bundle, run.now()).map_err(|advice| {
        let files = match &args.key {
            Some(key) => format!("{} and {}", args.cert.display(), key.display()),
            None => args.cert.display().to_string(),
        };
        let message = format!("{files} cannot be imported: {}", advice.message);
        CommandError::failed(message, advice.remedy)
    })?;
    let names = (args.cert.display().to_string(), key_file);
    let one_file = certificates.expose() == key.expose();
    for note in plan::package::import_notes(&bundle, (&names.0, &names.1), one_file) {
        output.say(&format!("note: {note}"));
    }
    let ca = args.ca_cert.as_deref().map(|path| read_ca(path, run, output)).transpose()?;
    let given = GivenPair {
        certificates: pem::certificates_only(certificates.expose()),
        key: pem::key_only(key.expose()).unwrap_or_default(),
        ca,
    };
    if let Some(path) = &args.ca_cert {
        judge_ca((&given, &leaf), (path, args.force), run, output)?;
    }
    let materials = Materials { given: Some(given), ..Materials::default() };
    Ok((NewPair::Given(Box::new(leaf)), materials))
}

/// Certificates and key as PEM, and how the key's file is called.
struct Files {
    certificates: Redacted,
    key: Redacted,
    key_file: String,
}

/// Reads the files; out of a PKCS#12 store comes the chain in the order of servers, for a store has
/// none of its own.
fn read_files(args: &ImportArgs, run: Run<'_>, output: &mut Output) -> Result<Files> {
    let bytes = read_file(&args.cert)?;
    let name = args.cert.display().to_string();
    if !pkcs12::is_store(bytes.expose()) {
        let Some(key) = &args.key else {
            return Err(CommandError::usage(
                format!("{name} is not a PKCS#12 store, and no private key was given"),
                "name the private key with --key",
            ));
        };
        if args.password_file.is_some() {
            return Err(CommandError::usage(
                format!("--password-file is for a PKCS#12 store, and {name} is none"),
                "leave --password-file away",
            ));
        }
        let key_file = key.display().to_string();
        return Ok(Files { certificates: bytes, key: read_file(key)?, key_file });
    }
    let passwords = Passwords::new(args.password_file.as_deref(), false)?;
    let store = passwords.open(&name, &bytes, output).map_err(|locked| locked.told_of(&name))?;
    let own_key = one_key(&store, args, &name)?;
    let (key, key_file) = match &args.key {
        Some(key) => (read_file(key)?, key.display().to_string()),
        None => (own_key.unwrap_or_default(), name.clone()),
    };
    let text = store.to_pem(run.world.random());
    let private = PrivateKey::from_pem(key.expose()).ok();
    let fixed = chain::fixed(text.expose(), private.as_ref(), run.world.random())
        .map_err(|why| CommandError::failed(format!("{name}: {why}"), "name another file"))?;
    for note in &fixed.notes {
        output.say(&format!("note: {note}"));
    }
    Ok(Files { certificates: Redacted::new(fixed.pem.into_bytes()), key, key_file })
}

/// The private key of a store, PEM: there is one, in it or by `--key`, and no second.
fn one_key(store: &Store, args: &ImportArgs, name: &str) -> Result<Option<Redacted>> {
    match (store.keys.len(), &args.key) {
        (0, None) => Err(CommandError::failed(
            format!("{name} cannot be imported: there is no private key in it"),
            "name the private key with --key",
        )),
        (1.., Some(_)) => Err(CommandError::failed(
            format!("{name} holds its private key already"),
            "leave --key away",
        )),
        (2.., None) => Err(CommandError::failed(
            format!("{name} cannot be imported: there are {} private keys in it", store.keys.len()),
            "export the one entry that is meant into a store of its own",
        )),
        (_, None) => Ok(store.key_pem().map(|pem| Redacted::new(pem.as_bytes().to_vec()))),
        (0, Some(_)) => Ok(None),
    }
}

/// What is to be said of a pair that may be imported all the same: no SAN, an end that is near.
fn say_findings(args: &ImportArgs, materials: &Materials, run: Run<'_>, output: &mut Output) {
    let Some(given) = &materials.given else { return };
    let mut inventory = run.nothing_seen(Selection::default());
    let object = ObjectRef::file(args.cert.display().to_string());
    let bytes = Redacted::new(given.certificates.clone());
    inventory.absorb(Observation::PemFile { object, bytes }, run.world.random());
    let policy = Policy::default();
    let context = run.context(None, &policy, Platform::Other, Source::Files);
    for finding in audit::audit(&inventory, &context).findings {
        output.say(&format!("{}: {}: {}", finding.severity, finding.rule, finding.message));
    }
}

fn read_ca(path: &Path, run: Run<'_>, output: &mut Output) -> Result<Vec<u8>> {
    let bytes = read_file(path)?;
    let bundle = Bundle::of_pair(Some(bytes.expose()), None, &run.world.random);
    for note in plan::package::import_notes(&bundle, (&path.display().to_string(), ""), false) {
        output.say(&format!("note: {note}"));
    }
    match (bundle.damaged.first(), bundle.leaf()) {
        (None, Some(_)) => Ok(pem::certificates_only(bytes.expose())),
        (Some(damaged), _) => {
            let remedy = damaged.instead.filter(|it| !it.is_private_key()).map(Foreign::remedy);
            Err(unusable(path, &damaged.message, remedy))
        }
        (None, None) => Err(unusable(path, "there is no certificate in it", None)),
    }
}

/// Whether the certificate is trusted by what is to be written as `ca.crt`. Where it is not, that may
/// be meant, and has to be said.
fn judge_ca(
    (given, leaf): (&GivenPair, &Certificate),
    (path, force): (&Path, bool),
    run: Run<'_>,
    output: &mut Output,
) -> Result<()> {
    let pair = (given.certificates.as_slice(), given.key.expose());
    let ca = given.ca.as_deref().unwrap_or_default();
    let file = CaFile::beside(ca, pair, &run.world.random);
    match file.and_then(|file| plan::package::refused_ca(&file, leaf, run.now())) {
        Some(Advice { message, .. }) if force => {
            output.say(&format!("note: ca.crt, by --force: {} {message}", path.display()));
            Ok(())
        }
        Some(Advice { message, remedy }) => {
            let message = format!("{} cannot be ca.crt: it {message}", path.display());
            Err(CommandError::failed(message, remedy))
        }
        None => Ok(()),
    }
}

fn unusable(path: &Path, message: &str, remedy: Option<String>) -> CommandError {
    let remedy = remedy.unwrap_or_else(|| "name another file".to_owned());
    CommandError::failed(format!("cannot use {}: {message}", path.display()), remedy)
}
