//! `certwright explain`: the words after it.

use super::values::formats;
use crate::audit::RULES;
use crate::render::formats::{Chosen, TABLE, WriteExplain};
use clap::Args;
use clap::builder::PossibleValuesParser;

/// `certwright explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The rule; all of them when none is named
    #[arg(value_name = "RULE", value_parser = rule_code(), hide_possible_values = true)]
    pub rule: Option<String>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.explain))]
    pub output: Chosen<WriteExplain>,
}

/// The codes of all rules: among these clap finds the nearest to a word with a slip in it.
fn rule_code() -> PossibleValuesParser {
    PossibleValuesParser::new(RULES.iter().map(|rule| rule.code))
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
