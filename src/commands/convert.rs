//! `certwright convert`: read certificates and their key, check that they belong together, write
//! them in another form.

use crate::apply::files::{NewFile, is_same_file, write_set};
use crate::apply::keystore;
use crate::cli::{ConvertArgs, Form};
use crate::exit::Exit;
use crate::observe::files::STDIN;
use crate::output::Output;
use crate::redact::Redacted;
use crate::remedy::{CommandLine, Remedy, word};
use crate::session::new_password::new_password;
use crate::session::store::{Passwords, called};
use crate::session::{CommandError, Result, Run};
use crate::x509::assembly::{self, Assembly, AssemblyError};
use crate::x509::key::{KeyError, PrivateKey};
use crate::x509::pem;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(super) fn run(args: &ConvertArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    check_usage(args)?;
    let whole = read(args, run, output)?;
    for note in &whole.notes {
        output.say(&format!("note: {note}"));
    }
    let files = made(args, &whole, output)?;
    write(args, files, output)
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
            let password = new_password("--to p12", file, output)?;
            let name = args.name.clone().or_else(|| whole.leaf.as_ref().map(keystore::alias));
            let key = whole.key.as_ref().map(|key| key.pkcs8().expose());
            let store = keystore::store(key, &whole.certificates, name.as_deref(), &password)?;
            Ok(vec![NewFile {
                name: "tls.p12".to_owned(),
                bytes: zeroizing(store.expose()),
                private: true,
            }])
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

/// Writes them: one where `--out` says, several into the folder.
fn write(args: &ConvertArgs, mut files: Vec<NewFile>, output: &mut Output) -> Result<Exit> {
    let private = files.iter().any(|file| file.private);
    refuse_standard_output_without_asking(args, private || args.to != Form::Pem)?;
    let (folder, flag) = match (&args.out, &args.out_dir) {
        (None, None) => return print(&files, output),
        (Some(out), _) if out.as_os_str() == STDIN => return print(&files, output),
        (Some(out), _) => {
            let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let [file] = files.as_mut_slice() {
                file.name = name;
            }
            let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty());
            (folder.unwrap_or(Path::new(".")).to_owned(), "--out")
        }
        (None, Some(folder)) => (folder.clone(), "--out-dir"),
    };
    let written: Vec<PathBuf> = match &args.out {
        Some(out) => vec![out.clone()],
        None => files.iter().map(|file| folder.join(&file.name)).collect(),
    };
    refuse_overlap(args, &written, flag)?;
    write_set(&folder, &files, (args.force, flag))?;
    let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    output.say(&format!("written: {}", names.join(", ")));
    Ok(Exit::Done)
}

fn print(files: &[NewFile], output: &mut Output) -> Result<Exit> {
    for file in files {
        output.document().write_all(&file.bytes)?;
    }
    Ok(Exit::Done)
}

/// A key, and what is no text, goes to standard output only when that is named.
fn refuse_standard_output_without_asking(args: &ConvertArgs, delicate: bool) -> Result<()> {
    if !delicate || args.out.is_some() || args.out_dir.is_some() {
        return Ok(());
    }
    Err(CommandError::usage(
        "there is no place to write to: this is not written to standard output unless asked",
        "name a file with --out, a folder with --out-dir, or --out - for standard output",
    ))
}

/// Before anybody is asked for a password in vain.
fn refuse_existing(args: &ConvertArgs, names: &[&str]) -> Result<()> {
    let paths: Vec<PathBuf> = match (&args.out, &args.out_dir) {
        (Some(out), _) => vec![out.clone()],
        (None, Some(folder)) => names.iter().map(|name| folder.join(name)).collect(),
        (None, None) => Vec::new(),
    };
    let flag = if args.out.is_some() { "--out" } else { "--out-dir" };
    refuse_overlap(args, &paths, flag)?;
    let there = paths.iter().filter(|path| path.as_os_str() != STDIN);
    match there.filter(|path| crate::observe::files::is_there(path)).find(|_| !args.force) {
        None => Ok(()),
        Some(path) => Err(CommandError::failed(
            format!("{} exists already; nothing was written", path.display()),
            format!("add --force to replace it, or choose another {flag}"),
        )),
    }
}

/// What is read is not written over: it may be the only copy of a key.
fn refuse_overlap(args: &ConvertArgs, written: &[PathBuf], flag: &str) -> Result<()> {
    let passwords = args.password_file.iter().chain(&args.p12_password_file);
    let read = args.files.iter().chain(passwords);
    let is_file = |path: &&PathBuf| path.as_os_str() != STDIN;
    let (read, written) = (read.filter(is_file), written.iter().filter(is_file));
    let mut pairs = read.flat_map(|input| written.clone().map(move |path| (input, path)));
    match pairs.find(|(input, path)| is_same_file(input, path)) {
        None => Ok(()),
        Some((_, path)) => Err(CommandError::usage(
            format!("{} would be overwritten, and it is read", path.display()),
            format!("choose another {flag}"),
        )),
    }
}
