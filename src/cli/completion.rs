//! `certwright completion` and `certwright man`: the words after them.

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// `certwright completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
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
