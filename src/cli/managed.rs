//! `certwright managed`: the words after it.

use super::values::formats;
use super::{WriteArgs, kubectl, names};
use crate::instant;
use crate::render::formats::{Chosen, TABLE, WriteManaged, WritePlan};
use clap::{Args, Subcommand};
use time::OffsetDateTime;

/// `certwright managed`.
#[derive(Debug, Subcommand)]
pub enum ManagedCommand {
    /// Create a ManagedCertificate, and name it in an Ingress
    #[command(after_help = CREATE)]
    Create(ManagedCreateArgs),
    /// Show how each domain stands, why it is stuck, and what to do
    #[command(after_help = STATUS)]
    Status(ManagedStatusArgs),
    /// Wait until a ManagedCertificate is Active for its domains
    #[command(after_help = WAIT)]
    Wait(ManagedWaitArgs),
    /// Change the domains without an outage, by a second ManagedCertificate
    #[command(after_help = SET_DOMAINS)]
    SetDomains(ManagedSetDomainsArgs),
}

impl ManagedCommand {
    /// Takes off the namespaces that are said with names.
    pub(super) fn take_namespaces(&mut self) -> Vec<Option<String>> {
        match self {
            Self::Create(args) => vec![
                names::namespace(&mut args.name),
                args.ingress.as_mut().and_then(names::namespace),
            ],
            Self::Status(args) => vec![args.name.as_mut().and_then(names::namespace)],
            Self::Wait(args) => vec![names::namespace(&mut args.name)],
            Self::SetDomains(args) => vec![names::namespace(&mut args.name)],
        }
    }
}

/// `certwright managed set-domains`.
#[derive(Debug, Args)]
pub struct ManagedSetDomainsArgs {
    /// The ManagedCertificate; also one that took over from it is found by this name
    #[arg(value_name = "NAME", value_parser = names::managed_certificate)]
    pub name: String,
    /// All domains it shall hold from now on
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// Write nothing: show what would be done first
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_value = "none", default_missing_value = "client", value_parser = kubectl::client_only, hide_default_value = true)]
    pub dry_run: bool,
    /// Touch nothing to wake Google's controllers, which look only every ten minutes
    #[arg(long)]
    pub no_nudge: bool,
    /// How to show what was done
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.plan))]
    pub output: Chosen<WritePlan>,
}

/// `certwright managed create`.
#[derive(Debug, Args)]
pub struct ManagedCreateArgs {
    /// The ManagedCertificate's name
    #[arg(value_name = "NAME", value_parser = names::managed_certificate)]
    pub name: String,
    /// Its domains: at most 100, of at most 63 characters, no wildcards
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// The Ingress that is to serve it
    #[arg(long, value_name = "NAME", value_parser = names::ingress)]
    pub ingress: Option<String>,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// `certwright managed status`.
#[derive(Debug, Args)]
pub struct ManagedStatusArgs {
    /// Only this one
    #[arg(value_name = "NAME", value_parser = names::managed_certificate)]
    pub name: Option<String>,
    /// Look in all namespaces
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// Evaluate as of this time (2027-01-31, 2027-01-31T12:00:00Z), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
    pub at: Option<OffsetDateTime>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.managed))]
    pub output: Chosen<WriteManaged>,
}

/// `certwright managed wait`.
#[derive(Debug, Args)]
pub struct ManagedWaitArgs {
    /// The ManagedCertificate
    #[arg(value_name = "NAME", value_parser = names::managed_certificate)]
    pub name: String,
    /// Touch nothing: Google's controllers then look only every ten minutes
    #[arg(long)]
    pub no_nudge: bool,
    /// What is done anyway; taken for scripts that say it
    #[arg(long, hide = true, conflicts_with = "no_nudge")]
    pub nudge: bool,
    /// How to show how it ended
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.plan))]
    pub output: Chosen<WritePlan>,
}

/// The examples in the help of `managed create`; a test runs each.
const CREATE: &str = help_end!(
    "\
Examples:
  certwright managed create shop-tls shop.example www.shop.example --dry-run=client -o yaml
  certwright managed create shop-tls shop.example www.shop.example -n shop --ingress shop

"
);

/// The examples in the help of `managed status`; a test runs each.
const STATUS: &str = help_end!(
    "\
Examples:
  certwright managed status -n shop
  certwright managed status shop-tls -n shop -o json

Ends with 1 when one is not Active for its domains.

"
);

/// The examples in the help of `managed set-domains`; a test runs each.
const SET_DOMAINS: &str = help_end!(
    "\
Examples:
  certwright managed set-domains shop-tls shop.example new.example -n shop --dry-run
  certwright managed set-domains shop-tls www.shop.example shop.example -n shop --timeout 2h

Makes NAME-<digest> beside the old one, waits until it serves, then removes the
old one. Cut short, the same command goes on from what the cluster shows.

"
);

/// The examples in the help of `managed wait`; a test runs each.
const WAIT: &str = help_end!(
    "\
Examples:
  certwright managed wait shop-tls -n shop --timeout 1h
  certwright managed wait shop-tls -n shop -o json

Ends early, with 4, on what cannot recover by itself.

"
);
