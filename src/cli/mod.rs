//! The command line: what can be typed, what it means, and the help.
//!
//! Knows flags and their limits. Refuses to act: parsing only turns words into values.

/// The exit codes stand in every help, behind the examples.
macro_rules! help_end {
    ($examples:literal) => {
        concat!(
            $examples,
            "Exit codes:
  0    done, nothing at or above --fail-on
  1    findings at or above --fail-on
  2    usage
  3    incomplete and otherwise clean: something could not be read, was left, or was not there
  4    failed: unreachable, refused, conflict, bad input, not there
  124  timed out
  130  interrupted"
        )
    };
}

mod bootstrap;
mod check;
mod completion;
mod explain;
mod global;
mod import;
mod inspect;
mod issue;
mod judge;
mod kubectl;
mod managed;
mod rotate;
mod source;
mod values;
mod verify;
mod write;

pub use bootstrap::BootstrapArgs;
pub use check::CheckArgs;
pub use completion::{CompletionArgs, ManArgs};
pub use explain::ExplainArgs;
pub use global::{Color, Global};
pub use import::ImportArgs;
pub use inspect::InspectArgs;
pub use issue::IssueArgs;
pub use judge::JudgeArgs;
pub use managed::{
    ManagedCommand, ManagedCreateArgs, ManagedSetDomainsArgs, ManagedStatusArgs, ManagedWaitArgs,
};
pub use rotate::RotateArgs;
pub use source::SourceArgs;
pub use verify::VerifyArgs;
pub use write::{DryRun, WriteArgs};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use time::Duration;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Certificates for Kubernetes Ingress: bootstrap, check, verify and rotate.
#[derive(Debug, Parser)]
#[command(name = "certwright", version, styles = STYLES, max_term_width = 100, after_help = help_end!(""))]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
#[command(args_override_self = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

impl Cli {
    /// The command line, in kubectl's spellings too; of a flag that is repeated the last counts, and
    /// an empty name or a time of 0 is as good as none.
    ///
    /// # Errors
    /// What clap says, which may be the help that was asked for.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(kubectl::as_taken(args))?;
        let global = &mut cli.global;
        global.namespace = global.namespace.take().filter(|name| !name.is_empty());
        global.context = global.context.take().filter(|name| !name.is_empty());
        global.kubeconfig = global.kubeconfig.take().filter(|path| !path.as_os_str().is_empty());
        global.timeout = global.timeout.filter(|time| time.is_positive());
        if !global.request_timeout.is_positive() {
            global.request_timeout = NO_LIMIT;
        }
        Ok(cli)
    }
}

/// What `--request-timeout 0` comes to: nothing here waits for ever.
const NO_LIMIT: Duration = Duration::DAY;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key and a certificate, self-signed or by a CA, as files or as a TLS Secret
    #[command(after_help = issue::EXAMPLES)]
    Issue(IssueArgs),
    /// Put an existing key and certificate into a TLS Secret, after checking them
    #[command(after_help = import::EXAMPLES)]
    Import(ImportArgs),
    /// Judge TLS Secrets and Ingress hosts: expiry, names, keys, links
    #[command(after_help = check::EXAMPLES)]
    Check(CheckArgs),
    /// See what an Ingress serves: is it what is stored, and can clients connect?
    #[command(after_help = verify::EXAMPLES)]
    Verify(VerifyArgs),
    /// Show what certificates say: files, standard input, Secrets, TLS servers
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(InspectArgs),
    /// Serve a new domain over TLS: certificate, load-balancer settings, Ingress
    #[command(after_help = bootstrap::EXAMPLES)]
    Bootstrap(BootstrapArgs),
    /// Make, look at and wait for Google's ManagedCertificates
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Managed {
        /// What to do with them.
        #[command(subcommand)]
        command: ManagedCommand,
    },
    /// Replace self-signed pairs (with --ca, those of a CA too) by fresh ones, in place
    #[command(after_help = rotate::EXAMPLES, visible_alias = "renew")]
    Rotate(RotateArgs),
    /// Say what a rule means, why it matters and what to do
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Print a shell's completion script
    #[command(after_help = completion::EXAMPLES)]
    Completion(CompletionArgs),
    /// Write the manual pages
    #[command(after_help = completion::EXAMPLES_OF_MAN)]
    Man(ManArgs),
}
