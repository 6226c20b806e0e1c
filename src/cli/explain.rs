//! `certwright explain`: the words after it.

use super::check::rule;
use super::values::{Words, formats, words};
use crate::render::formats::{Chosen, TABLE, WriteExplain};
use crate::render::schemas::{SCHEMAS, Schema};
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
    /// Print the JSON Schema of what a command writes with -o json; without a name, list them
    #[arg(long, value_name = "NAME", value_parser = schemas(), conflicts_with_all = ["rule", "output"])]
    pub schema: Option<Option<&'static Schema>>,
}

/// The schemas, by their names.
fn schemas() -> Words<&'static Schema> {
    let named = SCHEMAS.iter().map(|schema| (schema.name, schema.help, schema));
    words(&named.collect::<Vec<_>>())
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright explain
  certwright explain host-not-covered
  certwright explain host-not-covered -o json
  certwright explain -o markdown > rules.md
  certwright explain --schema
  certwright explain --schema check > check.schema.json

"
);
