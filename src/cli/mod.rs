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
pub mod complete;
mod completion;
mod convert;
mod explain;
mod global;
mod import;
mod inspect;
mod issue;
mod judge;
mod kubectl;
mod managed;
mod manifests;
pub mod manual;
mod meant;
mod names;
mod objects;
mod rollback;
mod rotate;
mod source;
pub mod targets;
mod values;
mod verify;
mod write;

pub use bootstrap::BootstrapArgs;
pub use check::{BaselineArgs, CheckArgs, NotifyArgs, NotifyState};
pub use completion::{CompleteArgs, CompletionArgs, ManArgs};
pub use convert::{ConvertArgs, Form};
pub use explain::ExplainArgs;
pub use global::{Color, Global};
pub use import::ImportArgs;
pub use inspect::InspectArgs;
pub use issue::IssueArgs;
pub use judge::{JudgeArgs, PolicyArgs};
pub use managed::{
    ManagedCommand, ManagedCreateArgs, ManagedSetDomainsArgs, ManagedStatusArgs, ManagedWaitArgs,
};
pub use manifests::{AlertsArgs, CronjobArgs, ManifestsCommand, RbacArgs};
pub use rollback::RollbackArgs;
pub use rotate::RotateArgs;
pub use source::SourceArgs;
pub(crate) use values::domain;
pub use verify::{VerifyArgs, shown};
pub use write::{DryRun, WriteArgs};

use crate::object_ref::Kind;
use crate::remedy::Program;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use objects::ObjectsError;
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
    /// The command line of a program that is called so, in kubectl's spellings too; of a flag that is repeated the last counts, and
    /// an empty name or a time of 0 is as good as none.
    ///
    /// # Errors
    /// What clap says, which may be the help that was asked for.
    pub fn read(
        args: impl IntoIterator<Item = OsString>,
        program: Program,
    ) -> Result<Self, clap::Error> {
        let args = kubectl::as_taken(completion::fenced(args.into_iter().collect()));
        let mut command = Self::command().bin_name(program.as_str());
        let cli = command
            .try_get_matches_from_mut(args)
            .and_then(|mut matches| Self::from_arg_matches_mut(&mut matches))
            .map_err(|error| meant::explained(error.format(&mut command)))?;
        let mut cli = cli.with_objects().map_err(|error| {
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{error}\n"))
        })?;
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

    /// The same with the objects that words name; a namespace that they say is that of `-n`.
    fn with_objects(mut self) -> Result<Self, ObjectsError> {
        for said in self.command.take_objects()? {
            match &self.global.namespace {
                Some(other) if said != *other && !other.is_empty() => {
                    return Err(ObjectsError::Namespaces(other.clone(), said));
                }
                _ => self.global.namespace = Some(said),
            }
        }
        Ok(self)
    }
}

impl Command {
    /// Sorts out which objects words name, and takes off the namespaces that are said with them.
    fn take_objects(&mut self) -> Result<Vec<String>, ObjectsError> {
        let said = match self {
            Self::Check(args) => {
                let (objects, namespace) = objects::named(&args.words, None)?;
                args.objects = objects;
                vec![namespace]
            }
            Self::Verify(args) => {
                let (objects, namespace) = objects::named(&args.words, Some(Kind::Ingress))?;
                args.ingresses = objects;
                vec![namespace]
            }
            Self::Rotate(args) => {
                let (objects, namespace) = objects::named(&args.words, Some(Kind::Secret))?;
                args.secrets = objects.into_iter().map(|object| object.name).collect();
                vec![namespace]
            }
            Self::Rollback(args) => {
                let (objects, namespace) = objects::named(&args.words, Some(Kind::Secret))?;
                args.secrets = objects.into_iter().map(|object| object.name).collect();
                vec![namespace]
            }
            Self::Import(args) => {
                let (objects, namespace) = objects::named(&args.words, Some(Kind::Secret))?;
                args.name = objects::only(objects)?;
                vec![namespace]
            }
            Self::Issue(args) => vec![args.secret.as_mut().and_then(names::namespace)],
            Self::Bootstrap(args) => vec![
                names::namespace(&mut args.service.0),
                args.name.as_mut().and_then(names::namespace),
                args.tls_secret.as_mut().and_then(names::namespace),
                args.backend_config.as_mut().and_then(names::namespace),
            ],
            Self::Managed { command } => command.take_namespaces(),
            Self::Convert(_)
            | Self::Inspect(_)
            | Self::Explain(_)
            | Self::Manifests { .. }
            | Self::Completion(_)
            | Self::Complete(_)
            | Self::Man(_) => Vec::new(),
        };
        Ok(said.into_iter().flatten().collect())
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
    /// Write an existing certificate and key in another form: PEM, DER, PKCS#12
    #[command(after_help = convert::EXAMPLES)]
    Convert(ConvertArgs),
    /// Check TLS Secrets and Ingress hosts: expiry, names, keys, links
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
    /// Replace self-signed certificates and keys (with --ca, a CA's too) with new ones, in place
    #[command(after_help = rotate::EXAMPLES, visible_alias = "renew")]
    Rotate(RotateArgs),
    /// Put back the certificate and key that a rotation or an import replaced
    #[command(after_help = rollback::EXAMPLES)]
    Rollback(RollbackArgs),
    /// Say what a rule means, why it matters and what to do
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Print what runs certwright in a cluster: rights, a CronJob, alert rules
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Manifests {
        /// What to print.
        #[command(subcommand)]
        command: ManifestsCommand,
    },
    /// Print a shell's completion script
    #[command(after_help = completion::EXAMPLES)]
    Completion(CompletionArgs),
    /// What the completion scripts and kubectl call
    #[command(name = completion::COMPLETE, hide = true)]
    Complete(CompleteArgs),
    /// Write the manual pages
    #[command(after_help = completion::EXAMPLES_OF_MAN)]
    Man(ManArgs),
}
