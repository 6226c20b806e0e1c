//! The password of a PKCS#12 store that is about to be written: from a file, else asked for twice.

use super::store::unanswered;
use super::{CommandError, Result, read_file};
use crate::output::Output;
use std::path::Path;
use zeroize::Zeroizing;

/// The password of what the flag `of` has written: the first line of the file of
/// `--p12-password-file`.
pub(crate) fn new_password(
    of: &str,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Zeroizing<String>> {
    let bad = |message: String| match file {
        Some(path) => CommandError::usage(
            message,
            format!("write another password into the first line of {}", path.display()),
        ),
        None => CommandError::usage(message, "choose another password"),
    };
    let password = match file {
        Some(path) => {
            let bytes = read_file(path)?;
            let text = std::str::from_utf8(bytes.expose());
            let text = text.map_err(|_| bad(format!("the password of {of} is not UTF-8 text")))?;
            Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())
        }
        None if !output.can_ask() => {
            return Err(CommandError::usage(
                format!("{of} needs a password"),
                "name a file with --p12-password-file",
            ));
        }
        None => {
            let mut ask = |question| {
                output
                    .ask_password(question)
                    .map_err(|error| unanswered(&error, "--p12-password-file"))
            };
            let first = ask("password for the PKCS#12 file")?;
            if *first != *ask("the same once more")? {
                return Err(bad("the two passwords differ".to_owned()));
            }
            first
        }
    };
    if password.is_empty() {
        return Err(bad(format!("the password of {of} is empty")));
    }
    if !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(bad(format!(
            "the password of {of} has a character that is not ASCII, and Java opens no such file"
        )));
    }
    Ok(password)
}
