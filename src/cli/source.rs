//! The flags that say where to look.

use super::kubectl;
use crate::inventory::selection::LabelSelector;
use crate::observe::files::Below;
use clap::Args;
use std::path::PathBuf;

/// Where to look.
#[derive(Clone, Debug, Args)]
pub struct SourceArgs {
    /// Look in all namespaces
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// Report only objects with these labels (references are always followed)
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub selector: Option<LabelSelector>,
    /// Read manifests instead of a cluster: files, folders, patterns or -, with commas or repeated
    #[arg(short = 'f', long, value_name = "PATH")]
    pub filename: Vec<PathBuf>,
    /// With -f: read the folders below, hidden ones too [default: all but hidden ones]
    #[arg(short = 'R', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = kubectl::boolean, requires = "filename")]
    pub recursive: Option<bool>,
    /// Finding nothing is not an error (otherwise the exit code is 3)
    #[arg(long)]
    pub allow_empty: bool,
}

impl SourceArgs {
    /// Which folders below a folder are read.
    #[must_use]
    pub fn below(&self) -> Below {
        match self.recursive {
            None => Below::Usual,
            Some(true) => Below::All,
            Some(false) => Below::None,
        }
    }
}
