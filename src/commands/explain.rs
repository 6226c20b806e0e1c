//! `certwright explain`: what a rule means, why it matters, what to do.

use crate::audit::{self, RULES};
use crate::cli::ExplainArgs;
use crate::exit::Exit;
use crate::output::Output;
use crate::render::explain::Explained;
use crate::session::Result;

pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<Exit> {
    let named = args.rule.as_deref().and_then(audit::rule);
    let explained = named.map_or(Explained::All(RULES), Explained::One);
    (args.output.write)(&explained, output.of(args.output.for_programs))?;
    Ok(Exit::Done)
}
