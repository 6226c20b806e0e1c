//! `certwright explain`: the words after it.

use super::check::rule;
use super::values::formats;
use crate::render::formats::{Chosen, TABLE, WriteExplain};
use clap::Args;

/// `certwright explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The rule; all of them when none is named
    #[arg(value_name = "RULE", value_parser = rule)]
    pub rule: Option<&'static str>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.explain))]
    pub output: Chosen<WriteExplain>,
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright explain
  certwright explain host-not-covered
  certwright explain host-not-covered -o json
  certwright explain -o markdown > rules.md

"
);
