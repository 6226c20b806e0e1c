//! `certwright import`: read a pair, judge it, plan one Secret, apply, report.

use crate::apply::pair::{GivenPair, Materials};
use crate::audit::policy::Policy;
use crate::audit::{self, Platform, Source};
use crate::cli::ImportArgs;
use crate::exit::Exit;
use crate::inventory::Inventory;
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
use crate::session::{CommandError, Result, Run, manifest, read_file};
use crate::x509::cert::Certificate;
use crate::x509::foreign::Foreign;
use crate::x509::pem;
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
    };
    package("import", request, materials, args.write, run, output).await
}

/// The pair from its files, checked: it is a pair, in order, in date.
fn read_pair(args: &ImportArgs, run: Run<'_>, output: &mut Output) -> Result<(NewPair, Materials)> {
    let certificates = read_file(&args.cert)?;
    let key = read_file(&args.key)?;
    let bundle =
        Bundle::of_pair(Some(certificates.expose()), Some(key.expose()), &run.world.random);
    let leaf = plan::package::importable(&bundle, run.now()).map_err(|advice| {
        let files = format!("{} and {}", args.cert.display(), args.key.display());
        let message = format!("{files} cannot be imported: {}", advice.message);
        CommandError::failed(message, advice.remedy)
    })?;
    let names = (args.cert.display().to_string(), args.key.display().to_string());
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

/// What is to be said of a pair that may be imported all the same: no SAN, an end that is near.
fn say_findings(args: &ImportArgs, materials: &Materials, run: Run<'_>, output: &mut Output) {
    let Some(given) = &materials.given else { return };
    let mut inventory = Inventory::new(Selection::default());
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
