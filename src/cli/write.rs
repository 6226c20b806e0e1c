//! The flags of commands that write: whether at all, and how it is shown.

use super::values::formats;
use crate::render::formats::{Chosen, Format, TABLE, WriteMade};
use clap::{Args, ValueEnum};

/// Flags of commands that write.
#[derive(Clone, Copy, Debug, Args)]
pub struct WriteArgs {
    /// Write nothing: show the plan (client), or have the server try it (server)
    #[arg(long, value_name = "HOW", default_value = "none", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRun,
    /// How to show what was done; with --dry-run=client, yaml and json are the manifest
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(Format::made))]
    pub output: Chosen<WriteMade>,
}

/// `--dry-run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Write.
    #[value(alias = "false")]
    None,
    /// Only plan.
    #[value(alias = "true")]
    Client,
    /// Let the server try.
    Server,
}
