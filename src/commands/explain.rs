//! `certwright explain`: what a rule means, why it matters, what to do.

use crate::audit::{self, RULES};
use crate::cli::{ExplainArgs, PlanFormat};
use crate::exit::Exit;
use crate::output::Output;
use crate::render::explain::{write_json, write_list, write_text};
use crate::session::Result;

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<Exit> {
    let named = args.rule.as_deref().and_then(audit::rule);
    match (named, args.output) {
        (Some(rule), PlanFormat::Json) => write_json(&[rule], output.document())?,
        (None, PlanFormat::Json) => write_json(RULES, output.document())?,
        (Some(rule), PlanFormat::Table) => write_text(rule, output.data())?,
        (None, PlanFormat::Table) => write_list(RULES, output.data())?,
    }
    Ok(Exit::Done)
}
