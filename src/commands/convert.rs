//! `certwright convert`: read certificates and their key, check that they belong together, write
//! them in another form.

mod target;

use self::target::{
    FileSet, print, refuse_existing, refuse_standard_output_without_asking, written,
};
use crate::apply::files::NewFile;
use crate::apply::keystore;
use crate::audit::Source;
use crate::cli::{ConvertArgs, Form};
use crate::exit::Exit;
use crate::observe::files::STDIN;
use crate::output::Output;
use crate::plan::outcome::Done;
use crate::plan::step::Plan;
use crate::redact::Redacted;
use crate::remedy::{CommandLine, Remedy, word};
use crate::render::formats::TABLE;
use crate::render::plan::{FilesReport, FilesStep, PlanReport};
use crate::session::new_password::new_password;
use crate::session::store::{Passwords, called};
use crate::session::{CommandError, Result, Run, report};
use crate::x509::assembly::{self, Assembly, AssemblyError};
use crate::x509::key::{KeyError, PrivateKey};
use crate::x509::pem;
use zeroize::Zeroizing;

pub(super) fn run(args: &ConvertArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    check_usage(args)?;
    let whole = read(args, run, output)?;
    let told = if args.dry_run || args.output.name != TABLE { &[][..] } else { &whole.notes };
    for note in told {
        output.say(&format!("note: {note}"));
    }
    if args.out_dir.is_none() && args.out.as_ref().is_none_or(|out| out.as_os_str() == STDIN) {
        refuse_report_on_standard_output(args)?;
        let files = made(args, &whole, output)?;
        return print(args, &files, output);
    }
    let files = made(args, &whole, output)?;
    report(args, &whole, &written(args, files)?, run, output)
}

/// Two things on standard output would be one that nobody can read.
fn refuse_report_on_standard_output(args: &ConvertArgs) -> Result<()> {
    let flag = match (args.dry_run, args.output.name) {
        (true, _) => "--dry-run",
        (false, TABLE) => return Ok(()),
        (false, _) => "-o",
    };
    Err(CommandError::usage(
        format!("{flag} is for what goes into files, and this goes to standard output"),
        "name a file with --out, or a folder with --out-dir",
    ))
}

/// Writes the files, unless only the plan is wanted, and tells of them.
fn report(
    args: &ConvertArgs,
    whole: &Assembly,
    set: &FileSet,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let plan = Plan { notes: whole.notes.clone(), ..Plan::empty(run.now()) };
    let step = set.step(whole.leaf.clone().map(Box::new));
    let files = FilesReport { step: FilesStep::Convert(&step), result: None };
    let planned = PlanReport {
        source: Source::Files,
        files: Some(files),
        ..PlanReport::of("convert", &plan)
    };
    if args.dry_run {
        set.refuse_in_the_way(args)?;
        return report::plan(&planned, args.output, output);
    }
    let done = Done { after: step.leaf.clone(), resource_version: None, tried_only: false };
    let result = set.write(args).map(|()| done);
    if args.output.name == TABLE {
        result?;
        output.say(&format!("written: {}", set.names().join(", ")));
        return Ok(Exit::Done);
    }
    let files = FilesReport { result: Some(&result), ..files };
    let carried_out = PlanReport { outcomes: Some(&[]), files: Some(files), ..planned };
    report::plan(&carried_out, args.output, output)
}

fn check_usage(args: &ConvertArgs) -> Result<()> {
    let flags = [
        ("--name", args.name.is_some()),
        ("--p12-password-file", args.p12_password_file.is_some()),
    ];
    if let Some((flag, _)) = flags.iter().find(|(_, given)| *given && args.to != Form::Pkcs12) {
        return Err(CommandError::usage(
            format!("{flag} is for PKCS#12, and something else is written"),
            format!("add --to p12, or leave out {flag}"),
        ));
    }
    Ok(())
}

/// What the files hold together.
fn read(args: &ConvertArgs, run: Run<'_>, output: &mut Output) -> Result<Assembly> {
    let stdin = args.files.iter().filter(|path| path.as_os_str() == STDIN).count();
    if stdin > 1 {
        return Err(CommandError::usage(
            "standard input can be named once only",
            "name the other input as a file",
        ));
    }
    let passwords = Passwords::new(args.password_file.as_deref(), stdin > 0)?;
    let mut texts: Vec<(String, Redacted)> = Vec::new();
    for path in &args.files {
        let name = called(path);
        for text in passwords.texts_of(path, run.world.random(), output)? {
            texts.push((name.clone(), text));
        }
    }
    assembly::assemble(&texts, run.world.random()).map_err(|error| unfit(&error))
}

