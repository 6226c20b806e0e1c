//! PKCS#12 stores that a command reads, and the password of each: of `--password-file`, none, or
//! asked for on a terminal.
//!
//! Refuses to know what is done with what is in a store.

use super::{CommandError, Result, read_file};
use crate::exit::Exit;
use crate::observe::files::{self, STDIN};
use crate::output::Output;
use crate::redact::Redacted;
use crate::remedy::{CommandLine, Remedy, word};
use crate::x509::pkcs12::{self, Store, StoreError};
use ring::rand::SecureRandom;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// Where passwords come from.
#[derive(Debug, Default)]
pub(crate) struct Passwords {
    /// What `--password-file` holds, and how the file is called.
    given: Option<(String, Redacted)>,
    /// Whether nobody is to be asked.
    silent: bool,
}

impl Passwords {
    /// Those of `--password-file`, when it is given; `-` is standard input, which `taken` says is
    /// read for something else.
    pub(crate) fn new(file: Option<&Path>, taken: bool) -> Result<Self> {
        let Some(path) = file else { return Ok(Self::default()) };
        let bytes = if path.as_os_str() != STDIN {
            read_file(path)?
        } else if taken {
            return Err(CommandError::usage(
                "standard input cannot be both what is read and its password",
                "name a file with --password-file",
            ));
        } else {
            standard_input()?
        };
        Ok(Self { given: Some((called(path), bytes)), silent: false })
    }

    /// The same, without asking anybody.
    pub(crate) fn silent(&self) -> Self {
        Self { given: self.given.clone(), silent: true }
    }

    /// Opens a store: with the password that is given, else without one, else with one that is asked
    /// for.
    pub(crate) fn open(
        &self,
        name: &str,
        bytes: &Redacted,
        output: &mut Output,
    ) -> std::result::Result<Store, Locked> {
        let opened = |password: &str| pkcs12::open(bytes.expose(), password);
        if let Some((file, password)) = &self.given {
            return match opened(text(file, password)?) {
                // Of several stores one may need none.
                Err(StoreError::WrongPassword) => opened("").map_err(|_| {
                    Locked::failed(
                        format!("is not opened by the password in {file}"),
                        format!("write the password of {name} into {file}"),
                    )
                }),
                other => other.map_err(|error| Locked::of(name, &error)),
            };
        }
        match opened("") {
            Err(StoreError::WrongPassword) => {}
            other => return other.map_err(|error| Locked::of(name, &error)),
        }
        if self.silent || !output.can_ask() {
            let remedy = "name the file that holds the password with --password-file";
            return Err(Locked::failed("is encrypted".to_owned(), remedy));
        }
        let password = ask(&format!("password for {name}"), output)?;
        opened(&password).map_err(|error| match error {
            StoreError::WrongPassword => Locked::failed(
                "is not opened by this password".to_owned(),
                "try again, or name a file that holds the right one with --password-file",
            ),
            other => Locked::of(name, &other),
        })
    }

    /// What a file holds: itself, or what is in the store that it is, each key apart.
    pub(crate) fn texts_of(
        &self,
        path: &Path,
        random: &dyn SecureRandom,
        output: &mut Output,
    ) -> Result<Vec<Redacted>> {
        let is_stdin = path.as_os_str() == STDIN;
        let bytes = if is_stdin { standard_input()? } else { read_file(path)? };
        if !pkcs12::is_store(bytes.expose()) {
            return Ok(vec![bytes]);
        }
        let name = called(path);
        let store = self.open(&name, &bytes, output).map_err(|locked| locked.told_of(&name))?;
        let mut texts = vec![store.to_pem(random)];
        // The first key stands with the certificates.
        texts.extend(store.keys.into_iter().skip(1));
        Ok(texts)
    }
}

/// How standard input is called.
const STDIN_NAME: &str = "standard input";

/// How a file is called; `-` is standard input.
pub(crate) fn called(path: &Path) -> String {
    if path.as_os_str() == STDIN {
        return STDIN_NAME.to_owned();
    }
    path.display().to_string()
}

fn standard_input() -> Result<Redacted> {
    files::read_stdin().map(Redacted::from).map_err(|why| {
        CommandError::failed(format!("cannot read standard input: {why}"), "name a file instead")
    })
}

/// Why a store was not opened.
#[derive(Debug)]
pub(crate) struct Locked {
    /// How a command ends that needs it.
    pub(crate) exit: Exit,
    /// Why, to be said behind its name.
    pub(crate) why: String,
    /// What to do.
    remedy: Remedy,
}

impl Locked {
    fn failed(why: String, remedy: impl Into<Remedy>) -> Self {
        Self { exit: Exit::Failed, why, remedy: remedy.into() }
    }

    /// What keeps it shut whatever the password is.
    fn of(name: &str, error: &StoreError) -> Self {
        let remedy: Remedy = match error {
            StoreError::IndefiniteLengths | StoreError::Unsupported(_) if name == STDIN_NAME => {
                "have openssl pkcs12 -legacy -nodes make PEM of it, and give that".into()
            }
            StoreError::IndefiniteLengths | StoreError::Unsupported(_) => {
                Remedy::from(CommandLine::local(format!(
                    "openssl pkcs12 -legacy -nodes -in {} -out all.pem",
                    word(name)
                )))
                .note("have OpenSSL make PEM of it, and name that file")
            }
            StoreError::Structure | StoreError::Content(_) => {
                "export it again from where it was made".into()
            }
            StoreError::PublicKey
            | StoreError::TooManyRounds { .. }
            | StoreError::TooMuchMemory { .. }
            | StoreError::WrongPassword => {
                "export it again, encrypted and with fewer rounds".into()
            }
        };
        Self::failed(format!("cannot be opened: {error}"), remedy)
    }

    /// The error of a command that needs the store of this name.
    pub(crate) fn told_of(self, name: &str) -> CommandError {
        let message =
            if self.why.is_empty() { String::new() } else { format!("{name} {}", self.why) };
        CommandError { exit: self.exit, message, remedy: self.remedy }
    }
}

/// The password in a file: its first line, as where one is written.
fn text<'t>(file: &str, bytes: &'t Redacted) -> std::result::Result<&'t str, Locked> {
    let text = std::str::from_utf8(bytes.expose()).map_err(|_| Locked {
        exit: Exit::Usage,
        why: format!("is not opened: the password in {file} is not UTF-8 text"),
        remedy: format!("write the password into {file} as UTF-8").into(),
    })?;
    Ok(text.lines().next().unwrap_or_default())
}

/// Asks for a password. Ctrl-C at it is no error.
fn ask(question: &str, output: &mut Output) -> std::result::Result<Zeroizing<String>, Locked> {
    output.ask_password(question).map_err(|error| {
        let CommandError { exit, message, remedy } = unanswered(&error, "--password-file");
        let why = if message.is_empty() { message } else { format!("is encrypted: {message}") };
        Locked { exit, why, remedy }
    })
}

/// Why a question was not answered; `flag` names the file that answers it.
pub(super) fn unanswered(error: &io::Error, flag: &str) -> CommandError {
    match error.kind() {
        io::ErrorKind::Interrupted => {
            CommandError { exit: Exit::Cancelled, message: String::new(), remedy: "".into() }
        }
        _ => CommandError::failed(
            format!("the password cannot be asked for: {error}"),
            format!("name a file with {flag}"),
        ),
    }
}
