//! `certwright explain`: what a rule means, why it matters, what to do.

use crate::audit::{self, RULES};
use crate::cli::ExplainArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::remedy::Program;
use crate::render::explain::Explained;
use crate::render::schemas;
use crate::session::Result;

pub(super) fn run(args: &ExplainArgs, program: Program, output: &mut Output) -> Result<Exit> {
    if let Some(schema) = args.schema {
        match schema {
            Some(schema) => schemas::write(schema, &mut output.of(true))?,
            None => schemas::write_list(&mut output.of(false))?,
        }
        return Ok(Exit::Done);
    }
    let named = args.rule.and_then(audit::rule);
    let explained = match named {
        Some(rule) => Explained::One(rule, program),
        None => Explained::All(RULES, program),
    };
    (args.output.write)(&explained, &mut output.of(args.output.for_programs))?;
    Ok(Exit::Done)
}