fn unfit(error: &AssemblyError) -> CommandError {
    let remedy: Remedy = match error {
        AssemblyError::Nothing { .. } => {
            "name files with certificates and perhaps their key: PEM, DER, PKCS#12 or PKCS#7".into()
        }
        AssemblyError::Certificate { .. } => "leave the file out, or get it again".into(),
        AssemblyError::Key { file, why: KeyError::Encrypted } => {
            let clear = format!("openssl pkey -in {} -out clear.key", word(file));
            Remedy::from(CommandLine::local(clear)).note("decrypt it and name the new file instead")
        }
        AssemblyError::Key { .. } => "name another key".into(),
        AssemblyError::SeveralKeys { .. } => "name one key and its certificates at a time".into(),
        AssemblyError::OtherKey { .. } => {
            "name the key that the certificate was made for, or leave it out".into()
        }
    };
    CommandError::failed(error.to_string(), remedy)
}

/// The files that are to be written, or the one that is.
fn made(args: &ConvertArgs, whole: &Assembly, output: &mut Output) -> Result<Vec<NewFile>> {
    match args.to {
        Form::Pem => Ok(as_pem(args, whole)),
        Form::Der => as_der(args, whole),
        Form::Pkcs12 => {
            let file = args.p12_password_file.as_deref();
            refuse_standard_output_without_asking(args, true)?;
            refuse_existing(args, &["tls.p12"])?;
            let name = "tls.p12".to_owned();
            if args.dry_run {
                // Nobody is asked for a password in vain.
                return Ok(vec![NewFile { name, bytes: Zeroizing::default(), private: true }]);
            }
            let password = new_password("--to p12", file, output)?;
            let alias = args.name.clone().or_else(|| whole.leaf.as_ref().map(keystore::alias));
            let key = whole.key.as_ref().map(|key| key.pkcs8().expose());
            let store = keystore::store(key, &whole.certificates, alias.as_deref(), &password)?;
            Ok(vec![NewFile { name, bytes: zeroizing(store.expose()), private: true }])
        }
    }
}

fn zeroizing(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

fn as_pem(args: &ConvertArgs, whole: &Assembly) -> Vec<NewFile> {
    let encoded = |der: &Vec<u8>| pem::encode("CERTIFICATE", der).to_string();
    let certificates: String = whole.certificates.iter().map(encoded).collect();
    let key = whole.key.as_ref().map(PrivateKey::to_pem);
    if args.out_dir.is_none() {
        let text = [certificates.as_bytes(), key.as_ref().map_or(&[][..], |key| key.as_bytes())];
        let private = key.is_some();
        return vec![NewFile {
            name: "tls.pem".to_owned(),
            bytes: Zeroizing::new(text.concat()),
            private,
        }];
    }
    let key = key.map(|key| NewFile {
        name: "tls.key".to_owned(),
        bytes: zeroizing(key.as_bytes()),
        private: true,
    });
    let certificates = (!certificates.is_empty()).then(|| NewFile {
        name: "tls.crt".to_owned(),
        bytes: zeroizing(certificates.as_bytes()),
        private: false,
    });
    key.into_iter().chain(certificates).collect()
}

/// DER holds one thing a file.
fn as_der(args: &ConvertArgs, whole: &Assembly) -> Result<Vec<NewFile>> {
    let key = whole.key.as_ref().map(|key| NewFile {
        name: "tls.key.der".to_owned(),
        bytes: zeroizing(key.pkcs8().expose()),
        private: true,
    });
    let certificates = whole.certificates.iter().enumerate().map(|(index, der)| NewFile {
        name: if index == 0 { "tls.crt.der".to_owned() } else { format!("chain-{index}.crt.der") },
        bytes: zeroizing(der),
        private: false,
    });
    let files: Vec<NewFile> = key.into_iter().chain(certificates).collect();
    if files.len() > 1 && args.out_dir.is_none() {
        return Err(CommandError::usage(
            format!("DER holds one certificate or key a file, and there are {} here", files.len()),
            "name a folder with --out-dir",
        ));
    }
    Ok(files)
}
