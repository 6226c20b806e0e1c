//! `certwright managed`: the words after it.

use super::values::{formats, object_name};
use super::{WriteArgs, kubectl};
use crate::render::formats::{Chosen, TABLE, WriteManaged};
use clap::{Args, Subcommand};

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

/// `certwright managed set-domains`.
#[derive(Debug, Args)]
pub struct ManagedSetDomainsArgs {
    /// The ManagedCertificate; also one that took over from it is found by this name
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// All domains it shall hold from now on
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// Write nothing: show what would be done first
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_value = "none", default_missing_value = "client", value_parser = kubectl::client_only, hide_default_value = true)]
    pub dry_run: bool,
}

/// `certwright managed create`.
#[derive(Debug, Args)]
pub struct ManagedCreateArgs {
    /// The ManagedCertificate's name
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// Its domains: at most 100, of at most 63 characters, no wildcards
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// The Ingress that is to serve it
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub ingress: Option<String>,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// `certwright managed status`.
#[derive(Debug, Args)]
pub struct ManagedStatusArgs {
    /// Only this one
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: Option<String>,
    /// Look in all namespaces
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.managed))]
    pub output: Chosen<WriteManaged>,
}

/// `certwright managed wait`.
#[derive(Debug, Args)]
pub struct ManagedWaitArgs {
    /// The ManagedCertificate
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// Touch its Ingresses now and then, to wake controllers that look only every ten minutes
    #[arg(long)]
    pub nudge: bool,
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

Makes NAME-<digest> beside the old one, waits until it serves, then lets the
old one go. Cut short, the same command goes on from what the cluster shows.

"
);

/// The examples in the help of `managed wait`; a test runs each.
const WAIT: &str = help_end!(
    "\
Examples:
  certwright managed wait shop-tls -n shop --timeout 1h
  certwright managed wait shop-tls -n shop --nudge

Ends early, with 4, on what cannot heal by itself.

"
);
