//! `certwright completion`, what its scripts call, and `certwright man`: the words after them.

use super::values::{Word, words};
use crate::render::completion::Shell;
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// `certwright completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell, or kubectl for `kubectl certwright`
    #[arg(value_name = "SHELL", value_parser = words(SHELLS))]
    pub shell: Shell,
}

/// The shells.
const SHELLS: &[Word<Shell>] = &[
    ("bash", "3.2 or later", Shell::Bash),
    ("elvish", "Elvish", Shell::Elvish),
    ("fish", "Fish", Shell::Fish),
    ("powershell", "PowerShell", Shell::PowerShell),
    ("zsh", "The Z shell", Shell::Zsh),
    (
        "kubectl",
        "The program kubectl_complete-certwright, for kubectl 1.26 or later",
        Shell::Kubectl,
    ),
];

/// `certwright __complete`, which the scripts call.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// The words behind the program's name, up to the cursor.
    pub words: Vec<OsString>,
}

/// What scripts and kubectl call.
pub(super) const COMPLETE: &str = "__complete";

/// As what kubectl runs a plugin's completion: a link of this name does it.
const FOR_KUBECTL: &str = "kubectl_complete-certwright";

/// The command line with an unfinished one in it fenced off: its words are not ours.
pub(super) fn fenced(args: Vec<OsString>) -> Vec<OsString> {
    let name = args.first().and_then(|program| Path::new(program).file_stem());
    let by_link = name == Some(OsStr::new(FOR_KUBECTL));
    let asks = by_link || args.get(1).is_some_and(|word| word == COMPLETE);
    if !asks {
        return args;
    }
    let words = args.iter().skip(if by_link { 1 } else { 2 }).cloned();
    args.iter().take(1).cloned().chain([COMPLETE.into(), "--".into()]).chain(words).collect()
}

/// `certwright man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder for the pages; made when it is not there
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright completion bash > certwright.bash
  certwright completion zsh > _certwright
  certwright completion kubectl > kubectl_complete-certwright

Names of Secrets, Ingresses, namespaces and contexts come from the cluster that
the line names, within a second; one that does not answer offers none.

  bash        source <(certwright completion bash), in ~/.bashrc
  zsh         source <(certwright completion zsh), in ~/.zshrc behind compinit;
              or the output as _certwright in a folder of $fpath
  fish        certwright completion fish | source, in ~/.config/fish/config.fish
  powershell  certwright completion powershell | Out-String | Invoke-Expression,
              in $PROFILE
  elvish      eval (certwright completion elvish | slurp), in rc.elv
  kubectl     an executable kubectl_complete-certwright in PATH, with the output,
              or as a link to certwright; and kubectl's own completion

"
);

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES_OF_MAN: &str = help_end!(
    "\
Examples:
  certwright man man1
  certwright man share/man/man1

"
);
