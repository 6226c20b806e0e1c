//! The policy of a command: its flags, and the file of `--policy`, read once.
//!
//! Refuses to know what a policy says: [`crate::audit::policy`] reads its text.

use super::{CommandError, Result, read_file};
use crate::audit::policy::{self, Policy};
use crate::cli::PolicyArgs;
use crate::duration::RenewalWindow;
use crate::observe::files::names_stdin;

/// The policy that the flags make.
pub(crate) fn read(by: &PolicyArgs, renew_before: Option<RenewalWindow>) -> Result<Policy> {
    let Some(path) = &by.policy else { return Ok(Policy::of_flags(renew_before)) };
    if names_stdin(path) {
        return Err(CommandError::usage(
            "--policy cannot be standard input",
            "write it into a file",
        ));
    }
    let file = path.display().to_string();
    let bytes = read_file(path)?;
    let unusable = |why: String| {
        let message = format!("cannot use the policy {file}: {why}");
        CommandError::failed(message, "correct it; docs/policy.md has an example")
    };
    let text = std::str::from_utf8(bytes.expose());
    let text = text.map_err(|_| unusable("it is not UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut policy = policy::read(text, &file).map_err(|flaws| unusable(flaws.to_string()))?;
    policy.renew_before = renew_before;
    Ok(policy)
}
