//! `certwright rollback`: the words after it.

use super::DryRun;
use super::objects::ObjectWord;
use super::values::formats;
use crate::render::formats::{Chosen, TABLE, WritePlan};
use clap::Args;

/// `certwright rollback`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The Secrets in which what was replaced is put back: secret/NAME
    #[arg(id = "secrets", value_name = "secret/NAME", required = true, value_delimiter = ',', value_parser = ObjectWord::read)]
    pub(super) words: Vec<ObjectWord>,
    /// The names of the Secrets that they name.
    #[arg(skip)]
    pub secrets: Vec<String>,
    /// Do not ask where several Secrets are named
    #[arg(long)]
    pub yes: bool,
    /// Put it back although it has expired, does not fit its key, or leaves a host uncovered
    #[arg(long)]
    pub force: bool,
    /// Put it back although somebody else owns the Secret (never against a live owner)
    #[arg(long)]
    pub override_owner: bool,
    /// Do not touch the Ingresses of GKE's load balancers that name the Secrets, by which those take them
    /// up at once
    #[arg(long)]
    pub no_nudge: bool,
    /// Then restart the Deployments, StatefulSets and DaemonSets that keep the certificate that is taken out
    /// until they are restarted, and wait until that is rolled out; see --timeout
    #[arg(long)]
    pub restart: bool,
    /// Write nothing: show the plan (client), or have the server try it (server)
    #[arg(long, value_name = "HOW", default_value = "none", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRun,
    /// How to show what was done
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.plan))]
    pub output: Chosen<WritePlan>,
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright rollback secret/shop-tls -n shop --dry-run=client
  certwright rollback secret/shop-tls -n shop

What a rotation replaced stands in the Secret NAME-previous. A rollback puts it back and keeps there
what it takes out, so that a second rollback undoes the first.

"
);
